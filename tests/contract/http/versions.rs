//! Programs of other versions: none is left without a word, nothing they add is lost, and today's exchange stays good.
//!
//! `golden/version-1.json` is what a client of today says and what it is answered. A change that an old client could
//! not live with fails here; the file is written anew (`SKRANKE_WRITE_GENERATED=1`) only with a new protocol version.
//! Basis: design, sections 3 and 6; sync-and-speed 3.7.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use skranke_domain::ids::CommandId;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::signature::Purpose;
use skranke_protocol::version;
use skranke_protocol::wire::{Cursor, FeedItem, PushBatch};
use uuid::Uuid;

use super::raw::{proof_with, send};
use super::recorded::knows_the_grant_of;
use super::town::{SECRET, Town, session};
use crate::office::{Laptop, last};

/// Stands in the recording for what is another at each run.
pub(super) const ANY: &str = "*";

#[test]
fn a_client_of_another_protocol_is_told_so_before_anything_else() {
    let town = Town::new();
    let (_, laptop) = town.counter(1, &["counter"]);
    let ask = |versions: &str| {
        let proof = proof_with(&town, &laptop, "GET", "/v1/status", b"", None);
        let spoken = (version::HEADER, versions.to_owned());
        send(&town, "GET", "/v1/status", &[proof, spoken], b"")
    };

    // Too new and too old alike: by what the server says it speaks, each client knows which of the two it is.
    for other in ["2-2", "2", "7-9", "0"] {
        let answer = ask(other);
        assert_eq!(answer.status, 426, "{other}");
        assert_eq!(answer.problem(), ProblemCode::VersionNotSpoken);
        let head = answer.head.to_lowercase();
        assert!(
            head.contains("skranke-protocol: 1-1"),
            "what it speaks: {head}"
        );
    }
    assert_eq!(ask("1-2").status, 200, "one version in common is enough");
    assert_eq!(ask("two").problem(), ProblemCode::BadParameter);
}

/// The event as a later program would have sealed it: with a field more in its header.
fn of_a_later_program(event: &SealedEvent, laptop: &Laptop) -> SealedEvent {
    let header = String::from_utf8(event.header_bytes().to_vec()).unwrap();
    let header = format!(
        r#"{},"zz_later":["ny"]}}"#,
        header.strip_suffix('}').unwrap()
    );
    let payload = event.payload_bytes().map(<[u8]>::to_vec);
    let with = |signature| {
        let parts = (
            header.clone().into_bytes(),
            payload.clone(),
            event.salt().copied(),
        );
        SealedEvent::from_parts(parts.0, parts.1, parts.2, signature).unwrap()
    };
    let unsigned = with(*event.signature());
    with(laptop.key.sign(Purpose::Event, unsigned.hash()))
}

#[test]
fn what_a_later_program_adds_to_header_and_payload_reaches_the_others_byte_for_byte() {
    let town = Town::new();
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let (other, _) = town.counter(2, &["counter"]);
    let (case_id, opening) = laptop.open_case("2512169996");
    let command = CommandId::from_uuid(Uuid::now_v7());
    let payload = br#"{"later":{"a":[1]},"text":"med et felt mere"}"#.to_vec();
    let note = laptop
        .unsealed(case_id, command, (1, 1), last(&opening))
        .seal_bytes("note_added", 1, payload, [5; 16], &laptop.key)
        .unwrap();
    let note = of_a_later_program(&note, &laptop);

    let pushed = client
        .push(&[opening, vec![note.clone()]].concat())
        .unwrap();
    let page = other.pull(Cursor::START, 100, 0).unwrap();

    let outcome = pushed.verdicts[1].verdict.outcome();
    assert_eq!(outcome.code(), "accepted", "{outcome:?}");
    let FeedItem::Event { event } = &page.sent.items[2].item else {
        panic!("an event")
    };
    assert_eq!(event.header_bytes(), note.header_bytes());
    assert_eq!(event.payload_bytes(), note.payload_bytes());
    assert_eq!(*event, note, "salt and signature too");
    event.verify(&laptop.key.public()).unwrap();
}

/// A request of the recording with its answer.
#[derive(Serialize, Deserialize)]
struct Step {
    method: String,
    path: String,
    body: Value,
    status: u16,
    answer: Value,
}

