//! Events: the truth. Stored as the bytes they were sealed or received in, folded into cases on demand.

use std::borrow::Borrow;
use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, named_params};
use skranke_domain::case::{Case, Recorded};
use skranke_domain::event::Event;
use skranke_domain::ids::{CaseId, CommandId, DeviceId, EventId};
use skranke_protocol::chain::{self, Head};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::payload;
use skranke_protocol::signature::Signature;

use super::identity::Noted;
use super::{device, kept_count, outbox};
use crate::error::{Damage, StoreError};
use crate::handle::{ReadHandle, WriteHandle};
use crate::projection::{self, DueRule};
use crate::value::{id, millis, number, uuid};

const PUT_COMMAND: &str = "
    INSERT OR IGNORE INTO command (id, case_id, device_id, event_count)
    VALUES (:id, :case_id, :device_id, :event_count)";

macro_rules! put_event {
    ($on_conflict:literal) => {
        concat!(
            "INSERT INTO event (id, case_id, command_id, device_id, device_seq, k, kind, recorded_at,
                                source, position, header, payload, salt, hash, signature)
             VALUES (:id, :case_id, :command_id, :device_id, :device_seq, :k, :kind, :recorded_at,
                     :source, :position, :header, :payload, :salt, :hash, :signature)",
            $on_conflict
        )
    };
}
const PUT_EVENT: &str = put_event!("");
/// Nearly every event is new; what stands in the way of another is looked at only then.
const PUT_NEW_EVENT: &str = put_event!(" ON CONFLICT DO NOTHING");

const HASH_OF: &str = "SELECT hash FROM event WHERE id = :id";

const SET_POSITION: &str = "
    UPDATE event SET position = :position WHERE id = :id AND position IS NULL";

const OF_CASE: &str = "
    SELECT header, payload, salt, signature
      FROM event
     WHERE case_id = :case_id
     ORDER BY id";

const OF_COMMAND: &str = "
    SELECT header, payload, salt, signature
      FROM event
     WHERE command_id = :command_id
     ORDER BY k";

const OWN_AFTER: &str = "
    SELECT header, payload, salt, signature
      FROM event
     WHERE source = 'own' AND device_seq > :after
     ORDER BY device_seq
     LIMIT :limit";

const PULLED_AFTER: &str = "
    SELECT header, payload, salt, signature
      FROM event
     WHERE source = 'pulled' AND position IS NULL AND (device_id, device_seq) > (:device, :seq)
     ORDER BY device_id, device_seq
     LIMIT :limit";

const FORGET_POSITIONS: &str = "UPDATE event SET position = NULL WHERE position > :shared";

const MAKE_FORMER: &str = "UPDATE event SET source = 'pulled' WHERE source = 'own'";

const POSITIONS_OF_CASE: &str = "
    SELECT id, position FROM event WHERE case_id = :case_id AND position IS NOT NULL";

const ALL_CASES: &str = "SELECT DISTINCT case_id FROM event";

const FORGET_EVENTS: &str = "DELETE FROM event WHERE case_id = :case_id";
const FORGET_OUTBOX: &str = "
    DELETE FROM outbox WHERE command_id IN (SELECT id FROM command WHERE case_id = :case_id)";
const FORGET_COMMANDS: &str = "DELETE FROM command WHERE case_id = :case_id";

/// Where an event came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Own,
    Pulled,
}

/// What putting an event did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    New,
    Known,
}

/// Puts an event with its command; a known id with other content is an alarm.
pub(crate) fn put(
    connection: &Connection,
    event: &SealedEvent,
    source: Source,
    position: Option<u64>,
) -> Result<Put, StoreError> {
    put_noting(connection, event, source, position, &mut Noted::default())
}

