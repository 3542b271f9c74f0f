//! What may happen when: the check that desktop, command line and server all run before an event is taken.
//!
//! An event is judged against the case as its author had seen it. Basis: practice 1 to 5; domain reference 3.

use super::field::field_of;
use super::{Case, CaseState, Field, decision};
use crate::danish_time;
use crate::event::{Ending, Event, PaperKind, ReceiptDelivery, RegisterStatus, Signature, Tick};
use crate::ids::CaseId;
use crate::power_of_attorney;
use crate::role::Act;
use crate::rule_set::Duration;

/// A rule that an event would break. Carries no person's facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it means")]
pub enum RuleBroken {
    #[error("the case has no first event")]
    NotOpened,
    #[error("the citizen is under 15")]
    TooYoung,
    #[error("the municipality does not decide for somebody never registered")]
    NotCovered,
    #[error("the register shows the citizen as exempt")]
    ExemptAlready,
    #[error("a parent cannot ask for an adult")]
    ParentOfAdult,
    #[error("the guardian's appointment is not in force")]
    AppointmentNotInForce,
    #[error("the rule set is not the one of the day")]
    RuleSetDoesNotFit,
    #[error("the rule set does not know this duration")]
    DurationDoesNotFit,
    #[error("the exemption cannot end before it began")]
    EndedBeforeRegistration,
    #[error("the new end of the term is not later than the present one")]
    TermNotLonger,
    #[error("these cases cannot be merged this way")]
    NotMergeable,
    #[error("these cases are not about the same citizen")]
    MergeOtherCitizen,
    #[error("the case it is merged into was not told")]
    MergeNotLinked,
    #[error("no death is recorded in the case")]
    NoDeathRecorded,
    #[error("the case was not merged")]
    NotMerged,
    #[error("the case goes on in the one it was merged into")]
    MergedAway,
    #[error("the national register still shows the citizen as exempt")]
    StillInRegister,
    #[error("the term ran out before")]
    TermRanOut,
    #[error("nobody looked in the national register that day and saw the exemption there")]
    RegisterNotLookedUp,
    #[error("there is no such conflict to choose in")]
    NoSuchConflict,
    #[error("the case was opened before")]
    AlreadyOpened,
    #[error("the case holds a kind of event this program does not know")]
    ReadOnly,
    #[error("the case is not open for this")]
    NotOpen,
    #[error("a decision needs a case that is ready")]
    NotReady,
    #[error("a decision needs the conflict-of-interest check")]
    ConflictOfInterestUnchecked,
    #[error("a decision needs a valid identity check")]
    IdentityNotChecked,
    #[error("a decision needs the signed declaration")]
    NotDeclared,
    #[error("the power of attorney does not hold")]
    PowerOfAttorneyInvalid,
    #[error("the guardian's appointment was not seen")]
    AppointmentNotSeen,
    #[error("a reason is missing")]
    ReasonMissing,
    #[error("a name is missing")]
    NameMissing,
    #[error("the exemption has not been granted")]
    NotGranted,
    #[error("the exemption has not been registered in Digital Post")]
    NotRegistered,
    #[error("registration cannot lie before the decision")]
    RegisteredBeforeDecision,
    #[error("this was ticked before")]
    AlreadyTicked,
    #[error("this has not been ticked")]
    NotTicked,
    #[error("this paper does not fit the state of the case")]
    PaperDoesNotFit,
    #[error("there is no power of attorney in the case")]
    NoPowerOfAttorney,
    #[error("the exemption has no time limit")]
    NoTerm,
    #[error("two people have changed this without seeing each other, and nobody has chosen")]
    ConflictOpen,
    #[error("there is nothing of this to take away")]
    NothingToRetract,
    #[error("the name of a file is more than a name")]
    FileNameNotPlain,
}

