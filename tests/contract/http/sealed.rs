//! Boxes over HTTP: what opens is judged like any other work, what does not is counted and told, and nothing fails.

use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use skranke_domain::ids::{CommandId, Sha256Digest};
use skranke_protocol::encoding::to_base64_url;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::recovery::{BOX_BYTES, RecoveryKey, RecoverySecret};
use skranke_protocol::wire::{
    MAX_CHUNK_BYTES, Outcome, PushBatch, QuarantineReason, SealedBatch, SealedCommand,
    UPLOAD_LENGTH, UPLOAD_OFFSET, UPLOAD_SEALED, Verdict,
};
use skranke_server::attachments::AttachmentFolder;
use skranke_server::store::key_file::KeyFile;
use skranke_sync::{Cancel, Client, SyncError};
use skranke_testkit::patience::wait_until;

use super::client::refused;
use super::raw::{proof_with, send};
use super::town::Town;
use crate::office::TENANT;

/// The key the server tells, as a client believes it.
fn recovery_key(town: &Town, client: &Client) -> RecoveryKey {
    let told = client.status().unwrap().recovery.unwrap();
    let told = told.verify(&town.server.central().public_key()).unwrap();
    assert_eq!(told.tenant, TENANT);
    told.key
}

fn named(command_id: CommandId, sealed: &[u8]) -> SealedCommand {
    SealedCommand {
        command_id,
        sealed: to_base64_url(sealed),
    }
}

fn in_a_box(key: &RecoveryKey, events: &[SealedEvent]) -> SealedCommand {
    let command = PushBatch::of(events).commands.remove(0);
    let plain = serde_json::to_vec(&command).unwrap();
    named(command.command_id, &key.seal(&plain, &mut OsRng).unwrap())
}

#[test]
fn what_opens_is_judged_like_any_other_work_and_what_does_not_is_counted_and_told() {
    let town = Town::new();
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let key = recovery_key(&town, &client);
    let foreign = RecoverySecret::from_bytes([9; 32]).public();
    let (_, first) = laptop.open_case("2512169996");
    let (_, second) = laptop.open_case("2211771212");
    let good = in_a_box(&key, &first);
    let whole = skranke_protocol::encoding::from_base64_url(&good.sealed).unwrap();
    let mut damaged = whole.clone();
    damaged[40] ^= 1;
    let of_second = in_a_box(&key, &second).command_id;
    let not_text = SealedCommand {
        command_id: of_second,
        sealed: "æ ikke base64".to_owned(),
    };
    let bad = [
        in_a_box(&foreign, &second),
        named(of_second, &damaged),
        named(of_second, &whole[..BOX_BYTES - 1]),
        named(of_second, &[]),
        named(of_second, &whole),
        named(of_second, &key.seal(b"not a command", &mut OsRng).unwrap()),
        not_text,
    ];
    let count = bad.len();
    let commands = [bad.to_vec(), vec![good.clone()]].concat();

    let unsealed = client.push_sealed(&SealedBatch { commands }).unwrap();

    assert_eq!(unsealed.unopened.len(), count);
    let [verdict] = unsealed.pushed.verdicts.as_slice() else {
        panic!("one box opens");
    };
    assert_eq!(verdict.command_id, good.command_id);
    assert!(matches!(
        verdict.verdict.outcome(),
        Outcome::Accepted { .. }
    ));
    assert_eq!(unsealed.pushed.confirmation.seq, first.len() as u64);
    assert_eq!(town.alarms(), ["sealed_not_opened"]);

    // The same box again is known; another device's work is not this one's to bring
    let again = client.push_sealed(&SealedBatch {
        commands: vec![good],
    });
    let verdicts = again.unwrap().pushed.verdicts;
    assert!(matches!(verdicts[0].verdict, Verdict::Duplicate(_)));
    let (other, _) = town.counter(2, &["counter"]);
    let theirs = other.push_sealed(&SealedBatch {
        commands: vec![in_a_box(&key, &second)],
    });
    let reason = QuarantineReason::OtherDevice;
    assert_eq!(
        theirs.unwrap().pushed.verdicts[0].verdict,
        Verdict::First(Outcome::Quarantined { reason })
    );
}

