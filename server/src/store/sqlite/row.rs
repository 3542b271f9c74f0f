//! Rows of the database as values, and values as columns.

use chrono::{DateTime, Utc};
use rusqlite::Row;
use skranke_domain::ids::{CaseId, CommandId, DeviceId, EventId, StaffId};
use skranke_protocol::chain::Head;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::grant::SignedGrant;
use skranke_protocol::instant;
use skranke_protocol::signature::{PublicKey, Signature};
use skranke_protocol::tree::Frontier;
use skranke_protocol::wire::{DeferReason, DeviceState, Outcome, QuarantineReason, Scope};
use uuid::Uuid;

use crate::audit::AuditSeal;

use super::super::{
    Alarm, AuditEntry, CaseSummary, Device, EnrolmentCode, HeldWork, NewFeedItem, Settlement,
    Staff, StoreError, Stored, StoredEdition, StoredEvent, StoredGrant, Tenant, TokenFamily,
};

pub(super) const DEVICE_COLUMNS: &str = "
    id, code, name, public_key, scope, state, seq, head_hash, accepted, quarantined, deferred,
    named_position";

pub(super) const EVENT_COLUMNS: &str = "
    hash, header, payload, salt, signature, outcome, outcome_detail, position, on_chain";

/// A count or position as SQLite keeps it; none of ours comes near the sign bit.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Reads a count or position, which is never negative.
pub(super) fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    let index = row.as_ref().column_index(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(index, value))
}

pub(super) fn time(text: &str, table: &'static str) -> Stored<DateTime<Utc>> {
    instant::from_text(text).ok_or(StoreError::Row(table))
}

pub(super) fn tenant(row: &Row<'_>) -> Stored<Tenant> {
    let position = count(row, "position")?;
    let frontier: Vec<u8> = row.get("frontier")?;
    Ok(Tenant {
        code: row.get("tenant")?,
        epoch: count(row, "epoch")?,
        tree: Frontier::from_bytes(position, &frontier).map_err(|_| StoreError::Row("tenant"))?,
        backup_position: count(row, "backup_position")?,
        audit_rows: count(row, "audit_rows")?,
        opening: super::super::opening_of(row.get("epoch_opening")?)?,
    })
}

pub(super) fn device(row: &Row<'_>) -> Stored<Device> {
    let scope: String = row.get("scope")?;
    let state: String = row.get("state")?;
    Ok(Device {
        id: DeviceId::from_uuid(Uuid::from_bytes(row.get("id")?)),
        code: row.get("code")?,
        name: row.get("name")?,
        public_key: PublicKey::from_bytes(row.get("public_key")?),
        scope: Scope::from_code(&scope),
        state: DeviceState::from_code(&state),
        head: Head {
            seq: count(row, "seq")?,
            hash: row.get("head_hash")?,
        },
        accepted: count(row, "accepted")?,
        quarantined: count(row, "quarantined")?,
        deferred: count(row, "deferred")?,
        named_position: count(row, "named_position")?,
    })
}

pub(super) fn grant(row: &Row<'_>) -> Stored<StoredGrant> {
    let optional_time = |column: &str| -> Stored<Option<DateTime<Utc>>> {
        let text: Option<String> = row.get(column)?;
        text.map(|text| time(&text, "staff_grant")).transpose()
    };
    Ok(StoredGrant {
        signed: SignedGrant::from_parts(
            row.get("body")?,
            Signature::from_bytes(row.get("signature")?),
        ),
        revoked_at: optional_time("revoked_at")?,
        family: TokenFamily {
            generation: count(row, "generation")?,
            renewed_at: optional_time("renewed_at")?,
            ended_at: optional_time("ended_at")?,
        },
    })
}

pub(super) fn sealed(row: &Row<'_>) -> Stored<SealedEvent> {
    let event = SealedEvent::from_parts(
        row.get("header")?,
        row.get("payload")?,
        row.get("salt")?,
        Signature::from_bytes(row.get("signature")?),
    )
    .map_err(|_| StoreError::Row("event"))?;
    let hash: [u8; 32] = row.get("hash")?;
    if *event.hash() == hash {
        Ok(event)
    } else {
        Err(StoreError::Row("event"))
    }
}

