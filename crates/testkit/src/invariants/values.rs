//! Every value that was entered is in the history, and of a field that a person decides it is in effect or in a
//! conflict that is shown, unless somebody who had seen it said otherwise.
//!
//! Told anew from the events alone, not with the fold's own judgement of them. Basis: design, section 3, *Concurrency*.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of most kinds of event there is nothing to say here"
)]

use std::collections::{BTreeMap, BTreeSet};

use skranke_domain::case::{Case, Field, Recorded};
use skranke_domain::event::Event;
use skranke_domain::ids::{CaseId, EventId};
use skranke_protocol::envelope::SealedEvent;

use super::cases;

/// Fields whose value one event gives whole. The state is not among them: what a decision rests on and what follows it
/// have words of their own, so of it only that all replicas agree is asked (I5).
const DECIDED_BY_PEOPLE: [Field; 5] = [
    Field::Citizen,
    Field::Guardian,
    Field::Declaration,
    Field::PowerOfAttorney,
    Field::UnopenedPost,
];

pub(super) fn values(name: &str, events: &[SealedEvent], found: &mut Vec<String>) {
    for (id, (case, recorded)) in cases(events) {
        let history: BTreeSet<EventId> = case.history.iter().copied().collect();
        if recorded.iter().any(|event| !history.contains(&event.id)) {
            found.push(format!("{name}: something of {id} is not in its history"));
        }
        unions(name, id, &case, &recorded, found);
        let told = Told::of(&recorded);
        for field in DECIDED_BY_PEOPLE {
            decided(name, id, &case, field, &told, found);
        }
    }
}

/// Of what is only ever added, everything is there.
fn unions(name: &str, id: CaseId, case: &Case, recorded: &[Recorded], found: &mut Vec<String>) {
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
    fn words(&self, field: Field) -> Vec<Word<'_>> {
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
    fn newest(&self, field: Field) -> Vec<Word<'_>> {
        let mut words = self.words(field);
        let said: Vec<EventId> = words.iter().map(|word| word.said).collect();
        words.retain(|word| {
            let mut others = said.iter();
            !others.any(|other| self.seen[other].contains(&word.said))
        });
        words
    }
}

fn is_about(event: &Event, field: Field) -> bool {
    match event {
        Event::CitizenRecorded(_) => field == Field::Citizen,
        Event::GuardianRecorded(_) => field == Field::Guardian,
        Event::DeclarationSigned(_) => field == Field::Declaration,
        Event::PowerOfAttorneyRecorded(_) | Event::PowerOfAttorneyRevoked { .. } => {
            field == Field::PowerOfAttorney
        }
        Event::UnopenedPostChosen(_) => field == Field::UnopenedPost,
        Event::EntryRetracted { field: of } => *of == field,
        _ => false,
    }
}

fn decided(
    name: &str,
    id: CaseId,
    case: &Case,
    field: Field,
    told: &Told<'_>,
    found: &mut Vec<String>,
) {
    let newest = told.newest(field);
    let Some((first, others)) = newest.split_first() else {
        return;
    };
    if others.iter().all(|other| first.event == other.event) {
        if !is_in_effect(case, first.event) {
            found.push(format!(
                "{name}: the last word on {} of {id} is not in effect",
                field.code()
            ));
        }
        return;
    }
    let shown = case.conflicts.iter().find(|shown| shown.field == field);
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

/// Whether the case says what the event says.
fn is_in_effect(case: &Case, event: &Event) -> bool {
    match event {
        Event::CitizenRecorded(citizen) => case.citizen.as_ref() == Some(citizen),
        Event::GuardianRecorded(guardian) => case.guardian.as_ref() == Some(guardian),
        Event::DeclarationSigned(declared) => case.declaration.as_ref() == Some(declared),
        Event::PowerOfAttorneyRecorded(paper) => case.power_of_attorney.as_ref() == Some(paper),
        Event::UnopenedPostChosen(choice) => case.unopened_post.as_ref() == Some(choice),
        _ => true,
    }
}
