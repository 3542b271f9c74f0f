//! What somebody who may not see the channel is not told: that anybody came instead of the citizen, and what hints at
//! the ground. Nothing differs between a case the citizen brought and one that somebody else brought.
//!
//! What staff wrote in their own words may say anything, so only its writer reads it back.
//! Basis: practice 13; design, section 4, *Privacy by default*.

use skranke_domain::case::Field;
use skranke_domain::eligibility::{Outcome, Proof, Requirement, Saying, Warning};
use skranke_domain::event::{AttachmentPurpose, Event, PaperKind};

/// The proof of what does not depend on who came: of the right person only the ID, and not where the citizen stands in
/// the register of persons (abroad and without an address are grounds). The whole follows from the parts that are left.
pub(crate) fn proof(mut proof: Proof) -> Proof {
    if proof.requirement == Requirement::RightPerson {
        return identity_of(proof);
    }
    if proof.requirement == Requirement::Residence {
        proof.fact = Saying::default();
        return proof;
    }
    if !proof.parts.is_empty() {
        proof.parts = proof.parts.into_iter().map(self::proof).collect();
        proof.outcome = [Outcome::NotMet, Outcome::NotKnown]
            .into_iter()
            .find(|outcome| proof.parts.iter().any(|part| part.outcome == *outcome))
            .unwrap_or(Outcome::Met);
    }
    proof
}

fn identity_of(right_person: Proof) -> Proof {
    let found = right_person
        .parts
        .iter()
        .flat_map(|came| &came.parts)
        .find(|part| part.requirement == Requirement::IdentityValid);
    found.cloned().unwrap_or(Proof {
        requirement: Requirement::IdentityValid,
        outcome: Outcome::NotKnown,
        fact: Saying::default(),
        parts: Vec::new(),
        ..right_person
    })
}

/// Whether a warning tells nothing of who came.
pub(crate) const fn may_warn(warning: Warning) -> bool {
    match warning {
        Warning::PowerOfAttorneyOld
        | Warning::RepresentativeUnder18
        | Warning::RepresentativeBornAsCitizen
        | Warning::PowerOfAttorneySelfMade
        | Warning::GuardianEconomicOnly => false,
        Warning::Turns15Soon
        | Warning::LocationNotOpen
        | Warning::CprModulus11
        | Warning::CprReplacement
        | Warning::OtherMunicipality
        | Warning::RegisterNotLooked => true,
    }
}

/// Whether a paper says nothing of who came. The request and the power of attorney do; letters about what is not met
/// or missing say it in the words of whoever decided.
pub(crate) const fn may_show_paper(kind: PaperKind) -> bool {
    match kind {
        PaperKind::Request
        | PaperKind::PowerOfAttorney
        | PaperKind::Refusal
        | PaperKind::TakenBack
        | PaperKind::MissingInformation => false,
        PaperKind::ExemptionReceipt
        | PaperKind::InterimPaper
        | PaperKind::Rejection
        | PaperKind::CorrectionToWrongPerson
        | PaperKind::CorrectionToRightPerson
        | PaperKind::HandInSlip
        | PaperKind::InformationSheet => true,
    }
}

/// Whether a file of the case is listed.
pub(crate) const fn may_list(purpose: AttachmentPurpose) -> bool {
    match purpose {
        AttachmentPurpose::SignedPowerOfAttorney => false,
        AttachmentPurpose::SignedRequest
        | AttachmentPurpose::ScreenSignature
        | AttachmentPurpose::Other => true,
    }
}

/// Whether an event stands in the timeline.
pub(crate) const fn may_tell(event: &Event) -> bool {
    match event {
        Event::ArrivalRecorded(_)
        | Event::GuardianRecorded(_)
        | Event::PowerOfAttorneyRecorded(_)
        | Event::PowerOfAttorneyUsed { .. }
        | Event::PowerOfAttorneyRevoked { .. } => false,
        Event::EntryRetracted { field } => !matches!(
            field,
            Field::Guardian | Field::PowerOfAttorney | Field::PowerOfAttorneyUses
        ),
        Event::PaperIssued(paper) => may_show_paper(paper.kind),
        Event::AttachmentAdded(attachment) => may_list(attachment.purpose),
        // Named one by one, so that a new kind of event is thought of here before it is shown.
        Event::CaseOpened(_)
        | Event::CitizenRecorded(_)
        | Event::CompanionRecorded { .. }
        | Event::IdentityChecked(_)
        | Event::GuidanceRecorded { .. }
        | Event::DeclarationSigned(_)
        | Event::UnopenedPostChosen(_)
        | Event::ConflictOfInterestChecked { .. }
        | Event::RegisterLookedUp { .. }
        | Event::MarkedIncomplete { .. }
        | Event::MarkedReady
        | Event::Granted(_)
        | Event::Refused(_)
        | Event::Rejected(_)
        | Event::Withdrawn { .. }
        | Event::HelpedInstead { .. }
        | Event::Forwarded { .. }
        | Event::Registered(_)
        | Event::ReceiptGiven(_)
        | Event::Journalised(_)
        | Event::TickUndone { .. }
        | Event::WronglyCreated(_)
        | Event::TakenBack(_)
        | Event::Ended { .. }
        | Event::DeathUndone { .. }
        | Event::Extended(_)
        | Event::MadePermanent { .. }
        | Event::NoteAdded { .. }
        | Event::ConflictResolved { .. }
        | Event::DuplicateLinked { .. }
        | Event::DuplicateUnlinked { .. }
        | Event::MergedInto(_)
        | Event::MergeUndone { .. } => true,
    }
}

/// Whether an event's line holds words of staff's own, or why somebody was turned away.
pub(crate) const fn holds_own_words(event: &Event) -> bool {
    matches!(
        event,
        Event::MarkedIncomplete { .. }
            | Event::Refused(_)
            | Event::Rejected(_)
            | Event::Forwarded { .. }
            | Event::ReceiptGiven(_)
            | Event::TickUndone { .. }
            | Event::WronglyCreated(_)
            | Event::TakenBack(_)
            | Event::DeathUndone { .. }
            | Event::Extended(_)
            | Event::DuplicateUnlinked { .. }
            | Event::MergedInto(_)
            | Event::MergeUndone { .. }
            | Event::NoteAdded { .. }
            | Event::ConflictResolved { .. }
    )
}
