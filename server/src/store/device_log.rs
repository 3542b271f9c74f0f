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

/// Which rows make a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// Those of this device; of all where it is none.
    pub device_id: Option<DeviceId>,
    /// Those done from this instant on.
    pub from: DateTime<Utc>,
    /// Those before this place.
    pub before: LogPlace,
    /// At most so many.
    pub limit: u32,
}

impl LogPage {
    /// The page that is asked for: it begins where the one before ended, the first with the latest that is wanted.
    pub fn of(wanted: &LogReadRequest, limit: u32) -> Self {
        let at_the_end = LogPlace {
            done_at: wanted.until,
            device_id: DeviceId::from_uuid(Uuid::nil()),
            number: 0,
            link: [0; 32],
        };
        Self {
            device_id: wanted.device_id,
            from: wanted.from,
            before: wanted.before.clone().unwrap_or(at_the_end),
            limit,
        }
    }
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

    /// A page of rows, the newest first.
    fn log_page(&self, tenant: &str, page: &LogPage) -> Stored<Vec<KeptLogRow>>;

    /// How many rows are kept in all.
    fn count_log_rows(&self, tenant: &str) -> Stored<u64>;
}
