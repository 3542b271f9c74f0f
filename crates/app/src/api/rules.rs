//! The rules behind a case, and all of them to look up, as the rule sets say them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The rules a case meets, each by the date that rule goes by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RulesMet {
    /// The guide the municipality follows with the rules of the decision.
    pub guide: String,
    /// The rules, in the order of a case.
    pub rules: Vec<RuleView>,
}

/// A rule of a rule set. Its heading stands under `rule_title.<code>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RuleView {
    /// Code of the rule.
    pub code: String,
    /// Name of the rule set.
    pub set: String,
    /// First day of the rule set, `YYYY-MM-DD`.
    pub valid_from: String,
    /// The date the rule goes by; the text stands under `goes_by.<code>`.
    pub goes_by: String,
    /// What it says.
    pub text: String,
    /// Where it comes from.
    pub source: String,
    /// The confirmed citation; empty until there is one.
    pub citation: String,
}

/// A ground of exemption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GroundView {
    /// Code.
    pub code: String,
    /// What it says.
    pub text: String,
    /// Whether it tells something about health.
    pub sensitive: bool,
    /// Whether the register of persons shows it.
    pub cpr_verifiable: bool,
}

/// Everything there is to look up: the rule sets, newest first, and the help beside the questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RuleLibrary {
    /// The rule sets.
    pub sets: Vec<RuleSetView>,
    /// The help, in the order of its headings.
    pub help: Vec<HelpText>,
}

/// A rule set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RuleSetView {
    /// Code.
    pub code: String,
    /// Name.
    pub title: String,
    /// Version of the wording.
    pub version: u16,
    /// First day, `YYYY-MM-DD`.
    pub valid_from: String,
    /// Last day, `YYYY-MM-DD`; empty while no later set is known.
    pub valid_to: String,
    /// Whether it is in force today.
    pub in_force: bool,
    /// The guide the municipality follows with it.
    pub guide: String,
    /// Its rules.
    pub rules: Vec<RuleView>,
    /// Its grounds.
    pub grounds: Vec<GroundView>,
    /// What an exemption does not cover.
    pub not_covered: Vec<String>,
    /// What it changed against the set before; empty in the first.
    pub changes: Vec<RuleChange>,
}

/// What a rule set changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RuleChange {
    /// What it is about, in words.
    pub about: String,
    /// How it read before; empty where it is new.
    pub before: String,
    /// How it reads; empty where it is gone.
    pub after: String,
}

/// Help beside a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HelpText {
    /// Code.
    pub code: String,
    /// Heading.
    pub title: String,
    /// What it says.
    pub text: String,
    /// Where it comes from.
    pub source: String,
}
