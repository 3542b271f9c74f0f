//! A day of a desktop, recorded once and never written over: each request to the central store and its whole answer.
//!
//! Today's server is asked what was asked then and must answer alike: an old client with a new server. Today's client
//! lives through the same day with the answers of then: a new client with an old server.
//! Basis: design, section 6; sync-and-speed 3.7.

mod day;
mod line;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use skranke_domain::role::Role;
use skranke_protocol::encoding::to_hex;
use skranke_protocol::instant;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{PushBatch, Scope};
use skranke_server::accounts;
use skranke_server::policy::TABLE;
use skranke_server::store::EnrolmentCode;
use skranke_sync::{Client, Connection, Environment};

use super::raw::send;
use super::town::{Town, now};
use super::versions::{ANY, holds, shared};
use crate::office::{Laptop, TENANT, insert_grant, noon};
use line::{OldServer, Recorder};

/// Endpoints that are not in the recording: three no desktop asks, one that needs an identity provider, and one that
/// came later.
const NOT_RECORDED: [(&str, &str); 5] = [
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/v1/openapi.json"),
    ("POST", "/v1/sign-ins"),
    ("POST", "/v1/sealed"),
];
/// What of an answer is a secret that later requests show again.
const SHOWN_AGAIN: [&str; 3] = ["access_token", "refresh_token", "ticket"];

/// Headers by their names in small letters.
type Headers = BTreeMap<String, String>;

/// A request and its answer.
#[derive(Clone, Serialize, Deserialize)]
struct Exchange {
    /// The seed of the computer that asked, and of the key that proved it.
    by: (u8, u8),
    method: String,
    /// Path and query.
    target: String,
    /// All but the proof.
    headers: Headers,
    body: Value,
    answer: Answered,
    /// What of the answer is the same each time.
    same: Answered,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Answered {
    status: u16,
    headers: Headers,
    body: Value,
}

#[derive(Serialize, Deserialize)]
struct Recording {
    /// When it was made.
    at: String,
    exchanges: Vec<Exchange>,
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contract/golden/day-1.json")
}

/// JSON as itself, anything else by its digits.
fn readable(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| {
        let digits = Value::from(to_hex(bytes));
        Value::Object(Map::from_iter([("hex".to_owned(), digits)]))
    })
}

fn bytes_of(body: &Value) -> Vec<u8> {
    match body {
        Value::Null => Vec::new(),
        Value::Object(only) if only.len() == 1 && only.contains_key("hex") => {
            let digits = only["hex"].as_str().unwrap().as_bytes();
            let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
            digits.chunks(2).map(|pair| byte(pair).unwrap()).collect()
        }
        Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => serde_json::to_vec(body).unwrap(),
    }
}

