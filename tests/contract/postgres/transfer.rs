//! A store moves to PostgreSQL and back, and nothing is lost or changed on the way.

use std::collections::BTreeSet;
use std::sync::Arc;

use skranke_protocol::wire::{PushBatch, Scope};
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::postgres::PostgresStore;
use skranke_server::store::sqlite::SqliteStore;
use skranke_server::store::transfer::{self, TABLES};
use skranke_server::store::{
    Attachment, AuditRow, CentralStore, EnrolmentCode, Staff, StoreError, StoredEdition,
    StoredFeedItem,
};
use skranke_testkit::postgres::Cluster;
use uuid::Uuid;

use super::{address, opened, prepared};
use crate::in_words::audit_fault;
use crate::office::{Office, TENANT, last, noon};
use crate::suite::device_log;

const DATABASE: &str = "skranke";

fn embedded(folder: &tempfile::TempDir, name: &str) -> Arc<SqliteStore> {
    let path = folder.path().join(name);
    Arc::new(SqliteStore::open(&path, &KeyFile::from_bytes([7; 32])).unwrap())
}

fn owner(cluster: &Cluster) -> PostgresStore {
    let owner = address(&cluster.address("skranke_owner", DATABASE), 4);
    PostgresStore::open_as_owner(&owner, &KeyFile::from_bytes([7; 32])).unwrap()
}

/// A municipality in which every table has a row.
fn lived_in(store: &Arc<SqliteStore>) -> Office {
    let office = Office::over(Arc::clone(store) as Arc<dyn CentralStore>, ());
    let mut laptop = office.laptop(1, Scope::Tenant);
    let visitor = office.laptop(2, Scope::OwnCases);
    let (case_id, opening) = laptop.open_case("2512169996");
    office.push(laptop.id, &opening);
    office.push(laptop.id, &opening);
    let note = laptop.note(case_id, &last(&opening), "Kommer igen på fredag: æøå, ĸ, ү");
    let too_early = crate::suite::verdicts::too_early();
    let held = laptop.command(case_id, &last(&opening), &[too_early]);
    let batch = PushBatch::of(&note);
    office.push_batch(visitor.id, &batch);
    office.push(laptop.id, &[note, held].concat());
    let staff = Staff {
        id: laptop.staff,
        login: "åse".to_owned(),
        password_hash: "x".to_owned(),
        roles: vec!["counter".to_owned(), "lead".to_owned()],
        active: true,
    };
    let code = EnrolmentCode {
        digest: [4; 32],
        scope: Scope::Tenant,
        expires_at: noon(),
        device_id: None,
    };
    device_log::hand_over(&office, &laptop, &device_log::log(&laptop, 2), 1, 2);
    let mut transaction = store.begin(TENANT).unwrap();
    transaction.save_staff(&staff).unwrap();
    transaction.save_enrolment_code(&code).unwrap();
    transaction.enter_scope(visitor.id, case_id).unwrap();
    transaction
        .raise_alarm("fork", laptop.id, None, noon())
        .unwrap();
    let attachment = Attachment {
        digest: skranke_domain::ids::Sha256Digest::from_bytes([3; 32]),
        size_bytes: 4,
        media_type: "image/png".to_owned(),
    };
    transaction.insert_attachment(&attachment, noon()).unwrap();
    let edition = StoredEdition {
        edition: 1,
        body: "name = \"Sø\"\n".to_owned(),
        device_id: laptop.id,
        staff_id: laptop.staff,
        initials: "ÅK".to_owned(),
        reason: "Nyt sted".to_owned(),
        made_at: noon(),
    };
    transaction.insert_edition(&edition).unwrap();
    let read = AuditRow {
        id: Uuid::now_v7(),
        at: noon(),
        device_id: laptop.id,
        staff_id: None,
        action: "feed_read",
        purpose: "sync".to_owned(),
        case_id: Some(case_id),
        citizen_digest: None,
        detail: String::new(),
    };
    transaction.audit(&read).unwrap();
    let key = skranke_protocol::signature::SigningKey::from_seed(&office.keys.signing_seed);
    skranke_server::audit::seal(transaction.as_mut(), &key, noon()).unwrap();
    transaction.commit().unwrap();
    let empty: Vec<_> = transfer::inventory(store.as_ref(), TENANT)
        .unwrap()
        .tables
        .iter()
        .zip(&TABLES)
        .filter(|((rows, _), _)| *rows == 0)
        .map(|(_, table)| table.name)
        .collect();
    assert_eq!(empty, Vec::<&str>::new(), "a row in every table");
    office
}

