//! Somebody comes for the citizen whose case was begun before.

use skranke_app::api::error::ErrorCode;

use crate::completing::{go_on, incomplete, sheet, times, without_id};
use crate::office::{Office, Sheet, code};

/// Her son comes with the power of attorney, and signs with her.
fn with_son(sheet: Sheet<'_>) -> Sheet<'_> {
    sheet
        .set("channel", "representative")
        .set("representative_name", "Mads Lindholm")
        .set("representative_relation", "child")
        .set("representative_birth_date", "14.08.1997")
        .set("poa_signed_on", "14.03.2026")
        .tick("poa_citizen_signed")
        .tick("poa_representative_signed")
        .tick("declared")
        .tick("request_signed")
}

#[test]
fn who_came_first_may_send_a_representative_the_next_day() {
    // Given a case the citizen began herself
    let office = Office::open();
    let case = without_id(&office);
    office.comes_back("2026-03-16 10:00", "karin");

    // When her son comes with the power of attorney
    let draft = go_on(&office, &case.row.id);
    let granted = with_son(sheet(&office, draft))
        .set("id_kind", "driving_licence")
        .tick("id_checked")
        .grant()
        .expect("granted");

    // Then the case says so, and the day of receipt is the first one
    assert_eq!(granted.channel, "representative");
    assert_eq!(granted.came_instead, "Mads Lindholm");
    assert_eq!(granted.row.received_on, "2026-03-13");
    assert_eq!(times(&granted, "arrival_recorded"), 1);
    assert_eq!(times(&granted, "power_of_attorney_used"), 1);
}

#[test]
fn whoever_comes_instead_is_identified_anew() {
    // Given a case in which the citizen's own passport was seen
    let office = Office::open();
    let case = office
        .draft()
        .without("declared")
        .without("request_signed")
        .decide(incomplete("Skriv under"))
        .expect("incomplete");
    office.comes_back("2026-03-16 10:00", "karin");

    // When her son comes, and staff leave the passport as it stands
    let draft = go_on(&office, &case.row.id);
    let unseen = with_son(sheet(&office, draft)).grant();

    // Then nothing is granted on the ID of somebody else
    assert_eq!(
        code(unseen.map(|case| case.row.state)),
        ErrorCode::RequirementsNotMet
    );

    // And when his own is seen, it is
    let draft = go_on(&office, &case.row.id);
    let seen = with_son(sheet(&office, draft).untick("id_checked").save())
        .tick("id_checked")
        .grant();
    assert_eq!(seen.expect("granted").came_instead, "Mads Lindholm");
}
