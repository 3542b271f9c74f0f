//! A computer that was cloned, or put back to an older copy: both histories are kept, and each copy works on.

use std::fs;
use std::path::Path;

use skranke_app::api::case::{CaseRef, CaseView};
use skranke_app::api::devices::{DeviceRevokeRequest, DeviceRow};
use skranke_app::api::review::HeldDecideRequest;
use skranke_app::tools::operations::{BackupKey, restore_view};
use skranke_app::{App, Clock, KeyPlace};
use skranke_domain::rehearsal::REKEY;
use skranke_protocol::wire::DeviceState;
use skranke_server::devices::{self, Acting};
use skranke_server::store::CentralStore;

use crate::faults::{FOLDER, be_in_contact, ended_at, variable};
use crate::{TENANT, Town, granted, register, sign_in_as};

const ONE: &str = "skranke-1";
pub(crate) const COPY: &str = "skranke-1-copy";

/// Copies a computer's folder and key as they stand.
pub(crate) fn copied(town: &Town, from: &str, to: &str) {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for found in fs::read_dir(from).unwrap() {
            let found = found.unwrap();
            let target = to.join(found.file_name());
            if found.file_type().unwrap().is_dir() {
                copy(&found.path(), &target);
            } else {
                fs::copy(found.path(), target).unwrap();
            }
        }
    }
    let folder = town.folder.path();
    copy(&folder.join(from), &folder.join(to));
    let key = |name: &str| folder.join(format!("{name}.key"));
    fs::copy(key(from), key(to)).unwrap();
}

fn shown(app: &App, case: &CaseView) -> CaseView {
    app.case_show(CaseRef {
        id: case.row.id.clone(),
        purpose: Some("case_work".to_owned()),
    })
    .unwrap()
}

fn knows(app: &App, case: &CaseView) -> bool {
    let id = case.row.id.clone();
    let purpose = Some("case_work".to_owned());
    app.case_show(CaseRef { id, purpose }).is_ok()
}

/// Contact until there is nothing more to say.
pub(crate) fn settle(app: &App) {
    for _ in 0..4 {
        app.sync_now(()).unwrap();
    }
}

fn alarms(town: &Town) -> Vec<String> {
    let alarms = town.central_store().alarms(TENANT).unwrap();
    alarms.into_iter().map(|alarm| alarm.code).collect()
}

/// The states of all devices, the one enrolled first at the top.
pub(crate) fn states(town: &Town) -> Vec<DeviceState> {
    let store = town.central_store();
    let records = store.begin(TENANT).unwrap().device_records().unwrap();
    records
        .into_iter()
        .map(|record| record.device.state)
        .collect()
}

/// A lead decides on everything that waits; how often.
fn decide_all(app: &App, release: bool) -> usize {
    let mut decided = 0;
    while let Some(row) = app.held_work(()).unwrap().rows.first() {
        app.held_decide(HeldDecideRequest {
            command: row.command.clone(),
            release,
            reason: "Kopi af samme computer".to_owned(),
        })
        .unwrap();
        decided += 1;
    }
    decided
}

/// Two copies of one computer, each with a case of its own that the other knows nothing of, after both met the central
/// store; the copy recorded more than the first.
pub(crate) fn two_copies(town: &Town) -> (App, App, [CaseView; 3]) {
    let one = town.counter(ONE);
    let shared = granted(&one, "0201703984", "Aase Lindholm");
    one.sync_now(()).unwrap();
    drop(one);
    copied(town, ONE, COPY);
    let one = town.counter(ONE);
    let copy = town.counter(COPY);
    let of_one = granted(&one, "0301703984", "Bo Lindholm");
    let of_copy = granted(&copy, "0401703984", "Carl Lindholm");
    register(&copy, &of_copy);
    register(&copy, &shared);
    one.sync_now(()).unwrap();
    let status = copy.sync_now(()).unwrap();
    assert_eq!(status.problem, "sync_alarm", "the copy hears of it at once");
    (one, copy, [shared, of_one, of_copy])
}

