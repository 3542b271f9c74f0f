//! What the store holds of what a batch touches: read at once, kept in step with what the batch adds.
//!
//! Without it every event would ask the database half a dozen questions on its own, each a round trip while the
//! tenant's counter is held. Basis: sync-and-speed 3.2, steps 3 and 4.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use skranke_domain::case::Recorded;
use skranke_domain::ids::{CaseId, CommandId, EventId, GrantId};
use skranke_protocol::envelope::{EventHeader, SealedEvent};
use skranke_protocol::grant::Grant;
use skranke_protocol::signature::PublicKey;
use skranke_protocol::wire::Outcome;

use super::judge;
use crate::store::{CentralTransaction, Stored, StoredEvent, Touched};

/// A case as far as it was accepted, in feed order.
#[derive(Default)]
pub(super) struct LoadedCase {
    /// The accepted events as the rules read them.
    pub(super) recorded: Vec<Recorded>,
    /// Which device recorded which of them under which number.
    pub(super) authors: Vec<judge::Authored>,
    /// What waits for something else, by device and number.
    pub(super) deferred: Vec<SealedEvent>,
}

/// A grant, its signature checked once.
#[derive(Clone)]
pub(super) enum LoadedGrant {
    /// There is none.
    Missing,
    Revoked,
    /// It is stored, but this server did not sign it.
    NotOurs,
    Good(Grant),
}

/// What was read, and what the batch added since.
#[derive(Default)]
pub(super) struct Loaded {
    /// Every event asked for by its id; several under one id only after an alarm.
    by_id: HashMap<EventId, Vec<StoredEvent>>,
    /// Commands asked for, and whether any event of theirs is stored.
    commands: HashMap<CommandId, bool>,
    cases: HashMap<CaseId, LoadedCase>,
    grants: HashMap<GrantId, LoadedGrant>,
}

impl Loaded {
    /// Reads all that a batch touches. What is stored already is found by its ids alone; of commands and cases those are
    /// read that something new belongs to, so that a batch offered again is answered cheaply.
    pub(super) fn read<'e>(
        transaction: &mut (dyn CentralTransaction + '_),
        events: impl Iterator<Item = &'e SealedEvent> + Clone,
    ) -> Stored<Self> {
        let mut loaded = Self::default();
        loaded.read_ids(transaction, events.clone())?;
        let new: Vec<&EventHeader> = events
            .filter(|event| !loaded.holds(event))
            .map(SealedEvent::header)
            .collect();
        loaded.read_around(transaction, &new)?;
        Ok(loaded)
    }

    fn read_ids<'e>(
        &mut self,
        transaction: &mut (dyn CentralTransaction + '_),
        events: impl Iterator<Item = &'e SealedEvent>,
    ) -> Stored<()> {
        let mut touched = Touched::default();
        for id in events.map(|event| event.header().id) {
            if self.by_id.insert(id, Vec::new()).is_none() {
                touched.ids.push(id);
            }
        }
        if touched.ids.is_empty() {
            return Ok(());
        }
        for stored in transaction.touched(&touched)? {
            let header = stored.event.header();
            self.commands.insert(header.command_id, true);
            if let Some(found) = self.by_id.get_mut(&header.id) {
                found.push(stored);
            }
        }
        Ok(())
    }

