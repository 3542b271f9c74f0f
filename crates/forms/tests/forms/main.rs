//! The definitions as a whole: every TOML, every field, and what an edit changes.

mod editing;
mod exemption_form;
mod letters;
mod matrix;
mod texts;

use chrono::NaiveDate;
use skranke_forms::{Fields, Forms, Source};

/// A day as the tests write it.
fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// The definitions as they are.
fn forms() -> Forms {
    Forms::embedded().expect("the definitions are sound")
}

/// What was filled in, from pairs; `true` and `false` are ticks.
fn fields(pairs: &[(&str, &str)]) -> Fields {
    let value = |text: &str| match text {
        "true" => true.into(),
        "false" => false.into(),
        text => text.into(),
    };
    pairs
        .iter()
        .map(|(id, text)| ((*id).to_owned(), value(text)))
        .collect()
}

/// The definitions with one file edited.
fn edited(file: &str, from: &str, to: &str) -> Result<Forms, skranke_forms::FormsError> {
    let text = Source::embedded()
        .file(file)
        .expect("the file exists")
        .to_owned();
    assert!(
        text.contains(from),
        "the test edits something that is there: {from}"
    );
    Forms::read(&Source::embedded().with(file, &text.replacen(from, to, 1)))
}

#[test]
fn every_definition_is_sound() {
    let forms = forms();

    assert_eq!(forms.rules().all().len(), 3);
    assert_eq!(forms.versions().len(), 2);
    assert_eq!(forms.profiles().len(), 2);
    assert!(
        forms.help_offers().len() >= 3,
        "row 2-15: courses, personal help, read access"
    );
}

#[test]
fn no_file_cites_a_paragraph() {
    for (file, text) in Source::embedded().all() {
        let cites = text.contains('§') || text.contains("stk.") || text.contains("nr. 603");
        assert!(
            !cites,
            "forms/{file} holds a legal citation; it belongs in a citation field"
        );
    }
    for set in forms().rules().all() {
        for rule in &set.rules {
            assert_eq!(
                rule.citation,
                "",
                "{} {}: not confirmed yet",
                set.title,
                rule.code.code()
            );
        }
    }
}

#[test]
fn no_test_number_could_be_a_real_one() {
    for (file, text) in Source::embedded().all() {
        let mut digits = String::new();
        for c in text.chars().chain(['\n']) {
            if c.is_ascii_digit() {
                digits.push(c);
                continue;
            }
            if digits.len() == 10
                && let Ok(cpr) = skranke_domain::cpr::Cpr::parse(&digits)
            {
                let made_up = cpr.kind() == skranke_domain::cpr::CprKind::Replacement
                    || (!cpr.modulus_11_holds() && !digits.starts_with("0101"));
                assert!(made_up, "forms/{file}");
            }
            digits.clear();
        }
    }
}
