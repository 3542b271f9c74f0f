//! Work and scans of cases that left this computer, sealed to the central store's recovery key: nobody here can read
//! them, and a central store that was restored gets them back. They go when a backup has them.
//!
//! Basis: design, section 6 (epoch); decision 50.

use rand::rngs::OsRng;
use rusqlite::{Connection, named_params};
use skranke_domain::ids::{CaseId, CommandId, Sha256Digest};
use skranke_protocol::encoding::to_base64_url;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::plan::{OutboxState as Meaning, OwnAttachment, OwnEvent, outbox_state};
use skranke_protocol::recovery::RecoveryKey;
use skranke_protocol::wire::{
    CommandVerdict, MAX_BATCH_BYTES, MAX_BATCH_EVENTS, Outcome, PushBatch, SealedCommand,
};
use zeroize::Zeroizing;

use super::{attachment, device, draft, event, setting};
use crate::error::{Damage, StoreError};
use crate::handle::{ReadHandle, WriteHandle};
use crate::projection;
use crate::value::{id, number, unsigned, uuid};
use crate::vault::Vault;

/// Name of the setting with the central store's recovery key.
const KEY: &str = "recovery_key";

/// Sealed commands that are read at once, to be cut to what a batch carries.
const READ_AT_ONCE: u32 = 100;

/// Commands of a case that may be in no backup, with what the outbox knows of them.
const IN_NO_BACKUP: &str = "
    SELECT c.id, c.device_id, c.event_count, count(e.id) AS here, o.first_seq, o.state,
           coalesce(o.position, max(e.position)) AS position
      FROM command c
      JOIN event e ON e.command_id = c.id
      LEFT JOIN outbox o ON o.command_id = c.id
     WHERE c.case_id = :case_id AND coalesce(o.is_backed_up, 0) = 0
     GROUP BY c.id";

const PUT: &str = "
    INSERT OR REPLACE INTO sealed_command (id, first_seq, event_count, state, position, box)
    VALUES (:id, :first_seq, :event_count, CASE WHEN :position IS NULL THEN 'waiting' ELSE 'kept' END,
            :position, :box)";

const DROP: &str = "DELETE FROM sealed_command WHERE id = :id";
const ANY: &str = "SELECT EXISTS (SELECT 1 FROM sealed_command)";

const BACKED_UP: &str = "DELETE FROM sealed_command WHERE position <= :backup";

const OFFER_AGAIN: &str = "
    UPDATE sealed_command SET state = 'waiting', position = NULL
     WHERE position IS NULL OR position > :shared";

/// Numbers of a former device are no numbers of this device's chain.
const MAKE_FORMER: &str = "UPDATE sealed_command SET first_seq = NULL";

const SET: &str = "UPDATE sealed_command SET state = :state, position = :position WHERE id = :id";

/// Of the device's own alone: a device that was shut out hands over nobody else's, and is wiped without.
const WAITING: &str = "
    SELECT count(*) FROM sealed_command WHERE state = 'waiting' AND first_seq IS NOT NULL";

const FOR_PLAN: &str = "
    SELECT id, first_seq, event_count, state <> 'waiting' AS is_confirmed, length(box) AS bytes
      FROM sealed_command
     WHERE first_seq IS NOT NULL AND state <> 'unopened'
     ORDER BY first_seq";

const OWN: &str = "
    SELECT id, event_count, box
      FROM sealed_command
     WHERE first_seq BETWEEN :first AND :last AND state <> 'unopened'
     ORDER BY first_seq";

const OF_OTHERS: &str = "
    SELECT id, event_count, box
      FROM sealed_command
     WHERE first_seq IS NULL AND state = 'waiting' AND id > :after
     ORDER BY id
     LIMIT :limit";

const OFFERS_OF_OTHERS: &str = "
    SELECT EXISTS (SELECT 1 FROM sealed_command WHERE first_seq IS NULL AND state = 'waiting')";

/// Scans that only this case names, and whether the central store has them whole.
const SCANS: &str = "
    SELECT a.digest, a.size_bytes, a.state = 'confirmed' AS is_confirmed
      FROM case_attachment c
      JOIN attachment a ON a.digest = c.attachment_digest
     WHERE c.case_id = :case_id
       AND NOT EXISTS (SELECT 1 FROM case_attachment o
                        WHERE o.attachment_digest = a.digest AND o.case_id <> :case_id)
       AND NOT EXISTS (SELECT 1
                         FROM draft_attachment t
                         JOIN draft d ON d.id = t.draft_id
                        WHERE t.attachment_digest = a.digest AND d.case_id IS NOT :case_id)";

