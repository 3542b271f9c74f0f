//! The local store: one encrypted folder on the computer, where events are the truth.
//!
//! Lists and searches read projections that are made from events alone and can be rebuilt. A write names its actor
//! and writes its audit row in the same transaction. What was reported as saved survives the loss of power and of
//! one of the two files it is in. Nothing here knows a network, a form or a window.
//!
//! Basis: design, sections 3 and 5; style guide 5.6; spec reliability, section 3.

mod ballast;
mod connection;
mod damaged;
mod error;
mod files;
pub mod key;
pub mod migrate;
mod store;

pub use damaged::SetAside;
pub use error::{Damage, StoreError};
pub use store::{Options, Store};
