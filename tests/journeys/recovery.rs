//! The morning the store is damaged, and the afternoon the disk is full: what is saved, what is told, and how work
//! goes on.

use std::path::{Path, PathBuf};

use skranke_app::api::draft::{DraftSaveRequest, FieldValue};
use skranke_app::api::error::ErrorCode;
use skranke_app::api::session::{FirstRunRequest, SignInRequest, StartStage};
use skranke_app::{App, Clock};
use skranke_store::{Action, Actor, Entry};
use skranke_testkit::danish;
use skranke_testkit::small_disk::SmallDisk;

use crate::office::{
    MORNING, Office, PASSWORD, code, configured, key_file, said, started, store_beside,
};

fn database(folder: &Path) -> PathBuf {
    folder.join("store/skranke.db")
}

/// Overwrites the database from a byte on, as a failing disk does.
fn ruin(folder: &Path, first: impl Fn(usize) -> usize) -> Vec<u8> {
    let path = database(folder);
    let mut bytes = std::fs::read(&path).expect("read");
    let first = first(bytes.len());
    bytes[first..].fill(0x5a);
    std::fs::write(&path, &bytes).expect("written");
    bytes
}

fn karin() -> SignInRequest {
    SignInRequest {
        user_name: "karin".to_owned(),
        password: PASSWORD.to_owned(),
    }
}

#[test]
fn a_damaged_store_is_recovered_with_one_button_and_the_case_is_registered_on() {
    // Given a granted case, and a database whose first page the disk has lost overnight
    let office = Office::open();
    let case = office.granted();
    let Office { app, clock, folder } = office;
    drop(app);
    let ruined = ruin(folder.path(), |_| 0);

    // When the program starts
    let app = started(folder.path(), &clock, None).expect("starts");
    let state = app.start_state(()).expect("told");

    // Then it says that the store is damaged, and has changed nothing
    assert_eq!(state.stage, StartStage::Damaged);
    let problem = state.problem.expect("why");
    assert_eq!(problem.code, ErrorCode::DatabaseDamaged);
    assert_eq!(
        std::fs::read(database(folder.path())).expect("read"),
        ruined
    );
    assert_eq!(code(app.sign_in(karin())), ErrorCode::DatabaseDamaged);

    // When staff choose to recover
    let saved = app.store_recover(()).expect("recovered");

    // Then it is counted, the damaged file is kept, and the same people sign in with the passwords they had
    assert_eq!(saved.cases, 1);
    assert!(saved.records > 3, "{saved:?}");
    assert!(saved.accounts > 3, "{saved:?}");
    assert!(!saved.fetches_rest, "this computer has no central store");
    let aside = folder.path().join("store").join(&saved.file);
    assert_eq!(std::fs::read(aside).expect("kept"), ruined);
    assert_eq!(app.start_state(()).expect("told").stage, StartStage::SignIn);
    let office = Office { app, clock, folder };
    office.sign_in("karin");
    let registered = office.register(&case.row.id).expect("registered");
    assert!(registered.exempt);
    assert_eq!(registered.row.number, case.row.number);

    // And recovering again is not possible
    assert_eq!(
        code(office.app.store_recover(())),
        ErrorCode::MalformedRequest
    );
}

#[test]
fn damage_that_shows_at_work_closes_the_store_and_offers_recovery() {
    // Given a program at work, whose disk then ruins everything behind the first page
    let office = Office::open();
    office.granted();
    let office = office.restarted();
    ruin(office.folder.path(), |_| 8192);

    // When work goes on until a page does not hold
    let told = office
        .app
        .sign_in(karin())
        .map(drop)
        .and_then(|()| office.app.case_list(everything()).map(drop))
        .expect_err("damaged");

    // Then it is told, and the next look at the window offers recovery
    assert_eq!(told.code, ErrorCode::DatabaseDamaged, "{}", told.log_line());
    assert!(said(&told).contains("beskadiget"));
    let state = office.app.start_state(()).expect("told");
    assert_eq!(state.stage, StartStage::Damaged);
    let saved = office.app.store_recover(()).expect("recovered");
    assert_eq!(saved.cases, 1);
    office.sign_in("karin");
}

