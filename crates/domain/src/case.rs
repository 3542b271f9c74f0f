//! A case: what its events say when they are applied in order.
//!
//! The fold is topological by what each author had seen, ties by time and then hash, so that every replica folds
//! alike. Where two people set the same *human* field without having seen each other, the value from before stays in
//! effect and the case is marked, until a person chooses. Basis: design, section 3.

mod decision;
mod field;
mod merge;
mod order;
mod ticks;
mod transition;

use chrono::{DateTime, NaiveDate, Utc};

use ticks::Ticks;

pub use decision::check_rule_set;
pub use field::{Field, FieldClass};
pub use merge::check_merge;
pub use transition::{RuleBroken, act_of, check};

use crate::coded::coded;
use crate::danish_time;
use crate::event::{
    AttachmentAdded, CaseOpened, CitizenRecorded, DeclarationSigned, Ending, Event, Granted,
    Guardian, IdentityChecked, Journalised, OfferAnswer, PaperIssued, ReceiptGiven, Refused,
    RegisterStatus, Registered, Rejected, TakenBack, Tick, UnopenedPost, WronglyCreated,
};
use crate::ids::{CaseId, CommandId, EventId, StaffId};
use crate::power_of_attorney::PowerOfAttorney;
use crate::rule_set::{Duration, LegalDays, term_ends_on};

coded! {
    /// Where a case stands. The three ticks are apart from it.
    ///
    /// Basis: domain reference 10.2 with practice 5.
    pub enum CaseState {
        /// Handed in.
        Received => "received",
        /// Something is missing before a decision.
        Incomplete => "incomplete",
        /// Ready for a decision.
        Ready => "ready",
        /// Granted; exempt only once registered.
        Granted => "granted",
        /// Refused (*afslag*).
        Refused => "refused",
        /// Rejected (*afvist*).
        Rejected => "rejected",
        /// Withdrawn by the citizen (*frafaldet*).
        Withdrawn => "withdrawn",
        /// The citizen chose help instead.
        HelpedInstead => "helped_instead",
        /// Forwarded to another authority (*oversendt*).
        Forwarded => "forwarded",
        /// Granted to the wrong person, and put right.
        WronglyCreated => "wrongly_created",
        /// A granted exemption was taken back.
        TakenBack => "taken_back",
        /// The exemption has ended; see [`Case::ending`].
        Ended => "ended",
    }
}

impl CaseState {
    /// Whether a decision can still be made.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            CaseState::Received | CaseState::Incomplete | CaseState::Ready
        )
    }

    /// Whether anything is left to do or to look after: it is open or granted.
    pub const fn is_under_way(self) -> bool {
        self.is_open() || matches!(self, CaseState::Granted)
    }
}

/// An event with what the envelope says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The event's id.
    pub id: EventId,
    /// The command it belongs to.
    pub command: CommandId,
    /// The last events of the case its author had seen.
    pub based_on: Vec<EventId>,
    /// When it was recorded, corrected by the device's clock offset.
    pub recorded_at: DateTime<Utc>,
    /// Hash of the envelope: the last tie-breaker.
    pub hash: [u8; 32],
    /// Who did it.
    pub actor: StaffId,
    /// What happened; `None` for a kind this program does not know.
    pub event: Option<Event>,
}

/// A value together with who set it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamped<T> {
    /// The value.
    pub value: T,
    /// The event that set it.
    pub event: EventId,
    /// Who.
    pub by: StaffId,
    /// When it was recorded.
    pub at: DateTime<Utc>,
}

/// Two or more values set for one human field by people who had not seen each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The field.
    pub field: Field,
    /// The concurrent events, in fold order.
    pub events: Vec<EventId>,
}

