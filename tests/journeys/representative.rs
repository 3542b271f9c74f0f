//! A relative comes with a power of attorney on the form.

use skranke_app::api::case::{CaseRef, Decision, RevokePowerOfAttorneyRequest};
use skranke_app::api::draft::{AttachRequest, AttachmentRef};
use skranke_app::api::error::ErrorCode;
use skranke_testkit::files::scanned_pdf;

use crate::office::{AASE, Office, code, of_draft, pdf_of, words_of};

#[test]
fn row_2_23_relative_brings_signed_power_of_attorney() {
    // Given Aase's son with a power of attorney that both have signed, scanned
    let office = Office::open();
    let sheet = office.draft_with_representative().save();
    let paper = office
        .app
        .paper_preview(of_draft(&sheet.id, "power_of_attorney"));
    let paper = words_of(&pdf_of(&paper.expect("the form")));
    assert!(paper.contains("Mads Lindholm") && paper.contains("fuldmagtshaverens underskrift"));
    let scan = office.folder.path().join("fuldmagt.pdf");
    std::fs::write(&scan, scanned_pdf()).expect("written");
    let attached = office.app.attach(AttachRequest {
        draft_id: Some(sheet.id.clone()),
        case_id: None,
        purpose: "signed_power_of_attorney".to_owned(),
        path: Some(scan.to_string_lossy().into_owned()),
    });
    let attached = attached.expect("attached");

    // When the request is granted
    let granted = sheet.grant().expect("granted");

    // Then the case knows who came, what they may do, and holds the scan
    assert_eq!(granted.channel, "representative");
    assert_eq!(granted.came_instead, "Mads Lindholm");
    assert_eq!(granted.attachments[0].digest, attached.digest);
    assert_eq!(
        granted.scans_missing,
        ["signed_request"],
        "the other signed paper is asked for"
    );
    let kinds: Vec<&str> = granted
        .timeline
        .iter()
        .map(|line| line.kind.as_str())
        .collect();
    assert!(kinds.contains(&"power_of_attorney_used"), "{kinds:?}");
    let copy = office.app.attachment_copy(AttachmentRef {
        digest: attached.digest,
        case_id: Some(granted.row.id.clone()),
        draft_id: None,
        purpose: None,
    });
    assert_eq!(copy.expect("shown").pages.len(), 1, "its page, drawn");
    let logged = office.audit(&granted.row.id);
    assert!(
        logged
            .iter()
            .any(|(action, purpose)| action == "attachment_read" && purpose == "open_work"),
        "the look is in the log of the case: {logged:?}"
    );
    office.sign_in("karin");

    // And who came instead stands in no list
    let list = office.app.worklist(()).expect("shown");
    let row = serde_json::to_string(&list.missing_ticks).expect("JSON");
    assert!(
        row.contains("Aase Lindholm") && !row.contains("Mads") && !row.contains("representative")
    );
}

#[test]
fn row_2_23_without_a_power_of_attorney_nothing_is_granted() {
    let office = Office::open();
    let sheet = office
        .draft()
        .set("channel", "representative")
        .without("representative_name");

    let check = sheet.check();
    let fields: Vec<&str> = check.problems.iter().map(|p| p.field.as_str()).collect();
    assert!(fields.contains(&"representative_name") && fields.contains(&"poa_citizen_signed"));
    assert_eq!(code(sheet.grant()), ErrorCode::InvalidFields);
}

#[test]
fn a_power_of_attorney_lacking_either_signature_stops() {
    let office = Office::open();
    for field in ["poa_citizen_signed", "poa_representative_signed"] {
        let sheet = office.draft_with_representative().untick(field);
        let check = sheet.check();

        let problem = check
            .problems
            .iter()
            .find(|p| p.field == field)
            .expect("a problem");
        assert_eq!(problem.code, "must_be_confirmed");
        assert!(
            problem.summary.contains("nderskrift"),
            "{}",
            problem.summary
        );
        assert_eq!(check.proof.outcome, "not_met");
        assert_eq!(code(sheet.grant()), ErrorCode::InvalidFields);
    }
}

