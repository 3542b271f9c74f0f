//! The rule sets: grounds, duration, receipt texts, and the date each rule goes by.
//!
//! Basis: domain reference 1.1, 1.4, 1.5; practice 6. A legal citation is data and empty until it
//! is confirmed; nothing here knows a paragraph.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use skranke_domain::rule_set::{
    DateBasis, Duration, LegalDays, RuleCode, RuleSet, RuleSetCode, RuleSets,
};

use crate::error::{FormsError, parse};
use crate::read;
use crate::source::Source;

/// What one rule set says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleTexts {
    /// Which.
    #[serde(deserialize_with = "read::rule_set_code")]
    pub code: RuleSetCode,
    /// Version of the wording.
    pub version: u16,
    /// Name on screen.
    pub title: String,
    /// First day.
    #[serde(deserialize_with = "read::date")]
    pub valid_from: NaiveDate,
    /// Last day; `None` while in force.
    #[serde(default, deserialize_with = "read::some_date")]
    pub valid_to: Option<NaiveDate>,
    /// The guide the municipality follows (row 2-11).
    pub guide: String,
    /// The durations a decision may choose between.
    #[serde(deserialize_with = "read::durations")]
    pub durations: Vec<Duration>,
    /// The rules, each with the date it goes by.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
    /// The grounds, for information; the citizen is not asked which.
    #[serde(rename = "ground")]
    pub grounds: Vec<Ground>,
    /// What the exemption does not cover.
    pub not_covered: Vec<NotCovered>,
    /// Texts of papers: `declaration`, `meaning`, `rejoin`, `duration_permanent` and so on.
    pub texts: BTreeMap<String, String>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which.
    #[serde(deserialize_with = "read::rule_code")]
    pub code: RuleCode,
    /// The date it goes by; the same in every rule set.
    #[serde(deserialize_with = "read::date_basis")]
    pub goes_by: DateBasis,
    /// What it says, in our words.
    pub text: String,
    /// Where it comes from.
    pub source: String,
    /// The paragraph; empty until confirmed.
    pub citation: String,
}

/// One ground of exemption.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    /// Stable code.
    pub code: String,
    /// What it says, in our words.
    pub text: String,
    /// Whether it tells something about health.
    pub sensitive: bool,
    /// Whether the register of persons shows it.
    pub cpr_verifiable: bool,
}

/// Something the exemption does not cover.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotCovered {
    /// Stable code; the field is `understood_<code>`.
    pub code: String,
    /// What it is.
    pub text: String,
}

/// All rule sets, in order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    sets: Vec<RuleTexts>,
}

/// The texts every rule set must have.
const NEEDED_TEXTS: [&str; 5] = [
    "declaration",
    "meaning",
    "rejoin",
    "duration_permanent",
    "duration_note",
];

impl Rules {
    /// Reads `rules/` and checks that the sets follow each other without gap or overlap.
    pub(crate) fn read(source: &Source) -> Result<Self, FormsError> {
        let mut sets: Vec<RuleTexts> = Vec::new();
        for (file, text) in source.folder("rules") {
            let set: RuleTexts = parse(file, text)?;
            check_alone(file, &set)?;
            if sets.iter().any(|other| other.code == set.code) {
                return Err(FormsError::wrong(
                    file,
                    "code",
                    "is used by another rule set",
                ));
            }
            sets.push(set);
        }
        sets.sort_by_key(|set| set.valid_from);
        check_together(&sets)?;
        Ok(Self { sets })
    }

    /// All rule sets, oldest first.
    pub fn all(&self) -> &[RuleTexts] {
        &self.sets
    }

    /// The rule set with this code.
    pub fn get(&self, code: RuleSetCode) -> Option<&RuleTexts> {
        self.sets.iter().find(|set| set.code == code)
    }

    /// The rule set in force on a day; none before exemption was possible.
    pub fn on(&self, day: NaiveDate) -> Option<&RuleTexts> {
        let in_force =
            |set: &&RuleTexts| set.valid_from <= day && set.valid_to.is_none_or(|last| day <= last);
        self.sets.iter().find(in_force)
    }

