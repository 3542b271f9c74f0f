//! The order in which every replica folds, and the conflicts it finds on the way.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::field::{Field, FieldClass, field_of, say_the_same};
use super::merge;
use super::{Conflict, Recorded};
use crate::event::{Event, Tick};
use crate::ids::{CommandId, EventId};
use crate::rehearsal::{self, Bug};

/// The events in topological order by `based_on`; ties by corrected time, then hash. A repeated id counts once;
/// an ancestor that has not arrived is left out of the order, not waited for.
pub(super) fn topological(events: &[Recorded]) -> Vec<&Recorded> {
    let by_id: HashMap<EventId, &Recorded> = events.iter().map(|e| (e.id, e)).collect();
    let mut waiting_for: HashMap<EventId, usize> = HashMap::new();
    let mut children: HashMap<EventId, Vec<EventId>> = HashMap::new();
    for event in by_id.values() {
        let parents: BTreeSet<_> = event
            .based_on
            .iter()
            .filter(|id| by_id.contains_key(id) && **id != event.id)
            .collect();
        waiting_for.insert(event.id, parents.len());
        for parent in parents {
            children.entry(*parent).or_default().push(event.id);
        }
    }
    let key = |event: &Recorded| (event.recorded_at, event.hash, event.id);
    let mut ready: BTreeMap<_, &Recorded> = by_id
        .values()
        .filter(|event| waiting_for[&event.id] == 0)
        .map(|event| (key(event), *event))
        .collect();
    let mut ordered = Vec::with_capacity(by_id.len());
    while let Some((_, event)) = ready.pop_first() {
        ordered.push(event);
        for child in children.remove(&event.id).unwrap_or_default() {
            if let Some(count) = waiting_for.get_mut(&child) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(key(by_id[&child]), by_id[&child]);
                }
            }
        }
    }
    ordered
}

/// The events of `ordered` that no other one is based on.
pub(super) fn heads(ordered: &[&Recorded]) -> Vec<EventId> {
    let seen: HashSet<EventId> = ordered
        .iter()
        .flat_map(|e| e.based_on.iter().copied())
        .collect();
    ordered
        .iter()
        .map(|e| e.id)
        .filter(|id| !seen.contains(id))
        .collect()
}

/// What one command says of one field. Its events of the field stand or fall together; the last of them is its word.
struct Claim<'e> {
    command: CommandId,
    events: Vec<EventId>,
    word: Word<'e>,
    /// Everything the author had seen.
    seen: &'e HashSet<EventId>,
}

/// The value a claim gives the field.
#[derive(Clone, Copy)]
enum Word<'e> {
    Value(EventId, &'e Event),
    /// A person chose this event's value.
    Choice(EventId),
}

impl Claim<'_> {
    fn last(&self) -> EventId {
        self.events.last().copied().unwrap_or(match self.word {
            Word::Value(id, _) | Word::Choice(id) => id,
        })
    }

    /// The event whose value the claim stands for.
    const fn stands_for(&self) -> EventId {
        match self.word {
            Word::Value(id, _) | Word::Choice(id) => id,
        }
    }
}

/// What the concurrent work in a case amounts to.
pub(super) struct Judged {
    /// Events whose effect does not count.
    pub(super) suppressed: HashSet<EventId>,
    /// Human fields with values nobody has chosen between.
    pub(super) conflicts: Vec<Conflict>,
    /// Other fields with values of people who had not seen each other: one counts, and a person should look.
    pub(super) overlaps: Vec<Conflict>,
    /// What the author of each event had seen.
    pub(super) seen: HashMap<EventId, HashSet<EventId>>,
}

