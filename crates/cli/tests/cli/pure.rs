//! Commands that need no store: calendar, deadline, CPR number, lix, explanation, code of a paper.

use serde_json::{Value, json};

use crate::{exit_code, json_of, skranke, stderr, stdout, with_input};

#[test]
fn the_calendar_lists_closed_and_half_days_without_weekends() {
    let calendar = json_of(&["calendar", "--year", "2026", "--profile", "kl"], 0);

    assert_eq!(
        calendar["closed"],
        json!([
            { "date": "2026-01-01", "name": "Nytårsdag" },
            { "date": "2026-04-02", "name": "Skærtorsdag" },
            { "date": "2026-04-03", "name": "Langfredag" },
            { "date": "2026-04-06", "name": "2. påskedag" },
            { "date": "2026-05-14", "name": "Kristi Himmelfartsdag" },
            { "date": "2026-05-25", "name": "2. pinsedag" },
            { "date": "2026-12-24", "name": "Juleaftensdag" },
            { "date": "2026-12-25", "name": "1. juledag" },
            { "date": "2026-12-31", "name": "Nytårsaftensdag" },
        ])
    );
    assert_eq!(
        calendar["half"],
        json!([
            { "date": "2026-05-01", "from": "12:00", "name": "1. maj" },
            { "date": "2026-06-05", "from": "12:00", "name": "Grundlovsdag" },
        ])
    );
}

#[test]
fn the_calendar_refuses_years_and_profiles_it_does_not_know() {
    for (arguments, code) in [
        (
            ["calendar", "--year", "1899", "--profile", "kl"],
            "year_out_of_range",
        ),
        (
            ["calendar", "--year", "2200", "--profile", "kl"],
            "year_out_of_range",
        ),
        (
            ["calendar", "--year", "2026", "--profile", "aarhus"],
            "profile_unknown",
        ),
        (
            ["calendar", "--year", "femten", "--profile", "kl"],
            "value_invalid",
        ),
    ] {
        assert_eq!(
            json_of(&arguments, 2)["error"]["code"],
            code,
            "{arguments:?}"
        );
    }
}

#[test]
fn deadlines_are_due_as_the_rule_and_the_profile_say() {
    for (from, rule, profile, due) in [
        ("2026-12-18", "10-hverdage", "streng", "2027-01-07"),
        ("2026-12-18", "10-hverdage", "koebenhavn", "2027-01-05"),
        ("2026-12-18", "10-hverdage", "kl", "2027-01-07"),
        ("2025-12-17", "7-hverdage", "kl", "2026-01-02"),
        (
            "2025-12-17",
            "svar-paa-henvendelse",
            "koebenhavn",
            "2026-01-05",
        ),
        ("2025-12-19", "10-dage", "kl", "2025-12-29"),
        (
            "2026-03-28T14:00",
            "24-timer",
            "kl",
            "2026-03-29T15:00:00+02:00",
        ),
        (
            "2026-10-24T14:00:00+02:00",
            "24-timer",
            "kl",
            "2026-10-25T13:00:00+01:00",
        ),
        ("2026-11-03T23:30:00Z", "1-dage", "kl", "2026-11-05"),
    ] {
        let answer = json_of(
            &[
                "deadline",
                "--from",
                from,
                "--rule",
                rule,
                "--profile",
                profile,
            ],
            0,
        );
        assert_eq!(answer["due"], due, "{from} {rule} {profile}");
    }
}

#[test]
fn a_deadline_says_what_stands_beside_it() {
    let friday = json_of(
        &[
            "deadline",
            "--from",
            "2026-11-06T14:00",
            "--rule",
            "ring-tilbage",
        ],
        0,
    );

    assert_eq!(friday["act_by"], "2026-11-06T16:00:00+01:00");
    assert_eq!(friday["warnings"][0]["code"], "uden_for_aabningstid");
    assert_eq!(friday["next_working_day"], "2026-11-09");
    assert_eq!(friday["policy"]["class"], "servicemaal");
}

