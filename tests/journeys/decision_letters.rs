//! Informed before decided, reasoned in writing, with legal basis and the way to complain.

use skranke_app::api::case::{CaseRef, DecideRequest, Decision, NoteRequest};
use skranke_app::api::error::ErrorCode;

use crate::office::{Office, code, refusal, said};

#[test]
fn row_4_20_nothing_is_granted_before_the_case_is_informed() {
    // Given forms with a hole
    let office = Office::open();
    for hole in [
        "id_kind",
        "id_checked",
        "cpr",
        "citizen_name",
        "declared",
        "request_signed",
        "unopened_post",
    ] {
        let sheet = office.draft().without(hole);

        // When staff would grant
        let check = sheet.check();
        let error = sheet.grant().err().expect("must be refused");

        // Then they are told which field, in Danish
        assert!(check.problems.iter().any(|p| p.field == hole), "{hole}");
        assert_eq!(error.code, ErrorCode::InvalidFields, "{hole}");
        assert_eq!(error.params["field"], hole);
        said(&error);
    }
}

#[test]
fn row_4_20_what_is_missing_is_asked_for_in_writing() {
    let office = Office::open();
    let empty = Decision::Incomplete {
        missing: vec!["  ".to_owned()],
    };
    assert_eq!(code(office.draft().decide(empty)), ErrorCode::ReasonMissing);

    let missing = vec!["En fuldmagt, som du har skrevet under".to_owned()];
    let case = office
        .draft()
        .untick("request_signed")
        .decide(Decision::Incomplete { missing })
        .expect("asked");

    assert_eq!(case.row.state, "incomplete");
    let letter = office.words(&case.row.id, "missing_information");
    assert!(
        letter.contains("En fuldmagt, som du har skrevet under"),
        "{letter}"
    );
    assert!(letter.contains("Du får stadig post fra det offentlige i Digital Post"));

    // And before it comes nothing is granted
    let early = office.decide_case(&case.row.id, Decision::Grant { duration: None });
    assert_eq!(
        code(early.map(|case| case.row.state)),
        ErrorCode::RequirementsNotMet
    );

    // And when it comes, the case is decided
    let draft = office.app.case_continue(CaseRef {
        id: case.row.id,
        purpose: None,
    });
    let draft = draft.expect("goes on");
    let mut sheet = office.blank();
    sheet.id = draft.id;
    sheet.fields = draft.fields;
    let granted = sheet.tick("declared").tick("request_signed").grant();
    assert_eq!(granted.expect("granted").row.state, "granted");
}

#[test]
fn row_4_25_a_refusal_is_reasoned_and_written() {
    // Given a citizen who will not declare a ground
    let office = Office::open();
    let unsure = || office.draft().untick("declared");
    assert_eq!(
        code(unsure().decide(refusal("  "))),
        ErrorCode::ReasonMissing
    );
    let unheard = Decision::Refuse {
        reasons: "Borgeren ville ikke erklære".to_owned(),
        consultation_held_on: None,
        consultation_not_needed: " ".to_owned(),
    };
    assert_eq!(code(unsure().decide(unheard)), ErrorCode::ReasonMissing);

    // When it is refused
    let case = unsure().decide(refusal("Borgeren ville ikke erklære at opfylde en grund"));
    let case = case.expect("refused");

    // Then the letter gives the reasons, from staff and from the proof
    assert_eq!(case.row.state, "refused");
    assert_eq!(case.row.ticks_missing, ["journalised"], "practice 4");
    let letter = office
        .print(&case.row.id, "refusal")
        .expect("printed")
        .words;
    assert!(
        letter.contains("Borgeren ville ikke erklære at opfylde en grund"),
        "{letter}"
    );
    assert!(letter.contains("Derfor får du afslag"));
    assert!(!letter.contains("er fritaget"));
}

#[test]
fn row_4_24_a_refusal_names_its_legal_basis() {
    let office = Office::with_profile(|text| {
        text.replace(
            "legal_citation = \"\"",
            "legal_citation = \"Lov om Digital Post § 5\"",
        )
    });
    let case = office
        .draft()
        .decide(refusal("Kravet er ikke opfyldt"))
        .expect("refused");

    let letter = office.words(&case.row.id, "refusal");

    assert!(letter.contains("Lov om Digital Post § 5"), "{letter}");
}

#[test]
fn row_4_24_every_requirement_names_its_source() {
    let office = Office::open();
    let check = office.blank().check();
    let mut open = vec![&check.proof];
    let mut leaves = 0;
    while let Some(node) = open.pop() {
        assert!(
            !node.source.is_empty() && !node.source.starts_with("source."),
            "{}",
            node.code
        );
        assert!(!node.text.starts_with("requirement."), "{}", node.code);
        leaves += usize::from(node.parts.is_empty());
        open.extend(&node.parts);
    }
    assert!(leaves > 8, "the proof has {leaves} leaves");
}

