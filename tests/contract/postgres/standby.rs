//! An acknowledgement means that the standby has it too.
//!
//! Two traps of PostgreSQL are reproduced first, so that it is known that they are there, and then beaten: a retry that
//! finds its row without waiting for the standby, and a cancelled commit that reports success.
//! Basis: reliability, findings 1 to 3 and method 9.1.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use skranke_domain::rehearsal::{self, Bug};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::{PushBatch, Scope};
use skranke_server::store::{StoreError, Stored};
use skranke_testkit::invariants::{self, World};
use skranke_testkit::patience::PATIENCE;
use skranke_testkit::postgres::Cluster;
use skranke_testkit::times;

use super::{opened, prepared};
use crate::office::{Laptop, Office, TENANT};

pub(super) const DATABASE: &str = "skranke";
/// Long enough that a push which waits for nothing would have come back.
const A_WHILE: Duration = Duration::from_millis(1500);

/// A primary with one synchronous standby, and a municipality with a laptop.
struct Pair {
    primary: Cluster,
    standby: Cluster,
    office: Arc<Office>,
    laptop: Laptop,
}

impl Pair {
    fn start() -> Self {
        let durable = ["fsync=on", "wal_level=replica", "hot_standby=on"];
        let primary = Cluster::start(&durable);
        drop(prepared(&primary));
        let standby = primary.standby("b", &durable);
        primary.needs_standbys("FIRST 1 (b)", 1);
        let either = format!(
            "host={},{} user=skranke_runtime dbname={DATABASE}",
            primary.host().display(),
            standby.host().display()
        );
        let office = Office::over(Arc::new(opened(&either).unwrap()), ());
        let laptop = office.laptop(1, Scope::Tenant);
        Self {
            primary,
            standby,
            office: Arc::new(office),
            laptop,
        }
    }

    /// Pushes beside the test and reports when an answer came.
    fn push(&self, events: &[SealedEvent]) -> Receiver<Stored<()>> {
        let (answered, answer) = channel();
        let (office, device, batch) = (
            Arc::clone(&self.office),
            self.laptop.id,
            PushBatch::of(events),
        );
        std::thread::spawn(move || {
            let _ = answered.send(office.try_push(device, &batch).map(|_| ()));
        });
        answer
    }

    fn standby_away(&mut self) {
        self.standby.kill();
        self.primary.wait_for_standbys(0);
    }

    /// All that must hold, of what was acknowledged to the laptop and of what the servers wrote down.
    fn held(&self, acknowledged: &[SealedEvent], after: &str) {
        invariants::hold(&self.after_all(acknowledged), after);
    }

    fn after_all(&self, acknowledged: &[SealedEvent]) -> World {
        World {
            is_quiet: true,
            left: vec![self.primary.log(), self.standby.log()],
            ..self.office.after_fault(acknowledged)
        }
    }

    /// The primary is gone for good; what counts is on the standby.
    fn fail_over(&mut self) {
        self.primary.kill();
        self.standby.resume();
        self.standby.promote();
    }
}

pub(super) fn waits(answer: &Receiver<Stored<()>>) -> bool {
    matches!(answer.recv_timeout(A_WHILE), Err(RecvTimeoutError::Timeout))
}

fn hex(event: &SealedEvent) -> String {
    skranke_protocol::encoding::to_hex(event.hash())
}

pub(super) fn holds(cluster: &Cluster, event: &SealedEvent) -> bool {
    let asked = format!(
        "SELECT count(*) FROM event WHERE hash = decode('{}', 'hex')",
        hex(event)
    );
    cluster.administer(DATABASE, &asked).trim() == "1"
}

#[test]
fn writes_wait_for_the_standby_and_go_on_when_it_is_back() {
    let mut pair = Pair::start();
    let (_, opening) = pair.laptop.open_case("2512169996");
    pair.standby_away();

    let answer = pair.push(&opening);
    assert!(waits(&answer), "nothing is acknowledged on one machine");

    pair.standby.resume();
    answer.recv_timeout(PATIENCE).unwrap().unwrap();
    assert!(holds(&pair.standby, &opening[1]));
    pair.held(&opening, "after the standby was away");
}

#[test]
fn a_cancelled_commit_is_not_an_acknowledgement() {
    let mut pair = Pair::start();
    let (_, opening) = pair.laptop.open_case("2512169996");
    pair.standby_away();

    let answer = pair.push(&opening);
    pair.primary.wait_until_a_commit_waits();
    pair.primary.cancel_waiting_commits();

    let answered = answer.recv_timeout(PATIENCE).unwrap();
    assert!(
        holds(&pair.primary, &opening[1]),
        "the trap: the database took the commit and called it a success"
    );
    assert!(
        matches!(answered, Err(StoreError::NotReplicated)),
        "{answered:?}"
    );
    pair.fail_over();
    assert!(!holds(&pair.standby, &opening[1]), "it was indeed lost");
    pair.office.push(pair.laptop.id, &opening);
    assert!(
        holds(&pair.standby, &opening[1]),
        "and the laptop's next try brings it back"
    );
    pair.held(&opening, "after a cancelled commit");
}

