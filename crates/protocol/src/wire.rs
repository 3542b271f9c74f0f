//! The messages of protocol version 1. Readers ignore fields they do not know; codes are explicit and pinned.
//!
//! HTTP statuses speak of transport, sign-in, size and undecodable bodies only; each command gets a verdict here.
//! Basis: design, section 6; sync-and-speed 3.2 and 3.3.

mod code;
mod device;
mod device_log;
mod feed;
mod held;
mod lease;
mod profile;
mod scope;
mod sealed;
mod session;
mod verdict;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use skranke_domain::ids::CommandId;

pub use code::{DeferReason, DeviceState, QuarantineReason, Scope, Urgency};
pub use device::{
    CaseOnDevice, ChainEnd, DeviceRevocation, DevicesAnswer, HOLDINGS_PAGE, HOLDINGS_PURPOSES,
    HandOverAnswer, HandOverRequest, HoldingsAnswer, HoldingsRequest, ListedDevice, RekeyRequest,
    RevokeDeviceRequest, WipeOrderAnswer,
};
pub use device_log::{
    LOG_PAGE, LOG_PURPOSES, LogAnswer, LogBatch, LogLine, LogPlace, LogReadAnswer, LogReadRequest,
    MAX_LOG_ROWS,
};
pub use feed::{Cursor, FeedEntry, FeedItem, FeedPage, PageEnd};
pub use held::{
    HeldAnswer, HeldCommand, HeldDecided, HeldDecision, HeldVerdict, ReturnedAnswer,
    ReturnedCommand,
};
pub use lease::{LeaseAnswer, LeaseRenewRequest, LeaseRequest};
pub use profile::{
    ProfileEdition, ProfileSaveAnswer, ProfileSaveRequest, ProfilesAnswer, edition_digest,
};
pub use scope::{ScopeAnswer, ScopeDevice, ScopeRequest};
pub use sealed::{SealedAnswer, SealedBatch, SealedCommand};
pub use session::{
    BrowserSignInAnswer, BrowserSignInRequest, Certification, DeviceStatus, EndAnswer, EnrolAnswer,
    EnrolRequest, FoundCase, LookupAnswer, LookupRequest, RefreshRequest, RenewAnswer,
    SessionAnswer, SessionRequest, StaffProfile, Status, Tokens,
};
pub use verdict::{CommandVerdict, Outcome, Verdict};

use crate::confirmation::{Confirmation, Signed, TenantHead};
use crate::encoding::{as_text, hex_option};
use crate::envelope::{EnvelopeError, Salt, SealedEvent};
use crate::instant;
use crate::signature::Signature;

/// Most events in one batch.
pub const MAX_BATCH_EVENTS: usize = 500;
/// Largest batch in bytes, before compression.
pub const MAX_BATCH_BYTES: usize = 1024 * 1024;
/// Most events on one page of the feed.
pub const MAX_PAGE_ITEMS: u32 = 2_000;
/// Longest wait of a long poll in seconds.
pub const MAX_WAIT_SECONDS: u32 = 25;
/// Largest text of a profile in bytes.
pub const MAX_PROFILE_BYTES: usize = 64 * 1024;
/// Most editions of a profile in one answer.
pub const MAX_EDITIONS: u32 = 50;
/// Commands in one answer about what is held apart.
pub const MAX_HELD: u32 = 200;
/// Largest attachment in bytes.
pub const MAX_ATTACHMENT_BYTES: u64 = 50 * 1024 * 1024;
/// Most bytes of an attachment that are sealed in one box, the box with them, or kept in one frame.
pub const MAX_CHUNK_BYTES: usize = 1024 * 1024;
/// Header with the bytes of an attachment the server already has.
pub const UPLOAD_OFFSET: &str = "upload-offset";
/// Header with the whole size of an attachment.
pub const UPLOAD_LENGTH: &str = "upload-length";
/// Header that says whether the attachment is complete: `?1` or `?0`.
pub const UPLOAD_COMPLETE: &str = "upload-complete";
/// Largest batch of sealed commands in bytes: as many as a batch carries, and what writing them as text adds.
pub const MAX_SEALED_BYTES: usize = 2 * MAX_BATCH_BYTES;
/// Header that says whether a piece of an attachment is sealed to the server's recovery key: `?1`.
pub const UPLOAD_SEALED: &str = "upload-sealed";
/// Header with the case in which a person reads an attachment.
pub const CASE: &str = "skranke-case";
/// Header that says why a person reads an attachment: one of [`PURPOSES`].
pub const PURPOSE: &str = "skranke-purpose";
/// Why a person may be looked up, or a file of theirs be read. The list is closed: own words would end in the log.
pub const PURPOSES: [&str; 9] = [
    "counter_entry",
    "open_work",
    "citizen_contact",
    "case_work",
    "quality",
    "other",
    "register_in_digital_post",
    "paper",
    "contact",
];
/// Header that says whether a batch is sent before the one in front of it is answered: `?1` or `?0`.
pub const BEHIND: &str = "skranke-behind";
/// Header of a page of the feed with its `cursor`, so that the next page can be asked for before this one is read.
pub const NEXT_CURSOR: &str = "skranke-cursor";
/// Header of a page of the feed with its `more`: `?1` or `?0`.
pub const MORE: &str = "skranke-more";
/// Header with the server's time in every answer.
pub const SERVER_TIME: &str = "skranke-time";

