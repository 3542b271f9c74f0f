//! What devices handed over of their own audit logs, as the store keeps it: rows are added and never change.

use skranke_domain::ids::DeviceId;
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

    /// How many rows are kept in all.
    fn count_log_rows(&self, tenant: &str) -> Stored<u64>;
}