#[test]
fn a_power_of_attorney_older_than_ninety_days_warns_and_does_not_stop() {
    let office = Office::open_at("2026-06-01 10:00");
    let fresh = office
        .draft_with_representative()
        .set("poa_signed_on", "03.03.2026");
    assert!(
        !fresh
            .check()
            .warnings
            .contains(&"power_of_attorney_old".to_owned())
    );

    let old = office
        .draft_with_representative()
        .set("poa_signed_on", "02.03.2026");

    assert!(
        old.check()
            .warnings
            .contains(&"power_of_attorney_old".to_owned())
    );
    assert_eq!(old.grant().expect("granted").row.state, "granted");
}

#[test]
fn a_representative_without_a_number_born_as_the_citizen_is_looked_at_twice() {
    let office = Office::open();
    let warns = |born: &str| {
        let sheet = office
            .draft_with_representative()
            .set("representative_birth_date", born);
        let check = sheet.check();
        assert!(check.problems.is_empty(), "a twin may come");
        let code = "representative_born_as_citizen".to_owned();
        check.warnings.contains(&code)
    };

    assert!(warns("02.01.1970"), "Aase's own birthday");
    assert!(!warns("03.01.1970"));
}

#[test]
fn a_representative_under_18_warns_and_does_not_stop() {
    let office = Office::open();
    let sheet = office
        .draft_with_representative()
        .set("representative_birth_date", "14.03.2008");

    let check = sheet.check();

    assert!(
        check
            .warnings
            .contains(&"representative_under_18".to_owned())
    );
    assert!(check.problems.is_empty());
    sheet.grant().expect("granted");
}

#[test]
fn nobody_is_their_own_representative() {
    let office = Office::open();
    let sheet = office
        .draft_with_representative()
        .set("representative_cpr", AASE);

    let check = sheet.check();

    let problem = check
        .problems
        .iter()
        .find(|p| p.field == "representative_cpr");
    assert_eq!(problem.expect("a problem").code, "same_as_other");
    assert_eq!(code(sheet.grant()), ErrorCode::InvalidFields);
}

#[test]
fn the_citizens_own_document_is_taken_and_warned_about() {
    let office = Office::open();
    let sheet = office.draft_with_representative().tick("poa_self_made");

    assert!(
        sheet
            .check()
            .warnings
            .contains(&"power_of_attorney_self_made".to_owned())
    );
    sheet.grant().expect("granted");
}

#[test]
fn a_revoked_power_of_attorney_is_used_no_more() {
    // Given a case a representative handed in, not decided yet
    let office = Office::closed_at("2026-03-13 10:00");
    office.sign_in("omar");
    let handed_in = office
        .draft_with_representative()
        .decide_confirming(skranke_app::api::case::Decision::HandIn, false)
        .expect("handed in");
    let case = handed_in.row.id;

    // When the citizen revokes it
    office.sign_in("karin");
    let revoked = office
        .app
        .revoke_power_of_attorney(RevokePowerOfAttorneyRequest {
            case_id: case.clone(),
            revoked_on: "13.03.2026".to_owned(),
            reason: "Borgeren kommer selv".to_owned(),
        });
    assert!(
        revoked
            .expect("revoked")
            .timeline
            .iter()
            .any(|l| l.kind == "power_of_attorney_revoked")
    );

    // Then it cannot carry a decision
    let grant = skranke_app::api::case::Decision::Grant { duration: None };
    assert_eq!(
        code(office.decide_case(&case, grant)),
        ErrorCode::RequirementsNotMet
    );
}

#[test]
fn row_2_23_taking_the_receipt_home_is_a_use_of_the_power_of_attorney() {
    // Given a registered exemption for which a representative came
    let office = Office::open();
    let case = office
        .draft_with_representative()
        .grant()
        .expect("granted")
        .row
        .id;
    office.register(&case).expect("registered");
    let uses = |view: &skranke_app::api::case::CaseView| {
        let used = view
            .timeline
            .iter()
            .filter(|line| line.kind == "power_of_attorney_used");
        used.map(|line| line.detail.clone()).collect::<Vec<_>>()
    };

    // When the representative takes the receipt
    let given = office
        .give_receipt(&case, "handed_over", "")
        .expect("given");

    // Then both uses stand in its log, and a posted receipt is none
    let asked = "Bedt om fritagelse for borgeren".to_owned();
    let took = "Modtaget kvittering for borgeren".to_owned();
    assert_eq!(uses(&given), [asked.clone(), took]);
    office
        .undo(&case, "receipt", "Sendes i stedet")
        .expect("undone");
    let posted = office.give_receipt(&case, "posted", "").expect("posted");
    assert_eq!(uses(&posted).len(), 2);
}

