//! A lost computer is told to destroy what it holds: it hands over everything first, wherever the power goes.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use skranke_app::Clock;
use skranke_app::api::error::ErrorCode;
use skranke_domain::rehearsal::{self, WIPE};
use skranke_protocol::chain::Head;
use skranke_server::devices::{self, Acting};
use skranke_server::store::CentralStore;
use skranke_server::store::devices::DeviceRecord;
use skranke_testkit::invariants::{self, World};

use crate::faults::{ADDRESS, FOLDER, central, counter, die_at, opened, rehearsing, variable};
use crate::{TENANT, Town, draft_of, granted};

pub(crate) const LOST: &str = "skranke-1";

/// The lost computer in its own process: it comes into contact until it is wiped.
#[expect(clippy::print_stdout, reason = "the parent listens for it")]
fn be_the_lost_computer() -> ! {
    let folder = PathBuf::from(variable(FOLDER).unwrap());
    let address = variable(ADDRESS).unwrap().parse().unwrap();
    rehearsal::watch(die_at);
    let app = Town::computer_of(&folder, address, LOST, Clock::System);
    for _ in 0..3 {
        let told = app.sync_now(()).map(|_| ());
        if told.is_err_and(|error| error.code == ErrorCode::DeviceWiped) {
            let shown = app.start_state(()).err().map(|error| error.code);
            println!("\nwiped {}", shown == Some(ErrorCode::DeviceWiped));
            std::process::exit(0);
        }
    }
    std::process::exit(1)
}

/// Runs the lost computer until it ends, and says whether it said that it was wiped.
fn in_contact(town: &Town, test: &str, point: &str) -> bool {
    let mut child = counter(town, test, &rehearsing(point, 1, None));
    let out = child.stdout.take().unwrap();
    let lines = BufReader::new(out).lines().map_while(Result::ok);
    let is_wiped = lines.filter(|line| line == "wiped true").count() == 1;
    let ended = child.wait().unwrap();
    assert!(
        is_wiped || ended.code().is_none(),
        "{point}: it ended without being killed"
    );
    is_wiped
}

/// What the central store knows of the lost computer, and the drafts it handed over.
pub(crate) fn known(town: &Town) -> (DeviceRecord, Vec<Vec<u8>>) {
    let store = town.central_store();
    let mut transaction = store.begin(TENANT).unwrap();
    let [record] = transaction.device_records().unwrap().try_into().unwrap();
    let drafts = transaction.handed_over(record.device.id).unwrap();
    (record, drafts)
}

/// A computer with a case and a draft that it has not sent, ordered to be wiped; the end of its chain.
pub(crate) fn lost(town: &mut Town) -> Head {
    let app = town.counter(LOST);
    granted(&app, "0201703984", "Aase Lindholm");
    app.sync_now(()).unwrap();
    town.close_central();
    granted(&app, "0301703984", "Bo Lindholm");
    draft_of(&app, "0401703984", "Carl Lindholm");
    drop(app);
    let store = opened(town.folder.path(), LOST);
    let head = store.read().unwrap().own_device().unwrap().unwrap().head;
    town.open_central();
    let central = town.central_store();
    let mut transaction = central.begin(TENANT).unwrap();
    let [record] = transaction.device_records().unwrap().try_into().unwrap();
    assert!(record.device.head.seq < head.seq, "something was not sent");
    let by = Acting {
        device_id: record.device.id,
        staff_id: None,
    };
    let (id, now) = (record.device.id, Clock::System.now());
    devices::revoke(transaction.as_mut(), id, by, "Stjålet", true, now).unwrap();
    transaction.commit().unwrap();
    head
}

/// Whether the computer still holds everything it had.
pub(crate) fn is_whole(town: &Town, head: Head) -> bool {
    let folder = town.folder.path();
    if !folder.join(LOST).join("key.json").exists() {
        return false;
    }
    let store = opened(folder, LOST);
    let read = store.read().unwrap();
    read.own_device().unwrap().unwrap().head == head && read.drafts(None, 10).unwrap().len() == 1
}

/// What must hold once the lost computer is wiped: nothing of it is left to ask, and the central store is whole.
pub(crate) fn all_holds(town: &Town, story: &str) {
    let world = World {
        central: Some(central(town)),
        left: vec![town.folder.path().to_owned()],
        ..World::default()
    };
    invariants::hold(&world, story);
}

#[test]
fn wherever_the_power_goes_a_wiped_computer_has_handed_over_everything() {
    const TEST: &str = "wipe::wherever_the_power_goes_a_wiped_computer_has_handed_over_everything";
    if variable(FOLDER).is_some() {
        be_the_lost_computer();
    }
    for point in ["sync.push_answered"].into_iter().chain(WIPE) {
        let mut town = Town::new();
        let head = lost(&mut town);

        // The power goes
        assert!(!in_contact(&town, TEST, point), "{point} is reached");

        let (record, drafts) = known(&town);
        let is_handed_over = record.device.head == head && drafts.len() == 1;
        assert!(
            is_handed_over || is_whole(&town, head),
            "{point}: what was not sent is whole on one side at least"
        );

        // And comes back
        assert!(in_contact(&town, TEST, "nowhere"), "{point}");
        let (record, drafts) = known(&town);
        assert_eq!(record.device.head, head, "{point}: every event");
        let revocation = record.revocation.unwrap();
        assert!(revocation.handed_over_at.is_some(), "{point}");
        let [draft] = drafts.try_into().unwrap();
        let draft = String::from_utf8(draft).unwrap();
        assert!(draft.contains("Carl Lindholm"), "{point}: and the draft");
        let left = std::fs::read_dir(town.folder.path().join(LOST)).unwrap();
        let left: Vec<_> = left.map(|found| found.unwrap().file_name()).collect();
        assert_eq!(left, ["wiped"], "{point}: and nothing is left");
        assert!(!town.folder.path().join(format!("{LOST}.key")).exists());
        all_holds(&town, point);
    }
}

#[test]
fn a_computer_that_is_only_shut_out_keeps_what_it_holds() {
    let town = Town::new();
    let app = town.counter(LOST);
    app.sync_now(()).unwrap();
    let central = town.central_store();
    let mut transaction = central.begin(TENANT).unwrap();
    let [record] = transaction.device_records().unwrap().try_into().unwrap();
    let (id, now) = (record.device.id, Clock::System.now());
    let by = Acting {
        device_id: id,
        staff_id: None,
    };
    devices::revoke(transaction.as_mut(), id, by, "Stjålet", false, now).unwrap();
    transaction.commit().unwrap();

    let status = app.sync_now(()).unwrap();

    assert_eq!(status.problem, "device_revoked");
    assert!(town.folder.path().join(LOST).join("key.json").exists());
}
