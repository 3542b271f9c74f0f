//! The wrong person was registered, and is put right; a granted exemption is taken back.

use skranke_app::api::case::{TakeBackRequest, WrongPersonRequest};
use skranke_app::api::draft::{DraftRef, FieldValue};
use skranke_app::api::error::ErrorCode;

use crate::office::{AASE, Office, code};

/// Bodil Aagaard, who should have been registered.
const BODIL: &str = "2304483984";

fn wrong_person(case: &str, with_draft: bool) -> WrongPersonRequest {
    WrongPersonRequest {
        case_id: case.to_owned(),
        reason: "Tastet et forkert nummer".to_owned(),
        removed_from_register: true,
        resend_post: true,
        open_draft_for_right_person: with_draft,
    }
}

#[test]
fn practice_5_the_wrong_person_is_put_right_and_both_are_told() {
    // Given Aase was registered, although it was Bodil who stood there
    let office = Office::open_at("2026-03-13 10:00");
    let wrong = office.registered().row.id;
    office.comes_back("2026-03-13 10:20", "karin");

    // When the mistake is put right at once
    let without_reason = WrongPersonRequest {
        reason: " ".to_owned(),
        ..wrong_person(&wrong, false)
    };
    assert_eq!(
        code(
            office
                .app
                .correct_wrong_person(without_reason)
                .map(|d| d.draft_id)
        ),
        ErrorCode::ReasonMissing
    );
    let done = office
        .app
        .correct_wrong_person(wrong_person(&wrong, true))
        .expect("put right");

    // Then Aase is not exempt, and the correction is to be journalised
    assert_eq!(done.case.row.state, "wrongly_created");
    assert!(!done.case.exempt);
    assert_eq!(done.case.row.ticks_missing, ["journalised"]);

    // And the draft for the right person holds all but who she is
    let draft = DraftRef {
        id: done.draft_id.expect("a draft"),
    };
    let opened = office.app.draft_open(draft.clone()).expect("opened");
    assert_eq!(
        opened.fields["id_kind"],
        FieldValue::Text("passport".to_owned())
    );
    assert_eq!(opened.fields["declared"], FieldValue::Flag(true));
    for (id, usual) in [
        ("citizen_residence", "fixed"),
        ("register_seen", "not_looked"),
    ] {
        assert_eq!(opened.fields[id], FieldValue::Text(usual.to_owned()));
    }
    let typed = serde_json::to_string(&opened.fields).expect("JSON");
    for of_aase in [AASE, "Aase", "Ahornvej"] {
        assert!(!typed.contains(of_aase), "{of_aase} follows into the draft");
    }

    // And Aase's letter names her and says that her post comes again
    let to_wrong = office
        .print(&wrong, "correction_wrong_person")
        .expect("printed")
        .words;
    assert!(
        to_wrong.contains("Aase Lindholm") && to_wrong.contains("10.20"),
        "{to_wrong}"
    );
    assert!(to_wrong.contains("Posten bliver sendt igen"), "{to_wrong}");

    // And there is no letter to Bodil before her case is there
    assert_eq!(
        code(office.preview(&wrong, "correction_right_person")),
        ErrorCode::PaperDoesNotFit
    );
    let mut sheet = office.blank();
    sheet.id = draft.id;
    sheet.fields = opened.fields;
    let right = sheet
        .set("cpr", BODIL)
        .set("citizen_name", "Bodil Aagaard")
        .set("citizen_residence", "fixed")
        .set("citizen_address", "Birkealle 5\n9990 Solbjerg")
        .set("register_seen", "not_exempt")
        .grant()
        .expect("granted");

    // And then it is hers alone: her name, her case number, nothing of Aase
    let to_right = office
        .print(&wrong, "correction_right_person")
        .expect("printed")
        .words;
    assert!(
        to_right.contains("Bodil Aagaard") && to_right.contains(&right.row.number),
        "{to_right}"
    );
    assert!(to_right.contains("10.20"), "{to_right}");
    assert!(
        !to_right.contains("Aase") && !to_right.contains("020170"),
        "{to_right}"
    );
}

#[test]
fn only_a_grant_can_be_put_right() {
    let office = Office::open();
    let case = office
        .draft()
        .decide(skranke_app::api::case::Decision::Withdraw)
        .expect("withdrawn");

    let outcome = office
        .app
        .correct_wrong_person(wrong_person(&case.row.id, true));

    assert_eq!(
        code(outcome.map(|done| done.draft_id)),
        ErrorCode::NotDecided
    );
    assert!(
        office.app.draft_list(()).expect("listed").is_empty(),
        "no draft without a correction"
    );
}

