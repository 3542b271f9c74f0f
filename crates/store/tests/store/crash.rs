//! The program is ended at every step of a save, and at random; nothing that was reported as saved is missing after.
//!
//! The child is this same test, started again with a folder to work in. It prints a line for each save that was
//! reported to it, so the parent knows what was acknowledged.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use skranke_store::{Action, Entry, Options, SaveStep, Store};
use skranke_testkit::invariants;

use crate::desk::{actor, after_fault, case_id, enrol, note, opened, sealer_of};
use crate::scratch::{Scratch, now};

const FOLDER: &str = "SKRANKE_TEST_CRASH_FOLDER";
const STEP: &str = "SKRANKE_TEST_CRASH_STEP";
const SAVES_BEFORE: u32 = 3;

static SAVES_LEFT: AtomicU32 = AtomicU32::new(0);

/// Starts the test `name` again as a child that saves for ever, until it ends itself or is ended.
fn child(name: &str, folder: &Path, step: &str) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(STEP, step)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn abort_at(step: SaveStep) {
    let wanted = variable(STEP).is_some_and(|wanted| format!("{step:?}") == wanted);
    if wanted && SAVES_LEFT.fetch_sub(1, Ordering::SeqCst) == 0 {
        std::process::abort();
    }
}

/// Opens a case in every save and says so after each.
fn save_for_ever(folder: &Path) -> ! {
    SAVES_LEFT.store(SAVES_BEFORE, Ordering::SeqCst);
    let key = Scratch::new().key;
    let options = Options {
        on_step: Some(abort_at),
        ..Options::default()
    };
    let mut store = Store::open(folder, &key, options, now()).unwrap();
    let mut sealer = sealer_of(&store);
    loop {
        let serial = sealer.head.seq / 2 + 1;
        let case = case_id(u128::from(serial));
        let number = format!("2026-S3-{serial}").parse().unwrap();
        let sealed = sealer.seal(case, &[], &[opened(number), note("æøå")]);
        let mut write = store
            .write(&actor(), Entry::new(Action::CommandSaved, now()))
            .unwrap();
        write.append_command(&sealed).unwrap();
        write.commit().unwrap();
        println!("\nsaved {}", sealed[1].header().device_seq);
    }
}

/// Checks everything that must hold after the child has ended, and returns how many events there are.
fn check(scratch: &Scratch, acknowledged: &BTreeSet<u64>) -> u64 {
    let store = scratch.open();
    let read = store.read().unwrap();
    let events = read.own_events(0, u32::MAX).unwrap();
    let seqs: Vec<u64> = events
        .iter()
        .map(|event| event.header().device_seq)
        .collect();
    let head = read.own_device().unwrap().unwrap().head;
    for seq in acknowledged {
        assert!(
            seqs.contains(seq),
            "event {seq} was reported as saved and is gone"
        );
    }
    assert_eq!(
        seqs,
        (1..=head.seq).collect::<Vec<_>>(),
        "the chain has neither gap nor repetition"
    );
    assert_eq!(seqs.len() % 2, 0, "a command is saved whole or not at all");
    assert_eq!(read.outbox_counts().unwrap().total, head.seq / 2);
    assert_eq!(read.case_counts().unwrap().total(), head.seq / 2);
    assert_eq!(store.check_integrity().unwrap(), vec![]);
    assert_eq!(
        store.opening().restored_events,
        0,
        "the log never has what the database lacks"
    );
    let told = acknowledged.iter().map(|seq| {
        let mut events = events.iter();
        let event = events.find(|event| event.header().device_seq == *seq);
        event.map_or([0xff; 32], |event| *event.hash())
    });
    let world = after_fault(&store, scratch.path(), told.collect());
    invariants::hold(&world, "after it was ended");
    drop(read);
    drop(store);

    // The log alone gives the same events.
    let (from_log, _) =
        Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap();
    let restored = from_log.read().unwrap().own_events(0, u32::MAX).unwrap();
    assert_eq!(
        restored, events,
        "the outbox log holds every event that the database held"
    );
    head.seq
}

fn lines(output: impl std::io::Read) -> BTreeSet<u64> {
    BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| saved(&line))
        .collect()
}

fn saved(line: &str) -> Option<u64> {
    line.strip_prefix("saved ")?.parse().ok()
}

#[test]
fn ended_at_any_step_of_a_save_nothing_reported_is_lost() {
    if let Some(folder) = variable(FOLDER) {
        save_for_ever(folder.as_ref());
    }
    for step in SaveStep::ALL {
        let scratch = Scratch::new();
        enrol(&mut scratch.open());

        let name = "crash::ended_at_any_step_of_a_save_nothing_reported_is_lost";
        let mut child = child(name, scratch.path(), &format!("{step:?}"));
        let acknowledged = lines(child.stdout.take().unwrap());
        let ended = child.wait().unwrap();

        assert!(!ended.success(), "{step:?}: the child was to be ended");
        assert_eq!(
            acknowledged.len(),
            SAVES_BEFORE as usize,
            "{step:?}: ended in the fourth save"
        );
        let events = check(&scratch, &acknowledged);
        let survived = u64::from(step != SaveStep::BeforeCommit);
        assert_eq!(events, 2 * (u64::from(SAVES_BEFORE) + survived), "{step:?}");
    }
}

#[test]
fn ended_at_random_moments_nothing_reported_is_lost() {
    if let Some(folder) = variable(FOLDER) {
        save_for_ever(folder.as_ref());
    }
    let scratch = Scratch::new();
    enrol(&mut scratch.open());
    let name = "crash::ended_at_random_moments_nothing_reported_is_lost";
    let mut total = 0;
    for round in 0..8_u64 {
        let mut child = child(name, scratch.path(), "never");
        let mut output = BufReader::new(child.stdout.take().unwrap());
        // However slow the machine is, something is saved before it ends.
        let first = (&mut output).lines().find_map(|line| saved(&line.unwrap()));
        let reader = std::thread::spawn(move || lines(output));
        std::thread::sleep(Duration::from_millis(20 + round * 37));
        child.kill().unwrap();
        child.wait().unwrap();

        let mut acknowledged = reader.join().unwrap();
        acknowledged.extend(first);
        let events = check(&scratch, &acknowledged);
        assert!(events >= total, "events only become more");
        total = events;
    }
    assert!(
        total > 0,
        "at least one child saved something before it was ended"
    );
}
