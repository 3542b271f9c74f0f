//! A case that was handed in, or lacked something, is completed: the citizen who comes back does not begin again,
//! nothing is recorded twice, anybody may go on with it, and two at once do not lose each other's work.

use skranke_app::App;
use skranke_app::api::case::{CaseRef, CaseView, DeathUndoRequest, Decision, EndRequest};
use skranke_app::api::draft::{
    AttachRequest, DraftRef, DraftSaveRequest, DraftView, FieldValue, Fields,
};
use skranke_app::api::error::ErrorCode;

use crate::office::{Office, Sheet, code, configured, said};

pub(crate) fn incomplete(what: &str) -> Decision {
    Decision::Incomplete {
        missing: vec![what.to_owned()],
    }
}

pub(crate) fn go_on(office: &Office, case: &str) -> DraftView {
    office
        .app
        .case_continue(CaseRef {
            id: case.to_owned(),
            purpose: None,
        })
        .unwrap_or_else(|error| panic!("goes on: {}", error.log_line()))
}

/// The draft as a sheet that can be filled in further.
pub(crate) fn sheet<'a>(office: &'a Office, draft: DraftView) -> Sheet<'a> {
    let mut sheet = office.blank();
    let unused = std::mem::replace(&mut sheet.id, draft.id);
    office
        .app
        .draft_delete(DraftRef { id: unused })
        .expect("deleted");
    sheet.fields = draft.fields;
    sheet.at_step(draft.step)
}

