//! Backup and restore: what was backed up comes back, and what was changed is refused.

use std::fs;

use skranke_store::key::StoreKey;
use skranke_store::key::envelope::{Envelope, Opener, PassphraseCost};
use skranke_store::{Action, Damage, Options, StoreError, restore_backup, verify_backup};
use tempfile::TempDir;

use crate::desk::{Desk, case_id, note};
use crate::scratch::now;

fn desk() -> Desk {
    let mut desk = Desk::new();
    for n in 1..=3 {
        desk.open_case(n, "Åse Holm", "12345678");
    }
    let mut write = desk.write(Action::AttachmentStored);
    write
        .store_attachment(
            "application/pdf",
            &[7; 100_000],
            Some(("image/png", &[8; 10])),
        )
        .unwrap();
    write.set_setting("location", "\"raadhus\"").unwrap();
    write.commit().unwrap();
    desk
}

#[test]
fn a_backup_is_restored_whole_and_goes_on_where_it_stood() {
    let desk = desk();
    let (to, into) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let before = desk.store.read().unwrap().own_events(0, 99).unwrap();

    let report = desk.store.backup_to(to.path(), now()).unwrap();
    let (store, restored) = restore_backup(
        &report.folder,
        into.path(),
        &desk.scratch.key,
        Options::default(),
        now(),
    )
    .unwrap();

    assert_eq!((report.events, report.cases, report.attachments), (6, 3, 2));
    assert_eq!(restored, report);
    let read = store.read().unwrap();
    assert_eq!(read.own_events(0, 99).unwrap(), before);
    assert_eq!(
        read.setting("location").unwrap().as_deref(),
        Some("\"raadhus\"")
    );
    assert_eq!(read.own_device().unwrap().unwrap().head, desk.sealer.head);
    assert_eq!(store.check_integrity().unwrap(), vec![]);
    assert_eq!(
        store.opening().relogged_events + store.opening().restored_events,
        0
    );
}

#[test]
fn a_backup_opens_by_the_recovery_code_when_the_machine_is_gone() {
    let desk = desk();
    let mut envelope = Envelope::new(&desk.scratch.key);
    let cheap = PassphraseCost {
        memory_kib: 64,
        passes: 1,
    };
    let code = envelope.add_recovery(&desk.scratch.key, cheap).unwrap();
    envelope.save(desk.scratch.path()).unwrap();
    let (to, into) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let report = desk.store.backup_to(to.path(), now()).unwrap();
    drop(desk);

    let key = Envelope::load(&report.folder)
        .unwrap()
        .open(&Opener::Recovery(&code))
        .unwrap();
    let (store, _) =
        restore_backup(&report.folder, into.path(), &key, Options::default(), now()).unwrap();

    assert_eq!(store.read().unwrap().case_counts().unwrap().total(), 3);
}

#[test]
fn a_backup_is_encrypted_and_leaves_nothing_beside_it_when_checked() {
    let desk = desk();
    let to = TempDir::new().unwrap();
    let report = desk.store.backup_to(to.path(), now()).unwrap();
    let names = || {
        let mut names: Vec<_> = fs::read_dir(&report.folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    let before = names();

    verify_backup(&report.folder, &desk.scratch.key).unwrap();

    assert_eq!(names(), before);
    let bytes = fs::read(report.folder.join("skranke.db")).unwrap();
    assert!(
        !bytes
            .windows(7)
            .any(|window| window == b"raadhus" || window == b"SQLite ")
    );
    let wrong = verify_backup(&report.folder, &StoreKey::from_bytes([3; 32]));
    assert!(matches!(wrong, Err(StoreError::WrongKey)), "{wrong:?}");
}

#[test]
fn a_backup_that_was_changed_cut_or_robbed_of_a_file_is_refused() {
    let desk = desk();
    let to = TempDir::new().unwrap();
    let report = desk.store.backup_to(to.path(), now()).unwrap();
    let attachment = fs::read_dir(report.folder.join("attachments"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    for file in [
        report.folder.join("skranke.db"),
        report.folder.join("outbox.log"),
        attachment,
    ] {
        let whole = fs::read(&file).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        for bad in [&flipped[..], &whole[..whole.len() - 1], b""] {
            fs::write(&file, bad).unwrap();
            let refused = verify_backup(&report.folder, &desk.scratch.key);
            assert!(
                matches!(refused, Err(StoreError::Damaged(Damage::SealedFile))),
                "{refused:?}"
            );
        }
        fs::remove_file(&file).unwrap();
        assert!(verify_backup(&report.folder, &desk.scratch.key).is_err());
        fs::write(&file, &whole).unwrap();
    }
    verify_backup(&report.folder, &desk.scratch.key).unwrap();
    fs::write(report.folder.join("manifest.json"), "{}").unwrap();
    assert!(matches!(
        verify_backup(&report.folder, &desk.scratch.key),
        Err(StoreError::Damaged(_))
    ));
}

#[test]
fn a_restore_never_writes_over_a_store() {
    let desk = desk();
    let to = TempDir::new().unwrap();
    let report = desk.store.backup_to(to.path(), now()).unwrap();

    let refused = restore_backup(
        &report.folder,
        desk.scratch.path(),
        &desk.scratch.key,
        Options::default(),
        now(),
    );

    assert!(
        matches!(refused, Err(StoreError::Refused(_))),
        "{refused:?}"
    );
    assert!(
        matches!(
            desk.store.backup_to(to.path(), now()),
            Err(StoreError::Refused(_))
        ),
        "nor over a backup"
    );
}

#[test]
fn a_backup_is_made_while_others_write() {
    let mut desk = desk();
    let mut other = desk.scratch.open();
    let writer = std::thread::spawn(move || {
        let mut sealer = crate::desk::sealer_of(&other);
        for n in 0..40 {
            let sealed = sealer.seal(case_id(1), &[], &[note(&format!("{n}"))]);
            crate::desk::save(&mut other, &sealed).unwrap();
        }
    });
    let to = TempDir::new().unwrap();
    let report = desk.store.backup_to(to.path(), now()).unwrap();
    writer.join().unwrap();

    assert!((6..=46).contains(&report.events));
    desk = desk.reopen();
    assert_eq!(
        desk.store.read().unwrap().own_events(0, 99).unwrap().len(),
        46
    );
}
