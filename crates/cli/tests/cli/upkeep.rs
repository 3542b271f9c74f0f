//! Commands that look after an installation: `doctor` with its bundle, and `audit verify`.

use std::path::Path;

use serde_json::{Value, json};

use crate::store::Demo;
use crate::{exit_code, json_of, skranke, stderr, stdout};

/// What nobody may read in an answer that is sent to support: the demo's citizen, its staff, its folders.
fn says_nothing_about_anybody(demo: &Demo, answer: &str) {
    let folder = demo.path("");
    for personal in ["Lindholm", "2211", "Hedegaard", "pia", "Ahornvej", &folder] {
        assert!(!answer.contains(personal), "{personal}: {answer}");
    }
}

fn outcome<'a>(health: &'a Value, code: &str) -> &'a str {
    let checks = health["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["code"] == code);
    check.unwrap()["outcome"].as_str().unwrap()
}

#[test]
fn the_doctor_says_what_is_wrong_without_personal_data() {
    let demo = Demo::new();
    demo.registered_case();
    let (data, gone) = (demo.path("data"), demo.path("gone"));

    let healthy = json_of(&["doctor", "--data", &data], 0);
    for code in [
        "folder",
        "disk",
        "key",
        "store",
        "integrity",
        "audit",
        "clock",
    ] {
        assert_eq!(outcome(&healthy, code), "ok", "{code}");
    }
    assert_eq!(outcome(&healthy, "server"), "not_set_up");
    // What the computer's printing system keeps is told and makes nothing of Skranke's unhealthy.
    assert_ne!(outcome(&healthy, "spool"), "failed");
    says_nothing_about_anybody(&demo, &healthy.to_string());

    let server = ["--server", "http://127.0.0.1:9", "--tenant", "990"];
    let unhealthy = json_of(&[&["doctor", "--data", &data], &server[..]].concat(), 3);
    assert_eq!(unhealthy["healthy"], false);
    assert_eq!(unhealthy["error"]["code"], "unhealthy");
    assert_eq!(outcome(&unhealthy, "server"), "failed");

    let empty = json_of(&["doctor", "--data", &gone], 3);
    assert_eq!(outcome(&empty, "folder"), "failed");
    let (password, missing) = (demo.path("password"), demo.path("none"));
    for key in [&password, &missing] {
        let locked = json_of(&["doctor", "--data", &data, "--key-file", key], 3);
        assert_eq!(outcome(&locked, "key"), "failed");
        assert_eq!(outcome(&locked, "store"), "not_set_up");
    }
}

#[test]
fn the_bundle_for_support_holds_the_state_and_no_personal_data() {
    let demo = Demo::new();
    demo.registered_case();
    let (data, file) = (demo.path("data"), demo.path("bundle.json"));
    let make = ["doctor", "--data", &data, "--bundle", &file];

    json_of(&make, 0);
    let bundle = std::fs::read_to_string(&file).unwrap();
    says_nothing_about_anybody(&demo, &bundle);
    let bundle: Value = serde_json::from_str(&bundle).unwrap();
    assert_eq!(bundle["health"]["healthy"], true);
    assert_eq!(bundle["profile"], "demo@1");
    assert!(bundle["system"].is_string() && bundle["newest_database"].is_u64());
    assert_eq!(bundle["counts"][0], json!(["own_cases", 1]));

    let again = json_of(&make, 3);
    assert_eq!(
        again["error"]["code"], "file_not_new",
        "nothing is written over"
    );

    let (broken, password) = (demo.path("broken.json"), demo.path("password"));
    let locked = [
        "doctor",
        "--data",
        &data,
        "--key-file",
        &password,
        "--bundle",
        &broken,
    ];
    json_of(&locked, 3);
    let broken: Value = serde_json::from_slice(&std::fs::read(broken).unwrap()).unwrap();
    assert_eq!(
        outcome(&broken["health"], "key"),
        "failed",
        "most needed where something is wrong"
    );
}

#[test]
fn the_log_is_found_whole_and_its_end_is_there_to_be_noted() {
    let demo = Demo::new();
    demo.registered_case();
    let data = demo.path("data");
    let verify = ["audit", "verify", "--data", &data];

    let whole = json_of(&verify, 0);
    assert_eq!(
        (&whole["whole"], &whole["first_bad"]),
        (&json!(true), &Value::Null)
    );
    let head = whole["head"].as_str().unwrap().to_owned();
    says_nothing_about_anybody(&demo, &whole.to_string());

    let output = skranke(&verify);
    assert_eq!(exit_code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).contains("Loggen er hel") && stdout(&output).contains(&head));

    demo.as_user("torben", &["audit", "export"], 0);
    let noted = [&verify[..], &["--noted", &head]].concat();
    assert_eq!(
        json_of(&noted, 0)["whole"],
        true,
        "more rows since then are no harm"
    );
    let backup = json_of(
        &["backup", "--data", &data, "--to", &demo.path("backups")],
        0,
    );
    let later = backup["audit_head"].as_str().unwrap();
    assert_eq!(
        json_of(&[&verify[..], &["--noted", later]].concat(), 0)["whole"],
        true
    );
}

#[test]
fn a_log_that_is_not_the_one_whose_end_was_noted_is_named() {
    let demo = Demo::new();
    let data = demo.path("data");
    let verify = ["audit", "verify", "--data", &data];
    let early = json_of(&verify, 0)["head"].as_str().unwrap().to_owned();
    copy_folder(Path::new(&data), Path::new(&demo.path("older")));
    demo.registered_case();
    let head = json_of(&verify, 0)["head"].as_str().unwrap().to_owned();

    let older = demo.path("older");
    let put_back = json_of(&["audit", "verify", "--data", &older, "--noted", &head], 3);
    assert_eq!(put_back["error"]["code"], "audit_broken");
    assert_eq!(put_back["problem"], "missing");

    let (number, digits) = early.split_once(':').unwrap();
    let other = format!("{number}:{}", digits.chars().rev().collect::<String>());
    let replaced = json_of(&[&verify[..], &["--noted", &other]].concat(), 3);
    assert_eq!(replaced["problem"], "replaced");
    assert_eq!(replaced["first_bad"].to_string(), number);

    let wrong = json_of(&[&verify[..], &["--noted", "12"]].concat(), 2);
    assert_eq!(wrong["error"]["code"], "audit_head_unreadable");
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let beside = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &beside);
        } else {
            std::fs::copy(entry.path(), beside).unwrap();
        }
    }
}
