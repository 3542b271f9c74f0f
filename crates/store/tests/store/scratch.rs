//! A store in a folder that goes away.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use skranke_store::key::StoreKey;
use skranke_store::{Options, Store, StoreError};
use tempfile::TempDir;

pub(crate) struct Scratch {
    pub(crate) folder: TempDir,
    pub(crate) key: StoreKey,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            key: StoreKey::from_bytes([7; 32]),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("skranke.db")
    }

    /// The database as SQLite sees it, past the store.
    pub(crate) fn connect(&self) -> rusqlite::Connection {
        let raw = rusqlite::Connection::open(self.database()).unwrap();
        let digits: String = database_key(&self.key_bytes())
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        raw.execute_batch(&format!(
            "PRAGMA key = \"x'{digits}'\"; PRAGMA cipher_page_size = 8192"
        ))
        .unwrap();
        raw
    }

    pub(crate) fn raw<T>(&self, work: impl FnOnce(&rusqlite::Connection) -> T) -> T {
        work(&self.connect())
    }

    fn key_bytes(&self) -> [u8; 32] {
        [7; 32]
    }

    pub(crate) fn open(&self) -> Store {
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<Store, StoreError> {
        Store::open(self.path(), &self.key, Options::default(), now())
    }
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-03-13T12:50:00Z".parse().unwrap()
}

/// The derivation the store promises to keep: a change of it would lock every store there is.
fn database_key(key: &[u8; 32]) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::new()
        .chain_update("skranke/store/database/1\0")
        .chain_update(key)
        .finalize()
        .into()
}
