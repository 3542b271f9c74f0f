//! The power of attorney (*fuldmagt*, form F2): what it says and whether it holds.
//!
//! No statutory term was found, so age and missing parts of a self-made paper warn; a missing signature stops.
//! Basis: domain reference 4.3; rows 2-23 and 4-33.

use chrono::NaiveDate;

use crate::cpr::Cpr;

/// Who acts for the citizen.
#[derive(Clone, PartialEq, Eq)]
pub struct Representative {
    /// Full name.
    pub name: String,
    /// CPR number, where given; a birth date is enough.
    pub cpr: Option<Cpr>,
    /// Birth date, where the CPR number is not given.
    pub birth_date: Option<NaiveDate>,
    /// Postal address; may be empty.
    pub address: String,
    /// Code of the relation to the citizen in the form.
    pub relation: String,
}

impl Representative {
    /// The birth date, from the CPR number where there is one.
    pub fn born_on(&self) -> Option<NaiveDate> {
        self.cpr.as_ref().map(Cpr::birth_date).or(self.birth_date)
    }
}

impl std::fmt::Debug for Representative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Representative")
            .field("relation", &self.relation)
            .finish_non_exhaustive()
    }
}

/// What the signed paper says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PowerOfAttorney {
    /// Who may act.
    pub representative: Representative,
    /// Day the citizen signed it.
    pub signed_on: Option<NaiveDate>,
    /// Whether the citizen signed.
    pub citizen_signed: bool,
    /// Whether the representative signed.
    pub representative_signed: bool,
    /// Whether it is the citizen's own document and not form F2.
    pub self_made: bool,
    /// Whether the choice about unopened post is delegated too.
    pub covers_unopened_post: bool,
}

/// A doubt about a power of attorney that staff should see and may overrule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PowerOfAttorneyWarning {
    /// Signed longer ago than the municipality likes.
    Old,
    /// The representative is under 18.
    RepresentativeUnder18,
    /// Not form F2: all its facts must be found in the citizen's own document.
    SelfMade,
}

/// A fault that stops a power of attorney from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum PowerOfAttorneyFault {
    /// The citizen has not signed.
    #[error("the citizen has not signed")]
    CitizenHasNotSigned,
    /// The representative has not signed.
    #[error("the representative has not signed")]
    RepresentativeHasNotSigned,
    /// The day of signing is not known.
    #[error("the day of signing is missing")]
    SigningDayMissing,
    /// The day of signing lies in the future.
    #[error("the day of signing lies in the future")]
    SignedInFuture,
    /// The citizen cannot be their own representative.
    #[error("representative and citizen are the same person")]
    RepresentativeIsCitizen,
    /// It was revoked.
    #[error("it was revoked")]
    Revoked,
}

impl PowerOfAttorneyFault {
    /// Stable code for texts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CitizenHasNotSigned => "citizen_has_not_signed",
            Self::RepresentativeHasNotSigned => "representative_has_not_signed",
            Self::SigningDayMissing => "signing_day_missing",
            Self::SignedInFuture => "signed_in_future",
            Self::RepresentativeIsCitizen => "representative_is_citizen",
            Self::Revoked => "revoked",
        }
    }
}

impl PowerOfAttorneyWarning {
    /// Stable code for texts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::RepresentativeUnder18 => "representative_under_18",
            Self::SelfMade => "self_made",
        }
    }
}

/// Everything that stops the paper from being used on `today`, in the order staff should mend it.
///
/// `citizen` is the citizen's number where it is known; two equal numbers mean one person.
pub fn faults(
    paper: &PowerOfAttorney,
    citizen: Option<&Cpr>,
    revoked_on: Option<NaiveDate>,
    today: NaiveDate,
) -> Vec<PowerOfAttorneyFault> {
    let mut found = Vec::new();
    if !paper.citizen_signed {
        found.push(PowerOfAttorneyFault::CitizenHasNotSigned);
    }
    if !paper.representative_signed {
        found.push(PowerOfAttorneyFault::RepresentativeHasNotSigned);
    }
    match paper.signed_on {
        None => found.push(PowerOfAttorneyFault::SigningDayMissing),
        Some(day) if day > today => found.push(PowerOfAttorneyFault::SignedInFuture),
        Some(_) => {}
    }
    if citizen.is_some() && paper.representative.cpr.as_ref() == citizen {
        found.push(PowerOfAttorneyFault::RepresentativeIsCitizen);
    }
    if revoked_on.is_some_and(|day| day <= today) {
        found.push(PowerOfAttorneyFault::Revoked);
    }
    found
}

