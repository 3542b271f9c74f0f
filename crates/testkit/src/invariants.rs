//! What must hold after every fault, checked by one function: nothing acknowledged is missing, nothing comes twice,
//! nothing appears that nobody made, and all replicas say the same.
//!
//! Basis: reliability, section 3.3 (the invariants' numbers stand beside each check).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use skranke_domain::case::{Case, Recorded};
use skranke_domain::event::Event;
use skranke_domain::ids::{CaseId, DeviceId, EventId};
use skranke_protocol::chain;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::payload;
use skranke_protocol::tree::Node;

use crate::times;

mod changes;
mod left;
mod log;
mod tree;
mod values;

pub use log::Logged;
pub use tree::Tree;

/// How soon after a fault one can work again. Basis: reliability, I14.
///
/// Five seconds hold where a story has the machine to itself, as in `make torture`. In `make test` a thousand other
/// tests run beside it and the clock tells how busy the machine is; there a minute finds what never comes back.
pub fn usable_within() -> Duration {
    let has_machine_to_itself = times(1) > 1;
    Duration::from_secs(if has_machine_to_itself { 5 } else { 60 })
}

/// Hash of an event.
pub type Hash = [u8; 32];

/// What one computer holds, and what its user was told.
#[derive(Debug, Default)]
pub struct Desktop {
    /// What it is called in messages.
    pub name: String,
    /// Every event it holds.
    pub events: Vec<SealedEvent>,
    /// Events of which the user was told *gemt*.
    pub saved: Vec<Hash>,
    /// Events of which the user was told that the central store has them.
    pub confirmed: Vec<Hash>,
    /// Cases its list shows, with how many conflicts each.
    pub shown: Option<BTreeMap<CaseId, usize>>,
    /// How far it read and proved the feed, and the root over that.
    pub proved: Option<(u64, Node)>,
    /// The computer itself, where its log is looked at.
    pub device: Option<DeviceId>,
    /// Its audit log.
    pub log: Option<Vec<Logged>>,
    /// What looking through the audit's own chain found.
    pub audit_fault: Option<String>,
}

/// What the central store holds.
#[derive(Debug, Default)]
pub struct Central {
    /// Every event it holds, with its position in the feed where it is in its case.
    pub events: Vec<(SealedEvent, Option<u64>)>,
    /// The last position.
    pub position: u64,
    /// Chains as confirmed: number and hash of the last link of each device.
    pub heads: Vec<(DeviceId, chain::Head)>,
    /// The tree over its feed.
    pub tree: Option<Tree>,
    /// The epoch it is in.
    pub epoch: u64,
    /// Its audit log.
    pub log: Option<Vec<Logged>>,
    /// What looking through the audit's seals found.
    pub audit_fault: Option<String>,
}

/// Everything after a fault, once all have been in step again.
#[derive(Debug, Default)]
pub struct World {
    /// The computers.
    pub desktops: Vec<Desktop>,
    /// The central store; none where the story has none.
    pub central: Option<Central>,
    /// Computers that never came back: what nobody else had seen of theirs may be lost with them.
    pub gone: Vec<DeviceId>,
    /// Whether every computer may see every case and has been in step.
    pub is_quiet: bool,
    /// Folders with all the run left: databases, their logs, outbox logs, what programs wrote.
    pub left: Vec<PathBuf>,
    /// How long what was killed took to be of use again.
    pub recovered: Vec<(String, Duration)>,
}

