//! A central store that has no connection or no room left: it says so, loses nothing, and goes on by itself after.
//!
//! Basis: reliability, faults F3 and F8.

use std::path::Path;
use std::sync::Arc;

use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::{PushBatch, Scope};
use skranke_server::store::StoreError;
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::postgres::PostgresStore;
use skranke_server::store::sqlite::SqliteStore;
use skranke_testkit::invariants::{self, World};
use skranke_testkit::postgres::Cluster;
use skranke_testkit::small_disk::SmallDisk;
use skranke_testkit::{drawn, seed, times};

use crate::office::{Laptop, Office, TENANT};
use crate::postgres::{address, prepared};

/// Everything that was acknowledged to the laptop is in the feed, once, and all else holds.
fn held(office: &Office, acknowledged: &[SealedEvent], left: &[&Path]) {
    let world = World {
        is_quiet: true,
        left: left.iter().map(|place| place.to_path_buf()).collect(),
        ..office.after_fault(acknowledged)
    };
    invariants::hold(&world, "after it was exhausted");
}

#[test]
fn with_every_connection_taken_a_write_is_told_to_come_again_and_nothing_is_lost() {
    let cluster = Cluster::start(&[]);
    drop(prepared(&cluster));
    let place = address(&cluster.address("skranke_runtime", "skranke"), 1);
    let store = PostgresStore::open(&place, &KeyFile::from_bytes([7; 32])).unwrap();
    let log = cluster.log();
    let office = Office::over(Arc::new(store), cluster);
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (_, opening) = laptop.open_case("2512169996");
    let taken = office.store.begin(TENANT).unwrap();

    let answer = office.try_push(laptop.id, &PushBatch::of(&opening));

    assert!(matches!(answer, Err(StoreError::Database(_))), "{answer:?}");
    drop(taken);
    office.push(laptop.id, &opening);
    held(&office, &opening, &[&log]);
}

/// Fills the disk but for a little, pushes until the store refuses, makes room again, and does so as often as asked.
struct Filling<'a> {
    office: &'a Office,
    laptop: Laptop,
    acknowledged: Vec<SealedEvent>,
}

impl<'a> Filling<'a> {
    #[expect(clippy::print_stdout, reason = "how to replay it")]
    fn begins(office: &'a Office) -> Self {
        println!("SKRANKE_SEED={}", seed());
        let mut filling = Self {
            office,
            laptop: office.laptop(1, Scope::Tenant),
            acknowledged: Vec::new(),
        };
        let (_, opening) = filling.laptop.open_case("2512169996");
        filling.takes(opening);
        filling
    }

    fn takes(&mut self, opening: Vec<SealedEvent>) {
        self.office.push(self.laptop.id, &opening);
        self.acknowledged.extend(opening);
    }

    /// Pushes until one is refused: that one, and what the store says against it.
    fn until_refused(&mut self) -> (Vec<SealedEvent>, StoreError) {
        for _ in 0..2_000 {
            let (_, opening) = self.laptop.open_case("2512169996");
            let batch = PushBatch::of(&opening);
            match self.office.try_push(self.laptop.id, &batch) {
                Ok(_) => self.acknowledged.extend(opening),
                Err(why) => return (opening, why),
            }
        }
        panic!("the disk is full");
    }

    /// `restart` is what an operator does once there is room.
    fn again_and_again(
        mut self,
        disk: &SmallDisk,
        left: &[&Path],
        mut restart: impl FnMut(&StoreError),
    ) {
        for round in 0..times(1) {
            let full = disk.fill_but(drawn(round, 200_000));
            let (refused, why) = self.until_refused();
            std::fs::remove_file(full).unwrap();
            restart(&why);

            held(self.office, &self.acknowledged, left);
            self.takes(refused);
            held(self.office, &self.acknowledged, left);
        }
    }
}

#[test]
fn on_a_full_disk_the_central_store_acknowledges_nothing_it_does_not_hold_and_goes_on_after() {
    let name = "exhausted::on_a_full_disk_the_central_store_acknowledges_nothing_it_does_not_hold_and_goes_on_after";
    let Some(disk) = SmallDisk::of(name, 32) else {
        return;
    };
    let path = disk.path().join("central.db");
    let store = SqliteStore::open(&path, &KeyFile::from_bytes([7; 32])).unwrap();
    let office = Office::over(Arc::new(store), ());

    Filling::begins(&office).again_and_again(&disk, &[disk.path()], |_| {});
}

#[test]
fn where_postgresql_has_no_room_for_rows_writes_are_refused_with_the_reason_until_there_is() {
    let name = "exhausted::where_postgresql_has_no_room_for_rows_writes_are_refused_with_the_reason_until_there_is";
    let Some(disk) = SmallDisk::of_nobody(name, 128) else {
        return;
    };
    let cluster = Cluster::start_on(disk.path(), &["fsync=on"]);
    let office = Office::over(Arc::new(prepared(&cluster)), ());

    Filling::begins(&office).again_and_again(&disk, &[&cluster.log()], |why| {
        let cause = std::error::Error::source(why).map(ToString::to_string);
        assert!(cause.unwrap().contains("its disk is full"), "{why:?}");
    });
}

#[test]
fn where_postgresql_has_no_room_for_its_own_log_it_stops_and_nothing_acknowledged_is_missing_after()
{
    let name = "exhausted::where_postgresql_has_no_room_for_its_own_log_it_stops_and_nothing_acknowledged_is_missing_after";
    let Some(disk) = SmallDisk::of_nobody(name, 64) else {
        return;
    };
    let mut cluster = Cluster::start_logging_on(disk.path(), &["fsync=on"]);
    let office = Office::over(Arc::new(prepared(&cluster)), ());
    let log = cluster.log();

    Filling::begins(&office).again_and_again(&disk, &[&log], |_| {
        let said = std::fs::read_to_string(&log).unwrap();
        assert!(said.contains("No space left on device"), "{said}");
        cluster.kill();
        cluster.resume();
    });
}
