//! Who may sign in, and which devices may be enrolled: each change stands in the audit.

use chrono::{DateTime, Utc};
use skranke_domain::ids::{DeviceId, StaffId};

use crate::devices::{Acting, note};
use crate::store::{
    CentralStore, CentralTransaction, EnrolmentCode, Revoked, Staff, Stored, again,
};

/// Adds or replaces an account. Who loses a role by it is shut out from the next request on and may sign in anew.
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
    again::written(store, tenant, |transaction| {
        save_in(transaction, staff, by, now)
    })
}

/// A person the municipality's identity provider vouched for.
pub struct Vouched {
    /// The person's id here, of provider and subject.
    pub id: StaffId,
    /// The login that is closed and reopened: `openid:` and the subject.
    pub login: String,
    /// Role codes, as the table gives them.
    pub roles: Vec<String>,
}

/// Keeps a row of a person the identity provider vouched for, so that the person can be withdrawn here too; whether
/// the person may work. Whether the row stands open is the operator's word and never changed here.
///
/// Where the provider has another address now, its people are others here: whoever holds the login from before makes
/// room for the one who comes now and keeps the rest, and who was closed stays so under the new id.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn vouched_for(
    store: &dyn CentralStore,
    tenant: &str,
    vouched: &Vouched,
    device_id: DeviceId,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let by = Acting {
        device_id,
        staff_id: Some(vouched.id),
    };
    again::written(store, tenant, |transaction| {
        let known = transaction.staff(vouched.id)?;
        let before = transaction
            .staff_by_login(&vouched.login)?
            .filter(|holder| holder.id != vouched.id);
        let staff = Staff {
            id: vouched.id,
            login: vouched.login.clone(),
            // No password fits an empty hash.
            password_hash: String::new(),
            roles: vouched.roles.clone(),
            active: (known.as_ref().or(before.as_ref())).is_none_or(|row| row.active),
        };
        if let Some(before) = before {
            let aside = Staff {
                login: format!("{}@{}", before.login, before.id),
                ..before
            };
            save_in(transaction, &aside, by, now)?;
        }
        if known.as_ref() != Some(&staff) {
            save_in(transaction, &staff, by, now)?;
        }
        Ok(staff.active)
    })
}

fn save_in(
    transaction: &mut dyn CentralTransaction,
    staff: &Staff,
    by: Acting,
    now: DateTime<Utc>,
) -> Stored<()> {
    let before = transaction.staff(staff.id)?;
    transaction.save_staff(staff)?;
    let is_lost = |role: &String| !staff.roles.contains(role);
    if before.is_some_and(|before| before.roles.iter().any(is_lost)) {
        transaction.revoke_grants(Revoked::Of(staff.id), now)?;
    }
    let detail = format!("{} {}", staff.id, staff.roles.join(" "));
    note(transaction, by, "account_saved", "access", detail, now)
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
    let action = if active {
        "account_reopened"
    } else {
        "account_closed"
    };
    again::written(store, tenant, |transaction| {
        let Some(known) = transaction.staff_by_login(login)? else {
            return Ok(None);
        };
        let id = known.id;
        transaction.save_staff(&Staff { active, ..known })?;
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
