//! How much one computer leaves in an hour: whoever leaves too much is asked to wait, loses nothing by it, and keeps nobody
//! else waiting.
//!
//! Basis: reliability, threat T13.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};
use skranke_domain::ids::Sha256Digest;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{MAX_BATCH_BYTES, MAX_CHUNK_BYTES, UPLOAD_LENGTH, UPLOAD_OFFSET};
use skranke_server::pace::Volumes;
use skranke_sync::{Cancel, Client, Connection, Environment, UnderWay, send_all};

use super::client::refused;
use super::exhausted::Outbox;
use super::raw::{Answer, proof_with, send};
use super::town::{Town, environment, now};
use crate::office::{Laptop, TENANT};
use crate::on_both::{Kind, on_both};

on_both!(
    whatever_a_computer_leaves_is_counted_unpacked_and_in_one_and_the_one_beside_is_not_held_up,
    a_desktop_that_leaves_too_much_waits_as_asked_and_hands_in_all_of_it_later,
);

/// Where a computer leaves something that is no file, and a message of which nothing is kept.
const LEFT_AT: [(&str, &str); 4] = [
    ("/v1/events", r#"{"commands":[]}"#),
    ("/v1/sealed", r#"{"commands":[]}"#),
    ("/v1/audit", r#"{"previous":"","rows":[]}"#),
    ("/v1/wipe-order", r#"{"draft":""}"#),
];

/// Leaves a message that is as large as a batch and mostly air, packed where packed ones are taken.
fn leave(town: &Town, laptop: &Laptop, (path, message): (&str, &str)) -> Answer {
    let mut body = message.as_bytes().to_vec();
    body.resize(MAX_BATCH_BYTES, b' ');
    let packs = path != "/v1/wipe-order";
    if packs {
        body = zstd::encode_all(body.as_slice(), 1).unwrap();
    }
    let proof = proof_with(town, laptop, "POST", path, &body, None);
    let coding = packs.then(|| ("Content-Encoding", "zstd".to_owned()));
    let headers: Vec<_> = [proof].into_iter().chain(coding).collect();
    send(town, "POST", path, &headers, &body)
}

fn whatever_a_computer_leaves_is_counted_unpacked_and_in_one_and_the_one_beside_is_not_held_up(
    kind: Kind,
) {
    let town = Town::on_with(kind, |config| {
        config.volumes.records = (LEFT_AT.len() * MAX_BATCH_BYTES) as u64;
    });
    let (_, laptop) = town.counter(1, &["counter"]);
    let (_, beside) = town.counter(2, &["counter"]);

    for at in LEFT_AT {
        assert_ne!(leave(&town, &laptop, at).status, 429, "{at:?}");
    }
    for at in LEFT_AT {
        let answer = leave(&town, &laptop, at);
        assert_eq!(answer.problem(), ProblemCode::TooManyRequests, "{at:?}");
        let head = answer.head.to_lowercase();
        let wait = head.split("retry-after: ").nth(1).expect("how long");
        let seconds: u32 = wait.split_whitespace().next().unwrap().parse().unwrap();
        // A quarter of it is there again after a quarter of an hour.
        assert!((600..=900).contains(&seconds), "{at:?}: {head}");
    }
    assert_eq!(leave(&town, &beside, LEFT_AT[0]).status, 200);
}

#[test]
fn a_computer_that_is_shut_out_leaves_far_less() {
    let town = Town::with(|config| {
        config.volumes.records_of_revoked = 2 * MAX_BATCH_BYTES as u64;
    });
    let (_, laptop) = town.counter(1, &["counter"]);
    let leaves = || [(); 3].map(|()| leave(&town, &laptop, LEFT_AT[0]).status);

    assert_eq!(leaves(), [200; 3]);
    town.revoke(&laptop);
    let [first, _, third] = leaves();

    assert_eq!((first, third), (200, 429));
}

/// The desktop's own client, and how long it was to wait each time.
fn patient(town: &Town, laptop: &Laptop) -> (Client, Arc<Mutex<Vec<Duration>>>) {
    let waited = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&waited);
    let environment = Environment::new(
        now,
        |bytes| bytes.copy_from_slice(&uuid::Uuid::now_v7().as_bytes()[16 - bytes.len()..]),
        move |time, _| hears.lock().unwrap().push(time),
    );
    let connection = Connection {
        base_url: town.server.url().to_owned(),
        tenant: TENANT.to_owned(),
        device_id: laptop.id,
        key: laptop.key.clone(),
        server_key: Some(town.server.central().public_key()),
        ca_file: None,
    };
    (Client::new(connection, environment), waited)
}

fn a_desktop_that_leaves_too_much_waits_as_asked_and_hands_in_all_of_it_later(kind: Kind) {
    let town = Town::on_with(kind, |config| config.volumes.records = 1);
    let (_, mut laptop) = town.counter(1, &["counter"]);
    let (_, opening) = laptop.open_case("2512169996");
    let hand_in = |client: &Client| {
        let mut outbox = Outbox {
            waiting: Some(&opening),
            confirmed: 0,
        };
        let sent = send_all(client, &Cancel::default(), UnderWay::Two, &mut outbox);
        (sent, outbox.confirmed)
    };
    let position = |town: &Town| town.operator().tenant(TENANT).unwrap().position();

    let (client, waited) = patient(&town, &laptop);
    let (refusal, confirmed) = hand_in(&client);

    assert_eq!(refused(refusal), ProblemCode::TooManyRequests);
    assert_eq!((confirmed, position(&town)), (0, 0), "nothing is promised");
    // It was asked for more, and comes again after five minutes at the latest.
    let longest = Duration::from_secs(300);
    assert_eq!(*waited.lock().unwrap(), [longest; 2]);

    let town = town.restart_with(|config| config.volumes = Volumes::default());
    let (sent, confirmed) = hand_in(&patient(&town, &laptop).0);

    sent.unwrap();
    let all = opening.len() as u64;
    assert_eq!((confirmed, position(&town)), (all, all), "all of it, once");
}

#[test]
fn a_scan_that_is_too_much_is_kept_as_far_as_it_came_and_goes_on_there() {
    let fits = 2 * MAX_CHUNK_BYTES as u64;
    let town = Town::with(|config| config.volumes.files = fits);
    let (client, laptop) = town.counter(1, &["counter"]);
    let mut scan = b"%PDF-1.7\n".to_vec();
    scan.resize(5 * MAX_CHUNK_BYTES / 2, b'x');
    let digest = Sha256Digest::from_bytes(Sha256::digest(&scan).into());
    let upload = |client: &Client| {
        let mut stood = Vec::new();
        let result = client.upload(&digest, &scan, &Cancel::default(), |at| stood.push(at));
        (result, stood.first().copied())
    };

    let refusal = upload(&client).0.unwrap_err();

    assert!(refusal.is_retryable(), "{refusal}");
    assert!(refusal.asks_to_wait() > Some(Duration::from_secs(60)));
    assert_eq!(refused::<()>(Err(refusal)), ProblemCode::TooManyRequests);
    assert_eq!(town.uploaded(&digest), Some(fits));

    let town = town.restart_with(|config| config.volumes = Volumes::default());
    let (taken, from) = upload(&town.client(&laptop, environment(TimeDelta::zero())));

    assert_eq!(
        (taken, from),
        (Ok(()), Some(fits)),
        "what came is not sent again"
    );
    assert_eq!(town.uploaded(&digest), None, "whole");
}

#[test]
fn a_scan_that_is_only_begun_counts_too() {
    let town = Town::with(|config| config.volumes.files = 2 * 64 * 1024);
    let (_, laptop) = town.counter(1, &["counter"]);
    let begin = |nth: u8| {
        let path = format!("/v1/attachments/{}", Sha256Digest::from_bytes([nth; 32]));
        let headers = [
            proof_with(&town, &laptop, "PATCH", &path, b"%", None),
            (UPLOAD_OFFSET, "0".to_owned()),
            (UPLOAD_LENGTH, "100".to_owned()),
        ];
        send(&town, "PATCH", &path, &headers, b"%").status
    };

    assert_eq!([1, 2, 3].map(begin), [204, 204, 429]);
}
