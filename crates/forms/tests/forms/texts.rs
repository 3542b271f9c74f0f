//! Every code of the domain that a reader can meet has its Danish text.

use skranke_domain::case::CaseState;
use skranke_domain::eligibility::{Requirement, Warning};
use skranke_domain::event::{Channel, Ending, PaperKind, Tick};
use skranke_domain::role::Role;
use skranke_domain::rule_set::{DateBasis, RuleCode};

use crate::forms;

fn check<'a>(group: &str, codes: impl Iterator<Item = &'a str>, tail: &str) {
    let forms = forms();
    for code in codes {
        let key = format!("{group}.{code}{tail}");
        assert!(
            forms.texts().get(&key).is_some(),
            "{key} is missing in forms/texts"
        );
    }
}

#[test]
fn a_cpr_number_is_seen_however_it_is_written() {
    for text in [
        "2512169996",
        "251216-9996",
        "251216 9996 fuldmagt",
        "Fuldmagt_251216_9996",
        "nr. 251216\u{a0}9996.",
        "251216–9996",
    ] {
        assert!(skranke_forms::check::holds_cpr(text), "{text}");
    }
    for text in [
        "25121699961",
        "12512169996",
        "251216",
        "251216  9996",
        "251216a9996",
        "Sag 2026-0001",
        "12 34 56 78",
        "",
    ] {
        assert!(!skranke_forms::check::holds_cpr(text), "{text}");
    }
}

#[test]
fn every_code_a_reader_can_meet_has_its_text() {
    check(
        "requirement",
        Requirement::ALL.iter().map(|code| code.code()),
        "",
    );
    check("warning", Warning::ALL.iter().map(|code| code.code()), "");
    check(
        "outcome",
        ["met", "not_met", "not_known", "not_needed"].into_iter(),
        "",
    );
    check("state", CaseState::ALL.iter().map(|code| code.code()), "");
    check("state", Ending::ALL.iter().map(|code| code.code()), "");
    check("tick", Tick::ALL.iter().map(|code| code.code()), ".title");
    check("channel", Channel::ALL.iter().map(|code| code.code()), "");
    check("paper", PaperKind::ALL.iter().map(|code| code.code()), "");
    check("role", Role::ALL.iter().map(|role| role.code()), "");
}

#[test]
fn every_step_is_called_the_same_on_screen_and_form() {
    let forms = forms();
    for step in &forms.versions()[0].steps {
        let title = forms.texts().get(&format!("step.{}.title", step.code));
        assert_eq!(title, Some(step.title.as_str()), "screen and form agree");
    }
}

#[test]
fn every_rule_shown_beside_a_question_has_title_text_and_source() {
    let forms = forms();
    let fields = forms.versions().iter().flat_map(|version| &version.fields);
    for rule in fields.filter_map(|field| field.rule.as_deref()) {
        if RuleCode::from_code(rule).is_none() {
            for part in [".title", ".text", ".source"] {
                check("rule", [rule].into_iter(), part);
            }
        }
    }
    check(
        "rule_title",
        RuleCode::ALL.iter().map(|rule| rule.code()),
        "",
    );
    check(
        "goes_by",
        DateBasis::ALL.iter().map(|basis| basis.code()),
        "",
    );
}

#[test]
fn no_text_cites_a_paragraph_or_holds_a_number_that_could_be_a_persons() {
    for (key, text) in forms().texts().all() {
        assert!(!text.contains('\u{a7}'), "{key} cites a paragraph");
        assert!(
            !skranke_forms::check::holds_cpr(text),
            "{key} holds a CPR number"
        );
    }
}
