//! The one writing transaction of a tenant.
//!
//! Writes are gathered and sent without waiting for each answer; the commit asks how all of them went. Reads wait, and
//! see the writes before them.

mod accounts;
mod device_log;
mod devices;

use chrono::{DateTime, Utc};
use deadpool::managed::Object;
use sha2::{Digest, Sha256};
use skranke_domain::ids::{CaseId, CommandId, DeviceId, EventId, GrantId, StaffId};
use skranke_domain::rehearsal::{self, Bug};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::grant::SignedGrant;
use skranke_protocol::wire::Outcome;
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::audit::AuditSeal;
use crate::news::News;

use super::super::{
    Attachment, AuditEntry, AuditRow, CaseSummary, CentralTransaction, Device, EnrolmentCode,
    HeldOf, HeldWork, NewFeedItem, Revoked, Settlement, StoreError, Stored, StoredEdition,
    StoredEvent, StoredGrant, Tenant, TokenFamily, Touched, touched_order,
};
use super::gathered::{Gathered, Table};
use super::link::{Connector, Link, Owned, Parameters};
use super::row::{self, EVENT_COLUMNS, number};

pub(super) struct PostgresTransaction {
    runtime: Handle,
    link: Object<Connector>,
    gathered: Gathered,
    tenant: Tenant,
    news: News,
    /// The last position when it began.
    begun_at: u64,
    is_open: bool,
}

/// `NO KEY` keeps the row free for the foreign keys of others, which only need its key to stay.
const COUNTER: &str = "
    SELECT tenant, epoch, position, frontier, backup_position, audit_rows, epoch_opening
      FROM tenant
     WHERE tenant = $1
       FOR NO KEY UPDATE";

/// Owns parameters, so that the statement can be on its way while this goes on.
macro_rules! owned {
    ($($value:expr),+ $(,)?) => { vec![$(Box::new($value) as Owned),+] };
}
use owned;

fn vec_of(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    bytes.as_ref().to_vec()
}

impl PostgresTransaction {
    pub(super) fn begin(
        runtime: Handle,
        mut link: Object<Connector>,
        tenant: &str,
    ) -> Stored<Self> {
        let found = runtime.block_on(async {
            link.begin_writing(tenant).await?;
            let row = link.query_opt(COUNTER, &[&tenant]).await?;
            row.as_ref().map(row::tenant).transpose()
        });
        match found {
            Ok(Some(tenant)) => Ok(Self {
                runtime,
                link,
                gathered: Gathered::default(),
                begun_at: tenant.position(),
                tenant,
                news: News::default(),
                is_open: true,
            }),
            other => {
                let error = other.err().unwrap_or(StoreError::NoSuchTenant);
                Err(runtime.block_on(link.give_up(error)))
            }
        }
    }

    /// The connection, with all rows on their way that wait.
    fn link(&mut self) -> Stored<&mut Link> {
        self.runtime.block_on(self.gathered.send(&mut self.link))?;
        Ok(&mut self.link)
    }

    fn send(&mut self, sql: &str, parameters: Vec<Owned>) -> Stored<()> {
        let runtime = self.runtime.clone();
        runtime.block_on(self.link()?.send(sql, parameters))
    }

    /// Lets a row wait for others of its table.
    fn gather(&mut self, table: Table, key: Option<Vec<u8>>, row: Vec<Owned>) -> Stored<()> {
        let adding = self.gathered.add(&mut self.link, table, key, row);
        self.runtime.block_on(adding)
    }

    fn query(&mut self, sql: &str, parameters: Parameters<'_>) -> Stored<Vec<tokio_postgres::Row>> {
        let runtime = self.runtime.clone();
        runtime.block_on(self.link()?.query(sql, parameters))
    }

    fn one<T>(
        &mut self,
        sql: &str,
        parameters: Parameters<'_>,
        read: impl FnOnce(&tokio_postgres::Row) -> Stored<T>,
    ) -> Stored<Option<T>> {
        let found = self.query(sql, parameters)?;
        found.first().map(read).transpose()
    }

