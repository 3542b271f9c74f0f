//! What a paper says stays true: who saw the ID and who decided, why on that day, and how it was signed.

use skranke_app::api::case::{Decision, RegisterLookRequest};
use skranke_app::api::draft::ScreenSignatureRequest;
use skranke_app::api::error::ErrorCode;

use crate::office::{Office, code, of_case, refusal};

/// A signature as the window sends it: a zigzag of ink on white.
const DRAWN: &str = concat!(
    "iVBORw0KGgoAAAANSUhEUgAAADwAAAAYCAAAAACDqsGOAAAAXklEQVR42u2UwQ4AEAxD9xH9/1/lRGJmVa5zkeKl2daw9rGs4DcY",
    "7pzpBAaITmC4x7s+10x9zzC3ndp8R8Yd0ysMbXfwnSPCkAi1Rgm77nIYT9Xc3iYcz1nKeP0k4up/ACNW7eEdigAAAABJRU5ErkJg",
    "gg==",
);

fn signs_on_screen(office: &Office, draft: &str) {
    let drawn = office.app.screen_signature(ScreenSignatureRequest {
        draft_id: draft.to_owned(),
        png_base64: DRAWN.to_owned(),
    });
    drawn.expect("drawn");
}

#[test]
fn a_reprint_names_who_saw_the_id_and_who_decided_and_not_who_prints() {
    // Given that Karin saw the ID and granted, and the exemption is registered
    let office = Office::open();
    let case = office.registered().row.id;

    // When Pia prints the papers
    office.sign_in("pia");
    let request = office.words(&case, "request");
    let receipt = office.words(&case, "exemption_receipt");

    // Then they name Karin
    assert!(request.contains("set af KT"), "{request}");
    assert!(receipt.contains("· KT"), "{receipt}");
    assert!(!request.contains("PH") && !receipt.contains("· PH"));
}

#[test]
fn a_refusal_and_a_letter_about_what_is_missing_name_who_wrote_them() {
    let office = Office::open();
    let refused = office.draft().decide(refusal("Nej")).expect("refused");
    let missing = vec!["Din underskrift".to_owned()];
    let missing = office.draft().decide(Decision::Incomplete { missing });
    let missing = missing.expect("asked").row.id;

    office.sign_in("pia");

    for (case, kind) in [
        (&refused.row.id, "refusal"),
        (&missing, "missing_information"),
    ] {
        let letter = office.words(case, kind);
        assert!(
            letter.contains("· KT") && !letter.contains("· PH"),
            "{letter}"
        );
    }
}

#[test]
fn who_may_not_hand_out_a_paper_is_told_before_it_leaves() {
    // Given a case an auditor may read
    let office = Office::open();
    let case = office.registered().row.id;
    office.sign_in("torben");

    // When they would print or save its receipt
    let receipt = office
        .app
        .paper_prepare(&of_case(&case, "exemption_receipt"));

    // Then there is no paper to print, and looking is still allowed
    assert_eq!(code(receipt), ErrorCode::NotPermitted);
    office.preview(&case, "exemption_receipt").expect("shown");
}

#[test]
fn row_4_25_the_letter_gives_the_reasons_of_the_day_in_words_to_the_citizen() {
    // Given a refusal to somebody who declared no ground
    let office = Office::open();
    let sheet = office.draft().untick("declared");
    let case = sheet
        .decide(refusal("Vi har talt om det."))
        .expect("refused");
    let letter = office.words(&case.row.id, "refusal");

    // Then the letter speaks to them
    for said in [
        "Du har ikke erklæret, at mindst én af grundene",
        "Du erklærer på tro og love",
    ] {
        assert!(letter.contains(said), "{said}: {letter}");
    }
    assert!(
        !letter.contains("Borgeren") && !letter.contains("Slå bopælen op"),
        "{letter}"
    );

    // And the letter printed when the register says something else by then gives the same reasons
    office.comes_back("2026-06-01 10:00", "karin");
    let look = office.app.register_look(RegisterLookRequest {
        case_id: case.row.id.clone(),
        seen: "exempt".to_owned(),
    });
    look.expect("recorded");
    let later = office.words(&case.row.id, "refusal");
    assert!(!later.contains("allerede fritaget"), "{later}");
    assert!(later.contains("Du har ikke erklæret"), "{later}");
}

