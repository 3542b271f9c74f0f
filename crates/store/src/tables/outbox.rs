//! The outbox: what the central store has said of each own command.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, named_params};
use skranke_domain::ids::{CaseId, CommandId};
use skranke_protocol::plan::{OutboxState as Meaning, OwnEvent, outbox_state};
use skranke_protocol::wire::{CommandVerdict, Outcome, QuarantineReason, wire_size_of};

use super::kept_count::KeptCounts;
use super::{event, sealed};
use crate::error::{Damage, StoreError};
use crate::handle::{ReadHandle, WriteHandle};
use crate::value::{coded, id, millis, moment, number, unsigned, uuid, word};

coded! {
    /// Where an own command stands on its way to the central store.
    SyncState {
        /// Not sent yet.
        Waiting => "waiting",
        /// Sent; no answer yet.
        Sent => "sent",
        /// The central store holds it durably.
        Confirmed => "confirmed",
        /// The central store holds it apart; a person must look at it.
        Quarantined => "quarantined",
        /// The central store waits for something before it can take it.
        Deferred => "deferred",
    }
}

/// An own command with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// The command.
    pub command: CommandId,
    /// Its case.
    pub case: CaseId,
    /// Number of its first event in this device's chain.
    pub first_seq: u64,
    /// Number of its events.
    pub event_count: u16,
    /// Where it stands.
    pub state: SyncState,
    /// Code of the verdict or its reason.
    pub verdict: Option<String>,
    /// Position in the feed, once confirmed.
    pub position: Option<u64>,
    /// How often it was sent.
    pub attempts: u32,
    /// When it was last sent.
    pub attempted_at: Option<DateTime<Utc>>,
    /// Whether the central store has it in a backup.
    pub is_backed_up: bool,
}

/// How many own commands stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxCounts {
    /// All there are.
    pub total: u64,
    /// Not sent, or sent without an answer.
    pub waiting: u64,
    /// Held apart by the central store.
    pub quarantined: u64,
    /// Waiting there for something else.
    pub deferred: u64,
}

impl OutboxCounts {
    /// Durably held by the central store.
    pub const fn confirmed(&self) -> u64 {
        self.total - self.waiting - self.quarantined - self.deferred
    }
}

const PUT: &str = "
    INSERT INTO outbox (command_id, first_seq, state)
    VALUES (:command_id, :first_seq, 'waiting')
        ON CONFLICT DO NOTHING";

/// Numbers of commands of a former device begin behind this one: no chain is that long.
const FORMER: i64 = 1 << 40;

/// They stay in their order, behind those that were former before.
const MAKE_FORMER: &str = "
    UPDATE outbox
       SET first_seq = first_seq + (SELECT max(max(first_seq), :former) FROM outbox)
     WHERE first_seq < :former";

const PUT_FORMER: &str = "
    INSERT INTO outbox (command_id, first_seq, state, verdict)
    SELECT :command_id, max(coalesce(max(first_seq), 0), :former) + 1, 'quarantined', 'device_forked'
      FROM outbox
        ON CONFLICT DO NOTHING";

const SET_SENT: &str = "
    UPDATE outbox
       SET state = CASE WHEN state IN ('waiting', 'deferred') THEN 'sent' ELSE state END,
           attempts = attempts + 1, attempted_at = :attempted_at
     WHERE command_id = :command_id";

const SET_STATE: &str = "
    UPDATE outbox
       SET state = :state, verdict = :verdict, position = coalesce(:position, position)
     WHERE command_id = :command_id";

const SET_BACKED_UP: &str = "
    UPDATE outbox SET is_backed_up = 1
     WHERE state = 'confirmed' AND is_backed_up = 0 AND position <= :backup";

const OFFER_AGAIN: &str = "
    UPDATE outbox SET state = 'waiting', verdict = NULL, position = NULL, is_backed_up = 0
     WHERE position IS NULL OR position > :shared";

const UNSETTLED: &str = "
    SELECT o.command_id, c.case_id, o.first_seq, c.event_count, o.state, o.verdict, o.position,
           o.attempts, o.attempted_at, o.is_backed_up
      FROM outbox o
      JOIN command c ON c.id = o.command_id
     WHERE o.state IN ('waiting', 'sent', 'deferred')
     ORDER BY o.first_seq
     LIMIT :limit";

