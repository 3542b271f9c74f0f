//! What desktop and server say to each other: canonical bytes, sealed events, signatures, wire types, planner.
//!
//! Pure: no IO, no clock, no randomness. Callers pass in times, random bytes and keys.
//! Bytes are law: what was received is stored, hashed and forwarded unchanged, so that fields unknown to an older
//! program survive.
//!
//! Basis: design, sections 3 and 6.

pub mod canonical;
pub mod chain;
pub mod confirmation;
pub mod device_log;
pub mod encoding;
pub mod enrolment_code;
pub mod envelope;
pub mod epoch;
pub mod grant;
pub mod instant;
pub mod payload;
pub mod plan;
pub mod problem;
pub mod proof;
pub mod receipt_code;
pub mod recovery;
#[cfg(test)]
mod sample;
pub mod signature;
pub mod token;
pub mod tree;
pub mod typed_code;
pub mod version;
pub mod wire;
