//! A protected address: hidden on screen behind a logged click, and on no paper that somebody else carries.

use skranke_app::api::case::RevealRequest;

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
    assert!(known.address_protected && known.address.is_empty());

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
