//! Two computers that carry on from one chain: a computer that was cloned, or put back to an older copy.
//!
//! The first branch to arrive is the chain. The other is kept beside it, command by command, and each waits for a
//! person. From then on nothing that comes under this name is taken as it is: each copy goes on under a name and a key
//! of its own, with the cases the device had.
//!
//! Basis: reliability, finding 7 and fault F16; decision 32.

use chrono::{DateTime, Utc};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::{ChainEnd, DeviceState, Outcome, QuarantineReason, Verdict};

use super::Admission;
use crate::devices::{self, Acting};
use crate::scope;
use crate::store::{CentralTransaction, Device, Stored};

/// Gives a copy of a forked device its own name and key, and the cases the device had in its scope. The same request
/// again gives the same device; `None` where the device did not fork, or the name is taken.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn rekey(
    transaction: &mut dyn CentralTransaction,
    forked: &Device,
    successor: Device,
    now: DateTime<Utc>,
) -> Stored<Option<Device>> {
    // As it stands in this transaction: it may have been shut out meanwhile.
    let Some(forked) = transaction
        .device(forked.id)?
        .filter(|device| device.state == DeviceState::Forked)
    else {
        return Ok(None);
    };
    if let Some(known) = transaction.device(successor.id)? {
        let is_same =
            known.public_key == successor.public_key && known.state == DeviceState::Active;
        return Ok(is_same.then_some(known));
    }
    let code = transaction.insert_device(&successor, now)?;
    transaction.note_successor(successor.id, forked.id)?;
    for case_id in transaction.scope_of(forked.id)? {
        scope::enter(transaction, successor.id, case_id)?;
    }
    let by = Acting {
        device_id: forked.id,
        staff_id: None,
    };
    let detail = format!("{} {}", forked.id, successor.id);
    devices::note(transaction, by, "device_rekeyed", "access", detail, now)?;
    Ok(Some(Device { code, ..successor }))
}

/// Whether everything up to this end of a device's chain is stored, also where the chain that was kept first is
/// another branch: of a branch too, nothing is kept before what it builds on.
///
/// # Errors
/// The database failed.
pub fn is_handed_over(
    transaction: &mut dyn CentralTransaction,
    device: &Device,
    end: ChainEnd,
) -> Stored<bool> {
    match end.head_hash {
        _ if (device.head.seq, device.head.hash) == (end.seq, end.head_hash) => Ok(true),
        Some(hash) => transaction.holds_event(device.id, end.seq, &hash),
        None => Ok(end.seq == 0),
    }
}

impl Admission<'_, '_> {
    /// Keeps both branches of a forked chain and stops taking the device's word. The branch waits for a person.
    pub(super) fn keep_fork(&mut self, events: &[SealedEvent]) -> Stored<Verdict> {
        let now = self.circumstances.now;
        let mut reason = QuarantineReason::ChainFork;
        let mut kept = Vec::new();
        for event in events {
            if self.loaded.event(self.transaction, event)?.is_some() {
                self.transaction
                    .record_receipt(event, self.device.id, now)?;
                continue;
            }
            let id = event.header().id;
            if !self.loaded.events(self.transaction, id)?.is_empty() {
                reason = QuarantineReason::OtherContent;
            }
            let outcome = Outcome::Quarantined {
                reason: reason.clone(),
            };
            self.insert(event, &outcome, false)?;
            kept.push(event.clone());
            self.alarm(reason.code(), reason.alarm(), Some(event))?;
        }
        self.hold_branch(&kept, &reason)?;
        if self.device.state == DeviceState::Active {
            self.device.state = DeviceState::Forked;
        }
        Ok(Verdict::First(Outcome::Quarantined { reason }))
    }

    /// Whether the event goes on from one that is kept beside the chain.
    pub(super) fn continues_branch(&mut self, event: &SealedEvent) -> Stored<bool> {
        let header = event.header();
        match &header.prev_hash {
            Some(hash) if self.device.state != DeviceState::Active => {
                let before = header.device_seq - 1;
                self.transaction.holds_event(self.device.id, before, hash)
            }
            _ => Ok(false),
        }
    }

    /// Whether the events may belong to one of two branches: their device forked, or they are stored beside its chain.
    pub(super) fn is_branch(&mut self, events: &[SealedEvent]) -> Stored<bool> {
        let Some(first) = events.first() else {
            return Ok(false);
        };
        let stored = self.loaded.event(self.transaction, first)?;
        let is_beside = stored.is_some_and(|stored| !stored.on_chain);
        Ok(match self.device.state {
            DeviceState::Active => false,
            DeviceState::Forked => true,
            DeviceState::Revoked | DeviceState::Other(_) => is_beside,
        })
    }
}
