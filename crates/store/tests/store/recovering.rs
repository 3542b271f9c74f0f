//! After a recovery the counter can go on: accounts, settings, drafts and files are there, and nothing is made up.

use std::cell::Cell;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use skranke_domain::event::{AttachmentAdded, AttachmentPurpose, Event};
use skranke_domain::ids::{DraftId, StaffId};
use skranke_domain::rehearsal;
use skranke_domain::role::Role;
use skranke_store::key::envelope::PassphraseCost;
use skranke_store::{
    AccountRow, Action, AttachmentState, Options, PasswordDigest, Recovered, Store,
};
use skranke_testkit::invariants;

use crate::desk::{Desk, after_fault, case_id, note, told, uuid};
use crate::scratch::{Scratch, now};

const CHEAP: PassphraseCost = PassphraseCost {
    memory_kib: 64,
    passes: 1,
};
const SCAN: &[u8] = b"%PDF-1.7 a signed form";

/// Two cases, one with a scan, an account, settings and forty drafts.
fn at_work() -> Desk {
    let mut desk = Desk::new();
    for n in 1..=2 {
        desk.open_case(n, "Åse Holm", "");
    }
    let mut write = desk.write(Action::AccountChanged);
    let digest = PasswordDigest::of("solbjerg-demo", CHEAP).unwrap();
    let account = AccountRow {
        staff: StaffId::from_uuid(uuid(0x57AF)),
        login: "karin".to_owned(),
        name: "Karin Holst".to_owned(),
        initials: "KH".to_owned(),
        roles: vec![Role::Counter],
        is_active: true,
        failed_attempts: 0,
        locked_until_at: None,
    };
    write.put_account(&account, &digest).unwrap();
    write.set_setting("profile", "\"demo\"").unwrap();
    let digest = write
        .store_attachment("application/pdf", SCAN, Some(("application/pdf", SCAN)))
        .unwrap();
    for n in 0..40 {
        let fields = format!("{{\"citizen_name\":\"{}\"}}", "Bo ".repeat(300));
        let draft = DraftId::from_uuid(uuid(0xD0_00 + n));
        write.save_draft(draft, None, 3, &fields).unwrap();
    }
    write.commit().unwrap();
    let added = Event::AttachmentAdded(AttachmentAdded {
        digest,
        purpose: AttachmentPurpose::SignedRequest,
        media_type: "application/pdf".to_owned(),
        size_bytes: SCAN.len() as u64,
        file_name: "blanket.pdf".to_owned(),
    });
    desk.save(case_id(1), &[added]);
    desk
}

fn recovered(scratch: &Scratch) -> (Store, Recovered) {
    Store::recover(scratch.path(), &scratch.key, Options::default(), now()).unwrap()
}

fn ruined(desk: Desk) -> Scratch {
    let Desk { scratch, store, .. } = desk;
    drop(store);
    let bytes = fs::metadata(scratch.database()).unwrap().len();
    fs::write(scratch.database(), vec![0x5a; bytes as usize]).unwrap();
    scratch
}

/// The last pages with drafts are ruined, wherever in the file they lie.
fn with_ruined_drafts(desk: Desk, pages: usize) -> Scratch {
    const PAGE: usize = 8192;
    let Desk { scratch, store, .. } = desk;
    drop(store);
    let of_drafts: Vec<u32> = scratch.raw(|raw| {
        raw.prepare(
            "SELECT pageno FROM dbstat WHERE name = 'draft' AND pagetype = 'leaf' ORDER BY path DESC",
        )
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
    });
    let mut bytes = fs::read(scratch.database()).unwrap();
    for page in &of_drafts[..pages] {
        let end = *page as usize * PAGE;
        bytes[end - PAGE..end].fill(0x5a);
    }
    fs::write(scratch.database(), bytes).unwrap();
    scratch
}

