//! `skranke-server restore` and `migrate-store`: a whole store put somewhere else, and shown to be whole.
//!
//! A restored store opens a new epoch in every municipality, so that clients offer again what they had seen confirmed
//! after the backup was made. Basis: design, section 6; reliability, finding 6 and section 7.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use skranke_protocol::encoding::to_hex;

use crate::backup::digest_of;
use crate::config::{Config, Database};
use crate::operator;
use crate::store::key_file::KeyFile;
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;
use crate::store::transfer::{self, Inventory, Transfer};
use crate::store::{CentralStore, StoreError, Stored};

/// The folder of a backup's attachments; a backup without any has none.
const ATTACHMENTS: &str = "central.attachments";

/// What `backup` wrote beside its copy, as far as restoring needs it.
#[derive(Deserialize)]
struct Manifest {
    database_sha256: String,
    attachments: u64,
    positions: std::collections::BTreeMap<String, u64>,
}

/// A municipality that was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The municipality.
    pub tenant: String,
    /// The last position it has again.
    pub position: u64,
    /// The epoch it is in now; none where the backup was only looked through.
    pub epoch: Option<u64>,
}

fn cannot(what: &str) -> StoreError {
    StoreError::CannotOpen(what.to_owned())
}

/// Opens a store to carry it as a whole; a PostgreSQL address then names the owner.
///
/// # Errors
/// It cannot be opened; the text says what.
pub fn open_whole(database: &Database, key: &KeyFile) -> Stored<Box<dyn Transfer>> {
    Ok(match database {
        Database::Sqlite(path) => Box::new(SqliteStore::open(path, key)?),
        Database::Postgres(owner) => Box::new(PostgresStore::open_as_owner(owner, key)?),
    })
}

/// Carries everything into another, empty store; the attachments stay where they are.
///
/// # Errors
/// As [`transfer::carry`].
pub fn migrate(from: &Database, to: &Database, key: &KeyFile) -> Stored<Vec<Inventory>> {
    if from == to {
        return Err(cannot("the store to move to is the same"));
    }
    transfer::carry(
        open_whole(from, key)?.as_ref(),
        open_whole(to, key)?.as_ref(),
    )
}

/// Looks through a backup: its copy is the one the manifest names, opens with the key, and holds every position.
///
/// # Errors
/// What is wrong with it.
pub fn verify(folder: &Path, key: &KeyFile) -> Stored<Vec<Restored>> {
    let copy = WorkingCopy::of(folder)?;
    let store = SqliteStore::open(&copy.path, key)?;
    let mut found = Vec::new();
    for tenant in store.tenants()? {
        // Reading every row checks every event against its hash.
        let held = transfer::inventory(&store, &tenant)?;
        let position = held.feed_items();
        if copy.manifest.positions.get(&tenant) != Some(&position) {
            return Err(cannot(
                "the backup does not hold the positions its manifest names",
            ));
        }
        found.push(Restored {
            tenant,
            position,
            epoch: None,
        });
    }
    let files = count_files(&folder.join(ATTACHMENTS))
        .map_err(|_| cannot("the attachments of the backup cannot be read"))?;
    if files != copy.manifest.attachments {
        return Err(cannot("attachments of the backup are missing"));
    }
    if found.len() != copy.manifest.positions.len() {
        return Err(cannot("a municipality of the manifest is missing"));
    }
    Ok(found)
}

/// Puts a backup into the configured store, which must be new, and opens a new epoch in each municipality.
///
/// # Errors
/// The backup does not pass [`verify`], or the store holds something.
pub fn run(
    folder: &Path,
    config: &Config,
    key: &KeyFile,
    operator_key: Option<&Path>,
) -> Stored<Vec<Restored>> {
    let mut restored = verify(folder, key)?;
    if let Database::Sqlite(path) = &config.database
        && path.exists()
    {
        return Err(cannot("the store to restore into exists already"));
    }
    let copy = WorkingCopy::of(folder)?;
    let source = SqliteStore::open(&copy.path, key)?;
    // Before anything is made: a store without its epoch would be found by every desktop.
    let operator = operator::signing_key(config, operator_key, &source.server_keys()?)?;
    let target = open_whole(&config.database, key)?;
    transfer::carry(&source, target.as_ref())?;
    drop((source, copy));
    copy_files(&folder.join(ATTACHMENTS), &config.attachments)
        .map_err(|_| cannot("the attachments cannot be copied"))?;
    for municipality in &mut restored {
        let epoch = operator::open_epoch(target.as_ref(), &municipality.tenant, &operator)?;
        municipality.epoch = Some(epoch);
    }
    Ok(restored)
}

/// A copy of a backup's database to open: opening may migrate it, and a backup is never changed.
struct WorkingCopy {
    path: PathBuf,
    manifest: Manifest,
}

impl WorkingCopy {
    fn of(folder: &Path) -> Stored<Self> {
        let manifest = fs::read_to_string(folder.join("manifest.json"))
            .map_err(|_| cannot("the backup's manifest.json cannot be read"))?;
        let manifest: Manifest = serde_json::from_str(&manifest)
            .map_err(|_| cannot("the backup's manifest.json is not one of ours"))?;
        let database = folder.join("central.db");
        let digest =
            digest_of(&database).map_err(|_| cannot("the backup's copy cannot be read"))?;
        if to_hex(&digest) != manifest.database_sha256 {
            return Err(cannot(
                "the backup's copy is not the one its manifest names",
            ));
        }
        let path = folder.join("central.db.working");
        fs::copy(&database, &path).map_err(|_| cannot("there is no room to open the backup"))?;
        Ok(Self { path, manifest })
    }
}

impl Drop for WorkingCopy {
    fn drop(&mut self) {
        for ending in ["", "-wal", "-shm"] {
            let mut path = self.path.clone().into_os_string();
            path.push(ending);
            let _ = fs::remove_file(path);
        }
    }
}

/// What a folder holds; nothing where there is none.
fn entries(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn count_files(folder: &Path) -> io::Result<u64> {
    let mut count = 0;
    for entry in entries(folder)? {
        count += if entry.file_type()?.is_dir() {
            count_files(&entry.path())?
        } else {
            1
        };
    }
    Ok(count)
}

fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in entries(from)? {
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_files(&entry.path(), &target)?;
        } else if !target.exists() {
            fs::copy(entry.path(), &target)?;
            File::open(&target)?.sync_all()?;
        }
    }
    Ok(())
}
