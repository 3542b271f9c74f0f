//! An outreach employee hands a form in from the citizen's home; Borgerservice decides.

use skranke_app::api::case::{Decision, RegisterLookRequest};
use skranke_app::api::draft::FieldValue;
use skranke_app::api::error::ErrorCode;
use skranke_app::api::session::StaffSaveRequest;
use skranke_app::api::settings::SettingsSaveRequest;

use crate::office::{Office, PASSWORD, code, refusal};

fn at_library(office: &Office) {
    let request = SettingsSaveRequest {
        location: "library".to_owned(),
        theme: "system".to_owned(),
    };
    office.app.settings_save(request).expect("saved");
}

#[test]
fn practice_8_outreach_hands_in_on_4_august_2014_and_the_receipt_goes_by_post() {
    // Given Omar of the social administration, without a line, and a form signed at home on 4 Aug 2014
    let office = Office::closed_at("2014-08-04 14:00");
    office.sign_in("omar");
    at_library(&office);
    let sheet = office.draft();
    assert!(
        sheet
            .check()
            .warnings
            .iter()
            .all(|w| w != "location_not_open")
    );

    // When the visit ends
    let handed_in = sheet
        .decide_confirming(Decision::HandIn, false)
        .expect("handed in");
    let case = handed_in.row.id;

    // Then the case is received, the slip does not say exempt, and no decision is possible for that role
    assert_eq!(handed_in.row.state, "received");
    let slip = office.print(&case, "hand_in_slip").expect("printed");
    assert!(slip.words.contains("Afleveringsseddel") && slip.words.contains("Aase Lindholm"));
    let lower = slip.words.to_lowercase();
    assert!(
        !lower.contains("fritag") && !lower.contains("bevil"),
        "{}",
        slip.words
    );
    assert!(handed_in.actions.iter().all(|action| action != "decide"));
    for decision in [
        Decision::Grant { duration: None },
        refusal("Nej"),
        Decision::Withdraw,
    ] {
        assert_eq!(
            code(office.decide_case(&case, decision)),
            ErrorCode::MayNotDecide
        );
    }

    // And the Fritagelsesenhed decides, registers, and posts the receipt
    office.comes_back("2014-08-05 09:00", "birgit");
    let grant = Decision::Grant {
        duration: Some("permanent".to_owned()),
    };
    office.decide_case(&case, grant).expect("granted");
    assert!(office.register(&case).expect("registered").exempt);
    office.print(&case, "exemption_receipt").expect("printed");
    let posted = office.give_receipt(&case, "posted", "").expect("posted");
    assert_eq!(posted.row.ticks_missing, ["journalised"]);
    assert_eq!(
        code(office.preview(&case, "hand_in_slip")),
        ErrorCode::PaperDoesNotFit
    );
}

#[test]
fn row_2_26_on_31_july_2014_the_new_place_warns_and_own_attendance_at_a_centre_is_accepted() {
    let office = Office::open_at("2014-07-31 10:00");

    let early = office.draft().set("location", "library").check();
    assert!(early.warnings.contains(&"location_not_open".to_owned()));
    assert_eq!(early.proof.outcome, "met", "it warns and does not stop");

    let at_centre = office.draft().set("location", "town_hall").check();
    assert!(!at_centre.warnings.contains(&"location_not_open".to_owned()));
    assert_eq!(at_centre.proof.outcome, "met");

    office.comes_back("2014-08-01 10:00", "karin");
    let opened = office.draft().set("location", "library").check();
    assert!(!opened.warnings.contains(&"location_not_open".to_owned()));
}

#[test]
fn row_2_26_the_harbour_that_opens_in_2027_warns_until_then() {
    let office = Office::open_at("2027-01-03 10:00");
    let harbour = || office.draft().set("location", "harbour");
    assert!(
        harbour()
            .check()
            .warnings
            .contains(&"location_not_open".to_owned())
    );
    let granted = harbour().grant().expect("granted");
    assert!(granted.warnings.contains(&"location_not_open".to_owned()));

    office.comes_back("2027-01-04 10:00", "karin");

    assert!(
        !harbour()
            .check()
            .warnings
            .contains(&"location_not_open".to_owned())
    );
}