#[test]
fn staff_can_sign_in_and_scans_are_sent_again_after_the_whole_database_was_lost() {
    let scratch = ruined(at_work());

    let (store, saved) = recovered(&scratch);

    assert_eq!((saved.cases, saved.events, saved.accounts), (2, 5, 1));
    assert_eq!(saved.drafts, 0, "a draft is in the database alone");
    let read = store.read().unwrap();
    let (account, digest) = read.account_by_login("karin").unwrap().unwrap();
    assert_eq!(account.roles, [Role::Counter]);
    assert!(digest.fits("solbjerg-demo").unwrap());
    assert_eq!(read.setting("profile").unwrap().unwrap(), "\"demo\"");
    let waiting = read.attachments_waiting().unwrap();
    let row = read.attachment(waiting[0].digest).unwrap().unwrap();
    assert_eq!(row.state, AttachmentState::Waiting);
    assert_eq!(
        *read.attachment_view(row.digest).unwrap(),
        SCAN,
        "and it can be looked at"
    );
}

#[test]
fn drafts_that_can_still_be_read_are_taken_over_and_the_rest_costs_itself_alone() {
    let scratch = with_ruined_drafts(at_work(), 3);

    let (store, saved) = recovered(&scratch);

    assert!(saved.drafts > 10, "{saved:?}");
    assert!(saved.drafts <= 40, "{saved:?}");
    assert_eq!((saved.cases, saved.accounts), (2, 1));
    assert_eq!(store.check_integrity().unwrap(), []);
    let drafts = store.read().unwrap().drafts(None, 99).unwrap();
    assert_eq!(drafts.len(), saved.drafts as usize);
    assert!(drafts.iter().all(|draft| draft.fields.len() > 900));
}

#[test]
fn what_only_the_damaged_file_has_is_taken_over_when_the_outbox_log_is_lost_too() {
    let scratch = with_ruined_drafts(at_work(), 1);
    fs::remove_file(scratch.path().join("outbox.log")).unwrap();
    fs::remove_file(scratch.path().join("settings.copy")).unwrap();

    let (store, saved) = recovered(&scratch);

    assert_eq!(saved.accounts, 1, "{saved:?}");
    assert!(saved.events >= 4, "{saved:?}");
    let own = store.read().unwrap().own_device().unwrap().unwrap();
    assert_eq!(own.code, "S3");
    drop(store);
    let again = scratch.open();
    assert_eq!(again.opening().relogged_events, 0, "the log was made anew");
}

#[test]
fn the_second_copy_holds_no_readable_word_and_never_takes_a_change_back() {
    let mut desk = at_work();
    let copy = fs::read(desk.scratch.path().join("settings.copy")).unwrap();
    for word in ["karin", "Holst", "argon2", "profile"] {
        assert!(
            !copy.windows(word.len()).any(|part| part == word.as_bytes()),
            "{word}"
        );
    }
    let mut write = desk.write(Action::SettingChanged);
    write.set_setting("profile", "\"koebenhavn\"").unwrap();
    write.commit().unwrap();
    fs::write(desk.scratch.path().join("settings.copy"), copy).unwrap();

    let desk = desk.reopen();

    let read = desk.store.read().unwrap();
    assert_eq!(read.setting("profile").unwrap().unwrap(), "\"koebenhavn\"");
}

#[test]
fn work_goes_on_after_a_recovery() {
    let scratch = ruined(at_work());
    let (mut store, _) = recovered(&scratch);

    let mut sealer = crate::desk::sealer_of(&store);
    let heads = store
        .read()
        .unwrap()
        .case(case_id(1))
        .unwrap()
        .unwrap()
        .heads;
    let sealed = sealer.seal(case_id(1), &heads, &[note("videre")]);
    crate::desk::save(&mut store, &sealed).unwrap();

    assert_eq!(store.read().unwrap().own_events(0, 99).unwrap().len(), 6);
}

thread_local! {
    /// The point at which what this thread does is cut.
    static CUT_AT: Cell<&'static str> = const { Cell::new("") };
}

