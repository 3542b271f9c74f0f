//! Handing over this computer's own log of who did what: a stream of its own, after the events of each round.
//!
//! What was handed over is noted with each batch, so that a round that is cut goes on there; the central store keeps a
//! row once however often it is sent. Basis: design, section 6 (audit).

use skranke_domain::rehearsal;
use skranke_protocol::device_log::{BEFORE_ALL, LogRow};
use skranke_protocol::wire::{LogBatch, MAX_LOG_ROWS};
use skranke_store::{AuditRow, ReadHandle, WriteHandle};
use skranke_sync::{Cancel, Client, SyncError};

use super::host;
use crate::error::AppError;
use crate::state::App;
use crate::usecases::settings;

/// Name of the setting with the number of the last row that was handed over.
const HANDED_OVER: &str = "log_handed_over";

impl App {
    /// Hands over what the central store does not have of the log.
    pub(super) fn hand_over_log(&self, client: &Client, cancel: &Cancel) -> Result<(), SyncError> {
        while let Some(batch) = self
            .with_store(|store| next_batch(&store.read()?))
            .map_err(host)?
        {
            if cancel.is_cancelled() {
                return Err(SyncError::Cancelled);
            }
            // A central store of an earlier time takes none; they wait here.
            let Some(through) = client.hand_over_log(&batch)? else {
                return Ok(());
            };
            let last = batch.rows.last().map_or(0, |row| row.number);
            if through != last {
                return Err(SyncError::Undecodable);
            }
            rehearsal::point("sync.log_answered");
            self.taking_in(|write| settings::write(write, HANDED_OVER, &through))
                .map_err(host)?;
        }
        Ok(())
    }
}

/// The whole log is handed over anew: the central store was restored, or this computer has another name there.
pub(super) fn hand_over_anew(write: &mut WriteHandle<'_>) -> Result<(), AppError> {
    settings::write(write, HANDED_OVER, &0_u64)
}

/// The next rows; none where all that is new says is that something was brought in step, which would never end.
fn next_batch(read: &ReadHandle<'_>) -> Result<Option<LogBatch>, AppError> {
    let after: i64 = settings::read_in(read, HANDED_OVER)?.unwrap_or(0);
    if !read.audit_says_more_after(after)? {
        return Ok(None);
    }
    let limit = u32::try_from(MAX_LOG_ROWS).unwrap_or(u32::MAX);
    let rows = read.audit_after(after, limit)?;
    let first = rows.first().map_or(0, |row| row.number);
    let before = read.audit_after(first.saturating_sub(2), 1)?;
    let before = before.first().filter(|row| row.number == first - 1);
    let previous = before.and_then(|row| row.link).unwrap_or(BEFORE_ALL);
    let rows = rows.into_iter().map(row);
    Ok(Some(LogBatch {
        previous,
        rows: rows.collect(),
    }))
}

fn row(row: AuditRow) -> LogRow {
    LogRow {
        number: row.number.unsigned_abs(),
        done_at: row.done_at,
        staff_id: row.staff,
        device_id: row.device,
        roles: row.roles,
        action: row.action.code().to_owned(),
        case_id: row.case,
        subject: row.subject,
        purpose: row.purpose,
        // One from before there were links has none that could fit.
        link: row.link.unwrap_or_default(),
    }
}
