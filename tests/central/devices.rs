//! A computer that is lost: shut out from another one, its work kept, and whose data it held.

use skranke_app::api::case::CaseListRequest;
use skranke_app::api::devices::{
    DeviceRevokeRequest, DeviceRow, HoldingsPage, HoldingsRequest, HoldingsSaveRequest, ListFormat,
};
use skranke_app::api::error::ErrorCode;
use skranke_app::api::review::HeldDecideRequest;
use skranke_app::{App, AppError};
use skranke_server::store::CentralStore;

use crate::pdf_words::words_of;
use crate::{TENANT, Town, granted, sign_in_as};

/// The other computer's line in the list, as an administrator at this one sees it.
pub(crate) fn the_other(app: &App) -> DeviceRow {
    let rows = app.device_list(()).unwrap().rows;
    assert_eq!(rows.len(), 2);
    rows.into_iter().find(|row| !row.is_this).unwrap()
}

pub(crate) fn revoke(app: &App, row: &DeviceRow, wipe: bool) -> Result<String, AppError> {
    let done = app.device_revoke(DeviceRevokeRequest {
        id: row.id.clone(),
        reason: "Glemt i toget".to_owned(),
        wipe,
    });
    done.map(|view| view.outcome)
}

fn holdings(app: &App, row: &DeviceRow) -> Result<HoldingsPage, AppError> {
    app.device_holdings(HoldingsRequest {
        id: row.id.clone(),
        purpose: "lost_device".to_owned(),
        after: None,
    })
}

#[test]
fn a_revoked_computer_is_out_at_once_and_what_it_saved_waits_for_a_lead() {
    // Given two computers, and an administrator at one of them
    let town = Town::new();
    let lost = town.counter("skranke-1");
    lost.sync_now(()).unwrap();
    let desk = town.counter("skranke-2");
    desk.sync_now(()).unwrap();
    sign_in_as(&desk, "anders");
    let row = the_other(&desk);
    assert_eq!(
        (row.state.as_str(), row.last_by.as_str()),
        ("active", "Karin Thygesen")
    );
    assert!(!row.last_seen_at.is_empty());
    let rows = desk.device_list(()).unwrap().rows;
    let own = rows.into_iter().find(|row| row.is_this).unwrap();
    let refused = revoke(&desk, &own, false).err().unwrap();
    assert_eq!(refused.code, ErrorCode::OwnDevice);

    // When the other one is shut out, and somebody works on there
    let said = revoke(&desk, &row, false).unwrap();
    let case = granted(&lost, "0201703984", "Aase Lindholm");
    let status = lost.sync_now(()).unwrap();

    // Then it hears that it is out, and its work is held at the central store
    assert!(said.contains("spærret fra nu af"), "{said}");
    assert_eq!(status.problem, "device_revoked");
    assert_eq!((status.waiting, status.confirmed), (0, 0));
    assert!(status.quarantined > 0, "it was handed over");
    let after = the_other(&desk);
    assert_eq!(
        (after.state.as_str(), after.revoked_by.as_str()),
        ("revoked", "Anders Kragh")
    );
    assert_eq!(after.reason, "Glemt i toget");

    // And a lead lets it in
    sign_in_as(&desk, "hanne");
    let page = desk.held_work(()).unwrap();
    assert_eq!(page.rows.len(), 1);
    assert_eq!(page.rows[0].case_number, case.row.number);
    let after = desk
        .held_decide(HeldDecideRequest {
            command: page.rows[0].command.clone(),
            release: true,
            reason: "Set efter".to_owned(),
        })
        .unwrap();
    assert!(after.outcome.contains("lukket ind"), "{}", after.outcome);
}

#[test]
fn a_revoked_computer_fetches_nothing_more() {
    let town = Town::new();
    let lost = town.counter("skranke-1");
    lost.sync_now(()).unwrap();
    let desk = town.counter("skranke-2");
    sign_in_as(&desk, "anders");
    revoke(&desk, &the_other(&desk), false).unwrap();
    sign_in_as(&desk, "karin");
    granted(&desk, "0201703984", "Aase Lindholm");
    desk.sync_now(()).unwrap();

    lost.sync_now(()).unwrap();

    let list = lost.case_list(CaseListRequest {
        query: String::new(),
        filter: "all".to_owned(),
        after: None,
        purpose: Some("case_work".to_owned()),
    });
    assert!(list.unwrap().rows.is_empty());
}

