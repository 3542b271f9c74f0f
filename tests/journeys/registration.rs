//! Granted is not yet exempt: the registration tick, the paper before it and the receipt after it.

use skranke_app::api::case::{RegisterLookRequest, TickRequest};
use skranke_app::api::error::ErrorCode;

use crate::office::{Office, code};

#[test]
fn practice_8_before_the_registration_the_paper_says_so_and_after_it_a_new_receipt_carries_both_times()
 {
    // Given granted at 10:00 and not registered
    let office = Office::open_at("2026-03-13 10:00");
    let case = office.granted();
    assert!(!case.exempt);
    let id = &case.row.id;

    // When the receipt is asked for
    assert_eq!(
        code(office.preview(id, "exemption_receipt")),
        ErrorCode::NotRegistered
    );
    let interim = office.print(id, "interim_paper").expect("printed");

    // Then the paper says granted, not yet registered, post still digital
    assert!(interim.words.contains("Bevilget, endnu ikke registreret"));
    assert!(
        interim
            .words
            .contains("Du får stadig post fra det offentlige i Digital Post")
    );
    assert!(!interim.words.contains("er fritaget"), "{}", interim.words);

    // And after registration at 15:00 a new receipt, without copy mark, carries both times
    office.comes_back("2026-03-13 15:00", "karin");
    let registered = office.register(id).expect("registered");
    assert!(registered.exempt);
    let receipt = office.print(id, "exemption_receipt").expect("printed");
    assert_eq!(receipt.copy, 0);
    assert!(!receipt.words.contains("KOPI"));
    assert_ne!(receipt.number, interim.number);
    assert!(receipt.words.contains("13. marts 2026 kl. 10.00"));
    assert!(receipt.words.contains("13. marts 2026 kl. 15.00"));

    // And the interim paper is no longer possible
    assert_eq!(
        code(office.preview(id, "interim_paper")),
        ErrorCode::PaperDoesNotFit
    );
}

#[test]
fn the_receipt_cannot_be_ticked_before_the_registration() {
    let office = Office::open();
    let case = office.granted().row.id;

    assert_eq!(
        code(office.give_receipt(&case, "handed_over", "")),
        ErrorCode::NotRegistered
    );
}

#[test]
fn a_registration_lies_between_decision_and_now() {
    let office = Office::open_at("2026-03-13 10:00");
    let case = office.granted().row.id;
    office.moves_to("2026-03-13 10:04");
    let at = |moment: &str| {
        office.app.tick(TickRequest::Registered {
            case_id: case.clone(),
            reference: String::new(),
            registered_at: Some(moment.to_owned()),
        })
    };

    assert_eq!(
        code(at("2026-03-13T08:59:59Z")),
        ErrorCode::RegisteredBeforeDecision
    );
    assert_eq!(code(at("2026-03-13T09:04:01Z")), ErrorCode::InvalidFields);
    assert_eq!(code(at("i går")), ErrorCode::InvalidFields);
    assert!(at("2026-03-13T09:03:00Z").expect("registered").exempt);
    assert_eq!(code(at("2026-03-13T09:03:30Z")), ErrorCode::TickAlreadySet);
}

#[test]
fn practice_4_the_receipt_is_waived_only_with_a_reason_and_the_other_ticks_never() {
    // Given a registered exemption
    let office = Office::open();
    let case = office.registered().row.id;

    // When the citizen does not want the receipt
    assert_eq!(
        code(office.give_receipt(&case, "waived", "  ")),
        ErrorCode::ReasonMissing
    );
    let waived = office.give_receipt(&case, "waived", "Borgeren ønsker den ikke");

    // Then the reason is kept, and the journal tick is still missing
    let waived = waived.expect("waived");
    assert_eq!(waived.row.ticks_missing, ["journalised"]);
    let line = waived.timeline.last().expect("a line");
    assert!(
        line.detail.contains("Borgeren ønsker den ikke"),
        "{}",
        line.detail
    );
}