impl RuleBroken {
    /// Stable code for verdicts and texts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotOpened => "not_opened",
            Self::TooYoung => "too_young",
            Self::NotCovered => "not_covered",
            Self::ExemptAlready => "exempt_already",
            Self::ParentOfAdult => "parent_of_adult",
            Self::AppointmentNotInForce => "appointment_not_in_force",
            Self::RuleSetDoesNotFit => "rule_set_does_not_fit",
            Self::DurationDoesNotFit => "duration_does_not_fit",
            Self::EndedBeforeRegistration => "ended_before_registration",
            Self::TermNotLonger => "term_not_longer",
            Self::NotMergeable => "not_mergeable",
            Self::MergeOtherCitizen => "merge_other_citizen",
            Self::MergeNotLinked => "merge_not_linked",
            Self::NoDeathRecorded => "no_death_recorded",
            Self::NotMerged => "not_merged",
            Self::MergedAway => "merged_away",
            Self::StillInRegister => "still_in_register",
            Self::TermRanOut => "term_ran_out",
            Self::RegisterNotLookedUp => "register_not_looked_up",
            Self::NoSuchConflict => "no_such_conflict",
            Self::AlreadyOpened => "already_opened",
            Self::ReadOnly => "read_only",
            Self::NotOpen => "not_open",
            Self::NotReady => "not_ready",
            Self::ConflictOfInterestUnchecked => "conflict_of_interest_unchecked",
            Self::IdentityNotChecked => "identity_not_checked",
            Self::NotDeclared => "not_declared",
            Self::PowerOfAttorneyInvalid => "power_of_attorney_invalid",
            Self::AppointmentNotSeen => "appointment_not_seen",
            Self::ReasonMissing => "reason_missing",
            Self::NameMissing => "name_missing",
            Self::NotGranted => "not_granted",
            Self::NotRegistered => "not_registered",
            Self::RegisteredBeforeDecision => "registered_before_decision",
            Self::AlreadyTicked => "already_ticked",
            Self::NotTicked => "not_ticked",
            Self::PaperDoesNotFit => "paper_does_not_fit",
            Self::NoPowerOfAttorney => "no_power_of_attorney",
            Self::NoTerm => "no_term",
            Self::ConflictOpen => "conflict_open",
            Self::NothingToRetract => "nothing_to_retract",
            Self::FileNameNotPlain => "file_name_not_plain",
        }
    }
}

