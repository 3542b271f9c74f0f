//! Practice 13: the channel can reveal the ground. Whoever may not see it is shown the same of a case whether the
//! citizen came or somebody else did.

use serde_json::{Value, json};
use skranke_app::api::case::{CaseView, Decision, NoteRequest, RevokePowerOfAttorneyRequest};
use skranke_app::api::draft::AttachRequest;
use skranke_app::api::error::ErrorCode;
use skranke_app::{COMMANDS, dispatch};
use skranke_domain::event::PaperKind;
use skranke_domain::role::{Act, Role, permits};

use crate::office::{Office, Sheet, code, of_case, pdf_of, refusal, words_of};

/// Who signs in for each role that reads cases, from the demo. Those who can change nothing look first.
const READERS: [(&str, Role); 5] = [
    ("omar", Role::Outreach),
    ("torben", Role::Auditor),
    ("karin", Role::Counter),
    ("birgit", Role::ExemptionUnit),
    ("hanne", Role::Lead),
];

/// What tells that somebody came instead, or where the ground shows: names, codes, and the words of the catalogue.
const TELLING: [&str; 13] = [
    "Stedfortrædersen",
    "representative",
    "guardian",
    "power_of_attorney",
    "appointment",
    "citizen_came",
    "Fuldmagt",
    "fuldmagt",
    "ærge",
    "left_denmark",
    "Udrejst",
    "udrejst",
    "Er på plejehjem",
];

fn telling_in(text: &str) -> Vec<&'static str> {
    TELLING
        .into_iter()
        .filter(|word| text.contains(word))
        .collect()
}

/// A citizen who has left the country, and who came.
fn brought_by<'a>(office: &'a Office, channel: &str) -> Sheet<'a> {
    let sheet = match channel {
        "representative" => office
            .draft_with_representative()
            .set("representative_name", "Mads Stedfortrædersen")
            .set("representative_birth_date", "14.03.2009")
            .set("poa_signed_on", "02.03.2025")
            .tick("poa_self_made"),
        "guardian" => office
            .draft()
            .set("channel", "guardian")
            .set("guardian_name", "Mads Stedfortrædersen")
            .set("guardian_scope", "economic")
            .tick("guardian_document_seen"),
        own => office.draft().set("channel", own),
    };
    let residence = if channel == "self" {
        "fixed"
    } else {
        "left_denmark"
    };
    sheet.set("citizen_residence", residence)
}

/// Attaches what came on paper; a power of attorney only where there is one.
fn with_scans(office: &Office, draft: &str, channel: &str) {
    let mut files = vec![("signed_request", "anmodning.pdf")];
    if channel == "representative" {
        files.push(("signed_power_of_attorney", "fuldmagt Stedfortrædersen.pdf"));
    }
    for (purpose, name) in files {
        let path = office.folder.path().join(name);
        let mut scan = skranke_testkit::files::scanned_pdf();
        scan.splice(9..9, format!("% {purpose}\n").into_bytes());
        std::fs::write(&path, scan).expect("written");
        let request = AttachRequest {
            draft_id: Some(draft.to_owned()),
            case_id: None,
            purpose: purpose.to_owned(),
            path: Some(path.to_string_lossy().into_owned()),
        };
        office.app.attach(request).expect("attached");
    }
}

/// Cases in every state a reader may find them in.
fn every_case(office: &Office, channel: &str) -> Vec<String> {
    let mut cases = Vec::new();
    let decided = |decision| {
        let sheet = brought_by(office, channel).save();
        with_scans(office, &sheet.id, channel);
        let confirms = !matches!(decision, Decision::HandIn);
        let case = sheet.decide_confirming(decision, confirms);
        case.expect("decided").row.id
    };
    let grant = || Decision::Grant { duration: None };
    cases.push(decided(grant()));
    let finished = decided(grant());
    office.register(&finished).expect("registered");
    // As many records whoever came: how many wait for the central store is shown to all.
    let form = if channel == "representative" {
        "power_of_attorney"
    } else {
        "request"
    };
    office.print(&finished, form).expect("made");
    office
        .print(&finished, "exemption_receipt")
        .expect("printed");
    office
        .give_receipt(&finished, "handed_over", "")
        .expect("given");
    let note = NoteRequest {
        case_id: finished.clone(),
        text: "Er på plejehjem, siger Mads Stedfortrædersen".to_owned(),
    };
    office.app.note_add(note).expect("noted");
    office.journalise(&finished, "").expect("ticked");
    cases.push(finished);
    cases.push(decided(refusal("Fuldmagten til Mads Stedfortrædersen")));
    let missing = vec!["Fuldmagt eller værgebeskikkelse".to_owned()];
    cases.push(decided(Decision::Incomplete { missing }));
    if channel == "representative" {
        let revoke = RevokePowerOfAttorneyRequest {
            case_id: cases[3].clone(),
            revoked_on: "13.03.2026".to_owned(),
            reason: "Er på plejehjem".to_owned(),
        };
        let revoked = office.app.revoke_power_of_attorney(revoke);
        revoked.expect("revoked");
    } else {
        let path = office.folder.path().join("andet.pdf");
        std::fs::write(&path, skranke_testkit::files::scanned_pdf()).expect("written");
        let attached = office.app.attach(AttachRequest {
            draft_id: None,
            case_id: Some(cases[3].clone()),
            purpose: "signed_power_of_attorney".to_owned(),
            path: Some(path.to_string_lossy().into_owned()),
        });
        attached.expect("attached");
    }
    cases.push(decided(Decision::HandIn));
    cases
}

