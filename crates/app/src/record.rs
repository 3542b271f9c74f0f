//! Recording what happened: each event is checked against the case as it then stands, sealed, and saved together with
//! its audit row. A command's events are saved all or none.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use rand::RngCore;
use rand::rngs::OsRng;
use skranke_domain::case::{Case, Recorded, act_of, check};
use skranke_domain::danish_time;
use skranke_domain::event::Event;
use skranke_domain::ids::{CaseId, CommandId, EventId, GrantId};
use skranke_domain::role::{Act, Ownership};
use skranke_protocol::envelope::{SealedEvent, Unsealed};
use skranke_protocol::grant::NO_GRANT;
use skranke_protocol::payload;
use skranke_store::{Action, Actor, Entry, ReadHandle, WriteHandle};
use uuid::Uuid;

use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::state::{AtWork, Session};
use crate::usecases::synchronise::{device_codes, grant_in};

/// A case with the events it was folded from.
pub(crate) struct Loaded {
    pub(crate) case: Case,
    pub(crate) recorded: Vec<Recorded>,
    /// Where each event was made, and how the central store stands to it.
    pub(crate) origin: HashMap<EventId, Origin>,
}

/// Where an event was made, and how the central store stands to it.
#[derive(Clone, Default)]
pub(crate) struct Origin {
    /// Code of the computer; empty where this one was not told it.
    pub(crate) device: String,
    /// Whether it is this computer.
    pub(crate) is_here: bool,
    /// Code of its standing with the central store.
    pub(crate) sync: &'static str,
}

impl Loaded {
    /// How the case as a whole stands to the central store: the least settled of its events.
    pub(crate) fn sync(&self) -> String {
        let worst = ["quarantined", "deferred", "waiting", "sent"];
        let stands = |code: &&&str| self.origin.values().any(|origin| origin.sync == **code);
        worst
            .iter()
            .find(stands)
            .map_or("confirmed", |code| code)
            .to_owned()
    }
}

/// Loads a case.
///
/// # Errors
/// `CaseNotFound`, or what the store reports.
pub(crate) fn load(read: &ReadHandle<'_>, id: CaseId) -> Result<Loaded, AppError> {
    let stored = read.counting_events(id)?;
    if stored.is_empty() {
        return Err(AppError::of(ErrorCode::CaseNotFound));
    }
    let own = read.own_device()?;
    let others = device_codes(read)?;
    let standing: HashMap<CommandId, &'static str> = read
        .outbox_of_case(id)?
        .into_iter()
        .map(|row| (row.command, row.state.code()))
        .collect();
    let mut recorded = Vec::with_capacity(stored.len());
    let mut origin = HashMap::with_capacity(stored.len());
    for event in &stored {
        let header = event.header();
        let here = own.as_ref().filter(|own| own.device == header.device_id);
        let device = match here {
            Some(own) => Some(&own.code),
            None => others.get(&header.device_id.to_string()),
        };
        // What came from the central store is there by definition.
        let sync = standing
            .get(&header.command_id)
            .copied()
            .unwrap_or("confirmed");
        let made = Origin {
            device: device.cloned().unwrap_or_default(),
            is_here: here.is_some(),
            sync,
        };
        origin.insert(header.id, made);
        recorded
            .push(payload::recorded(event).map_err(|_| AppError::of(ErrorCode::DatabaseDamaged))?);
    }
    Ok(Loaded {
        case: Case::fold(id, &recorded),
        recorded,
        origin,
    })
}

/// A command on the way: nothing is kept unless [`Command::save`] is called.
pub(crate) struct Command<'s> {
    pub(crate) case: Case,
    pub(crate) write: WriteHandle<'s>,
    /// Whose the case is to whoever acts here; theirs where they open it.
    ownership: Ownership,
    recorded: Vec<Recorded>,
    events: Vec<Event>,
    id: CommandId,
    session: Session,
    actor: Actor,
    /// By this computer's own clock.
    now: DateTime<Utc>,
    /// The same moment by the clock that what people do is dated by.
    pub(crate) legal_now: DateTime<Utc>,
    tenant: String,
}

impl<'s> Command<'s> {
    /// Records that whoever acts here has no conflict of interest. What a colleague said of themselves counts for
    /// nobody else. Basis: row 4-31.
    ///
    /// # Errors
    /// `ConflictOfInterest` where they do not say so, or have said in this case that they have one.
    pub(crate) fn has_no_conflict(&mut self, said: bool) -> Result<(), AppError> {
        if !said || self.declared_conflict() {
            return Err(AppError::of(ErrorCode::ConflictOfInterest));
        }
        self.add(Event::ConflictOfInterestChecked { none: true })
    }

    /// Whether whoever acts here has said in this case that they have a conflict of interest.
    fn declared_conflict(&self) -> bool {
        let declared = |recorded: &Recorded| {
            recorded.actor == self.session.staff
                && matches!(
                    recorded.event,
                    Some(Event::ConflictOfInterestChecked { none: false })
                )
        };
        self.recorded.iter().any(declared)
    }

    /// A command on a case that exists and that whoever acts here may look at.
    ///
    /// # Errors
    /// `CaseNotFound`, `NotPermitted`, or what the store reports.
    pub(crate) fn on(work: AtWork<'s>, tenant: &str, id: CaseId) -> Result<Self, AppError> {
        let ownership = work.ownership(id)?;
        work.session.needs_with(Act::ReadCase, Some(ownership))?;
        let entry = Entry::new(Action::CommandSaved, work.now).on_case(id);
        let mut command = Self::begin(work, tenant, id, &entry)?;
        command.ownership = ownership;
        let loaded = load(&command.write.reading(), id)?;
        command.case = loaded.case;
        command.recorded = loaded.recorded;
        Ok(command)
    }

