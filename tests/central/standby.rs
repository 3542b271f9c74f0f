//! The standby is away while people work: nothing is called confirmed, nothing is served that could still be lost, and
//! desktops keep their work until it is back.
//!
//! Basis: design, section 6 (nothing is served beyond the replicated position); reliability, finding 2.

use std::collections::BTreeSet;

use skranke_app::App;
use skranke_app::api::case::CaseListRequest;
use skranke_testkit::invariants::{self, World};
use skranke_testkit::postgres::Cluster;

use crate::epochs::prepare;
use crate::faults::{Told, central, desktop};
use crate::{Town, granted, register};

const WAITS_FOR_STANDBY: &str =
    "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
const END_THE_WAIT: &str =
    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/// A municipality whose database has a standby that must have each record.
fn with_standby() -> (Town, Cluster, Cluster) {
    let folder = tempfile::tempdir().unwrap();
    let durable = ["fsync=on", "wal_level=replica", "hot_standby=on"];
    let primary = Cluster::start(&durable);
    prepare(&primary, folder.path());
    let standby = primary.standby("b", &durable);
    primary.administer(
        "postgres",
        "ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (b)'",
    );
    primary.administer("postgres", "SELECT pg_reload_conf()");
    primary.wait_until(
        "postgres",
        "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'",
    );
    let store = format!("postgres:{}", primary.address("skranke_runtime", "skranke"));
    (Town::with(folder, store, None), primary, standby)
}

fn cases(app: &App) -> usize {
    let all = CaseListRequest {
        query: String::new(),
        filter: "all".to_owned(),
        after: None,
        purpose: Some("case_work".to_owned()),
    };
    app.case_list(all).unwrap().rows.len()
}

#[test]
fn with_the_standby_away_desktops_keep_their_work_and_nobody_sees_what_could_still_be_lost() {
    let (town, primary, mut standby) = with_standby();
    let one = town.counter("skranke-1");
    let other = town.counter("skranke-2");
    let first = granted(&one, "0201703984", "Aase Lindholm");
    Town::meet(&one, &other);
    assert_eq!(cases(&other), 1);

    standby.kill();
    primary.wait_until("postgres", "SELECT count(*) = 0 FROM pg_stat_replication");
    let second = granted(&one, "2304483984", "Bodil Aagaard");
    let (mine, theirs) = std::thread::scope(|scope| {
        let mine = scope.spawn(|| one.sync_now(()).unwrap());
        primary.wait_until("postgres", WAITS_FOR_STANDBY);
        // The trap: somebody ends the wait, so that the primary alone shows the record to every reader.
        primary.administer("postgres", END_THE_WAIT);
        primary.wait_until("skranke", "SELECT count(DISTINCT case_id) = 2 FROM event");
        let theirs = other.sync_now(()).unwrap();
        (mine.join().unwrap(), theirs)
    });
    assert_eq!(mine.problem, "server_unavailable");
    assert!(mine.waiting > 0, "it is kept in the queue");
    assert_eq!((mine.cases, mine.confirmed), (2, 1));
    assert_eq!(theirs.problem, "server_unavailable");
    assert_eq!(cases(&other), 1, "what no standby has is not served");

    standby.resume();
    register(&one, &second);
    Town::meet(&one, &other);
    assert_eq!(cases(&other), 2);
    let told = one.sync_now(()).unwrap();
    assert_eq!((told.waiting, told.cases, told.confirmed), (0, 2, 2));

    let saved = BTreeSet::from([first.row.id, second.row.id]);
    let told = Told {
        confirmed: saved.clone(),
        saved,
    };
    let folder = town.folder.path();
    let world = World {
        desktops: vec![
            desktop(folder, "skranke-1", &told),
            desktop(folder, "skranke-2", &Told::default()),
        ],
        central: Some(central(&town)),
        is_quiet: true,
        left: vec![folder.to_owned(), primary.log(), standby.log()],
        ..World::default()
    };
    invariants::hold(&world, "after the standby was away");
}