/// The same for one of many in a transaction.
pub(crate) fn put_noting(
    connection: &Connection,
    event: &SealedEvent,
    source: Source,
    position: Option<u64>,
    noted: &mut Noted,
) -> Result<Put, StoreError> {
    let header = event.header();
    noted.case(connection, header.case_id)?;
    noted.device(connection, header.device_id)?;
    if noted.is_new_command(header.command_id) {
        connection
            .prepare_cached(PUT_COMMAND)?
            .execute(named_params! {
                ":id": id!(header.command_id),
                ":case_id": id!(header.case_id),
                ":device_id": id!(header.device_id),
                ":event_count": header.n,
            })?;
    }
    if insert(connection, PUT_NEW_EVENT, event, source, position)? {
        return Ok(Put::New);
    }
    let known: Option<[u8; 32]> = connection
        .prepare_cached(HASH_OF)?
        .query_row(named_params! { ":id": id!(header.id) }, |row| {
            row.get("hash")
        })
        .optional()?;
    let Some(known) = known else {
        // Another event has its place in a command or in a chain: the engine says which.
        insert(connection, PUT_EVENT, event, source, position)?;
        return Ok(Put::New);
    };
    if known != *event.hash() {
        return Err(StoreError::EventAltered);
    }
    if let Some(position) = position {
        connection
            .prepare_cached(SET_POSITION)?
            .execute(named_params! { ":id": id!(header.id), ":position": number(position)? })?;
    }
    Ok(Put::Known)
}

/// Whether the row was written.
fn insert(
    connection: &Connection,
    sql: &str,
    event: &SealedEvent,
    source: Source,
    position: Option<u64>,
) -> Result<bool, StoreError> {
    let header = event.header();
    let rows = connection.prepare_cached(sql)?.execute(named_params! {
        ":id": id!(header.id),
        ":case_id": id!(header.case_id),
        ":command_id": id!(header.command_id),
        ":device_id": id!(header.device_id),
        ":device_seq": number(header.device_seq)?,
        ":k": header.k,
        ":kind": header.kind,
        ":recorded_at": millis(header.corrected_at()),
        ":source": match source { Source::Own => "own", Source::Pulled => "pulled" },
        ":position": position.map(number).transpose()?,
        ":header": event.header_bytes(),
        ":payload": event.payload_bytes(),
        ":salt": event.salt(),
        ":hash": event.hash(),
        ":signature": event.signature().as_bytes(),
    })?;
    Ok(rows > 0)
}

/// Folds a case and puts its projected rows; returns the case.
pub(crate) fn project(
    connection: &Connection,
    case_id: CaseId,
    due_rule: &DueRule,
) -> Result<Case, StoreError> {
    project_from(
        connection,
        case_id,
        &counting(connection, case_id)?,
        due_rule,
    )
}

/// The same with the events that count at hand.
pub(crate) fn project_from<E: Borrow<SealedEvent>>(
    connection: &Connection,
    case_id: CaseId,
    events: &[E],
    due_rule: &DueRule,
) -> Result<Case, StoreError> {
    let (case, recorded) = fold(case_id, events)?;
    match projection::of(&case, &recorded, due_rule) {
        Some(row) => projection::put(connection, &row)?,
        None => projection::remove(connection, case_id)?,
    }
    Ok(case)
}

fn fold<E: Borrow<SealedEvent>>(
    case_id: CaseId,
    events: &[E],
) -> Result<(Case, Vec<Recorded>), StoreError> {
    let recorded: Vec<Recorded> = events
        .iter()
        .map(|event| {
            let event = event.borrow();
            payload::recorded(event).or_else(|_| unreadable(event))
        })
        .collect::<Result<_, StoreError>>()?;
    Ok((Case::fold(case_id, &recorded), recorded))
}

/// The events that count in a case: all but what a person at the central store sent back, as the central store has it.
/// A case that was sent back from its first event on is shown as it was.
fn counting(connection: &Connection, case_id: CaseId) -> Result<Vec<SealedEvent>, StoreError> {
    let all = read(
        connection,
        OF_CASE,
        named_params! { ":case_id": id!(case_id) },
    )?;
    let sent_back = outbox::sent_back(connection, case_id)?;
    if sent_back.is_empty() {
        return Ok(all);
    }
    let counts = |event: &&SealedEvent| !sent_back.contains(&event.header().command_id);
    let kept: Vec<SealedEvent> = all.iter().filter(counts).cloned().collect();
    let is_open = kept
        .iter()
        .any(|event| event.header().kind == "case_opened");
    Ok(if is_open { kept } else { all })
}

/// An event whose payload this program cannot read folds like a kind it does not know: the case is read-only here.
fn unreadable(event: &SealedEvent) -> Result<Recorded, StoreError> {
    payload::recorded(&event.erased()).map_err(|_| StoreError::Damaged(Damage::Value))
}

/// What this device made is a former device's work from now on.
pub(crate) fn make_former(connection: &Connection) -> Result<(), StoreError> {
    connection.execute(MAKE_FORMER, [])?;
    Ok(())
}

