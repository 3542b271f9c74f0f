//! One of the two files is ruined, goes back in time, or falls behind: the other puts it right.

use std::fs;
use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};

use skranke_store::key::StoreKey;
use skranke_store::{Damage, Options, SecondCopy, Store, StoreError};
use skranke_testkit::invariants;

use crate::desk::{Desk, actor, after_fault, note, told};
use crate::scratch::{Scratch, now};

fn log_of(scratch: &Scratch) -> std::path::PathBuf {
    scratch.path().join("outbox.log")
}

fn three_cases() -> Desk {
    let mut desk = Desk::new();
    for n in 1..=3 {
        desk.open_case(n, "Åse Holm", "12345678");
    }
    desk
}

#[test]
fn a_ruined_database_is_made_anew_from_the_outbox_log() {
    let desk = three_cases();
    let before = desk.store.read().unwrap().own_events(0, 99).unwrap();
    let Desk { scratch, store, .. } = desk;
    let said = told(&store);
    drop(store);
    fs::write(scratch.database(), vec![0x5a; 40_000]).unwrap();
    assert!(
        matches!(scratch.try_open(), Err(StoreError::Damaged(Damage::Header))),
        "the log vouches for the key"
    );

    let (mut store, moved) =
        Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap();

    assert_eq!(
        fs::read(moved.files.last().unwrap()).unwrap(),
        vec![0x5a; 40_000],
        "kept as it was"
    );
    assert_eq!(store.opening().restored_events, 6);
    let read = store.read().unwrap();
    assert_eq!(read.own_events(0, 99).unwrap(), before);
    assert_eq!(
        read.outbox_counts().unwrap().waiting,
        3,
        "everything is offered to the central store again"
    );
    assert_eq!(read.case_counts().unwrap().total(), 3);
    let own = read.own_device().unwrap().unwrap();
    assert_eq!((own.device, own.head.seq), (actor().device, 6));
    drop(read);
    let world = after_fault(&store, scratch.path(), said);
    invariants::hold(&world, "after the database was ruined");
    let mut sealer = crate::desk::sealer_of(&store);
    let sealed = sealer.seal(crate::desk::case_id(1), &[], &[note("videre")]);
    crate::desk::save(&mut store, &sealed).unwrap();
    let mut write = store
        .write(
            &actor(),
            skranke_store::Entry::new(skranke_store::Action::CommandSaved, now()),
        )
        .unwrap();
    assert_eq!(
        write.next_case_number(2026).unwrap().to_string(),
        "2026-S3-0004",
        "no number is given twice"
    );
}

#[test]
fn a_database_that_vanished_is_not_silently_replaced_by_an_empty_one() {
    let Desk { scratch, store, .. } = three_cases();
    let said = told(&store);
    drop(store);
    for name in ["skranke.db", "skranke.db-wal", "skranke.db-shm"] {
        let _ = fs::remove_file(scratch.path().join(name));
    }

    let refused = scratch.try_open();
    let (store, _) =
        Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap();

    assert!(
        matches!(refused, Err(StoreError::Damaged(Damage::Missing))),
        "{refused:?}"
    );
    assert_eq!(store.read().unwrap().case_counts().unwrap().total(), 3);
    let world = after_fault(&store, scratch.path(), said);
    invariants::hold(&world, "after the database vanished");
}

#[test]
fn an_older_copy_of_the_whole_database_is_noticed_and_brought_up_to_date() {
    let mut desk = three_cases();
    desk = desk.reopen();
    drop(desk.store);
    let old = fs::read(desk.scratch.database()).unwrap();
    desk.store = desk.scratch.open();
    desk.save(crate::desk::case_id(1), &[note("siden")]);
    desk.open_case(4, "Bo Lind", "");
    let whole = desk.store.read().unwrap().own_events(0, 99).unwrap();
    let said = told(&desk.store);
    drop(desk.store);
    let _ = fs::remove_file(desk.scratch.path().join("skranke.db-wal"));
    fs::write(desk.scratch.database(), old).unwrap();

    let store = desk.scratch.open();

    assert_eq!(
        store.opening().restored_events,
        3,
        "SQLCipher alone does not notice (reliability, finding 4)"
    );
    assert_eq!(store.read().unwrap().own_events(0, 99).unwrap(), whole);
    assert_eq!(
        store.read().unwrap().own_device().unwrap().unwrap().head,
        desk.sealer.head
    );
    let world = after_fault(&store, desk.scratch.path(), said);
    invariants::hold(&world, "after the database was an older copy");
}

#[test]
fn a_lost_log_is_written_anew_from_the_database() {
    let Desk { scratch, store, .. } = three_cases();
    drop(store);
    fs::remove_file(log_of(&scratch)).unwrap();

    drop(scratch.open());
    let (store, _) =
        Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap();

    assert_eq!(store.opening().restored_events, 6);
}

#[test]
fn a_torn_last_record_is_cut_off_and_written_again() {
    for cut in [1, 9, 40, 200] {
        let Desk { scratch, store, .. } = three_cases();
        let said = told(&store);
        drop(store);
        let log = OpenOptions::new()
            .write(true)
            .open(log_of(&scratch))
            .unwrap();
        let length = log.metadata().unwrap().len();
        log.set_len(length - cut).unwrap();

        let store = scratch.open();

        assert_eq!(store.opening().relogged_events, 1, "cut by {cut}");
        assert_eq!(
            store.opening().log_set_aside.files.len(),
            0,
            "a torn record is no damage"
        );
        drop(store);
        let (store, _) =
            Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap();
        assert_eq!(store.opening().restored_events, 6, "cut by {cut}");
        let world = after_fault(&store, scratch.path(), said);
        invariants::hold(&world, "after the log was torn");
    }
}

