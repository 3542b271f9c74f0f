//! The administrator changes the municipality's set-up: each change is a new version, nothing is written over, and
//! cases keep the version they followed. And the day the paper with the recovery code is lost.

use skranke_app::api::error::ErrorCode;
use skranke_app::api::profile::{
    ClosingDayEdit, EditionRef, PlaceEdit, ProfileEdit, ProfileEdited, ProfileSaveRequest,
    ProfileView,
};
use skranke_app::api::session::SecretRequest;
use skranke_app::{App, AppError};
use skranke_store::Action;
use skranke_store::key::envelope::{Envelope, Opener};

use crate::office::{Office, code};

fn show(office: &Office) -> ProfileView {
    office.app.profile_show(()).expect("shown")
}

/// Changes something and saves it, on top of what is shown.
fn save(
    office: &Office,
    reason: &str,
    change: impl Fn(&mut ProfileEdit),
) -> Result<ProfileView, AppError> {
    let ProfileView {
        edition,
        digest,
        mut edit,
        ..
    } = show(office);
    change(&mut edit);
    office.app.profile_save(ProfileSaveRequest {
        based_on: edition,
        digest,
        edit,
        reason: reason.to_owned(),
    })
}

fn check(office: &Office, edit: ProfileEdit) -> Vec<(String, String)> {
    let ProfileView {
        edition, digest, ..
    } = show(office);
    let checked = office.app.profile_check(ProfileEdited {
        based_on: edition,
        digest,
        edit,
    });
    let problems = checked.expect("checked").problems;
    problems.into_iter().map(|p| (p.field, p.summary)).collect()
}

fn new_place(name: &str, from: &str) -> PlaceEdit {
    PlaceEdit {
        code: String::new(),
        name: name.to_owned(),
        from: from.to_owned(),
        until: String::new(),
    }
}

/// The profile that the case's opening event names.
fn profile_of(office: &Office, case: &str) -> String {
    let store = office.store();
    let record = store.read().expect("readable");
    let case = record.case(case.parse().expect("an id")).expect("read");
    case.expect("there").opened.expect("opened").profile
}

#[test]
fn an_edit_is_the_next_version_and_each_case_names_the_one_it_followed() {
    // Given a case from before
    let office = Office::open();
    let before = office.granted().row.id;

    // When the administrator gives the municipality a new telephone number
    office.sign_in("anders");
    assert_eq!(
        (show(&office).edition, show(&office).version.as_str()),
        (0, "1")
    );
    let saved = save(&office, "Nyt omstillingsbord", |edit| {
        edit.contact_phone = "70 11 22 33".to_owned();
    })
    .expect("saved");

    // Then it is version 1.1, with who, when and why
    assert_eq!((saved.edition, saved.version.as_str()), (1, "1.1"));
    let told: Vec<_> = saved
        .history
        .iter()
        .map(|v| {
            (
                v.version.as_str(),
                v.initials.as_str(),
                v.reason.as_str(),
                v.made_at.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "1.1",
                "AK",
                "Nyt omstillingsbord",
                "2026-03-13T09:00:00.000Z"
            ),
            ("1", "", "", ""),
        ]
    );

    // And new cases name it, the old one stays what it was, and papers have the number
    office.sign_in("karin");
    let after = office.granted().row.id;
    assert_eq!(profile_of(&office, &before), "demo@1");
    assert_eq!(profile_of(&office, &after), "demo@1.1");
    let view = office.app.settings(()).expect("shown");
    assert_eq!(view.profile_version, "1.1");
    assert!(
        office
            .words(&after, "interim_paper")
            .contains("70 11 22 33")
    );

    // And it is there after a restart, with the file that came with the program untouched
    let office = office.restarted();
    office.sign_in("anders");
    assert_eq!(show(&office).version, "1.1");
    let file = office
        .app
        .profile_edition(EditionRef {
            edition: 0,
            digest: String::new(),
        })
        .expect("shown");
    assert_eq!(file.contact_phone, "70 00 00 00");
}

#[test]
fn an_edit_and_its_reason_are_in_the_log() {
    let office = Office::closed_at("2026-03-13 10:00");
    office.sign_in("anders");
    save(&office, "Nyt omstillingsbord", |edit| {
        edit.contact_phone = "70 11 22 33".to_owned()
    })
    .expect("saved");

    let log = office.log();

    assert!(
        log.iter().any(|(action, subject, purpose)| {
            (action.as_str(), subject.as_str(), purpose.as_str())
                == ("profile_edited", "1", "Nyt omstillingsbord")
        }),
        "{log:?}"
    );
}

