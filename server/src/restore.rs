//! `skranke-server restore` and `migrate-store`: a whole store put somewhere else, and shown to be whole.
//!
//! A restored store opens a new epoch in every municipality, so that clients offer again what they had seen confirmed
//! after the backup was made. Basis: design, section 6; reliability, finding 6 and section 7.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use skranke_domain::ids::Sha256Digest;
use skranke_protocol::encoding::to_hex;
use skranke_protocol::signature::SigningKey;

use crate::attachments::AttachmentFolder;
use crate::backup::digest_of;
use crate::config::{Config, Database};
use crate::operator;
use crate::store::key_file::KeyFile;
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;
use crate::store::transfer::{self, Inventory, Transfer};
use crate::store::{CentralStore, StoreError, Stored};

/// The file of a backup's records.
const DATABASE: &str = "central.db";
/// The folder of a backup's attachments; a backup without any has none.
const ATTACHMENTS: &str = "central.attachments";

/// What `backup` wrote beside its copy, as far as restoring needs it.
#[derive(Deserialize)]
struct Manifest {
    database_sha256: String,
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

/// Opens a store that is there, to carry it as a whole; a PostgreSQL address then names the owner.
///
/// # Errors
/// It cannot be opened; the text says what.
pub fn open_whole(database: &Database, key: &KeyFile) -> Stored<Box<dyn Transfer>> {
    Ok(match database {
        Database::Sqlite(path) => Box::new(SqliteStore::open_existing(path, key)?),
        Database::Postgres(owner) => Box::new(PostgresStore::open_as_owner(owner, key)?),
    })
}

/// Opens the store to carry everything into; an SQLite file is made.
fn open_target(database: &Database, key: &KeyFile) -> Stored<Box<dyn Transfer>> {
    Ok(match database {
        Database::Sqlite(path) => Box::new(SqliteStore::open(path, key)?),
        Database::Postgres(_) => open_whole(database, key)?,
    })
}

/// Carries everything into another, empty store; the attachments stay where they are.
///
/// # Errors
/// As [`transfer::carry`], or there is nothing to carry.
pub fn migrate(from: &Database, to: &Database, key: &KeyFile) -> Stored<Vec<Inventory>> {
    if from == to {
        return Err(cannot("the store to move to is the same"));
    }
    let from = open_whole(from, key)?;
    // Before anything is made.
    transfer::refuse_empty(from.as_ref())?;
    transfer::carry(from.as_ref(), open_target(to, key)?.as_ref())
}

/// Attachments, by municipality, that the records name and the backup does not hold whole.
type Damaged = Vec<(String, Sha256Digest)>;

/// What a backup was found to hold.
struct Found {
    municipalities: Vec<Restored>,
    damaged: Damaged,
}

/// Looks through a backup: its copy is the one the manifest names, opens with the key, and holds every position and
/// every attachment, each of which is opened and hashed.
///
/// # Errors
/// What is wrong with it.
pub fn verify(folder: &Path, key: &KeyFile) -> Stored<Vec<Restored>> {
    let found = look_through(folder, key)?;
    refuse_damaged(&found)?;
    Ok(found.municipalities)
}

fn look_through(folder: &Path, key: &KeyFile) -> Stored<Found> {
    let (copy, manifest) = WorkingCopy::of(folder)?;
    let found = look_through_copy(&copy, folder, key)?;
    for municipality in &found.municipalities {
        let named = manifest.positions.get(&municipality.tenant);
        if named != Some(&municipality.position) {
            return Err(cannot(
                "the backup does not hold the positions its manifest names",
            ));
        }
    }
    if found.municipalities.len() != manifest.positions.len() {
        return Err(cannot("a municipality of the manifest is missing"));
    }
    Ok(found)
}

/// What of its attachments a backup does not hold whole, asked before it has a manifest.
///
/// # Errors
/// Its copy cannot be opened or read.
pub(crate) fn damaged_in(folder: &Path, key: &KeyFile) -> Stored<Damaged> {
    let copy = WorkingCopy::made_in(folder)?;
    Ok(look_through_copy(&copy, folder, key)?.damaged)
}

/// Reads every row of a copy, and opens and hashes every attachment they name.
fn look_through_copy(copy: &WorkingCopy, folder: &Path, key: &KeyFile) -> Stored<Found> {
    let store = SqliteStore::open_existing(&copy.path, key)?;
    transfer::refuse_empty(&store)?;
    let scans = attachments_of(folder, key);
    let mut found = Found {
        municipalities: Vec::new(),
        damaged: Vec::new(),
    };
    for tenant in store.tenants()? {
        // Reading every row checks every event against its hash.
        let (held, attachments) = transfer::inventory_with_attachments(&store, &tenant)?;
        let position = held.feed_items();
        for (digest, size) in attachments {
            let read = scans.read(&tenant, &digest);
            if read.map_or(true, |bytes| bytes.len() as u64 != size) {
                found.damaged.push((tenant.clone(), digest));
            }
        }
        found.municipalities.push(Restored {
            tenant,
            position,
            epoch: None,
        });
    }
    Ok(found)
}

fn refuse_damaged(found: &Found) -> Stored<()> {
    let Some((tenant, digest)) = found.damaged.first() else {
        return Ok(());
    };
    Err(cannot(&format!(
        "{} attachments of the backup are missing or damaged, the first is {tenant}/{digest}; copy them from another \
         backup, or restore with --leave-damaged and let the desktops that hold them send them again",
        found.damaged.len()
    )))
}

fn attachments_of(folder: &Path, key: &KeyFile) -> AttachmentFolder {
    AttachmentFolder::at(&folder.join(ATTACHMENTS), key.as_bytes())
}

/// How a backup is to be restored.
#[derive(Debug, Clone, Copy, Default)]
pub struct Restoring<'a> {
    /// File of the operator's key, where one is kept apart from the server.
    pub operator_key: Option<&'a Path>,
    /// Whether attachments that are missing or damaged are left out instead of ending it.
    pub leave_damaged: bool,
}

