//! Filling a form version with one rule set and one municipality's choices.

use std::collections::BTreeMap;

use skranke_domain::rule_set::Duration;

use super::{Choice, Field, Form, FormVersion};
use crate::condition::Condition;
use crate::error::FormsError;
use crate::help_offer::HelpOffer;
use crate::profile::Profile;
use crate::rules::RuleTexts;
use crate::texts::fill;

/// The profile facts a condition may ask for.
pub(crate) const PROFILE_FACTS: [&str; 4] = [
    "may_represent",
    "screen_signature",
    "record_ground",
    "mask_cpr",
];

pub(crate) fn resolve(
    version: &FormVersion,
    rule_set: &RuleTexts,
    durations: &[Duration],
    profile: &Profile,
    offers: &[HelpOffer],
) -> Result<Form, FormsError> {
    let mut fields = Vec::new();
    for field in &version.fields {
        match field.for_each.as_deref() {
            None => fields.push(field.clone()),
            Some("help_offers") => {
                fields.extend(
                    offers
                        .iter()
                        .map(|o| one_of(field, &o.code, &o.label, &o.help)),
                );
            }
            Some("not_covered") => {
                let not_covered = rule_set.not_covered.iter();
                fields.extend(not_covered.map(|n| one_of(field, &n.code, &n.text, "")));
            }
            Some(other) => {
                let message = format!("cannot repeat for each of \"{other}\"");
                return Err(FormsError::wrong(
                    &version.file,
                    format!("field.{}", field.id),
                    message,
                ));
            }
        }
    }
    for field in &mut fields {
        if let Some(from) = field.choices_from.clone() {
            field.choices = choices(&from, rule_set, profile).ok_or_else(|| {
                let key = format!("field.{}.choices_from", field.id);
                FormsError::wrong(&version.file, key, format!("there is no list \"{from}\""))
            })?;
        }
    }
    let profile_facts = PROFILE_FACTS
        .iter()
        .filter_map(|name| Some((format!("profile.{name}"), profile.fact(name)?.to_owned())))
        .collect::<BTreeMap<_, _>>();
    Ok(Form {
        code: version.code.clone(),
        version: version.version,
        rule_set: rule_set.code,
        durations: durations.to_vec(),
        papers: version.papers.clone(),
        parts: version.parts.clone(),
        steps: version.steps.clone(),
        fields,
        profile_facts,
    })
}

fn one_of(field: &Field, code: &str, label: &str, help: &str) -> Field {
    let values = [("code", code), ("label", label), ("help", help)];
    Field {
        id: fill(&field.id, &values),
        label: fill(&field.label, &values),
        help: fill(&field.help, &values),
        for_each: None,
        ..field.clone()
    }
}

fn choices(from: &str, rule_set: &RuleTexts, profile: &Profile) -> Option<Vec<Choice>> {
    let choice = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        shown: Condition::always(),
    };
    match from {
        "profile.id_kinds" => Some(
            profile
                .practice
                .id_kinds
                .iter()
                .map(|k| choice(&k.code, &k.label))
                .collect(),
        ),
        "profile.locations" => Some(
            profile
                .locations
                .iter()
                .map(|l| choice(&l.code, &l.name))
                .collect(),
        ),
        "rule_set.grounds" => Some(
            rule_set
                .grounds
                .iter()
                .map(|c| choice(&c.code, &c.text))
                .collect(),
        ),
        _ => None,
    }
}