/// Judges concurrent work, field by field.
///
/// Of a human field the newest words decide: those no other author had seen. Where they disagree, nothing that any of
/// their authors had not seen counts, and the value from before stays in effect. A word whose author had seen the
/// others settles the field, as does a person's choice ([`Event::ConflictResolved`]); two different choices made apart
/// are a conflict again. The outcome depends on what the authors had seen alone, never on the order of arrival.
pub(super) fn judge(ordered: &[&Recorded]) -> Judged {
    let seen = ancestors(ordered);
    let mut judged = Judged {
        suppressed: HashSet::new(),
        conflicts: Vec::new(),
        overlaps: Vec::new(),
        seen: HashMap::new(),
    };
    for field in Field::ALL {
        match field.class() {
            FieldClass::Human => {
                let claims = claims(ordered, &seen, |event| human_word(*field, event));
                let counting = counting(&claims);
                for claim in &claims {
                    if !claim.events.iter().any(|id| counting.contains(id)) {
                        judged.suppressed.extend(claim.events.iter().copied());
                    }
                }
                let all: Vec<usize> = (0..claims.len()).collect();
                judged.conflicts.extend(open(*field, &claims, &all));
            }
            FieldClass::Last => {
                let claims = claims(ordered, &seen, |event| own_word(*field, event));
                let all: Vec<usize> = (0..claims.len()).collect();
                judged.overlaps.extend(open(*field, &claims, &all));
            }
            FieldClass::Set if *field == Field::Ticks => {
                for tick in Tick::ALL {
                    let claims = claims(ordered, &seen, |event| tick_word(*tick, event));
                    let all: Vec<usize> = (0..claims.len()).collect();
                    judged.overlaps.extend(open(*field, &claims, &all));
                }
            }
            FieldClass::Set => {}
        }
    }
    // A merge that crosses with another is no word on the state at all: the state from before it stands.
    for crossed in merge::crossed(ordered, &seen) {
        judged.suppressed.insert(crossed.events[0]);
        if !merge::is_settled(&crossed, ordered, &seen) {
            judged.overlaps.push(crossed);
        }
    }
    judged.seen = seen;
    judged
}

/// An event's word on a field, before it is known whether a choice names something its author had seen.
enum Said {
    Nothing,
    Value,
    Choice(EventId),
}

fn human_word(field: Field, event: &Event) -> Said {
    if let Event::ConflictResolved {
        field: named,
        chosen,
        ..
    } = event
        && named == field.code()
    {
        Said::Choice(*chosen)
    } else {
        own_word(field, event)
    }
}

fn own_word(field: Field, event: &Event) -> Said {
    if field_of(event) == field {
        Said::Value
    } else {
        Said::Nothing
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other event leaves the ticks alone"
)]
fn tick_word(tick: Tick, event: &Event) -> Said {
    let is_of_tick = match event {
        Event::Registered(_) => tick == Tick::Registered,
        Event::ReceiptGiven(_) => tick == Tick::Receipt,
        Event::Journalised(_) => tick == Tick::Journalised,
        Event::TickUndone { tick: undone, .. } => tick == *undone,
        _ => false,
    };
    if is_of_tick {
        Said::Value
    } else {
        Said::Nothing
    }
}

/// The claims on a field, in fold order of their last event.
fn claims<'e>(
    ordered: &[&'e Recorded],
    seen: &'e HashMap<EventId, HashSet<EventId>>,
    word_of: impl Fn(&Event) -> Said,
) -> Vec<Claim<'e>> {
    let mut claims: Vec<Claim<'e>> = Vec::new();
    for recorded in ordered {
        let Some(event) = &recorded.event else {
            continue;
        };
        let seen = &seen[&recorded.id];
        let word = match word_of(event) {
            Said::Nothing => continue,
            Said::Value => Word::Value(recorded.id, event),
            Said::Choice(chosen) => {
                let known = claims
                    .iter()
                    .any(|claim| claim.events.contains(&chosen) && seen.contains(&chosen));
                // A choice of something its author had not seen chooses nothing.
                if !known {
                    continue;
                }
                Word::Choice(chosen)
            }
        };
        match claims
            .iter()
            .position(|claim| claim.command == recorded.command)
        {
            Some(at) => {
                let mut claim = claims.remove(at);
                claim.events.push(recorded.id);
                claim.word = word;
                claims.push(claim);
            }
            None => claims.push(Claim {
                command: recorded.command,
                events: vec![recorded.id],
                word,
                seen,
            }),
        }
    }
    claims
}

