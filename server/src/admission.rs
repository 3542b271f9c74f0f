//! What becomes of a pushed command: the one place that decides, the same for every backend.
//!
//! Chain acceptance is separate from case acceptance: every well-formed event signed by its device is stored and
//! keeps the device's chain whole, whatever becomes of it in its case. A command's events share one fate.
//!
//! Basis: design, sections 3 and 6; sync-and-speed 3.2 and 3.7; reliability, findings 1 and 7, threats T7 and T8.

mod alarm;
mod fork;
mod held_then;
mod judge;
mod loaded;
mod merging;
mod offered;
mod resting;
mod review;

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use skranke_domain::ids::{CaseId, CommandId, DeviceId};
use skranke_domain::rehearsal::{self, Bug};
use skranke_protocol::chain::{self, Head, Place};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::grant::{Grant, SignedGrant};
use skranke_protocol::signature::PublicKey;
use skranke_protocol::tree;
use skranke_protocol::wire::{
    CommandVerdict, DeferReason, DeviceState, Outcome, PushCommand, QuarantineReason, Scope,
    Verdict,
};
use uuid::Uuid;

use crate::ownership::Doer;
use crate::store::{AuditRow, CentralTransaction, Device, NewFeedItem, StoreError, Stored, Tenant};
pub use fork::{is_handed_over, rekey};
pub use judge::{case_number, citizen_digest, former_citizen_digest, has_run_out};
use loaded::Loaded;
pub use offered::Offered;
pub use review::{release_held, return_held};

/// What admission knows beside the database.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The server's time.
    pub now: DateTime<Utc>,
    /// The key grants are signed with.
    pub server_key: &'a PublicKey,
    /// The key of the citizen digests.
    pub index_key: &'a [u8; 32],
}

/// The result of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// A verdict for each command, in the order sent.
    pub verdicts: Vec<CommandVerdict>,
    /// The device after them.
    pub device: Device,
    /// The tenant after them.
    pub tenant: Tenant,
}

/// Takes the commands of one device in the order sent.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn admit(
    transaction: &mut dyn CentralTransaction,
    device_id: DeviceId,
    commands: &[Offered],
    circumstances: Circumstances<'_>,
) -> Stored<Admitted> {
    let device = transaction
        .device(device_id)?
        .ok_or(StoreError::Row("device"))?;
    let loaded = Loaded::read(transaction, commands.iter().flat_map(Offered::events))?;
    let mut admission = Admission::new(transaction, device, loaded, circumstances);
    let mut verdicts = Vec::with_capacity(commands.len());
    for command in commands {
        let verdict = admission.command(command)?;
        verdicts.push(CommandVerdict {
            command_id: command.sent().command_id,
            verdict,
        });
    }
    admission.finish()?;
    let tenant = admission.transaction.tenant().clone();
    Ok(Admitted {
        verdicts,
        device: admission.device,
        tenant,
    })
}

/// Takes what a device offers a restored store again: grants the store may lack, and commands of any device.
///
/// Each command is judged as if its own device had sent it; only that links which have not arrived may be missing
/// before it. Basis: design, section 6 (epoch).
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn admit_again(
    transaction: &mut dyn CentralTransaction,
    device_id: DeviceId,
    grants: &[String],
    commands: &[Offered],
    circumstances: Circumstances<'_>,
) -> Stored<Admitted> {
    for token in grants {
        let signed = SignedGrant::from_token(token).ok();
        let grant = signed.and_then(|signed| {
            let grant = signed.verify(circumstances.server_key).ok()?;
            Some((grant, signed))
        });
        // What this server never signed, or what is for a device it does not know, cannot be of use to it.
        if let Some((grant, signed)) = grant
            && grant.tenant == transaction.tenant().code
            && transaction.grant(grant.id)?.is_none()
            && transaction.device(grant.device_id)?.is_some()
        {
            give_grant(transaction, &grant, &signed, circumstances)?;
        }
    }
    let mut verdicts = Vec::with_capacity(commands.len());
    for commands in commands.chunk_by(|a, b| a.author() == b.author()) {
        let author = commands.first().and_then(Offered::author);
        // The word of a device this store does not know cannot be checked; it is refused as the sender's.
        let device = match transaction.device(author.unwrap_or(device_id))? {
            Some(device) => device,
            None => transaction
                .device(device_id)?
                .ok_or(StoreError::Row("device"))?,
        };
        let loaded = Loaded::read(transaction, commands.iter().flat_map(Offered::events))?;
        let mut admission = Admission::new(transaction, device, loaded, circumstances);
        admission.offered_by = Some(device_id);
        for command in commands {
            let verdict = admission.command(command)?;
            verdicts.push(CommandVerdict {
                command_id: command.sent().command_id,
                verdict,
            });
        }
        admission.finish()?;
    }
    let device = transaction.device(device_id)?;
    Ok(Admitted {
        verdicts,
        device: device.ok_or(StoreError::Row("device"))?,
        tenant: transaction.tenant().clone(),
    })
}

