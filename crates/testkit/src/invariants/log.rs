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
            let own = desktop.events.iter();
            let own = own.filter(|event| event.header().device_id == device);
            same(
                &desktop.name,
                &commands(own),
                &rows(log, "command_saved"),
                found,
            );
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

/// What a computer has of others it read from the feed, and each read says from where to where. Rows of a stretch that a
/// restore took back are gone with it.
fn reads(desktop: &Desktop, central: &Central, log: &[Logged], found: &mut Vec<String>) {
    let Some(device) = desktop.device.filter(|_| central.epoch == 1) else {
        return;
    };
    let stretches: Vec<(u64, u64)> = log
        .iter()
        .filter(|row| row.action == "feed_read" && row.device == device)
        .filter_map(|row| {
            let (_, stretch) = row.detail.split_once(' ')?;
            let (after, to) = stretch.split_once("..")?;
            Some((after.parse().ok()?, to.parse().ok()?))
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
    let held: BTreeMap<_, _> = central
        .events
        .iter()
        .filter_map(|(event, at)| Some((*event.hash(), (*at)?)))
        .collect();
    let others = desktop.events.iter();
    let others = others.filter(|event| event.header().device_id != device);
    let unread = others
        .filter_map(|event| held.get(event.hash()))
        .filter(|at| !stretches.iter().any(|(after, to)| after < *at && *at <= to));
    if unread.count() > 0 {
        found.push(format!("I9 {}: a read is not in the log", desktop.name));
    }
}
