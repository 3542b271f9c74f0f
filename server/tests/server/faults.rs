//! The real program is killed at every named point of a write, and at random, over both backends; what it acknowledged
//! is there after it.
//!
//! Then a bug is planted, and the same check must find it: a server that answers before its commit.
//! Basis: reliability, faults F1 and F8, invariants of 3.3.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use skranke_domain::ids::Sha256Digest;
use skranke_domain::rehearsal::{Bug, UPLOAD, WRITE};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::{Cursor, FeedEntry, FeedItem};
use skranke_server::config::Settings;
use skranke_server::serve;
use skranke_sync::Cancel;
use skranke_testkit::invariants::{self, Central, Desktop, World};
#[cfg(unix)]
use skranke_testkit::postgres::Cluster;

use crate::in_words::central_in_words;
#[cfg(unix)]
use crate::program::prepared;
use crate::program::{Counter, Program, embedded};

const TENANT: &str = "0999";

/// A counter that pushes until the server is gone.
struct Story {
    made: Vec<SealedEvent>,
    acknowledged: Vec<[u8; 32]>,
}

impl Story {
    fn new() -> Self {
        Self {
            made: Vec::new(),
            acknowledged: Vec::new(),
        }
    }

    /// Offers everything that is not acknowledged, with new work each time, until no answer comes or `times` are over.
    fn work(&mut self, counter: &mut Counter, times: usize) {
        for _ in 0..times {
            self.made.push(counter.open_case());
            let done = self.acknowledged.len();
            let Ok(answer) = counter.client.push(&self.made[done..]) else {
                return;
            };
            assert_eq!(answer.confirmation.seq, self.made.len() as u64);
            self.acknowledged = self.made.iter().map(|event| *event.hash()).collect();
        }
    }

    /// What the counter and the server hold.
    fn world(&self, place: &Place, counter: &Counter, is_quiet: bool) -> World {
        let mut events = Vec::new();
        let mut cursor = Cursor::START;
        let position = loop {
            let page = counter.client.pull(cursor, 500, 0).unwrap();
            for FeedEntry { position, item } in page.sent.items {
                if let FeedItem::Event { event } = item {
                    events.push((event, Some(position)));
                }
            }
            cursor = page.sent.cursor;
            if !page.sent.more {
                break page.head.position;
            }
        };
        let kept = place.in_words();
        World {
            desktops: vec![Desktop {
                name: "the counter".to_owned(),
                events: self.made.clone(),
                saved: self.made.iter().map(|event| *event.hash()).collect(),
                confirmed: self.acknowledged.clone(),
                ..Desktop::default()
            }],
            central: Some(Central {
                events,
                position,
                ..kept
            }),
            is_quiet,
            ..World::default()
        }
    }
}

/// Waits until the program was killed, and not ended otherwise.
fn ended(program: &mut Program) {
    for _ in 0..1_200 {
        if let Some(status) = program.child.try_wait().unwrap() {
            assert_eq!(status.code(), None, "it was not killed");
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the program was to be killed");
}

/// Where a server keeps its events, and where it says what happens to it.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    store: String,
    #[cfg(unix)]
    cluster: Option<Cluster>,
}

impl Place {
    pub(crate) fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: embedded(folder.path()),
            folder,
            #[cfg(unix)]
            cluster: None,
        }
    }

    #[cfg(unix)]
    pub(crate) fn on_postgresql() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Cluster::start(&[]);
        Self {
            store: prepared(folder.path(), &cluster),
            folder,
            cluster: Some(cluster),
        }
    }

    pub(crate) fn start(&self) -> Program {
        Program::start_on(self.folder.path(), &self.store)
    }

    /// The program that is killed when it comes to a point for so many times, perhaps with a bug in it.
    fn start_rehearsing(&self, point: &str, times: u32, bug: Option<Bug>) -> Program {
        let planted = bug.map(|bug| format!("{bug:?}")).unwrap_or_default();
        let environment = [
            ("SKRANKE_REHEARSE_POINT", format!("{point}:{times}")),
            ("SKRANKE_REHEARSE_BUG", planted),
        ];
        Program::start_with(self.folder.path(), &self.store, &environment)
    }

    /// What its records say of themselves: tree, log, seals of the audit, and where each chain ends.
    fn in_words(&self) -> Central {
        let settings = Settings {
            store: Some(self.store.clone()),
            key_file: Some(self.folder.path().join("key")),
            attachments: Some(self.folder.path().join("central.attachments")),
            ..Settings::default()
        };
        let store = serve::open_existing_store(&settings.check().unwrap()).unwrap();
        let records = store.begin(TENANT).unwrap().device_records().unwrap();
        let heads = records.into_iter().map(|record| record.device);
        Central {
            heads: heads.map(|device| (device.id, device.head)).collect(),
            ..central_in_words(store.as_ref(), TENANT)
        }
    }

    /// Every file in which a number could be read; the tables of PostgreSQL are sealed by the disk and not by us.
    fn left(&self) -> Vec<PathBuf> {
        let own = self.folder.path().to_owned();
        #[cfg(unix)]
        let log = self.cluster.as_ref().map(Cluster::log);
        #[cfg(not(unix))]
        let log = None;
        std::iter::once(own).chain(log).collect()
    }
}

