//! The embedded backend: SQLite with SQLCipher, write-ahead log, every commit synced.
//!
//! One connection writes; readers have their own, so a slow reader never holds up a commit.
//! Basis: design, sections 5 and 6; reliability, findings 4 and 8.

mod device_log;
mod open;
mod row;
mod transaction;
mod transfer;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, named_params};
use skranke_domain::ids::{CaseId, DeviceId, GrantId, Sha256Digest, StaffId};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::instant;
use skranke_protocol::wire::Scope;
use uuid::Uuid;

use super::key_file::KeyFile;
use super::{
    Alarm, Attachment, AuditEntry, CentralStore, CentralTransaction, Device, EnrolmentCode,
    FeedSlice, NewFeedItem, Page, ServerKeys, Staff, StoreError, Stored, StoredEdition,
    StoredFeedItem, StoredGrant, Tenant,
};
use crate::audit::AuditSeal;
use open::IfMissing;
pub use open::SCHEMA_VERSION;
use row::{DEVICE_COLUMNS, EVENT_COLUMNS};

/// How many positions one page of a device of limited scope looks through.
const SCOPE_WINDOW: u64 = 10_000;
/// Idle reading connections kept open.
const IDLE_READERS: usize = 8;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::Database(Box::new(error))
    }
}

/// The embedded backend.
pub struct SqliteStore {
    path: PathBuf,
    key: KeyFile,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl SqliteStore {
    /// Opens the database, creating or migrating it.
    ///
    /// # Errors
    /// Wrong key, a database of a newer program, or the file cannot be opened.
    pub fn open(path: &Path, key: &KeyFile) -> Stored<Self> {
        Self::open_if(path, key, IfMissing::Make)
    }

    /// Opens a database that is there, migrating it.
    ///
    /// # Errors
    /// As [`SqliteStore::open`], or there is none.
    pub fn open_existing(path: &Path, key: &KeyFile) -> Stored<Self> {
        Self::open_if(path, key, IfMissing::Refuse)
    }

    fn open_if(path: &Path, key: &KeyFile, if_missing: IfMissing) -> Stored<Self> {
        let writer = open::writer(path, key, if_missing)?;
        Ok(Self {
            path: path.to_owned(),
            key: key.clone(),
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
        })
    }

    /// Copies the database as it stands, while it is in use, and checks the copy.
    ///
    /// Returns the position of each tenant in the copy.
    ///
    /// # Errors
    /// The copy cannot be written or does not pass its checks.
    pub fn backup(&self, to: &Path) -> Stored<Vec<(String, u64)>> {
        open::backup(&self.path, to, &self.key)
    }

    /// The writer's journal mode and its `synchronous` setting, for checks of the installation.
    ///
    /// # Errors
    /// The database failed.
    pub fn durability(&self) -> Stored<(String, u8)> {
        self.write(|connection| {
            let journal = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            let synchronous =
                connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
            Ok((journal, synchronous))
        })
    }

    /// The key it was opened with, for attachments beside it.
    pub fn key(&self) -> &KeyFile {
        &self.key
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> Stored<T>) -> Stored<T> {
        let idle = self
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open::reader(&self.path, &self.key)?,
        };
        connection.execute_batch("BEGIN")?;
        let result = work(&connection);
        connection.execute_batch("COMMIT")?;
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
        result
    }

    fn write<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Stored<T> {
        let connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(work(&connection)?)
    }
}

const TENANT: &str = "
    SELECT tenant, epoch, position, frontier, backup_position, audit_rows, epoch_opening
      FROM tenant
     WHERE tenant = :tenant";

fn tenant(connection: &Connection, code: &str) -> Stored<Tenant> {
    connection
        .prepare_cached(TENANT)?
        .query_row(named_params! { ":tenant": code }, |row| {
            Ok(row::tenant(row))
        })
        .optional()?
        .ok_or(StoreError::NoSuchTenant)?
}

fn device(connection: &Connection, tenant: &str, id: DeviceId) -> Stored<Option<Device>> {
    let sql = device_by_id();
    connection
        .prepare_cached(&sql)?
        .query_row(
            named_params! { ":tenant": tenant, ":id": id.as_uuid().as_bytes() },
            |row| Ok(row::device(row)),
        )
        .optional()?
        .transpose()
}

fn device_by_id() -> String {
    [
        "SELECT ",
        DEVICE_COLUMNS,
        " FROM device WHERE tenant = :tenant AND id = :id",
    ]
    .concat()
}

fn newest_edition(connection: &Connection, tenant: &str) -> Stored<u32> {
    connection
        .prepare_cached(
            "SELECT coalesce(max(edition), 0) AS newest FROM profile_edition WHERE tenant = :tenant",
        )?
        .query_row(named_params! { ":tenant": tenant }, |row| row.get("newest"))
        .map_err(Into::into)
}