#[test]
fn row_4_24_every_requirement_that_can_stand_unmet_has_words_to_the_citizen() {
    let office = Office::open();
    let forms = skranke_forms::Forms::embedded().expect("the shipped forms");
    let check = office.blank().check();
    let mut open = vec![&check.proof];
    while let Some(node) = open.pop() {
        open.extend(&node.parts);
        if !node.parts.is_empty() {
            continue;
        }
        for group in ["citizen_unmet", "citizen_remedy"] {
            let key = format!("{group}.{}", node.code);
            let text = forms.texts().say(&key, &[]);
            assert_ne!(text, key, "no words");
            assert!(
                !text.contains("orgeren"),
                "{key} speaks of the citizen: {text}"
            );
        }
    }
}

#[test]
fn practice_5_a_rejection_says_what_the_citizen_can_do_next() {
    let office = Office::open();
    let turned_away = Decision::Reject {
        reason: "no_valid_id".to_owned(),
        next_step: "Bestil et pas på telefon 70 00 00 00.".to_owned(),
    };
    let case = office.draft().untick("id_checked").decide(turned_away);

    let paper = office.words(&case.expect("rejected").row.id, "rejection");

    assert!(paper.contains("Bestil et pas på telefon"), "{paper}");
}

#[test]
fn practice_12_a_signature_on_the_screen_is_one_only_when_it_was_drawn() {
    // Given a municipality that approved signing on the screen
    let office = Office::with_profile(|text| {
        text.replace("screen_signature = false", "screen_signature = true")
    });
    let on_screen = || {
        let gone_through = office.draft().gone_through();
        gone_through.set("signing_method", "screen")
    };

    // When nobody drew anything
    let undrawn = on_screen();
    assert_eq!(undrawn.check().proof.outcome, "not_met");
    assert_eq!(code(undrawn.grant()), ErrorCode::RequirementsNotMet);

    // And when the citizen drew it
    let signed = on_screen().save();
    signs_on_screen(&office, &signed.id);
    assert_eq!(signed.check().proof.outcome, "met");
    let case = signed.grant().expect("granted").row.id;

    // Then the request shows it, with the name and the day beside it
    let request = office.words(&case, "request");
    let signature = request.split("13.03.2026").count();
    let by_hand = office.granted().row.id;
    let unsigned = office.words(&by_hand, "request");
    assert!(
        signature > unsigned.split("13.03.2026").count(),
        "{request}"
    );
    let bytes = |case: &str| {
        let paper = office.preview(case, "request").expect("a paper");
        crate::office::pdf_of(&paper).len()
    };
    assert!(
        bytes(&case) > bytes(&by_hand) + 200,
        "the strokes are on the paper"
    );
}

#[test]
fn who_cannot_sign_has_a_witness_who_signs() {
    let office = Office::open();
    let sheet = office
        .draft()
        .set("signing_method", "unable")
        .set("unable_reason", "Har brækket armen")
        .gone_through()
        .set("witness_name", "Eva Lind");
    let case = sheet.grant().expect("granted");

    let request = office.words(&case.row.id, "request");

    assert!(request.contains("Dato og vidnets underskrift"), "{request}");
    assert!(
        !request.contains("Dato og borgerens underskrift"),
        "{request}"
    );
    for (label, value) in [
        ("label.unable_to_sign", "Har brækket armen"),
        ("label.witness", "Eva Lind"),
        ("label.id_kind", "Pas"),
    ] {
        let line = case.facts.iter().find(|line| line.label == label);
        assert_eq!(line.expect(label).value, value);
    }
}
