//! `skranke-server backup`: a verified copy of the database and the attachments while the server runs, then the
//! backup mark, below which clients may let go of confirmed events.
//!
//! Basis: design, section 6 (epoch, backup mark).

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};
use skranke_protocol::encoding::to_hex;
use skranke_protocol::instant;

use crate::attachments::AttachmentFolder;
use crate::config::{Config, Database};
use crate::log;
use crate::restore;
use crate::store::key_file::KeyFile;
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;
use crate::store::transfer::{self, Transfer};
use crate::store::{CentralStore, StoreError, Stored, again};

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Folder of this backup.
    pub folder: PathBuf,
    /// Each tenant's position in it.
    pub positions: Vec<(String, u64)>,
    /// Number of attachments.
    pub attachments: u64,
}

/// Makes a backup of the configured store in a new folder under `to` and moves the backup mark of each tenant.
///
/// The copy is an encrypted SQLite file whatever the store is: of PostgreSQL, whose owner the address then names, every
/// row is carried over from one snapshot of each municipality.
///
/// # Errors
/// The copy cannot be made, does not pass its checks or lacks an attachment that its records name. Then no mark moves;
/// a copy that lacks attachments alone is a backup of all the rest.
pub fn run(config: &Config, to: &Path) -> Stored<Backup> {
    let cannot =
        |what: &'static str| move |_: std::io::Error| StoreError::CannotOpen(what.to_owned());
    let key = KeyFile::read(&config.key_file)?;
    let now = log::now();
    let folder = to.join(now.format("%Y%m%dT%H%M%S%3fZ").to_string());
    let database = folder.join("central.db");
    let Copied { store, positions } = copy(&config.database, &key, &database)?;
    // After the records: an attachment is stored before the event that is accepted with it is copied.
    let attachments = AttachmentFolder::open(&config.attachments, key.as_bytes())
        .and_then(|held| held.copy_to(&database.with_extension("attachments"), &[]))
        .map_err(cannot("the attachments cannot be copied"))?;
    let digest = digest_of(&database).map_err(cannot("the backup cannot be read"))?;
    let manifest = json!({
        "made_at": instant::to_text(now),
        "database_sha256": to_hex(&digest),
        "attachments": attachments,
        "positions": positions.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
    });
    write_durably(&folder.join("manifest.json"), &format!("{manifest:#}\n"))
        .map_err(cannot("the manifest cannot be written"))?;
    // The mark lets clients forget: every name of the backup must be on the disk before it moves.
    for made in [folder.as_path(), to] {
        sync_folder(made).map_err(cannot("the backup folder cannot be synced"))?;
    }
    refuse_damaged(&folder, &key)?;
    for (tenant, position) in &positions {
        mark(store.as_ref(), tenant, *position)?;
    }
    Ok(Backup {
        folder,
        positions,
        attachments,
    })
}

/// Copied records.
struct Copied {
    /// The store they came from.
    store: Box<dyn Transfer>,
    /// Each tenant's position in the copy.
    positions: Vec<(String, u64)>,
}

fn copy(database: &Database, key: &KeyFile, to: &Path) -> Stored<Copied> {
    match database {
        Database::Sqlite(path) => {
            let store = SqliteStore::open_existing(path, key)?;
            begin_folder(&store, to)?;
            let positions = store.backup(to)?;
            Ok(Copied {
                store: Box::new(store),
                positions,
            })
        }
        Database::Postgres(owner) => {
            let store = PostgresStore::open_as_owner(owner, key)?;
            begin_folder(&store, to)?;
            let carried = to.with_extension("carried");
            let copied = SqliteStore::open(&carried, key).and_then(|copy| {
                transfer::carry(&store, &copy)?;
                // One file without a log beside it, checked like any other backup.
                copy.backup(to)
            });
            for ending in ["carried", "carried-wal", "carried-shm"] {
                let _ = std::fs::remove_file(to.with_extension(ending));
            }
            Ok(Copied {
                store: Box::new(store),
                positions: copied?,
            })
        }
    }
}

/// Makes the folder of a copy, once there is something to copy.
fn begin_folder(store: &dyn Transfer, copy: &Path) -> Stored<()> {
    transfer::refuse_empty(store)?;
    copy.parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .map_err(|_| StoreError::CannotOpen("the backup folder cannot be made".to_owned()))
}

/// Refuses to move a mark over a copy that lacks an attachment: laptops would delete their own, perhaps the last whole
/// one.
fn refuse_damaged(folder: &Path, key: &KeyFile) -> Stored<()> {
    let damaged = restore::damaged_in(folder, key)?;
    let Some((tenant, digest)) = damaged.first() else {
        return Ok(());
    };
    Err(StoreError::CannotOpen(format!(
        "{} attachments are missing or damaged, the first is {tenant}/{digest}; {} holds all the rest, and no backup mark \
         moved. Copy the file of that name into the server's folder of attachments from an earlier backup; where none has \
         it, delete a damaged one, stop the server, open an epoch (open-epoch) and let the desktops that hold it send it \
         again. Then make the backup again. Where nobody holds it any more, move the mark by hand (backup-mark)",
        damaged.len(),
        folder.display()
    )))
}

/// The SHA-256 of a file.
pub(crate) fn digest_of(path: &Path) -> std::io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut block = vec![0; 1024 * 1024];
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok(digest.finalize().into());
        }
        digest.update(&block[..read]);
    }
}

fn write_durably(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// How a backup mark moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    /// Where it stood.
    pub before: u64,
    /// Where it stands: never further back than before.
    pub now: u64,
}

/// Moves a tenant's backup mark forward.
///
/// # Errors
/// The database failed, the tenant is not known, or the position is beyond the feed: no backup holds what is not there,
/// and the mark would let desktops forget what none has.
pub fn mark(store: &dyn CentralStore, tenant: &str, position: u64) -> Stored<Marked> {
    again::written(store, tenant, |transaction| {
        let (last, before) = {
            let tenant = transaction.tenant();
            (tenant.position(), tenant.backup_position)
        };
        if position > last {
            return Err(StoreError::CannotOpen(format!(
                "the feed ends at {last}; no backup holds position {position}"
            )));
        }
        transaction.set_backup_position(position)?;
        let now = transaction.tenant().backup_position;
        Ok(Marked { before, now })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_a_file_longer_than_a_block_is_of_all_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let bytes: Vec<u8> = (0..3_000_001_u32).map(|n| (n % 251) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();

        assert_eq!(
            digest_of(&path).unwrap(),
            <[u8; 32]>::from(Sha256::digest(&bytes))
        );
    }
}
