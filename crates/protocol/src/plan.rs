//! The pure planner: from what a device holds and what the server says, the operations that bring them together.
//!
//! It decides and does nothing; `sync` performs. Running it again after any cut gives what is left to do, because the
//! server acknowledges what it had already as duplicates.
//!
//! Basis: design, section 6; sync-and-speed 3.2, 3.3 and 3.7; reliability, findings 6 and 7.

use skranke_domain::ids::{CommandId, Sha256Digest};

use crate::chain::Head;
use crate::wire::{
    Cursor, DeferReason, DeviceState, MAX_BATCH_BYTES, MAX_BATCH_EVENTS, Outcome, Status, Verdict,
};

/// An event of this device as the planner needs it, in chain order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnEvent {
    /// Number in the chain.
    pub seq: u64,
    /// Its hash.
    pub hash: [u8; 32],
    /// Its command.
    pub command_id: CommandId,
    /// Bytes it takes in a batch ([`crate::wire::wire_size`]).
    pub wire_bytes: usize,
    /// Whether the server has confirmed it.
    pub confirmed: bool,
}

/// A file that an event names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnAttachment {
    /// Its name by content.
    pub digest: Sha256Digest,
    /// Its size.
    pub size_bytes: u64,
    /// Whether its bytes are here in boxes alone that only the server opens.
    pub is_sealed: bool,
}

/// What the device holds.
#[derive(Debug, Clone)]
pub struct Local<'a> {
    /// Head of its own chain.
    pub head: Head,
    /// Own events it still holds, in chain order, without gaps among themselves.
    pub own: &'a [OwnEvent],
    /// Own events of cases that left this device, sealed to the server: sent in their places of the chain.
    pub sealed: &'a [OwnEvent],
    /// Whether sealed work of other devices is still to be offered to a restored server.
    pub offers_sealed: bool,
    /// How far it has read the feed.
    pub cursor: Cursor,
    /// Whether what it pulled from others is still to be offered to a restored server.
    pub offers_pulled: bool,
    /// Files not yet known to be complete on the server, whose events are confirmed or about to be sent.
    pub attachments: &'a [OwnAttachment],
}

/// Something that must be told to a person and to the municipality's IT, never passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// The server holds events of this device that the device does not: it was rolled back or cloned.
    DeviceRolledBack,
    /// Server and device hold different events under one number: the chain forked.
    ChainForked,
    /// The server, in the same epoch, no longer holds what it had confirmed or handed out: it was rolled back.
    ServerLostEvents,
    /// The epoch is lower than one seen before.
    EpochWentBack,
    /// A single command exceeds what a batch can carry; it stays on the device.
    CommandTooLarge(CommandId),
}

/// One thing to do, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Tell.
    Raise(Alarm),
    /// Stop: the device was revoked, and has handed over what it alone had.
    StopRevoked,
    /// Stop: the server has opened a new epoch; check who opened it, then plan again from there.
    StopForNewEpoch,
    /// Push the own events of these numbers, both ends included, in one batch.
    Push {
        /// First number.
        first: u64,
        /// Last number.
        last: u64,
    },
    /// Push the sealed commands of these numbers, both ends included, in one batch.
    PushSealed {
        /// First number.
        first: u64,
        /// Last number.
        last: u64,
    },
    /// Offer sealed work of other devices.
    OfferSealed,
    /// Offer grants and what was pulled from others: the server was restored and may lack them.
    ReofferPulled,
    /// Read the feed after this cursor until there is no more.
    Pull {
        /// Where to go on.
        after: Cursor,
    },
    /// Upload a file, after the events.
    Upload(OwnAttachment),
}

/// Decides what to do.
pub fn plan(local: &Local<'_>, server: &Status) -> Vec<Operation> {
    if server.device.state == DeviceState::Revoked {
        return handing_over(local, server);
    }
    let mut operations = Vec::new();
    let known_epoch = local.cursor.epoch;
    if server.epoch < known_epoch {
        return vec![Operation::Raise(Alarm::EpochWentBack)];
    }
    if known_epoch != 0 && server.epoch > known_epoch {
        return vec![Operation::StopForNewEpoch];
    }
    let chain_alarm = chain_alarm(local, server);
    operations.extend(chain_alarm.map(Operation::Raise));
    // What the server holds beside another branch is not lost for not being on its chain.
    let lost = chain_alarm.is_none()
        && local
            .own
            .iter()
            .chain(local.sealed)
            .any(|event| event.confirmed && event.seq > server.device.seq);
    if lost || (known_epoch == server.epoch && server.position < local.cursor.position) {
        // Positions would be given a second time, and who has read them once would never read what then stands there.
        // Everything waits here until the operator has opened a new epoch.
        operations.push(Operation::Raise(Alarm::ServerLostEvents));
        return operations;
    }
    if local.offers_pulled {
        operations.push(Operation::ReofferPulled);
    }
    if local.offers_sealed {
        operations.push(Operation::OfferSealed);
    }
    operations.extend(sending(local, server));
    let after = local.cursor;
    if known_epoch == 0 || server.position > after.position {
        operations.push(Operation::Pull { after });
    }
    operations.extend(local.attachments.iter().copied().map(Operation::Upload));
    operations
}

