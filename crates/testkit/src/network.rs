//! A bad line between a program and its server: a small proxy on loopback that cuts, slows, repeats, delays and lies,
//! at every request or at those of one kind.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What is wrong with the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// The request arrives up to the middle of its body, then the line is cut.
    RequestCut,
    /// The server has done it, and its answer comes back up to the middle of its body.
    AnswerCut,
    /// The server has done it, and nothing comes back.
    AnswerLost,
    /// Each answer comes in small pieces.
    Slow,
    /// The same, so slowly that a person waits.
    Crawling,
    /// Each request arrives twice.
    Doubled,
    /// The request is held on its way, its caller hears nothing, and it arrives behind the one that is sent next.
    Late,
    /// The sign-in page of a guest network answers.
    Portal,
    /// A guest network sends the caller to its sign-in page.
    Redirect,
    /// The server says it is busy, and to come back in five minutes.
    Busy,
    /// The line is taken and nothing ever comes: the caller must give up by itself.
    HalfOpen,
}

impl Trouble {
    /// All that a caller notices within seconds.
    pub const QUICK: [Trouble; 8] = [
        Trouble::RequestCut,
        Trouble::AnswerCut,
        Trouble::AnswerLost,
        Trouble::Slow,
        Trouble::Doubled,
        Trouble::Late,
        Trouble::Portal,
        Trouble::Redirect,
    ];
}

/// Requests of one kind: those of a method to a path, or to all below one that ends in `/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    method: &'static str,
    path: &'static str,
    /// What the query contains.
    query: &'static str,
}

impl Kind {
    /// Every request.
    pub const ANY: Kind = Kind::new("", "/");

    /// Those of a method to a path, or to all below one that ends in `/`.
    pub const fn new(method: &'static str, path: &'static str) -> Self {
        Self {
            method,
            path,
            query: "",
        }
    }

    /// Those of them whose query contains this.
    #[must_use]
    pub const fn asking(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    /// Whether a request, told by its method and target, is one of them.
    pub fn is(&self, request: &str) -> bool {
        let (method, target) = request.split_once(' ').unwrap_or((request, ""));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let is_there = path == self.path || self.path.ends_with('/') && path.starts_with(self.path);
        is_there && query.contains(self.query) && (self.method.is_empty() || method == self.method)
    }
}

/// A trouble, and the requests it befalls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    trouble: Trouble,
    kind: Kind,
    /// Requests of the kind that pass before the first that suffers.
    spared: u32,
    /// Requests that suffer at most.
    times: u32,
}

impl Fault {
    /// Befalls each request of a kind.
    pub const fn in_each(trouble: Trouble, kind: Kind) -> Self {
        Self {
            trouble,
            kind,
            spared: 0,
            times: u32::MAX,
        }
    }

    /// Befalls the next request of a kind alone.
    pub const fn once(trouble: Trouble, kind: Kind) -> Self {
        Self {
            times: 1,
            ..Self::in_each(trouble, kind)
        }
    }

    /// The same, behind so many requests of the kind that pass.
    #[must_use]
    pub const fn behind(self, spared: u32) -> Self {
        Self { spared, ..self }
    }
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        Self::in_each(trouble, Kind::ANY)
    }
}

/// The line. It lives as long as the test's process.
pub struct Line {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    server: SocketAddr,
    fault: Fault,
    /// Requests that suffered since it was said what is wrong.
    befallen: u32,
    /// A request that is overtaken.
    held: Option<Request>,
    /// Each request so far.
    carried: Vec<(Instant, String)>,
    /// Requests that nothing befell, whose answer was given back.
    answered: usize,
}

impl State {
    /// What befalls a request.
    fn trouble_of(&mut self, request: &str) -> Trouble {
        if !self.fault.kind.is(request) || self.fault.trouble == Trouble::None {
            return Trouble::None;
        }
        if self.fault.spared > 0 {
            self.fault.spared -= 1;
            return Trouble::None;
        }
        if self.fault.times == 0 {
            return Trouble::None;
        }
        self.fault.times = self.fault.times.saturating_sub(1);
        self.befallen += 1;
        self.fault.trouble
    }
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
            fault: Trouble::None.into(),
            befallen: 0,
            held: None,
            carried: Vec::new(),
            answered: 0,
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // Who hung up is nothing to the next one.
                std::thread::spawn(move || carry(&caller, &state));
            }
        });
        Self { address, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the program reaches its server through this line.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on this is wrong. What is held on its way arrives all the same, behind the next request.
    pub fn suffers(&self, fault: impl Into<Fault>) {
        let mut state = self.state();
        state.fault = fault.into();
        state.befallen = 0;
    }

    /// How many requests suffered since it was said what is wrong.
    pub fn befallen(&self) -> u32 {
        self.state().befallen
    }

    /// Each request so far: when it came, its method and target.
    pub fn carried(&self) -> Vec<(Instant, String)> {
        self.state().carried.clone()
    }

    /// How many requests came through by themselves so far, and were answered.
    pub fn answered(&self) -> usize {
        self.state().answered
    }

    /// The server is at another address now.
    pub fn leads_to(&self, server: SocketAddr) {
        self.state().server = server;
    }
}

