//! What whoever operates the program relies on: readiness, figures, an end in order, a log without personal data.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use skranke_protocol::problem::Problem;
use skranke_testkit::patience::{PATIENCE, wait_until};
#[cfg(unix)]
use skranke_testkit::postgres::Cluster;

use crate::hostile::{device, enrolled};
#[cfg(unix)]
use crate::program::{Program, prepared, run_on};
use crate::program::{SECRET, command, embedded, run};
use crate::started::Started;
use crate::wire::{Answer, send};

fn get(url: &str, target: &str) -> Answer {
    send(url, "GET", target, &vec![], b"").unwrap()
}

/// The program with figures and a short end.
fn started(folder: &Path, change: impl FnOnce(&mut Command)) -> Started {
    Started::with(folder, |command| {
        command
            .env("SKRANKE_SERVER_METRICS_LISTEN", "127.0.0.1:0")
            .env("SKRANKE_SERVER_STOP_SECONDS", "2");
        change(command);
    })
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn the_figures_count_what_was_asked_and_name_nobody() {
    let scratch = tempfile::tempdir().unwrap();
    let program = started(scratch.path(), |_| {});
    let counter = enrolled(&program.url, 1);
    let push = |body: &[u8]| {
        let headers = counter.prove(&program.url, "POST", "/v1/events", body);
        send(&program.url, "POST", "/v1/events", &headers, body)
            .unwrap()
            .status
    };
    assert_eq!(push(b"{\"commands\":[]}"), 200);
    let malformed = format!(
        "{{\"commands\":[{{\"command_id\":\"{}\",\"events\":[]}}]}}",
        uuid::Uuid::now_v7()
    );
    assert_eq!(push(malformed.as_bytes()), 200);
    assert_eq!(push(b"{"), 400);
    assert_eq!(get(&program.url, "/v1/2512169996").status, 404);
    let mut poll = begin_poll(&program.url, &counter);

    let metrics = program.metrics.clone().unwrap();
    let base = metrics.trim_end_matches("/metrics");
    let figures = || String::from_utf8(get(base, "/metrics").body).unwrap();
    wait_until("a long poll is counted", || {
        figures().contains("skranke_long_polls 1")
    });
    let text = figures();

    for line in [
        "skranke_requests_total{method=\"POST\",endpoint=\"/v1/events\",status=\"200\"} 2",
        "skranke_requests_total{method=\"POST\",endpoint=\"/v1/events\",status=\"400\"} 1",
        "skranke_problems_total{code=\"undecodable_body\"} 1",
        "skranke_problems_total{code=\"not_found\"} 1",
        "skranke_verdicts_total{verdict=\"quarantined\",reason=\"malformed\"} 1",
        "skranke_request_duration_seconds_bucket{le=\"+Inf\",method=\"POST\",endpoint=\"/v1/events\"} 3",
        "skranke_waiting_writes 0",
        "skranke_oldest_commit_age_seconds 0",
        "skranke_clock_set_on_seconds 0",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    // A measured number may hold any digits; names and labels stand before it.
    let named: Vec<&str> = text
        .lines()
        .map(|line| line.rsplit_once(' ').map_or(line, |(name, _)| name))
        .collect();
    for fact in ["2512169996", "0999", &counter.id.to_string()] {
        assert!(
            !named.iter().any(|name| name.contains(fact)),
            "{fact} is in\n{text}"
        );
    }
    assert_eq!(
        get(&program.url, "/metrics").status,
        404,
        "not on the interface's own address"
    );
    let _ = poll.shutdown(std::net::Shutdown::Both);
    let _ = poll.read(&mut [0; 16]);
}

#[test]
fn a_clock_that_is_set_while_it_runs_stands_in_the_figures_and_in_the_log() {
    let scratch = tempfile::tempdir().unwrap();
    let set_back = |command: &mut Command| {
        command.env("SKRANKE_REHEARSE_SECONDS_AHEAD", "-7200");
    };
    let program = started(scratch.path(), set_back);

    let is_two_hours = |seconds: &str| seconds.starts_with("-720") || seconds.starts_with("-719");
    let metrics = program.metrics.clone().unwrap();
    let figures = get(metrics.trim_end_matches("/metrics"), "/metrics").body;
    let figures = String::from_utf8(figures).unwrap();
    let mut lines = figures.lines();
    let told = lines.find_map(|line| line.strip_prefix("skranke_clock_set_on_seconds "));
    assert!(told.is_some_and(is_two_hours), "{figures}");
    wait_until("it is in the log", || {
        let log = program.log();
        let mut lines = log.lines().filter(|line| line.contains("clock_was_set"));
        lines.any(|line| line.contains("\"seconds\":-7"))
    });
}

/// A long poll of 25 seconds whose answer is not yet read.
fn begin_poll(url: &str, device: &crate::wire::Device) -> TcpStream {
    let target = "/v1/events?wait=25";
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let mut head = format!(
        "GET {target} HTTP/1.1\r\nHost: {}\r\n",
        url.trim_start_matches("http://")
    );
    for (name, value) in device.prove(url, "GET", target, b"") {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    write!(stream, "{head}\r\n").unwrap();
    stream
}

/// The head of a push whose body is still to come.
fn begin_push(url: &str, device: &crate::wire::Device, body: &[u8]) -> TcpStream {
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    let mut head = format!(
        "POST /v1/events HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in device.prove(url, "POST", "/v1/events", body) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    stream
}

fn status_line(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut bytes = vec![0; 4096];
    let count = stream.read(&mut bytes).unwrap_or(0);
    let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(unix)]
#[test]
fn asked_to_end_it_answers_long_polls_and_lets_a_push_finish() {
    let scratch = tempfile::tempdir().unwrap();
    // Less than the poll would take by itself: one that was waited for would be cut off.
    let mut program = started(scratch.path(), |command| {
        command.env("SKRANKE_SERVER_STOP_SECONDS", "20");
    });
    let counter = enrolled(&program.url, 1);
    let mut poll = begin_poll(&program.url, &counter);
    // Who waits takes no place among the requests under way.
    wait_for_figure(&program, "skranke_long_polls 1");
    // A push whose body is half on its way.
    let body = b"{\"commands\":[]}";
    let mut push = begin_push(&program.url, &counter, body);
    push.write_all(&body[..5]).unwrap();
    wait_for_figure(&program, "skranke_open_requests 1");

    signal(&program.child, "-TERM");
    // The long poll, which could wait for 25 s, is answered at once: two seconds later the program would be gone.
    let polled = status_line(&mut poll);
    push.write_all(&body[5..]).unwrap();
    let pushed = status_line(&mut push);

    assert_eq!(polled, "HTTP/1.1 200 OK");
    assert_eq!(pushed, "HTTP/1.1 200 OK");
    assert!(program.child.wait().unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_hang_up_leaves_a_server_without_a_certificate_at_work() {
    let scratch = tempfile::tempdir().unwrap();
    let program = started(scratch.path(), |_| {});

    signal(&program.child, "-HUP");

    wait_until("it says that there is nothing to read again", || {
        program.log().contains("\"nothing_to_reload\"")
    });
    assert_eq!(get(&program.url, "/healthz").status, 200);
}

/// The key file is a pipe here, so the server stands before its store until somebody writes into it.
#[cfg(unix)]
#[test]
fn a_hang_up_before_the_store_is_open_does_not_end_the_start() {
    let scratch = tempfile::tempdir().unwrap();
    let pipe = scratch.path().join("key");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let mut child = command(scratch.path(), &embedded(scratch.path()))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Opened only once the server reads it.
    let mut key = std::fs::OpenOptions::new().write(true).open(&pipe).unwrap();

    signal(&child, "-HUP");
    // A broken pipe is told below.
    let _ = writeln!(key, "{}", "07".repeat(32));
    drop(key);

    let mut told = String::new();
    let mut out = child.stdout.take().unwrap();
    let mut byte = [0];
    while !told.ends_with('\n') && out.read(&mut byte).unwrap() == 1 {
        told.push(char::from(byte[0]));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(told.contains("listening"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_request_that_never_ends_does_not_keep_it() {
    let scratch = tempfile::tempdir().unwrap();
    let mut program = started(scratch.path(), |_| {});
    let counter = enrolled(&program.url, 1);
    // It announces a body that never comes.
    let stuck = begin_push(&program.url, &counter, b"{\"commands\":[]}");
    wait_for_figure(&program, "skranke_open_requests 1");

    let asked = Instant::now();
    signal(&program.child, "-TERM");
    assert!(program.child.wait().unwrap().success());

    let took = asked.elapsed();
    drop(stuck);
    assert!(
        took > Duration::from_secs(1),
        "it was given its time: {took:?}"
    );
    assert!(program.log().contains("stopped_with_open_requests"));
}

fn wait_for_figure(program: &Started, wanted: &str) {
    let metrics = program.metrics.clone().unwrap();
    let base = metrics.trim_end_matches("/metrics");
    wait_until(wanted, || {
        let figures = get(base, "/metrics").body;
        String::from_utf8(figures).unwrap().contains(wanted)
    });
}

fn missing_part(answer: &Answer) -> Option<String> {
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some());
    let problem: Problem = serde_json::from_slice(&answer.body).unwrap();
    problem.part
}

#[test]
fn without_room_on_the_disk_it_is_not_ready_and_says_so() {
    let scratch = tempfile::tempdir().unwrap();
    let full = started(scratch.path(), |command| {
        command.env("SKRANKE_SERVER_MIN_FREE_MEGABYTES", "1000000");
    });

    let answer = get(&full.url, "/readyz");

    assert_eq!(missing_part(&answer).as_deref(), Some("disk"));
    assert_eq!(
        get(&full.url, "/healthz").status,
        200,
        "it runs all the same"
    );
}

#[cfg(unix)]
#[test]
fn without_its_database_or_its_standby_it_is_not_ready_and_says_which() {
    let scratch = tempfile::tempdir().unwrap();
    let cluster = skranke_testkit::postgres::Cluster::start(&[]);
    let runtime = crate::program::prepared(scratch.path(), &cluster);
    let program = Started::on(scratch.path(), &runtime, |_| {});
    assert_eq!(get(&program.url, "/readyz").status, 200);

    // Now a standby is asked for that nobody is.
    cluster.names_standbys("ANY 1 (b, c)");
    let mut answer = get(&program.url, "/readyz");
    wait_until("it misses its standby", || {
        answer = get(&program.url, "/readyz");
        answer.status != 200
    });
    assert_eq!(missing_part(&answer).as_deref(), Some("replication"));
    cluster.needs_no_standby();
    wait_until("it takes writes again", || {
        get(&program.url, "/readyz").status == 200
    });

    drop(cluster);
    assert_eq!(
        missing_part(&get(&program.url, "/readyz")).as_deref(),
        Some("store")
    );
}

#[test]
fn settings_are_checked_without_opening_anything() {
    let scratch = tempfile::tempdir().unwrap();
    let sound = run(scratch.path(), &["check-config"], "");
    assert_eq!(sound.0, Some(0), "{}", sound.2);
    assert!(!scratch.path().join("central.db").exists());
    assert!(!scratch.path().join("key").exists());

    let file = scratch.path().join("server.toml");
    std::fs::write(
        &file,
        "listen = '0.0.0.0:8470'\ngrant_hours = 0\nmetrics_listen = 'x'\n",
    )
    .unwrap();
    let (code, told, said) = run(
        scratch.path(),
        &["--config", file.to_str().unwrap(), "check-config"],
        "",
    );

    assert_eq!((code, told.as_str()), (Some(3), ""));
    for fault in ["plain HTTP", "grant_hours must", "metrics_listen must"] {
        assert!(said.contains(fault), "{fault} is not in {said}");
    }
}

#[test]
fn the_log_of_honest_and_hostile_requests_is_json_and_holds_no_personal_data() {
    let scratch = tempfile::tempdir().unwrap();
    let program = started(scratch.path(), |_| {});
    let counter = enrolled(&program.url, 1);
    let facts = [
        "2512169996",
        "Åse Østergård",
        "Møllevej",
        "eva.holm",
        "Hemmeligt1",
        "fuldmagt.pdf",
    ];
    let everything = facts.join(" ");
    let escaped: String = everything
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    let bodies = [
        format!("{{\"cpr\":\"{everything}\",\"purpose\":\"{everything}\"}}"),
        format!("{{\"cpr\":\"2512169996\",\"purpose\":\"counter_entry\",\"x\":\"{everything}\"}}"),
        format!(
            "{{\"method\":\"local\",\"login\":\"{everything}\",\"password\":\"{everything}\"}}"
        ),
        format!("{{\"enrolment_code\":\"{everything}\",\"name\":\"{everything}\"}}"),
        format!(
            "{{\"commands\":[{{\"command_id\":\"{}\",\"events\":[{{\"header\":\"{everything}\",\"payload\":\"{everything}\",\"salt\":null,\"signature\":\"{}\"}}]}}]}}",
            uuid::Uuid::now_v7(),
            "A".repeat(86)
        ),
        everything.clone(),
    ];
    let mut asked = 0;
    for target in [
        "/v1/lookup",
        "/v1/sessions",
        "/v1/devices",
        "/v1/events",
        "/v1/attachments/2512169996",
        &format!("/v1/events?after={escaped}&limit={escaped}"),
        &format!("/{escaped}"),
    ] {
        for who in [
            &counter,
            &device(
                9,
                Some(everything.replace(|c: char| !c.is_ascii_alphanumeric(), "")),
            ),
        ] {
            for method in ["POST", "GET", "PATCH"] {
                for body in &bodies {
                    let mut headers = who.prove(&program.url, method, target, body.as_bytes());
                    headers.push(("Skranke-Protocol".to_owned(), "2512169996".to_owned()));
                    headers.push(("Upload-Offset".to_owned(), "eva.holm".to_owned()));
                    let answer = send(&program.url, method, target, &headers, body.as_bytes());
                    let without = who.prove(&program.url, method, target, body.as_bytes());
                    send(&program.url, method, target, &without, body.as_bytes());
                    asked += u32::from(answer.is_some());
                }
            }
        }
    }
    assert!(asked > 200);

    let log = program.log();

    let lines: Vec<&str> = log.lines().collect();
    assert!(lines.len() > 200, "{} lines", lines.len());
    for line in lines {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(
            line["at"].is_string() && line["event"].is_string(),
            "{line}"
        );
    }
    for fact in facts.iter().chain([&SECRET]) {
        assert!(!log.contains(fact), "{fact} is in the log");
    }
    let folder = scratch.path().to_str().unwrap();
    assert!(!log.contains(folder), "nor where it runs");
}

#[test]
fn an_address_that_is_taken_is_told() {
    let scratch = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let store = embedded(scratch.path());
    let output = command(scratch.path(), &store)
        .args(["serve", "--listen", &address])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the address cannot be bound"), "{said}");
}

#[cfg(unix)]
#[test]
fn the_audit_is_sealed_when_it_ends_and_its_seals_are_looked_through_by_one_command() {
    let scratch = tempfile::tempdir().unwrap();
    let mut program = started(scratch.path(), |_| {});
    enrolled(&program.url, 1);
    signal(&program.child, "-TERM");
    assert!(program.child.wait().unwrap().success());

    let (code, told, said) = run(scratch.path(), &["audit", "verify", "--tenant", "0999"], "");

    assert_eq!(code, Some(0), "{said}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (&told["whole"]["seals"], &told["whole"]["unsealed"]),
        (&1.into(), &0.into()),
        "{told}"
    );
    assert_eq!(told["whole"]["end"].as_str().unwrap().len(), 64);
}

#[cfg(unix)]
#[test]
fn a_row_of_the_audit_that_was_changed_is_named_by_that_command_which_fails() {
    let scratch = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(&[]);
    let store = prepared(scratch.path(), &cluster);
    let mut program = Program::start_on(scratch.path(), &store);
    enrolled(&program.url, 1);
    signal(&program.child, "-TERM");
    assert!(program.child.wait().unwrap().success());
    let look = || {
        let asked = ["audit", "verify", "--tenant", "0999"];
        run_on(scratch.path(), &store, &asked, "")
    };
    let (before, ..) = look();

    let change = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server/changed_audit.sql");
    cluster.administer_file("skranke", &change);
    let (after, told, said) = look();

    assert_eq!((before, after), (Some(0), Some(1)), "{said}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert!(told["first_fault"].to_string().contains('1'), "{told}");
}
