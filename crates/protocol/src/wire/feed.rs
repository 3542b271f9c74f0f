//! The feed: what a device may see of its tenant, in the order the server committed it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use skranke_domain::ids::CaseId;

use super::WireEvent;
use crate::confirmation::{Signed, TenantHead};
use crate::encoding::as_text;
use crate::instant;

/// A place in the feed, `<epoch>.<position>`; what comes after it has not been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The server's epoch.
    pub epoch: u64,
    /// The last position seen.
    pub position: u64,
}

impl Cursor {
    /// Before everything, in whatever epoch the server is.
    pub const START: Cursor = Cursor {
        epoch: 0,
        position: 0,
    };
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.position)
    }
}

/// A text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is written <epoch>.<position>")]
pub struct CursorError;

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (epoch, position) = text.split_once('.').ok_or(CursorError)?;
        let number = |text: &str| -> Result<u64, CursorError> {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text.parse().map_err(|_| CursorError)?;
            if is_number && number <= crate::canonical::MAX_INTEGER {
                Ok(number)
            } else {
                Err(CursorError)
            }
        };
        Ok(Self {
            epoch: number(epoch)?,
            position: number(position)?,
        })
    }
}

/// Something at a position of the feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "item")]
pub enum FeedItem {
    /// An event became part of its case.
    #[serde(rename = "event")]
    Event {
        /// The event.
        event: WireEvent,
    },
    /// A case came into the device's scope; it is sent here whole, from its first event.
    #[serde(rename = "scope_entered")]
    ScopeEntered {
        /// The case.
        #[serde(with = "as_text")]
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
        case_id: CaseId,
        /// All its events so far, in feed order.
        events: Vec<WireEvent>,
    },
    /// A case left the device's scope and is to be removed there.
    #[serde(rename = "scope_left")]
    ScopeLeft {
        /// The case.
        #[serde(with = "as_text")]
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
        case_id: CaseId,
    },
    /// An item of a later server; a reader passes over it.
    #[serde(other, rename = "unknown")]
    Unknown,
}

/// An item with its position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedEntry {
    /// Its position; those a device may not see are missing from its pages.
    pub position: u64,
    /// The item.
    #[serde(flatten)]
    pub item: FeedItem,
}

/// `GET /v1/events`: a page of the feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedPage {
    /// Items after the cursor asked for, in order.
    pub items: Vec<FeedEntry>,
    /// The cursor for the next page; it moves on even where nothing on the way was for this device.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub cursor: Cursor,
    /// Whether more is there already.
    pub more: bool,
    /// Up to where the server has a verified backup; confirmed events may leave a client only below it.
    pub backup_position: u64,
    /// The grants that the page's events name, in their compact form: kept beside the events, so that a restored
    /// server can be offered both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
    /// Hashes of the leaves at the positions up to the cursor that have no item here, in their order, so that the
    /// reader can follow the tree ([`crate::tree`]); none from a server before it gave them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Vec<String>>,
    /// Codes of the devices that made the page's events, by device id: what people call them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub devices: BTreeMap<String, String>,
    /// The head of the tenant's feed.
    pub head: Signed<TenantHead>,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}
