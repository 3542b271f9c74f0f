//! The rules behind a case in the words of its rule sets.
//!
//! Basis: practice 6; domain reference 1.1; row 2-11.

use chrono::NaiveDate;
use skranke_domain::event::DeclarationSigned;
use skranke_domain::rule_set::{LegalDays, RuleCode};
use skranke_forms::{Ground, Rule, RuleTexts, Rules, Texts};

use crate::api::rules::{GroundView, RuleView, RulesMet};
use crate::explain::day;

/// The rules a case with these days meets; what has not happened yet, as if it happened today.
pub(crate) fn rules_met(rules: &Rules, days: &LegalDays, today: NaiveDate) -> RulesMet {
    let days = days.as_if_done(today);
    let met = |rule: RuleCode| rules.rule_for(rule, &days);
    let guide = met(RuleCode::Decision).map(|(set, _)| set.guide.clone());
    let told = RuleCode::ALL.iter().filter_map(|rule| met(*rule));
    RulesMet {
        guide: guide.unwrap_or_default(),
        rules: told.map(|(set, rule)| rule_view(set, rule)).collect(),
    }
}

/// The grounds the declaration of a case with these days speaks of. For the draft alone: beside a case, a word of a
/// ground could look like a hint at this citizen's (practice 13).
pub(crate) fn grounds(rules: &Rules, days: &LegalDays) -> Vec<GroundView> {
    let declaration = rules.rule_for(RuleCode::Declaration, days);
    let grounds = declaration.map(|(set, _)| set.grounds.as_slice());
    let grounds = grounds.unwrap_or_default();
    grounds.iter().map(ground_view).collect()
}

/// The grounds a declaration names, in the words of its rule set; by its code where the set does not have it.
pub(crate) fn grounds_named(rules: &Rules, declaration: &DeclarationSigned) -> String {
    let set = rules.get(declaration.rule_set);
    let grounds = set.map(|set| set.grounds.as_slice()).unwrap_or_default();
    let said = |code: &String| {
        let known = grounds.iter().find(|ground| ground.code == *code);
        known.map_or_else(|| code.clone(), |ground| ground.text.clone())
    };
    let named: Vec<String> = declaration.grounds.iter().map(said).collect();
    named.join(" · ")
}

/// What was gone through that the exemption does not cover, in the words of the rule set; by its code where the set
/// does not have it.
pub(crate) fn understood_named(rules: &Rules, declaration: &DeclarationSigned) -> String {
    let set = rules.get(declaration.rule_set);
    let not_covered = set.map(|set| set.not_covered.as_slice());
    let not_covered = not_covered.unwrap_or_default();
    let said = |code: &String| {
        let known = not_covered.iter().find(|not| not.code == *code);
        known.map_or_else(|| code.clone(), |not| not.text.clone())
    };
    let named: Vec<String> = declaration.understood.iter().map(said).collect();
    named.join(" · ")
}

/// A rule set by name and first day.
pub(crate) fn set_said(set: Option<&RuleTexts>, texts: &Texts) -> String {
    set.map(|set| {
        let from = day(set.valid_from);
        texts.say("rule.set_from", &[("set", &set.title), ("from", &from)])
    })
    .unwrap_or_default()
}

pub(crate) fn rule_view(set: &RuleTexts, rule: &Rule) -> RuleView {
    RuleView {
        code: rule.code.code().to_owned(),
        set: set.title.clone(),
        valid_from: set.valid_from.to_string(),
        goes_by: rule.goes_by.code().to_owned(),
        text: rule.text.clone(),
        source: rule.source.clone(),
        citation: rule.citation.trim().to_owned(),
    }
}

pub(crate) fn ground_view(ground: &Ground) -> GroundView {
    GroundView {
        code: ground.code.clone(),
        text: ground.text.clone(),
        sensitive: ground.sensitive,
        cpr_verifiable: ground.cpr_verifiable,
    }
}
