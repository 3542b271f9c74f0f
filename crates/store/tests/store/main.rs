//! The store as its users meet it: a folder on a real disk, opened, filled, broken and put right.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(
    clippy::disallowed_methods,
    reason = "child processes are told what to do by their environment, and files are looked at past the store"
)]
#![expect(
    clippy::print_stdout,
    reason = "a child process tells its parent what was reported as saved"
)]

mod audit_chain;
mod copies;
mod crash;
mod damage;
mod desk;
mod key;
mod lists;
mod opening;
mod profile;
mod recovering;
mod room;
mod ruin;
mod saving;
mod schema;
mod scratch;
mod sealing;
mod sharing;
mod syncing;
mod typing;