#[test]
fn a_log_changed_anywhere_is_set_aside_and_written_anew() {
    let Desk { scratch, store, .. } = three_cases();
    drop(store);
    let whole = fs::read(log_of(&scratch)).unwrap();
    for place in (0..whole.len()).step_by(211) {
        let mut changed = whole.clone();
        changed[place] ^= 0x10;
        fs::write(log_of(&scratch), &changed).unwrap();

        let store = Store::open(scratch.path(), &scratch.key, Options::default(), now());
        // The start of the log says which key it was written under; the database shows that the key is right.
        let store = match store {
            Err(StoreError::WrongKey) => {
                assert!((8..16).contains(&place));
                continue;
            }
            other => other.unwrap(),
        };

        let opening = store.opening();
        let noticed = opening.relogged_events > 0 || !opening.log_set_aside.files.is_empty();
        assert!(noticed, "a bit at {place} of {}", whole.len());
        drop(store);
        let again = scratch.open();
        assert_eq!(again.opening().relogged_events, 0);
        assert!(
            again.opening().log_set_aside.files.is_empty(),
            "the new log is whole"
        );
    }
}

#[test]
fn records_behind_damage_in_the_log_are_still_read() {
    let Desk { scratch, store, .. } = three_cases();
    drop(store);
    let log = fs::read(log_of(&scratch)).unwrap();
    let frames: Vec<usize> = log
        .windows(4)
        .enumerate()
        .filter(|(_, w)| w == b"SKF1")
        .map(|(at, _)| at)
        .collect();
    assert_eq!(frames.len(), 7, "the device and six events");
    let mut file = OpenOptions::new()
        .write(true)
        .open(log_of(&scratch))
        .unwrap();
    file.seek(SeekFrom::Start(frames[2] as u64 + 30)).unwrap();
    file.write_all(b"????").unwrap();

    let (store, _) =
        Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap();

    assert_eq!(
        store.opening().restored_events,
        5,
        "all but the damaged one"
    );
    assert_eq!(store.opening().log_set_aside.files.len(), 1);
}

#[test]
fn a_record_taken_out_of_the_log_or_moved_is_noticed() {
    let Desk { scratch, store, .. } = three_cases();
    drop(store);
    let log = fs::read(log_of(&scratch)).unwrap();
    let frames: Vec<usize> = log
        .windows(4)
        .enumerate()
        .filter(|(_, w)| w == b"SKF1")
        .map(|(at, _)| at)
        .collect();
    let without = [&log[..frames[2]], &log[frames[3]..]].concat();
    fs::write(log_of(&scratch), without).unwrap();

    let store = scratch.open();

    assert_eq!(store.opening().log_set_aside.files.len(), 1);
}

#[test]
fn a_log_that_cannot_be_written_is_said_and_caught_up_with() {
    let mut desk = three_cases();
    let aside = desk.scratch.path().join("away");
    fs::rename(log_of(&desk.scratch), &aside).unwrap();

    let case = crate::desk::case_id(1);
    let sealed = desk.sealer.seal(case, &[], &[note("uden log")]);
    let mut write = desk.write(skranke_store::Action::CommandSaved);
    write.append_command(&sealed).unwrap();
    let behind = write.commit().unwrap();
    fs::rename(&aside, log_of(&desk.scratch)).unwrap();
    let sealed = desk.sealer.seal(case, &[], &[note("med log")]);
    let mut write = desk.write(skranke_store::Action::CommandSaved);
    write.append_command(&sealed).unwrap();
    let caught_up = write.commit().unwrap();

    assert_eq!(behind.second_copy, SecondCopy::Behind);
    assert_eq!(caught_up.second_copy, SecondCopy::Written);
    let Desk { scratch, store, .. } = desk;
    drop(store);
    let (store, _) =
        Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap();
    assert_eq!(
        store.opening().restored_events,
        8,
        "both notes are in the log"
    );
}

#[test]
fn nothing_typed_is_readable_in_any_file_of_the_store() {
    let mut desk = Desk::new();
    desk.open_case(1, "Sentinelsen", "87654321");
    let case = crate::desk::case_id(1);
    desk.save(case, &[note("SENTINELNOTE")]);
    let mut write = desk.write(skranke_store::Action::DraftSaved);
    let draft = skranke_domain::ids::DraftId::from_uuid(crate::desk::uuid(9));
    write
        .save_draft(draft, None, 1, r#"{"name":"SENTINELDRAFT"}"#)
        .unwrap();
    let file = write
        .store_attachment(
            "text/plain",
            b"SENTINELFILE",
            Some(("text/plain", b"SENTINELVIEW")),
        )
        .unwrap();
    write.attach_to_draft(draft, file).unwrap();
    write.commit().unwrap();
    let cpr = crate::desk::cpr(1).reveal_for(skranke_domain::cpr::Purpose::Storage);

    let mut files = vec![desk.scratch.path().to_owned()];
    let mut seen = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        seen += 1;
        let bytes = fs::read(&path).unwrap();
        for word in ["SENTINEL", "Sentinel", "sentinel", "87654321", cpr.as_str()] {
            let found = bytes
                .windows(word.len())
                .any(|window| window == word.as_bytes());
            assert!(!found, "{} holds a word that was typed", path.display());
            assert!(!path.to_string_lossy().contains(word));
        }
    }
    assert!(
        seen >= 5,
        "database, its log, outbox log and two sealed files were looked at"
    );
}

#[test]
fn a_log_of_another_key_does_not_open() {
    let Desk { scratch, store, .. } = three_cases();
    drop(store);

    let refused = Store::open(
        scratch.path(),
        &StoreKey::from_bytes([9; 32]),
        Options::default(),
        now(),
    );

    assert!(matches!(refused, Err(StoreError::WrongKey)), "{refused:?}");
}