/// Every invariant that does not hold, in words; empty where all do.
pub fn broken(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    for desktop in &world.desktops {
        once(&desktop.name, &desktop.events, &mut found);
        let held: BTreeSet<Hash> = hashes(&desktop.events);
        missing(
            "I11 saved",
            &desktop.name,
            &desktop.saved,
            &held,
            &mut found,
        );
        chains(world, &desktop.name, &desktop.events, &mut found);
        values::values(&desktop.name, &desktop.events, &mut found);
        merges(&desktop.name, &desktop.events, &mut found);
        lists(desktop, &mut found);
    }
    if let Some(central) = &world.central {
        in_the_centre(world, central, &mut found);
        if let Some(tree) = &central.tree {
            tree::grows(world, central, tree, &mut found);
        }
    }
    numbers(world, &mut found);
    changes::rest_on_what_was_seen(world, &mut found);
    log::accounts_for_everything(world, &mut found);
    left::holds_no_number(world, &mut found);
    for (what, took) in &world.recovered {
        if *took > usable_within() {
            found.push(format!("I14: {what} was of use again after {took:?} only"));
        }
    }
    if world.is_quiet {
        converged(world, &mut found);
    }
    found
}

/// Checks them all.
///
/// # Panics
/// One does not hold; the message names `story`, which is how to replay it.
pub fn hold(world: &World, story: &str) {
    let found = broken(world);
    assert!(found.is_empty(), "{story}\n{}", found.join("\n"));
}

fn hashes(events: &[SealedEvent]) -> BTreeSet<Hash> {
    events.iter().map(|event| *event.hash()).collect()
}

/// I1, one half: exactly once.
fn once(name: &str, events: &[SealedEvent], found: &mut Vec<String>) {
    if hashes(events).len() != events.len() {
        found.push(format!("I1 {name}: an event is there twice"));
    }
    let ids: BTreeSet<EventId> = events.iter().map(|event| event.header().id).collect();
    if ids.len() != events.len() {
        found.push(format!("I1 {name}: two events have one id"));
    }
}

fn missing(
    what: &str,
    name: &str,
    promised: &[Hash],
    held: &BTreeSet<Hash>,
    found: &mut Vec<String>,
) {
    let lost = promised.iter().filter(|hash| !held.contains(*hash)).count();
    if lost > 0 {
        found.push(format!("{what}: {lost} events of {name} are missing"));
    }
}

/// I4, and of I6 the chain: each device's events are one chain, without gap or fork.
fn chains(world: &World, name: &str, events: &[SealedEvent], found: &mut Vec<String>) {
    let mut by_device: BTreeMap<_, Vec<&SealedEvent>> = BTreeMap::new();
    for event in events {
        by_device
            .entry(event.header().device_id)
            .or_default()
            .push(event);
    }
    for (device, mut events) in by_device {
        events.sort_by_key(|event| event.header().device_seq);
        let is_broken = chain::first_break(chain::Head::START, events).is_some();
        if is_broken && world.is_quiet && !world.gone.contains(&device) {
            found.push(format!("I4 {name}: the chain of {device} is broken"));
        }
    }
}

/// I1, I2 and I11 of the central store.
fn in_the_centre(world: &World, central: &Central, found: &mut Vec<String>) {
    let name = "the central store";
    let events: Vec<SealedEvent> = central.events.iter().map(|(e, _)| e.clone()).collect();
    once(name, &events, found);
    let held = hashes(&events);
    let made: BTreeSet<Hash> = world
        .desktops
        .iter()
        .flat_map(|desktop| hashes(&desktop.events))
        .collect();
    for desktop in &world.desktops {
        missing(
            "I1 confirmed",
            &desktop.name,
            &desktop.confirmed,
            &held,
            found,
        );
    }
    let is_of_nobody = |event: &SealedEvent| {
        !made.contains(event.hash()) && !world.gone.contains(&event.header().device_id)
    };
    if world.is_quiet && events.iter().any(is_of_nobody) {
        found.push("I2: the central store holds what nobody made".to_owned());
    }
    let mut positions: Vec<u64> = central.events.iter().filter_map(|(_, at)| *at).collect();
    positions.sort_unstable();
    let expected: Vec<u64> = (1..=central.position).collect();
    if positions != expected {
        found.push("I1: the feed has a gap or repeats itself".to_owned());
    }
    if world.is_quiet {
        chains(world, name, &events, found);
        for (device, head) in &central.heads {
            let last = events
                .iter()
                .filter(|event| event.header().device_id == *device)
                .max_by_key(|event| event.header().device_seq);
            if last.map(|event| *event.hash()) != head.hash && !world.gone.contains(device) {
                found.push(format!(
                    "I6: the confirmed head of {device} is not its last"
                ));
            }
        }
    }
}

