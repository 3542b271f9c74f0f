//! What a decision must rest on, whoever made the program that sent it.
//!
//! The desktop shows the proof tree and refuses before anything is recorded; these are the same requirements, asked
//! again of the case itself, so that the central store takes no decision that the law does not allow.
//! Basis: domain reference 1.3, 1.5 and 3; practice 3, 6 and 11.

use chrono::NaiveDate;

use super::{Case, RuleBroken};
use crate::danish_time;
use crate::event::{Consultation, Event, Guardian, RegisterStatus, Residence};
use crate::rule_set::{Duration, LegalDays, RuleCode, RuleSetCode, RuleSets};
use crate::sign_up::AGE_OF_DIGITAL_POST;

const AGE_OF_MAJORITY: u16 = 18;

/// Whether the citizen of the case can be exempted at all by a decision of that day.
pub(super) fn citizen_can_be_exempt(case: &Case, on: NaiveDate) -> Result<(), RuleBroken> {
    let Some(citizen) = &case.citizen else {
        return Err(RuleBroken::NameMissing);
    };
    let age = citizen.cpr.age_on(on);
    // No age: born after the decision.
    if age.is_none_or(|age| age < AGE_OF_DIGITAL_POST) {
        return Err(RuleBroken::TooYoung);
    }
    if citizen.residence == Residence::NeverRegistered {
        return Err(RuleBroken::NotCovered);
    }
    let seen = case.register_look.as_ref().map(|look| look.value.1);
    if seen == Some(RegisterStatus::Exempt) {
        return Err(RuleBroken::ExemptAlready);
    }
    Ok(())
}

/// Whether a guardian may ask for the citizen on a day (practice 11).
pub(super) fn appointment_holds(
    case: &Case,
    guardian: &Guardian,
    on: NaiveDate,
) -> Result<(), RuleBroken> {
    if guardian.is_parent {
        let received_on = case.opened.as_ref().map(|opened| opened.received_on);
        let citizen = case.citizen.as_ref();
        let age = citizen
            .zip(received_on)
            .and_then(|(citizen, day)| citizen.cpr.age_on(day));
        return if age.is_some_and(|age| age >= AGE_OF_MAJORITY) {
            Err(RuleBroken::ParentOfAdult)
        } else {
            Ok(())
        };
    }
    if !guardian.appointment_seen {
        return Err(RuleBroken::AppointmentNotSeen);
    }
    let began = guardian.valid_from.is_none_or(|first| first <= on);
    let lasts = guardian.valid_to.is_none_or(|last| on <= last);
    if began && lasts {
        Ok(())
    } else {
        Err(RuleBroken::AppointmentNotInForce)
    }
}

/// Whether a consultation was held, or its absence explained.
pub(super) fn consulted(consultation: &Consultation) -> Result<(), RuleBroken> {
    match consultation {
        Consultation::NotNeeded { reason } if reason.trim().is_empty() => {
            Err(RuleBroken::ReasonMissing)
        }
        Consultation::NotNeeded { .. } | Consultation::Held { .. } => Ok(()),
    }
}

/// Whether a decision names the rule set of its day, and a duration and a day of signing that rule set knows.
///
/// Apart from [`super::check`], because the rule sets and their days are data.
///
/// # Errors
/// The first rule it would break.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only these rest on what a rule set knows"
)]
pub fn check_rule_set(case: &Case, event: &Event, sets: &RuleSets) -> Result<(), RuleBroken> {
    let decided = |at| LegalDays {
        decided_on: Some(danish_time::date_at(at)),
        ..case.legal_days()
    };
    let named_rightly = |named: RuleSetCode, days: &LegalDays| {
        let set = sets.for_rule(RuleCode::Decision, days);
        let right = set.is_some_and(|set| set.code == named);
        right.then_some(()).ok_or(RuleBroken::RuleSetDoesNotFit)
    };
    let has = |duration: Duration, days: &LegalDays| {
        let set = sets.for_rule(RuleCode::Duration, days);
        let has = set.is_some_and(|set| set.durations.contains(&duration));
        has.then_some(()).ok_or(RuleBroken::DurationDoesNotFit)
    };
    match event {
        Event::Granted(granted) => {
            let days = decided(granted.decided_at);
            named_rightly(granted.rule_set, &days)?;
            has(granted.duration, &days)?;
            let is_signed = days.signed_on.is_some();
            if is_signed && sets.for_rule(RuleCode::Declaration, &days).is_none() {
                return Err(RuleBroken::NotDeclared);
            }
            Ok(())
        }
        Event::Refused(refused) => named_rightly(refused.rule_set, &decided(refused.decided_at)),
        // Only while there were time limits could one be moved; what is permanent by law is so from the law's day.
        Event::Extended(extended) => has(Duration::TimeLimited, &decided(extended.extended_at)),
        Event::MadePermanent { on } => {
            let by_law = case.permanent_by_law_on(sets).filter(|day| day == on);
            by_law.map(drop).ok_or(RuleBroken::DurationDoesNotFit)
        }
        _ => Ok(()),
    }
}

impl Case {
    /// The day on which a time-limited exemption that was still running became permanent by law.
    ///
    /// Basis: domain reference 1.5: on 1 October 2017 all active temporary exemptions were made permanent. The day is
    /// the first one of the rule set that knows no time limit.
    pub fn permanent_by_law_on(&self, sets: &RuleSets) -> Option<NaiveDate> {
        let last = self.expires_on(danish_time::date_at)?;
        let registered_on = danish_time::date_at(self.registered.as_ref()?.value.registered_at);
        let from = sets.unlimited_from()?;
        let ended_before = self.ending.is_some_and(|(_, ended_on)| ended_on < from);
        (registered_on < from && from <= last && !ended_before).then_some(from)
    }

    /// Whether the citizen is exempt on a day: granted, registered, and the term, if there is one, has not run out.
    ///
    /// Basis: practice 2; domain reference 1.5.
    pub fn is_exempt_on(&self, day: NaiveDate, sets: &RuleSets) -> bool {
        let runs = |last: NaiveDate| day <= last || self.permanent_by_law_on(sets).is_some();
        self.is_exempt() && self.expires_on(danish_time::date_at).is_none_or(runs)
    }
}
