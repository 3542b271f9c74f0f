//! Two standbys, of which one must have each record: work goes on without the other, and the one that is furthest
//! ahead takes over.
//!
//! Basis: reliability, finding 2 and section 3.2; `docs/operations.md`, Standbys.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::{PushBatch, Scope};
use skranke_testkit::invariants::{self, World};
use skranke_testkit::patience::PATIENCE;
use skranke_testkit::postgres::Cluster;

use super::standby::{DATABASE, holds, waits};
use super::{opened, prepared};
use crate::office::{Laptop, Office};

/// What the operator asks each standby; the manual has the same words.
const HOW_FAR: &str = "SELECT greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())";

/// A primary with two standbys, and a municipality with a laptop.
struct Trio {
    primary: Cluster,
    b: Cluster,
    c: Cluster,
    office: Arc<Office>,
    laptop: Laptop,
}

impl Trio {
    fn start() -> Self {
        let durable = ["fsync=on", "wal_level=replica", "hot_standby=on"];
        let primary = Cluster::start(&durable);
        drop(prepared(&primary));
        let [b, c] = ["b", "c"].map(|name| primary.standby(name, &durable));
        primary.needs_standbys("ANY 1 (b, c)", 2);
        let hosts = [&primary, &b, &c].map(|cluster| cluster.host().display().to_string());
        let any = format!(
            "host={} user=skranke_runtime dbname={DATABASE}",
            hosts.join(",")
        );
        let office = Arc::new(Office::over(Arc::new(opened(&any).unwrap()), ()));
        let laptop = office.laptop(1, Scope::Tenant);
        Self {
            primary,
            b,
            c,
            office,
            laptop,
        }
    }

    fn work(&mut self) -> Vec<SealedEvent> {
        let (_, opening) = self.laptop.open_case("2512169996");
        self.office.push_after_fault(self.laptop.id, &opening);
        opening
    }

    /// One standby missed what the other has; then the primary is lost, and both standbys run.
    fn c_is_behind_and_the_primary_lost(&mut self) -> Vec<SealedEvent> {
        let mut acknowledged = self.work();
        // Both have the first of it, so that the one that is behind can be asked at all.
        for standby in [&self.b, &self.c] {
            while !holds(standby, &acknowledged[0]) {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        self.c.kill();
        self.primary.wait_for_standbys(1);
        acknowledged.extend(self.work());
        self.primary.kill();
        self.c.resume();
        acknowledged
    }

    fn after(&self, acknowledged: &[SealedEvent]) -> World {
        World {
            is_quiet: true,
            ..self.office.after_fault(acknowledged)
        }
    }
}

fn how_far(standby: &Cluster) -> u64 {
    let told = standby.administer("postgres", &format!("{HOW_FAR} - '0/0'::pg_lsn"));
    told.trim().parse().unwrap()
}

#[test]
fn with_one_of_two_standbys_away_work_goes_on_and_with_both_away_it_waits() {
    let mut trio = Trio::start();
    trio.c.kill();
    trio.primary.wait_for_standbys(1);
    let mut acknowledged = trio.work();
    assert!(holds(&trio.b, &acknowledged[1]));

    trio.b.kill();
    trio.primary.wait_for_standbys(0);
    let (_, opening) = trio.laptop.open_case("2512169996");
    let (told, answer) = channel();
    let (office, device, batch) = (
        Arc::clone(&trio.office),
        trio.laptop.id,
        PushBatch::of(&opening),
    );
    std::thread::spawn(move || {
        let _ = told.send(office.try_push(device, &batch).map(|_| ()));
    });
    assert!(waits(&answer), "nothing is acknowledged on one machine");

    trio.c.resume();
    answer.recv_timeout(PATIENCE).unwrap().unwrap();
    assert!(holds(&trio.c, &opening[1]), "the one that came back has it");
    acknowledged.extend(opening);
    invariants::hold(&trio.after(&acknowledged), "after both were away");
}

#[test]
fn of_two_standbys_the_one_that_is_furthest_ahead_has_all_that_was_acknowledged() {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md");
    assert!(std::fs::read_to_string(manual).unwrap().contains(HOW_FAR));
    let mut trio = Trio::start();
    let mut acknowledged = trio.c_is_behind_and_the_primary_lost();

    assert!(how_far(&trio.b) > how_far(&trio.c), "the manual's question");
    trio.b.promote();

    acknowledged.extend(trio.work());
    invariants::hold(&trio.after(&acknowledged), "on the one furthest ahead");
}

#[test]
fn promoting_the_standby_that_is_behind_is_caught() {
    let mut trio = Trio::start();
    let acknowledged = trio.c_is_behind_and_the_primary_lost();

    trio.c.promote();
    trio.b.kill();

    let found = invariants::broken(&trio.after(&acknowledged));
    assert!(
        found.iter().any(|line| line.starts_with("I1 confirmed")),
        "{found:?}"
    );
}
