//! The municipality's computers, and whose data one of them held.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A computer of the municipality.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DeviceRow {
    /// Its id.
    pub id: String,
    /// The short code in its case numbers.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// Whether it sees its own cases alone.
    pub own_cases_only: bool,
    /// Whether it is the one that asks.
    pub is_this: bool,
    /// The code of the one it went on from after being found in two copies; empty where it was enrolled with a code.
    pub successor_of: String,
    /// `active`, `forked`, `revoked`, `wipe_ordered` or `handed_over`.
    pub state: String,
    /// When it came into that state, RFC 3339; empty for a computer in use.
    pub state_since: String,
    /// Who signed in on it last, by name; empty where nobody has or this computer does not know them.
    pub last_by: String,
    /// When it was last in contact, RFC 3339; empty before its first contact.
    pub last_seen_at: String,
    /// Who shut it out, by name; empty where the operator did or this computer does not know them.
    pub revoked_by: String,
    /// Why it was shut out.
    pub reason: String,
}

/// The municipality's computers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DevicesView {
    /// The one that was set up first at the top.
    pub rows: Vec<DeviceRow>,
    /// What came of the last order, in words; empty where none was given.
    pub outcome: String,
}

/// Shutting a computer out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DeviceRevokeRequest {
    /// Its id.
    pub id: String,
    /// Why.
    pub reason: String,
    /// Whether it is to hand over what it has not sent and then delete all it holds.
    pub wipe: bool,
}

/// Whose data did a computer hold?
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HoldingsRequest {
    /// Its id.
    pub id: String,
    /// Code of the purpose.
    pub purpose: String,
    /// The last row of the page before; none for the first page.
    pub after: Option<String>,
}

/// A case a computer held.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HoldingRow {
    /// Id of the case.
    pub id: String,
    /// Its number; empty where it has none.
    pub number: String,
    /// The citizen's name; empty where the case names nobody.
    pub name: String,
    /// The citizen's number, partly hidden; empty where the case names nobody.
    pub cpr_masked: String,
}

/// A page of what a computer held.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HoldingsPage {
    /// In the order the cases were made.
    pub rows: Vec<HoldingRow>,
    /// How many there are in all; told with the first page.
    #[ts(type = "number | null")]
    pub total: Option<u64>,
    /// Whether more follow.
    pub more: bool,
}

/// The whole list in a file. The shell opens the native dialog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HoldingsSaveRequest {
    /// Id of the computer.
    pub id: String,
    /// Code of the purpose.
    pub purpose: String,
    /// What file.
    pub format: ListFormat,
}

/// What a list is saved as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ListFormat {
    /// To read and print.
    Pdf,
    /// For a spreadsheet.
    Csv,
}

/// What became of saving a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ListSaved {
    /// Name of the file; none when the dialog was closed.
    pub file: Option<String>,
}
