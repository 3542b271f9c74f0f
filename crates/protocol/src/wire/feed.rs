//! The feed: what a device may see of its tenant, in the order the server committed it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::de::{DeserializeOwned, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use skranke_domain::ids::CaseId;

#[cfg(feature = "openapi")]
use super::WireEvent;
use crate::confirmation::{Signed, TenantHead};
use crate::encoding::as_text;
use crate::envelope::SealedEvent;
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

// Events are checked for their form where a page is read, once for everybody who handles it afterwards.
/// Something at a position of the feed.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every item is an event; boxing would only add an allocation to each"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "item")]
pub enum FeedItem {
    /// An event became part of its case.
    #[serde(rename = "event")]
    Event {
        /// The event.
        #[cfg_attr(feature = "openapi", schema(value_type = WireEvent))]
        event: SealedEvent,
    },
    /// A case came into the device's scope; it is sent here whole, from its first event.
    #[serde(rename = "scope_entered")]
    ScopeEntered {
        /// The case.
        #[serde(with = "as_text")]
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
        case_id: CaseId,
        /// All its events so far, in feed order.
        #[cfg_attr(feature = "openapi", schema(value_type = Vec<WireEvent>))]
        events: Vec<SealedEvent>,
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
    #[serde(rename = "unknown")]
    Unknown,
}

/// An item with its position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedEntry {
    /// Its position; those a device may not see are missing from its pages.
    pub position: u64,
    /// The item.
    #[serde(flatten)]
    pub item: FeedItem,
}

/// Names of an entry's fields.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Field {
    Position,
    Item,
    Event,
    CaseId,
    Events,
    #[serde(other)]
    Other,
}

/// In whatever order the fields come, and whatever an item of a later server has in them.
///
/// The derived way would copy each event into a tree of values before it looks at it; nearly all of a page is events.
impl<'de> Deserialize<'de> for FeedEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = FeedEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item of the feed with its position")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<FeedEntry, A::Error> {
        let (mut position, mut kind) = (None, None::<String>);
        let mut event: Option<SealedEvent> = None;
        let (mut early, mut case_id, mut events) = (Value::Null, Value::Null, Value::Null);
        while let Some(field) = fields.next_key()? {
            match field {
                Field::Position => position = Some(fields.next_value()?),
                Field::Item => kind = Some(fields.next_value()?),
                Field::Event if kind.as_deref() == Some("event") => {
                    event = Some(fields.next_value()?);
                }
                Field::Event => early = fields.next_value()?,
                Field::CaseId => case_id = fields.next_value()?,
                Field::Events => events = fields.next_value()?,
                Field::Other => {
                    let IgnoredAny = fields.next_value()?;
                }
            }
        }
        let position = position.ok_or_else(|| A::Error::missing_field("position"))?;
        let kind = kind.ok_or_else(|| A::Error::missing_field("item"))?;
        let item = match kind.as_str() {
            "event" => FeedItem::Event {
                event: match event {
                    Some(event) => event,
                    None => later(early)?,
                },
            },
            "scope_entered" => FeedItem::ScopeEntered {
                case_id: later::<Case, _>(case_id)?.0,
                events: later(events)?,
            },
            "scope_left" => FeedItem::ScopeLeft {
                case_id: later::<Case, _>(case_id)?.0,
            },
            _ => FeedItem::Unknown,
        };
        Ok(FeedEntry { position, item })
    }
}

/// A field that was read before it was known what is to be in it.
fn later<T: DeserializeOwned, E: Error>(value: Value) -> Result<T, E> {
    serde_json::from_value(value).map_err(E::custom)
}

#[derive(Deserialize)]
struct Case(#[serde(with = "as_text")] CaseId);

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

impl FeedPage {
    /// Where the page ends.
    pub fn end(&self) -> PageEnd {
        PageEnd {
            cursor: self.cursor,
            more: self.more,
        }
    }
}

/// Where a page of the feed ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct PageEnd {
    /// The cursor for the next page.
    #[serde(with = "as_text")]
    pub cursor: Cursor,
    /// Whether more is there already.
    pub more: bool,
}