/// Checks whether `event` may follow in `case`.
///
/// # Errors
/// The first rule it would break.
pub fn check(case: &Case, event: &Event) -> Result<(), RuleBroken> {
    if case.holds_unknown_kind {
        return Err(RuleBroken::ReadOnly);
    }
    match (case.opened.is_some(), event) {
        (false, Event::CaseOpened(_)) => return Ok(()),
        (true, Event::CaseOpened(_)) => return Err(RuleBroken::AlreadyOpened),
        (false, _) => return Err(RuleBroken::NotOpened),
        (true, _) => {}
    }
    if case.is_merged() && field_of(event) == Field::Ticks {
        return Err(RuleBroken::MergedAway);
    }
    if rests_on(event)
        .iter()
        .any(|field| case.conflict_in(*field).is_some())
    {
        return Err(RuleBroken::ConflictOpen);
    }
    match event {
        Event::CaseOpened(_)
        | Event::RegisterLookedUp { .. }
        | Event::CompanionRecorded { .. }
        | Event::ConflictOfInterestChecked { .. } => Ok(()),
        Event::AttachmentAdded(attachment) => plain_name(&attachment.file_name),
        Event::NoteAdded { text } => said(text),
        Event::ConflictResolved {
            field,
            chosen,
            reason,
        } => {
            let is_open = case
                .conflicts
                .iter()
                .any(|open| open.field.code() == field && open.events.contains(chosen));
            if is_open {
                said(reason)
            } else {
                Err(RuleBroken::NoSuchConflict)
            }
        }
        Event::CitizenRecorded(citizen) => {
            open(case)?;
            if citizen.name.trim().is_empty() {
                Err(RuleBroken::NameMissing)
            } else {
                Ok(())
            }
        }
        Event::ArrivalRecorded(_)
        | Event::GuardianRecorded(_)
        | Event::IdentityChecked(_)
        | Event::GuidanceRecorded { .. }
        | Event::PowerOfAttorneyRecorded(_)
        | Event::MarkedIncomplete { .. }
        | Event::MarkedReady
        | Event::Withdrawn { .. }
        | Event::HelpedInstead { .. } => open(case),
        Event::DeclarationSigned(declaration) => {
            open(case)?;
            match &declaration.signature {
                Signature::Unable { reason, witness } => {
                    said(reason)?;
                    if witness.trim().is_empty() {
                        Err(RuleBroken::NameMissing)
                    } else {
                        Ok(())
                    }
                }
                Signature::OnPaper | Signature::OnScreen => Ok(()),
            }
        }
        Event::UnopenedPostChosen(_) => {
            let still_possible = case.state.is_open()
                || case.state == CaseState::Granted && case.registered.is_none();
            if still_possible {
                Ok(())
            } else {
                Err(RuleBroken::NotOpen)
            }
        }
        Event::EntryRetracted { field } => {
            open(case)?;
            let is_there = *field == Field::Companion && case.companion.is_some()
                || *field == Field::Declaration && case.declaration.is_some();
            if is_there {
                Ok(())
            } else {
                Err(RuleBroken::NothingToRetract)
            }
        }
        Event::Forwarded { authority, .. } => open(case).and_then(|()| said(authority)),
        Event::Rejected(rejected) => open(case).and_then(|()| said(&rejected.reason)),
        Event::Granted(granted) => {
            if case.state != CaseState::Ready {
                return Err(RuleBroken::NotReady);
            }
            decidable(case)?;
            let decided_on = danish_time::date_at(granted.decided_at);
            if case
                .declaration
                .as_ref()
                .is_none_or(|d| d.signed_on > decided_on)
            {
                return Err(RuleBroken::NotDeclared);
            }
            decision::citizen_can_be_exempt(case, danish_time::date_at(granted.decided_at))?;
            // What a decision rests on is written down, also where it is the one asked for (row 4-25).
            if granted.met.is_empty() {
                return Err(RuleBroken::ReasonMissing);
            }
            representation_holds(case, decided_on)
        }
        Event::Refused(refused) => {
            open(case)?;
            decidable(case)?;
            decision::consulted(&refused.consultation)?;
            said(&refused.reasons)
        }
        Event::PowerOfAttorneyRevoked { .. } | Event::PowerOfAttorneyUsed { .. } => {
            match (&case.power_of_attorney, event) {
                (None, _) => Err(RuleBroken::NoPowerOfAttorney),
                (Some(_), Event::PowerOfAttorneyUsed { .. })
                    if case.power_of_attorney_revoked_on.is_some() =>
                {
                    Err(RuleBroken::PowerOfAttorneyInvalid)
                }
                (Some(_), _) => Ok(()),
            }
        }
        Event::Registered(registered) => {
            let granted = granted(case)?;
            if case.registered.is_some() {
                return Err(RuleBroken::AlreadyTicked);
            }
            if registered.registered_at < granted {
                return Err(RuleBroken::RegisteredBeforeDecision);
            }
            Ok(())
        }
        Event::ReceiptGiven(given) => {
            if case.state.is_open() {
                return Err(RuleBroken::NotGranted);
            }
            if case.state == CaseState::Granted && case.registered.is_none() {
                return Err(RuleBroken::NotRegistered);
            }
            if case.receipt.is_some() {
                return Err(RuleBroken::AlreadyTicked);
            }
            if given.delivery == ReceiptDelivery::Waived {
                said(&given.reason)
            } else {
                Ok(())
            }
        }
        Event::Journalised(_) => {
            if case.state.is_open() {
                Err(RuleBroken::NotGranted)
            } else if case.journalised.is_some() {
                Err(RuleBroken::AlreadyTicked)
            } else {
                Ok(())
            }
        }
        Event::TickUndone { tick, reason } => {
            if !case.is_ticked(*tick) {
                return Err(RuleBroken::NotTicked);
            }
            if *tick == Tick::Registered {
                // An exemption that has ended or was put right keeps the registration it had.
                granted(case)?;
                // Nor can what was extended not have been registered.
                if case.receipt.is_some() || case.term_changed_at().is_some() {
                    return Err(RuleBroken::AlreadyTicked);
                }
            }
            said(reason)
        }
        Event::PaperIssued(paper) => paper_fits(case, paper.kind),
        Event::WronglyCreated(wrong) => {
            granted(case)?;
            // The letter tells the person that it is put right, and nothing asks for it again.
            if case.registered.is_some() && !wrong.removed_from_register {
                return Err(RuleBroken::StillInRegister);
            }
            said(&wrong.reason)
        }
        Event::TakenBack(taken) => {
            granted(case)?;
            if case.registered.is_some() && taken.removed_from_register == Some(false) {
                return Err(RuleBroken::StillInRegister);
            }
            // A program from before it was asked says nothing of either.
            if taken.removed_from_register.is_some() {
                nobody_concerned(case)?;
            }
            decision::consulted(&taken.consultation)?;
            said(&taken.reasons)
        }
        // A death closes whatever is under way; nothing else ends before it has begun (domain reference 1.3).
        Event::Ended {
            ending: Ending::Deceased,
            ..
        } if case.state.is_open() => Ok(()),
        Event::Ended {
            ending: Ending::Deceased,
            ..
        } => granted(case).map(drop),
        // A merge names the other case.
        Event::Ended {
            ending: Ending::Merged,
            ..
        } => Err(RuleBroken::NotMergeable),
        Event::Ended { ending, ended_on } => {
            granted(case)?;
            let Some(registered) = &case.registered else {
                return Err(RuleBroken::NotRegistered);
            };
            if *ended_on < danish_time::date_at(registered.value.registered_at) {
                return Err(RuleBroken::EndedBeforeRegistration);
            }
            let has_term = case.expires_on(danish_time::date_at).is_some();
            if *ending == Ending::Expired && !has_term {
                return Err(RuleBroken::NoTerm);
            }
            Ok(())
        }
        Event::DeathUndone { reason } if case.is_closed_by_death() => said(reason),
        Event::DeathUndone { .. } => Err(RuleBroken::NoDeathRecorded),
        Event::Extended(extended) => {
            let present_end = running_term(case)?;
            let today = danish_time::date_at(extended.extended_at);
            if present_end < today {
                return Err(RuleBroken::TermRanOut);
            }
            if extended.until <= present_end {
                return Err(RuleBroken::TermNotLonger);
            }
            seen_exempt_on(case, today)?;
            said(&extended.reason)
        }
        Event::MadePermanent { .. } => running_term(case).map(drop),
        // What is over stays what it was, and a case that was merged takes in no other.
        Event::MergedInto(merged) => {
            with_another(case, merged.other).and_then(|()| said(&merged.reason))
        }
        Event::DuplicateLinked { other } => with_another(case, *other),
        Event::MergeUndone { reason } if case.is_merged() => said(reason),
        Event::DuplicateUnlinked { other, reason } if case.duplicates.contains(other) => {
            said(reason)
        }
        Event::MergeUndone { .. } | Event::DuplicateUnlinked { .. } => Err(RuleBroken::NotMerged),
    }
}

