//! Signing in in the browser, against a certified OpenID provider on loopback: the real program, the real central
//! store, the real provider; the browser is one that follows redirects and fills in forms.

use std::sync::Arc;

use serde_json::{Value, json};
use skranke_app::api::case::CaseRef;
use skranke_app::api::error::ErrorCode;
use skranke_app::api::session::{
    SecretRequest, SessionView, SignInRequest, StaffSaveRequest, UnlockedBy,
};
use skranke_app::{App, AppError, Clock};
use skranke_server::accounts;
use skranke_server::devices::Acting;
use skranke_server::store::CentralStore;

use crate::openid::{Browser, Provider, come_back};
use crate::{TENANT, Town, granted, outreach, sign_in_as};

const LAPTOP: &str = "laptop";

impl Provider {
    /// Makes the provider err from now on.
    fn errs(&self, faults: &Value) {
        let mut browser = Browser::default();
        let url = format!("{}/control", self.issuer);
        let done = browser.send("POST", &url, "application/json", &faults.to_string());
        assert_eq!(done.status, 200);
    }
}

pub(crate) struct Story {
    provider: Provider,
    pub(crate) town: Town,
    pub(crate) app: Arc<App>,
}

impl Story {
    pub(crate) fn new() -> Self {
        let provider = Provider::start();
        let town = Town::with_openid(provider.settings());
        let app = Arc::new(town.counter("skranke-1"));
        app.sync_now(()).unwrap();
        app.sign_out(()).unwrap();
        Self {
            provider,
            town,
            app,
        }
    }

    /// The same at another computer.
    pub(crate) fn at(self, app: Arc<App>) -> Self {
        Self { app, ..self }
    }

    pub(crate) fn sign_in(&self, user: &'static str) -> Result<SessionView, AppError> {
        self.sign_in_changing(user, |asked| asked, |back| back)
    }

    /// Signs in while somebody changes the page that is asked for, or the address that is come back to.
    fn sign_in_changing(
        &self,
        user: &'static str,
        asked: impl Fn(String) -> String,
        back: impl Fn(String) -> String,
    ) -> Result<SessionView, AppError> {
        let mut page = None;
        let result = self.app.browser_sign_in(|url| {
            let address = Browser::default().log_in(&asked(url.to_owned()), user);
            page = Some(come_back(back(address)));
            Ok(())
        });
        if let Some(page) = page {
            assert!(page.join().unwrap().contains("tilbage til Skranke"));
        }
        result
    }

    fn refused(&self, faults: &Value) -> ErrorCode {
        self.provider.errs(faults);
        let refusal = self.sign_in("karin").expect_err("it must not pass");
        assert!(self.app.start_state(()).unwrap().session.is_none());
        refusal.code
    }
}

/// Puts another value in the place of a parameter's.
fn with(url: &str, name: &str, value: &str) -> String {
    let (head, rest) = url.split_once(&format!("{name}=")).unwrap();
    let tail = rest.split_once('&').map_or("", |(_, tail)| tail);
    format!("{head}{name}={value}&{tail}")
}

#[test]
fn who_signs_in_in_the_browser_works_as_with_a_local_account() {
    let story = Story::new();
    assert!(story.app.start_state(()).unwrap().browser_sign_in);

    let view = story.sign_in("karin").unwrap();

    assert_eq!(
        (view.name.as_str(), view.initials.as_str()),
        ("Karin Holm", "KH")
    );
    assert_eq!(
        view.roles,
        ["counter"],
        "roles of other systems give none here"
    );
    let case = granted(&story.app, "0201703984", "Aase Lindholm");
    let status = story.app.sync_now(()).unwrap();
    assert_eq!(
        (
            status.confirmed,
            status.quarantined,
            status.problem.as_str()
        ),
        (1, 0, "")
    );
    let staff_id: skranke_domain::ids::StaffId = view.staff_id.parse().unwrap();
    let central = story.town.central_store();
    let known = central.staff(TENANT, staff_id).unwrap().unwrap();
    assert_eq!((known.login.as_str(), known.active), ("openid:karin", true));
    assert!(!case.row.id.is_empty());

    // The same person is the same here the next time, and a colleague is somebody else.
    story.app.sign_out(()).unwrap();
    assert_eq!(story.sign_in("karin").unwrap().staff_id, view.staff_id);
    story.app.sign_out(()).unwrap();
    let lead = story.sign_in("hanne").unwrap();
    assert_eq!(lead.roles, ["lead"]);
    assert_ne!(lead.staff_id, view.staff_id);
    // And a local account of the computer still gets in.
    story.app.sign_out(()).unwrap();
    sign_in_as(&story.app, "birgit");
}