/// What a revoked device still does: it hands over what it alone has. It fetches nothing.
fn handing_over(local: &Local<'_>, server: &Status) -> Vec<Operation> {
    let mut operations = sending(local, server);
    operations.extend(local.attachments.iter().copied().map(Operation::Upload));
    operations.push(Operation::StopRevoked);
    operations
}

/// Pushes what the server lacks of the device's chain in the order of the chain, whether it can be read here or not.
fn sending(local: &Local<'_>, server: &Status) -> Vec<Operation> {
    let sealed = batches(&to_send(local.sealed, server));
    let mut operations = batches(&to_send(local.own, server));
    operations.extend(sealed.into_iter().map(|operation| {
        if let Operation::Push { first, last } = operation {
            Operation::PushSealed { first, last }
        } else {
            operation
        }
    }));
    operations.sort_by_key(|operation| {
        if let Operation::Push { first, .. } | Operation::PushSealed { first, .. } = operation {
            *first
        } else {
            u64::MAX
        }
    });
    operations
}

fn to_send(own: &[OwnEvent], server: &Status) -> Vec<OwnEvent> {
    let own = own.iter().copied();
    own.filter(|event| !event.confirmed || event.seq > server.device.seq)
        .collect()
}

fn chain_alarm(local: &Local<'_>, server: &Status) -> Option<Alarm> {
    if server.device.seq > local.head.seq {
        return Some(Alarm::DeviceRolledBack);
    }
    let own_hash = if server.device.seq == local.head.seq {
        local.head.hash
    } else {
        local
            .own
            .iter()
            .find(|event| event.seq == server.device.seq)
            .map(|event| event.hash)
    };
    match (own_hash, server.device.head_hash) {
        (Some(own), Some(theirs)) if own != theirs => Some(Alarm::ChainForked),
        _ => None,
    }
}

/// Packs events into batches without splitting a command.
fn batches(events: &[OwnEvent]) -> Vec<Operation> {
    /// Room for the frame around the commands.
    const FRAME_BYTES: usize = 4 * 1024;
    /// Room for the frame around one command.
    const COMMAND_BYTES: usize = 96;
    let mut operations = Vec::new();
    let mut open: Option<(u64, u64, usize, usize)> = None;
    for command in events.chunk_by(|left, right| left.command_id == right.command_id) {
        let (Some(first), Some(last)) = (command.first(), command.last()) else {
            continue;
        };
        let bytes = COMMAND_BYTES + command.iter().map(|event| event.wire_bytes).sum::<usize>();
        let count = command.len();
        if count > MAX_BATCH_EVENTS || bytes + FRAME_BYTES > MAX_BATCH_BYTES {
            operations.extend(open.take().map(push));
            operations.push(Operation::Raise(Alarm::CommandTooLarge(first.command_id)));
            // What comes after would only be answered with a gap in the chain.
            return operations;
        }
        open = match open {
            Some((start, end, batch_count, batch_bytes))
                if end + 1 == first.seq
                    && batch_count + count <= MAX_BATCH_EVENTS
                    && batch_bytes + bytes + FRAME_BYTES <= MAX_BATCH_BYTES =>
            {
                Some((start, last.seq, batch_count + count, batch_bytes + bytes))
            }
            full => {
                operations.extend(full.map(push));
                Some((first.seq, last.seq, count, bytes))
            }
        };
    }
    operations.extend(open.map(push));
    operations
}

fn push((first, last, _, _): (u64, u64, usize, usize)) -> Operation {
    Operation::Push { first, last }
}

/// What a verdict means for the events of its command on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboxState {
    /// Keep waiting and send again.
    Waiting,
    /// The server holds it durably.
    Confirmed,
    /// The server holds it apart; a person must look at it here too.
    NeedsAttention,
}

/// Reads a verdict.
pub fn outbox_state(verdict: &Verdict) -> OutboxState {
    match verdict.outcome() {
        Outcome::Accepted { .. } | Outcome::Conflict { .. } => OutboxState::Confirmed,
        Outcome::Quarantined { .. } => OutboxState::NeedsAttention,
        Outcome::Deferred {
            reason: DeferReason::ChainGap,
        } => OutboxState::Waiting,
        Outcome::Deferred { .. } => OutboxState::Confirmed,
    }
}

#[cfg(test)]
mod tests;