/// A case as it stands after its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The case.
    pub id: CaseId,
    /// How it began; `None` when the first event has not arrived.
    pub opened: Option<CaseOpened>,
    /// Who it is about.
    pub citizen: Option<CitizenRecorded>,
    /// The guardian, if one came.
    pub guardian: Option<Guardian>,
    /// Name of the companion, empty where a companion is present unnamed.
    pub companion: Option<String>,
    /// The identity check.
    pub identity: Option<Stamped<IdentityChecked>>,
    /// Help offered, by offer code.
    pub guidance: Vec<(String, OfferAnswer)>,
    /// The declaration.
    pub declaration: Option<DeclarationSigned>,
    /// The power of attorney.
    pub power_of_attorney: Option<PowerOfAttorney>,
    /// When the power of attorney was revoked.
    pub power_of_attorney_revoked_on: Option<NaiveDate>,
    /// What the power of attorney was used for.
    pub power_of_attorney_uses: Vec<Stamped<String>>,
    /// The choice about unopened post.
    pub unopened_post: Option<UnopenedPost>,
    /// Attached files.
    pub attachments: Vec<Stamped<AttachmentAdded>>,
    /// Whether the person deciding confirmed having no conflict of interest.
    pub conflict_of_interest: Option<Stamped<bool>>,
    /// The last look in the national register.
    pub register_look: Option<Stamped<(DateTime<Utc>, RegisterStatus)>>,
    /// Where the case stands.
    pub state: CaseState,
    /// When the state was reached.
    pub state_since: Option<DateTime<Utc>>,
    /// What is missing while incomplete.
    pub missing: Vec<String>,
    /// The grant.
    pub granted: Option<Stamped<Granted>>,
    /// The refusal.
    pub refused: Option<Stamped<Refused>>,
    /// The rejection.
    pub rejected: Option<Stamped<Rejected>>,
    /// Tick 1.
    pub registered: Option<Stamped<Registered>>,
    /// Tick 2.
    pub receipt: Option<Stamped<ReceiptGiven>>,
    /// Tick 3.
    pub journalised: Option<Stamped<Journalised>>,
    /// Papers issued.
    pub papers: Vec<Stamped<PaperIssued>>,
    /// How a wrong registration was put right.
    pub wrongly_created: Option<Stamped<WronglyCreated>>,
    /// How the exemption was taken back.
    pub taken_back: Option<Stamped<TakenBack>>,
    /// How and when it ended.
    pub ending: Option<(Ending, NaiveDate)>,
    /// A later end of the term (rule set A).
    pub extended_until: Option<Stamped<NaiveDate>>,
    /// Since when a time-limited exemption is permanent.
    pub permanent_since: Option<Stamped<NaiveDate>>,
    /// Notes, append-only (row 4-26).
    pub notes: Vec<Stamped<String>>,
    /// Other cases that were merged into this one, and not parted from it since.
    pub duplicates: Vec<CaseId>,
    /// The case this one was merged into, and goes on in.
    pub merged_into: Option<Stamped<CaseId>>,
    /// Where the case stood before it was merged.
    before_merge: Option<(CaseState, Option<DateTime<Utc>>)>,
    /// Where the case stood before a death was recorded.
    before_death: Option<(CaseState, Option<DateTime<Utc>>)>,
    /// Unresolved conflicts.
    pub conflicts: Vec<Conflict>,
    /// Values set apart by people who had not seen each other, where one counts (the later, of a tick the earliest)
    /// and a person should look. Gone when somebody who has seen them all sets the field anew.
    pub overlaps: Vec<Conflict>,
    /// Whether it holds a kind this program does not know: then it is read-only here.
    pub holds_unknown_kind: bool,
    /// All event ids in fold order.
    pub history: Vec<EventId>,
    /// The events nobody has built on yet: `based_on` of the next command.
    pub heads: Vec<EventId>,
}

impl Case {
    /// A case about which nothing is known yet.
    pub fn empty(id: CaseId) -> Self {
        Self {
            id,
            opened: None,
            citizen: None,
            guardian: None,
            companion: None,
            identity: None,
            guidance: Vec::new(),
            declaration: None,
            power_of_attorney: None,
            power_of_attorney_revoked_on: None,
            power_of_attorney_uses: Vec::new(),
            unopened_post: None,
            attachments: Vec::new(),
            conflict_of_interest: None,
            register_look: None,
            state: CaseState::Received,
            state_since: None,
            missing: Vec::new(),
            granted: None,
            refused: None,
            rejected: None,
            registered: None,
            receipt: None,
            journalised: None,
            papers: Vec::new(),
            wrongly_created: None,
            taken_back: None,
            ending: None,
            extended_until: None,
            permanent_since: None,
            notes: Vec::new(),
            duplicates: Vec::new(),
            merged_into: None,
            before_merge: None,
            before_death: None,
            conflicts: Vec::new(),
            overlaps: Vec::new(),
            holds_unknown_kind: false,
            history: Vec::new(),
            heads: Vec::new(),
        }
    }

