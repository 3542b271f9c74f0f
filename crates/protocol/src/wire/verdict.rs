//! Verdicts: what became of each command.

use serde::{Deserialize, Serialize};
use skranke_domain::ids::CommandId;

use super::code::{DeferReason, QuarantineReason};
use crate::encoding::as_text;

/// What became of a command when it was first seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "outcome")]
pub enum Outcome {
    /// Its events are in the case.
    #[serde(rename = "accepted")]
    Accepted {
        /// Feed position of its last event.
        position: u64,
    },
    /// Accepted, and the case is marked: a person must choose between concurrent values.
    #[serde(rename = "conflict")]
    Conflict {
        /// Feed position of its last event.
        position: u64,
        /// Codes of the fields in conflict.
        fields: Vec<String>,
    },
    /// Held apart.
    #[serde(rename = "quarantined")]
    Quarantined {
        /// Why.
        reason: QuarantineReason,
    },
    /// Waits.
    #[serde(rename = "deferred")]
    Deferred {
        /// For what.
        reason: DeferReason,
    },
}

impl Outcome {
    /// The code that is stored and sent.
    pub const fn code(&self) -> &'static str {
        match self {
            Outcome::Accepted { .. } => "accepted",
            Outcome::Conflict { .. } => "conflict",
            Outcome::Quarantined { .. } => "quarantined",
            Outcome::Deferred { .. } => "deferred",
        }
    }
}

/// What the server says of a command now: an outcome, or that it had it already and what came of it then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Seen for the first time.
    First(Outcome),
    /// Known before, with the same content; acknowledged after a write of its own, so it is as durable as the first.
    Duplicate(Outcome),
}

impl Verdict {
    /// The outcome, whether first or repeated.
    pub const fn outcome(&self) -> &Outcome {
        match self {
            Verdict::First(outcome) | Verdict::Duplicate(outcome) => outcome,
        }
    }
}

/// The verdict of one command of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WireVerdict", into = "WireVerdict")]
pub struct CommandVerdict {
    /// The command.
    pub command_id: CommandId,
    /// The verdict.
    pub verdict: Verdict,
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for CommandVerdict {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        WireVerdict::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for CommandVerdict {
    fn schemas(
        schemas: &mut Vec<(
            String,
            utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>,
        )>,
    ) {
        WireVerdict::schemas(schemas);
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct WireVerdict {
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    command_id: CommandId,
    #[serde(flatten)]
    verdict: WireVerdictKind,
}

#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "verdict")]
enum WireVerdictKind {
    #[serde(rename = "accepted")]
    Accepted { position: u64 },
    #[serde(rename = "conflict")]
    Conflict { position: u64, fields: Vec<String> },
    #[serde(rename = "quarantined")]
    Quarantined { reason: QuarantineReason },
    #[serde(rename = "deferred")]
    Deferred { reason: DeferReason },
    #[serde(rename = "duplicate")]
    Duplicate { first: Outcome },
}

impl From<WireVerdict> for CommandVerdict {
    fn from(wire: WireVerdict) -> Self {
        let verdict = match wire.verdict {
            WireVerdictKind::Accepted { position } => {
                Verdict::First(Outcome::Accepted { position })
            }
            WireVerdictKind::Conflict { position, fields } => {
                Verdict::First(Outcome::Conflict { position, fields })
            }
            WireVerdictKind::Quarantined { reason } => {
                Verdict::First(Outcome::Quarantined { reason })
            }
            WireVerdictKind::Deferred { reason } => Verdict::First(Outcome::Deferred { reason }),
            WireVerdictKind::Duplicate { first } => Verdict::Duplicate(first),
        };
        Self {
            command_id: wire.command_id,
            verdict,
        }
    }
}

impl From<CommandVerdict> for WireVerdict {
    fn from(verdict: CommandVerdict) -> Self {
        let kind = match verdict.verdict {
            Verdict::First(Outcome::Accepted { position }) => {
                WireVerdictKind::Accepted { position }
            }
            Verdict::First(Outcome::Conflict { position, fields }) => {
                WireVerdictKind::Conflict { position, fields }
            }
            Verdict::First(Outcome::Quarantined { reason }) => {
                WireVerdictKind::Quarantined { reason }
            }
            Verdict::First(Outcome::Deferred { reason }) => WireVerdictKind::Deferred { reason },
            Verdict::Duplicate(first) => WireVerdictKind::Duplicate { first },
        };
        Self {
            command_id: verdict.command_id,
            verdict: kind,
        }
    }
}
