//! Every value that was entered is in the history; of a field that a person decides it is in effect or in a conflict that
//! is shown, and of one of which the later counts it is in effect or shown beside what counts, unless somebody who had
//! seen it said otherwise.
//!
//! Told anew from the events alone, not with the fold's own judgement of them. Basis: design, section 3, *Concurrency*.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of most kinds of event there is nothing to say here"
)]

mod ticks;

use std::collections::{BTreeMap, BTreeSet};

use skranke_domain::case::{Case, CaseState, Conflict, Field, Recorded};
use skranke_domain::event::Event;
use skranke_domain::ids::{CaseId, EventId};

use super::Cases;

/// Fields between whose values a person decides.
const DECIDED_BY_PEOPLE: [Field; 8] = [
    Field::Opening,
    Field::Citizen,
    Field::Guardian,
    Field::Declaration,
    Field::PowerOfAttorney,
    Field::UnopenedPost,
    Field::State,
    Field::Term,
];

/// Fields of which the later value counts and the others are shown.
const LATER_COUNTS: [Field; 4] = [
    Field::Companion,
    Field::Identity,
    Field::ConflictOfInterest,
    Field::RegisterLook,
];

pub(super) fn values(name: &str, cases: &Cases, found: &mut Vec<String>) {
    for (id, (case, recorded)) in cases {
        let at = At {
            name,
            id: *id,
            case,
        };
        let history: BTreeSet<EventId> = case.history.iter().copied().collect();
        if recorded.iter().any(|event| !history.contains(&event.id)) {
            found.push(format!("{name}: something of {id} is not in its history"));
        }
        unions(&at, recorded, found);
        let told = Told::of(recorded);
        for field in DECIDED_BY_PEOPLE {
            decided(&at, (field, case.conflicts.as_slice()), &told, found);
        }
        for field in LATER_COUNTS {
            decided(&at, (field, case.overlaps.as_slice()), &told, found);
        }
        ticks::count_from_the_earliest(&at, &told, found);
    }
}

/// A case as a computer has it.
struct At<'c> {
    name: &'c str,
    id: CaseId,
    case: &'c Case,
}

/// Of what is only ever added, everything is there.
fn unions(at: &At<'_>, recorded: &[Recorded], found: &mut Vec<String>) {
    let At { name, id, case } = at;
    let events = || recorded.iter().filter_map(|event| event.event.as_ref());
    let notes = events().filter(|event| matches!(event, Event::NoteAdded { .. }));
    if notes.count() != case.notes.len() {
        found.push(format!("{name}: a note of {id} is lost"));
    }
    let files = events().filter_map(|event| match event {
        Event::AttachmentAdded(file) => Some(file),
        _ => None,
    });
    let is_there = |digest| (case.attachments.iter()).any(|file| file.value.digest == digest);
    if files
        .map(|file| file.digest)
        .any(|digest| !is_there(digest))
    {
        found.push(format!("{name}: a file of {id} is lost"));
    }
    let papers = events().filter(|event| matches!(event, Event::PaperIssued(_)));
    if papers.count() != case.papers.len() {
        found.push(format!("{name}: a paper of {id} is lost"));
    }
    let uses = events().filter(|event| matches!(event, Event::PowerOfAttorneyUsed { .. }));
    if uses.count() != case.power_of_attorney_uses.len() {
        found.push(format!(
            "{name}: a use of the power of attorney of {id} is lost"
        ));
    }
    let mut offers = events().flat_map(|event| match event {
        Event::GuidanceRecorded { offers } => offers.as_slice(),
        _ => &[],
    });
    let is_known = |offer: &str| case.guidance.iter().any(|(known, _)| known == offer);
    if offers.any(|(offer, _)| !is_known(offer)) {
        found.push(format!("{name}: an offer of help of {id} is lost"));
    }
}

/// The events of a case with what each author had seen.
struct Told<'e> {
    events: BTreeMap<EventId, &'e Recorded>,
    seen: BTreeMap<EventId, BTreeSet<EventId>>,
}

/// The last that was said of a field by somebody: the event, and the one whose value it stands for.
struct Word<'e> {
    said: EventId,
    value: EventId,
    event: &'e Event,
}

