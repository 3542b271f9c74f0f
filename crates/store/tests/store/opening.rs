//! Opening: the right key opens, everything else is told apart.

use std::fs;

use rusqlite::Connection;
use skranke_store::key::StoreKey;
use skranke_store::key::envelope::Envelope;
use skranke_store::{Damage, Options, Store, StoreError};

use crate::scratch::{Scratch, now};

#[test]
fn a_new_store_is_made_at_the_newest_version_and_opens_again() {
    let scratch = Scratch::new();

    drop(scratch.open());
    let store = scratch.open();

    assert_eq!(
        store.version().unwrap(),
        skranke_store::migrate::newest_version()
    );
    assert_eq!(store.check_integrity().unwrap(), vec![]);
}

#[test]
fn the_file_is_encrypted_and_private() {
    let scratch = Scratch::new();
    drop(scratch.open());

    let bytes = fs::read(scratch.database()).unwrap();

    assert!(bytes.len() >= 8192);
    assert!(
        !bytes
            .windows(8)
            .any(|w| w == b"case_vie" || w == b"SQLite f"),
        "no word of the schema is readable"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            fs::metadata(scratch.database())
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o600
        );
    }
}

#[test]
fn a_wrong_key_is_refused_and_named() {
    let scratch = Scratch::new();
    drop(scratch.open());
    let before = fs::read(scratch.database()).unwrap();

    let refused = Store::open(
        scratch.path(),
        &StoreKey::from_bytes([8; 32]),
        Options::default(),
        now(),
    );

    assert!(matches!(refused, Err(StoreError::WrongKey)), "{refused:?}");
    assert_eq!(
        fs::read(scratch.database()).unwrap(),
        before,
        "the file is left as it was"
    );
}

#[test]
fn a_wrong_key_is_told_from_a_ruined_first_page_by_the_envelope() {
    let scratch = Scratch::new();
    Envelope::new(&scratch.key).save(scratch.path()).unwrap();
    drop(scratch.open());
    let mut bytes = fs::read(scratch.database()).unwrap();
    bytes[100] ^= 1;
    fs::write(scratch.database(), bytes).unwrap();

    let wrong = Store::open(
        scratch.path(),
        &StoreKey::from_bytes([8; 32]),
        Options::default(),
        now(),
    );
    let ruined = scratch.try_open();

    assert!(matches!(wrong, Err(StoreError::WrongKey)), "{wrong:?}");
    assert!(
        matches!(ruined, Err(StoreError::Damaged(Damage::Header))),
        "{ruined:?}"
    );
}

#[test]
fn another_programs_database_is_refused() {
    let scratch = Scratch::new();
    let plain = Connection::open(scratch.database()).unwrap();
    plain.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(plain);

    assert!(matches!(scratch.try_open(), Err(StoreError::NotADatabase)));
}

#[test]
fn a_newer_database_is_refused_unless_it_says_that_older_programs_may_read_it() {
    let scratch = Scratch::new();
    drop(scratch.open());
    let newest = skranke_store::migrate::newest_version();

    scratch.raw(|raw| {
        raw.execute_batch(&format!(
            "PRAGMA user_version = {}; UPDATE schema_note SET oldest_reader = {}",
            newest + 2,
            newest + 1
        ))
        .unwrap();
    });
    let refused = scratch.try_open();
    scratch.raw(|raw| {
        raw.execute("UPDATE schema_note SET oldest_reader = ?1", [newest])
            .unwrap();
    });
    let allowed = scratch.open();

    assert!(
        matches!(refused, Err(StoreError::NewerDatabase { found, supported }) if found == newest + 2 && supported == newest),
        "{refused:?}"
    );
    assert_eq!(
        allowed.version().unwrap(),
        newest + 2,
        "an older program never lowers the version"
    );
}
