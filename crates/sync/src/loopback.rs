//! Where the system's browser comes back to after a sign-in: a listener on this computer alone, for one sign-in
//! (RFC 8252, section 7.3).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::environment::Cancel;

/// Longest request line that is read.
const MAX_LINE_BYTES: u64 = 8 * 1024;
/// How long a connection may take to say what it wants.
const READ_WITHIN: Duration = Duration::from_secs(5);
/// How often the wish to stop is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Why the browser brought no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoCode {
    /// Nobody came in time, or somebody stopped it.
    #[error("the sign-in was not finished in the browser")]
    Abandoned,
    /// The identity provider said no, or the person did.
    #[error("the identity provider refused the sign-in")]
    Refused,
    /// What came back belongs to another sign-in.
    #[error("the browser came back with another sign-in")]
    AnotherSignIn,
}

/// The listener.
pub struct Loopback {
    listener: TcpListener,
    port: u16,
}

impl Loopback {
    /// Listens on a free port.
    ///
    /// # Errors
    /// The system has none.
    pub fn open() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    /// The address to come back to.
    pub fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}/callback", self.port)
    }

    /// Waits for the browser and gives the code it brings; `page` is what the person then reads there, plain text.
    ///
    /// # Errors
    /// See [`NoCode`]. The sign-in is over in any case.
    pub fn wait(
        self,
        state: &str,
        page: &str,
        within: Duration,
        cancel: &Cancel,
    ) -> Result<String, NoCode> {
        let until = Instant::now() + within;
        while Instant::now() < until && !cancel.is_cancelled() {
            let Ok((mut stream, _)) = self.listener.accept() else {
                std::thread::sleep(LOOK_EVERY);
                continue;
            };
            let Some(query) = asked(&mut stream) else {
                // A browser also asks for an icon; that is not the answer.
                say(&mut stream, "404 Not Found", "");
                continue;
            };
            say(&mut stream, "200 OK", page);
            return code_in(&query, state);
        }
        Err(NoCode::Abandoned)
    }
}

/// The query of a request for `/callback`.
fn asked(stream: &mut TcpStream) -> Option<String> {
    stream.set_nonblocking(false).ok()?;
    stream.set_read_timeout(Some(READ_WITHIN)).ok()?;
    let mut line = String::new();
    BufReader::new(stream.take(MAX_LINE_BYTES))
        .read_line(&mut line)
        .ok()?;
    let target = line.strip_prefix("GET ")?.split(' ').next()?;
    target.strip_prefix("/callback?").map(str::to_owned)
}

fn say(stream: &mut TcpStream, status: &str, page: &str) {
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    // Whether the page is read does not change what came back.
    let _ = stream.write_all(answer.as_bytes());
    // Whatever else the browser sent is read, so that closing does not tear the page away.
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.set_read_timeout(Some(Duration::from_millis(200)));
    let _ = stream.take(64 * 1024).read_to_end(&mut Vec::new());
}

fn code_in(query: &str, state: &str) -> Result<String, NoCode> {
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    // States are base64url, which no browser writes otherwise.
    if value("state") != Some(state) {
        return Err(NoCode::AnotherSignIn);
    }
    value("code").and_then(decoded).ok_or(NoCode::Refused)
}

/// A percent-encoded value.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn come_back(uri: String, query: &'static str) -> std::thread::JoinHandle<String> {
        std::thread::spawn(move || {
            let host = uri["http://".len()..].split('/').next().unwrap().to_owned();
            let mut answer = String::new();
            for target in ["/favicon.ico", query] {
                let mut stream = TcpStream::connect(&host).unwrap();
                write!(stream, "GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
                answer.clear();
                stream.read_to_string(&mut answer).unwrap();
            }
            answer
        })
    }

    fn brought(query: &'static str) -> Result<String, NoCode> {
        let loopback = Loopback::open().unwrap();
        let browser = come_back(loopback.redirect_uri(), query);
        let minute = Duration::from_secs(60);
        let code = loopback.wait("the-state", "Færdig", minute, &Cancel::default());
        assert!(browser.join().unwrap().ends_with("Færdig"));
        code
    }

    #[test]
    fn the_code_of_this_sign_in_is_taken_and_no_other() {
        assert_eq!(
            brought("/callback?code=a%2Fb&state=the-state&iss=x"),
            Ok("a/b".to_owned())
        );
        assert_eq!(
            brought("/callback?code=a&state=another"),
            Err(NoCode::AnotherSignIn)
        );
        assert_eq!(brought("/callback?code=a"), Err(NoCode::AnotherSignIn));
        assert_eq!(
            brought("/callback?error=access_denied&state=the-state"),
            Err(NoCode::Refused)
        );
    }

    #[test]
    fn whoever_stops_or_never_comes_ends_the_waiting() {
        let cancel = Cancel::default();
        cancel.cancel();
        let minute = Duration::from_secs(60);
        let stopped = Loopback::open().unwrap().wait("s", "", minute, &cancel);
        let late = Loopback::open()
            .unwrap()
            .wait("s", "", Duration::ZERO, &Cancel::default());

        assert_eq!(
            (stopped, late),
            (Err(NoCode::Abandoned), Err(NoCode::Abandoned))
        );
    }
}