    /// Reads the commands and cases of events that are not stored.
    fn read_around(
        &mut self,
        transaction: &mut (dyn CentralTransaction + '_),
        new: &[&EventHeader],
    ) -> Stored<()> {
        let mut touched = Touched::default();
        for header in new {
            if let Entry::Vacant(unknown) = self.commands.entry(header.command_id) {
                unknown.insert(false);
                touched.commands.push(header.command_id);
            }
            if let Entry::Vacant(unknown) = self.cases.entry(header.case_id) {
                unknown.insert(LoadedCase::default());
                touched.cases.push(header.case_id);
            }
        }
        if touched.cases.is_empty() {
            return Ok(());
        }
        for stored in transaction.touched(&touched)? {
            let header = stored.event.header();
            if let Some(found) = self.commands.get_mut(&header.command_id) {
                *found = true;
            }
            if let Some(case) = self.cases.get_mut(&header.case_id) {
                case.add(&stored.event, &stored.outcome);
            }
        }
        Ok(())
    }

    /// Whether the event of these very bytes is among those read.
    fn holds(&self, event: &SealedEvent) -> bool {
        let found = self.by_id.get(&event.header().id).into_iter().flatten();
        found
            .map(|stored| stored.event.hash())
            .any(|hash| hash == event.hash())
    }

    /// The events with an id.
    pub(super) fn events(
        &mut self,
        transaction: &mut (dyn CentralTransaction + '_),
        id: EventId,
    ) -> Stored<&[StoredEvent]> {
        Ok(match self.by_id.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(transaction.events_by_id(id)?),
        })
    }

    /// The event of these very bytes, if it is stored.
    pub(super) fn event(
        &mut self,
        transaction: &mut (dyn CentralTransaction + '_),
        event: &SealedEvent,
    ) -> Stored<Option<&StoredEvent>> {
        let found = self.events(transaction, event.header().id)?;
        Ok(found
            .iter()
            .find(|stored| stored.event.hash() == event.hash()))
    }

    /// Whether any event of a command is stored.
    pub(super) fn has_command(
        &mut self,
        transaction: &mut (dyn CentralTransaction + '_),
        id: CommandId,
    ) -> Stored<bool> {
        if let Some(found) = self.commands.get(&id) {
            return Ok(*found);
        }
        let found = !transaction.events_of_command(id)?.is_empty();
        self.commands.insert(id, found);
        Ok(found)
    }

    /// A case.
    pub(super) fn case(
        &mut self,
        transaction: &mut (dyn CentralTransaction + '_),
        id: CaseId,
    ) -> Stored<&mut LoadedCase> {
        match self.cases.entry(id) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => {
                let touched = Touched {
                    cases: vec![id],
                    ..Touched::default()
                };
                let mut case = LoadedCase::default();
                for stored in transaction.touched(&touched)? {
                    case.add(&stored.event, &stored.outcome);
                }
                Ok(unknown.insert(case))
            }
        }
    }

    /// A grant with its own word checked.
    pub(super) fn grant(
        &mut self,
        transaction: &mut (dyn CentralTransaction + '_),
        id: GrantId,
        server_key: &PublicKey,
    ) -> Stored<LoadedGrant> {
        if let Some(known) = self.grants.get(&id) {
            return Ok(known.clone());
        }
        let grant = match transaction.grant(id)? {
            None => LoadedGrant::Missing,
            Some(stored) if stored.revoked_at.is_some() => LoadedGrant::Revoked,
            Some(stored) => match stored.signed.verify(server_key) {
                Ok(grant) => LoadedGrant::Good(grant),
                Err(_) => LoadedGrant::NotOurs,
            },
        };
        self.grants.insert(id, grant.clone());
        Ok(grant)
    }

    /// Takes note of an event that was just stored.
    pub(super) fn add(&mut self, event: &SealedEvent, outcome: &Outcome, on_chain: bool) {
        let header = event.header();
        self.commands.insert(header.command_id, true);
        if let Some(found) = self.by_id.get_mut(&header.id) {
            found.push(StoredEvent {
                event: event.clone(),
                outcome: outcome.clone(),
                on_chain,
            });
        }
        if let Some(case) = self.cases.get_mut(&header.case_id) {
            case.add(event, outcome);
        }
    }

    /// Takes note that an event that was stored before is a link of its device's chain now.
    pub(super) fn link(&mut self, event: &SealedEvent) {
        for stored in self.by_id.get_mut(&event.header().id).into_iter().flatten() {
            stored.on_chain |= stored.event.hash() == event.hash();
        }
    }

    /// Takes note of what became of an event that was stored before.
    pub(super) fn settle(&mut self, event: &SealedEvent, outcome: &Outcome) {
        let header = event.header();
        for stored in self.by_id.get_mut(&header.id).into_iter().flatten() {
            if stored.event.hash() == event.hash() {
                stored.outcome = outcome.clone();
            }
        }
        if let Some(case) = self.cases.get_mut(&header.case_id) {
            case.deferred
                .retain(|waiting| waiting.hash() != event.hash());
            case.add(event, outcome);
        }
    }
}

impl LoadedCase {
    fn add(&mut self, event: &SealedEvent, outcome: &Outcome) {
        match outcome {
            Outcome::Accepted { position } | Outcome::Conflict { position, .. } => {
                // Accepted events were readable when they were taken.
                self.recorded.extend(judge::fold_input(event));
                self.authors.push(judge::Authored::of(event, *position));
            }
            Outcome::Deferred { .. } => self.deferred.push(event.clone()),
            Outcome::Quarantined { .. } => {}
        }
    }

    /// The ids of the accepted events.
    pub(super) fn accepted(&self) -> HashSet<EventId> {
        self.authors.iter().map(|author| author.id).collect()
    }
}