/// Everything staff should look at twice; `warn_after_days` is the municipality's choice.
pub fn warnings(
    paper: &PowerOfAttorney,
    warn_after_days: u16,
    today: NaiveDate,
) -> Vec<PowerOfAttorneyWarning> {
    let mut found = Vec::new();
    if paper
        .signed_on
        .is_some_and(|day| (today - day).num_days() > i64::from(warn_after_days))
    {
        found.push(PowerOfAttorneyWarning::Old);
    }
    let under_18 = paper
        .representative
        .born_on()
        .is_some_and(|born| today.years_since(born).is_none_or(|age| age < 18));
    if under_18 {
        found.push(PowerOfAttorneyWarning::RepresentativeUnder18);
    }
    if paper.self_made {
        found.push(PowerOfAttorneyWarning::SelfMade);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn a_paper() -> PowerOfAttorney {
        PowerOfAttorney {
            representative: Representative {
                name: "Mads Lindholm".to_owned(),
                cpr: None,
                birth_date: Some(day("1997-08-14")),
                address: String::new(),
                relation: "child".to_owned(),
            },
            signed_on: Some(day("2026-03-02")),
            citizen_signed: true,
            representative_signed: true,
            self_made: false,
            covers_unopened_post: true,
        }
    }

    #[test]
    fn row_2_23_a_paper_signed_by_both_holds() {
        assert_eq!(faults(&a_paper(), None, None, day("2026-03-13")), []);
        assert_eq!(warnings(&a_paper(), 90, day("2026-03-13")), []);
    }

    #[test]
    fn a_missing_signature_stops_it() {
        let paper = PowerOfAttorney {
            citizen_signed: false,
            representative_signed: false,
            ..a_paper()
        };

        assert_eq!(
            faults(&paper, None, None, day("2026-03-13")),
            [
                PowerOfAttorneyFault::CitizenHasNotSigned,
                PowerOfAttorneyFault::RepresentativeHasNotSigned
            ]
        );
    }

    #[test]
    fn the_ninetieth_day_is_still_fresh() {
        assert_eq!(warnings(&a_paper(), 90, day("2026-05-31")), []);
        assert_eq!(
            warnings(&a_paper(), 90, day("2026-06-01")),
            [PowerOfAttorneyWarning::Old]
        );
    }

    #[test]
    fn a_future_day_of_signing_and_a_revocation_stop_it() {
        let paper = a_paper();

        assert_eq!(
            faults(&paper, None, None, day("2026-03-01")),
            [PowerOfAttorneyFault::SignedInFuture]
        );
        assert_eq!(
            faults(&paper, None, Some(day("2026-03-13")), day("2026-03-13")),
            [PowerOfAttorneyFault::Revoked]
        );
    }

    #[test]
    fn a_representative_under_18_only_warns() {
        let mut paper = a_paper();
        paper.representative.birth_date = Some(day("2010-03-14"));

        assert_eq!(
            warnings(&paper, 90, day("2028-03-13")),
            [
                PowerOfAttorneyWarning::Old,
                PowerOfAttorneyWarning::RepresentativeUnder18
            ]
        );
        assert_eq!(faults(&paper, None, None, day("2028-03-13")), []);
    }

    proptest! {
        /// It holds exactly when both signed, on a day that has come, and it is not revoked.
        #[test]
        fn a_paper_holds_exactly_when_nothing_speaks_against_it(
            signatures in any::<(bool, bool)>(),
            signed in proptest::option::of(-400_i64..400),
            revoked in proptest::option::of(-400_i64..400),
        ) {
            let today = day("2026-03-13");
            let after = |days: i64| today + chrono::Duration::days(days);
            let paper = PowerOfAttorney {
                citizen_signed: signatures.0,
                representative_signed: signatures.1,
                signed_on: signed.map(after),
                ..a_paper()
            };
            let holds = signatures == (true, true)
                && signed.is_some_and(|days| days <= 0)
                && revoked.is_none_or(|days| days > 0);
            prop_assert_eq!(faults(&paper, None, revoked.map(after), today).is_empty(), holds);
        }

        /// Age and form only ever warn.
        #[test]
        fn a_warning_never_stops_a_paper(days in 0_i64..4_000, self_made in any::<bool>(), limit in any::<u16>()) {
            let today = day("2026-03-13");
            let paper = PowerOfAttorney {
                signed_on: Some(today - chrono::Duration::days(days)),
                self_made,
                ..a_paper()
            };
            prop_assert_eq!(faults(&paper, None, None, today), []);
            let is_old = warnings(&paper, limit, today).contains(&PowerOfAttorneyWarning::Old);
            prop_assert_eq!(is_old, days > i64::from(limit));
        }
    }
}
