//! A time-limited exemption of the first rule set runs on, runs out, or becomes permanent by law; the lists say so on
//! the day.

use skranke_app::api::case::{
    CaseListRequest, CaseRef, CaseView, Decision, ExtendRequest, RegisterLookRequest,
};
use skranke_app::api::error::ErrorCode;

use crate::office::{AASE, Office, code};

/// Aase's exemption of 15 April 2014, registered and finished, which runs until 1 November 2016.
fn time_limited(office: &Office) -> String {
    let case = office
        .draft()
        .set("received_on", "15.04.2014")
        .set("signed_on", "15.04.2014")
        .decide(Decision::Grant {
            duration: Some("time_limited".to_owned()),
        })
        .expect("granted")
        .row
        .id;
    office.register(&case).expect("registered");
    office.print(&case, "exemption_receipt").expect("printed");
    office
        .give_receipt(&case, "handed_over", "")
        .expect("given");
    office.journalise(&case, "2014-7").expect("filed");
    case
}

fn in_2014() -> Office {
    Office::open_at("2014-04-15 10:00")
}

fn look(office: &Office, case: &str, seen: &str) {
    let request = RegisterLookRequest {
        case_id: case.to_owned(),
        seen: seen.to_owned(),
    };
    office.app.register_look(request).expect("recorded");
}

fn extend(
    office: &Office,
    case: &str,
    until: &str,
    reason: &str,
) -> Result<CaseView, skranke_app::AppError> {
    office.app.extend(ExtendRequest {
        case_id: case.to_owned(),
        until: until.to_owned(),
        reason: reason.to_owned(),
    })
}

/// The state a list shows, whatever it is searched by.
fn listed(office: &Office) -> String {
    let page = office.app.case_list(CaseListRequest {
        query: AASE.to_owned(),
        filter: "all".to_owned(),
        after: None,
        purpose: Some("case_work".to_owned()),
    });
    page.expect("listed").rows[0].state.clone()
}

#[test]
fn practice_3_a_time_limited_exemption_is_extended_after_a_look_in_the_register() {
    // Given an exemption that runs out tomorrow, and Aase at the counter
    let office = in_2014();
    let case = time_limited(&office);
    office.comes_back("2016-10-31 10:00", "karin");
    let shown = office.show(&case);
    assert_eq!(shown.expires_on, "2016-11-01");
    assert!(shown.actions.contains(&"extend".to_owned()));
    assert_eq!(shown.extends_to, "2018-11-01", "as for one made today");

    // When nobody has looked, or the register says something else, it is not extended
    let met = "Betingelsen er stadig opfyldt";
    assert_eq!(
        code(extend(&office, &case, "01.11.2018", met)),
        ErrorCode::RegisterNotChecked
    );
    look(&office, &case, "not_exempt");
    assert_eq!(
        code(extend(&office, &case, "01.11.2018", met)),
        ErrorCode::RegisterNotChecked
    );
    look(&office, &case, "exempt");
    assert_eq!(
        code(extend(&office, &case, "01.11.2018", "  ")),
        ErrorCode::ReasonMissing
    );
    assert_eq!(
        code(extend(&office, &case, "01.11.2016", met)),
        ErrorCode::InvalidFields
    );

    // Then, with a look and a reason, it runs on, and says why
    let extended = extend(&office, &case, "01.11.2018", met).expect("extended");
    assert_eq!(extended.expires_on, "2018-11-01");
    assert!(extended.exempt);
    let line = extended.timeline.iter().find(|e| e.kind == "extended");
    assert!(line.expect("told").detail.contains(met));

    // And the citizen gets a new receipt with the new day, which is no copy, and the case is filed anew
    assert_eq!(extended.row.ticks_missing, ["receipt", "journalised"]);
    let receipt = office.print(&case, "exemption_receipt").expect("printed");
    assert_eq!(receipt.copy, 0);
    assert!(!receipt.words.contains("KOPI"), "{}", receipt.words);
    assert!(receipt.words.contains("01.11.2018") || receipt.words.contains("1. november 2018"));
}

#[test]
fn domain_1_5_an_exemption_that_ran_out_yesterday_is_no_exemption_in_any_list() {
    // Given an exemption that runs until 1 November 2016
    let office = in_2014();
    let case = time_limited(&office);

    // When its last day has come, then it still runs; the day after, no list and no page says exempt
    office.comes_back("2016-11-01 10:00", "karin");
    assert_eq!(listed(&office), "granted");
    assert!(office.show(&case).exempt);
    office.comes_back("2016-11-02 10:00", "karin");
    assert_eq!(listed(&office), "expired");
    let shown = office.show(&case);
    assert!(!shown.exempt);
    assert_eq!(shown.row.state, "expired");
    assert!(!shown.actions.contains(&"extend".to_owned()));
    look(&office, &case, "exempt");
    assert_eq!(
        code(extend(&office, &case, "01.11.2018", "Stadig opfyldt")),
        ErrorCode::TermRanOut
    );

    // And who stands at the counter is asked as anyone else: nothing says "exempt already"
    let sheet = office.draft().save();
    let known = office.app.citizen_known(sheet.reference()).expect("told");
    assert!(!known.exempt_by_our_record);
    assert_eq!(known.cases[0].state, "expired");
}

