//! The order in which every replica folds, and the conflicts it finds on the way.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::field::{Field, FieldClass, field_of, say_the_same};
use super::{Conflict, Recorded};
use crate::event::Event;
use crate::ids::EventId;

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

/// Finds concurrent writers of human fields.
///
/// Returns the events whose effect is suppressed, and the conflicts that nobody has resolved. An event whose author
/// had seen all the concurrent writers settles the field, as does a [`Event::ConflictResolved`].
pub(super) fn conflicts(ordered: &[&Recorded]) -> (HashSet<EventId>, Vec<Conflict>) {
    let ancestors = ancestors(ordered);
    let mut live: BTreeMap<Field, Vec<&Recorded>> = BTreeMap::new();
    let mut suppressed = HashSet::new();
    for recorded in ordered {
        let Some(event) = &recorded.event else {
            continue;
        };
        if let Event::ConflictResolved { field, chosen, .. } = event {
            resolve(
                &mut live,
                &mut suppressed,
                &ancestors[&recorded.id],
                field,
                *chosen,
            );
            continue;
        }
        let field = field_of(event);
        if field.class() != FieldClass::Human {
            continue;
        }
        let writers = live.entry(field).or_default();
        let seen = &ancestors[&recorded.id];
        writers.retain(|writer| !seen.contains(&writer.id) && writer.command != recorded.command);
        writers.push(recorded);
        let disagree = writers.iter().any(|writer| {
            writer
                .event
                .as_ref()
                .is_some_and(|other| !say_the_same(other, event))
        });
        if disagree {
            suppressed.extend(writers.iter().map(|writer| writer.id));
        }
    }
    let open = live
        .into_iter()
        .filter(|(_, writers)| {
            writers.len() > 1 && writers.iter().any(|writer| suppressed.contains(&writer.id))
        })
        .map(|(field, writers)| Conflict {
            field,
            events: writers.iter().map(|w| w.id).collect(),
        })
        .collect();
    (suppressed, open)
}

fn resolve(
    live: &mut BTreeMap<Field, Vec<&Recorded>>,
    suppressed: &mut HashSet<EventId>,
    seen: &HashSet<EventId>,
    field: &str,
    chosen: EventId,
) {
    let Some(writers) = Field::from_code(field).and_then(|field| live.get_mut(&field)) else {
        return;
    };
    writers.retain(|writer| !seen.contains(&writer.id) || writer.id == chosen);
    suppressed.remove(&chosen);
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
