//! Work done under a permission that was withdrawn: a lead at another computer lets it in or sends it back.

use std::path::Path;

use skranke_app::App;
use skranke_app::api::case::{CaseListRequest, CaseRef, CaseView};
use skranke_app::api::error::ErrorCode;
use skranke_app::api::review::{HeldDecideRequest, HeldPage, ReturnedRef};
use skranke_app::{AppError, Clock};
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::sqlite::SqliteStore;
use skranke_server::store::{CentralStore, Revoked};
use skranke_store::key::envelope::{Envelope, Opener};
use skranke_store::{Options, Store};

use crate::papers::receipt_of;
use crate::{TENANT, Town, granted, register, sign_in, sign_in_as};

/// Withdraws at the central store what the person at this computer may do.
pub(crate) fn withdraw(town: &Town, name: &str, app: &App) {
    let folder = town.folder.path().join(name);
    let secret = town.folder.path().join(format!("{name}.key"));
    let envelope = Envelope::load(&folder).unwrap();
    let key = envelope.open(&Opener::KeyFile(&secret)).ok().unwrap();
    let store = Store::open(&folder, &key, Options::default(), Clock::System.now()).unwrap();
    let device = store.read().unwrap().own_device().unwrap().unwrap().device;
    let session = app.start_state(()).unwrap().session.unwrap();
    let file = KeyFile::read_or_create(&town.folder.path().join("central.key"), true).unwrap();
    let central = SqliteStore::open(&town.folder.path().join("central.db"), &file).unwrap();
    let server_key = skranke_protocol::signature::SigningKey::from_seed(
        &central.server_keys().unwrap().signing_seed,
    )
    .public();
    let mut transaction = central.begin(TENANT).unwrap();
    let staff = session.staff_id.parse().unwrap();
    let held = transaction.grants_of(device, staff).unwrap();
    assert!(!held.is_empty(), "somebody has signed in there");
    for grant in held {
        let grant = grant.signed.verify(&server_key).unwrap();
        transaction
            .revoke_grants(Revoked::One(grant.id), Clock::System.now())
            .unwrap();
    }
    transaction.commit().unwrap();
}

fn decide(app: &App, page: &HeldPage, at: usize, release: bool) -> Result<HeldPage, AppError> {
    app.held_decide(HeldDecideRequest {
        command: page.rows[at].command.clone(),
        release,
        reason: "Jeg har talt med Karin".to_owned(),
    })
}

fn show(app: &App, case: &CaseView) -> Result<CaseView, ErrorCode> {
    app.case_show(CaseRef {
        id: case.row.id.clone(),
        purpose: Some("case_work".to_owned()),
    })
    .map_err(|error| error.code)
}

/// Karin granted after her permission was withdrawn; the central store holds it, and Hanne sits at another computer.
fn held(town: &Town) -> (App, App, CaseView) {
    let one = town.counter("skranke-1");
    one.sync_now(()).unwrap();
    withdraw(town, "skranke-1", &one);
    let case = granted(&one, "0201703984", "Aase Lindholm");
    let status = one.sync_now(()).unwrap();
    assert!(status.quarantined > 0, "{}", status.problem);
    let other = town.counter("skranke-2");
    other.sync_now(()).unwrap();
    sign_in_as(&other, "hanne");
    (one, other, case)
}

#[test]
fn held_work_is_seen_with_why_who_when_and_which_case_by_those_who_may_only_and_online_only() {
    let mut town = Town::new();
    let (_one, other, case) = held(&town);

    let page = other.held_work(()).unwrap();

    assert_eq!(page.rows.len(), 1, "one command, one line");
    let row = &page.rows[0];
    assert_eq!(row.case_number, case.row.number);
    assert_eq!(row.case_id, "", "nothing of the case is served");
    assert_eq!(row.name, "Karin Thygesen");
    assert!(row.reason.contains("trukket tilbage"), "{}", row.reason);
    assert!(row.what.contains("Bevilget"), "{}", row.what);
    assert!(!row.recorded_at.is_empty() && !row.held_at.is_empty() && !row.device.is_empty());
    assert_eq!(show(&other, &case).err(), Some(ErrorCode::CaseNotFound));

    // The Fritagelsesenhed sees it too; who serves at the counter does not
    sign_in_as(&other, "birgit");
    assert_eq!(other.held_work(()).unwrap().rows.len(), 1);
    for user in ["karin", "omar", "torben", "anders"] {
        sign_in_as(&other, user);
        let refused = other.held_work(()).err().unwrap().code;
        assert_eq!(refused, ErrorCode::NotPermitted, "{user}");
    }

    // And one decision must win, so nothing is decided without a line
    sign_in_as(&other, "hanne");
    town.close_central();
    assert_eq!(
        other.held_work(()).err().unwrap().code,
        ErrorCode::OnlineOnly
    );
    assert_eq!(
        decide(&other, &page, 0, true).err().unwrap().code,
        ErrorCode::OnlineOnly
    );
}

