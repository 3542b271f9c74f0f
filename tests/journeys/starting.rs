//! The first day with Skranke, and the day the key is lost.

use skranke_app::api::error::ErrorCode;
use skranke_app::api::session::{FirstRunRequest, SecretRequest, SignInRequest, StartStage};
use skranke_app::{App, Clock};
use skranke_testkit::danish;

use crate::office::{MORNING, code, configured, key_file, said};

struct Desk {
    folder: tempfile::TempDir,
    clock: Clock,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            folder,
            clock: Clock::fixed(danish(MORNING)),
        }
    }

    fn start(&self) -> App {
        let config = configured(self.folder.path(), &self.clock, None, false);
        App::open(config).expect("starts")
    }
}

fn first_run() -> FirstRunRequest {
    FirstRunRequest {
        profile: "koebenhavn".to_owned(),
        location: "kvik".to_owned(),
        name: "Vibeke Holst".to_owned(),
        initials: "VH".to_owned(),
        user_name: "Vibeke".to_owned(),
        password: "en lang adgangskode".to_owned(),
        serves_at_counter: true,
    }
}

#[test]
fn row_2_01_the_first_administrator_sets_the_municipality_up() {
    // Given a computer on which Skranke never ran
    let desk = Desk::new();
    let app = desk.start();
    let state = app.start_state(()).expect("shown");
    assert_eq!(state.stage, StartStage::FirstRun);
    assert!(!state.demo && state.demo_accounts.is_empty());
    assert!(
        state
            .profiles
            .iter()
            .any(|profile| profile.code == "koebenhavn")
    );

    // When it is set up for København
    let done = app.first_run(first_run()).expect("set up");

    // Then the administrator is signed in, at their place, and has a recovery code
    assert_eq!(done.session.location_name, "Borgerservice Kvik");
    assert_eq!(done.session.roles, ["administrator", "counter"]);
    assert!(done.recovery_code.len() > 20);
    assert_eq!(
        app.start_state(()).expect("shown").municipality,
        "Københavns Kommune"
    );
    assert_eq!(
        code(app.first_run(first_run()).map(|d| d.session.name)),
        ErrorCode::AlreadySetUp
    );

    // And it is there the next morning, for whoever knows the password
    drop(app);
    let app = desk.start();
    assert_eq!(
        app.start_state(()).expect("shown").stage,
        StartStage::SignIn
    );
    let request = SignInRequest {
        user_name: "vibeke".to_owned(),
        password: "en lang adgangskode".to_owned(),
    };
    app.sign_in(request).expect("signed in");
}

#[test]
fn a_first_run_with_a_hole_is_refused_and_can_be_mended() {
    let desk = Desk::new();
    let app = desk.start();
    let faulty: [(&str, FirstRunRequest); 5] = [
        (
            "location",
            FirstRunRequest {
                location: "town_hall".to_owned(),
                ..first_run()
            },
        ),
        (
            "name",
            FirstRunRequest {
                name: "  ".to_owned(),
                ..first_run()
            },
        ),
        (
            "initials",
            FirstRunRequest {
                initials: String::new(),
                ..first_run()
            },
        ),
        (
            "user_name",
            FirstRunRequest {
                user_name: String::new(),
                ..first_run()
            },
        ),
        (
            "user_name",
            FirstRunRequest {
                user_name: "v".repeat(121),
                ..first_run()
            },
        ),
    ];
    for (field, request) in faulty {
        let error = app.first_run(request).err().expect("must be refused");
        assert_eq!(error.code, ErrorCode::InvalidFields, "{field}");
        assert_eq!(error.params["field"], field);
        said(&error);
    }
    let short = FirstRunRequest {
        password: "ni tegn 9".to_owned(),
        ..first_run()
    };
    assert_eq!(
        code(app.first_run(short).map(|d| d.session.name)),
        ErrorCode::PasswordTooShort
    );

    app.first_run(first_run()).expect("set up");
}

#[test]
fn before_the_first_run_nobody_can_sign_in() {
    let app = Desk::new().start();
    let request = SignInRequest {
        user_name: "vibeke".to_owned(),
        password: String::new(),
    };

    assert_eq!(
        code(app.sign_in(request).map(|s| s.name)),
        ErrorCode::FirstRunNeeded
    );
}

#[test]
fn the_recovery_code_opens_the_store_when_the_key_is_lost() {
    // Given a store that was set up, and whose key file is gone
    let desk = Desk::new();
    let app = desk.start();
    let recovery_code = app.first_run(first_run()).expect("set up").recovery_code;
    drop(app);
    std::fs::remove_file(key_file(desk.folder.path())).expect("lost");

    // When the program starts
    let app = desk.start();
    assert_eq!(
        app.start_state(()).expect("shown").stage,
        StartStage::Recovery
    );
    let request = SignInRequest {
        user_name: "vibeke".to_owned(),
        password: String::new(),
    };
    let error = app.sign_in(request).expect_err("closed");
    assert_eq!(error.code, ErrorCode::KeyMissing);
    said(&error);
    assert_eq!(
        code(app.first_run(first_run()).map(|d| d.session.name)),
        ErrorCode::AlreadySetUp
    );

    // Then a wrong code is told, and the right one opens it for good
    for wrong in [
        "",
        "ABCD",
        &recovery_code
            .to_lowercase()
            .replace(|c: char| c.is_ascii_digit(), "8"),
    ] {
        let tried = app.recover(SecretRequest {
            secret: wrong.to_owned(),
        });
        assert_eq!(
            code(tried.map(|s| s.municipality)),
            ErrorCode::RecoveryCodeWrong,
            "{wrong}"
        );
    }
    let opened = app.recover(SecretRequest {
        secret: format!(" {recovery_code} "),
    });
    assert_eq!(opened.expect("opened").stage, StartStage::SignIn);
    drop(app);
    assert_eq!(
        desk.start().start_state(()).expect("shown").stage,
        StartStage::SignIn
    );
}

#[test]
fn the_key_of_another_computer_does_not_open_the_store() {
    // Given the key file of another computer
    let (desk, other) = (Desk::new(), Desk::new());
    let recovery_code = desk
        .start()
        .first_run(first_run())
        .expect("set up")
        .recovery_code;
    other.start().first_run(first_run()).expect("set up");
    std::fs::copy(key_file(other.folder.path()), key_file(desk.folder.path())).expect("copied");

    // When the program starts
    let app = desk.start();

    // Then it asks for the recovery code, and nothing was touched
    assert_eq!(
        app.start_state(()).expect("shown").stage,
        StartStage::Recovery
    );
    let request = SignInRequest {
        user_name: "vibeke".to_owned(),
        password: String::new(),
    };
    let error = app.sign_in(request).expect_err("closed");
    assert_eq!(error.code, ErrorCode::KeyWrong);
    said(&error);
    app.recover(SecretRequest {
        secret: recovery_code,
    })
    .expect("opened");
}
