//! The municipality's set-up between computers: one edit wins, everybody gets it at the next round, nobody restarts.

use skranke_app::api::draft::{DraftCheckRequest, DraftRef, DraftSaveRequest, FieldValue};
use skranke_app::api::error::ErrorCode;
use skranke_app::api::profile::{
    ClosingDayEdit, EditionRef, PlaceEdit, ProfileEdit, ProfileEdited, ProfileSaveRequest,
    ProfileView,
};
use skranke_app::api::settings::SettingsSaveRequest;
use skranke_app::{App, Clock};
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::sqlite::SqliteStore;
use skranke_server::store::{CentralStore, StoredEdition};
use skranke_store::key::envelope::{Envelope, Opener};
use skranke_store::{Action, AuditFilter, Options, Store};

use crate::{TENANT, Town, draft_of, granted, sign_in_as};

pub(crate) fn show(app: &App) -> ProfileView {
    app.profile_show(()).unwrap()
}

pub(crate) fn edited(app: &App, change: impl Fn(&mut ProfileEdit)) -> ProfileSaveRequest {
    let ProfileView {
        edition,
        digest,
        mut edit,
        ..
    } = show(app);
    change(&mut edit);
    ProfileSaveRequest {
        based_on: edition,
        digest,
        edit,
        reason: "Ny aftale".to_owned(),
    }
}

fn phone(app: &App, number: &str) -> ProfileSaveRequest {
    edited(app, |edit| number.clone_into(&mut edit.contact_phone))
}

fn administrators(town: &Town) -> [App; 2] {
    ["computer-1", "computer-2"].map(|name| {
        let app = town.counter(name);
        sign_in_as(&app, "anders");
        app
    })
}

#[test]
fn row_2_26_a_place_the_administrator_adds_warns_at_the_other_counter_without_a_restart() {
    // Given a counter where somebody is typing
    let town = Town::new();
    let office = town.counter("office");
    let counter = town.counter("counter");
    counter.sync_now(()).unwrap();
    let draft = draft_of(&counter, "0201703984", "Aase Lindholm");
    let before = counter.draft_open(DraftRef { id: draft.clone() }).unwrap();

    // When the administrator adds a place that opens later, and a closing day
    sign_in_as(&office, "anders");
    office
        .profile_save(edited(&office, |edit| {
            edit.locations.push(PlaceEdit {
                code: String::new(),
                name: "Åens Hus".to_owned(),
                from: "01.02.2099".to_owned(),
                until: String::new(),
            });
            edit.closing_days.push(ClosingDayEdit {
                on: "28.12.2026".to_owned(),
                name: "Lukket mellem jul og nytår".to_owned(),
            });
        }))
        .unwrap();

    // Then the next round brings it, and what is being typed stays as it is
    let status = counter.sync_now(()).unwrap();
    assert_eq!(
        (status.profile.as_str(), status.problem.as_str()),
        ("demo@1.1", "")
    );
    let after = counter.draft_open(DraftRef { id: draft.clone() }).unwrap();
    assert_eq!((&after.fields, after.step), (&before.fields, before.step));
    let settings = counter.settings(()).unwrap();
    let place = settings
        .locations
        .iter()
        .find(|place| place.name == "Åens Hus")
        .unwrap();
    assert_eq!(place.opens_on, "2099-02-01");
    assert_eq!(settings.closing_days[0].label, "Lukket mellem jul og nytår");

    // And who sits there is warned before it opens
    let saved = counter.settings_save(SettingsSaveRequest {
        location: place.code.clone(),
        theme: "light".to_owned(),
    });
    saved.unwrap();
    let new = counter.draft_new(()).unwrap();
    let check = counter
        .draft_check(DraftCheckRequest {
            id: new.id,
            step: 1,
        })
        .unwrap();
    assert!(
        check.warnings.contains(&"location_not_open".to_owned()),
        "{:?}",
        check.warnings
    );

    // And a case decided there names the version it followed; the central store takes it
    let mut fields = after.fields;
    fields.insert(
        "location".to_owned(),
        FieldValue::Text("town_hall".to_owned()),
    );
    let id = draft.clone();
    counter
        .draft_save(DraftSaveRequest {
            id,
            step: 5,
            fields,
        })
        .unwrap();
    granted(&counter, "2304483984", "Bodil Aagaard");
    let status = counter.sync_now(()).unwrap();
    assert_eq!((status.confirmed, status.quarantined), (1, 0));
}