#[test]
fn a_sealed_scan_is_opened_piece_by_piece_and_a_damaged_piece_is_refused() {
    let town = Town::new();
    let (client, _) = town.counter(1, &["counter"]);
    let key = recovery_key(&town, &client);
    let scan: Vec<u8> = b"%PDF-1.7"
        .iter()
        .copied()
        .cycle()
        .take(2_500_000)
        .collect();
    let digest = Sha256Digest::from_bytes(Sha256::digest(&scan).into());
    let mut boxes = Vec::new();
    for piece in scan.chunks(MAX_CHUNK_BYTES - BOX_BYTES) {
        boxes.extend(key.seal(piece, &mut OsRng).unwrap());
    }
    let mut damaged = boxes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let cancel = Cancel::default();

    let torn = client.upload_sealed(&digest, &damaged, &cancel, |_| {});
    assert_eq!(refused(torn), ProblemCode::ContentMismatch);
    let mut told = 0;
    client
        .upload_sealed(&digest, &boxes, &cancel, |done| told = done)
        .unwrap();

    assert_eq!(told, scan.len() as u64);
    let path = |name: &str| town.folder.path().join(name);
    let key = KeyFile::read(&path("central.key")).unwrap();
    let folder = AttachmentFolder::open(&path("central.attachments"), key.as_bytes()).unwrap();
    assert!(folder.read(TENANT, &digest).unwrap() == scan);
}

#[test]
fn a_box_is_judged_by_what_is_in_it_also_where_it_is_named_by_itself() {
    let town = Town::new();
    let (client, laptop) = town.counter(1, &["counter"]);
    let key = recovery_key(&town, &client);
    let scan = b"%PDF-1.7 and so on";
    let sealed = key.seal(scan, &mut OsRng).unwrap();
    let digest = Sha256Digest::from_bytes(Sha256::digest(&sealed).into());
    let path = format!("/v1/attachments/{digest}");
    let headers = [
        proof_with(&town, &laptop, "PATCH", &path, &sealed, None),
        (UPLOAD_OFFSET, "0".to_owned()),
        (UPLOAD_LENGTH, scan.len().to_string()),
        (UPLOAD_SEALED, "?1".to_owned()),
    ];

    let answer = send(&town, "PATCH", &path, &headers, &sealed);

    assert_eq!(answer.problem(), ProblemCode::ContentMismatch);
    assert_eq!(town.uploaded(&digest), Some(0), "nothing of it is kept");
}

#[test]
fn a_scan_that_was_on_its_way_when_its_laptop_gave_it_up_goes_on_in_boxes() {
    let town = Town::new();
    let (client, _) = town.counter(1, &["counter"]);
    let key = recovery_key(&town, &client);
    let mut scan = b"%PDF-1.7".to_vec();
    scan.resize(2_500_000, b'x');
    let digest = Sha256Digest::from_bytes(Sha256::digest(&scan).into());
    let cancel = Cancel::default();
    let cut = client.upload(&digest, &scan, &cancel, |done| {
        if done > 0 {
            cancel.cancel();
        }
    });
    assert_eq!(cut, Err(SyncError::Cancelled));
    let in_a_box = (MAX_CHUNK_BYTES - BOX_BYTES) as u64;
    let is_within_a_box = || town.uploaded(&digest).is_some_and(|at| at % in_a_box > 0);
    wait_until("what came is kept", is_within_a_box);

    let boxes = scan.chunks(MAX_CHUNK_BYTES - BOX_BYTES);
    let boxes: Vec<u8> = boxes
        .flat_map(|piece| key.seal(piece, &mut OsRng).unwrap())
        .collect();
    client
        .upload_sealed(&digest, &boxes, &Cancel::default(), |_| {})
        .unwrap();

    assert_eq!(town.uploaded(&digest), None, "whole");
}
