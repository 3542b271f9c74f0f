//! The client against answers no server of ours gives: sign-in pages, rubbish, silence, cut lines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod pages;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use skranke_domain::ids::DeviceId;
use skranke_protocol::problem::{Problem, ProblemCode};
use skranke_protocol::signature::{PublicKey, SigningKey};
use skranke_protocol::wire::LogBatch;
use skranke_sync::{Client, Connection, Environment, SyncError};

fn device() -> DeviceId {
    "01920000-0000-7000-8000-000000000001".parse().unwrap()
}

fn now() -> DateTime<Utc> {
    DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap()
}

fn client(base_url: String) -> Client {
    client_of(base_url, None)
}

/// A client that knows the server's key.
fn client_of(base_url: String, server_key: Option<PublicKey>) -> Client {
    let serial = AtomicU64::new(0);
    let environment = Environment::new(
        now,
        move |bytes| {
            let serial = serial.fetch_add(1, Ordering::SeqCst).to_le_bytes();
            bytes
                .iter_mut()
                .zip(serial.iter().cycle())
                .for_each(|(to, from)| *to = *from);
        },
        |_, _| {},
    );
    let connection = Connection {
        base_url,
        tenant: "0999".to_owned(),
        device_id: device(),
        key: SigningKey::from_seed(&[1; 32]),
        server_key,
        ca_file: None,
    };
    Client::new(connection, environment)
}

/// Answers each connection in turn with fixed bytes, then closes; what was asked comes back.
fn scripted(
    answers: Vec<impl Into<Vec<u8>> + Send + 'static>,
) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                request.push(byte[0]);
            }
            asked.push(String::from_utf8(request).unwrap());
            // A client that has read enough hangs up.
            let bytes: Vec<u8> = answer.into();
            let _ = stream.write_all(&bytes);
        }
        asked
    });
    (url, thread)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
    )
}

fn status_after(raw: String) -> SyncError {
    let (url, thread) = scripted(vec![raw]);
    let error = client(url).status().unwrap_err();
    thread.join().unwrap();
    error
}

const OURS: &str = "Skranke-Protocol: 1-1\r\n";

#[test]
fn the_sign_in_page_of_a_network_is_not_taken_for_the_server() {
    let page = "<!DOCTYPE html><title>Velkommen til gæstenettet</title>";

    let shown = status_after(answer("200 OK", "Content-Type: text/html\r\n", page));
    let redirected = status_after(answer(
        "302 Found",
        "Location: http://127.0.0.1:1/login\r\n",
        "",
    ));
    let proxy = status_after(answer(
        "502 Bad Gateway",
        "Content-Type: text/html\r\n",
        page,
    ));

    for error in [shown, redirected, proxy] {
        assert_eq!(error, SyncError::NotSkranke);
        assert!(error.is_retryable(), "the network may let us through later");
    }
}

#[test]
fn rubbish_and_cut_answers_are_told_apart() {
    let not_http = status_after("220 mail.example ESMTP\r\n\r\n".to_owned());
    let cut = status_after(format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n{OURS}\r\n{{\"protocol\""
    ));
    let silent_close = status_after(String::new());
    let wrong_shape = status_after(answer("200 OK", OURS, "{}"));

    assert!(not_http.is_retryable(), "{not_http:?}");
    assert!(cut.is_retryable(), "{cut:?}");
    assert!(silent_close.is_retryable(), "{silent_close:?}");
    assert_eq!(wrong_shape, SyncError::Undecodable);
    assert!(!wrong_shape.is_retryable());
}

#[test]
fn a_server_nobody_runs_is_offline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);

    assert_eq!(client(url).status().unwrap_err(), SyncError::Offline);
}

#[test]
fn a_busy_server_says_when_to_come_back() {
    let busy = status_after(answer(
        "503 Service Unavailable",
        &format!("{OURS}Retry-After: 7\r\n"),
        "",
    ));

    assert_eq!(
        busy,
        SyncError::Busy {
            retry_after: Some(Duration::from_secs(7))
        }
    );
}

#[test]
fn a_server_that_is_asked_too_often_says_when_to_come_back() {
    let time = DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap();
    let problem = Problem::new(ProblemCode::TooManyRequests, time, "k3f9".to_owned());
    let body = serde_json::to_string(&problem).unwrap();
    let headers = format!("{OURS}Content-Type: application/problem+json\r\nRetry-After: 9\r\n");

    let too_often = status_after(answer("429 Too Many Requests", &headers, &body));

    assert!(too_often.is_retryable());
    assert_eq!(too_often.asks_to_wait(), Some(Duration::from_secs(9)));
}