/// An own event that the database lacks, found in the outbox log or in the feed: put back, waiting to be sent, and
/// the device's chain goes on behind it. One of a former device was sent before this one began.
pub(crate) fn restore(connection: &Connection, event: &SealedEvent) -> Result<Put, StoreError> {
    let header = event.header();
    let own = device::own(connection)?;
    if own
        .as_ref()
        .is_some_and(|own| own.device != header.device_id)
    {
        let put = put(connection, event, Source::Pulled, None)?;
        if put == Put::New {
            outbox::put_former(connection, header.command_id)?;
        }
        return Ok(put);
    }
    let put = put(connection, event, Source::Own, None)?;
    if put == Put::New {
        outbox::put(connection, header.command_id, header.device_seq)?;
        note_serial(connection, event)?;
        if own.is_some_and(|own| own.head.seq < header.device_seq) {
            device::set_head(connection, Head::after(header, event.hash()))?;
        }
    }
    Ok(put)
}

/// A case number is never given twice, whatever was lost in between.
fn note_serial(connection: &Connection, event: &SealedEvent) -> Result<(), StoreError> {
    if let Ok(Recorded {
        event: Some(Event::CaseOpened(opened)),
        ..
    }) = payload::recorded(event)
    {
        let text = opened.number.to_string();
        if let Some(year) = text.get(..4).and_then(|year| year.parse().ok()) {
            device::raise_serial(
                connection,
                device::CASE_SERIES,
                year,
                opened.number.serial(),
            )?;
        }
    }
    Ok(())
}

impl ReadHandle<'_> {
    /// The case as its events here make it; `None` where there are none.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn case(&self, case: CaseId) -> Result<Option<Case>, StoreError> {
        let (case, recorded) = fold(case, &counting(self.connection, case)?)?;
        Ok((!recorded.is_empty()).then_some(case))
    }

    /// Every case of which there are events.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn all_case_ids(&self) -> Result<Vec<CaseId>, StoreError> {
        all_cases(self.connection)
    }

    /// The sealed events of a case, in the order of their ids.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn case_events(&self, case: CaseId) -> Result<Vec<SealedEvent>, StoreError> {
        read(
            self.connection,
            OF_CASE,
            named_params! { ":case_id": id!(case) },
        )
    }

    /// The sealed events that count in a case: what was sent back by the central store does not.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn counting_events(&self, case: CaseId) -> Result<Vec<SealedEvent>, StoreError> {
        counting(self.connection, case)
    }

    /// The sealed events of a command, in their order.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn command_events(&self, command: CommandId) -> Result<Vec<SealedEvent>, StoreError> {
        read(
            self.connection,
            OF_COMMAND,
            named_params! { ":command_id": id!(command) },
        )
    }

    /// Own events after a number in this device's chain, in chain order.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn own_events(&self, after_seq: u64, limit: u32) -> Result<Vec<SealedEvent>, StoreError> {
        own_after(self.connection, after_seq, limit)
    }

    /// Events of others after a place in a chain that have no position in the present feed: what a restored central
    /// store may lack. By device and number; a command may be cut at the end.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn pulled_without_position(
        &self,
        after: Option<(DeviceId, u64)>,
        limit: u32,
    ) -> Result<Vec<SealedEvent>, StoreError> {
        let (device, seq) = after.map_or(([0; 16], 0), |(device, seq)| (id!(device), seq));
        read(
            self.connection,
            PULLED_AFTER,
            named_params! { ":device": device, ":seq": number(seq)?, ":limit": limit },
        )
    }

    /// The events of a case that the central store has given a position in its feed.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn confirmed_events(&self, case: CaseId) -> Result<BTreeSet<EventId>, StoreError> {
        let mut statement = self.connection.prepare_cached(POSITIONS_OF_CASE)?;
        let ids = statement
            .query_map(named_params! { ":case_id": id!(case) }, |row| row.get("id"))?
            .map(|id| id.map(uuid).map(EventId::from_uuid))
            .collect::<Result<_, _>>()?;
        Ok(ids)
    }
}

