//! The real program is killed at every named point of a write, and at random, over both backends; what it acknowledged
//! is there after it.
//!
//! Then a bug is planted, and the same check must find it: a server that answers before its commit.
//! Basis: reliability, faults F1 and F8, invariants of 3.3.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use skranke_domain::rehearsal::{Bug, WRITE};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::{Cursor, FeedEntry, FeedItem};
use skranke_testkit::invariants::{self, Central, Desktop, World};
#[cfg(unix)]
use skranke_testkit::postgres::Cluster;

#[cfg(unix)]
use crate::program::prepared;
use crate::program::{Counter, Program, embedded};

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
    fn world(&self, counter: &Counter, is_quiet: bool) -> World {
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
                ..Central::default()
            }),
            is_quiet,
            ..World::default()
        }
    }
}

/// Waits until the program has ended by itself.
fn ended(program: &mut Program) {
    for _ in 0..1_200 {
        if program.child.try_wait().unwrap().is_some() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the program was to be killed");
}

/// Where a server keeps its events, and where it says what happens to it.
struct Place {
    folder: tempfile::TempDir,
    store: String,
    #[cfg(unix)]
    cluster: Option<Cluster>,
}

impl Place {
    fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: embedded(folder.path()),
            folder,
            #[cfg(unix)]
            cluster: None,
        }
    }

    #[cfg(unix)]
    fn on_postgresql() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Cluster::start(&[]);
        Self {
            store: prepared(folder.path(), &cluster),
            folder,
            cluster: Some(cluster),
        }
    }

    fn start(&self) -> Program {
        Program::start_on(self.folder.path(), &self.store)
    }

    /// The program that is killed at a point, perhaps with a bug in it.
    fn start_rehearsing(&self, point: &str, bug: Option<Bug>) -> Program {
        let planted = bug.map(|bug| format!("{bug:?}")).unwrap_or_default();
        let environment = [
            ("SKRANKE_REHEARSE_POINT", format!("{point}:6")),
            ("SKRANKE_REHEARSE_BUG", planted),
        ];
        Program::start_with(self.folder.path(), &self.store, &environment)
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
    let mut program = place.start_rehearsing(point, bug);
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
        let mut program = place.start_rehearsing(point, None);
        counter.move_to(&program.url);
        story.work(&mut counter, 40);
        ended(&mut program);

        let begun = Instant::now();
        let again = place.start();
        counter.move_to(&again.url);
        let world = story.world(&counter, false);
        let recovered = vec![("the server".to_owned(), begun.elapsed())];
        invariants::hold(&World { recovered, ..world }, point);
        story.work(&mut counter, 2);

        let world = World {
            left: place.left(),
            ..story.world(&counter, true)
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
            &story.world(&counter, false),
            &format!("SKRANKE_SEED={seed}"),
        );
    }
    story.work(&mut counter, 1);
    let world = World {
        left: place.left(),
        ..story.world(&counter, true)
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
        let found = invariants::broken(&story.world(&counter, false));
        found.iter().any(|line| line.starts_with("I1 confirmed"))
    };

    // On a busy machine the program may be killed before the answer is out.
    assert!((0..5).any(|_| is_caught()));
}