/// Everything a reader is answered about a case: every command that names one, and the words of every paper.
fn everything_told(office: &Office, case: &str) -> Vec<(String, Value)> {
    let mut told = Vec::new();
    let mut ask = |name: &str, request: Value| {
        let answer = match dispatch(&office.app, name, request) {
            Ok(answer) => answer,
            Err(error) => json!(error.code.code()),
        };
        told.push((name.to_owned(), answer));
    };
    ask("case_show", json!({ "id": case, "purpose": "quality" }));
    ask(
        "revoke_power_of_attorney",
        json!({ "case_id": case, "revoked_on": "01.01.2026", "reason": "" }),
    );
    for query in ["", "Lindholm", "Stedfortrædersen", "2026-S1-0001"] {
        ask(
            "case_list",
            json!({ "query": query, "filter": "all", "after": null, "purpose": "quality" }),
        );
    }
    for name in ["worklist", "sync_status", "draft_list"] {
        ask(name, Value::Null);
    }
    for kind in PaperKind::ALL {
        let words = match office.app.paper_preview(of_case(case, kind.code())) {
            Ok(paper) => json!(words_of(&pdf_of(&paper))),
            Err(error) => json!(error.code.code()),
        };
        told.push((format!("paper {}", kind.code()), words));
    }
    told
}

/// One case is enough to show that a role does see the channel.
fn looked_at(cases: &[String], role: Role) -> &[String] {
    if permits(role, Act::SeeChannel) {
        &cases[..1]
    } else {
        cases
    }
}

/// The scans of a case, as somebody who may see them finds them.
fn scans_of(view: &CaseView) -> Vec<String> {
    let files = view.attachments.iter();
    files.map(|file| file.digest.clone()).collect()
}

#[test]
fn practice_13_who_may_not_see_the_channel_is_told_nothing_that_gives_it_away() {
    for channel in ["representative", "guardian"] {
        // Given cases that somebody else brought, in every state
        let office = Office::open();
        let cases = every_case(&office, channel);

        for (user, role) in READERS {
            // When each role asks everything there is to ask
            let mut given_away = Vec::new();
            for case in looked_at(&cases, role) {
                office.sign_in("karin");
                let scans = scans_of(&office.show(case));
                office.sign_in(user);
                for (asked, answer) in everything_told(&office, case) {
                    given_away.extend(
                        telling_in(&answer.to_string())
                            .into_iter()
                            .map(|word| format!("{asked}: {word}")),
                    );
                }
                for digest in scans {
                    let scan = dispatch(
                        &office.app,
                        "attachment_copy",
                        json!({ "digest": digest, "case_id": case, "draft_id": null, "purpose": "quality" }),
                    );
                    assert_eq!(scan.is_ok(), permits(role, Act::SeeChannel), "{user}");
                }
            }

            // Then only those who may see the channel find it
            if permits(role, Act::SeeChannel) {
                assert!(
                    given_away.iter().any(|found| found.contains("sen")),
                    "{user}"
                );
            } else {
                assert_eq!(given_away, [""; 0], "{user}, {channel}");
            }
        }
    }
}

#[test]
fn practice_13_a_case_somebody_else_brought_looks_like_one_the_citizen_brought() {
    // Given the same cases three times over, but for who came, and what each role is told of them
    let told_of = |channel: &str| {
        let office = Office::open();
        let cases = every_case(&office, channel);
        let told_to = |user: &str, role: Role| {
            office.sign_in(user);
            let mut told = Vec::new();
            for case in looked_at(&cases, role) {
                for (asked, answer) in everything_told(&office, case) {
                    let mut text = answer.to_string();
                    for id in &cases {
                        text = text.replace(id.as_str(), "case");
                    }
                    told.push((asked, without_digests(&text)));
                }
            }
            told
        };
        READERS.map(|(user, role)| told_to(user, role))
    };
    let own = told_of("self");

    for channel in ["representative", "guardian"] {
        // When somebody else brought them
        let of_others = told_of(channel);

        // Then a difference shows only to those who may see it
        for ((user, role), (one, other)) in READERS.iter().zip(own.iter().zip(&of_others)) {
            let differing = one.iter().zip(other).find(|(one, other)| one != other);
            if permits(*role, Act::SeeChannel) {
                assert!(differing.is_some(), "{user}");
            } else if let Some((one, other)) = differing {
                panic!("{user}, {channel}: {}\n{}\n{}", one.0, one.1, other.1);
            }
            assert_eq!(one.len(), other.len());
        }
    }
}

