//! What window, command line and tests can ask for: one file for each area, one function for each command.

mod attachments;
pub(crate) mod browser_sign_in;
pub(crate) mod cases;
pub(crate) mod citizens;
pub(crate) mod conflicts;
pub(crate) mod continuing;
pub(crate) mod corrections;
pub(crate) mod decisions;
pub(crate) mod devices;
pub(crate) mod drafts;
pub(crate) mod duplicates;
pub(crate) mod enrolment;
pub(crate) mod paper;
pub(crate) mod paper_number;
pub(crate) mod printable;
pub(crate) mod profile;
pub(crate) mod reason;
pub(crate) mod recovery;
pub(crate) mod review;
mod said_yes;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod setup;
pub(crate) mod staff;
pub(crate) mod synchronise;
pub(crate) mod ticks;
pub(crate) mod typed;
