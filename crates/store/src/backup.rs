//! Backup and restore of a store: a folder that is whole, checked by opening it.
//!
//! The backup is as encrypted as the store, and opens by the same ways (key file, PIN, recovery code, key store).
//! A manifest names every file with its digest. Basis: spec reliability, section 7; issue 2, H.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::connection::{self, Mode};
use crate::error::{Damage, StoreError};
use crate::files;
use crate::key::envelope::{COPY_NAME, FILE_NAME as ENVELOPE};
use crate::key::{StoreKey, to_hex};
use crate::migrate;
use crate::outbox_log::FILE_NAME as OUTBOX_LOG;
use crate::store::{DATABASE, Options, Store};
use crate::tables::audit_chain::{self, AuditHead};
use crate::tables::event;
use crate::value::unsigned;
use crate::vault::{self, Vault};

const MANIFEST: &str = "manifest.json";
const VERSION: u32 = 1;
/// Pages copied before other writers get a turn.
const PAGES_AT_ONCE: i32 = 2000;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupReport {
    /// Its folder.
    pub folder: PathBuf,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Events in it.
    pub events: u64,
    /// Cases in it.
    pub cases: u64,
    /// Rows of the audit log in it.
    pub audit_rows: u64,
    /// The end of the audit log's chain, to be noted elsewhere.
    pub audit_head: Option<AuditHead>,
    /// Sealed files in it.
    pub attachments: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    version: u32,
    made_at_ms: i64,
    database_version: u32,
    events: u64,
    cases: u64,
    audit_rows: u64,
    attachments: u64,
    /// SHA-256 of every file, by its path in the folder with `/`.
    files: BTreeMap<String, String>,
}

impl Store {
    /// Writes a backup into a new folder inside `into`, checks it by opening it, and says what it holds.
    ///
    /// # Errors
    /// What disk and engine answer; [`StoreError::Damaged`] when the copy does not check out.
    pub fn backup_to(&self, into: &Path, now: DateTime<Utc>) -> Result<BackupReport, StoreError> {
        let folder = into.join(format!("skranke-backup-{}", files::time_suffix(now)));
        if folder.try_exists()? {
            return Err(StoreError::Refused(
                "a backup of this moment exists already",
            ));
        }
        files::make_private_folder(&folder)?;
        let counts = self.copy_database(&folder.join(DATABASE))?;
        // After the database: what was written in between is in the log and is put back from it.
        for name in [OUTBOX_LOG, ENVELOPE, COPY_NAME] {
            let from = self.folder().join(name);
            if from.try_exists()? {
                files::copy_durably(&from, &folder.join(name))?;
            }
        }
        let attachments = self.vault.copy_to(&folder.join(vault::FOLDER))?;
        let manifest = Manifest {
            version: VERSION,
            made_at_ms: now.timestamp_millis(),
            database_version: self.version()?,
            events: counts.events,
            cases: counts.cases,
            audit_rows: counts.audit_rows,
            attachments,
            files: digests(&folder)?,
        };
        let text =
            serde_json::to_vec_pretty(&manifest).map_err(|_| StoreError::Damaged(Damage::Value))?;
        files::write_whole(&folder.join(MANIFEST), &text)?;
        verify_backup(&folder, &self.key)
    }

    fn copy_database(&self, to: &Path) -> Result<Counts, StoreError> {
        let mut copy = connection::open(to, &self.key, Mode::Create)?;
        // One snapshot for the whole copy: without it every commit of another process would begin the copy anew.
        let snapshot = self.read()?;
        snapshot.cursor()?;
        rusqlite::backup::Backup::new(&self.connection, &mut copy)?.run_to_completion(
            PAGES_AT_ONCE,
            Duration::ZERO,
            None,
        )?;
        drop(snapshot);
        // One file, complete in itself, that can be opened from a place that cannot be written.
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        let counts = Counts::of(&copy)?;
        drop(copy);
        fs::File::open(to)?.sync_all()?;
        Ok(counts)
    }
}