impl<'e> Told<'e> {
    fn of(recorded: &'e [Recorded]) -> Self {
        let events: BTreeMap<EventId, &Recorded> =
            recorded.iter().map(|event| (event.id, event)).collect();
        let mut seen = BTreeMap::new();
        for event in recorded {
            let mut open = event.based_on.clone();
            let mut before = BTreeSet::new();
            while let Some(id) = open.pop() {
                if before.insert(id)
                    && let Some(parent) = events.get(&id)
                {
                    open.extend(parent.based_on.iter().copied());
                }
            }
            seen.insert(event.id, before);
        }
        Self { events, seen }
    }

    /// What was said of a field, a person's choice among it.
    fn words(&self, field: Field) -> Vec<Word<'e>> {
        let words = self.events.values().filter_map(|recorded| {
            let event = recorded.event.as_ref()?;
            let value = match event {
                Event::ConflictResolved {
                    field: of, chosen, ..
                } if of == field.code() => *chosen,
                _ if is_about(event, field) => recorded.id,
                _ => return None,
            };
            let event = self.events.get(&value)?.event.as_ref()?;
            Some(Word {
                said: recorded.id,
                value,
                event,
            })
        });
        words.collect()
    }

    /// Those of them that nobody who said another had seen.
    fn newest<'w>(&self, mut words: Vec<Word<'w>>) -> Vec<Word<'w>> {
        let said: Vec<EventId> = words.iter().map(|word| word.said).collect();
        words.retain(|word| {
            let mut others = said.iter();
            !others.any(|other| self.seen[other].contains(&word.said))
        });
        words
    }
}

fn is_about(event: &Event, field: Field) -> bool {
    let about = match event {
        Event::CaseOpened(_) | Event::ArrivalRecorded(_) => Field::Opening,
        Event::CitizenRecorded(_) => Field::Citizen,
        Event::GuardianRecorded(_) => Field::Guardian,
        Event::CompanionRecorded { .. } => Field::Companion,
        Event::IdentityChecked(_) => Field::Identity,
        Event::DeclarationSigned(_) => Field::Declaration,
        Event::PowerOfAttorneyRecorded(_) | Event::PowerOfAttorneyRevoked { .. } => {
            Field::PowerOfAttorney
        }
        Event::UnopenedPostChosen(_) => Field::UnopenedPost,
        Event::ConflictOfInterestChecked { .. } => Field::ConflictOfInterest,
        Event::RegisterLookedUp { .. } => Field::RegisterLook,
        Event::EntryRetracted { field: of } => *of,
        Event::Extended(_) | Event::MadePermanent { .. } => Field::Term,
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
        _ => return false,
    };
    about == field
}

/// The newest word on a field is in effect; where there are several and they differ, each is shown.
fn decided(
    at: &At<'_>,
    (field, shown): (Field, &[Conflict]),
    told: &Told<'_>,
    found: &mut Vec<String>,
) {
    let At { name, id, case } = at;
    let newest = told.newest(told.words(field));
    let Some((first, others)) = newest.split_first() else {
        return;
    };
    let is_one = others.iter().all(|other| alike(first.event, other.event));
    let counts_one = is_one || LATER_COUNTS.contains(&field);
    if counts_one && !is_taken(case, field, told) {
        let mut newest = newest.iter();
        if !newest.any(|word| is_in_effect(case, word.event)) {
            found.push(format!(
                "{name}: the last word on {} of {id} is not in effect",
                field.code()
            ));
        }
    }
    if is_one {
        return;
    }
    let shown = shown.iter().find(|shown| shown.field == field);
    let is_shown = |word: &Word<'_>| {
        shown.is_some_and(|shown| {
            shown.events.contains(&word.value) || shown.events.contains(&word.said)
        })
    };
    if !newest.iter().all(is_shown) {
        found.push(format!(
            "{name}: {} of {id} lost against another unseen",
            field.code()
        ));
    }
}

/// Whether the value was taken away by an event of another field: whose ID was seen before is nobody's once somebody
/// else stands there.
fn is_taken(case: &Case, field: Field, told: &Told<'_>) -> bool {
    let mut events = told.events.values().filter_map(|told| told.event.as_ref());
    field == Field::Identity
        && case.identity.is_none()
        && events.any(|event| matches!(event, Event::ArrivalRecorded(_)))
}

