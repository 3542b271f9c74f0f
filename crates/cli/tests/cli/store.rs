//! Commands on the store of a computer account: demo, cases, papers, backup, sync.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use skranke_app::api::case::{DecideRequest, Decision, TickRequest};
use skranke_app::api::draft::{DraftSaveRequest, FieldValue};
use skranke_app::api::session::SignInRequest;
use skranke_app::{App, Clock, Config, Costs, KeyPlace};
use skranke_testkit::one_day::within_one_day;
use tempfile::TempDir;

use crate::{exit_code, json_of, stderr, stdout, with_input};

/// A demo set up by the command line, and a file with its password.
pub(crate) struct Demo {
    pub(crate) folder: TempDir,
    pub(crate) password: String,
}

impl Demo {
    pub(crate) fn new() -> Self {
        within_one_day(Duration::from_secs(30));
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let demo = json_of(&["demo", "--empty", "--data", data.to_str().unwrap()], 0);
        let password = demo["demo_accounts"][0]["password"]
            .as_str()
            .unwrap()
            .to_owned();
        std::fs::write(folder.path().join("password"), format!("{password}\n")).unwrap();
        Self { folder, password }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Runs a command as a member of staff.
    pub(crate) fn as_user(&self, user: &str, arguments: &[&str], expected: i32) -> Value {
        let (data, password) = (self.path("data"), self.path("password"));
        let person = [
            "--data",
            &data,
            "--user",
            user,
            "--password-file",
            &password,
        ];
        json_of(&[arguments, &person].concat(), expected)
    }

    /// Grants and registers a case as the window would; its id and number.
    pub(crate) fn registered_case(&self) -> (String, String) {
        let data = self.folder.path().join("data");
        let app = App::open(Config {
            key: KeyPlace::File(data.join("key")),
            folder: data,
            forms: None,
            demo: true,
            server: None,
            clock: Clock::System,
            costs: Costs::default(),
        });
        let app = app.unwrap();
        let (user_name, password) = ("pia".to_owned(), self.password.clone());
        app.sign_in(SignInRequest {
            user_name,
            password,
        })
        .unwrap();
        let mut draft = app.draft_new(()).unwrap();
        for (field, text) in [
            ("id_kind", "passport"),
            ("cpr", "2211771212"),
            ("citizen_name", "Aase Lindholm"),
            ("citizen_address", "Ahornvej 3, 9990 Solbjerg"),
            ("register_seen", "not_exempt"),
            ("unopened_post", "registered_address"),
        ] {
            draft
                .fields
                .insert(field.to_owned(), FieldValue::Text(text.to_owned()));
        }
        for field in ["id_checked", "declared", "request_signed"] {
            draft
                .fields
                .insert(field.to_owned(), FieldValue::Flag(true));
        }
        let (id, fields) = (draft.id, draft.fields);
        app.draft_save(DraftSaveRequest {
            id: id.clone(),
            step: 4,
            fields,
        })
        .unwrap();
        let case = app.decide(DecideRequest {
            draft_id: Some(id),
            case_id: None,
            decision: Decision::Grant { duration: None },
            no_conflict_of_interest: true,
        });
        let case = case.unwrap().row;
        let registered = TickRequest::Registered {
            case_id: case.id.clone(),
            reference: String::new(),
            registered_at: None,
        };
        app.tick(registered).unwrap();
        (case.id, case.number)
    }
}

#[test]
fn the_demo_names_a_fictional_municipality_and_staff_of_each_role() {
    let folder = tempfile::tempdir().unwrap();
    let demo = json_of(&["demo", "--data", folder.path().to_str().unwrap()], 0);
    let roles = demo["demo_accounts"].to_string();

    assert_eq!(demo["municipality"], "Solbjerg Kommune");
    for role in [
        "counter",
        "outreach",
        "exemption_unit",
        "lead",
        "auditor",
        "administrator",
    ] {
        assert!(roles.contains(role), "{role}");
    }
}

#[test]
fn the_demo_has_a_case_of_each_kind_to_look_at_and_makes_them_once() {
    let demo = Demo::new();
    let data = demo.path("data");

    for _ in 0..2 {
        json_of(&["demo", "--data", &data], 0);
    }

    let states = |filter: &str| -> Vec<String> {
        let purpose = ["--purpose", "case_work"];
        let list = ["case", "list", "--filter", filter];
        let page = demo.as_user("pia", &[&list[..], &purpose].concat(), 0);
        let rows = page["rows"].as_array().unwrap().iter();
        let mut states: Vec<_> = rows
            .map(|row| row["state"].as_str().unwrap().to_owned())
            .collect();
        states.sort();
        states
    };
    assert_eq!(
        states("all"),
        ["granted", "granted", "received", "withdrawn"]
    );
    assert_eq!(states("missing_ticks"), ["granted", "granted", "withdrawn"]);
}

#[test]
fn a_case_is_listed_shown_and_exported_for_one_who_may() {
    let demo = Demo::new();
    let (id, number) = demo.registered_case();

    let open = demo.as_user("pia", &["case", "list", "--filter", "missing_ticks"], 0);
    assert_eq!(open["rows"][0]["number"], number.as_str());
    assert!(
        !open.to_string().contains("2211771212"),
        "lists mask the number"
    );

    let by_id = demo.as_user("pia", &["case", "show", &id], 0);
    let by_number = demo.as_user("pia", &["case", "show", &number], 0);
    assert_eq!(by_id["row"], by_number["row"]);

    let exported = demo.as_user("pia", &["case", "export", &id], 0);
    assert_eq!(exported["row"]["number"], number.as_str());
    let whole = exported.to_string();
    assert!(!whole.contains("2211771212"), "the number is masked");
    for said in ["Aase Lindholm", "Ahornvej 3", "granted"] {
        assert!(whole.contains(said), "{said}: {exported:#}");
    }
    let timeline = exported["timeline"].as_array().unwrap();
    assert!(timeline.len() >= 4, "{exported:#}");
    let audit = demo.as_user("torben", &["audit", "export"], 0);
    assert!(audit.to_string().contains("case_exported"), "{audit:#}");
}

#[test]
fn what_the_role_does_not_permit_is_refused() {
    let demo = Demo::new();

    let refused = demo.as_user("anders", &["case", "list"], 1);
    assert_eq!(
        refused["error"]["code"], "not_permitted",
        "an administrator sees no case"
    );
    let refused = demo.as_user("pia", &["audit", "export"], 1);
    assert_eq!(refused["error"]["code"], "not_permitted");
    let refused = demo.as_user("nobody", &["case", "list"], 1);
    assert_eq!(refused["error"]["code"], "wrong_password");
    let refused = demo.as_user("pia", &["case", "show", "2026-S1-9999"], 1);
    assert_eq!(refused["error"]["code"], "case_unknown");
}

#[test]
fn a_search_for_a_person_needs_a_purpose() {
    let demo = Demo::new();
    let search = ["case", "list", "--query", "Lindholm"];

    assert_eq!(
        demo.as_user("pia", &search, 1)["error"]["code"],
        "purpose_missing"
    );
    demo.as_user(
        "pia",
        &[&search[..], &["--purpose", "case_work"]].concat(),
        0,
    );
}

#[test]
fn a_receipt_is_written_once_and_the_next_is_a_copy() {
    let demo = Demo::new();
    let (_, number) = demo.registered_case();
    let (first, second) = (demo.path("first.pdf"), demo.path("second.pdf"));

    let receipt = demo.as_user("pia", &["receipt", &number, "--out", &first], 0);
    assert_eq!(receipt["copy"], 0);
    assert!(std::fs::read(&first).unwrap().starts_with(b"%PDF-"));

    let taken = demo.as_user("pia", &["receipt", &number, "--out", &first], 3);
    assert_eq!(taken["error"]["code"], "file_not_new");
    let copy = demo.as_user("pia", &["receipt", &number, "--out", &second], 0);
    assert_eq!(copy["copy"], 1, "what could not be written has not counted");
    assert_eq!(copy["number"], receipt["number"]);
}

#[test]
fn a_backup_is_checked_and_put_back() {
    let demo = Demo::new();
    demo.registered_case();
    let (data, into, key) = (
        demo.path("data"),
        demo.path("backups"),
        demo.path("data/key"),
    );

    let backup = json_of(&["backup", "--data", &data, "--to", &into], 0);
    let folder = backup["folder"].as_str().unwrap();
    assert_eq!(backup["cases"], 1);
    let checked = json_of(&["restore", folder, "--key-file", &key, "--verify"], 0);
    assert_eq!(checked["events"], backup["events"]);

    let restored = demo.path("restored");
    json_of(
        &["restore", folder, "--key-file", &key, "--into", &restored],
        0,
    );
    let health = json_of(&["doctor", "--data", &restored, "--key-file", &key], 0);
    assert_eq!(health["healthy"], true);
    let refused = json_of(
        &["restore", folder, "--key-file", &key, "--into", &restored],
        1,
    );
    assert_eq!(refused["error"]["code"], "already_set_up");

    flip_a_byte(&Path::new(folder).join("skranke.db"));
    let damaged = json_of(&["restore", folder, "--key-file", &key, "--verify"], 3);
    assert_eq!(damaged["error"]["code"], "database_damaged");
}

fn flip_a_byte(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn sync_needs_a_server_that_answers() {
    let demo = Demo::new();

    assert_eq!(
        demo.as_user("pia", &["sync"], 2)["error"]["code"],
        "server_missing"
    );
    let nowhere = ["sync", "--server", "http://127.0.0.1:9", "--tenant", "990"];
    assert_eq!(
        demo.as_user("pia", &nowhere, 3)["error"]["code"],
        "server_unreachable"
    );
}

#[test]
fn the_password_comes_from_standard_input_too() {
    let demo = Demo::new();
    let data = demo.path("data");
    let arguments = [
        "case",
        "list",
        "--data",
        &data,
        "--user",
        "pia",
        "--password-file",
        "-",
    ];
    let output = with_input(&arguments, demo.password.as_bytes());

    assert_eq!(exit_code(&output), 0, "{}", stderr(&output));
    assert_eq!(stdout(&output).trim(), "Ingen sager.");
}
