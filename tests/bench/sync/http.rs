//! The plainest HTTP client there is, for peers: one connection that stays open, no compression, no time-outs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// A connection to a server on this machine.
pub(crate) struct Http {
    stream: BufReader<TcpStream>,
    /// Headers of every request.
    headers: String,
}

/// An answer that says that it was done.
pub(crate) struct Answer {
    /// Where the next page is, as Kinto says it.
    pub(crate) next_page: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Result<Value> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

impl Http {
    pub(crate) fn to(port: u16, authorization: Option<&str>) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        let authorization =
            authorization.map_or_else(String::new, |words| format!("Authorization: {words}\r\n"));
        Ok(Self {
            stream: BufReader::new(stream),
            headers: format!("Host: 127.0.0.1:{port}\r\n{authorization}"),
        })
    }

    /// Asks, and fails where the answer is no success.
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> Result<Answer> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.headers,
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(request.as_bytes())?;
        stream.write_all(body)?;
        let status = self.line()?;
        let (mut length, mut next_page) = (None, None);
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(": ") else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = Some(value.parse()?),
                "next-page" => next_page = Some(value.to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length.context("an answer that says how long it is")?];
        self.stream.read_exact(&mut body)?;
        let is_done = status
            .split(' ')
            .nth(1)
            .is_some_and(|code| code.starts_with('2'));
        ensure!(is_done, "{status}: {}", String::from_utf8_lossy(&body));
        Ok(Answer { next_page, body })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}