#[test]
fn a_deadline_stands_still_while_the_citizen_is_awaited() {
    let question = [
        "deadline",
        "--from",
        "2026-11-02",
        "--rule",
        "10-hverdage",
        "--at",
        "2026-11-20T10:00",
    ];
    let waiting = json_of(&[&question[..], &["--pause", "2026-11-04/"]].concat(), 0);
    let answered = json_of(
        &[&question[..], &["--pause", "2026-11-04/2026-11-16"]].concat(),
        0,
    );

    assert_eq!(
        (&waiting["due"], &waiting["state"]),
        (&Value::Null, &json!("paused"))
    );
    assert_eq!(
        (&answered["due"], &answered["state"]),
        (&json!("2026-11-26"), &json!("green"))
    );
}

#[test]
fn a_deadline_that_cannot_be_counted_is_wrong_usage() {
    for (from, rule, code) in [
        ("2026-11-02", "24-timer", "hours_need_a_time"),
        ("2026-11-02", "10-uger", "rule_unknown"),
        ("2026-11-02", "0-dage", "rule_number_out_of_range"),
        ("2026-02-30", "10-dage", "time_unreadable"),
        ("2026-03-29T02:30", "24-timer", "time_skipped"),
        ("2200-01-01", "10-dage", "year_out_of_range"),
    ] {
        let answer = json_of(&["deadline", "--from", from, "--rule", rule], 2);
        assert_eq!(answer["error"]["code"], code, "{from} {rule}");
    }
}

#[test]
fn a_cpr_number_gives_birth_date_sex_kind_and_warnings() {
    let ordinary = json_of(&["cpr", "251216-9996"], 0);
    assert_eq!(ordinary["birth_date"], "2016-12-25");
    assert_eq!(ordinary["sex"], "female");
    assert_eq!(ordinary["kind"], "ordinary");
    assert_eq!(
        ordinary["warnings"],
        json!(["modulus_11"]),
        "a warning, and still exit code 0"
    );

    let replacement = json_of(&["cpr", "670812", "4003"], 0);
    assert_eq!(replacement["birth_date"], "2012-08-07");
    assert_eq!(replacement["sex"], "male");
    assert_eq!(replacement["kind"], "replacement");
    assert_eq!(replacement["warnings"], json!(["replacement_number"]));
}

#[test]
fn an_impossible_cpr_number_is_refused_with_empty_fields() {
    for (number, code) in [
        ("310216-9996", "cpr_no_such_day"),
        ("251316-9996", "cpr_no_such_month"),
        ("251216999", "cpr_wrong_length"),
        ("251216999x", "cpr_not_a_digit"),
    ] {
        let answer = json_of(&["cpr", number], 1);
        assert_eq!(answer["birth_date"], Value::Null);
        assert_eq!(answer["sex"], Value::Null);
        assert_eq!(answer["error"]["code"], code);
    }
}

#[test]
fn a_cpr_number_is_read_from_standard_input_and_never_printed() {
    for number in ["2512169996", "2512169996x", "310216-9996"] {
        for arguments in [&["cpr", "-"][..], &["cpr", "-", "--json"]] {
            let output = with_input(arguments, format!("{number}\n").as_bytes());
            let said = format!("{}{}", stdout(&output), stderr(&output));
            assert!(!said.contains("9996"), "{said}");
            assert!(said.contains("••••") || exit_code(&output) == 1);
        }
    }
}

#[test]
fn wrong_usage_does_not_repeat_a_cpr_number() {
    for arguments in [
        &["2512169996"][..],
        &["calendar", "251216-9996"],
        &["lix", "a", "2512169996"],
    ] {
        let output = skranke(arguments);
        assert_eq!(exit_code(&output), 2, "{arguments:?}");
        assert!(!stderr(&output).contains("9996"), "{}", stderr(&output));
    }
}

