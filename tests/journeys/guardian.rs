//! A guardian comes with the appointment; a parent of a young person shows none.

use skranke_app::api::error::ErrorCode;
use skranke_testkit::people::made_up_number;

use crate::office::{Office, Sheet, code};

fn draft_with_guardian(office: &Office) -> Sheet<'_> {
    office
        .draft()
        .set("channel", "guardian")
        .set("guardian_name", "Birthe Skov")
        .set("guardian_scope", "personal")
        .tick("guardian_document_seen")
}

#[test]
fn practice_11_a_guardian_shows_the_appointment_and_its_scope_is_kept() {
    let office = Office::open();

    let sheet = draft_with_guardian(&office)
        .set("guardian_valid_from", "01.02.2026")
        .set("guardian_valid_to", "31.12.2027");
    let granted = sheet.grant().expect("granted");

    assert_eq!(granted.channel, "guardian");
    assert_eq!(granted.came_instead, "Birthe Skov");
    let form = office.words(&granted.row.id, "request");
    for (label, value) in [
        ("label.guardian_scope", "Personlige forhold"),
        ("label.guardian_validity", "fra 01.02.2026 til 31.12.2027"),
    ] {
        let line = granted.facts.iter().find(|line| line.label == label);
        assert_eq!(line.expect(label).value, value);
    }
    assert!(form.contains("Værgemålet gælder"), "{form}");
    assert!(form.contains("01.02.2026 31.12.2027"), "{form}");
    assert!(
        form.contains("Birthe Skov") && form.contains("Dato og værgens underskrift"),
        "{form}"
    );
}

#[test]
fn practice_11_an_appointment_nobody_saw_stops() {
    let office = Office::open();
    let sheet = draft_with_guardian(&office).untick("guardian_document_seen");

    let check = sheet.check();

    let problem = check
        .problems
        .iter()
        .find(|p| p.field == "guardian_document_seen");
    assert_eq!(
        problem.expect("a problem").summary,
        "Værgebeskikkelsen er ikke set"
    );
    assert_eq!(code(sheet.grant()), ErrorCode::InvalidFields);
}

#[test]
fn practice_11_an_appointment_that_ran_out_or_has_not_begun_stops() {
    let office = Office::open();
    let expired = draft_with_guardian(&office).set("guardian_valid_to", "12.03.2026");
    let check = expired.check();
    assert_eq!(check.proof.outcome, "not_met");
    let problem = check
        .problems
        .iter()
        .find(|p| p.field == "guardian_valid_to");
    assert_eq!(problem.expect("a problem").summary, "Værgemålet er udløbet");

    let last_day = draft_with_guardian(&office).set("guardian_valid_to", "13.03.2026");
    assert_eq!(last_day.check().proof.outcome, "met");

    let not_begun = draft_with_guardian(&office).set("guardian_valid_from", "14.03.2026");
    assert_eq!(not_begun.check().proof.outcome, "not_met");
}

#[test]
fn practice_11_a_guardian_for_economic_matters_only_warns() {
    let office = Office::open();
    let sheet = draft_with_guardian(&office).set("guardian_scope", "economic");

    assert!(
        sheet
            .check()
            .warnings
            .contains(&"guardian_economic_only".to_owned())
    );
}

#[test]
fn practice_11_a_parent_of_a_16_year_old_shows_no_appointment_and_of_an_adult_is_no_guardian() {
    // Given a parent of a 16-year-old
    let office = Office::open();
    let young = made_up_number("2009-11-20".parse().expect("a day"));
    let parent = || {
        draft_with_guardian(&office)
            .tick("guardian_parent")
            .untick("guardian_document_seen")
            .without("guardian_scope")
    };

    // Then no appointment is asked for
    let check = parent().set("cpr", &young).check();
    assert!(check.problems.is_empty(), "{:?}", check.problems);
    assert_eq!(check.proof.outcome, "met");

    // And a parent of an adult must show one
    let check = parent().check();
    assert_eq!(check.proof.outcome, "not_met");
    assert_eq!(code(parent().grant()), ErrorCode::RequirementsNotMet);
}
