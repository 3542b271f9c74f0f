//! Signing in, locking, and the account that is closed for a while.

use skranke_app::LOCK_AFTER_MINUTES;
use skranke_app::api::error::ErrorCode;
use skranke_app::api::session::{SecretRequest, SignInRequest, StaffSaveRequest, StartStage};

use crate::office::{Office, PASSWORD, code, said};

fn secret(text: &str) -> SecretRequest {
    SecretRequest {
        secret: text.to_owned(),
    }
}

fn signs_in(office: &Office, user: &str, password: &str) -> Result<(), skranke_app::AppError> {
    let request = SignInRequest {
        user_name: user.to_owned(),
        password: password.to_owned(),
    };
    office.app.sign_in(request).map(drop)
}

#[test]
fn the_window_locks_after_five_idle_minutes_and_the_work_is_kept() {
    // Given somebody who typed at 10:00 and went to fetch coffee
    assert_eq!(LOCK_AFTER_MINUTES, 5);
    let office = Office::open_at("2026-03-13 10:00");
    let sheet = office.draft().save();

    // When five minutes have gone, it is still open; a minute later it is not
    office.moves_to("2026-03-13 10:05");
    assert_eq!(
        office.app.start_state(()).expect("shown").stage,
        StartStage::Ready
    );
    office.moves_to("2026-03-13 10:06");
    assert_eq!(code(sheet.try_save()), ErrorCode::SessionLocked);
    assert_eq!(
        office.app.start_state(()).expect("shown").stage,
        StartStage::Locked
    );
    assert_eq!(
        code(office.app.worklist(()).map(|w| w.today)),
        ErrorCode::SessionLocked
    );

    // Then only the password opens it, and everything typed is there
    assert_eq!(
        code(
            office
                .app
                .session_unlock(secret("forkert kode"))
                .map(|s| s.name)
        ),
        ErrorCode::WrongPassword
    );
    assert_eq!(code(sheet.try_save()), ErrorCode::SessionLocked);
    office
        .app
        .session_unlock(secret(PASSWORD))
        .expect("unlocked");
    let back = office.app.draft_open(sheet.reference()).expect("opened");
    assert_eq!(back.fields, sheet.fields);
}

#[test]
fn a_locked_session_answers_nothing() {
    let office = Office::open();
    let case = office.granted().row.id;
    office.app.session_lock(()).expect("locked");

    assert_eq!(
        code(office.show_because(&case, None)),
        ErrorCode::SessionLocked
    );
    assert_eq!(
        code(office.preview(&case, "interim_paper")),
        ErrorCode::SessionLocked
    );
    assert_eq!(code(office.register(&case)), ErrorCode::SessionLocked);
}

#[test]
fn five_wrong_passwords_close_the_account_for_a_while() {
    // Given somebody guessing
    let office = Office::closed_at("2026-03-13 10:00");
    for _ in 0..4 {
        assert_eq!(
            code(signs_in(&office, "karin", "gættet kode 1")),
            ErrorCode::WrongPassword
        );
    }

    // When the fifth is wrong too
    let error = signs_in(&office, "karin", "gættet kode 1").expect_err("wrong");

    // Then the account is closed, for the right password too, and says for how long
    assert_eq!(error.code, ErrorCode::AccountLocked);
    assert!(
        said(&error).contains("Vent 5 min."),
        "five minutes are five: {}",
        said(&error)
    );
    office.moves_to("2026-03-13 10:04");
    let error = signs_in(&office, "karin", PASSWORD).expect_err("still closed");
    assert!(said(&error).contains("Vent 1 min."), "{}", said(&error));
    assert_eq!(
        code(signs_in(&office, "karin", PASSWORD)),
        ErrorCode::AccountLocked
    );
    signs_in(&office, "pia", PASSWORD).expect("nobody else is closed out");

    // And it opens again by itself
    office.moves_to("2026-03-13 10:07");
    signs_in(&office, "karin", PASSWORD).expect("signed in");
}

#[test]
fn an_unknown_name_is_told_like_a_wrong_password() {
    let office = Office::closed_at("2026-03-13 10:00");

    assert_eq!(
        code(signs_in(&office, "findes ikke", PASSWORD)),
        ErrorCode::WrongPassword
    );
    assert_eq!(
        code(signs_in(&office, "karin", "")),
        ErrorCode::WrongPassword
    );
}

