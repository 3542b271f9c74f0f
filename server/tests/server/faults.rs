//! The real program is killed at every named point of a write, and at random; what it acknowledged is there after it.
//!
//! Then a bug is planted, and the same check must find it: a server that answers before its commit.
//! Basis: reliability, faults F1 and F8, invariants of 3.3.

use std::path::Path;
use std::time::{Duration, Instant};

use skranke_domain::rehearsal::{Bug, WRITE};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::{Cursor, FeedEntry, FeedItem};
use skranke_testkit::invariants::{self, Central, Desktop, World};

use crate::program::{Counter, Program};

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
    for _ in 0..600 {
        if program.child.try_wait().unwrap().is_some() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the program was to be killed");
}

fn killed_at(folder: &Path, point: &str, bug: Option<Bug>) -> (Story, Counter) {
    let planted = bug.map(|bug| format!("{bug:?}")).unwrap_or_default();
    let environment = [
        ("SKRANKE_REHEARSE_POINT", format!("{point}:6")),
        ("SKRANKE_REHEARSE_BUG", planted),
    ];
    let mut program = Program::start_with(folder, &environment);
    let mut counter = Counter::enrol(&program.url);
    counter.signs_in();
    let mut story = Story::new();
    story.work(&mut counter, 40);
    ended(&mut program);
    (story, counter)
}

#[test]
fn killed_at_every_point_of_a_write_nothing_acknowledged_is_missing_and_nothing_comes_twice() {
    for point in WRITE {
        let scratch = tempfile::tempdir().unwrap();
        let (mut story, mut counter) = killed_at(scratch.path(), point, None);

        let begun = Instant::now();
        let again = Program::start(scratch.path());
        counter.move_to(&again.url);
        let world = story.world(&counter, false);
        let recovered = vec![("the server".to_owned(), begun.elapsed())];
        invariants::hold(&World { recovered, ..world }, point);
        story.work(&mut counter, 2);

        let world = World {
            left: vec![scratch.path().to_owned()],
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
fn killed_at_random_again_and_again_nothing_acknowledged_is_missing() {
    let scratch = tempfile::tempdir().unwrap();
    let mut story = Story::new();
    let mut program = Program::start(scratch.path());
    let mut counter = Counter::enrol(&program.url);
    counter.signs_in();
    let seed = skranke_testkit::seed();
    println!("SKRANKE_SEED={seed}");
    for round in 0..skranke_testkit::times(5) {
        let pid = program.child.id().to_string();
        let after = Duration::from_millis(20 + (seed.wrapping_mul(31 + round) >> 7) % 150);
        let killer = std::thread::spawn(move || {
            std::thread::sleep(after);
            std::process::Command::new("kill")
                .args(["-9", &pid])
                .status()
        });
        story.work(&mut counter, 10_000);
        killer.join().unwrap().unwrap();
        let _ = program.child.wait();
        program = Program::start(scratch.path());
        counter.move_to(&program.url);
        invariants::hold(
            &story.world(&counter, false),
            &format!("SKRANKE_SEED={seed}"),
        );
    }
    story.work(&mut counter, 1);
    let world = World {
        left: vec![scratch.path().to_owned()],
        ..story.world(&counter, true)
    };
    invariants::hold(&world, &format!("SKRANKE_SEED={seed}"));
}

#[test]
fn a_server_that_answers_before_its_commit_is_caught() {
    let scratch = tempfile::tempdir().unwrap();
    let (story, mut counter) = killed_at(
        scratch.path(),
        "write.before_commit",
        Some(Bug::AckBeforeCommit),
    );

    let again = Program::start(scratch.path());
    counter.move_to(&again.url);

    let found = invariants::broken(&story.world(&counter, false));
    assert!(
        found.iter().any(|line| line.starts_with("I1 confirmed")),
        "{found:?}"
    );
}
