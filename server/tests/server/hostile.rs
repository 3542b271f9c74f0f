//! Clients of ill will against the program itself, led by its own OpenAPI document: every endpoint, as everyone it could
//! be asked by, with bodies that fit, nearly fit and do not fit at all.
//!
//! Held against every answer: the document names its status and problem; no server error but 503 with `Retry-After`; no
//! success for one who may not; and the program's memory stays bounded. Basis: issue 3, "Bad input"; reliability,
//! threats T7 and T12, fault F15.

mod body;
mod document;

use std::path::Path;

use serde_json::json;
use skranke_domain::ids::{DeviceId, StaffId};
use skranke_protocol::problem::{MEDIA_TYPE, Problem, ProblemCode};
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{MAX_BATCH_BYTES, SessionRequest};
use skranke_sync::{Client, Connection, Environment};
use uuid::Uuid;

use crate::faults::Place;
use crate::program::{Program, SECRET};
use crate::wire::{Answer, Device, Headers, send};
use body::Dice;
use document::{Document, Endpoint};

/// How much the program may grow while it is attacked, in kibibytes.
const GROWTH_KIB: u64 = 96 * 1024;

struct Siege {
    program: Program,
    document: Document,
    /// An enrolled device with a person who may call every endpoint.
    counter: Device,
    /// Another one, whose token is stolen.
    other: Device,
    _place: Place,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum As {
    Nobody,
    Garbage,
    Stranger,
    ForeignTenant,
    Device,
    StolenToken,
    Person,
}

impl As {
    const ALL: [As; 7] = [
        As::Nobody,
        As::Garbage,
        As::Stranger,
        As::ForeignTenant,
        As::Device,
        As::StolenToken,
        As::Person,
    ];

    /// Whether the endpoint may answer this one with a success.
    fn may(self, endpoint: &Endpoint) -> bool {
        match self {
            As::Nobody | As::Garbage | As::Stranger | As::ForeignTenant => endpoint.is_open(),
            As::Device | As::StolenToken => !endpoint.needs_person(),
            As::Person => true,
        }
    }
}

impl Siege {
    fn new() -> Self {
        Self::of(Place::embedded())
    }

    fn of(place: Place) -> Self {
        let program = place.start();
        let (counter, other) = (enrolled(&program.url, 1), enrolled(&program.url, 2));
        let served = send(&program.url, "GET", "/v1/openapi.json", &vec![], b"").unwrap();
        assert_eq!(served.status, 200);
        assert_eq!(
            String::from_utf8(served.body.clone()).unwrap(),
            skranke_server::openapi::document(),
            "what is served is what is committed"
        );
        Self {
            program,
            document: Document::read(&served.body),
            counter,
            other,
            _place: place,
        }
    }

    fn headers(&self, asks: As, method: &str, target: &str, body: &[u8]) -> Headers {
        let url = &self.program.url;
        let of = |device: Device| device.prove(url, method, target, body);
        match asks {
            As::Nobody => vec![],
            As::Garbage => vec![
                ("DPoP".to_owned(), "a.b.c".to_owned()),
                ("Authorization".to_owned(), "Bearer x".to_owned()),
            ],
            As::Stranger => of(device(9, None)),
            As::ForeignTenant => of(Device {
                tenant: "0101".to_owned(),
                ..self.counter.clone()
            }),
            As::Device => of(Device {
                token: None,
                ..self.counter.clone()
            }),
            // Somebody else's grant, proved with the own key.
            As::StolenToken => of(Device {
                token: self.other.token.clone(),
                ..self.counter.clone()
            }),
            As::Person => of(self.counter.clone()),
        }
    }

