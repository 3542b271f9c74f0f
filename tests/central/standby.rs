//! The standby is away while people work: nothing is called confirmed, nothing is served that could still be lost, and
//! desktops keep their work until it is back.
//!
//! Basis: design, section 6 (nothing is served beyond the replicated position); reliability, finding 2.

use std::collections::BTreeSet;
use std::time::Duration;

use skranke_app::api::case::{CaseListRequest, CaseView};
use skranke_app::{App, Clock};
use skranke_protocol::wire::Cursor;
use skranke_sync::{Client, Connection, Environment};
use skranke_testkit::invariants::{self, World};
use skranke_testkit::patience::wait_until;
use skranke_testkit::postgres::Cluster;

use crate::epochs::prepare;
use crate::faults::{Told, central, desktop, opened};
use crate::{TENANT, Town, granted, register};

/// A municipality whose database has a standby that must have each record.
fn with_standby() -> (Town, Cluster, Cluster) {
    let folder = tempfile::tempdir().unwrap();
    let durable = ["fsync=on", "wal_level=replica", "hot_standby=on"];
    let primary = Cluster::start(&durable);
    prepare(&primary, folder.path());
    let standby = primary.standby("b", &durable);
    primary.needs_standbys("FIRST 1 (b)", 1);
    // The standby first: whoever is asked first may not be the one that takes records.
    let store = format!(
        "postgres:host={},{} user=skranke_runtime dbname=skranke",
        standby.host().display(),
        primary.host().display()
    );
    (Town::with(folder, store, None), primary, standby)
}

/// The last position that the primary shows, whether or not the standby has it.
fn position(town: &Town) -> u64 {
    let store = town.central.as_ref().unwrap().central().store();
    store.tenant(TENANT).unwrap().position()
}

/// Asks the feed itself in a counter's name, outside any round.
fn client_of(town: &Town, name: &str) -> Client {
    let store = opened(town.folder.path(), name);
    let read = store.read().unwrap();
    let own = read.own_device().unwrap().unwrap();
    let server_key = read.setting("server_key").unwrap().unwrap();
    let connection = Connection {
        base_url: format!("http://{}", town.address),
        tenant: TENANT.to_owned(),
        device_id: own.device,
        key: own.signing_key(),
        server_key: server_key.trim_matches('"').parse().ok(),
        ca_file: None,
    };
    let environment = Environment::new(
        || Clock::System.now(),
        |bytes| bytes.copy_from_slice(&uuid::Uuid::now_v7().as_bytes()[16 - bytes.len()..]),
        |_, _| {},
    );
    Client::new(connection, environment)
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

/// Both of one counter's cases are confirmed to it and seen at the other, and nothing is missing anywhere.
fn all_is_confirmed_and_seen(
    town: &Town,
    one: &App,
    other: &App,
    granted: [&CaseView; 2],
    servers: [&Cluster; 2],
) {
    Town::meet(one, other);
    assert_eq!(cases(other), 2);
    let told = one.sync_now(()).unwrap();
    assert_eq!((told.waiting, told.cases, told.confirmed), (0, 2, 2));
    let saved = BTreeSet::from(granted.map(|case| case.row.id.clone()));
    let told = Told {
        confirmed: saved.clone(),
        saved,
    };
    let folder = town.folder.path();
    let logs = servers.map(Cluster::log);
    let world = World {
        desktops: vec![
            desktop(folder, "skranke-1", &told),
            desktop(folder, "skranke-2", &Told::default()),
        ],
        central: Some(central(town)),
        is_quiet: true,
        left: [folder.to_owned()].into_iter().chain(logs).collect(),
        ..World::default()
    };
    invariants::hold(&world, "once all were there again");
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
    primary.wait_for_standbys(0);
    let second = granted(&one, "2304483984", "Bodil Aagaard");
    let settled = position(&town);
    let beyond = Cursor {
        epoch: 1,
        position: settled,
    };
    let (mine, theirs, asked) = std::thread::scope(|scope| {
        let mine = scope.spawn(|| one.sync_now(()).unwrap());
        primary.wait_until_a_commit_waits();
        // The trap: somebody ends the wait, so that the primary alone shows the record to every reader.
        primary.cancel_waiting_commits();
        while position(&town) == settled {
            std::thread::sleep(Duration::from_millis(20));
        }
        // The feed is asked for what comes next, and whether anything does.
        let asked = [500, 0].map(|limit| {
            let client = client_of(&town, "skranke-2");
            scope.spawn(move || client.pull(beyond, limit, 0))
        });
        let theirs = other.sync_now(()).unwrap();
        let asked = asked.map(|asked| asked.join().unwrap());
        (mine.join().unwrap(), theirs, asked)
    });
    for answer in asked {
        let refused = answer.expect_err("what no standby has is not told of");
        assert!(refused.is_retryable(), "{refused}");
    }
    assert_eq!(mine.problem, "server_unavailable");
    assert!(mine.waiting > 0, "it is kept in the queue");
    assert_eq!((mine.cases, mine.confirmed), (2, 1));
    assert_eq!(theirs.problem, "server_unavailable");
    assert_eq!(cases(&other), 1, "what no standby has is not served");

    standby.resume();
    let reader = client_of(&town, "skranke-2");
    wait_until("the feed with what the standby has now", || {
        let page = reader.pull(beyond, 500, 0);
        page.is_ok_and(|page| !page.sent.items.is_empty())
    });
    register(&one, &second);
    let servers = [&primary, &standby];
    all_is_confirmed_and_seen(&town, &one, &other, [&first, &second], servers);
}

#[test]
fn a_lost_primary_is_followed_by_its_standby_and_the_server_that_runs_finds_it() {
    let (town, mut primary, standby) = with_standby();
    let one = town.counter("skranke-1");
    let other = town.counter("skranke-2");
    let first = granted(&one, "0201703984", "Aase Lindholm");
    Town::meet(&one, &other);

    primary.kill();
    let second = granted(&one, "2304483984", "Bodil Aagaard");
    let lost = one.sync_now(()).unwrap();
    assert_eq!(lost.problem, "server_unavailable");
    assert_eq!(
        (lost.cases, lost.confirmed),
        (2, 1),
        "it is kept in the queue"
    );

    standby.promote();
    wait_until("a round through the new primary", || {
        one.sync_now(()).unwrap().problem.is_empty()
    });
    let servers = [&primary, &standby];
    all_is_confirmed_and_seen(&town, &one, &other, [&first, &second], servers);
}
