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
pub(crate) fn finished(office: &Office) -> String {
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
fn own_open_case_is_found_by_number_without_a_purpose_and_a_colleagues_is_not() {
    // Given a case that Karin granted and that still lacks its ticks
    let office = Office::open();
    let case = office.granted().row.id;

    // Then she finds it by the citizen's number, and the log says that it was her open work
    let found = office.app.case_list(list(AASE, "open", None));
    let found = found.expect("found without a purpose");
    assert!(found.own_only);
    assert_eq!(found.rows.len(), 1);
    assert_eq!(found.rows[0].id, case);
    let open_work = |(action, _, purpose): &(String, String, String)| {
        action == "searched" && purpose == "open_work"
    };
    assert!(office.log().iter().any(open_work));

    // And a colleague, and a name, are asked why
    office.sign_in("karin");
    let by_name = office.app.case_list(list("Lindholm", "open", None));
    assert_eq!(
        code(by_name.map(|page| page.rows.len())),
        ErrorCode::PurposeMissing
    );
    office.sign_in("birgit");
    let others = office.app.case_list(list(AASE, "open", None));
    assert_eq!(
        code(others.map(|page| page.rows.len())),
        ErrorCode::PurposeMissing
    );
}

#[test]
fn a_list_says_how_many_cases_it_leaves_out() {
    let office = Office::open();
    finished(&office);

    let open = office.app.case_list(list("", "open", None));
    let open = open.expect("listed");
    let all = office.app.case_list(list("", "all", Some("case_work")));
    let all = all.expect("listed");

    assert_eq!((open.total, open.not_shown), (Some(0), 1));
    assert_eq!((all.total, all.not_shown), (Some(1), 0));
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
fn entering_a_number_at_the_counter_is_a_logged_look_also_when_the_draft_is_dropped() {
    // Given a number typed, saved twice, and the draft deleted
    let office = Office::open();
    let sheet = office.blank().set("cpr", AASE).save();
    let sheet = sheet.set("phone", "70 11 22 33").save();
    office.app.draft_delete(sheet.reference()).expect("deleted");

    // Then the look is in the log once, with its purpose, and the number nowhere in it
    let log = office.log();
    let look = (
        "citizen_looked_up".to_owned(),
        sheet.id.clone(),
        "counter_entry".to_owned(),
    );
    assert_eq!(log.iter().filter(|line| **line == look).count(), 1);
    assert!(log.iter().any(|(action, ..)| action == "draft_discarded"));
    assert!(
        log.iter()
            .all(|(_, subject, why)| !subject.contains(AASE) && !why.contains(AASE))
    );

    // And another number is another look
    let other = office
        .blank()
        .set("cpr", AASE)
        .save()
        .set("cpr", "2304483984")
        .save();
    let looks = office
        .log()
        .into_iter()
        .filter(|(action, subject, _)| action == "citizen_looked_up" && *subject == other.id);
    assert_eq!(looks.count(), 2);
}

#[test]
fn every_way_in_and_every_list_leaves_a_line() {
    let office = Office::open();
    office.app.worklist(()).expect("shown");
    let sheet = office.draft().save();
    office.app.draft_open(sheet.reference()).expect("opened");
    office.app.citizen_known(sheet.reference()).expect("asked");
    office
        .app
        .case_list(list("", "open", None))
        .expect("listed");
    office
        .app
        .case_list(list("Lindholm", "all", Some("quality")))
        .expect("found");
    office.app.sign_out(()).expect("signed out");
    let wrong = skranke_app::api::session::SignInRequest {
        user_name: "karin".to_owned(),
        password: "gættet kode".to_owned(),
    };
    assert!(office.app.sign_in(wrong).is_err());

    let log = office.log();

    for action in [
        "signed_in",
        "list_shown",
        "draft_read",
        "citizen_looked_up",
        "searched",
        "signed_out",
        "sign_in_failed",
    ] {
        assert!(
            log.iter().any(|(done, ..)| done == action),
            "{action} is not in the log"
        );
    }
    let searched = log
        .iter()
        .find(|(action, ..)| action == "searched")
        .expect("there");
    assert_eq!(
        (searched.1.as_str(), searched.2.as_str()),
        ("name", "quality")
    );
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