impl WriteHandle<'_> {
    /// Saves the events of one own command: with their outbox row, projections and audit row, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::HeadMoved`] when they do not continue this device's chain, [`StoreError::Refused`] when they are
    /// not one whole command of this device, signed by it.
    pub fn append_command(&mut self, events: &[SealedEvent]) -> Result<Case, StoreError> {
        let own = device::own(&self.transaction)?
            .ok_or(StoreError::Refused("the device is not enrolled"))?;
        let first = events
            .first()
            .ok_or(StoreError::Refused("a command has events"))?
            .header();
        let key = own.signing_key().public();
        for (event, k) in events.iter().zip(1_u16..) {
            let header = event.header();
            let is_whole = header.k == k
                && usize::from(header.n) == events.len()
                && header.command_id == first.command_id
                && header.case_id == first.case_id
                && header.device_id == own.device;
            if !is_whole {
                return Err(StoreError::Refused(
                    "the events are not one command of this device",
                ));
            }
            if event.verify(&key).is_err() {
                return Err(StoreError::Refused("the device did not sign the events"));
            }
        }
        if chain::first_break(own.head, events).is_some() {
            return Err(StoreError::HeadMoved);
        }
        for event in events {
            if put(&self.transaction, event, Source::Own, None)? == Put::Known {
                return Err(StoreError::Refused("the event was saved before"));
            }
            note_serial(&self.transaction, event)?;
        }
        outbox::put(&self.transaction, first.command_id, first.device_seq)?;
        if let Some(last) = events.last() {
            device::set_head(&self.transaction, Head::after(last.header(), last.hash()))?;
        }
        let case = project(&self.transaction, first.case_id, &self.due_rule)?;
        for event in events {
            self.append(event.clone());
        }
        super::attachment::wait_for_upload(&self.transaction, first.case_id)?;
        Ok(case)
    }

    /// Makes every projection anew from the events, and counts own commands anew; returns how many cases there are.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn rebuild_projections(&mut self) -> Result<usize, StoreError> {
        projection::remove_all(&self.transaction)?;
        let cases = all_cases(&self.transaction)?;
        for case in &cases {
            project(&self.transaction, *case, &self.due_rule)?;
        }
        kept_count::count_commands(&self.transaction)?;
        Ok(cases.len())
    }

    /// Whether the projected rows of a case are what its events make; they are made anew for it.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn is_as_rebuilt(&mut self, case: CaseId) -> Result<bool, StoreError> {
        let found = projection::rows(&self.transaction, case)?;
        projection::remove(&self.transaction, case)?;
        project(&self.transaction, case, &self.due_rule)?;
        Ok(found == projection::rows(&self.transaction, case)?)
    }
}

/// Positions of a feed that the central store no longer has.
pub(crate) fn forget_positions(connection: &Connection, shared: u64) -> Result<(), StoreError> {
    connection
        .prepare_cached(FORGET_POSITIONS)?
        .execute(named_params! { ":shared": number(shared)? })?;
    Ok(())
}

/// Takes a case out of this store.
pub(crate) fn forget(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    projection::remove(connection, case)?;
    for sql in [FORGET_OUTBOX, FORGET_EVENTS, FORGET_COMMANDS] {
        connection
            .prepare_cached(sql)?
            .execute(named_params! { ":case_id": id!(case) })?;
    }
    Ok(())
}

pub(crate) fn all_cases(connection: &Connection) -> Result<Vec<CaseId>, StoreError> {
    let mut statement = connection.prepare(ALL_CASES)?;
    let cases = statement
        .query_map([], |row| row.get("case_id"))?
        .map(|id| id.map(uuid).map(CaseId::from_uuid))
        .collect::<Result<_, _>>()?;
    Ok(cases)
}

pub(crate) fn own_after(
    connection: &Connection,
    after_seq: u64,
    limit: u32,
) -> Result<Vec<SealedEvent>, StoreError> {
    read(
        connection,
        OWN_AFTER,
        named_params! { ":after": number(after_seq)?, ":limit": limit },
    )
}

pub(crate) fn of_command(
    connection: &Connection,
    command: CommandId,
) -> Result<Vec<SealedEvent>, StoreError> {
    read(
        connection,
        OF_COMMAND,
        named_params! { ":command_id": id!(command) },
    )
}

fn read(
    connection: &Connection,
    sql: &str,
    values: &[(&str, &dyn rusqlite::ToSql)],
) -> Result<Vec<SealedEvent>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(sealed(row)?);
    }
    Ok(events)
}

fn sealed(row: &Row<'_>) -> Result<SealedEvent, StoreError> {
    SealedEvent::from_parts(
        row.get("header")?,
        row.get("payload")?,
        row.get("salt")?,
        Signature::from_bytes(row.get("signature")?),
    )
    .map_err(|_| StoreError::Damaged(Damage::Value))
}