#[test]
fn a_sign_in_that_is_not_this_one_is_refused() {
    let story = Story::new();
    let same = |url: String| url;
    let refused = ErrorCode::BrowserSignInRefused;

    let state = story.sign_in_changing("karin", same, |back| with(&back, "state", "another"));
    assert_eq!(state.unwrap_err().code, refused, "another state");
    let nonce = story.sign_in_changing("karin", |url| with(&url, "nonce", "another"), same);
    assert_eq!(nonce.unwrap_err().code, refused, "another nonce");
    let challenge = "0123456789012345678901234567890123456789abc";
    let verifier =
        story.sign_in_changing("karin", |url| with(&url, "code_challenge", challenge), same);
    assert_eq!(verifier.unwrap_err().code, refused, "another verifier");
    let code = story.sign_in_changing("karin", same, |back| with(&back, "code", "guessed"));
    assert_eq!(code.unwrap_err().code, refused, "another code");
    let denied = story.sign_in_changing("karin", same, |back| {
        back.replace("code=", "error=access_denied&was=")
    });
    assert_eq!(denied.unwrap_err().code, refused, "the person said no");

    assert!(story.sign_in("karin").is_ok(), "and the next one passes");
}

#[test]
fn an_identity_token_that_does_not_hold_is_refused() {
    let story = Story::new();
    // Asked anew each time: the attempts before may have taken long.
    let now = || {
        let now = std::time::SystemTime::now();
        now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
    };
    for faults in [
        json!({ "claims": { "aud": "another-program" } }),
        json!({ "claims": { "aud": ["skranke", "another-program"] } }),
        json!({ "claims": { "iss": "https://elsewhere.example" } }),
        json!({ "claims": { "nonce": "another" } }),
        json!({ "claims": { "exp": now() - 120 } }),
        json!({ "claims": { "iat": now() + 600 } }),
    ] {
        assert_eq!(
            story.refused(&faults),
            ErrorCode::BrowserSignInRefused,
            "{faults}"
        );
    }
    for alg in ["none", "HS256"] {
        let faults = json!({ "alg": alg });
        assert_eq!(
            story.refused(&faults),
            ErrorCode::BrowserSignInRefused,
            "{faults}"
        );
    }

    // Clocks that differ a little are no reason to refuse.
    story
        .provider
        .errs(&json!({ "claims": { "iat": now() + 20, "exp": now() - 20 } }));
    assert!(story.sign_in("karin").is_ok());
}

#[test]
fn a_code_that_ran_out_is_refused() {
    let story = Story::new();
    story.provider.errs(&json!({ "code_seconds": 1 }));

    let late = story.sign_in_changing(
        "karin",
        |url| url,
        |back| {
            std::thread::sleep(std::time::Duration::from_millis(2_200));
            back
        },
    );

    assert_eq!(late.unwrap_err().code, ErrorCode::BrowserSignInRefused);
}

#[test]
fn the_providers_new_key_is_fetched_when_it_is_first_met() {
    let story = Story::new();
    story.sign_in("karin").unwrap();
    story.app.sign_out(()).unwrap();

    story.provider.errs(&json!({ "rotated": true }));

    assert!(story.sign_in("karin").is_ok());
}

#[test]
fn who_has_no_role_in_the_table_is_told_so() {
    let story = Story::new();

    let refusal = story.sign_in("gert").unwrap_err();

    assert_eq!(refusal.code, ErrorCode::BrowserSignInNoRole);
    assert!(story.app.start_state(()).unwrap().session.is_none());
}

#[test]
fn whoever_turns_back_is_at_the_sign_in_screen_again() {
    let story = Story::new();
    let app = Arc::clone(&story.app);

    let result = story
        .app
        .browser_sign_in(|_| app.browser_sign_in_cancel(()));

    assert_eq!(result.unwrap_err().code, ErrorCode::BrowserSignInAbandoned);
}

#[test]
fn who_began_in_the_browser_does_not_come_back_to_a_desk_that_was_given_up() {
    let story = Story::new();
    let came_back_after = |meanwhile: &dyn Fn()| {
        let result = story.app.browser_sign_in(|url| {
            let address = Browser::default().log_in(url, "karin");
            meanwhile();
            // Nobody may listen for it any more.
            drop(come_back(address));
            Ok(())
        });
        let who = story.app.start_state(()).unwrap().session;
        (result.unwrap_err().code, who.map(|who| who.name))
    };
    let abandoned = ErrorCode::BrowserSignInAbandoned;

    // Birgit signs in while Karin's sign-in still waits for the browser.
    let birgit = came_back_after(&|| sign_in_as(&story.app, "birgit"));
    assert_eq!(birgit, (abandoned, Some("Birgit Mørch".to_owned())));

    // And where Birgit goes meanwhile, nobody is signed in.
    let nobody = came_back_after(&|| story.app.sign_out(()).unwrap());
    assert_eq!(nobody, (abandoned, None));
    assert!(story.sign_in("karin").is_ok(), "the next one passes");
}

