//! A PIN at start: what it keeps out, whom it asks, and that nobody is locked out for good.
//!
//! Basis: design, section 5; reliability, threat T1 and fault F20; decision 40.

#[cfg(target_os = "linux")]
mod memory;

use chrono::TimeDelta;
use skranke_app::App;
use skranke_app::api::error::ErrorCode;
use skranke_app::api::session::{PinRequest, SecretRequest, StartStage};

use skranke_testkit::patience::wait_until;

use crate::office::{Office, code, said};

const PIN: &str = "714205";

fn choosing(current: &str, pin: &str) -> PinRequest {
    PinRequest {
        current: current.to_owned(),
        pin: pin.to_owned(),
    }
}

fn secret(text: &str) -> SecretRequest {
    SecretRequest {
        secret: text.to_owned(),
    }
}

fn stage(app: &App) -> StartStage {
    app.start_state(()).expect("told").stage
}

/// A computer with a granted case, a recovery code that somebody has, and a PIN, after a restart.
fn protected() -> (Office, String) {
    let office = Office::open();
    office.granted();
    protected_by(office)
}

/// The same of an office as it stands; the recovery code with it.
fn protected_by(office: Office) -> (Office, String) {
    office.sign_in("anders");
    let code = office.app.recovery_code_new(()).expect("made");
    let end = code.recovery_code.chars().rev().take(4).collect::<String>();
    let end: String = end.chars().rev().collect();
    office
        .app
        .recovery_code_confirm(secret(&end))
        .expect("confirmed");
    let settings = office.app.pin_choose(choosing("", PIN)).expect("chosen");
    assert!(settings.pin.is_asked);
    (office.restarted(), code.recovery_code)
}

#[test]
fn with_a_pin_nothing_is_shown_before_it_was_typed_and_a_wrong_one_opens_nothing() {
    let (office, _) = protected();
    let app = &office.app;

    assert_eq!(stage(app), StartStage::Pin);
    let signing_in = app.sign_in(skranke_app::api::session::SignInRequest {
        user_name: "karin".to_owned(),
        password: crate::office::PASSWORD.to_owned(),
    });
    assert_eq!(code(signing_in), ErrorCode::PinNeeded);
    let wrong = app.pin_open(secret("714206")).expect_err("wrong");
    assert_eq!(wrong.code, ErrorCode::PinWrong);
    assert!(
        said(&wrong).contains("gendannelseskoden"),
        "{}",
        said(&wrong)
    );
    assert_eq!(stage(app), StartStage::Pin);

    let opened = app.pin_open(secret(" 714205 ")).expect("opened");

    assert_eq!(opened.stage, StartStage::SignIn);
    office.sign_in("karin");
    assert_eq!(code(app.pin_open(secret(PIN))), ErrorCode::MalformedRequest);
}

#[test]
fn wrong_pins_are_counted_over_a_restart_and_wait_longer_but_never_for_good() {
    let (office, recovery) = protected();
    for _ in 0..4 {
        assert_eq!(
            code(office.app.pin_open(secret("000000"))),
            ErrorCode::PinWrong
        );
    }

    // Starting again wins nothing, and even the right one must wait
    let office = office.restarted();
    let told = office.app.pin_open(secret(PIN)).expect_err("waits");
    assert_eq!(told.code, ErrorCode::PinWait);
    assert_eq!(told.params["minutes"], "1");
    office
        .clock
        .set(office.clock.now() + TimeDelta::seconds(31));
    assert!(office.app.pin_open(secret(PIN)).is_ok());

    // And after any number of wrong ones the recovery code opens at once
    let office = office.restarted();
    for _ in 0..4 {
        assert_eq!(
            code(office.app.pin_open(secret("000000"))),
            ErrorCode::PinWrong
        );
    }
    assert_eq!(code(office.app.pin_open(secret(PIN))), ErrorCode::PinWait);
    let opened = office.app.recover(secret(&recovery)).expect("recovered");
    assert_eq!(opened.stage, StartStage::SignIn);
    office.sign_in("karin");
    assert_eq!(
        stage(&office.restarted().app),
        StartStage::SignIn,
        "chosen anew"
    );
}

#[test]
fn a_pin_that_is_tried_first_is_refused_with_words_and_nothing_is_changed() {
    let office = Office::open();
    office.sign_in("anders");
    for simple in ["", "71420", "123456", "111111", "syvfem"] {
        let refused = office
            .app
            .pin_choose(choosing("", simple))
            .expect_err("simple");
        assert_eq!(refused.code, ErrorCode::PinTooSimple, "{simple}");
        assert!(said(&refused).contains("6 cifre"));
    }

    assert_eq!(stage(&office.restarted().app), StartStage::SignIn);
}

#[test]
fn another_pin_asks_for_the_one_before() {
    let (office, _) = protected();
    office.app.pin_open(secret(PIN)).expect("opened");
    office.sign_in("anders");

    let refused = office.app.pin_choose(choosing("000000", "835116"));
    assert_eq!(code(refused), ErrorCode::PinWrong);
    office
        .app
        .pin_choose(choosing(PIN, "835116"))
        .expect("changed");

    let office = office.restarted();
    assert_eq!(code(office.app.pin_open(secret(PIN))), ErrorCode::PinWrong);
    assert!(office.app.pin_open(secret("835116")).is_ok());
}

