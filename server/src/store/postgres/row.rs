//! Rows of the database as values, and values as columns.

use skranke_domain::ids::{CaseId, CommandId, DeviceId, EventId, Sha256Digest, StaffId};
use skranke_protocol::chain::Head;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::grant::SignedGrant;
use skranke_protocol::signature::{PublicKey, Signature};
use skranke_protocol::tree::Frontier;
use skranke_protocol::wire::{DeferReason, DeviceState, Outcome, QuarantineReason, Scope};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::audit::AuditSeal;

use super::super::{
    Alarm, Attachment, AuditEntry, CaseSummary, Device, EnrolmentCode, HeldWork, NewFeedItem,
    Settlement, Staff, StoreError, Stored, StoredEdition, StoredEvent, StoredGrant, Tenant,
    TokenFamily,
};

pub(super) const DEVICE_COLUMNS: &str = "
    id, code, name, public_key, scope, state, seq, head_hash, accepted, quarantined, deferred,
    named_position";

pub(super) const EVENT_COLUMNS: &str = "
    hash, header, payload, salt, signature, outcome, outcome_detail, event.position, on_chain";

/// A count or position as the database keeps it; none of ours comes near the sign bit.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Reads a count or position, which is never negative.
pub(super) fn count(row: &Row, column: &str) -> Stored<u64> {
    let value: i64 = row.try_get(column)?;
    u64::try_from(value).map_err(|_| StoreError::Row("a count"))
}

/// Reads bytes of a fixed length.
pub(super) fn bytes<const N: usize>(row: &Row, column: &str) -> Stored<[u8; N]> {
    let value: &[u8] = row.try_get(column)?;
    value.try_into().map_err(|_| StoreError::Row("fixed bytes"))
}