fn text(fields: &Fields, id: &str) -> String {
    match fields.get(id) {
        Some(FieldValue::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

fn kinds(case: &CaseView) -> Vec<&str> {
    case.timeline
        .iter()
        .map(|entry| entry.kind.as_str())
        .collect()
}

pub(crate) fn times(case: &CaseView, kind: &str) -> usize {
    kinds(case).iter().filter(|known| **known == kind).count()
}

/// Aase came without a valid ID and without having signed.
pub(crate) fn without_id(office: &Office) -> CaseView {
    office
        .draft()
        .without("id_kind")
        .without("id_checked")
        .without("declared")
        .without("request_signed")
        .decide(incomplete("Vis gyldig legitimation"))
        .expect("incomplete")
}

#[test]
fn the_citizen_who_comes_back_the_next_day_does_not_begin_again() {
    // Given Aase, who had no ID with her, and got a letter about what is missing
    let office = Office::open_at("2026-03-13 10:00");
    let case = without_id(&office);
    assert_eq!(case.row.state, "incomplete");
    assert_eq!(case.missing, ["Vis gyldig legitimation"]);
    assert_eq!(case.proof.outcome, "not_known", "the proof says so as well");
    assert!(case.actions.contains(&"continue".to_owned()));
    office
        .print(&case.row.id, "missing_information")
        .expect("printed");
    let before = office.show(&case.row.id);

    // When she comes back the next day and a colleague goes on with the case
    office.comes_back("2026-03-14 09:30", "birgit");
    let draft = go_on(&office, &case.row.id);
    let continued = draft.case.clone().expect("bound to the case");

    // Then what was recorded stands in the six steps, and the flow begins where something lacks
    assert_eq!(continued.number, case.row.number);
    assert_eq!(continued.missing, ["Vis gyldig legitimation"]);
    assert!(!continued.changed && !continued.closed && continued.clashes.is_empty());
    assert_eq!(draft.step, 1);
    assert_eq!(text(&draft.fields, "citizen_name"), "Aase Lindholm");
    assert_eq!(text(&draft.fields, "cpr"), "0201703984");
    assert_eq!(text(&draft.fields, "received_on"), "13.03.2026");
    assert_eq!(text(&draft.fields, "register_seen"), "not_exempt");
    assert!(!draft.fields.contains_key("id_checked"));

    // And with ID and declaration it is granted in the same case
    let granted = sheet(&office, draft)
        .set("id_kind", "passport")
        .tick("id_checked")
        .tick("declared")
        .tick("request_signed")
        .grant()
        .expect("granted");
    assert_eq!(granted.row.id, case.row.id);
    assert_eq!(granted.row.number, case.row.number);
    assert_eq!(granted.row.state, "granted");
    assert_eq!(granted.missing, [""; 0]);

    // And only what is new was recorded; the letter of the day before stays
    let old = kinds(&before).len();
    assert_eq!(
        kinds(&granted)[old..],
        [
            "identity_checked",
            "declaration_signed",
            "conflict_of_interest_checked",
            "marked_ready",
            "granted"
        ]
    );
    assert_eq!(kinds(&granted)[..old], kinds(&before)[..]);
    assert!(
        granted
            .papers
            .iter()
            .any(|paper| paper.kind == "missing_information")
    );
    assert_eq!(times(&granted, "case_opened"), 1);
    assert_eq!(granted.timeline.last().expect("a line").initials, "BM");

    // And the draft is gone, and the rest of the way is the ordinary one
    assert!(office.app.draft_list(()).expect("listed").is_empty());
    assert!(office.register(&case.row.id).expect("registered").exempt);
}

#[test]
fn practice_1_what_outreach_handed_in_is_granted_as_it_stands_and_nothing_is_recorded_twice() {
    // Given a form that Omar handed in from the citizen's home
    let office = Office::closed_at("2026-03-13 10:00");
    office.sign_in("omar");
    let handed_in = office
        .draft_with_representative()
        .decide_confirming(Decision::HandIn, false)
        .expect("handed in");
    let before = kinds(&handed_in).len();

    // When the counter goes on with it and grants without touching anything
    office.sign_in("karin");
    let before_grant = office.show(&handed_in.row.id);
    let draft = go_on(&office, &handed_in.row.id);
    assert_eq!(draft.step, 5, "nothing is missing");
    assert_eq!(text(&draft.fields, "channel"), "representative");
    assert_eq!(text(&draft.fields, "representative_name"), "Mads Lindholm");
    let check = sheet(&office, draft).check();
    assert_eq!(check.proof.outcome, "met");
    let draft = go_on(&office, &handed_in.row.id);
    let granted = sheet(&office, draft).grant().expect("granted");

    // Then the decision alone is new
    let old = kinds(&before_grant).len();
    assert!(old >= before);
    assert_eq!(
        kinds(&granted)[old..],
        ["conflict_of_interest_checked", "marked_ready", "granted"]
    );
}

#[test]
fn a_misspelt_name_of_an_undecided_case_is_put_right_without_deciding() {
    let office = Office::open();
    let case = office
        .draft()
        .set("citizen_name", "Åse Lindhom")
        .decide(Decision::HandIn)
        .expect("handed in");

    let draft = go_on(&office, &case.row.id);
    let corrected = sheet(&office, draft)
        .set("citizen_name", "Aase Lindholm")
        .decide_confirming(Decision::HandIn, false)
        .expect("saved");

    assert_eq!(corrected.row.name, "Aase Lindholm");
    assert_eq!(corrected.row.state, "received");
    assert_eq!(times(&corrected, "citizen_recorded"), 2, "both stay");
    assert_eq!(times(&corrected, "identity_checked"), 1);

    // Saving again without a change records nothing
    let draft = go_on(&office, &case.row.id);
    let again = sheet(&office, draft)
        .decide_confirming(Decision::HandIn, false)
        .expect("saved");
    assert_eq!(again.timeline.len(), corrected.timeline.len());
    assert!(office.app.draft_list(()).expect("listed").is_empty());
}

#[test]
fn part_of_what_was_missing_is_kept_and_the_rest_still_lacks() {
    let office = Office::open();
    let case = without_id(&office);

    // She shows her ID, and will sign tomorrow
    let draft = go_on(&office, &case.row.id);
    let half = sheet(&office, draft)
        .set("id_kind", "passport")
        .tick("id_checked")
        .decide_confirming(Decision::HandIn, false)
        .expect("saved");
    assert_eq!(half.row.state, "incomplete");
    assert_eq!(times(&half, "identity_checked"), 1);

    // And when she has signed, the case is ready without anybody deciding
    let draft = go_on(&office, &case.row.id);
    assert_eq!(draft.step, 4);
    let whole = sheet(&office, draft)
        .tick("declared")
        .tick("request_signed")
        .decide_confirming(Decision::HandIn, false)
        .expect("saved");
    assert_eq!(whole.row.state, "ready");
    assert_eq!(whole.missing, [""; 0]);
    assert_eq!(times(&whole, "identity_checked"), 1);

    // What cannot be read is not lost in silence
    let draft = go_on(&office, &case.row.id);
    let unreadable = sheet(&office, draft)
        .set("signed_on", "i går")
        .decide_confirming(Decision::HandIn, false);
    assert_eq!(code(unreadable), ErrorCode::InvalidFields);
    assert_eq!(office.app.draft_list(()).expect("listed").len(), 1);
}

#[test]
fn a_companion_or_declaration_noted_by_mistake_is_taken_out() {
    let office = Office::open();
    let case = office
        .draft()
        .tick("companion_present")
        .set("companion_name", "Ida Holm")
        .decide(Decision::HandIn)
        .expect("handed in");

    let draft = go_on(&office, &case.row.id);
    let corrected = sheet(&office, draft)
        .untick("companion_present")
        .untick("declared")
        .decide_confirming(Decision::HandIn, false)
        .expect("saved");

    assert!(
        corrected
            .facts
            .iter()
            .all(|fact| !fact.value.contains("Ida"))
    );
    assert_eq!(times(&corrected, "entry_retracted"), 2);
    assert_eq!(corrected.proof.outcome, "not_known");
    assert_eq!(
        code(office.decide_case(&case.row.id, Decision::Grant { duration: None })),
        ErrorCode::RequirementsNotMet
    );
}

#[test]
fn a_draft_from_before_anybody_was_asked_to_see_the_signature_takes_no_declaration_back() {
    let office = Office::open();
    let case = office.draft().decide(Decision::HandIn).expect("handed in");

    let draft = go_on(&office, &case.row.id);
    let saved = sheet(&office, draft)
        .without("request_signed")
        .decide_confirming(
            Decision::Incomplete {
                missing: vec!["Et opkald".to_owned()],
            },
            false,
        )
        .expect("saved");

    assert_eq!(times(&saved, "entry_retracted"), 0);
    assert_eq!(times(&saved, "declaration_signed"), 1);
}

#[test]
fn a_scan_is_added_once_and_those_of_the_case_are_shown() {
    let office = Office::open();
    let scan = office.folder.path().join("blanket.pdf");
    std::fs::write(&scan, skranke_testkit::files::scanned_pdf()).expect("written");
    let attach = |draft: Option<&str>, case: Option<&str>| {
        office
            .app
            .attach(AttachRequest {
                draft_id: draft.map(str::to_owned),
                case_id: case.map(str::to_owned),
                purpose: "signed_request".to_owned(),
                path: Some(scan.display().to_string()),
            })
            .expect("attached")
    };
    let case = without_id(&office);
    attach(None, Some(&case.row.id));

    let draft = go_on(&office, &case.row.id);
    assert_eq!(draft.attachments.len(), 1);
    attach(Some(&draft.id), None);
    let draft = go_on(&office, &case.row.id);
    assert_eq!(draft.attachments.len(), 1, "the same file is one file");
    let saved = sheet(&office, draft)
        .decide_confirming(Decision::HandIn, false)
        .expect("saved");
    assert_eq!(saved.attachments.len(), 1);
    assert_eq!(times(&saved, "attachment_added"), 1);
}

#[test]
fn another_person_goes_on_with_the_draft_somebody_left() {
    let office = Office::open();
    let case = without_id(&office);
    let draft = go_on(&office, &case.row.id);
    sheet(&office, draft)
        .set("id_kind", "passport")
        .set("phone", "70 11 22 33")
        .save();
    let listed = office.app.draft_list(()).expect("listed");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].case_number, case.row.number);

    office.sign_in("birgit");
    let draft = go_on(&office, &case.row.id);

    assert_eq!(text(&draft.fields, "phone"), "70 11 22 33");
    assert_eq!(draft.case.expect("bound").left_by, "KT");
    assert_eq!(office.app.draft_list(()).expect("listed").len(), 1);
}

/// A second window over the same store, as a colleague on the same computer has it.
fn second_window(office: &Office) -> App {
    let config = configured(office.folder.path(), &office.clock, None, true);
    let app = App::open(config).expect("opens");
    app.sign_in(skranke_app::api::session::SignInRequest {
        user_name: "birgit".to_owned(),
        password: crate::office::PASSWORD.to_owned(),
    })
    .expect("signs in");
    app
}

#[test]
fn two_who_go_on_with_a_case_at_once_are_told_and_nothing_is_lost() {
    // Given Karin in the middle of completing a case
    let office = Office::open();
    let case = without_id(&office);
    let draft = go_on(&office, &case.row.id);
    let draft_id = draft.id.clone();
    let karins = sheet(&office, draft)
        .set("citizen_name", "Aase B. Lindholm")
        .set("phone", "70 11 22 33")
        .set("id_kind", "passport")
        .tick("id_checked")
        .tick("declared")
        .tick("request_signed")
        .save();

    // When Birgit records another name and an address in the same case meanwhile
    let colleague = second_window(&office);
    colleague
        .draft_delete(DraftRef {
            id: draft_id.clone(),
        })
        .expect("put aside, so that she has one of her own");
    let hers = colleague
        .case_continue(CaseRef {
            id: case.row.id.clone(),
            purpose: None,
        })
        .expect("goes on");
    assert_ne!(hers.id, draft_id);
    let mut fields = hers.fields.clone();
    for (id, value) in [
        ("citizen_name", "Aase Birgitte Lindholm"),
        ("citizen_address", "Birkealle 5\n9990 Solbjerg"),
    ] {
        fields.insert(id.to_owned(), FieldValue::Text(value.to_owned()));
    }
    let request = DraftSaveRequest {
        id: hers.id.clone(),
        step: 2,
        fields,
    };
    colleague.draft_save(request).expect("saved");
    colleague
        .decide(skranke_app::api::case::DecideRequest {
            draft_id: Some(hers.id),
            case_id: None,
            decision: Decision::HandIn,
            no_conflict_of_interest: false,
        })
        .expect("saved in the case");
    colleague
        .draft_restore(DraftRef {
            id: draft_id.clone(),
        })
        .expect("Karin's is there");

    // Then Karin is told before anything is decided
    let request = || skranke_app::api::case::DecideRequest {
        draft_id: Some(draft_id.clone()),
        case_id: None,
        decision: Decision::Grant { duration: None },
        no_conflict_of_interest: true,
    };
    let refused = office.app.decide(request()).err().expect("told");
    assert_eq!(refused.code, ErrorCode::CaseChanged);
    assert!(!said(&refused).contains("Birgitte"), "no personal data");

    // And sees what both changed; what only one changed is brought together
    let draft = office
        .app
        .draft_open(karins.reference())
        .expect("opened again");
    let continued = draft.case.clone().expect("bound");
    assert!(continued.changed && !continued.closed);
    assert_eq!(continued.clashes.len(), 1);
    let clash = &continued.clashes[0];
    assert_eq!((clash.field.as_str(), clash.step), ("citizen_name", 2));
    assert_eq!(clash.typed, "Aase B. Lindholm");
    assert_eq!(clash.recorded, "Aase Birgitte Lindholm");
    assert_eq!(
        text(&draft.fields, "citizen_address"),
        "Birkealle 5\n9990 Solbjerg"
    );
    assert_eq!(text(&draft.fields, "phone"), "70 11 22 33");
    assert_eq!(text(&draft.fields, "citizen_name"), "Aase B. Lindholm");

    // And decides with the name that is right
    let granted = sheet(&office, draft)
        .set("citizen_name", "Aase Birgitte Lindholm")
        .grant()
        .expect("granted");
    assert_eq!(granted.row.name, "Aase Birgitte Lindholm");
    assert_eq!(granted.address, "Birkealle 5\n9990 Solbjerg");
    assert!(!granted.row.conflict, "she had seen both");
    assert_eq!(granted.row.state, "granted");
}

#[test]
fn what_was_typed_for_a_case_that_somebody_decided_meanwhile_is_kept() {
    let office = Office::open();
    let case = without_id(&office);
    let draft = go_on(&office, &case.row.id);
    let typed = sheet(&office, draft).set("phone", "70 11 22 33").save();
    office
        .decide_case(&case.row.id, Decision::Withdraw)
        .expect("withdrawn");

    let reference = typed.reference();
    assert_eq!(
        code(typed.decide(Decision::HandIn)),
        ErrorCode::AlreadyDecided
    );
    let draft = office.app.draft_open(reference).expect("kept");
    assert!(draft.case.expect("bound").closed);
    assert_eq!(text(&draft.fields, "phone"), "70 11 22 33");
    let again = office.app.case_continue(CaseRef {
        id: case.row.id,
        purpose: None,
    });
    assert_eq!(code(again.map(|d| d.id)), ErrorCode::AlreadyDecided);
}

#[test]
fn a_revoked_power_of_attorney_stays_revoked_when_the_case_goes_on() {
    let office = Office::open();
    let case = office
        .draft_with_representative()
        .decide(Decision::HandIn)
        .expect("handed in");
    office
        .app
        .revoke_power_of_attorney(skranke_app::api::case::RevokePowerOfAttorneyRequest {
            case_id: case.row.id.clone(),
            revoked_on: "13.03.2026".to_owned(),
            reason: String::new(),
        })
        .expect("revoked");

    let draft = go_on(&office, &case.row.id);
    let sheet = sheet(&office, draft);
    assert_eq!(sheet.check().proof.outcome, "not_met");
    assert_eq!(code(sheet.grant()), ErrorCode::RequirementsNotMet);
}

#[test]
fn a_protected_address_does_not_come_up_and_is_kept() {
    let office = Office::open();
    let case = office
        .draft()
        .tick("address_protected")
        .decide(Decision::HandIn)
        .expect("handed in");

    let draft = go_on(&office, &case.row.id);
    let shown = serde_json::to_string(&draft.fields).expect("JSON");
    assert!(!shown.contains("Ahornvej"), "{shown}");
    let saved = sheet(&office, draft)
        .set("phone", "70 11 22 33")
        .decide_confirming(Decision::HandIn, false)
        .expect("saved");

    assert!(saved.address_protected);
    let revealed = office
        .app
        .reveal(skranke_app::api::case::RevealRequest {
            case_id: case.row.id,
            what: "address".to_owned(),
            purpose: "contact".to_owned(),
        })
        .expect("revealed");
    assert_eq!(revealed.text, "Ahornvej 3\n9990 Solbjerg");
}

#[test]
fn outreach_goes_on_with_its_own_cases_only() {
    let office = Office::closed_at("2026-03-13 10:00");
    office.sign_in("omar");
    let own = office
        .draft()
        .without("id_kind")
        .without("id_checked")
        .decide_confirming(Decision::HandIn, false);
    assert_eq!(
        code(own),
        ErrorCode::InvalidFields,
        "a new request is handed in whole"
    );
    let own = office
        .draft()
        .decide_confirming(Decision::HandIn, false)
        .expect("handed in");
    assert_eq!(text(&go_on(&office, &own.row.id).fields, "channel"), "self");

    office.sign_in("karin");
    let others = without_id(&office);
    office.sign_in("omar");
    let refused = office.app.case_continue(CaseRef {
        id: others.row.id,
        purpose: None,
    });
    assert_eq!(code(refused.map(|d| d.id)), ErrorCode::NotPermitted);
}

#[test]
fn going_on_is_in_the_log_with_its_purpose() {
    let office = Office::open();
    let case = without_id(&office);
    let draft = go_on(&office, &case.row.id);
    sheet(&office, draft).save();

    let audit = office.audit(&case.row.id);
    assert!(audit.contains(&("case_read".to_owned(), "open_work".to_owned())));
}

#[test]
fn domain_1_3_a_citizen_who_dies_closes_the_open_case_and_no_other_is_decided() {
    // Given two open cases for Aase, one of them lacking something
    let office = Office::open();
    let first = without_id(&office);
    let second = office.draft().decide(Decision::HandIn).expect("handed in");

    // When the death is recorded on the first
    assert!(first.actions.contains(&"record_death".to_owned()));
    let closed = office
        .app
        .end_exemption(EndRequest {
            case_id: first.row.id.clone(),
            ending: "deceased".to_owned(),
            ended_on: "12.03.2026".to_owned(),
        })
        .expect("recorded");

    // Then it is closed with nothing but the journal left, and nothing was ever granted
    assert_eq!(closed.row.state, "deceased");
    assert_eq!(closed.row.ticks_missing, ["journalised"]);
    assert!(!closed.exempt);
    assert!(closed.actions.iter().all(|action| action != "continue"));
    assert!(
        closed
            .papers_possible
            .iter()
            .all(|kind| kind != "exemption_receipt")
    );
    office
        .journalise(&first.row.id, "2026-1234")
        .expect("journalised");

    // And the second can no longer be granted: the proof names the death
    let draft = go_on(&office, &second.row.id);
    let sheet = sheet(&office, draft);
    assert_eq!(sheet.check().proof.outcome, "not_met");
    assert_eq!(code(sheet.grant()), ErrorCode::RequirementsNotMet);
    let shown = office.show(&second.row.id);
    assert_eq!(shown.proof.outcome, "not_met");

    // Another ending than death needs an exemption that began
    let rejoined = office.app.end_exemption(EndRequest {
        case_id: second.row.id,
        ending: "rejoined_at_counter".to_owned(),
        ended_on: "12.03.2026".to_owned(),
    });
    assert_eq!(code(rejoined), ErrorCode::NotDecided);
}

#[test]
fn domain_1_3_a_death_recorded_by_mistake_is_undone_with_a_reason_and_work_goes_on() {
    // Given a death recorded on the wrong one of two citizens, and filed
    let office = Office::open();
    let case = without_id(&office);
    let other = office.draft().decide(Decision::HandIn).expect("handed in");
    let died = || {
        office.app.end_exemption(EndRequest {
            case_id: case.row.id.clone(),
            ending: "deceased".to_owned(),
            ended_on: "12.03.2026".to_owned(),
        })
    };
    died().expect("recorded");
    office
        .journalise(&case.row.id, "2026-1234")
        .expect("journalised");

    // When it is taken back
    let undo = |case_id: &str, reason: &str| {
        office.app.death_undo(DeathUndoRequest {
            case_id: case_id.to_owned(),
            reason: reason.to_owned(),
        })
    };
    assert_eq!(code(undo(&case.row.id, " ")), ErrorCode::ReasonMissing);
    assert_eq!(
        code(undo(&other.row.id, "Forkert borger")),
        ErrorCode::NoDeathRecorded
    );
    let open = undo(&case.row.id, "Forkert borger").expect("undone");

    // Then the case is what it was: it is on the list of open work, what was missing stands there, it goes on
    assert_eq!(open.row.state, "incomplete");
    assert!(open.actions.contains(&"continue".to_owned()));
    assert!(!open.actions.contains(&"death_undo".to_owned()));
    assert!(open.ticks.iter().all(|tick| tick.at.is_empty()));
    let granted = sheet(&office, go_on(&office, &other.row.id)).grant();
    assert_eq!(granted.expect("granted").row.state, "granted");

    // And nothing is deleted: the death, the journal and the mistake stand in the history, with the reason
    assert_eq!(times(&open, "ended"), 1);
    assert_eq!(times(&open, "journalised"), 1);
    let line = open
        .timeline
        .iter()
        .find(|line| line.kind == "death_undone")
        .expect("told");
    assert_eq!(line.detail, "Forkert borger");
    assert_eq!(
        code(undo(&case.row.id, "En gang til")),
        ErrorCode::NoDeathRecorded
    );

    // And it may be true another time
    assert_eq!(died().expect("recorded").row.state, "deceased");
}

#[test]
fn an_exemption_in_force_is_in_force_again_when_the_death_was_a_mistake() {
    let office = Office::open();
    let case = office.registered().row.id;
    office.journalise(&case, "2026-1").expect("journalised");
    let ended = office.app.end_exemption(EndRequest {
        case_id: case.clone(),
        ending: "deceased".to_owned(),
        ended_on: "13.03.2026".to_owned(),
    });
    assert!(!ended.expect("recorded").exempt);

    let again = office.app.death_undo(DeathUndoRequest {
        case_id: case.clone(),
        reason: "Tastet i den forkerte sag".to_owned(),
    });

    let again = again.expect("undone");
    assert!(again.exempt);
    assert_eq!(
        again.row.ticks_missing,
        ["receipt", "journalised"],
        "the journal is told of the correction"
    );
    let listed = office.store();
    let row = listed
        .read()
        .and_then(|read| read.case_row(case.parse().expect("an id")))
        .expect("read")
        .expect("listed");
    assert_eq!(row.state.code(), "granted", "the list follows");
}

#[test]
fn a_death_between_grant_and_registration_leaves_nothing_to_register() {
    let office = Office::open();
    let granted = office.granted();
    let closed = office
        .app
        .end_exemption(EndRequest {
            case_id: granted.row.id.clone(),
            ending: "deceased".to_owned(),
            ended_on: "13.03.2026".to_owned(),
        })
        .expect("recorded");

    assert_eq!(closed.row.ticks_missing, ["journalised"]);
    assert!(
        closed
            .actions
            .iter()
            .all(|action| action != "tick_registered")
    );
    assert_eq!(
        code(office.register(&granted.row.id)),
        ErrorCode::NotDecided
    );
    assert_eq!(
        code(office.preview(&granted.row.id, "exemption_receipt")),
        ErrorCode::PaperDoesNotFit
    );
}

#[test]
fn who_turns_out_to_have_left_denmark_is_put_right_and_granted() {
    let office = Office::open();
    let case = office
        .draft()
        .set("citizen_residence", "never_registered")
        .decide(incomplete("Bopæl undersøges"))
        .expect("incomplete");
    assert_eq!(case.proof.outcome, "not_met");

    let draft = go_on(&office, &case.row.id);
    let granted = sheet(&office, draft)
        .set("citizen_residence", "left_denmark")
        .grant()
        .expect("granted");

    assert_eq!(granted.row.state, "granted");
    assert_eq!(times(&granted, "citizen_recorded"), 2);
}
