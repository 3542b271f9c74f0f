//! Every command for every role: allowed exactly as the one table of roles says.

mod ownership;

use serde_json::{Value, json};
use skranke_app::api::case::Decision;
use skranke_app::api::error::ErrorCode;
use skranke_app::{COMMANDS, dispatch};
use skranke_domain::role::{Act, Role, permits};

use crate::office::{Office, of_case};

/// Who signs in for each role, from the demo.
const STAFF: [(&str, Role); 6] = [
    ("karin", Role::Counter),
    ("omar", Role::Outreach),
    ("birgit", Role::ExemptionUnit),
    ("hanne", Role::Lead),
    ("torben", Role::Auditor),
    ("anders", Role::Administrator),
];

/// The PIN that an administrator chooses on the way.
const PIN: &str = "714205";

/// What a command needs.
enum Needs {
    /// Anyone, also signed out.
    Nothing,
    /// Anyone who is signed in.
    SignedIn,
    /// The right to do this.
    This(Act),
}

/// What everything in the story is about.
struct Story {
    office: Office,
    draft: String,
    parked: String,
    open: String,
    granted: String,
    registered: String,
}

impl Story {
    fn new() -> Self {
        let office = Office::open();
        let draft = office.draft().save().id;
        let parked = office.draft().save().id;
        let granted = office.granted().row.id;
        let registered = office.registered().row.id;
        office.sign_in("omar");
        let open = office
            .draft_with_representative()
            .decide_confirming(Decision::HandIn, false)
            .expect("handed in")
            .row
            .id;
        Self {
            office,
            draft,
            parked,
            open,
            granted,
            registered,
        }
    }

    /// Past the PIN, where one was chosen and a lock or a sign-out closed the store behind it.
    fn sign_in(&self, user: &str) {
        let pin = json!({ "secret": PIN });
        let _ = dispatch(&self.office.app, "pin_open", pin);
        self.office.sign_in(user);
    }

