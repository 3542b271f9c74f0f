//! When a citizen is signed up for Digital Post without doing anything.
//!
//! Everyone of 15 years or more with a number and a fixed residence has a mailbox; who has not made one is signed up.
//! Basis: seed 002, *Baggrund* and *Sagsfremstilling* (rows 2-05 and 2-12); domain reference 1.3.

use chrono::NaiveDate;

use crate::eligibility::Facts;
use crate::event::{RegisterStatus, Residence};

/// Full years from which Digital Post is compulsory, and exemption possible (row 2-12).
pub(crate) const AGE_OF_DIGITAL_POST: u16 = 15;

/// The day on which Digital Post became compulsory for everyone covered: 1 November 2014.
pub const MANDATORY_FROM: NaiveDate = match NaiveDate::from_ymd_opt(2014, 11, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// Signed up unless the citizen signs up first or is exempted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// On the 15th birthday, which lies ahead.
    OnBirthday(NaiveDate),
    /// On the day it becomes compulsory for all, which lies ahead.
    WithEveryone(NaiveDate),
    /// Covered and not in the register yet, for instance newly moved to Denmark: no source names the day.
    DayNotKnown,
}

impl SignUp {
    /// Stable code for texts.
    pub const fn code(self) -> &'static str {
        match self {
            SignUp::OnBirthday(_) => "on_birthday",
            SignUp::WithEveryone(_) => "with_everyone",
            SignUp::DayNotKnown => "day_not_known",
        }
    }

    /// The day, where it is known.
    pub const fn on(self) -> Option<NaiveDate> {
        match self {
            SignUp::OnBirthday(on) | SignUp::WithEveryone(on) => Some(on),
            SignUp::DayNotKnown => None,
        }
    }
}

/// The automatic sign-up ahead of this citizen; `None` where there is none, or it lies behind.
pub fn automatic_sign_up(facts: &Facts, today: NaiveDate) -> Option<SignUp> {
    let cpr = facts.cpr.as_ref()?;
    let settled = matches!(
        facts.register,
        Some(RegisterStatus::Exempt | RegisterStatus::NotExempt)
    );
    if settled || facts.died == Some(true) || !may_be_covered(facts.residence) {
        return None;
    }
    let birthday = cpr.reaches_age_on(AGE_OF_DIGITAL_POST);
    if birthday > today.max(MANDATORY_FROM) {
        return Some(SignUp::OnBirthday(birthday));
    }
    if today < MANDATORY_FROM {
        return Some(SignUp::WithEveryone(MANDATORY_FROM));
    }
    (facts.register == Some(RegisterStatus::NotRegistered)).then_some(SignUp::DayNotKnown)
}

/// A fixed residence, or one nobody has looked up yet.
fn may_be_covered(residence: Option<Residence>) -> bool {
    match residence {
        None | Some(Residence::Unknown | Residence::Fixed) => true,
        Some(Residence::LeftDenmark | Residence::NoFixedAbode | Residence::NeverRegistered) => {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpr::Cpr;

    /// Born 2 January 1970 and 20 March 2011; both fail modulus 11.
    const GROWN: &str = "0201703984";
    const CHILD: &str = "2003114984";

    fn check(number: &str, today: &str, edit: impl Fn(&mut Facts), expected: Option<SignUp>) {
        let mut facts = Facts {
            cpr: Some(Cpr::parse(number).expect("a number")),
            residence: Some(Residence::Fixed),
            ..Facts::default()
        };
        edit(&mut facts);
        let found = automatic_sign_up(&facts, day(today));
        assert_eq!(found, expected, "{today}");
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn row_2_05_before_1_november_2014_everyone_waits_for_the_same_day() {
        let all = Some(SignUp::WithEveryone(MANDATORY_FROM));
        check(GROWN, "2014-10-04", |_| {}, all);
        check(GROWN, "2014-10-31", |_| {}, all);
        check(GROWN, "2014-11-01", |_| {}, None);
    }

    #[test]
    fn row_2_05_who_is_under_15_is_signed_up_on_the_birthday() {
        let birthday = Some(SignUp::OnBirthday(day("2026-03-20")));
        check(CHILD, "2026-03-13", |_| {}, birthday);
        check(CHILD, "2026-03-19", |_| {}, birthday);
        check(CHILD, "2026-03-20", |_| {}, None);
        check(CHILD, "2014-10-04", |_| {}, birthday);
    }

    #[test]
    fn row_2_05_who_has_moved_in_is_signed_up_on_a_day_nobody_here_knows() {
        let missing = |facts: &mut Facts| facts.register = Some(RegisterStatus::NotRegistered);
        check(GROWN, "2026-03-13", missing, Some(SignUp::DayNotKnown));
        check(GROWN, "2026-03-13", |_| {}, None);
    }

    #[test]
    fn row_2_12_who_is_not_covered_exempt_or_signed_up_already_is_not_signed_up() {
        for residence in [
            Residence::LeftDenmark,
            Residence::NoFixedAbode,
            Residence::NeverRegistered,
        ] {
            check(CHILD, "2026-03-13", |f| f.residence = Some(residence), None);
        }
        for seen in [RegisterStatus::Exempt, RegisterStatus::NotExempt] {
            check(CHILD, "2026-03-13", |f| f.register = Some(seen), None);
        }
        check(CHILD, "2026-03-13", |f| f.died = Some(true), None);
    }
}
