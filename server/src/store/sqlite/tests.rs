//! Opening: fresh, again, with a wrong key, from a newer program; and the schema as it was agreed.

use super::{FEED, SCHEMA_VERSION, SqliteStore};
use crate::audit;
use crate::device_log;
use crate::store::key_file::KeyFile;
use crate::store::{AuditRow, CentralStore, Device, StoreError};
use rusqlite::StatementStatus;
use skranke_domain::ids::DeviceId;
use skranke_protocol::device_log::{BEFORE_ALL, LogRow};
use skranke_protocol::encoding::to_hex;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{LogBatch, Scope};

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
fn the_feed_is_planned_once_however_often_it_is_read() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("central.db");
    let store = SqliteStore::open(&path, &KeyFile::from_bytes(KEY)).unwrap();
    store.create_tenant("0101", crate::log::now()).unwrap();
    let id = DeviceId::from_uuid(uuid::Uuid::now_v7());
    let key = SigningKey::from_seed(&[1; 32]).public();
    let device = Device::new(id, "A", key, Scope::Tenant);
    for limit in 1..5 {
        store.feed("0101", &device, 0, limit).unwrap();
    }

    let planned = store.read(|connection| {
        let feed = connection.prepare_cached(FEED)?;
        Ok((
            feed.get_status(StatementStatus::Run),
            feed.get_status(StatementStatus::RePrepare),
        ))
    });

    assert_eq!(planned.unwrap(), (4, 0), "runs, and plans beside the first");
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

/// What looking through the audit of a copy finds after somebody changed the copy.
fn fault_after(store: &SqliteStore, change: &str, key: &SigningKey) -> audit::Fault {
    let scratch = tempfile::tempdir().unwrap();
    let copy = scratch.path().join("tampered.db");
    store.backup(&copy).unwrap();
    raw(&copy).execute_batch(change).unwrap();

    let tampered = SqliteStore::open(&copy, &KeyFile::from_bytes(KEY)).unwrap();
    let found = audit::verify(&tampered, "0999", &key.public()).unwrap();
    found.expect_err(change)
}

#[test]
fn a_row_of_the_audit_that_was_changed_taken_out_or_put_in_is_named() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("central.db");
    let store = SqliteStore::open(&path, &KeyFile::from_bytes(KEY)).unwrap();
    let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    store.create_tenant("0999", now).unwrap();
    let key = SigningKey::from_seed(&store.server_keys().unwrap().signing_seed);
    let add = |rows: u32, seal: bool| {
        let mut transaction = store.begin("0999").unwrap();
        for _ in 0..rows {
            let row = AuditRow {
                id: uuid::Uuid::now_v7(),
                at: now,
                device_id: DeviceId::from_uuid(uuid::Uuid::nil()),
                staff_id: None,
                action: "feed_read",
                purpose: "sync".to_owned(),
                case_id: None,
                citizen_digest: None,
                detail: String::new(),
            };
            transaction.audit(&row).unwrap();
        }
        if seal {
            audit::seal(transaction.as_mut(), &key, now).unwrap();
        }
        transaction.commit().unwrap();
    };
    // More than one seal holds.
    add(1_500, true);
    add(3, true);
    add(2, false);
    let look = || audit::verify(&store, "0999", &key.public()).unwrap();
    let whole = look().unwrap();
    assert_eq!((whole.rows, whole.seals, whole.unsealed), (1_505, 3, 2));

    for (change, row, fault) in [
        (
            "UPDATE audit SET detail = 'x' WHERE number = 1200",
            Some(1_200),
            "changed",
        ),
        (
            "DELETE FROM audit WHERE number = 1502",
            Some(1_502),
            "missing",
        ),
        (
            "DELETE FROM audit WHERE number = 1505",
            Some(1_505),
            "missing",
        ),
        (
            "INSERT INTO audit SELECT tenant, randomblob(16), 1506, at, device_id, staff_id, action, purpose, case_id, citizen_digest, detail FROM audit WHERE number = 1",
            Some(1_506),
            "put_in",
        ),
        (
            "DELETE FROM audit_seal WHERE number = 2",
            None,
            "seal_missing",
        ),
        (
            "UPDATE audit_seal SET sealed_at = '2020-01-01T00:00:00.000Z' WHERE number = 3",
            None,
            "seal_changed",
        ),
    ] {
        let found = fault_after(&store, change, &key);
        assert_eq!((found.row, found.fault), (row, fault), "{change}");
    }
}

#[test]
fn events_are_found_by_an_index_and_not_by_reading_all_of_the_municipality() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("central.db");
    SqliteStore::open(&path, &KeyFile::from_bytes(KEY)).unwrap();
    let connection = raw(&path);

    for which in super::transaction::EVENTS_READ {
        let sql = format!("EXPLAIN QUERY PLAN SELECT header FROM event {which}");
        let unbound = rusqlite::named_params! { ":tenant": "", ":id": "" };
        let plan: String = connection
            .query_row(&sql, unbound, |row| row.get("detail"))
            .unwrap();

        assert!(plan.contains("(tenant=? AND "), "{which}: {plan}");
    }
}