#[test]
fn a_tick_is_undone_with_a_reason_and_the_receipt_after_it_is_new() {
    // Given a registration ticked by mistake, and a receipt printed for it
    let office = Office::open_at("2026-03-13 10:00");
    let case = office.registered().row.id;
    let first = office.print(&case, "exemption_receipt").expect("printed");

    // When the tick is undone
    assert_eq!(
        code(office.undo(&case, "registered", "")),
        ErrorCode::ReasonMissing
    );
    assert_eq!(
        code(office.undo(&case, "receipt", "Fejl")),
        ErrorCode::TickNotSet
    );
    let undone = office
        .undo(&case, "registered", "Sat på den forkerte sag")
        .expect("undone");

    // Then the citizen is not exempt, and the receipt after the real registration is no copy
    assert!(!undone.exempt);
    assert_eq!(
        undone.row.ticks_missing,
        ["registered", "receipt", "journalised"]
    );
    office.moves_to("2026-03-13 10:04");
    office.register(&case).expect("registered");
    let second = office.print(&case, "exemption_receipt").expect("printed");
    assert_eq!(second.copy, 0);
    assert_ne!(second.number, first.number);
    assert!(second.words.contains("kl. 10.04"));

    // And once the receipt is given, the registration under it stands
    office
        .give_receipt(&case, "handed_over", "")
        .expect("given");
    assert_eq!(
        code(office.undo(&case, "registered", "Fejl")),
        ErrorCode::TickAlreadySet
    );
    office
        .undo(&case, "receipt", "Borgeren glemte den")
        .expect("undone");
}

#[test]
fn practice_3_where_our_record_says_exempt_the_register_is_looked_in_before_a_new_grant() {
    // Given a citizen whom our record calls exempt
    let office = Office::open();
    office.registered();
    office.comes_back("2026-06-01 10:00", "karin");
    let sheet = office.draft().set("register_seen", "not_looked").save();
    let known = office
        .app
        .citizen_known(sheet.reference())
        .expect("looked up");
    assert!(known.exempt_by_our_record);

    // When somebody would grant it again without having looked in the register
    // Then the look is demanded
    assert!(
        sheet
            .check()
            .warnings
            .contains(&"register_not_looked".to_owned())
    );
    let check = sheet.check();
    let register = check.proof.parts.last().expect("the register");
    assert_eq!(register.outcome, "not_met");
    assert!(register.fact.contains("Skranke siger"), "{}", register.fact);
    assert!(register.remedy.contains("registret"), "{}", register.remedy);
    assert_eq!(code(sheet.grant()), ErrorCode::RegisterNotChecked);

    // And the register decides: exempt there means no new grant, rejoined means a new one
    let exempt_there = office.draft().set("register_seen", "exempt").grant();
    assert_eq!(code(exempt_there), ErrorCode::RequirementsNotMet);
    let rejoined = office.draft().set("register_seen", "not_exempt").grant();
    assert_eq!(rejoined.expect("granted").register_seen, "not_exempt");
}

#[test]
fn practice_3_what_was_seen_in_the_register_is_recorded_with_its_time() {
    let office = Office::open();
    let case = office.registered().row.id;
    office.comes_back("2026-06-01 10:00", "karin");

    let looked = office
        .app
        .register_look(RegisterLookRequest {
            case_id: case,
            seen: "not_exempt".to_owned(),
        })
        .expect("recorded");

    assert_eq!(looked.register_seen, "not_exempt");
    assert_eq!(looked.register_seen_at, "2026-06-01T08:00:00.000Z");
}

#[test]
fn row_2_03_the_journal_takes_the_municipalitys_own_number_and_its_true_time() {
    // Given an exemption journalised before somebody got to Skranke
    let office = Office::open_at("2026-03-13 10:00");
    let case = office.registered().row.id;
    office.comes_back("2026-03-13 15:00", "karin");
    let journalised = |at: &str| {
        office.app.tick(TickRequest::Journalised {
            case_id: case.clone(),
            reference: "2026-1234".to_owned(),
            journalised_at: Some(at.to_owned()),
        })
    };

    // When the tick is made with a moment that has not come
    assert_eq!(
        code(journalised("2026-03-13T15:00:00Z")),
        ErrorCode::InvalidFields
    );

    // Then it is refused, and the true moment is kept
    let view = journalised("2026-03-13T13:30:00Z").expect("ticked");
    let tick = view.ticks.iter().find(|tick| tick.tick == "journalised");
    let tick = tick.expect("there");
    assert_eq!(tick.detail, "2026-1234");
    assert!(tick.at.starts_with("2026-03-13T13:30:00"), "{}", tick.at);
}

#[test]
fn row_2_03_whoever_files_a_case_is_told_its_subject_how_long_it_is_kept_and_what_a_number_looks_like()
 {
    let office = Office::with_profile(|text| text.replace("P2190D", "P5Y"));

    let filing = office.app.settings(()).expect("shown").filing;

    assert_eq!(filing.subject, "23.15.15 G01");
    assert_eq!(filing.kept_for, "5 år");
    assert_eq!(filing.number_example, "2026-10423-2");
}
