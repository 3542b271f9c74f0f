//! A citizen comes to the Borgerservice, is exempted, registered, and leaves with a receipt.

use skranke_app::api::case::Decision;
use skranke_app::api::draft::{FieldValue, ProofView};
use skranke_app::api::error::ErrorCode;

use crate::office::{Office, code, of_draft, pdf_of, words_of};

#[test]
fn row_2_07_and_2_23_a_citizen_who_comes_in_person_leaves_with_a_receipt() {
    // Given a citizen at the desk with a passport, who signs that one of the grounds is met
    let office = Office::open();
    let sheet = office.draft().save();
    let form = office.app.paper_preview(of_draft(&sheet.id, "request"));
    let form = words_of(&pdf_of(&form.expect("the form to sign")));
    assert!(form.contains("Aase Lindholm") && form.contains("Dato og borgerens underskrift"));

    // When the request is granted, registered and journalised, and the receipt is handed over
    let granted = sheet.grant().expect("granted");
    let case = &granted.row.id;
    office.moves_to("2026-03-13 10:02");
    assert!(office.register(case).expect("registered").exempt);
    let receipt = office.print(case, "exemption_receipt").expect("printed");
    office.give_receipt(case, "handed_over", "").expect("given");
    let done = office.journalise(case, "2026-00017-1").expect("ticked");

    // Then nothing is left to do, and the paper says what counts and from when
    assert_eq!(
        done.row.ticks_done,
        ["registered", "receipt", "journalised"]
    );
    assert!(done.row.ticks_missing.is_empty());
    assert_eq!(receipt.copy, 0);
    for said in [
        "Aase Lindholm er fritaget fra Digital Post fra det offentlige.",
        "13. marts 2026 kl. 10.00",
        "13. marts 2026 kl. 10.02",
        "020170-••••",
        &granted.row.number,
        &receipt.number,
    ] {
        assert!(
            receipt.words.contains(said),
            "{said} stands on: {}",
            receipt.words
        );
    }
    assert!(
        !receipt.words.contains("3984"),
        "the profile masks the number"
    );
    assert_eq!(
        office.app.worklist(()).expect("shown").missing_ticks_total,
        0
    );
}

#[test]
fn row_2_13_one_declaration_is_enough_and_nobody_asks_for_the_ground() {
    // Given everything but the declaration
    let office = Office::open();
    let sheet = office.draft().untick("declared");

    // When it is checked
    let check = sheet.check();

    // Then the declaration is missing, and no ground is asked for
    let problem = check.problems.iter().find(|p| p.field == "declared");
    assert_eq!(
        problem.expect("a problem").summary,
        "Erklæringen er ikke bekræftet"
    );
    let form = office.app.form_view(sheet.reference()).expect("the form");
    assert!(!form.shown.contains(&"declared_grounds".to_owned()));
    assert_eq!(code(sheet.grant()), ErrorCode::InvalidFields);

    // And once declared, the proof rests on that alone
    let check = office.draft().check();
    assert!(check.problems.is_empty(), "{:?}", check.problems);
    assert_eq!(check.proof.outcome, "met");
}

#[test]
fn row_4_20_nobody_has_signed_or_lives_anywhere_before_somebody_says_so() {
    let office = Office::open();

    // Given a draft nobody has written in
    let proof = office.blank().check().proof;

    // Then what is offered as usual is not told as if it were so
    for requirement in ["declared", "signed", "residence"] {
        assert_eq!(outcome_of(&proof, requirement), Some("not_known"));
    }

    // And when all but the signature is there, it is asked for by name, and nothing is granted
    let unsigned = office.draft().untick("request_signed");
    let check = unsigned.check();
    assert_eq!(outcome_of(&check.proof, "signed"), Some("not_met"));
    let problem = check.problems.iter().find(|p| p.field == "request_signed");
    assert_eq!(
        problem.expect("a problem").summary,
        "Underskriften på anmodningen mangler"
    );
    assert_eq!(code(unsigned.grant()), ErrorCode::InvalidFields);

    // And a case that lacks the address knows no more than the draft did
    let nowhere = office.draft().set("citizen_address", "");
    let missing = vec!["Adresse".to_owned()];
    let case = nowhere.decide(Decision::Incomplete { missing });
    let case = case.expect("incomplete");
    assert_eq!(outcome_of(&case.proof, "residence"), Some("not_known"));
    assert_eq!(
        code(office.decide_case(&case.row.id, Decision::Grant { duration: None })),
        ErrorCode::RequirementsNotMet
    );
}

fn outcome_of<'a>(proof: &'a ProofView, requirement: &str) -> Option<&'a str> {
    if proof.code == requirement {
        return Some(&proof.outcome);
    }
    let mut parts = proof.parts.iter();
    parts.find_map(|part| outcome_of(part, requirement))
}

