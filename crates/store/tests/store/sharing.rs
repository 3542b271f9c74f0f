//! Two programs with one store: window and command line. Nothing is lost, doubled or blocked for ever.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::thread;

use skranke_store::{Action, Entry, Options, Store, StoreError};
use skranke_testkit::invariants;

use crate::desk::{Desk, actor, after_fault, case_id, opened, save, sealer_of, told};
use crate::scratch::{Scratch, now};

const FOLDER: &str = "SKRANKE_TEST_SHARING_FOLDER";
const CASES: u32 = 25;

/// Opens cases as one of several programs does: seals on the head it sees, and seals anew when it has moved on.
fn work(store: &mut Store) -> u32 {
    let mut sealed_anew = 0;
    for _ in 0..CASES {
        let mut write = store
            .write(&actor(), Entry::new(Action::CommandSaved, now()))
            .unwrap();
        let number = write.next_case_number(2026).unwrap();
        write.commit().unwrap();
        loop {
            let mut sealer = sealer_of(store);
            let case = case_id(u128::from(number.serial()));
            let sealed = sealer.seal(case, &[], &[opened(number.clone())]);
            match save(store, &sealed) {
                Ok(_) => break,
                Err(StoreError::HeadMoved) => sealed_anew += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    sealed_anew
}

#[test]
fn two_processes_and_two_threads_share_one_chain_without_loss() {
    if let Ok(folder) = std::env::var(FOLDER) {
        let key = Scratch::new().key;
        work(&mut Store::open(folder.as_ref(), &key, Options::default(), now()).unwrap());
        return;
    }
    let desk = Desk::new();
    let folder = desk.scratch.path().to_owned();
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "sharing::two_processes_and_two_threads_share_one_chain_without_loss",
            "--exact",
        ])
        .env(FOLDER, &folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let (folder, key) = (folder.clone(), desk.scratch.key.clone());
            thread::spawn(move || {
                work(&mut Store::open(&folder, &key, Options::default(), now()).unwrap())
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(child.wait_with_output().unwrap().status.success());

    let Desk { scratch, store, .. } = desk;
    let events = store.read().unwrap().own_events(0, u32::MAX).unwrap();
    let all = 3 * u64::from(CASES);
    let seqs: Vec<u64> = events
        .iter()
        .map(|event| event.header().device_seq)
        .collect();
    let cases: BTreeSet<_> = events.iter().map(|event| event.header().case_id).collect();
    assert_eq!(seqs, (1..=all).collect::<Vec<_>>());
    assert_eq!(
        cases.len() as u64,
        all,
        "every case got a number of its own"
    );
    let world = after_fault(&store, scratch.path(), told(&store));
    invariants::hold(&world, "after two programs had one store");
    drop(store);
    let (store, _) =
        Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap();
    assert_eq!(
        store.read().unwrap().own_events(0, u32::MAX).unwrap(),
        events,
        "the log has them all"
    );
    assert!(
        store.opening().log_set_aside.files.is_empty(),
        "nobody wrote over another's record"
    );
}

#[test]
fn a_writer_that_holds_on_gives_busy_after_a_while_and_nothing_is_saved() {
    let mut desk = Desk::new();
    let holder = desk.scratch.connect();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();

    let refused = desk
        .store
        .write(&actor(), Entry::new(Action::SettingChanged, now()))
        .err();
    let readable = desk.store.read().unwrap().case_counts().is_ok();
    drop(holder);
    let after = desk
        .store
        .write(&actor(), Entry::new(Action::SettingChanged, now()))
        .is_ok();

    assert!(matches!(refused, Some(StoreError::Busy)), "{refused:?}");
    assert!(readable, "a reader never waits for a writer");
    assert!(after);
}

#[test]
fn a_log_rewritten_by_another_program_is_followed() {
    let mut desk = Desk::new();
    desk.open_case(1, "Bo Lind", "");
    let mut other = desk.scratch.open();

    other.trim_outbox_log().unwrap();
    desk.open_case(2, "Bo Lind", "");

    let Desk { scratch, store, .. } = desk;
    drop((store, other));
    let (store, _) =
        Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap();
    assert_eq!(store.read().unwrap().case_counts().unwrap().total(), 2);
}
