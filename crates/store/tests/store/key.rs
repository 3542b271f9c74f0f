//! The key envelope: every way in, and a clear word when one is lost.

use std::cell::RefCell;
use std::fs;

use skranke_store::key::StoreKey;
use skranke_store::key::envelope::{
    Binding, Envelope, KeyError, KeyringEntry, Opener, PassphraseCost,
};
use skranke_store::key::recovery::RecoveryCode;
use tempfile::TempDir;

/// Enough to go through the code; the real cost is tested once.
const CHEAP: PassphraseCost = PassphraseCost {
    memory_kib: 64,
    passes: 1,
};

fn sealed() -> (TempDir, StoreKey, Envelope) {
    let key = StoreKey::generate();
    let envelope = Envelope::new(&key);
    (TempDir::new().unwrap(), key, envelope)
}

#[test]
fn a_key_file_opens_and_its_loss_is_named() {
    let (folder, key, mut envelope) = sealed();
    let path = folder.path().join("store.key");
    envelope.add_key_file(&key, &path).unwrap();
    envelope.save(folder.path()).unwrap();

    let loaded = Envelope::load(folder.path()).unwrap();
    let opened = loaded.open(&Opener::KeyFile(&path)).unwrap();
    fs::remove_file(&path).unwrap();
    let lost = loaded.open(&Opener::KeyFile(&path));

    assert_eq!(opened, key);
    assert!(matches!(lost, Err(KeyError::KeyFileMissing)), "{lost:?}");
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, key, mut envelope) = sealed();
    let path = folder.path().join("store.key");
    envelope.add_key_file(&key, &path).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );

    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();

    let refused = envelope.open(&Opener::KeyFile(&path));
    assert!(
        matches!(refused, Err(KeyError::KeyFileOpenToOthers)),
        "{refused:?}"
    );
}

#[test]
fn a_pin_opens_only_as_typed_and_only_with_its_share() {
    let (_folder, key, mut envelope) = sealed();
    let share = [3; 32];
    envelope
        .add_passphrase(&key, "714205", Some(&share), CHEAP)
        .unwrap();

    let open = |text, share| envelope.open(&Opener::Passphrase { text, share });

    assert!(envelope.passphrase_needs_share());
    assert_eq!(open("714205", Some(&share)).unwrap(), key);
    assert!(matches!(
        open("714206", Some(&share)),
        Err(KeyError::WrongSecret)
    ));
    assert!(matches!(open("714205", None), Err(KeyError::WrongSecret)));
    assert!(matches!(
        open("714205", Some(&[4; 32])),
        Err(KeyError::WrongSecret)
    ));
    assert!(matches!(
        envelope.add_passphrase(&key, "71420", None, CHEAP),
        Err(KeyError::TooShort)
    ));
}

#[test]
fn the_recovery_code_opens_when_all_else_is_lost() {
    let (folder, key, mut envelope) = sealed();
    let path = folder.path().join("store.key");
    envelope.add_key_file(&key, &path).unwrap();
    let code = envelope.add_recovery(&key, CHEAP).unwrap();
    envelope.save(folder.path()).unwrap();
    fs::remove_file(&path).unwrap();

    let typed: RecoveryCode = code.reveal().to_lowercase().parse().unwrap();
    let envelope = Envelope::load(folder.path()).unwrap();

    assert_eq!(envelope.open(&Opener::Recovery(&typed)).unwrap(), key);
    let another = RecoveryCode::generate();
    assert!(matches!(
        envelope.open(&Opener::Recovery(&another)),
        Err(KeyError::WrongSecret)
    ));
}

#[test]
fn a_new_recovery_code_replaces_the_old_one() {
    let (_folder, key, mut envelope) = sealed();
    let old = envelope.add_recovery(&key, CHEAP).unwrap();

    let new = envelope.add_recovery(&key, CHEAP).unwrap();

    assert!(matches!(
        envelope.open(&Opener::Recovery(&old)),
        Err(KeyError::WrongSecret)
    ));
    assert_eq!(envelope.open(&Opener::Recovery(&new)).unwrap(), key);
}