/// Those of `among` that no other of them had seen.
fn newest(claims: &[Claim<'_>], among: &[usize]) -> Vec<usize> {
    among
        .iter()
        .copied()
        .filter(|one| {
            let last = claims[*one].last();
            !among
                .iter()
                .any(|other| other != one && claims[*other].seen.contains(&last))
        })
        .collect()
}

fn value_of<'e>(claims: &[Claim<'e>], claim: &Claim<'e>) -> Option<&'e Event> {
    let wanted = match claim.word {
        Word::Value(_, event) => return Some(event),
        Word::Choice(chosen) => chosen,
    };
    claims.iter().find_map(|other| match other.word {
        Word::Value(_, event) if other.events.contains(&wanted) => Some(event),
        Word::Value(..) | Word::Choice(_) => None,
    })
}

fn agree(claims: &[Claim<'_>], newest: &[usize]) -> bool {
    if rehearsal::is_planted(Bug::LastWriterWins) {
        return true;
    }
    let values: Vec<Option<&Event>> = newest
        .iter()
        .map(|at| value_of(claims, &claims[*at]))
        .collect();
    values.iter().enumerate().all(|(at, one)| {
        values[at + 1..].iter().all(|other| match (one, other) {
            (Some(one), Some(other)) => say_the_same(one, other),
            _ => false,
        })
    })
}

/// The events of a human field that count.
fn counting(claims: &[Claim<'_>]) -> HashSet<EventId> {
    let mut counting = HashSet::new();
    let mut among: Vec<usize> = (0..claims.len()).collect();
    while !among.is_empty() {
        let newest = newest(claims, &among);
        let past_of = |seen: &HashSet<EventId>| -> Vec<usize> {
            let past = among.iter().copied();
            past.filter(|at| seen.contains(&claims[*at].last()))
                .collect()
        };
        among = if let [only] = newest[..] {
            match claims[only].word {
                Word::Value(..) => {
                    counting.extend(claims[only].events.iter().copied());
                    past_of(claims[only].seen)
                }
                Word::Choice(chosen) => {
                    counting.extend(claims[only].events.iter().copied());
                    let chosen = claims.iter().position(|c| c.events.contains(&chosen));
                    match chosen {
                        Some(at) => {
                            let mut rest = past_of(claims[at].seen);
                            rest.push(at);
                            rest
                        }
                        None => Vec::new(),
                    }
                }
            }
        } else if agree(claims, &newest) {
            for at in &newest {
                counting.extend(claims[*at].events.iter().copied());
                let chosen = claims[*at].stands_for();
                let chosen = claims.iter().find(|claim| claim.events.contains(&chosen));
                counting.extend(chosen.iter().flat_map(|c| c.events.iter().copied()));
            }
            let rest = among.iter().copied();
            rest.filter(|at| !newest.contains(at)).collect()
        } else {
            // Only what all of them had seen was there before.
            let before = among.iter().copied();
            before
                .filter(|at| {
                    let last = claims[*at].last();
                    newest.iter().all(|new| claims[*new].seen.contains(&last))
                })
                .collect()
        };
    }
    counting
}

/// The field as open between its newest words, if they disagree.
fn open(field: Field, claims: &[Claim<'_>], among: &[usize]) -> Option<Conflict> {
    let newest = newest(claims, among);
    if newest.len() < 2 || agree(claims, &newest) {
        return None;
    }
    let mut events: Vec<EventId> = Vec::new();
    for at in newest {
        let event = claims[at].stands_for();
        if !events.contains(&event) {
            events.push(event);
        }
    }
    Some(Conflict { field, events })
}

fn ancestors(ordered: &[&Recorded]) -> HashMap<EventId, HashSet<EventId>> {
    let mut all: HashMap<EventId, HashSet<EventId>> = HashMap::with_capacity(ordered.len());
    for recorded in ordered {
        let mut seen = HashSet::new();
        for parent in &recorded.based_on {
            if let Some(theirs) = all.get(parent) {
                seen.insert(*parent);
                seen.extend(theirs.iter().copied());
            }
        }
        all.insert(recorded.id, seen);
    }
    all
}
