//! One file for each table or group of tables: its SQL, its rows, and what can be read and written of it.

pub(crate) mod account;
pub(crate) mod attachment;
pub(crate) mod audit;
pub(crate) mod audit_chain;
pub(crate) mod case_view;
pub(crate) mod device;
pub(crate) mod draft;
pub(crate) mod event;
pub(crate) mod feed;
pub(crate) mod identity;
pub(crate) mod kept_count;
pub(crate) mod outbox;
pub(crate) mod profile;
pub(crate) mod sealed;
pub(crate) mod search;
pub(crate) mod setting;