#[test]
fn what_a_lead_lets_in_is_in_its_case_on_every_computer() {
    let town = Town::new();
    let (one, other, case) = held(&town);
    let page = other.held_work(()).unwrap();
    let unsaid = other.held_decide(HeldDecideRequest {
        command: page.rows[0].command.clone(),
        release: true,
        reason: " ".to_owned(),
    });
    assert_eq!(unsaid.err().unwrap().code, ErrorCode::ReasonMissing);

    let after = decide(&other, &page, 0, true).unwrap();

    assert!(after.rows.is_empty());
    assert!(after.outcome.contains("lukket ind"), "{}", after.outcome);
    other.sync_now(()).unwrap();
    assert_eq!(show(&other, &case).unwrap().row.state, "granted");
    let status = one.sync_now(()).unwrap();
    assert_eq!(
        (status.quarantined, status.cases, status.confirmed),
        (0, 1, 1)
    );
    let view = show(&one, &case).unwrap();
    assert!(view.timeline.iter().all(|line| line.sync == "confirmed"));
    assert!(one.worklist(()).unwrap().returned.is_empty());
    assert_eq!(
        decide(&other, &page, 0, false)
            .err()
            .map(|error| error.code),
        Some(ErrorCode::AlreadyReviewed),
        "decided once"
    );
}

/// The citizen leaves with the receipt.
fn receipt_given(app: &App, case: &CaseView) {
    let request = receipt_of(case);
    app.paper_record(&app.paper_prepare(&request).unwrap())
        .unwrap();
}

#[test]
fn a_paper_whose_work_is_held_or_sent_back_tops_the_queue_and_says_why_until_somebody_has_dealt_with_it()
 {
    // Given a queue, and last in it a case whose receipt was given out after the permission was withdrawn
    let town = Town::new();
    let one = town.counter("skranke-1");
    for name in ["Bodil Aagaard", "Bodil Kvist"] {
        granted(&one, "2304483984", name);
    }
    one.sync_now(()).unwrap();
    let case = granted(&one, "0201703984", "Aase Lindholm");
    one.sync_now(()).unwrap();
    withdraw(&town, "skranke-1", &one);
    register(&one, &case);
    receipt_given(&one, &case);
    let queue = |app: &App| {
        let request = CaseListRequest {
            query: String::new(),
            filter: "missing_ticks".to_owned(),
            after: None,
            purpose: None,
        };
        let page = app.case_list(request).unwrap();
        assert_eq!(
            page.total,
            Some(page.rows.len() as u64),
            "each stands there once"
        );
        let rows = page.rows.into_iter();
        rows.map(|row| (row.name, row.paper_apart))
            .collect::<Vec<_>>()
    };
    let plain = |name: &str| (name.to_owned(), String::new());
    assert!(queue(&one).iter().all(|(_, apart)| apart.is_empty()));
    assert_ne!(queue(&one)[0].0, "Aase Lindholm");

    // When the central store holds it apart
    assert!(one.sync_now(()).unwrap().quarantined > 0);

    // Then it is first, on the start screen too, and says why
    let first = ("Aase Lindholm".to_owned(), "quarantined".to_owned());
    assert_eq!(queue(&one)[0], first);
    let on_start = one.worklist(()).unwrap();
    assert_eq!(on_start.missing_ticks[0].paper_apart, "quarantined");
    let other = town.counter("skranke-2");
    other.sync_now(()).unwrap();
    sign_in_as(&other, "hanne");
    let mut page = other.held_work(()).unwrap();
    assert!(page.rows[0].what.contains("Papir"), "{}", page.rows[0].what);

    // And when it is sent back it says so, until somebody has dealt with it
    while !page.rows.is_empty() {
        page = decide(&other, &page, 0, false).unwrap();
    }
    one.sync_now(()).unwrap();
    let first = ("Aase Lindholm".to_owned(), "returned".to_owned());
    assert_eq!(queue(&one)[0], first);
    for row in one.worklist(()).unwrap().returned {
        let command = row.command;
        one.returned_done(ReturnedRef { command }).unwrap();
    }
    let after = queue(&one);
    assert!(after.contains(&plain("Aase Lindholm")), "{after:?}");
    assert_ne!(after[0].0, "Aase Lindholm", "in its place again");
}