#[test]
fn practice_1_outreach_sees_no_channel_and_cannot_finish() {
    let office = Office::closed_at("2026-03-13 10:00");
    office.sign_in("omar");
    let case = office
        .draft_with_representative()
        .decide_confirming(Decision::HandIn, false)
        .expect("handed in");

    assert_eq!(
        (case.channel.as_str(), case.came_instead.as_str()),
        ("", "")
    );
    assert!(
        case.timeline
            .iter()
            .all(|line| !line.detail.contains("Mads"))
    );
    assert_eq!(code(office.register(&case.row.id)), ErrorCode::NotPermitted);
    assert_eq!(
        code(office.journalise(&case.row.id, "")),
        ErrorCode::NotPermitted
    );
    assert_eq!(
        code(office.preview(&case.row.id, "interim_paper")),
        ErrorCode::PaperDoesNotFit
    );

    // Looking in the register is part of capturing
    let look = RegisterLookRequest {
        case_id: case.row.id,
        seen: "not_exempt".to_owned(),
    };
    office.app.register_look(look).expect("recorded");
}

#[test]
fn practice_1_outreach_staff_of_borgerservice_decide_only_where_the_municipality_says_so() {
    let they_may = || {
        Office::with_profile(|text| {
            text.replace("outreach_may_decide = false", "outreach_may_decide = true")
        })
    };
    for (office, decides) in [(Office::open(), false), (they_may(), true)] {
        // Given Ulla, who serves at the counter of Borgerservice and goes out to citizens
        office.sign_in("anders");
        let account = StaffSaveRequest {
            id: None,
            user_name: "ulla".to_owned(),
            name: "Ulla Berg".to_owned(),
            initials: "UB".to_owned(),
            roles: vec!["counter".to_owned(), "outreach".to_owned()],
            active: true,
            password: Some(PASSWORD.to_owned()),
        };
        office.app.staff_save(account).expect("saved");

        // When she sits with a citizen
        office.sign_in("ulla");
        let session = office.app.start_state(()).expect("asked").session;
        let acts = session.expect("signed in").acts;
        let granted = office.draft().grant();

        // Then the window offers her the decision, and she makes it, only where the municipality lets her
        assert_eq!(acts.contains(&"decide".to_owned()), decides);
        assert_eq!(granted.is_ok(), decides);
        if !decides {
            assert_eq!(code(granted), ErrorCode::MayNotDecide);
            let handed_in = office.draft().decide_confirming(Decision::HandIn, false);
            assert_eq!(handed_in.expect("handed in").row.state, "received");
        }
    }
}

#[test]
fn whoever_works_at_the_library_is_shown_there_and_their_cases_begin_there() {
    // Given the computer of the demo, on which nobody chose a location
    let office = Office::closed_at("2026-03-13 10:00");

    for (user, name) in [
        ("omar", "Biblioteket i Nørreby"),
        ("karin", "Borgerservice Solbjerg"),
    ] {
        office.sign_in(user);
        let session = office.app.start_state(()).expect("asked").session;
        assert_eq!(session.expect("signed in").location_name, name);
    }
    office.sign_in("omar");
    let draft = office.blank();
    let library = FieldValue::Text("library".to_owned());
    assert_eq!(draft.fields.get("location"), Some(&library));
}

#[test]
fn the_slip_may_name_the_unit_to_call_whatever_it_is_called() {
    // Given a municipality whose contact is the exemption unit
    let office = Office::with_profile(|text| {
        let lines = text.lines().map(|line| {
            let is_contact = line.starts_with("contact_name");
            if is_contact {
                "contact_name = \"Fritagelsesenheden\""
            } else {
                line
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    });

    // When outreach hands a case in
    office.sign_in("omar");
    let case = office
        .draft()
        .decide_confirming(Decision::HandIn, false)
        .expect("handed in");

    // Then the slip says whom to call
    let slip = office.words(&case.row.id, "hand_in_slip");
    assert!(slip.contains("Fritagelsesenheden"), "{slip}");
}
