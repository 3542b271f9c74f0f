//! What can still be read of a database that was set aside is taken over into the new one.
//!
//! The damaged file is only read. Each row is taken for itself: one that cannot be read costs that row alone.
//! What the new store has already, from its outbox log and its second copy, is left as it is.
//!
//! Basis: design, section 5; decision 4.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, TransactionBehavior, params_from_iter};
use skranke_domain::event::Event;
use skranke_domain::ids::{CaseId, StaffId};
use skranke_protocol::payload;

use crate::connection::{self, Mode};
use crate::error::StoreError;
use crate::key::StoreKey;
use crate::projection::DueRule;
use crate::second_copy::Basics;
use crate::tables::{device, event, identity};
use crate::value::{millis, number, uuid};
use crate::vault::{Form, Vault};

/// After so many numbers of the device's chain that cannot be read in a row, the rest is given up.
const GIVE_UP_AFTER: u64 = 1000;

/// What a recovery set aside and what it saved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovered {
    /// The damaged files, by their new names; the folder is the store's own.
    pub files: Vec<PathBuf>,
    /// Cases of this device that are here again, in full or in part.
    pub cases: u32,
    /// Events of this device that are here again.
    pub events: u32,
    /// Drafts that are here again.
    pub drafts: u32,
    /// Accounts that are here again; without one the computer must be set up anew.
    pub accounts: u32,
}

/// Takes over what can be read of the database at `damaged`.
pub(crate) fn take_over(
    into: &mut Connection,
    damaged: &Path,
    key: &StoreKey,
    due_rule: &DueRule,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let old = connection::open(damaged, key, Mode::ReadOnly).ok();
    let transaction = into.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(old) = &old {
        if device::own(&transaction)?.is_none()
            && let Ok(Some(record)) = device::record(old)
        {
            device::restore(&transaction, &record, now)?;
        }
        if let Ok(basics) = Basics::of(old) {
            basics.restore_into(&transaction, now)?;
        }
        take_events(&transaction, old, due_rule)?;
        take_rows(&transaction, old)?;
    }
    transaction.commit()?;
    Ok(())
}

fn take_events(new: &Connection, old: &Connection, due_rule: &DueRule) -> Result<(), StoreError> {
    let Ok(Some(own)) = device::own(old) else {
        return Ok(());
    };
    if device::own(new)?.is_none_or(|here| here.device != own.device) {
        return Ok(());
    }
    let mut changed = std::collections::HashSet::new();
    let mut missed = 0;
    for seq in 1..=own.head.seq {
        if let Ok(Some(found)) = event::own_after(old, seq - 1, 1).map(|mut found| found.pop()) {
            missed = 0;
            if matches!(event::restore(new, &found), Ok(event::Put::New)) {
                changed.insert(found.header().case_id);
            }
        } else {
            missed += 1;
            if missed > GIVE_UP_AFTER {
                break;
            }
        }
    }
    for case in changed {
        event::project(new, case, due_rule)?;
    }
    Ok(())
}