#[test]
fn of_two_administrators_on_one_version_the_second_is_told_and_goes_on_with_what_was_typed() {
    // Given two administrators who both look at version 1
    let town = Town::new();
    let [one, other] = administrators(&town);
    let first = phone(&one, "70 11 22 33");
    let second = edited(&other, |edit| {
        edit.unit = "Borgerservice og bibliotek".to_owned();
        edit.locations[1].until = "31.12.2026".to_owned();
    });
    one.profile_save(first).unwrap();

    // When the second saves without having heard of it
    let refused = other.profile_save(second.clone()).unwrap_err();

    // Then nothing is written over, and the newest is here at once
    assert_eq!(refused.code, ErrorCode::ProfileChanged);
    assert_eq!(show(&other).edit.contact_phone, "70 11 22 33");
    assert_eq!(show(&other).history[0].initials, "AK");

    // And what was typed goes on top of it without taking anything back
    let rebased = other
        .profile_rebase(ProfileEdited {
            based_on: second.based_on,
            digest: second.digest,
            edit: second.edit,
        })
        .unwrap();
    assert_eq!(rebased.edition, 1);
    assert_eq!(rebased.edit.contact_phone, "70 11 22 33");
    let saved = other
        .profile_save(ProfileSaveRequest {
            based_on: rebased.edition,
            digest: rebased.digest,
            edit: rebased.edit,
            reason: second.reason,
        })
        .unwrap();
    assert_eq!(saved.version, "1.2");
    one.sync_now(()).unwrap();
    let here = show(&one);
    assert_eq!(
        (here.edition, here.edit.unit.as_str()),
        (2, "Borgerservice og bibliotek")
    );
    assert_eq!(here.edit.contact_phone, "70 11 22 33");
    assert_eq!(here.edit.locations[1].until, "2026-12-31");
}

#[test]
fn without_a_line_nothing_is_changed_and_the_administrator_is_told() {
    let mut town = Town::new();
    let [office, counter] = administrators(&town);
    let request = phone(&office, "70 11 22 33");
    town.close_central();

    let refused = office.profile_save(request.clone()).unwrap_err();

    assert_eq!(refused.code, ErrorCode::NeedsCentralStore);
    assert_eq!(show(&office).edition, 0);
    town.open_central();
    office.profile_save(request).unwrap();
    counter.sync_now(()).unwrap();
    assert_eq!(show(&counter).edit.contact_phone, "70 11 22 33");
}

#[test]
fn a_version_of_a_newer_program_is_kept_and_told_and_the_one_before_is_used() {
    let town = Town::new();
    let [office, counter] = administrators(&town);
    office.profile_save(phone(&office, "70 11 22 33")).unwrap();
    counter.sync_now(()).unwrap();
    let path = |name: &str| town.folder.path().join(name);
    let key = KeyFile::read_or_create(&path("central.key"), true).unwrap();
    let central = SqliteStore::open(&path("central.db"), &key).unwrap();
    let made = central.editions(TENANT, 0, 9).unwrap().remove(0);
    let newer = StoredEdition {
        edition: 2,
        body: format!(
            "invented_later = true\n{}",
            made.body.replace("edition = 1", "edition = 2")
        ),
        ..made
    };
    let mut transaction = central.begin(TENANT).unwrap();
    transaction.insert_edition(&newer).unwrap();
    transaction.commit().unwrap();

    let status = counter.sync_now(()).unwrap();

    assert_eq!(status.problem, "profile_not_readable");
    assert_eq!(
        status.profile, "demo@1.1",
        "work goes on with the one before"
    );
    assert_eq!(
        show(&counter).history.len(),
        3,
        "it is kept for the program that can read it"
    );
    let refused = counter
        .profile_save(phone(&counter, "70 99 88 77"))
        .unwrap_err();
    assert_eq!(
        refused.code,
        ErrorCode::ProfileChanged,
        "and nobody edits past it"
    );
}

/// The central store's database as it stands.
fn backed_up(town: &mut Town) -> Vec<u8> {
    town.close_central();
    let backup = std::fs::read(town.folder.path().join("central.db")).unwrap();
    town.open_central();
    backup
}

/// The central store goes on from a backup.
fn restore(town: &mut Town, backup: &[u8]) {
    town.close_central();
    for name in ["central.db-wal", "central.db-shm"] {
        let _ = std::fs::remove_file(town.folder.path().join(name));
    }
    std::fs::write(town.folder.path().join("central.db"), backup).unwrap();
    town.open_central();
}