    /// A rule as it stands for a case: the set is chosen by the date this rule goes by, never today.
    ///
    /// Basis: practice 6.
    pub fn rule_for(&self, rule: RuleCode, days: &LegalDays) -> Option<(&RuleTexts, &Rule)> {
        let set = self.on(self.day_of(rule, days)?)?;
        Some((set, set.rule(rule)?))
    }

    /// The day a rule goes by in a case, once it is known.
    pub fn day_of(&self, rule: RuleCode, days: &LegalDays) -> Option<NaiveDate> {
        days.by(self.sets.first()?.rule(rule)?.goes_by)
    }

    /// The confirmed citations behind these rules for a case, each once; none while nobody has confirmed one.
    pub fn citations(&self, rules: &[RuleCode], days: &LegalDays) -> Vec<&str> {
        let met = rules.iter().filter_map(|rule| self.rule_for(*rule, days));
        let mut found = Vec::new();
        for citation in met.map(|(_, rule)| rule.citation.trim()) {
            if !citation.is_empty() && !found.contains(&citation) {
                found.push(citation);
            }
        }
        found
    }

    /// The days, durations and dates to go by alone, as the domain wants them.
    pub fn to_domain(&self) -> RuleSets {
        let plain = |set: &RuleTexts| RuleSet {
            code: set.code,
            valid_from: set.valid_from,
            valid_to: set.valid_to,
            durations: set.durations.clone(),
        };
        let first = self.sets.first();
        let rules = first.map(|set| set.rules.as_slice()).unwrap_or_default();
        RuleSets {
            sets: self.sets.iter().map(plain).collect(),
            goes_by: rules.iter().map(|rule| (rule.code, rule.goes_by)).collect(),
        }
    }
}

impl RuleTexts {
    /// The rule with this code.
    pub fn rule(&self, code: RuleCode) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.code == code)
    }

    /// Every text of the set with the key it stands under.
    fn all_texts(&self) -> Vec<(String, &str)> {
        let own = [("title", &self.title), ("guide", &self.guide)];
        let own = own.map(|(key, text)| (key.to_owned(), text.as_str()));
        let rules = self.rules.iter().flat_map(|rule| {
            let texts = [
                ("text", &rule.text),
                ("source", &rule.source),
                ("citation", &rule.citation),
            ];
            texts.map(|(name, text)| (format!("rule.{}.{name}", rule.code.code()), text.as_str()))
        });
        let grounds = self
            .grounds
            .iter()
            .map(|ground| (format!("ground.{}", ground.code), ground.text.as_str()));
        let not_covered = self
            .not_covered
            .iter()
            .map(|not| (format!("not_covered.{}", not.code), not.text.as_str()));
        let texts = self
            .texts
            .iter()
            .map(|(name, text)| (format!("texts.{name}"), text.as_str()));
        own.into_iter()
            .chain(rules)
            .chain(grounds)
            .chain(not_covered)
            .chain(texts)
            .collect()
    }

    /// A text for papers.
    pub fn text(&self, name: &str) -> &str {
        self.texts.get(name).map(String::as_str).unwrap_or_default()
    }
}

