//! Payloads: the domain's events as canonical JSON, and back.
//!
//! The domain has no serde; the shapes here are the wire's own, with explicit `snake_case` words pinned by tests.
//! A shape never changes: a new field is optional, anything else is a new version `v` of its kind.
//!
//! Basis: design, section 3 ("explicit wire names"); style 5.4.

mod shape;
mod word;

use skranke_domain::case::Recorded;
use skranke_domain::event::Event;

use crate::canonical::{self, CanonicalError};
use crate::envelope::SealedEvent;

/// The version in which every kind is written today.
const VERSION: u16 = 1;

/// An event as it goes into an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// Its kind.
    pub kind: &'static str,
    /// The version of that kind.
    pub v: u16,
    /// Canonical JSON.
    pub bytes: Vec<u8>,
}

/// A payload that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// An event of the domain.
    Known(Event),
    /// A kind or version of a later program: kept as bytes, its case is read-only here.
    Unknown,
}

/// A payload of a known kind and version that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the payload does not have the shape of its kind")]
pub struct PayloadError;

/// Writes an event.
///
/// # Errors
/// A text holds U+0000, which has no canonical form.
pub fn encode(event: &Event) -> Result<Encoded, CanonicalError> {
    let value = shape::to_value(event).map_err(|_| CanonicalError::Shape)?;
    Ok(Encoded {
        kind: event.kind(),
        v: VERSION,
        bytes: canonical::value_to_bytes(&value)?,
    })
}

/// Reads a payload.
///
/// # Errors
/// Kind and version are known, but the bytes do not have their shape.
pub fn decode(kind: &str, v: u16, bytes: &[u8]) -> Result<Decoded, PayloadError> {
    if v != VERSION {
        return Ok(Decoded::Unknown);
    }
    canonical::check(bytes).map_err(|_| PayloadError)?;
    read(kind, v, bytes)
}

/// Reads bytes that are known to be canonical.
fn read(kind: &str, v: u16, bytes: &[u8]) -> Result<Decoded, PayloadError> {
    if v != VERSION {
        return Ok(Decoded::Unknown);
    }
    match shape::from_json(kind, bytes) {
        None => Ok(Decoded::Unknown),
        Some(Ok(event)) => Ok(Decoded::Known(event)),
        Some(Err(_)) => Err(PayloadError),
    }
}

/// A sealed event as the fold takes it. An erased payload folds like a kind that is not known.
///
/// # Errors
/// See [`decode`].
pub fn recorded(sealed: &SealedEvent) -> Result<Recorded, PayloadError> {
    let header = sealed.header();
    let event = match sealed.payload_bytes() {
        None => None,
        // Nothing was sealed or taken in whose payload is not canonical.
        Some(bytes) => match read(&header.kind, header.v, bytes)? {
            Decoded::Known(event) => Some(event),
            Decoded::Unknown => None,
        },
    };
    Ok(Recorded {
        id: header.id,
        command: header.command_id,
        based_on: header.based_on.clone(),
        recorded_at: header.corrected_at(),
        hash: *sealed.hash(),
        actor: header.actor,
        event,
    })
}

#[cfg(test)]
mod tests;
