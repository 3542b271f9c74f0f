//! Editing one TOML changes labels, checks and papers without touching code; a bad edit is named.

use std::fs;

use skranke_domain::rule_set::{LegalDays, RuleCode};
use skranke_forms::{Forms, LetterFacts, ProblemCode, Source};

use crate::{day, edited, fields};

#[test]
fn a_folder_changes_label_check_and_paper() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let embedded = Source::embedded();
    let copy = |file: &str, from: &str, to: &str| {
        let text = embedded.file(file).expect("the file exists");
        assert!(text.contains(from), "{file} holds {from}");
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text.replacen(from, to, 1)).expect("written");
    };
    copy(
        "exemption/v1.toml",
        "label = \"Telefon\"",
        "label = \"Mobil\"",
    );
    copy(
        "letters/hand_in_slip.toml",
        "title = \"Afleveringsseddel\"",
        "title = \"Seddel\"",
    );
    let text = fs::read_to_string(folder.path().join("exemption/v1.toml")).expect("read");
    let text = text.replacen(
        "required = \"never\"\nmin_length = 3\nmax_length = 30",
        "required = \"always\"\nmin_length = 3\nmax_length = 8",
        1,
    );
    fs::write(folder.path().join("exemption/v1.toml"), text).expect("written");

    let forms = Forms::overlaid(folder.path()).expect("the edits are sound");

    let profile = forms.profile("demo").expect("it exists");
    let form = forms
        .exemption_form(day("2026-03-02"), profile)
        .expect("a form");
    let problem = |filled: &[(&str, &str)]| {
        let found = form.validate(&fields(filled), day("2026-03-13"));
        found
            .into_iter()
            .find(|p| p.field == "phone")
            .map(|p| p.code)
    };
    assert_eq!(form.field("phone").expect("it exists").label, "Mobil");
    assert_eq!(problem(&[]), Some(ProblemCode::Required));
    assert_eq!(
        problem(&[("phone", "70 00 00 00")]),
        Some(ProblemCode::TooLong)
    );
    let facts = [
        "citizen_name",
        "received_on",
        "initials",
        "case_number",
        "paper_number",
    ]
    .iter()
    .fold(LetterFacts::new().with_profile(profile), |facts, name| {
        facts.with(name, "x")
    });
    let slip = forms
        .letter("hand_in_slip")
        .expect("it exists")
        .fill(&facts)
        .expect("complete");
    assert_eq!(slip.title, "Seddel");
}

#[test]
fn an_edited_rule_set_changes_rule_question_and_citation() {
    let days = LegalDays::default().as_if_done(day("2026-03-13"));
    let asks_how_long = |forms: &Forms| {
        let profile = forms.profile("demo").expect("it exists");
        let form = forms.form_on(&days, profile).expect("a form");
        form.is_shown(
            form.field("duration_kind").expect("it exists"),
            &fields(&[]),
        )
    };
    let shipped = Forms::embedded().expect("sound");
    assert!(!asks_how_long(&shipped));
    assert!(shipped.rules().citations(RuleCode::ALL, &days).is_empty());

    let text = Source::embedded();
    let text = text.file("rules/c.toml").expect("it exists");
    let (before, after) = text.split_once("code = \"duration\"").expect("it is there");
    let after = after
        .replacen("Fritagelsen er uden udløb.", "Den gælder i to år.", 1)
        .replacen("citation = \"\"", "citation = \"Prøveloven\"", 1)
        .replacen(
            "[texts]",
            "[texts]\nduration_time_limited = \"Til og med {until}\"",
            1,
        );
    let before = before.replace(
        "durations = [\"permanent\"]",
        "durations = [\"time_limited\", \"permanent\"]",
    );
    let edit = format!("{before}code = \"duration\"{after}");
    let edited = Forms::read(&Source::embedded().with("rules/c.toml", &edit)).expect("sound");

    let (_, rule) = edited
        .rules()
        .rule_for(RuleCode::Duration, &days)
        .expect("in force");
    assert_eq!(rule.text, "Den gælder i to år.");
    assert_eq!(
        edited.rules().citations(RuleCode::ALL, &days),
        ["Prøveloven"]
    );
    assert!(asks_how_long(&edited), "there is a choice now");
}

#[test]
fn a_condition_about_an_unknown_field_is_named() {
    let refused = edited(
        "exemption/v1.toml",
        "shown = \"companion_present = true\"",
        "shown = \"companion = true\"",
    )
    .expect_err("there is no such field");

    assert_eq!(
        refused.to_string(),
        "forms/exemption/v1.toml: field.companion_name.shown: there is no field \"companion\""
    );
}

#[test]
fn a_condition_that_can_never_hold_is_named() {
    let refused = edited(
        "exemption/v1.toml",
        "shown = \"channel = guardian\"",
        "shown = \"channel = guard\"",
    )
    .expect_err("no such answer");

    assert_eq!(
        refused.to_string(),
        "forms/exemption/v1.toml: field.guardian_name.shown: \"channel\" can never be \"guard\""
    );
}

#[test]
fn a_rule_without_a_text_is_named() {
    let refused = edited(
        "exemption/v1.toml",
        "rule = \"companion\"",
        "rule = \"companions\"",
    )
    .expect_err("no such text");

    assert_eq!(
        refused.to_string(),
        "forms/exemption/v1.toml: field.companion_present.rule: there is no text rule.companions.title"
    );
}

#[test]
fn a_problem_without_a_text_is_named() {
    let refused = edited(
        "texts/errors.toml",
        "phone_unreadable = ",
        "phone_strange = ",
    )
    .expect_err("the text is gone");

    assert_eq!(
        refused.to_string(),
        "forms/texts/errors.toml: problem.phone_unreadable: is missing"
    );
}

#[test]
fn a_field_without_a_longest_length_is_named() {
    let refused = edited("exemption/v1.toml", "max_length = 30\n", "").expect_err("no limit");

    assert_eq!(
        refused.to_string(),
        "forms/exemption/v1.toml: field.phone.max_length: is missing"
    );
}

#[test]
fn a_message_for_no_problem_is_named() {
    let refused = edited(
        "exemption/v1.toml",
        "messages.required = ",
        "messages.needed = ",
    )
    .expect_err("no such problem");

    assert_eq!(
        refused.to_string(),
        "forms/exemption/v1.toml: field.channel.messages.needed: is not a problem a field can have"
    );
}

#[test]
fn a_misspelt_setting_names_file_and_key() {
    let refused = edited("profiles/demo.toml", "mask_cpr = true", "mask_crp = true")
        .expect_err("misspelt")
        .to_string();

    assert!(
        refused.starts_with("forms/profiles/demo.toml: "),
        "{refused}"
    );
    assert!(refused.contains("mask_crp"), "{refused}");
}

#[test]
fn form_versions_follow_each_other_day_by_day() {
    let refused = edited(
        "exemption/v1.toml",
        "valid_to = \"2014-06-30\"",
        "valid_to = \"2014-06-29\"",
    )
    .expect_err("a day without a form");

    assert_eq!(
        refused.to_string(),
        "forms/exemption/v1.toml: valid_to: must be the day before the next version"
    );
}