/// Drafts with their files, and what is sealed. The identities they name are noted first.
fn take_rows(new: &Connection, old: &Connection) -> Result<(), StoreError> {
    const ATTACHMENTS: (&str, &str) = (
        "SELECT digest, media_type, size_bytes, view_media_type, state, stored_at FROM attachment",
        "INSERT OR IGNORE INTO attachment (digest, media_type, size_bytes, view_media_type, state, stored_at)
         VALUES (?1, ?2, ?3, ?4, CASE ?5 WHEN 'local' THEN 'local' ELSE 'waiting' END, ?6)",
    );
    const DRAFTS: (&str, &str) = (
        "SELECT id, staff_id, case_id, step, fields, is_parked, created_at, updated_at FROM draft",
        "INSERT OR IGNORE INTO draft (id, staff_id, case_id, step, fields, is_parked, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    );
    const DRAFT_FILES: (&str, &str) = (
        "SELECT draft_id, attachment_digest FROM draft_attachment",
        "INSERT OR IGNORE INTO draft_attachment (draft_id, attachment_digest) VALUES (?1, ?2)",
    );
    const SEALED: (&str, &str) = (
        "SELECT id, first_seq, event_count, state, position, box FROM sealed_command",
        "INSERT OR IGNORE INTO sealed_command (id, first_seq, event_count, state, position, box)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    );
    const SEALED_FILES: (&str, &str) = (
        "SELECT digest, size_bytes, state, position FROM sealed_file",
        "INSERT OR IGNORE INTO sealed_file (digest, size_bytes, state, position) VALUES (?1, ?2, ?3, ?4)",
    );
    copy(new, old, ATTACHMENTS, |_| Ok(()))?;
    copy(new, old, SEALED, |_| Ok(()))?;
    copy(new, old, SEALED_FILES, |_| Ok(()))?;
    copy(new, old, DRAFTS, |row| {
        if let Some(staff) = id_in(&row[1]) {
            identity::note_staff(new, StaffId::from_uuid(uuid(staff)))?;
        }
        match id_in(&row[2]) {
            Some(case) => identity::note_case(new, CaseId::from_uuid(uuid(case))).map(|_| ()),
            None => Ok(()),
        }
    })?;
    copy(new, old, DRAFT_FILES, |_| Ok(()))
}

fn id_in(value: &Value) -> Option<[u8; 16]> {
    match value {
        Value::Blob(bytes) => bytes.as_slice().try_into().ok(),
        Value::Null | Value::Integer(_) | Value::Real(_) | Value::Text(_) => None,
    }
}

fn copy(
    new: &Connection,
    old: &Connection,
    (read, write): (&str, &str),
    first: impl Fn(&[Value]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let Ok(mut statement) = old.prepare(read) else {
        return Ok(());
    };
    let columns = statement.column_count();
    let Ok(mut rows) = statement.query([]) else {
        return Ok(());
    };
    while let Ok(Some(row)) = rows.next() {
        let values: Result<Vec<Value>, _> = (0..columns).map(|at| row.get(at)).collect();
        let Ok(values) = values else { continue };
        first(&values)?;
        // A row that breaks a reference or a rule was damaged: it is left behind.
        let _ = new.prepare_cached(write)?.execute(params_from_iter(values));
    }
    Ok(())
}

/// Files that the events of this device name and whose bytes are here, but of which no row is left: they are to be
/// sent again.
pub(crate) fn put_back_files(
    connection: &Connection,
    vault: &Vault,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const PUT: &str = "
        INSERT OR IGNORE INTO attachment (digest, media_type, size_bytes, view_media_type, state, stored_at)
        VALUES (?1, ?2, ?3, ?4, 'waiting', ?5)";
    let mut after = 0;
    loop {
        let events = event::own_after(connection, after, 500)?;
        let Some(last) = events.last() else {
            return Ok(());
        };
        after = last.header().device_seq;
        for sealed in &events {
            let Ok(recorded) = payload::recorded(sealed) else {
                continue;
            };
            let Some(Event::AttachmentAdded(added)) = recorded.event else {
                continue;
            };
            if vault.get(added.digest, Form::Original).is_err() {
                continue;
            }
            // Every copy to look at is a PDF as it came, or a picture made anew as PNG.
            let view = vault.get(added.digest, Form::View).ok().map(|bytes| {
                if bytes.starts_with(b"%PDF") {
                    "application/pdf"
                } else if bytes.starts_with(b"\x89PNG") {
                    "image/png"
                } else {
                    "image/jpeg"
                }
            });
            connection.prepare_cached(PUT)?.execute(rusqlite::params![
                added.digest.as_bytes(),
                added.media_type,
                number(added.size_bytes)?,
                view,
                millis(now),
            ])?;
        }
    }
}

/// How much is here after a recovery.
pub(crate) fn count(connection: &Connection) -> Result<Recovered, StoreError> {
    let of = |sql| connection.query_row(sql, [], |row| row.get::<_, u32>(0));
    Ok(Recovered {
        files: Vec::new(),
        cases: of("SELECT count(DISTINCT case_id) FROM event")?,
        events: of("SELECT count(*) FROM event")?,
        drafts: of("SELECT count(*) FROM draft")?,
        accounts: of("SELECT count(*) FROM local_account")?,
    })
}
