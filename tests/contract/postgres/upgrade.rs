//! A database of an earlier version is brought up to this one, and its rows survive.

use std::path::Path;

use skranke_server::store::key_file::KeyFile;
use skranke_server::store::postgres::PostgresStore;
use skranke_testkit::postgres::Cluster;

use super::{KEY, address, opened, prepared};

const DATABASE: &str = "skranke";
const OWNER: &str = "skranke_owner";

/// Two events under one id, one of them in the feed and offered twice, and a case that came into a laptop's scope.
const OF_VERSION_SIX: &str = "
    INSERT INTO tenant VALUES ('0999', 1, 2, '', 0, 1, 0, now());
    INSERT INTO device (tenant, id, code, name, public_key, scope, state, seq, accepted, quarantined, deferred,
                        enrolled_at)
    VALUES ('0999', '00000000-0000-7000-8000-000000000001', 'S1', 'Skranke', decode(repeat('00', 32), 'hex'), 'tenant',
            'active', 2, 1, 1, 0, now());
    INSERT INTO event (tenant, hash, id, case_id, command_id, k, device_id, device_seq, on_chain, kind, header,
                       signature, outcome, outcome_detail, position, received_at)
    SELECT '0999', decode(repeat(byte, 32), 'hex'), '00000000-0000-7000-8000-000000000002',
           '00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-000000000004', 1,
           '00000000-0000-7000-8000-000000000001', seq, true, 'note_added', decode(byte, 'hex'),
           decode(repeat('00', 64), 'hex'), outcome, '', position, now()
      FROM (VALUES ('01', 1, 'accepted', 1), ('02', 2, 'quarantined', NULL)) AS v (byte, seq, outcome, position);
    INSERT INTO receipt (tenant, event_hash, device_id, times, last_at)
    VALUES ('0999', decode(repeat('01', 32), 'hex'), '00000000-0000-7000-8000-000000000001', 3, now());
    INSERT INTO feed_item (tenant, position, item, case_id, event_hash, device_id)
    VALUES ('0999', 1, 'event', '00000000-0000-7000-8000-000000000003', decode(repeat('01', 32), 'hex'), NULL),
           ('0999', 2, 'scope_entered', '00000000-0000-7000-8000-000000000003', NULL,
            '00000000-0000-7000-8000-000000000001');";

/// Two devices, one of which went on from the other, and a row of its log.
const OF_VERSION_EIGHT: &str = r#"
    INSERT INTO tenant VALUES ('0999', 1, 0, '', 0, 2, 1, now());
    INSERT INTO device (tenant, id, code, name, public_key, scope, state, seq, accepted, quarantined, deferred,
                        enrolled_at)
    SELECT '0999', id::uuid, code, 'Skranke', decode(repeat('00', 32), 'hex'), 'tenant', state, 0, 0, 0, 0, now()
      FROM (VALUES ('00000000-0000-7000-8000-000000000001', 'S1', 'forked'),
                   ('00000000-0000-7000-8000-0000000000ab', 'S2', 'active')) AS v (id, code, state);
    INSERT INTO device_log (tenant, device_id, number, link, batch, body)
    VALUES ('0999', '00000000-0000-7000-8000-0000000000ab', 1, decode(repeat('00', 32), 'hex'),
            '00000000-0000-7000-8000-000000000003',
            '{"number":1,"done_at":"2026-03-13T09:00:00.000Z","subject":"\u0000"}');
    INSERT INTO audit (tenant, id, number, at, device_id, action, purpose, detail)
    VALUES ('0999', '00000000-0000-7000-8000-000000000004', 1, now(), '00000000-0000-7000-8000-000000000001',
            'device_rekeyed', 'access',
            '00000000-0000-7000-8000-000000000001 00000000-0000-7000-8000-0000000000ab');"#;

/// The database as the first migrations left it, with these rows and the keys of this server, brought up to this
/// version.
fn brought_up(cluster: &Cluster, from: usize, rows: &str) {
    drop(prepared(cluster));
    let keys = cluster.administer(DATABASE, "SELECT encode(sealed_keys, 'hex') FROM server");
    let emptied = "DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION skranke_owner";
    cluster.administer(DATABASE, emptied);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/migrations/postgres");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    for file in &files[..from] {
        let text = std::fs::read_to_string(file).unwrap();
        cluster.run_as(OWNER, DATABASE, &text).unwrap();
    }
    let own = format!(
        "INSERT INTO server VALUES (1, decode('{}', 'hex')); INSERT INTO schema_version VALUES ({from});",
        keys.trim()
    );
    cluster.administer(DATABASE, &(own + rows));
    let owner = address(&cluster.address(OWNER, DATABASE), 1);
    PostgresStore::prepare(&owner, &KeyFile::from_bytes(KEY)).unwrap();
}

#[test]
fn logs_of_the_eighth_version_are_filed_by_time_and_successors_are_known() {
    let cluster = Cluster::start(&[]);

    brought_up(&cluster, 8, OF_VERSION_EIGHT);

    let asked = |sql: &str| cluster.administer(DATABASE, sql).trim().to_owned();
    let filed = "SELECT count(*) FROM device_log WHERE done_at = '2026-03-13T09:00:00Z'";
    assert_eq!(asked(filed), "1");
    let before = "SELECT o.code FROM device AS d JOIN device AS o ON o.id = d.successor_of WHERE d.code = 'S2'";
    assert_eq!(asked(before), "S1");
    assert_eq!(
        asked("SELECT count(*) FROM device WHERE successor_of IS NULL"),
        "1"
    );
    // The runtime role sees what it may, and nothing stands open.
    drop(opened(&cluster.address("skranke_runtime", DATABASE)).unwrap());
}

#[test]
fn events_receipts_and_feed_of_the_sixth_version_are_found_by_id_after_it() {
    let cluster = Cluster::start(&[]);
    brought_up(&cluster, 6, OF_VERSION_SIX);

    let asked = |sql: &str| cluster.administer(DATABASE, sql).trim().to_owned();
    assert_eq!(asked("SELECT count(*) FROM event"), "2");
    let fed = "SELECT count(*) FROM feed_item AS f
                 JOIN event AS e ON e.tenant = f.tenant AND e.id = f.event_id AND e.hash = f.event_hash";
    assert_eq!(asked(fed), "1");
    assert_eq!(asked("SELECT count(*) FROM feed_item"), "2");
    let offered = "SELECT sum(r.times) FROM receipt AS r
                     JOIN event AS e ON e.tenant = r.tenant AND e.id = r.event_id AND e.hash = r.event_hash
                    WHERE e.header = '\\x01'";
    assert_eq!(asked(offered), "3");
    // The runtime role sees what it may, and nothing stands open.
    drop(opened(&cluster.address("skranke_runtime", DATABASE)).unwrap());
}
