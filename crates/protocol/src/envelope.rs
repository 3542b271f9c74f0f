//! The envelope of an event: header, salted commitment to the payload, hash and the device's signature.
//!
//! The hash covers the header alone, and the header holds only a commitment to the payload, so the payload can be
//! erased later and the chain still verifies. Header and payload bytes are kept exactly as they were signed.
//!
//! Basis: design, section 3; reliability 3.3 (shape of an event).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use skranke_domain::ids::{CaseId, CommandId, DeviceId, EventId, GrantId, StaffId};

use crate::canonical::{self, CanonicalError};
use crate::encoding::{as_text, as_text_list, hex_array, hex_option};
use crate::instant;
use crate::signature::{PublicKey, Purpose, Signature, SigningKey, Verifier};

/// Version of the envelope itself; kinds have their own.
pub const ENVELOPE_VERSION: u16 = 1;
/// Largest header in bytes.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;
/// Largest payload in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 256 * 1024;
/// Most events in one command, and so in one batch.
pub const MAX_COMMAND_EVENTS: u16 = 500;
/// Most predecessors an event may name.
pub const MAX_BASED_ON: usize = 64;

const HASH_LABEL: &[u8] = b"skranke/event/1\0";
const COMMITMENT_LABEL: &[u8] = b"skranke/payload/1\0";

/// The salt of a payload commitment: 128 random bits, erased together with the payload.
pub type Salt = [u8; 16];

/// An event that is not well formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The header is not canonical JSON of the known shape.
    #[error("the header is malformed: {0}")]
    Header(CanonicalError),
    /// The payload is not canonical JSON.
    #[error("the payload is malformed: {0}")]
    Payload(CanonicalError),
    /// A header field has a value it cannot have.
    #[error("header field {0} has an impossible value")]
    Field(&'static str),
    /// Header or payload is larger than allowed.
    #[error("the event is too large")]
    TooLarge,
    /// The payload is not the one the header commits to.
    #[error("the payload does not fit its commitment")]
    Commitment,
    /// A payload without its salt, or a salt without its payload.
    #[error("payload and salt must come together")]
    SaltWithoutPayload,
    /// A later envelope version.
    #[error("envelope version {0} is not known")]
    Version(u16),
}

/// What the envelope says of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHeader {
    /// The event, UUIDv7, made at capture.
    pub id: EventId,
    /// The municipality whose record this is.
    pub tenant: String,
    /// The case.
    pub case_id: CaseId,
    /// The command; its events get one verdict together.
    pub command_id: CommandId,
    /// This is event `k` ...
    pub k: u16,
    /// ... of `n` of the command.
    pub n: u16,
    /// The device that captured it.
    pub device_id: DeviceId,
    /// Place in the device's chain: 1, 2, 3, without gaps.
    pub device_seq: u64,
    /// Hash of the device's event before this one; none for the first.
    pub prev_hash: Option<[u8; 32]>,
    /// The device's clock at capture, to the millisecond.
    pub recorded_at: DateTime<Utc>,
    /// Server time minus device time as last measured.
    pub clock_offset_ms: i64,
    /// Who did it.
    pub actor: StaffId,
    /// The permission it was done under.
    pub grant_id: GrantId,
    /// The last events of the case the author had seen.
    pub based_on: Vec<EventId>,
    /// Kind of the payload.
    pub kind: String,
    /// Version of that kind.
    pub v: u16,
    /// Salted commitment to the payload.
    pub commitment: [u8; 32],
}

impl EventHeader {
    /// When it was recorded, corrected by the device's clock offset: the time that orders and judges.
    pub fn corrected_at(&self) -> DateTime<Utc> {
        TimeDelta::try_milliseconds(self.clock_offset_ms)
            .and_then(|offset| self.recorded_at.checked_add_signed(offset))
            .unwrap_or(self.recorded_at)
    }

    fn check(&self) -> Result<(), EnvelopeError> {
        let words = |text: &str, longest: usize, allowed: fn(u8) -> bool| {
            (1..=longest).contains(&text.len()) && text.bytes().all(allowed)
        };
        let rules = [
            (
                "tenant",
                words(&self.tenant, 16, |b| b.is_ascii_alphanumeric()),
            ),
            (
                "kind",
                words(&self.kind, 64, |b| {
                    b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'
                }),
            ),
            ("v", self.v >= 1),
            ("n", (1..=MAX_COMMAND_EVENTS).contains(&self.n)),
            ("k", (1..=self.n).contains(&self.k)),
            ("device_seq", self.device_seq >= 1),
            (
                "prev_hash",
                self.prev_hash.is_none() == (self.device_seq == 1),
            ),
            (
                "based_on",
                self.based_on.len() <= MAX_BASED_ON && !self.based_on.contains(&self.id),
            ),
        ];
        match rules.into_iter().find(|(_, holds)| !holds) {
            Some((field, _)) => Err(EnvelopeError::Field(field)),
            None => Ok(()),
        }
    }
}

