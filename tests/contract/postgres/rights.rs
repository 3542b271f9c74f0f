//! The second wall between municipalities, and between the server and its own log.
//!
//! Basis: reliability, finding 9 and section 2.3.

use skranke_protocol::wire::Scope;
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::postgres::PostgresStore;
use skranke_server::store::{CentralStore, StoreError};
use skranke_testkit::postgres::Cluster;

use super::{address, opened, prepared};
use crate::office::{Office, TENANT, noon};

const DATABASE: &str = "skranke";
const RUNTIME: &str = "skranke_runtime";
const OWNER: &str = "skranke_owner";

/// A server with one municipality's case in it, and a second municipality that has nothing.
fn two_municipalities(cluster: &Cluster) -> Office {
    let store = prepared(cluster);
    store.create_tenant("0888", noon()).unwrap();
    let office = Office::over(std::sync::Arc::new(store), ());
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (_, opening) = laptop.open_case("2512169996");
    office.push(laptop.id, &opening);
    office
}

fn why(result: Result<PostgresStore, StoreError>) -> String {
    match result {
        Err(StoreError::CannotOpen(text)) => text,
        Err(other) => panic!("a clear reason was expected: {other:?}"),
        Ok(_) => panic!("it must not open"),
    }
}

fn tables_with_tenant(cluster: &Cluster) -> Vec<String> {
    let tables = cluster.administer(
        DATABASE,
        "SELECT table_name FROM information_schema.columns
          WHERE table_schema = 'public' AND column_name = 'tenant'",
    );
    let tables: Vec<String> = tables.lines().map(str::to_owned).collect();
    assert!(tables.len() > 10, "{tables:?}");
    tables
}

#[test]
fn no_row_is_seen_where_no_municipality_is_named() {
    let cluster = Cluster::start(&[]);
    let _office = two_municipalities(&cluster);

    for table in tables_with_tenant(&cluster) {
        for role in [RUNTIME, OWNER] {
            if table == "tenant" && role == OWNER {
                // Whoever carries whole stores may know which municipalities there are.
                continue;
            }
            let count = |setting: &str| {
                let asked = format!("{setting} SELECT count(*) FROM {table}");
                cluster.run_as(role, DATABASE, &asked).unwrap()
            };
            assert_eq!(count("").trim(), "0", "{table} as {role}");
            assert_eq!(
                count("SET skranke.tenant = '';").trim(),
                "0",
                "{table} as {role}, after another's transaction"
            );
            assert_eq!(
                count("SET skranke.tenant = '0777';").trim(),
                "0",
                "{table} as {role}, another municipality"
            );
        }
    }
    let own = cluster
        .run_as(
            RUNTIME,
            DATABASE,
            &format!("SET skranke.tenant = '{TENANT}'; SELECT count(*) > 0 FROM event"),
        )
        .unwrap();
    assert_eq!(own.trim(), "t", "its own rows are there");
}

#[test]
fn a_setting_does_not_outlive_its_transaction() {
    let cluster = Cluster::start(&[]);
    let _office = two_municipalities(&cluster);

    let after = cluster
        .run_as(
            RUNTIME,
            DATABASE,
            &format!(
                "BEGIN; SELECT set_config('skranke.tenant', '{TENANT}', true); COMMIT;
                 SELECT current_setting('skranke.tenant', true) = '' , (SELECT count(*) FROM event)"
            ),
        )
        .unwrap();

    assert_eq!(after.lines().last(), Some("t|0"));
}

#[test]
fn a_row_of_another_municipality_can_not_be_written_or_guessed_from_a_key() {
    let cluster = Cluster::start(&[]);
    let _office = two_municipalities(&cluster);

    let foreign = cluster.run_as(
        RUNTIME,
        DATABASE,
        "SET skranke.tenant = '0888';
         INSERT INTO case_summary VALUES ('0999', gen_random_uuid(), decode(repeat('00', 32), 'hex'),
                                          'x', 'x', '2026-01-01', false, false)",
    );
    assert!(foreign.unwrap_err().contains("row-level security"));

    let keys_without_tenant = cluster.administer(
        DATABASE,
        "SELECT c.conname
           FROM pg_constraint AS c
           JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
          WHERE c.contype IN ('p', 'u', 'f')
            AND c.connamespace = 'public'::regnamespace
            AND c.conrelid NOT IN ('server'::regclass, 'schema_version'::regclass)
            AND a.attname <> 'tenant'",
    );
    assert_eq!(keys_without_tenant, "", "every key begins with the tenant");
}

