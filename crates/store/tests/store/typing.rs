//! Drafts, attached files, accounts, settings: what is kept besides events.

use std::fs;

use chrono::TimeDelta;
use skranke_domain::event::{AttachmentAdded, AttachmentPurpose, Event};
use skranke_domain::ids::{DraftId, StaffId};
use skranke_domain::role::Role;
use skranke_store::key::envelope::PassphraseCost;
use skranke_store::{
    AccountRow, Action, Actor, AttachmentState, AuditFilter, Damage, Entry, FAILURES_BEFORE_LOCK,
    PasswordDigest, StoreError,
};

use crate::desk::{Desk, actor, uuid};
use crate::scratch::now;

const CHEAP: PassphraseCost = PassphraseCost {
    memory_kib: 64,
    passes: 1,
};

fn draft(n: u128) -> DraftId {
    DraftId::from_uuid(uuid(n))
}

#[test]
fn a_draft_is_saved_as_typed_and_taken_up_again() {
    let mut desk = Desk::new();
    let fields = r#"{"b":" æøå  'x\"; DROP TABLE draft;--","a":[1,true],"c":""}"#;
    let mut write = desk.write(Action::DraftSaved);
    write.save_draft(draft(1), None, 2, fields).unwrap();
    write
        .save_draft(draft(2), Some(crate::desk::case_id(7)), 4, "{}")
        .unwrap();
    write.park_draft(draft(1), true).unwrap();
    write.commit().unwrap();

    let desk = desk.reopen();
    let read = desk.store.read().unwrap();
    let one = read.draft(draft(1)).unwrap().unwrap();

    assert_eq!(
        (one.step, one.fields.as_str(), one.is_parked),
        (2, fields, true)
    );
    assert_eq!(read.drafts(None, 10).unwrap().len(), 2);
    assert_eq!(read.drafts(Some(actor().staff), 10).unwrap().len(), 2);
    assert_eq!(
        read.drafts(Some(StaffId::from_uuid(uuid(1))), 10)
            .unwrap()
            .len(),
        0
    );
    assert_eq!(read.draft(draft(3)).unwrap(), None);
}

