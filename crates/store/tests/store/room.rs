//! Room on the disk: a full or read-only disk never gives a false "gemt", and the ballast gives way when needed.
//!
//! The disk is a small one in memory, mounted for a child process alone; the child is this same test started again.
//! A disk that turns read-only while the store is open is played by a library in front of C's (`room/turned.c`).

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

/// Where the disk is that turns, and the file whose being there turns it; for the child alone.
const DISK: &str = "SKRANKE_DISK";
const TURNED: &str = "SKRANKE_TURNED";
/// What the child says at its end, so that one that ran no test at all is noticed.
const DONE: &str = "turned and back";

#[test]
fn a_disk_that_turns_read_only_under_an_open_store_is_said_and_nothing_is_called_saved() {
    const NAME: &str =
        "room::a_disk_that_turns_read_only_under_an_open_store_is_said_and_nothing_is_called_saved";
    if let (Some(disk), Some(turned)) = (std::env::var_os(DISK), std::env::var_os(TURNED)) {
        turns_read_only(Path::new(&disk), Path::new(&turned));
        println!("{DONE}");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let disk = place.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let library = place.path().join("turned.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/room/turned.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status();
    assert!(built.unwrap().success(), "a C compiler, as for the linker");

    let child = Command::new(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env("LD_PRELOAD", &library)
        .env(DISK, &disk)
        .env(TURNED, place.path().join("turned"))
        .output()
        .unwrap();

    let said = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && said.contains(DONE), "{said}");
}

fn turns_read_only(disk: &Path, turned: &Path) {
    let key = Scratch::new().key;
    let mut store = Store::open(disk, &key, Options::default(), now()).unwrap();
    enrol(&mut store);
    save_one(&mut store, 1).unwrap();

    fs::write(turned, "").unwrap();
    for _ in 0..2 {
        let refused = save_one(&mut store, 2);
        assert!(
            matches!(refused, Err(StoreError::NotWritable)),
            "{refused:?}"
        );
        let cases = store.read().unwrap().case_counts().unwrap().total();
        assert_eq!(
            cases, 1,
            "what was saved is read, and nothing else is there"
        );
    }
    fs::remove_file(turned).unwrap();
    save_one(&mut store, 2).expect("it goes on without a restart");
    let said = told(&store);
    drop(store);

    let store = Store::open(disk, &key, Options::default(), now()).unwrap();
    assert_eq!(store.read().unwrap().case_counts().unwrap().total(), 2);
    assert_eq!(told(&store), said, "what was told is there");
    let world = after_fault(&store, disk, said);
    invariants::hold(&world, "after the disk was read-only");
    assert_eq!(store.check_integrity().unwrap(), vec![]);
}

#[test]
fn a_store_on_a_read_only_disk_does_not_open_and_says_so() {
    const NAME: &str = "room::a_store_on_a_read_only_disk_does_not_open_and_says_so";
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
    let said = told(&store);
    drop(store);

    remount("remount,ro");
    let opened = Store::open(disk, &key, Options::default(), now());
    assert!(matches!(opened, Err(StoreError::NotWritable)), "{opened:?}");
    remount("remount,rw");

    let mut store = Store::open(disk, &key, Options::default(), now()).unwrap();
    save_one(&mut store, 2).unwrap();
    assert_eq!(store.read().unwrap().case_counts().unwrap().total(), 2);
    let world = after_fault(&store, disk, said);
    invariants::hold(&world, "after it did not open");
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