fn everything() -> skranke_app::api::case::CaseListRequest {
    serde_json::from_value(serde_json::json!({
        "query": "", "filter": "all", "purpose": "case_work", "after": null
    }))
    .expect("a request")
}

#[test]
fn a_computer_that_lost_even_its_accounts_is_set_up_again_and_keeps_its_cases() {
    // Given a computer whose database and second copy of the accounts are lost
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::fixed(danish(MORNING));
    let office = Office::open();
    let case = office.granted();
    let Office {
        app, folder: _kept, ..
    } = office;
    drop(app);
    copy_all(&_kept.path().join("store"), &folder.path().join("store"));
    std::fs::copy(key_file(_kept.path()), key_file(folder.path())).expect("copied");
    ruin(folder.path(), |_| 0);
    std::fs::remove_file(folder.path().join("store/settings.copy")).expect("removed");
    let app = App::open(configured(folder.path(), &clock, None, false)).expect("starts");

    // When it is recovered
    let saved = app.store_recover(()).expect("recovered");

    // Then the first run is shown, and afterwards the case is there under its number
    assert_eq!((saved.accounts, saved.cases), (0, 1));
    assert_eq!(
        app.start_state(()).expect("told").stage,
        StartStage::FirstRun
    );
    app.first_run(FirstRunRequest {
        profile: "demo".to_owned(),
        location: "town_hall".to_owned(),
        name: "Vibeke Holst".to_owned(),
        initials: "VH".to_owned(),
        user_name: "Vibeke".to_owned(),
        password: "en lang adgangskode".to_owned(),
        serves_at_counter: true,
    })
    .expect("set up");
    let found = app.case_list(everything()).expect("listed");
    assert_eq!(found.rows[0].number, case.row.number);
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("read").flatten() {
        if entry.path().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
    }
}

#[test]
fn on_a_full_disk_the_reserve_is_let_go_and_the_case_at_hand_is_finished() {
    let Some(small) = SmallDisk::of(
        "recovery::on_a_full_disk_the_reserve_is_let_go_and_the_case_at_hand_is_finished",
        90,
    ) else {
        return;
    };
    let disk = small.path();
    // Given a computer that is not a demo, with its reserve laid, and a disk that fills up with a form half typed
    let clock = Clock::fixed(danish(MORNING));
    let app = App::open(configured(disk, &clock, None, false)).expect("starts");
    app.first_run(FirstRunRequest {
        profile: "koebenhavn".to_owned(),
        location: "kvik".to_owned(),
        name: "Vibeke Holst".to_owned(),
        initials: "VH".to_owned(),
        user_name: "Vibeke".to_owned(),
        password: "en lang adgangskode".to_owned(),
        serves_at_counter: true,
    })
    .expect("set up");
    let reserve = disk.join("store/ballast");
    assert!(reserve.exists(), "the reserve is laid");
    let draft = app.draft_new(()).expect("a draft");
    let save = |text: String| {
        let mut fields = draft.fields.clone();
        fields.insert("citizen_address".to_owned(), FieldValue::Text(text));
        app.draft_save(DraftSaveRequest {
            id: draft.id.clone(),
            step: 2,
            fields,
        })
    };
    save("Ahornvej 3".to_owned()).expect("saved");
    small.fill();

    // When saving goes on until nothing more fits
    let error = (0..400).find_map(|n| save(format!("Birkevej {n} ").repeat(900)).err());
    let error = error.expect("the disk is full");

    // Then it says that nothing was saved, that the reserve was let go, and that trying again helps
    assert_eq!(
        error.code,
        ErrorCode::DiskFullReserve,
        "{}",
        error.log_line()
    );
    assert!(said(&error).contains("blev ikke gemt") && said(&error).contains("Prøv igen"));
    assert!(!reserve.exists());

    // And it does: the form is saved though nobody has cleared the disk, and is there after a new start
    save("Ahornvej 5".to_owned()).expect("saved from the reserve");
    drop(app);
    let app = App::open(configured(disk, &clock, None, false)).expect("starts");
    app.sign_in(SignInRequest {
        user_name: "vibeke".to_owned(),
        password: "en lang adgangskode".to_owned(),
    })
    .expect("signed in");
    let back = app
        .draft_open(skranke_app::api::draft::DraftRef {
            id: draft.id.clone(),
        })
        .expect("opened");
    assert_eq!(
        back.fields["citizen_address"],
        FieldValue::Text("Ahornvej 5".to_owned())
    );
}