#[test]
fn row_4_27_a_refusal_says_how_to_complain() {
    // Given a municipality that has written its guidance, and one that has not yet
    let own = Office::with_profile(|text| {
        text.replace(
            "complaint_guidance = \"\"",
            "complaint_guidance = \"Skriv til Borgerservice inden fire uger.\"",
        )
    });
    let general = Office::open();

    // When each refuses
    for (office, guidance) in [
        (&own, "Skriv til Borgerservice inden fire uger."),
        (&general, "Er du uenig, kan du bede os se på sagen igen."),
    ] {
        let case = office
            .draft()
            .decide(refusal("Kravet er ikke opfyldt"))
            .expect("refused");
        let letter = office.words(&case.row.id, "refusal");

        // Then the letter tells the citizen what to do
        assert!(
            letter.contains("Hvis du vil klage") && letter.contains(guidance),
            "{letter}"
        );
    }
}

#[test]
fn row_4_26_notes_are_timed_signed_and_never_changed() {
    // Given a case
    let office = Office::open_at("2026-03-13 10:00");
    let case = office.granted().row.id;
    let note = |text: &str| {
        office.app.note_add(NoteRequest {
            case_id: case.clone(),
            text: text.to_owned(),
        })
    };

    // When notes are taken
    assert_eq!(code(note("  ")), ErrorCode::ReasonMissing);
    assert_eq!(code(note(&"x".repeat(4_001))), ErrorCode::InvalidFields);
    office.moves_to("2026-03-13 10:03");
    note("Borgeren spurgte til NemSMS").expect("noted");
    office.comes_back("2026-03-13 11:00", "pia");
    let case_now = note("Rettelse: spurgte til SU").expect("noted");

    // Then both stand, with who and when
    let notes: Vec<_> = case_now
        .timeline
        .iter()
        .filter(|l| l.kind == "note_added")
        .collect();
    assert_eq!(notes.len(), 2);
    assert_eq!(
        (notes[0].initials.as_str(), notes[1].initials.as_str()),
        ("KT", "PH")
    );
    assert_eq!(notes[0].at, "2026-03-13T09:03:00.000Z");
    assert_eq!(notes[0].detail, "Borgeren spurgte til NemSMS");
}

#[test]
fn row_4_31_nobody_decides_without_saying_that_they_have_no_conflict_of_interest() {
    let office = Office::open();
    for decision in [Decision::Grant { duration: None }, refusal("Nej")] {
        let outcome = office.draft().decide_confirming(decision, false);
        assert_eq!(code(outcome), ErrorCode::ConflictOfInterest);
    }

    let granted = office.granted();

    assert!(
        granted
            .timeline
            .iter()
            .any(|l| l.kind == "conflict_of_interest_checked")
    );
}

#[test]
fn row_4_31_whoever_has_a_conflict_of_interest_hands_over_and_a_colleague_decides() {
    let office = Office::open();
    let kept = office
        .draft()
        .decide_confirming(Decision::HandOver, false)
        .expect("kept");
    assert_eq!(kept.row.state, "received");
    let said = kept
        .timeline
        .iter()
        .find(|line| line.kind == "conflict_of_interest_checked");
    assert!(said.expect("said").detail.contains("inhabil"));
    let grant = |office: &Office| {
        office.app.decide(DecideRequest {
            draft_id: None,
            case_id: Some(kept.row.id.clone()),
            decision: Decision::Grant { duration: None },
            no_conflict_of_interest: true,
        })
    };

    assert_eq!(code(grant(&office)), ErrorCode::ConflictOfInterest);

    office.sign_in("pia");
    assert_eq!(grant(&office).expect("decided").row.state, "granted");
}

#[test]
fn practice_5_a_rejection_is_no_refusal_and_says_nothing_about_the_citizen() {
    // Given somebody without valid ID who gives a name and a number
    let office = Office::open();
    let sheet = office.draft().untick("id_checked").save();
    let scan = office.folder.path().join("scan.pdf");
    std::fs::write(&scan, skranke_testkit::files::scanned_pdf()).expect("written");
    let attached = office.app.attach(skranke_app::api::draft::AttachRequest {
        draft_id: Some(sheet.id.clone()),
        case_id: None,
        purpose: "signed_request".to_owned(),
        path: Some(scan.to_string_lossy().into_owned()),
    });
    attached.expect("attached");

    // When they are turned away
    let odd = Decision::Reject {
        reason: "Aase Lindholm".to_owned(),
        next_step: String::new(),
    };
    assert_eq!(code(office.draft().decide(odd)), ErrorCode::InvalidFields);
    let turned_away = Decision::Reject {
        reason: "no_valid_id".to_owned(),
        next_step: String::new(),
    };
    let case = sheet.decide(turned_away).expect("rejected");

    // Then nothing of the citizen is in the case or on the paper
    assert_eq!(case.row.state, "rejected");
    assert_eq!(
        (case.row.name.as_str(), case.row.cpr_masked.as_str()),
        ("", "")
    );
    assert!(case.attachments.is_empty(), "nor the scan");
    let paper = office.words(&case.row.id, "rejection");
    assert!(paper.contains("Vi så ikke gyldig legitimation"), "{paper}");
    assert!(
        !paper.contains("Aase") && !paper.contains("0201") && !paper.contains("fslag"),
        "{paper}"
    );
    assert_eq!(
        code(office.preview(&case.row.id, "refusal")),
        ErrorCode::PaperDoesNotFit
    );
}