/// Works until the program is killed at a point of a write.
fn killed_at(place: &Place, point: &str, bug: Option<Bug>) -> (Story, Counter) {
    let mut program = place.start_rehearsing(point, 6, bug);
    let mut counter = Counter::enrol(&program.url);
    counter.signs_in();
    let mut story = Story::new();
    story.work(&mut counter, 40);
    ended(&mut program);
    (story, counter)
}

/// One store, whose server is killed at one point after the other.
fn survives_every_point_of_a_write(place: &Place) {
    let program = place.start();
    let mut counter = Counter::enrol(&program.url);
    counter.signs_in();
    drop(program);
    let mut story = Story::new();
    for point in WRITE {
        let mut program = place.start_rehearsing(point, 6, None);
        counter.move_to(&program.url);
        story.work(&mut counter, 40);
        ended(&mut program);

        let begun = Instant::now();
        let again = place.start();
        counter.move_to(&again.url);
        let world = story.world(place, &counter, false);
        let recovered = vec![("the server".to_owned(), begun.elapsed())];
        invariants::hold(&World { recovered, ..world }, point);
        story.work(&mut counter, 2);

        let world = World {
            left: place.left(),
            ..story.world(place, &counter, true)
        };
        assert_eq!(
            world.central.as_ref().unwrap().events.len(),
            story.made.len()
        );
        invariants::hold(&world, point);
    }
}

#[test]
fn killed_at_every_point_of_a_write_nothing_acknowledged_is_missing_and_nothing_comes_twice() {
    survives_every_point_of_a_write(&Place::embedded());
}

#[cfg(unix)]
#[test]
fn killed_at_every_point_of_a_write_to_postgresql_nothing_acknowledged_is_missing_either() {
    survives_every_point_of_a_write(&Place::on_postgresql());
}

/// A scan of three pieces that no other one has the content of.
fn scan(number: u8) -> (Vec<u8>, Sha256Digest) {
    let mut scan = b"%PDF-1.7\n".to_vec();
    scan.resize(2_500_000, number);
    let digest = Sha256Digest::from_bytes(Sha256::digest(&scan).into());
    (scan, digest)
}