#[test]
fn whoever_signs_out_on_a_full_disk_leaves_a_locked_window_and_the_reserve_helps() {
    let Some(small) = SmallDisk::of(
        "recovery::whoever_signs_out_on_a_full_disk_leaves_a_locked_window_and_the_reserve_helps",
        90,
    ) else {
        return;
    };
    // Given somebody at work, and a disk that other programs have filled
    let disk = small.path();
    let clock = Clock::fixed(danish(MORNING));
    let app = App::open(configured(disk, &clock, None, false)).expect("starts");
    app.first_run(FirstRunRequest {
        profile: "koebenhavn".to_owned(),
        location: "kvik".to_owned(),
        name: "Vibeke Holst".to_owned(),
        initials: "VH".to_owned(),
        user_name: "Vibeke".to_owned(),
        password: "en lang adgangskode".to_owned(),
        serves_at_counter: true,
    })
    .expect("set up");
    small.fill();
    let mut other = store_beside(disk, &clock);
    let device = other.read().expect("read").own_device().expect("read");
    let program = Actor::program(device.expect("set up").device);
    let is_full = (0..4_000).any(|_| {
        let entry = Entry::new(Action::Maintained, clock.now()).because("x".repeat(900));
        let written = other
            .write(&program, entry)
            .and_then(|write| write.commit());
        written.is_err()
    });
    assert!(is_full, "nothing more fits");

    // When they sign out
    let told = code(app.sign_out(()));

    // Then they are told, the window is locked, and once more is enough
    assert_eq!(told, ErrorCode::DiskFullReserve);
    assert_eq!(app.start_state(()).expect("told").stage, StartStage::Locked);
    app.sign_out(()).expect("signed out");
    assert_eq!(app.start_state(()).expect("told").stage, StartStage::SignIn);
}

#[test]
fn a_computer_starts_on_a_disk_without_any_room_at_all() {
    let Some(small) = SmallDisk::of(
        "recovery::a_computer_starts_on_a_disk_without_any_room_at_all",
        90,
    ) else {
        return;
    };
    let disk = small.path();
    let clock = Clock::fixed(danish(MORNING));
    let app = App::open(configured(disk, &clock, None, false)).expect("starts");
    app.first_run(FirstRunRequest {
        profile: "koebenhavn".to_owned(),
        location: "kvik".to_owned(),
        name: "Vibeke Holst".to_owned(),
        initials: "VH".to_owned(),
        user_name: "Vibeke".to_owned(),
        password: "en lang adgangskode".to_owned(),
        serves_at_counter: true,
    })
    .expect("set up");
    drop(app);
    small.fill();

    let app = App::open(configured(disk, &clock, None, false)).expect("starts");

    assert_eq!(app.start_state(()).expect("told").stage, StartStage::SignIn);
}

#[test]
fn a_store_that_did_not_open_is_tried_again_when_someone_looks() {
    // Given a computer whose key file is away
    let office = Office::open();
    let Office { app, clock, folder } = office;
    drop(app);
    let key = key_file(folder.path());
    std::fs::rename(&key, folder.path().join("away")).expect("moved");
    let app = started(folder.path(), &clock, None).expect("starts");
    let state = app.start_state(()).expect("told");
    assert_eq!(state.stage, StartStage::Recovery);
    assert_eq!(state.problem.expect("why").code, ErrorCode::KeyMissing);

    // When it is back and the window asks again
    std::fs::rename(folder.path().join("away"), &key).expect("moved");
    let state = app.start_state(()).expect("told");

    // Then staff can sign in
    assert_eq!(state.stage, StartStage::SignIn);
    assert!(state.problem.is_none());
}
