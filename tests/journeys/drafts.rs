//! What is typed is kept: parked drafts, the next citizen in between, and coming back after the power went.

use skranke_app::api::case::{CaseRef, Decision};
use skranke_app::api::draft::{CprCheckRequest, DraftCheckRequest, FieldValue, TypedText};
use skranke_app::api::error::ErrorCode;

use crate::office::{Office, code};

#[test]
fn a_parked_draft_waits_while_the_next_citizen_is_served() {
    // Given a citizen in the middle of step 4 who must fetch a paper
    let office = Office::open();
    let parked = office.draft().set("phone", "70 11 22 33").at_step(4).save();

    // When another citizen is served in between
    let other = office
        .draft()
        .set("citizen_name", "Bodil Aagaard")
        .at_step(2)
        .save();
    let list = office.app.draft_list(()).expect("listed");
    assert_eq!(list.len(), 2);
    other.grant().expect("granted");

    // Then the first goes on where they were, with everything as typed
    let back = office.app.draft_open(parked.reference()).expect("opened");
    assert_eq!(back.step, 4);
    assert_eq!(back.fields, parked.fields);
    let list = office.app.draft_list(()).expect("listed");
    assert_eq!(list.len(), 1);
    assert_eq!(
        (list[0].name.as_str(), list[0].cpr_masked.as_str()),
        ("Aase Lindholm", "020170-••••")
    );
    assert_eq!(list[0].initials, "KT");
}

#[test]
fn nobody_answers_for_the_citizen_what_becomes_of_unopened_post() {
    // Given a draft as it begins, and an open case in which nobody asked
    let office = Office::open();
    let blank = office.blank().save();
    let unasked = office
        .draft()
        .without("unopened_post")
        .decide(Decision::Incomplete {
            missing: vec!["Svar om uåbnet post".to_owned()],
        });
    let case = unasked.expect("incomplete").row.id;

    // When the one is opened and the other continued
    let opened = office.app.draft_open(blank.reference()).expect("opened");
    let continued = office.app.case_continue(CaseRef {
        id: case,
        purpose: None,
    });

    // Then neither holds an answer, and both ask for one
    for draft in [opened, continued.expect("it goes on")] {
        assert!(!draft.fields.contains_key("unopened_post"));
        let request = DraftCheckRequest {
            id: draft.id,
            step: 4,
        };
        let problems = office.app.draft_check(request).expect("checked").problems;
        let problem = problems.iter().find(|p| p.field == "unopened_post");
        assert_eq!(
            problem.expect("asked").summary,
            "Vælg, hvad der skal ske med uåbnet post"
        );
    }
}

#[test]
fn a_draft_says_when_and_by_whom_the_id_was_seen() {
    // Given Karin, who saw the passport at ten
    let office = Office::open();
    let seen = |draft: &crate::office::Sheet<'_>| {
        let opened = office.app.draft_open(draft.reference()).expect("opened");
        opened.id_seen.map(|seen| (seen.at, seen.initials))
    };
    let sheet = office.blank().set("id_kind", "passport").save();
    assert_eq!(seen(&sheet), None, "nobody has said so");
    let sheet = sheet.tick("id_checked").save();
    let by_karin = Some(("2026-03-13T09:00:00.000Z".to_owned(), "KT".to_owned()));
    assert_eq!(seen(&sheet), by_karin);

    // When Pia takes the draft up, it is still Karin who saw it
    office.comes_back("2026-03-13 10:20", "pia");
    let sheet = sheet.set("phone", "70 11 22 33").save();
    assert_eq!(seen(&sheet), by_karin);

    // And when Pia sees another ID, it is hers; taken away, it is nobody's
    let sheet = sheet.set("id_kind", "health_card").save();
    let by_pia = seen(&sheet).expect("seen");
    assert_eq!(by_pia.0, "2026-03-13T09:20:00.000Z");
    assert_ne!(by_pia.1, "KT");
    let sheet = sheet.untick("id_checked").save();
    assert_eq!(seen(&sheet), None);

    // And of a case that is continued it is told who saw it then
    office.comes_back("2026-03-13 10:30", "karin");
    let kept = office
        .draft()
        .untick("request_signed")
        .decide(Decision::Incomplete {
            missing: vec!["Underskrift".to_owned()],
        });
    let kept = kept.expect("incomplete");
    let told = kept.id_seen.expect("the case says so too");
    assert_eq!(
        (kept.id_kind.as_str(), told.initials.as_str()),
        ("Pas", "KT")
    );
    office.comes_back("2026-03-14 12:00", "pia");
    let continued = office.app.case_continue(CaseRef {
        id: kept.row.id,
        purpose: None,
    });
    let seen = continued.expect("it goes on").id_seen.expect("seen before");
    assert_eq!(
        (seen.at.as_str(), seen.initials.as_str()),
        ("2026-03-13T09:30:00.000Z", "KT")
    );
}