const QUARANTINED: &str = "
    SELECT o.command_id, c.case_id, o.first_seq, c.event_count, o.state, o.verdict, o.position,
           o.attempts, o.attempted_at, o.is_backed_up
      FROM outbox o
      JOIN command c ON c.id = o.command_id
     WHERE o.state = 'quarantined'
     ORDER BY o.first_seq
     LIMIT :limit";

const OF_CASE: &str = "
    SELECT o.command_id, c.case_id, o.first_seq, c.event_count, o.state, o.verdict, o.position,
           o.attempts, o.attempted_at, o.is_backed_up
      FROM command c
      JOIN outbox o ON o.command_id = c.id
     WHERE c.case_id = :case_id
     ORDER BY o.first_seq";

/// Two questions, since each state is found by an index of its own; the second names what its index is over.
const PAPERS_APART: &str = "
    SELECT o.command_id, c.case_id, o.first_seq, c.event_count, o.state, o.verdict, o.position,
           o.attempts, o.attempted_at, o.is_backed_up
      FROM outbox o
      JOIN command c ON c.id = o.command_id
     WHERE o.state = 'quarantined'
       AND EXISTS (SELECT 1 FROM event e WHERE e.command_id = o.command_id AND e.kind = 'paper_issued')
     UNION ALL
    SELECT o.command_id, c.case_id, o.first_seq, c.event_count, o.state, o.verdict, o.position,
           o.attempts, o.attempted_at, o.is_backed_up
      FROM outbox o
      JOIN command c ON c.id = o.command_id
     WHERE o.state IN ('waiting', 'sent', 'deferred') AND o.state = 'deferred'
       AND EXISTS (SELECT 1 FROM event e WHERE e.command_id = o.command_id AND e.kind = 'paper_issued')
     ORDER BY first_seq";

/// Of the quarantined, those a person has sent back: few, and found by their index.
const RETURNED: &str = "
    SELECT count(*) AS returned FROM outbox WHERE state = 'quarantined' AND verdict = 'returned'";

const FOR_PLAN: &str = "
    SELECT e.device_seq, e.hash, e.command_id, e.header, e.payload,
           o.state IN ('confirmed', 'quarantined') AS is_confirmed
      FROM event e
      LEFT JOIN outbox o ON o.command_id = e.command_id
     WHERE e.source = 'own' AND e.device_seq > :after
     ORDER BY e.device_seq";

const HOLDS_UNSAFE: &str = "
    SELECT EXISTS (SELECT 1
                     FROM command c
                     JOIN outbox o ON o.command_id = c.id
                    WHERE c.case_id = :case_id AND o.is_backed_up = 0)";

const UNSAFE: &str = "SELECT command_id FROM outbox WHERE is_backed_up = 0 ORDER BY first_seq";

pub(crate) fn put(
    connection: &Connection,
    command: CommandId,
    first_seq: u64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(PUT)?
        .execute(named_params! { ":command_id": id!(command), ":first_seq": number(first_seq)? })?;
    Ok(())
}

/// Commands so far are those of a former device: their numbers are no longer numbers of this device's chain.
pub(crate) fn make_former(connection: &Connection) -> Result<(), StoreError> {
    connection
        .prepare_cached(MAKE_FORMER)?
        .execute(named_params! { ":former": FORMER })?;
    Ok(())
}

/// A command of a former device that was found again. What became of it is heard with the feed, or where it is held.
pub(crate) fn put_former(connection: &Connection, command: CommandId) -> Result<(), StoreError> {
    connection
        .prepare_cached(PUT_FORMER)?
        .execute(named_params! { ":command_id": id!(command), ":former": FORMER })?;
    Ok(())
}

pub(crate) fn holds_unsafe(connection: &Connection, case: CaseId) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(HOLDS_UNSAFE)?
        .query_row(named_params! { ":case_id": id!(case) }, |row| row.get(0))?)
}

/// Commands that the central store does not have in a backup: what the outbox log must hold.
pub(crate) fn unsafe_commands(connection: &Connection) -> Result<Vec<CommandId>, StoreError> {
    let mut statement = connection.prepare(UNSAFE)?;
    let commands = statement
        .query_map([], |row| row.get("command_id"))?
        .map(|id| id.map(uuid).map(CommandId::from_uuid))
        .collect::<Result<_, _>>()?;
    Ok(commands)
}