    /// Folds events, given in any order, into the case they make.
    pub fn fold(id: CaseId, events: &[Recorded]) -> Self {
        let ordered = order::topological(events);
        let judged = order::judge(&ordered);
        let mut case = Self::empty(id);
        let mut ticks = Ticks::default();
        for recorded in &ordered {
            case.history.push(recorded.id);
            match &recorded.event {
                None => case.holds_unknown_kind = true,
                Some(_) if judged.suppressed.contains(&recorded.id) => {}
                Some(event) => {
                    case.apply(recorded, event);
                    ticks.apply(recorded, event, &judged.seen[&recorded.id]);
                }
            }
        }
        ticks.settle(&mut case);
        case.conflicts = judged.conflicts;
        case.overlaps = judged.overlaps;
        case.heads = order::heads(&ordered);
        case
    }

    fn apply(&mut self, recorded: &Recorded, event: &Event) {
        match event {
            Event::CaseOpened(opened) => {
                self.opened = Some(opened.clone());
                self.state_since = Some(recorded.recorded_at);
            }
            Event::ArrivalRecorded(arrival) => {
                if let Some(opened) = &mut self.opened {
                    if opened.channel != arrival.channel {
                        // Somebody else stands there: whose ID was seen before is not who came now.
                        self.identity = None;
                    }
                    opened.channel = arrival.channel;
                    opened.location.clone_from(&arrival.location);
                    opened.received_on = arrival.received_on;
                }
            }
            Event::CitizenRecorded(citizen) => self.citizen = Some(citizen.clone()),
            Event::GuardianRecorded(guardian) => self.guardian = Some(guardian.clone()),
            Event::CompanionRecorded { name } => self.companion = Some(name.clone()),
            Event::IdentityChecked(check) => self.identity = Some(stamp(recorded, check)),
            Event::GuidanceRecorded { offers } => {
                for (code, answer) in offers {
                    self.guidance.retain(|(known, _)| known != code);
                    self.guidance.push((code.clone(), *answer));
                }
            }
            Event::DeclarationSigned(declaration) => self.declaration = Some(declaration.clone()),
            Event::PowerOfAttorneyRecorded(paper) => {
                self.power_of_attorney = Some(paper.clone());
                self.power_of_attorney_revoked_on = None;
            }
            Event::PowerOfAttorneyRevoked { revoked_on, .. } => {
                self.power_of_attorney_revoked_on = Some(*revoked_on);
            }
            Event::PowerOfAttorneyUsed { purpose, .. } => {
                self.power_of_attorney_uses.push(stamp(recorded, purpose));
            }
            Event::UnopenedPostChosen(choice) => self.unopened_post = Some(choice.clone()),
            Event::AttachmentAdded(attachment) => {
                self.attachments.push(stamp(recorded, attachment));
            }
            Event::ConflictOfInterestChecked { none } => {
                self.conflict_of_interest = Some(stamp(recorded, none));
            }
            Event::RegisterLookedUp { looked_at, seen } => {
                self.register_look = Some(stamp(recorded, &(*looked_at, *seen)));
            }
            Event::MarkedIncomplete { missing } => {
                self.missing.clone_from(missing);
                self.reach(CaseState::Incomplete, recorded);
            }
            Event::MarkedReady => {
                self.missing.clear();
                self.reach(CaseState::Ready, recorded);
            }
            Event::EntryRetracted { field } => {
                if *field == Field::Companion {
                    self.companion = None;
                } else if *field == Field::Declaration {
                    self.declaration = None;
                }
            }
            // Of two who granted alike without having seen each other, the earlier decision stands (domain 10.4).
            Event::Granted(granted)
                if self.state == CaseState::Granted
                    && self
                        .granted
                        .as_ref()
                        .is_some_and(|stands| stands.value.decided_at <= granted.decided_at) => {}
            Event::Granted(granted) => {
                self.granted = Some(stamp(recorded, granted));
                self.reach(CaseState::Granted, recorded);
            }
            Event::Refused(refused) => {
                self.refused = Some(stamp(recorded, refused));
                self.reach(CaseState::Refused, recorded);
            }
            Event::Rejected(rejected) => {
                self.rejected = Some(stamp(recorded, rejected));
                self.reach(CaseState::Rejected, recorded);
            }
            Event::Withdrawn { .. } => self.reach(CaseState::Withdrawn, recorded),
            Event::HelpedInstead { .. } => self.reach(CaseState::HelpedInstead, recorded),
            Event::Forwarded { .. } => self.reach(CaseState::Forwarded, recorded),
            // Kept apart, because two people may have ticked the same: see `Ticks`.
            Event::Registered(_)
            | Event::ReceiptGiven(_)
            | Event::Journalised(_)
            | Event::TickUndone { .. } => {}
            Event::PaperIssued(paper) => self.papers.push(stamp(recorded, paper)),
            Event::WronglyCreated(wrong) => {
                self.wrongly_created = Some(stamp(recorded, wrong));
                self.reach(CaseState::WronglyCreated, recorded);
            }
            Event::TakenBack(taken) => {
                self.taken_back = Some(stamp(recorded, taken));
                self.reach(CaseState::TakenBack, recorded);
            }
            Event::Ended { ending, ended_on } => {
                // Two people may have recorded the same death.
                if *ending == Ending::Deceased && self.before_death.is_none() {
                    self.before_death = Some((self.state, self.state_since));
                }
                self.ending = Some((*ending, *ended_on));
                self.reach(CaseState::Ended, recorded);
            }
            Event::DeathUndone { .. } => {
                if let Some((state, since)) = self.before_death.take() {
                    self.ending = None;
                    self.state = state;
                    self.state_since = since;
                }
            }
            Event::Extended(extended) => {
                self.extended_until = Some(stamp(recorded, &extended.until));
            }
            Event::MadePermanent { on } => self.permanent_since = Some(stamp(recorded, on)),
            Event::NoteAdded { text } => self.notes.push(stamp(recorded, text)),
            Event::ConflictResolved { .. } => {}
            Event::DuplicateLinked { other } => self.duplicates.push(*other),
            Event::DuplicateUnlinked { other, .. } => self.duplicates.retain(|one| one != other),
            // Of two who merged alike without having seen each other, the first counts.
            Event::MergedInto(_) if self.merged_into.is_some() => {}
            Event::MergedInto(merged) => {
                self.before_merge = Some((self.state, self.state_since));
                self.merged_into = Some(stamp(recorded, &merged.other));
                self.ending = Some((Ending::Merged, danish_time::date_at(merged.merged_at)));
                self.reach(CaseState::Ended, recorded);
            }
            Event::MergeUndone { .. } => {
                if let Some((state, since)) = self.before_merge.take() {
                    self.merged_into = None;
                    self.ending = None;
                    self.state = state;
                    self.state_since = since;
                }
            }
        }
    }

