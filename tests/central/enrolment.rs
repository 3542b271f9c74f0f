//! A computer without a server of its own is enrolled with a code from paper: new, or after it has worked alone.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use skranke_app::api::case::CaseRef;
use skranke_app::api::error::ErrorCode;
use skranke_app::api::review::HeldDecideRequest;
use skranke_app::api::session::{
    EnrolmentRequest, FirstRunRequest, SignInRequest, StaffSaveRequest, StartStage,
};
use skranke_app::{App, AppError, Clock, Config, KeyPlace};
use skranke_domain::ids::StaffId;
use skranke_protocol::enrolment_code::EnrolmentCode;
use skranke_protocol::wire::Scope;
use skranke_server::accounts;
use skranke_server::devices::Acting;
use skranke_server::sign_in::hash_password;
use skranke_server::store::{CentralStore, EnrolmentCode as Row, Staff};

use crate::cheap::CHEAP;
use crate::lying::a_guest_network;
use crate::{TENANT, Town, granted};

pub(crate) const PASSWORD: &str = "et langt kodeord";

/// A computer that belongs to no server.
fn computer(folder: &Path) -> App {
    App::open(Config {
        folder: folder.join("store"),
        key: KeyPlace::File(folder.join("key")),
        forms: None,
        demo: false,
        server: None,
        clock: Clock::System,
        costs: CHEAP,
    })
    .unwrap()
}

/// The operator makes a code, as the server's command does.
fn code(town: &Town, number: u8, expires_at: DateTime<Utc>) -> String {
    let text = EnrolmentCode::new(TENANT, [number; 10]).reveal();
    let row = Row {
        digest: Sha256::digest(&text).into(),
        scope: Scope::Tenant,
        expires_at,
        device_id: None,
    };
    let (store, now) = (town.central_store(), Clock::System.now());
    accounts::add_enrolment_code(&store, TENANT, &row, now).unwrap();
    text
}

fn tomorrow() -> DateTime<Utc> {
    Clock::System.now() + TimeDelta::days(1)
}