#[test]
fn a_central_store_that_was_restored_gets_back_the_versions_it_lost() {
    let mut town = Town::new();
    let [office, counter] = administrators(&town);
    office.profile_save(phone(&office, "70 11 22 33")).unwrap();
    let backup = backed_up(&mut town);
    office.profile_save(phone(&office, "70 44 55 66")).unwrap();
    restore(&mut town, &backup);

    office.profile_save(phone(&office, "70 77 88 99")).unwrap();
    counter.sync_now(()).unwrap();

    let versions: Vec<_> = show(&counter)
        .history
        .into_iter()
        .map(|v| v.version)
        .collect();
    assert_eq!(versions, ["1.3", "1.2", "1.1", "1"]);
    assert_eq!(show(&counter).edit.contact_phone, "70 77 88 99");
}

/// Versions of the history, and whether each was lost.
fn history(app: &App) -> Vec<(String, bool)> {
    let versions = show(app).history.into_iter();
    versions.map(|v| (v.version, v.lost)).collect()
}

fn named(history: &[(&str, bool)]) -> Vec<(String, bool)> {
    let versions = history.iter();
    versions.map(|(v, lost)| ((*v).to_owned(), *lost)).collect()
}

/// What a computer's log says was lost: the number and the reason it was made for, the newest row first.
fn lost_by_the_log(town: &Town, name: &str) -> Vec<(String, String)> {
    let folder = town.folder.path().join(name);
    let secret = town.folder.path().join(format!("{name}.key"));
    let key = Envelope::load(&folder).unwrap();
    let key = key.open(&Opener::KeyFile(&secret)).ok().unwrap();
    let store = Store::open(&folder, &key, Options::default(), Clock::System.now()).unwrap();
    let read = store.read().unwrap();
    let rows = read.audit(AuditFilter::All, None, 1_000).unwrap();
    rows.into_iter()
        .filter(|row| row.action == Action::ProfileReplaced)
        .map(|row| (row.subject.unwrap(), row.purpose))
        .collect()
}

/// Two administrators, and a backup from before either edited anything; what each does there is known at the server.
fn before_a_restore() -> (Town, [App; 2], Vec<u8>) {
    let mut town = Town::new();
    let both = administrators(&town);
    for app in &both {
        assert_eq!(app.sync_now(()).unwrap().problem, "");
    }
    let backup = backed_up(&mut town);
    (town, both, backup)
}

#[test]
fn of_two_texts_under_one_number_the_servers_counts_and_the_other_is_kept_as_lost() {
    // With as many versions there as here, and with one more
    for more in [false, true] {
        // Given an edit the central store lost with its restore, and another administrator's under the same number
        let (mut town, [one, other], backup) = before_a_restore();
        one.profile_save(phone(&one, "70 11 22 33")).unwrap();
        restore(&mut town, &backup);
        other.profile_save(phone(&other, "70 99 88 77")).unwrap();
        if more {
            let unit = |edit: &mut ProfileEdit| "Borgerservice Nord".clone_into(&mut edit.unit);
            other.profile_save(edited(&other, unit)).unwrap();
        }

        // When the first computer is in contact, and once more
        one.sync_now(()).unwrap();
        let status = one.sync_now(()).unwrap();

        // Then it works by what the central store has, the window hears of it, and its own edit stands as lost
        let there = show(&other);
        let here = show(&one);
        assert_eq!(
            (here.edition, &here.digest, &here.edit),
            (there.edition, &there.digest, &there.edit)
        );
        assert_eq!(here.edit.contact_phone, "70 99 88 77");
        assert_eq!(status.profile, format!("demo@{}~1", here.version));
        let newest = [("1.2", false), ("1.1", false), ("1.1", true), ("1", false)];
        assert_eq!(history(&one), named(&newest[usize::from(!more)..]));
        assert!(history(&other).iter().all(|(_, lost)| !lost));
        assert_eq!(
            lost_by_the_log(&town, "computer-1"),
            [("1".to_owned(), "Ny aftale".to_owned())]
        );

        // And what was lost can still be read
        let lost = here.history.iter().find(|version| version.lost).unwrap();
        let lost = one.profile_edition(EditionRef {
            edition: lost.edition,
            digest: lost.digest.clone(),
        });
        assert_eq!(lost.unwrap().contact_phone, "70 11 22 33");

        // And the next version goes on top of what is in force
        let name = |edit: &mut ProfileEdit| "Åse Holm".clone_into(&mut edit.contact_name);
        one.profile_save(edited(&one, name)).unwrap();
        other.sync_now(()).unwrap();
        for app in [&one, &other] {
            let view = show(app);
            assert_eq!(view.edition, there.edition + 1);
            assert_eq!(view.edit.contact_phone, "70 99 88 77");
            assert_eq!(view.edit.contact_name, "Åse Holm");
        }
    }
}

