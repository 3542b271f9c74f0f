//! Room on the disk: a full or read-only disk never gives a false "gemt", and the ballast gives way when needed.
//!
//! The disk is a small one in memory, mounted for a child process alone; the child is this same test started again.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use skranke_store::{Action, Entry, Options, Saved, Store, StoreError};
use skranke_testkit::invariants::{self, World};
use skranke_testkit::small_disk::SmallDisk;

use crate::desk::{actor, after_fault, case_id, enrol, note, opened, sealer_of, told};
use crate::scratch::{Scratch, now};

const BALLAST_BYTES: u64 = 1_000_000;

#[test]
fn the_ballast_is_laid_once_and_released_on_demand() {
    let scratch = Scratch::new();
    let options = Options {
        ballast_bytes: 3_000_000,
        ..Options::default()
    };
    let store = Store::open(scratch.path(), &scratch.key, options, now()).unwrap();

    store.lay_ballast().unwrap();
    store.lay_ballast().unwrap();
    let laid = fs::metadata(scratch.path().join("ballast")).unwrap().len();
    let released = store.release_ballast().unwrap();

    assert_eq!((laid, released), (3_000_000, 3_000_000));
    assert!(!scratch.path().join("ballast").exists());
    assert_eq!(
        store.release_ballast().unwrap(),
        0,
        "there is nothing to release twice"
    );
}

fn save_one(store: &mut Store, serial: u32) -> Result<Saved, StoreError> {
    let mut sealer = sealer_of(store);
    let number = format!("2026-S3-{serial}").parse().unwrap();
    let case = case_id(u128::from(serial));
    let sealed = sealer.seal(
        case,
        &[],
        &[opened(number), note(&"ordene fylder ".repeat(600))],
    );
    let mut write = store.write(
        &actor(),
        Entry::new(Action::CommandSaved, now()).on_case(case),
    )?;
    write.append_command(&sealed)?;
    write.commit()
}

fn fill(disk: &Path) {
    let options = || Options {
        ballast_bytes: BALLAST_BYTES,
        ..Options::default()
    };
    let key = Scratch::new().key;
    let mut store = Store::open(disk, &key, options(), now()).unwrap();
    store.lay_ballast().unwrap();
    enrol(&mut store);
    let mut saved = 0;
    let refused = loop {
        match save_one(&mut store, saved + 1) {
            Ok(_) => saved += 1,
            Err(error) => break error,
        }
        assert!(saved < 5000, "the disk is small");
    };
    assert!(matches!(refused, StoreError::DiskFull), "{refused:?}");
    assert!(saved > 20, "the disk was not full from the start");
    let again = save_one(&mut store, saved + 1);
    assert!(matches!(again, Err(StoreError::DiskFull)), "{again:?}");
    assert_eq!(
        store.read().unwrap().case_counts().unwrap().total(),
        u64::from(saved),
        "reading goes on"
    );

    assert_eq!(store.release_ballast().unwrap(), BALLAST_BYTES);
    for _ in 0..5 {
        saved += 1;
        save_one(&mut store, saved).expect("the case at hand can be finished without a restart");
    }
    let said = told(&store);
    assert_eq!(said.len(), 2 * saved as usize);
    drop(store);

    let begun = Instant::now();
    let store = Store::open(disk, &key, options(), now()).unwrap();
    let took = begun.elapsed();
    let read = store.read().unwrap();
    assert_eq!(
        read.case_counts().unwrap().total(),
        u64::from(saved),
        "what was said to be saved is there"
    );
    let world = World {
        recovered: vec![("the counter".to_owned(), took)],
        ..after_fault(&store, disk, said)
    };
    invariants::hold(&world, "after the disk was full");
    assert_eq!(store.check_integrity().unwrap(), vec![]);
}

#[test]
fn a_full_disk_is_said_and_the_case_at_hand_is_finished_on_the_ballast() {
    const NAME: &str = "room::a_full_disk_is_said_and_the_case_at_hand_is_finished_on_the_ballast";
    if let Some(small) = SmallDisk::of(NAME, 8) {
        fill(small.path());
    }
}

#[test]
fn a_disk_that_becomes_read_only_is_said_and_nothing_is_called_saved() {
    const NAME: &str = "room::a_disk_that_becomes_read_only_is_said_and_nothing_is_called_saved";
    if let Some(small) = SmallDisk::of(NAME, 16) {
        read_only(small.path());
    }
}

fn read_only(disk: &Path) {
    let remount = |how: &str| {
        assert!(
            Command::new("mount")
                .args(["-o", how])
                .arg(disk)
                .status()
                .unwrap()
                .success()
        );
    };
    let key = Scratch::new().key;
    let mut store = Store::open(disk, &key, Options::default(), now()).unwrap();
    enrol(&mut store);
    save_one(&mut store, 1).unwrap();
    drop(store);

    remount("remount,ro");
    let opened = Store::open(disk, &key, Options::default(), now());
    assert!(matches!(opened, Err(StoreError::NotWritable)), "{opened:?}");
    remount("remount,rw");

    let mut store = Store::open(disk, &key, Options::default(), now()).unwrap();
    save_one(&mut store, 2).unwrap();
    assert_eq!(store.read().unwrap().case_counts().unwrap().total(), 2);
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::TempDir::new().unwrap();
    let folder = place.path().join("locked");
    fs::write(&folder, "a file where the folder should be").unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o400)).unwrap();

    let refused = Store::open(&folder, &Scratch::new().key, Options::default(), now());

    assert!(
        matches!(refused, Err(StoreError::Io(_) | StoreError::NotWritable)),
        "{refused:?}"
    );
}
