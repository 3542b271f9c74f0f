//! Shutting a device out, and saying whose data it held.
//!
//! Basis: design, section 5; reliability, threat T1, fault F23 and goal G21.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use skranke_domain::case::Case;
use skranke_domain::ids::{CaseId, DeviceId, StaffId};
use skranke_protocol::payload;
use skranke_protocol::wire::{
    CaseOnDevice, ChainEnd, DeviceRevocation, DeviceState, ListedDevice, Outcome,
};
use uuid::Uuid;

use crate::admission;
use crate::store::devices::{DeviceRecord, HANDED_OVER, Revocation};
use crate::store::{
    AuditRow, CentralTransaction, Revoked, StoreError, Stored, StoredEvent, Touched,
};

/// Who acts.
#[derive(Debug, Clone, Copy)]
pub struct Acting {
    /// On which device.
    pub device_id: DeviceId,
    /// Who; none for the operator and for a device that acts by itself.
    pub staff_id: Option<StaffId>,
}

impl Acting {
    /// The operator, at the server itself.
    pub const OPERATOR: Self = Self {
        device_id: DeviceId::from_uuid(Uuid::nil()),
        staff_id: None,
    };
}

/// Shuts a device out from the next request on: its sessions end and its grants are revoked, so that what it still
/// sends waits for a person. With `wipe` it is also ordered to hand over and destroy what it holds.
///
/// What it became after its chain forked is shut out, and wiped, with it; so are the names it had before, whose keys
/// would be given another name. The device that asks stays. A device that is shut out stays so; the first reason is
/// kept. `None` where there is no such device.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn revoke(
    transaction: &mut dyn CentralTransaction,
    id: DeviceId,
    by: Acting,
    reason: &str,
    wipe: bool,
    now: DateTime<Utc>,
) -> Stored<Option<DeviceRecord>> {
    let records = transaction.device_records()?;
    let former = former_names(&records, id);
    let is_kin = |other| former.contains(&other) || former_names(&records, other).contains(&id);
    for record in &records {
        let other = record.device.id;
        if other == id || (is_kin(other) && other != by.device_id) {
            let wipe = wipe && !former.contains(&other);
            shut_out(transaction, record.clone(), by, reason, wipe, now)?;
        }
    }
    transaction.device_record(id)
}

/// The names a device had before, the last first.
fn former_names(records: &[DeviceRecord], id: DeviceId) -> Vec<DeviceId> {
    let before = |id| {
        let mut found = records.iter().filter(move |record| record.device.id == id);
        found.next().and_then(|record| record.successor_of)
    };
    let mut names: Vec<DeviceId> = Vec::new();
    let mut last = before(id);
    while let Some(name) = last.filter(|name| !names.contains(name)) {
        names.push(name);
        last = before(name);
    }
    names
}

fn shut_out(
    transaction: &mut dyn CentralTransaction,
    record: DeviceRecord,
    by: Acting,
    reason: &str,
    wipe: bool,
    now: DateTime<Utc>,
) -> Stored<()> {
    let id = record.device.id;
    let mut revocation = record.revocation.unwrap_or_else(|| Revocation {
        at: now,
        by: by.staff_id,
        reason: reason.to_owned(),
        wipe_ordered_at: None,
        handed_over_at: None,
    });
    if wipe {
        revocation.wipe_ordered_at.get_or_insert(now);
    }
    let mut device = record.device;
    device.state = DeviceState::Revoked;
    transaction.update_device(&device)?;
    transaction.revoke_grants(Revoked::On(id), now)?;
    transaction.save_revocation(id, &revocation)?;
    let action = if wipe {
        "device_wipe_ordered"
    } else {
        "device_revoked"
    };
    note(transaction, by, action, "access", id.to_string(), now)
}

/// Keeps a draft that an ordered device hands over. Whether it was ordered.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn take_draft(
    transaction: &mut dyn CentralTransaction,
    id: DeviceId,
    draft: &str,
    now: DateTime<Utc>,
) -> Stored<bool> {
    if ordered(transaction, id)?.is_none() {
        return Ok(false);
    }
    transaction.keep_refused(id, HANDED_OVER, draft.as_bytes(), now)?;
    Ok(true)
}

/// Notes that an ordered device has handed everything over and now destroys what it holds. Not where the store lacks
/// anything of its chain: then it must not.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn take_last(
    transaction: &mut dyn CentralTransaction,
    id: DeviceId,
    end: ChainEnd,
    now: DateTime<Utc>,
) -> Stored<bool> {
    let Some((record, mut revocation)) = ordered(transaction, id)? else {
        return Ok(false);
    };
    if !admission::is_handed_over(transaction, &record.device, end)? {
        return Ok(false);
    }
    revocation.handed_over_at.get_or_insert(now);
    transaction.save_revocation(id, &revocation)?;
    let by = Acting {
        device_id: id,
        staff_id: None,
    };
    note(
        transaction,
        by,
        "device_handed_over",
        "access",
        id.to_string(),
        now,
    )?;
    Ok(true)
}