/// What a client of today says from its enrolment on.
fn said_today(laptop: &mut Laptop) -> Vec<(&'static str, &'static str, Value)> {
    let (case_id, opening) = laptop.open_case("2512169996");
    let note = laptop.note(case_id, &last(&opening), "Ring først");
    let batch = PushBatch::of(&[opening, note].concat());
    vec![
        (
            "POST",
            "/v1/devices",
            json!({ "enrolment_code": SECRET, "name": "Skranke 1" }),
        ),
        ("GET", "/v1/status", Value::Null),
        (
            "POST",
            "/v1/sessions",
            serde_json::to_value(session(laptop, &["counter"])).unwrap(),
        ),
        ("POST", "/v1/events", serde_json::to_value(&batch).unwrap()),
        ("POST", "/v1/events", serde_json::to_value(&batch).unwrap()),
        ("GET", "/v1/events", Value::Null),
        ("GET", "/v1/confirmation", Value::Null),
        ("GET", "/v1/profiles", Value::Null),
        ("GET", "/v1/returned", Value::Null),
    ]
}

fn bytes_of(body: &Value) -> Vec<u8> {
    if body.is_null() {
        return Vec::new();
    }
    serde_json::to_vec(body).unwrap()
}

/// Asks as the old client did; the status and the answer.
fn asked(town: &Town, laptop: &Laptop, (method, path): (&str, &str), body: &Value) -> (u16, Value) {
    let body = bytes_of(body);
    let mut headers = vec![proof_with(town, laptop, method, path, &body, None)];
    headers.push((version::HEADER, "1-1".to_owned()));
    let answer = send(town, method, path, &headers, &body);
    if path == "/v1/sessions" {
        knows_the_grant_of(town, laptop);
    }
    let json = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    (answer.status, json)
}

/// Where two runs of one exchange differ, nothing is said.
pub(super) fn shared(one: &Value, other: &Value) -> Value {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => one
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), shared(value, other.get(name)?))))
            .collect(),
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            one.iter().zip(other).map(|(a, b)| shared(a, b)).collect()
        }
        (one, other) if one == other => one.clone(),
        _ => Value::from(ANY),
    }
}

/// Whether an answer has everything that was recorded; it may have more.
pub(super) fn holds(recorded: &Value, answer: &Value) -> bool {
    match (recorded, answer) {
        (Value::String(any), answer) if any == ANY => !answer.is_null(),
        (Value::Object(recorded), Value::Object(answer)) => recorded
            .iter()
            .all(|(name, value)| answer.get(name).is_some_and(|got| holds(value, got))),
        (Value::Array(recorded), Value::Array(answer)) => {
            recorded.len() == answer.len() && recorded.iter().zip(answer).all(|(a, b)| holds(a, b))
        }
        (recorded, answer) => recorded == answer,
    }
}

fn recorded_anew() -> Vec<Step> {
    let said = said_today(&mut Laptop::new(1));
    let run = || {
        let (town, laptop) = (Town::new(), Laptop::new(1));
        said.iter()
            .map(|(method, path, body)| asked(&town, &laptop, (method, path), body))
            .collect::<Vec<_>>()
    };
    let (one, other) = (run(), run());
    let answers = one
        .iter()
        .zip(&other)
        .map(|(a, b)| (a.0, shared(&a.1, &b.1)));
    let steps = said.iter().zip(answers);
    steps
        .map(|((method, path, body), (status, answer))| Step {
            method: (*method).to_owned(),
            path: (*path).to_owned(),
            body: body.clone(),
            status,
            answer,
        })
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "how the recording is written anew"
)]
#[test]
fn what_a_client_of_version_1_says_is_answered_as_it_was() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract/golden/version-1.json");
    if std::env::var_os("SKRANKE_WRITE_GENERATED").is_some() {
        let text = serde_json::to_string_pretty(&recorded_anew()).unwrap();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("{text}\n")).unwrap();
    }
    let text = std::fs::read_to_string(&path).expect("the recording is committed");
    let steps: Vec<Step> = serde_json::from_str(&text).unwrap();
    let (town, laptop) = (Town::new(), Laptop::new(1));

    assert!(steps.len() >= 9, "the whole exchange");
    for step in steps {
        let endpoint = (step.method.as_str(), step.path.as_str());
        let (status, answer) = asked(&town, &laptop, endpoint, &step.body);
        assert_eq!(status, step.status, "{endpoint:?}");
        assert!(holds(&step.answer, &answer), "{endpoint:?}: {answer:#}");
    }
}

#[test]
fn an_answer_that_lost_or_changed_what_was_recorded_is_found() {
    let recorded = json!({ "epoch": 1, "device": { "seq": 3, "head": ANY } });

    assert!(holds(
        &recorded,
        &json!({ "epoch": 1, "device": { "seq": 3, "head": "x", "new": 0 } })
    ));
    assert!(
        !holds(&recorded, &json!({ "epoch": 1, "device": { "seq": 3 } })),
        "a field is gone"
    );
    assert!(!holds(
        &recorded,
        &json!({ "epoch": "1", "device": { "seq": 3, "head": "x" } })
    ));
}
