//! HTTP by hand, so that a test can send what no client library would.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use skranke_domain::ids::DeviceId;
use skranke_protocol::proof::{BodyDigest, Prover, Request, prove};
use skranke_protocol::signature::SigningKey;
use uuid::Uuid;

/// Headers of a request, beside `Host`, `Connection` and `Content-Length`.
pub(crate) type Headers = Vec<(String, String)>;

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// Sends a request on a connection of its own. None where the server closed it without an answer.
pub(crate) fn send(
    url: &str,
    method: &str,
    target: &str,
    headers: &Headers,
    body: &[u8],
) -> Option<Answer> {
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .ok()?;
    let mut head = format!(
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    // A server that refuses early may close while the body is still on its way.
    let _ = stream.write_all(body);
    let mut raw = Vec::new();
    let _ = stream.read_to_end(&mut raw);
    let split = raw.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&raw[..split]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer {
        status,
        head,
        body: raw[split + 4..].to_vec(),
    })
}

/// Who proves a request.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) tenant: String,
    pub(crate) id: DeviceId,
    pub(crate) key: SigningKey,
    pub(crate) token: Option<String>,
}

impl Device {
    /// The headers that prove a request with a target as in `/v1/events?after=1.0`.
    pub(crate) fn prove(&self, url: &str, method: &str, target: &str, body: &[u8]) -> Headers {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let url = format!("{url}{path}");
        let nonce = Uuid::now_v7().simple().to_string();
        let request = Request {
            method,
            url: &url,
            query,
            body: BodyDigest::of(body),
            token: self.token.as_deref(),
        };
        let prover = Prover {
            tenant: &self.tenant,
            device_id: self.id,
            at: std::time::SystemTime::now().into(),
            nonce: &nonce,
        };
        let proof = prove(&request, &prover, &self.key).unwrap();
        let mut headers = vec![("DPoP".to_owned(), proof)];
        if let Some(token) = &self.token {
            headers.push(("Authorization".to_owned(), format!("DPoP {token}")));
        }
        headers
    }
}
