//! What must hold after every fault, checked by one function: nothing acknowledged is missing, nothing comes twice,
//! nothing appears that nobody made, and all replicas say the same.
//!
//! Basis: reliability, section 3.3 (the invariants' numbers stand beside each check).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use skranke_domain::case::{Case, Recorded};
use skranke_domain::ids::{CaseId, DeviceId, EventId};
use skranke_protocol::chain;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::payload;
use skranke_protocol::tree::Node;

use crate::times;

mod changes;
mod left;
mod log;
mod made;
mod papers;
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
    /// Of its own work what a person sent back, where that is told apart: it stays here and counts nowhere.
    pub sent_back: Vec<SealedEvent>,
    /// The cases it may hold, where it may not hold all: a laptop's.
    pub scope: Option<BTreeSet<CaseId>>,
    /// Events of which the user was told *gemt*.
    pub saved: Vec<Hash>,
    /// Events of which the user was told that the central store has them.
    pub confirmed: Vec<Hash>,
    /// Cases its list shows, with how many conflicts each.
    pub shown: Option<BTreeMap<CaseId, usize>>,
    /// How far it read and proved the feed, and the root over that.
    pub proved: Option<(u64, Node)>,
    /// The computer itself; where it is not told, all that it holds was made there.
    pub device: Option<DeviceId>,
    /// Its audit log.
    pub log: Option<Vec<Logged>>,
    /// What looking through the audit's own chain found.
    pub audit_fault: Option<String>,
}

impl Desktop {
    fn may_hold(&self, case: CaseId) -> bool {
        let scope = self.scope.as_ref();
        scope.is_none_or(|scope| scope.contains(&case))
    }
}

