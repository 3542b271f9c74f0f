//! A bad line between a program and its server: a small proxy on loopback that cuts, slows, repeats, delays and lies.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What is wrong with the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// Half of each request arrives, then the line is cut.
    RequestCut,
    /// The server has done it, and half of its answer comes back.
    AnswerCut,
    /// The server has done it, and nothing comes back.
    AnswerLost,
    /// Each answer comes in small pieces.
    Slow,
    /// The same, so slowly that a person waits.
    Crawling,
    /// Each request arrives twice.
    Doubled,
    /// Each request arrives after the one that was sent after it.
    Late,
    /// The sign-in page of a guest network answers.
    Portal,
    /// The line is taken and nothing ever comes: the caller must give up by itself.
    HalfOpen,
}

impl Trouble {
    /// All that a caller notices within seconds.
    pub const QUICK: [Trouble; 7] = [
        Trouble::RequestCut,
        Trouble::AnswerCut,
        Trouble::AnswerLost,
        Trouble::Slow,
        Trouble::Doubled,
        Trouble::Late,
        Trouble::Portal,
    ];
}

/// The line. It lives as long as the test's process.
pub struct Line {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    server: SocketAddr,
    trouble: Trouble,
    /// A request that is overtaken.
    held: Option<Vec<u8>>,
}

impl Line {
    /// A line to the server at `server`, in order so far.
    ///
    /// # Panics
    /// No port is free.
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(Mutex::new(State {
            server,
            trouble: Trouble::None,
            held: None,
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // Who hung up is nothing to the next one.
                std::thread::spawn(move || carry(caller, &state));
            }
        });
        Self { address, state }
    }

    /// Where the program reaches its server through this line.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on this is wrong.
    pub fn suffers(&self, trouble: Trouble) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.trouble = trouble;
        state.held = None;
    }

    /// The server is at another address now.
    pub fn leads_to(&self, server: SocketAddr) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.server = server;
    }
}

fn carry(mut caller: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let request = message(&mut caller)?;
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let (server, trouble) = {
        let state = lock();
        (state.server, state.trouble)
    };
    match trouble {
        Trouble::None => caller.write_all(&ask(server, &request)?),
        Trouble::RequestCut => {
            let mut line = TcpStream::connect(server)?;
            line.write_all(&request[..request.len() / 2])
        }
        Trouble::AnswerCut => {
            let answer = ask(server, &request)?;
            caller.write_all(&answer[..answer.len() / 2])
        }
        Trouble::AnswerLost => ask(server, &request).map(|_| ()),
        Trouble::Slow => in_pieces(
            &mut caller,
            &ask(server, &request)?,
            Duration::from_millis(5),
        ),
        Trouble::Crawling => in_pieces(
            &mut caller,
            &ask(server, &request)?,
            Duration::from_millis(100),
        ),
        Trouble::Doubled => {
            let first = ask(server, &request)?;
            ask(server, &request)?;
            caller.write_all(&first)
        }
        Trouble::Late => {
            let overtaken = lock().held.replace(request.clone());
            let Some(overtaken) = overtaken else {
                return Ok(());
            };
            lock().held = None;
            let answer = ask(server, &request)?;
            ask(server, &overtaken)?;
            caller.write_all(&answer)
        }
        Trouble::Portal => {
            let page = "<!DOCTYPE html><title>Velkommen til gæstenettet</title>";
            write!(
                caller,
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
                page.len()
            )
        }
        Trouble::HalfOpen => {
            std::thread::sleep(Duration::from_secs(600));
            Ok(())
        }
    }
}

fn in_pieces(caller: &mut TcpStream, answer: &[u8], pause: Duration) -> std::io::Result<()> {
    for piece in answer.chunks(200) {
        caller.write_all(piece)?;
        std::thread::sleep(pause);
    }
    Ok(())
}

/// Sends a request on a line of its own and reads the answer.
fn ask(server: SocketAddr, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut line = TcpStream::connect(server)?;
    line.write_all(request)?;
    let mut answer = Vec::new();
    line.read_to_end(&mut answer)?;
    Ok(answer)
}

/// One request, made to be the last of its connection.
fn message(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let mut message = Vec::new();
    let mut length = 0;
    for line in text.trim_end().lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        }
        if !name.eq_ignore_ascii_case("connection") {
            message.extend_from_slice(line.as_bytes());
            message.extend_from_slice(b"\r\n");
        }
    }
    message.extend_from_slice(b"connection: close\r\n\r\n");
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    message.extend(body);
    Ok(message)
}
