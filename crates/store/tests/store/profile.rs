//! Editions of the municipality's profile: only added, audited, and saved from a ruined database. Only a restored
//! central store takes one out of force.

use std::fs;

use skranke_domain::ids::StaffId;
use skranke_domain::role::Role;
use skranke_store::key::envelope::PassphraseCost;
use skranke_store::{AccountRow, Action, AuditFilter, EditionRow, Options, PasswordDigest, Store};

use crate::desk::{Desk, actor, uuid};
use crate::scratch::now;

pub(crate) fn edition(number: u32, body: &str) -> EditionRow {
    EditionRow {
        edition: number,
        body: body.to_owned(),
        staff: StaffId::from_uuid(uuid(0xAD)),
        initials: "AK".to_owned(),
        reason: "Nyt sted ved åen".to_owned(),
        made_at: now(),
    }
}

fn with_two() -> Desk {
    let mut desk = Desk::new();
    for (number, body) in [(1, "a = 1"), (2, "a = 2")] {
        let mut write = desk.write(Action::ProfileEdited);
        write.put_edition(&edition(number, body)).unwrap();
        write.commit().unwrap();
    }
    desk
}

#[test]
fn every_edition_is_kept_and_each_has_its_row_in_the_audit_log() {
    let desk = with_two();
    let read = desk.store.read().unwrap();

    assert_eq!(read.newest_edition().unwrap(), 2);
    assert_eq!(
        read.editions().unwrap(),
        [edition(2, "a = 2"), edition(1, "a = 1")]
    );
    assert_eq!(read.edition(1).unwrap().unwrap().body, "a = 1");
    assert_eq!(read.edition(3).unwrap(), None);
    let audit = read.audit(AuditFilter::All, None, 50).unwrap();
    let edits = audit
        .iter()
        .filter(|row| row.action == Action::ProfileEdited && row.staff == actor().staff);
    assert_eq!(edits.count(), 2);
}

#[test]
fn an_edition_is_never_written_over_and_none_is_left_out() {
    let mut desk = with_two();
    let mut write = desk.write(Action::ProfileEdited);

    assert!(write.put_edition(&edition(2, "a = 3")).is_err());
    assert!(write.put_edition(&edition(4, "a = 4")).is_err());
    write
        .put_edition(&edition(2, "a = 2"))
        .expect("the same again, as after an answer that came twice");
    write.commit().unwrap();

    assert_eq!(desk.store.read().unwrap().editions().unwrap().len(), 2);
}

#[test]
fn an_edit_that_was_not_committed_leaves_nothing_behind() {
    let mut desk = with_two();
    let mut write = desk.write(Action::ProfileEdited);
    write.put_edition(&edition(3, "a = 3")).unwrap();
    drop(write);

    assert_eq!(desk.store.read().unwrap().newest_edition().unwrap(), 2);
}

#[test]
fn what_a_restored_central_store_has_otherwise_stands_and_what_stood_is_kept_as_lost() {
    let mut desk = with_two();
    let mut write = desk.write(Action::ProfileReplaced);
    write.lose_newest_edition().unwrap();
    write.replace_edition(&edition(1, "a = 3")).unwrap();
    assert!(write.replace_edition(&edition(2, "a = 4")).is_err());
    write.commit().unwrap();

    let read = desk.store.read().unwrap();
    assert_eq!(read.editions().unwrap(), [edition(1, "a = 3")]);
    assert_eq!(
        read.lost_editions().unwrap(),
        [edition(2, "a = 2"), edition(1, "a = 1")]
    );
    assert_eq!(read.lost_edition_count().unwrap(), 2);
    drop(read);
    let mut write = desk.write(Action::ProfileEdited);
    write.put_edition(&edition(2, "a = 5")).unwrap();
    write.commit().unwrap();
    let read = desk.store.read().unwrap();
    assert_eq!(
        read.editions().unwrap(),
        [edition(2, "a = 5"), edition(1, "a = 3")]
    );
    assert_eq!(read.lost_edition_count().unwrap(), 2);
}

#[test]
fn there_is_nothing_to_lose_where_there_is_no_edition() {
    let mut desk = Desk::new();
    let mut write = desk.write(Action::ProfileReplaced);

    assert!(write.lose_newest_edition().is_err());
}

#[test]
fn the_profile_is_here_again_after_the_whole_database_was_lost() {
    let mut desk = with_two();
    let mut write = desk.write(Action::ProfileReplaced);
    write.replace_edition(&edition(2, "a = 3")).unwrap();
    write.commit().unwrap();
    let cheap = PassphraseCost {
        memory_kib: 64,
        passes: 1,
    };
    let account = AccountRow {
        staff: StaffId::from_uuid(uuid(0xAD)),
        login: "anders".to_owned(),
        name: "Anders Kragh".to_owned(),
        initials: "AK".to_owned(),
        roles: vec![Role::Administrator],
        is_active: true,
        failed_attempts: 0,
        locked_until_at: None,
    };
    let mut write = desk.write(Action::AccountChanged);
    let digest = PasswordDigest::of("hest på loftet", cheap).unwrap();
    write.put_account(&account, &digest).unwrap();
    write.commit().unwrap();
    let Desk { scratch, store, .. } = desk;
    drop(store);
    let length = fs::metadata(scratch.database()).unwrap().len();
    fs::write(
        scratch.database(),
        vec![0x5a; usize::try_from(length).unwrap()],
    )
    .unwrap();

    let (store, _) =
        Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap();

    let read = store.read().unwrap();
    assert_eq!(
        read.editions().unwrap(),
        [edition(2, "a = 3"), edition(1, "a = 1")]
    );
    assert_eq!(read.lost_editions().unwrap(), [edition(2, "a = 2")]);
}