    /// Sends a request and holds the answer against the document.
    fn ask(
        &self,
        endpoint: &Endpoint,
        asks: As,
        target: &str,
        extra: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut headers = self.headers(asks, &endpoint.method, target, body);
        headers.extend(
            extra
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let answer = send(&self.program.url, &endpoint.method, target, &headers, body);
        let said = format!(
            "{} {target} as {asks:?} with {:.200}",
            endpoint.method,
            String::from_utf8_lossy(body)
        );
        let answer = answer.unwrap_or_else(|| panic!("no answer to {said}"));
        let is_success = (200..300).contains(&answer.status);
        assert!(
            !is_success || asks.may(endpoint),
            "{} for {said}",
            answer.status
        );
        endpoint.check(&self.document, &answer, &said);
        answer
    }

    fn problem(&self, endpoint: &Endpoint, extra: &[(&str, &str)], body: &[u8]) -> ProblemCode {
        let answer = self.ask(endpoint, As::Person, &endpoint.sample_target(), extra, body);
        problem(&answer)
    }
}

fn problem(answer: &Answer) -> ProblemCode {
    assert_eq!(
        answer.header("content-type"),
        Some(MEDIA_TYPE),
        "{}",
        answer.head
    );
    let problem: Problem = serde_json::from_slice(&answer.body).unwrap();
    problem.code().unwrap()
}

pub(crate) fn device(seed: u8, token: Option<String>) -> Device {
    Device {
        tenant: "0999".to_owned(),
        id: DeviceId::from_uuid(Uuid::from_u128(
            0x0192_0000_0000_7000_8000_0000_0000_0000 + u128::from(seed),
        )),
        key: SigningKey::from_seed(&[seed; 32]),
        token,
    }
}

pub(crate) fn enrolled(url: &str, seed: u8) -> Device {
    let mut device = device(seed, None);
    let connection = Connection {
        base_url: url.to_owned(),
        tenant: device.tenant.clone(),
        device_id: device.id,
        key: device.key.clone(),
        server_key: None,
        ca_file: None,
    };
    let environment = Environment::new(
        || chrono::DateTime::from(std::time::SystemTime::now()),
        |bytes| rand::RngCore::fill_bytes(&mut rand::rngs::OsRng, bytes),
        |_, _| {},
    );
    let mut client = Client::new(connection, environment);
    client.enrol(SECRET, "Skranke 1").unwrap();
    let request = SessionRequest::Bootstrap {
        secret: SECRET.to_owned(),
        staff_id: StaffId::from_uuid(Uuid::from_u128(7)),
        // Together they may call every endpoint.
        roles: ["counter", "exemption_unit", "lead", "administrator"]
            .map(str::to_owned)
            .to_vec(),
    };
    let session = client.sign_in(&request).unwrap();
    device.token = Some(session.tokens().access_token.clone());
    device
}

#[test]
fn every_endpoint_of_the_document_survives_generated_requests_of_everyone() {
    survives_generated_requests(&Siege::new());
}

#[cfg(unix)]
#[test]
fn every_endpoint_survives_generated_requests_over_postgresql_too() {
    survives_generated_requests(&Siege::of(Place::on_postgresql()));
}

fn survives_generated_requests(siege: &Siege) {
    let mut dice = Dice::new(0x5eed_0001);
    let mut successes = 0;
    for endpoint in &siege.document.endpoints {
        for asks in As::ALL {
            for round in 0..12 {
                // Half of the bodies fit, so that what lies behind the decoding is reached too.
                let target = endpoint.target(&mut dice);
                let body = endpoint.body(&siege.document, &mut dice, round % 2 == 0);
                let extra = endpoint.headers(&mut dice);
                let extra: Vec<_> = extra
                    .iter()
                    .map(|(k, v)| (k.as_str(), v.as_str()))
                    .collect();
                let answer = siege.ask(endpoint, asks, &target, &extra, &body);
                successes += u32::from((200..300).contains(&answer.status));
            }
        }
    }
    assert!(
        successes > 50,
        "the generator must get through too: {successes}"
    );
}

#[test]
fn each_kind_of_impossible_body_has_its_own_problem() {
    let siege = Siege::new();
    let with_body = siege
        .document
        .endpoints
        .iter()
        .filter(|e| e.method == "POST");
    let json = ("Content-Type", "application/json");
    let mut seen = 0;
    for endpoint in with_body {
        let expect = |code: ProblemCode, extra: &[(&str, &str)], body: &[u8]| {
            assert_eq!(
                siege.problem(endpoint, extra, body),
                code,
                "{} {extra:?} {:.80}",
                endpoint.path,
                String::from_utf8_lossy(body)
            );
        };
        let undecodable: [&[u8]; 7] = [b"", b"{", b"[]", b"\xff\xfe", b"\0", b"nul", b"{\"\0\":1}"];
        for body in undecodable {
            expect(ProblemCode::UndecodableBody, &[json], body);
        }
        // Within the size of a small body, and far beyond any parser's stack.
        expect(
            ProblemCode::UndecodableBody,
            &[json],
            "[".repeat(16_000).as_bytes(),
        );
        expect(
            ProblemCode::UndecodableBody,
            &[json],
            "{\"a\":".repeat(3_200).as_bytes(),
        );
        let deep = "[".repeat(100_000);
        let answer = siege.problem(endpoint, &[json], deep.as_bytes());
        assert!(matches!(
            answer,
            ProblemCode::UndecodableBody | ProblemCode::TooLarge
        ));
        let fields: String = (0..1_000_000).map(|n| format!("\"{n}\":0,")).collect();
        expect(
            ProblemCode::TooLarge,
            &[json],
            format!("{{{fields}\"z\":0}}").as_bytes(),
        );
        expect(
            ProblemCode::TooLarge,
            &[json],
            &vec![b' '; 2 * MAX_BATCH_BYTES + 1],
        );
        for media_type in [
            "text/xml",
            "application/json-seq",
            "multipart/form-data; boundary=x",
        ] {
            expect(
                ProblemCode::UnsupportedMediaType,
                &[("Content-Type", media_type)],
                b"{}",
            );
        }
        seen += 1;
    }
    assert!(seen >= 4, "{seen} endpoints take a body");
}

#[test]
fn packed_bodies_that_lie_about_themselves_are_refused() {
    let siege = Siege::new();
    let push = siege.document.endpoint("push");
    let zstd = &[("Content-Encoding", "zstd")];
    let whole = zstd::bulk::compress(&vec![b' '; 100_000], 1).unwrap();
    assert_eq!(
        siege.problem(push, zstd, &whole[..whole.len() - 3]),
        ProblemCode::UndecodableBody
    );
    assert_eq!(
        siege.problem(push, zstd, b"{}"),
        ProblemCode::UndecodableBody
    );
    assert_eq!(
        siege.problem(push, zstd, &bomb(0x58)),
        ProblemCode::TooLarge
    );
    // A window of 4 GiB that the reader would have to keep.
    assert_eq!(
        siege.problem(push, zstd, &bomb(0xa0)),
        ProblemCode::UndecodableBody
    );
    assert_eq!(
        siege.problem(push, &[("Content-Encoding", "gzip")], b"{}"),
        ProblemCode::UnsupportedMediaType
    );
}

/// A frame of 10,000 blocks of one repeated byte: 4 bytes stand for 128 KiB each.
fn bomb(window: u8) -> Vec<u8> {
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, window];
    for index in 0..10_000 {
        let header: u32 = (128 * 1024) << 3 | 1 << 1 | u32::from(index == 9_999);
        bomb.extend_from_slice(&header.to_le_bytes()[..3]);
        bomb.push(b' ');
    }
    bomb
}

#[test]
fn tricks_with_paths_lead_nowhere() {
    let siege = Siege::new();
    let attachment = siege.document.endpoint("attachment_fetch");
    let digest = "0".repeat(64);
    for name in [
        "..%2f..%2f..%2fetc%2fpasswd".to_owned(),
        "%2e%2e".to_owned(),
        "%00".to_owned(),
        "%c0%af".to_owned(),
        format!("{digest}%00.pdf"),
        digest.replace('0', "F"),
        "a".repeat(8_000),
    ] {
        for asks in [As::Person, As::Nobody] {
            let target = format!("/v1/attachments/{name}");
            let answer = siege.ask(attachment, asks, &target, &[], b"");
            assert!((400..500).contains(&answer.status), "{target}");
        }
    }
    for target in [
        "/v1/0101/events",
        "/v1/tenants/0101/events",
        "/v1/events/../../etc/passwd",
        "/v1//events",
        "/V1/EVENTS",
        "/v1/attachments/../events",
        "/v1/attachments/a/b",
        "/..%2f..%2fetc%2fpasswd",
        "//etc/passwd",
        "/v1/events%00",
    ] {
        let headers = siege.headers(As::Person, "GET", target, b"");
        let answer = send(&siege.program.url, "GET", target, &headers, b"").unwrap();
        assert_eq!(problem(&answer), ProblemCode::NotFound, "{target}");
    }
}

#[test]
fn one_who_names_another_municipality_is_nobody_there() {
    let siege = Siege::new();
    for endpoint in siege.document.endpoints.iter().filter(|e| !e.is_open()) {
        let body = endpoint.body(&siege.document, &mut Dice::new(3), true);
        let target = endpoint.sample_target();
        let answer = siege.ask(endpoint, As::ForeignTenant, &target, &[], &body);
        let code = answer.status;
        assert_eq!(code, 401, "{} {}", endpoint.method, endpoint.path);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn memory_stays_bounded_under_many_attackers_at_once() {
    let siege = Siege::new();
    let push = siege.document.endpoint("push");
    let fields: String = (0..90_000).map(|n| format!("\"{n}\":0,")).collect();
    let many_fields = format!("{{{fields}\"commands\":[]}}").into_bytes();
    let empty = json!({ "command_id": Uuid::nil().to_string(), "events": [] }).to_string();
    let many_commands = format!(
        "{{\"commands\":[{}]}}",
        vec![empty.as_str(); 14_000].join(",")
    )
    .into_bytes();
    let packed: &[(&str, &str)] = &[("Content-Encoding", "zstd")];
    let bodies = [
        (bomb(0x58), packed, 413),
        (vec![b'['; MAX_BATCH_BYTES], &[][..], 400),
        (many_fields, &[][..], 200),
        (many_commands, &[][..], 413),
        (vec![b' '; 4 * MAX_BATCH_BYTES], &[][..], 413),
    ];
    let pid = siege.program.child.id();
    let before = status(pid, "VmRSS");

    std::thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| {
                for (body, extra, expected) in &bodies {
                    let answer = siege.ask(push, As::Person, "/v1/events", extra, body);
                    // A server with too much to do may ask to come again.
                    assert!(
                        answer.status == *expected || answer.status == 503,
                        "{} instead of {expected}",
                        answer.status
                    );
                }
            });
        }
    });

    let highest = status(pid, "VmHWM");
    println!("resident before {before} KiB, at most {highest} KiB");
    assert!(
        highest - before < GROWTH_KIB,
        "{before} KiB grew to {highest} KiB"
    );
    let after = send(&siege.program.url, "GET", "/readyz", &vec![], b"").unwrap();
    assert_eq!(after.status, 200);
}

/// A figure of the process in kibibytes.
#[cfg(target_os = "linux")]
fn status(pid: u32, name: &str) -> u64 {
    let text = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status"));
    let text = text.unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
