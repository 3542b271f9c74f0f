//! I9: each write and each read of personal data has its row in the log, and no row is without its cause.

use std::collections::BTreeMap;

use skranke_domain::ids::{CaseId, CommandId, DeviceId};
use skranke_protocol::envelope::SealedEvent;

use super::{Central, Desktop, World};

/// A row of a log.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Code of what was done.
    pub action: String,
    /// On which case.
    pub case: Option<CaseId>,
    /// By which computer.
    pub device: DeviceId,
    /// Codes and numbers that explain it further.
    pub detail: String,
}

pub(super) fn accounts_for_everything(world: &World, found: &mut Vec<String>) {
    for desktop in &world.desktops {
        if let Some(fault) = &desktop.audit_fault {
            found.push(format!(
                "I9 {}: the audit was changed: {fault}",
                desktop.name
            ));
        }
        if let (Some(device), Some(log)) = (desktop.device, &desktop.log) {
            // What a laptop did in a case that was taken off it stands in its log alone.
            let here = desktop.events.iter().chain(&desktop.sent_back);
            let own = here.filter(|event| {
                let header = event.header();
                header.device_id == device && desktop.may_hold(header.case_id)
            });
            let mut logged = rows(log, "command_saved");
            logged.retain(|case, _| desktop.may_hold(*case));
            same(&desktop.name, &commands(own), &logged, found);
        }
    }
    let Some((central, log)) = world
        .central
        .as_ref()
        .and_then(|central| Some((central, central.log.as_ref()?)))
    else {
        return;
    };
    if let Some(fault) = &central.audit_fault {
        found.push(format!(
            "I9 the central store: the audit was changed: {fault}"
        ));
    }
    let placed = central.events.iter().filter(|(_, at)| at.is_some());
    same(
        "the central store",
        &commands(placed.map(|(event, _)| event)),
        &rows(log, "events_accepted"),
        found,
    );
    for desktop in &world.desktops {
        reads(desktop, central, log, found);
    }
}

/// How many commands each case holds.
fn commands<'e>(events: impl Iterator<Item = &'e SealedEvent>) -> BTreeMap<CaseId, usize> {
    let ids: BTreeMap<CommandId, CaseId> = events
        .map(|event| (event.header().command_id, event.header().case_id))
        .collect();
    let mut counted = BTreeMap::new();
    for case in ids.into_values() {
        *counted.entry(case).or_default() += 1;
    }
    counted
}

/// How many rows of a kind each case has.
fn rows(log: &[Logged], action: &str) -> BTreeMap<CaseId, usize> {
    let mut counted = BTreeMap::new();
    let cases = log.iter().filter(|row| row.action == action);
    for case in cases.filter_map(|row| row.case) {
        *counted.entry(case).or_default() += 1;
    }
    counted
}

fn same(
    name: &str,
    written: &BTreeMap<CaseId, usize>,
    logged: &BTreeMap<CaseId, usize>,
    found: &mut Vec<String>,
) {
    let of = |counted: &BTreeMap<CaseId, usize>, case| counted.get(case).copied().unwrap_or(0);
    for case in written.keys().chain(logged.keys()) {
        let (writes, said) = (of(written, case), of(logged, case));
        if writes > said {
            found.push(format!("I9 {name}: a write to {case} is not in the log"));
        }
        if said > writes {
            found.push(format!(
                "I9 {name}: the log has a write to {case} that was none"
            ));
        }
    }
}

/// What a computer has of others it read from the feed, and each read says from where to where.
///
/// Asked within the present epoch: a restore takes rows back, so nothing can be asked of what stands in the feed since
/// before the epoch began, nor of what a computer read in an epoch before and has not come to again.
fn reads(desktop: &Desktop, central: &Central, log: &[Logged], found: &mut Vec<String>) {
    let Some(device) = desktop.device else {
        return;
    };
    let stretches: Vec<(u64, u64)> = log
        .iter()
        .filter(|row| row.action == "feed_read" && row.device == device)
        .filter_map(|row| {
            let (epoch, stretch) = row.detail.split_once(' ')?;
            let (after, to) = stretch.split_once("..")?;
            let is_present = epoch.parse::<u64>() == Ok(central.epoch);
            is_present.then_some((after.parse().ok()?, to.parse().ok()?))
        })
        .collect();
    if stretches
        .iter()
        .any(|(after, to)| after >= to || *to > central.position)
    {
        found.push(format!(
            "I9 {}: a read of nothing is in the log",
            desktop.name
        ));
    }
    let proved = desktop.proved.map(|(position, _)| position);
    let furthest = stretches.iter().map(|(_, to)| *to).chain(proved).max();
    let read_to = match central.epoch {
        1 => central.position,
        _ => furthest.unwrap_or(0),
    };
    let held: BTreeMap<_, _> = central
        .events
        .iter()
        .filter_map(|(event, at)| Some((*event.hash(), (*at)?)))
        .filter(|(_, at)| central.began < *at && *at <= read_to)
        .collect();
    let is_read = |at: u64| {
        let mut stretches = stretches.iter();
        stretches.any(|(after, to)| *after < at && at <= *to)
    };
    // A case that is laid on a laptop comes whole, at the place where the feed says so.
    let came_whole = |case: CaseId, at: u64| {
        let mut moves = central.moves.iter();
        moves.any(|moved| {
            let is_of_it = moved.enters && (moved.case, moved.device) == (case, device);
            is_of_it && moved.position > at && is_read(moved.position)
        })
    };
    let others = desktop.events.iter();
    let mut others = others.filter(|event| event.header().device_id != device);
    let is_unread = |event: &SealedEvent| {
        let at = held.get(event.hash()).copied();
        at.is_some_and(|at| !is_read(at) && !came_whole(event.header().case_id, at))
    };
    if others.any(is_unread) {
        found.push(format!("I9 {}: a read is not in the log", desktop.name));
    }
}