#[test]
fn what_is_typed_on_is_saved_with_one_page() {
    const FRAME: u64 = 24 + 8192;
    let mut desk = Desk::new();
    let mut save = |fields: &str, seconds| {
        let at = now() + TimeDelta::seconds(seconds);
        let entry = Entry::new(Action::DraftSaved, at).on(draft(1).to_string());
        let mut write = desk.store.write(&actor(), entry).unwrap();
        write.save_draft(draft(1), None, 2, fields).unwrap();
        write.commit().unwrap();
        let log = desk.scratch.path().join("skranke.db-wal");
        fs::metadata(log).unwrap().len()
    };

    let first = save(r#"{"name":"Å"}"#, 0);
    let second = save(r#"{"name":"Ås"}"#, 1);
    let third = save(r#"{"name":"Åse"}"#, 2);

    assert_eq!((second - first, third - second), (FRAME, FRAME));
    let row = desk.store.read().unwrap().draft(draft(1)).unwrap().unwrap();
    assert_eq!(row.fields, r#"{"name":"Åse"}"#);
    assert_eq!(row.updated_at, now() + TimeDelta::seconds(2));
}

#[test]
fn a_draft_that_is_no_json_object_is_refused() {
    let mut desk = Desk::new();
    let mut write = desk.write(Action::DraftSaved);
    for bad in ["", "[]", "1", "{", "null"] {
        assert!(
            matches!(
                write.save_draft(draft(1), None, 1, bad),
                Err(StoreError::Refused(_))
            ),
            "{bad}"
        );
    }
}

#[test]
fn drafts_deleted_by_rule_are_noted_each() {
    let mut desk = Desk::new();
    for n in 1..=3 {
        let mut write = desk.write(Action::DraftSaved);
        write.save_draft(draft(n), None, 1, "{}").unwrap();
        write.commit().unwrap();
    }

    let mut write = desk.write(Action::Maintained);
    write.delete_abandoned_drafts(&[draft(3)]).unwrap();
    write.commit().unwrap();

    let read = desk.store.read().unwrap();
    assert_eq!(read.drafts(None, 10).unwrap().len(), 2);
    let noted = read.audit(AuditFilter::All, None, 50).unwrap();
    assert!(noted.iter().any(
        |row| row.action == Action::DraftDiscarded && row.subject == Some(draft(3).to_string())
    ));
}

#[test]
fn saving_every_second_gives_one_audit_row_for_ten_minutes_of_a_person_and_draft() {
    let mut desk = Desk::new();
    let mut save = |staff: u128, n: u128, seconds: i64| {
        let actor = Actor {
            staff: StaffId::from_uuid(uuid(staff)),
            ..actor()
        };
        let entry = Entry::new(Action::DraftSaved, now() + TimeDelta::seconds(seconds))
            .on(draft(n).to_string());
        let mut write = desk.store.write(&actor, entry).unwrap();
        write.save_draft(draft(n), None, 1, "{}").unwrap();
        write.commit().unwrap();
    };
    for second in 0..300 {
        save(1, 1, second);
    }
    save(2, 1, 301);
    save(1, 2, 302);
    save(1, 1, 601);

    let rows = desk
        .store
        .read()
        .unwrap()
        .audit(AuditFilter::All, None, 500)
        .unwrap();

    assert_eq!(
        rows.iter()
            .filter(|row| row.action == Action::DraftSaved)
            .count(),
        4
    );
}

#[test]
fn an_attached_file_is_sealed_whole_and_its_view_is_apart() {
    let mut desk = Desk::new();
    for size in [1, 65_535, 65_536, 65_537, 300_000] {
        let bytes: Vec<u8> = (0..size).map(|n| (n * 7 % 251) as u8).collect();
        let mut write = desk.write(Action::AttachmentStored);
        let file = write
            .store_attachment("application/pdf", &bytes, Some(("image/png", &[1, 2, 3])))
            .unwrap();
        write.commit().unwrap();

        let read = desk.store.read().unwrap();
        let row = read.attachment(file).unwrap().unwrap();
        assert_eq!((row.size_bytes, row.state), (size, AttachmentState::Local));
        assert_eq!(row.view_media_type.as_deref(), Some("image/png"));
        assert_eq!(*read.attachment_original(file).unwrap(), bytes);
        assert_eq!(*read.attachment_view(file).unwrap(), [1, 2, 3]);
        assert_eq!(
            read.attachment_part(file, 10..20).unwrap(),
            bytes.get(10..20).unwrap_or(&[])
        );
        assert_eq!(
            read.attachment_part(file, size - 1..size + 9)
                .unwrap()
                .len(),
            1
        );
    }
    let mut write = desk.write(Action::AttachmentStored);
    assert!(matches!(
        write.store_attachment("text/plain", b"", None),
        Err(StoreError::Refused(_))
    ));
}

#[test]
fn a_sealed_file_that_was_changed_cut_or_swapped_does_not_open() {
    let mut desk = Desk::new();
    let mut write = desk.write(Action::AttachmentStored);
    let one = write
        .store_attachment("text/plain", &[1; 200_000], None)
        .unwrap();
    let two = write
        .store_attachment("text/plain", &[2; 200_000], None)
        .unwrap();
    write.commit().unwrap();
    let mut files: Vec<_> = fs::read_dir(desk.scratch.path().join("attachments"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let whole: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let part = 64 * 1024 + 16;
    let mut swapped = whole[0].clone();
    swapped[24..24 + part].copy_from_slice(&whole[0][24 + part..24 + 2 * part]);
    let mut flipped = whole[0].clone();
    flipped[100_000] ^= 1;

    for bad in [
        &whole[1][..],
        &whole[0][..24 + part],
        &whole[0][..30],
        &whole[0][..24],
        &swapped,
        &flipped,
        b"",
    ] {
        fs::write(&files[0], bad).unwrap();
        let read = desk.store.read().unwrap();
        let opened: Vec<_> = [one, two]
            .iter()
            .map(|file| read.attachment_original(*file))
            .collect();
        let damaged = opened
            .iter()
            .filter(|file| matches!(file, Err(StoreError::Damaged(Damage::SealedFile))))
            .count();
        assert_eq!(
            damaged,
            1,
            "exactly the changed file, of {} bytes",
            bad.len()
        );
    }
}

#[test]
fn a_file_waits_for_upload_once_an_event_names_it_and_is_swept_when_nothing_does() {
    let mut desk = Desk::new();
    let case = desk.open_case(1, "Bo Lind", "");
    let mut write = desk.write(Action::AttachmentStored);
    write.save_draft(draft(1), None, 1, "{}").unwrap();
    let kept = write
        .store_attachment("image/png", b"named by an event", None)
        .unwrap();
    let loose = write
        .store_attachment("image/png", b"named by nothing", None)
        .unwrap();
    let drafted = write
        .store_attachment("image/png", b"named by a draft", None)
        .unwrap();
    write.attach_to_draft(draft(1), drafted).unwrap();
    write.attach_to_draft(draft(1), loose).unwrap();
    write.detach_from_draft(draft(1), loose).unwrap();
    write.commit().unwrap();
    desk.save(
        case,
        &[Event::AttachmentAdded(AttachmentAdded {
            digest: kept,
            purpose: AttachmentPurpose::SignedRequest,
            media_type: "image/png".to_owned(),
            size_bytes: 17,
            file_name: "blanket.png".to_owned(),
        })],
    );

    let mut write = desk.write(Action::Maintained);
    let swept = write.sweep_attachments().unwrap();
    write.commit().unwrap();

    let read = desk.store.read().unwrap();
    assert_eq!(swept, 1);
    assert!(matches!(
        read.attachment_original(loose),
        Err(StoreError::NotFound)
    ));
    assert_eq!(
        read.attachments_waiting()
            .unwrap()
            .iter()
            .map(|a| a.digest)
            .collect::<Vec<_>>(),
        [kept]
    );
    assert_eq!(read.draft_attachments(draft(1)).unwrap(), [drafted]);
    drop(read);
    let mut write = desk.write(Action::Synchronised);
    write.confirm_attachment(kept).unwrap();
    write.delete_draft(draft(1)).unwrap();
    assert_eq!(
        write.sweep_attachments().unwrap(),
        1,
        "the draft's file goes with the draft"
    );
    write.commit().unwrap();
    let read = desk.store.read().unwrap();
    assert_eq!(
        read.attachment(kept).unwrap().unwrap().state,
        AttachmentState::Confirmed
    );
    assert!(read.attachment_original(kept).is_ok());
}

fn account(n: u128, login: &str) -> AccountRow {
    AccountRow {
        staff: StaffId::from_uuid(uuid(n)),
        login: login.to_owned(),
        name: "Mette Sørensen".to_owned(),
        initials: "MES".to_owned(),
        roles: vec![Role::Counter, Role::Lead],
        is_active: true,
        failed_attempts: 0,
        locked_until_at: None,
    }
}

#[test]
fn an_account_signs_in_with_its_password_and_is_locked_after_five_failures() {
    let mut desk = Desk::new();
    let password = PasswordDigest::of("hest på loftet", CHEAP).unwrap();
    let mut write = desk.write(Action::AccountChanged);
    write.put_account(&account(1, " MES "), &password).unwrap();
    write.commit().unwrap();

    let read = desk.store.read().unwrap();
    let (found, kept) = read.account_by_login("mes").unwrap().unwrap();
    assert_eq!(found, account(1, "mes"));
    assert!(kept.fits("hest på loftet").unwrap());
    assert!(!kept.fits("hest paa loftet").unwrap());
    assert!(read.account_by_login("' OR 1=1 --").unwrap().is_none());
    drop(read);

    for attempt in 1..=FAILURES_BEFORE_LOCK {
        let mut write = desk.write(Action::SignInFailed);
        let after = write.note_sign_in(found.staff, false).unwrap();
        write.commit().unwrap();
        assert_eq!(
            after.locked_until_at.is_some(),
            attempt == FAILURES_BEFORE_LOCK
        );
    }
    let mut write = desk.write(Action::SignedIn);
    let after = write.note_sign_in(found.staff, true).unwrap();
    write.commit().unwrap();
    assert_eq!((after.failed_attempts, after.locked_until_at), (0, None));
}

#[test]
fn a_login_belongs_to_one_account_and_a_change_keeps_the_password() {
    let mut desk = Desk::new();
    let password = PasswordDigest::of("hest på loftet", CHEAP).unwrap();
    let other = PasswordDigest::of("ko i kælderen", CHEAP).unwrap();
    let mut write = desk.write(Action::AccountChanged);
    write.put_account(&account(1, "mes"), &password).unwrap();

    assert!(matches!(
        write.put_account(&account(2, "MES"), &password),
        Err(StoreError::Refused(_))
    ));
    let mut changed = account(1, "mette");
    changed.roles = vec![Role::Auditor];
    write.put_account(&changed, &other).unwrap();
    assert!(
        write
            .reading()
            .account_by_login("mette")
            .unwrap()
            .unwrap()
            .1
            .fits("hest på loftet")
            .unwrap()
    );
    write.set_password(changed.staff, &other).unwrap();
    assert!(
        write
            .reading()
            .account_by_login("mette")
            .unwrap()
            .unwrap()
            .1
            .fits("ko i kælderen")
            .unwrap()
    );
    changed.roles.clear();
    assert!(matches!(
        write.put_account(&changed, &other),
        Err(StoreError::Refused(_))
    ));
    write.commit().unwrap();

    assert_eq!(
        desk.store.read().unwrap().accounts().unwrap()[0].roles,
        [Role::Auditor]
    );
    assert!(PasswordDigest::of("kort", CHEAP).is_err());
}

#[test]
fn a_setting_is_a_json_value_kept_under_its_name() {
    let mut desk = Desk::new();
    let mut write = desk.write(Action::SettingChanged);
    write.set_setting("location", "\"raadhus\"").unwrap();
    write.set_setting("location", "\"bibliotek\"").unwrap();
    assert!(matches!(
        write.set_setting("location", "bibliotek"),
        Err(StoreError::Refused(_))
    ));
    write.commit().unwrap();

    let desk = desk.reopen();
    assert_eq!(
        desk.store
            .read()
            .unwrap()
            .setting("location")
            .unwrap()
            .as_deref(),
        Some("\"bibliotek\"")
    );
}
