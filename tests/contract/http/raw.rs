//! Requests no honest client sends: each is refused with a problem document, and none with a server error.

use std::io::{Read, Write};
use std::net::TcpStream;

use skranke_protocol::problem::{Problem, ProblemCode};
use skranke_protocol::proof::{BodyDigest, Prover, Request, prove};
use skranke_protocol::wire::{FeedPage, PushBatch};

use super::town::{SECRET, Town, now};
use crate::office::{Laptop, TENANT};
use crate::on_both::{Kind, on_both};

on_both!(
    without_a_proof_nothing_is_told,
    an_unknown_device_a_replay_and_a_moved_proof_are_refused,
    bodies_that_cannot_be_read_are_told_apart_from_too_large_ones,
    where_a_page_ends_is_told_beside_it,
    random_requests_never_give_a_server_error_nor_a_success_without_a_proof,
);

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn problem(&self) -> ProblemCode {
        assert!(
            self.head
                .to_lowercase()
                .contains("content-type: application/problem+json"),
            "{}",
            self.head
        );
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.status, self.status);
        problem.code().unwrap()
    }
}

pub(super) fn send(
    town: &Town,
    method: &str,
    target: &str,
    headers: &[(&str, String)],
    body: &[u8],
) -> Answer {
    let host = town.server.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    let mut head = format!(
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    // A server that refuses early may close while the body is still on its way.
    let _ = stream.write_all(body);
    let mut raw = Vec::new();
    let _ = stream.read_to_end(&mut raw);
    let split = raw
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("an HTTP answer");
    let head = String::from_utf8_lossy(&raw[..split]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer {
        status,
        head,
        body: raw[split + 4..].to_vec(),
    }
}

fn proof(
    town: &Town,
    laptop: &Laptop,
    method: &str,
    path: &str,
    body: &[u8],
    nonce: &str,
) -> (&'static str, String) {
    let url = format!("{}{path}", town.server.url());
    let request = Request {
        method,
        url: &url,
        query: "",
        body: BodyDigest::of(body),
        token: None,
    };
    let prover = Prover {
        tenant: TENANT,
        device_id: laptop.id,
        at: now(),
        nonce,
    };
    ("DPoP", prove(&request, &prover, &laptop.key).unwrap())
}

/// A proof with a number of its own, for a token where one goes with it.
pub(super) fn proof_with(
    town: &Town,
    laptop: &Laptop,
    method: &str,
    path: &str,
    body: &[u8],
    token: Option<&str>,
) -> (&'static str, String) {
    let nonce = uuid::Uuid::now_v7().to_string();
    let url = format!("{}{path}", town.server.url());
    let request = Request {
        method,
        url: &url,
        query: "",
        body: BodyDigest::of(body),
        token,
    };
    let prover = Prover {
        tenant: TENANT,
        device_id: laptop.id,
        at: now(),
        nonce: &nonce,
    };
    ("DPoP", prove(&request, &prover, &laptop.key).unwrap())
}

const NONCE: &str = "0123456789abcdef";

fn without_a_proof_nothing_is_told(kind: Kind) {
    let town = Town::on(kind);
    for (method, path) in [
        ("POST", "/v1/events"),
        ("GET", "/v1/events"),
        ("POST", "/v1/lookup"),
        ("POST", "/v1/profiles"),
        ("GET", "/v1/profiles"),
        ("GET", "/v1/status"),
        ("GET", "/v1/confirmation"),
        ("POST", "/v1/devices"),
        ("POST", "/v1/sessions"),
        ("GET", &format!("/v1/attachments/{}", "0".repeat(64))),
        ("PATCH", &format!("/v1/attachments/{}", "0".repeat(64))),
    ] {
        let answer = send(&town, method, path, &[], b"");
        assert_eq!(
            answer.problem(),
            ProblemCode::NotAuthenticated,
            "{method} {path}"
        );
    }
    assert_eq!(send(&town, "GET", "/healthz", &[], b"").status, 200);
    assert_eq!(send(&town, "GET", "/readyz", &[], b"").status, 200);
    assert_eq!(
        send(&town, "GET", "/admin", &[], b"").problem(),
        ProblemCode::NotFound
    );
    assert_eq!(
        send(&town, "DELETE", "/v1/events", &[], b"").problem(),
        ProblemCode::MethodNotAllowed
    );
}

fn where_a_page_ends_is_told_beside_it(kind: Kind) {
    let town = Town::on(kind);
    let (writer, mut laptop) = town.counter(1, &["counter"]);
    writer.push(&laptop.open_case("2512169996").1).unwrap();
    let path = "/v1/events";

    let headers = [proof_with(&town, &laptop, "GET", path, b"", None)];
    let answer = send(&town, "GET", path, &headers, b"");

    let page: FeedPage = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(
        (page.cursor.to_string().as_str(), page.more),
        ("1.2", false)
    );
    for said in ["skranke-cursor: 1.2", "skranke-more: ?0"] {
        assert!(answer.head.to_lowercase().contains(said), "{}", answer.head);
    }
}

#[test]
fn a_page_is_packed_for_who_takes_it_packed_and_for_nobody_else() {
    let town = Town::new();
    let (writer, mut laptop) = town.counter(1, &["counter"]);
    for _ in 0..10 {
        writer.push(&laptop.open_case("2512169996").1).unwrap();
    }
    let path = "/v1/events";
    let read = |accepted: Option<&str>| {
        let proof = proof_with(&town, &laptop, "GET", path, b"", None);
        let accepted = accepted.map(|coding| ("Accept-Encoding", coding.to_owned()));
        let headers: Vec<_> = [proof].into_iter().chain(accepted).collect();
        send(&town, "GET", path, &headers, b"")
    };
    let is_packed = |answer: &Answer| {
        let head = answer.head.to_lowercase();
        head.contains("content-encoding: zstd")
    };

    let (packed, plain, otherwise) = (read(Some("gzip, zstd")), read(None), read(Some("gzip")));

    assert!(is_packed(&packed) && !is_packed(&plain) && !is_packed(&otherwise));
    assert!(packed.body.len() * 2 < plain.body.len());
    let unpacked = zstd::decode_all(packed.body.as_slice()).unwrap();
    let events = |body: &[u8]| serde_json::from_slice::<FeedPage>(body).unwrap().items;
    assert_eq!(events(&unpacked), events(&plain.body));
}

fn an_unknown_device_a_replay_and_a_moved_proof_are_refused(kind: Kind) {
    let town = Town::on(kind);
    let (_, laptop) = town.counter(1, &["counter"]);
    let stranger = Laptop::new(9);
    let get = |headers: &[(&str, String)]| send(&town, "GET", "/v1/status", headers, b"");

    let unknown = get(&[proof(&town, &stranger, "GET", "/v1/status", b"", NONCE)]);
    let mine = proof(&town, &laptop, "GET", "/v1/status", b"", NONCE);
    let first = get(std::slice::from_ref(&mine));
    let replayed = get(std::slice::from_ref(&mine));
    let moved = send(&town, "GET", "/v1/confirmation", &[mine], b"");
    let other_query = send(
        &town,
        "GET",
        "/v1/status?x=1",
        &[proof(
            &town,
            &laptop,
            "GET",
            "/v1/status",
            b"",
            "another-number-once",
        )],
        b"",
    );

    assert_eq!(unknown.problem(), ProblemCode::NotAuthenticated);
    assert_eq!(first.status, 200);
    assert_eq!(replayed.problem(), ProblemCode::ProofReplayed);
    assert_eq!(moved.problem(), ProblemCode::NotAuthenticated);
    assert_eq!(other_query.problem(), ProblemCode::NotAuthenticated);
}

fn bodies_that_cannot_be_read_are_told_apart_from_too_large_ones(kind: Kind) {
    let town = Town::on(kind);
    let (_, laptop) = town.counter(1, &["counter"]);
    let mut serial = 0;
    let mut post = |body: &[u8], extra: &[(&'static str, String)]| {
        serial += 1;
        let nonce = format!("a-number-used-once-{serial}");
        let mut headers = vec![proof(&town, &laptop, "POST", "/v1/events", body, &nonce)];
        headers.extend_from_slice(extra);
        send(&town, "POST", "/v1/events", &headers, body)
    };

    for body in [&b""[..], b"{", b"[]", b"\xff\xfe", b"{\"commands\":3}"] {
        assert_eq!(post(body, &[]).problem(), ProblemCode::UndecodableBody);
    }
    let deep = "[".repeat(100_000);
    assert_eq!(
        post(deep.as_bytes(), &[]).problem(),
        ProblemCode::UndecodableBody
    );
    assert_eq!(
        post(&vec![b' '; 2 * 1024 * 1024], &[]).problem(),
        ProblemCode::TooLarge
    );
    let coding = |name: &str| [("Content-Encoding", name.to_owned())];
    assert_eq!(
        post(b"{}", &coding("gzip")).problem(),
        ProblemCode::UnsupportedMediaType
    );
    assert_eq!(
        post(b"not zstd", &coding("zstd")).problem(),
        ProblemCode::UndecodableBody
    );
    let empty = serde_json::to_vec(&PushBatch::default()).unwrap();
    assert_eq!(post(&empty, &[]).status, 200);
}

#[test]
fn a_packed_bomb_is_too_large_and_not_unpacked_whole() {
    let town = Town::new();
    let (_, laptop) = town.counter(1, &["counter"]);
    // One raw block of one byte repeated: 3 bytes stand for 128 KiB each, 10,000 of them for 1.2 GiB.
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    for index in 0..10_000 {
        let header: u32 = (128 * 1024) << 3 | 1 << 1 | u32::from(index == 9_999);
        bomb.extend_from_slice(&header.to_le_bytes()[..3]);
        bomb.push(b' ');
    }
    let headers = [
        proof(&town, &laptop, "POST", "/v1/events", &bomb, NONCE),
        ("Content-Encoding", "zstd".to_owned()),
    ];

    let answer = send(&town, "POST", "/v1/events", &headers, &bomb);

    assert_eq!(answer.problem(), ProblemCode::TooLarge);
}

#[test]
fn a_busy_server_asks_to_come_back() {
    let town = Town::with(|config| config.max_requests = 1);
    let (_, laptop) = town.counter(1, &["counter"]);
    // A request whose body never comes holds the only place; the server asks for the body once it is let in.
    let host = town.server.url().trim_start_matches("http://");
    let mut open = TcpStream::connect(host).unwrap();
    let (name, value) = proof(&town, &laptop, "POST", "/v1/events", b"", NONCE);
    write!(
        open,
        "POST /v1/events HTTP/1.1\r\nHost: {host}\r\n{name}: {value}\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n"
    )
    .unwrap();
    let mut let_in = [0; 12];
    open.read_exact(&mut let_in).unwrap();
    assert_eq!(&let_in, b"HTTP/1.1 100");

    let answer = send(&town, "GET", "/healthz", &[], b"");

    assert_eq!(answer.problem(), ProblemCode::Unavailable);
    assert!(
        answer.head.to_lowercase().contains("retry-after: "),
        "{}",
        answer.head
    );
    drop(open);
}

fn random_requests_never_give_a_server_error_nor_a_success_without_a_proof(kind: Kind) {
    let town = Town::on(kind);
    let (_, laptop) = town.counter(1, &["counter"]);
    // A small generator of our own, so that a failure repeats.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let methods = ["GET", "POST", "PATCH", "HEAD", "PUT", "DELETE"];
    let paths = [
        "/v1/events",
        "/v1/lookup",
        "/v1/profiles",
        "/v1/status",
        "/v1/devices",
        "/v1/sessions",
        "/v1/attachments/00",
        "/v1/%00",
        "/",
    ];
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "null",
        "\"commands\"",
        "\"cpr\"",
        "\"method\"",
        "\"local\"",
        "1e9",
        "\\u0000",
        SECRET,
        "\"enrolment_code\"",
        "\"name\"",
    ];
    for round in 0..300 {
        let method = methods[random(6) as usize];
        let path = paths[random(8) as usize];
        let body: String = (0..random(30))
            .map(|_| pieces[random(17) as usize])
            .collect();
        let query = if random(2) == 0 {
            ""
        } else {
            "?after=%F0&wait=99999999999&limit=-1"
        };
        let with_proof = random(2) == 0;
        let headers = if with_proof {
            vec![proof(
                &town,
                &laptop,
                method,
                path,
                body.as_bytes(),
                &format!("random-request-{round:06}"),
            )]
        } else {
            vec![("DPoP", "a.b.c".to_owned())]
        };

        let answer = send(
            &town,
            method,
            &format!("{path}{query}"),
            &headers,
            body.as_bytes(),
        );

        assert!(
            answer.status < 500,
            "{method} {path}{query} {body}: {}",
            answer.head
        );
        assert!(
            with_proof || answer.status >= 400,
            "{method} {path}{query} {body}: {}",
            answer.head
        );
    }
}