/// A store of the sixth version: two events under one id, one of them in the feed and offered twice, and a case that
/// came into the scope of a laptop.
const OF_VERSION_SIX: &str = "
    INSERT INTO server (id, signing_seed, index_key) VALUES (1, zeroblob(32), zeroblob(32));
    INSERT INTO tenant (tenant, epoch, position, frontier, backup_position, next_device, audit_rows, created_at)
    VALUES ('0999', 1, 2, x'', 0, 1, 0, '');
    INSERT INTO device (tenant, id, code, name, public_key, scope, state, seq, accepted, quarantined, deferred,
                        enrolled_at)
    VALUES ('0999', zeroblob(16), 'S1', 'Skranke', zeroblob(32), 'tenant', 'active', 2, 1, 1, 0, '');
    INSERT INTO event (tenant, hash, id, case_id, command_id, k, device_id, device_seq, on_chain, kind, header,
                       signature, outcome, outcome_detail, position, received_at)
    VALUES ('0999', CAST(printf('%32s', 'one') AS BLOB), CAST(printf('%16s', 'id') AS BLOB), zeroblob(16),
            zeroblob(16), 1, zeroblob(16), 1, 1, 'note_added', x'01', zeroblob(64), 'accepted', '', 1, ''),
           ('0999', CAST(printf('%32s', 'other') AS BLOB), CAST(printf('%16s', 'id') AS BLOB), zeroblob(16),
            zeroblob(16), 1, zeroblob(16), 2, 1, 'note_added', x'02', zeroblob(64), 'quarantined', 'x', NULL, '');
    INSERT INTO receipt (tenant, event_hash, device_id, times, last_at)
    VALUES ('0999', CAST(printf('%32s', 'one') AS BLOB), zeroblob(16), 3, '');
    INSERT INTO feed_item (tenant, position, item, case_id, event_hash, device_id)
    VALUES ('0999', 1, 'event', zeroblob(16), CAST(printf('%32s', 'one') AS BLOB), NULL),
           ('0999', 2, 'scope_entered', zeroblob(16), NULL, zeroblob(16));";

/// A store as the first migrations left it, with these rows, brought up to this version.
fn brought_up(path: &std::path::Path, from: u32, rows: &str) -> rusqlite::Connection {
    let old = raw(path);
    for migration in &super::open::MIGRATIONS[..from as usize] {
        old.execute_batch(migration).unwrap();
    }
    old.execute_batch(rows).unwrap();
    old.pragma_update(None, "application_id", super::open::APPLICATION_ID)
        .unwrap();
    old.pragma_update(None, "user_version", from).unwrap();
    drop(old);
    SqliteStore::open(path, &KeyFile::from_bytes(KEY)).unwrap();
    raw(path)
}

/// Two devices, one of which went on from the other, and a row of its log.
const OF_VERSION_EIGHT: &str = r#"
    INSERT INTO server (id, signing_seed, index_key) VALUES (1, zeroblob(32), zeroblob(32));
    INSERT INTO tenant (tenant, epoch, position, frontier, backup_position, next_device, audit_rows, created_at)
    VALUES ('0999', 1, 0, x'', 0, 2, 1, '');
    INSERT INTO device (tenant, id, code, name, public_key, scope, state, seq, accepted, quarantined, deferred,
                        enrolled_at)
    VALUES ('0999', x'00000000000070008000000000000001', 'S1', 'Skranke', zeroblob(32), 'tenant', 'forked', 0, 0, 0, 0, ''),
           ('0999', x'000000000000700080000000000000ab', 'S2', 'Skranke', zeroblob(32), 'tenant', 'active', 0, 0, 0, 0, '');
    INSERT INTO device_log (tenant, device_id, number, link, batch, body)
    VALUES ('0999', x'000000000000700080000000000000ab', 1, zeroblob(32), zeroblob(16),
            '{"number":1,"done_at":"2026-03-13T09:00:00.000Z","subject":"\u0000"}');
    INSERT INTO audit (tenant, id, number, at, device_id, action, purpose, detail)
    VALUES ('0999', zeroblob(16), 1, '', zeroblob(16), 'device_rekeyed', 'access',
            '00000000-0000-7000-8000-000000000001 00000000-0000-7000-8000-0000000000ab');"#;

