//! Papers a second time: KOPI and its number, the printer that failed, and the register that must be looked in first.

use skranke_app::api::case::{EndRequest, RegisterLookRequest};
use skranke_app::api::error::ErrorCode;
use skranke_app::api::paper::PaperCameOut;

use crate::office::{Office, code, of_case, words_of};

fn sees(office: &Office, case: &str, seen: &str) {
    let request = RegisterLookRequest {
        case_id: case.to_owned(),
        seen: seen.to_owned(),
    };
    office.app.register_look(request).expect("recorded");
}

#[test]
fn practice_8_a_reprint_demands_a_look_in_the_register_first() {
    // Given that our record says active, and the citizen has rejoined with MitID
    let office = Office::open();
    let case = office.registered().row.id;
    office.print(&case, "exemption_receipt").expect("printed");
    office
        .give_receipt(&case, "handed_over", "")
        .expect("given");
    office.comes_back("2026-06-01 10:00", "karin");

    // When a reprint is asked for
    // Then a look in the register is demanded
    assert_eq!(
        code(office.preview(&case, "exemption_receipt")),
        ErrorCode::RegisterNotChecked
    );

    // And when the register says rejoined, no paper says exempt
    sees(&office, &case, "not_exempt");
    assert_eq!(
        code(office.preview(&case, "exemption_receipt")),
        ErrorCode::PaperDoesNotFit
    );
    let ended = office.app.end_exemption(EndRequest {
        case_id: case.clone(),
        ending: "rejoined_by_citizen".to_owned(),
        ended_on: "2026-05-20".to_owned(),
    });
    assert_eq!(ended.expect("ended").row.state, "rejoined_by_citizen");
    assert_eq!(
        code(office.preview(&case, "exemption_receipt")),
        ErrorCode::PaperDoesNotFit
    );
}

#[test]
fn no_receipt_says_exempt_of_somebody_whose_exemption_ended() {
    // Given an exemption whose receipt was never printed, and a citizen who rejoined at the counter
    let office = Office::open();
    let case = office.registered().row.id;
    let ended = office.app.end_exemption(EndRequest {
        case_id: case.clone(),
        ending: "rejoined_at_counter".to_owned(),
        ended_on: "13.03.2026".to_owned(),
    });
    assert!(!ended.expect("ended").exempt);

    // When the receipt is asked for
    let receipt = office.preview(&case, "exemption_receipt");

    // Then the register is asked first, and it says otherwise
    assert_eq!(code(receipt), ErrorCode::RegisterNotChecked);
    office.moves_to("2026-03-13 10:03");
    sees(&office, &case, "not_exempt");
    assert_eq!(
        code(office.preview(&case, "exemption_receipt")),
        ErrorCode::PaperDoesNotFit
    );
}

#[test]
fn a_look_from_yesterday_is_not_a_look() {
    let office = Office::open();
    let case = office.registered().row.id;
    office.print(&case, "exemption_receipt").expect("printed");
    office.comes_back("2026-06-01 15:00", "karin");
    sees(&office, &case, "exempt");
    assert_eq!(
        office
            .preview(&case, "exemption_receipt")
            .expect("shown")
            .copy,
        1
    );

    office.comes_back("2026-06-02 08:00", "karin");

    assert_eq!(
        code(office.preview(&case, "exemption_receipt")),
        ErrorCode::RegisterNotChecked
    );
}

#[test]
fn copies_keep_the_number_and_count_themselves() {
    // Given a receipt that was handed over
    let office = Office::open();
    let case = office.registered().row.id;
    let original = office.print(&case, "exemption_receipt").expect("printed");
    assert!(!original.words.contains("KOPI"));

    // When it is printed again, twice
    let first = office.print(&case, "exemption_receipt").expect("printed");
    let second = office.print(&case, "exemption_receipt").expect("printed");

    // Then each copy says which it is, under the original's number
    assert_eq!([first.copy, second.copy], [1, 2]);
    assert_eq!(
        [&first.number, &second.number],
        [&original.number, &original.number]
    );
    assert!(first.words.contains("KOPI") && second.words.contains("KOPI"));
    let issued = office.show(&case).papers;
    let copies: Vec<u16> = issued.iter().map(|paper| paper.copy).collect();
    assert_eq!(copies, [0, 1, 2]);
}

#[test]
fn a_paper_the_printer_did_not_take_is_no_copy_the_next_time() {
    // Given a receipt sent to a printer without paper
    let office = Office::open();
    let case = office.registered().row.id;
    let failed = office
        .app
        .paper_prepare(&of_case(&case, "exemption_receipt"))
        .expect("made");
    assert!(words_of(&failed.pdf).contains(&failed.view.number));

    // When it is printed again on one that works
    let printed = office.print(&case, "exemption_receipt").expect("printed");

    // Then it is the original, with the same number
    assert_eq!(printed.copy, 0);
    assert_eq!(printed.number, failed.view.number);
    assert!(!printed.words.contains("KOPI"));
}