#[test]
fn what_was_typed_is_there_after_the_program_ended_without_warning() {
    let office = Office::open();
    let typed = office.draft().set("phone", " +45 70 11").at_step(4).save();
    let (reference, fields) = (typed.reference(), typed.fields.clone());

    let office = office.restarted();
    office.sign_in("karin");

    let back = office.app.draft_open(reference).expect("opened");
    assert_eq!(back.step, 4);
    assert_eq!(back.fields, fields);
    assert_eq!(
        back.fields["phone"],
        FieldValue::Text(" +45 70 11".to_owned()),
        "as typed"
    );
}

#[test]
fn practice_3_a_look_and_an_id_check_of_another_day_are_asked_for_again() {
    // Given a draft that was parked yesterday, after the ID and the register had been looked at
    let office = Office::open();
    let parked = office.draft().save();

    // When the citizen comes back today
    office.comes_back("2026-03-14 10:00", "karin");
    let back = office.app.draft_open(parked.reference()).expect("opened");

    // Then both are asked for again, and the rest is there
    assert_eq!(
        back.fields["register_seen"],
        FieldValue::Text("not_looked".to_owned())
    );
    assert_eq!(back.fields.get("id_checked"), None);
    assert_eq!(back.fields["citizen_name"], parked.fields["citizen_name"]);
}

#[test]
fn practice_3_nothing_is_granted_on_an_id_check_of_yesterday() {
    // Given a window that stood open with the six steps filled in since yesterday
    let office = Office::open();
    let open = office.draft().save();
    office.comes_back("2026-03-14 10:00", "karin");

    // When it is granted today
    let error = open.grant().err().expect("must be refused");

    // Then the ID must be seen again
    assert_eq!(error.code, ErrorCode::InvalidFields);
    assert_eq!(error.params["field"], "id_checked");
}

#[test]
fn practice_3_a_look_in_the_register_has_the_time_it_was_made() {
    let office = Office::open_at("2026-03-13 10:00");
    let sheet = office.draft().save();

    office.moves_to("2026-03-13 10:04");
    let case = sheet.grant().expect("granted");

    assert_eq!(case.register_seen_at, "2026-03-13T09:00:00.000Z");
}

#[test]
fn what_was_filled_in_at_home_is_handed_in_the_day_after() {
    // Given somebody who decides nothing and saw the ID at the citizen's home
    let office = Office::closed_at("2026-03-13 15:30");
    office.sign_in("omar");
    let sheet = office.draft().save();

    // When it is handed in the morning after
    office.comes_back("2026-03-14 08:00", "omar");
    office.app.draft_open(sheet.reference()).expect("opened");
    let case = sheet.decide_confirming(Decision::HandIn, false);

    // Then the look in the register keeps its own time
    assert_eq!(
        case.expect("handed in").register_seen_at,
        "2026-03-13T14:30:00.000Z"
    );
}

#[test]
fn a_deleted_draft_can_be_brought_back() {
    // Given a draft deleted because the citizen left
    let office = Office::open();
    let sheet = office.draft().save();
    office.app.draft_delete(sheet.reference()).expect("deleted");

    // Then it is gone from sight and cannot be decided
    assert!(office.app.draft_list(()).expect("listed").is_empty());
    assert_eq!(
        code(office.app.draft_open(sheet.reference()).map(|d| d.id)),
        ErrorCode::DraftNotFound
    );
    assert_eq!(code(sheet.try_save()), ErrorCode::DraftNotFound);

    // And when the citizen comes back after all, so does the draft
    let back = office
        .app
        .draft_restore(sheet.reference())
        .expect("restored");
    assert_eq!(back.fields, sheet.fields);
    sheet.grant().expect("granted");
}

