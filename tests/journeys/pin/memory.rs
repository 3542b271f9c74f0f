//! Behind the locked screen no key is left in the program's memory. Linux alone shows a program its memory as a file.
//!
//! Memory is copied into files first and looked through afterwards: the test knows no key before the last copy is made,
//! so it never finds its own.
//!
//! Basis: reliability, threat T1; decision 40.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{PIN, protected_by, secret};
use crate::office::{self, Office};

/// What each key that is derived from the store's own is made for.
const USES: [&str; 5] = [
    "database",
    "outbox-log",
    "attachment-content",
    "attachment-name",
    "second-copy",
];

/// Copies all memory this program may write to: heap, stacks and statics.
fn copy_memory_into(file: &Path) {
    let memory = File::open("/proc/self/mem").expect("opened");
    let mut copy = File::create(file).expect("made");
    let mut piece = vec![0; 1 << 20];
    let maps = std::fs::read_to_string("/proc/self/maps").expect("read");
    for (begin, end) in maps.lines().filter_map(writable) {
        let mut at = begin;
        while at < end {
            let wanted = piece.len().min(usize::try_from(end - at).expect("fits"));
            // A part that the kernel shows to nobody ends its map.
            let Ok(read @ 1..) = memory.read_at(&mut piece[..wanted], at) else {
                break;
            };
            copy.write_all(&piece[..read]).expect("written");
            at += read as u64;
        }
    }
    // What was copied last would be found again in the next copy.
    piece.fill(0);
    std::hint::black_box(&piece);
}

/// Where a line of the maps begins and ends, if the program may write there.
fn writable(line: &str) -> Option<(u64, u64)> {
    let (range, rest) = line.split_once(' ')?;
    let (begin, end) = range.split_once('-')?;
    let read = |text| u64::from_str_radix(text, 16).ok();
    rest.starts_with("rw").then_some((read(begin)?, read(end)?))
}

/// The wrap of an envelope that opens in this way.
fn wrap_of(envelope: &[u8], way: &str) -> Value {
    let envelope: Value = serde_json::from_slice(envelope).expect("an envelope");
    let mut wraps = envelope["wraps"].as_array().expect("wraps").iter();
    let wrap = wraps.find(|wrap| wrap["way"] == way).expect("a wrap");
    let mut wrap = wrap.clone();
    wrap["check"] = envelope["check"].clone();
    wrap
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// The store's own key, from an envelope of the time before the PIN and the secret of the key file, with nothing of
/// ours.
fn own_key(before_the_pin: &[u8], held: &[u8]) -> Vec<u8> {
    let wrap = wrap_of(before_the_pin, "key_file");
    let nonce = bytes_of(text(&wrap["nonce"]));
    let payload = Payload {
        msg: &bytes_of(text(&wrap["sealed"])),
        aad: text(&wrap["check"]).as_bytes(),
    };
    XChaCha20Poly1305::new(held.into())
        .decrypt(XNonce::from_slice(&nonce), payload)
        .expect("unsealed")
}

/// What the PIN becomes before it opens the envelope: as good as the key to whoever has the disk.
fn stretched_pin(envelope: &[u8], held: &[u8]) -> Vec<u8> {
    let stretch = &wrap_of(envelope, "passphrase")["stretch"];
    let number =
        |name: &str| u32::try_from(stretch[name].as_u64().expect("a number")).expect("small");
    let params =
        Params::new(number("memory_kib"), number("passes"), 1, Some(32)).expect("in range");
    let mut stretched = vec![0; 32];
    Argon2::new_with_secret(held, Algorithm::Argon2id, Version::V0x13, params)
        .expect("a secret")
        .hash_password_into(
            PIN.as_bytes(),
            &bytes_of(text(&stretch["salt"])),
            &mut stretched,
        )
        .expect("stretched");
    stretched
}

fn bytes_of(digits: &str) -> Vec<u8> {
    let digits = digits.trim().as_bytes().chunks(2);
    let pairs = digits.map(|pair| std::str::from_utf8(pair).expect("digits"));
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).expect("digits"))
        .collect()
}

/// Everything with which the store or a part of it could be opened.
fn keys_of(key: Vec<u8>, pin: Vec<u8>) -> Vec<(String, Vec<u8>)> {
    let derived = USES.map(|wanted| {
        let label = format!("skranke/store/{wanted}/1\0");
        let derived = Sha256::new().chain_update(label).chain_update(&key);
        (wanted.to_owned(), derived.finalize().to_vec())
    });
    // The database takes its key in digits.
    let digits: String = derived[0]
        .1
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut keys = vec![
        ("the store's own".to_owned(), key),
        ("the PIN, stretched".to_owned(), pin),
        ("database, in digits".to_owned(), digits.into_bytes()),
    ];
    keys.extend(derived);
    let swapped: Vec<_> = keys.iter().map(|(name, key)| as_words(name, key)).collect();
    keys.extend(swapped);
    keys
}

/// A key as hashes and ciphers hold it, in words whose bytes stand the other way round.
fn as_words(name: &str, key: &[u8]) -> (String, Vec<u8>) {
    let words = key.chunks(4);
    let bytes = words.flat_map(|word| word.iter().rev().copied());
    (format!("{name}, in words"), bytes.collect())
}

/// Which of the keys stand in a copy of memory, and how often.
fn found_in(copy: &Path, keys: &[(String, Vec<u8>)]) -> Vec<(String, usize)> {
    let memory = std::fs::read(copy).expect("read");
    let times = |key: &[u8]| {
        let begins = memory
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == key[0]);
        begins
            .filter(|(at, _)| memory[*at..].starts_with(key))
            .count()
    };
    let found = keys.iter().map(|(name, key)| (name.clone(), times(key)));
    found.filter(|(_, times)| *times > 0).collect()
}

#[test]
fn behind_the_locked_screen_no_key_is_left_in_memory() {
    // Given a laptop with a PIN, on which somebody worked
    let office = Office::open();
    let folder = office.folder.path().join("store");
    let before_the_pin = std::fs::read(folder.join("key.json")).expect("read");
    let (office, _) = protected_by(office);
    let app = &office.app;
    app.pin_open(secret(PIN)).expect("opened");
    office.sign_in("karin");
    office.registered();
    let copies = tempfile::tempdir().expect("a folder");
    let [open, locked] = ["open", "locked"].map(|name| copies.path().join(name));
    copy_memory_into(&open);

    // When the screen is locked
    app.session_lock(()).expect("locked");
    copy_memory_into(&locked);

    // Then what was found in memory before is found no more
    let key_file = office::key_file(office.folder.path());
    let held = bytes_of(&std::fs::read_to_string(key_file).expect("read"));
    let envelope = std::fs::read(folder.join("key.json")).expect("read");
    let keys = keys_of(
        own_key(&before_the_pin, &held),
        stretched_pin(&envelope, &held),
    );
    let while_open = found_in(&open, &keys);
    assert!(
        while_open.iter().any(|(name, _)| name == "the store's own"),
        "the search finds what is there: {while_open:?}"
    );
    assert_eq!(found_in(&locked, &keys), []);
}