    fn reach(&mut self, state: CaseState, recorded: &Recorded) {
        self.state = state;
        self.state_since = Some(recorded.recorded_at);
    }

    /// The open conflict in a field, if there is one.
    pub fn conflict_in(&self, field: Field) -> Option<&Conflict> {
        self.conflicts
            .iter()
            .find(|conflict| conflict.field == field)
    }

    /// Whether the citizen is exempt now: granted *and* registered (practice 2).
    pub fn is_exempt(&self) -> bool {
        self.state == CaseState::Granted && self.registered.is_some()
    }

    /// Whether it was registered by somebody who had not seen that it was taken back or put right: the one who did that
    /// saw no registration, and the exemption stands in the register still.
    pub fn stands_in_register_by_mistake(&self) -> bool {
        let (taken, wrong) = (self.taken_back.as_ref(), self.wrongly_created.as_ref());
        let was_removed = if self.state == CaseState::TakenBack {
            taken.and_then(|taken| taken.value.removed_from_register)
        } else if self.state == CaseState::WronglyCreated {
            wrong.map(|wrong| wrong.value.removed_from_register)
        } else {
            None
        };
        self.registered.is_some() && was_removed == Some(false)
    }

    /// Whether it ended because the citizen died, as far as is recorded.
    pub fn is_closed_by_death(&self) -> bool {
        self.state == CaseState::Ended && matches!(self.ending, Some((Ending::Deceased, _)))
    }

