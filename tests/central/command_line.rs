//! The command line where it meets the central store: what waits is sent, a printed code is believed, and an auditor
//! reads what was done on every computer.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use serde_json::Value;
use skranke_protocol::wire::LOG_PAGE;
use skranke_server::device_log::READ;
use skranke_server::store::{AuditEntry, CentralStore};
use skranke_tests::window::build_folder;

use crate::devices::{revoke, the_other};
use crate::enrolment::{PASSWORD, hire};
use crate::papers::codes;
use crate::{TENANT, Town, granted, register, sign_in_as};

fn skranke(arguments: &[&str]) -> Output {
    in_words(&[arguments, &["--json"]].concat())
}

fn in_words(arguments: &[&str]) -> Output {
    Command::new(build_folder().unwrap().join("skranke"))
        .args(arguments)
        .output()
        .unwrap()
}

/// The options with which somebody whom the operator hired works at a counter.
fn at(town: &Town, counter: &str, user: &str) -> Vec<String> {
    let path = |name: &str| town.folder.path().join(name).display().to_string();
    std::fs::write(path("password"), PASSWORD).unwrap();
    let key_file = path(&format!("{counter}.key"));
    let url = format!("http://{}", town.address);
    let options = [
        ("--data", path(counter)),
        ("--key-file", key_file),
        ("--server", url),
        ("--tenant", TENANT.to_owned()),
        ("--user", user.to_owned()),
        ("--password-file", path("password")),
    ];
    let options = options.map(|(name, value)| [name.to_owned(), value]);
    options.concat()
}

/// Runs a command with them.
fn as_person(run: fn(&[&str]) -> Output, arguments: &[&str], person: &[String]) -> Output {
    let person: Vec<_> = person.iter().map(String::as_str).collect();
    run(&[arguments, &person].concat())
}

