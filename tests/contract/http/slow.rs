//! Clients that take long: who sends so slowly that the server would be busy with nothing is let go in time, so is who
//! reads no answer, and who waits for news is in nobody's way.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use skranke_protocol::wire::Cursor;
use skranke_testkit::patience::{PATIENCE, wait_until};

use super::raw::{proof_with, send};
use super::town::Town;
use crate::office::{Laptop, TENANT};

const WITHIN: Duration = Duration::from_millis(400);
/// Far longer than the limit, and no longer than a test that fails waits.
const DRIPS: u32 = 1_000;
const PAUSE: Duration = Duration::from_millis(20);

/// So many answers are more than what lies on the way between the two can be.
const ANSWERS: usize = 100;

/// Asks for so many large answers on one connection, which ends with the last.
fn asking(town: &Town) -> TcpStream {
    const ASK: &str = "GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n";
    let host = town.server.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let first = format!("{ASK}\r\n").repeat(ANSWERS - 1);
    let all = format!("{first}{ASK}Connection: close\r\n\r\n");
    stream.write_all(all.as_bytes()).unwrap();
    stream
}

/// Sends these bytes, then one after the other as long as the server listens; what it answered.
fn drip(town: &Town, begin: &[u8]) -> String {
    let host = town.server.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(begin).unwrap();
    let mut sending = stream.try_clone().unwrap();
    let dripping = std::thread::spawn(move || {
        for _ in 0..DRIPS {
            if sending.write_all(b"a").is_err() {
                return;
            }
            std::thread::sleep(PAUSE);
        }
    });
    let mut answer = Vec::new();
    // Who is cut off may hear of it as an error, once the server no longer reads.
    let _ = stream.read_to_end(&mut answer);
    dripping.join().unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Others are served while somebody drips, and in the place they had when they are gone.
fn is_let_go(begin: impl Fn(&Town) -> Vec<u8> + Sync, is_in_a_place: bool) -> String {
    let town = Town::with(|config| {
        config.max_requests = 2;
        config.head_within = WITHIN;
        config.body_within = WITHIN;
    });
    let is_served = || send(&town, "GET", "/healthz", &[], b"").status == 200;
    let begun = Instant::now();
    let answer = std::thread::scope(|scope| {
        let dripping = scope.spawn(|| drip(&town, &begin(&town)));
        while !dripping.is_finished() {
            assert!(is_served(), "others are served meanwhile");
        }
        dripping.join().unwrap()
    });
    assert!(begun.elapsed() < PAUSE * DRIPS, "{:?}", begun.elapsed());

    if is_in_a_place {
        // As many at once as there are places, twice: whoever kept one would be in the way.
        for _ in 0..2 {
            std::thread::scope(|scope| {
                let dripping = [(), ()].map(|()| scope.spawn(|| drip(&town, &begin(&town))));
                for thread in dripping {
                    thread.join().unwrap();
                }
            });
        }
        wait_until("both places are free", is_served);
    }
    answer
}

#[test]
fn who_drips_the_head_of_a_request_is_cut_off_and_others_are_served() {
    let begin = |_: &Town| b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ".to_vec();

    let answer = is_let_go(begin, false);

    let is_told = answer.is_empty() || answer.starts_with("HTTP/1.1 408");
    assert!(is_told, "{answer}");
}

#[test]
fn who_says_nothing_or_begins_in_another_tongue_is_cut_off_and_so_is_who_falls_silent_later() {
    const LATER: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let town = Town::with(|config| config.head_within = WITHIN);
    let host = town.server.url().trim_start_matches("http://");

    for begin in [
        b"",
        b"P" as &[u8],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        LATER,
    ] {
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(begin).unwrap();
        let mut answer = Vec::new();

        let ended = stream.read_to_end(&mut answer);

        let is_left_open = ended.is_err_and(|error| {
            matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
        });
        assert!(!is_left_open, "{:?}", String::from_utf8_lossy(begin));
    }
}

#[test]
fn who_drips_the_body_of_a_request_is_told_gives_the_place_back_and_others_are_served() {
    let begin = |town: &Town| {
        // Whose proof it is can only be told when the whole body is there.
        let (name, value) = proof_with(town, &Laptop::new(1), "POST", "/v1/events", b"", None);
        let head = format!(
            "POST /v1/events HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\n\
             Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
        );
        head.into_bytes()
    };

    let answer = is_let_go(begin, true);

    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("too_slow"), "{answer}");
}