pub(super) fn stored_event(row: &Row<'_>) -> Stored<StoredEvent> {
    let outcome: String = row.get("outcome")?;
    let detail: String = row.get("outcome_detail")?;
    let position: Option<i64> = row.get("position")?;
    let position = position
        .map(u64::try_from)
        .transpose()
        .map_err(|_| StoreError::Row("event"))?;
    let outcome = match (outcome.as_str(), position) {
        ("accepted", Some(position)) => Outcome::Accepted { position },
        ("conflict", Some(position)) => Outcome::Conflict {
            position,
            fields: detail.split_whitespace().map(str::to_owned).collect(),
        },
        ("quarantined", None) => Outcome::Quarantined {
            reason: QuarantineReason::from_code(&detail),
        },
        ("deferred", None) => Outcome::Deferred {
            reason: DeferReason::from_code(&detail),
        },
        _ => return Err(StoreError::Row("event")),
    };
    Ok(StoredEvent {
        event: sealed(row)?,
        outcome,
        on_chain: row.get("on_chain")?,
    })
}

/// Detail and position columns of an outcome.
pub(super) fn outcome_columns(outcome: &Outcome) -> (String, Option<i64>) {
    match outcome {
        Outcome::Accepted { position } => (String::new(), Some(number(*position))),
        Outcome::Conflict { position, fields } => (fields.join(" "), Some(number(*position))),
        Outcome::Quarantined { reason } => (reason.code().to_owned(), None),
        Outcome::Deferred { reason } => (reason.code().to_owned(), None),
    }
}

/// An item of the feed; what a case consists of is asked for apart.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every item is an event; boxing would only add an allocation to each"
)]
pub(super) enum Fed {
    Event(SealedEvent),
    ScopeEntered(CaseId),
    ScopeLeft(CaseId),
}

pub(super) fn feed_item(row: &Row<'_>) -> Stored<(u64, Fed)> {
    let position = count(row, "at_position")?;
    let case_id = || -> Stored<CaseId> {
        let bytes = row.get("item_case")?;
        Ok(CaseId::from_uuid(Uuid::from_bytes(bytes)))
    };
    let item = match row.get_ref("item")?.as_bytes() {
        Ok(b"event") => Fed::Event(sealed(row)?),
        Ok(b"scope_entered") => Fed::ScopeEntered(case_id()?),
        Ok(b"scope_left") => Fed::ScopeLeft(case_id()?),
        _ => return Err(StoreError::Row("feed_item")),
    };
    Ok((position, item))
}

pub(super) fn new_feed_item(row: &Row<'_>) -> Stored<NewFeedItem> {
    let item: String = row.get("item")?;
    let device: Option<[u8; 16]> = row.get("device_id")?;
    let event: Option<[u8; 16]> = row.get("event_id")?;
    let event = event.map(|bytes| EventId::from_uuid(Uuid::from_bytes(bytes)));
    NewFeedItem::of_columns(
        &item,
        CaseId::from_uuid(Uuid::from_bytes(row.get("case_id")?)),
        event.zip(row.get("event_hash")?),
        device.map(|bytes| DeviceId::from_uuid(Uuid::from_bytes(bytes))),
    )
}

pub(super) fn staff(row: &Row<'_>) -> rusqlite::Result<Staff> {
    let roles: String = row.get("roles")?;
    Ok(Staff {
        id: StaffId::from_uuid(Uuid::from_bytes(row.get("id")?)),
        login: row.get("login")?,
        password_hash: row.get("password_hash")?,
        roles: roles.split_whitespace().map(str::to_owned).collect(),
        active: row.get("active")?,
    })
}

pub(super) fn enrolment_code(row: &Row<'_>) -> Stored<EnrolmentCode> {
    let scope: String = row.get("scope")?;
    let expires_at: String = row.get("expires_at")?;
    let device_id: Option<[u8; 16]> = row.get("device_id")?;
    Ok(EnrolmentCode {
        digest: row.get("digest")?,
        scope: Scope::from_code(&scope),
        expires_at: time(&expires_at, "enrolment_code")?,
        device_id: device_id.map(|id| DeviceId::from_uuid(Uuid::from_bytes(id))),
    })
}

