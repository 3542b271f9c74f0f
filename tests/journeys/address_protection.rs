//! A protected address: hidden on screen behind a logged click, and on no paper that somebody else carries.

use skranke_app::api::case::{Decision, RevealRequest};
use skranke_app::api::draft::{DraftSaveRequest, FieldValue};

use crate::office::{Office, Sheet};

const GRETHE: &str = "1604483984";

fn protected<'a>(sheet: Sheet<'a>) -> Sheet<'a> {
    sheet
        .set("cpr", GRETHE)
        .set("citizen_name", "Grethe Poulsen")
        .set("citizen_address", "Jernbanegade 21\n9990 Solbjerg")
        .tick("address_protected")
}

#[test]
fn a_protected_address_is_hidden_on_screen_and_uncovered_by_a_logged_click() {
    // Given a citizen with address protection
    let office = Office::open();
    let case = protected(office.draft()).grant().expect("granted");

    // Then no page, list or look-up shows the address
    assert!(case.address_protected);
    let told = serde_json::to_string(&case).expect("JSON");
    assert!(!told.contains("Jernbanegade"), "{told}");
    let sheet = office.blank().set("cpr", GRETHE).tick("id_checked").save();
    let known = office.app.citizen_known(sheet.reference()).expect("asked");
    assert!(known.address_protected && known.address_hidden && known.address.is_empty());

    // And uncovering it leaves a line of its own
    let reveal = RevealRequest {
        case_id: case.row.id.clone(),
        what: "address".to_owned(),
        purpose: "contact".to_owned(),
    };
    assert_eq!(
        office.app.reveal(reveal).expect("uncovered").text,
        "Jernbanegade 21\n9990 Solbjerg"
    );
    let line = ("address_revealed".to_owned(), "contact".to_owned());
    assert!(office.audit(&case.row.id).contains(&line));
}

#[test]
fn the_demo_register_does_not_tell_a_protected_address_either() {
    let office = Office::open();
    let sheet = office.blank().set("cpr", GRETHE).tick("id_checked").save();

    let known = office.app.citizen_known(sheet.reference()).expect("asked");

    assert!(known.address_protected && known.address.is_empty());
    assert_eq!(known.name, "Grethe Poulsen");
}

#[test]
fn a_known_protected_address_stands_unseen_in_the_draft_and_is_shown_by_a_logged_click() {
    // Given a new draft for a citizen whose protected address we have
    let office = Office::open();
    let sheet = office.blank().set("cpr", GRETHE).tick("id_checked").save();

    // When the citizen is known
    let known = office.app.citizen_known(sheet.reference()).expect("asked");

    // Then the draft holds the address, and says that it hides it
    assert!(known.address_hidden);
    let again = office.app.citizen_known(sheet.reference()).expect("asked");
    assert!(again.address_hidden, "asked twice, it is hidden as before");
    let draft = office.app.draft_open(sheet.reference()).expect("opened");
    assert!(draft.address_hidden);
    assert_eq!(draft.fields.get("citizen_address"), None);
    assert_eq!(
        draft.fields.get("address_protected"),
        Some(&FieldValue::Flag(true))
    );

    // And the click shows it and leaves its line
    let shown = office.app.draft_reveal(sheet.reference()).expect("shown");
    assert!(shown.text.starts_with("Jernbanegade 21"), "{}", shown.text);
    let revealed = |(action, _, _): &(String, String, String)| action == "address_revealed";
    assert!(office.log().iter().any(revealed));
}

#[test]
fn an_address_typed_at_the_desk_is_not_replaced_by_the_one_we_have() {
    let office = Office::open();
    let sheet = office
        .blank()
        .set("cpr", GRETHE)
        .set("citizen_address", "Ny Vej 1\n9990 Solbjerg")
        .tick("id_checked")
        .save();

    let known = office.app.citizen_known(sheet.reference()).expect("asked");

    assert!(!known.address_hidden);
    let draft = office.app.draft_open(sheet.reference()).expect("opened");
    let typed = FieldValue::Text("Ny Vej 1\n9990 Solbjerg".to_owned());
    assert_eq!(draft.fields.get("citizen_address"), Some(&typed));
}

#[test]
fn papers_a_third_person_carries_do_not_say_where_a_protected_citizen_lives() {
    // Given a representative of a citizen with address protection
    let office = Office::open();
    let sheet = protected(office.draft_with_representative()).save();
    for kind in ["request", "power_of_attorney"] {
        let paper = office
            .app
            .paper_preview(crate::office::of_draft(&sheet.id, kind));
        let words = crate::office::words_of(&crate::office::pdf_of(&paper.expect("made")));
        assert!(words.contains("Grethe Poulsen"), "{kind}: {words}");
        assert!(!words.contains("Jernbanegade"), "{kind}: {words}");
    }

    // When it is granted and registered
    let case = sheet.grant().expect("granted").row.id;
    let interim = office.words(&case, "interim_paper");
    office.register(&case).expect("registered");
    let receipt = office.words(&case, "exemption_receipt");

    // Then what the representative carries home names her and not her address
    for words in [interim, receipt] {
        assert!(words.contains("Grethe Poulsen"), "{words}");
        assert!(!words.contains("Jernbanegade"), "{words}");
    }
    for kind in ["request", "power_of_attorney"] {
        assert!(
            !office.words(&case, kind).contains("Jernbanegade"),
            "{kind}"
        );
    }
}

#[test]
fn a_protected_citizen_need_not_say_the_address() {
    let office = Office::open();
    let sheet = protected(office.draft()).set("citizen_address", "");

    assert!(sheet.check().problems.is_empty());
    sheet.grant().expect("granted");
}