/// Where a scan stands until the length of the feed is heard. A scan comes to the central store outside its feed, so a
/// backup is sure to have it only where it has something that came after the scan was there.
const NOT_YET_KNOWN: i64 = i64::MAX;

const PUT_FILE: &str = "
    INSERT OR REPLACE INTO sealed_file (digest, size_bytes, state, position)
    VALUES (:digest, :size_bytes, 'kept', :position)";

const PLACE_FILES: &str =
    "UPDATE sealed_file SET position = :next WHERE state = 'kept' AND position = :not_yet_known";

const FILES_BACKED_UP: &str = "
    DELETE FROM sealed_file WHERE state = 'kept' AND position <= :backup RETURNING digest";

const OFFER_FILES_AGAIN: &str = "UPDATE sealed_file SET state = 'waiting'";

const FILES_WAITING: &str =
    "SELECT digest, size_bytes FROM sealed_file WHERE state = 'waiting' ORDER BY digest";

const CONFIRM_FILE: &str = "
    UPDATE sealed_file
       SET state = 'kept', position = :not_yet_known
     WHERE digest = :digest AND state = 'waiting'";

/// A command that is in no backup.
struct Unsafe {
    command: CommandId,
    /// Its first number in this device's own chain.
    first_seq: Option<i64>,
    event_count: u16,
    position: Option<i64>,
}

/// A scan that goes with its case.
struct Scan {
    digest: Sha256Digest,
    size_bytes: i64,
    is_confirmed: bool,
}

/// The central store's recovery key, where it told one.
pub(crate) fn key(connection: &Connection) -> Result<Option<RecoveryKey>, StoreError> {
    let kept = setting::get(connection, KEY)?;
    let text: Option<String> = kept.and_then(|kept| serde_json::from_str(&kept).ok());
    Ok(text.and_then(|text| text.parse().ok()))
}

/// Makes a case ready to go: what no backup has of it is sealed, its scans too, and what was being typed in it goes.
/// Not where some of it was not handed over yet; then nothing is changed.
pub(crate) fn seal_case(
    connection: &Connection,
    vault: &Vault,
    case: CaseId,
    key: &RecoveryKey,
    backup: u64,
) -> Result<bool, StoreError> {
    let scans = scans(connection, case)?;
    let Some(commands) = in_no_backup(connection, case, backup)? else {
        return Ok(false);
    };
    if scans.iter().any(|scan| !scan.is_confirmed) {
        return Ok(false);
    }
    for command in &commands {
        let events = event::of_command(connection, command.command)?;
        connection.prepare_cached(PUT)?.execute(named_params! {
            ":id": id!(command.command),
            ":first_seq": command.first_seq,
            ":event_count": command.event_count,
            ":position": command.position,
            ":box": sealed(&events, key)?,
        })?;
    }
    draft::forget(connection, case)?;
    projection::remove(connection, case)?;
    for scan in &scans {
        if vault.seal(scan.digest, key)? {
            connection
                .prepare_cached(PUT_FILE)?
                .execute(named_params! {
                    ":digest": scan.digest.as_bytes(),
                    ":size_bytes": scan.size_bytes,
                    ":position": NOT_YET_KNOWN,
                })?;
        }
        attachment::forget(connection, scan.digest)?;
        // The file goes before the commit: at worst a row stands for a file of a case that is about to go.
        vault.delete(scan.digest)?;
    }
    Ok(true)
}

/// `None` where some of the device's own work was not taken by the central store yet.
fn in_no_backup(
    connection: &Connection,
    case: CaseId,
    backup: u64,
) -> Result<Option<Vec<Unsafe>>, StoreError> {
    let own = device::own(connection)?.map(|own| id!(own.device));
    let backup = number(backup)?;
    let mut statement = connection.prepare_cached(IN_NO_BACKUP)?;
    let mut rows = statement.query(named_params! { ":case_id": id!(case) })?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let state: Option<String> = row.get("state")?;
        let position: Option<i64> = row.get("position")?;
        let event_count: u16 = row.get("event_count")?;
        match state.as_deref() {
            Some("confirmed") => {}
            Some(_) => return Ok(None),
            // Of a command of another device of which only a part is here, nothing could be offered.
            None if row.get::<_, u16>("here")? < event_count
                || position.is_some_and(|position| position <= backup) =>
            {
                continue;
            }
            None => {}
        }
        let is_own = state.is_some() && own == Some(row.get("device_id")?);
        found.push(Unsafe {
            command: CommandId::from_uuid(uuid(row.get("id")?)),
            first_seq: row.get::<_, Option<i64>>("first_seq")?.filter(|_| is_own),
            event_count,
            position,
        });
    }
    Ok(Some(found))
}

