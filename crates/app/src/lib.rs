//! The use cases of Skranke: what window, command line and tests can ask for, and nothing about how it looks.
//!
//! A use case checks permission, reads the draft or the case, lets `domain` decide, seals the events, writes them
//! with their audit row, and returns what the caller shows. Shells only translate.

#![expect(
    clippy::needless_pass_by_value,
    reason = "a command takes its request as it came, by value, so that all commands have one shape"
)]

pub mod api;
mod capture;
mod central_clock;
pub mod clock;
pub mod commands;
mod error;
mod explain;
pub mod intake;
pub mod pages;
mod papers;
mod present;
mod profile;
mod record;
mod rights;
mod state;
mod system_key;
pub mod tools;
mod usecases;

pub use clock::Clock;
pub use commands::{COMMANDS, SHELL_COMMANDS, dispatch, typescript};
pub use error::AppError;
/// What is answered when the operating system's key store does not.
pub use skranke_store::key::envelope::KeyError;
pub use state::{
    App, Config, Costs, KeyPlace, KeyStore, LOCK_AFTER_MINUTES, ReadKey, ServerAddress, WriteKey,
};
pub use usecases::paper::{Prepared, may_be_printed};
pub use usecases::synchronise::keep_in_step;