/// Grethe, whose post shall go where she lives now, and somebody else who lives there too.
fn brought_by<'a>(office: &'a Office, channel: &str) -> Sheet<'a> {
    let sheet = match channel {
        "representative" => office
            .draft_with_representative()
            .set("representative_address", "jernbanegade 21\n9990 Solbjerg")
            .set("witness_name", "Naboen på Jernbanegade 21"),
        "guardian" => office
            .draft()
            .set("channel", "guardian")
            .set("guardian_name", "Bo Værge")
            .set("guardian_scope", "both")
            .tick("guardian_document_seen"),
        own => office.draft().set("channel", own),
    };
    protected(sheet)
        .set("unopened_post", "other_address")
        .set(
            "unopened_post_address",
            "c/o Dahl, Skjulvej 4\n9990 Solbjerg",
        )
        .set("signing_method", "unable")
        .set("unable_reason", "Armen er i gips")
        .set("witness_name", "Naboen på Jernbanegade 21")
        .gone_through()
}

/// Every paper of every stage of a case, normal and in large print, by its kind.
fn every_paper(office: &Office, channel: &str) -> Vec<(String, String)> {
    let mut papers = Vec::new();
    let mut look = |request: skranke_app::api::paper::PaperRequest| {
        for large_print in [false, true] {
            let request = skranke_app::api::paper::PaperRequest {
                large_print,
                ..request.clone()
            };
            let kind = request.kind.clone();
            let shown = office.app.paper_preview(request);
            let shown = shown.unwrap_or_else(|error| panic!("{kind}: {}", error.log_line()));
            papers.push((
                kind,
                crate::office::words_of(&crate::office::pdf_of(&shown)),
            ));
        }
    };
    let mut of_case = |case: &skranke_app::api::case::CaseView| {
        for kind in &case.papers_possible {
            look(crate::office::of_case(&case.row.id, kind));
        }
    };
    for decision in [
        Decision::Grant { duration: None },
        crate::office::refusal("Du er ikke omfattet."),
        Decision::Incomplete {
            missing: vec!["Et billede".to_owned()],
        },
        Decision::Reject {
            reason: "no_valid_id".to_owned(),
            next_step: String::new(),
        },
    ] {
        let case = brought_by(office, channel)
            .decide(decision)
            .expect("decided");
        of_case(&case);
        if case.row.state == "granted" {
            of_case(&office.register(&case.row.id).expect("registered"));
            of_case(
                &office
                    .give_receipt(&case.row.id, "posted", "")
                    .expect("posted"),
            );
        }
    }
    office.sign_in("omar");
    let handed_in = brought_by(office, channel).decide_confirming(Decision::HandIn, false);
    of_case(&handed_in.expect("handed in"));
    office.sign_in("karin");
    let sheet = brought_by(office, channel).save();
    look(crate::office::of_draft(&sheet.id, "request"));
    if channel == "representative" {
        look(crate::office::of_draft(&sheet.id, "power_of_attorney"));
    }
    papers
}

#[test]
fn no_paper_of_a_case_somebody_else_brought_says_where_a_protected_citizen_lives() {
    for channel in ["representative", "guardian"] {
        // Given a protected citizen for whom somebody else came
        let office = Office::open();

        // When every paper of every stage is printed
        let papers = every_paper(&office, channel);

        // Then none says where she lives or where her post goes
        for (kind, words) in &papers {
            let told = words.to_lowercase();
            for hidden in ["jernbanegade", "skjulvej"] {
                assert!(!told.contains(hidden), "{kind} of a {channel}: {words}");
            }
        }
        for kind in [
            "request",
            "interim_paper",
            "exemption_receipt",
            "refusal",
            "missing_information",
            "rejection",
            "hand_in_slip",
        ] {
            assert!(
                papers.iter().any(|(of, _)| of == kind),
                "{kind} not looked at"
            );
        }
    }
}

#[test]
fn the_post_still_finds_a_protected_citizen_who_came_in_person() {
    // Given a protected citizen who came in person
    let office = Office::open();

    // When every paper is printed
    let papers = every_paper(&office, "self");

    // Then a letter in a sealed envelope has its address, and the request where post shall go
    let said = |kind: &str, text: &str| {
        papers
            .iter()
            .any(|(of, words)| of == kind && words.contains(text))
    };
    assert!(said("refusal", "Jernbanegade 21") && said("missing_information", "Jernbanegade 21"));
    assert!(said("request", "Skjulvej 4"));
    assert!(!said("interim_paper", "Jernbanegade") && !said("hand_in_slip", "Jernbanegade"));
}

#[test]
fn a_protected_address_is_not_open_in_a_draft_that_is_opened_again() {
    // Given a draft for a citizen with address protection, left for later
    let office = Office::open();
    let parked = protected(office.draft()).save();

    // When a colleague opens it
    let opened = office.app.draft_open(parked.reference()).expect("opened");

    // Then the address is hidden, and saving does not lose it
    assert!(opened.address_hidden);
    assert!(!opened.fields.contains_key("citizen_address"));
    let mut fields = opened.fields;
    fields.insert("phone".to_owned(), FieldValue::Text("70112233".to_owned()));
    let request = DraftSaveRequest {
        id: parked.id.clone(),
        step: 2,
        fields,
    };
    office.app.draft_save(request).expect("saved");

    // And uncovering it is logged
    let shown = office.app.draft_reveal(parked.reference()).expect("shown");
    assert_eq!(shown.text, "Jernbanegade 21\n9990 Solbjerg");
    let log = office.log();
    assert!(
        log.iter()
            .any(|(action, subject, _)| action == "address_revealed" && *subject == parked.id),
        "{log:?}"
    );
}