#[test]
fn domain_1_5_what_ran_on_1_october_2017_is_permanent_and_the_case_can_say_so() {
    // Given an exemption that still ran when the rules changed
    let office = Office::open_at("2016-12-20 10:00");
    let case = office
        .draft()
        .set("received_on", "20.12.2016")
        .set("signed_on", "20.12.2016")
        .decide(Decision::Grant {
            duration: Some("time_limited".to_owned()),
        })
        .expect("granted")
        .row
        .id;
    office.register(&case).expect("registered");
    let permanent = || {
        office.app.make_permanent(CaseRef {
            id: case.clone(),
            purpose: None,
        })
    };
    assert_eq!(code(permanent()), ErrorCode::RequirementsNotMet);

    // When a colleague finds it years later, it still runs and cannot be extended, because there is no term any more
    office.comes_back("2026-03-13 10:00", "karin");
    let shown = office.show(&case);
    assert!(shown.exempt);
    assert_eq!(listed(&office), "granted");
    assert!(shown.actions.contains(&"make_permanent".to_owned()));
    assert!(!shown.actions.contains(&"extend".to_owned()));
    look(&office, &case, "exempt");
    assert!(extend(&office, &case, "01.11.2030", "Stadig opfyldt").is_err());

    // Then the case says since when, and the receipt has no last day
    let view = permanent().expect("recorded");
    assert_eq!(view.expires_on, "");
    let line = view.timeline.iter().find(|e| e.kind == "made_permanent");
    assert_eq!(line.expect("told").detail, "01.10.2017");
    let words = office.words(&case, "exemption_receipt");
    assert!(!words.contains("2018"), "{words}");
    assert!(code(permanent()) != ErrorCode::Internal);
}

#[test]
fn row_4_25_a_grant_says_in_writing_what_it_rests_on() {
    // Given an ordinary grant
    let office = Office::open();
    let case = office.granted().row.id;

    // When somebody reads the case, then its history names every requirement that was found met that day
    let shown = office.show(&case);
    let granted = shown.timeline.iter().find(|e| e.kind == "granted");
    let detail = &granted.expect("told").detail;
    for fact in [
        "Borgeren er fyldt 15 år",
        "Legitimation er set og passer",
        "Erklæring på tro og love",
        "Borgeren er ikke allerede fritaget",
    ] {
        assert!(detail.contains(fact), "{fact}: {detail}");
    }

    // And what nobody looked into is not among them
    let unseen = office.draft().set("register_seen", "not_looked").save();
    let check = unseen.check();
    let register = check.proof.parts.last().expect("the register");
    assert_eq!(
        (check.proof.outcome.as_str(), register.outcome.as_str()),
        ("met", "not_known"),
        "nobody having looked stops nothing (practice 3)"
    );
    let blind = unseen.grant().expect("granted");
    let granted = blind.timeline.iter().find(|e| e.kind == "granted");
    let told = &granted.expect("told").detail;
    assert!(!told.contains("ikke allerede fritaget"), "{told}");

    // And no ground is among them, nor, for those who may not know, who came
    assert!(!detail.contains("helbred"));
    office.sign_in("torben");
    let shown = office.show(&case);
    let granted = shown.timeline.iter().find(|e| e.kind == "granted");
    assert!(!granted.expect("told").detail.contains("Legitimation"));
}

#[test]
fn domain_1_2_a_citizen_of_another_municipality_is_warned_about_and_kept() {
    // Given a citizen who says that she lives in another municipality
    let office = Office::open();
    let warned = |municipality: &str| {
        let sheet = office
            .draft()
            .set("citizen_municipality", municipality)
            .save();
        let warnings = sheet.check().warnings;
        (sheet, warnings.contains(&"other_municipality".to_owned()))
    };

    // When staff writes its code, then they are warned; of their own code, and of none, they are not
    assert!(!warned("").1);
    assert!(!warned("990").1, "the profile's own");
    let (sheet, is_warned) = warned("101");
    assert!(is_warned);

    // And it never blocks, because municipalities help each other; the case keeps the code and the warning
    let case = sheet.grant().expect("granted");
    let shown = office.show(&case.row.id);
    assert!(shown.warnings.contains(&"other_municipality".to_owned()));
    let told = shown.facts.iter().find(|f| f.label == "label.municipality");
    assert_eq!(told.expect("told").value, "101");
}
