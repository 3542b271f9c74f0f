//! A case is laid on an outreach laptop, worked on without a line, handed in and taken off again.

use skranke_app::api::case::{CaseRef, CaseView, NoteRequest, TakeBackRequest};
use skranke_app::api::error::ErrorCode;
use skranke_app::api::outreach::{GiveOutRequest, OutreachRow};
use skranke_app::{App, AppError, Clock, Config, KeyPlace, ServerAddress};
use skranke_protocol::wire::Scope;
use skranke_server::backup;
use skranke_server::store::{CentralStore, EnrolmentCode};
use skranke_testkit::invariants::{self, World};

use crate::cheap::CHEAP;
use crate::faults::{Told, central, desktop, laptop_of, opened};
use crate::{TENANT, Town, granted, sign_in_as};

const LAPTOP: &str = "laptop";

/// A laptop that sees its own cases alone: enrolled with a code that says so, then in use like any other.
fn laptop(town: &Town) -> App {
    enrol(town, LAPTOP);
    let app = town.counter(LAPTOP);
    sign_in_as(&app, "omar");
    app
}

/// Enrols the computer whose store has this name, for its own cases alone.
pub(crate) fn enrol(town: &Town, name: &str) {
    use sha2::{Digest, Sha256};
    let code = "a-code-for-a-laptop";
    let store = town.central.as_ref().unwrap().central().store();
    let mut transaction = store.begin(TENANT).unwrap();
    let row = EnrolmentCode {
        digest: Sha256::digest(code).into(),
        scope: Scope::OwnCases,
        expires_at: Clock::System.now() + chrono::TimeDelta::hours(1),
        device_id: None,
    };
    transaction.save_enrolment_code(&row).unwrap();
    transaction.commit().unwrap();
    let folder = town.folder.path();
    let enrolling = App::open(Config {
        key: KeyPlace::File(folder.join(format!("{name}.key"))),
        folder: folder.join(name),
        forms: None,
        demo: true,
        server: Some(ServerAddress {
            url: format!("http://{}", town.address),
            tenant: TENANT.to_owned(),
            bootstrap: Some(code.to_owned()),
            ca_file: None,
        }),
        clock: Clock::System,
        costs: CHEAP,
    })
    .unwrap();
    enrolling.sync_now(()).unwrap();
}

pub(crate) fn shown(app: &App, case: &CaseView) -> Result<CaseView, ErrorCode> {
    let id = case.row.id.clone();
    let purpose = Some("case_work".to_owned());
    app.case_show(CaseRef { id, purpose })
        .map_err(|error| error.code)
}

pub(crate) fn laptops(app: &App, case: &CaseView) -> Vec<OutreachRow> {
    let id = case.row.id.clone();
    app.outreach_list(CaseRef { id, purpose: None })
        .unwrap()
        .rows
}

/// Lays a case on the one laptop there is, or takes it off.
pub(crate) fn gives(app: &App, case: &CaseView, gives: bool) -> Result<(), AppError> {
    let id = case.row.id.clone();
    let [row] = app
        .outreach_list(CaseRef { id, purpose: None })?
        .rows
        .try_into()
        .unwrap();
    let view = app.give_out(GiveOutRequest {
        case_id: case.row.id.clone(),
        device_id: row.id,
        gives,
    })?;
    assert_eq!(view.rows[0].holds, gives);
    Ok(())
}

pub(crate) fn give(app: &App, case: &CaseView, is_given: bool) {
    gives(app, case, is_given).unwrap();
}

pub(crate) fn note(app: &App, case: &CaseView, text: &str) {
    app.note_add(NoteRequest {
        case_id: case.row.id.clone(),
        text: text.to_owned(),
    })
    .unwrap();
}

/// All that must hold once the counter and the laptop are in step: the laptop has the whole of its cases and no other.
fn all_holds(town: &Town, story: &str) {
    let folder = town.folder.path();
    let world = World {
        desktops: vec![
            desktop(folder, "skranke-1", &Told::default()),
            laptop_of(town, LAPTOP),
        ],
        central: Some(central(town)),
        is_quiet: true,
        left: vec![folder.to_owned()],
        ..World::default()
    };
    invariants::hold(&world, story);
}