/// Puts a backup into the configured store, which must be new, and opens a new epoch in each municipality.
///
/// # Errors
/// The backup does not pass [`verify`], or the store holds something; the text says what to delete before it is done
/// again.
pub fn run(
    folder: &Path,
    config: &Config,
    key: &KeyFile,
    asked: Restoring<'_>,
) -> Stored<Vec<Restored>> {
    if let Database::Sqlite(path) = &config.database
        && path.exists()
    {
        return Err(cannot(
            "the store to restore into exists already; was it left by a restore that did not end, delete it together with \
             the files beside it that end in -wal and -shm",
        ));
    }
    let found = look_through(folder, key)?;
    if !asked.leave_damaged {
        refuse_damaged(&found)?;
    }
    let (copy, _) = WorkingCopy::of(folder)?;
    let source = SqliteStore::open_existing(&copy.path, key)?;
    // Before anything is made: a store without its epoch would be found by every desktop.
    let operator = operator::signing_key(config, asked.operator_key, &source.server_keys()?)?;
    // Before the records: done again, it begins here, and writes each file anew.
    attachments_of(folder, key)
        .copy_to(&config.attachments, &found.damaged)
        .map_err(|_| cannot("the attachments cannot be copied; make room and restore again"))?;
    let target = open_target(&config.database, key)?;
    let mut restored = found.municipalities;
    fill(target.as_ref(), &source, &operator, &mut restored).map_err(|error| unfinished(&error))?;
    Ok(restored)
}

/// Carries the records over and opens the epochs.
fn fill(
    target: &dyn Transfer,
    source: &dyn Transfer,
    operator: &SigningKey,
    restored: &mut [Restored],
) -> Stored<()> {
    transfer::carry(source, target)?;
    for municipality in restored {
        let epoch = operator::open_epoch(target, &municipality.tenant, operator)?;
        municipality.epoch = Some(epoch);
    }
    Ok(())
}

/// What to delete where a restore ended before it was done. The attachments may stay.
fn unfinished(error: &StoreError) -> StoreError {
    cannot(&format!(
        "{error}; the new store is not whole and must not be served: delete its file together with those beside it that \
         end in -wal and -shm (on PostgreSQL drop and prepare the database again), and restore again"
    ))
}

/// A copy of a backup's database to open: opening may migrate it, and a backup is never changed.
struct WorkingCopy {
    path: PathBuf,
}

impl WorkingCopy {
    /// Of a backup whose copy is the one its manifest names.
    fn of(folder: &Path) -> Stored<(Self, Manifest)> {
        let manifest = fs::read_to_string(folder.join("manifest.json"))
            .map_err(|_| cannot("the backup's manifest.json cannot be read"))?;
        let manifest: Manifest = serde_json::from_str(&manifest)
            .map_err(|_| cannot("the backup's manifest.json is not one of ours"))?;
        let digest = digest_of(&folder.join(DATABASE))
            .map_err(|_| cannot("the backup's copy cannot be read"))?;
        if to_hex(&digest) != manifest.database_sha256 {
            return Err(cannot(
                "the backup's copy is not the one its manifest names",
            ));
        }
        Ok((Self::made_in(folder)?, manifest))
    }

    /// Of a backup that may still be without its manifest.
    fn made_in(folder: &Path) -> Stored<Self> {
        // Made first: what of it was written before the disk was full goes with it.
        let copy = Self {
            path: folder.join("central.db.working"),
        };
        fs::copy(folder.join(DATABASE), &copy.path)
            .map_err(|_| cannot("there is no room to open the backup"))?;
        Ok(copy)
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
