//! Opening, migrating and copying the encrypted database.

use std::path::Path;
use std::time::Duration;

use rand::RngCore;
use rusqlite::backup::Backup;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, named_params};
use skranke_protocol::encoding::to_hex;

use super::super::key_file::{KeyFile, write_private};
use super::super::{StoreError, Stored};

/// The schema this program writes.
pub const SCHEMA_VERSION: u32 = 11;

/// `skra` in the file's application id, so that no other program's database is taken for ours.
pub(super) const APPLICATION_ID: u32 = 0x736b_7261;

pub(super) const MIGRATIONS: [&str; SCHEMA_VERSION as usize] = [
    include_str!("../../../migrations/sqlite/0001_central_store.sql"),
    include_str!("../../../migrations/sqlite/0002_epoch_opening.sql"),
    include_str!("../../../migrations/sqlite/0003_profile_edition.sql"),
    include_str!("../../../migrations/sqlite/0004_session.sql"),
    include_str!("../../../migrations/sqlite/0005_held_work.sql"),
    include_str!("../../../migrations/sqlite/0006_device_standing.sql"),
    include_str!("../../../migrations/sqlite/0007_events_by_id.sql"),
    include_str!("../../../migrations/sqlite/0008_device_log.sql"),
    include_str!("../../../migrations/sqlite/0009_device_log_by_time.sql"),
    include_str!("../../../migrations/sqlite/0010_device_successor.sql"),
    include_str!("../../../migrations/sqlite/0011_device_named.sql"),
];

fn cannot_open(why: &str) -> StoreError {
    StoreError::CannotOpen(why.to_owned())
}

/// What becomes of a path at which there is no store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfMissing {
    /// One is made.
    Make,
    /// It is refused: whoever asks means a store that is there, and has mistyped.
    Refuse,
}

fn no_store_there() -> StoreError {
    cannot_open("there is no store at the path that --store or the settings name")
}

/// Opens the writing connection, migrating the database, and making it only where that is asked for.
pub(super) fn writer(path: &Path, key: &KeyFile, if_missing: IfMissing) -> Stored<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if !path.exists() {
        if if_missing == IfMissing::Refuse {
            return Err(no_store_there());
        }
        // Made first, so that it is its owner's alone from the beginning; its log files take over the mode.
        write_private(path, b"").map_err(|_| cannot_open("the database file cannot be made"))?;
    }
    let mut connection = connect(path, key, flags)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    migrate(&mut connection, if_missing)?;
    Ok(connection)
}

/// Opens a reading connection.
pub(super) fn reader(path: &Path, key: &KeyFile) -> Stored<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, key, flags)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn connect(path: &Path, key: &KeyFile, flags: OpenFlags) -> Stored<Connection> {
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|_| cannot_open("the database file cannot be opened"))?;
    unlock(&connection, key)?;
    // The first read tells whether the key fits.
    connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
        .map_err(|error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => cannot_open(
                "the key does not fit the database, or the file is not a Skranke database",
            ),
            _ => error.into(),
        })?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.set_prepared_statement_cache_capacity(64);
    // A statement stays as it was planned. Without this one with `LIMIT :limit` is planned anew each time it is run,
    // which was a quarter of what a thousand waiting desktops cost.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn unlock(connection: &Connection, key: &KeyFile) -> Stored<()> {
    // SQLCipher would write its errors to standard error, past our log.
    connection.pragma_update(None, "cipher_log_level", "NONE")?;
    connection.pragma_update(None, "key", format!("x'{}'", to_hex(key.as_bytes())))?;
    connection.pragma_update(None, "cipher_page_size", 8192)?;
    Ok(())
}

fn migrate(connection: &mut Connection, if_missing: IfMissing) -> Stored<()> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: u32 =
        transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if version == 0 && if_missing == IfMissing::Refuse {
        return Err(no_store_there());
    }
    if version > 0 && application != APPLICATION_ID {
        return Err(cannot_open("the file is the database of another program"));
    }
    if version > SCHEMA_VERSION {
        return Err(cannot_open(
            "the database was written by a newer program; update this one",
        ));
    }
    for migration in MIGRATIONS.iter().skip(version as usize) {
        transaction.execute_batch(migration)?;
    }
    if version == 0 {
        let mut keys = [[0; 32]; 2];
        keys.iter_mut()
            .for_each(|key| rand::rngs::OsRng.fill_bytes(key));
        transaction.execute(
            "INSERT INTO server (id, signing_seed, index_key) VALUES (1, :signing_seed, :index_key)",
            named_params! { ":signing_seed": keys[0], ":index_key": keys[1] },
        )?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.commit()?;
    Ok(())
}