const GRANT: &str = "
    SELECT body, signature, revoked_at, generation, renewed_at, ended_at
      FROM staff_grant
     WHERE tenant = :tenant AND id = :id";

fn grant(connection: &Connection, tenant: &str, id: GrantId) -> Stored<Option<StoredGrant>> {
    connection
        .prepare_cached(GRANT)?
        .query_row(
            named_params! { ":tenant": tenant, ":id": id.as_uuid().as_bytes() },
            |row| Ok(row::grant(row)),
        )
        .optional()?
        .transpose()
}

fn staff(connection: &Connection, tenant: &str, id: StaffId) -> Stored<Option<Staff>> {
    const STAFF: &str = "
        SELECT id, login, password_hash, roles, active
          FROM staff
         WHERE tenant = :tenant AND id = :id";
    connection
        .prepare_cached(STAFF)?
        .query_row(
            named_params! { ":tenant": tenant, ":id": id.as_uuid().as_bytes() },
            row::staff,
        )
        .optional()
        .map_err(Into::into)
}

fn staff_by_login(connection: &Connection, tenant: &str, login: &str) -> Stored<Option<Staff>> {
    const STAFF: &str = "
        SELECT id, login, password_hash, roles, active
          FROM staff
         WHERE tenant = :tenant AND login = :login";
    connection
        .prepare_cached(STAFF)?
        .query_row(
            named_params! { ":tenant": tenant, ":login": login },
            row::staff,
        )
        .optional()
        .map_err(Into::into)
}

fn enrolment_code(
    connection: &Connection,
    tenant: &str,
    digest: &[u8; 32],
) -> Stored<Option<EnrolmentCode>> {
    const CODE: &str = "
        SELECT digest, scope, expires_at, device_id
          FROM enrolment_code
         WHERE tenant = :tenant AND digest = :digest";
    connection
        .prepare_cached(CODE)?
        .query_row(
            named_params! { ":tenant": tenant, ":digest": digest },
            |row| Ok(row::enrolment_code(row)),
        )
        .optional()?
        .transpose()
}

/// Accepted events of a case up to a position, in feed order.
fn case_events(
    connection: &Connection,
    tenant: &str,
    case_id: CaseId,
    up_to: u64,
) -> Stored<Vec<SealedEvent>> {
    let sql = [
        "SELECT ",
        EVENT_COLUMNS,
        " FROM event WHERE tenant = :tenant AND case_id = :case_id AND position <= :up_to ORDER BY position",
    ]
    .concat();
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(
        named_params! { ":tenant": tenant, ":case_id": case_id.as_uuid().as_bytes(), ":up_to": row::number(up_to) },
        |row| Ok(row::sealed(row)),
    )?;
    rows.map(|row| row?).collect()
}

const AUDIT_ROWS: &str = "
    SELECT id, number, at, device_id, staff_id, action, purpose, case_id, citizen_digest, detail
      FROM audit
     WHERE tenant = :tenant AND number > :after
     ORDER BY number
     LIMIT :limit";

fn audit_rows(
    connection: &Connection,
    tenant: &str,
    after: u64,
    limit: u32,
) -> Stored<Vec<AuditEntry>> {
    let mut statement = connection.prepare_cached(AUDIT_ROWS)?;
    let rows = statement.query_map(
        named_params! { ":tenant": tenant, ":after": row::number(after), ":limit": limit },
        |row| Ok(row::audit_entry(row)),
    )?;
    rows.map(|row| row?).collect()
}

const AUDIT_SEAL: &str = "
    SELECT number, first_row, last_row, previous, digests, signature, sealed_at
      FROM audit_seal
     WHERE tenant = :tenant AND number >= :number
     ORDER BY number
     LIMIT 1";

fn audit_seal(connection: &Connection, tenant: &str, number: u64) -> Stored<Option<AuditSeal>> {
    connection
        .prepare_cached(AUDIT_SEAL)?
        .query_row(
            named_params! { ":tenant": tenant, ":number": row::number(number) },
            |row| Ok(row::audit_seal(row)),
        )
        .optional()?
        .transpose()
}

const FEED: &str = "
    SELECT f.position AS at_position, f.item, f.case_id AS item_case,
           e.hash, e.header, e.payload, e.salt, e.signature
      FROM feed_item AS f
      LEFT JOIN event AS e ON e.tenant = f.tenant AND e.id = f.event_id AND e.hash = f.event_hash
     WHERE f.tenant = :tenant
       AND f.position > :after
       AND f.position <= :to
       AND (f.device_id IS NULL OR f.device_id = :device_id)
       AND (f.item <> 'event' OR :all_cases = 1 OR EXISTS (
             SELECT 1
               FROM device_scope AS s
              WHERE s.tenant = f.tenant
                AND s.device_id = :device_id
                AND s.case_id = f.case_id
                AND s.entered_position < f.position
                AND (s.left_position IS NULL OR s.left_position > f.position)))
     ORDER BY f.position
     LIMIT :limit";

