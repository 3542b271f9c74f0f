//! Who may sign in, and which devices may be enrolled: each change stands in the audit.

use chrono::{DateTime, Utc};
use skranke_domain::ids::StaffId;

use crate::devices::{Acting, note};
use crate::store::{CentralStore, EnrolmentCode, Revoked, Staff, Stored, again};

/// Adds or replaces an account.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn save(
    store: &dyn CentralStore,
    tenant: &str,
    staff: &Staff,
    by: Acting,
    now: DateTime<Utc>,
) -> Stored<()> {
    let (whom, roles) = (staff.id, staff.roles.join(" "));
    let detail = format!("{whom} {roles}");
    again::written(store, tenant, |transaction| {
        transaction.save_staff(staff)?;
        let detail = detail.clone();
        note(transaction, by, "account_saved", "access", detail, now)
    })
}

/// Shuts a person out from the next request on, for good as far as present sessions and grants go, or lets the person
/// sign in again. `None` where there is no such login.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn set_active(
    store: &dyn CentralStore,
    tenant: &str,
    login: &str,
    active: bool,
    now: DateTime<Utc>,
) -> Stored<Option<StaffId>> {
    let Some(known) = store.staff_by_login(tenant, login)? else {
        return Ok(None);
    };
    let changed = Staff { active, ..known };
    let id = changed.id;
    let action = if active {
        "account_reopened"
    } else {
        "account_closed"
    };
    again::written(store, tenant, |transaction| {
        transaction.save_staff(&changed)?;
        if !active {
            transaction.revoke_grants(Revoked::Of(id), now)?;
        }
        let (by, detail) = (Acting::OPERATOR, id.to_string());
        note(transaction, by, action, "access", detail, now)?;
        Ok(Some(id))
    })
}

/// Adds a one-time code with which one device can be enrolled.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn add_enrolment_code(
    store: &dyn CentralStore,
    tenant: &str,
    code: &EnrolmentCode,
    now: DateTime<Utc>,
) -> Stored<()> {
    again::written(store, tenant, |transaction| {
        transaction.save_enrolment_code(code)?;
        let (by, detail) = (Acting::OPERATOR, code.scope.code().to_owned());
        let action = "enrolment_code_made";
        note(transaction, by, action, "access", detail, now)
    })
}
