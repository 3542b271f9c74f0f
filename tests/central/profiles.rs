//! The municipality's set-up between computers: one edit wins, everybody gets it at the next round, nobody restarts.

use skranke_app::App;
use skranke_app::api::draft::{DraftCheckRequest, DraftRef, DraftSaveRequest, FieldValue};
use skranke_app::api::error::ErrorCode;
use skranke_app::api::profile::{
    ClosingDayEdit, PlaceEdit, ProfileEdit, ProfileEdited, ProfileSaveRequest, ProfileView,
};
use skranke_app::api::settings::SettingsSaveRequest;
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::sqlite::SqliteStore;
use skranke_server::store::{CentralStore, StoredEdition};

use crate::{TENANT, Town, draft_of, granted, sign_in_as};

pub(crate) fn show(app: &App) -> ProfileView {
    app.profile_show(()).unwrap()
}

pub(crate) fn edited(app: &App, change: impl Fn(&mut ProfileEdit)) -> ProfileSaveRequest {
    let ProfileView {
        edition, mut edit, ..
    } = show(app);
    change(&mut edit);
    ProfileSaveRequest {
        based_on: edition,
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
            edit: second.edit,
        })
        .unwrap();
    assert_eq!(rebased.edition, 1);
    assert_eq!(rebased.edit.contact_phone, "70 11 22 33");
    let saved = other
        .profile_save(ProfileSaveRequest {
            based_on: rebased.edition,
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

#[test]
fn a_central_store_that_was_restored_gets_back_the_versions_it_lost() {
    let mut town = Town::new();
    let [office, counter] = administrators(&town);
    office.profile_save(phone(&office, "70 11 22 33")).unwrap();
    let database = town.folder.path().join("central.db");
    town.close_central();
    let backup = std::fs::read(&database).unwrap();
    town.open_central();
    office.profile_save(phone(&office, "70 44 55 66")).unwrap();
    town.close_central();
    for name in ["central.db-wal", "central.db-shm"] {
        let _ = std::fs::remove_file(town.folder.path().join(name));
    }
    std::fs::write(&database, backup).unwrap();
    town.open_central();

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
