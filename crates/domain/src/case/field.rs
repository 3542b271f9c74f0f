//! The fields an event sets, and what happens when two people set one at the same time.

use crate::coded::coded;
use crate::event::Event;

coded! {
    /// A part of a case that events set.
    pub enum Field {
        /// How the case began.
        Opening => "opening",
        /// Who it is about.
        Citizen => "citizen",
        /// The guardian.
        Guardian => "guardian",
        /// The companion.
        Companion => "companion",
        /// The identity check.
        Identity => "identity",
        /// Help offered.
        Guidance => "guidance",
        /// The declaration.
        Declaration => "declaration",
        /// The power of attorney.
        PowerOfAttorney => "power_of_attorney",
        /// Uses of the power of attorney.
        PowerOfAttorneyUses => "power_of_attorney_uses",
        /// The choice about unopened post.
        UnopenedPost => "unopened_post",
        /// Attachments.
        Attachments => "attachments",
        /// The conflict-of-interest check.
        ConflictOfInterest => "conflict_of_interest",
        /// Looks in the national register.
        RegisterLook => "register_look",
        /// State and decision.
        State => "state",
        /// The three ticks.
        Ticks => "ticks",
        /// Papers issued.
        Papers => "papers",
        /// The term of the exemption.
        Term => "term",
        /// Notes.
        Notes => "notes",
        /// Cases that were merged into this one.
        Duplicates => "duplicates",
        /// Choices between concurrent values.
        Resolutions => "resolutions",
    }
}

/// What concurrent values of a field mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldClass {
    /// Both are kept: a union.
    Set,
    /// The later counts; both stay in the history.
    Last,
    /// A person must choose; until then the value from before stays in effect.
    Human,
}

impl Field {
    /// The class of the field. Basis: design, section 3, *Concurrency*.
    pub const fn class(self) -> FieldClass {
        match self {
            Field::Attachments
            | Field::Guidance
            | Field::Notes
            | Field::Ticks
            | Field::Papers
            | Field::PowerOfAttorneyUses
            | Field::Duplicates
            | Field::Resolutions => FieldClass::Set,
            Field::Companion
            | Field::RegisterLook
            | Field::ConflictOfInterest
            | Field::Identity => FieldClass::Last,
            Field::Opening
            | Field::Citizen
            | Field::Guardian
            | Field::Declaration
            | Field::PowerOfAttorney
            | Field::UnopenedPost
            | Field::State
            | Field::Term => FieldClass::Human,
        }
    }
}

/// The field an event sets.
pub(super) const fn field_of(event: &Event) -> Field {
    match event {
        Event::CaseOpened(_) | Event::ArrivalRecorded(_) => Field::Opening,
        Event::EntryRetracted { field } => *field,
        Event::CitizenRecorded(_) => Field::Citizen,
        Event::GuardianRecorded(_) => Field::Guardian,
        Event::CompanionRecorded { .. } => Field::Companion,
        Event::IdentityChecked(_) => Field::Identity,
        Event::GuidanceRecorded { .. } => Field::Guidance,
        Event::DeclarationSigned(_) => Field::Declaration,
        Event::PowerOfAttorneyRecorded(_) | Event::PowerOfAttorneyRevoked { .. } => {
            Field::PowerOfAttorney
        }
        Event::PowerOfAttorneyUsed { .. } => Field::PowerOfAttorneyUses,
        Event::UnopenedPostChosen(_) => Field::UnopenedPost,
        Event::AttachmentAdded(_) => Field::Attachments,
        Event::ConflictOfInterestChecked { .. } => Field::ConflictOfInterest,
        Event::RegisterLookedUp { .. } => Field::RegisterLook,
        Event::MarkedIncomplete { .. }
        | Event::MarkedReady
        | Event::Granted(_)
        | Event::Refused(_)
        | Event::Rejected(_)
        | Event::Withdrawn { .. }
        | Event::HelpedInstead { .. }
        | Event::Forwarded { .. }
        | Event::WronglyCreated(_)
        | Event::TakenBack(_)
        | Event::Ended { .. }
        | Event::DeathUndone { .. }
        | Event::MergedInto(_)
        | Event::MergeUndone { .. } => Field::State,
        Event::Registered(_)
        | Event::ReceiptGiven(_)
        | Event::Journalised(_)
        | Event::TickUndone { .. } => Field::Ticks,
        Event::PaperIssued(_) => Field::Papers,
        Event::Extended(_) | Event::MadePermanent { .. } => Field::Term,
        Event::NoteAdded { .. } => Field::Notes,
        Event::ConflictResolved { .. } => Field::Resolutions,
        Event::DuplicateLinked { .. } | Event::DuplicateUnlinked { .. } => Field::Duplicates,
    }
}

/// Whether two concurrent events say the same thing, so that there is nothing to choose.
pub(super) fn say_the_same(one: &Event, other: &Event) -> bool {
    match (one, other) {
        (Event::Granted(a), Event::Granted(b)) => {
            a.rule_set == b.rule_set && a.duration == b.duration
        }
        (Event::RegisterLookedUp { seen: a, .. }, Event::RegisterLookedUp { seen: b, .. }) => {
            a == b
        }
        // Each of two ticks has a moment and initials of its own: one counts, and the other is not passed over.
        (Event::TickUndone { .. }, Event::TickUndone { .. }) => true,
        (Event::Registered(_), Event::Registered(_))
        | (Event::ReceiptGiven(_), Event::ReceiptGiven(_))
        | (Event::Journalised(_), Event::Journalised(_)) => false,
        (Event::Withdrawn { .. }, Event::Withdrawn { .. })
        | (Event::DeathUndone { .. }, Event::DeathUndone { .. })
        | (Event::MergeUndone { .. }, Event::MergeUndone { .. }) => true,
        (Event::MergedInto(a), Event::MergedInto(b)) => a.other == b.other,
        (Event::HelpedInstead { offer: a, .. }, Event::HelpedInstead { offer: b, .. }) => a == b,
        _ => one == other,
    }
}