#[test]
fn practice_8_nothing_is_told_of_a_number_before_the_id_was_seen() {
    // Given a citizen with a case
    let office = Office::open();
    office.registered();

    // When the number is typed and no ID was seen
    let sheet = office.blank().set("cpr", crate::office::AASE).save();
    let known = office.app.citizen_known(sheet.reference()).expect("asked");

    // Then nothing is told
    assert!(!known.shown && !known.exempt_by_our_record && known.cases.is_empty());
    assert_eq!((known.name.as_str(), known.address.as_str()), ("", ""));
    let typed = CprCheckRequest {
        cpr: crate::office::AASE.to_owned(),
    };
    let check =
        serde_json::to_string(&office.app.cpr_check(typed).expect("checked")).expect("JSON");
    assert!(!check.contains("Aase"));

    // And after the ID step, what we have
    let known = office
        .app
        .citizen_known(sheet.tick("id_checked").save().reference());
    let known = known.expect("asked");
    assert!(known.shown && known.exempt_by_our_record);
    assert_eq!(
        (known.name.as_str(), known.cases.len()),
        ("Aase Lindholm", 1)
    );
    assert_eq!(known.reach, "local", "no central store is set up here");
}

#[test]
fn drafts_that_do_not_exist_are_told_apart_from_trouble() {
    let office = Office::open();
    for id in ["", "x", "00000000-0000-0000-0000-000000000000"] {
        let reference = skranke_app::api::draft::DraftRef { id: id.to_owned() };
        assert_eq!(
            code(office.app.draft_open(reference).map(|d| d.id)),
            ErrorCode::DraftNotFound
        );
    }
}

#[test]
fn a_parked_draft_says_what_it_waits_for() {
    let office = Office::open();
    office
        .draft()
        .set("waits_for", "citizen_left")
        .set("waits_note", "ringer i morgen")
        .save();

    let list = office.app.draft_list(()).expect("listed");

    assert_eq!(list[0].waits_for, "citizen_left");
    assert_eq!(list[0].waits_note, "ringer i morgen");
}

#[test]
fn a_character_no_paper_can_print_is_named_with_its_field_before_the_grant() {
    // Given a name with a character the fonts of the papers do not have
    let office = Office::open();
    let sheet = office.draft().set("citizen_name", "Mei \u{6797} Poulsen");

    // When the step it stands on is checked
    sheet.try_save().expect("saved");
    let request = DraftCheckRequest {
        id: sheet.id.clone(),
        step: 2,
    };
    let check = office.app.draft_check(request).expect("checked");

    // Then the field and the character are named, and nothing else is wrong
    let found: Vec<_> = check
        .problems
        .iter()
        .map(|problem| (problem.field.as_str(), problem.code.as_str()))
        .collect();
    assert_eq!(found, [("citizen_name", "unprintable")]);
    let said = &check.problems[0].summary;
    assert!(said.contains('\u{6797}') && said.contains("Navn"), "{said}");
}

#[test]
fn a_note_not_handed_in_is_there_after_the_program_ended_without_warning() {
    // Given a note typed on a case and not saved there
    let office = Office::open();
    let case = office.granted().row.id;
    let place = format!("{case}/note");
    let note = TypedText {
        place: place.clone(),
        text: "Ring efter klokken ti".to_owned(),
    };
    office.app.typed_keep(note).expect("kept");

    // When the program ends and is started again
    let office = office.restarted();
    office.sign_in("karin");

    // Then whoever typed it has it, nobody else does, and it is no parked case
    let kept = office.app.typed_kept(()).expect("read");
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].text, "Ring efter klokken ti");
    assert!(office.app.draft_list(()).expect("listed").is_empty());
    office.sign_in("birgit");
    assert!(office.app.typed_kept(()).expect("read").is_empty());

    // And once it is handed in nothing is kept
    office.sign_in("karin");
    let empty = TypedText {
        place,
        text: String::new(),
    };
    office.app.typed_keep(empty).expect("kept");
    assert!(office.app.typed_kept(()).expect("read").is_empty());
}

#[test]
fn row_4_31_a_colleagues_word_that_they_have_no_conflict_is_not_ones_own() {
    // Given a draft in which Karin said that she has no conflict of interest, and parked
    let office = Office::open();
    let sheet = office.draft().tick("conflict_checked").save();
    let said = |reference| {
        let draft = office.app.draft_open(reference).expect("opened");
        draft.fields.contains_key("conflict_checked")
    };
    assert!(said(sheet.reference()), "it is her own");

    // When Pia takes it up
    office.comes_back("2026-03-13 10:20", "pia");

    // Then she has not said so, nor after she put it away and brought it back
    assert!(!said(sheet.reference()));
    office.app.draft_delete(sheet.reference()).expect("deleted");
    let back = office.app.draft_restore(sheet.reference());
    assert!(!back.expect("back").fields.contains_key("conflict_checked"));
    assert!(!said(sheet.reference()));

    // And what she says herself is kept
    let sheet = sheet.save();
    assert!(said(sheet.reference()));
}