pub(crate) fn set_backed_up(connection: &Connection, backup: u64) -> Result<(), StoreError> {
    connection
        .prepare_cached(SET_BACKED_UP)?
        .execute(named_params! { ":backup": number(backup)? })?;
    Ok(())
}

pub(crate) fn confirm(
    connection: &Connection,
    command: CommandId,
    position: u64,
) -> Result<(), StoreError> {
    set(
        connection,
        command,
        SyncState::Confirmed,
        None,
        Some(position),
    )
}

fn set(
    connection: &Connection,
    command: CommandId,
    state: SyncState,
    verdict: Option<&str>,
    position: Option<u64>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(SET_STATE)?
        .execute(named_params! {
            ":command_id": id!(command),
            ":state": state.code(),
            ":verdict": verdict,
            ":position": position.map(number).transpose()?,
        })?;
    Ok(())
}

const SENT_BACK: &str = "
    SELECT o.command_id
      FROM command c
      JOIN outbox o ON o.command_id = c.id
     WHERE c.case_id = :case_id AND o.verdict = 'returned'";

/// Own commands of a case that a person at the central store sent back.
pub(crate) fn sent_back(
    connection: &Connection,
    case: CaseId,
) -> Result<HashSet<CommandId>, StoreError> {
    let mut statement = connection.prepare_cached(SENT_BACK)?;
    let rows = statement.query_map(named_params! { ":case_id": id!(case) }, |row| {
        row.get::<_, [u8; 16]>("command_id")
    })?;
    rows.map(|id| Ok(CommandId::from_uuid(uuid(id?)))).collect()
}

impl ReadHandle<'_> {
    /// How many own commands stand where.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn outbox_counts(&self) -> Result<OutboxCounts, StoreError> {
        let counts = KeptCounts::read(self.connection)?;
        let of = |state: SyncState| counts.of(&["command.", state.code()].concat());
        let mut total = 0;
        for state in SyncState::ALL {
            total += of(*state)?;
        }
        let returned: i64 = self
            .connection
            .prepare_cached(RETURNED)?
            .query_row([], |row| row.get("returned"))?;
        let returned = unsigned(returned)?;
        let sealed = sealed::waiting(self.connection)?;
        Ok(OutboxCounts {
            total: total + sealed - returned,
            waiting: of(SyncState::Waiting)? + of(SyncState::Sent)? + sealed,
            quarantined: of(SyncState::Quarantined)? - returned,
            deferred: of(SyncState::Deferred)?,
        })
    }

    /// Own commands the central store has not answered for good, in chain order.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn unsettled(&self, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        rows(
            self.connection,
            UNSETTLED,
            named_params! { ":limit": limit },
        )
    }

    /// Own commands the central store holds apart, in chain order.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn quarantined(&self, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        rows(
            self.connection,
            QUARANTINED,
            named_params! { ":limit": limit },
        )
    }

    /// Own commands that issued a paper and that the central store holds apart, in chain order.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn papers_apart(&self) -> Result<Vec<OutboxRow>, StoreError> {
        rows(self.connection, PAPERS_APART, &[])
    }

    /// Own commands of a case, in chain order.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn outbox_of_case(&self, case: CaseId) -> Result<Vec<OutboxRow>, StoreError> {
        rows(
            self.connection,
            OF_CASE,
            named_params! { ":case_id": id!(case) },
        )
    }

    /// Cases with commands of this device, and of those how many the central store has confirmed in full.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn outbox_case_counts(&self) -> Result<(u64, u64), StoreError> {
        let counts = KeptCounts::read(self.connection)?;
        Ok((counts.of("own_case")?, counts.of("own_case.confirmed")?))
    }

    /// Own events after a number, as the planner of a synchronisation needs them. They are counted, not read: whoever
    /// sends them does that.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn own_events_for_plan(&self, after_seq: u64) -> Result<Vec<OwnEvent>, StoreError> {
        let mut statement = self.connection.prepare_cached(FOR_PLAN)?;
        let mut rows = statement.query(named_params! { ":after": number(after_seq)? })?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            events.push(planned(row)?);
        }
        Ok(events)
    }
}