#[test]
fn logs_of_the_eighth_version_are_filed_by_time_and_successors_are_known() {
    let scratch = tempfile::tempdir().unwrap();

    let connection = brought_up(&scratch.path().join("central.db"), 8, OF_VERSION_EIGHT);

    let asked = |sql: &str| -> String { connection.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(
        asked("SELECT done_at FROM device_log"),
        "2026-03-13T09:00:00.000Z"
    );
    let before = "SELECT o.code FROM device AS d JOIN device AS o ON o.id = d.successor_of WHERE d.code = 'S2'";
    assert_eq!(asked(before), "S1");
    let none =
        "SELECT CAST(count(*) AS TEXT) FROM device WHERE code = 'S1' AND successor_of IS NULL";
    assert_eq!(asked(none), "1");
}

#[test]
fn events_receipts_and_feed_of_the_sixth_version_are_found_by_id_after_it() {
    let scratch = tempfile::tempdir().unwrap();

    let connection = brought_up(&scratch.path().join("central.db"), 6, OF_VERSION_SIX);

    let asked = |sql: &str| -> i64 { connection.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(asked("SELECT count(*) FROM event"), 2);
    let fed = "SELECT count(*) FROM feed_item AS f
                 JOIN event AS e ON e.tenant = f.tenant AND e.id = f.event_id AND e.hash = f.event_hash";
    assert_eq!(asked(fed), 1);
    assert_eq!(asked("SELECT count(*) FROM feed_item"), 2);
    let offered = "SELECT sum(r.times) FROM receipt AS r
                     JOIN event AS e ON e.tenant = r.tenant AND e.id = r.event_id AND e.hash = r.event_hash
                    WHERE e.header = x'01'";
    assert_eq!(asked(offered), 3);
    let unresolved: Vec<String> = connection
        .prepare("SELECT \"table\" FROM pragma_foreign_key_check")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(unresolved, Vec::<String>::new());
    let by_hash_alone =
        "SELECT count(*) FROM pragma_index_list('event') AS l, pragma_index_info(l.name) AS i
                          WHERE i.name = 'hash' AND i.seqno < 2";
    assert_eq!(asked(by_hash_alone), 0, "no index that grows everywhere");
}

#[test]
fn a_row_of_a_devices_log_that_was_changed_taken_out_or_put_in_is_named() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("central.db");
    let store = SqliteStore::open(&path, &KeyFile::from_bytes(KEY)).unwrap();
    let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    store.create_tenant("0999", now).unwrap();
    let key = SigningKey::from_seed(&store.server_keys().unwrap().signing_seed);
    let device = crate::store::Device {
        id: DeviceId::from_uuid(uuid::Uuid::from_u128(5)),
        code: String::new(),
        name: "Skranke".to_owned(),
        public_key: key.public(),
        scope: skranke_protocol::wire::Scope::Tenant,
        state: skranke_protocol::wire::DeviceState::Active,
        head: skranke_protocol::chain::Head::START,
        accepted: 0,
        quarantined: 0,
        deferred: 0,
        named_position: 0,
    };
    let mut batch = LogBatch {
        previous: BEFORE_ALL,
        rows: Vec::new(),
    };
    for number in 1..=4 {
        let mut row = LogRow {
            number,
            done_at: now,
            staff_id: skranke_domain::ids::StaffId::from_uuid(uuid::Uuid::nil()),
            device_id: device.id,
            roles: String::new(),
            action: "case_read".to_owned(),
            case_id: None,
            subject: None,
            purpose: "open_work".to_owned(),
            link: BEFORE_ALL,
        };
        row.link = row.link_after(&batch.rows.last().map_or(BEFORE_ALL, |row| row.link));
        batch.rows.push(row);
    }
    let mut transaction = store.begin("0999").unwrap();
    transaction.insert_device(&device, now).unwrap();
    device_log::take(transaction.as_mut(), device.id, &batch, now).unwrap();
    audit::seal(transaction.as_mut(), &key, now).unwrap();
    transaction.commit().unwrap();
    let whole = audit::verify(&store, "0999", &key.public()).unwrap();
    assert_eq!(whole.unwrap().device_rows, 4);

    let named = |number: u64| Some(format!("{} {number}", device.id));
    for (change, id, fault) in [
        (
            "UPDATE device_log SET body = replace(body, 'open_work', 'quality') WHERE number = 3",
            named(3),
            "device_row_changed",
        ),
        (
            "DELETE FROM device_log WHERE number = 2",
            named(2),
            "device_row_changed",
        ),
        // Filed where nobody looks for it.
        (
            "UPDATE device_log SET done_at = '1900-01-01T00:00:00.000Z' WHERE number = 4",
            named(4),
            "device_row_changed",
        ),
        ("DELETE FROM device_log", named(1), "device_row_changed"),
        (
            "INSERT INTO device_log SELECT tenant, device_id, 5, link, randomblob(16), body, done_at FROM device_log WHERE number = 1",
            None,
            "device_row_put_in",
        ),
    ] {
        let found = fault_after(&store, change, &key);
        assert_eq!((found.id, found.fault), (id, fault), "{change}");
    }
}
