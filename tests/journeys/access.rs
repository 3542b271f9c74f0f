//! Looking is logged, and looking outside open work asks why.

use skranke_app::api::case::{CaseListRequest, RevealRequest};
use skranke_app::api::error::ErrorCode;

use crate::office::{AASE, Office, code, said};

fn list(query: &str, filter: &str, purpose: Option<&str>) -> CaseListRequest {
    CaseListRequest {
        query: query.to_owned(),
        filter: filter.to_owned(),
        after: None,
        purpose: purpose.map(str::to_owned),
    }
}

/// A case with nothing left to do.
fn finished(office: &Office) -> String {
    let case = office.registered().row.id;
    office
        .give_receipt(&case, "handed_over", "")
        .expect("given");
    office.journalise(&case, "").expect("ticked");
    case
}

#[test]
fn a_search_for_a_person_needs_a_purpose_whatever_list_it_is_typed_over() {
    let office = Office::open();
    finished(&office);
    for query in [AASE, "Lindholm", "aase lind"] {
        for filter in ["all", "open", "missing_ticks", "granted", "conflict"] {
            let silent = office.app.case_list(list(query, filter, None));
            assert_eq!(
                code(silent.map(|page| page.rows.len())),
                ErrorCode::PurposeMissing,
                "{filter}"
            );
        }
        let asked = office
            .app
            .case_list(list(query, "all", Some("citizen_contact")));
        assert_eq!(asked.expect("found").rows.len(), 1);
    }
}

#[test]
fn lists_of_open_work_need_no_purpose_and_the_archive_does() {
    let office = Office::open();
    finished(&office);
    for filter in [
        "open",
        "missing_ticks",
        "registered",
        "conflict",
        "received",
    ] {
        let page = office
            .app
            .case_list(list("", filter, None))
            .expect("listed");
        assert!(page.rows.is_empty(), "{filter}");
    }
    for filter in ["all", "granted", "refused", ""] {
        let archive = office.app.case_list(list("", filter, None));
        assert_eq!(
            code(archive.map(|page| page.rows.len())),
            ErrorCode::PurposeMissing,
            "{filter}"
        );
    }
    let own_number = office.app.case_list(list("2026-S1-0001", "all", None));
    assert_eq!(
        own_number.expect("found").rows.len(),
        1,
        "a case number is not a person"
    );
}

#[test]
fn a_purpose_is_one_of_those_known_and_never_free_text() {
    let office = Office::open();
    let case = finished(&office);

    for purpose in [None, Some(""), Some("nysgerrig"), Some(AASE)] {
        let shown = office.show_because(&case, purpose);
        let error = shown.err().expect("must be refused");
        assert_eq!(error.code, ErrorCode::PurposeMissing);
        assert!(!error.log_line().contains(AASE));
        said(&error);
    }
    office.show_because(&case, Some("quality")).expect("shown");
}

#[test]
fn open_work_is_shown_without_a_purpose_and_closed_work_with_one() {
    let office = Office::open();
    let case = office.granted().row.id;
    office
        .show_because(&case, None)
        .expect("ticks are missing: open work");

    office.sign_in("torben");

    assert_eq!(
        code(office.show_because(&case, None)),
        ErrorCode::PurposeMissing,
        "no work of an auditor's"
    );
    office.show_because(&case, Some("quality")).expect("shown");
}

#[test]
fn row_4_30_every_look_leaves_a_line_with_its_purpose() {
    // Given a case that is finished
    let office = Office::open();
    let case = finished(&office);

    // When it is opened, its number uncovered, and a paper looked at
    office
        .show_because(&case, Some("citizen_contact"))
        .expect("shown");
    let reveal = RevealRequest {
        case_id: case.clone(),
        what: "cpr".to_owned(),
        purpose: "register_in_digital_post".to_owned(),
    };
    assert_eq!(office.app.reveal(reveal).expect("uncovered").text, AASE);
    office.preview(&case, "request").expect("shown");

    // Then the lead reads each with its purpose, newest first
    let audit = office.audit(&case);
    let line = |action: &str, purpose: &str| (action.to_owned(), purpose.to_owned());
    assert_eq!(
        audit[..4],
        [
            line("case_read", "case_work"),
            line("case_read", "paper"),
            line("citizen_looked_up", "register_in_digital_post"),
            line("case_read", "citizen_contact"),
        ]
    );

    // And the counter does not see the log
    office.sign_in("karin");
    assert!(office.show(&case).audit.is_empty());
}

#[test]
fn uncovering_needs_a_purpose_and_knows_what_can_be_uncovered() {
    let office = Office::open();
    let case = office.granted().row.id;
    let reveal = |what: &str, purpose: &str| {
        let request = RevealRequest {
            case_id: case.clone(),
            what: what.to_owned(),
            purpose: purpose.to_owned(),
        };
        office.app.reveal(request).map(|revealed| revealed.text)
    };

    assert_eq!(code(reveal("cpr", "")), ErrorCode::PurposeMissing);
    assert_eq!(
        code(reveal("ground", "contact")),
        ErrorCode::MalformedRequest
    );
    assert_eq!(
        reveal("address", "contact").expect("uncovered"),
        "Ahornvej 3\n9990 Solbjerg"
    );
}

#[test]
fn lists_show_no_channel_no_full_number_and_no_address() {
    let office = Office::open();
    office.draft_with_representative().grant().expect("granted");

    let page = office
        .app
        .case_list(list("", "missing_ticks", None))
        .expect("listed");

    assert_eq!(page.rows[0].cpr_masked, "020170-••••");
    let row = serde_json::to_string(&page.rows).expect("JSON");
    for hidden in [AASE, "representative", "Mads", "Ahornvej"] {
        assert!(!row.contains(hidden), "{hidden} stands in a list");
    }
}