/// I3: a case number stands on one case.
fn numbers(world: &World, found: &mut Vec<String>) {
    let mut cases: BTreeMap<String, BTreeSet<CaseId>> = BTreeMap::new();
    for event in world.desktops.iter().flat_map(|desktop| &desktop.events) {
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

/// The cases that events make, in whatever order they are given.
pub fn cases(events: &[SealedEvent]) -> BTreeMap<CaseId, (Case, Vec<Recorded>)> {
    let mut by_case: BTreeMap<CaseId, Vec<Recorded>> = BTreeMap::new();
    for event in events {
        if let Ok(recorded) = payload::recorded(event) {
            let case = event.header().case_id;
            by_case.entry(case).or_default().push(recorded);
        }
    }
    let fold =
        |(id, recorded): (CaseId, Vec<Recorded>)| (id, (Case::fold(id, &recorded), recorded));
    by_case.into_iter().map(fold).collect()
}

/// I5: equal state on all replicas.
fn converged(world: &World, found: &mut Vec<String>) {
    let state = |events: &[SealedEvent]| -> BTreeMap<CaseId, Case> {
        let cases = cases(events).into_iter();
        cases.map(|(id, (case, _))| (id, case)).collect()
    };
    let mut replicas: Vec<(&str, BTreeMap<CaseId, Case>)> = world
        .desktops
        .iter()
        .map(|desktop| (desktop.name.as_str(), state(&desktop.events)))
        .collect();
    if let Some(central) = &world.central {
        let accepted = central.events.iter().filter(|(_, at)| at.is_some());
        let accepted: Vec<SealedEvent> = accepted.map(|(event, _)| event.clone()).collect();
        replicas.push(("the central store", state(&accepted)));
    }
    for pair in replicas.windows(2) {
        let [(one, first), (other, second)] = pair else {
            continue;
        };
        if first != second {
            found.push(format!("I5: {one} and {other} do not say the same"));
        }
    }
}

/// Whoever follows a merged case from one to the next comes to one that goes on: no two are gone in each other.
fn merges(name: &str, events: &[SealedEvent], found: &mut Vec<String>) {
    let cases = cases(events);
    for id in cases.keys() {
        let mut passed = BTreeSet::new();
        let mut at = *id;
        while let Some((case, _)) = cases.get(&at) {
            let Some(into) = case.merged_into.as_ref().filter(|_| case.is_merged()) else {
                break;
            };
            if !passed.insert(at) {
                found.push(format!("Merges of {name}: {id} goes on nowhere"));
                break;
            }
            at = into.value;
        }
    }
}

/// The events that are in their cases, as the central store has them, or the first computer where there is none.
fn in_their_cases(world: &World) -> Vec<&SealedEvent> {
    if let Some(central) = &world.central {
        let placed = central.events.iter().filter(|(_, at)| at.is_some());
        return placed.map(|(event, _)| event).collect();
    }
    let first = world.desktops.first();
    first.map_or_else(Vec::new, |desktop| desktop.events.iter().collect())
}

/// I7 and I13: the list shows every case, and every conflict there is.
fn lists(desktop: &Desktop, found: &mut Vec<String>) {
    let Some(shown) = &desktop.shown else {
        return;
    };
    let made: BTreeMap<CaseId, usize> = cases(&desktop.events)
        .into_iter()
        .filter(|(_, (case, _))| case.opened.is_some() && case.citizen.is_some())
        .map(|(id, (case, _))| (id, case.conflicts.len()))
        .collect();
    if *shown != made {
        found.push(format!(
            "I7 or I13 {}: the list shows other cases or conflicts than there are",
            desktop.name
        ));
    }
}