#[test]
fn who_drips_a_file_is_told_gives_the_place_back_and_others_are_served() {
    let path = format!("/v1/attachments/{}", "0".repeat(64));
    let seed = AtomicU8::new(1);
    let begin = |town: &Town| {
        let (_, laptop) = town.counter(seed.fetch_add(1, Ordering::SeqCst), &["counter"]);
        let (name, value) = proof_with(town, &laptop, "PATCH", &path, b"", None);
        let host = town.server.url().trim_start_matches("http://");
        let head = format!(
            "PATCH {path} HTTP/1.1\r\nHost: {host}\r\n{name}: {value}\r\n\
             Upload-Offset: 0\r\nUpload-Length: 100000\r\nContent-Length: 100000\r\n\r\n"
        );
        head.into_bytes()
    };

    let answer = is_let_go(begin, true);

    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("too_slow"), "{answer}");
}

#[test]
fn who_asks_for_much_and_reads_nothing_is_cut_off() {
    let town = Town::with(|config| {
        config.unread_within = WITHIN;
        // It must not be what ends the connection here.
        config.head_within = 2 * PATIENCE;
    });

    let stream = asking(&town);

    wait_until("it is cut off", || stream.take_error().unwrap().is_some());
}

#[test]
fn who_reads_with_pauses_gets_everything_and_who_waits_for_news_is_left_to_wait() {
    const LONGEST: Duration = Duration::from_secs(4);
    const AT_ONCE: u64 = 1024 * 1024;
    const REST: Duration = Duration::from_millis(260);
    let town = Town::with(|config| config.unread_within = LONGEST);
    let (reader, _) = town.counter(1, &["counter"]);

    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| reader.pull(Cursor::START, 100, 5));
        let begun = Instant::now();
        let (stream, mut answers) = (asking(&town), Vec::new());
        while (&stream).take(AT_ONCE).read_to_end(&mut answers).unwrap() > 0 {
            std::thread::sleep(REST);
        }

        assert!(begun.elapsed() > LONGEST, "all its rests together");
        let answers = String::from_utf8_lossy(&answers);
        assert_eq!(answers.matches("HTTP/1.1 200 OK\r\n").count(), ANSWERS);
        assert!(waiting.join().unwrap().is_ok());
    });
}

#[test]
fn those_who_wait_for_news_keep_nobody_from_being_served_and_read_nothing() {
    let town = Town::with(|config| config.max_requests = 1);
    let (writer, mut laptop) = town.counter(1, &["counter"]);
    let (reader, _) = town.counter(2, &["counter"]);
    let (other_reader, _) = town.counter(3, &["counter"]);
    let central = town.server.central();

    std::thread::scope(|scope| {
        let waiting = [(1, &reader), (2, &other_reader)].map(|(nth, reader)| {
            let waiting = scope.spawn(|| reader.has_news(Cursor::START));
            // One after the other: while it asks, each has the only place.
            wait_until("it waits", || central.waiting_polls() == nth);
            waiting
        });
        writer.push(&laptop.open_case("2512169996").1).unwrap();
        for waiting in waiting {
            assert_eq!(waiting.join().unwrap(), Ok(true));
        }
    });

    let rows = town.operator().audit(TENANT, None, 1_000).unwrap();
    assert!(rows.iter().all(|row| row.action != "feed_read"));
}