/// A sealed event on the wire: its bytes as texts, forwarded unchanged. The hash is computed by each reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WireEvent {
    /// The signed header.
    pub header: String,
    /// The payload; none after erasure.
    pub payload: Option<String>,
    /// The salt of the payload; none after erasure.
    #[serde(with = "hex_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub salt: Option<Salt>,
    /// The device's signature.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub signature: Signature,
}

/// An event as it is written, without copying its bytes.
#[derive(Serialize)]
struct WrittenEvent<'e> {
    header: &'e str,
    payload: Option<&'e str>,
    #[serde(with = "hex_option")]
    salt: Option<Salt>,
    #[serde(with = "as_text")]
    signature: Signature,
}

/// As a [`WireEvent`].
impl Serialize for SealedEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = |bytes| std::str::from_utf8(bytes).map_err(ser::Error::custom);
        WrittenEvent {
            header: text(self.header_bytes())?,
            payload: self.payload_bytes().map(text).transpose()?,
            salt: self.salt().copied(),
            signature: *self.signature(),
        }
        .serialize(serializer)
    }
}

/// From a [`WireEvent`]; one that is not well formed is refused.
impl<'de> Deserialize<'de> for SealedEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(WireEvent::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl From<&SealedEvent> for WireEvent {
    fn from(event: &SealedEvent) -> Self {
        // Header and payload were checked to be canonical JSON, which is UTF-8.
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            header: text(event.header_bytes()),
            payload: event.payload_bytes().map(text),
            salt: event.salt().copied(),
            signature: *event.signature(),
        }
    }
}

impl TryFrom<WireEvent> for SealedEvent {
    type Error = EnvelopeError;

    fn try_from(event: WireEvent) -> Result<Self, EnvelopeError> {
        Self::from_parts(
            event.header.into_bytes(),
            event.payload.map(String::into_bytes),
            event.salt,
            event.signature,
        )
    }
}

/// Bytes an event takes in a batch.
pub fn wire_size(event: &SealedEvent) -> usize {
    wire_size_of(event.header_bytes(), event.payload_bytes())
}

/// The same of an event's bytes as they are stored, header and payload.
pub fn wire_size_of(header: &[u8], payload: Option<&[u8]>) -> usize {
    const KEYS: usize = r#"{"header":,"payload":,"salt":,"signature":},"#.len();
    const SALT: usize = 2 + 2 * size_of::<Salt>();
    const SIGNATURE: usize = 2 + 2 * Signature::BYTES;
    /// Canonical JSON holds no raw control signs, so only quotes and backslashes grow inside another text.
    fn as_text(bytes: &[u8]) -> usize {
        let escaped = bytes.iter().filter(|byte| matches!(byte, b'"' | b'\\'));
        2 + bytes.len() + escaped.count()
    }
    let payload_and_salt = payload.map_or(2 * "null".len(), |payload| as_text(payload) + SALT);
    KEYS + as_text(header) + payload_and_salt + SIGNATURE
}

/// One command with all its events, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushCommand {
    /// The command.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub command_id: CommandId,
    /// Its events 1 to n.
    pub events: Vec<WireEvent>,
}

/// `POST /v1/events`: whole commands of one device in the order of its chain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushBatch {
    /// The commands.
    pub commands: Vec<PushCommand>,
    /// Signed grants that a restored server may lack, in their compact form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
    /// Whether the commands may be other devices', held here since they were pulled: a restored server is offered
    /// them too, in the order of each device's chain.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub offered_again: bool,
}

impl PushBatch {
    /// Groups sealed events, given in chain order, into their commands.
    pub fn of(events: &[SealedEvent]) -> Self {
        let mut commands: Vec<PushCommand> = Vec::new();
        for event in events {
            let command_id = event.header().command_id;
            match commands.last_mut() {
                Some(last) if last.command_id == command_id => last.events.push(event.into()),
                _ => commands.push(PushCommand {
                    command_id,
                    events: vec![event.into()],
                }),
            }
        }
        Self {
            commands,
            ..Self::default()
        }
    }

    /// The same, for a restored server: events of any device, and grants.
    pub fn again(events: &[SealedEvent], grants: Vec<String>) -> Self {
        Self {
            grants,
            offered_again: true,
            ..Self::of(events)
        }
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.commands
            .iter()
            .map(|command| command.events.len())
            .sum()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The answer: a verdict for each command in the order sent, and the sync confirmation after all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushAnswer {
    /// One for each command.
    pub verdicts: Vec<CommandVerdict>,
    /// What the server now holds of the device.
    pub confirmation: Signed<Confirmation>,
    /// The head of the tenant's feed.
    pub head: Signed<TenantHead>,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

/// `GET /v1/confirmation`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfirmationAnswer {
    /// What the server holds of the device.
    pub confirmation: Signed<Confirmation>,
    /// The head of the tenant's feed.
    pub head: Signed<TenantHead>,
    /// Peaks of the tree at that head, one after the other in hex, for a reader who begins to follow it there; none
    /// from a server before it gave them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peaks: Option<String>,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

#[cfg(test)]
mod tests;