    /// A command that opens a new case.
    ///
    /// # Errors
    /// What the store reports.
    pub(crate) fn opening(work: AtWork<'s>, tenant: &str, id: CaseId) -> Result<Self, AppError> {
        let entry = Entry::new(Action::CommandSaved, work.now).on_case(id);
        Self::begin(work, tenant, id, &entry)
    }

    fn begin(work: AtWork<'s>, tenant: &str, id: CaseId, entry: &Entry) -> Result<Self, AppError> {
        let AtWork {
            store,
            session,
            actor,
            now,
            legal_now,
        } = work;
        let write = store.write(&actor, entry.clone())?;
        Ok(Self {
            case: Case::empty(id),
            write,
            ownership: Ownership::Own,
            recorded: Vec::new(),
            events: Vec::new(),
            id: CommandId::from_uuid(Uuid::now_v7()),
            session,
            actor,
            now,
            legal_now,
            tenant: tenant.to_owned(),
        })
    }

    /// Today in Denmark.
    pub(crate) fn today(&self) -> NaiveDate {
        danish_time::date_at(self.legal_now)
    }

    /// Adds an event, if the roles permit it and the case as it then stands allows it.
    ///
    /// # Errors
    /// `NotPermitted`, or the rule that would be broken.
    pub(crate) fn add(&mut self, event: Event) -> Result<(), AppError> {
        self.session
            .needs_with(act_of(&event), Some(self.ownership))?;
        check(&self.case, &event)?;
        self.recorded.push(Recorded {
            // A stand-in until the whole command is sealed: the fold only needs the event's place.
            id: EventId::from_uuid(Uuid::now_v7()),
            command: self.id,
            based_on: self.case.heads.clone(),
            recorded_at: self.legal_now,
            hash: [0; 32],
            actor: self.actor.staff,
            event: Some(event.clone()),
        });
        self.events.push(event);
        self.case = Case::fold(self.case.id, &self.recorded);
        Ok(())
    }

    /// Seals the events and begins a command that opens another case, in the same write: all is saved or nothing.
    ///
    /// # Errors
    /// What the store reports.
    pub(crate) fn and_opening(mut self, id: CaseId) -> Result<Self, AppError> {
        self.seal()?;
        let entry = Entry::new(Action::CommandSaved, self.now).on_case(id);
        self.write.also(&entry)?;
        self.case = Case::empty(id);
        self.recorded.clear();
        self.events.clear();
        self.id = CommandId::from_uuid(Uuid::now_v7());
        Ok(self)
    }

    /// Seals the events and begins a command on another case, in the same write: all is saved or nothing.
    ///
    /// # Errors
    /// `CaseNotFound`, or what the store reports.
    pub(crate) fn and_on(self, id: CaseId) -> Result<Self, AppError> {
        let mut command = self.and_opening(id)?;
        let loaded = load(&command.write.reading(), id)?;
        command.case = loaded.case;
        command.recorded = loaded.recorded;
        Ok(command)
    }

    /// Seals the events and makes them durable. Gives the case's id.
    ///
    /// # Errors
    /// What the store reports; then nothing was saved.
    pub(crate) fn save(mut self) -> Result<CaseId, AppError> {
        self.seal()?;
        let case = self.case.id;
        // A second copy that is behind is told by the status line, from the store itself.
        self.write.commit()?;
        Ok(case)
    }

    fn seal(&mut self) -> Result<(), AppError> {
        let case = self.case.id;
        if self.events.is_empty() {
            return Ok(());
        }
        let own = self
            .write
            .reading()
            .own_device()?
            .ok_or_else(|| AppError::of(ErrorCode::FirstRunNeeded))?;
        let key = own.signing_key();
        let grant_id = self.grant()?;
        let number = |at: usize| u16::try_from(at).map_err(|_| AppError::of(ErrorCode::Internal));
        let n = number(self.events.len())?;
        let seen_before = self.recorded[self.recorded.len() - self.events.len()]
            .based_on
            .clone();
        let mut sealed: Vec<SealedEvent> = Vec::with_capacity(self.events.len());
        for (index, event) in self.events.iter().enumerate() {
            let before = sealed.last();
            let mut salt = [0_u8; 16];
            OsRng.fill_bytes(&mut salt);
            let unsealed = Unsealed {
                id: EventId::from_uuid(Uuid::now_v7()),
                tenant: self.tenant.clone(),
                case_id: case,
                command_id: self.id,
                k: number(index + 1)?,
                n,
                device_id: own.device,
                device_seq: own.head.seq + 1 + index as u64,
                prev_hash: before.map(|event| *event.hash()).or(own.head.hash),
                recorded_at: self.now,
                clock_offset_ms: (self.legal_now - self.now).num_milliseconds(),
                actor: self.actor.staff,
                grant_id,
                based_on: before
                    .map_or_else(|| seen_before.clone(), |event| vec![event.header().id]),
            };
            sealed.push(unsealed.seal(event, salt, &key)?);
        }
        self.write.append_command(&sealed)?;
        Ok(())
    }

    /// The grant the work is done under. One that has run out is named all the same: the status line warns, and the
    /// central store takes the work up when the person has signed in there again.
    fn grant(&self) -> Result<GrantId, AppError> {
        let held = grant_in(&self.write.reading(), self.actor.staff, self.legal_now)?;
        Ok(held.map_or(NO_GRANT, |(_, grant)| grant.id))
    }
}
