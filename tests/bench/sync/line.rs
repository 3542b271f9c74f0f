//! A line to a server that notes what goes over it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};

use super::town::Town;

/// The line; it ends with the program.
pub(crate) struct Line {
    pub(crate) url: String,
    noted: Arc<Noted>,
}

#[derive(Default)]
struct Noted {
    bytes: AtomicU64,
    asked: Mutex<Vec<u64>>,
}

impl Line {
    pub(crate) fn to(town: &Town) -> Result<Self> {
        let server = town.url.strip_prefix("http://").context("plain HTTP")?;
        let server = server.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let noted = Arc::new(Noted::default());
        let noting = Arc::clone(&noted);
        std::thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                let Ok(line) = TcpStream::connect(&server) else {
                    return;
                };
                let (Ok(there), Ok(back)) = (caller.try_clone(), line.try_clone()) else {
                    return;
                };
                let (asking, answering) = (Arc::clone(&noting), Arc::clone(&noting));
                std::thread::spawn(move || carry(caller, line, &asking, Noted::request));
                std::thread::spawn(move || carry(back, there, &answering, |_, _| {}));
            }
        });
        Ok(Self { url, noted })
    }

    /// Every byte so far, both ways.
    pub(crate) fn both_ways(&self) -> u64 {
        self.noted.bytes.load(Ordering::SeqCst)
    }

    /// The places in the feed that pages were asked for after, in order.
    pub(crate) fn asked(&self) -> Vec<u64> {
        let asked = self.noted.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Noted {
    /// Notes where a page of the feed is asked for; a request's first line comes in one piece.
    fn request(&self, sent: &[u8]) {
        let text = String::from_utf8_lossy(sent);
        let place: Option<u64> = text.strip_prefix("GET ").and_then(|rest| {
            let (_, query) = rest.lines().next()?.split_once("/events?after=")?;
            let (_, position) = query.split(['&', ' ']).next()?.split_once('.')?;
            position.parse().ok()
        });
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.extend(place);
    }
}

/// Notes before it hands on, so that whoever has an answer finds it counted.
fn carry(mut from: impl Read, mut to: impl Write, noted: &Noted, note: fn(&Noted, &[u8])) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        noted.bytes.fetch_add(read as u64, Ordering::SeqCst);
        note(noted, &buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
}