#[test]
fn the_server_can_not_rewrite_history_or_its_log() {
    let cluster = Cluster::start(&[]);
    let _office = two_municipalities(&cluster);

    for forbidden in [
        "DELETE FROM event",
        "DELETE FROM audit",
        "UPDATE audit SET action = 'nothing'",
        "UPDATE event SET payload = NULL",
        "UPDATE feed_item SET position = 9",
        "TRUNCATE audit",
        "DELETE FROM audit_seal",
        "UPDATE audit_seal SET number = 9",
        "DROP POLICY own_tenant ON event",
        "ALTER TABLE event DISABLE ROW LEVEL SECURITY",
        "UPDATE server SET sealed_keys = ''",
        "CREATE TABLE public.elsewhere (x integer)",
    ] {
        let statement = format!("SET skranke.tenant = '{TENANT}'; {forbidden}");
        let said = cluster
            .run_as(RUNTIME, DATABASE, &statement)
            .expect_err(forbidden);
        assert!(
            said.contains("permission denied") || said.contains("must be owner"),
            "{forbidden}: {said}"
        );
    }
}

#[test]
fn a_table_or_view_that_stands_open_keeps_the_server_from_starting() {
    let cluster = Cluster::start(&[]);
    drop(prepared(&cluster));
    let runtime = cluster.address(RUNTIME, DATABASE);

    cluster.administer(DATABASE, "ALTER TABLE event NO FORCE ROW LEVEL SECURITY");
    assert!(why(opened(&runtime)).contains("without forced row security"));
    PostgresStore::prepare(
        &address(&cluster.address(OWNER, DATABASE), 1),
        &KeyFile::from_bytes([7; 32]),
    )
    .unwrap();
    opened(&runtime).unwrap();

    cluster.administer(
        DATABASE,
        "CREATE SCHEMA elsewhere;
         CREATE VIEW as_asked WITH (security_invoker = true) AS SELECT payload FROM event;
         CREATE VIEW elsewhere.through WITH (security_invoker = on) AS SELECT payload FROM as_asked;
         CREATE VIEW elsewhere.harmless AS SELECT version FROM schema_version",
    );
    opened(&runtime).unwrap();
    for (kind, view, of) in [
        ("VIEW", "public.all_events", "SELECT * FROM event"),
        ("VIEW", "public.payloads", "SELECT payload FROM event"),
        ("VIEW", "elsewhere.payloads", "SELECT payload FROM event"),
        ("VIEW", "elsewhere.counted", "SELECT count(*) FROM event"),
        ("VIEW", "elsewhere.over", "SELECT payload FROM as_asked"),
        (
            "MATERIALIZED VIEW",
            "elsewhere.kept",
            "SELECT payload FROM as_asked",
        ),
    ] {
        cluster.administer(DATABASE, &format!("CREATE {kind} {view} AS {of}"));
        let said = why(opened(&runtime));
        let named = format!("{view} is without forced row security");
        assert!(said.contains(&named), "{said}");
        cluster.administer(DATABASE, &format!("DROP {kind} {view}"));
        opened(&runtime).unwrap();
    }

    // A view that reads as whoever asks, over one that does not.
    cluster.administer(
        DATABASE,
        "CREATE OR REPLACE VIEW as_asked WITH (security_invoker = false) AS SELECT payload FROM event",
    );
    assert!(why(opened(&runtime)).contains("public.as_asked is without forced row security"));
}

#[test]
fn what_cannot_be_opened_says_why() {
    let cluster = Cluster::start(&[]);
    drop(prepared(&cluster));
    let runtime = cluster.address(RUNTIME, DATABASE);

    assert!(why(opened("host=/nowhere user=x")).contains("does not answer"));
    assert!(why(opened(&cluster.address("postgres", DATABASE))).contains("row security"));
    assert!(why(opened(&cluster.address(RUNTIME, "postgres"))).contains("not prepared"));
    assert!(
        why(PostgresStore::open(
            &address(&runtime, 2),
            &KeyFile::from_bytes([8; 32])
        ))
        .contains("key file does not fit")
    );
    cluster.administer(DATABASE, "UPDATE schema_version SET version = 99");
    assert!(why(opened(&runtime)).contains("newer program"));
}

#[test]
fn the_servers_keys_are_sealed_in_the_database() {
    let cluster = Cluster::start(&[]);
    let store = prepared(&cluster);
    let keys = store.server_keys().unwrap();

    let stored = cluster.administer(DATABASE, "SELECT encode(sealed_keys, 'hex') FROM server");

    for key in [keys.signing_seed, keys.index_key] {
        let plain = skranke_protocol::encoding::to_hex(&key);
        assert!(!stored.contains(&plain));
    }
    let again = opened(&cluster.address(RUNTIME, DATABASE)).unwrap();
    assert!(again.server_keys().unwrap() == keys);
}

#[test]
fn an_exhausted_pool_is_an_error_and_not_a_wait_without_end() {
    let cluster = Cluster::start(&[]);
    drop(prepared(&cluster));
    let key = KeyFile::from_bytes([7; 32]);
    let store =
        PostgresStore::open(&address(&cluster.address(RUNTIME, DATABASE), 1), &key).unwrap();
    store.create_tenant(TENANT, noon()).unwrap();

    let held = store.begin(TENANT).unwrap();
    assert!(matches!(store.ping(), Err(StoreError::Database(_))));
    drop(held);

    store.ping().unwrap();
}