#[test]
fn the_key_store_opens_and_an_empty_one_is_told_from_one_out_of_reach() {
    let (_folder, key, mut envelope) = sealed();
    let kept = RefCell::new(None);
    let read = || Ok(kept.borrow().clone());
    let write = |text: &str| {
        *kept.borrow_mut() = Some(text.to_owned());
        Ok(())
    };
    let entry = || KeyringEntry {
        read: &read,
        write: &write,
    };
    envelope.add_key_store(&key, &entry()).unwrap();

    let opened = envelope.open(&Opener::KeyStore(entry()));
    kept.borrow_mut().take();
    let empty = envelope.open(&Opener::KeyStore(entry()));
    let away = envelope.open(&Opener::KeyStore(KeyringEntry {
        read: &|| Err(KeyError::KeyStoreUnreachable),
        write: &|_| Ok(()),
    }));

    assert_eq!(opened.unwrap(), key);
    assert!(matches!(empty, Err(KeyError::KeyStoreEmpty)), "{empty:?}");
    assert!(
        matches!(away, Err(KeyError::KeyStoreUnreachable)),
        "{away:?}"
    );
}

#[test]
fn a_way_the_store_was_never_sealed_in_is_named() {
    let (_folder, key, mut envelope) = sealed();
    envelope.add_recovery(&key, CHEAP).unwrap();

    let refused = envelope.open(&Opener::Passphrase {
        text: "714205",
        share: None,
    });

    assert!(matches!(refused, Err(KeyError::NoSuchWrap)), "{refused:?}");
    assert!(envelope.ways().recovery && !envelope.ways().passphrase);
}

