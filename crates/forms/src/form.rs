//! Form definitions: steps, papers, fields, and when each is shown or required.
//!
//! A [`FormVersion`] is what `forms/exemption/` says. A [`Form`] is that version as one case meets
//! it: with the rule set of its signing date and the choices of one municipality filled in. The
//! same form drives screen, validation and paper.
//!
//! Basis: domain reference 4.1 to 4.3; practice 9.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use skranke_domain::rule_set::{Duration, RuleSetCode};

use crate::condition::Condition;
use crate::fields::Fields;
use crate::read;

mod file;
mod resolve;
mod sound;

pub(crate) use file::read_all;
pub(crate) use resolve::resolve;
pub(crate) use sound::check;

/// One version of a form, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormVersion {
    /// The form, `exemption`.
    pub code: String,
    /// Its version.
    pub version: u16,
    /// First day on which it was handed out.
    pub valid_from: NaiveDate,
    /// Last day; `None` while in use.
    pub valid_to: Option<NaiveDate>,
    /// The papers it is printed as: one in the first version, two later.
    pub papers: Vec<Paper>,
    /// Its parts, each on one paper.
    pub parts: Vec<Part>,
    /// The six steps.
    pub steps: Vec<Step>,
    /// Its fields in order; some stand for several.
    pub fields: Vec<Field>,
    /// The file it was read from, for messages.
    pub(crate) file: String,
}

/// A form as one case meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The form, `exemption`.
    pub code: String,
    /// Its version.
    pub version: u16,
    /// The rule set whose declaration the citizen meets.
    pub rule_set: RuleSetCode,
    /// The durations a decision on it may choose between.
    pub durations: Vec<Duration>,
    /// The papers it is printed as.
    pub papers: Vec<Paper>,
    /// Its parts.
    pub parts: Vec<Part>,
    /// The six steps.
    pub steps: Vec<Step>,
    /// Its fields in order, every choice filled in.
    pub fields: Vec<Field>,
    pub(crate) profile_facts: BTreeMap<String, String>,
}

/// A paper a form is printed as.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paper {
    /// `f1` or `f2`.
    pub code: String,
    /// Its heading.
    pub title: String,
    /// The official form it answers to; editable, because sources disagree (domain reference 11 (5)).
    pub corresponds_to: String,
}

/// A part of a form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// `request` or `power_of_attorney`.
    pub code: String,
    /// The paper it stands on.
    pub paper: String,
    /// Its heading.
    pub title: String,
}

/// A step of the counter flow.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// 1 to 6.
    pub number: u8,
    /// `arrival`, `citizen`, `guidance`, `declaration`, `decision`, `registration`.
    pub code: String,
    /// Its name on screen.
    pub title: String,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its id in drafts; `{code}` where it stands for several.
    pub id: String,
    /// `help_offers` or `not_covered`, where one definition stands for several fields.
    #[serde(default)]
    pub for_each: Option<String>,
    /// The step it is asked in.
    pub step: u8,
    /// The part it belongs to.
    pub part: String,
    /// Its label.
    pub label: String,
    /// Help under the label; may be empty.
    #[serde(default)]
    pub help: String,
    /// What can be entered.
    pub kind: FieldKind,
    /// When it is there at all.
    #[serde(default, deserialize_with = "read::condition")]
    pub shown: Condition,
    /// When it must be filled, given that it is shown.
    #[serde(deserialize_with = "read::condition")]
    pub required: Condition,
    /// Fewest characters.
    #[serde(default)]
    pub min_length: Option<usize>,
    /// Most characters.
    #[serde(default)]
    pub max_length: Option<usize>,
    /// The answers of a choice.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// `profile.id_kinds`, `profile.locations` or `rule_set.grounds`, where the answers come from elsewhere.
    #[serde(default)]
    pub choices_from: Option<String>,
    /// Earliest date.
    #[serde(default)]
    pub not_before: Option<Limit>,
    /// Latest date.
    #[serde(default)]
    pub not_after: Option<Limit>,
    /// What a text must look like.
    #[serde(default)]
    pub pattern: Option<Pattern>,
    /// Whether a required flag must be ticked, not only answered.
    #[serde(default)]
    pub must_be_true: bool,
    /// Another field whose value it may not repeat.
    #[serde(default)]
    pub differs_from: Option<String>,
    /// Whether people write sentences here, so that it carries the hint not to write about health.
    #[serde(default)]
    pub free_text: bool,
    /// Width on screen in pixels: as wide as what goes in.
    #[serde(default)]
    pub width: Option<u16>,
    /// When it stands on the paper of its part: never, if nothing is said.
    #[serde(default = "Condition::never", deserialize_with = "read::condition")]
    pub on_paper: Condition,
    /// The rule behind the question: the text keys `rule.<rule>.*`.
    #[serde(default)]
    pub rule: Option<String>,
    /// Texts for some problems, in place of the general ones.
    #[serde(default)]
    pub messages: BTreeMap<String, Message>,
}