#[test]
fn a_name_is_known_however_it_is_written() {
    let office = Office::closed_at("2026-03-13 10:00");

    signs_in(&office, " Karin ", PASSWORD).expect("signed in");
}

#[test]
fn without_signing_in_nothing_is_shown() {
    let office = Office::closed_at("2026-03-13 10:00");
    assert_eq!(
        code(office.app.worklist(()).map(|w| w.today)),
        ErrorCode::NotSignedIn
    );
    office.sign_in("karin");
    office.app.sign_out(()).expect("signed out");
    assert_eq!(
        code(office.app.draft_new(()).map(|d| d.id)),
        ErrorCode::NotSignedIn
    );
    assert_eq!(
        office.app.start_state(()).expect("shown").stage,
        StartStage::SignIn
    );
}

fn karin_as(office: &Office, change: impl Fn(&mut StaffSaveRequest)) -> StaffSaveRequest {
    let staff = office.app.staff_list(()).expect("listed");
    let karin = staff
        .iter()
        .find(|s| s.user_name == "karin")
        .expect("there");
    let mut request = StaffSaveRequest {
        id: Some(karin.id.clone()),
        user_name: karin.user_name.clone(),
        name: karin.name.clone(),
        initials: karin.initials.clone(),
        roles: karin.roles.clone(),
        active: karin.active,
        password: None,
    };
    change(&mut request);
    request
}

#[test]
fn the_administrator_closes_an_account_and_gives_a_new_password() {
    let office = Office::closed_at("2026-03-13 10:00");
    office.sign_in("anders");
    let short = karin_as(&office, |r| r.password = Some("kort".to_owned()));
    let error = office.app.staff_save(short).expect_err("too short");
    assert_eq!(error.code, ErrorCode::PasswordTooShort);
    assert!(said(&error).contains(&error.params["minimum"]));
    let renamed = karin_as(&office, |r| r.user_name = "pia".to_owned());
    assert_eq!(
        code(office.app.staff_save(renamed).map(|s| s.len())),
        ErrorCode::UserNameTaken
    );

    office
        .app
        .staff_save(karin_as(&office, |r| r.active = false))
        .expect("closed");
    assert_eq!(
        code(signs_in(&office, "karin", PASSWORD)),
        ErrorCode::AccountDisabled
    );

    let renewed = karin_as(&office, |r| {
        r.active = true;
        r.password = Some("en helt ny kode".to_owned());
    });
    office.app.staff_save(renewed).expect("opened");
    assert_eq!(
        code(signs_in(&office, "karin", PASSWORD)),
        ErrorCode::WrongPassword
    );
    signs_in(&office, "karin", "en helt ny kode").expect("signed in");
}

#[test]
fn there_is_always_an_administrator() {
    let office = Office::closed_at("2026-03-13 10:00");
    office.sign_in("anders");
    let staff = office.app.staff_list(()).expect("listed");
    let anders = staff
        .iter()
        .find(|s| s.user_name == "anders")
        .expect("there");
    let request = |roles: &[&str], active: bool| StaffSaveRequest {
        id: Some(anders.id.clone()),
        user_name: anders.user_name.clone(),
        name: anders.name.clone(),
        initials: anders.initials.clone(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        active,
        password: None,
    };

    for change in [
        request(&["counter"], true),
        request(&["administrator"], false),
    ] {
        assert_eq!(
            code(office.app.staff_save(change).map(|s| s.len())),
            ErrorCode::LastAdministrator
        );
    }
    for roles in [&[][..], &["chef"][..]] {
        assert_eq!(
            code(office.app.staff_save(request(roles, true)).map(|s| s.len())),
            ErrorCode::InvalidFields
        );
    }
}

#[test]
fn whoever_types_without_asking_the_store_is_not_locked_out() {
    // Given a long text typed for ten minutes
    let office = Office::open_at("2026-03-13 10:00");
    let sheet = office.draft().save();
    for minute in ["04", "08", "12"] {
        office.moves_to(&format!("2026-03-13 10:{minute}"));
        office.app.session_stay(()).expect("still here");
    }

    // Then it can be saved; and a desk that was left stays locked
    sheet.try_save().expect("saved");
    office.moves_to("2026-03-13 10:20");
    assert_eq!(code(office.app.session_stay(())), ErrorCode::SessionLocked);
}
