//! The server program itself: start, stop, a hard stop in the middle of work, backup, and its migrations.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod migration;
mod program;
