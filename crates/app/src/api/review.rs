//! Work the central store holds apart: what waits for a person here, and what was sent back to this computer.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A piece of work that waits for a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HeldRow {
    /// Id of the command, for deciding.
    pub command: String,
    /// Id of the case, where this computer holds it; empty otherwise.
    pub case_id: String,
    /// Number of the case; empty where it is not known.
    pub case_number: String,
    /// Why it is held, in words.
    pub reason: String,
    /// Who did it, by name; empty where this computer does not know them.
    pub name: String,
    /// Code and name of the computer it came from.
    pub device: String,
    /// What was done, in words.
    pub what: String,
    /// When it was done, RFC 3339.
    pub recorded_at: String,
    /// Since when it is held, RFC 3339.
    pub held_at: String,
}

/// What waits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HeldPage {
    /// What a citizen was given a paper of first, then the oldest.
    pub rows: Vec<HeldRow>,
    /// Whether more waits than is shown.
    pub has_more: bool,
    /// What came of the last decision, in words; empty where none was made.
    pub outcome: String,
}

/// Deciding about held work.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HeldDecideRequest {
    /// Id of the command.
    pub command: String,
    /// Whether to let it in; otherwise it is sent back.
    pub release: bool,
    /// Why.
    pub reason: String,
}

/// Work of this computer that was sent back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReturnedRow {
    /// Id of the command.
    pub command: String,
    /// Id of the case.
    pub case_id: String,
    /// Number of the case.
    pub case_number: String,
    /// The citizen's name.
    pub citizen: String,
    /// What was done, in words.
    pub what: String,
    /// Why it had been held, in words.
    pub held_for: String,
    /// Why it was sent back, in the words of whoever did.
    pub reason: String,
    /// Who sent it back; empty where this computer does not know them.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
}

/// Naming work that was sent back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReturnedRef {
    /// Id of the command.
    pub command: String,
}
