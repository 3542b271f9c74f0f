//! Giving a case to a device of limited scope, and taking it back: the feed says it to that device, and to no other.
//!
//! Basis: design, section 6 (`scope_entered`, `scope_left`).

use skranke_domain::ids::{CaseId, DeviceId};

use crate::store::{CentralTransaction, NewFeedItem, Stored};

/// Brings a case into a device's scope, with all its events so far; whether it was not there before.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn enter(
    transaction: &mut dyn CentralTransaction,
    device_id: DeviceId,
    case_id: CaseId,
) -> Stored<bool> {
    if transaction.is_in_scope(device_id, case_id)? {
        return Ok(false);
    }
    transaction.append_feed(&NewFeedItem::ScopeEntered { case_id, device_id })?;
    transaction.enter_scope(device_id, case_id)?;
    Ok(true)
}