/// A case that was laid on a laptop or taken off it, as an item of the feed says it.
#[derive(Debug, Clone)]
pub struct Moved {
    /// Where the feed says it.
    pub position: u64,
    /// The case.
    pub case: CaseId,
    /// The laptop.
    pub device: DeviceId,
    /// Whether it was laid on it; otherwise it was taken off.
    pub enters: bool,
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
    /// Cases that came to laptops and went from them.
    pub moves: Vec<Moved>,
    /// The epoch it is in.
    pub epoch: u64,
    /// The last position when that epoch began.
    pub began: u64,
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

/// Cases with the events they were folded from.
pub type Cases = BTreeMap<CaseId, (Case, Vec<Recorded>)>;

/// Every invariant that does not hold, in words; empty where all do.
pub fn broken(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    let apart = apart(world);
    let held: Vec<Cases> = world.desktops.iter().map(|d| cases(&d.events)).collect();
    for (desktop, cases) in world.desktops.iter().zip(&held) {
        once(&desktop.name, &desktop.events, &mut found);
        let here: BTreeSet<Hash> = hashes(desktop.events.iter().chain(&desktop.sent_back));
        missing(
            "I11 saved",
            &desktop.name,
            &desktop.saved,
            &here,
            &mut found,
        );
        // Of a case it may not hold a laptop lacks every link, its own ones too.
        if desktop.scope.is_none() {
            chains(world, &desktop.name, &desktop.events, &apart, &mut found);
        }
        values::values(&desktop.name, cases, &mut found);
        merges(&desktop.name, cases, &mut found);
        lists(desktop, cases, &mut found);
    }
    if let Some(central) = &world.central {
        in_the_centre(world, central, &mut found);
        if let Some(tree) = &central.tree {
            tree::grows(world, central, tree, &mut found);
        }
    }
    made::by_somebody(world, &mut found);
    papers::have_their_numbers(world, &mut found);
    changes::rest_on_what_was_seen(world, &mut found);
    log::accounts_for_everything(world, &mut found);
    left::holds_no_number(world, &mut found);
    for (what, took) in &world.recovered {
        if *took > usable_within() {
            found.push(format!("I14: {what} was of use again after {took:?} only"));
        }
    }
    if world.is_quiet {
        converged(world, &held, &mut found);
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

fn hashes<'e>(events: impl IntoIterator<Item = &'e SealedEvent>) -> BTreeSet<Hash> {
    events.into_iter().map(|event| *event.hash()).collect()
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

/// What links a chain and counts in no case: what the central store holds apart, and what it sent back.
fn apart(world: &World) -> Vec<&SealedEvent> {
    let central = world.central.iter().flat_map(|central| &central.events);
    let waiting = central.filter(|(_, at)| at.is_none());
    let sent_back = world.desktops.iter().flat_map(|desktop| &desktop.sent_back);
    waiting.map(|(event, _)| event).chain(sent_back).collect()
}

/// I4, and of I6 the chain: each device's events are one chain, without gap or fork.
fn chains(
    world: &World,
    name: &str,
    events: &[SealedEvent],
    apart: &[&SealedEvent],
    found: &mut Vec<String>,
) {
    let mut by_device: BTreeMap<DeviceId, BTreeMap<Hash, &SealedEvent>> = BTreeMap::new();
    for event in events {
        let links = by_device.entry(event.header().device_id).or_default();
        links.insert(*event.hash(), event);
    }
    for event in apart {
        if let Some(links) = by_device.get_mut(&event.header().device_id) {
            links.insert(*event.hash(), event);
        }
    }
    for (device, links) in by_device {
        let mut links: Vec<&SealedEvent> = links.into_values().collect();
        links.sort_by_key(|event| event.header().device_seq);
        let is_broken = chain::first_break(chain::Head::START, links).is_some();
        if is_broken && world.is_quiet && !world.gone.contains(&device) {
            found.push(format!("I4 {name}: the chain of {device} is broken"));
        }
    }
}

/// I1, I4, I6 and I11 of the central store.
fn in_the_centre(world: &World, central: &Central, found: &mut Vec<String>) {
    let name = "the central store";
    let events: Vec<SealedEvent> = central.events.iter().map(|(e, _)| e.clone()).collect();
    once(name, &events, found);
    let held = hashes(&events);
    for desktop in &world.desktops {
        missing(
            "I1 confirmed",
            &desktop.name,
            &desktop.confirmed,
            &held,
            found,
        );
    }
    let placed = central.events.iter().filter_map(|(_, at)| *at);
    let moves = central.moves.iter().map(|moved| moved.position);
    let mut positions: Vec<u64> = placed.chain(moves).collect();
    positions.sort_unstable();
    let expected: Vec<u64> = (1..=central.position).collect();
    if positions != expected {
        found.push("I1: the feed has a gap or repeats itself".to_owned());
    }
    if world.is_quiet {
        chains(world, name, &events, &[], found);
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

/// The cases that events make, in whatever order they are given.
pub fn cases<'e>(events: impl IntoIterator<Item = &'e SealedEvent>) -> Cases {
    let fold =
        |(id, recorded): (CaseId, Vec<Recorded>)| (id, (Case::fold(id, &recorded), recorded));
    by_case(events).into_iter().map(fold).collect()
}

/// What events say of each case.
fn by_case<'e>(
    events: impl IntoIterator<Item = &'e SealedEvent>,
) -> BTreeMap<CaseId, Vec<Recorded>> {
    let mut by_case: BTreeMap<CaseId, Vec<Recorded>> = BTreeMap::new();
    for event in events {
        if let Ok(recorded) = payload::recorded(event) {
            let case = event.header().case_id;
            by_case.entry(case).or_default().push(recorded);
        }
    }
    by_case
}

/// I5: equal state on all replicas, and of I1 that each of them has what it is entitled to: a laptop the whole of every
/// case in its scope, and no other.
fn converged(world: &World, held: &[Cases], found: &mut Vec<String>) {
    fn states(cases: &Cases) -> BTreeMap<CaseId, &Case> {
        cases.iter().map(|(id, (case, _))| (*id, case)).collect()
    }
    let central = world.central.as_ref();
    let central = central.map(|_| cases(in_their_cases(world)));
    let central = central.as_ref().map(states);
    let desktops = || world.desktops.iter().zip(held);
    let mut replicas: Vec<(&str, BTreeMap<CaseId, &Case>)> = desktops()
        .filter(|(desktop, _)| desktop.scope.is_none())
        .map(|(desktop, cases)| (desktop.name.as_str(), states(cases)))
        .collect();
    if let Some(central) = &central {
        replicas.push(("the central store", central.clone()));
    }
    for pair in replicas.windows(2) {
        let [(one, first), (other, second)] = pair else {
            continue;
        };
        if first != second {
            found.push(format!("I5: {one} and {other} do not say the same"));
        }
    }
    let Some(central) = &central else {
        return;
    };
    for (laptop, cases) in desktops().filter(|(desktop, _)| desktop.scope.is_some()) {
        let mut entitled = central.clone();
        entitled.retain(|id, _| laptop.may_hold(*id));
        if states(cases) != entitled {
            found.push(format!(
                "I1 {}: it does not hold the whole of its cases and no other",
                laptop.name
            ));
        }
    }
}

/// Whoever follows a merged case from one to the next comes to one that goes on: no two are gone in each other.
fn merges(name: &str, cases: &Cases, found: &mut Vec<String>) {
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
fn lists(desktop: &Desktop, cases: &Cases, found: &mut Vec<String>) {
    let Some(shown) = &desktop.shown else {
        return;
    };
    let made: BTreeMap<CaseId, usize> = cases
        .iter()
        .filter(|(_, (case, _))| case.opened.is_some() && case.citizen.is_some())
        .map(|(id, (case, _))| (*id, case.conflicts.len()))
        .collect();
    if *shown != made {
        found.push(format!(
            "I7 or I13 {}: the list shows other cases or conflicts than there are",
            desktop.name
        ));
    }
}