    /// What a command needs, and a request that would succeed for whoever may.
    #[expect(
        clippy::too_many_lines,
        reason = "one row for each command is the point"
    )]
    fn row(&self, command: &str) -> (Needs, Value) {
        let Story {
            draft,
            parked,
            open,
            granted,
            registered,
            ..
        } = self;
        use Needs::{Nothing, SignedIn, This};
        match command {
            "start_state" => (Nothing, Value::Null),
            "first_run" => (
                Nothing,
                json!({ "profile": "demo", "location": "town_hall", "name": "X", "initials": "XX",
                        "user_name": "x", "password": "0123456789", "serves_at_counter": true }),
            ),
            "enrol" => (Nothing, json!({ "server": "", "code": "" })),
            "recover" | "pin_open" => (Nothing, json!({ "secret": "" })),
            "lease_renew" => (Nothing, Value::Null),
            "pin_choose" => (This(Act::Administer), json!({ "current": "", "pin": PIN })),
            // Who came with a password is asked to come from the browser.
            "own_code_choose" => (SignedIn, json!({ "secret": PIN })),
            "store_recover" => (Nothing, Value::Null),
            "sign_in" => (Nothing, json!({ "user_name": "", "password": "" })),
            "sign_out" | "session_lock" | "browser_sign_in_cancel" => (Nothing, Value::Null),
            "session_unlock" => (SignedIn, json!({ "secret": crate::office::PASSWORD })),
            "staff_list" => (This(Act::Administer), Value::Null),
            "staff_save" => (
                This(Act::Administer),
                json!({ "id": null, "user_name": "ny", "name": "Ny", "initials": "NY", "roles": ["counter"],
                        "active": true, "password": "0123456789" }),
            ),
            "settings" | "rule_library" | "worklist" | "session_stay" => (SignedIn, Value::Null),
            "settings_save" => (
                SignedIn,
                json!({ "location": "town_hall", "theme": "dark" }),
            ),
            "profile_show" | "recovery_code_new" => (This(Act::Administer), Value::Null),
            "profile_edition" => (This(Act::Administer), json!({ "edition": 0 })),
            "profile_check" | "profile_rebase" => (
                This(Act::Administer),
                json!({ "based_on": 0, "edit": crate::office::demo_edit() }),
            ),
            "profile_save" => (
                This(Act::Administer),
                json!({ "based_on": 0, "edit": crate::office::demo_edit(), "reason": "Nyt navn" }),
            ),
            "recovery_code_confirm" => (This(Act::Administer), json!({ "secret": "0000" })),
            "draft_new" | "draft_list" => (This(Act::Capture), Value::Null),
            "draft_open" | "form_view" | "citizen_known" => {
                (This(Act::Capture), json!({ "id": draft }))
            }
            "case_continue" => (This(Act::Capture), json!({ "id": open })),
            "draft_save" => (
                This(Act::Capture),
                json!({ "id": parked, "step": 2, "fields": {} }),
            ),
            "draft_delete" | "draft_restore" | "draft_reveal" => {
                (This(Act::Capture), json!({ "id": parked }))
            }
            "draft_check" => (This(Act::Capture), json!({ "id": draft, "step": 4 })),
            "typed_keep" => (SignedIn, json!({ "place": "case/note", "text": "Ring" })),
            "typed_kept" => (SignedIn, Value::Null),
            "cpr_check" => (Nothing, json!({ "cpr": "0201703984" })),
            // The demo's profile does not allow it, for anyone.
            "screen_signature" => (SignedIn, json!({ "draft_id": draft, "png_base64": "" })),
            // A scan says who came.
            "attachment_copy" => (
                This(Act::SeeChannel),
                json!({ "digest": "0".repeat(64), "case_id": granted, "draft_id": null, "purpose": "quality" }),
            ),
            "decide" => (
                This(Act::Decide),
                json!({ "draft_id": null, "case_id": open, "decision": { "kind": "incomplete", "missing": ["Noget"] },
                        "no_conflict_of_interest": true }),
            ),
            "case_list" => (
                This(Act::Search),
                json!({ "query": "", "filter": "open", "after": null, "purpose": "quality" }),
            ),
            "case_show" => (
                This(Act::ReadCase),
                json!({ "id": granted, "purpose": "quality" }),
            ),
            "tick" => (
                This(Act::Finish),
                json!({ "tick": "journalised", "case_id": granted, "reference": "" }),
            ),
            "tick_undo" => (
                This(Act::Correct),
                json!({ "case_id": registered, "tick": "registered", "reason": "Fejl" }),
            ),
            "register_look" => (
                This(Act::Capture),
                json!({ "case_id": granted, "seen": "not_exempt" }),
            ),
            "correct_wrong_person" => (
                This(Act::Correct),
                json!({ "case_id": granted, "reason": "Fejl", "removed_from_register": true, "resend_post": false,
                        "open_draft_for_right_person": false }),
            ),
            "conflict_resolve" => (
                This(Act::Correct),
                json!({ "case_id": open, "field": "citizen", "chosen": uuid::Uuid::nil().to_string(), "reason": "Set efter" }),
            ),
            "take_back" => (
                This(Act::TakeBack),
                json!({ "case_id": granted, "reasons": "Fejl", "consultation_held_on": null,
                        "consultation_not_needed": "Kendt", "removed_from_register": true,
                        "no_conflict_of_interest": true }),
            ),
            "extend" => (
                This(Act::Prolong),
                json!({ "case_id": registered, "until": "2030-11-01", "reason": "Stadig opfyldt" }),
            ),
            "merge" => (
                This(Act::Merge),
                json!({ "case_id": registered, "merge": granted, "reason": "Samme anmodning" }),
            ),
            "merge_undo" => (
                This(Act::Merge),
                json!({ "case_id": granted, "reason": "Fejl" }),
            ),
            "make_permanent" => (This(Act::Prolong), json!({ "id": registered })),
            "end_exemption" => (
                This(Act::Finish),
                json!({ "case_id": registered, "ending": "deceased", "ended_on": "2026-03-12" }),
            ),
            "death_undo" => (
                This(Act::Correct),
                json!({ "case_id": registered, "reason": "Forkert borger" }),
            ),
            "note_add" => (
                This(Act::Supplement),
                json!({ "case_id": granted, "text": "Noget" }),
            ),
            // Whether there is one is for those who may see the channel.
            "revoke_power_of_attorney" => (
                This(Act::SeeChannel),
                json!({ "case_id": open, "revoked_on": "13.03.2026", "reason": "" }),
            ),
            "reveal" => (
                This(Act::ReadCase),
                json!({ "case_id": granted, "what": "cpr", "purpose": "contact" }),
            ),
            "paper_preview" => (
                This(Act::ReadCase),
                json!({ "case_id": granted, "draft_id": null, "kind": "interim_paper", "large_print": false }),
            ),
            "paper_came_out" => (SignedIn, json!({ "came_out": true })),
            "held_work" => (This(Act::Review), Value::Null),
            "held_decide" => (
                This(Act::Review),
                json!({ "command": uuid::Uuid::nil().to_string(), "release": true, "reason": "Set efter" }),
            ),
            "returned_done" => (
                This(Act::Supplement),
                json!({ "command": uuid::Uuid::nil().to_string() }),
            ),
            "device_list" => (This(Act::ListDevices), Value::Null),
            "device_revoke" => (
                This(Act::Administer),
                json!({ "id": uuid::Uuid::nil().to_string(), "reason": "Glemt i toget", "wipe": false }),
            ),
            "device_holdings" => (
                This(Act::ReadAudit),
                json!({ "id": uuid::Uuid::nil().to_string(), "after": null, "purpose": "lost_device" }),
            ),
            "log_read" => (
                This(Act::ReadAudit),
                json!({ "purpose": "supervision", "computer": null, "from_on": "2026-03-13", "to_on": "2026-03-13",
                        "next": null }),
            ),
            "sync_status" | "sync_now" | "sync_cancel" => (Nothing, Value::Null),
            "sync_sent" => (This(Act::ReadCase), Value::Null),
            "outreach_list" => (
                This(Act::GiveOut),
                json!({ "id": granted, "purpose": null }),
            ),
            "give_out" => (
                This(Act::GiveOut),
                json!({ "case_id": granted, "device_id": uuid::Uuid::nil().to_string(), "gives": true }),
            ),
            unknown => panic!("{unknown} has no row here: say who may"),
        }
    }
}

