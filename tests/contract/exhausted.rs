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

use crate::office::{Office, TENANT};
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

#[test]
fn on_a_full_disk_the_central_store_acknowledges_nothing_it_does_not_hold_and_goes_on_after() {
    let name = "exhausted::on_a_full_disk_the_central_store_acknowledges_nothing_it_does_not_hold_and_goes_on_after";
    let Some(disk) = SmallDisk::of(name, 16) else {
        return;
    };
    let path = disk.path().join("central.db");
    let store = SqliteStore::open(&path, &KeyFile::from_bytes([7; 32])).unwrap();
    let office = Office::over(Arc::new(store), ());
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (_, mut acknowledged) = laptop.open_case("2512169996");
    office.push(laptop.id, &acknowledged);
    let full = disk.fill();
    let mut refused = None;
    for _ in 0..200 {
        let (_, opening) = laptop.open_case("2512169996");
        match office.try_push(laptop.id, &PushBatch::of(&opening)) {
            Ok(_) => acknowledged.extend(opening),
            Err(_) => {
                refused = Some(opening);
                break;
            }
        }
    }
    let refused = refused.expect("the disk is full");

    std::fs::remove_file(full).unwrap();
    held(&office, &acknowledged, &[disk.path()]);
    office.push(laptop.id, &refused);
    acknowledged.extend(refused);
    held(&office, &acknowledged, &[disk.path()]);
}
