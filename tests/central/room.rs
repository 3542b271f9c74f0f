//! A computer whose disk is full when the central store has something for it: nothing is lost on either side.
//!
//! Basis: reliability, fault F4; issue 3 (disk full on either side).

use skranke_app::Clock;
use skranke_testkit::invariants;
use skranke_testkit::small_disk::SmallDisk;

use crate::bad_lines::HURRY;
use crate::faults::{COUNTER, Told, world};
use crate::{Town, granted, register};

#[test]
fn a_computer_without_room_for_what_comes_says_so_and_goes_on_from_there_once_there_is() {
    let name =
        "room::a_computer_without_room_for_what_comes_says_so_and_goes_on_from_there_once_there_is";
    let Some(disk) = SmallDisk::of(name, 64) else {
        return;
    };
    let town = Town::new();
    let store = disk.path().join("store");
    std::fs::create_dir(&store).unwrap();
    std::os::unix::fs::symlink(store, town.folder.path().join(COUNTER)).unwrap();
    let app = town.counter_at(COUNTER, Clock::System.hurried(HURRY));
    let other = town.counter("skranke-2");
    let mut told = Told::default();
    for left_bytes in [300_000, 100_000, 0] {
        let story = format!("{left_bytes} bytes left");
        // Given work of its own to send, and much to fetch
        let own = granted(&app, "0201703984", "Aase Lindholm");
        told.saved.insert(own.row.id.clone());
        for _ in 0..4 {
            let case = granted(&other, "2304483984", "Bodil Aagaard");
            register(&other, &case);
        }
        other.sync_now(()).unwrap();

        // When there is no room for it
        let full = disk.fill_but(left_bytes);
        let refused = app.sync_now(()).unwrap();

        assert_eq!(refused.problem, "disk_full", "{story}");
        std::fs::remove_file(full).unwrap();
        invariants::hold(&world(&town, &told, &[], false), &story);

        // Then all of it comes and goes once there is
        let status = app.sync_now(()).unwrap();
        assert_eq!(
            (status.problem.as_str(), status.waiting),
            ("", 0),
            "{story}"
        );
        other.sync_now(()).unwrap();
        told.confirmed.clone_from(&told.saved);
        invariants::hold(&world(&town, &told, &["skranke-2"], true), &story);
    }
}