/// Gives a grant, and takes up work of the same person on the same device that was held apart because it was recorded
/// after an earlier grant ran out, or before there was one.
///
/// The person who signs in now vouches for it; what was done under a *revoked* grant stays for review.
/// Basis: design, section 3 ("work that arrives after its grant was revoked goes to review").
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn give_grant(
    transaction: &mut dyn CentralTransaction,
    grant: &Grant,
    signed: &SignedGrant,
    circumstances: Circumstances<'_>,
) -> Stored<()> {
    transaction.insert_grant(grant.id, grant.staff_id, grant.device_id, signed)?;
    let device = transaction
        .device(grant.device_id)?
        .ok_or(StoreError::Row("device"))?;
    let mut admission = Admission::new(transaction, device, Loaded::default(), circumstances);
    admission.take_up(grant)?;
    admission.finish()
}

/// Bytes of a feed item as a leaf of the tenant's tree.
pub fn leaf(position: u64, item: &NewFeedItem) -> Vec<u8> {
    match item {
        NewFeedItem::Event { case_id, hash, .. } => tree::event_leaf(position, *case_id, hash),
        NewFeedItem::ScopeEntered { case_id, device_id } => {
            tree::scope_leaf(position, true, *case_id, *device_id)
        }
        NewFeedItem::ScopeLeft { case_id, device_id } => {
            tree::scope_leaf(position, false, *case_id, *device_id)
        }
    }
}

/// What is decided about a command's case before anything is stored.
enum Fate {
    Accept { conflicts: Vec<String> },
    Quarantine(QuarantineReason),
    Defer(DeferReason),
}

struct Admission<'t, 'c> {
    transaction: &'t mut (dyn CentralTransaction + 't),
    device: Device,
    /// Who offers the work again where that may be another device than its own.
    offered_by: Option<DeviceId>,
    loaded: Loaded,
    /// Cases that changed; what the look-up answers from is made anew once, at the end.
    changed: BTreeSet<CaseId>,
    /// The alarms that are raised once for all commands taken together, and about which computer.
    watched: BTreeSet<(String, DeviceId)>,
    circumstances: Circumstances<'c>,
}

