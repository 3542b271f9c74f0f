//! The feed's items as they are stored and read.

use skranke_domain::ids::{CaseId, DeviceId, EventId};
use skranke_protocol::envelope::SealedEvent;

use super::{StoreError, Stored, Tenant};

/// An item on its way into the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewFeedItem {
    /// An event for all whose scope holds its case.
    Event {
        /// Its case.
        case_id: CaseId,
        /// Its id.
        id: EventId,
        /// Its hash.
        hash: [u8; 32],
    },
    /// The case comes into this device's scope.
    ScopeEntered {
        /// The case.
        case_id: CaseId,
        /// The device.
        device_id: DeviceId,
    },
    /// The case leaves this device's scope.
    ScopeLeft {
        /// The case.
        case_id: CaseId,
        /// The device.
        device_id: DeviceId,
    },
}

impl NewFeedItem {
    /// What the columns of a row say.
    pub(super) fn of_columns(
        item: &str,
        case_id: CaseId,
        event: Option<(EventId, [u8; 32])>,
        device_id: Option<DeviceId>,
    ) -> Stored<Self> {
        match (item, event, device_id) {
            ("event", Some((id, hash)), None) => Ok(Self::Event { case_id, id, hash }),
            ("scope_entered", None, Some(device_id)) => {
                Ok(Self::ScopeEntered { case_id, device_id })
            }
            ("scope_left", None, Some(device_id)) => Ok(Self::ScopeLeft { case_id, device_id }),
            _ => Err(StoreError::Row("feed_item")),
        }
    }
}

/// An item read from the feed.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every item is an event; boxing would only add an allocation to each"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredFeedItem {
    /// An event.
    Event(SealedEvent),
    /// A case with all its events up to this item.
    ScopeEntered(CaseId, Vec<SealedEvent>),
    /// A case that left.
    ScopeLeft(CaseId),
}

/// Bytes of a page's events, about: well below what a client reads of one answer.
pub const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// A page of the feed while it is read: it says when reading must stop, so that no page is larger in memory than on the
/// wire.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) items: Vec<(u64, StoredFeedItem)>,
    bytes: usize,
}

impl Page {
    /// Adds an item, unless the page is full without it; the first is always added, so that reading goes on.
    pub(crate) fn takes(&mut self, position: u64, item: StoredFeedItem) -> bool {
        let size = match &item {
            StoredFeedItem::Event(event) => bytes_of(event),
            StoredFeedItem::ScopeEntered(_, events) => events.iter().map(bytes_of).sum(),
            StoredFeedItem::ScopeLeft(_) => 0,
        };
        let fits = self.items.is_empty() || self.bytes + size <= PAGE_BYTES;
        if fits {
            self.bytes += size;
            self.items.push((position, item));
        }
        fits
    }
}

/// What an event takes on the wire, about: its texts, their quotation marks doubled, and what stands around them.
fn bytes_of(event: &SealedEvent) -> usize {
    const AROUND: usize = 256;
    let payload = event.payload_bytes().map_or(0, <[u8]>::len);
    (event.header_bytes().len() + payload) * 5 / 4 + AROUND
}

/// A stretch of the feed as one device may see it, with the tenant's row of the same snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedSlice {
    /// Items with their positions, in order.
    pub items: Vec<(u64, StoredFeedItem)>,
    /// How far was looked, whether or not something there was for this device.
    pub read_to: u64,
    /// The tenant.
    pub tenant: Tenant,
}