#[test]
fn a_correction_without_a_draft_offers_no_letter_to_anyone_else() {
    let office = Office::open();
    let case = office.registered().row.id;

    let done = office
        .app
        .correct_wrong_person(wrong_person(&case, false))
        .expect("put right");

    assert!(done.draft_id.is_none());
    assert!(
        done.case
            .papers_possible
            .contains(&"correction_wrong_person".to_owned())
    );
    assert!(
        !done
            .case
            .papers_possible
            .contains(&"correction_right_person".to_owned())
    );
    assert_eq!(
        code(office.preview(&case, "correction_right_person")),
        ErrorCode::PaperDoesNotFit
    );
}

#[test]
fn practice_5_taking_back_is_burdensome_and_needs_consultation_and_reasons() {
    // Given a registered exemption, and the lead of the team
    let office = Office::open();
    let case = office.registered().row.id;
    let request = TakeBackRequest {
        case_id: case,
        reasons: "Erklæringen blev givet af en anden end borgeren".to_owned(),
        consultation_held_on: Some("02.03.2026".to_owned()),
        consultation_not_needed: String::new(),
        removed_from_register: true,
        no_conflict_of_interest: true,
    };

    // When the counter tries, or the lead without consultation or reasons, partial, or with the register unchanged
    assert_eq!(
        code(office.app.take_back(request.clone())),
        ErrorCode::NotPermitted
    );
    office.sign_in("hanne");
    let unheard = TakeBackRequest {
        consultation_held_on: None,
        ..request.clone()
    };
    assert_eq!(
        code(office.app.take_back(unheard)),
        ErrorCode::ReasonMissing
    );
    let unsaid = TakeBackRequest {
        reasons: " ".to_owned(),
        ..request.clone()
    };
    assert_eq!(code(office.app.take_back(unsaid)), ErrorCode::ReasonMissing);
    // Row 4-31: taking back is a decision, and whoever decided before spoke for themselves alone
    let partial = TakeBackRequest {
        no_conflict_of_interest: false,
        ..request.clone()
    };
    assert_eq!(
        code(office.app.take_back(partial)),
        ErrorCode::ConflictOfInterest
    );
    let registered = TakeBackRequest {
        removed_from_register: false,
        ..request.clone()
    };
    assert_eq!(
        code(office.app.take_back(registered)),
        ErrorCode::StillInRegister
    );

    // Then it stands, and only the lead's with all of it goes through
    let taken = office.app.take_back(request).expect("taken back");
    assert_eq!(taken.row.state, "taken_back");
    assert!(!taken.exempt);
    assert_eq!(taken.row.ticks_missing, ["journalised"]);
}

#[test]
fn practice_5_a_mistake_is_put_right_only_once_the_register_no_longer_has_it() {
    // Given Aase stands in the register by mistake
    let office = Office::open_at("2026-03-13 10:00");
    let wrong = office.registered().row.id;

    // When staff would put it right with her still there
    let too_early = WrongPersonRequest {
        removed_from_register: false,
        ..wrong_person(&wrong, false)
    };
    let refused = office.app.correct_wrong_person(too_early);

    // Then they are told to take it out there first, since the letter says that it is put right
    assert_eq!(
        code(refused.map(|done| done.draft_id)),
        ErrorCode::StillInRegister
    );
    assert!(office.show(&wrong).exempt);
}

#[test]
fn practice_5_a_mistake_seen_before_registering_is_not_told_as_a_registration() {
    // Given a grant to the wrong person that was not registered yet
    let office = Office::open_at("2026-03-13 10:00");
    let wrong = office.granted().row.id;

    // When it is put right
    let request = WrongPersonRequest {
        removed_from_register: false,
        ..wrong_person(&wrong, false)
    };
    office.app.correct_wrong_person(request).expect("put right");

    // Then the letter says what was so
    let letter = office.words(&wrong, "correction_wrong_person");
    assert!(
        letter.contains("nåede ikke at blive registreret"),
        "{letter}"
    );
    for untrue in ["Registreret ved en fejl", "Du får igen post", "sendt igen"] {
        assert!(!letter.contains(untrue), "{untrue}: {letter}");
    }
}