#[test]
fn what_a_lead_sends_back_stands_on_top_at_its_sender_and_counts_no_more() {
    // Given a case both computers know, and a registration made after the permission was withdrawn
    let town = Town::new();
    let one = town.counter("skranke-1");
    let other = town.counter("skranke-2");
    let case = granted(&one, "0201703984", "Aase Lindholm");
    one.sync_now(()).unwrap();
    withdraw(&town, "skranke-1", &one);
    register(&one, &case);
    assert!(one.sync_now(()).unwrap().quarantined > 0);
    assert!(show(&one, &case).unwrap().exempt, "not looked at yet");
    other.sync_now(()).unwrap();
    sign_in_as(&other, "hanne");
    let page = other.held_work(()).unwrap();
    assert_ne!(page.rows[0].case_id, "", "this computer holds the case");

    // When the lead sends it back
    let after = decide(&other, &page, 0, false).unwrap();
    assert!(after.outcome.contains("retur"), "{}", after.outcome);
    assert!(after.rows.is_empty());
    let status = one.sync_now(()).unwrap();

    // Then it stands on top at its sender, with who, why and when, and nothing is in quarantine any more
    assert_eq!(status.quarantined, 0);
    let returned = one.worklist(()).unwrap().returned;
    assert_eq!(returned.len(), 1);
    assert_eq!(returned[0].reason, "Jeg har talt med Karin");
    assert_eq!(returned[0].by, "Hanne Vestergaard");
    assert_eq!(returned[0].citizen, "Aase Lindholm");
    assert!(
        returned[0].what.contains("Registreret"),
        "{}",
        returned[0].what
    );
    assert!(returned[0].held_for.contains("trukket tilbage"));

    // And the case is on this computer as on every other, in page and list, and can be done again
    let view = show(&one, &case).unwrap();
    assert!(!view.exempt);
    assert_eq!(view.row.state, "granted");
    assert!(view.actions.contains(&"tick_registered".to_owned()));
    let listed = one.case_list(CaseListRequest {
        query: case.row.number.clone(),
        filter: "all".to_owned(),
        after: None,
        purpose: None,
    });
    let ticks = listed.unwrap().rows[0].ticks_missing.clone();
    assert!(ticks.contains(&"registered".to_owned()), "{ticks:?}");
    assert_eq!(show(&other, &case).unwrap().exempt, view.exempt);

    // And it goes off the list when somebody has dealt with it, also after the next contact
    let left = one.returned_done(ReturnedRef {
        command: returned[0].command.clone(),
    });
    assert!(left.unwrap().is_empty());
    one.sync_now(()).unwrap();
    assert!(one.worklist(()).unwrap().returned.is_empty());
}

/// Somebody edited the rule sets of one computer alone: it believes that the rules of 2017 still hold.
fn counter_with_rules_of_its_own(town: &Town) -> App {
    let forms = town.folder.path().join("forms");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../forms/rules");
    std::fs::create_dir_all(forms.join("rules")).unwrap();
    for (file, day, moved) in [
        ("b.toml", "2023-05-31", "2123-05-31"),
        ("c.toml", "2023-06-01", "2123-06-01"),
    ] {
        let text = std::fs::read_to_string(shipped.join(file)).unwrap();
        assert!(text.contains(day), "{file}");
        std::fs::write(forms.join("rules").join(file), text.replace(day, moved)).unwrap();
    }
    let app = Town::computer_with(
        town.folder.path(),
        town.address,
        "skranke-1",
        Clock::System,
        Some(forms),
    );
    sign_in(&app);
    app
}

#[test]
fn practice_6_a_decision_under_rules_that_only_one_computer_has_is_held_and_a_person_is_told_why() {
    let town = Town::new();
    let one = counter_with_rules_of_its_own(&town);
    let case = granted(&one, "0201703984", "Aase Lindholm");

    let status = one.sync_now(()).unwrap();

    assert_eq!((status.confirmed, status.quarantined), (0, 1));
    let other = town.counter("skranke-2");
    other.sync_now(()).unwrap();
    sign_in_as(&other, "hanne");
    let page = other.held_work(()).unwrap();
    assert_eq!(page.rows[0].case_number, case.row.number);
    let why = &page.rows[0].reason;
    assert!(why.contains("et andet regelsæt end kommunens"), "{why}");
    assert_eq!(show(&other, &case).err(), Some(ErrorCode::CaseNotFound));
    assert!(
        show(&one, &case).is_ok(),
        "nothing is lost where it was made"
    );
}