#[test]
fn what_is_built_on_a_lost_version_is_not_offered_and_goes_on_top_of_what_the_server_has() {
    // Given two versions the central store lost, another under the first number, and an edit on top of the second
    let (mut town, [one, other], backup) = before_a_restore();
    let unit = show(&one).edit.unit;
    one.profile_save(phone(&one, "70 11 22 33")).unwrap();
    let lost = |edit: &mut ProfileEdit| "Borgerservice Nord".clone_into(&mut edit.unit);
    one.profile_save(edited(&one, lost)).unwrap();
    restore(&mut town, &backup);
    other.profile_save(phone(&other, "70 99 88 77")).unwrap();
    let typed = edited(&one, |edit| "Åse Holm".clone_into(&mut edit.contact_name));

    // When it is saved before this computer heard of any of that
    let refused = one.profile_save(typed.clone()).unwrap_err();

    // Then the central store is offered nothing of it, and what it has is here
    assert_eq!(refused.code, ErrorCode::ProfileChanged);
    assert_eq!(town.records().newest_edition(TENANT).unwrap(), 1);
    assert_eq!(show(&one).edit, show(&other).edit);
    assert_eq!(
        history(&one),
        named(&[("1.2", true), ("1.1", false), ("1.1", true), ("1", false)])
    );
    let rows = lost_by_the_log(&town, "computer-1");
    let numbers: Vec<_> = rows.iter().map(|(number, _)| number.as_str()).collect();
    assert_eq!(numbers, ["1", "2"], "the newest was lost first");

    // And what was typed goes on top of it, without what was lost
    let rebased = one
        .profile_rebase(ProfileEdited {
            based_on: typed.based_on,
            digest: typed.digest,
            edit: typed.edit,
        })
        .unwrap();
    assert_eq!((rebased.edition, &rebased.edit.unit), (1, &unit));
    let saved = one.profile_save(ProfileSaveRequest {
        based_on: rebased.edition,
        digest: rebased.digest,
        edit: rebased.edit,
        reason: typed.reason,
    });
    assert_eq!(saved.unwrap().version, "1.2");
    other.sync_now(()).unwrap();
    let there = show(&other).edit;
    assert_eq!(
        (there.contact_phone.as_str(), there.contact_name.as_str()),
        ("70 99 88 77", "Åse Holm")
    );
}

#[test]
fn an_edit_of_a_text_that_was_lost_meanwhile_is_not_saved_over_the_one_in_its_place() {
    let (mut town, [one, other], backup) = before_a_restore();
    one.profile_save(phone(&one, "70 11 22 33")).unwrap();
    let name = |edit: &mut ProfileEdit| "Åse Holm".clone_into(&mut edit.contact_name);
    let typed = edited(&one, name);
    restore(&mut town, &backup);
    other.profile_save(phone(&other, "70 99 88 77")).unwrap();
    one.sync_now(()).unwrap();

    let refused = one.profile_save(typed.clone()).unwrap_err();

    assert_eq!(refused.code, ErrorCode::ProfileChanged, "under one number");
    let rebased = one.profile_rebase(ProfileEdited {
        based_on: typed.based_on,
        digest: typed.digest,
        edit: typed.edit,
    });
    let rebased = rebased.unwrap().edit;
    assert_eq!(
        (
            rebased.contact_phone.as_str(),
            rebased.contact_name.as_str()
        ),
        ("70 99 88 77", "Åse Holm")
    );
}

#[test]
fn a_version_that_was_handed_over_again_is_the_same_wherever_it_is_held() {
    // Given a version on both computers that the central store lost
    let (mut town, [one, other], backup) = before_a_restore();
    one.profile_save(phone(&one, "70 11 22 33")).unwrap();
    other.sync_now(()).unwrap();
    restore(&mut town, &backup);

    // When the other hands it over again under an edit of its own
    let name = |edit: &mut ProfileEdit| "Åse Holm".clone_into(&mut edit.contact_name);
    other.profile_save(edited(&other, name)).unwrap();
    one.sync_now(()).unwrap();

    // Then nothing was lost by that
    for app in [&one, &other] {
        assert_eq!(
            history(app),
            named(&[("1.2", false), ("1.1", false), ("1", false)])
        );
    }
    assert!(lost_by_the_log(&town, "computer-1").is_empty());
}