fn carry(stream: &TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut caller = stream;
    let request = Request::read(caller)?;
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let (server, trouble, overtaken) = {
        let mut state = lock();
        let trouble = state.trouble_of(&request.line);
        state.carried.push((Instant::now(), request.line.clone()));
        if trouble == Trouble::Late && state.held.is_none() {
            state.held = Some(request);
            return Ok(());
        }
        let overtakes = matches!(trouble, Trouble::None | Trouble::Late);
        let overtaken = overtakes.then(|| state.held.take()).flatten();
        (state.server, trouble, overtaken)
    };
    let ask = |request: &Request| ask(server, &request.message, stream);
    match trouble {
        Trouble::None | Trouble::Late => {
            let answer = ask(&request)?;
            if let Some(overtaken) = &overtaken {
                // Who sent it has given up on it.
                let _ = ask(overtaken);
            }
            caller.write_all(&answer)?;
            lock().answered += 1;
            Ok(())
        }
        Trouble::RequestCut => {
            let mut line = TcpStream::connect(server)?;
            line.write_all(up_to_the_middle(&request.message))
        }
        Trouble::AnswerCut => caller.write_all(up_to_the_middle(&ask(&request)?)),
        Trouble::AnswerLost => ask(&request).map(|_| ()),
        Trouble::Slow => in_pieces(caller, &ask(&request)?, Duration::from_millis(5)),
        Trouble::Crawling => in_pieces(caller, &ask(&request)?, Duration::from_millis(100)),
        Trouble::Doubled => {
            let first = ask(&request)?;
            ask(&request)?;
            caller.write_all(&first)
        }
        Trouble::Portal => {
            let page = "<!DOCTYPE html><title>Velkommen til gæstenettet</title>";
            write!(
                caller,
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
                page.len()
            )
        }
        Trouble::Redirect => write!(
            caller,
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/login\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ),
        Trouble::Busy => write!(
            caller,
            "HTTP/1.1 503 Service Unavailable\r\nskranke-protocol: 1-1\r\nretry-after: 300\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ),
        Trouble::HalfOpen => {
            std::thread::sleep(Duration::from_secs(600));
            Ok(())
        }
    }
}

/// A message without the second half of its body; of one without a body the first half.
fn up_to_the_middle(message: &[u8]) -> &[u8] {
    let head = message.windows(4).position(|end| end == b"\r\n\r\n");
    let body = head.map_or(message.len(), |head| head + 4);
    let middle = if body == message.len() {
        body / 2
    } else {
        body + (message.len() - body) / 2
    };
    &message[..middle]
}

fn in_pieces(mut caller: &TcpStream, answer: &[u8], pause: Duration) -> std::io::Result<()> {
    for piece in answer.chunks(200) {
        caller.write_all(piece)?;
        std::thread::sleep(pause);
    }
    Ok(())
}

/// Sends a request on a line of its own and reads the answer, as long as somebody waits for one.
fn ask(server: SocketAddr, request: &[u8], caller: &TcpStream) -> std::io::Result<Vec<u8>> {
    let mut line = TcpStream::connect(server)?;
    line.write_all(request)?;
    line.set_read_timeout(Some(Duration::from_millis(100)))?;
    let mut answer = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        match line.read(&mut piece) {
            Ok(0) => return Ok(answer),
            Ok(count) => answer.extend_from_slice(&piece[..count]),
            Err(error) if is_not_yet(&error) => {
                if has_hung_up(caller)? {
                    return Err(std::io::ErrorKind::ConnectionAborted.into());
                }
            }
            Err(error) => return Err(error),
        }
    }
}

fn is_not_yet(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
    )
}

/// Whether the caller ended the connection. It says nothing more, since each request is the last on its own.
fn has_hung_up(caller: &TcpStream) -> std::io::Result<bool> {
    caller.set_nonblocking(true)?;
    let heard = caller.peek(&mut [0]);
    caller.set_nonblocking(false)?;
    match heard {
        Ok(count) => Ok(count == 0),
        Err(error) if is_not_yet(&error) => Ok(false),
        Err(_) => Ok(true),
    }
}

/// One request.
struct Request {
    /// Its method and target.
    line: String,
    /// The whole of it, made to be the last of its connection.
    message: Vec<u8>,
}

impl Request {
    fn read(mut stream: &TcpStream) -> std::io::Result<Self> {
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
        let mut words = text.split(' ');
        let line = [words.next(), words.next()].map(Option::unwrap_or_default);
        Ok(Self {
            line: line.join(" "),
            message,
        })
    }
}
