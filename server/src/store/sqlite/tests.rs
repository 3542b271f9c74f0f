//! Opening: fresh, again, with a wrong key, from a newer program; and the schema as it was agreed.

use super::{SCHEMA_VERSION, SqliteStore};
use crate::store::key_file::KeyFile;
use crate::store::{CentralStore, StoreError};
use skranke_protocol::encoding::to_hex;

const KEY: [u8; 32] = [5; 32];

#[expect(
    clippy::disallowed_methods,
    reason = "looks at the file as another program would"
)]
fn raw(path: &std::path::Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .pragma_update(None, "key", format!("x'{}'", to_hex(&KEY)))
        .unwrap();
    connection
        .pragma_update(None, "cipher_page_size", 8192)
        .unwrap();
    connection
}

fn why(result: Result<SqliteStore, StoreError>) -> String {
    match result {
        Err(StoreError::CannotOpen(text)) => text,
        Err(other) => panic!("a clear reason was expected: {other:?}"),
        Ok(_) => panic!("it must not open"),
    }
}

#[test]
fn a_fresh_database_opens_again_with_the_same_keys() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("central.db");
    let key = KeyFile::from_bytes(KEY);
    let first = SqliteStore::open(&path, &key)
        .unwrap()
        .server_keys()
        .unwrap();

    let again = SqliteStore::open(&path, &key)
        .unwrap()
        .server_keys()
        .unwrap();

    assert!(first == again, "the signing key must survive a restart");
    let version: u32 = raw(&path)
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, SCHEMA_VERSION);
}

#[test]
fn a_wrong_key_and_a_newer_or_foreign_database_give_a_clear_reason() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("central.db");
    let key = KeyFile::from_bytes(KEY);
    SqliteStore::open(&path, &key).unwrap();

    let wrong_key = why(SqliteStore::open(&path, &KeyFile::from_bytes([6; 32])));
    raw(&path)
        .pragma_update(None, "user_version", SCHEMA_VERSION + 1)
        .unwrap();
    let newer = why(SqliteStore::open(&path, &key));
    raw(&path).pragma_update(None, "application_id", 1).unwrap();
    let foreign = why(SqliteStore::open(&path, &key));

    assert!(wrong_key.contains("key does not fit"), "{wrong_key}");
    assert!(newer.contains("newer program"), "{newer}");
    assert!(foreign.contains("another program"), "{foreign}");
}

#[test]
fn a_lost_key_file_is_told_and_nothing_is_overwritten() {
    let scratch = tempfile::tempdir().unwrap();
    let (database, key_file) = (
        scratch.path().join("central.db"),
        scratch.path().join("key"),
    );
    let key = KeyFile::read_or_create(&key_file, database.exists()).unwrap();
    SqliteStore::open(&database, &key).unwrap();
    std::fs::remove_file(&key_file).unwrap();

    let lost = KeyFile::read_or_create(&key_file, database.exists());

    assert!(matches!(lost, Err(StoreError::CannotOpen(_))));
    assert!(
        !key_file.exists(),
        "a new key would make the old records look like rubbish"
    );
}

#[cfg(unix)]
#[test]
fn key_and_database_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = tempfile::tempdir().unwrap();
    let (database, key_file) = (
        scratch.path().join("central.db"),
        scratch.path().join("key"),
    );
    let key = KeyFile::read_or_create(&key_file, database.exists()).unwrap();
    let store = SqliteStore::open(&database, &key).unwrap();
    store.ping().unwrap();

    for entry in std::fs::read_dir(scratch.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
}

#[test]
fn every_table_but_the_servers_own_begins_its_key_with_the_tenant() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("central.db");
    SqliteStore::open(&path, &KeyFile::from_bytes(KEY)).unwrap();
    let connection = raw(&path);
    let mut tables = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .unwrap();
    let tables: Vec<String> = tables
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(tables.len() > 10);

    for table in tables.iter().filter(|table| *table != "server") {
        let first_key: String = connection
            .query_row(
                "SELECT name FROM pragma_table_info(?1) WHERE pk = 1",
                [table],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(first_key, "tenant", "{table}");
        let indexes: Vec<String> = connection
            .prepare("SELECT name FROM pragma_index_list(?1)")
            .unwrap()
            .query_map([table], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for index in indexes {
            let first: String = connection
                .query_row(
                    "SELECT name FROM pragma_index_info(?1) WHERE seqno = 0",
                    [&index],
                    |row| row.get(0),
                )
                .unwrap();
            assert_eq!(first, "tenant", "{index}");
        }
    }
}

#[test]
fn the_writer_syncs_every_commit_and_nothing_is_readable_on_disk() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("central.db");
    let store = SqliteStore::open(&path, &KeyFile::from_bytes(KEY)).unwrap();
    store
        .create_tenant("0999", chrono::DateTime::UNIX_EPOCH)
        .unwrap();

    let modes = store.durability().unwrap();
    assert_eq!(
        modes,
        ("wal".to_owned(), 2),
        "write-ahead log, synchronous FULL"
    );
    for entry in std::fs::read_dir(scratch.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for plain in [&b"0999"[..], b"CREATE TABLE", b"SQLite format"] {
            assert!(!bytes.windows(plain.len()).any(|window| window == plain));
        }
    }
}