/// What can be entered in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// One line.
    Text,
    /// Several lines.
    Multiline,
    /// A CPR number.
    Cpr,
    /// A date.
    Date,
    /// One of several answers.
    Choice,
    /// Any of several answers.
    Choices,
    /// A tick.
    Flag,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// What is read.
    pub label: String,
    /// When it is offered.
    #[serde(default, deserialize_with = "read::condition")]
    pub shown: Condition,
}

/// What a text must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Digits, spaces and a plus.
    Phone,
    /// Something that looks like a mail address.
    Email,
    /// The three digits of a municipality.
    Municipality,
}

/// The end of a range of dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The day the form is filled in.
    Today,
    /// A fixed day.
    Day(NaiveDate),
}

/// The texts for one problem of one field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// In the summary on top.
    pub summary: String,
    /// At the field.
    pub at_field: String,
}

impl Field {
    /// Whether it asks for a day that is yet to come.
    pub fn is_coming(&self) -> bool {
        self.not_before == Some(Limit::Today)
    }
}

impl Limit {
    /// The day it stands for.
    pub fn on(self, today: NaiveDate) -> NaiveDate {
        match self {
            Limit::Today => today,
            Limit::Day(day) => day,
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text == "today" {
            return Ok(Limit::Today);
        }
        text.parse()
            .map(Limit::Day)
            .map_err(|_| D::Error::custom(format!("\"{text}\" is neither today nor a date")))
    }
}

impl FieldKind {
    /// The name in TOML and in the window's types.
    pub const fn code(self) -> &'static str {
        match self {
            FieldKind::Text => "text",
            FieldKind::Multiline => "multiline",
            FieldKind::Cpr => "cpr",
            FieldKind::Date => "date",
            FieldKind::Choice => "choice",
            FieldKind::Choices => "choices",
            FieldKind::Flag => "flag",
        }
    }
}

impl FormVersion {
    /// Form and version as events carry it, `exemption@2`.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.code, self.version)
    }
}

impl Form {
    /// Form and version as events carry it, `exemption@2`.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.code, self.version)
    }

    /// The field with this id.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }

    /// The fields of one step that are shown, given what has been filled in.
    pub fn shown_in_step<'a>(
        &'a self,
        step: u8,
        fields: &'a Fields,
    ) -> impl Iterator<Item = &'a Field> {
        self.fields
            .iter()
            .filter(move |field| field.step == step && self.is_shown(field, fields))
    }

    /// The fields that stand on one paper and are shown, in order.
    pub fn shown_on_paper<'a>(
        &'a self,
        paper: &'a str,
        fields: &'a Fields,
    ) -> impl Iterator<Item = &'a Field> {
        let on = move |part: &str| {
            self.parts
                .iter()
                .any(|p| p.code == part && p.paper == paper)
        };
        self.fields.iter().filter(move |field| {
            on(&field.part) && self.is_shown(field, fields) && self.holds(&field.on_paper, fields)
        })
    }

    /// Whether a field is there.
    pub fn is_shown(&self, field: &Field, fields: &Fields) -> bool {
        self.holds(&field.shown, fields)
    }

    /// Whether a field must be filled.
    pub fn is_required(&self, field: &Field, fields: &Fields) -> bool {
        self.is_shown(field, fields) && self.holds(&field.required, fields)
    }

    /// The answers a choice offers now.
    pub fn choices<'a>(
        &'a self,
        field: &'a Field,
        fields: &'a Fields,
    ) -> impl Iterator<Item = &'a Choice> {
        field
            .choices
            .iter()
            .filter(move |choice| self.holds(&choice.shown, fields))
    }

    /// What was filled in, without what is hidden or unknown: only this becomes part of a case.
    #[must_use]
    pub fn relevant(&self, fields: &Fields) -> Fields {
        let kept = self
            .fields
            .iter()
            .filter(|field| self.is_shown(field, fields));
        kept.filter_map(|field| Some((field.id.clone(), fields.get(&field.id)?.clone())))
            .collect()
    }

    /// Whether a condition holds for this form and what was filled in.
    pub fn holds(&self, condition: &Condition, fields: &Fields) -> bool {
        condition.holds(|name| self.fact(name, fields))
    }

    fn fact<'a>(&'a self, name: &str, fields: &'a Fields) -> Option<&'a str> {
        match name {
            "rule_set" => Some(self.rule_set.code()),
            "durations" => Some(if self.durations.len() > 1 {
                "several"
            } else {
                "one"
            }),
            name if name.starts_with("profile.") => {
                self.profile_facts.get(name).map(String::as_str)
            }
            name => fields.get(name).map(|value| value.as_fact()),
        }
    }
}