/// The header as it is written; the domain's ids carry no serde of their own.
#[derive(Serialize, Deserialize)]
struct WireHeader {
    envelope: u16,
    #[serde(with = "as_text")]
    id: EventId,
    tenant: String,
    #[serde(with = "as_text")]
    case_id: CaseId,
    #[serde(with = "as_text")]
    command_id: CommandId,
    k: u16,
    n: u16,
    #[serde(with = "as_text")]
    device_id: DeviceId,
    device_seq: u64,
    #[serde(with = "hex_option")]
    prev_hash: Option<[u8; 32]>,
    #[serde(with = "instant::wire")]
    recorded_at: DateTime<Utc>,
    clock_offset_ms: i64,
    #[serde(with = "as_text")]
    actor: StaffId,
    #[serde(with = "as_text")]
    grant_id: GrantId,
    #[serde(with = "as_text_list")]
    based_on: Vec<EventId>,
    kind: String,
    v: u16,
    #[serde(with = "hex_array")]
    commitment: [u8; 32],
}

/// An event before it is sealed: everything its author decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsealed {
    /// The event, UUIDv7, made at capture.
    pub id: EventId,
    /// The municipality.
    pub tenant: String,
    /// The case.
    pub case_id: CaseId,
    /// The command.
    pub command_id: CommandId,
    /// Event `k` ...
    pub k: u16,
    /// ... of `n`.
    pub n: u16,
    /// The device.
    pub device_id: DeviceId,
    /// Place in the device's chain.
    pub device_seq: u64,
    /// Hash of the event before.
    pub prev_hash: Option<[u8; 32]>,
    /// The device's clock; cut to the millisecond.
    pub recorded_at: DateTime<Utc>,
    /// Server time minus device time.
    pub clock_offset_ms: i64,
    /// Who did it.
    pub actor: StaffId,
    /// The permission.
    pub grant_id: GrantId,
    /// The last events of the case seen.
    pub based_on: Vec<EventId>,
}

impl Unsealed {
    /// Seals an event of the domain with the device's key; the salt must be fresh random bits.
    ///
    /// # Errors
    /// A header value is impossible or the payload too large.
    pub fn seal(
        self,
        event: &skranke_domain::event::Event,
        salt: Salt,
        key: &SigningKey,
    ) -> Result<SealedEvent, EnvelopeError> {
        let encoded = crate::payload::encode(event).map_err(EnvelopeError::Payload)?;
        self.seal_bytes(encoded.kind, encoded.v, encoded.bytes, salt, key)
    }

    /// Seals payload bytes of any kind, known here or not.
    ///
    /// # Errors
    /// A header value is impossible, the payload is not canonical or too large.
    pub fn seal_bytes(
        self,
        kind: &str,
        v: u16,
        payload_bytes: Vec<u8>,
        salt: Salt,
        key: &SigningKey,
    ) -> Result<SealedEvent, EnvelopeError> {
        let header = WireHeader {
            envelope: ENVELOPE_VERSION,
            id: self.id,
            tenant: self.tenant,
            case_id: self.case_id,
            command_id: self.command_id,
            k: self.k,
            n: self.n,
            device_id: self.device_id,
            device_seq: self.device_seq,
            prev_hash: self.prev_hash,
            recorded_at: instant::to_millisecond(self.recorded_at),
            clock_offset_ms: self.clock_offset_ms,
            actor: self.actor,
            grant_id: self.grant_id,
            based_on: self.based_on,
            kind: kind.to_owned(),
            v,
            commitment: commit(&salt, &payload_bytes),
        };
        let header_bytes = canonical::to_bytes(&header).map_err(EnvelopeError::Header)?;
        let signature = key.sign(Purpose::Event, &hash_of(&header_bytes));
        SealedEvent::from_parts(header_bytes, Some(payload_bytes), Some(salt), signature)
    }
}

/// A signed event: its bytes as they were signed, and what the header says.
///
/// Built only through [`Unsealed`] or [`SealedEvent::from_parts`], so hash and header always fit the bytes and a
/// payload always fits its commitment. Whether the signature is the device's is asked with [`SealedEvent::verify`].
#[derive(Clone, PartialEq, Eq)]
pub struct SealedEvent {
    header: EventHeader,
    header_bytes: Vec<u8>,
    payload_bytes: Option<Vec<u8>>,
    salt: Option<Salt>,
    hash: [u8; 32],
    signature: Signature,
}

