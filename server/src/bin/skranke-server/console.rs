//! What the operator does at the server itself, as no member of staff.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, anyhow};
use chrono::TimeDelta;
use rand::RngCore;
use serde_json::json;
use sha2::{Digest, Sha256};
use skranke_domain::ids::{DeviceId, StaffId};
use skranke_domain::role::Role;
use skranke_protocol::enrolment_code::{self, SECRET_BYTES};
use skranke_protocol::instant;
use skranke_protocol::wire::Scope;
use skranke_server::config::Config;
use skranke_server::devices::{self, Acting};
use skranke_server::store::{
    CentralStore, CentralTransaction, EnrolmentCode, Staff, Stored, again,
};
use skranke_server::{accounts, alarms, log, sign_in};

use crate::{print, tenant};

pub(crate) fn enrolment_code(
    store: &dyn CentralStore,
    config: &Config,
    scope: &str,
) -> anyhow::Result<()> {
    let scope = Scope::from_code(scope);
    if matches!(scope, Scope::Other(_)) {
        return Err(anyhow!("--scope is tenant or own_cases"));
    }
    let mut secret = [0; SECRET_BYTES];
    rand::rngs::OsRng.fill_bytes(&mut secret);
    let tenant = tenant(config)?;
    let code = enrolment_code::EnrolmentCode::new(tenant, secret).reveal();
    store.create_tenant(tenant, log::now())?;
    let row = EnrolmentCode {
        digest: Sha256::digest(&code).into(),
        scope,
        expires_at: log::now() + TimeDelta::days(1),
        device_id: None,
    };
    accounts::add_enrolment_code(store, tenant, &row, log::now())?;
    print(&json!({ "enrolment_code": code }))
}

pub(crate) fn add_staff(
    store: &dyn CentralStore,
    config: &Config,
    login: String,
    roles: Vec<String>,
) -> anyhow::Result<()> {
    if roles.iter().any(|code| Role::from_code(code).is_none()) {
        let known: Vec<_> = Role::ALL.iter().map(|role| role.code()).collect();
        return Err(anyhow!("roles are {}", known.join(", ")));
    }
    let mut password = String::new();
    std::io::stdin()
        .read_to_string(&mut password)
        .context("the password cannot be read")?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.chars().count() < 12 {
        return Err(anyhow!("the password must have at least 12 characters"));
    }
    let tenant = tenant(config)?;
    store.create_tenant(tenant, log::now())?;
    let known = store.staff_by_login(tenant, &login)?;
    let new_id = || StaffId::from_uuid(uuid::Uuid::now_v7());
    let id = known.as_ref().map_or_else(new_id, |known| known.id);
    let staff = Staff {
        id,
        login,
        password_hash: sign_in::hash_password(password)?,
        roles,
        // A closed account is opened by `--reopen` alone.
        active: known.is_none_or(|known| known.active),
    };
    accounts::save(store, tenant, &staff, Acting::OPERATOR, log::now())?;
    print(&json!({ "staff_id": id.to_string() }))
}

pub(crate) fn close_account(
    store: &dyn CentralStore,
    tenant: &str,
    login: &str,
    reopen: bool,
) -> anyhow::Result<()> {
    let changed = accounts::set_active(store, tenant, login, reopen, log::now())?;
    let id = changed.ok_or_else(|| anyhow!("there is no such login"))?;
    print(&json!({ "staff_id": id.to_string(), "active": reopen }))
}

pub(crate) fn list_devices(store: &dyn CentralStore, tenant: &str) -> anyhow::Result<()> {
    let records = again::written(store, tenant, |transaction| transaction.device_records())?;
    let listed: Vec<_> = records.into_iter().map(devices::listed).collect();
    print(&json!({ "devices": listed }))
}

pub(crate) fn list_alarms(store: &dyn CentralStore, tenant: &str) -> anyhow::Result<()> {
    let records = again::written(store, tenant, |transaction| transaction.device_records())?;
    let codes: HashMap<_, _> = records
        .into_iter()
        .map(|record| (record.device.id, record.device.code))
        .collect();
    let raised = store.alarms(tenant)?.into_iter().map(|alarm| {
        json!({
            "alarm": alarm.code,
            "urgency": alarms::urgency_of(&alarm.code).code(),
            "device": codes.get(&alarm.device_id),
            "raised_at": instant::to_text(alarm.raised_at),
        })
    });
    print(&json!({ "alarms": raised.collect::<Vec<_>>() }))
}

pub(crate) fn revoke_device(
    store: &dyn CentralStore,
    tenant: &str,
    code: &str,
    reason: &str,
    wipe: bool,
) -> anyhow::Result<()> {
    if reason.is_empty() {
        return Err(anyhow!("--reason must say why"));
    }
    let revoked = again::written(store, tenant, |transaction| {
        let Some(id) = device_by_code(transaction, code)? else {
            return Ok(None);
        };
        devices::revoke(transaction, id, Acting::OPERATOR, reason, wipe, log::now())
    })?;
    print(&json!({ "device": devices::listed(revoked.ok_or_else(no_such_device)?) }))
}

pub(crate) fn device_holdings(
    store: &dyn CentralStore,
    tenant: &str,
    code: &str,
) -> anyhow::Result<()> {
    const AT_ONCE: u32 = 1_000;
    let mut numbers: Vec<String> = Vec::new();
    let mut after = None;
    let mut total = None;
    loop {
        let held = again::written(store, tenant, |transaction| {
            let Some(id) = device_by_code(transaction, code)? else {
                return Ok(None);
            };
            let (by, purpose, page) = (Acting::OPERATOR, "lost_device", (after, AT_ONCE));
            devices::holdings(transaction, id, by, purpose, page, log::now())
        })?;
        let held = held.ok_or_else(no_such_device)?;
        after = held.cases.last().map(|case| case.case_id);
        numbers.extend(held.cases.into_iter().map(|case| case.number));
        total = total.or(held.total);
        if !held.more {
            return print(&json!({ "total": total, "cases": numbers }));
        }
    }
}

pub(crate) fn handed_over(
    store: &dyn CentralStore,
    tenant: &str,
    code: &str,
    to: &Path,
) -> anyhow::Result<()> {
    make_private_folder(to).context("the folder must be new")?;
    let drafts = again::written(store, tenant, |transaction| {
        let Some(id) = device_by_code(transaction, code)? else {
            return Ok(None);
        };
        let drafts = transaction.handed_over(id)?;
        let (by, action) = (Acting::OPERATOR, "handed_over_read");
        let detail = format!("{id} {}", drafts.len());
        devices::note(transaction, by, action, "lost_device", detail, log::now())?;
        Ok(Some(drafts))
    })?;
    let drafts = drafts.ok_or_else(no_such_device)?;
    for (number, draft) in (1..).zip(&drafts) {
        std::fs::write(to.join(format!("{number}.json")), draft)?;
    }
    print(&json!({ "drafts": drafts.len() }))
}

/// What is written there is about citizens.
fn make_private_folder(to: &Path) -> std::io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(to)
}

fn device_by_code(
    transaction: &mut dyn CentralTransaction,
    code: &str,
) -> Stored<Option<DeviceId>> {
    let records = transaction.device_records()?;
    let found = records
        .into_iter()
        .find(|record| record.device.code.eq_ignore_ascii_case(code));
    Ok(found.map(|record| record.device.id))
}

fn no_such_device() -> anyhow::Error {
    anyhow!("there is no device with this code")
}