/// A device that was ordered to hand over.
///
/// # Errors
/// The database failed.
pub fn ordered(
    transaction: &mut dyn CentralTransaction,
    id: DeviceId,
) -> Stored<Option<(DeviceRecord, Revocation)>> {
    let Some(record) = transaction.device_record(id)? else {
        return Ok(None);
    };
    let revocation = record.revocation.clone();
    let ordered = revocation.filter(|revocation| revocation.wipe_ordered_at.is_some());
    Ok(ordered.map(|revocation| (record, revocation)))
}

/// Writes what somebody did with a device.
///
/// # Errors
/// The database failed.
pub fn note(
    transaction: &mut dyn CentralTransaction,
    by: Acting,
    action: &'static str,
    purpose: &str,
    detail: String,
    now: DateTime<Utc>,
) -> Stored<()> {
    transaction.audit(&AuditRow {
        id: Uuid::now_v7(),
        at: now,
        device_id: by.device_id,
        staff_id: by.staff_id,
        action,
        purpose: purpose.to_owned(),
        case_id: None,
        citizen_digest: None,
        detail,
    })
}

/// A page of whose data a device held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holdings {
    /// The cases, by id.
    pub cases: Vec<CaseOnDevice>,
    /// How many there are in all; counted with the first page alone.
    pub total: Option<u64>,
    /// Whether more follow.
    pub more: bool,
}

/// Whose data a device held; that somebody asked is noted with the purpose. `None` where there is no such device.
///
/// # Errors
/// The database failed.
pub fn holdings(
    transaction: &mut dyn CentralTransaction,
    id: DeviceId,
    by: Acting,
    purpose: &str,
    (after, limit): (Option<CaseId>, u32),
    now: DateTime<Utc>,
) -> Stored<Option<Holdings>> {
    let Some(record) = transaction.device_record(id)? else {
        return Ok(None);
    };
    let mut ids = transaction.cases_on(&record, after, limit + 1)?;
    let more = ids.len() > limit as usize;
    ids.truncate(limit as usize);
    // Counting walks the whole list: with each page the work would grow with the square of the list.
    let total = match after {
        None => Some(transaction.count_cases_on(&record)?),
        Some(_) => None,
    };
    let of = total.map_or_else(|| "more".to_owned(), |total| format!("of {total}"));
    let detail = format!("{id} {} {of}", ids.len());
    note(
        transaction,
        by,
        "device_holdings_listed",
        purpose,
        detail,
        now,
    )?;
    let mut cases = described(transaction, ids.clone())?;
    let case = |id| cases.remove(id).ok_or(StoreError::Row("event"));
    Ok(Some(Holdings {
        cases: ids.iter().map(case).collect::<Stored<_>>()?,
        total,
        more,
    }))
}

/// The cases as their history names them; one that was never let in, as what was sent of it does. One of which nothing
/// arrived is left out.
///
/// # Errors
/// The database failed.
pub fn described(
    transaction: &mut dyn CentralTransaction,
    ids: Vec<CaseId>,
) -> Stored<HashMap<CaseId, CaseOnDevice>> {
    let mut events: HashMap<CaseId, Vec<StoredEvent>> = HashMap::new();
    let touched = Touched {
        cases: ids,
        ..Touched::default()
    };
    for stored in transaction.touched(&touched)? {
        let case_id = stored.event.header().case_id;
        events.entry(case_id).or_default().push(stored);
    }
    let described = |(id, events): (CaseId, Vec<StoredEvent>)| (id, held_case(id, &events));
    Ok(events.into_iter().map(described).collect())
}

fn held_case(case_id: CaseId, events: &[StoredEvent]) -> CaseOnDevice {
    let is_in_case = |stored: &&StoredEvent| {
        matches!(
            stored.outcome,
            Outcome::Accepted { .. } | Outcome::Conflict { .. }
        )
    };
    let fold = |events: &mut dyn Iterator<Item = &StoredEvent>| {
        let recorded: Vec<_> = events
            .filter_map(|stored| payload::recorded(&stored.event).ok())
            .collect();
        Case::fold(case_id, &recorded)
    };
    let mut case = fold(&mut events.iter().filter(is_in_case));
    if case.citizen.is_none() {
        case = fold(&mut events.iter());
    }
    CaseOnDevice {
        case_id,
        number: case
            .opened
            .map(|opened| opened.number.to_string())
            .unwrap_or_default(),
        cpr_masked: case
            .citizen
            .as_ref()
            .map(|citizen| citizen.cpr.masked())
            .unwrap_or_default(),
        name: case
            .citizen
            .map(|citizen| citizen.name.clone())
            .unwrap_or_default(),
    }
}

/// A device as it is listed.
pub fn listed(record: DeviceRecord) -> ListedDevice {
    let DeviceRecord { device, .. } = record;
    ListedDevice {
        device_id: device.id,
        code: device.code,
        name: device.name,
        scope: device.scope,
        state: device.state,
        enrolled_at: record.enrolled_at,
        last_seen_at: record.last_seen_at,
        last_staff: record.last_staff,
        successor_of: record.successor_of,
        revocation: record.revocation.map(|revocation| DeviceRevocation {
            at: revocation.at,
            by: revocation.by,
            reason: revocation.reason,
            wipe_ordered_at: revocation.wipe_ordered_at,
            handed_over_at: revocation.handed_over_at,
        }),
    }
}
