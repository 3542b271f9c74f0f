//! `import`: a list of handed-in forms becomes received cases, all of them or none.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::store::Demo;
use crate::{exit_code, skranke, stderr};

const HEADER: &str = "cpr;citizen_name;citizen_residence;citizen_address;id_kind;id_checked;\
                      received_on;declared;request_signed;signed_on;unopened_post";

fn row(cpr: &str, name: &str) -> String {
    format!("{cpr};{name};fixed;Ahornvej 3;passport;ja;20.11.2026;ja;ja;19.11.2026;no")
}

fn guide() -> String {
    let guide = "../../docs/brugervejledning/02-liste-over-blanketter.md";
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(guide)).unwrap()
}

/// A list on the disk.
fn list(demo: &Demo, rows: &[String]) -> String {
    let path = demo.path("list.csv");
    std::fs::write(&path, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
    path
}

fn cases(demo: &Demo) -> usize {
    let page = demo.as_user(
        "pia",
        &["case", "list", "--filter", "all", "--purpose", "case_work"],
        0,
    );
    page["rows"].as_array().unwrap().len()
}

/// What is said of the rows: line, field and code.
fn said(view: &Value) -> Vec<(u64, String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let problems = view["problems"].as_array().unwrap().iter();
    problems
        .map(|one| {
            (
                one["line"].as_u64().unwrap(),
                word(&one["field"]),
                word(&one["code"]),
            )
        })
        .collect()
}

#[test]
fn the_list_of_the_guide_is_checked_first_and_then_saved_as_received_cases() {
    let demo = Demo::new();
    let guide = guide();
    let example = guide.split("```csv\n").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    let path = demo.path("list.csv");
    std::fs::write(&path, example).unwrap();

    let dry = demo.as_user("omar", &["import", &path], 0);
    assert_eq!((&dry["saved"], &dry["rows"]), (&json!(false), &json!(2)));
    assert_eq!(dry["cases"][1], json!({ "line": 4, "number": null }));
    assert_eq!(cases(&demo), 0, "a dry run saves nothing");

    let saved = demo.as_user("omar", &["import", &path, "--save"], 0);
    assert_eq!(saved["saved"], true);
    let number = saved["cases"][0]["number"].as_str().unwrap();
    assert!(
        number.ends_with("-0001"),
        "{number}: the dry run took no number"
    );
    let case = demo.as_user(
        "pia",
        &["case", "show", number, "--purpose", "case_work"],
        0,
    );
    assert_eq!(case["row"]["state"], "received", "a list decides nothing");
    assert_eq!(cases(&demo), 2);

    let again = demo.as_user("omar", &["import", &path, "--save"], 1);
    assert_eq!(again["error"]["code"], "import_refused");
    let has_case = |line| (line, "cpr".to_owned(), "citizen_has_case".to_owned());
    assert_eq!(said(&again), [has_case(2), has_case(4)]);
    assert_eq!(cases(&demo), 2);
}

#[test]
fn every_column_of_the_guide_is_taken() {
    let demo = Demo::new();
    let guide = guide();
    let table = guide.lines().filter(|line| line.starts_with("| `"));
    let columns: Vec<_> = table.filter_map(|line| line.split('`').nth(1)).collect();
    assert!(columns.len() > 15);
    let path = demo.path("list.csv");
    let empty = ";".repeat(columns.len() - 1);
    std::fs::write(&path, format!("{}\nx{empty}\n", columns.join(";"))).unwrap();

    let refused = demo.as_user("pia", &["import", &path], 1);

    let unknown = said(&refused).into_iter().find(|(line, ..)| *line == 1);
    assert_eq!(unknown, None);
}

#[test]
fn one_bad_row_stops_the_whole_list_and_each_problem_names_its_line_and_no_person() {
    let demo = Demo::new();
    let twice = row("0201703984", "Aase Lindholm");
    let rows = [
        twice.clone(),
        row("0201703", "Bodil Aagaard"),
        row("3202703984", "Ejnar Thorup"),
        row("2304483984", ""),
        row("1412553985", "Ejnar Thorup").replace("20.11.2026", "i fredags"),
        row("0309813985", "Yusuf Demir").replace(";ja;ja;19", ";måske;ja;19"),
        row("1906393984", "Inge-Lise Krogh").replace("passport", "bibliotekskort"),
        row("2707523985", "Søren Østergaard") + ";overskud",
        twice,
        row("1006148984", "Freja Holm").replace("19.11.2026", "01.01.2014"),
    ];
    let path = list(&demo, &rows);

    let refused = demo.as_user("pia", &["import", &path, "--save"], 1);

    let expected = [
        (3, "cpr", "cpr_not_ten_digits"),
        (4, "cpr", "cpr_no_such_date"),
        (5, "citizen_name", "required"),
        (6, "received_on", "date_unreadable"),
        (7, "declared", "wrong_type"),
        (8, "id_kind", "not_a_choice"),
        (9, "", "values_missing"),
        (10, "cpr", "citizen_twice"),
        (11, "signed_on", "date_too_early"),
    ];
    let mut found = said(&refused);
    found.sort();
    let found: Vec<_> = found
        .iter()
        .map(|(line, field, code)| (*line, field.as_str(), code.as_str()))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(refused["saved"], false);
    assert_eq!(cases(&demo), 0);

    let (data, password) = (demo.path("data"), demo.path("password"));
    let output = skranke(&[
        "import",
        &path,
        "--data",
        &data,
        "--user",
        "pia",
        "--password-file",
        &password,
    ]);
    let told = stderr(&output);
    assert_eq!(exit_code(&output), 1);
    assert!(
        told.contains("Linje 3: CPR-nummeret skal have 10 cifre"),
        "{told}"
    );
    let quoted = [
        "0201703",
        "3202703984",
        "Lindholm",
        "Thorup",
        "i fredags",
        "måske",
        "bibliotekskort",
        "overskud",
        "Ahornvej",
    ];
    for personal in quoted {
        assert!(!told.contains(personal), "{personal}: {told}");
        assert!(!refused.to_string().contains(personal), "{personal}");
    }
}

#[test]
fn a_list_without_its_header_does_not_repeat_the_person_in_its_first_line() {
    let demo = Demo::new();
    let path = demo.path("list.csv");
    let rows = [
        row("0201703984", "Aase Lindholm"),
        row("2304483984", "Bodil Aagaard"),
    ];
    std::fs::write(&path, rows.join("\n")).unwrap();

    let refused = demo.as_user("pia", &["import", &path], 1);

    assert_eq!(refused["problems"][0]["code"], "column_unknown");
    assert!(!refused.to_string().contains("Lindholm") && !refused.to_string().contains("0201"));
}

#[test]
fn what_a_case_would_not_keep_is_refused_rather_than_lost() {
    let demo = Demo::new();
    let path = demo.path("list.csv");
    let line = row("0201703984", "Aase Lindholm");
    for (column, value, expected) in [
        ("email", "a@example.dk", (1, "", "column_unknown")),
        ("decision", "grant", (1, "", "column_unknown")),
        ("cpr", "0201703984", (1, "", "column_twice")),
        (
            "guardian_name",
            "Mads Lindholm",
            (2, "guardian_name", "not_asked"),
        ),
    ] {
        std::fs::write(&path, format!("{HEADER};{column}\n{line};{value}\n")).unwrap();
        let refused = demo.as_user("pia", &["import", &path, "--save"], 1);
        let (at, field, code) = expected;
        assert_eq!(
            said(&refused),
            [(at, field.to_owned(), code.to_owned())],
            "{column}"
        );
    }
}

#[test]
fn what_is_no_list_is_refused_in_words() {
    let demo = Demo::new();
    let path = demo.path("list.csv");
    for (text, code) in [
        ("", "import_empty"),
        (HEADER, "import_empty"),
        ("cpr\n\"0201703984", "import_unreadable"),
        ("cpr\n\"0201703984\"x", "import_unreadable"),
        (&format!("cpr\n{}", "x\n".repeat(1001)), "import_too_long"),
    ] {
        std::fs::write(&path, text).unwrap();
        let refused = demo.as_user("pia", &["import", &path], 1);
        assert_eq!(refused["error"]["code"], code);
        assert!(!refused.to_string().contains("0201703984"));
    }
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert_eq!(
        demo.as_user("pia", &["import", &path], 3)["error"]["code"],
        "file_not_text"
    );
    let refused = demo.as_user(
        "torben",
        &["import", &list(&demo, &[row("0201703984", "A B")])],
        1,
    );
    assert_eq!(
        refused["error"]["code"], "not_permitted",
        "an auditor captures nothing"
    );
}

#[test]
fn whoever_is_looked_up_by_a_list_stands_in_the_log_after_a_dry_run_too() {
    let demo = Demo::new();
    let rows = [
        row("0201703984", "Aase Lindholm"),
        row("2304483984", "Bodil Aagaard"),
    ];
    let looks = |demo: &Demo| {
        let log = demo.as_user("torben", &["audit", "export"], 0);
        let rows = log.as_array().unwrap().iter();
        rows.filter(|row| row["action"] == "citizen_looked_up" && row["purpose"] == "import")
            .count()
    };

    demo.as_user("pia", &["import", &list(&demo, &rows)], 0);

    assert_eq!(looks(&demo), 2);
}

#[test]
fn a_day_of_rows_is_one_write_and_the_log_stays_whole() {
    let demo = Demo::new();
    let mut rows = Vec::new();
    for number in 0..100_u32 {
        // Replacement numbers (day + 60), which are never a person's.
        let mut cpr = String::new();
        write!(
            cpr,
            "{:02}{:02}{:02}{:04}",
            61 + number % 28,
            1 + number / 28 % 12,
            50 + number / 336,
            1000
        )
        .unwrap();
        rows.push(row(&cpr, "Prøve Person"));
    }
    rows.sort();
    rows.dedup();
    let path = list(&demo, &rows);

    let saved = demo.as_user("pia", &["import", &path, "--save"], 0);

    assert_eq!(saved["cases"].as_array().unwrap().len(), rows.len());
    assert_eq!(rows.len(), 100);
    let data = demo.path("data");
    assert_eq!(
        crate::json_of(&["audit", "verify", "--data", &data], 0)["whole"],
        true
    );
}