#[test]
fn row_2_26_a_place_the_administrator_adds_warns_until_its_first_day_and_after_its_last() {
    let office = Office::open_at("2026-03-13 10:00");
    office.sign_in("anders");
    let saved = save(&office, "Nyt sted ved åen", |edit| {
        edit.locations.push(PlaceEdit {
            until: "31.12.2026".to_owned(),
            ..new_place("Åens Hus", "1.4.2026")
        });
    })
    .expect("saved");
    assert_eq!(saved.edit.locations[3].code, "aaens_hus");

    for (day, warns) in [
        ("2026-03-31 10:00", true),
        ("2026-04-01 10:00", false),
        ("2026-12-31 10:00", false),
        ("2027-01-01 10:00", true),
    ] {
        office.comes_back(day, "karin");
        let check = office.draft().set("location", "aaens_hus").check();
        let warned = check.warnings.contains(&"location_not_open".to_owned());
        assert_eq!(warned, warns, "{day}");
        assert_eq!(check.proof.outcome, "met", "it warns and does not stop");
    }
}

#[test]
fn a_place_that_is_taken_away_keeps_its_name_on_old_cases() {
    let office = Office::open();
    let case = office
        .draft()
        .set("location", "library")
        .grant()
        .expect("granted")
        .row
        .id;
    office.sign_in("anders");
    save(&office, "Biblioteket er lukket", |edit| {
        edit.locations.remove(1);
    })
    .expect("saved");

    office.sign_in("karin");

    assert_eq!(office.show(&case).row.location, "Biblioteket i Nørreby");
    let settings = office.app.settings(()).expect("shown");
    assert!(
        settings
            .locations
            .iter()
            .all(|place| place.code != "library")
    );
}

#[test]
fn a_draft_that_is_being_typed_is_left_as_it_is_when_the_set_up_changes() {
    let office = Office::open();
    let sheet = office.draft();
    sheet.check();
    let reference = sheet.reference();
    let before = office.app.draft_open(reference.clone()).expect("open");
    office.sign_in("anders");
    save(&office, "Nyt omstillingsbord", |edit| {
        edit.contact_phone = "70 11 22 33".to_owned();
        edit.id_kinds.remove(0);
    })
    .expect("saved");

    office.sign_in("karin");
    let after = office.app.draft_open(reference).expect("open");

    assert_eq!(after.fields, before.fields, "every letter is there");
    assert_eq!(after.step, before.step);
}

#[test]
fn every_error_is_told_in_danish_at_its_field_and_nothing_is_saved() {
    let office = Office::closed_at("2026-03-13 10:00");
    office.sign_in("anders");
    let mut edit = show(&office).edit;
    edit.name = String::new();
    edit.national_tool = "http://tool.example/".to_owned();
    edit.locations.push(new_place("Åens Hus", "til foråret"));
    edit.closing_days.push(ClosingDayEdit {
        on: "28.12.2026".to_owned(),
        name: String::new(),
    });

    let told = check(&office, edit.clone());

    assert_eq!(
        told,
        [
            ("locations.3.from", "Lokationer: Skriv en dato, for eksempel 04.01.2027."),
            ("name", "Kommunens navn: Feltet skal udfyldes."),
            (
                "national_tool",
                "Adresse på det nationale værktøj: Skriv en adresse, der begynder med https:// og ikke har \
                 spørgsmålstegn, eller lad feltet stå tomt."
            ),
            ("closing_days.0.name", "Lokale lukkedage: Feltet skal udfyldes."),
        ]
        .map(|(field, words)| (field.to_owned(), words.to_owned()))
    );
    let refused = office.app.profile_save(ProfileSaveRequest {
        based_on: 0,
        digest: String::new(),
        edit,
        reason: "Prøve".to_owned(),
    });
    let refused = refused.expect_err("refused");
    assert_eq!(refused.code, ErrorCode::InvalidFields);
    assert_eq!(refused.params["field"], "locations.3.from");
    assert_eq!(show(&office).edition, 0);
}

#[test]
fn an_edit_needs_a_reason_a_change_and_the_newest_version_under_it() {
    let office = Office::closed_at("2026-03-13 10:00");
    office.sign_in("anders");
    let phone = |edit: &mut ProfileEdit| edit.contact_phone = "70 11 22 33".to_owned();

    assert_eq!(code(save(&office, "  ", phone)), ErrorCode::ReasonMissing);
    assert_eq!(
        code(save(&office, "Prøve", |_| ())),
        ErrorCode::ProfileUnchanged
    );
    save(&office, "Prøve", phone).expect("saved");
    let stale = office.app.profile_save(ProfileSaveRequest {
        based_on: 0,
        digest: String::new(),
        edit: show(&office).edit,
        reason: "Prøve".to_owned(),
    });
    assert_eq!(code(stale), ErrorCode::ProfileChanged);
    assert_eq!(show(&office).history.len(), 2);
}

