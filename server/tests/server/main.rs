//! The server program itself: start, stop, a hard stop, and backup.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod program;
