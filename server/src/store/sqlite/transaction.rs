//! The one writing transaction of a tenant.

mod accounts;
mod device_log;
mod devices;

use std::sync::MutexGuard;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, named_params};
use sha2::{Digest, Sha256};
use skranke_domain::ids::{CaseId, CommandId, DeviceId, EventId, GrantId, StaffId};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::grant::SignedGrant;
use skranke_protocol::instant;
use skranke_protocol::wire::Outcome;
use uuid::Uuid;

use crate::audit::AuditSeal;
use crate::news::News;

use super::super::{
    Attachment, AuditEntry, AuditRow, CaseSummary, CentralTransaction, Device, EnrolmentCode,
    HeldOf, HeldWork, NewFeedItem, Revoked, Settlement, Stored, StoredEdition, StoredEvent,
    StoredGrant, Tenant, TokenFamily, Touched, touched_order,
};
use super::row::{self, EVENT_COLUMNS};

pub(super) struct SqliteTransaction<'a> {
    connection: MutexGuard<'a, Connection>,
    tenant: Tenant,
    news: News,
    is_open: bool,
}

// Which events are read. Each clause but that of the key names its index: left to itself, the engine would rather walk through all events of
// the municipality in the order asked for than sort the few that are wanted.
const BY_ID: &str = "WHERE tenant = :tenant AND id = :id ORDER BY hash";
const BY_COMMAND: &str =
    "INDEXED BY event_by_command WHERE tenant = :tenant AND command_id = :id ORDER BY k, hash";
const BY_CASE: &str = "INDEXED BY event_by_case WHERE tenant = :tenant AND case_id = :id";
const HELD_FOR_GRANT: &str = "
    INDEXED BY event_by_device
    WHERE tenant = :tenant AND device_id = :id AND outcome = 'quarantined'
      AND outcome_detail IN ('grant_not_valid', 'grant_unknown')
    ORDER BY device_seq";
#[cfg(test)]
pub(super) const EVENTS_READ: [&str; 4] = [BY_ID, BY_COMMAND, BY_CASE, HELD_FOR_GRANT];

impl<'a> SqliteTransaction<'a> {
    pub(super) fn begin(connection: MutexGuard<'a, Connection>, tenant: &str) -> Stored<Self> {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let found = super::tenant(&connection, tenant);
        if found.is_err() {
            connection.execute_batch("ROLLBACK")?;
        }
        Ok(Self {
            tenant: found?,
            news: News::default(),
            connection,
            is_open: true,
        })
    }

    fn events(&self, which: &str, id: Uuid) -> Stored<Vec<StoredEvent>> {
        let sql = ["SELECT ", EVENT_COLUMNS, " FROM event ", which].concat();
        let mut statement = self.connection.prepare_cached(&sql)?;
        let parameters = named_params! { ":tenant": self.tenant.code, ":id": id.as_bytes() };
        let rows = statement.query_map(parameters, |row| Ok(row::stored_event(row)))?;
        rows.map(|row| row?).collect()
    }
}

