//! A case on outreach laptops: on which it lies, and laying it there or taking it off.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// An outreach laptop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OutreachRow {
    /// Its id.
    pub id: String,
    /// The short code in its case numbers.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// Whether the case lies on it, or will with its next contact.
    pub holds: bool,
}

/// The outreach laptops of the municipality.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OutreachView {
    /// The one enrolled first at the top.
    pub rows: Vec<OutreachRow>,
    /// Whether the case may be laid on one: it is under way or granted. Otherwise it is taken off alone.
    pub may_give: bool,
}

/// Laying a case on a laptop, or taking it off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GiveOutRequest {
    /// Id of the case.
    pub case_id: String,
    /// Id of the laptop.
    pub device_id: String,
    /// Whether it is laid there; otherwise it is taken off.
    pub gives: bool,
}