fn check_alone(file: &str, set: &RuleTexts) -> Result<(), FormsError> {
    let wrong = |key: &str, message: &str| Err(FormsError::wrong(file, key, message));
    if set.valid_to.is_some_and(|last| last < set.valid_from) {
        return wrong("valid_to", "lies before valid_from");
    }
    if set.durations.is_empty() {
        return wrong("durations", "is empty");
    }
    if set.grounds.is_empty() {
        return wrong("ground", "is empty");
    }
    crate::error::unique(
        file,
        "rule.code",
        set.rules.iter().map(|rule| rule.code.code()),
    )?;
    crate::error::unique(
        file,
        "ground.code",
        set.grounds.iter().map(|c| c.code.as_str()),
    )?;
    crate::error::unique(
        file,
        "not_covered.code",
        set.not_covered.iter().map(|c| c.code.as_str()),
    )?;
    for code in RuleCode::ALL {
        if set.rule(*code).is_none() {
            return wrong(&format!("rule.{}", code.code()), "is missing");
        }
    }
    for rule in &set.rules {
        let key = |name: &str| format!("rule.{}.{name}", rule.code.code());
        if !rule.code.may_go_by(rule.goes_by) {
            return wrong(&key("goes_by"), "comes too early or too late for this rule");
        }
        if rule.text.trim().is_empty() {
            return wrong(&key("text"), "is empty");
        }
        if rule.source.trim().is_empty() {
            return wrong(&key("source"), "is empty");
        }
    }
    if set.guide.trim().is_empty() {
        return wrong("guide", "is empty");
    }
    for name in NEEDED_TEXTS {
        if set.text(name).trim().is_empty() {
            return wrong(&format!("texts.{name}"), "is missing");
        }
    }
    if set.durations.contains(&Duration::TimeLimited)
        && !set.text("duration_time_limited").contains("{until}")
    {
        return wrong("texts.duration_time_limited", "must name {until}");
    }
    // Only the end of a term can be filled in: anything else would be printed with its braces.
    let braces = |(key, text): (String, &str)| {
        let rest = match key.as_str() {
            "texts.duration_time_limited" => text.replace("{until}", ""),
            _ => text.to_owned(),
        };
        rest.contains(['{', '}']).then_some(key)
    };
    if let Some(key) = set.all_texts().into_iter().find_map(braces) {
        return wrong(&key, "has braces, and nothing is filled in here");
    }
    Ok(())
}