/// One store, whose server is killed at one point of an upload after the other, in the middle of the file and at its
/// end; each time the counter sends it again.
fn survives_every_point_of_an_upload(place: &Place) {
    let program = place.start();
    let mut counter = Counter::enrol(&program.url);
    counter.signs_in();
    drop(program);
    let mut story = Story::new();
    let middle_and_end = [(UPLOAD[0], 2), (UPLOAD[0], 3)].into_iter();
    let once = UPLOAD[1..].iter().map(|point| (*point, 1));
    for (number, (point, times)) in (1..).zip(middle_and_end.chain(once)) {
        let when = format!("{point}, time {times}");
        let (scan, digest) = scan(number);
        let mut program = place.start_rehearsing(point, times, None);
        counter.move_to(&program.url);
        let events = counter.scanned_case(digest, scan.len() as u64);
        counter.client.push(&events).unwrap();
        let case = events[0].header().case_id;
        story.made.extend(events);
        story.acknowledged = story.made.iter().map(|event| *event.hash()).collect();
        let upload = |counter: &Counter| {
            let cancel = Cancel::default();
            counter.client.upload(&digest, &scan, &cancel, |_| {})
        };
        assert!(upload(&counter).is_err(), "{when}: nothing was answered");
        ended(&mut program);

        let begun = Instant::now();
        let again = place.start();
        counter.move_to(&again.url);
        let world = story.world(place, &counter, false);
        let recovered = vec![("the server".to_owned(), begun.elapsed())];
        invariants::hold(&World { recovered, ..world }, &when);
        upload(&counter).unwrap_or_else(|error| panic!("{when}: {error}"));

        assert_eq!(counter.fetch(case, &digest), scan, "{when}: it opens whole");
        let folder = place.folder.path().join("central.attachments/0999");
        let files = std::fs::read_dir(folder).unwrap();
        assert_eq!(
            files.count(),
            usize::from(number),
            "{when}: nothing is left over"
        );
        let world = World {
            left: place.left(),
            ..story.world(place, &counter, true)
        };
        invariants::hold(&world, &when);
    }
}

#[test]
fn killed_at_every_point_of_an_upload_the_scan_is_sent_again_and_ends_whole() {
    survives_every_point_of_an_upload(&Place::embedded());
}

#[cfg(unix)]
#[test]
fn killed_at_every_point_of_an_upload_over_postgresql_the_scan_ends_whole_too() {
    survives_every_point_of_an_upload(&Place::on_postgresql());
}

/// One store, whose server is killed at random again and again.
#[expect(clippy::print_stdout, reason = "how to replay it")]
fn survives_kills_at_random(place: &Place, kills: u64) {
    let mut story = Story::new();
    let mut program = place.start();
    let mut counter = Counter::enrol(&program.url);
    counter.signs_in();
    let seed = skranke_testkit::seed();
    println!("SKRANKE_SEED={seed}");
    for round in 0..kills {
        let pid = program.child.id().to_string();
        let after = Duration::from_millis(20 + skranke_testkit::drawn(round, 150));
        let killer = std::thread::spawn(move || {
            std::thread::sleep(after);
            std::process::Command::new("kill")
                .args(["-9", &pid])
                .status()
        });
        story.work(&mut counter, 10_000);
        killer.join().unwrap().unwrap();
        let _ = program.child.wait();
        program = place.start();
        counter.move_to(&program.url);
        invariants::hold(
            &story.world(place, &counter, false),
            &format!("SKRANKE_SEED={seed}"),
        );
    }
    story.work(&mut counter, 1);
    let world = World {
        left: place.left(),
        ..story.world(place, &counter, true)
    };
    invariants::hold(&world, &format!("SKRANKE_SEED={seed}"));
}

#[test]
fn killed_at_random_again_and_again_nothing_acknowledged_is_missing() {
    survives_kills_at_random(&Place::embedded(), skranke_testkit::times(5));
}

#[cfg(unix)]
#[test]
fn killed_at_random_over_postgresql_nothing_acknowledged_is_missing_either() {
    survives_kills_at_random(&Place::on_postgresql(), skranke_testkit::times(2));
}

#[test]
fn a_server_that_answers_before_its_commit_is_caught() {
    let is_caught = || {
        let place = Place::embedded();
        let bug = Some(Bug::AckBeforeCommit);
        let (story, mut counter) = killed_at(&place, "write.before_commit", bug);
        let again = place.start();
        counter.move_to(&again.url);
        let found = invariants::broken(&story.world(&place, &counter, false));
        found.iter().any(|line| line.starts_with("I1 confirmed"))
    };

    // On a busy machine the program may be killed before the answer is out.
    assert!((0..5).any(|_| is_caught()));
}