/// Checks a backup: every file by its digest, the database by opening it and looking at every page, every sealed
/// file by opening it, and the counts.
///
/// # Errors
/// [`StoreError::Damaged`], [`StoreError::WrongKey`], [`StoreError::NewerDatabase`], or what the disk answers.
pub fn verify_backup(folder: &Path, key: &StoreKey) -> Result<BackupReport, StoreError> {
    let damaged = StoreError::Damaged(Damage::SealedFile);
    let Ok(manifest) = serde_json::from_slice::<Manifest>(&fs::read(folder.join(MANIFEST))?) else {
        return Err(damaged);
    };
    let supported = migrate::newest_version();
    if manifest.version > VERSION {
        return Err(StoreError::NewerDatabase {
            found: manifest.database_version,
            supported,
        });
    }
    if digests(folder)? != manifest.files {
        return Err(damaged);
    }
    let copy = connection::open(&folder.join(DATABASE), key, Mode::ReadOnly)?;
    if let Some(found) = connection::check_integrity(&copy)?.first() {
        return Err(StoreError::Damaged(*found));
    }
    let counts = Counts::of(&copy)?;
    let expected = Counts {
        events: manifest.events,
        cases: manifest.cases,
        audit_rows: manifest.audit_rows,
    };
    if counts != expected || migrate::version(&copy)? != manifest.database_version {
        return Err(StoreError::Damaged(Damage::Value));
    }
    let vault = Vault::new(folder, key);
    for digest in crate::tables::attachment::all(&copy)? {
        vault.get(digest, vault::Form::Original)?;
    }
    Ok(BackupReport {
        folder: folder.to_owned(),
        made_at: crate::value::moment(manifest.made_at_ms)?,
        events: counts.events,
        cases: counts.cases,
        audit_rows: counts.audit_rows,
        audit_head: audit_chain::head_of_copy(&copy, manifest.database_version)?,
        attachments: manifest.attachments,
    })
}

/// Puts a checked backup into a folder that holds no store, and opens it.
///
/// # Errors
/// [`StoreError::Refused`] when the folder holds a store; as [`verify_backup`] and [`Store::open`].
pub fn restore_backup(
    backup: &Path,
    into: &Path,
    key: &StoreKey,
    options: Options,
    now: DateTime<Utc>,
) -> Result<(Store, BackupReport), StoreError> {
    let report = verify_backup(backup, key)?;
    for name in [DATABASE, OUTBOX_LOG] {
        if into.join(name).try_exists()? {
            return Err(StoreError::Refused("the folder holds a store already"));
        }
    }
    files::make_private_folder(into)?;
    Vault::new(backup, key).copy_to(&into.join(vault::FOLDER))?;
    // The database last: a restore that was cut short is no store yet.
    for name in [OUTBOX_LOG, ENVELOPE, COPY_NAME, DATABASE] {
        let from = backup.join(name);
        if from.try_exists()? {
            let beside = files::with_suffix(&into.join(name), ".new");
            let _ = fs::remove_file(&beside);
            files::copy_durably(&from, &beside)?;
            fs::rename(&beside, into.join(name))?;
        }
    }
    files::sync_folder(into)?;
    Ok((Store::open(into, key, options, now)?, report))
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Counts {
    events: u64,
    cases: u64,
    audit_rows: u64,
}

impl Counts {
    fn of(connection: &Connection) -> Result<Self, StoreError> {
        let count = |sql: &str| -> Result<u64, StoreError> {
            unsigned(connection.query_row(sql, [], |row| row.get(0))?)
        };
        Ok(Self {
            events: count("SELECT count(*) FROM event")?,
            cases: event::all_cases(connection)?.len() as u64,
            audit_rows: count("SELECT count(*) FROM audit")?,
        })
    }
}

/// The digest of every file in a folder and the folders in it, but the manifest.
fn digests(folder: &Path) -> Result<BTreeMap<String, String>, StoreError> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![(folder.to_owned(), String::new())];
    while let Some((inside, prefix)) = waiting.pop() {
        for entry in fs::read_dir(&inside)? {
            let entry = entry?;
            let name = prefix.clone() + &entry.file_name().to_string_lossy();
            if entry.file_type()?.is_dir() {
                waiting.push((entry.path(), name + "/"));
            } else if name != MANIFEST {
                found.insert(name, digest_of(&entry.path())?);
            }
        }
    }
    Ok(found)
}

fn digest_of(path: &Path) -> Result<String, StoreError> {
    let mut file = fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1024 * 1024];
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok(to_hex(&hash.finalize()));
        }
        hash.update(&block[..read]);
    }
}