#[test]
fn the_list_of_a_lost_computer_leaves_as_a_file_with_its_purpose_in_both_logs() {
    // Given a lost computer with two cases, one of somebody whose name a spreadsheet would run
    let town = Town::new();
    let desk = town.counter("skranke-1");
    desk.sync_now(()).unwrap();
    let lost = town.counter("skranke-2");
    lost.sync_now(()).unwrap();
    granted(&lost, "0201703984", "Aase Lindholm");
    granted(&lost, "0301703984", "=1+1;Bo");
    lost.sync_now(()).unwrap();
    sign_in_as(&desk, "hanne");
    let row = the_other(&desk);
    let taken_out = |format: ListFormat, purpose: &str| {
        desk.device_holdings_file(&HoldingsSaveRequest {
            id: row.id.clone(),
            purpose: purpose.to_owned(),
            format,
        })
    };

    // When a lead saves it for a spreadsheet
    let csv = taken_out(ListFormat::Csv, "lost_device").unwrap();

    // Then Danish Excel reads its letters and columns, runs nothing, and sees no whole number
    let text = String::from_utf8(csv.bytes).unwrap();
    let lines: Vec<&str> = text.strip_prefix('\u{feff}').unwrap().lines().collect();
    assert_eq!(lines[0], "Navn;CPR-nummer;Sagsnummer");
    assert!(
        lines[1].starts_with("Aase Lindholm;020170-••••;"),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].starts_with("\"'=1+1;Bo\";030170-••••;"),
        "{}",
        lines[2]
    );
    assert_eq!(lines.len(), 3);
    assert!(!text.contains("3984"), "no whole number");

    // And as a PDF to print, with who took it out and why
    let pdf = taken_out(ListFormat::Pdf, "supervision").unwrap();
    let words = words_of(&pdf.bytes);
    for said in [
        "Aase Lindholm",
        "020170-••••",
        "Hanne",
        "Tilsyn",
        "Antal sager 2",
    ] {
        assert!(words.contains(said), "{said}: {words}");
    }

    // And the names of the files tell of the computer alone
    for (name, ending) in [(&csv.name, ".csv"), (&pdf.name, ".pdf")] {
        assert!(name.starts_with("oplysninger-paa-computer-S"), "{name}");
        assert!(name.ends_with(ending) && !name.contains("Aase"), "{name}");
    }

    // And both logs have it with its purpose; without one, or without the right, nothing leaves
    let rows = town.central_store().audit(TENANT, None, 1_000).unwrap();
    let asked = rows
        .iter()
        .filter(|row| row.action == "device_holdings_listed");
    let asked: Vec<_> = asked.map(|row| row.purpose.as_str()).collect();
    assert_eq!(asked, ["lost_device", "supervision"]);
    assert_eq!(
        taken_out(ListFormat::Csv, "").err().unwrap().code,
        ErrorCode::InvalidFields
    );
    sign_in_as(&desk, "anders");
    assert_eq!(
        taken_out(ListFormat::Csv, "lost_device")
            .err()
            .unwrap()
            .code,
        ErrorCode::NotPermitted
    );
}

#[test]
fn the_list_of_a_lost_computer_is_what_it_was_given_and_what_it_made() {
    // Given a computer that was given one case, made one, and has not heard of a third
    let town = Town::new();
    let desk = town.counter("skranke-1");
    let given = granted(&desk, "0201703984", "Aase Lindholm");
    desk.sync_now(()).unwrap();
    let lost = town.counter("skranke-2");
    lost.sync_now(()).unwrap();
    let made = granted(&lost, "0301703984", "Bo Lindholm");
    lost.sync_now(()).unwrap();
    granted(&desk, "0401703984", "Carl Lindholm");
    desk.sync_now(()).unwrap();

    // When a lead asks whose data it held
    sign_in_as(&desk, "hanne");
    let row = the_other(&desk);
    let page = holdings(&desk, &row).unwrap();

    // Then it is those two, by name, with the number partly hidden
    assert_eq!((page.total, page.more), (Some(2), false));
    let listed: Vec<_> = page
        .rows
        .iter()
        .map(|row| {
            (
                row.number.as_str(),
                row.name.as_str(),
                row.cpr_masked.as_str(),
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            (
                given.row.number.as_str(),
                "Aase Lindholm",
                given.row.cpr_masked.as_str()
            ),
            (
                made.row.number.as_str(),
                "Bo Lindholm",
                made.row.cpr_masked.as_str()
            ),
        ]
    );

    // And it is in the central log with its purpose
    let rows = town.central_store().audit(TENANT, None, 1_000).unwrap();
    let asked = rows
        .iter()
        .filter(|row| row.action == "device_holdings_listed");
    let asked: Vec<_> = asked.map(|row| row.purpose.as_str()).collect();
    assert_eq!(asked, ["lost_device"]);

    // And nobody else may: an administrator sees computers and no citizens, the counter neither
    sign_in_as(&desk, "anders");
    assert_eq!(
        holdings(&desk, &row).err().unwrap().code,
        ErrorCode::NotPermitted
    );
    sign_in_as(&desk, "karin");
    assert_eq!(
        desk.device_list(()).err().unwrap().code,
        ErrorCode::NotPermitted
    );
    assert_eq!(
        revoke(&desk, &row, false).err().unwrap().code,
        ErrorCode::NotPermitted
    );
    sign_in_as(&desk, "hanne");
    assert_eq!(
        revoke(&desk, &row, false).err().unwrap().code,
        ErrorCode::NotPermitted
    );
}
