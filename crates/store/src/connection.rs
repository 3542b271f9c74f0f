//! Opening the encrypted database: key, pragmas, checks.
//!
//! The only place that opens a connection and sets a pragma. Basis: design, section 5; spec stack, section 6.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use skranke_domain::rehearsal::{self, Bug};

use crate::error::{Damage, StoreError};
use crate::files;
use crate::key::StoreKey;

const PAGE_BYTES: u32 = 8192;
const CACHE_MEGABYTES: u32 = 64;
/// More than the program has: with the usual room of 16, a save of some forty statements understood each one anew.
const STATEMENTS_KEPT: usize = 256;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Settings that nothing else may be built on without.
const PROMISED: &[(&str, &str)] = &[
    ("journal_mode", "wal"),
    ("synchronous", "2"),
    ("foreign_keys", "1"),
    ("cipher_page_size", "8192"),
    ("temp_store", "2"),
    ("trusted_schema", "0"),
    ("cell_size_check", "1"),
];
const PLAIN_SQLITE: &[u8; 16] = b"SQLite format 3\0";

/// How a connection is meant to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Read and write; the file is created where there is none.
    Create,
    /// Only read, leaving no trace beside the file.
    ReadOnly,
}

/// Opens the database file with its key and reads its first page.
///
/// A file that does not open with the key gives [`StoreError::WrongKey`]: SQLCipher cannot tell a wrong key from a
/// ruined first page. The store can, because its envelope and its outbox log know which key is right.
pub(crate) fn open(path: &Path, key: &StoreKey, mode: Mode) -> Result<Connection, StoreError> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if mode == Mode::Create {
        // Created by us, so that nobody else can ever read it; SQLite gives the same rights to its companions.
        files::private()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    } else if !path.try_exists()? {
        return Err(StoreError::NotFound);
    }
    if starts_as_plain_sqlite(path)? {
        return Err(StoreError::NotADatabase);
    }
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // A statement stays as it was planned. Without this one with `LIMIT :limit` is planned anew each time it is run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Until the key is known to fit, closing must leave the write-ahead log alone: it may be all there is.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    unlock(&connection, key)?;
    match connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| {
        row.get::<_, i64>(0)
    }) {
        Ok(_) => {}
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            return Err(StoreError::WrongKey);
        }
        Err(error) => return Err(error.into()),
    }
    if mode == Mode::Create {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        set_pragmas(&connection)?;
    }
    Ok(connection)
}

/// Gives the key. Nothing may touch the file before this.
fn unlock(connection: &Connection, key: &StoreKey) -> Result<(), StoreError> {
    // SQLCipher would print to standard error, where a key or a path has no business.
    connection.pragma_update(None, "cipher_log_level", "NONE")?;
    // `cipher_memory_security` stays off. It locks and unlocks memory at every allocation of the engine: in runs of
    // the bench with 5,000 and 6,000 cases that was 61 % of all processor time (perf) and 2.3 million pairs of calls.
    connection.execute_batch(&key.pragma())?;
    connection.pragma_update(None, "cipher_page_size", PAGE_BYTES)?;
    Ok(())
}

/// Every pragma, once, with its reason.
fn set_pragmas(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // A reader never waits for the writer, and a commit is one sync of one file.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // With NORMAL a commit may vanish when the power goes: these are legal records (spec reliability, finding 8).
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Decrypted pages are dear: the default cache makes a million rows three times slower.
    set_cache(connection, CACHE_MEGABYTES)?;
    // Nothing unencrypted in a temporary file.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // A hostile file must not run functions from its schema, be mapped, or be half read.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // SQLite says nothing when it does not take a setting, as WAL on a network drive.
    for (pragma, value) in PROMISED {
        let found: String = connection.pragma_query_value(None, pragma, |row| {
            let value = row.get_ref(0)?;
            match value.as_i64() {
                Ok(number) => Ok(number.to_string()),
                Err(_) => Ok(value.as_str()?.to_owned()),
            }
        })?;
        if found != *value {
            return Err(StoreError::Refused(
                "the database does not take a setting it depends on",
            ));
        }
    }
    if rehearsal::is_planted(Bug::NoFsync) {
        connection.pragma_update(None, "synchronous", "OFF")?;
    }
    Ok(())
}

/// Room in memory for decrypted pages.
pub(crate) fn set_cache(connection: &Connection, megabytes: u32) -> Result<(), StoreError> {
    connection.pragma_update(None, "cache_size", -1_000 * i64::from(megabytes))?;
    Ok(())
}

/// Whether room that is given up is written over, so that what was deleted stands in no page any more. Not for ordinary
/// work, which would write every such page once more.
pub(crate) fn erase_what_is_deleted(connection: &Connection, does: bool) -> Result<(), StoreError> {
    connection.pragma_update(None, "secure_delete", does)?;
    Ok(())
}

/// Moves what stands in the write-ahead log into the database and gives the log's room back. A reader that is in the
/// way is no failure: the log is shrunk another time.
pub(crate) fn shrink_log(connection: &Connection) -> Result<(), StoreError> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// What [`check_integrity`] found wrong; empty when all is well.
///
/// # Errors
/// Only where the check itself could not run.
pub(crate) fn check_integrity(connection: &Connection) -> Result<Vec<Damage>, StoreError> {
    let mut found = Vec::new();
    let mut run = |pragma: &str, fine: Option<&str>, damage: Damage| -> Result<(), StoreError> {
        let mut statement = connection.prepare(&["PRAGMA ", pragma].concat())?;
        let mut rows = statement.query([])?;
        loop {
            match rows.next() {
                Ok(Some(row))
                    if fine.is_some() && row.get::<_, String>(0).ok().as_deref() == fine => {}
                Ok(Some(_)) => {
                    found.push(damage);
                    return Ok(());
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    let error = StoreError::from(error);
                    if !matches!(error, StoreError::Damaged(_) | StoreError::NotADatabase) {
                        return Err(error);
                    }
                    found.push(damage);
                    return Ok(());
                }
            }
        }
    };
    run("cipher_integrity_check", None, Damage::Authentication)?;
    run("integrity_check", Some("ok"), Damage::Structure)?;
    run("foreign_key_check", None, Damage::References)?;
    Ok(found)
}

fn starts_as_plain_sqlite(path: &Path) -> Result<bool, StoreError> {
    let mut start = Vec::with_capacity(16);
    fs::File::open(path)?.take(16).read_to_end(&mut start)?;
    Ok(start == PLAIN_SQLITE)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_planned_once_however_often_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("a.db"), StoreKey::from_bytes([7; 32]));
        let connection = open(&path, &key, Mode::Create).unwrap();
        connection.execute_batch("CREATE TABLE a (b INT)").unwrap();
        let mut some = connection.prepare("SELECT b FROM a LIMIT :limit").unwrap();

        for limit in 1..5 {
            assert!(!some.exists([limit]).unwrap());
        }

        assert_eq!(some.get_status(StatementStatus::Run), 4);
        assert_eq!(some.get_status(StatementStatus::RePrepare), 0);
    }
}
