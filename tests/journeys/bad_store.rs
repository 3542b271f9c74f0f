//! The disk that is full, the store somebody else holds, and the store of a newer program.

use skranke_app::api::error::ErrorCode;
use skranke_app::api::session::SignInRequest;
use skranke_app::{App, Clock};
use skranke_store::{Action, Actor, Entry};
use skranke_testkit::danish;
use skranke_testkit::small_disk::SmallDisk;

use crate::office::{MORNING, Office, PASSWORD, configured, said, started};

#[test]
fn a_full_disk_is_told_and_what_was_saved_stays() {
    let Some(small) = SmallDisk::of(
        "bad_store::a_full_disk_is_told_and_what_was_saved_stays",
        24,
    ) else {
        return;
    };
    let disk = small.path();
    // Given a draft saved on a disk that then fills up
    let clock = Clock::fixed(danish(MORNING));
    let app = started(disk, &clock, None).expect("starts");
    let request = SignInRequest {
        user_name: "karin".to_owned(),
        password: PASSWORD.to_owned(),
    };
    app.sign_in(request.clone()).expect("signed in");
    let draft = app.draft_new(()).expect("a draft");
    let save = |text: String| {
        let mut fields = draft.fields.clone();
        fields.insert(
            "citizen_address".to_owned(),
            skranke_app::api::draft::FieldValue::Text(text),
        );
        app.draft_save(skranke_app::api::draft::DraftSaveRequest {
            id: draft.id.clone(),
            step: 2,
            fields,
        })
    };
    save("Ahornvej 3".to_owned()).expect("saved");
    small.fill();

    // When saving goes on until nothing more fits
    let error = (0..400).find_map(|n| save(format!("Sentinelsvej {n} ").repeat(900)).err());
    let error = error.expect("the disk is full");

    // Then it is told in words, without what was typed, and the last save that succeeded is whole
    assert_eq!(error.code, ErrorCode::DiskFull, "{}", error.log_line());
    assert!(said(&error).contains("Disken er fuld"));
    assert!(!error.log_line().contains("Sentinelsvej"));
    std::fs::remove_file(disk.join("fyld")).expect("room again");
    save("Ahornvej 5".to_owned()).expect("saved");
    drop(app);
    let app = started(disk, &clock, None).expect("starts");
    app.sign_in(request).expect("signed in");
    let back = app
        .draft_open(skranke_app::api::draft::DraftRef { id: draft.id })
        .expect("opened");
    let address = skranke_app::api::draft::FieldValue::Text("Ahornvej 5".to_owned());
    assert_eq!(back.fields["citizen_address"], address);
}

#[test]
fn a_store_another_program_holds_is_told_and_works_again_after() {
    // Given a second program in the middle of a write
    let office = Office::open();
    let sheet = office.draft().save();
    let mut other = office.store();
    let device = other
        .read()
        .expect("read")
        .own_device()
        .expect("read")
        .expect("enrolled")
        .device;
    let actor = Actor {
        staff: skranke_domain::ids::StaffId::from_uuid(uuid::Uuid::nil()),
        roles: Vec::new(),
        device,
    };
    let write = other
        .write(&actor, Entry::new(Action::Maintained, danish(MORNING)))
        .expect("begun");

    // When the window saves
    let error = sheet.try_save().expect_err("held");

    // Then it says so, and once the other is done it saves
    assert_eq!(
        error.code,
        ErrorCode::DatabaseLocked,
        "{}",
        error.log_line()
    );
    said(&error);
    drop(write);
    sheet.try_save().expect("saved");
}

#[test]
fn a_damaged_store_is_told_and_not_thrown_away() {
    // Given a store whose file was overwritten from the middle
    let office = Office::open();
    office.granted();
    let Office { app, clock, folder } = office;
    drop(app);
    let path = folder.path().join("store/skranke.db");
    let mut bytes = std::fs::read(&path).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x5a);
    std::fs::write(&path, &bytes).expect("written");

    // When the program starts
    let app = App::open(configured(folder.path(), &clock, None, false)).expect("starts");
    let request = SignInRequest {
        user_name: "karin".to_owned(),
        password: PASSWORD.to_owned(),
    };

    // Then it says so from the first screen or at the first page that does not hold, and the bytes are kept
    let told = match app.start_state(()) {
        Err(error) => error,
        Ok(_) => app.sign_in(request).expect_err("damaged"),
    };
    assert_eq!(told.code, ErrorCode::DatabaseDamaged, "{}", told.log_line());
    said(&told);
    let mut kept = false;
    let mut folders = vec![folder.path().to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("read").flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                kept |= std::fs::read(entry.path()).is_ok_and(|found| found.len() == bytes.len());
            }
        }
    }
    assert!(kept, "the damaged file is kept for whoever can mend it");
}

#[test]
fn a_missing_second_copy_is_told_until_it_is_there_again() {
    // Given the log of what was saved cannot be written
    let office = Office::open();
    let problem = || office.app.sync_status(()).expect("shown").problem;
    assert_eq!(problem(), "");
    let log = office.folder.path().join("store/outbox.log");
    let aside = office.folder.path().join("away");
    std::fs::rename(&log, &aside).expect("moved");

    // When a case is granted, it is saved, and the status line says what is missing
    let case = office.granted();
    assert_eq!(case.row.state, "granted");
    assert_eq!(problem(), "second_copy_behind");

    // Until the log can be written again
    std::fs::rename(&aside, &log).expect("moved back");
    office.register(&case.row.id).expect("registered");
    assert_eq!(problem(), "");
}