/// Reads bytes of a fixed length that may be missing.
fn bytes_opt<const N: usize>(row: &Row, column: &str) -> Stored<Option<[u8; N]>> {
    let value: Option<&[u8]> = row.try_get(column)?;
    value
        .map(|value| value.try_into().map_err(|_| StoreError::Row("fixed bytes")))
        .transpose()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

pub(super) fn tenant(row: &Row) -> Stored<Tenant> {
    let position = count(row, "position")?;
    let frontier: &[u8] = row.try_get("frontier")?;
    Ok(Tenant {
        code: row.try_get("tenant")?,
        epoch: count(row, "epoch")?,
        tree: Frontier::from_bytes(position, frontier).map_err(|_| StoreError::Row("tenant"))?,
        backup_position: count(row, "backup_position")?,
        audit_rows: count(row, "audit_rows")?,
        opening: super::super::opening_of(row.try_get("epoch_opening")?)?,
    })
}

pub(super) fn device(row: &Row) -> Stored<Device> {
    Ok(Device {
        id: DeviceId::from_uuid(row.try_get("id")?),
        code: row.try_get("code")?,
        name: row.try_get("name")?,
        public_key: PublicKey::from_bytes(bytes(row, "public_key")?),
        scope: Scope::from_code(row.try_get("scope")?),
        state: DeviceState::from_code(row.try_get("state")?),
        head: Head {
            seq: count(row, "seq")?,
            hash: bytes_opt(row, "head_hash")?,
        },
        accepted: count(row, "accepted")?,
        quarantined: count(row, "quarantined")?,
        deferred: count(row, "deferred")?,
        named_position: count(row, "named_position")?,
    })
}

pub(super) fn grant(row: &Row) -> Stored<StoredGrant> {
    Ok(StoredGrant {
        signed: SignedGrant::from_parts(
            row.try_get("body")?,
            Signature::from_bytes(bytes(row, "signature")?),
        ),
        revoked_at: row.try_get("revoked_at")?,
        family: TokenFamily {
            generation: count(row, "generation")?,
            renewed_at: row.try_get("renewed_at")?,
            ended_at: row.try_get("ended_at")?,
        },
    })
}

pub(super) fn sealed(row: &Row) -> Stored<SealedEvent> {
    let event = SealedEvent::from_parts(
        row.try_get("header")?,
        row.try_get("payload")?,
        bytes_opt(row, "salt")?,
        Signature::from_bytes(bytes(row, "signature")?),
    )
    .map_err(|_| StoreError::Row("event"))?;
    if *event.hash() == bytes(row, "hash")? {
        Ok(event)
    } else {
        Err(StoreError::Row("event"))
    }
}

pub(super) fn stored_event(row: &Row) -> Stored<StoredEvent> {
    let detail: &str = row.try_get("outcome_detail")?;
    let position: Option<i64> = row.try_get("position")?;
    let position = position
        .map(u64::try_from)
        .transpose()
        .map_err(|_| StoreError::Row("event"))?;
    let outcome = match (row.try_get("outcome")?, position) {
        ("accepted", Some(position)) => Outcome::Accepted { position },
        ("conflict", Some(position)) => Outcome::Conflict {
            position,
            fields: words(detail),
        },
        ("quarantined", None) => Outcome::Quarantined {
            reason: QuarantineReason::from_code(detail),
        },
        ("deferred", None) => Outcome::Deferred {
            reason: DeferReason::from_code(detail),
        },
        _ => return Err(StoreError::Row("event")),
    };
    Ok(StoredEvent {
        event: sealed(row)?,
        outcome,
        on_chain: row.try_get("on_chain")?,
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

pub(super) fn new_feed_item(row: &Row) -> Stored<NewFeedItem> {
    let device: Option<Uuid> = row.try_get("device_id")?;
    let event: Option<Uuid> = row.try_get("event_id")?;
    NewFeedItem::of_columns(
        row.try_get("item")?,
        CaseId::from_uuid(row.try_get("case_id")?),
        event
            .map(EventId::from_uuid)
            .zip(bytes_opt(row, "event_hash")?),
        device.map(DeviceId::from_uuid),
    )
}

pub(super) fn staff(row: &Row) -> Stored<Staff> {
    Ok(Staff {
        id: StaffId::from_uuid(row.try_get("id")?),
        login: row.try_get("login")?,
        password_hash: row.try_get("password_hash")?,
        roles: words(row.try_get("roles")?),
        active: row.try_get("active")?,
    })
}

pub(super) fn enrolment_code(row: &Row) -> Stored<EnrolmentCode> {
    let device_id: Option<Uuid> = row.try_get("device_id")?;
    Ok(EnrolmentCode {
        digest: bytes(row, "digest")?,
        scope: Scope::from_code(row.try_get("scope")?),
        expires_at: row.try_get("expires_at")?,
        device_id: device_id.map(DeviceId::from_uuid),
    })
}

pub(super) fn case_summary(row: &Row) -> Stored<CaseSummary> {
    Ok(CaseSummary {
        case_id: CaseId::from_uuid(row.try_get("case_id")?),
        citizen_digest: bytes(row, "citizen_digest")?,
        number: row.try_get("number")?,
        state: row.try_get("state")?,
        received_on: row.try_get("received_on")?,
        registered: row.try_get("registered")?,
        in_conflict: row.try_get("in_conflict")?,
    })
}

pub(super) fn attachment(row: &Row, digest: Sha256Digest) -> Stored<Attachment> {
    Ok(Attachment {
        digest,
        size_bytes: count(row, "size_bytes")?,
        media_type: row.try_get("media_type")?,
    })
}

pub(super) fn held_work(row: &Row) -> Stored<HeldWork> {
    let settled_by: Option<Uuid> = row.try_get("settled_by")?;
    Ok(HeldWork {
        command_id: CommandId::from_uuid(row.try_get("command_id")?),
        device_id: DeviceId::from_uuid(row.try_get("device_id")?),
        case_id: CaseId::from_uuid(row.try_get("case_id")?),
        held_for: row.try_get("held_for")?,
        held_at: row.try_get("held_at")?,
        settlement: Settlement::of_columns(
            row.try_get("settlement")?,
            row.try_get("settled_at")?,
            settled_by.map(StaffId::from_uuid),
            row.try_get("reason")?,
        )?,
    })
}

pub(super) fn alarm(row: &Row) -> Stored<Alarm> {
    Ok(Alarm {
        code: row.try_get("code")?,
        device_id: DeviceId::from_uuid(row.try_get("device_id")?),
        raised_at: row.try_get("raised_at")?,
    })
}

pub(super) fn edition(row: &Row) -> Stored<StoredEdition> {
    Ok(StoredEdition {
        edition: edition_number(row, "edition")?,
        body: row.try_get("body")?,
        device_id: DeviceId::from_uuid(row.try_get("device_id")?),
        staff_id: StaffId::from_uuid(row.try_get("staff_id")?),
        initials: row.try_get("initials")?,
        reason: row.try_get("reason")?,
        made_at: row.try_get("made_at")?,
    })
}

pub(super) fn edition_number(row: &Row, column: &str) -> Stored<u32> {
    let value: i64 = row.try_get(column)?;
    u32::try_from(value).map_err(|_| StoreError::Row("profile_edition"))
}

pub(super) fn audit_entry(row: &Row) -> Stored<AuditEntry> {
    let staff_id: Option<Uuid> = row.try_get("staff_id")?;
    let case_id: Option<Uuid> = row.try_get("case_id")?;
    Ok(AuditEntry {
        id: row.try_get("id")?,
        number: count(row, "number")?,
        at: row.try_get("at")?,
        device_id: DeviceId::from_uuid(row.try_get("device_id")?),
        staff_id: staff_id.map(StaffId::from_uuid),
        action: row.try_get("action")?,
        purpose: row.try_get("purpose")?,
        case_id: case_id.map(CaseId::from_uuid),
        citizen_digest: bytes_opt(row, "citizen_digest")?,
        detail: row.try_get("detail")?,
    })
}

pub(super) fn audit_seal(row: &Row) -> Stored<AuditSeal> {
    Ok(AuditSeal {
        number: count(row, "number")?,
        first_row: count(row, "first_row")?,
        last_row: count(row, "last_row")?,
        previous: bytes(row, "previous")?,
        digests: row.try_get("digests")?,
        signature: Signature::from_bytes(bytes(row, "signature")?),
        sealed_at: row.try_get("sealed_at")?,
    })
}
