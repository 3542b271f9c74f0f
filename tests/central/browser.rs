//! Signing in in the browser, against a certified OpenID provider on loopback: the real program, the real central
//! store, the real provider; the browser is one that follows redirects and fills in forms.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use skranke_app::api::error::ErrorCode;
use skranke_app::api::session::SessionView;
use skranke_app::{App, AppError, Clock};
use skranke_server::accounts;
use skranke_server::config::openid::{OpenIdSettings, RoleSettings};
use skranke_server::devices::Acting;
use skranke_server::store::CentralStore;

use super::{TENANT, Town, granted, sign_in_as};

/// The provider's process; it ends when its standard input does.
struct Provider {
    issuer: String,
    process: Child,
}

impl Provider {
    fn start() -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/openid");
        let mut process = Command::new("node")
            .arg("provider.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node runs; `make install` brings the provider");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let said: Value = serde_json::from_str(&line).expect("the provider is installed");
        Self {
            issuer: said["issuer"].as_str().unwrap().to_owned(),
            process,
        }
    }

    /// Makes the provider err from now on.
    fn errs(&self, faults: &Value) {
        let mut browser = Browser::default();
        let url = format!("{}/control", self.issuer);
        let done = browser.send("POST", &url, "application/json", &faults.to_string());
        assert_eq!(done.status, 200);
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

struct Page {
    status: u16,
    location: Option<String>,
    body: String,
}

/// A browser as far as signing in needs one.
#[derive(Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn send(&mut self, method: &str, url: &str, media_type: &str, body: &str) -> Page {
        let rest = url.strip_prefix("http://").unwrap();
        let (host, target) = rest.split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        // HTTP/1.0, so that the body ends with the connection.
        write!(
            stream,
            "{method} /{target} HTTP/1.0\r\nHost: {host}\r\nCookie: {}\r\nContent-Type: {media_type}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            cookies.join("; "),
            body.len()
        )
        .unwrap();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).unwrap();
        let text = String::from_utf8_lossy(&text);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut location = None;
        for line in head.lines().skip(1) {
            let Some((name, value)) = line.split_once(": ") else {
                continue;
            };
            match name.to_lowercase().as_str() {
                "location" if value.starts_with('/') => {
                    location = Some(format!("http://{host}{value}"));
                }
                "location" => location = Some(value.to_owned()),
                "set-cookie" => {
                    let pair = value.split(';').next().unwrap();
                    let (name, value) = pair.split_once('=').unwrap();
                    if value.is_empty() {
                        self.cookies.remove(name);
                    } else {
                        self.cookies.insert(name.to_owned(), value.to_owned());
                    }
                }
                _ => {}
            }
        }
        Page {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            location,
            body: body.to_owned(),
        }
    }

    /// Follows the provider's pages as `user` until it sends the browser back to Skranke; the address it sends it to.
    fn log_in(&mut self, url: &str, user: &str) -> String {
        let mut at = url.to_owned();
        for _ in 0..20 {
            if at.contains("/callback?") {
                return at;
            }
            let mut page = self.send("GET", &at, "text/plain", "");
            if page.location.is_none() {
                let form = page.body.split("action=\"").nth(1);
                let action = form.and_then(|form| form.split('"').next());
                let action = action
                    .unwrap_or_else(|| panic!("a form: {}", page.body))
                    .to_owned();
                let fields = if page.body.contains("value=\"login\"") {
                    format!("prompt=login&login={user}&password=x")
                } else {
                    "prompt=consent".to_owned()
                };
                page = self.send(
                    "POST",
                    &action,
                    "application/x-www-form-urlencoded",
                    &fields,
                );
            }
            at = page
                .location
                .unwrap_or_else(|| panic!("sent on: {}", page.body));
        }
        panic!("the provider never sent the browser back");
    }
}

/// Comes back to Skranke, from a thread as browsers do; the page the person then reads.
fn come_back(address: String) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        Browser::default()
            .send("GET", &address, "text/plain", "")
            .body
    })
}

pub(crate) struct Story {
    provider: Provider,
    pub(crate) town: Town,
    pub(crate) app: Arc<App>,
}

impl Story {
    pub(crate) fn new() -> Self {
        let provider = Provider::start();
        let row = |value: &str, role: &str, grant_hours| RoleSettings {
            claim: "roles".to_owned(),
            value: value.to_owned(),
            role: role.to_owned(),
            grant_hours,
        };
        let town = Town::with_openid(OpenIdSettings {
            issuer: provider.issuer.clone(),
            client_id: "skranke".to_owned(),
            roles: vec![
                row("Skranke medarbejder", "counter", Some(12)),
                row("Skranke leder", "lead", None),
            ],
            ..OpenIdSettings::default()
        });
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