    /// Whether something is left to do in it: a decision, a tick or a choice.
    pub fn is_open_work(&self) -> bool {
        self.state.is_open() || !self.missing_ticks().is_empty() || !self.conflicts.is_empty()
    }

    /// The ticks that must still be made, in their usual order (practice 4).
    pub fn missing_ticks(&self) -> Vec<Tick> {
        let due: &[Tick] = match self.state {
            CaseState::Granted => Tick::ALL,
            // It is registered, handed over and filed in the case it goes on in.
            CaseState::Ended if self.is_merged() => &[],
            // Who died before the registration was never in the register: there is nothing to register or hand over.
            CaseState::Ended if self.registered.is_none() => &[Tick::Journalised],
            CaseState::Ended => Tick::ALL,
            CaseState::Refused
            | CaseState::Rejected
            | CaseState::Withdrawn
            | CaseState::Forwarded
            | CaseState::WronglyCreated
            | CaseState::TakenBack => &[Tick::Journalised],
            CaseState::Received
            | CaseState::Incomplete
            | CaseState::Ready
            | CaseState::HelpedInstead => &[],
        };
        due.iter()
            .copied()
            .filter(|tick| !self.is_ticked(*tick))
            .collect()
    }

    /// Whether this tick has been made.
    pub fn is_ticked(&self, tick: Tick) -> bool {
        match tick {
            Tick::Registered => self.registered.is_some(),
            Tick::Receipt => self.receipt.is_some(),
            Tick::Journalised => self.journalised.is_some(),
        }
    }

    /// The days the case's rules go by, as Danish days.
    pub fn legal_days(&self) -> LegalDays {
        let granted = self
            .granted
            .as_ref()
            .map(|granted| granted.value.decided_at);
        let refused = self
            .refused
            .as_ref()
            .map(|refused| refused.value.decided_at);
        let registered = self.registered.as_ref();
        LegalDays {
            signed_on: self.declaration.as_ref().map(|signed| signed.signed_on),
            decided_on: granted.or(refused).map(danish_time::date_at),
            registered_on: registered.map(|tick| danish_time::date_at(tick.value.registered_at)),
        }
    }

    /// When the end of the term last changed after the registration, as it was recorded: what was printed before says
    /// another day.
    pub fn term_changed_at(&self) -> Option<DateTime<Utc>> {
        let extended = self.extended_until.iter();
        let changes = extended.chain(&self.permanent_since);
        changes.map(|change| change.at).max()
    }

    /// The last day of the exemption, where it has one and is registered.
    pub fn expires_on(&self, to_day: impl Fn(DateTime<Utc>) -> NaiveDate) -> Option<NaiveDate> {
        let granted = self.granted.as_ref()?;
        if granted.value.duration == Duration::Permanent || self.permanent_since.is_some() {
            return None;
        }
        let registered = self.registered.as_ref()?;
        self.extended_until
            .as_ref()
            .map(|extended| extended.value)
            .or_else(|| term_ends_on(to_day(registered.value.registered_at)))
    }
}

fn stamp<T: Clone>(recorded: &Recorded, value: &T) -> Stamped<T> {
    Stamped {
        value: value.clone(),
        event: recorded.id,
        by: recorded.actor,
        at: recorded.recorded_at,
    }
}

#[cfg(test)]
mod tests;