fn answered(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn sync_sends_what_waits_and_says_what_is_confirmed() {
    let town = Town::new();
    let app = town.counter("skranke-1");
    app.sync_now(()).unwrap();
    granted(&app, "0201703984", "Aase Lindholm");
    drop(app);
    hire(&town, "rie", &["counter"]);

    let output = as_person(skranke, &["sync"], &at(&town, "skranke-1", "rie"));

    let view = answered(&output);
    assert!(output.status.success(), "{view:#}");
    assert_eq!(
        (&view["confirmed"], &view["waiting"]),
        (&1.into(), &0.into())
    );
    let store = town.central.as_ref().unwrap().central().store();
    assert!(store.tenant(TENANT).unwrap().position() > 0);
}

#[test]
fn sync_fails_where_the_central_store_has_shut_the_computer_out() {
    // Given a counter that was shut out
    let town = Town::new();
    let app = town.counter("skranke-1");
    app.sync_now(()).unwrap();
    let password = app.start_state(()).unwrap().demo_accounts[0]
        .password
        .clone();
    drop(app);
    let desk = town.counter("skranke-2");
    desk.sync_now(()).unwrap();
    sign_in_as(&desk, "anders");
    revoke(&desk, &the_other(&desk), false).unwrap();

    // When somebody whom it knows would send what waits there
    let karin = at(&town, "skranke-1", "karin");
    std::fs::write(town.folder.path().join("password"), password).unwrap();
    let output = as_person(skranke, &["sync"], &karin);

    // Then it fails, and says why beside how things stand
    let view = answered(&output);
    assert_eq!(output.status.code(), Some(1), "{view:#}");
    assert_eq!(view["error"]["code"], "device_revoked");
    assert_eq!(view["configured"], true);
}

#[test]
fn a_printed_code_is_believed_with_the_municipalitys_key_and_with_no_other() {
    let town = Town::new();
    let app = town.counter("skranke-1");
    app.sync_now(()).unwrap();
    let case = granted(&app, "0201703984", "Aase Lindholm");
    register(&app, &case);
    let code = codes(&app, &case).remove(0);
    let central = town.central.as_ref().unwrap().central();
    let verify = |tenant| {
        let key = central.municipality_key(tenant).to_string();
        skranke(&["verify-receipt", &code, "--key", &key])
    };

    let genuine = verify(TENANT);
    let view = answered(&genuine);
    assert!(genuine.status.success(), "{view:#}");
    assert_eq!(view["case_number"], case.row.number.as_str());

    let elsewhere = verify("991");
    assert_eq!(
        elsewhere.status.code(),
        Some(1),
        "{:#}",
        answered(&elsewhere)
    );
}

/// Two counters, at one of which a case was made and more was done than one page of the log holds.
struct LoggedDay {
    town: Town,
    today: String,
    case_number: String,
}

impl LoggedDay {
    fn over() -> Self {
        let town = Town::new();
        let one = town.counter("skranke-1");
        let case = granted(&one, "0201703984", "Aase Lindholm");
        for _ in 0..LOG_PAGE {
            one.worklist(()).unwrap();
        }
        one.sync_now(()).unwrap();
        let other = town.counter("skranke-2");
        other.sync_now(()).unwrap();
        for (user, role) in [("rie", "auditor"), ("lone", "lead"), ("kim", "counter")] {
            hire(&town, user, &[role]);
        }
        Self {
            today: other.start_state(()).unwrap().today,
            case_number: case.row.number,
            town,
        }
    }

    /// Asks for the logs of today at the second counter.
    fn read(&self, run: fn(&[&str]) -> Output, user: &str, purpose: &str) -> Output {
        let day = &self.today;
        let asked = ["audit", "central", "--from", day, "--to", day];
        let asked = [&asked[..], &["--purpose", purpose]].concat();
        as_person(run, &asked, &at(&self.town, "skranke-2", user))
    }

    /// What the central store's own audit says of pages that were read.
    fn noted(&self) -> Vec<AuditEntry> {
        let store = self.town.central_store();
        let mut rows = store.audit(TENANT, None, 1_000).unwrap();
        rows.retain(|row| row.action == READ);
        rows
    }
}

#[test]
fn row_4_30_an_auditor_or_a_lead_reads_at_the_command_line_what_every_computer_did() {
    let day = LoggedDay::over();
    for user in ["rie", "lone"] {
        let output = day.read(skranke, user, "supervision");

        // It is what was done on both, every row once, the newest first
        let rows = answered(&output);
        assert!(output.status.success(), "{rows:#}");
        let rows = rows.as_array().unwrap();
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let all = |name: &str| rows.iter().map(|row| text(row, name)).collect::<Vec<_>>();
        assert!(rows.len() > LOG_PAGE as usize, "more than one page");
        assert_eq!(BTreeSet::from_iter(all("id")).len(), rows.len());
        assert!(all("at").is_sorted_by(|newer, older| newer >= older));
        let computers = BTreeSet::from_iter(all("computer"));
        assert_eq!(computers, BTreeSet::from(["S1", "S2"].map(str::to_owned)));
        let made = rows.iter().find(|row| row["action"] == "command_saved");
        assert_eq!(
            ["computer", "by", "case_number", "cpr_masked"].map(|name| text(made.unwrap(), name)),
            ["S1", "Karin Thygesen", &day.case_number, "020170-••••"].map(str::to_owned)
        );

        // In words it is the same, and in neither form is the citizen named
        let in_words = day.read(in_words, user, "supervision").stdout;
        let in_words = String::from_utf8(in_words).unwrap();
        assert_eq!(in_words.lines().count(), rows.len());
        let mut lines = in_words.lines();
        let made = lines.find(|line| line.contains("command_saved")).unwrap();
        for said in ["S1", "Karin Thygesen", &day.case_number] {
            assert!(made.contains(said), "{made}");
        }
        let told = String::from_utf8(output.stdout).unwrap() + &in_words;
        for hidden in ["0201703984", "020170-3984", "Lindholm", "Ahornvej"] {
            assert!(!told.contains(hidden), "{hidden}");
        }
    }
}

#[test]
fn that_the_logs_were_read_at_the_command_line_and_why_is_in_both_logs() {
    let day = LoggedDay::over();

    day.read(skranke, "rie", "citizen_access");
    day.read(skranke, "lone", "suspicion");

    let noted = day.noted();
    let by = |purpose: &str| {
        let rows = noted.iter().filter(move |row| row.purpose == purpose);
        rows.map(|row| row.staff_id.unwrap()).collect::<Vec<_>>()
    };
    let (rie, lone) = (by("citizen_access"), by("suspicion"));
    assert_eq!((rie.len(), lone.len()), (2, 2), "each page is noted");
    assert!(rie[0] == rie[1] && lone[0] == lone[1] && rie[0] != lone[0]);
    let person = at(&day.town, "skranke-2", "rie");
    let own = answered(&as_person(skranke, &["audit", "export"], &person));
    let own = own.as_array().unwrap().iter();
    let of_all = own.filter(|row| row["subject"] == "every_computer");
    assert_eq!(
        of_all.filter(|row| row["action"] == "audit_read").count(),
        4
    );
}

#[test]
fn whoever_may_not_read_the_logs_is_told_so_at_the_command_line_and_nothing_else() {
    let mut day = LoggedDay::over();
    let said = |output: Output| {
        assert!(output.stdout.is_empty());
        let text = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), text)
    };

    let refused = said(day.read(in_words, "kim", "supervision"));
    let not_permitted = "Din rolle giver ikke adgang til dette. Spørg din leder.\n";
    assert_eq!(refused, (1, not_permitted.to_owned()));
    assert!(day.noted().is_empty());

    // A purpose that is none is named, and without a line it is said what is missing
    let (code, text) = said(day.read(in_words, "rie", "nysgerrig"));
    assert_eq!(code, 2, "{text}");
    assert!(text.starts_with("»nysgerrig« kan ikke bruges til --purpose."));
    day.town.close_central();
    let (code, text) = said(day.read(in_words, "rie", "supervision"));
    assert_eq!(code, 3, "{text}");
    assert!(text.starts_with("Det kræver forbindelse til serveren."));
}
