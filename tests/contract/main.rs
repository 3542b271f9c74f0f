//! The contract of the central store: one suite for every backend, and the protocol over real HTTP.
//!
//! A backend joins by one line in this file. Basis: design, section 6 ("one trait, two backends, one contract suite").

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod caught;
mod convergence;
mod exhausted;
mod http;
#[path = "../shared/in_words.rs"]
mod in_words;
mod office;
#[path = "../shared/on_both.rs"]
mod on_both;
mod postgres;
mod suite;

use skranke_server::store::key_file::KeyFile;
use skranke_server::store::postgres::PostgresStore;
use skranke_server::store::sqlite::SqliteStore;
use skranke_testkit::postgres::Cluster;

use office::Backend;

/// The embedded backend on a scratch file.
struct Sqlite;

impl Backend for Sqlite {
    type Store = SqliteStore;
    type Beside = ();

    fn open(folder: &std::path::Path) -> (SqliteStore, ()) {
        let store = SqliteStore::open(&folder.join("central.db"), &KeyFile::from_bytes([7; 32]));
        (store.unwrap(), ())
    }
}

/// PostgreSQL, as a municipality's own server would run it: the store is the runtime role, not the owner.
struct Postgres;

impl Backend for Postgres {
    type Store = PostgresStore;
    type Beside = Cluster;

    fn open(_: &std::path::Path) -> (PostgresStore, Cluster) {
        let cluster = Cluster::start(&[]);
        let store = postgres::prepared(&cluster);
        (store, cluster)
    }
}

suite::run_against!(on_sqlite, Sqlite);
suite::run_against!(on_postgres, Postgres);