/// The operator gives a person an account at the central store.
pub(crate) fn hire(town: &Town, login: &str, roles: &[&str]) {
    let staff = Staff {
        id: StaffId::from_uuid(uuid::Uuid::now_v7()),
        login: login.to_owned(),
        password_hash: hash_password(PASSWORD).unwrap(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        active: true,
    };
    let (store, now) = (town.central_store(), Clock::System.now());
    accounts::save(&store, TENANT, &staff, Acting::OPERATOR, now).unwrap();
}

fn enrol(app: &App, server: &str, code: &str) -> Result<String, ErrorCode> {
    let request = EnrolmentRequest {
        server: server.to_owned(),
        code: code.to_owned(),
    };
    let enrolled = app.enrol(request).map_err(|error| error.code)?;
    Ok(enrolled.recovery_code)
}

fn sign_in(app: &App, user_name: &str, password: &str) -> Result<(), ErrorCode> {
    app.sign_out(()).unwrap();
    let signed_in = app.sign_in(SignInRequest {
        user_name: user_name.to_owned(),
        password: password.to_owned(),
    });
    signed_in.map(|_| ()).map_err(|error: AppError| error.code)
}

fn url(town: &Town) -> String {
    format!("http://{}", town.address)
}

#[test]
fn a_new_computer_is_enrolled_with_its_code_and_its_people_sign_in_with_their_central_accounts() {
    let mut town = Town::new();
    hire(&town, "karin", &["counter"]);
    let folder = tempfile::tempdir().unwrap();
    let app = computer(folder.path());
    let code = code(&town, 1, tomorrow());

    let recovery = enrol(&app, &url(&town), &code.to_lowercase().replace('-', " ")).unwrap();

    assert_eq!(recovery.len(), 34, "a code of its own opens this computer");
    let start = app.start_state(()).unwrap();
    assert_eq!(start.stage, StartStage::SignIn);
    assert_eq!(start.municipality, "Solbjerg Kommune");
    assert_eq!(
        sign_in(&app, "karin", "forkert kodeord"),
        Err(ErrorCode::WrongPassword)
    );
    assert_eq!(sign_in(&app, "karin", PASSWORD), Ok(()));
    granted(&app, "0201703984", "Aase Lindholm");
    let status = app.sync_now(()).unwrap();
    assert_eq!(status.problem, "");
    assert_eq!((status.confirmed, status.quarantined), (1, 0));
    let again = enrol(&app, &url(&town), &code);
    assert_eq!(again, Err(ErrorCode::NotPermitted), "it is in use");

    // Started anew while the central store is away: it knows where it belongs, and who works there.
    drop(app);
    town.close_central();
    let app = computer(folder.path());
    assert_eq!(app.start_state(()).unwrap().stage, StartStage::SignIn);
    assert_eq!(
        sign_in(&app, "karin", "forkert kodeord"),
        Err(ErrorCode::WrongPassword)
    );
    assert_eq!(sign_in(&app, "karin", PASSWORD), Ok(()));
    assert_eq!(app.settings(()).unwrap().server, url(&town));
}

#[test]
fn a_password_changed_at_the_central_store_opens_this_computer_and_the_old_one_does_not() {
    const CHANGED: &str = "et andet kodeord";
    let mut town = Town::new();
    hire(&town, "karin", &["counter"]);
    let folder = tempfile::tempdir().unwrap();
    let app = computer(folder.path());
    enrol(&app, &url(&town), &code(&town, 1, tomorrow())).unwrap();
    sign_in(&app, "karin", PASSWORD).unwrap();

    let (store, now) = (town.central_store(), Clock::System.now());
    let karin = store.staff_by_login(TENANT, "karin").unwrap().unwrap();
    let changed = Staff {
        password_hash: hash_password(CHANGED).unwrap(),
        ..karin
    };
    accounts::save(&store, TENANT, &changed, Acting::OPERATOR, now).unwrap();
    drop(store);
    sign_in(&app, "karin", CHANGED).unwrap();
    town.close_central();

    assert_eq!(
        sign_in(&app, "karin", PASSWORD),
        Err(ErrorCode::WrongPassword)
    );
    assert_eq!(sign_in(&app, "karin", CHANGED), Ok(()));
}

#[test]
fn who_was_shut_out_at_the_central_store_does_not_get_in_with_the_password_this_computer_remembers()
{
    let town = Town::new();
    hire(&town, "karin", &["counter"]);
    let folder = tempfile::tempdir().unwrap();
    let app = computer(folder.path());
    enrol(&app, &url(&town), &code(&town, 1, tomorrow())).unwrap();
    sign_in(&app, "karin", PASSWORD).unwrap();

    let (store, now) = (town.central_store(), Clock::System.now());
    accounts::set_active(&store, TENANT, "karin", false, now).unwrap();

    assert_eq!(
        sign_in(&app, "karin", PASSWORD),
        Err(ErrorCode::WrongPassword)
    );
}

#[test]
fn a_code_that_does_not_enrol_says_why_and_nothing_is_lost_by_trying() {
    let mut town = Town::new();
    let folder = tempfile::tempdir().unwrap();
    let app = computer(folder.path());
    let other = tempfile::tempdir().unwrap();
    let good = code(&town, 1, tomorrow());
    let used = code(&town, 2, tomorrow());
    enrol(&computer(other.path()), &url(&town), &used).unwrap();
    let late = code(&town, 3, Clock::System.now() - TimeDelta::minutes(1));
    let unknown = EnrolmentCode::new(TENANT, [4; 10]).reveal();
    let abroad = EnrolmentCode::new("888", [4; 10]).reveal();
    let here = url(&town);
    let guests = format!("http://{}", a_guest_network());

    for (server, code, told) in [
        (here.as_str(), "990-ABCD", ErrorCode::EnrolmentCodeMistyped),
        (&here, &unknown, ErrorCode::EnrolmentCodeWrong),
        (&here, &used, ErrorCode::EnrolmentCodeUsed),
        (&here, &late, ErrorCode::EnrolmentCodeExpired),
        (&here, &abroad, ErrorCode::MunicipalityUnknown),
        ("ikke en adresse", &good, ErrorCode::ServerAddressInvalid),
        (
            "http://skranke.example",
            &good,
            ErrorCode::ServerAddressInvalid,
        ),
        ("http://127.0.0.1:9", &good, ErrorCode::ServerNotFound),
        (&guests, &good, ErrorCode::NotASkrankeServer),
    ] {
        assert_eq!(enrol(&app, server, code), Err(told), "{server} {told:?}");
        let start = app.start_state(()).unwrap();
        assert_eq!(start.stage, StartStage::FirstRun, "it can be tried again");
    }

    // The answer to a good code is lost: the same code goes on working here, and only here.
    town.close_central();
    assert_eq!(enrol(&app, &here, &good), Err(ErrorCode::ServerNotFound));
    town.open_central();
    assert!(enrol(&app, &here, &good).is_ok());
}

#[test]
fn a_central_store_restored_from_before_the_enrolment_takes_the_same_computer_with_a_new_code() {
    let mut town = Town::new();
    hire(&town, "anders", &["administrator", "counter"]);
    town.close_central();
    let path = |name: &str| town.folder.path().join(name);
    std::fs::copy(path("central.db"), path("before.db")).unwrap();
    town.open_central();
    let folder = tempfile::tempdir().unwrap();
    let app = computer(folder.path());
    enrol(&app, &url(&town), &code(&town, 1, tomorrow())).unwrap();
    sign_in(&app, "anders", PASSWORD).unwrap();
    granted(&app, "0201703984", "Aase Lindholm");

    town.close_central();
    let path = |name: &str| town.folder.path().join(name);
    for name in ["central.db-wal", "central.db-shm"] {
        let _ = std::fs::remove_file(path(name));
    }
    std::fs::copy(path("before.db"), path("central.db")).unwrap();
    town.open_central();

    assert_eq!(app.sync_now(()).unwrap().problem, "computer_unknown");
    sign_in(&app, "anders", PASSWORD).unwrap();
    let again = code(&town, 2, tomorrow());
    assert_eq!(enrol(&app, &url(&town), &again).as_deref(), Ok(""));
    let status = app.sync_now(()).unwrap();
    assert_eq!((status.problem.as_str(), status.waiting), ("", 0));
    assert_eq!(
        enrol(&app, &url(&town), &again),
        Err(ErrorCode::AlreadyEnrolled)
    );
}

#[test]
fn a_computer_that_worked_alone_keeps_its_cases_and_offers_them_to_a_lead() {
    let town = Town::new();
    hire(&town, "anders", &["administrator", "counter"]);
    hire(&town, "hanne", &["lead"]);
    let folder = tempfile::tempdir().unwrap();
    let app = computer(folder.path());
    app.first_run(alone()).unwrap();
    for user_name in ["bo", "hanne", "hanne.lokal"] {
        app.staff_save(StaffSaveRequest {
            id: None,
            user_name: user_name.to_owned(),
            name: "Bo Krog".to_owned(),
            initials: "BK".to_owned(),
            roles: vec!["counter".to_owned()],
            active: true,
            password: Some(PASSWORD.to_owned()),
        })
        .unwrap();
    }
    let case = granted(&app, "0201703984", "Aase Lindholm");
    let code = code(&town, 1, tomorrow());

    // Only an administrator; then the case is still here under its number, and waits for a lead.
    sign_in(&app, "bo", PASSWORD).unwrap();
    assert_eq!(
        enrol(&app, &url(&town), &code),
        Err(ErrorCode::NotPermitted)
    );
    sign_in(&app, "anders", "hans egen adgangskode").unwrap();
    assert_eq!(enrol(&app, &url(&town), &code).as_deref(), Ok(""));
    let status = app.sync_now(()).unwrap();
    assert_eq!(status.problem, "");
    assert_eq!(
        status.quarantined, 1,
        "nobody at the central store vouched for it"
    );

    // Who has an account at both places is told apart; what was only here goes on working.
    assert_eq!(sign_in(&app, "bo", PASSWORD), Ok(()));
    assert_eq!(sign_in(&app, "anders", PASSWORD), Ok(()));
    assert_eq!(
        sign_in(&app, "anders.lokal", "hans egen adgangskode"),
        Ok(())
    );

    assert_eq!(sign_in(&app, "hanne.lokal", PASSWORD), Ok(()));
    assert_eq!(
        sign_in(&app, "hanne", PASSWORD),
        Ok(()),
        "although both her names are taken here"
    );
    let page = app.held_work(()).unwrap();
    assert_eq!(page.rows.len(), 1);
    app.held_decide(HeldDecideRequest {
        command: page.rows[0].command.clone(),
        release: true,
        reason: "Lavet her før tilslutningen".to_owned(),
    })
    .unwrap();
    let status = app.sync_now(()).unwrap();
    assert_eq!((status.confirmed, status.quarantined), (1, 0));
    let kept = CaseRef {
        id: case.row.id,
        purpose: Some("case_work".to_owned()),
    };
    let kept = app.case_show(kept).unwrap();
    assert_eq!(kept.row.number, case.row.number, "it stands on papers");
}

/// What the first administrator of a computer without a server says.
fn alone() -> FirstRunRequest {
    FirstRunRequest {
        profile: "demo".to_owned(),
        location: "town_hall".to_owned(),
        name: "Anders Kragh".to_owned(),
        initials: "AK".to_owned(),
        user_name: "anders".to_owned(),
        password: "hans egen adgangskode".to_owned(),
        serves_at_counter: true,
    }
}

/// I3: numbers stand on papers, and computers that worked alone are joined only afterwards.
#[test]
fn computers_that_worked_alone_number_their_cases_apart_before_and_after_they_are_joined() {
    let town = Town::new();
    let mut numbers = BTreeSet::new();
    for turn in 1..=2 {
        let folder = tempfile::tempdir().unwrap();
        let app = computer(folder.path());
        app.first_run(alone()).unwrap();
        numbers.insert(granted(&app, "0201703984", "Aase Lindholm").row.number);

        enrol(&app, &url(&town), &code(&town, turn, tomorrow())).unwrap();

        let now_called = app.settings(()).unwrap().device_code;
        assert_eq!(now_called, format!("S{turn}"), "as the central store says");
        let next = granted(&app, "2304483984", "Bodil Aagaard").row.number;
        assert!(next.contains(&format!("-{now_called}-")), "{next}");
        numbers.insert(next);
    }
    assert_eq!(numbers.len(), 4, "{numbers:?}");
}
