//! Work that is held apart: what waits for a person, what they decide, and what was sent back.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use skranke_domain::ids::{CaseId, CommandId, StaffId};

use super::code::QuarantineReason;
use super::verdict::Outcome;
use crate::encoding::{as_text, as_text_option};
use crate::instant;

/// A command that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeldCommand {
    /// The command.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub command_id: CommandId,
    /// Its case.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub case_id: CaseId,
    /// The number on the case's papers; empty where it is not known.
    pub case_number: String,
    /// Why it is held.
    pub reason: QuarantineReason,
    /// Whose work it is by its own word.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub actor: StaffId,
    /// Code of the device it came from.
    pub device_code: String,
    /// What that device is called.
    pub device_name: String,
    /// Kinds of its events, in order.
    pub kinds: Vec<String>,
    /// When it was recorded, by its own word of its clock and the central store's.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub recorded_at: DateTime<Utc>,
    /// Since when it is held.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub held_at: DateTime<Utc>,
}

/// `GET /v1/held`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeldAnswer {
    /// What waits: first what a citizen was given a paper of, then the oldest; the first [`MAX_HELD`](super::MAX_HELD)
    /// where there is more.
    pub work: Vec<HeldCommand>,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

/// What shall become of held work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum HeldVerdict {
    /// Judge it again as things stand now, and let it in if it holds.
    #[serde(rename = "release")]
    Release,
    /// Send it back to its author.
    #[serde(rename = "return")]
    Return,
}

/// `POST /v1/held`: a person decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeldDecision {
    /// The command.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub command_id: CommandId,
    /// What shall become of it.
    pub verdict: HeldVerdict,
    /// Why, 1 to 400 characters; its author reads it where the work is sent back.
    pub reason: String,
}

/// The answer: what became of the command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeldDecided {
    /// Its outcome now. A release that does not hold leaves it quarantined, with the reason of today.
    pub outcome: Outcome,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

/// A command of the asking device that was sent back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReturnedCommand {
    /// The command.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub command_id: CommandId,
    /// Its case.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub case_id: CaseId,
    /// Code of why it had been held.
    pub held_for: QuarantineReason,
    /// Why it was sent back, in the words of whoever did.
    pub reason: String,
    /// Who sent it back.
    #[serde(with = "as_text_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "uuid"))]
    pub returned_by: Option<StaffId>,
    /// When.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub returned_at: DateTime<Utc>,
}

/// `GET /v1/returned`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReturnedAnswer {
    /// What was sent back, the newest first; the newest 200 where there is more.
    pub work: Vec<ReturnedCommand>,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}