fn check_together(sets: &[RuleTexts]) -> Result<(), FormsError> {
    let file = |set: &RuleTexts| format!("rules/{}.toml", set.code.code());
    for pair in sets.windows(2) {
        let [earlier, later] = pair else { continue };
        let wrong = |message: &str| Err(FormsError::wrong(&file(earlier), "valid_to", message));
        match earlier.valid_to {
            None => return wrong("is missing, though a later rule set follows"),
            Some(last) if last >= later.valid_from => {
                return wrong("overlaps the rule set that follows");
            }
            Some(last) if last.succ_opt() != Some(later.valid_from) => {
                return wrong("leaves days without a rule set");
            }
            Some(_) => {}
        }
        for rule in &later.rules {
            let same = earlier
                .rule(rule.code)
                .is_some_and(|other| other.goes_by == rule.goes_by);
            if !same {
                let key = format!("rule.{}.goes_by", rule.code.code());
                return Err(FormsError::wrong(
                    &file(later),
                    key,
                    "differs from the set before",
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn rules() -> Rules {
        Rules::read(&Source::embedded()).expect("the rule sets are sound")
    }

    fn edited(file: &str, from: &str, to: &str) -> FormsError {
        let text = Source::embedded()
            .file(file)
            .expect("the file exists")
            .to_owned();
        assert!(
            text.contains(from),
            "the test edits something that is there"
        );
        Rules::read(&Source::embedded().with(file, &text.replacen(from, to, 1)))
            .expect_err("the edit breaks the rules")
    }

    #[test]
    fn practice_6_each_rule_goes_by_its_own_date() {
        let rules = rules();
        let days = LegalDays {
            signed_on: Some(day("2017-09-29")),
            decided_on: Some(day("2017-10-02")),
            registered_on: Some(day("2017-10-02")),
        };
        let set_of = |rule| rules.rule_for(rule, &days).map(|(set, _)| set.code);

        assert_eq!(
            set_of(RuleCode::Declaration),
            Some(RuleSetCode::A),
            "the text the citizen signed"
        );
        assert_eq!(set_of(RuleCode::Decision), Some(RuleSetCode::B));
        let (set, _) = rules.rule_for(RuleCode::Duration, &days).expect("decided");
        assert_eq!(
            set.durations,
            [Duration::Permanent],
            "decided under B, so without a time limit"
        );
    }

    #[test]
    fn a_rule_whose_date_is_not_known_has_no_set_yet() {
        let days = LegalDays {
            signed_on: Some(day("2026-03-02")),
            ..LegalDays::default()
        };

        assert!(rules().rule_for(RuleCode::Declaration, &days).is_some());
        assert_eq!(
            rules().rule_for(RuleCode::LegalEffect, &days),
            None,
            "not registered yet"
        );
    }

    #[test]
    fn row_2_26_there_is_no_rule_set_before_1_march_2014() {
        assert_eq!(rules().on(day("2014-02-28")), None);
        assert_eq!(
            rules().on(day("2014-03-01")).map(|set| set.code),
            Some(RuleSetCode::A)
        );
        assert_eq!(
            rules().on(day("2017-09-30")).map(|set| set.code),
            Some(RuleSetCode::A)
        );
        assert_eq!(
            rules().on(day("2017-10-01")).map(|set| set.code),
            Some(RuleSetCode::B)
        );
        assert_eq!(
            rules().on(day("2023-06-01")).map(|set| set.code),
            Some(RuleSetCode::C)
        );
    }

    #[test]
    fn row_2_13_every_set_has_its_grounds_and_marks_the_sensitive_ones() {
        for set in rules().all() {
            assert_eq!(set.grounds.len(), 8, "{}", set.title);
            assert_eq!(
                set.grounds.iter().filter(|c| c.sensitive).count(),
                2,
                "{}",
                set.title
            );
            assert_eq!(
                set.grounds.iter().filter(|c| c.cpr_verifiable).count(),
                2,
                "{}",
                set.title
            );
        }
    }

    #[test]
    fn rule_sets_that_overlap_or_leave_a_gap_are_refused() {
        let overlap = edited(
            "rules/a.toml",
            "valid_to = \"2017-09-30\"",
            "valid_to = \"2017-10-01\"",
        );
        let gap = edited(
            "rules/a.toml",
            "valid_to = \"2017-09-30\"",
            "valid_to = \"2017-09-29\"",
        );

        assert_eq!(
            overlap.to_string(),
            "forms/rules/a.toml: valid_to: overlaps the rule set that follows"
        );
        assert_eq!(
            gap.to_string(),
            "forms/rules/a.toml: valid_to: leaves days without a rule set"
        );
    }

    #[test]
    fn a_rule_cannot_change_the_date_it_goes_by() {
        let refused = edited(
            "rules/c.toml",
            "goes_by = \"decision\"",
            "goes_by = \"signing\"",
        );

        assert_eq!(
            refused.to_string(),
            "forms/rules/c.toml: rule.decision.goes_by: differs from the set before"
        );
    }

    #[test]
    fn practice_6_a_rule_goes_by_no_date_the_program_cannot_follow() {
        let refused = edited(
            "rules/a.toml",
            "goes_by = \"signing\"",
            "goes_by = \"registration\"",
        );

        assert_eq!(
            refused.to_string(),
            "forms/rules/a.toml: rule.declaration.goes_by: comes too early or too late for this rule"
        );
    }

    #[test]
    fn a_rule_nobody_follows_or_without_its_source_is_refused() {
        let unknown = edited("rules/b.toml", "code = \"receipt\"", "code = \"receipts\"");
        let sourceless = edited(
            "rules/b.toml",
            "source = \"Vejledning om fritagelse, trin 8\"",
            "source = \"\"",
        );

        assert!(
            unknown
                .to_string()
                .contains("there is no rule \"receipts\""),
            "{unknown}"
        );
        assert_eq!(
            sourceless.to_string(),
            "forms/rules/b.toml: rule.receipt.source: is empty"
        );
    }

    #[test]
    fn a_misspelt_key_names_its_file() {
        let refused = edited("rules/b.toml", "guide = ", "gide = ").to_string();

        assert!(refused.starts_with("forms/rules/b.toml: "), "{refused}");
        assert!(refused.contains("gide"), "{refused}");
    }

    #[test]
    fn a_rule_with_a_place_that_nothing_fills_is_named() {
        for (file, from, to, told) in [
            (
                "rules/a.toml",
                "Til og med {until}",
                "Til og med {until} kl. {time}",
                "forms/rules/a.toml: texts.duration_time_limited: has braces, and nothing is filled in here",
            ),
            (
                "rules/a.toml",
                "NemSMS: særskilt",
                "{nemsms}: særskilt",
                "forms/rules/a.toml: not_covered.nemsms: has braces, and nothing is filled in here",
            ),
        ] {
            assert_eq!(edited(file, from, to).to_string(), told);
        }
    }
}
