//! PostgreSQL that ends transactions because of others: each is run again from its beginning, the desktop notices
//! nothing, and nothing is there twice.
//!
//! The database is made to do so by itself, as often as asked and with either of its two reasons: at a statement that
//! writes, at the commit, and where something is only read.
//! Basis: sync-and-speed, section 7 (every transaction is a retryable function).

use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{PushBatch, Verdict};
use skranke_testkit::invariants::{self, Desktop, World};

use super::raw::{proof_with, send};
use super::town::Town;
use crate::in_words::central_in_words;
use crate::office::TENANT;
use crate::on_both::Kind;
use crate::postgres::ending::{Ending, Where};

/// A serialization failure and a deadlock, by PostgreSQL's codes.
const REASONS: [&str; 2] = ["40001", "40P01"];
/// Each transaction is run five times at most.
const TIMES: u32 = 4;

/// Everything that was acknowledged is there once, and all else holds.
fn holds(town: &Town, acknowledged: &[SealedEvent], story: &str) {
    let operator = town.operator();
    assert_eq!(operator.alarms(TENANT).unwrap(), [], "{story}");
    let world = World {
        desktops: vec![Desktop {
            name: "the counter".to_owned(),
            confirmed: acknowledged.iter().map(|event| *event.hash()).collect(),
            events: acknowledged.to_vec(),
            ..Desktop::default()
        }],
        central: Some(central_in_words(operator.as_ref(), TENANT)),
        is_quiet: true,
        left: vec![town.folder.path().to_owned()],
        ..World::default()
    };
    invariants::hold(&world, story);
    let position = operator.tenant(TENANT).unwrap().position();
    assert_eq!(
        position,
        acknowledged.len() as u64,
        "{story}: nothing twice"
    );
}

#[test]
fn a_push_whose_transactions_are_ended_again_and_again_is_taken_once_with_one_receipt() {
    let town = Town::on(Kind::Postgres);
    let cluster = town.cluster.as_ref().unwrap();
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let mut acknowledged = Vec::new();
    for reason in REASONS {
        for place in [Where::Statement, Where::Commit, Where::Reading] {
            let story = format!("{place:?} {reason}");
            let (_, opening) = laptop.open_case("2512169996");

            let ending = Ending::begin(cluster, place, "event", reason, TIMES);
            let first = client.push(&opening).unwrap();
            assert_eq!(ending.ended(), TIMES, "{story}: it was really ended");
            drop(ending);
            let ending = Ending::begin(cluster, place, "receipt", reason, TIMES);
            let again = client.push(&opening).unwrap();
            assert_eq!(ending.ended(), TIMES, "{story}: a duplicate writes too");
            drop(ending);

            let outcome = first.verdicts[0].verdict.outcome();
            assert_eq!(outcome.code(), "accepted", "{story}");
            let duplicate = Verdict::Duplicate(outcome.clone());
            assert_eq!(again.verdicts[0].verdict, duplicate, "{story}");
            for event in &opening {
                let receipts = town.operator().receipts(TENANT, event.hash()).unwrap();
                assert_eq!(receipts, 1, "{story}");
            }
            acknowledged.extend(opening);
            holds(&town, &acknowledged, &story);
        }
    }
}

#[test]
fn where_every_run_is_ended_the_desktop_is_told_to_come_again_and_nothing_of_it_is_kept() {
    let town = Town::on(Kind::Postgres);
    let cluster = town.cluster.as_ref().unwrap();
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let (_, opening) = laptop.open_case("2512169996");
    let body = serde_json::to_vec(&PushBatch::of(&opening)).unwrap();
    for place in [Where::Statement, Where::Commit, Where::Reading] {
        let story = format!("{place:?}");
        let ending = Ending::begin(cluster, place, "event", REASONS[0], 1_000);

        let proof = proof_with(&town, &laptop, "POST", "/v1/events", &body, None);
        let answer = send(&town, "POST", "/v1/events", &[proof], &body);

        assert_eq!(answer.status, 503, "{story}");
        assert_eq!(answer.problem(), ProblemCode::Unavailable, "{story}");
        let head = answer.head.to_lowercase();
        assert!(head.contains("\r\nretry-after: "), "{story}: {head}");
        let ended = ending.ended();
        assert_eq!(ended, TIMES + 1, "{story}: so often and no more");
        drop(ending);
        holds(&town, &[], &story);
    }

    client.push(&opening).unwrap();
    holds(&town, &opening, "after it");
}