#[test]
fn going_back_is_a_new_version_with_the_old_content() {
    let office = Office::closed_at("2026-03-13 10:00");
    office.sign_in("anders");
    save(&office, "Nyt nummer", |edit| {
        edit.contact_phone = "70 11 22 33".to_owned()
    })
    .expect("1.1");
    save(&office, "Nyt navn", |edit| {
        edit.unit = "Borgerservice og bibliotek".to_owned()
    })
    .expect("1.2");

    // The administrator looks at what going back would change, and goes back
    let first = office
        .app
        .profile_edition(EditionRef {
            edition: 1,
            digest: String::new(),
        })
        .expect("shown");
    let checked = office.app.profile_check(ProfileEdited {
        based_on: 2,
        digest: String::new(),
        edit: first.clone(),
    });
    let changes = checked.expect("checked").changes;
    assert_eq!(changes.len(), 1);
    assert_eq!(
        [&changes[0].label, &changes[0].before, &changes[0].after],
        [
            "Enhed på brevhovedet",
            "Borgerservice og bibliotek",
            "Borgerservice"
        ]
    );
    let back = office.app.profile_save(ProfileSaveRequest {
        based_on: 2,
        digest: show(&office).digest,
        edit: first,
        reason: "Tilbage til version 1.1".to_owned(),
    });

    let back = back.expect("saved");
    assert_eq!(back.version, "1.3");
    assert_eq!(back.edit.unit, "Borgerservice");
    assert_eq!(back.edit.contact_phone, "70 11 22 33");
    let versions: Vec<_> = back.history.iter().map(|v| v.version.as_str()).collect();
    assert_eq!(
        versions,
        ["1.3", "1.2", "1.1", "1"],
        "nothing was written over"
    );
}

fn opens(office: &Office, secret: &str) -> bool {
    let Ok(code) = secret.parse() else {
        return false;
    };
    let envelope = Envelope::load(&office.folder.path().join("store")).expect("an envelope");
    envelope.open(&Opener::Recovery(&code)).is_ok()
}

fn typed_back(app: &App, typed: &str) -> Result<(), AppError> {
    app.recovery_code_confirm(SecretRequest {
        secret: typed.to_owned(),
    })
}

#[test]
fn a_new_recovery_code_works_once_it_is_typed_back_and_the_old_one_then_stops() {
    // Given a first code
    let office = Office::closed_at("2026-03-13 10:00");
    office.sign_in("anders");
    let first = office
        .app
        .recovery_code_new(())
        .expect("shown")
        .recovery_code;
    typed_back(&office.app, &first).expect("the whole code");
    assert!(opens(&office, &first));

    // When another is made and not yet typed back, the paper in the safe still works
    let second = office
        .app
        .recovery_code_new(())
        .expect("shown")
        .recovery_code;
    assert_ne!(first, second);
    let end = &second[second.len() - 4..];
    let wrong = if end == "0000" { "1111" } else { "0000" };
    for typed in [wrong, "", &end[1..], &first] {
        assert_eq!(
            code(typed_back(&office.app, typed)),
            ErrorCode::RecoveryCodeWrong,
            "{typed}"
        );
    }
    assert!(opens(&office, &first) && !opens(&office, &second));

    // And when its end is typed back, it is the one that works
    typed_back(&office.app, &end.to_lowercase()).expect("in force");
    assert!(opens(&office, &second) && !opens(&office, &first));
    assert_eq!(
        code(typed_back(&office.app, end)),
        ErrorCode::RecoveryCodeWrong,
        "only once"
    );
    let renewed = Action::RecoveryCodeRenewed.code();
    let rows = office
        .log()
        .into_iter()
        .filter(|(action, ..)| action == renewed);
    assert_eq!(rows.count(), 2);
}

#[test]
fn a_code_that_was_shown_to_one_administrator_is_not_put_in_force_by_another() {
    let office = Office::closed_at("2026-03-13 10:00");
    office.sign_in("anders");
    let shown = office
        .app
        .recovery_code_new(())
        .expect("shown")
        .recovery_code;

    office.sign_in("karin");
    assert_eq!(
        code(typed_back(&office.app, &shown)),
        ErrorCode::NotPermitted
    );
    assert_eq!(
        code(office.app.recovery_code_new(())),
        ErrorCode::NotPermitted
    );
    assert!(!opens(&office, &shown));
}