#[test]
fn two_computers_from_one_image_are_found_and_both_go_on_without_loss() {
    let town = Town::new();
    let (one, copy, [shared, of_one, of_copy]) = two_copies(&town);
    let lead = town.counter("skranke-2");
    lead.sync_now(()).unwrap();
    sign_in_as(&lead, "hanne");

    // Found and told, and both histories are kept
    let of_two_copies = |code: &String| ["chain_fork", "audit_fork"].contains(&code.as_str());
    assert!(alarms(&town).iter().all(of_two_copies));
    assert!(!alarms(&town).is_empty());
    assert!(knows(&lead, &of_one) && knows(&lead, &shared));
    assert!(!knows(&lead, &of_copy), "nobody has looked at the branch");
    let page = lead.held_work(()).unwrap();
    assert_eq!(page.rows.len(), 3, "each command of the branch by itself");
    for row in &page.rows {
        assert!(row.reason.contains("kopi"), "{}", row.reason);
        assert_eq!(row.name, "Karin Thygesen");
        assert!(!row.device.is_empty());
    }

    // Each copy goes on under a name of its own
    settle(&copy);
    settle(&one);
    let expected = [
        DeviceState::Forked,
        DeviceState::Active,
        DeviceState::Active,
        DeviceState::Active,
    ];
    let mut states = states(&town);
    states.sort_by_key(|state| *state == DeviceState::Active);
    assert_eq!(states, expected);
    let after_one = granted(&one, "0501703984", "Dorte Lindholm");
    let after_copy = granted(&copy, "0601703984", "Erik Lindholm");
    assert_ne!(
        after_one.row.number[..8],
        after_copy.row.number[..8],
        "no number twice"
    );
    settle(&one);
    settle(&copy);
    let status = copy.sync_now(()).unwrap();
    assert_eq!((status.problem.as_str(), status.waiting), ("", 0));
    assert_eq!(one.sync_now(()).unwrap().problem, "");
    lead.sync_now(()).unwrap();
    assert!(knows(&lead, &after_one) && knows(&lead, &after_copy));

    // And what was held is let in, on every computer
    assert_eq!(decide_all(&lead, true), 3);
    for app in [&lead, &copy, &one] {
        settle(app);
        assert_eq!(shown(app, &of_copy).row.state, "granted");
        assert!(shown(app, &of_copy).exempt && shown(app, &shared).exempt);
        assert_eq!(shown(app, &of_one).row.state, "granted");
    }
    assert_eq!(copy.sync_now(()).unwrap().quarantined, 0, "it hears of it");
}

#[test]
fn killed_at_every_point_of_taking_a_name_of_its_own_a_copy_takes_one_and_nothing_is_lost() {
    if variable(FOLDER).is_some() {
        be_in_contact();
    }
    let test = "fork::killed_at_every_point_of_taking_a_name_of_its_own_a_copy_takes_one_and_nothing_is_lost";
    for point in REKEY {
        let town = Town::new();
        let (one, copy, [shared, of_one, of_copy]) = two_copies(&town);
        drop(one);
        ended_at(&town, test, point, 1);

        // It goes on where it was, and what it does next has a number and a name of its own
        let one = town.counter(ONE);
        settle(&one);
        settle(&copy);
        let mut states = states(&town);
        states.sort_by_key(|state| *state == DeviceState::Active);
        let expected = [
            DeviceState::Forked,
            DeviceState::Active,
            DeviceState::Active,
        ];
        assert_eq!(states, expected, "{point}: one name for each");
        let after = granted(&one, "0501703984", "Dorte Lindholm");
        settle(&one);

        // And what was held is let in, on every computer. One number on two cases and a chain with a branch is what a
        // copy comes to (decision 32), so the invariants are not asked about it.
        let lead = town.counter("skranke-2");
        lead.sync_now(()).unwrap();
        sign_in_as(&lead, "hanne");
        assert_eq!(decide_all(&lead, true), 3, "{point}");
        for app in [&lead, &copy, &one] {
            settle(app);
            for case in [&of_one, &of_copy, &after] {
                assert_eq!(shown(app, case).row.state, "granted", "{point}");
            }
            assert!(shown(app, &shared).exempt, "{point}");
        }
    }
}

#[test]
fn a_branch_that_is_sent_back_is_told_to_the_copy_that_made_it_alone() {
    let town = Town::new();
    let (one, copy, [_, _, of_copy]) = two_copies(&town);
    let lead = town.counter("skranke-2");
    lead.sync_now(()).unwrap();
    sign_in_as(&lead, "hanne");
    settle(&copy);
    settle(&one);

    assert!(decide_all(&lead, false) > 0);
    settle(&copy);
    settle(&one);

    let returned = copy.worklist(()).unwrap().returned;
    assert_eq!(returned.len(), 3);
    assert!(returned.iter().all(|row| row.by == "Hanne Vestergaard"));
    assert!(returned.iter().any(|row| row.case_id == of_copy.row.id));
    assert!(one.worklist(()).unwrap().returned.is_empty());
    assert_eq!(copy.sync_now(()).unwrap().quarantined, 0);
}