const fn is_about_rights(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::NotPermitted | ErrorCode::MayNotDecide | ErrorCode::NotSignedIn
    )
}

#[test]
fn every_command_is_allowed_for_exactly_the_roles_the_table_names() {
    let mut refused = 0;
    for (user, role) in STAFF {
        // A story of its own for each role, so that what one does is not in another's way.
        let story = Story::new();
        for command in COMMANDS {
            story.sign_in(user);
            let (needs, request) = story.row(command);
            let answer = dispatch(&story.office.app, command, request);
            let told = answer.as_ref().err().map(|error| error.code);
            let about_rights = told.filter(|code| is_about_rights(*code));
            match needs {
                Needs::This(act) if !permits(role, act) => {
                    refused += 1;
                    let expected = if act == Act::Decide && permits(role, Act::Capture) {
                        ErrorCode::MayNotDecide
                    } else {
                        ErrorCode::NotPermitted
                    };
                    assert_eq!(told, Some(expected), "{command} as {}", role.code());
                }
                Needs::SignedIn if *command == "screen_signature" => {
                    assert_eq!(told, Some(ErrorCode::NotPermitted), "shut by the profile");
                }
                Needs::Nothing | Needs::SignedIn | Needs::This(_) => {
                    assert_eq!(about_rights, None, "{command} as {}", role.code());
                }
            }
        }
    }
    assert!(refused > 55, "only {refused} were refused");
}

#[test]
fn signed_out_nothing_answers_but_what_must() {
    let story = Story::new();
    story.office.app.sign_out(()).expect("signed out");
    for command in COMMANDS {
        let (needs, request) = story.row(command);
        let told = dispatch(&story.office.app, command, request)
            .err()
            .map(|error| error.code);
        match needs {
            Needs::Nothing => assert_ne!(told, Some(ErrorCode::NotSignedIn), "{command}"),
            Needs::SignedIn | Needs::This(_) => {
                assert_eq!(told, Some(ErrorCode::NotSignedIn), "{command}");
            }
        }
    }
}

#[test]
fn the_window_is_told_the_same_rights_as_the_program_keeps() {
    let office = Office::closed_at("2026-03-13 10:00");
    for (user, role) in STAFF {
        office.sign_in(user);
        let session = office
            .app
            .start_state(())
            .expect("shown")
            .session
            .expect("signed in");
        let expected: Vec<&str> = Act::ALL
            .into_iter()
            .filter(|act| permits(role, *act))
            .map(Act::code)
            .collect();
        assert_eq!(session.acts, expected, "{}", role.code());
    }
}

#[test]
fn what_a_case_page_offers_is_what_the_role_may() {
    for (user, role) in STAFF {
        if !permits(role, Act::ReadCase) {
            continue;
        }
        let story = Story::new();
        story.office.sign_in(user);
        let offered = story.office.show(&story.granted).actions;
        for (action, act) in [
            ("tick_registered", Act::Finish),
            ("correct_wrong_person", Act::Correct),
            ("take_back", Act::TakeBack),
            ("note", Act::Supplement),
        ] {
            let is_offered = offered.iter().any(|offer| offer == action);
            assert_eq!(
                is_offered,
                permits(role, act),
                "{action} as {}",
                role.code()
            );
        }
    }
}

#[test]
fn a_paper_leaves_only_for_who_may_record_that_it_did() {
    // The shell prints and saves what is prepared here: the right is asked for before anything leaves.
    for (user, role) in STAFF {
        let story = Story::new();
        story.office.sign_in(user);
        for (case, kind, act) in [
            (&story.registered, "exemption_receipt", Act::Finish),
            (&story.granted, "interim_paper", Act::Finish),
            (&story.registered, "request", Act::Capture),
            (&story.open, "hand_in_slip", Act::Capture),
        ] {
            let prepared = story.office.app.paper_prepare(&of_case(case, kind));
            let told = prepared.as_ref().err().map(|error| error.code);
            let sees = kind != "request" || permits(role, Act::SeeChannel);
            let may = permits(role, Act::ReadCase) && permits(role, act) && sees;
            let expected = (!may).then_some(ErrorCode::NotPermitted);
            assert_eq!(told, expected, "{kind} as {}", role.code());
        }
    }
}

#[test]
fn the_log_is_read_by_lead_and_auditor_alone() {
    for (user, role) in STAFF {
        if !permits(role, Act::ReadCase) {
            continue;
        }
        let story = Story::new();
        story.office.sign_in(user);
        let audit = story.office.show(&story.granted).audit;
        assert_eq!(
            !audit.is_empty(),
            permits(role, Act::ReadAudit),
            "{}",
            role.code()
        );
    }
}