#[test]
fn lix_measures_a_text_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("brev.txt");
    std::fs::write(&file, "Du skal have en fuldmagt med. Kom igen på mandag.\n").unwrap();
    let answer = json_of(&["lix", file.to_str().unwrap()], 0);

    assert_eq!(answer["lix"], json!(15.0));
    assert_eq!(answer["longest_sentence"], "Du skal have en fuldmagt med.");
    assert_eq!(answer["long_words"], json!(["fuldmagt"]));
}

#[test]
fn a_file_that_cannot_be_measured_names_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("findes_ikke.txt");
    let binary = folder.path().join("billede.png");
    std::fs::write(&binary, [0x89, 0x50, 0xff, 0xfe]).unwrap();
    let empty = folder.path().join("tom.txt");
    std::fs::write(&empty, "\n").unwrap();

    for (file, expected, code) in [
        (&missing, 3, "file_not_found"),
        (&binary, 3, "file_not_text"),
        (&empty, 1, "text_empty"),
    ] {
        let answer = json_of(&["lix", file.to_str().unwrap()], expected);
        assert_eq!(answer["error"]["code"], code);
    }
}

/// The facts of an ordinary case at the counter, as the window would save them.
fn ordinary_facts() -> Value {
    json!({
        "channel": "self",
        "received_on": "2026-03-13",
        "id_checked": true,
        "cpr": "221177-1212",
        "citizen_residence": "fixed",
        "citizen_address": "Ahornvej 3",
        "declared": true,
        "request_signed": true,
        "signing_method": "paper",
        "signed_on": "2026-03-13",
        "register_seen": "not_exempt",
    })
}

