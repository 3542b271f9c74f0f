//! A device hands over the rows of its own audit log.

use serde::{Deserialize, Serialize};

use crate::device_log::LogRow;
use crate::encoding::hex_array;

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