#[test]
fn row_2_13_a_municipality_may_choose_to_record_the_ground() {
    let office =
        Office::with_profile(|text| text.replace("record_ground = false", "record_ground = true"));
    let form = office.app.form_view(office.draft().save().reference());

    assert!(
        form.expect("the form")
            .shown
            .contains(&"declared_grounds".to_owned())
    );

    // And what the citizen named is kept, where the municipality says so and nowhere else
    let elsewhere = Office::open();
    let named = |office: &Office| {
        let mut sheet = office.draft();
        let grounds = FieldValue::Many(vec!["c3".to_owned()]);
        sheet.fields.insert("declared_grounds".to_owned(), grounds);
        let case = sheet.grant().expect("granted");
        let line = case.facts.iter().find(|line| line.label == "label.grounds");
        line.map(|line| line.value.clone())
    };
    let kept = named(&office).expect("kept");
    assert!(kept.contains("computer"), "{kept}");
    assert_eq!(named(&elsewhere), None);
}

#[test]
fn row_2_17_who_chooses_help_ends_without_exemption_and_without_ticks() {
    // Given a citizen who was going to ask for exemption
    let office = Office::open();
    let sheet = office
        .draft()
        .untick("declared")
        .set("offer_library_course", "accepted");

    // When the citizen chooses a course at the library instead
    let ended = sheet.decide(Decision::HelpInstead {
        offer: "library_course".to_owned(),
    });

    // Then that is an end as good as any: a conscious choice
    let ended = ended.expect("ended");
    assert_eq!(ended.row.state, "helped_instead");
    assert!(!ended.exempt && ended.row.ticks_missing.is_empty());
    assert!(
        office
            .app
            .worklist(())
            .expect("shown")
            .missing_ticks
            .is_empty()
    );
}

#[test]
fn row_2_17_a_citizen_may_change_their_mind_and_stay() {
    let office = Office::open();

    let withdrawn = office
        .draft()
        .decide(Decision::Withdraw)
        .expect("withdrawn");

    assert_eq!(withdrawn.row.state, "withdrawn");
    assert_eq!(withdrawn.row.ticks_missing, ["journalised"], "practice 4");
}

#[test]
fn row_2_03_the_municipality_has_its_own_case_number() {
    // Given a registered exemption
    let office = Office::open();
    let case = office.registered().row.id;

    // When it is journalised under the municipality's own number
    let done = office.journalise(&case, " 2013-93233-19 ").expect("ticked");

    // Then both numbers stand side by side, on the page and on the form
    assert_eq!(done.row.number, "2026-S1-0001");
    let own = done
        .facts
        .iter()
        .find(|fact| fact.label == "label.own_number");
    assert_eq!(own.expect("the number").value, "2013-93233-19");
    let form = office.words(&case, "request");
    assert!(
        form.contains("2013-93233-19") && form.contains("2026-S1-0001"),
        "{form}"
    );
}

#[test]
fn row_2_03_a_number_the_municipality_does_not_write_so_is_refused_unless_it_says_nothing_of_that()
{
    // Given a registered exemption, and numbers written as 2026-10423-2
    let office = Office::open();
    let case = office.registered().row.id;

    // When it is journalised under a number of another system, then it is refused and nothing is ticked
    let refused = office.journalise(&case, "26/1234");
    let error = refused.err().expect("no number of this municipality");
    assert_eq!(error.code, ErrorCode::InvalidFields);
    assert_eq!(error.to_ui().params["field"], "reference");
    assert!(
        office
            .show(&case)
            .row
            .ticks_missing
            .contains(&"journalised".to_owned())
    );
    office.journalise(&case, "2026-10423").expect("ticked");

    // And a municipality that names no pattern takes any
    let other = Office::with_profile(|text| {
        let unsaid = text.replace("\"YYYY-N+(-N+)\"", "\"\"");
        unsaid.replace("\"2026-10423-2\"", "\"\"")
    });
    let case = other.registered().row.id;
    other.journalise(&case, "26/1234").expect("ticked");
}

#[test]
fn case_numbers_run_on_within_a_device_and_a_year() {
    let office = Office::open();
    let numbers: Vec<String> = (0..3)
        .map(|_| {
            office
                .draft()
                .decide(Decision::Withdraw)
                .expect("ended")
                .row
                .number
        })
        .collect();
    assert_eq!(numbers, ["2026-S1-0001", "2026-S1-0002", "2026-S1-0003"]);

    office.comes_back("2027-01-04 08:30", "karin");
    let next = office.draft().decide(Decision::Withdraw).expect("ended");
    assert_eq!(next.row.number, "2027-S1-0001");
}

#[test]
fn a_decision_is_made_once() {
    let office = Office::open();
    let case = office.granted().row.id;

    let again = office.decide_case(&case, Decision::Grant { duration: None });

    assert_eq!(code(again), ErrorCode::AlreadyDecided);
}

#[test]
fn a_duplicate_click_does_not_make_two_cases() {
    let office = Office::open();
    let sheet = office.draft().save();
    let id = sheet.id.clone();
    sheet.grant().expect("granted");

    let again = office.app.decide(skranke_app::api::case::DecideRequest {
        draft_id: Some(id),
        case_id: None,
        decision: Decision::Grant { duration: None },
        no_conflict_of_interest: true,
    });

    assert_eq!(code(again), ErrorCode::DraftNotFound);
    assert_eq!(
        office.app.worklist(()).expect("shown").missing_ticks_total,
        1
    );
}