#[test]
fn two_papers_made_before_either_came_out_have_two_numbers() {
    // Given two citizens' receipts, the second made while the first is still at the printer
    let office = Office::open();
    let first_case = office.registered().row.id;
    let second_case = office.registered().row.id;
    let prepare = |case: &str, kind: &str| {
        let made = office.app.paper_prepare(&of_case(case, kind));
        made.expect("made")
    };
    let first = prepare(&first_case, "exemption_receipt");
    let looked_at = office
        .preview(&second_case, "exemption_receipt")
        .expect("shown");
    let second = prepare(&second_case, "exemption_receipt");
    let request = prepare(&first_case, "request");

    // When they come out in another order
    for paper in [&request, &second, &first] {
        office.app.paper_record(paper).expect("recorded");
    }

    // Then no number is on two papers, and each case knows its own
    let numbers = [&first, &second, &request].map(|paper| paper.view.number.clone());
    assert_eq!(numbers, ["S1-2026-00001", "S1-2026-00002", "S1-2026-00003"]);
    assert_eq!(looked_at.number, second.view.number, "a look takes none");
    assert!(words_of(&second.pdf).contains(&numbers[1]));
    assert_eq!(office.show(&second_case).papers[0].number, numbers[1]);
    let next = office.print(&second_case, "request").expect("printed");
    assert_eq!(next.number, "S1-2026-00004");
}

#[test]
fn a_number_is_kept_for_its_paper_when_the_program_ends_before_it_came_out() {
    // Given a receipt that was made when the program ended
    let office = Office::open();
    let case = office.registered().row.id;
    let other = office.registered().row.id;
    let made = office
        .app
        .paper_prepare(&of_case(&case, "exemption_receipt"));
    let number = made.expect("made").view.number;

    // When it is started again, and another receipt goes out first
    let office = office.restarted();
    office.sign_in("karin");
    let others = office.print(&other, "exemption_receipt").expect("printed");

    // Then the first still has its number
    assert_ne!(others.number, number);
    let printed = office.print(&case, "exemption_receipt").expect("printed");
    assert_eq!((printed.number, printed.copy), (number, 0));
}

#[test]
fn a_look_at_a_paper_is_logged_as_a_look_and_a_print_as_a_print() {
    let office = Office::open();
    let case = office.registered().row.id;
    office.preview(&case, "exemption_receipt").expect("shown");
    let after_look = office.audit(&case);
    assert!(after_look.contains(&("case_read".to_owned(), "paper".to_owned())));
    assert!(
        after_look
            .iter()
            .all(|(action, _)| action != "paper_issued")
    );

    office.sign_in("karin");
    office.print(&case, "exemption_receipt").expect("printed");

    assert!(
        office
            .audit(&case)
            .iter()
            .any(|(action, _)| action == "paper_issued")
    );
}

#[test]
fn different_papers_have_different_numbers() {
    let office = Office::open();
    let case = office.granted().row.id;
    let interim = office.print(&case, "interim_paper").expect("printed");
    office.register(&case).expect("registered");
    let receipt = office.print(&case, "exemption_receipt").expect("printed");

    assert_eq!(interim.number, "S1-2026-00001");
    assert_eq!(receipt.number, "S1-2026-00002");
}

#[test]
fn a_name_no_font_has_is_named_before_printing_and_never_printed_as_boxes() {
    let office = Office::open();
    let case = office
        .draft()
        .set("citizen_name", "Aase 林 Lindholm")
        .grant()
        .expect("granted");
    let shown = office
        .preview(&case.row.id, "interim_paper")
        .expect("shown");
    assert_eq!(shown.uncovered, ["林"]);

    let printed = office.print(&case.row.id, "interim_paper");

    assert_eq!(
        code(printed.map(|paper| paper.number)),
        ErrorCode::CharacterUnprintable
    );
    assert!(office.show(&case.row.id).papers.is_empty());
}

#[test]
fn names_from_the_coverage_list_come_out_as_typed() {
    let office = Office::open();
    for name in [
        "Nguyễn Thị Hoa",
        "Łucja Wiśniewska",
        "Ægir Østergård",
        "İlkay Şahin",
    ] {
        let case = office
            .draft()
            .set("citizen_name", name)
            .grant()
            .expect("granted");
        let words = office.words(&case.row.id, "interim_paper");
        assert!(words.contains(name), "{name} stands on: {words}");
    }
}