pub(super) fn case_summary(row: &Row<'_>) -> Stored<CaseSummary> {
    let received_on: String = row.get("received_on")?;
    Ok(CaseSummary {
        case_id: CaseId::from_uuid(Uuid::from_bytes(row.get("case_id")?)),
        citizen_digest: row.get("citizen_digest")?,
        number: row.get("number")?,
        state: row.get("state")?,
        received_on: received_on
            .parse()
            .map_err(|_| StoreError::Row("case_summary"))?,
        registered: row.get("registered")?,
        in_conflict: row.get("in_conflict")?,
    })
}

pub(super) fn held_work(row: &Row<'_>) -> Stored<HeldWork> {
    let held_at: String = row.get("held_at")?;
    let settled_at: Option<String> = row.get("settled_at")?;
    let settled_at = settled_at.map(|at| time(&at, "held_work")).transpose()?;
    let settled_by: Option<[u8; 16]> = row.get("settled_by")?;
    let settlement: String = row.get("settlement")?;
    Ok(HeldWork {
        command_id: CommandId::from_uuid(Uuid::from_bytes(row.get("command_id")?)),
        device_id: DeviceId::from_uuid(Uuid::from_bytes(row.get("device_id")?)),
        case_id: CaseId::from_uuid(Uuid::from_bytes(row.get("case_id")?)),
        held_for: row.get("held_for")?,
        held_at: time(&held_at, "held_work")?,
        settlement: Settlement::of_columns(
            &settlement,
            settled_at,
            settled_by.map(|id| StaffId::from_uuid(Uuid::from_bytes(id))),
            row.get("reason")?,
        )?,
    })
}

pub(super) fn alarm(row: &Row<'_>) -> Stored<Alarm> {
    let raised_at: String = row.get("raised_at")?;
    Ok(Alarm {
        code: row.get("code")?,
        device_id: DeviceId::from_uuid(Uuid::from_bytes(row.get("device_id")?)),
        raised_at: time(&raised_at, "alarm")?,
    })
}

pub(super) fn edition(row: &Row<'_>) -> Stored<StoredEdition> {
    let made_at: String = row.get("made_at")?;
    Ok(StoredEdition {
        edition: row.get("edition")?,
        body: row.get("body")?,
        device_id: DeviceId::from_uuid(Uuid::from_bytes(row.get("device_id")?)),
        staff_id: StaffId::from_uuid(Uuid::from_bytes(row.get("staff_id")?)),
        initials: row.get("initials")?,
        reason: row.get("reason")?,
        made_at: time(&made_at, "profile_edition")?,
    })
}

pub(super) fn audit_entry(row: &Row<'_>) -> Stored<AuditEntry> {
    let at: String = row.get("at")?;
    let staff_id: Option<[u8; 16]> = row.get("staff_id")?;
    let case_id: Option<[u8; 16]> = row.get("case_id")?;
    Ok(AuditEntry {
        id: Uuid::from_bytes(row.get("id")?),
        number: count(row, "number")?,
        at: time(&at, "audit")?,
        device_id: DeviceId::from_uuid(Uuid::from_bytes(row.get("device_id")?)),
        staff_id: staff_id.map(|id| StaffId::from_uuid(Uuid::from_bytes(id))),
        action: row.get("action")?,
        purpose: row.get("purpose")?,
        case_id: case_id.map(|id| CaseId::from_uuid(Uuid::from_bytes(id))),
        citizen_digest: row.get("citizen_digest")?,
        detail: row.get("detail")?,
    })
}

pub(super) fn audit_seal(row: &Row<'_>) -> Stored<AuditSeal> {
    let sealed_at: String = row.get("sealed_at")?;
    Ok(AuditSeal {
        number: count(row, "number")?,
        first_row: count(row, "first_row")?,
        last_row: count(row, "last_row")?,
        previous: row.get("previous")?,
        digests: row.get("digests")?,
        signature: Signature::from_bytes(row.get("signature")?),
        sealed_at: time(&sealed_at, "audit_seal")?,
    })
}
