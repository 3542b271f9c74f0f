//! Devices: contact, what they were given, how they were shut out.

use chrono::{DateTime, Utc};
use rusqlite::{Row, named_params};
use skranke_domain::ids::{CaseId, DeviceId, StaffId};
use skranke_protocol::instant;
use skranke_protocol::wire::Scope;
use uuid::Uuid;

use super::super::row;
use super::SqliteTransaction;
use crate::store::devices::{DeviceRecord, DeviceRegister, HANDED_OVER, Revocation};
use crate::store::{StoreError, Stored};

const RECORDS: &str = "
    SELECT id, code, name, public_key, scope, state, seq, head_hash, accepted, quarantined, deferred,
           named_position,
           enrolled_at, last_seen_at, served_position, read_position,
           revoked_at, revoked_by, revoke_reason, wipe_ordered_at, handed_over_at, successor_of,
           (SELECT g.staff_id
              FROM staff_grant AS g
             WHERE g.tenant = device.tenant AND g.device_id = device.id
             ORDER BY g.id DESC
             LIMIT 1) AS last_staff
      FROM device
     WHERE tenant = :tenant AND (:id IS NULL OR id = :id)
     ORDER BY enrolled_at, id";

/// What a device that sees the whole municipality holds: all it was given, and its own work.
const CASES_OF_ALL: &str = "
    SELECT case_id FROM (SELECT DISTINCT case_id
              FROM event
             WHERE tenant = :tenant AND case_id > :after AND position <= :served
             ORDER BY case_id
             LIMIT :limit)
     UNION
    SELECT case_id FROM (SELECT DISTINCT case_id
              FROM event
             WHERE tenant = :tenant AND case_id > :after AND device_id = :id AND :read >= 0
             ORDER BY case_id
             LIMIT :limit)";

/// What a device of limited scope holds: the cases that came into its scope and have not left it here, and its own
/// work in others.
const CASES_OF_SCOPE: &str = "
    SELECT case_id
      FROM device_scope
     WHERE tenant = :tenant AND case_id > :after AND device_id = :id AND entered_position <= :served
       AND (left_position IS NULL OR left_position > :read)
     UNION
    SELECT e.case_id
      FROM event AS e
     WHERE e.tenant = :tenant AND e.case_id > :after AND e.device_id = :id
       AND NOT EXISTS (SELECT 1
                         FROM device_scope AS s
                        WHERE s.tenant = e.tenant AND s.device_id = e.device_id AND s.case_id = e.case_id
                          AND s.left_position <= :read)";

