//! Rule sets A, B and C: which rules a case met, by the date each rule goes by; never by today.
//!
//! The texts and dates come from `forms/rules/` as plain values. Basis: domain reference 0 fact 1, 1.4 and 1.5;
//! practice 6.

use chrono::{Datelike, NaiveDate};

use crate::coded::coded;

coded! {
    /// The three rule sets there have been.
    pub enum RuleSetCode {
        /// From 1 March 2014: time-limited and permanent exemptions.
        A => "a",
        /// From 1 October 2017: every exemption is permanent.
        B => "b",
        /// From 1 June 2023: exemption also gives a right to the non-digital route.
        C => "c",
    }
}

coded! {
    /// The date a rule goes by.
    pub enum DateBasis {
        /// The day the declaration was signed.
        Signing => "signing",
        /// The day of the decision.
        Decision => "decision",
        /// The day of registration in Digital Post.
        Registration => "registration",
    }
}

coded! {
    /// How long an exemption lasts. A term has no end date before registration, because it starts there.
    pub enum Duration {
        /// Until 1 November of the second calendar year after registration (rule set A).
        TimeLimited => "time_limited",
        /// Without a time limit.
        Permanent => "permanent",
    }
}

/// The days that belong to one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LegalDays {
    /// Day of signing, once known.
    pub signed_on: Option<NaiveDate>,
    /// Day of decision, once known.
    pub decided_on: Option<NaiveDate>,
    /// Day of registration, once known.
    pub registered_on: Option<NaiveDate>,
}

impl LegalDays {
    /// The day a rule with this basis goes by, once it is known.
    pub const fn by(&self, basis: DateBasis) -> Option<NaiveDate> {
        match basis {
            DateBasis::Signing => self.signed_on,
            DateBasis::Decision => self.decided_on,
            DateBasis::Registration => self.registered_on,
        }
    }
}

/// A rule set and the days it covers, both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSet {
    /// Which.
    pub code: RuleSetCode,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; `None` while in force.
    pub valid_to: Option<NaiveDate>,
    /// The durations a decision may choose between.
    pub durations: Vec<Duration>,
}

/// All rule sets, as `forms/rules/` has them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleSets(pub Vec<RuleSet>);

impl RuleSets {
    /// The rule set in force on `day`; none before exemption was possible (1 March 2014).
    pub fn on(&self, day: NaiveDate) -> Option<&RuleSet> {
        self.0
            .iter()
            .find(|set| set.valid_from <= day && set.valid_to.is_none_or(|last| day <= last))
    }

    /// The first day on which no exemption has a time limit any more.
    pub fn unlimited_from(&self) -> Option<NaiveDate> {
        let unlimited = self.0.iter();
        let unlimited = unlimited.filter(|set| !set.durations.contains(&Duration::TimeLimited));
        unlimited.map(|set| set.valid_from).min()
    }

    /// The rule set with this code.
    pub fn get(&self, code: RuleSetCode) -> Option<&RuleSet> {
        self.0.iter().find(|set| set.code == code)
    }
}

/// The last day of a time-limited exemption: 1 November of the second calendar year after registration.
///
/// Basis: domain reference 1.5 with its worked examples.
pub fn term_ends_on(registered_on: NaiveDate) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(registered_on.year() + 2, 11, 1)
}

/// The rule sets as the law made them, for tests.
#[cfg(test)]
pub(crate) fn rule_sets() -> RuleSets {
    let day = |text: &str| text.parse().unwrap();
    let set = |code, from: &str, to: Option<&str>, durations: &[Duration]| RuleSet {
        code,
        valid_from: day(from),
        valid_to: to.map(day),
        durations: durations.to_vec(),
    };
    RuleSets(vec![
        set(
            RuleSetCode::A,
            "2014-03-01",
            Some("2017-09-30"),
            Duration::ALL,
        ),
        set(
            RuleSetCode::B,
            "2017-10-01",
            Some("2023-05-31"),
            &[Duration::Permanent],
        ),
        set(RuleSetCode::C, "2023-06-01", None, &[Duration::Permanent]),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn each_rule_goes_by_its_own_day() {
        let sets = rule_sets();
        let days = LegalDays {
            signed_on: Some(day("2017-09-29")),
            decided_on: Some(day("2017-10-02")),
            registered_on: None,
        };
        let by = |basis| {
            days.by(basis)
                .and_then(|day| sets.on(day))
                .map(|set| set.code)
        };

        assert_eq!(
            by(DateBasis::Signing),
            Some(RuleSetCode::A),
            "the declaration text met"
        );
        assert_eq!(
            by(DateBasis::Decision),
            Some(RuleSetCode::B),
            "so the exemption is permanent"
        );
        assert_eq!(by(DateBasis::Registration), None, "not registered yet");
    }

    #[test]
    fn row_2_26_nobody_could_be_exempted_before_1_march_2014() {
        assert_eq!(rule_sets().on(day("2014-02-28")), None);
        assert!(rule_sets().on(day("2014-03-01")).is_some());
    }

    #[test]
    fn a_term_ends_on_1_november_of_the_second_year_after() {
        assert_eq!(term_ends_on(day("2014-04-15")), Some(day("2016-11-01")));
        assert_eq!(term_ends_on(day("2015-02-03")), Some(day("2017-11-01")));
        assert_eq!(term_ends_on(day("2016-12-20")), Some(day("2018-11-01")));
    }
}
