//! A device hands over the rows of its own audit log, and a person reads what all devices handed over.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use skranke_domain::ids::DeviceId;

use crate::device_log::LogRow;
use crate::encoding::{as_text, as_text_option, hex_array};
use crate::instant;

/// Most rows of a log in one batch; the largest then stay below [`super::MAX_BATCH_BYTES`].
pub const MAX_LOG_ROWS: usize = 200;

/// `POST /v1/audit`: the next rows of the device's log, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogBatch {
    /// Link of the row before the first; zeros before the first of all.
    #[serde(with = "hex_array")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub previous: [u8; 32],
    /// The rows; at most [`MAX_LOG_ROWS`].
    pub rows: Vec<LogRow>,
}

/// The answer to [`LogBatch`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogAnswer {
    /// Number of the last row sent; it and those before it are kept and need not be sent again.
    pub through: u64,
}

/// Why somebody may read the logs.
pub const LOG_PURPOSES: [&str; 3] = ["supervision", "citizen_access", "suspicion"];
/// Rows on one page of the logs.
pub const LOG_PAGE: u32 = 100;

/// `POST /v1/audit/read`: what was done on the municipality's devices, the newest first. Audited with its purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogReadRequest {
    /// Code of the purpose: one of [`LOG_PURPOSES`].
    pub purpose: String,
    /// The device; all of them where left out.
    #[serde(default, with = "as_text_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "uuid"))]
    pub device_id: Option<DeviceId>,
    /// From this instant on, by the clock of the device.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub from: DateTime<Utc>,
    /// Before this one.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub until: DateTime<Utc>,
    /// Where the page before ended; left out for the first.
    #[serde(default)]
    pub before: Option<LogPlace>,
}

/// The place of a row among those of all devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogPlace {
    /// When it was done.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub done_at: DateTime<Utc>,
    /// The device that handed it over.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub device_id: DeviceId,
    /// Its number there.
    pub number: u64,
    /// Its link there.
    #[serde(with = "hex_array")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub link: [u8; 32],
}

/// A row of a device's log, with what the municipality knows of what it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogLine {
    /// The device that handed it over.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub device_id: DeviceId,
    /// The row.
    pub row: LogRow,
    /// The account of whoever did it; empty for the program itself and for one that is not known here.
    pub login: String,
    /// The number of its case; empty where it names none, or one of which nothing arrived.
    pub case_number: String,
    /// The number of the case's citizen with the last four digits hidden; empty where it names nobody.
    pub cpr_masked: String,
}

impl LogLine {
    /// Where a page after this row begins.
    pub fn place(&self) -> LogPlace {
        LogPlace {
            done_at: self.row.done_at,
            device_id: self.device_id,
            number: self.row.number,
            link: self.row.link,
        }
    }
}

/// The answer to [`LogReadRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogReadAnswer {
    /// The rows; at most [`LOG_PAGE`].
    pub rows: Vec<LogLine>,
    /// Whether more follow.
    pub more: bool,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}
