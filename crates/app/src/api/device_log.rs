//! What was done on the municipality's computers, as the central store has it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What was done on a computer, or on all of them, from one day to another?
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogRequest {
    /// Code of the purpose.
    pub purpose: String,
    /// Id of the computer; none for all of them.
    pub computer: Option<String>,
    /// The first day.
    pub from_on: String,
    /// The last day.
    pub to_on: String,
    /// What the page before names as next; none for the first page.
    pub next: Option<String>,
}

/// Something that was done.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogEntry {
    /// Names the row among all.
    pub id: String,
    /// When, RFC 3339, by the clock of the computer.
    pub at: String,
    /// The short code of the computer.
    pub computer: String,
    /// Who, by name, or by account where this computer does not know them.
    pub by: String,
    /// Code of what was done; the text stands under `window.audit_<code>`.
    pub action: String,
    /// The number of the case; empty where it is about none, or about one that did not arrive.
    pub case_number: String,
    /// The citizen's number, partly hidden; empty where the case names nobody.
    pub cpr_masked: String,
    /// Code of the purpose; empty where what was done is its own.
    pub purpose: String,
}

/// A page of what was done.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogPage {
    /// The newest first.
    pub rows: Vec<LogEntry>,
    /// What the next page is asked for with; none where there is no more.
    pub next: Option<String>,
}
