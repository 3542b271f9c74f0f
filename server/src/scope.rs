//! Giving a case to a device of limited scope, and taking it back: the feed says it to that device, and to no other.
//!
//! Basis: design, section 6 (`scope_entered`, `scope_left`).

use chrono::{DateTime, Utc};
use skranke_domain::ids::{CaseId, DeviceId, StaffId};
use skranke_protocol::wire::{DeviceState, Scope, ScopeDevice, ScopeRequest};
use uuid::Uuid;

use crate::store::{AuditRow, CentralTransaction, NewFeedItem, Stored};

/// Brings a case into a device's scope, with all its events so far; whether it was not there before.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn enter(
    transaction: &mut dyn CentralTransaction,
    device_id: DeviceId,
    case_id: CaseId,
) -> Stored<bool> {
    if transaction.scope_of(device_id)?.contains(&case_id) {
        return Ok(false);
    }
    transaction.append_feed(&NewFeedItem::ScopeEntered { case_id, device_id })?;
    transaction.enter_scope(device_id, case_id)?;
    Ok(true)
}

/// Takes a case out of a device's scope; whether it was there. What the device recorded before it hears of it is
/// taken as if the case were still there.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn leave(
    transaction: &mut dyn CentralTransaction,
    device_id: DeviceId,
    case_id: CaseId,
) -> Stored<bool> {
    if !transaction.scope_of(device_id)?.contains(&case_id) {
        return Ok(false);
    }
    transaction.append_feed(&NewFeedItem::ScopeLeft { case_id, device_id })?;
    transaction.leave_scope(device_id, case_id)?;
    Ok(true)
}

/// Does what a person asked for, once, and writes who did. `None` where there is no such case, or no such device that
/// may work and has a limited scope.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn decide(
    transaction: &mut dyn CentralTransaction,
    request: &ScopeRequest,
    (device_id, staff_id): (DeviceId, StaffId),
    now: DateTime<Utc>,
) -> Stored<Option<()>> {
    let (to, case_id) = (request.device_id, request.case_id);
    let is_outreach = transaction.device(to)?.is_some_and(|device| {
        device.scope == Scope::OwnCases && device.state == DeviceState::Active
    });
    if !is_outreach || transaction.case_history(case_id)?.is_empty() {
        return Ok(None);
    }
    let (is_news, action) = if request.enters {
        (enter(transaction, to, case_id)?, "case_given_out")
    } else {
        (leave(transaction, to, case_id)?, "case_taken_back")
    };
    if is_news {
        transaction.audit(&AuditRow {
            id: Uuid::now_v7(),
            at: now,
            device_id,
            staff_id: Some(staff_id),
            action,
            purpose: "case_work".to_owned(),
            case_id: Some(case_id),
            citizen_digest: None,
            detail: to.to_string(),
        })?;
    }
    Ok(Some(()))
}

/// The devices of limited scope that may work, and which of them hold the case.
///
/// # Errors
/// The database failed.
pub fn computers(
    transaction: &mut dyn CentralTransaction,
    case_id: CaseId,
) -> Stored<Vec<ScopeDevice>> {
    let mut computers = Vec::new();
    for record in transaction.device_records()? {
        let device = record.device;
        if device.scope == Scope::OwnCases && device.state == DeviceState::Active {
            computers.push(ScopeDevice {
                holds: transaction.scope_of(device.id)?.contains(&case_id),
                device_id: device.id,
                code: device.code,
                name: device.name,
            });
        }
    }
    Ok(computers)
}