fn cut(point: &'static str) {
    assert_ne!(CUT_AT.get(), point, "cut here");
}

/// A recovery that is cut at a point, as when the power goes.
fn cut_at(point: &'static str, scratch: &Scratch) {
    rehearsal::watch(cut);
    CUT_AT.set(point);
    let ended = catch_unwind(AssertUnwindSafe(|| recovered(scratch)));
    CUT_AT.set("");
    assert!(ended.is_err(), "{point}: it was to be cut");
}

#[test]
fn a_recovery_that_is_cut_anywhere_is_finished_by_the_next_opening() {
    for point in rehearsal::RECOVER {
        // A scan that is to be sent and forty drafts, of which the outbox log has none
        let desk = at_work();
        let said = told(&desk.store);
        let scratch = with_ruined_drafts(desk, 1);
        cut_at(point, &scratch);

        let store = scratch.open();

        let read = store.read().unwrap();
        let drafts = read.drafts(None, 99).unwrap();
        let (first, count) = (drafts[0].draft, drafts.len());
        assert!((25..40).contains(&count), "{point}: {count} drafts");
        assert_eq!(read.attachments_waiting().unwrap().len(), 1, "{point}");
        assert_eq!(read.own_events(0, 99).unwrap().len(), 5, "{point}");
        assert!(read.account_by_login("karin").unwrap().is_some(), "{point}");
        drop(read);
        assert_eq!(store.check_integrity().unwrap(), [], "{point}");
        invariants::hold(&after_fault(&store, scratch.path(), said), point);
        drop(store);

        // And what is done after it stays done
        let mut store = scratch.open();
        let program = skranke_store::Actor::program(crate::desk::actor().device);
        let entry = skranke_store::Entry::new(Action::DraftDiscarded, now());
        let mut write = store.write(&program, entry).unwrap();
        write.delete_draft(first).unwrap();
        write.commit().unwrap();
        drop(store);
        let left = scratch.open().read().unwrap().drafts(None, 99).unwrap();
        assert_eq!(left.len(), count - 1, "{point}: taken over once");
        let names: Vec<_> = fs::read_dir(scratch.path())
            .unwrap()
            .map(|found| found.unwrap().file_name().into_string().unwrap())
            .collect();
        let aside = names.iter().filter(|name| name.contains(".damaged-"));
        let databases = aside.filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"));
        assert_eq!(databases.count(), 1, "{point}: {names:?}");
        assert!(!names.iter().any(|name| name.contains("recovering")));
    }
}

#[test]
fn a_recovery_that_comes_upon_a_cut_one_takes_over_from_both() {
    // A recovery that was cut when the new database was there, and that database ruined too
    let scratch = with_ruined_drafts(at_work(), 1);
    cut_at("recover.opened", &scratch);
    let bytes = fs::metadata(scratch.database()).unwrap().len();
    fs::write(scratch.database(), vec![0x5a; bytes as usize]).unwrap();
    assert!(scratch.try_open().is_err());

    let (store, saved) = recovered(&scratch);

    assert!(saved.drafts > 10, "{saved:?}");
    assert_eq!(store.check_integrity().unwrap(), []);
}

#[test]
fn what_changes_at_every_contact_is_not_worth_a_second_copy() {
    let mut desk = at_work();
    let file = desk.scratch.path().join("settings.copy");
    let copy = || fs::read(&file).unwrap();
    let before = copy();
    for (name, is_copied) in [
        ("followed_tree", false),
        ("central_clock", false),
        ("profile", true),
    ] {
        let mut write = desk.write(Action::Synchronised);
        write.set_setting(name, "\"another\"").unwrap();
        write.commit().unwrap();

        assert_eq!(copy() != before, is_copied, "{name}");
    }

    let (store, _) = recovered(&ruined(desk));

    let read = store.read().unwrap();
    assert_eq!(read.setting("profile").unwrap().unwrap(), "\"another\"");
    assert_eq!(read.setting("followed_tree").unwrap(), None);
}
