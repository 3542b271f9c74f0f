//! How the records of this computer stand to the central store.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The status line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SyncView {
    /// Whether a central store is set up.
    pub configured: bool,
    /// Whether the last contact succeeded.
    pub online: bool,
    /// Cases with records made on this device.
    pub cases: u64,
    /// Of those, how many the central store has confirmed in full.
    pub confirmed: u64,
    /// Records waiting to be sent.
    pub waiting: u64,
    /// Records the central store has set aside for a person to look at.
    pub quarantined: u64,
    /// When the last confirmation came, RFC 3339; empty before the first.
    pub confirmed_at: String,
    /// Code of what is wrong, `error.<code>` among the texts; empty where nothing is.
    pub problem: String,
    /// Joins the problem with the local log; empty where there is nothing to look up.
    pub reference: String,
    /// The municipality's set-up in use, `demo@1.2`, and `~1` behind it once a version was lost: when it changes, the
    /// window reads its settings again.
    pub profile: String,
    /// How far a long round is; none while there is none.
    pub progress: Option<SyncProgress>,
    /// Number of cases in [`SentCases`].
    pub sent: u64,
    /// Now, to the minute, by the clock that what people do is dated by, RFC 3339: the window's own may be wrong.
    pub now: String,
}

/// How far a round is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SyncProgress {
    /// `begun`, `sent` (records), `read` (records) or `uploaded` (bytes of a file).
    pub what: String,
    /// So far.
    pub done: u64,
    /// Of all; 0 where that is not known yet.
    pub of: u64,
}

/// The cases that the last round sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SentCases {
    /// Each of them; what is not confirmed comes first.
    pub rows: Vec<SentCase>,
}

/// A case that was sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SentCase {
    /// Id.
    pub id: String,
    /// Case number.
    pub number: String,
    /// The citizen's name.
    pub name: String,
    /// `confirmed`, `waiting`, `quarantined` or `deferred`: how the central store stands to the whole case.
    pub sync: String,
}