const FEED_ITEMS: &str = "
    SELECT item, case_id, event_id, event_hash, device_id
      FROM feed_item
     WHERE tenant = :tenant AND position > :after AND position <= :to
     ORDER BY position";

impl CentralStore for SqliteStore {
    fn server_keys(&self) -> Stored<ServerKeys> {
        self.read(|connection| {
            connection
                .query_row(
                    "SELECT signing_seed, index_key FROM server WHERE id = 1",
                    [],
                    |row| {
                        Ok(ServerKeys {
                            signing_seed: row.get("signing_seed")?,
                            index_key: row.get("index_key")?,
                        })
                    },
                )
                .map_err(Into::into)
        })
    }

    fn create_tenant(&self, tenant: &str, now: DateTime<Utc>) -> Stored<()> {
        self.write(|connection| {
            connection.execute(
                "INSERT INTO tenant (tenant, epoch, position, frontier, backup_position, next_device, audit_rows, created_at)
                 VALUES (:tenant, 1, 0, x'', 0, 1, 0, :created_at)
                 ON CONFLICT (tenant) DO NOTHING",
                named_params! { ":tenant": tenant, ":created_at": instant::to_text(now) },
            )
        })?;
        Ok(())
    }

    fn begin(&self, tenant: &str) -> Stored<Box<dyn CentralTransaction + '_>> {
        let connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Box::new(transaction::SqliteTransaction::begin(
            connection, tenant,
        )?))
    }

    fn tenant(&self, code: &str) -> Stored<Tenant> {
        self.read(|connection| tenant(connection, code))
    }

    fn device(&self, tenant: &str, id: DeviceId) -> Stored<Option<Device>> {
        self.read(|connection| device(connection, tenant, id))
    }

    fn device_and_tenant(&self, code: &str, id: DeviceId) -> Stored<Option<(Device, Tenant)>> {
        self.read(|connection| match device(connection, code, id)? {
            Some(device) => Ok(Some((device, tenant(connection, code)?))),
            None => Ok(None),
        })
    }

    fn feed(&self, code: &str, device: &Device, after: u64, limit: u32) -> Stored<FeedSlice> {
        self.read(|connection| {
            let tenant = tenant(connection, code)?;
            let all_cases = device.scope == Scope::Tenant;
            let end = if all_cases {
                tenant.position()
            } else {
                tenant.position().min(after.saturating_add(SCOPE_WINDOW))
            };
            let mut statement = connection.prepare_cached(FEED)?;
            let rows = statement.query_map(
                named_params! {
                    ":tenant": code,
                    ":after": row::number(after),
                    ":to": row::number(end),
                    ":device_id": device.id.as_uuid().as_bytes(),
                    ":all_cases": all_cases,
                    ":limit": limit,
                },
                |row| Ok(row::feed_item(row)),
            )?;
            let mut page = Page::default();
            let mut is_cut = false;
            for found in rows {
                let (position, found) = found??;
                let item = match found {
                    row::Fed::Event(event) => StoredFeedItem::Event(event),
                    row::Fed::ScopeEntered(case_id) => StoredFeedItem::ScopeEntered(
                        case_id,
                        case_events(connection, code, case_id, position)?,
                    ),
                    row::Fed::ScopeLeft(case_id) => StoredFeedItem::ScopeLeft(case_id),
                };
                if !page.takes(position, item) {
                    is_cut = true;
                    break;
                }
            }
            let items = page.items;
            let is_full = is_cut || items.len() >= limit as usize;
            let read_to = match items.last() {
                Some((position, _)) if is_full => *position,
                _ => end.max(after.min(tenant.position())),
            };
            Ok(FeedSlice {
                items,
                read_to,
                tenant,
            })
        })
    }

    fn feed_items(&self, tenant: &str, after: u64, to: u64) -> Stored<Vec<NewFeedItem>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(FEED_ITEMS)?;
            let rows = statement.query_map(
                named_params! {
                    ":tenant": tenant,
                    ":after": row::number(after),
                    ":to": row::number(to),
                },
                |row| Ok(row::new_feed_item(row)),
            )?;
            rows.map(|found| found?).collect()
        })
    }

    fn scope(&self, tenant: &str, device: DeviceId) -> Stored<BTreeSet<CaseId>> {
        const CASES: &str = "
            SELECT case_id
              FROM device_scope
             WHERE tenant = :tenant AND device_id = :device_id AND left_position IS NULL";
        self.read(|connection| {
            let mut statement = connection.prepare_cached(CASES)?;
            let rows = statement.query_map(
                named_params! { ":tenant": tenant, ":device_id": device.as_uuid().as_bytes() },
                |row| Ok(CaseId::from_uuid(Uuid::from_bytes(row.get("case_id")?))),
            )?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn grant(&self, tenant: &str, id: GrantId) -> Stored<Option<StoredGrant>> {
        self.read(|connection| grant(connection, tenant, id))
    }

    fn staff(&self, tenant: &str, id: StaffId) -> Stored<Option<Staff>> {
        self.read(|connection| staff(connection, tenant, id))
    }

    fn staff_by_login(&self, tenant: &str, login: &str) -> Stored<Option<Staff>> {
        self.read(|connection| staff_by_login(connection, tenant, login))
    }

    fn enrolment_code(&self, tenant: &str, digest: &[u8; 32]) -> Stored<Option<EnrolmentCode>> {
        self.read(|connection| enrolment_code(connection, tenant, digest))
    }

    fn attachment(&self, tenant: &str, digest: &Sha256Digest) -> Stored<Option<Attachment>> {
        const ATTACHMENT: &str = "
            SELECT size_bytes, media_type
              FROM attachment
             WHERE tenant = :tenant AND digest = :digest";
        self.read(|connection| {
            connection
                .prepare_cached(ATTACHMENT)?
                .query_row(
                    named_params! { ":tenant": tenant, ":digest": digest.as_bytes() },
                    |row| {
                        Ok(Attachment {
                            digest: *digest,
                            size_bytes: row::count(row, "size_bytes")?,
                            media_type: row.get("media_type")?,
                        })
                    },
                )
                .optional()
                .map_err(Into::into)
        })
    }

    fn newest_edition(&self, tenant: &str) -> Stored<u32> {
        self.read(|connection| newest_edition(connection, tenant))
    }

    fn editions(&self, tenant: &str, after: u32, limit: u32) -> Stored<Vec<StoredEdition>> {
        const EDITIONS: &str = "
            SELECT edition, body, device_id, staff_id, initials, reason, made_at
              FROM profile_edition
             WHERE tenant = :tenant AND edition > :after
             ORDER BY edition
             LIMIT :limit";
        self.read(|connection| {
            let mut statement = connection.prepare_cached(EDITIONS)?;
            let rows = statement.query_map(
                named_params! { ":tenant": tenant, ":after": after, ":limit": limit },
                |row| Ok(row::edition(row)),
            )?;
            rows.map(|row| row?).collect()
        })
    }

    fn receipts(&self, tenant: &str, hash: &[u8; 32]) -> Stored<u64> {
        self.read(|connection| {
            let times = connection
                .prepare_cached(
                    "SELECT coalesce(sum(times), 0) AS times
                       FROM receipt
                      WHERE tenant = :tenant AND event_hash = :event_hash",
                )?
                .query_row(
                    named_params! { ":tenant": tenant, ":event_hash": hash },
                    |row| row::count(row, "times"),
                )?;
            Ok(times)
        })
    }

    fn alarms(&self, tenant: &str) -> Stored<Vec<Alarm>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT code, device_id, raised_at FROM alarm WHERE tenant = :tenant ORDER BY id",
            )?;
            let rows = statement.query_map(named_params! { ":tenant": tenant }, |row| {
                Ok(row::alarm(row))
            })?;
            rows.map(|row| row?).collect()
        })
    }

    fn audit(&self, tenant: &str, after: Option<Uuid>, limit: u32) -> Stored<Vec<AuditEntry>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, number, at, device_id, staff_id, action, purpose, case_id, citizen_digest, detail
                   FROM audit
                  WHERE tenant = :tenant AND id > :after
                  ORDER BY id
                  LIMIT :limit",
            )?;
            let after = after.unwrap_or(Uuid::nil());
            let rows = statement.query_map(
                named_params! { ":tenant": tenant, ":after": after.as_bytes(), ":limit": limit },
                |row| Ok(row::audit_entry(row)),
            )?;
            rows.map(|row| row?).collect()
        })
    }

    fn audit_rows(&self, tenant: &str, after: u64, limit: u32) -> Stored<Vec<AuditEntry>> {
        self.read(|connection| audit_rows(connection, tenant, after, limit))
    }

    fn audit_seal(&self, tenant: &str, number: u64) -> Stored<Option<AuditSeal>> {
        self.read(|connection| audit_seal(connection, tenant, number))
    }

    fn ping(&self) -> Stored<()> {
        self.read(|connection| Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?))
    }
}

#[cfg(test)]
mod tests;