fn scans(connection: &Connection, case: CaseId) -> Result<Vec<Scan>, StoreError> {
    let mut statement = connection.prepare_cached(SCANS)?;
    let scans = statement.query_map(named_params! { ":case_id": id!(case) }, |row| {
        Ok(Scan {
            digest: Sha256Digest::from_bytes(row.get("digest")?),
            size_bytes: row.get("size_bytes")?,
            is_confirmed: row.get("is_confirmed")?,
        })
    })?;
    Ok(scans.collect::<Result<_, _>>()?)
}

/// A whole command in a box, as it would be pushed.
fn sealed(events: &[SealedEvent], key: &RecoveryKey) -> Result<Vec<u8>, StoreError> {
    let command = PushBatch::of(events).commands.into_iter().next();
    let plain = serde_json::to_vec(&command)
        .map(Zeroizing::new)
        .map_err(|_| StoreError::Damaged(Damage::Value))?;
    key.seal(&plain, &mut OsRng)
        .map_err(|_| StoreError::Refused("a command is too large to be sealed"))
}

/// Whether anything is sealed.
pub(crate) fn is_any(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(ANY)?
        .query_row([], |row| row.get(0))?)
}

/// A command is here again to be read.
pub(crate) fn forget(connection: &Connection, command: CommandId) -> Result<(), StoreError> {
    connection
        .prepare_cached(DROP)?
        .execute(named_params! { ":id": id!(command) })?;
    Ok(())
}

/// What is in a backup now goes; returns the scans whose boxes are of no use any more.
pub(crate) fn set_backed_up(
    connection: &Connection,
    backup: u64,
) -> Result<Vec<Sha256Digest>, StoreError> {
    let backup = number(backup)?;
    connection
        .prepare_cached(BACKED_UP)?
        .execute(named_params! { ":backup": backup })?;
    let mut statement = connection.prepare_cached(FILES_BACKED_UP)?;
    let gone = statement.query_map(named_params! { ":backup": backup }, |row| row.get("digest"))?;
    let gone = gone.map(|digest| digest.map(Sha256Digest::from_bytes));
    Ok(gone.collect::<Result<_, _>>()?)
}

/// What the central store lacks since it was restored is to be offered; whether there is anything.
pub(crate) fn offer_again(connection: &Connection, shared: u64) -> Result<bool, StoreError> {
    let commands = connection
        .prepare_cached(OFFER_AGAIN)?
        .execute(named_params! { ":shared": number(shared)? })?;
    let files = connection.prepare_cached(OFFER_FILES_AGAIN)?.execute([])?;
    Ok(commands + files > 0)
}

pub(crate) fn make_former(connection: &Connection) -> Result<(), StoreError> {
    connection.execute(MAKE_FORMER, [])?;
    Ok(())
}

/// Number of own sealed commands that the central store has not answered for good.
pub(crate) fn waiting(connection: &Connection) -> Result<u64, StoreError> {
    let count: i64 = connection
        .prepare_cached(WAITING)?
        .query_row([], |row| row.get(0))?;
    unsigned(count)
}

/// Sealed scans the central store does not have whole.
pub(crate) fn files_waiting(connection: &Connection) -> Result<Vec<OwnAttachment>, StoreError> {
    let mut statement = connection.prepare_cached(FILES_WAITING)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(OwnAttachment {
            digest: Sha256Digest::from_bytes(row.get("digest")?),
            size_bytes: unsigned(row.get("size_bytes")?)?,
            is_sealed: true,
        });
    }
    Ok(found)
}

/// The central store has a scan whole.
pub(crate) fn confirm_file(
    connection: &Connection,
    digest: Sha256Digest,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(CONFIRM_FILE)?
        .execute(named_params! {
            ":digest": digest.as_bytes(),
            ":not_yet_known": NOT_YET_KNOWN,
        })?;
    Ok(())
}

/// The central store says how long its feed is: every scan that it has by now is in a backup of the next position.
pub(crate) fn place_files(connection: &Connection, position: u64) -> Result<(), StoreError> {
    connection
        .prepare_cached(PLACE_FILES)?
        .execute(named_params! {
            ":next": number(position.saturating_add(1))?,
            ":not_yet_known": NOT_YET_KNOWN,
        })?;
    Ok(())
}