fn explained(facts: &Value) -> Value {
    let arguments = ["explain", "-", "--today", "2026-03-13", "--json"];
    let output = with_input(&arguments, facts.to_string().as_bytes());
    assert_eq!(
        exit_code(&output),
        0,
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
    serde_json::from_str(stdout(&output)).unwrap()
}

#[test]
fn the_proof_of_an_ordinary_case_is_met() {
    let explained = explained(&ordinary_facts());

    assert_eq!(explained["outcome"], "met", "{explained:#}");
    assert_eq!(explained["rule_set"], "c");
    assert_eq!(explained["proof"]["code"], "exemption");
}

#[test]
fn row_2_12_the_proof_of_one_under_15_is_not_met_and_says_why() {
    let mut facts = ordinary_facts();
    facts["cpr"] = json!("2512169996");
    let explained = explained(&facts);

    assert_eq!(
        explained["outcome"], "not_met",
        "an answer all the same: exit code 0"
    );
    assert!(explained.to_string().contains("age_15"));
    assert!(
        !explained.to_string().contains("9996"),
        "the number is not repeated"
    );
}

#[test]
fn what_nobody_said_is_not_known_yet() {
    assert_eq!(
        explained(&json!({ "channel": "self" }))["outcome"],
        "not_known"
    );
}

#[test]
fn facts_that_cannot_be_read_are_wrong_usage() {
    for (facts, arguments, code) in [
        ("{", &["explain", "-"][..], "facts_unreadable"),
        ("{\"cpr\": 5}", &["explain", "-"], "facts_unreadable"),
        (
            "{\"hair_colour\": \"red\"}",
            &["explain", "-"],
            "fact_unknown",
        ),
        (
            "{}",
            &["explain", "-", "--profile", "aarhus"],
            "municipality_unknown",
        ),
        (
            "{}",
            &["explain", "-", "--today", "i går"],
            "time_unreadable",
        ),
    ] {
        let output = with_input(&[arguments, &["--json"]].concat(), facts.as_bytes());
        assert_eq!(exit_code(&output), 2, "{facts}");
        let answer: Value = serde_json::from_str(stdout(&output)).unwrap();
        assert_eq!(answer["error"]["code"], code, "{facts}");
    }
}

#[test]
fn a_receipt_code_that_is_not_genuine_is_refused() {
    let key = "ab".repeat(32);
    let answer = json_of(&["verify-receipt", "SKR1:AB", "--key", &key], 1);
    assert_eq!(answer["error"]["code"], "receipt_code_malformed");

    let answer = json_of(&["verify-receipt", "SKR1:AB", "--key", "abc"], 2);
    assert_eq!(answer["error"]["code"], "key_unreadable");
}

#[test]
fn without_json_the_answer_is_danish_text() {
    let output = skranke(&["calendar", "--year", "2026"]);
    assert_eq!(exit_code(&output), 0);
    assert!(
        stdout(&output).contains("Kristi Himmelfartsdag"),
        "{}",
        stdout(&output)
    );

    let output = skranke(&["deadline", "--from", "2025-04-10", "--rule", "10-dage"]);
    assert!(
        stdout(&output).contains("Næste hverdag: 2025-04-22"),
        "{}",
        stdout(&output)
    );

    let output = skranke(&["lix", "findes_ikke.txt"]);
    assert_eq!(exit_code(&output), 3);
    assert!(
        stderr(&output).contains("Filen findes ikke"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn help_and_wrong_usage_are_danish() {
    for arguments in [
        &["--help"][..],
        &["calendar", "--help"],
        &["deadline", "-h"],
        &["cpr", "-h"],
    ] {
        let output = skranke(arguments);
        assert_eq!(exit_code(&output), 0, "{arguments:?}");
        for english in [
            "Usage",
            "Options",
            "Commands",
            "Arguments",
            "Print",
            "default",
        ] {
            assert!(
                !stdout(&output).contains(english),
                "{english}: {}",
                stdout(&output)
            );
        }
        assert!(stdout(&output).contains("Brug: skranke"));
    }
    for (arguments, said) in [
        (&[][..], "Der mangler en kommando."),
        (&["kalender"], "Kommandoen »kalender« findes ikke."),
        (&["calendar"], "Der mangler: --year"),
        (&["calendar", "--year"], "Der mangler en værdi efter --year"),
        (
            &["calendar", "--aar", "2026"],
            "Skranke kender ikke »--aar«.",
        ),
        (
            &["calendar", "--year", "x"],
            "»x« kan ikke bruges til --year",
        ),
    ] {
        let output = skranke(arguments);
        assert_eq!(exit_code(&output), 2, "{arguments:?}");
        assert!(
            stderr(&output).contains(said),
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn no_text_of_the_command_line_is_missing_from_the_catalogue() {
    for arguments in [
        &["--help"][..],
        &["calendar", "--help"],
        &["calendar", "--year", "2027"],
        &["deadline", "--help"],
        &[
            "deadline",
            "--from",
            "2026-11-06T18:00",
            "--rule",
            "24-timer",
            "--at",
            "2026-11-06T19:00",
        ],
        &[
            "deadline",
            "--from",
            "2026-11-06",
            "--rule",
            "7-hverdage",
            "--pause",
            "2026-11-07/",
        ],
        &["cpr", "2512169996"],
        &["cpr", "6708124003"],
        &["cpr", "-h"],
        &["lix", "-h"],
        &["explain", "-h"],
        &["verify-receipt", "-h"],
        &["case", "-h"],
        &["case", "list", "-h"],
        &["case", "show", "-h"],
        &["case", "export", "-h"],
        &["receipt", "-h"],
        &["sync", "-h"],
        &["audit", "-h"],
        &["audit", "export", "-h"],
        &["backup", "-h"],
        &["restore", "-h"],
        &["doctor", "-h"],
        &["demo", "-h"],
        &["verify-receipt", "x", "--key", "y"],
        &["cpr", ""],
    ] {
        let output = skranke(arguments);
        let said = format!("{}{}", stdout(&output), stderr(&output));
        assert!(!said.contains("cli."), "a key instead of its text: {said}");
        assert!(
            !said.contains('{'),
            "a placeholder that was not filled: {said}"
        );
    }
}
