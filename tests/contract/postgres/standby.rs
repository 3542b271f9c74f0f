//! An acknowledgement means that the standby has it too.
//!
//! Two traps of PostgreSQL are reproduced first, so that it is known that they are there, and then beaten: a retry that
//! finds its row without waiting for the standby, and a cancelled commit that reports success.
//! Basis: reliability, findings 1 to 3 and method 9.1.

use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use skranke_domain::rehearsal::{self, Bug};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::{PushBatch, Scope};
use skranke_server::store::{StoreError, Stored};
use skranke_testkit::invariants::{self, World};
use skranke_testkit::patience::PATIENCE;
use skranke_testkit::postgres::Cluster;
use skranke_testkit::{drawn, seed, times};

use super::{opened, prepared};
use crate::office::{Laptop, Office, TENANT, last};

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

    /// The primary that was lost comes back as the standby of the one that took over, with what that holds.
    fn changes_places(&mut self) {
        std::mem::swap(&mut self.primary, &mut self.standby);
        self.standby.follow(&self.primary, "b");
        self.primary.needs_standbys("FIRST 1 (b)", 1);
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
    pair.office.push_after_fault(pair.laptop.id, &opening);
    assert!(
        holds(&pair.standby, &opening[1]),
        "and the laptop's next try brings it back"
    );
    pair.held(&opening, "after a cancelled commit");
}

#[test]
fn a_lost_primary_that_comes_back_as_it_was_is_given_nothing() {
    let mut pair = Pair::start();
    let (case, opening) = pair.laptop.open_case("2512169996");
    pair.office.push(pair.laptop.id, &opening);
    pair.primary.kill();
    pair.standby.promote();
    let after = pair.laptop.note(case, &last(&opening), "efter skiftet");
    pair.office.push_after_fault(pair.laptop.id, &after);

    // Somebody starts it again. It stands first in the address, can be written and waits for nobody.
    pair.primary.resume();
    pair.primary.names_standbys("");
    for cluster in [&pair.primary, &pair.standby] {
        cluster.end_connections();
    }
    let later = pair
        .laptop
        .note(case, &last(&after), "mens den gamle svarer");
    pair.office.push_after_fault(pair.laptop.id, &later);

    assert!(!holds(&pair.primary, &later[0]));
    assert!(holds(&pair.standby, &later[0]));
    let all = [opening, after, later].concat();
    pair.held(&all, "with the lost primary there again");
}

#[test]
fn a_host_that_takes_a_connection_and_says_nothing_keeps_nobody_from_the_next() {
    let cluster = Cluster::start(&[]);
    drop(prepared(&cluster));
    let frozen = tempfile::tempdir().unwrap();
    let _listens = UnixListener::bind(frozen.path().join(".s.PGSQL.5432")).unwrap();
    let both = format!(
        "host={},{} user=skranke_runtime dbname={DATABASE}",
        frozen.path().display(),
        cluster.host().display()
    );

    let office = Office::over(Arc::new(opened(&both).unwrap()), ());

    let mut laptop = office.laptop(1, Scope::Tenant);
    let (_, opening) = laptop.open_case("2512169996");
    office.push(laptop.id, &opening);
    assert!(holds(&cluster, &opening[1]));
    let world = World {
        is_quiet: true,
        left: vec![cluster.log()],
        ..office.after_fault(&opening)
    };
    invariants::hold(&world, "with a host that says nothing");
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
    pair.office.push_after_fault(pair.laptop.id, &opening);
    assert!(holds(&pair.standby, &opening[1]));
    pair.held(&opening, "after a retry that found its row");
}

/// A computer that writes until its primary is gone.
struct Writer {
    laptop: Laptop,
    /// What no answer came for.
    unanswered: Vec<SealedEvent>,
}