#[test]
fn with_a_code_of_ones_own_who_signs_in_in_the_browser_works_on_without_a_line() {
    const CODE: &str = "714205";
    let story = Story::new();
    outreach::enrol(&story.town, LAPTOP);
    let app = Arc::new(laptop(&story.town));
    let mut story = story.at(Arc::clone(&app));
    let unlocked_by = |app: &App| app.start_state(()).unwrap().session.unwrap().unlocked_by;

    story.sign_in("karin").unwrap();
    let before = app.settings(()).unwrap().own_code;
    assert!(before.is_urgent && before.may_choose && !before.is_chosen);
    assert_eq!(unlocked_by(&app), UnlockedBy::Browser);
    let simple = app.own_code_choose(secret("123456")).unwrap_err();
    assert_eq!(simple.code, ErrorCode::PinTooSimple);
    let chosen = app.own_code_choose(secret(CODE)).unwrap().own_code;
    assert!(!chosen.is_urgent && chosen.is_chosen);
    assert_eq!(unlocked_by(&app), UnlockedBy::Code);

    app.session_lock(()).unwrap();
    let wrong = app.session_unlock(secret("835116")).unwrap_err();
    assert_eq!(wrong.code, ErrorCode::WrongPassword);
    app.session_unlock(secret(CODE)).unwrap();
    let by_the_code = app.own_code_choose(secret("835116")).unwrap_err();
    assert_eq!(by_the_code.code, ErrorCode::BrowserSignInNeeded);
    // Nor does an administrator choose it for them
    sign_in_as(&app, "anders");
    let account = app.staff_list(()).unwrap();
    let account = account
        .iter()
        .find(|staff| staff.user_name == chosen.user_name);
    let account = account.unwrap();
    let refused = app.staff_save(StaffSaveRequest {
        id: Some(account.id.clone()),
        user_name: account.user_name.clone(),
        name: account.name.clone(),
        initials: account.initials.clone(),
        roles: account.roles.clone(),
        active: true,
        password: Some("et helt andet kodeord".to_owned()),
    });
    assert_eq!(refused.unwrap_err().code, ErrorCode::NotPermitted);

    // As long as the provider can be asked, it says who this is.
    app.sign_out(()).unwrap();
    let with_code = |app: &App| app.sign_in(typed(&chosen.user_name, CODE));
    let asked = with_code(&app).unwrap_err();
    assert_eq!(asked.code, ErrorCode::BrowserSignInNeeded);
    // Beside another name it is not sent either: the central store, which closes an account then, never hears of it.
    for _ in 0..8 {
        let mistyped = app.sign_in(typed("karen", CODE)).unwrap_err();
        assert_eq!(mistyped.code, ErrorCode::WrongPassword);
    }

    story.town.close_central();
    let view = with_code(&app).unwrap();
    assert_eq!(
        (view.name.as_str(), view.unlocked_by),
        ("Karin Holm", UnlockedBy::Code)
    );
    let case = granted(&app, "0201703984", "Aase Lindholm").row.id;
    app.session_lock(()).unwrap();
    app.session_unlock(secret(CODE)).unwrap();
    let not_from_there = app.own_code_choose(secret("835116")).unwrap_err();
    assert_eq!(not_from_there.code, ErrorCode::BrowserSignInNeeded);

    // Back in the house: what was made comes to the central store under the grant it was made under.
    drop(story.app);
    drop(app);
    story.town.open_central();
    let app = laptop(&story.town);
    story.app = Arc::new(app);
    story.sign_in("karin").unwrap();
    let status = story.app.sync_now(()).unwrap();
    assert_eq!((status.confirmed, status.problem.as_str()), (1, ""));
    assert!(story.app.case_show(shown(&case)).is_ok());

    // The code of a person is theirs alone, and nobody else's account is opened by it.
    story.app.sign_out(()).unwrap();
    story.town.close_central();
    let other = story.app.sign_in(typed("birgit", CODE)).unwrap_err();
    assert_eq!(other.code, ErrorCode::WrongPassword);
}

fn laptop(town: &Town) -> App {
    Town::computer_of(town.folder.path(), town.address, LAPTOP, Clock::System)
}

fn secret(secret: &str) -> SecretRequest {
    let secret = secret.to_owned();
    SecretRequest { secret }
}

fn typed(user_name: &str, password: &str) -> SignInRequest {
    SignInRequest {
        user_name: user_name.to_owned(),
        password: password.to_owned(),
    }
}

fn shown(case: &str) -> CaseRef {
    CaseRef {
        id: case.to_owned(),
        purpose: Some("case_work".to_owned()),
    }
}

#[test]
fn a_person_whose_account_was_closed_here_is_refused_although_the_provider_vouches() {
    let story = Story::new();
    let view = story.sign_in("karin").unwrap();
    story.app.sign_out(()).unwrap();
    let central = story.town.central_store();
    let staff_id = view.staff_id.parse().unwrap();
    let mut staff = central.staff(TENANT, staff_id).unwrap().unwrap();
    staff.active = false;
    accounts::save(
        &central,
        TENANT,
        &staff,
        Acting::OPERATOR,
        Clock::System.now(),
    )
    .unwrap();

    let refusal = story.sign_in("karin").unwrap_err();

    assert_eq!(refusal.code, ErrorCode::BrowserSignInRefused);
}