impl WriteHandle<'_> {
    /// Notes that commands are being sent.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn mark_sent(&mut self, commands: &[CommandId]) -> Result<(), StoreError> {
        for command in commands {
            self.transaction
                .prepare_cached(SET_SENT)?
                .execute(named_params! {
                    ":command_id": id!(command),
                    ":attempted_at": millis(self.now),
                })?;
        }
        Ok(())
    }

    /// Takes in what the central store said of commands.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn take_verdicts(&mut self, verdicts: &[CommandVerdict]) -> Result<(), StoreError> {
        for CommandVerdict {
            command_id,
            verdict,
        } in verdicts
        {
            let outcome = verdict.outcome();
            let (state, code, position) = match (outbox_state(verdict), outcome) {
                (_, Outcome::Accepted { position }) => {
                    (SyncState::Confirmed, outcome.code(), Some(*position))
                }
                (_, Outcome::Conflict { position, .. }) => {
                    (SyncState::Confirmed, outcome.code(), Some(*position))
                }
                (_, Outcome::Quarantined { reason }) => {
                    (SyncState::Quarantined, reason.code(), None)
                }
                (Meaning::Waiting, Outcome::Deferred { reason }) => {
                    (SyncState::Waiting, reason.code(), None)
                }
                (_, Outcome::Deferred { reason }) => (SyncState::Deferred, reason.code(), None),
            };
            // A code of a later server may be of any length; the row has room for 64 signs.
            let code: String = code.chars().take(64).collect();
            set(&self.transaction, *command_id, state, Some(&code), position)?;
        }
        self.let_go_of_waiting()
    }

    /// Sets work apart that a person at the central store sent back: it counts in its case no more, and stays in the
    /// chain and the history.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn take_sent_back(&mut self, commands: &[(CommandId, CaseId)]) -> Result<(), StoreError> {
        let verdict = QuarantineReason::Returned;
        let state = SyncState::Quarantined;
        for (command, case) in commands {
            set(
                &self.transaction,
                *command,
                state,
                Some(verdict.code()),
                None,
            )?;
            event::project(&self.transaction, *case, &self.due_rule)?;
        }
        Ok(())
    }
}

/// What the central store lacks of own work since it was restored is to be sent again.
pub(crate) fn offer_again(connection: &Connection, shared: u64) -> Result<(), StoreError> {
    connection
        .prepare_cached(OFFER_AGAIN)?
        .execute(named_params! { ":shared": number(shared)? })?;
    Ok(())
}

fn rows(
    connection: &Connection,
    sql: &str,
    values: &[(&str, &dyn rusqlite::ToSql)],
) -> Result<Vec<OutboxRow>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(outbox_row(row)?);
    }
    Ok(found)
}

fn planned(row: &Row<'_>) -> Result<OwnEvent, StoreError> {
    let bytes = |column| -> Result<Option<&[u8]>, StoreError> {
        let value = row.get_ref(column)?;
        value
            .as_blob_or_null()
            .map_err(|_| StoreError::Damaged(Damage::Value))
    };
    let header = bytes("header")?.ok_or(StoreError::Damaged(Damage::Value))?;
    Ok(OwnEvent {
        seq: unsigned(row.get("device_seq")?)?,
        hash: row.get("hash")?,
        command_id: CommandId::from_uuid(uuid(row.get("command_id")?)),
        wire_bytes: wire_size_of(header, bytes("payload")?),
        confirmed: row.get("is_confirmed")?,
    })
}

fn outbox_row(row: &Row<'_>) -> Result<OutboxRow, StoreError> {
    Ok(OutboxRow {
        command: CommandId::from_uuid(uuid(row.get("command_id")?)),
        case: CaseId::from_uuid(uuid(row.get("case_id")?)),
        first_seq: unsigned(row.get("first_seq")?)?,
        event_count: row.get("event_count")?,
        state: word(&row.get::<_, String>("state")?, SyncState::from_code)?,
        verdict: row.get("verdict")?,
        position: row
            .get::<_, Option<i64>>("position")?
            .map(unsigned)
            .transpose()?,
        attempts: row.get("attempts")?,
        attempted_at: row
            .get::<_, Option<i64>>("attempted_at")?
            .map(moment)
            .transpose()?,
        is_backed_up: row.get("is_backed_up")?,
    })
}
