//! Devices: contact, what they were given, how they were shut out.

use chrono::{DateTime, Utc};
use skranke_domain::ids::{CaseId, DeviceId, StaffId};
use skranke_protocol::wire::Scope;
use tokio_postgres::Row;
use uuid::Uuid;

use super::super::link::Owned;
use super::super::row::{self, number};
use super::{PostgresTransaction, owned};
use crate::store::Stored;
use crate::store::devices::{DeviceRecord, DeviceRegister, HANDED_OVER, Revocation};

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
     WHERE tenant = $1 AND ($2::uuid IS NULL OR id = $2)
     ORDER BY enrolled_at, id";

/// What a device that sees the whole municipality holds: all it was given, and its own work.
const CASES_OF_ALL: &str = "
    (SELECT DISTINCT case_id
       FROM event
      WHERE tenant = $1 AND case_id > $3 AND position <= $4
      ORDER BY case_id
      LIMIT $6)
     UNION
    (SELECT DISTINCT case_id
       FROM event
      WHERE tenant = $1 AND case_id > $3 AND device_id = $2 AND $5::bigint >= 0
      ORDER BY case_id
      LIMIT $6)";

/// What a device of limited scope holds: the cases that came into its scope and have not left it here, and its own
/// work in others.
const CASES_OF_SCOPE: &str = "
    SELECT case_id
      FROM device_scope
     WHERE tenant = $1 AND case_id > $3 AND device_id = $2 AND entered_position <= $4
       AND (left_position IS NULL OR left_position > $5)
     UNION
    SELECT e.case_id
      FROM event AS e
     WHERE e.tenant = $1 AND e.case_id > $3 AND e.device_id = $2
       AND NOT EXISTS (SELECT 1
                         FROM device_scope AS s
                        WHERE s.tenant = e.tenant AND s.device_id = e.device_id AND s.case_id = e.case_id
                          AND s.left_position <= $5)";

impl PostgresTransaction {
    fn records(&mut self, id: Option<DeviceId>) -> Stored<Vec<DeviceRecord>> {
        let code = self.tenant.code.clone();
        let rows = self.query(RECORDS, &[&code, &id.map(|id| id.as_uuid())])?;
        rows.iter().map(record).collect()
    }

    fn cases(
        &mut self,
        record: &DeviceRecord,
        after: Option<CaseId>,
        limit: i64,
    ) -> Stored<Vec<CaseId>> {
        let held = if record.device.scope == Scope::Tenant {
            CASES_OF_ALL
        } else {
            CASES_OF_SCOPE
        };
        let sql = [held, " ORDER BY case_id LIMIT $6"].concat();
        let code = self.tenant.code.clone();
        let rows = self.query(
            &sql,
            &[
                &code,
                &record.device.id.as_uuid(),
                &after.map_or(Uuid::nil(), |case| case.as_uuid()),
                &number(record.served_position),
                &number(record.read_position),
                &limit,
            ],
        )?;
        rows.iter().map(case_id).collect()
    }
}

fn case_id(row: &Row) -> Stored<CaseId> {
    Ok(CaseId::from_uuid(row.try_get("case_id")?))
}

impl DeviceRegister for PostgresTransaction {
    fn device_records(&mut self) -> Stored<Vec<DeviceRecord>> {
        self.records(None)
    }

    fn device_record(&mut self, id: DeviceId) -> Stored<Option<DeviceRecord>> {
        Ok(self.records(Some(id))?.pop())
    }

    fn note_seen(&mut self, id: DeviceId, at: DateTime<Utc>) -> Stored<()> {
        self.send(
            "UPDATE device SET last_seen_at = $3 WHERE tenant = $1 AND id = $2",
            owned![self.tenant.code.clone(), id.as_uuid(), at],
        )
    }

    fn note_served(&mut self, id: DeviceId, read: u64, served: u64) -> Stored<()> {
        self.send(
            "UPDATE device
                SET read_position = greatest(read_position, $3),
                    served_position = greatest(served_position, $4)
              WHERE tenant = $1 AND id = $2",
            owned![
                self.tenant.code.clone(),
                id.as_uuid(),
                number(read),
                number(served),
            ],
        )
    }

    fn holds_event(&mut self, id: DeviceId, seq: u64, hash: &[u8; 32]) -> Stored<bool> {
        let code = self.tenant.code.clone();
        let rows = self.query(
            "SELECT 1
               FROM event
              WHERE tenant = $1 AND device_id = $2 AND device_seq = $3 AND hash = $4",
            &[&code, &id.as_uuid(), &number(seq), &hash.as_slice()],
        )?;
        Ok(!rows.is_empty())
    }

    fn scope_of(&mut self, id: DeviceId) -> Stored<Vec<CaseId>> {
        let code = self.tenant.code.clone();
        let rows = self.query(
            "SELECT case_id
               FROM device_scope
              WHERE tenant = $1 AND device_id = $2 AND left_position IS NULL
              ORDER BY case_id",
            &[&code, &id.as_uuid()],
        )?;
        rows.iter().map(case_id).collect()
    }

    fn handed_over(&mut self, id: DeviceId) -> Stored<Vec<Vec<u8>>> {
        let code = self.tenant.code.clone();
        let rows = self.query(
            "SELECT body
               FROM refused_item
              WHERE tenant = $1 AND device_id = $2 AND reason = $3
              ORDER BY last_at, digest",
            &[&code, &id.as_uuid(), &HANDED_OVER],
        )?;
        rows.iter().map(|row| Ok(row.try_get("body")?)).collect()
    }

    fn save_revocation(&mut self, id: DeviceId, revocation: &Revocation) -> Stored<()> {
        self.send(
            "UPDATE device
                SET revoked_at = $3, revoked_by = $4, revoke_reason = $5,
                    wipe_ordered_at = $6, handed_over_at = $7
              WHERE tenant = $1 AND id = $2",
            owned![
                self.tenant.code.clone(),
                id.as_uuid(),
                revocation.at,
                revocation.by.map(|by| by.as_uuid()),
                revocation.reason.clone(),
                revocation.wipe_ordered_at,
                revocation.handed_over_at,
            ],
        )
    }

    fn note_successor(&mut self, id: DeviceId, of: DeviceId) -> Stored<()> {
        self.send(
            "UPDATE device SET successor_of = $3 WHERE tenant = $1 AND id = $2",
            owned![self.tenant.code.clone(), id.as_uuid(), of.as_uuid()],
        )
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

fn record(row: &Row) -> Stored<DeviceRecord> {
    let staff = |column: &str| -> Stored<Option<StaffId>> {
        Ok(row
            .try_get::<_, Option<Uuid>>(column)?
            .map(StaffId::from_uuid))
    };
    let revocation = match row.try_get("revoked_at")? {
        None => None,
        Some(at) => Some(Revocation {
            at,
            by: staff("revoked_by")?,
            reason: row.try_get("revoke_reason")?,
            wipe_ordered_at: row.try_get("wipe_ordered_at")?,
            handed_over_at: row.try_get("handed_over_at")?,
        }),
    };
    Ok(DeviceRecord {
        device: row::device(row)?,
        enrolled_at: row.try_get("enrolled_at")?,
        last_seen_at: row.try_get("last_seen_at")?,
        last_staff: staff("last_staff")?,
        successor_of: row
            .try_get::<_, Option<Uuid>>("successor_of")?
            .map(DeviceId::from_uuid),
        served_position: row::count(row, "served_position")?,
        read_position: row::count(row, "read_position")?,
        revocation,
    })
}