impl<'t, 'c> Admission<'t, 'c> {
    fn new(
        transaction: &'t mut (dyn CentralTransaction + 't),
        device: Device,
        loaded: Loaded,
        circumstances: Circumstances<'c>,
    ) -> Self {
        Self {
            transaction,
            device,
            offered_by: None,
            loaded,
            changed: BTreeSet::new(),
            watched: BTreeSet::new(),
            circumstances,
        }
    }

    /// Saves what changed as a whole.
    fn finish(&mut self) -> Stored<()> {
        for case_id in std::mem::take(&mut self.changed) {
            let case = self.loaded.case(self.transaction, case_id)?;
            let index = (
                self.circumstances.index_key,
                self.transaction.tenant().code.as_str(),
            );
            if let Some(summary) = judge::summary(case_id, &case.recorded, index) {
                self.transaction.save_case_summary(&summary)?;
            }
        }
        self.transaction.update_device(&self.device)
    }

    fn command(&mut self, offered: &Offered) -> Stored<Verdict> {
        let command = offered.sent();
        let events = offered.events();
        if events.is_empty() {
            return self.refuse(command, QuarantineReason::Malformed);
        }
        if let Some(reason) = self.foreign(offered)? {
            return self.refuse(command, reason);
        }
        if let Some(known) = self.known(command.command_id, events)? {
            self.link(events)?;
            return Ok(known);
        }
        let mut head = self.device.head;
        let mut on_chain = true;
        for event in events {
            match chain::place(&head, event.header()) {
                Place::Next => head = Head::after(event.header(), event.hash()),
                // Others never saw what was held apart: the links before it may be with its own device alone.
                Place::Gap { .. } if self.is_relayed() => {
                    on_chain = false;
                }
                Place::Gap { .. } if self.continues_branch(event)? => {
                    return self.keep_fork(events);
                }
                Place::Gap { .. } => {
                    let reason = DeferReason::ChainGap;
                    self.alarm(reason.code(), reason.alarm(), Some(event))?;
                    return Ok(Verdict::First(Outcome::Deferred { reason }));
                }
                Place::Fork => return self.keep_fork(events),
            }
        }
        let mut fate = self.fate(command.command_id, events)?;
        if on_chain {
            fate = self.in_view_of_what_it_held(events, fate)?;
        }
        let outcome = self.settle(events, fate, on_chain)?;
        if on_chain {
            self.device.head = head;
            self.count(&outcome, events.len() as u64);
        }
        Ok(Verdict::First(outcome))
    }

    /// Makes events that another device offered before them links of the chain, once their turn comes.
    fn link(&mut self, events: &[SealedEvent]) -> Stored<()> {
        for event in events {
            if chain::place(&self.device.head, event.header()) != Place::Next {
                return Ok(());
            }
            let stored = self.loaded.event(self.transaction, event)?;
            let outcome = stored.ok_or(StoreError::Row("event"))?.outcome.clone();
            self.transaction.link_event(event)?;
            self.loaded.link(event);
            self.device.head = Head::after(event.header(), event.hash());
            self.count(&outcome, 1);
        }
        Ok(())
    }

    /// Moves events of a device from one count to another, where they are links of its chain.
    fn recount(&mut self, events: &[SealedEvent], from: &Outcome, to: &Outcome) -> Stored<()> {
        let Some(first) = events.first() else {
            return Ok(());
        };
        let stored = self.loaded.event(self.transaction, first)?;
        if !stored.is_some_and(|stored| stored.on_chain) {
            return Ok(());
        }
        let (author, count) = (first.header().device_id, events.len() as u64);
        if author == self.device.id {
            move_count(&mut self.device, from, to, count);
            return Ok(());
        }
        let other = self.transaction.device(author)?;
        let mut other = other.ok_or(StoreError::Row("device"))?;
        move_count(&mut other, from, to, count);
        self.transaction.update_device(&other)
    }

    /// Why the events cannot be links of this device's chain at all.
    fn foreign(&mut self, offered: &Offered) -> Stored<Option<QuarantineReason>> {
        for event in offered.events() {
            let reason = if event.header().tenant != self.transaction.tenant().code {
                Some(QuarantineReason::OtherTenant)
            } else if event.header().device_id != self.device.id {
                Some(QuarantineReason::OtherDevice)
            } else if !self.is_signed(offered, event)? {
                Some(QuarantineReason::BadSignature)
            } else {
                None
            };
            if reason.is_some() {
                return Ok(reason);
            }
        }
        Ok(None)
    }

    /// Whether the device signed the event. Checking is most of the work of taking a batch in, so it is done before
    /// anything is locked, and for bytes that are stored with this very signature it was done then.
    fn is_signed(&mut self, offered: &Offered, event: &SealedEvent) -> Stored<bool> {
        if offered.is_signed_by(&self.device.public_key) {
            return Ok(true);
        }
        let stored = self.loaded.event(self.transaction, event)?;
        let was_checked = stored.is_some_and(|stored| {
            stored.event.signature() == event.signature()
                && stored.event.header().device_id == event.header().device_id
        });
        Ok(was_checked || event.verify(&self.device.public_key).is_ok())
    }

    /// Keeps what cannot enter the chain, as it came.
    fn refuse(&mut self, command: &PushCommand, reason: QuarantineReason) -> Stored<Verdict> {
        let body = serde_json::to_vec(command).map_err(|_| StoreError::Row("refused_item"))?;
        let now = self.circumstances.now;
        self.transaction
            .keep_refused(self.device.id, reason.code(), &body, now)?;
        // An honest computer may hold work of one that was enrolled after the backup, and is unknown here.
        let is_of_unknown = self.offered_by.is_some() && reason == QuarantineReason::OtherDevice;
        if !is_of_unknown {
            self.alarm(reason.code(), reason.alarm(), None)?;
        }
        Ok(Verdict::First(Outcome::Quarantined { reason }))
    }

    /// The verdict for a command all of whose events are stored already, by content.
    fn known(&mut self, command_id: CommandId, events: &[SealedEvent]) -> Stored<Option<Verdict>> {
        let mut first = None;
        for event in events {
            match self.loaded.event(self.transaction, event)? {
                Some(stored) if stored.event.header().command_id == command_id => {
                    first = Some(stored.outcome.clone());
                }
                _ => return Ok(None),
            }
        }
        for event in events {
            if rehearsal::is_planted(Bug::DroppedReceipt) {
                break;
            }
            self.transaction
                .record_receipt(event, self.device.id, self.circumstances.now)?;
        }
        Ok(first.map(Verdict::Duplicate))
    }

    fn fate(&mut self, command_id: CommandId, events: &[SealedEvent]) -> Stored<Fate> {
        if self.reuses_an_id(command_id, events)? {
            return Ok(Fate::Quarantine(QuarantineReason::OtherContent));
        }
        match self.device.state {
            DeviceState::Active => {}
            DeviceState::Revoked => return Ok(Fate::Quarantine(QuarantineReason::GrantRevoked)),
            DeviceState::Forked | DeviceState::Other(_) => {
                return Ok(Fate::Quarantine(QuarantineReason::DeviceForked));
            }
        }
        if !is_one_command(command_id, events) {
            return Ok(Fate::Quarantine(QuarantineReason::CommandBroken));
        }
        let grant = match self.grant(events)? {
            Ok(grant) => grant,
            Err(reason) => return Ok(Fate::Quarantine(reason)),
        };
        self.case_fate(events, &grant)
    }

    fn reuses_an_id(&mut self, command_id: CommandId, events: &[SealedEvent]) -> Stored<bool> {
        let mut seen = HashSet::new();
        for event in events {
            let id = event.header().id;
            if !seen.insert(id) || !self.loaded.events(self.transaction, id)?.is_empty() {
                return Ok(true);
            }
        }
        self.loaded.has_command(self.transaction, command_id)
    }

    /// What the case says: parents, rights and rules.
    fn case_fate(&mut self, events: &[SealedEvent], grant: &Grant) -> Stored<Fate> {
        let Some(first) = events.first() else {
            return Ok(Fate::Quarantine(QuarantineReason::CommandBroken));
        };
        let case_id = first.header().case_id;
        let is_new = self
            .loaded
            .case(self.transaction, case_id)?
            .recorded
            .is_empty();
        let doer = self.doer(first)?;
        if doer.is_given_cases
            && !is_new
            && !self.transaction.is_in_scope(doer.device_id, case_id)?
        {
            return Ok(Fate::Quarantine(QuarantineReason::NotPermitted));
        }
        if let Some(fate) = self.parents(case_id, events)? {
            return Ok(fate);
        }
        let case = self.loaded.case(self.transaction, case_id)?;
        let conflicts = match judge::judge(case_id, case, events, (&grant.roles, doer)) {
            Ok(conflicts) => conflicts,
            Err(judge::Apart::Quarantine(reason)) => return Ok(Fate::Quarantine(reason)),
            Err(judge::Apart::UnknownKind) => return Ok(Fate::Defer(DeferReason::UnknownKind)),
        };
        let fault = self.merge_fault(case_id, events)?;
        Ok(fault.unwrap_or(Fate::Accept { conflicts }))
    }

    /// Who made an event, at their own computer: what waited is judged when another computer's work comes in.
    fn doer(&mut self, event: &SealedEvent) -> Stored<Doer> {
        let header = event.header();
        let is_given_cases = if header.device_id == self.device.id {
            self.device.scope == Scope::OwnCases
        } else {
            let author = self.transaction.device(header.device_id)?;
            author.is_some_and(|author| author.scope == Scope::OwnCases)
        };
        Ok(Doer {
            staff_id: header.actor,
            device_id: header.device_id,
            is_given_cases,
        })
    }

    /// Whether every event the command builds on is in the case, and everything its author must have seen is named.
    fn parents(&mut self, case_id: CaseId, events: &[SealedEvent]) -> Stored<Option<Fate>> {
        let accepted = self.loaded.case(self.transaction, case_id)?.accepted();
        let mut earlier = HashSet::new();
        for event in events {
            for parent in &event.header().based_on {
                if accepted.contains(parent) || earlier.contains(parent) {
                    continue;
                }
                let stored = self.loaded.events(self.transaction, *parent)?;
                return Ok(Some(match stored.first() {
                    None => Fate::Defer(DeferReason::ParentMissing),
                    Some(stored) if stored.event.header().case_id != case_id => {
                        Fate::Quarantine(QuarantineReason::CommandBroken)
                    }
                    Some(stored) if matches!(stored.outcome, Outcome::Quarantined { .. }) => {
                        Fate::Defer(DeferReason::ParentQuarantined)
                    }
                    Some(_) => Fate::Defer(DeferReason::ParentMissing),
                }));
            }
            earlier.insert(event.header().id);
        }
        // Who made one branch had not seen what the other copy of the computer made under the same name.
        let is_branch = self.is_branch(events)?;
        let case = self.loaded.case(self.transaction, case_id)?;
        let leaves_out =
            judge::leaves_out_beginning(case, events) || judge::leaves_out_own_work(case, events);
        if !is_branch && leaves_out {
            return Ok(Some(Fate::Quarantine(QuarantineReason::UnderstatedBasedOn)));
        }
        Ok(None)
    }

    /// Stores the events as links of the chain with their fate.
    fn settle(&mut self, events: &[SealedEvent], fate: Fate, on_chain: bool) -> Stored<Outcome> {
        let outcome = match fate {
            Fate::Accept { conflicts } => return self.accept(events, &conflicts, Some(on_chain)),
            Fate::Quarantine(reason) => {
                self.alarm(reason.code(), reason.alarm(), events.first())?;
                Outcome::Quarantined { reason }
            }
            Fate::Defer(reason) => {
                self.alarm(reason.code(), reason.alarm(), events.first())?;
                Outcome::Deferred { reason }
            }
        };
        for event in events {
            self.insert(event, &outcome, on_chain)?;
        }
        if let Outcome::Quarantined { reason } = &outcome {
            self.hold_command(events, reason)?;
        }
        Ok(outcome)
    }

    fn insert(&mut self, event: &SealedEvent, outcome: &Outcome, on_chain: bool) -> Stored<()> {
        let now = self.circumstances.now;
        self.transaction
            .insert_event(event, outcome, on_chain, now)?;
        self.loaded.add(event, outcome, on_chain);
        Ok(())
    }

    fn set_outcome(&mut self, event: &SealedEvent, outcome: &Outcome) -> Stored<()> {
        self.transaction.set_outcome(event, outcome)?;
        self.loaded.settle(event, outcome);
        Ok(())
    }

    /// Puts the events into their case and into the feed; new ones as links of the chain or beside it.
    fn accept(
        &mut self,
        events: &[SealedEvent],
        conflicts: &[String],
        new: Option<bool>,
    ) -> Stored<Outcome> {
        let Some(first) = events.first() else {
            return Err(StoreError::Row("event"));
        };
        let now = self.circumstances.now;
        let case_id = first.header().case_id;
        let doer = self.doer(first)?;
        if doer.is_given_cases && !self.transaction.is_in_scope(doer.device_id, case_id)? {
            self.transaction.enter_scope(doer.device_id, case_id)?;
        }
        let mut outcome = Outcome::Accepted { position: 0 };
        for event in events {
            let position = self.transaction.tenant().position() + 1;
            outcome = if conflicts.is_empty() {
                Outcome::Accepted { position }
            } else {
                Outcome::Conflict {
                    position,
                    fields: conflicts.to_vec(),
                }
            };
            if let Some(on_chain) = new {
                self.insert(event, &outcome, on_chain)?;
            } else {
                self.set_outcome(event, &outcome)?;
            }
            self.transaction.append_feed(&NewFeedItem::Event {
                case_id,
                id: event.header().id,
                hash: *event.hash(),
            })?;
        }
        self.changed.insert(case_id);
        self.transaction.audit(&AuditRow {
            id: Uuid::now_v7(),
            at: now,
            device_id: first.header().device_id,
            staff_id: Some(first.header().actor),
            action: "events_accepted",
            purpose: "case_work".to_owned(),
            case_id: Some(case_id),
            citizen_digest: None,
            detail: events
                .iter()
                .map(|event| event.header().kind.as_str())
                .collect::<Vec<_>>()
                .join(" "),
        })?;
        if new.is_some() {
            self.release(case_id)?;
        }
        Ok(outcome)
    }

    /// Takes up commands of the case that waited for what has now arrived.
    fn release(&mut self, case_id: CaseId) -> Stored<()> {
        loop {
            let case = self.loaded.case(self.transaction, case_id)?;
            if case.deferred.is_empty() {
                return Ok(());
            }
            let waiting = case.deferred.clone();
            let mut any = false;
            for events in waiting.chunk_by(|a, b| a.header().command_id == b.header().command_id) {
                any |= self.release_command(events)?;
            }
            if !any {
                return Ok(());
            }
        }
    }

    fn release_command(&mut self, events: &[SealedEvent]) -> Stored<bool> {
        if events.is_empty() {
            return Ok(false);
        }
        let outcome = match self.grant(events)? {
            Err(reason) => Outcome::Quarantined { reason },
            Ok(grant) => match self.case_fate(events, &grant)? {
                Fate::Defer(_) => return Ok(false),
                Fate::Quarantine(reason) => Outcome::Quarantined { reason },
                Fate::Accept { conflicts } => self.accept(events, &conflicts, None)?,
            },
        };
        if let Outcome::Quarantined { reason } = &outcome {
            for event in events {
                self.set_outcome(event, &outcome)?;
            }
            self.hold_command(events, reason)?;
            self.alarm(reason.code(), reason.alarm(), events.first())?;
        }
        let waited = Outcome::Deferred {
            reason: DeferReason::ParentMissing,
        };
        self.recount(events, &waited, &outcome)?;
        Ok(true)
    }

    fn count(&mut self, outcome: &Outcome, events: u64) {
        add_to_count(&mut self.device, outcome, events);
    }
}