#[test]
fn a_refusal_carries_its_code_and_reference() {
    let time = DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap();
    let problem = Problem::new(ProblemCode::DeviceRevoked, time, "k3f9".to_owned());
    let body = serde_json::to_string(&problem).unwrap();
    let headers = format!("{OURS}Content-Type: application/problem+json\r\n");

    let refused = status_after(answer("403 Forbidden", &headers, &body));
    let unknown = status_after(answer(
        "418 I'm a teapot",
        &headers,
        &body.replace("device_revoked", "later"),
    ));

    let reference = "k3f9".to_owned();
    assert_eq!(
        refused,
        SyncError::Refused {
            code: ProblemCode::DeviceRevoked,
            reference,
            retry_after: None,
        }
    );
    assert!(!refused.is_retryable());
    assert_eq!(unknown, SyncError::RefusedOtherwise { status: 418 });
}

#[test]
fn a_clock_difference_is_corrected_and_the_request_sent_once_more() {
    let time = DateTime::<Utc>::from_timestamp(1_795_009_000, 0).unwrap();
    let problem = Problem::new(ProblemCode::ClockDifference, time, "k3f9".to_owned());
    let body = serde_json::to_string(&problem).unwrap();
    let headers = format!(
        "{OURS}Content-Type: application/problem+json\r\nSkranke-Time: {}\r\n",
        skranke_protocol::instant::to_text(time)
    );
    let refusal = answer("401 Unauthorized", &headers, &body);
    let (url, thread) = scripted(vec![refusal.clone(), refusal]);
    let client = client(url);

    let error = client.status().unwrap_err();

    assert!(
        matches!(
            error,
            SyncError::Refused {
                code: ProblemCode::ClockDifference,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(client.clock_offset_ms(), Some(9_000_000));
    let asked = thread.join().unwrap();
    assert_eq!(asked.len(), 2, "twice and no more");
    let proof = |request: &str| {
        request
            .lines()
            .find(|line| line.starts_with("dpop:"))
            .unwrap()
            .to_owned()
    };
    assert_ne!(
        proof(&asked[0]),
        proof(&asked[1]),
        "each with a proof of its own"
    );
}

#[test]
fn no_request_carries_secrets_in_its_address() {
    let (url, thread) = scripted(vec![answer("503 Service Unavailable", OURS, ""); 2]);
    let mut client = client(url);

    let _ = client.enrol("et-engangskort-1234", "Skranke 1");
    let _ = client.pull(skranke_protocol::wire::Cursor::START, 10, 0);

    for request in thread.join().unwrap() {
        let first = request.lines().next().unwrap();
        assert!(first.contains(" /v1/"), "{first}");
        assert!(
            !first.contains("engangskort") && !first.contains("0999"),
            "{first}"
        );
    }
}

#[test]
fn a_program_that_is_too_old_and_one_that_is_too_new_are_told_apart() {
    let refused = |spoken: &str| {
        let problem = Problem::new(ProblemCode::VersionNotSpoken, now(), "A1B2C3".to_owned());
        status_after(answer(
            "426 Upgrade Required",
            &format!("Skranke-Protocol: {spoken}\r\nContent-Type: application/problem+json\r\n"),
            &serde_json::to_string(&problem).unwrap(),
        ))
    };

    assert_eq!(refused("2-3"), SyncError::ProgramTooOld);
    assert_eq!(refused("0"), SyncError::ServerTooOld);
    for error in [SyncError::ProgramTooOld, SyncError::ServerTooOld] {
        assert!(!error.is_retryable(), "somebody must update something");
    }
}

#[test]
fn a_packed_bomb_of_a_server_is_not_unpacked_whole() {
    // A frame of blocks that each stand for 128 kB of one byte: eight gigabytes in 256 kB.
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    for block in 0..65_536_u32 {
        let last = u32::from(block == 65_535);
        let header = ((128 * 1024) << 3) | (1 << 1) | last;
        bomb.extend_from_slice(&header.to_le_bytes()[..3]);
        bomb.push(b' ');
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nContent-Encoding: zstd\r\nConnection: close\r\n{OURS}\r\n",
        bomb.len()
    );
    let (url, thread) = scripted(vec![[head.as_bytes(), &bomb].concat()]);

    let error = client(url).status().unwrap_err();

    assert_eq!(error, SyncError::Undecodable);
    thread.join().unwrap();
}

#[test]
fn a_server_of_a_time_before_it_took_logs_is_no_failure() {
    let batch = LogBatch {
        previous: [0; 32],
        rows: Vec::new(),
    };
    for code in [ProblemCode::NotFound, ProblemCode::MethodNotAllowed] {
        let problem = Problem::new(code, now(), "A1B2C3".to_owned());
        let headers = format!("{OURS}Content-Type: application/problem+json\r\n");
        let body = serde_json::to_string(&problem).unwrap();
        let status = format!("{} No", code.status());
        let (url, thread) = scripted(vec![answer(&status, &headers, &body)]);

        assert_eq!(client(url).hand_over_log(&batch), Ok(None));
        thread.join().unwrap();
    }
}