#[test]
fn a_computer_put_back_to_an_older_copy_hands_over_what_it_made_and_goes_on() {
    // Given a computer with a backup, and work after it
    let town = Town::new();
    let one = town.counter(ONE);
    granted(&one, "0201703984", "Aase Lindholm");
    one.sync_now(()).unwrap();
    let older = one.backup(&town.folder.path().join("backups")).unwrap();
    let lost = granted(&one, "0301703984", "Bo Lindholm");
    register(&one, &lost);
    one.sync_now(()).unwrap();
    drop(one);

    // When the backup is put back and somebody works on before it is in contact
    let folder = town.folder.path().join(ONE);
    fs::remove_dir_all(&folder).unwrap();
    let key_file = town.folder.path().join(format!("{ONE}.key"));
    let key = BackupKey::Place(KeyPlace::File(key_file));
    restore_view(&older.folder, &folder, &key, Clock::System.now()).unwrap();
    let back = town.counter(ONE);
    let made = granted(&back, "0401703984", "Carl Lindholm");
    settle(&back);

    // Then everything of both is there: what was recorded before, and what waits for a lead
    assert_eq!(states(&town), [DeviceState::Forked, DeviceState::Active]);
    assert!(shown(&back, &lost).exempt, "it came back with the feed");
    let after = granted(&back, "0501703984", "Dorte Lindholm");
    let status = back.sync_now(()).unwrap();
    assert_eq!((status.problem.as_str(), status.waiting), ("", 0));
    let lead = town.counter("skranke-2");
    lead.sync_now(()).unwrap();
    sign_in_as(&lead, "hanne");
    assert!(knows(&lead, &after) && knows(&lead, &lost));
    assert_eq!(decide_all(&lead, true), 1);
    settle(&lead);
    assert_eq!(shown(&lead, &made).row.state, "granted");
}

#[test]
fn a_computer_put_back_that_made_nothing_since_heals_by_itself() {
    let town = Town::new();
    let one = town.counter(ONE);
    one.sync_now(()).unwrap();
    drop(one);
    copied(&town, ONE, "older");
    let one = town.counter(ONE);
    let made = granted(&one, "0301703984", "Bo Lindholm");
    one.sync_now(()).unwrap();
    drop(one);
    fs::remove_dir_all(town.folder.path().join(ONE)).unwrap();
    copied(&town, "older", ONE);

    let back = town.counter(ONE);
    settle(&back);

    assert_eq!(shown(&back, &made).row.state, "granted");
    granted(&back, "0501703984", "Dorte Lindholm");
    let status = back.sync_now(()).unwrap();
    assert_eq!((status.waiting, status.quarantined), (0, 0));
    assert_eq!(states(&town), [DeviceState::Active]);
}

#[test]
fn a_copy_that_is_ordered_wiped_hands_over_its_branch_first() {
    let town = Town::new();
    let (one, copy, _) = two_copies(&town);
    drop(one);
    let central = town.central_store();
    let mut transaction = central.begin(TENANT).unwrap();
    let [record] = transaction.device_records().unwrap().try_into().unwrap();
    let id = record.device.id;
    let now = skranke_app::Clock::System.now();
    devices::revoke(
        transaction.as_mut(),
        id,
        Acting::OPERATOR,
        "Kopi",
        true,
        now,
    )
    .unwrap();
    transaction.commit().unwrap();

    for _ in 0..3 {
        let _ = copy.sync_now(());
    }

    let record = central
        .begin(TENANT)
        .unwrap()
        .device_record(id)
        .unwrap()
        .unwrap();
    assert!(record.revocation.unwrap().handed_over_at.is_some());
    let left = fs::read_dir(town.folder.path().join(COPY)).unwrap();
    let left: Vec<_> = left.map(|found| found.unwrap().file_name()).collect();
    assert_eq!(left, ["wiped"]);
}

#[test]
fn a_copy_that_is_shut_out_in_the_window_is_out_and_the_other_works_on() {
    // Given two copies that went on under names of their own
    let town = Town::new();
    let (one, copy, _) = two_copies(&town);
    settle(&one);
    settle(&copy);
    sign_in_as(&one, "anders");
    one.sync_now(()).unwrap();
    let rows = one.device_list(()).unwrap().rows;
    let of = |which: fn(&&DeviceRow) -> bool| rows.iter().find(which).unwrap().clone();
    let old = of(|row| row.state == "forked");
    let other = of(|row| !row.is_this && row.state == "active");
    assert_eq!(
        other.successor_of, old.code,
        "the list says where it is from"
    );

    // When an administrator at one of them shuts the other out
    one.device_revoke(DeviceRevokeRequest {
        id: other.id.clone(),
        reason: "Stjålet".to_owned(),
        wipe: false,
    })
    .unwrap();

    // Then that one and the old name are out, and this one is not
    assert_eq!(copy.sync_now(()).unwrap().problem, "device_revoked");
    for row in one.device_list(()).unwrap().rows {
        let expected = if row.is_this { "active" } else { "revoked" };
        assert_eq!(row.state, expected, "{}", row.code);
    }
    assert_ne!(one.sync_now(()).unwrap().problem, "device_revoked");
}
