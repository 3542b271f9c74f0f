//! I3: a number stands on one case and on one paper; a copy is of a paper its author had seen; and what was handed out
//! is recorded in the case and in the log, both or neither.
//!
//! That what was handed out fits the state its author had saved is asked with the changes of state.

use std::collections::{BTreeMap, BTreeSet};

use skranke_domain::case::Recorded;
use skranke_domain::event::{Event, PaperIssued};
use skranke_domain::ids::{CaseId, EventId};
use skranke_protocol::payload;

use super::changes::seen_by;
use super::{Desktop, World, by_case, in_their_cases};

pub(super) fn have_their_numbers(world: &World, found: &mut Vec<String>) {
    cases(world, found);
    originals_and_copies(world, found);
    for desktop in &world.desktops {
        rows(desktop, found);
    }
}

/// A case number stands on one case.
fn cases(world: &World, found: &mut Vec<String>) {
    let mut cases: BTreeMap<String, BTreeSet<CaseId>> = BTreeMap::new();
    let here = world.desktops.iter().flat_map(|desktop| &desktop.events);
    let central = world.central.iter().flat_map(|central| &central.events);
    for event in here.chain(central.map(|(event, _)| event)) {
        if let Ok(Recorded {
            event: Some(Event::CaseOpened(opened)),
            ..
        }) = payload::recorded(event)
        {
            let number = opened.number.to_string();
            cases
                .entry(number)
                .or_default()
                .insert(event.header().case_id);
        }
    }
    if cases.values().any(|cases| cases.len() > 1) {
        found.push("I3: two cases have one number".to_owned());
    }
}

fn paper(recorded: &Recorded) -> Option<&PaperIssued> {
    if let Some(Event::PaperIssued(paper)) = &recorded.event {
        Some(paper)
    } else {
        None
    }
}

/// A paper's number stands on one original, and whoever made a copy had seen it.
fn originals_and_copies(world: &World, found: &mut Vec<String>) {
    let mut originals: BTreeMap<String, BTreeSet<EventId>> = BTreeMap::new();
    for (id, recorded) in by_case(in_their_cases(world)) {
        for event in &recorded {
            let Some(issued) = paper(event) else {
                continue;
            };
            if issued.copy == 0 {
                let of_number = originals.entry(issued.number.clone()).or_default();
                of_number.insert(event.id);
                continue;
            }
            let is_copied = |before: &PaperIssued| {
                let of_it = (before.kind, &before.number) == (issued.kind, &issued.number);
                of_it && before.copy == 0
            };
            let seen = seen_by(event, &recorded);
            if !seen.iter().filter_map(paper).any(is_copied) {
                found.push(format!("I3: a copy in {id} is of no paper"));
            }
        }
    }
    if originals.values().any(|papers| papers.len() > 1) {
        found.push("I3: two papers have one number".to_owned());
    }
}

/// Each paper that was handed out at a computer has its row, and each row its paper.
fn rows(desktop: &Desktop, found: &mut Vec<String>) {
    let (Some(device), Some(log)) = (desktop.device, &desktop.log) else {
        return;
    };
    let mut papers: BTreeMap<CaseId, (usize, usize)> = BTreeMap::new();
    for event in &desktop.events {
        let header = event.header();
        if header.device_id == device && header.kind == "paper_issued" {
            papers.entry(header.case_id).or_default().0 += 1;
        }
    }
    let issued = log.iter().filter(|row| row.action == "paper_issued");
    for case in issued.filter_map(|row| row.case) {
        papers.entry(case).or_default().1 += 1;
    }
    for (case, (handed_out, logged)) in papers {
        if handed_out != logged && desktop.may_hold(case) {
            found.push(format!(
                "I3 {}: papers of {case} were handed out that are not in the case and in the log both",
                desktop.name
            ));
        }
    }
}