#[test]
fn practice_5_who_loses_an_exemption_is_told_why_in_writing_and_how_to_complain() {
    // Given an exemption that the unit takes back after consulting the citizen
    let office = Office::open();
    let case = office.registered().row.id;
    office.sign_in("birgit");
    office.moves_to("2026-03-13 10:04");
    let taken = office
        .app
        .take_back(skranke_app::api::case::TakeBackRequest {
            case_id: case.clone(),
            reasons: "Erklæringen var ikke din.".to_owned(),
            consultation_held_on: Some("12.03.2026".to_owned()),
            consultation_not_needed: String::new(),
            removed_from_register: true,
            no_conflict_of_interest: true,
        })
        .expect("taken back");

    // When the letter is printed
    assert_eq!(taken.papers_possible[0], "taken_back");
    let letter = office.print(&case, "taken_back").expect("printed").words;

    // Then it says why, from when, what it means and what to do, and goes to the citizen by post
    for said in [
        "Du er ikke fritaget",
        "Erklæringen var ikke din.",
        "13. marts 2026 kl. 10.04",
        "Du får igen post fra det offentlige i Digital Post",
        "Hvis du vil klage",
        "Ahornvej 3",
    ] {
        assert!(letter.contains(said), "{said}: {letter}");
    }
    assert_eq!(
        code(office.preview(&case, "exemption_receipt")),
        ErrorCode::PaperDoesNotFit
    );
}

#[test]
fn row_4_25_a_refusal_gives_no_reason_that_is_only_not_known() {
    // Given a citizen who will not declare, before anybody asked where they live and what else they sign
    let office = Office::open();
    let unsure = office
        .draft()
        .untick("declared")
        .without("citizen_residence")
        .without("signed_on");

    // When it is refused
    let case = unsure.decide(refusal("Borgeren vil ikke erklære at opfylde en grund"));
    let case = case.expect("refused");

    // Then the letter says what is so, and nothing that nobody has looked up
    let letter = office.words(&case.row.id, "refusal");
    assert!(letter.contains("Du har ikke erklæret"), "{letter}");
    for untrue in [
        "aldrig haft bopæl i Danmark",
        "Digitaliseringsstyrelsen",
        "Datoen for underskriften passer ikke",
        "ikke fyldt 15 år",
        "allerede fritaget",
    ] {
        assert!(!letter.contains(untrue), "{untrue}: {letter}");
    }
}

#[test]
fn row_4_25_words_no_letter_can_carry_are_told_before_anything_is_decided() {
    // Given reasons that name a number the municipality keeps off its papers, or a letter no font has
    let office = Office::open();
    for (reasons, expected) in [
        ("Borgeren med 251216 9996 vil ikke", ErrorCode::CprInLetter),
        ("Borgeren 251216-9996 vil ikke", ErrorCode::CprInLetter),
        ("Borgeren skrev 漢", ErrorCode::CharacterUnprintable),
    ] {
        // When staff would refuse
        let draft = office.draft().untick("declared");
        let error = draft.decide(refusal(reasons)).err().expect("told");

        // Then they are told before, and nothing is decided
        assert_eq!(error.code, expected, "{reasons}");
        said(&error);
    }
}

#[test]
fn a_rejection_may_tell_in_the_words_of_staff_that_it_is_no_refusal() {
    let office = Office::open();
    let case = office
        .draft()
        .decide(Decision::Reject {
            reason: "no_valid_id".to_owned(),
            next_step: "Det er ikke et afslag. Kom igen med dit pas.\nVi har åbent til kl. 17."
                .to_owned(),
        })
        .expect("rejected");

    let letter = office.words(&case.row.id, "rejection");
    assert!(letter.contains("Det er ikke et afslag"), "{letter}");
}

#[test]
fn row_4_31_what_a_colleague_said_of_themselves_counts_for_nobody_else() {
    // Given a case for which Karin said that she is not disqualified
    let office = Office::open();
    let missing = Decision::Incomplete {
        missing: vec!["Underskrift".to_owned()],
    };
    let case = office.draft().decide(missing).expect("incomplete");
    office.sign_in("pia");

    // When Pia decides without saying it
    let early = office.app.decide(DecideRequest {
        draft_id: None,
        case_id: Some(case.row.id),
        decision: refusal("Borgeren vil ikke"),
        no_conflict_of_interest: false,
    });

    // Then it is not decided
    assert_eq!(
        code(early.map(|case| case.row.state)),
        ErrorCode::ConflictOfInterest
    );
}