#[test]
fn a_case_is_laid_on_a_laptop_whole_and_goes_from_it_when_all_of_it_is_safe() {
    let mut town = Town::new();
    let desk = town.counter("skranke-1");
    desk.sync_now(()).unwrap();
    sign_in_as(&desk, "hanne");
    let case = granted(&desk, "0201703984", "Aase Lindholm");
    note(&desk, &case, "Ring først");
    desk.sync_now(()).unwrap();
    let laptop = laptop(&town);
    laptop.sync_now(()).unwrap();
    assert!(shown(&laptop, &case).is_err(), "none of its cases");

    // Laid on it, the case is there with all its events
    give(&desk, &case, true);
    laptop.sync_now(()).unwrap();
    let there = shown(&laptop, &case).unwrap();
    assert_eq!(
        there.timeline.len(),
        shown(&desk, &case).unwrap().timeline.len()
    );
    all_holds(&town, "with the case laid on it");

    // Worked on without a line, and taken off meanwhile
    town.close_central();
    note(&laptop, &case, "Besøgt");
    town.open_central();
    give(&desk, &case, false);
    let status = laptop.sync_now(()).unwrap();

    // Then what was written is handed in, and is here sealed alone until the central store has it in a backup
    assert_eq!((status.waiting, status.quarantined), (0, 0));
    desk.sync_now(()).unwrap();
    let timeline = shown(&desk, &case).unwrap().timeline;
    assert!(timeline.iter().any(|line| line.detail.contains("Besøgt")));
    assert_eq!(shown(&laptop, &case).err(), Some(ErrorCode::CaseNotFound));
    all_holds(&town, "with the case taken off it");
    let holds_sealed = || {
        let store = opened(town.folder.path(), LAPTOP);
        store.read().unwrap().holds_sealed().unwrap()
    };
    assert!(holds_sealed(), "it is in no backup yet");
    let store = town.central_store();
    let position = store.tenant(TENANT).unwrap().position();
    backup::mark(&store, TENANT, position).unwrap();
    laptop.sync_now(()).unwrap();
    assert!(!holds_sealed());

    // A case that is over is laid on none, and can be taken off
    assert!(
        shown(&desk, &case)
            .unwrap()
            .actions
            .contains(&"give_out".to_owned())
    );
    give(&desk, &case, true);
    desk.take_back(TakeBackRequest {
        case_id: case.row.id.clone(),
        reasons: "Betingelserne er ikke længere opfyldt".to_owned(),
        consultation_held_on: None,
        consultation_not_needed: "Borgeren bad selv om det".to_owned(),
        removed_from_register: true,
        no_conflict_of_interest: true,
    })
    .unwrap();
    assert!(
        !shown(&desk, &case)
            .unwrap()
            .actions
            .contains(&"give_out".to_owned())
    );
    let [row] = laptops(&desk, &case).try_into().unwrap();
    let refused = desk.give_out(GiveOutRequest {
        case_id: case.row.id.clone(),
        device_id: row.id,
        gives: true,
    });
    assert_eq!(refused.err().unwrap().code, ErrorCode::CaseOver);
    give(&desk, &case, false);

    // Who did it stands in the audit, and only a lead or the Fritagelsesenhed may
    let audit = store.audit(TENANT, None, 1_000).unwrap();
    let actions = audit.iter().map(|row| row.action.as_str());
    let moved: Vec<_> = actions
        .filter(|action| action.starts_with("case_"))
        .collect();
    assert_eq!(
        moved,
        [
            "case_given_out",
            "case_taken_back",
            "case_given_out",
            "case_taken_back"
        ]
    );
    sign_in_as(&desk, "karin");
    let id = case.row.id.clone();
    let refused = desk.outreach_list(CaseRef { id, purpose: None });
    assert_eq!(refused.err().unwrap().code, ErrorCode::NotPermitted);
}
