//! A round as people see it: how far it is on a slow line, stopping it, and each case that came home by name.

use std::time::{Duration, Instant};

use skranke_app::api::error::ErrorCode;
use skranke_app::api::sync::SyncProgress;
use skranke_testkit::files::picture;
use skranke_testkit::network::{Fault, Line, Trouble};
use skranke_testkit::patience::wait_until;

use crate::attachments::attach;
use crate::bad_lines::PUSH;
use crate::{Town, granted, sign_in_as};

#[test]
fn a_long_round_says_how_far_it_is_and_stops_when_asked_with_nothing_lost() {
    // Given a counter with work of its own, much to fetch, and a line that crawls
    let mut town = Town::new();
    let other = town.counter("skranke-2");
    for _ in 0..6 {
        granted(&other, "2304483984", "Bodil Aagaard");
    }
    other.sync_now(()).unwrap();
    let line = Line::to(town.address);
    town.address = line.address();
    let app = town.counter("skranke-1");
    let own = granted(&app, "0201703984", "Aase Lindholm");
    let scan = attach(&app, &town, &own, &picture(300, 20));
    assert_eq!(app.sync_status(()).unwrap().progress, None);
    line.suffers(Trouble::Crawling);

    // When a round runs, it is told how far it is, and it ends when somebody asks
    let (seen, took) = std::thread::scope(|scope| {
        let round = scope.spawn(|| app.sync_now(()).unwrap());
        let mut seen: Vec<SyncProgress> = Vec::new();
        let begun = Instant::now();
        while !seen.iter().any(|progress| progress.of > 0) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{seen:?}");
            seen.extend(app.sync_status(()).unwrap().progress);
            std::thread::sleep(Duration::from_millis(20));
        }
        let asked = Instant::now();
        let told = app.sync_cancel(()).unwrap();
        assert_eq!(told.progress, None, "it is on its way out");
        let ended = round.join().unwrap();
        assert_eq!((ended.problem.as_str(), ended.online), ("", true));
        (seen, asked.elapsed())
    });
    // A round that went on would have handed over the scan, which comes last.
    let is_handed_over = |town: &Town| {
        let store = town.central.as_ref().unwrap().central().store();
        let held = store.attachment(crate::TENANT, &scan.parse().unwrap());
        held.unwrap().is_some()
    };
    assert!(!is_handed_over(&town), "it stopped on the way");
    assert!(took < Duration::from_secs(60), "{took:?}");
    line.suffers(Trouble::None);
    assert!(seen.iter().all(|progress| progress.done <= progress.of));

    // And the next one goes on from there: all is fetched, all is sent, once
    let status = app.sync_now(()).unwrap();
    assert_eq!((status.waiting, status.cases, status.confirmed), (0, 1, 1));
    assert!(is_handed_over(&town));
    let store = town.central.as_ref().unwrap().central().store();
    let position = skranke_server::store::CentralStore::tenant(store, crate::TENANT)
        .unwrap()
        .position();
    drop(app);
    let read = crate::faults::opened(town.folder.path(), "skranke-1");
    let cursor = read.read().unwrap().cursor().unwrap();
    assert_eq!(cursor.position, position);
}

#[test]
fn a_round_that_waits_for_an_answer_that_never_comes_ends_at_once_when_asked() {
    let mut town = Town::new();
    let line = Line::to(town.address);
    town.address = line.address();
    let app = town.counter("skranke-1");
    granted(&app, "0201703984", "Aase Lindholm");
    line.suffers(Fault::in_each(Trouble::HalfOpen, PUSH));

    let took = std::thread::scope(|scope| {
        let round = scope.spawn(|| app.sync_now(()).unwrap());
        wait_until("a push on its way", || line.befallen() > 0);
        let asked = Instant::now();
        app.sync_cancel(()).unwrap();
        let ended = round.join().unwrap();
        assert_eq!((ended.problem.as_str(), ended.online), ("", true));
        asked.elapsed()
    });

    // It would have waited half a minute for the answer.
    assert!(took < Duration::from_secs(20), "{took:?}");
    line.suffers(Trouble::None);
    let status = app.sync_now(()).unwrap();
    assert_eq!((status.problem.as_str(), status.waiting), ("", 0));
    assert_eq!((status.cases, status.confirmed), (1, 1));
}

#[test]
fn a_laptop_that_comes_home_has_each_of_its_cases_confirmed_by_name() {
    // Given a day of visits without a line
    let mut town = Town::new();
    let app = town.counter("skranke-1");
    app.sync_now(()).unwrap();
    town.close_central();
    let people = [
        ("0201703984", "Aase Lindholm"),
        ("2304483984", "Bodil Aagaard"),
        ("1302553984", "Carl Kvist"),
    ];
    let numbers: Vec<String> = people
        .iter()
        .map(|(cpr, name)| granted(&app, cpr, name).row.number)
        .collect();
    assert_eq!(app.sync_now(()).unwrap().sent, 0, "nothing has come home");

    // When it is back
    town.open_central();
    let status = app.sync_now(()).unwrap();

    // Then each case stands there by name and number, confirmed
    assert_eq!((status.sent, status.confirmed), (3, 3));
    let sent = app.sync_sent(()).unwrap().rows;
    for ((_, name), number) in people.iter().zip(&numbers) {
        let row = sent.iter().find(|row| row.number == *number).unwrap();
        assert_eq!((row.name.as_str(), row.sync.as_str()), (*name, "confirmed"));
    }

    // And the list stays when a round had nothing to send, for those who may read cases
    assert_eq!(app.sync_now(()).unwrap().sent, 3);
    sign_in_as(&app, "anders");
    let refused = app.sync_sent(()).err().unwrap().code;
    assert_eq!(refused, ErrorCode::NotPermitted);
}