#[test]
fn moving_to_postgresql_and_back_loses_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(&[]);
    drop(prepared(&cluster));
    let embedded_first = embedded(&folder, "first.db");
    let office = lived_in(&embedded_first);
    embedded_first.create_tenant("0888", noon()).unwrap();

    let there = transfer::carry(embedded_first.as_ref(), &owner(&cluster)).unwrap();
    let served = opened(&cluster.address("skranke_runtime", DATABASE)).unwrap();
    let embedded_again = embedded(&folder, "again.db");
    let back = transfer::carry(&owner(&cluster), embedded_again.as_ref()).unwrap();

    assert_eq!(there, back);
    assert_eq!(there.len(), 2, "both municipalities");
    assert!(served.server_keys().unwrap() == office.keys);
    assert!(embedded_again.server_keys().unwrap() == office.keys);
    let moved = Office::over(Arc::new(served), ());
    for store in [moved.store.as_ref(), embedded_again.as_ref()] {
        assert_eq!(audit_fault(store, TENANT), None, "sealed as it was");
    }
    let visible = |office: &Office| -> Vec<(u64, StoredFeedItem)> {
        let slice = office
            .store
            .feed(
                TENANT,
                &office.device(&crate::office::Laptop::new(1)),
                0,
                100,
            )
            .unwrap();
        slice.items
    };
    assert_eq!(visible(&moved), visible(&office));
}

#[test]
fn a_role_that_would_see_nothing_carries_nothing_and_is_told_so() {
    let cluster = Cluster::start(&[]);
    drop(prepared(&cluster));
    let runtime = address(&cluster.address("skranke_runtime", DATABASE), 4);

    let opened = PostgresStore::open_as_owner(&runtime, &KeyFile::from_bytes([7; 32]));

    let Err(StoreError::CannotOpen(said)) = opened else {
        panic!("a copy of nothing would have passed for a backup");
    };
    assert!(said.contains("skranke_owner"), "{said}");
}

#[test]
fn work_goes_on_in_the_store_it_was_moved_to() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(&[]);
    drop(prepared(&cluster));
    let from = embedded(&folder, "first.db");
    let office = Office::over(Arc::clone(&from) as Arc<dyn CentralStore>, ());
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case_id, opening) = laptop.open_case("2512169996");
    office.push(laptop.id, &opening);

    transfer::carry(from.as_ref(), &owner(&cluster)).unwrap();

    let served = opened(&cluster.address("skranke_runtime", DATABASE)).unwrap();
    let moved = Office::over(Arc::new(served), ());
    let note = laptop.note(case_id, &last(&opening), "x");
    let verdict = moved.verdict(&laptop, &note);
    assert_eq!(verdict, crate::office::accepted(3));
}

#[test]
fn a_row_that_arrives_changed_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(&[]);
    drop(prepared(&cluster));
    let from = embedded(&folder, "first.db");
    let _office = lived_in(&from);
    transfer::carry(from.as_ref(), &owner(&cluster)).unwrap();
    let held = || transfer::inventory(&owner(&cluster), TENANT).unwrap();
    let before = held();
    assert_eq!(before, transfer::inventory(from.as_ref(), TENANT).unwrap());

    for change in [
        "UPDATE staff SET active = false",
        "UPDATE audit SET at = at + interval '1 millisecond'",
        "UPDATE event SET received_at = received_at + interval '1 millisecond' WHERE k = 2",
        "DELETE FROM receipt",
    ] {
        cluster.administer(DATABASE, change);
        assert_ne!(held(), before, "{change}");
    }
}

#[test]
fn a_move_in_which_something_arrives_changed_is_refused() {
    const CHANGES: &str = "
        CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN NEW.received_at := NEW.received_at + interval '1 millisecond'; RETURN NEW; END $$;
        CREATE TRIGGER changes BEFORE INSERT ON event FOR EACH ROW WHEN (NEW.k = 2) EXECUTE FUNCTION change()";
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(&[]);
    drop(prepared(&cluster));
    let from = embedded(&folder, "first.db");
    let _office = lived_in(&from);
    cluster.administer(DATABASE, CHANGES);

    let refused = transfer::carry(from.as_ref(), &owner(&cluster));

    let why = refused.unwrap_err().to_string();
    assert!(why.contains("did not arrive as they left"), "{why}");
}

#[test]
fn a_store_with_records_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (embedded(&folder, "from.db"), embedded(&folder, "to.db"));
    to.create_tenant(TENANT, noon()).unwrap();

    let refused = transfer::carry(from.as_ref(), to.as_ref());

    assert!(matches!(refused, Err(StoreError::CannotOpen(why)) if why.contains("not empty")));
}

#[test]
fn every_column_of_the_schema_is_carried() {
    let cluster = Cluster::start(&[]);
    drop(prepared(&cluster));

    let stored = cluster.administer(
        DATABASE,
        "SELECT table_name || '.' || column_name FROM information_schema.columns
          WHERE table_schema = 'public' AND table_name NOT IN ('server', 'schema_version')",
    );

    let stored: BTreeSet<String> = stored.lines().map(str::to_owned).collect();
    let carried: BTreeSet<String> = TABLES
        .iter()
        .flat_map(|table| {
            let columns = table.column_list();
            let columns: Vec<String> = columns
                .split(", ")
                .map(|column| format!("{}.{column}", table.name))
                .collect();
            columns
        })
        .collect();
    assert_eq!(carried, stored);
}
