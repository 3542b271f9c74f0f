//! What stands in the line: one that writes down what passes, and one that says what a server said once.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use skranke_protocol::encoding::from_base64_url;
use skranke_protocol::proof::{BodyDigest, Prover, Request, prove};
use skranke_protocol::signature::SigningKey;

use super::day::ASKING;
use super::{Answered, Exchange, Headers, bytes_of, readable};
use crate::http::town::now;
use crate::office::{Laptop, TENANT};

/// Headers of the line itself, which are another at each run.
const OF_THE_LINE: [&str; 9] = [
    "host",
    "connection",
    "content-length",
    "content-encoding",
    "accept-encoding",
    "user-agent",
    "date",
    "dpop",
    "transfer-encoding",
];

/// The headers of a message that are worth noting.
pub(super) fn noted(head: &str) -> Headers {
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines
        .map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()))
        .filter(|(name, _)| !OF_THE_LINE.contains(&name.as_str()))
        .collect()
}

fn header<'h>(head: &'h str, wanted: &str) -> Option<&'h str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines
        .find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
        .map(|(_, value)| value.trim())
}

/// A request to be proved.
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    pub(super) query: &'a str,
    pub(super) body: &'a [u8],
    pub(super) token: Option<&'a str>,
}

impl Asked<'_> {
    /// The proof of it by a computer with a key, both named by their seeds.
    pub(super) fn proved(&self, (laptop, key): (u8, u8)) -> String {
        let nonce = uuid::Uuid::now_v7().to_string();
        let request = Request {
            method: self.method,
            url: self.url,
            query: self.query,
            body: BodyDigest::of(self.body),
            token: self.token,
        };
        let prover = Prover {
            tenant: TENANT,
            device_id: Laptop::new(laptop).id,
            at: now(),
            nonce: &nonce,
        };
        prove(&request, &prover, &SigningKey::from_seed(&[key; 32])).unwrap()
    }
}

/// Head and body of the message that comes first; none where the other side is gone.
fn message(stream: &mut impl Read) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    if !head.starts_with("HTTP/1.1 204") {
        stream.read_exact(&mut body).ok()?;
    }
    Some((head, body))
}

/// Writes down what passes between clients and a server.
pub(super) struct Recorder {
    url: String,
    heard: Arc<Mutex<Vec<Exchange>>>,
}

impl Recorder {
    pub(super) fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (writes, server) = (Arc::clone(&heard), server.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                if let Some(asked) = message(&mut stream) {
                    writes
                        .lock()
                        .unwrap()
                        .push(passed_on(&mut stream, asked, &server));
                }
            }
        });
        Self { url, heard }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn heard(&self) -> Vec<Exchange> {
        self.heard.lock().unwrap().clone()
    }
}

/// Asks the server for the client, without packing, and gives it the answer.
fn passed_on(client: &mut TcpStream, (head, body): (String, Vec<u8>), server: &str) -> Exchange {
    let mut to_server = TcpStream::connect(server.trim_start_matches("http://")).unwrap();
    let (first, _) = head.split_once("\r\n").unwrap();
    let mut request = format!("{first}\r\n");
    let passes = |name: &str| !["accept-encoding", "connection"].contains(&name);
    for line in head.lines().skip(1).filter(|line| !line.is_empty()) {
        let (name, _) = line.split_once(':').unwrap();
        if passes(&name.to_lowercase()) {
            request.push_str(&format!("{line}\r\n"));
        }
    }
    write!(to_server, "{request}Connection: close\r\n\r\n").unwrap();
    to_server.write_all(&body).unwrap();
    let is_head = first.starts_with("HEAD ");
    let mut raw = Vec::new();
    to_server.read_to_end(&mut raw).unwrap();
    client.write_all(&raw).unwrap();

    let end = raw.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let said = String::from_utf8(raw[..end].to_vec()).unwrap();
    let said_body = if is_head { &[][..] } else { &raw[end + 4..] };
    let answer = Answered {
        status: said.split(' ').nth(1).unwrap().parse().unwrap(),
        headers: noted(&said),
        body: readable(said_body),
    };
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let is_packed = header(&head, "content-encoding") == Some("zstd");
    let body = if is_packed {
        zstd::decode_all(body.as_slice()).unwrap()
    } else {
        body
    };
    let laptop = laptop_of(header(&head, "dpop").unwrap());
    let is_closed = target == "/v1/leases/renew";
    Exchange {
        by: (laptop, if is_closed { ASKING } else { laptop }),
        method,
        target,
        headers: noted(&head),
        body: readable(&body),
        same: answer.clone(),
        answer,
    }
}

/// The seed of the computer that a proof names.
fn laptop_of(proof: &str) -> u8 {
    let claims = from_base64_url(proof.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let named = claims["sub"].as_str().unwrap();
    let is_named = |seed: &u8| Laptop::new(*seed).id.to_string() == named;
    (1..10).find(is_named).unwrap()
}

/// A server that says what was said once, in that order, and nothing to what was not asked then.
pub(super) struct OldServer {
    url: String,
    asked: Arc<Mutex<usize>>,
}

impl OldServer {
    pub(super) fn of(exchanges: &[Exchange]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(0));
        let (counts, exchanges) = (Arc::clone(&asked), exchanges.to_vec());
        std::thread::spawn(move || {
            for exchange in &exchanges {
                let (mut stream, _) = listener.accept().unwrap();
                let (head, _) = message(&mut stream).unwrap();
                let (path, _) = exchange
                    .target
                    .split_once('?')
                    .unwrap_or((&exchange.target, ""));
                let expected = format!("{} {path}", exchange.method);
                let is_that = head.strip_prefix(&expected);
                let is_that = is_that.is_some_and(|rest| rest.starts_with([' ', '?']));
                assert!(is_that, "{expected} was asked then, not {head}");
                *counts.lock().unwrap() += 1;
                says(&mut stream, &exchange.answer);
            }
        });
        Self { url, asked }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// How many requests came.
    pub(super) fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

fn says(stream: &mut TcpStream, answer: &Answered) {
    let body = bytes_of(&answer.body);
    let mut head = format!(
        "HTTP/1.1 {} Then\r\nConnection: close\r\nContent-Length: {}\r\n",
        answer.status,
        body.len()
    );
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
}