impl SealedEvent {
    /// Takes stored or received bytes, checking form, limits and commitment.
    ///
    /// # Errors
    /// Whatever makes the event not well formed.
    pub fn from_parts(
        header_bytes: Vec<u8>,
        payload_bytes: Option<Vec<u8>>,
        salt: Option<Salt>,
        signature: Signature,
    ) -> Result<Self, EnvelopeError> {
        let payload_size = payload_bytes.as_ref().map_or(0, Vec::len);
        if header_bytes.len() > MAX_HEADER_BYTES || payload_size > MAX_PAYLOAD_BYTES {
            return Err(EnvelopeError::TooLarge);
        }
        let header = parse_header(&header_bytes)?;
        match (&payload_bytes, &salt) {
            (Some(payload), Some(salt)) => {
                canonical::check(payload).map_err(EnvelopeError::Payload)?;
                if commit(salt, payload) != header.commitment {
                    return Err(EnvelopeError::Commitment);
                }
            }
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => return Err(EnvelopeError::SaltWithoutPayload),
        }
        let hash = hash_of(&header_bytes);
        Ok(Self {
            header,
            header_bytes,
            payload_bytes,
            salt,
            hash,
            signature,
        })
    }

    /// Checks the signature against the device's key.
    ///
    /// # Errors
    /// The key did not sign these bytes.
    pub fn verify(&self, device_key: &PublicKey) -> Result<(), crate::signature::SignatureError> {
        device_key.verify(Purpose::Event, &self.hash, &self.signature)
    }

    /// The same with a key made ready for many events.
    ///
    /// # Errors
    /// The key did not sign these bytes.
    pub fn verify_with(&self, verifier: &Verifier) -> Result<(), crate::signature::SignatureError> {
        verifier.verify(Purpose::Event, &self.hash, &self.signature)
    }

    /// What the envelope says.
    pub fn header(&self) -> &EventHeader {
        &self.header
    }

    /// The signed header bytes.
    pub fn header_bytes(&self) -> &[u8] {
        &self.header_bytes
    }

    /// The payload bytes; none after erasure.
    pub fn payload_bytes(&self) -> Option<&[u8]> {
        self.payload_bytes.as_deref()
    }

    /// The salt of the commitment; none after erasure.
    pub fn salt(&self) -> Option<&Salt> {
        self.salt.as_ref()
    }

    /// Hash of the header: the event's identity by content, and what the next event of the device names.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The device's signature over the hash.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The same event without payload and salt; hash, signature and chain still verify.
    #[must_use]
    pub fn erased(&self) -> Self {
        Self {
            payload_bytes: None,
            salt: None,
            ..self.clone()
        }
    }

    /// Bytes it takes in a batch, as the planner counts them.
    pub fn size_bytes(&self) -> usize {
        self.header_bytes.len() + self.payload_bytes.as_ref().map_or(0, Vec::len)
    }
}

impl std::fmt::Debug for SealedEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedEvent")
            .field("id", &self.header.id)
            .field("device_seq", &self.header.device_seq)
            .field("kind", &self.header.kind)
            .finish_non_exhaustive()
    }
}

fn parse_header(bytes: &[u8]) -> Result<EventHeader, EnvelopeError> {
    let wire: WireHeader = canonical::from_bytes(bytes).map_err(EnvelopeError::Header)?;
    if wire.envelope != ENVELOPE_VERSION {
        return Err(EnvelopeError::Version(wire.envelope));
    }
    let header = EventHeader {
        id: wire.id,
        tenant: wire.tenant,
        case_id: wire.case_id,
        command_id: wire.command_id,
        k: wire.k,
        n: wire.n,
        device_id: wire.device_id,
        device_seq: wire.device_seq,
        prev_hash: wire.prev_hash,
        recorded_at: wire.recorded_at,
        clock_offset_ms: wire.clock_offset_ms,
        actor: wire.actor,
        grant_id: wire.grant_id,
        based_on: wire.based_on,
        kind: wire.kind,
        v: wire.v,
        commitment: wire.commitment,
    };
    header.check()?;
    Ok(header)
}

fn commit(salt: &Salt, payload: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(COMMITMENT_LABEL)
        .chain_update(salt)
        .chain_update(payload)
        .finalize()
        .into()
}

fn hash_of(header_bytes: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(HASH_LABEL)
        .chain_update(header_bytes)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests;
