//! Every command and use case on a case, in every role, on everybody's cases: allowed exactly as the one table says.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use skranke_app::api::error::ErrorCode;
use skranke_app::api::session::StaffSaveRequest;
use skranke_app::{COMMANDS, SHELL_COMMANDS, dispatch};
use skranke_domain::role::{Act, Leave, Ownership, Role, may, permits};
use skranke_protocol::confirmation::{Signed, TenantHead};
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{Cursor, FeedEntry, FeedItem, FeedPage};
use skranke_store::{Action, Actor, Entry, Store};

use super::Story;
use crate::access::finished;
use crate::office::{Office, PASSWORD};

const TESTER: &str = "prove";

/// Use cases that the window's table of commands does not name: behind dialogs and printers, and of the command line.
const BESIDE: [&str; 3] = ["attach", "paper_prepare", "case_export"];

/// What a command says of its purpose.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Whoever looks says it where the table asks for one.
    AsTheTableAsks,
    /// It is always to be said.
    Always,
    /// The command is its own purpose.
    TheCommand,
}

/// What a command on a case needs, the act on the case first.
struct OnCase {
    acts: &'static [Act],
    purpose: Purpose,
    request: Value,
}

/// What a command on a case needs, with a request that gets past the question of rights and changes nothing; none for
/// commands that are not about a case.
#[rustfmt::skip]
fn on_case(command: &str, case: &str, purpose: Option<&str>) -> Option<OnCase> {
    use Purpose::{Always, AsTheTableAsks, TheCommand};
    let row = |acts, purpose, request| Some(OnCase { acts, purpose, request });
    let nobody = uuid::Uuid::nil().to_string();
    match command {
        "case_show" => row(&[Act::ReadCase], AsTheTableAsks, json!({ "id": case, "purpose": purpose })),
        "attachment_copy" => row(&[Act::ReadCase, Act::SeeChannel], AsTheTableAsks,
            json!({ "digest": "0".repeat(64), "case_id": case, "draft_id": null, "purpose": purpose })),
        "reveal" => row(&[Act::ReadCase], Always,
            json!({ "case_id": case, "what": "cpr", "purpose": purpose.unwrap_or_default() })),
        "paper_preview" => row(&[Act::ReadCase], TheCommand,
            json!({ "case_id": case, "draft_id": null, "kind": "interim_paper", "large_print": false })),
        "case_continue" => row(&[Act::Capture], TheCommand, json!({ "id": case })),
        "decide" => row(&[Act::Decide], TheCommand,
            json!({ "draft_id": null, "case_id": case, "decision": { "kind": "incomplete", "missing": ["Noget"] },
                    "no_conflict_of_interest": true })),
        "tick" => row(&[Act::Finish], TheCommand,
            json!({ "tick": "receipt", "case_id": case, "delivery": "handed_over", "reason": "" })),
        "tick_undo" => row(&[Act::Correct], TheCommand, json!({ "case_id": case, "tick": "registered", "reason": "" })),
        "register_look" => row(&[Act::Capture], TheCommand, json!({ "case_id": case, "seen": "" })),
        "correct_wrong_person" => row(&[Act::Correct], TheCommand,
            json!({ "case_id": case, "reason": "", "removed_from_register": true, "resend_post": false,
                    "open_draft_for_right_person": false })),
        "conflict_resolve" => row(&[Act::Correct], TheCommand,
            json!({ "case_id": case, "field": "citizen", "chosen": nobody, "reason": "Set efter" })),
        "take_back" => row(&[Act::TakeBack], TheCommand,
            json!({ "case_id": case, "reasons": "", "consultation_held_on": null, "consultation_not_needed": "Kendt",
                    "removed_from_register": true, "no_conflict_of_interest": true })),
        "extend" => row(&[Act::Prolong], TheCommand, json!({ "case_id": case, "until": "2030-11-01", "reason": "" })),
        "make_permanent" => row(&[Act::Prolong], TheCommand, json!({ "id": case })),
        "merge" => row(&[Act::Merge], TheCommand, json!({ "case_id": case, "merge": case, "reason": "" })),
        "merge_undo" => row(&[Act::Merge], TheCommand, json!({ "case_id": case, "reason": "" })),
        "end_exemption" => row(&[Act::Finish], TheCommand,
            json!({ "case_id": case, "ending": "rejoined_at_counter", "ended_on": "2026-03-12" })),
        "death_undo" => row(&[Act::Correct], TheCommand, json!({ "case_id": case, "reason": "" })),
        "note_add" => row(&[Act::Supplement], TheCommand, json!({ "case_id": case, "text": "" })),
        "revoke_power_of_attorney" => row(&[Act::Supplement, Act::SeeChannel], TheCommand,
            json!({ "case_id": case, "revoked_on": "13.03.2026", "reason": "" })),
        "outreach_list" => row(&[Act::GiveOut], TheCommand, json!({ "id": case, "purpose": null })),
        "give_out" => row(&[Act::GiveOut], TheCommand,
            json!({ "case_id": case, "device_id": nobody, "gives": true })),
        // A file that is not there: asked for before it is read.
        "attach" => row(&[Act::Supplement], TheCommand,
            json!({ "draft_id": null, "case_id": case, "purpose": "other", "path": "findes-ikke.pdf" })),
        "paper_prepare" => row(&[Act::ReadCase, Act::Finish], TheCommand,
            json!({ "case_id": case, "draft_id": null, "kind": "interim_paper", "large_print": false })),
        "case_export" => row(&[Act::ReadCase], AsTheTableAsks, json!({ "id": case, "purpose": purpose })),
        "start_state" | "first_run" | "enrol" | "recover" | "pin_open" | "pin_choose" | "lease_renew"
        | "own_code_choose"
        | "store_recover" | "sign_in" | "browser_sign_in_cancel" | "sign_out" | "session_lock" | "session_stay"
        | "session_unlock" | "staff_list" | "staff_save" | "settings" | "settings_save" | "profile_show"
        | "profile_edition" | "profile_check" | "profile_rebase" | "profile_save" | "recovery_code_new"
        | "recovery_code_confirm" | "rule_library" | "worklist" | "draft_new" | "draft_list" | "draft_open" | "draft_save"
        | "form_view" | "draft_delete" | "draft_restore" | "draft_reveal" | "draft_check" | "typed_keep"
        | "typed_kept" | "cpr_check" | "citizen_known" | "screen_signature" | "case_list" | "paper_came_out"
        | "held_work" | "held_decide" | "returned_done" | "device_list" | "device_revoke" | "device_holdings"
        | "log_read"
        | "sync_status" | "sync_now" | "sync_cancel" | "sync_sent" => None,
        unknown => panic!("{unknown} has no row here: say whether it is about a case, and who may do it with whose"),
    }
}