impl Writer {
    /// Until it is stopped; returns what was acknowledged.
    fn works(
        &mut self,
        office: &Office,
        stop: &AtomicBool,
        report: &Sender<()>,
    ) -> Vec<SealedEvent> {
        let mut acknowledged = Vec::new();
        while !stop.load(Ordering::SeqCst) {
            if let Some(taken) = self.offers(office) {
                acknowledged.extend(taken);
                // Nobody listens once the primary is gone.
                let _ = report.send(());
            }
        }
        acknowledged
    }

    /// What no answer came for is offered again, as a computer does, else something new; returns it once acknowledged.
    fn offers(&mut self, office: &Office) -> Option<Vec<SealedEvent>> {
        if self.unanswered.is_empty() {
            self.unanswered = self.laptop.open_case("2512169996").1;
        }
        let batch = PushBatch::of(&self.unanswered);
        office.try_push(self.laptop.id, &batch).ok()?;
        Some(std::mem::take(&mut self.unanswered))
    }
}

/// A municipality that loses its primary under load, again and again.
struct Failovers {
    pair: Pair,
    writers: Vec<Writer>,
    acknowledged: Vec<SealedEvent>,
}

impl Failovers {
    fn of(writers: u64) -> Self {
        let pair = Pair::start();
        let writer = |number: u64| Writer {
            laptop: pair
                .office
                .laptop(u8::try_from(number).unwrap(), Scope::Tenant),
            unanswered: Vec::new(),
        };
        Self {
            writers: (2..2 + writers).map(writer).collect(),
            acknowledged: Vec::new(),
            pair,
        }
    }

    /// The primary is killed when so many answers have come, and a moment more has passed.
    fn loses_its_primary(&mut self, answers: u64, moment: Duration) {
        let stop = AtomicBool::new(false);
        let (report, reports) = channel();
        let (pair, writers) = (&mut self.pair, &mut self.writers);
        let taken: Vec<SealedEvent> = std::thread::scope(|scope| {
            let office = &pair.office;
            let at_work: Vec<_> = writers
                .iter_mut()
                .map(|writer| {
                    let (stop, report) = (&stop, report.clone());
                    scope.spawn(move || writer.works(office, stop, &report))
                })
                .collect();
            // Work is under way, however slow the machine is.
            for _ in 0..answers {
                reports.recv_timeout(PATIENCE).expect("an acknowledgement");
            }
            std::thread::sleep(moment);
            pair.primary.kill();
            stop.store(true, Ordering::SeqCst);
            let done = at_work.into_iter().map(|writer| writer.join().unwrap());
            done.flatten().collect()
        });
        self.acknowledged.extend(taken);
    }

    /// The standby takes over: it has all that was acknowledged, and takes what nobody had an answer for.
    fn go_on(&mut self, story: &str) {
        let lost = Instant::now();
        self.pair.standby.promote();
        let promoted = lost.elapsed();
        let all = self.pair.office.after_fault(&self.acknowledged);
        invariants::hold(&all, &format!("{story}: before anybody tries again"));

        let offered = Instant::now();
        for writer in &mut self.writers {
            // Once what no answer came for, once something new.
            for _ in 0..2 {
                let taken = writer.offers(&self.pair.office);
                self.acknowledged.extend(taken.expect("an answer"));
            }
        }
        // Looking through everything in between took time of its own, which nobody waits for.
        let took = promoted + offered.elapsed();
        let world = World {
            recovered: vec![("the new primary".to_owned(), took)],
            ..self.pair.after_all(&self.acknowledged)
        };
        invariants::hold(&world, story);
    }
}

#[test]
fn what_was_acknowledged_survives_the_loss_of_the_primary_under_load() {
    println!("SKRANKE_SEED={}", seed());
    let mut failovers = Failovers::of(times(4).min(64));
    for round in 0..times(1) {
        if round > 0 {
            failovers.pair.changes_places();
        }
        let moment = Duration::from_millis(drawn(2 * round, 50));
        failovers.loses_its_primary(10 + drawn(2 * round + 1, 40), moment);
        failovers.go_on(&format!("SKRANKE_SEED={}, failover {round}", seed()));
    }
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
