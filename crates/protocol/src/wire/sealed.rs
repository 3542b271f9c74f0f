//! Work that left a laptop sealed, offered to a server that was restored.
//!
//! Basis: design, section 6 (epoch); decision 50.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use skranke_domain::ids::CommandId;

use super::CommandVerdict;
use crate::confirmation::{Confirmation, Signed, TenantHead};
use crate::encoding::as_text;
use crate::instant;

/// A command that only the server can read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SealedCommand {
    /// The command.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub command_id: CommandId,
    /// A `PushCommand` in a box of the server's recovery key (`crypto_box_seal`), in base64url.
    pub sealed: String,
}

/// `POST /v1/sealed`: whole commands, in the order of each device's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SealedBatch {
    /// The commands.
    pub commands: Vec<SealedCommand>,
}

/// The answer: a verdict for each command whose box opened, in the order sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SealedAnswer {
    /// One for each command that could be read.
    pub verdicts: Vec<CommandVerdict>,
    /// How many could not be read: sealed to another key, or damaged. Whoever holds them keeps them.
    pub unopened: u64,
    /// What the server now holds of the device.
    pub confirmation: Signed<Confirmation>,
    /// The head of the tenant's feed.
    pub head: Signed<TenantHead>,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}
