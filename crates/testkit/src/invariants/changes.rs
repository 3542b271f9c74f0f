//! I8: a case changes its state only from the version its author had seen, and only as the rules allow from there. And of
//! I3: what was handed out to a citizen fits that version.

use std::collections::{BTreeMap, BTreeSet};

use skranke_domain::case::{Case, Recorded, check};
use skranke_domain::event::Event;
use skranke_domain::ids::EventId;

use super::{World, by_case, in_their_cases};

pub(super) fn rest_on_what_was_seen(world: &World, found: &mut Vec<String>) {
    for (id, recorded) in by_case(in_their_cases(world)) {
        for event in &recorded {
            let seen = seen_by(event, &recorded);
            let before = Case::fold(id, &seen);
            let mut with = seen;
            with.push(event.clone());
            let changes = Case::fold(id, &with).state != before.state;
            let is_allowed = event
                .event
                .as_ref()
                .is_none_or(|event| check(&before, event).is_ok());
            if changes && !is_allowed {
                found.push(format!(
                    "I8: {id} changed its state from a version where that was not allowed"
                ));
            }
            let hands_out = matches!(
                event.event,
                Some(Event::PaperIssued(_) | Event::ReceiptGiven(_))
            );
            if hands_out && !is_allowed {
                found.push(format!(
                    "I3: what was handed out in {id} fits no state that was saved"
                ));
            }
        }
    }
}

/// What the author of an event had seen of its case.
pub(super) fn seen_by(event: &Recorded, recorded: &[Recorded]) -> Vec<Recorded> {
    let by_id: BTreeMap<EventId, &Recorded> =
        recorded.iter().map(|event| (event.id, event)).collect();
    let mut open = event.based_on.clone();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if let Some(parent) = by_id.get(&id).filter(|_| !seen.contains(&id)) {
            seen.insert(id);
            open.extend(parent.based_on.iter().copied());
        }
    }
    let seen = recorded.iter().filter(|event| seen.contains(&event.id));
    seen.cloned().collect()
}