/// Copies a database in use and checks the copy page by page and row by row.
pub(super) fn backup(from: &Path, to: &Path, key: &KeyFile) -> Stored<Vec<(String, u64)>> {
    let source = reader(from, key)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    {
        let mut target = Connection::open_with_flags(to, flags)
            .map_err(|_| cannot_open("the backup file cannot be written"))?;
        unlock(&target, key)?;
        // One snapshot for the whole copy: without it every commit of the server would begin the copy anew, and under
        // load it would never end.
        source.execute_batch("BEGIN")?;
        source.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Backup::new(&source, &mut target)?.run_to_completion(
            256,
            Duration::from_millis(2),
            None,
        )?;
    }
    std::fs::File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(|_| cannot_open("the backup file cannot be synced"))?;
    verify(to, key)
}

/// Checks a copied database and returns each tenant's position in it.
fn verify(path: &Path, key: &KeyFile) -> Stored<Vec<(String, u64)>> {
    let copy = connect(
        path,
        key,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let count_of_faults = |pragma: &str| -> rusqlite::Result<usize> {
        copy.prepare(&format!("PRAGMA {pragma}"))?
            .query_map([], |_| Ok(()))?
            .map(|row| row.map(|()| 1))
            .sum()
    };
    let integrity: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if count_of_faults("cipher_integrity_check")? > 0
        || count_of_faults("foreign_key_check")? > 0
        || integrity != "ok"
    {
        return Err(cannot_open("the backup does not pass its integrity checks"));
    }
    let mut statement = copy.prepare(
        "SELECT t.tenant, t.position,
                (SELECT count(*) FROM feed_item AS f WHERE f.tenant = t.tenant) AS items
           FROM tenant AS t
          ORDER BY t.tenant",
    )?;
    let rows = statement.query_map([], |row| {
        Ok((
            row.get::<_, String>("tenant")?,
            super::row::count(row, "position")?,
            super::row::count(row, "items")?,
        ))
    })?;
    let mut positions = Vec::new();
    for row in rows {
        let (tenant, position, items) = row?;
        if position != items {
            return Err(cannot_open("the feed of the backup has gaps"));
        }
        positions.push((tenant, position));
    }
    Ok(positions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::time::Instant;

    /// So long the others commit: a backup that waits for them to stop ends after this.
    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn a_backup_ends_while_others_commit_without_a_pause() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a.db"), folder.path().join("b.db"));
        let key = KeyFile::from_bytes([7; 32]);
        let busy = writer(&from, &key, IfMissing::Make).unwrap();
        busy.execute_batch("CREATE TABLE filler (bytes BLOB NOT NULL) STRICT")
            .unwrap();
        // Many times what is copied in one step, and commits that follow each other at once.
        busy.execute_batch("PRAGMA synchronous = OFF; BEGIN")
            .unwrap();
        for _ in 0..400 {
            busy.execute("INSERT INTO filler VALUES (randomblob(65536))", [])
                .unwrap();
        }
        busy.execute_batch("COMMIT").unwrap();
        let (finished, commits) = (AtomicBool::new(false), AtomicU32::new(0));

        std::thread::scope(|scope| {
            let (finished, commits) = (&finished, &commits);
            let others = scope.spawn(move || {
                let begun = Instant::now();
                while !finished.load(Ordering::SeqCst) && begun.elapsed() < PATIENCE {
                    busy.execute(
                        "UPDATE filler SET bytes = randomblob(99) WHERE rowid = 1",
                        [],
                    )
                    .unwrap();
                    commits.fetch_add(1, Ordering::SeqCst);
                }
                finished.load(Ordering::SeqCst)
            });
            while commits.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            backup(&from, &to, &key).unwrap();
            finished.store(true, Ordering::SeqCst);
            assert!(others.join().unwrap(), "it waited for the others to stop");
        });
        assert!(to.exists());
    }
}