fn commands(
    connection: &Connection,
    sql: &str,
    values: &[(&str, &dyn rusqlite::ToSql)],
) -> Result<Vec<SealedCommand>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    let (mut bytes, mut events) = (0, 0);
    while let Some(row) = rows.next()? {
        let sealed: Vec<u8> = row.get("box")?;
        bytes += sealed.len();
        events += usize::from(row.get::<_, u16>("event_count")?);
        let is_full = bytes > MAX_BATCH_BYTES || events > MAX_BATCH_EVENTS;
        if is_full && !found.is_empty() {
            break;
        }
        found.push(SealedCommand {
            command_id: CommandId::from_uuid(uuid(row.get("id")?)),
            sealed: to_base64_url(&sealed),
        });
    }
    Ok(found)
}

impl ReadHandle<'_> {
    /// The central store's recovery key, where it told one.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn recovery_key(&self) -> Result<Option<RecoveryKey>, StoreError> {
        key(self.connection)
    }

    /// Own events that are here sealed alone, as the planner of a synchronisation needs them; their hashes are sealed too.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn sealed_events_for_plan(&self) -> Result<Vec<OwnEvent>, StoreError> {
        let mut statement = self.connection.prepare_cached(FOR_PLAN)?;
        let mut rows = statement.query([])?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            let first = unsigned(row.get("first_seq")?)?;
            let count: u16 = row.get("event_count")?;
            let bytes: u32 = row.get("bytes")?;
            let command_id = CommandId::from_uuid(uuid(row.get("id")?));
            let confirmed = row.get("is_confirmed")?;
            let each = bytes / u32::from(count).max(1);
            let wire_bytes = usize::try_from(each).unwrap_or(usize::MAX);
            events.extend((first..first + u64::from(count)).map(|seq| OwnEvent {
                seq,
                hash: [0; 32],
                command_id,
                wire_bytes,
                confirmed,
            }));
        }
        Ok(events)
    }

    /// The sealed commands of these numbers of the own chain, both ends included.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn sealed_own(&self, first: u64, last: u64) -> Result<Vec<SealedCommand>, StoreError> {
        commands(
            self.connection,
            OWN,
            named_params! { ":first": number(first)?, ":last": number(last)? },
        )
    }

    /// Sealed commands of other devices that are to be offered, after one of them, as many as a batch carries.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn sealed_of_others(
        &self,
        after: Option<CommandId>,
    ) -> Result<Vec<SealedCommand>, StoreError> {
        let after = after.map_or([0; 16], |command| id!(command));
        commands(
            self.connection,
            OF_OTHERS,
            named_params! { ":after": after, ":limit": READ_AT_ONCE },
        )
    }

    /// Whether sealed commands of other devices are to be offered.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn offers_sealed_of_others(&self) -> Result<bool, StoreError> {
        Ok(self
            .connection
            .prepare_cached(OFFERS_OF_OTHERS)?
            .query_row([], |row| row.get(0))?)
    }

    /// Whether anything is here sealed.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn holds_sealed(&self) -> Result<bool, StoreError> {
        is_any(self.connection)
    }

    /// The boxes of a scan's pieces, one after the other.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] and what else the disk answers.
    pub fn sealed_scan(&self, digest: Sha256Digest) -> Result<Vec<u8>, StoreError> {
        self.vault.boxes(digest)
    }
}

impl WriteHandle<'_> {
    /// Keeps the central store's recovery key, whose signature the caller has checked. Cases that wait to go are sealed
    /// to it and go.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn keep_recovery_key(&mut self, key: &RecoveryKey) -> Result<(), StoreError> {
        self.set_setting(KEY, &format!("\"{key}\""))?;
        self.let_go_of_waiting()
    }

    /// Takes in what the central store said of sealed commands: what it accepted is kept until a backup has it, what it
    /// holds apart too, and what it could not open is not offered again in this epoch.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn take_unsealed(
        &mut self,
        verdicts: &[CommandVerdict],
        unopened: &[CommandId],
    ) -> Result<(), StoreError> {
        for CommandVerdict {
            command_id,
            verdict,
        } in verdicts
        {
            let (state, position) = match (outbox_state(verdict), verdict.outcome()) {
                (_, Outcome::Accepted { position } | Outcome::Conflict { position, .. }) => {
                    ("kept", Some(number(*position)?))
                }
                (Meaning::Waiting, _) => ("waiting", None),
                (_, Outcome::Quarantined { .. } | Outcome::Deferred { .. }) => ("apart", None),
            };
            self.set_sealed(*command_id, state, position)?;
        }
        for command in unopened {
            self.set_sealed(*command, "unopened", None)?;
        }
        Ok(())
    }

    fn set_sealed(
        &self,
        command: CommandId,
        state: &str,
        position: Option<i64>,
    ) -> Result<(), StoreError> {
        self.transaction.prepare_cached(SET)?.execute(
            named_params! { ":id": id!(command), ":state": state, ":position": position },
        )?;
        Ok(())
    }
}