#[test]
fn a_paper_that_did_not_come_out_is_no_copy_the_next_time() {
    // Given a receipt the printer took and jammed on
    let office = Office::open();
    let case = office.registered().row.id;
    let receipt = of_case(&case, "exemption_receipt");
    let prepare = || office.app.paper_prepare(&receipt).expect("a paper");
    let first = prepare();
    let number = first.view.number.clone();
    office.app.paper_await(first).expect("kept");

    // When whoever stands there says that nothing came out
    let answer = |came_out| PaperCameOut { came_out };
    office.app.paper_came_out(answer(false)).expect("heard");

    // Then the next print has the same number and no copy mark, and nothing is listed as issued
    assert!(office.show(&case).papers.is_empty());
    let second = prepare();
    assert_eq!((&second.view.number, second.view.copy), (&number, 0));

    // And once it came out, the next one is a copy
    office.app.paper_await(second).expect("kept");
    office.app.paper_came_out(answer(true)).expect("heard");
    sees(&office, &case, "exempt");
    assert_eq!(prepare().view.copy, 1);
    assert_eq!(office.show(&case).papers.len(), 1);
}

#[test]
fn a_paper_nobody_answered_for_counts_as_handed_out() {
    let office = Office::open();
    let case = office.registered().row.id;
    let receipt = of_case(&case, "exemption_receipt");
    let first = office.app.paper_prepare(&receipt).expect("a paper");
    office.app.paper_await(first).expect("kept");

    // When the desk is left without an answer
    office.app.session_lock(()).expect("locked");
    office.sign_in("karin");

    // Then the paper is in the case, so that a second one says KOPI
    assert_eq!(office.show(&case).papers.len(), 1);
    sees(&office, &case, "exempt");
    assert_eq!(
        office
            .app
            .paper_prepare(&receipt)
            .expect("a paper")
            .view
            .copy,
        1
    );
}

#[test]
fn a_copy_is_offered_under_a_name_of_its_own_that_says_nothing_of_the_citizen() {
    // Given a receipt that was handed out
    let office = Office::open();
    let case = office.registered().row.id;
    let original = office.preview(&case, "exemption_receipt").expect("made");
    office.print(&case, "exemption_receipt").expect("printed");

    // When it is made again
    let copy = office.preview(&case, "exemption_receipt").expect("made");

    // Then it is a copy by its name too
    assert_eq!((original.copy, copy.copy), (0, 1));
    let number = &original.number;
    assert_eq!(
        original.file_name,
        format!("fritagelseskvittering-{number}.pdf")
    );
    assert_eq!(
        copy.file_name,
        format!("fritagelseskvittering-{number}-kopi-1.pdf")
    );
}

/// A receipt the printer took and nobody answered for.
fn unanswered(office: &Office) -> String {
    let case = office.registered().row.id;
    let receipt = office
        .app
        .paper_prepare(&of_case(&case, "exemption_receipt"));
    office
        .app
        .paper_await(receipt.expect("a paper"))
        .expect("kept");
    case
}

#[test]
fn a_paper_nobody_answered_for_is_in_the_case_after_the_program_was_closed() {
    // Given a receipt at the printer
    let office = Office::open();
    let case = unanswered(&office);

    // When the window is closed and opened again
    office.app.stop();
    let office = office.restarted();
    office.sign_in("karin");

    // Then the next one is a copy of it
    assert_eq!(office.show(&case).papers.len(), 1);
    sees(&office, &case, "exempt");
    let next = office.preview(&case, "exemption_receipt").expect("shown");
    assert_eq!(next.copy, 1);
}

#[test]
fn a_paper_nobody_answered_for_is_of_whoever_printed_it() {
    // Given a desk that Karin left with a receipt at the printer
    let office = Office::open_at("2026-03-13 10:00");
    let case = unanswered(&office);

    // When Pia sits down there, and prints the next one
    office.comes_back("2026-03-13 10:30", "pia");
    sees(&office, &case, "exempt");
    office.print(&case, "exemption_receipt").expect("printed");

    // Then each paper is its own person's
    let papers = office.show(&case).papers;
    let by: Vec<_> = papers
        .iter()
        .map(|paper| (paper.initials.as_str(), paper.copy))
        .collect();
    assert_eq!(by[0], ("KT", 0));
    assert_eq!(by[1].1, 1);
    assert_ne!(by[1].0, "KT");
}

#[test]
fn a_paper_the_printer_took_while_the_window_locked_is_recorded_all_the_same() {
    let office = Office::open();
    let case = office.registered().row.id;
    let request = of_case(&case, "exemption_receipt");
    let receipt = office.app.paper_prepare(&request).expect("a paper");

    // When the window locks before the printer is done
    office.app.session_lock(()).expect("locked");
    office.app.paper_await(receipt).expect("kept");
    office.app.sign_out(()).expect("signed out");

    // Then the paper is in the case
    office.sign_in("karin");
    assert_eq!(office.show(&case).papers.len(), 1);
}
