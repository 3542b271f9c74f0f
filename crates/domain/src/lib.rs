//! The rules of exemption from Digital Post, and nothing else: no input or output, no clock, no randomness.
//!
//! A command is checked against the current case and yields events; a case is what you get by folding its events.
//! Desktop, command line and server run this same code, so the server re-validates what a client claims.
//! Basis: design, section 2, *The functional core*.

pub mod calendar;
pub mod case;
mod coded;
pub mod cpr;
pub mod danish_time;
pub mod deadline;
pub mod eligibility;
pub mod event;
pub mod ids;
pub mod power_of_attorney;
pub mod rehearsal;
pub mod role;
pub mod rule_set;
pub mod sign_up;