/// The text without SHA-256 in hexadecimal, which differ with the bytes of papers.
fn without_digests(text: &str) -> String {
    text.split('"')
        .map(|part| {
            let is_digest = part.len() == 64 && part.chars().all(|c| c.is_ascii_hexdigit());
            if is_digest { "digest" } else { part }
        })
        .collect::<Vec<_>>()
        .join("\"")
}

#[test]
fn practice_13_every_command_that_shows_a_case_is_asked() {
    // The commands whose answers the stories above do not look at, and why that is enough
    const NOT_ASKED: &[&str] = &[
        // Nothing of a case in their answers
        "start_state",
        "first_run",
        "enrol",
        "recover",
        "pin_open",
        "lease_renew",
        "pin_choose",
        "own_code_choose",
        "store_recover",
        "sign_in",
        "browser_sign_in_cancel",
        "sign_out",
        "session_lock",
        "session_stay",
        "session_unlock",
        "staff_list",
        "staff_save",
        "settings",
        "settings_save",
        "profile_show",
        "profile_edition",
        "profile_check",
        "profile_rebase",
        "profile_save",
        "recovery_code_new",
        "recovery_code_confirm",
        "typed_keep",
        "typed_kept",
        "cpr_check",
        "reveal",
        "sync_now",
        "sync_cancel",
        // Numbers and names of what this computer sent
        "sync_sent",
        "screen_signature",
        // A draft: whoever captures writes who came
        "draft_new",
        "case_continue",
        "draft_open",
        "draft_save",
        "form_view",
        "draft_delete",
        "draft_restore",
        "draft_check",
        "draft_reveal",
        "paper_came_out",
        "citizen_known",
        // The rules, about nobody
        "rule_library",
        // The same case page as case_show
        "tick",
        "tick_undo",
        "correct_wrong_person",
        "take_back",
        "extend",
        "make_permanent",
        "merge",
        "merge_undo",
        // Computers; of a lost one the numbers and names it held, never how somebody came.
        "device_list",
        "device_revoke",
        "device_holdings",
        // What was done on computers, with case numbers: that a file was seen, never whose way of coming.
        "log_read",
        "outreach_list",
        "give_out",
        // Kinds of what was done, for those who may know who came.
        "held_work",
        "held_decide",
        // What this computer itself had sent.
        "returned_done",
        "conflict_resolve",
        "end_exemption",
        "death_undo",
    ];
    // The same case page too
    const SAME_PAGE: [&str; 3] = ["decide", "register_look", "note_add"];
    const ASKED: [&str; 8] = [
        "case_show",
        "case_list",
        "worklist",
        "sync_status",
        "draft_list",
        "revoke_power_of_attorney",
        "paper_preview",
        "attachment_copy",
    ];
    for command in COMMANDS {
        let known =
            NOT_ASKED.contains(command) || SAME_PAGE.contains(command) || ASKED.contains(command);
        assert!(known, "{command}: say whether it can tell who came");
    }
}

#[test]
fn practice_13_outreach_reads_back_its_own_notes_alone() {
    let office = Office::closed_at("2026-03-13 10:00");
    office.sign_in("omar");
    let handed_in =
        brought_by(&office, "representative").decide_confirming(Decision::HandIn, false);
    let case = handed_in.expect("handed in").row.id;
    let note = |text: &str| {
        let request = NoteRequest {
            case_id: case.clone(),
            text: text.to_owned(),
        };
        office.app.note_add(request).expect("noted")
    };
    note("Ring efter klokken ti");
    office.sign_in("karin");
    note("Talte med fuldmagtshaver");

    office.sign_in("omar");
    let view = office.show(&case);

    let notes: Vec<&str> = view
        .timeline
        .iter()
        .filter(|line| line.kind == "note_added")
        .map(|line| line.detail.as_str())
        .collect();
    assert_eq!(notes, ["Ring efter klokken ti", ""]);
    assert_eq!(
        code(office.preview(&case, "power_of_attorney")),
        ErrorCode::NotPermitted
    );
}