/// Whether the case can be merged with another, as far as it knows itself; see [`super::check_merge`].
fn with_another(case: &Case, other: CaseId) -> Result<(), RuleBroken> {
    if other != case.id && case.is_under_way() {
        Ok(())
    } else {
        Err(RuleBroken::NotMergeable)
    }
}

/// The last day of a time-limited exemption that is registered.
fn running_term(case: &Case) -> Result<chrono::NaiveDate, RuleBroken> {
    granted(case)?;
    if case.granted.as_ref().map(|granted| granted.value.duration) != Some(Duration::TimeLimited) {
        return Err(RuleBroken::NoTerm);
    }
    if case.registered.is_none() {
        return Err(RuleBroken::NotRegistered);
    }
    case.expires_on(danish_time::date_at)
        .ok_or(RuleBroken::NoTerm)
}

/// Our record is not the register: somebody looked there that day and saw the citizen as exempt (practice 3).
fn seen_exempt_on(case: &Case, day: chrono::NaiveDate) -> Result<(), RuleBroken> {
    let look = case.register_look.as_ref().map(|look| look.value);
    match look {
        Some((at, RegisterStatus::Exempt)) if danish_time::date_at(at) == day => Ok(()),
        _ => Err(RuleBroken::RegisterNotLookedUp),
    }
}