/// Every text of a value by the path to it.
fn texts(value: &Value, path: &str, each: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => each(path, text),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| texts(value, &format!("{path}/{name}"), each)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| texts(value, &format!("{path}/{index}"), each)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A value with each text changed.
fn with_texts(value: &Value, change: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => change(text).into(),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), with_texts(value, change)))
                .collect(),
        ),
        Value::Array(items) => items.iter().map(|item| with_texts(item, change)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// Replaces the secrets of earlier answers by where they stand: `{3/tokens/ticket}`.
fn without_secrets(text: &str, earlier: &[Exchange]) -> String {
    let mut text = text.to_owned();
    for (number, exchange) in earlier.iter().enumerate() {
        texts(&exchange.answer.body, "", &mut |path, secret| {
            if SHOWN_AGAIN.iter().any(|name| path.ends_with(name)) {
                text = text.replace(secret, &format!("{{{number}{path}}}"));
            }
        });
    }
    text
}

/// Puts in the secrets of this run's answers.
fn with_secrets(text: &str, answers: &[Answered]) -> String {
    let Some((before, rest)) = text.split_once('{') else {
        return text.to_owned();
    };
    let place = rest.strip_suffix('}').and_then(|place| {
        let (number, path) = place.split_once('/')?;
        Some((number.parse::<usize>().ok()?, format!("/{path}")))
    });
    match place {
        Some((number, path)) => {
            let secret = answers[number].body.pointer(&path).unwrap();
            format!("{before}{}", secret.as_str().unwrap())
        }
        None => text.to_owned(),
    }
}

/// The municipality before its day: a code for the laptop that goes out.
fn town() -> Town {
    let town = Town::new();
    let row = EnrolmentCode {
        digest: Sha256::digest(day::CODE).into(),
        scope: Scope::OwnCases,
        expires_at: now() + TimeDelta::hours(1),
        device_id: None,
    };
    let operator = town.operator();
    accounts::add_enrolment_code(operator.as_ref(), TENANT, &row, now()).unwrap();
    town
}

/// Whoever works there signed in before, so that the grant their work names is known at every run.
pub(super) fn knows_the_grant_of(town: &Town, laptop: &Laptop) {
    let operator = town.operator();
    let server = SigningKey::from_seed(&operator.server_keys().unwrap().signing_seed);
    let grant = laptop.grant_from(laptop.grant, &[Role::Counter], noon());
    let mut transaction = operator.begin(TENANT).unwrap();
    insert_grant(transaction.as_mut(), &grant, &server);
    transaction.commit().unwrap();
}

/// A computer's client with the clock at `at`, at this address.
fn client(url: &str, at: DateTime<Utc>, (laptop, key): (&Laptop, &SigningKey)) -> Client {
    let connection = Connection {
        base_url: url.to_owned(),
        tenant: TENANT.to_owned(),
        device_id: laptop.id,
        key: key.clone(),
        server_key: None,
        ca_file: None,
    };
    let random = |bytes: &mut [u8]| {
        let number = uuid::Uuid::now_v7();
        let numbers = number.as_bytes().iter().rev().cycle();
        bytes
            .iter_mut()
            .zip(numbers)
            .for_each(|(to, from)| *to = *from);
    };
    Client::new(connection, Environment::new(move || at, random, |_, _| {}))
}

/// Asks a server everything again, in order.
fn asked_again(exchanges: &[Exchange]) -> Vec<Answered> {
    let town = town();
    let mut answers: Vec<Answered> = Vec::new();
    for exchange in exchanges {
        let change = |text: &str| with_secrets(text, &answers);
        let body = bytes_of(&with_texts(&exchange.body, &change));
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in &exchange.headers {
            headers.push((name.clone(), change(value)));
        }
        let token = headers.iter().find(|(name, _)| name == "authorization");
        let token = token.and_then(|(_, value)| value.strip_prefix("DPoP "));
        let (path, query) = exchange
            .target
            .split_once('?')
            .unwrap_or((&exchange.target, ""));
        let asked = line::Asked {
            method: &exchange.method,
            url: &format!("{}{path}", town.server.url()),
            query,
            body: &body,
            token,
        };
        headers.push(("dpop".to_owned(), asked.proved(exchange.by)));
        let headers: Vec<(&str, String)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        let answer = send(&town, &exchange.method, &exchange.target, &headers, &body);
        let is_enrolled = (exchange.method.as_str(), path) == ("POST", "/v1/devices");
        if is_enrolled && exchange.by.0 != day::OUTREACH {
            knows_the_grant_of(&town, &Laptop::new(exchange.by.0));
        }
        answers.push(Answered {
            status: answer.status,
            headers: line::noted(&answer.head),
            body: readable(&answer.body),
        });
    }
    answers
}

/// Lives the day with a server of today between a recorder.
fn recorded() -> Recording {
    let town = town();
    let recorder = Recorder::before(town.server.url());
    let at = now();
    day::goes_by(day::Story {
        client: &|laptop, key| client(recorder.url(), at, (laptop, key)),
        enrolled: &|laptop| knows_the_grant_of(&town, laptop),
        sent: &mut |events| events,
    });
    let mut exchanges: Vec<Exchange> = Vec::new();
    for mut exchange in recorder.heard() {
        let change = |text: &str| without_secrets(text, &exchanges);
        exchange.body = with_texts(&exchange.body, &change);
        for value in exchange.headers.values_mut() {
            *value = change(value);
        }
        exchanges.push(exchange);
    }
    let again = asked_again(&exchanges);
    for (exchange, again) in exchanges.iter_mut().zip(&again) {
        exchange.same = same(&exchange.answer, again);
    }
    Recording {
        at: instant::to_text(at),
        exchanges,
    }
}

/// What two answers share.
fn same(one: &Answered, other: &Answered) -> Answered {
    let headers = one.headers.iter().filter_map(|(name, value)| {
        let is_same = other.headers.get(name)? == value;
        let kept = if is_same { value.as_str() } else { ANY };
        Some((name.clone(), kept.to_owned()))
    });
    Answered {
        status: one.status,
        headers: headers.collect(),
        body: shared(&one.body, &other.body),
    }
}

/// The recording, which is made where there is none and `SKRANKE_WRITE_GENERATED` asks for it.
#[expect(
    clippy::disallowed_methods,
    reason = "how the recording is made where there is none"
)]
fn recording() -> Recording {
    let file = file();
    if !file.exists() && std::env::var_os("SKRANKE_WRITE_GENERATED").is_some() {
        let text = serde_json::to_string_pretty(&recorded()).unwrap();
        std::fs::write(&file, format!("{text}\n")).unwrap();
    }
    let text = std::fs::read_to_string(&file).expect("the recording is committed");
    serde_json::from_str(&text).unwrap()
}

