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
use skranke_server::store::{CentralStore, CentralTransaction, EnrolmentCode, Staff};
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
    let id = store.staff_by_login(tenant, &login)?.map_or_else(
        || StaffId::from_uuid(uuid::Uuid::now_v7()),
        |known| known.id,
    );
    let staff = Staff {
        id,
        login,
        password_hash: sign_in::hash_password(password)?,
        roles,
        active: true,
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
    let records = store.begin(tenant)?.device_records()?;
    let listed: Vec<_> = records.into_iter().map(devices::listed).collect();
    print(&json!({ "devices": listed }))
}

pub(crate) fn list_alarms(store: &dyn CentralStore, tenant: &str) -> anyhow::Result<()> {
    let records = store.begin(tenant)?.device_records()?;
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
    let mut transaction = store.begin(tenant)?;
    let id = device_by_code(transaction.as_mut(), code)?;
    let by = Acting::OPERATOR;
    let revoked = devices::revoke(transaction.as_mut(), id, by, reason, wipe, log::now())?;
    transaction.commit()?;
    print(&json!({ "device": revoked.map(devices::listed) }))
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
        let mut transaction = store.begin(tenant)?;
        let id = device_by_code(transaction.as_mut(), code)?;
        let page = (after, AT_ONCE);
        let held = devices::holdings(
            transaction.as_mut(),
            id,
            Acting::OPERATOR,
            "lost_device",
            page,
            log::now(),
        );
        transaction.commit()?;
        let held = held?.ok_or_else(|| anyhow!("there is no such device"))?;
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
    let mut transaction = store.begin(tenant)?;
    let id = device_by_code(transaction.as_mut(), code)?;
    let drafts = transaction.handed_over(id)?;
    let detail = format!("{id} {}", drafts.len());
    devices::note(
        transaction.as_mut(),
        Acting::OPERATOR,
        "handed_over_read",
        "lost_device",
        detail,
        log::now(),
    )?;
    transaction.commit()?;
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
) -> anyhow::Result<DeviceId> {
    let records = transaction.device_records()?;
    let found = records
        .into_iter()
        .find(|record| record.device.code.eq_ignore_ascii_case(code));
    found
        .map(|record| record.device.id)
        .ok_or_else(|| anyhow!("there is no device with this code"))
}
