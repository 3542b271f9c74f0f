//! Two to five counters and a central store in memory live through a story made from a number: work apart, deliveries
//! cut, repeated and out of order, answers lost, work held apart and released, backups put back, clocks that jump.
//! In the end all say the same, and no value is lost.
//!
//! The fold, the planner and the admission are the real ones. `SKRANKE_SEED=N` replays one story, `SKRANKE_CASES=N`
//! tells how many. Basis: design, section 3; reliability, G6 and F11.

mod central;
mod counter;
mod wishes;

use std::sync::atomic::{AtomicU64, Ordering};

use skranke_domain::case::{Case, Field};
use skranke_domain::rehearsal::{self, Bug};
use skranke_protocol::wire::{Outcome, Urgency};
use skranke_server::alarms::urgency_of;
use skranke_testkit::invariants::{self, Desktop, World};
use uuid::Uuid;

use self::central::{Central, Keys};
use self::counter::Counter;
use crate::office::TENANT;

/// Stories in an ordinary run.
const STORIES: u64 = 10_000;

/// Numbers that only look random: the same from the same beginning.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }

    /// Once in `times`.
    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn uuid(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(
            (u128::from(self.next()) << 64 | u128::from(self.next())).to_be_bytes(),
        )
        .into_uuid()
    }
}

#[expect(clippy::disallowed_methods, reason = "how a story is replayed")]
pub(crate) fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Lives through a story and returns the world after it, and how much a person let in.
fn story(seed: u64, keys: &Keys) -> (World, u64) {
    let mut dice = Dice::new(seed);
    let mut central = Central::new();
    let count = 2 + dice.below(4);
    let mut counters: Vec<Counter> = (1..=count)
        .map(|seed| Counter::new(u8::try_from(seed).unwrap()))
        .collect();
    // Cases that all of them know, so that they meet.
    counters[0].sign_in(&mut central, keys, &mut dice);
    for _ in 0..=dice.below(3) {
        counters[0].open(&mut dice);
    }
    for counter in &mut counters {
        counter.sync(&mut central, keys, &mut dice, false);
    }
    let mut backup = central.clone();
    let mut second = 1;
    let mut gone = Vec::new();
    for _ in 0..(8 + dice.below(16)) {
        if counters.len() > 1 && dice.one_in(25) {
            // A laptop that never comes back: what others have seen of its work must not be lost with it.
            gone.extend(counters.pop());
        }
        let which = dice.below(counters.len());
        match dice.below(13) {
            0..5 => counters[which].work(&mut dice),
            5..9 => counters[which].sync(&mut central, keys, &mut dice, true),
            9 => counters[which].sign_in(&mut central, keys, &mut dice),
            10 => backup = central.clone(),
            11 => counters[which].review(&mut central, keys, &mut dice, false),
            _ => {
                central = backup.clone().restored(second, keys);
                second += 1;
                if dice.one_in(2) {
                    backup = central.clone();
                }
            }
        }
    }
    // All come together again: whoever was held apart signs in, what was let in too early or came back with a backup
    // is looked at once more, and nothing more goes wrong.
    for round in 0..6 {
        for counter in &mut counters {
            if round == 0 {
                counter.sign_in(&mut central, keys, &mut dice);
            }
            counter.sync(&mut central, keys, &mut dice, false);
        }
        counters[0].review(&mut central, keys, &mut dice, true);
    }
    // Whoever comes with a gap or without a grant is told of; nothing honest is what somebody must look at at once.
    let mut grave = central.alarms.iter();
    let grave = grave.find(|code| urgency_of(code) == Urgency::AtOnce);
    assert_eq!(grave, None, "seed {seed}");
    let desktops = counters.iter().zip(1..).map(|(counter, number)| Desktop {
        name: format!("counter {number}"),
        events: counter.events(&mut dice),
        saved: counter.own().map(|event| *event.hash()).collect(),
        confirmed: counter.own().map(|event| *event.hash()).collect(),
        proved: counter.proved(),
        ..Desktop::default()
    });
    let world = World {
        desktops: desktops.collect(),
        central: Some(in_words(&central)),
        gone: gone.iter().map(Counter::device).collect(),
        is_quiet: true,
        ..World::default()
    };
    (world, central.released)
}