impl Drop for SqliteTransaction<'_> {
    fn drop(&mut self) {
        if self.is_open {
            // A failed rollback leaves the connection in a transaction; the next BEGIN then fails and is answered 503.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}

impl CentralTransaction for SqliteTransaction<'_> {
    fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    fn device(&mut self, id: DeviceId) -> Stored<Option<Device>> {
        super::device(&self.connection, &self.tenant.code, id)
    }

    fn insert_device(&mut self, device: &Device, at: DateTime<Utc>) -> Stored<String> {
        let number: u32 = self.connection.query_row(
            "SELECT next_device FROM tenant WHERE tenant = :tenant",
            named_params! { ":tenant": self.tenant.code },
            |row| row.get(0),
        )?;
        self.connection.execute(
            "UPDATE tenant SET next_device = :next WHERE tenant = :tenant",
            named_params! { ":tenant": self.tenant.code, ":next": number + 1 },
        )?;
        let code = format!("S{number}");
        self.connection
            .prepare_cached(
                "INSERT INTO device (tenant, id, code, name, public_key, scope, state, seq, head_hash,
                                     accepted, quarantined, deferred, enrolled_at)
                 VALUES (:tenant, :id, :code, :name, :public_key, :scope, :state, 0, NULL, 0, 0, 0, :enrolled_at)",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":id": device.id.as_uuid().as_bytes(),
                ":code": code,
                ":name": device.name,
                ":public_key": device.public_key.as_bytes(),
                ":scope": device.scope.code(),
                ":state": device.state.code(),
                ":enrolled_at": instant::to_text(at),
            })?;
        Ok(code)
    }

    fn update_device(&mut self, device: &Device) -> Stored<()> {
        self.connection
            .prepare_cached(
                "UPDATE device
                    SET state = :state, seq = :seq, head_hash = :head_hash,
                        accepted = :accepted, quarantined = :quarantined, deferred = :deferred,
                        named_position = :named_position
                  WHERE tenant = :tenant AND id = :id",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":id": device.id.as_uuid().as_bytes(),
                ":state": device.state.code(),
                ":seq": row::number(device.head.seq),
                ":head_hash": device.head.hash,
                ":accepted": row::number(device.accepted),
                ":quarantined": row::number(device.quarantined),
                ":deferred": row::number(device.deferred),
                ":named_position": row::number(device.named_position),
            })?;
        Ok(())
    }

    fn enrolment_code(&mut self, digest: &[u8; 32]) -> Stored<Option<EnrolmentCode>> {
        super::enrolment_code(&self.connection, &self.tenant.code, digest)
    }

    fn use_enrolment_code(&mut self, digest: &[u8; 32], device: DeviceId) -> Stored<()> {
        self.connection.execute(
            "UPDATE enrolment_code SET device_id = :device_id WHERE tenant = :tenant AND digest = :digest",
            named_params! {
                ":tenant": self.tenant.code,
                ":digest": digest,
                ":device_id": device.as_uuid().as_bytes(),
            },
        )?;
        Ok(())
    }

    fn grant(&mut self, id: GrantId) -> Stored<Option<StoredGrant>> {
        super::grant(&self.connection, &self.tenant.code, id)
    }

    fn grants_of(&mut self, device: DeviceId, staff: StaffId) -> Stored<Vec<StoredGrant>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT body, signature, revoked_at, generation, renewed_at, ended_at
               FROM staff_grant INDEXED BY staff_grant_by_device
              WHERE tenant = :tenant AND device_id = :device_id AND staff_id = :staff_id",
        )?;
        let rows = statement.query_map(
            named_params! {
                ":tenant": self.tenant.code,
                ":device_id": device.as_uuid().as_bytes(),
                ":staff_id": staff.as_uuid().as_bytes(),
            },
            |row| Ok(row::grant(row)),
        )?;
        rows.map(|row| row?).collect()
    }

    fn held_for_grant(&mut self, device: DeviceId) -> Stored<Vec<SealedEvent>> {
        let events = self.events(HELD_FOR_GRANT, device.as_uuid())?;
        Ok(events.into_iter().map(|stored| stored.event).collect())
    }

    fn save_held(&mut self, work: &HeldWork) -> Stored<()> {
        let settlement = work.settlement.as_ref();
        self.connection
            .prepare_cached(
                "INSERT INTO held_work (tenant, command_id, device_id, case_id, held_for, held_at, settlement,
                                        settled_at, settled_by, reason)
                 VALUES (:tenant, :command_id, :device_id, :case_id, :held_for, :held_at, :settlement,
                         :settled_at, :settled_by, :reason)
                 ON CONFLICT (tenant, command_id) DO UPDATE
                    SET held_for = excluded.held_for, settlement = excluded.settlement,
                        settled_at = excluded.settled_at, settled_by = excluded.settled_by,
                        reason = excluded.reason",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":command_id": work.command_id.as_uuid().as_bytes(),
                ":device_id": work.device_id.as_uuid().as_bytes(),
                ":case_id": work.case_id.as_uuid().as_bytes(),
                ":held_for": work.held_for,
                ":held_at": instant::to_text(work.held_at),
                ":settlement": Settlement::code(settlement),
                ":settled_at": settlement.map(|settled| instant::to_text(settled.at)),
                ":settled_by": settlement.and_then(|s| s.by).map(|by| *by.as_uuid().as_bytes()),
                ":reason": settlement.map_or("", |settled| settled.reason.as_str()),
            })?;
        Ok(())
    }

    fn held(&mut self, of: HeldOf, limit: u32) -> Stored<Vec<HeldWork>> {
        const COLUMNS: &str =
            "SELECT command_id, device_id, case_id, held_for, held_at, settlement, settled_at,
                                      settled_by, reason
                                 FROM held_work
                                WHERE tenant = :tenant AND ";
        let (condition, id) = match of {
            HeldOf::Waiting => (
                "settlement = '' AND :id IS NOT NULL
                  ORDER BY NOT EXISTS (SELECT 1
                                         FROM event
                                        WHERE event.tenant = held_work.tenant
                                          AND event.command_id = held_work.command_id
                                          AND event.kind = 'paper_issued'),
                           held_at, command_id",
                [0; 16],
            ),
            HeldOf::ReturnedTo(device) => (
                "device_id = :id AND settlement = 'returned' ORDER BY settled_at DESC, command_id",
                *device.as_uuid().as_bytes(),
            ),
            HeldOf::Command(command) => ("command_id = :id", *command.as_uuid().as_bytes()),
        };
        let sql = [COLUMNS, condition, " LIMIT :limit"].concat();
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(
            named_params! { ":tenant": self.tenant.code, ":id": id, ":limit": limit },
            |row| Ok(row::held_work(row)),
        )?;
        rows.map(|row| row?).collect()
    }

    fn insert_grant(
        &mut self,
        id: GrantId,
        staff: StaffId,
        device: DeviceId,
        signed: &SignedGrant,
    ) -> Stored<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO staff_grant (tenant, id, device_id, staff_id, body, signature, revoked_at)
                 VALUES (:tenant, :id, :device_id, :staff_id, :body, :signature, NULL)",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":id": id.as_uuid().as_bytes(),
                ":device_id": device.as_uuid().as_bytes(),
                ":staff_id": staff.as_uuid().as_bytes(),
                ":body": signed.body(),
                ":signature": signed.signature().as_bytes(),
            })?;
        Ok(())
    }

    fn revoke_grants(&mut self, which: Revoked, at: DateTime<Utc>) -> Stored<()> {
        let (column, id) = which.column();
        let sql = format!(
            "UPDATE staff_grant
                SET revoked_at = :revoked_at
              WHERE tenant = :tenant AND {column} = :id AND revoked_at IS NULL"
        );
        self.connection.execute(
            &sql,
            named_params! {
                ":tenant": self.tenant.code,
                ":id": id.as_bytes(),
                ":revoked_at": instant::to_text(at),
            },
        )?;
        Ok(())
    }

    fn set_token_family(&mut self, id: GrantId, family: &TokenFamily) -> Stored<()> {
        self.connection.execute(
            "UPDATE staff_grant
                SET generation = :generation, renewed_at = :renewed_at, ended_at = :ended_at
              WHERE tenant = :tenant AND id = :id",
            named_params! {
                ":tenant": self.tenant.code,
                ":id": id.as_uuid().as_bytes(),
                ":generation": row::number(family.generation),
                ":renewed_at": family.renewed_at.map(instant::to_text),
                ":ended_at": family.ended_at.map(instant::to_text),
            },
        )?;
        Ok(())
    }

    fn touched(&mut self, touched: &Touched) -> Stored<Vec<StoredEvent>> {
        let mut found = Vec::new();
        for id in &touched.ids {
            found.extend(self.events_by_id(*id)?);
        }
        for id in &touched.commands {
            found.extend(self.events_of_command(*id)?);
        }
        for id in &touched.cases {
            found.extend(self.events(BY_CASE, id.as_uuid())?);
        }
        found.sort_by_cached_key(touched_order);
        found.dedup_by(|one, other| one.event.hash() == other.event.hash());
        Ok(found)
    }

    fn events_by_id(&mut self, id: EventId) -> Stored<Vec<StoredEvent>> {
        self.events(BY_ID, id.as_uuid())
    }

    fn events_of_command(&mut self, id: CommandId) -> Stored<Vec<StoredEvent>> {
        self.events(BY_COMMAND, id.as_uuid())
    }

    fn case_history(&mut self, case_id: CaseId) -> Stored<Vec<SealedEvent>> {
        super::case_events(&self.connection, &self.tenant.code, case_id, u64::MAX)
    }

    fn insert_event(
        &mut self,
        event: &SealedEvent,
        outcome: &Outcome,
        on_chain: bool,
        at: DateTime<Utc>,
    ) -> Stored<()> {
        let header = event.header();
        let (detail, position) = row::outcome_columns(outcome);
        self.connection
            .prepare_cached(
                "INSERT INTO event (tenant, hash, id, case_id, command_id, k, device_id, device_seq, on_chain,
                                    kind, header, payload, salt, signature, outcome, outcome_detail, position,
                                    received_at)
                 VALUES (:tenant, :hash, :id, :case_id, :command_id, :k, :device_id, :device_seq, :on_chain,
                         :kind, :header, :payload, :salt, :signature, :outcome, :outcome_detail, :position,
                         :received_at)",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":hash": event.hash(),
                ":id": header.id.as_uuid().as_bytes(),
                ":case_id": header.case_id.as_uuid().as_bytes(),
                ":command_id": header.command_id.as_uuid().as_bytes(),
                ":k": header.k,
                ":device_id": header.device_id.as_uuid().as_bytes(),
                ":device_seq": row::number(header.device_seq),
                ":on_chain": on_chain,
                ":kind": header.kind,
                ":header": event.header_bytes(),
                ":payload": event.payload_bytes(),
                ":salt": event.salt(),
                ":signature": event.signature().as_bytes(),
                ":outcome": outcome.code(),
                ":outcome_detail": detail,
                ":position": position,
                ":received_at": instant::to_text(at),
            })?;
        Ok(())
    }

    fn link_event(&mut self, event: &SealedEvent) -> Stored<()> {
        self.connection
            .prepare_cached(
                "UPDATE event
                    SET on_chain = 1
                  WHERE tenant = :tenant AND id = :id AND hash = :hash",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":id": event.header().id.as_uuid().as_bytes(),
                ":hash": event.hash(),
            })?;
        Ok(())
    }

    fn set_outcome(&mut self, event: &SealedEvent, outcome: &Outcome) -> Stored<()> {
        let (detail, position) = row::outcome_columns(outcome);
        self.connection
            .prepare_cached(
                "UPDATE event
                    SET outcome = :outcome, outcome_detail = :detail, position = :position
                  WHERE tenant = :tenant AND id = :id AND hash = :hash",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":id": event.header().id.as_uuid().as_bytes(),
                ":hash": event.hash(),
                ":outcome": outcome.code(),
                ":detail": detail,
                ":position": position,
            })?;
        Ok(())
    }

    fn append_feed(&mut self, item: &NewFeedItem) -> Stored<u64> {
        let position = self.tenant.position() + 1;
        let (name, case_id, event, device) = match item {
            NewFeedItem::Event { case_id, id, hash } => ("event", case_id, Some((id, hash)), None),
            NewFeedItem::ScopeEntered { case_id, device_id } => {
                ("scope_entered", case_id, None, Some(device_id))
            }
            NewFeedItem::ScopeLeft { case_id, device_id } => {
                ("scope_left", case_id, None, Some(device_id))
            }
        };
        let device = device.map(|id| *id.as_uuid().as_bytes());
        self.connection
            .prepare_cached(
                "INSERT INTO feed_item (tenant, position, item, case_id, event_id, event_hash, device_id)
                 VALUES (:tenant, :position, :item, :case_id, :event_id, :event_hash, :device_id)",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":position": row::number(position),
                ":item": name,
                ":case_id": case_id.as_uuid().as_bytes(),
                ":event_id": event.map(|(id, _)| *id.as_uuid().as_bytes()),
                ":event_hash": event.map(|(_, hash)| hash),
                ":device_id": device,
            })?;
        self.tenant
            .tree
            .append(&crate::admission::leaf(position, item));
        self.news.add(item);
        Ok(position)
    }

    fn record_receipt(
        &mut self,
        event: &SealedEvent,
        device: DeviceId,
        at: DateTime<Utc>,
    ) -> Stored<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO receipt (tenant, event_id, event_hash, device_id, times, last_at)
                 VALUES (:tenant, :event_id, :event_hash, :device_id, 1, :at)
                 ON CONFLICT (tenant, event_id, event_hash, device_id) DO UPDATE
                    SET times = receipt.times + 1, last_at = excluded.last_at",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":event_id": event.header().id.as_uuid().as_bytes(),
                ":event_hash": event.hash(),
                ":device_id": device.as_uuid().as_bytes(),
                ":at": instant::to_text(at),
            })?;
        Ok(())
    }

    fn keep_refused(
        &mut self,
        device: DeviceId,
        reason: &str,
        body: &[u8],
        at: DateTime<Utc>,
    ) -> Stored<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO refused_item (tenant, digest, device_id, reason, body, times, last_at)
                 VALUES (:tenant, :digest, :device_id, :reason, :body, 1, :at)
                 ON CONFLICT (tenant, digest) DO UPDATE
                    SET times = refused_item.times + 1, last_at = excluded.last_at",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":digest": <[u8; 32]>::from(Sha256::digest(body)),
                ":device_id": device.as_uuid().as_bytes(),
                ":reason": reason,
                ":body": body,
                ":at": instant::to_text(at),
            })?;
        Ok(())
    }

    fn raise_alarm(
        &mut self,
        code: &str,
        device: DeviceId,
        event: Option<&[u8; 32]>,
        at: DateTime<Utc>,
    ) -> Stored<()> {
        self.news.add_alarm(code);
        self.connection.execute(
            "INSERT INTO alarm (tenant, id, code, device_id, event_hash, raised_at)
             VALUES (:tenant, :id, :code, :device_id, :event_hash, :raised_at)",
            named_params! {
                ":tenant": self.tenant.code,
                ":id": Uuid::now_v7().as_bytes(),
                ":code": code,
                ":device_id": device.as_uuid().as_bytes(),
                ":event_hash": event,
                ":raised_at": instant::to_text(at),
            },
        )?;
        Ok(())
    }

    fn is_in_scope(&mut self, device: DeviceId, case_id: CaseId) -> Stored<bool> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT 1
                   FROM device_scope
                  WHERE tenant = :tenant AND device_id = :device_id AND case_id = :case_id
                    AND (left_position IS NULL
                         OR left_position > (SELECT read_position
                                               FROM device
                                              WHERE tenant = :tenant AND id = :device_id))",
            )?
            .exists(named_params! {
                ":tenant": self.tenant.code,
                ":device_id": device.as_uuid().as_bytes(),
                ":case_id": case_id.as_uuid().as_bytes(),
            })?;
        Ok(found)
    }

    fn enter_scope(&mut self, device: DeviceId, case_id: CaseId) -> Stored<()> {
        self.connection.execute(
            "INSERT INTO device_scope (tenant, device_id, case_id, entered_position, left_position)
             VALUES (:tenant, :device_id, :case_id, :entered_position, NULL)",
            named_params! {
                ":tenant": self.tenant.code,
                ":device_id": device.as_uuid().as_bytes(),
                ":case_id": case_id.as_uuid().as_bytes(),
                ":entered_position": row::number(self.tenant.position()),
            },
        )?;
        self.news.add_device(device);
        Ok(())
    }

    fn leave_scope(&mut self, device: DeviceId, case_id: CaseId) -> Stored<()> {
        self.connection.execute(
            "UPDATE device_scope
                SET left_position = :left_position
              WHERE tenant = :tenant AND device_id = :device_id AND case_id = :case_id
                AND left_position IS NULL",
            named_params! {
                ":tenant": self.tenant.code,
                ":device_id": device.as_uuid().as_bytes(),
                ":case_id": case_id.as_uuid().as_bytes(),
                ":left_position": row::number(self.tenant.position()),
            },
        )?;
        Ok(())
    }

    fn save_case_summary(&mut self, summary: &CaseSummary) -> Stored<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO case_summary (tenant, case_id, citizen_digest, number, state, received_on,
                                           registered, in_conflict)
                 VALUES (:tenant, :case_id, :citizen_digest, :number, :state, :received_on,
                         :registered, :in_conflict)
                 ON CONFLICT (tenant, case_id) DO UPDATE
                    SET citizen_digest = excluded.citizen_digest,
                        number = excluded.number,
                        state = excluded.state,
                        received_on = excluded.received_on,
                        registered = excluded.registered,
                        in_conflict = excluded.in_conflict",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":case_id": summary.case_id.as_uuid().as_bytes(),
                ":citizen_digest": summary.citizen_digest,
                ":number": summary.number,
                ":state": summary.state,
                ":received_on": summary.received_on.to_string(),
                ":registered": summary.registered,
                ":in_conflict": summary.in_conflict,
            })?;
        Ok(())
    }

    fn cases_of(&mut self, citizen_digest: &[u8; 32]) -> Stored<Vec<CaseSummary>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT case_id, citizen_digest, number, state, received_on, registered, in_conflict
               FROM case_summary
              WHERE tenant = :tenant AND citizen_digest = :citizen_digest
              ORDER BY received_on, case_id",
        )?;
        let rows = statement.query_map(
            named_params! { ":tenant": self.tenant.code, ":citizen_digest": citizen_digest },
            |row| Ok(row::case_summary(row)),
        )?;
        rows.map(|row| row?).collect()
    }

    fn insert_attachment(&mut self, attachment: &Attachment, at: DateTime<Utc>) -> Stored<()> {
        self.connection.execute(
            "INSERT INTO attachment (tenant, digest, size_bytes, media_type, completed_at)
             VALUES (:tenant, :digest, :size_bytes, :media_type, :completed_at)
             ON CONFLICT (tenant, digest) DO NOTHING",
            named_params! {
                ":tenant": self.tenant.code,
                ":digest": attachment.digest.as_bytes(),
                ":size_bytes": row::number(attachment.size_bytes),
                ":media_type": attachment.media_type,
                ":completed_at": instant::to_text(at),
            },
        )?;
        Ok(())
    }

    fn newest_edition(&mut self) -> Stored<u32> {
        super::newest_edition(&self.connection, &self.tenant.code)
    }

    fn insert_edition(&mut self, edition: &StoredEdition) -> Stored<()> {
        self.connection.execute(
            "INSERT INTO profile_edition (tenant, edition, body, device_id, staff_id, initials, reason, made_at)
             VALUES (:tenant, :edition, :body, :device_id, :staff_id, :initials, :reason, :made_at)",
            named_params! {
                ":tenant": self.tenant.code,
                ":edition": edition.edition,
                ":body": edition.body,
                ":device_id": edition.device_id.as_uuid().as_bytes(),
                ":staff_id": edition.staff_id.as_uuid().as_bytes(),
                ":initials": edition.initials,
                ":reason": edition.reason,
                ":made_at": instant::to_text(edition.made_at),
            },
        )?;
        Ok(())
    }

    fn set_backup_position(&mut self, position: u64) -> Stored<()> {
        self.tenant.backup_position = self
            .tenant
            .backup_position
            .max(position.min(self.tenant.position()));
        Ok(())
    }

    fn audit(&mut self, row: &AuditRow) -> Stored<()> {
        self.tenant.audit_rows += 1;
        let staff_id = row.staff_id.map(|id| *id.as_uuid().as_bytes());
        let case_id = row.case_id.map(|id| *id.as_uuid().as_bytes());
        self.connection
            .prepare_cached(
                "INSERT INTO audit (tenant, id, number, at, device_id, staff_id, action, purpose, case_id,
                                    citizen_digest, detail)
                 VALUES (:tenant, :id, :number, :at, :device_id, :staff_id, :action, :purpose, :case_id,
                         :citizen_digest, :detail)",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":id": row.id.as_bytes(),
                ":number": row::number(self.tenant.audit_rows),
                ":at": instant::to_text(row.at),
                ":device_id": row.device_id.as_uuid().as_bytes(),
                ":staff_id": staff_id,
                ":action": row.action,
                ":purpose": row.purpose,
                ":case_id": case_id,
                ":citizen_digest": row.citizen_digest,
                ":detail": row.detail,
            })?;
        Ok(())
    }

    fn audit_rows(&mut self, after: u64, limit: u32) -> Stored<Vec<AuditEntry>> {
        super::audit_rows(&self.connection, &self.tenant.code, after, limit)
    }

    fn last_seal(&mut self) -> Stored<Option<AuditSeal>> {
        let number = self
            .connection
            .prepare_cached(
                "SELECT coalesce(max(number), 0) AS number FROM audit_seal WHERE tenant = :tenant",
            )?
            .query_row(named_params! { ":tenant": self.tenant.code }, |row| {
                row::count(row, "number")
            })?;
        super::audit_seal(&self.connection, &self.tenant.code, number)
    }

    fn insert_seal(&mut self, seal: &AuditSeal) -> Stored<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO audit_seal (tenant, number, first_row, last_row, previous, digests, signature, sealed_at)
                 VALUES (:tenant, :number, :first_row, :last_row, :previous, :digests, :signature, :sealed_at)",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":number": row::number(seal.number),
                ":first_row": row::number(seal.first_row),
                ":last_row": row::number(seal.last_row),
                ":previous": seal.previous,
                ":digests": seal.digests,
                ":signature": seal.signature.as_bytes(),
                ":sealed_at": instant::to_text(seal.sealed_at),
            })?;
        Ok(())
    }

    fn news(&self) -> News {
        self.news.clone()
    }

    fn commit(mut self: Box<Self>) -> Stored<()> {
        self.connection
            .prepare_cached(
                "UPDATE tenant
                    SET position = :position, frontier = :frontier, backup_position = :backup_position,
                        audit_rows = :audit_rows
                  WHERE tenant = :tenant",
            )?
            .execute(named_params! {
                ":tenant": self.tenant.code,
                ":position": row::number(self.tenant.position()),
                ":frontier": self.tenant.tree.to_bytes(),
                ":audit_rows": row::number(self.tenant.audit_rows),
                ":backup_position": row::number(self.tenant.backup_position),
            })?;
        self.connection.execute_batch("COMMIT")?;
        self.is_open = false;
        Ok(())
    }
}