#[test]
fn at_the_counter_an_administrator_chooses_and_nobody_else() {
    let office = Office::open();
    assert!(!office.app.settings(()).expect("shown").pin.may_choose);
    assert_eq!(
        code(office.app.pin_choose(choosing("", PIN))),
        ErrorCode::NotPermitted
    );

    office.sign_in("anders");

    assert!(office.app.settings(()).expect("shown").pin.may_choose);
}

#[test]
fn a_key_store_that_was_changed_leaves_the_recovery_code() {
    let (office, recovery) = protected();
    let key_file = crate::office::key_file(office.folder.path());
    // As after a recovery that was cut before the envelope was written, or in a new Windows profile.
    std::fs::write(&key_file, "5a".repeat(32)).expect("written");

    assert_eq!(code(office.app.pin_open(secret(PIN))), ErrorCode::PinWrong);
    let opened = office.app.recover(secret(&recovery)).expect("recovered");

    assert_eq!(opened.stage, StartStage::SignIn);
    office.sign_in("karin");
}

#[test]
fn a_damaged_store_behind_a_pin_is_recovered_as_any_other() {
    let (office, _) = protected();
    let database = office.folder.path().join("store/skranke.db");
    let mut bytes = std::fs::read(&database).expect("read");
    bytes.fill(0x5a);
    std::fs::write(&database, &bytes).expect("written");

    let told = office.app.pin_open(secret(PIN)).expect("told");

    assert_eq!(told.stage, StartStage::Damaged);
    assert_eq!(office.app.store_recover(()).expect("recovered").cases, 1);
    office.sign_in("karin");
}

/// How many files of the store this process has open.
fn held_open(office: &Office) -> usize {
    let store = office.folder.path().join("store");
    let open = std::fs::read_dir("/proc/self/fd").expect("listed");
    let links = open.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
    links.filter(|link| link.starts_with(&store)).count()
}

fn draft_is_there(office: &Office, id: &str) -> bool {
    let drafts = office.app.draft_list(()).expect("listed");
    drafts.iter().any(|draft| draft.id == id)
}

#[test]
fn behind_the_locked_screen_the_store_is_closed_and_pin_and_password_go_on_where_one_was() {
    let (office, _) = protected();
    let app = &office.app;
    app.pin_open(secret(PIN)).expect("opened");
    office.sign_in("karin");
    let draft = office.draft().save().id;
    assert!(held_open(&office) > 0);

    app.session_lock(()).expect("locked");

    // Nothing of it is open, and the password alone opens nothing
    assert_eq!((stage(app), held_open(&office)), (StartStage::Pin, 0));
    let password = || secret(crate::office::PASSWORD);
    assert_eq!(code(app.session_unlock(password())), ErrorCode::PinNeeded);
    assert_eq!(code(app.draft_list(())), ErrorCode::PinNeeded);

    // The PIN says that the laptop may be opened, the password who is there
    let opened = app.pin_open(secret(PIN)).expect("opened");
    assert_eq!(opened.stage, StartStage::Locked);
    assert_eq!(opened.session.expect("known").name, "Karin Thygesen");
    assert_eq!(code(app.draft_list(())), ErrorCode::SessionLocked);
    app.session_unlock(password()).expect("unlocked");
    assert!(draft_is_there(&office, &draft), "what was typed is there");

    // Signing out closes it too
    app.sign_out(()).expect("signed out");
    assert_eq!((stage(app), held_open(&office)), (StartStage::Pin, 0));
}

#[test]
fn five_minutes_without_anybody_close_a_store_with_a_pin_whether_or_not_anything_is_asked() {
    let (office, _) = protected();
    let app = &office.app;
    let later = || office.clock.set(office.clock.now() + TimeDelta::minutes(6));
    app.pin_open(secret(PIN)).expect("opened");
    office.sign_in("karin");
    let draft = office.draft().save().id;

    // The next that is asked finds it closed
    later();
    assert_eq!(code(app.draft_list(())), ErrorCode::PinNeeded);
    assert_eq!((stage(app), held_open(&office)), (StartStage::Pin, 0));

    // So it is where the PIN was typed and nobody signed in
    app.pin_open(secret(PIN)).expect("opened");
    assert_eq!(stage(app), StartStage::Locked, "a moment ago");
    later();
    assert_eq!((stage(app), held_open(&office)), (StartStage::Pin, 0));

    // And where nothing is asked at all
    app.pin_open(secret(PIN)).expect("opened");
    let password = secret(crate::office::PASSWORD);
    app.session_unlock(password).expect("unlocked");
    assert!(draft_is_there(&office, &draft));
    later();
    std::thread::scope(|scope| {
        scope.spawn(|| app.keep_in_step());
        wait_until("the store is closed", || held_open(&office) == 0);
        app.stop();
    });
}

#[test]
fn without_a_pin_the_locked_screen_asks_for_the_password_alone() {
    let office = Office::open();

    office.app.session_lock(()).expect("locked");

    assert_eq!(stage(&office.app), StartStage::Locked);
    assert!(held_open(&office) > 0, "the line goes on");
}