#[test]
fn a_retry_is_acknowledged_only_when_the_standby_has_it() {
    let mut pair = Pair::start();
    let (_, opening) = pair.laptop.open_case("2512169996");
    pair.standby_away();

    let first = pair.push(&opening);
    pair.primary.wait_until_a_commit_waits();
    pair.primary.end_waiting_commits();
    first
        .recv_timeout(PATIENCE)
        .unwrap()
        .expect_err("the connection was ended");
    let naive = format!(
        "SET skranke.tenant = '{TENANT}'; SET statement_timeout = '2s';
         INSERT INTO event SELECT * FROM event WHERE hash = decode('{}', 'hex') ON CONFLICT DO NOTHING",
        hex(&opening[1])
    );
    pair.primary
        .run_as("skranke_runtime", DATABASE, &naive)
        .expect("the trap: a retry that writes nothing waits for nobody");

    let second = pair.push(&opening);
    assert!(waits(&second), "our retry writes its receipt, so it waits");
    pair.fail_over();
    second
        .recv_timeout(PATIENCE)
        .unwrap()
        .expect_err("never acknowledged");
    assert!(!holds(&pair.standby, &opening[1]));
    pair.office.push(pair.laptop.id, &opening);
    assert!(holds(&pair.standby, &opening[1]));
    pair.held(&opening, "after a retry that found its row");
}

#[test]
fn what_was_acknowledged_survives_the_loss_of_the_primary_under_load() {
    for _ in 0..times(1) {
        loses_its_primary_under_load();
    }
}

fn loses_its_primary_under_load() {
    let mut pair = Pair::start();
    let (stop, office) = (Arc::new(AtomicBool::new(false)), Arc::clone(&pair.office));
    let (report, reports) = channel();
    let writers: Vec<_> = (2..6)
        .map(|seed| {
            let mut laptop = office.laptop(seed, Scope::Tenant);
            let (office, stop) = (Arc::clone(&office), Arc::clone(&stop));
            let report = report.clone();
            std::thread::spawn(move || {
                let mut acknowledged = Vec::new();
                let mut waiting = Vec::new();
                while !stop.load(Ordering::SeqCst) {
                    let (_, opening) = laptop.open_case("2512169996");
                    if office
                        .try_push(laptop.id, &PushBatch::of(&opening))
                        .is_err()
                    {
                        waiting = opening;
                        break;
                    }
                    acknowledged.extend(opening);
                    // Nobody listens once the primary is gone.
                    let _ = report.send(());
                }
                (acknowledged, laptop, waiting)
            })
        })
        .collect();
    // Work is under way, however slow the machine is.
    for _ in 0..20 {
        reports.recv_timeout(PATIENCE).expect("an acknowledgement");
    }
    pair.primary.kill();
    stop.store(true, Ordering::SeqCst);
    let (mut acknowledged, mut unanswered) = (Vec::new(), Vec::new());
    for writer in writers {
        let (taken, laptop, waiting) = writer.join().unwrap();
        acknowledged.extend(taken);
        unanswered.push((laptop, waiting));
    }

    let lost = Instant::now();
    pair.standby.promote();
    let promoted = lost.elapsed();
    let all = pair.office.after_fault(&acknowledged);
    invariants::hold(&all, "on the new primary, before anybody tries again");

    // Each writer offers again what no answer came for, as a laptop does; then all is quiet.
    let offered = Instant::now();
    for (mut laptop, waiting) in unanswered {
        office.push(laptop.id, &waiting);
        acknowledged.extend(waiting);
        let (_, opening) = laptop.open_case("2512169996");
        office.push(laptop.id, &opening);
        acknowledged.extend(opening);
    }
    // Looking through everything in between took time of its own, which nobody waits for.
    let recovered = promoted + offered.elapsed();
    let world = World {
        recovered: vec![("the standby".to_owned(), recovered)],
        ..pair.after_all(&acknowledged)
    };
    invariants::hold(&world, "after the primary was lost under load");
}

#[test]
fn a_duplicate_that_is_acknowledged_without_a_receipt_is_caught() {
    let mut pair = Pair::start();
    let (_, opening) = pair.laptop.open_case("2512169996");
    pair.standby_away();
    let first = pair.push(&opening);
    pair.primary.wait_until_a_commit_waits();
    pair.primary.end_waiting_commits();
    first
        .recv_timeout(PATIENCE)
        .unwrap()
        .expect_err("the connection was ended");

    // A server that writes nothing where it has the events already.
    rehearsal::plant_here(Bug::DroppedReceipt);
    let answered = pair
        .office
        .try_push(pair.laptop.id, &PushBatch::of(&opening));
    assert!(answered.is_ok(), "it waits for nobody");
    pair.fail_over();

    let found = invariants::broken(&pair.office.after_fault(&opening));
    assert!(
        found.iter().any(|line| line.starts_with("I1 confirmed")),
        "{found:?}"
    );
}