/// The endpoint that a target is of.
fn endpoint(exchange: &Exchange) -> (String, String) {
    let path = exchange.target.split('?').next().unwrap_or_default();
    let path = match path.strip_prefix("/v1/attachments/") {
        Some(_) => "/v1/attachments/{digest}",
        None => path,
    };
    (exchange.method.clone(), path.to_owned())
}

#[test]
fn the_recorded_day_has_every_endpoint_that_a_desktop_asks() {
    let heard: BTreeSet<_> = recording().exchanges.iter().map(endpoint).collect();

    let missing: Vec<_> = TABLE
        .iter()
        .map(|rule| (rule.method, rule.path))
        .filter(|(method, path)| !heard.contains(&((*method).to_owned(), (*path).to_owned())))
        .collect();

    assert_eq!(missing, NOT_RECORDED);
}

#[test]
fn what_a_desktop_asked_on_the_recorded_day_todays_server_answers_as_it_was() {
    let exchanges = recording().exchanges;

    let answers = asked_again(&exchanges);

    for (number, (exchange, answer)) in exchanges.iter().zip(&answers).enumerate() {
        let asked = format!("{number}: {} {}", exchange.method, exchange.target);
        let (body, same) = (&answer.body, &exchange.same);
        assert_eq!(answer.status, same.status, "{asked}: {body:#}");
        assert!(holds(&same.body, body), "{asked}: {body:#}");
        for (name, value) in &same.headers {
            let got = answer.headers.get(name);
            let is_so = got.is_some_and(|got| value == ANY || got == value);
            assert!(is_so, "{asked}: {name}: {got:?}");
        }
    }
    let told = exchanges
        .iter()
        .filter(|exchange| exchange.same.body != ANY);
    assert!(
        told.count() > 30,
        "the answers say something that is the same each time"
    );
}

#[test]
fn with_the_answers_of_the_recorded_day_todays_client_comes_through_it() {
    let Recording { at, exchanges } = recording();
    let at = instant::from_text(&at).unwrap();
    let mut pushed = exchanges
        .iter()
        .filter(|exchange| endpoint(exchange) == ("POST".to_owned(), "/v1/events".to_owned()))
        .map(|exchange| serde_json::from_value::<PushBatch>(exchange.body.clone()).unwrap());
    let server = OldServer::of(&exchanges);

    day::goes_by(day::Story {
        client: &|laptop, key| client(server.url(), at, (laptop, key)),
        enrolled: &|_| {},
        // What was answered then is about what was sent then.
        sent: &mut |_| day::events_of(pushed.next().unwrap()),
    });

    assert_eq!(server.asked(), exchanges.len(), "the whole day");
}