#[test]
fn practice_9_in_the_first_form_version_the_power_of_attorney_is_part_two_and_for_relatives() {
    // Given a form signed in May 2014
    let office = Office::open_at("2014-05-05 10:00");
    let sheet = office
        .draft_with_representative()
        .set("poa_signed_on", "02.05.2014")
        .save();

    // When the form is shown
    let form = office.app.form_view(sheet.reference()).expect("the form");

    // Then it is one form, and only relatives may hold the power of attorney
    assert_eq!(form.reference, "exemption@1");
    let relation = form
        .fields
        .iter()
        .find(|f| f.id == "representative_relation");
    let relations: Vec<&str> = relation
        .expect("shown")
        .choices
        .iter()
        .map(|c| c.code.as_str())
        .collect();
    assert!(relations.contains(&"other_relative") && !relations.contains(&"friend"));
    let paper = office
        .app
        .paper_preview(of_draft(&sheet.id, "request"))
        .expect("the form");
    assert!(words_of(&pdf_of(&paper)).contains("Fuldmagt til en pårørende"));

    // And from the form split on there are two papers, and anyone may
    office.comes_back("2014-07-02 10:00", "karin");
    let later = office.draft_with_representative().save();
    let form = office.app.form_view(later.reference()).expect("the form");
    assert_eq!(form.reference, "exemption@2");
    let relation = form
        .fields
        .iter()
        .find(|f| f.id == "representative_relation");
    assert!(
        relation
            .expect("shown")
            .choices
            .iter()
            .any(|c| c.code == "friend")
    );
}

#[test]
fn one_scan_of_the_request_and_the_power_of_attorney_counts_as_both() {
    // Given one scan of both papers
    let office = Office::open();
    let scan = office.folder.path().join("begge.pdf");
    std::fs::write(&scan, scanned_pdf()).expect("written");
    let attach = |draft: &str, purpose: &str| {
        let request = AttachRequest {
            draft_id: Some(draft.to_owned()),
            case_id: None,
            purpose: purpose.to_owned(),
            path: Some(scan.display().to_string()),
        };
        office.app.attach(request).expect("attached");
    };
    let both = ["signed_request", "signed_power_of_attorney"];

    // When it is attached as each, to a new draft
    let sheet = office.draft_with_representative().save();
    for purpose in both.iter().chain(&both) {
        attach(&sheet.id, purpose);
    }
    let opened = office.app.draft_open(sheet.reference()).expect("opened");
    assert_eq!(opened.attachments.len(), 2, "each once");
    let purposes = |case: &skranke_app::api::case::CaseView| {
        let files = case.attachments.iter();
        files.map(|file| file.purpose.clone()).collect::<Vec<_>>()
    };
    assert_eq!(purposes(&sheet.grant().expect("granted")), both);

    // And when the second is attached where the case has the first
    let first = office.draft_with_representative().save();
    attach(&first.id, both[0]);
    let missing = Decision::Incomplete {
        missing: vec!["Fuldmagt".to_owned()],
    };
    let case = first.decide(missing).expect("incomplete").row.id;
    let continued = office.app.case_continue(CaseRef {
        id: case.clone(),
        purpose: None,
    });
    let continued = office.resumed(&continued.expect("it goes on").id);
    attach(&continued.id, both[1]);
    let shown = office
        .app
        .draft_open(continued.reference())
        .expect("opened");
    assert_eq!(shown.attachments.len(), 2);
    let decided = continued.decide_confirming(Decision::HandIn, false);
    assert_eq!(purposes(&decided.expect("handed in")), both);
}