fn add_to_count(device: &mut Device, outcome: &Outcome, events: u64) {
    match outcome {
        Outcome::Accepted { .. } | Outcome::Conflict { .. } => device.accepted += events,
        Outcome::Quarantined { .. } => device.quarantined += events,
        Outcome::Deferred { .. } => device.deferred += events,
    }
}

fn move_count(device: &mut Device, from: &Outcome, to: &Outcome, events: u64) {
    let held = match from {
        Outcome::Accepted { .. } | Outcome::Conflict { .. } => &mut device.accepted,
        Outcome::Quarantined { .. } => &mut device.quarantined,
        Outcome::Deferred { .. } => &mut device.deferred,
    };
    *held = held.saturating_sub(events);
    add_to_count(device, to, events);
}

/// Whether the events are 1 to n of one command by one person on one case.
fn is_one_command(command_id: CommandId, events: &[SealedEvent]) -> bool {
    let Some(first) = events.first().map(SealedEvent::header) else {
        return false;
    };
    usize::from(first.n) == events.len()
        && events.iter().zip(1..).all(|(event, k)| {
            let header = event.header();
            header.command_id == command_id
                && header.k == k
                && header.n == first.n
                && header.case_id == first.case_id
                && header.actor == first.actor
                && header.grant_id == first.grant_id
        })
}
