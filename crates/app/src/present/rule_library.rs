//! The rule sets side by side: what each says, and what it changed against the one before.
//!
//! Only the sets themselves are compared, so a change of wording or citation that nobody wrote down cannot be missed.
//! Where a rule comes from stands with the rule, not among the changes. Basis: rows 4-05 and 4-29; practice 9
//! (information is shown in the help with its source).

use std::collections::BTreeSet;

use chrono::NaiveDate;
use skranke_forms::{Profile, RuleTexts, Rules, Texts};

use crate::api::rules::{HelpText, RuleChange, RuleSetView};
use crate::present::rules::{ground_view, rule_view};

/// The rule sets, newest first.
pub(crate) fn rule_sets(rules: &Rules, texts: &Texts, today: NaiveDate) -> Vec<RuleSetView> {
    let sets = rules.all();
    let in_force = rules.on(today).map(|set| set.code);
    let with_before = sets.iter().enumerate().rev();
    with_before
        .map(|(at, set)| RuleSetView {
            code: set.code.code().to_owned(),
            title: set.title.clone(),
            version: set.version,
            valid_from: set.valid_from.to_string(),
            valid_to: set.valid_to.map(|day| day.to_string()).unwrap_or_default(),
            in_force: in_force == Some(set.code),
            guide: set.guide.clone(),
            rules: set.rules.iter().map(|rule| rule_view(set, rule)).collect(),
            grounds: set.grounds.iter().map(ground_view).collect(),
            not_covered: set.not_covered.iter().map(|n| n.text.clone()).collect(),
            changes: at
                .checked_sub(1)
                .map(|before| changes(&sets[before], set, texts))
                .unwrap_or_default(),
        })
        .collect()
}

/// The help of the catalogue, by heading.
pub(crate) fn help(texts: &Texts, profile: &Profile, guide: &str) -> Vec<HelpText> {
    let days = profile.practice.power_of_attorney_warn_days.to_string();
    let values = [
        ("days", days.as_str()),
        ("municipality", profile.name.as_str()),
        ("guide", guide),
    ];
    let codes = texts.all().filter_map(|(key, _)| {
        let code = key.strip_prefix("rule.")?.strip_suffix(".title")?;
        Some(code.to_owned())
    });
    let mut help: Vec<HelpText> = codes
        .map(|code| HelpText {
            title: texts.say(&format!("rule.{code}.title"), &values),
            text: texts.say(&format!("rule.{code}.text"), &values),
            source: texts.say(&format!("rule.{code}.source"), &values),
            code,
        })
        .collect();
    help.sort_by(|one, other| one.title.cmp(&other.title));
    help
}

/// Every wording and citation that reads otherwise, in the order of a case.
fn changes(before: &RuleTexts, after: &RuleTexts, texts: &Texts) -> Vec<RuleChange> {
    let mut found = Found::default();
    for rule in &after.rules {
        let about = texts.say(&format!("rule_title.{}", rule.code.code()), &[]);
        let earlier = before.rule(rule.code);
        let was = |part: fn(&skranke_forms::Rule) -> &str| earlier.map(part).unwrap_or_default();
        found.compare(&about, was(|rule| &rule.text), &rule.text);
        let cited = texts.say("rules.change_citation", &[("about", &about)]);
        found.compare(&cited, was(|rule| &rule.citation), &rule.citation);
    }
    let grounds = |set: &RuleTexts| -> Vec<String> {
        set.grounds
            .iter()
            .map(|ground| ground.text.clone())
            .collect()
    };
    found.compare_lists(
        &texts.say("rules.change_ground", &[]),
        &grounds(before),
        &grounds(after),
    );
    let not_covered = |set: &RuleTexts| -> Vec<String> {
        set.not_covered.iter().map(|one| one.text.clone()).collect()
    };
    found.compare_lists(
        &texts.say("rules.change_not_covered", &[]),
        &not_covered(before),
        &not_covered(after),
    );
    found.compare(
        &texts.say("rules.change_guide", &[]),
        &before.guide,
        &after.guide,
    );
    let about = texts.say("rules.change_paper", &[]);
    let names: BTreeSet<&String> = before.texts.keys().chain(after.texts.keys()).collect();
    for name in names {
        found.compare(&about, before.text(name), after.text(name));
    }
    found.0
}

/// The changes found so far.
#[derive(Default)]
struct Found(Vec<RuleChange>);

impl Found {
    fn compare(&mut self, about: &str, before: &str, after: &str) {
        if before != after {
            self.0.push(RuleChange {
                about: about.to_owned(),
                before: before.to_owned(),
                after: after.to_owned(),
            });
        }
    }

    /// Lists are compared place by place: what stands at a place was reworded, what has no counterpart is new or gone.
    fn compare_lists(&mut self, about: &str, before: &[String], after: &[String]) {
        let at = |list: &[String], place: usize| list.get(place).cloned().unwrap_or_default();
        for place in 0..before.len().max(after.len()) {
            self.compare(about, &at(before, place), &at(after, place));
        }
    }
}