/// What a command or use case answers; the code where it fails.
fn told(office: &Office, name: &str, request: Value) -> Option<ErrorCode> {
    fn of<T: DeserializeOwned>(request: Value) -> T {
        serde_json::from_value(request).expect("a request")
    }
    let app = &office.app;
    let error = match name {
        "attach" => app.attach(of(request)).err(),
        "paper_prepare" => app.paper_prepare(&of(request)).err(),
        "case_export" => app.case_export(of(request)).err(),
        command => dispatch(app, command, request).err(),
    };
    error.map(|error| error.code)
}

/// What the table says of a command on a case.
fn expected(
    role: Role,
    command: &str,
    row: &OnCase,
    case: Ownership,
    said: bool,
) -> Option<ErrorCode> {
    let act = row.acts[0];
    let leave = may(&[role], act, Some(case));
    let lacks_one = row.acts.iter().any(|act| !permits(role, *act));
    let began = matches!(case, Ownership::Own | Ownership::OwnDone);
    // Practice 13: somebody else's form says who came.
    let tells_who_came = command == "case_continue" && !began && !permits(role, Act::SeeChannel);
    if act == Act::Decide && lacks_one && permits(role, Act::Capture) {
        return Some(ErrorCode::MayNotDecide);
    }
    if leave == Leave::Never || lacks_one || tells_who_came {
        return Some(ErrorCode::NotPermitted);
    }
    let asks = match row.purpose {
        Purpose::AsTheTableAsks => leave == Leave::ForPurpose,
        Purpose::Always => true,
        Purpose::TheCommand => false,
    };
    (asks && !said).then_some(ErrorCode::PurposeMissing)
}

/// The member of staff whose roles the test changes.
fn tester(office: &Office, id: Option<String>, role: Role) -> String {
    office.sign_in("anders");
    let listed = office.app.staff_save(StaffSaveRequest {
        id,
        user_name: TESTER.to_owned(),
        name: "Pia Prøve".to_owned(),
        initials: "PP".to_owned(),
        roles: vec![role.code().to_owned()],
        active: true,
        password: Some(PASSWORD.to_owned()),
    });
    office.sign_in(TESTER);
    let listed = listed.expect("saved").into_iter();
    let mut found = listed.filter(|staff| staff.user_name == TESTER);
    found.next().expect("listed").id
}

