//! The server program itself: start, stop, a hard stop, backup, and clients of ill will.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod authority;
#[cfg(unix)]
mod database_tls;
mod faults;
mod hostile;
#[path = "../../../tests/shared/in_words.rs"]
mod in_words;
mod lost;
#[cfg(unix)]
mod moving;
mod operating;
mod package;
mod program;
mod restoring;
mod started;
mod tls;
mod wire;
