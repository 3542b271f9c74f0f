//! What the window's own tests are answered with: recorded from the core, and made anew when the shape changes.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use skranke_app::dispatch;

use crate::office::Office;

/// Each recorded answer, and the command that gives it.
const RECORDED: [(&str, &str); 16] = [
    ("start_sign_in", "start_state"),
    ("start_ready", "start_state"),
    ("start_auditor", "start_state"),
    ("start_administrator", "start_state"),
    ("settings", "settings"),
    ("staff", "staff_list"),
    ("worklist", "worklist"),
    ("rule_library", "rule_library"),
    ("draft", "draft_open"),
    ("form", "form_view"),
    ("check", "draft_check"),
    ("cpr", "cpr_check"),
    ("known", "citizen_known"),
    ("cases", "case_list"),
    ("case", "case_show"),
    ("case_auditor", "case_show"),
];

#[test]
#[expect(clippy::disallowed_methods, reason = "the switch of this one test")]
fn the_windows_tests_are_answered_as_the_core_answers() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../ui/tests/fixtures/answers.ts");
    let answers = recorded();
    if std::env::var_os("SKRANKE_WRITE_GENERATED").is_some() {
        fs::write(&path, typescript(&answers)).expect("can be written");
    }

    let committed = fs::read_to_string(&path).expect("the recorded answers are committed");
    let (_, body) = committed.split_once("answers: Recorded = ").expect("typed");
    let committed: Value = serde_json::from_str(body).expect("JSON");

    assert_eq!(
        shape(&committed),
        shape(&answers),
        "run SKRANKE_WRITE_GENERATED=1 cargo test -p skranke-tests --test journeys window_answers"
    );
}

/// The answers of one morning: two cases granted, one half finished, one draft for which somebody else came.
fn recorded() -> Value {
    let office = Office::closed_at("2026-03-13 09:00");
    let mut answers = Map::new();
    let mut record = |name: &str, request: Value| {
        let (_, command) = RECORDED
            .iter()
            .find(|(recorded, _)| *recorded == name)
            .expect("in the table");
        let answer = dispatch(&office.app, command, request)
            .unwrap_or_else(|error| panic!("{name}: {}", error.log_line()));
        answers.insert(name.to_owned(), answer);
    };
    record("start_sign_in", Value::Null);

    office.sign_in("karin");
    office.granted();
    office.comes_back("2026-03-13 09:10", "karin");
    let bodil = office.draft().set("cpr", "2304483984");
    let bodil = bodil.set("citizen_name", "Bodil Aagaard").grant();
    let case = bodil.expect("granted").row.id;
    office.moves_to("2026-03-13 09:12");
    office.register(&case).expect("registered");
    office.comes_back("2026-03-13 09:20", "karin");
    let draft = office.blank().at_step(4).tick("id_checked");
    let draft = draft
        .set("id_kind", "passport")
        .set("channel", "representative")
        .set("cpr", "0808463984")
        .set("citizen_name", "Ragnhild Møller")
        .set("citizen_address", "Granvej 15\n9990 Solbjerg")
        .set("register_seen", "not_exempt")
        .save()
        .id;

    record("start_ready", Value::Null);
    record("settings", Value::Null);
    record("worklist", Value::Null);
    record("rule_library", Value::Null);
    record("draft", json!({ "id": draft }));
    record("form", json!({ "id": draft }));
    record("check", json!({ "id": draft, "step": 4 }));
    record("cpr", json!({ "cpr": "080846-3984" }));
    record("known", json!({ "id": draft }));
    let all = json!({ "query": "", "filter": "all", "after": null, "purpose": "case_work" });
    record("cases", all);
    record("case", json!({ "id": case, "purpose": "case_work" }));
    office.sign_in("torben");
    record("start_auditor", Value::Null);
    record("case_auditor", json!({ "id": case, "purpose": "quality" }));
    office.sign_in("anders");
    record("start_administrator", Value::Null);
    record("staff", Value::Null);

    assert_eq!(answers.len(), RECORDED.len());
    Value::Object(answers)
}

/// The answers as a typed constant; ids are numbered in the order they are met.
fn typescript(answers: &Value) -> String {
    let mut text = serde_json::to_string_pretty(answers).expect("JSON");
    for (number, id) in ids_in(&text).iter().enumerate() {
        text = text.replace(
            id.as_str(),
            &format!("00000000-0000-7000-8000-{number:012}"),
        );
    }
    let types: String = RECORDED
        .iter()
        .map(|(name, command)| format!("  {name}: Commands['{command}']['answer']\n"))
        .collect();
    format!(
        "// Recorded from the core. Made anew, and its shape held, by tests/journeys/window_answers.rs:\n\
         // SKRANKE_WRITE_GENERATED=1 cargo test -p skranke-tests --test journeys window_answers\n\
         import type {{ Commands }} from '../../src/lib/api'\n\n\
         export interface Recorded {{\n{types}}}\n\n\
         export const answers: Recorded = {text}\n"
    )
}

/// The ids of a text, each once, in the order they are met.
fn ids_in(text: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    text.split('"')
        .filter(|word| word.len() == 36 && word.matches('-').count() == 4)
        .filter(|id| seen.insert(*id))
        .map(str::to_owned)
        .collect()
}

/// What a value is made of, without what it says: names of members and kinds of values.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("nothing"),
        Value::Bool(_) => json!("boolean"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("text"),
        Value::Array(items) => {
            let shapes: BTreeSet<String> =
                items.iter().map(|item| shape(item).to_string()).collect();
            json!(shapes)
        }
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), shape(member)))
            .collect(),
    }
}
