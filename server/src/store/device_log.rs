//! What devices handed over of their own audit logs, as the store keeps it: rows are added and never change.

use chrono::{DateTime, Utc};
use skranke_domain::ids::DeviceId;
use skranke_protocol::wire::{LogPlace, LogReadRequest};
use uuid::Uuid;

use super::Stored;

/// A row of a device's log as it is kept. Rows of one number with different links stand beside each other: a log that
/// was carried on in two copies is kept in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLogRow {
    /// The device that handed it over.
    pub device_id: DeviceId,
    /// The row's number there.
    pub number: u64,
    /// Its link there.
    pub link: [u8; 32],
    /// When, as the row tells it: what it is filed under.
    pub done_at: DateTime<Utc>,
    /// The row as it came, in JSON.
    pub body: String,
}

/// The logs within the municipality's one writing transaction.
pub trait DeviceLog {
    /// Number and link of each row of these numbers that is kept of a device, both ends included.
    fn log_links(&mut self, device: DeviceId, from: u64, to: u64) -> Stored<Vec<(u64, [u8; 32])>>;

    /// Adds a row that came with this batch; the batch is a row of the server's own audit.
    fn insert_log_row(&mut self, batch: Uuid, row: &KeptLogRow) -> Stored<()>;
}

/// Reading the logs.
pub trait DeviceLogReader {
    /// The rows of a batch, in the order of their numbers.
    fn log_rows(&self, tenant: &str, batch: Uuid) -> Stored<Vec<KeptLogRow>>;

    /// At most `limit` rows of all devices or of one, the newest first.
    fn log_page(
        &self,
        tenant: &str,
        wanted: &LogReadRequest,
        limit: u32,
    ) -> Stored<Vec<KeptLogRow>>;

    /// How many rows are kept in all.
    fn count_log_rows(&self, tenant: &str) -> Stored<u64>;
}

/// Where a page begins: the last row of the page before, or what is later than all that is wanted.
pub(super) fn begins_before(wanted: &LogReadRequest) -> LogPlace {
    wanted.before.clone().unwrap_or(LogPlace {
        done_at: wanted.until,
        device_id: DeviceId::from_uuid(Uuid::nil()),
        number: 0,
        link: [0; 32],
    })
}