/// The fields that must hold no open conflict before `event` may follow: what it changes by decision, and what a
/// person who signs for it relies on. Typing on, notes and files are never held up.
///
/// Basis: design, section 3, *Concurrency*; decision 5.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "typing on, notes and files rest on nothing"
)]
const fn rests_on(event: &Event) -> &'static [Field] {
    /// What a decision is about: who, by whom, on what ground, and what was decided.
    const DECISION: &[Field] = &[
        Field::Opening,
        Field::Citizen,
        Field::Guardian,
        Field::Declaration,
        Field::PowerOfAttorney,
        Field::State,
    ];
    /// What stands in the national register and on the paper the citizen is given.
    const CARRIED_OUT: &[Field] = &[
        Field::Opening,
        Field::Citizen,
        Field::Guardian,
        Field::PowerOfAttorney,
        Field::UnopenedPost,
        Field::State,
        Field::Term,
    ];
    /// What goes to the journal.
    const JOURNALISED: &[Field] = &[Field::Citizen, Field::State];
    match event {
        Event::MarkedIncomplete { .. }
        | Event::MarkedReady
        | Event::Granted(_)
        | Event::Refused(_)
        | Event::Rejected(_)
        | Event::Withdrawn { .. }
        | Event::HelpedInstead { .. }
        | Event::Forwarded { .. } => DECISION,
        Event::Registered(_)
        | Event::ReceiptGiven(_)
        | Event::Extended(_)
        | Event::MadePermanent { .. }
        | Event::Ended { .. }
        | Event::DeathUndone { .. }
        | Event::MergedInto(_)
        | Event::MergeUndone { .. }
        | Event::DuplicateLinked { .. }
        | Event::TakenBack(_)
        | Event::WronglyCreated(_) => CARRIED_OUT,
        Event::Journalised(_) => JOURNALISED,
        Event::PaperIssued(paper) => match paper.kind {
            PaperKind::Request | PaperKind::PowerOfAttorney | PaperKind::HandInSlip => &[],
            PaperKind::ExemptionReceipt
            | PaperKind::InterimPaper
            | PaperKind::Refusal
            | PaperKind::MissingInformation
            | PaperKind::Rejection
            | PaperKind::CorrectionToWrongPerson
            | PaperKind::CorrectionToRightPerson
            | PaperKind::TakenBack
            | PaperKind::InformationSheet => CARRIED_OUT,
        },
        _ => &[],
    }
}

/// The right a person needs to record `event`.
pub const fn act_of(event: &Event) -> Act {
    match event {
        Event::CaseOpened(_)
        | Event::ArrivalRecorded(_)
        | Event::EntryRetracted { .. }
        | Event::CitizenRecorded(_)
        | Event::GuardianRecorded(_)
        | Event::CompanionRecorded { .. }
        | Event::IdentityChecked(_)
        | Event::GuidanceRecorded { .. }
        | Event::DeclarationSigned(_)
        | Event::PowerOfAttorneyRecorded(_)
        | Event::UnopenedPostChosen(_)
        | Event::RegisterLookedUp { .. }
        | Event::MarkedReady => Act::Capture,
        // Who hands in fills the form in and gives a slip for it; every other paper follows a decision.
        Event::PaperIssued(paper) => match paper.kind {
            PaperKind::Request | PaperKind::PowerOfAttorney | PaperKind::HandInSlip => Act::Capture,
            PaperKind::ExemptionReceipt
            | PaperKind::InterimPaper
            | PaperKind::Refusal
            | PaperKind::MissingInformation
            | PaperKind::Rejection
            | PaperKind::CorrectionToWrongPerson
            | PaperKind::CorrectionToRightPerson
            | PaperKind::TakenBack
            | PaperKind::InformationSheet => Act::Finish,
        },
        Event::PowerOfAttorneyRevoked { .. }
        | Event::PowerOfAttorneyUsed { .. }
        | Event::AttachmentAdded(_)
        | Event::NoteAdded { .. } => Act::Supplement,
        Event::ConflictOfInterestChecked { .. }
        | Event::MarkedIncomplete { .. }
        | Event::Granted(_)
        | Event::Refused(_)
        | Event::Rejected(_)
        | Event::Withdrawn { .. }
        | Event::HelpedInstead { .. }
        | Event::Forwarded { .. } => Act::Decide,
        Event::Registered(_)
        | Event::ReceiptGiven(_)
        | Event::Journalised(_)
        | Event::Ended { .. } => Act::Finish,
        Event::Extended(_) | Event::MadePermanent { .. } => Act::Prolong,
        Event::TickUndone { .. }
        | Event::WronglyCreated(_)
        | Event::DeathUndone { .. }
        | Event::ConflictResolved { .. } => Act::Correct,
        Event::TakenBack(_) => Act::TakeBack,
        Event::MergedInto(_)
        | Event::MergeUndone { .. }
        | Event::DuplicateLinked { .. }
        | Event::DuplicateUnlinked { .. } => Act::Merge,
    }
}

