//! Two to five counters, now and then a laptop that holds its own cases alone, and a central store in memory live
//! through a story made from a number: work apart, deliveries cut, repeated and out of order, answers lost, work held
//! apart, released and sent back, backups put back, clocks that jump. In the end all say the same, and no value is lost.
//!
//! The fold, the planner and the admission are the real ones. No grant and no device is revoked, and no case is laid on a
//! laptop or taken off it: that is asked of the real stores (`tests/central`). `SKRANKE_SEED=N` replays one story, `SKRANKE_CASES=N`
//! tells how many. Basis: design, section 3; reliability, G6 and F11.

mod central;
mod counter;
mod wishes;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use skranke_domain::case::{Case, Field};
use skranke_domain::ids::CommandId;
use skranke_domain::rehearsal::{self, Bug};
use skranke_protocol::wire::{Outcome, Scope, Urgency};
use skranke_server::alarms::urgency_of;
use skranke_testkit::invariants::{self, Desktop, World};
use uuid::Uuid;

use self::central::{Central, Keys};
use self::counter::Counter;
use self::wishes::KINDS;
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

/// A story that is over.
struct Ended {
    world: World,
    /// Commands a person let in.
    released: u64,
    /// Commands a person sent back.
    returned: u64,
}

/// A lead sends back something that waits and that only its author holds, who hears of it at once; whether there was any.
fn send_back(
    counters: &mut [Counter],
    central: &mut Central,
    keys: &Keys,
    dice: &mut Dice,
) -> bool {
    let may_go = |command: &CommandId| {
        let holders = counters.iter().filter(|counter| counter.holds(*command));
        let made: Vec<bool> = holders.map(|counter| counter.made_last(*command)).collect();
        made == [true]
    };
    let waiting: Vec<CommandId> = central.waiting().into_iter().filter(may_go).collect();
    let Some(command) = waiting.get(dice.below(waiting.len())).copied() else {
        return false;
    };
    let waited = counters[0].send_back(command, central, keys, dice);
    for counter in counters.iter_mut().filter(|c| waited && c.holds(command)) {
        counter.hears_of_return(command);
    }
    waited
}

/// Lives through a story.
fn story(seed: u64, keys: &Keys) -> Ended {
    let mut dice = Dice::new(seed);
    let mut central = Central::new();
    let count = 2 + dice.below(4);
    let code = |number: usize| u8::try_from(number).unwrap();
    let mut counters: Vec<Counter> = (1..=count)
        .map(|number| Counter::new(code(number), Scope::Tenant))
        .collect();
    if dice.one_in(3) {
        counters.insert(1, Counter::new(code(count + 1), Scope::OwnCases));
    }
    // Cases that all counters know, so that they meet.
    counters[0].sign_in(&mut central, keys, &mut dice);
    for _ in 0..=dice.below(3) {
        counters[0].open(&mut dice);
    }
    if dice.one_in(6) {
        counters[0].exempt(&mut dice);
    }
    for counter in &mut counters {
        counter.sync(&mut central, keys, &mut dice, false);
    }
    let mut backup = central.clone();
    let mut second = 1;
    let mut gone = Vec::new();
    for _ in 0..(9 + dice.below(17)) {
        if counters.len() > 1 && dice.one_in(25) {
            // A laptop that never comes back: what others have seen of its work must not be lost with it.
            gone.extend(counters.pop());
        }
        let which = dice.below(counters.len());
        match dice.below(14) {
            0..5 => counters[which].work(&mut dice),
            5..9 => counters[which].sync(&mut central, keys, &mut dice, true),
            9 => counters[which].sign_in(&mut central, keys, &mut dice),
            10 => backup = central.clone(),
            11 => counters[which].review(&mut central, keys, &mut dice, false),
            12 => {
                if send_back(&mut counters, &mut central, keys, &mut dice) {
                    // Its author goes on without it, so no store is put back that never heard of the return.
                    backup = central.clone();
                }
            }
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
        sent_back: counter.returned().cloned().collect(),
        scope: central.scope_of_laptop(counter.device()),
        saved: counter.own().map(|event| *event.hash()).collect(),
        confirmed: counter.own().map(|event| *event.hash()).collect(),
        proved: counter.proved(),
        device: Some(counter.device()),
        ..Desktop::default()
    });
    let world = World {
        desktops: desktops.collect(),
        central: Some(in_words(&central)),
        gone: gone.iter().map(Counter::device).collect(),
        is_quiet: true,
        ..World::default()
    };
    Ended {
        world,
        released: central.released,
        returned: central.returned,
    }
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
            &story(seed, &Keys::new()).world,
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
    let (returned, laptops) = (AtomicU64::new(0), AtomicU64::new(0));
    let kinds = Mutex::new(BTreeSet::new());
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
                    let Ok(Ended {
                        world,
                        released: let_in,
                        returned: sent_back,
                    }) = told
                    else {
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
                    returned.fetch_add(u64::from(sent_back > 0), Ordering::Relaxed);
                    let has_laptop = world.desktops.iter().any(|desktop| desktop.scope.is_some());
                    laptops.fetch_add(u64::from(has_laptop), Ordering::Relaxed);
                    let made = world.central.iter().flat_map(|central| &central.events);
                    let made = made.map(|(event, _)| event.header().kind.clone());
                    kinds.lock().unwrap().extend(made);
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
    let (returned, laptops) = (returned.into_inner(), laptops.into_inner());
    println!("work sent back by a person in {returned}, laptops in {laptops}");
    if stories >= STORIES {
        let kinds = kinds.into_inner().unwrap();
        let unseen = KINDS.into_iter().filter(|kind| !kinds.contains(*kind));
        assert_eq!(unseen.collect::<Vec<_>>(), [""; 0], "people do everything");
        assert!(returned > 0, "and are sent something back");
    }
    assert!(laptops * 10 > stories, "and laptops take part");
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
        let found = invariants::broken(&story(*seed, &keys).world);
        found
            .iter()
            .any(|line| line.contains("lost against another"))
    });

    assert!(caught.is_some(), "in no story of 300");
}
