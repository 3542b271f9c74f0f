//! Keeping the rows of their own audit logs that devices hand over, and finding what was done to them.
//!
//! A device links its rows; here the links are followed as they come. A row that was cut out, changed or written anew
//! raises an alarm, and is kept all the same: what the device says now is evidence too. Each batch is one row of the
//! server's own audit, whose digest lies under its seals. Basis: design, section 6 (audit); reliability, threats T7, T19.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use skranke_domain::ids::DeviceId;
use skranke_protocol::device_log::{BEFORE_ALL, LogRow};
use skranke_protocol::encoding::to_hex;
use skranke_protocol::wire::{LogBatch, LogLine, LogReadRequest};
use uuid::Uuid;

use crate::devices::{self, Acting};
use crate::store::device_log::KeptLogRow;
use crate::store::{AuditRow, CentralTransaction, StoreError, Stored};

/// The action of the audit rows under which batches lie.
pub const TAKEN: &str = "device_log_taken";
/// The action of the audit rows that say that a page of the logs was read.
pub const READ: &str = "device_log_read";

/// Number and link of a row.
type Place = (u64, [u8; 32]);

/// Whether rows are such as a device sends: well formed and in the order of their numbers.
pub fn is_readable(batch: &LogBatch) -> bool {
    !batch.rows.is_empty()
        && batch.rows.iter().all(LogRow::is_well_formed)
        && batch
            .rows
            .is_sorted_by(|one, next| one.number < next.number)
}

/// Keeps what is new of a batch and raises an alarm for the first thing that is wrong with it. What came before is not
/// kept twice. Gives the number of the last row.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn take(
    transaction: &mut dyn CentralTransaction,
    device_id: DeviceId,
    batch: &LogBatch,
    now: DateTime<Utc>,
) -> Stored<u64> {
    let (Some(first), Some(last)) = (batch.rows.first(), batch.rows.last()) else {
        return Ok(0);
    };
    let through = last.number;
    let known = transaction.log_links(device_id, first.number.saturating_sub(1), last.number)?;
    let is_new = |row: &&LogRow| !known.contains(&(row.number, row.link));
    let new: Vec<KeptLogRow> = batch
        .rows
        .iter()
        .filter(is_new)
        .map(|row| kept(device_id, row))
        .collect();
    if new.is_empty() {
        return Ok(through);
    }
    let id = Uuid::now_v7();
    for row in &new {
        transaction.insert_log_row(id, row)?;
    }
    transaction.audit(&AuditRow {
        id,
        at: now,
        device_id,
        staff_id: None,
        action: TAKEN,
        purpose: "sync".to_owned(),
        case_id: None,
        citizen_digest: None,
        detail: statement(&new),
    })?;
    if let Some(code) = fault(batch, &known) {
        transaction.raise_alarm(code, device_id, None, now)?;
    }
    Ok(through)
}

/// What rows say, for whoever reads the logs; that they were read, and why, is noted first.
///
/// # Errors
/// The database failed, or a row cannot be read; nothing of it is committed.
pub fn read_out(
    transaction: &mut dyn CentralTransaction,
    by: Acting,
    request: &LogReadRequest,
    kept: &[KeptLogRow],
    now: DateTime<Utc>,
) -> Stored<Vec<LogLine>> {
    let whose = request
        .device_id
        .map_or_else(|| "all".to_owned(), |id| id.to_string());
    let detail = format!("{whose} {}", kept.len());
    devices::note(transaction, by, READ, &request.purpose, detail, now)?;
    let rows = kept.iter().map(|kept| Ok((kept.device_id, said(kept)?)));
    let rows: Vec<(DeviceId, LogRow)> = rows.collect::<Stored<_>>()?;
    let cases: BTreeSet<_> = rows.iter().filter_map(|(_, row)| row.case_id).collect();
    let cases = devices::described(transaction, cases.into_iter().collect())?;
    let line = |(device_id, row): (DeviceId, LogRow)| {
        let case = row.case_id.and_then(|id| cases.get(&id));
        LogLine {
            device_id,
            case_number: case.map(|case| case.number.clone()).unwrap_or_default(),
            cpr_masked: case.map(|case| case.cpr_masked.clone()).unwrap_or_default(),
            login: String::new(),
            row,
        }
    };
    Ok(rows.into_iter().map(line).collect())
}

fn said(kept: &KeptLogRow) -> Stored<LogRow> {
    serde_json::from_str(&kept.body).map_err(|_| StoreError::Row("device_log"))
}

fn kept(device_id: DeviceId, row: &LogRow) -> KeptLogRow {
    KeptLogRow {
        device_id,
        number: row.number,
        link: row.link,
        done_at: row.done_at,
        body: serde_json::to_string(row).unwrap_or_default(),
    }
}

/// Code of the first thing that is wrong with a batch, beside what was kept before.
fn fault(batch: &LogBatch, known: &[Place]) -> Option<&'static str> {
    let first = batch.rows.first()?.number;
    let mut before: Place = (first.saturating_sub(1), batch.previous);
    let is_other = |(number, link): Place| {
        let mut there = known.iter();
        there.any(|(other, kept)| *other == number && *kept != link)
    };
    let follows = match before {
        (0, previous) => previous == BEFORE_ALL,
        place => known.contains(&place),
    };
    if !follows {
        return Some(if is_other(before) {
            "audit_fork"
        } else {
            "audit_gap"
        });
    }
    for row in &batch.rows {
        let place = (row.number, row.link);
        if row.number != before.0 + 1 {
            return Some("audit_gap");
        }
        if row.link != row.link_after(&before.1) {
            return Some("audit_changed");
        }
        if is_other(place) {
            return Some("audit_fork");
        }
        before = place;
    }
    None
}

/// Whether the rows of a batch are those its row of the audit speaks of, each filed under the time it tells.
pub(crate) fn is_as_it_came(rows: &[KeptLogRow], stated: &str) -> bool {
    let is_filed = |row: &KeptLogRow| said(row).is_ok_and(|said| said.done_at == row.done_at);
    statement(rows) == stated && rows.iter().all(is_filed)
}

/// What the server's audit says of a batch: its first and last number, and a digest of all that is kept.
fn statement(rows: &[KeptLogRow]) -> String {
    let mut hash = Sha256::new_with_prefix("skranke/server/device-log/1\0");
    for row in rows {
        hash.update(row.device_id.as_uuid().as_bytes());
        hash.update(row.number.to_be_bytes());
        hash.update(row.link);
        hash.update((row.body.len() as u64).to_be_bytes());
        hash.update(&row.body);
    }
    let numbers = |row: Option<&KeptLogRow>| row.map_or(0, |row| row.number);
    let (first, last) = (numbers(rows.first()), numbers(rows.last()));
    let digest: [u8; 32] = hash.finalize().into();
    format!("{first}..{last} {}", to_hex(&digest))
}

/// The number of the row that is not as it came, as far as the rows that are left show it.
pub(crate) fn first_odd(rows: &[KeptLogRow], stated: &str) -> u64 {
    let first = stated.split("..").next().and_then(|text| text.parse().ok());
    let mut expected = first.unwrap_or(1);
    let mut before: Option<[u8; 32]> = None;
    for kept in rows {
        let is_itself = said(kept).is_ok_and(|row| {
            let fits = before.is_none_or(|before| row.link_after(&before) == kept.link);
            (row.number, row.link, row.done_at) == (kept.number, kept.link, kept.done_at) && fits
        });
        if kept.number != expected || !is_itself {
            return expected.min(kept.number);
        }
        expected += 1;
        before = Some(kept.link);
    }
    expected
}