#[test]
fn the_envelope_is_missing_unreadable_or_newer_and_its_copy_steps_in() {
    let (folder, key, mut envelope) = sealed();
    let path = folder.path().join("key.json");
    assert!(matches!(
        Envelope::load(folder.path()),
        Err(KeyError::EnvelopeMissing)
    ));
    let code = envelope.add_recovery(&key, CHEAP).unwrap();
    envelope.save(folder.path()).unwrap();

    fs::write(&path, "{ half").unwrap();
    let from_copy = Envelope::load(folder.path()).unwrap();
    fs::write(folder.path().join("key.copy.json"), "").unwrap();
    let ruined = Envelope::load(folder.path());
    fs::write(&path, r#"{"version":2,"check":"","wraps":[]}"#).unwrap();
    let newer = Envelope::load(folder.path());

    assert_eq!(from_copy.open(&Opener::Recovery(&code)).unwrap(), key);
    assert!(
        matches!(ruined, Err(KeyError::EnvelopeUnreadable)),
        "{ruined:?}"
    );
    assert!(matches!(newer, Err(KeyError::EnvelopeNewer)), "{newer:?}");
}

#[test]
fn an_envelope_of_another_store_does_not_take_this_key() {
    let (folder, _key, mut envelope) = sealed();
    let other = StoreKey::generate();

    assert!(!envelope.fits(&other));
    assert!(
        envelope
            .add_key_file(&other, &folder.path().join("k"))
            .is_err()
    );
}

#[test]
fn nothing_of_the_key_is_readable_in_the_envelope() {
    let key = StoreKey::from_bytes(*b"0123456789abcdef0123456789abcdef");
    let folder = TempDir::new().unwrap();
    let mut envelope = Envelope::new(&key);
    envelope
        .add_passphrase(&key, "hemmelig kode", None, CHEAP)
        .unwrap();
    envelope.save(folder.path()).unwrap();

    let text = fs::read_to_string(folder.path().join("key.json")).unwrap();

    assert!(!text.contains("hemmelig"));
    assert!(
        !text.contains(&"30313233343536373839".to_owned()),
        "no part of the key, not even as digits"
    );
}

#[test]
fn the_real_cost_opens_too() {
    let (_folder, key, mut envelope) = sealed();
    envelope
        .add_passphrase(&key, "to tre fire", None, PassphraseCost::default())
        .unwrap();

    assert_eq!(
        envelope
            .open(&Opener::Passphrase {
                text: "to tre fire",
                share: None
            })
            .unwrap(),
        key
    );
}

#[test]
fn an_envelope_that_asks_for_all_memory_is_refused() {
    let (folder, key, mut envelope) = sealed();
    envelope
        .add_passphrase(&key, "714205", None, CHEAP)
        .unwrap();
    envelope.save(folder.path()).unwrap();
    let path = folder.path().join("key.json");
    let greedy = fs::read_to_string(&path)
        .unwrap()
        .replace("\"memory_kib\": 64", "\"memory_kib\": 4294967295");
    fs::write(&path, greedy).unwrap();

    let refused = Envelope::load(folder.path())
        .unwrap()
        .open(&Opener::Passphrase {
            text: "714205",
            share: None,
        });

    assert!(matches!(refused, Err(KeyError::Cost)), "{refused:?}");
}

#[test]
fn with_a_pin_neither_the_key_file_nor_the_pin_alone_opens_and_the_recovery_code_still_does() {
    let (folder, key, mut envelope) = sealed();
    let path = folder.path().join("store.key");
    let place = Opener::KeyFile(&path);
    envelope.add_key_file(&key, &path).unwrap();
    let without_code = envelope.require_pin(&key, "714205", &place, CHEAP);
    assert!(matches!(without_code, Err(KeyError::NoSuchWrap)));
    let code = envelope.add_recovery(&key, CHEAP).unwrap();

    envelope.require_pin(&key, "714205", &place, CHEAP).unwrap();

    assert!(envelope.asks_for_pin());
    let open = |pin, place| envelope.open_with_pin(pin, &place, None);
    assert!(matches!(envelope.open(&place), Err(KeyError::NoSuchWrap)));
    assert_eq!(open("714205", Opener::KeyFile(&path)).unwrap(), key);
    let wrong = open("714206", Opener::KeyFile(&path));
    assert!(matches!(wrong, Err(KeyError::WrongSecret)));
    let other = folder.path().join("other.key");
    Envelope::new(&key).add_key_file(&key, &other).unwrap();
    let elsewhere = open("714205", Opener::KeyFile(&other));
    assert!(matches!(elsewhere, Err(KeyError::WrongSecret)));
    fs::remove_file(&path).unwrap();
    let lost = open("714205", Opener::KeyFile(&path));
    assert!(matches!(lost, Err(KeyError::KeyFileMissing)));
    assert_eq!(envelope.open(&Opener::Recovery(&code)).unwrap(), key);
}

#[test]
fn a_bound_pin_opens_only_with_the_servers_share_and_the_recovery_code_without_it() {
    let (folder, key, mut envelope) = sealed();
    let path = folder.path().join("store.key");
    let place = || Opener::KeyFile(&path);
    envelope.add_key_file(&key, &path).unwrap();
    let code = envelope.add_recovery(&key, CHEAP).unwrap();
    envelope
        .require_pin(&key, "714205", &place(), CHEAP)
        .unwrap();
    let (share, other) = ([7; 32], [8; 32]);
    let binding = Binding {
        url: "https://skranke.solbjerg.example".to_owned(),
        tenant: "990".to_owned(),
        device_id: "d".to_owned(),
        asking_key: [9; 32],
        ticket: "t".to_owned(),
    };

    envelope.bind(binding.clone(), &share).unwrap();
    envelope.save(folder.path()).unwrap();
    let mut envelope = Envelope::load(folder.path()).unwrap();

    assert_eq!(envelope.binding(), Some(&binding));
    assert!(envelope.is_bound_to(&share) && !envelope.is_bound_to(&other));
    let open = |envelope: &Envelope, pin, share| envelope.open_with_pin(pin, &place(), share);
    assert_eq!(open(&envelope, "714205", Some(&share)).unwrap(), key);
    // Without the share not even the right PIN can be told from a wrong one.
    for pin in ["714205", "714206"] {
        for none in [None, Some(&other)] {
            let ended = open(&envelope, pin, none);
            assert!(matches!(ended, Err(KeyError::LeaseEnded)));
        }
    }
    assert!(envelope.bind(binding, &share).is_err(), "not twice");
    assert_eq!(envelope.open(&Opener::Recovery(&code)).unwrap(), key);
    envelope.unbind(Some(&share)).unwrap();
    assert_eq!(open(&envelope, "714205", None).unwrap(), key);
}

#[test]
fn a_copy_that_a_cut_left_behind_is_written_again_and_a_good_one_is_kept() {
    let (folder, key, mut envelope) = sealed();
    let code = envelope.add_recovery(&key, CHEAP).unwrap();
    envelope.save(folder.path()).unwrap();
    let [first, copy] = ["key.json", "key.copy.json"].map(|name| folder.path().join(name));
    fs::write(&copy, "{}").unwrap();

    Envelope::mend_copy(folder.path()).unwrap();

    assert_eq!(fs::read(&copy).unwrap(), fs::read(&first).unwrap());
    fs::write(&first, "ruined").unwrap();
    Envelope::mend_copy(folder.path()).unwrap();
    let loaded = Envelope::load(folder.path()).unwrap();
    assert_eq!(loaded.open(&Opener::Recovery(&code)).unwrap(), key);
}