/// Whether two words made apart leave nothing to choose.
fn alike(one: &Event, other: &Event) -> bool {
    match (one, other) {
        (Event::Granted(a), Event::Granted(b)) => {
            (a.rule_set, a.duration) == (b.rule_set, b.duration)
        }
        (Event::RegisterLookedUp { seen: a, .. }, Event::RegisterLookedUp { seen: b, .. }) => {
            a == b
        }
        (Event::Withdrawn { .. }, Event::Withdrawn { .. })
        | (Event::DeathUndone { .. }, Event::DeathUndone { .. })
        | (Event::MergeUndone { .. }, Event::MergeUndone { .. }) => true,
        (Event::MergedInto(a), Event::MergedInto(b)) => a.other == b.other,
        (Event::HelpedInstead { offer: a, .. }, Event::HelpedInstead { offer: b, .. }) => a == b,
        _ => one == other,
    }
}

/// Whether the case says what the event says.
fn is_in_effect(case: &Case, event: &Event) -> bool {
    match event {
        Event::CaseOpened(opened) => case.opened.as_ref() == Some(opened),
        Event::ArrivalRecorded(arrival) => case.opened.as_ref().is_some_and(|opened| {
            (opened.channel, &opened.location, opened.received_on)
                == (arrival.channel, &arrival.location, arrival.received_on)
        }),
        Event::CitizenRecorded(citizen) => case.citizen.as_ref() == Some(citizen),
        Event::GuardianRecorded(guardian) => case.guardian.as_ref() == Some(guardian),
        Event::CompanionRecorded { name } => case.companion.as_ref() == Some(name),
        Event::IdentityChecked(check) => {
            let checked = case.identity.as_ref();
            checked.is_some_and(|checked| checked.value == *check)
        }
        Event::DeclarationSigned(declared) => case.declaration.as_ref() == Some(declared),
        Event::PowerOfAttorneyRecorded(paper) => {
            case.power_of_attorney.as_ref() == Some(paper)
                && case.power_of_attorney_revoked_on.is_none()
        }
        Event::PowerOfAttorneyRevoked { revoked_on, .. } => {
            case.power_of_attorney_revoked_on == Some(*revoked_on)
        }
        Event::UnopenedPostChosen(choice) => case.unopened_post.as_ref() == Some(choice),
        Event::ConflictOfInterestChecked { none } => {
            let checked = case.conflict_of_interest.as_ref();
            checked.is_some_and(|checked| checked.value == *none)
        }
        Event::RegisterLookedUp { looked_at, seen } => {
            let look = case.register_look.as_ref();
            look.is_some_and(|look| look.value == (*looked_at, *seen))
        }
        Event::EntryRetracted {
            field: Field::Companion,
        } => case.companion.is_none(),
        Event::EntryRetracted {
            field: Field::Declaration,
        } => case.declaration.is_none(),
        Event::Extended(extended) => {
            let until = case.extended_until.as_ref();
            until.is_some_and(|until| until.value == extended.until)
        }
        Event::MadePermanent { on } => {
            let since = case.permanent_since.as_ref();
            since.is_some_and(|since| since.value == *on)
        }
        _ => reached(event).is_none_or(|state| case.state == state),
    }
}

/// The state an event leads to. A merge may not count, because it crosses with another, and what is undone leads back.
fn reached(event: &Event) -> Option<CaseState> {
    match event {
        Event::MarkedIncomplete { .. } => Some(CaseState::Incomplete),
        Event::MarkedReady => Some(CaseState::Ready),
        Event::Granted(_) => Some(CaseState::Granted),
        Event::Refused(_) => Some(CaseState::Refused),
        Event::Rejected(_) => Some(CaseState::Rejected),
        Event::Withdrawn { .. } => Some(CaseState::Withdrawn),
        Event::HelpedInstead { .. } => Some(CaseState::HelpedInstead),
        Event::Forwarded { .. } => Some(CaseState::Forwarded),
        Event::WronglyCreated(_) => Some(CaseState::WronglyCreated),
        Event::TakenBack(_) => Some(CaseState::TakenBack),
        Event::Ended { .. } => Some(CaseState::Ended),
        _ => None,
    }
}
