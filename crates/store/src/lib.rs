//! The local store: one encrypted folder on the computer, where events are the truth.
//!
//! Lists and searches read projections that are made from events alone and can be rebuilt. A write names its actor
//! and writes its audit row in the same transaction. What was reported as saved survives the loss of power and of
//! one of the two files it is in. Nothing here knows a network, a form or a window.
//!
//! Basis: design, sections 3 and 5; style guide 5.6; spec reliability, section 3.

mod backup;
mod ballast;
mod connection;
mod damaged;
mod error;
mod files;
mod folding;
mod handle;
pub mod key;
pub mod migrate;
mod outbox_log;
mod projection;
mod salvage;
mod second_copy;
mod store;
mod tables;
mod unfinished;
mod value;
mod vault;
pub mod wiped;

pub use backup::{BackupReport, restore_backup, verify_backup};
pub use damaged::SetAside;
pub use error::{Damage, StoreError};
pub use handle::{Action, Actor, Entry, ReadHandle, Saved, SecondCopy, WriteHandle};
pub use projection::DueRule;
pub use salvage::Recovered;
pub use store::{Opening, Options, SaveStep, Store};
pub use tables::account::{
    AccountRow, FAILURES_BEFORE_LOCK, LOCKED_FOR, PasswordDigest, SHORTEST_PASSWORD,
};
pub use tables::attachment::{AttachmentRow, AttachmentState};
pub use tables::audit::{AuditFilter, AuditRow};
pub use tables::audit_chain::{AuditBreak, AuditChain, AuditHead, NotAHead};
pub use tables::case_view::{CaseCounts, CaseFilter, CasePage, CaseRow, PageKey};
pub use tables::device::{Identity, OwnDevice};
pub use tables::draft::DraftRow;
pub use tables::feed::PageTaken;
pub use tables::outbox::{OutboxCounts, OutboxRow, SyncState};
pub use tables::profile::EditionRow;
pub use tables::search::SearchTerm;

/// Every query behind a list or a search, so that a test can look at how each finds its rows.
#[doc(hidden)]
pub const LISTED_QUERIES: &[&str] = &[
    tables::case_view::ONE,
    tables::case_view::ALL,
    tables::case_view::OPEN,
    tables::case_view::IN_STATE,
    tables::case_view::ANY_TICK_DUE,
    tables::case_view::REGISTERED_DUE,
    tables::case_view::RECEIPT_DUE,
    tables::case_view::JOURNALISED_DUE,
    tables::case_view::IN_CONFLICT,
    tables::case_view::DECIDED_SINCE,
    tables::search::BY_CPR,
    tables::search::BY_PHONE,
    tables::search::BY_NUMBER,
    tables::search::BY_NAME,
];