impl SqliteTransaction<'_> {
    fn records(&self, id: Option<DeviceId>) -> Stored<Vec<DeviceRecord>> {
        let mut statement = self.connection.prepare_cached(RECORDS)?;
        let id = id.map(|id| *id.as_uuid().as_bytes());
        let rows = statement.query_map(
            named_params! { ":tenant": self.tenant.code, ":id": id },
            |row| Ok(record(row)),
        )?;
        rows.map(|row| row?).collect()
    }

    fn cases(
        &self,
        record: &DeviceRecord,
        after: Option<CaseId>,
        limit: i64,
    ) -> Stored<Vec<CaseId>> {
        let held = if record.device.scope == Scope::Tenant {
            CASES_OF_ALL
        } else {
            CASES_OF_SCOPE
        };
        let sql = [held, " ORDER BY case_id LIMIT :limit"].concat();
        let after = after.map_or(Uuid::nil(), |case| case.as_uuid());
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(
            named_params! {
                ":tenant": self.tenant.code,
                ":id": record.device.id.as_uuid().as_bytes(),
                ":after": after.as_bytes(),
                ":served": row::number(record.served_position),
                ":read": row::number(record.read_position),
                ":limit": limit,
            },
            |row| Ok(CaseId::from_uuid(Uuid::from_bytes(row.get("case_id")?))),
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl DeviceRegister for SqliteTransaction<'_> {
    fn device_records(&mut self) -> Stored<Vec<DeviceRecord>> {
        self.records(None)
    }

    fn device_record(&mut self, id: DeviceId) -> Stored<Option<DeviceRecord>> {
        Ok(self.records(Some(id))?.pop())
    }

    fn note_seen(&mut self, id: DeviceId, at: DateTime<Utc>) -> Stored<()> {
        self.connection
            .prepare_cached(
                "UPDATE device SET last_seen_at = :at WHERE tenant = :tenant AND id = :id",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":id": id.as_uuid().as_bytes(),
                ":at": instant::to_text(at),
            })?;
        Ok(())
    }

    fn note_served(&mut self, id: DeviceId, read: u64, served: u64) -> Stored<()> {
        self.connection
            .prepare_cached(
                "UPDATE device
                    SET read_position = max(read_position, :read),
                        served_position = max(served_position, :served)
                  WHERE tenant = :tenant AND id = :id",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":id": id.as_uuid().as_bytes(),
                ":read": row::number(read),
                ":served": row::number(served),
            })?;
        Ok(())
    }

    fn holds_event(&mut self, id: DeviceId, seq: u64, hash: &[u8; 32]) -> Stored<bool> {
        const HOLDS: &str = "
            SELECT EXISTS (SELECT 1
                             FROM event
                            WHERE tenant = :tenant AND device_id = :id AND device_seq = :seq
                              AND hash = :hash)";
        let mut statement = self.connection.prepare_cached(HOLDS)?;
        Ok(statement.query_row(
            named_params! {
                ":tenant": self.tenant.code,
                ":hash": hash,
                ":id": id.as_uuid().as_bytes(),
                ":seq": row::number(seq),
            },
            |row| row.get(0),
        )?)
    }

    fn scope_of(&mut self, id: DeviceId) -> Stored<Vec<CaseId>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT case_id
               FROM device_scope
              WHERE tenant = :tenant AND device_id = :id AND left_position IS NULL
              ORDER BY case_id",
        )?;
        let rows = statement.query_map(
            named_params! { ":tenant": self.tenant.code, ":id": id.as_uuid().as_bytes() },
            |row| Ok(CaseId::from_uuid(Uuid::from_bytes(row.get("case_id")?))),
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn handed_over(&mut self, id: DeviceId) -> Stored<Vec<Vec<u8>>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT body
               FROM refused_item
              WHERE tenant = :tenant AND device_id = :id AND reason = :reason
              ORDER BY last_at, digest",
        )?;
        let rows = statement.query_map(
            named_params! {
                ":tenant": self.tenant.code,
                ":id": id.as_uuid().as_bytes(),
                ":reason": HANDED_OVER,
            },
            |row| row.get("body"),
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn save_revocation(&mut self, id: DeviceId, revocation: &Revocation) -> Stored<()> {
        self.connection.execute(
            "UPDATE device
                SET revoked_at = :revoked_at, revoked_by = :revoked_by, revoke_reason = :reason,
                    wipe_ordered_at = :wipe_ordered_at, handed_over_at = :handed_over_at
              WHERE tenant = :tenant AND id = :id",
            named_params! {
                ":tenant": self.tenant.code,
                ":id": id.as_uuid().as_bytes(),
                ":revoked_at": instant::to_text(revocation.at),
                ":revoked_by": revocation.by.map(|by| *by.as_uuid().as_bytes()),
                ":reason": revocation.reason,
                ":wipe_ordered_at": revocation.wipe_ordered_at.map(instant::to_text),
                ":handed_over_at": revocation.handed_over_at.map(instant::to_text),
            },
        )?;
        Ok(())
    }

    fn note_successor(&mut self, id: DeviceId, of: DeviceId) -> Stored<()> {
        self.connection.execute(
            "UPDATE device SET successor_of = :of WHERE tenant = :tenant AND id = :id",
            named_params! {
                ":tenant": self.tenant.code,
                ":id": id.as_uuid().as_bytes(),
                ":of": of.as_uuid().as_bytes(),
            },
        )?;
        Ok(())
    }

    fn cases_on(
        &mut self,
        record: &DeviceRecord,
        after: Option<CaseId>,
        limit: u32,
    ) -> Stored<Vec<CaseId>> {
        self.cases(record, after, i64::from(limit))
    }

    fn count_cases_on(&mut self, record: &DeviceRecord) -> Stored<u64> {
        Ok(self.cases(record, None, i64::MAX)?.len() as u64)
    }
}

fn record(row: &Row<'_>) -> Stored<DeviceRecord> {
    let time = |column: &str| -> Stored<Option<DateTime<Utc>>> {
        let text: Option<String> = row.get(column)?;
        text.map(|text| row::time(&text, "device")).transpose()
    };
    let staff = |column: &str| -> Stored<Option<StaffId>> {
        let id: Option<[u8; 16]> = row.get(column)?;
        Ok(id.map(|id| StaffId::from_uuid(Uuid::from_bytes(id))))
    };
    let revocation = match time("revoked_at")? {
        None => None,
        Some(at) => Some(Revocation {
            at,
            by: staff("revoked_by")?,
            reason: row.get("revoke_reason")?,
            wipe_ordered_at: time("wipe_ordered_at")?,
            handed_over_at: time("handed_over_at")?,
        }),
    };
    Ok(DeviceRecord {
        device: row::device(row)?,
        enrolled_at: time("enrolled_at")?.ok_or(StoreError::Row("device"))?,
        last_seen_at: time("last_seen_at")?,
        last_staff: staff("last_staff")?,
        successor_of: row
            .get::<_, Option<[u8; 16]>>("successor_of")?
            .map(|id| DeviceId::from_uuid(Uuid::from_bytes(id))),
        served_position: row::count(row, "served_position")?,
        read_position: row::count(row, "read_position")?,
        revocation,
    })
}
