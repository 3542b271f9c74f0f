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
    /// The rules of a rule set. Which set a case meets is chosen for each by the date that rule goes by.
    pub enum RuleCode {
        /// What the citizen declares.
        Declaration => "declaration",
        /// The form the citizen signs.
        Form => "form",
        /// What the municipality looks at when it decides.
        Decision => "decision",
        /// How long a decision can make the exemption last.
        Duration => "duration",
        /// From when it lasts.
        DurationStart => "duration_start",
        /// From when post counts as received on paper.
        LegalEffect => "legal_effect",
        /// What the papers about the outcome say.
        Receipt => "receipt",
    }
}

impl RuleCode {
    /// Whether the program can follow this rule by that date.
    ///
    /// A form is met when it is signed, and term and legal effect come with the registration; what is decided must be
    /// known by then. Basis: practice 6.
    pub const fn may_go_by(self, basis: DateBasis) -> bool {
        match self {
            Self::Declaration | Self::Form => matches!(basis, DateBasis::Signing),
            Self::DurationStart | Self::LegalEffect => matches!(basis, DateBasis::Registration),
            Self::Decision | Self::Duration | Self::Receipt => {
                !matches!(basis, DateBasis::Registration)
            }
        }
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

    /// The same, were the case signed and decided on `today` as far as it is not yet: what one would meet who did it now.
    #[must_use]
    pub fn as_if_done(self, today: NaiveDate) -> Self {
        Self {
            signed_on: self.signed_on.or(Some(today)),
            decided_on: self.decided_on.or(Some(today)),
            registered_on: self.registered_on.or(Some(today)),
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

/// All rule sets, as `forms/rules/` has them, and the date each rule goes by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleSets {
    /// The sets, oldest first.
    pub sets: Vec<RuleSet>,
    /// The date each rule goes by, the same in every set.
    pub goes_by: Vec<(RuleCode, DateBasis)>,
}

impl RuleSets {
    /// The rule set in force on `day`; none before exemption was possible (1 March 2014).
    pub fn on(&self, day: NaiveDate) -> Option<&RuleSet> {
        let mut sets = self.sets.iter();
        sets.find(|set| set.valid_from <= day && set.valid_to.is_none_or(|last| day <= last))
    }

    /// The set whose rule a case meets: by the date that rule goes by. None while that date is not known.
    ///
    /// Basis: practice 6.
    pub fn for_rule(&self, rule: RuleCode, days: &LegalDays) -> Option<&RuleSet> {
        let goes_by = self.goes_by.iter().find(|(code, _)| *code == rule);
        let (_, basis) = goes_by?;
        self.on(days.by(*basis)?)
    }

    /// The first day on which no exemption has a time limit any more.
    pub fn unlimited_from(&self) -> Option<NaiveDate> {
        let unlimited = self.sets.iter();
        let unlimited = unlimited.filter(|set| !set.durations.contains(&Duration::TimeLimited));
        unlimited.map(|set| set.valid_from).min()
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
    let sets = vec![
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
    ];
    RuleSets {
        sets,
        goes_by: by_practice_6(),
    }
}

/// The date each rule goes by, for tests.
#[cfg(test)]
pub(crate) fn by_practice_6() -> Vec<(RuleCode, DateBasis)> {
    let basis = |rule: RuleCode| match rule {
        RuleCode::Declaration | RuleCode::Form => DateBasis::Signing,
        RuleCode::Decision | RuleCode::Duration | RuleCode::Receipt => DateBasis::Decision,
        RuleCode::DurationStart | RuleCode::LegalEffect => DateBasis::Registration,
    };
    RuleCode::ALL
        .iter()
        .map(|rule| (*rule, basis(*rule)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn each_rule_goes_by_its_own_day() {
        let mut sets = rule_sets();
        let days = LegalDays {
            signed_on: Some(day("2017-09-29")),
            decided_on: Some(day("2017-10-02")),
            registered_on: None,
        };
        let met = |sets: &RuleSets, rule| sets.for_rule(rule, &days).map(|set| set.code);

        assert_eq!(
            met(&sets, RuleCode::Declaration),
            Some(RuleSetCode::A),
            "the declaration text met"
        );
        assert_eq!(
            met(&sets, RuleCode::Duration),
            Some(RuleSetCode::B),
            "so the exemption is permanent"
        );
        assert_eq!(
            met(&sets, RuleCode::LegalEffect),
            None,
            "not registered yet"
        );

        sets.goes_by = vec![(RuleCode::Duration, DateBasis::Signing)];
        assert_eq!(
            met(&sets, RuleCode::Duration),
            Some(RuleSetCode::A),
            "the date is what the rule set says"
        );
        assert_eq!(met(&sets, RuleCode::Decision), None, "it names no date");
    }

    #[test]
    fn no_rule_goes_by_a_date_that_comes_too_late_for_it() {
        let may = |rule: RuleCode| {
            let bases = DateBasis::ALL.iter().copied();
            bases
                .filter(|basis| rule.may_go_by(*basis))
                .collect::<Vec<_>>()
        };

        for (rule, basis) in by_practice_6() {
            assert!(rule.may_go_by(basis), "{}", rule.code());
        }
        assert_eq!(may(RuleCode::Form), [DateBasis::Signing]);
        assert_eq!(may(RuleCode::LegalEffect), [DateBasis::Registration]);
        assert_eq!(
            may(RuleCode::Decision),
            [DateBasis::Signing, DateBasis::Decision]
        );
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