fn in_words(central: &Central) -> invariants::Central {
    let events = central.events.values().map(|stored| {
        let position = match stored.outcome {
            Outcome::Accepted { position } | Outcome::Conflict { position, .. } => Some(position),
            Outcome::Quarantined { .. } | Outcome::Deferred { .. } => None,
        };
        (stored.event.clone(), position)
    });
    assert_eq!(central.tenant.code, TENANT);
    invariants::Central {
        events: events.collect(),
        position: central.tenant.position(),
        heads: central
            .devices
            .values()
            .map(|device| (device.id, device.head))
            .collect(),
        tree: Some(invariants::Tree {
            leaves: central.leaves(),
            root: central.tenant.tree.root(),
        }),
        epoch: central.tenant.epoch,
        ..invariants::Central::default()
    }
}

#[test]
fn however_deliveries_interleave_repeat_and_restores_come_between_all_say_the_same_and_no_value_is_lost()
 {
    if let Some(seed) = number("SKRANKE_SEED") {
        return invariants::hold(
            &story(seed, &Keys::new()).0,
            &format!("SKRANKE_SEED={seed}"),
        );
    }
    let stories = number("SKRANKE_CASES").unwrap_or(STORIES);
    let first = number("SKRANKE_FIRST_SEED").unwrap_or(1);
    println!("stories {first} to {}", first + stories - 1);
    let next = AtomicU64::new(first);
    let (events, conflicts) = (AtomicU64::new(0), AtomicU64::new(0));
    let (merged, crossed) = (AtomicU64::new(0), AtomicU64::new(0));
    let (released, decisions) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let keys = Keys::new();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + stories {
                        return;
                    }
                    let told = std::panic::catch_unwind(|| story(seed, &keys));
                    let Ok((world, let_in)) = told else {
                        panic!("replay with SKRANKE_SEED={seed}");
                    };
                    let held = world.central.as_ref().map_or(0, |central| central.position);
                    events.fetch_add(held, Ordering::Relaxed);
                    invariants::hold(&world, &format!("replay with SKRANKE_SEED={seed}"));
                    let cases = invariants::cases(&world.desktops[0].events);
                    let open = cases.values().any(|(case, _)| !case.conflicts.is_empty());
                    conflicts.fetch_add(u64::from(open), Ordering::Relaxed);
                    let any =
                        |holds: fn(&Case) -> bool| cases.values().any(|(case, _)| holds(case));
                    let crosses = |case: &Case| {
                        let mut overlaps = case.overlaps.iter();
                        overlaps.any(|overlap| overlap.field == Field::Duplicates)
                    };
                    released.fetch_add(u64::from(let_in > 0), Ordering::Relaxed);
                    let decided = |case: &Case| case.granted.is_some() || case.refused.is_some();
                    decisions.fetch_add(u64::from(any(decided)), Ordering::Relaxed);
                    merged.fetch_add(u64::from(any(Case::is_merged)), Ordering::Relaxed);
                    crossed.fetch_add(u64::from(any(crosses)), Ordering::Relaxed);
                }
            });
        }
    });
    let (events, conflicts) = (events.into_inner(), conflicts.into_inner());
    println!("{stories} stories, {events} events in the end, conflicts left open in {conflicts}");
    let (merged, crossed) = (merged.into_inner(), crossed.into_inner());
    println!("cases merged in {merged}, merges that crossed in {crossed}");
    let (released, decisions) = (released.into_inner(), decisions.into_inner());
    println!("work let in by a person in {released}, decisions in {decisions}");
    assert!(released * 20 > stories, "and look at what is held apart");
    assert!(decisions * 10 > stories, "and decide");
    assert!(merged * 10 > stories, "people do merge");
    assert!(crossed * 100 > stories, "and their merges cross");
    assert!(events > stories * 4, "the stories are about something");
    assert!(conflicts * 20 > stories, "and people do meet in them");
}

#[test]
fn a_fold_in_which_the_last_writer_wins_is_caught() {
    rehearsal::plant_here(Bug::LastWriterWins);
    let keys = Keys::new();

    let caught = (1..=300).find(|seed| {
        let found = invariants::broken(&story(*seed, &keys).0);
        found
            .iter()
            .any(|line| line.contains("lost against another"))
    });

    assert!(caught.is_some(), "in no story of 300");
}
