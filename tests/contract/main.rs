//! The contract of the central store: one suite for every backend, and the protocol over real HTTP.
//!
//! A backend joins by one line in this file. Basis: design, section 6 ("one trait, two backends, one contract suite").

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod http;
mod office;
mod suite;

use skranke_server::store::sqlite::{KeyFile, SqliteStore};

use office::Backend;

/// The embedded backend on a scratch file.
struct Sqlite;

impl Backend for Sqlite {
    type Store = SqliteStore;

    fn open(folder: &std::path::Path) -> SqliteStore {
        SqliteStore::open(&folder.join("central.db"), &KeyFile::from_bytes([7; 32])).unwrap()
    }
}

suite::run_against!(sqlite, Sqlite);
