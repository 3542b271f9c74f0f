//! What the window, the command line and the tests see: plain values that cross as JSON.
//!
//! TypeScript for the window is generated from these types (`ui/src/lib/api/generated`); a test fails when it drifts.
//! Days cross as `YYYY-MM-DD`, moments as RFC 3339 in UTC, ids as UUID text. CPR numbers cross masked, except from
//! the field they are typed into and through [`case::RevealRequest`], which is logged.

pub mod case;
pub mod device_log;
pub mod devices;
pub mod draft;
pub mod error;
pub mod outreach;
pub mod paper;
pub mod profile;
pub mod review;
pub mod rules;
pub mod session;
pub mod settings;
pub mod sync;