fn open(case: &Case) -> Result<(), RuleBroken> {
    if case.state.is_open() {
        Ok(())
    } else {
        Err(RuleBroken::NotOpen)
    }
}

/// A file's name is data and never a path, whatever program wrote it: no separators, no control characters and none of
/// the marks that turn the direction of writing. Basis: reliability, threat T11.
fn plain_name(name: &str) -> Result<(), RuleBroken> {
    const LONGEST: usize = 255;
    let is_odd = |c: char| {
        c.is_control()
            || matches!(c, '/' | '\\' | ':' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(c, '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let is_name = !name.trim_matches(['.', ' ']).is_empty() && name.chars().count() <= LONGEST;
    if is_name && !name.contains(is_odd) {
        Ok(())
    } else {
        Err(RuleBroken::FileNameNotPlain)
    }
}

fn said(text: &str) -> Result<(), RuleBroken> {
    if text.trim().is_empty() {
        Err(RuleBroken::ReasonMissing)
    } else {
        Ok(())
    }
}

fn granted(case: &Case) -> Result<chrono::DateTime<chrono::Utc>, RuleBroken> {
    match (&case.granted, case.state) {
        (Some(granted), CaseState::Granted) => Ok(granted.value.decided_at),
        _ => Err(RuleBroken::NotGranted),
    }
}

/// What any decision needs: the right person identified, and nobody deciding for family (row 4-31).
fn decidable(case: &Case) -> Result<(), RuleBroken> {
    nobody_concerned(case)?;
    if !case
        .identity
        .as_ref()
        .is_some_and(|checked| checked.value.valid)
    {
        return Err(RuleBroken::IdentityNotChecked);
    }
    Ok(())
}

/// The last word on conflicts of interest is that there is none (row 4-31).
fn nobody_concerned(case: &Case) -> Result<(), RuleBroken> {
    match &case.conflict_of_interest {
        Some(checked) if checked.value => Ok(()),
        Some(_) | None => Err(RuleBroken::ConflictOfInterestUnchecked),
    }
}

fn representation_holds(case: &Case, on: chrono::NaiveDate) -> Result<(), RuleBroken> {
    use crate::event::Channel;
    let Some(opened) = &case.opened else {
        return Err(RuleBroken::NotOpened);
    };
    match opened.channel {
        Channel::InPerson => Ok(()),
        Channel::Representative => {
            let paper = case
                .power_of_attorney
                .as_ref()
                .ok_or(RuleBroken::NoPowerOfAttorney)?;
            let citizen = case.citizen.as_ref().map(|citizen| &citizen.cpr);
            let revoked_on = case.power_of_attorney_revoked_on;
            if power_of_attorney::faults(paper, citizen, revoked_on, on).is_empty() {
                Ok(())
            } else {
                Err(RuleBroken::PowerOfAttorneyInvalid)
            }
        }
        Channel::Guardian => match &case.guardian {
            Some(guardian) => decision::appointment_holds(case, guardian, on),
            None => Err(RuleBroken::AppointmentNotSeen),
        },
    }
}

fn paper_fits(case: &Case, kind: PaperKind) -> Result<(), RuleBroken> {
    let fits = match kind {
        PaperKind::Request | PaperKind::PowerOfAttorney => true,
        PaperKind::ExemptionReceipt => {
            let has_ended = case.state == CaseState::Ended && !case.is_merged();
            case.is_exempt() || has_ended && case.registered.is_some()
        }
        PaperKind::InterimPaper => case.state == CaseState::Granted && case.registered.is_none(),
        PaperKind::Refusal => case.state == CaseState::Refused,
        PaperKind::MissingInformation => case.state == CaseState::Incomplete,
        PaperKind::HandInSlip => case.state.is_open(),
        PaperKind::Rejection => case.state == CaseState::Rejected,
        PaperKind::TakenBack => case.state == CaseState::TakenBack,
        PaperKind::InformationSheet => case.state == CaseState::HelpedInstead,
        PaperKind::CorrectionToWrongPerson | PaperKind::CorrectionToRightPerson => {
            case.state == CaseState::WronglyCreated
        }
    };
    if fits {
        Ok(())
    } else {
        Err(RuleBroken::PaperDoesNotFit)
    }
}