/// Brings another computer's work here, as the central store would.
fn fetch(office: &Office, from: &Office) {
    let events = from
        .store()
        .read()
        .and_then(|read| read.own_events(0, 500))
        .expect("read");
    let position = events.len() as u64;
    let now = office.clock.now();
    let head = TenantHead {
        tenant: "990".to_owned(),
        epoch: 1,
        position,
        root: [0; 32],
        issued_at: now,
    };
    let page = FeedPage {
        grants: Vec::new(),
        skipped: None,
        devices: [].into(),
        items: (1..)
            .zip(events)
            .map(|(position, event)| FeedEntry {
                position,
                item: FeedItem::Event { event },
            })
            .collect(),
        cursor: Cursor { epoch: 1, position },
        more: false,
        backup_position: 0,
        head: Signed::new(&head, &SigningKey::from_seed(&[1; 32])).expect("signed"),
        server_time: now,
    };
    let mut store = office.store();
    let own = store
        .read()
        .and_then(|read| read.own_device())
        .expect("read")
        .expect("made");
    let entry = Entry::new(Action::Synchronised, now);
    let mut write = store
        .write(&Actor::program(own.device), entry)
        .expect("begun");
    write.take_page(&page).expect("taken");
    write.commit().expect("saved");
}

/// One case of every ownership, in the order of the table's columns, as they stand to the tester.
fn one_of_each(office: &Office) -> Vec<(Ownership, String)> {
    let elsewhere = Office::open();
    let handed_in = elsewhere.granted().row.id;
    let others_done = finished(&elsewhere);
    let own = office.granted().row.id;
    office.sign_in("karin");
    let computers = office.granted().row.id;
    office.sign_in(TESTER);
    let own_done = finished(office);
    fetch(office, &elsewhere);
    let cases = [own, computers, handed_in, own_done, others_done];
    Ownership::ALL.into_iter().zip(cases).collect()
}

fn events_in(store: &Store, case: &str) -> usize {
    let id = case.parse().expect("an id");
    let events = store.read().and_then(|read| read.case_events(id));
    events.expect("read").len()
}

#[test]
fn every_command_on_a_case_follows_the_table_of_role_and_ownership() {
    let office = Office::closed_at(crate::office::MORNING);
    let id = tester(&office, None, Role::Counter);
    let cases = one_of_each(&office);
    let store = office.store();
    let mut asked = 0;
    for role in Role::ALL {
        tester(&office, Some(id.clone()), role);
        for (ownership, case) in &cases {
            for (command, purpose) in COMMANDS
                .iter()
                .chain(&BESIDE)
                .flat_map(|c| [(c, None), (c, Some("quality"))])
            {
                let Some(row) = on_case(command, case, purpose) else {
                    continue;
                };
                if row.purpose == Purpose::TheCommand && purpose.is_some() {
                    continue;
                }
                let before = events_in(&store, case);
                let expected = expected(role, command, &row, *ownership, purpose.is_some());
                let about_rights = told(&office, command, row.request).filter(|code| {
                    matches!(
                        code,
                        ErrorCode::NotPermitted
                            | ErrorCode::MayNotDecide
                            | ErrorCode::PurposeMissing
                    )
                });
                assert_eq!(
                    about_rights, expected,
                    "{command} as {role:?} on {ownership:?}, purpose {purpose:?}"
                );
                assert_eq!(
                    events_in(&store, case),
                    before,
                    "{command} changed whose the case is"
                );
                asked += 1;
            }
        }
    }
    assert!(asked > 800, "only {asked} were asked");
}

#[test]
fn no_command_that_names_a_case_is_without_its_row_here() {
    let story = Story::new();
    for command in COMMANDS {
        let (_, request) = story.row(command);
        let request = request.to_string();
        let names_one = [&story.open, &story.granted, &story.registered]
            .iter()
            .any(|case| request.contains(case.as_str()));
        let has_row = on_case(command, &story.open, None).is_some();
        assert_eq!(has_row, names_one, "{command}");
    }
    // The shell's own are built from the use cases beside the table.
    for command in SHELL_COMMANDS {
        match *command {
            "attach" => assert!(BESIDE.contains(command)),
            "paper_print" | "paper_save" => assert!(BESIDE.contains(&"paper_prepare")),
            "device_holdings_save" | "printers" | "national_tool_open" | "browser_sign_in" => {}
            unknown => panic!("{unknown}: say which use case asks whose the case is"),
        }
    }
}
