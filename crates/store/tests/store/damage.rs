//! Damage is found, named, set aside and never deleted.

use std::fs;

use skranke_store::key::envelope::Envelope;
use skranke_store::{Damage, Options, Store, StoreError};

use crate::scratch::{Scratch, now};

#[test]
fn a_damaged_database_is_set_aside_with_its_log_and_never_deleted() {
    let scratch = Scratch::new();
    Envelope::new(&scratch.key).save(scratch.path()).unwrap();
    drop(scratch.open());
    let mut bytes = fs::read(scratch.database()).unwrap();
    bytes[64] ^= 0x40;
    fs::write(scratch.database(), &bytes).unwrap();
    fs::write(scratch.path().join("skranke.db-wal"), b"left over").unwrap();
    assert!(matches!(
        scratch.try_open(),
        Err(StoreError::Damaged(Damage::Header))
    ));

    let (store, moved) =
        Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap();

    assert_eq!(store.check_integrity().unwrap(), vec![]);
    let kept: Vec<_> = moved
        .files
        .iter()
        .map(|f| (f.file_name().unwrap().to_owned(), fs::read(f).unwrap()))
        .collect();
    assert!(kept.contains(&("skranke.db.damaged-20260313T125000000Z".into(), bytes)));
    assert!(
        kept.iter()
            .any(|(name, _)| name == "skranke.db.damaged-20260313T125000000Z-wal")
    );
}

#[test]
fn setting_aside_twice_in_the_same_moment_keeps_both() {
    let scratch = Scratch::new();
    drop(scratch.open());

    drop(Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap());
    let (_, second) =
        Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap();

    assert!(
        second
            .files
            .iter()
            .any(|f| f.to_string_lossy().ends_with("-2"))
    );
    let kept = fs::read_dir(scratch.path()).unwrap().filter(|e| {
        e.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains("damaged-")
    });
    assert!(kept.count() >= 2);
}

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let scratch = Scratch::new();
    drop(scratch.open());
    let whole = fs::read(scratch.database()).unwrap();
    let mut found = 0;
    let places: Vec<usize> = (0..120).map(|n| (n * 7919 + 13) % whole.len()).collect();

    for place in &places {
        let mut bytes = whole.clone();
        bytes[*place] ^= 1 << (place % 8);
        fs::write(scratch.database(), &bytes).unwrap();
        found += usize::from(match scratch.try_open() {
            Ok(store) => !store.check_integrity().unwrap().is_empty(),
            Err(StoreError::Damaged(_) | StoreError::WrongKey) => true,
            Err(other) => panic!("{other:?}"),
        });
    }

    assert_eq!(found, places.len());
}