    fn events(&mut self, condition: &str, parameters: Parameters<'_>) -> Stored<Vec<StoredEvent>> {
        let sql = [
            "SELECT ",
            EVENT_COLUMNS,
            " FROM event WHERE tenant = $1 AND ",
            condition,
        ]
        .concat();
        let rows = self.query(&sql, parameters)?;
        rows.iter().map(row::stored_event).collect()
    }
}

impl Drop for PostgresTransaction {
    fn drop(&mut self) {
        if self.is_open {
            self.runtime.block_on(self.link.roll_back());
        }
    }
}

impl CentralTransaction for PostgresTransaction {
    fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    fn device(&mut self, id: DeviceId) -> Stored<Option<Device>> {
        let code = self.tenant.code.clone();
        let runtime = self.runtime.clone();
        runtime.block_on(super::device(self.link()?, &code, id))
    }

    fn insert_device(&mut self, device: &Device, at: DateTime<Utc>) -> Stored<String> {
        let tenant = self.tenant.code.clone();
        let taken: i64 = self
            .one(
                "UPDATE tenant
                    SET next_device = next_device + 1
                  WHERE tenant = $1
              RETURNING next_device - 1 AS taken",
                &[&tenant],
                |row| Ok(row.try_get("taken")?),
            )?
            .ok_or(StoreError::NoSuchTenant)?;
        let code = format!("S{taken}");
        self.send(
            "INSERT INTO device (tenant, id, code, name, public_key, scope, state, seq, head_hash,
                                 accepted, quarantined, deferred, enrolled_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 0, NULL, 0, 0, 0, $8)",
            owned![
                tenant,
                device.id.as_uuid(),
                code.clone(),
                device.name.clone(),
                vec_of(device.public_key.as_bytes()),
                device.scope.code().to_owned(),
                device.state.code().to_owned(),
                at,
            ],
        )?;
        Ok(code)
    }

    fn update_device(&mut self, device: &Device) -> Stored<()> {
        self.send(
            "UPDATE device
                SET state = $3, seq = $4, head_hash = $5, accepted = $6, quarantined = $7, deferred = $8,
                    named_position = $9
              WHERE tenant = $1 AND id = $2",
            owned![
                self.tenant.code.clone(),
                device.id.as_uuid(),
                device.state.code().to_owned(),
                number(device.head.seq),
                device.head.hash.map(vec_of),
                number(device.accepted),
                number(device.quarantined),
                number(device.deferred),
                number(device.named_position),
            ],
        )
    }

    fn enrolment_code(&mut self, digest: &[u8; 32]) -> Stored<Option<EnrolmentCode>> {
        let code = self.tenant.code.clone();
        let runtime = self.runtime.clone();
        runtime.block_on(super::enrolment_code(self.link()?, &code, digest))
    }

    fn use_enrolment_code(&mut self, digest: &[u8; 32], device: DeviceId) -> Stored<()> {
        self.send(
            "UPDATE enrolment_code SET device_id = $3 WHERE tenant = $1 AND digest = $2",
            owned![self.tenant.code.clone(), vec_of(digest), device.as_uuid()],
        )
    }

    fn grant(&mut self, id: GrantId) -> Stored<Option<StoredGrant>> {
        let code = self.tenant.code.clone();
        let runtime = self.runtime.clone();
        runtime.block_on(super::grant(self.link()?, &code, id))
    }

    fn grants_of(&mut self, device: DeviceId, staff: StaffId) -> Stored<Vec<StoredGrant>> {
        let code = self.tenant.code.clone();
        let rows = self.query(
            "SELECT body, signature, revoked_at, generation, renewed_at, ended_at
               FROM staff_grant
              WHERE tenant = $1 AND device_id = $2 AND staff_id = $3",
            &[&code, &device.as_uuid(), &staff.as_uuid()],
        )?;
        rows.iter().map(row::grant).collect()
    }

    fn held_for_grant(&mut self, device: DeviceId) -> Stored<Vec<SealedEvent>> {
        let code = self.tenant.code.clone();
        let events = self.events(
            "device_id = $2 AND outcome = 'quarantined'
             AND outcome_detail IN ('grant_not_valid', 'grant_unknown')
             ORDER BY device_seq",
            &[&code, &device.as_uuid()],
        )?;
        Ok(events.into_iter().map(|stored| stored.event).collect())
    }

    fn save_held(&mut self, work: &HeldWork) -> Stored<()> {
        let settlement = work.settlement.as_ref();
        self.send(
            "INSERT INTO held_work (tenant, command_id, device_id, case_id, held_for, held_at, settlement,
                                    settled_at, settled_by, reason)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (tenant, command_id) DO UPDATE
                SET held_for = excluded.held_for, settlement = excluded.settlement,
                    settled_at = excluded.settled_at, settled_by = excluded.settled_by,
                    reason = excluded.reason",
            owned![
                self.tenant.code.clone(),
                work.command_id.as_uuid(),
                work.device_id.as_uuid(),
                work.case_id.as_uuid(),
                work.held_for.clone(),
                work.held_at,
                Settlement::code(settlement).to_owned(),
                settlement.map(|settled| settled.at),
                settlement.and_then(|settled| settled.by).map(|by| by.as_uuid()),
                settlement.map_or_else(String::new, |settled| settled.reason.clone()),
            ],
        )
    }

    fn held(&mut self, of: HeldOf, limit: u32) -> Stored<Vec<HeldWork>> {
        const COLUMNS: &str =
            "SELECT command_id, device_id, case_id, held_for, held_at, settlement, settled_at,
                                      settled_by, reason
                                 FROM held_work
                                WHERE tenant = $1 AND ";
        let (condition, id) = match of {
            HeldOf::Waiting => (
                "settlement = '' AND $2::uuid IS NOT NULL
                  ORDER BY NOT EXISTS (SELECT 1
                                         FROM event
                                        WHERE event.tenant = held_work.tenant
                                          AND event.command_id = held_work.command_id
                                          AND event.kind = 'paper_issued'),
                           held_at, command_id",
                Uuid::nil(),
            ),
            HeldOf::ReturnedTo(device) => (
                "device_id = $2 AND settlement = 'returned' ORDER BY settled_at DESC, command_id",
                device.as_uuid(),
            ),
            HeldOf::Command(command) => ("command_id = $2", command.as_uuid()),
        };
        let sql = [COLUMNS, condition, " LIMIT $3"].concat();
        let code = self.tenant.code.clone();
        let limit = i64::from(limit);
        let rows = self
            .runtime
            .block_on(self.link.query(&sql, &[&code, &id, &limit]))?;
        rows.iter().map(row::held_work).collect()
    }

    fn insert_grant(
        &mut self,
        id: GrantId,
        staff: StaffId,
        device: DeviceId,
        signed: &SignedGrant,
    ) -> Stored<()> {
        self.send(
            "INSERT INTO staff_grant (tenant, id, device_id, staff_id, body, signature, revoked_at)
             VALUES ($1, $2, $3, $4, $5, $6, NULL)",
            owned![
                self.tenant.code.clone(),
                id.as_uuid(),
                device.as_uuid(),
                staff.as_uuid(),
                vec_of(signed.body()),
                vec_of(signed.signature().as_bytes()),
            ],
        )
    }

    fn revoke_grants(&mut self, which: Revoked, at: DateTime<Utc>) -> Stored<()> {
        let (column, id) = which.column();
        let sql = format!(
            "UPDATE staff_grant
                SET revoked_at = $3
              WHERE tenant = $1 AND {column} = $2 AND revoked_at IS NULL"
        );
        self.send(&sql, owned![self.tenant.code.clone(), id, at])
    }

    fn set_token_family(&mut self, id: GrantId, family: &TokenFamily) -> Stored<()> {
        self.send(
            "UPDATE staff_grant
                SET generation = $3, renewed_at = $4, ended_at = $5
              WHERE tenant = $1 AND id = $2",
            owned![
                self.tenant.code.clone(),
                id.as_uuid(),
                number(family.generation),
                family.renewed_at,
                family.ended_at,
            ],
        )
    }

    fn touched(&mut self, touched: &Touched) -> Stored<Vec<StoredEvent>> {
        let code = self.tenant.code.clone();
        let ids: Vec<Uuid> = touched.ids.iter().map(|id| id.as_uuid()).collect();
        let commands: Vec<Uuid> = touched.commands.iter().map(|id| id.as_uuid()).collect();
        let cases: Vec<Uuid> = touched.cases.iter().map(|id| id.as_uuid()).collect();
        // One after the other: three conditions joined by OR let a plan made while the table was small read all of it.
        let mut found = Vec::new();
        for (condition, wanted) in [
            ("id = ANY ($2)", ids),
            ("command_id = ANY ($2)", commands),
            ("case_id = ANY ($2)", cases),
        ] {
            if !wanted.is_empty() {
                found.extend(self.events(condition, &[&code, &wanted])?);
            }
        }
        found.sort_by_cached_key(touched_order);
        found.dedup_by(|one, other| one.event.hash() == other.event.hash());
        Ok(found)
    }

    fn events_by_id(&mut self, id: EventId) -> Stored<Vec<StoredEvent>> {
        let code = self.tenant.code.clone();
        self.events("id = $2 ORDER BY hash", &[&code, &id.as_uuid()])
    }

    fn events_of_command(&mut self, id: CommandId) -> Stored<Vec<StoredEvent>> {
        let code = self.tenant.code.clone();
        self.events("command_id = $2 ORDER BY k, hash", &[&code, &id.as_uuid()])
    }

    fn case_history(&mut self, case_id: CaseId) -> Stored<Vec<SealedEvent>> {
        let code = self.tenant.code.clone();
        let runtime = self.runtime.clone();
        runtime.block_on(super::case_events(self.link()?, &code, case_id, u64::MAX))
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
        self.gather(
            Table::Event,
            None,
            owned![
                self.tenant.code.clone(),
                vec_of(event.hash()),
                header.id.as_uuid(),
                header.case_id.as_uuid(),
                header.command_id.as_uuid(),
                i64::from(header.k),
                header.device_id.as_uuid(),
                number(header.device_seq),
                on_chain,
                header.kind.clone(),
                vec_of(event.header_bytes()),
                event.payload_bytes().map(vec_of),
                event.salt().map(vec_of),
                vec_of(event.signature().as_bytes()),
                outcome.code().to_owned(),
                detail,
                position,
                at,
            ],
        )
    }

    fn link_event(&mut self, event: &SealedEvent) -> Stored<()> {
        self.send(
            "UPDATE event SET on_chain = true WHERE tenant = $1 AND id = $2 AND hash = $3",
            owned![
                self.tenant.code.clone(),
                event.header().id.as_uuid(),
                vec_of(event.hash()),
            ],
        )
    }

    fn set_outcome(&mut self, event: &SealedEvent, outcome: &Outcome) -> Stored<()> {
        let (detail, position) = row::outcome_columns(outcome);
        self.send(
            "UPDATE event
                SET outcome = $4, outcome_detail = $5, position = $6
              WHERE tenant = $1 AND id = $2 AND hash = $3",
            owned![
                self.tenant.code.clone(),
                event.header().id.as_uuid(),
                vec_of(event.hash()),
                outcome.code().to_owned(),
                detail,
                position,
            ],
        )
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
        self.gather(
            Table::FeedItem,
            None,
            owned![
                self.tenant.code.clone(),
                number(position),
                name.to_owned(),
                case_id.as_uuid(),
                event.map(|(id, _)| id.as_uuid()),
                event.map(|(_, hash)| vec_of(hash)),
                device.map(|id| id.as_uuid()),
            ],
        )?;
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
        let key = [&event.hash()[..], device.as_uuid().as_bytes()].concat();
        self.gather(
            Table::Receipt,
            Some(key),
            owned![
                self.tenant.code.clone(),
                event.header().id.as_uuid(),
                vec_of(event.hash()),
                device.as_uuid(),
                1_i64,
                at
            ],
        )
    }

    fn keep_refused(
        &mut self,
        device: DeviceId,
        reason: &str,
        body: &[u8],
        at: DateTime<Utc>,
    ) -> Stored<()> {
        self.send(
            "INSERT INTO refused_item (tenant, digest, device_id, reason, body, times, last_at)
             VALUES ($1, $2, $3, $4, $5, 1, $6)
             ON CONFLICT (tenant, digest) DO UPDATE
                SET times = refused_item.times + 1, last_at = excluded.last_at",
            owned![
                self.tenant.code.clone(),
                vec_of(Sha256::digest(body)),
                device.as_uuid(),
                reason.to_owned(),
                vec_of(body),
                at,
            ],
        )
    }

    fn raise_alarm(
        &mut self,
        code: &str,
        device: DeviceId,
        event: Option<&[u8; 32]>,
        at: DateTime<Utc>,
    ) -> Stored<()> {
        self.news.add_alarm(code);
        self.send(
            "INSERT INTO alarm (tenant, id, code, device_id, event_hash, raised_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            owned![
                self.tenant.code.clone(),
                Uuid::now_v7(),
                code.to_owned(),
                device.as_uuid(),
                event.map(vec_of),
                at,
            ],
        )
    }

    fn is_in_scope(&mut self, device: DeviceId, case_id: CaseId) -> Stored<bool> {
        let code = self.tenant.code.clone();
        let found = self.one(
            "SELECT 1 AS found
               FROM device_scope
              WHERE tenant = $1 AND device_id = $2 AND case_id = $3
                AND (left_position IS NULL
                     OR left_position > (SELECT read_position FROM device WHERE tenant = $1 AND id = $2))
              LIMIT 1",
            &[&code, &device.as_uuid(), &case_id.as_uuid()],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    fn enter_scope(&mut self, device: DeviceId, case_id: CaseId) -> Stored<()> {
        self.news.add_device(device);
        self.send(
            "INSERT INTO device_scope (tenant, device_id, case_id, entered_position, left_position)
             VALUES ($1, $2, $3, $4, NULL)",
            owned![
                self.tenant.code.clone(),
                device.as_uuid(),
                case_id.as_uuid(),
                number(self.tenant.position()),
            ],
        )
    }

    fn leave_scope(&mut self, device: DeviceId, case_id: CaseId) -> Stored<()> {
        self.send(
            "UPDATE device_scope
                SET left_position = $4
              WHERE tenant = $1 AND device_id = $2 AND case_id = $3 AND left_position IS NULL",
            owned![
                self.tenant.code.clone(),
                device.as_uuid(),
                case_id.as_uuid(),
                number(self.tenant.position()),
            ],
        )
    }

    fn save_case_summary(&mut self, summary: &CaseSummary) -> Stored<()> {
        self.gather(
            Table::CaseSummary,
            Some(vec_of(summary.case_id.as_uuid().as_bytes())),
            owned![
                self.tenant.code.clone(),
                summary.case_id.as_uuid(),
                vec_of(summary.citizen_digest),
                summary.number.clone(),
                summary.state.clone(),
                summary.received_on,
                summary.registered,
                summary.in_conflict,
            ],
        )
    }

    fn cases_of(&mut self, citizen_digest: &[u8; 32]) -> Stored<Vec<CaseSummary>> {
        let code = self.tenant.code.clone();
        let rows = self.query(
            "SELECT case_id, citizen_digest, number, state, received_on, registered, in_conflict
               FROM case_summary
              WHERE tenant = $1 AND citizen_digest = $2
              ORDER BY received_on, case_id",
            &[&code, &citizen_digest.as_slice()],
        )?;
        rows.iter().map(row::case_summary).collect()
    }

    fn insert_attachment(&mut self, attachment: &Attachment, at: DateTime<Utc>) -> Stored<()> {
        self.send(
            "INSERT INTO attachment (tenant, digest, size_bytes, media_type, completed_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (tenant, digest) DO NOTHING",
            owned![
                self.tenant.code.clone(),
                vec_of(attachment.digest.as_bytes()),
                number(attachment.size_bytes),
                attachment.media_type.clone(),
                at,
            ],
        )
    }

    fn newest_edition(&mut self) -> Stored<u32> {
        let tenant = self.tenant.code.clone();
        let found = self.one(super::NEWEST_EDITION, &[&tenant], |row| {
            row::edition_number(row, "newest")
        })?;
        Ok(found.unwrap_or(0))
    }

    fn insert_edition(&mut self, edition: &StoredEdition) -> Stored<()> {
        self.send(
            "INSERT INTO profile_edition (tenant, edition, body, device_id, staff_id, initials, reason, made_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            owned![
                self.tenant.code.clone(),
                i64::from(edition.edition),
                edition.body.clone(),
                edition.device_id.as_uuid(),
                edition.staff_id.as_uuid(),
                edition.initials.clone(),
                edition.reason.clone(),
                edition.made_at,
            ],
        )
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
        self.gather(
            Table::Audit,
            None,
            owned![
                self.tenant.code.clone(),
                row.id,
                number(self.tenant.audit_rows),
                row.at,
                row.device_id.as_uuid(),
                row.staff_id.map(|id| id.as_uuid()),
                row.action.to_owned(),
                row.purpose.clone(),
                row.case_id.map(|id| id.as_uuid()),
                row.citizen_digest.map(vec_of),
                row.detail.clone(),
            ],
        )
    }

    fn audit_rows(&mut self, after: u64, limit: u32) -> Stored<Vec<AuditEntry>> {
        let code = self.tenant.code.clone();
        let runtime = self.runtime.clone();
        runtime.block_on(super::audit_rows(self.link()?, &code, after, limit))
    }

    fn last_seal(&mut self) -> Stored<Option<AuditSeal>> {
        let code = self.tenant.code.clone();
        let last = self.one(
            "SELECT coalesce(max(number), 0) AS number FROM audit_seal WHERE tenant = $1",
            &[&code],
            |row| row::count(row, "number"),
        )?;
        let runtime = self.runtime.clone();
        runtime.block_on(super::audit_seal(self.link()?, &code, last.unwrap_or(0)))
    }

    fn insert_seal(&mut self, seal: &AuditSeal) -> Stored<()> {
        self.send(
            "INSERT INTO audit_seal (tenant, number, first_row, last_row, previous, digests, signature, sealed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            owned![
                self.tenant.code.clone(),
                number(seal.number),
                number(seal.first_row),
                number(seal.last_row),
                vec_of(seal.previous),
                seal.digests.clone(),
                vec_of(seal.signature.as_bytes()),
                seal.sealed_at,
            ],
        )
    }

    fn news(&self) -> News {
        self.news.clone()
    }

    fn commit(mut self: Box<Self>) -> Stored<()> {
        if rehearsal::is_planted(Bug::DroppedReceipt) && self.tenant.position() == self.begun_at {
            return Ok(());
        }
        self.send(
            "UPDATE tenant
                SET position = $2, frontier = $3, backup_position = $4, audit_rows = $5
              WHERE tenant = $1",
            owned![
                self.tenant.code.clone(),
                number(self.tenant.position()),
                self.tenant.tree.to_bytes(),
                number(self.tenant.backup_position),
                number(self.tenant.audit_rows),
            ],
        )?;
        self.runtime.block_on(self.link.commit())?;
        self.is_open = false;
        Ok(())
    }
}
