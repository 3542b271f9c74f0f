//! The desktop's side of the sync protocol over HTTP: performs what `protocol::plan` decides.
//!
//! Every call has a time-out, every failure says whether trying again helps, and nothing is taken from an answer that
//! is not Skranke's or not signed by the municipality's server. Clock, randomness and waiting are injected. It knows
//! no database: events and verdicts cross as plain values, and the caller stores them.
//!
//! Basis: design, section 6; sync-and-speed 3.

pub mod backoff;
pub mod client;
pub mod environment;
pub mod error;
pub mod loopback;
pub mod reading;
pub mod round;
pub mod sending;
pub mod session;

pub use backoff::Backoff;
pub use client::{Client, Connection, Outgoing, Page, Pushed, Unsealed};
pub use environment::{Cancel, Environment, ServerTime};
pub use error::{CertificateFault, SyncError};
pub use loopback::{Loopback, NoCode};
pub use reading::{PAGE_ITEMS, read_feed};
pub use round::{Exchange, Progress, RoundResult, SealedPart, run};
pub use sending::{Sender, UnderWay, send_all};
pub use session::Session;
