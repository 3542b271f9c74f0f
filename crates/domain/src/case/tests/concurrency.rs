//! Work of people who had not seen each other's.

use super::*;

#[test]
fn two_who_decided_apart_leave_the_value_from_before_until_a_person_chooses() {
    let mut story = ready().then(no_conflict());
    let seen = story.case().heads;
    let one = story.push(grant(), seen.clone());
    let other = story.push(
        Event::Withdrawn {
            withdrawn_at: at("2026-03-13T13:00:00Z"),
        },
        seen,
    );

    let case = story.case();
    assert_eq!(
        case.state,
        CaseState::Ready,
        "the value from before stays in effect"
    );
    assert_eq!(
        case.conflicts,
        [Conflict {
            field: Field::State,
            events: vec![one, other]
        }]
    );

    let heads = case.heads;
    story.push(
        Event::ConflictResolved {
            field: "state".to_owned(),
            chosen: one,
            reason: "Borgeren bekræftede sit ønske".to_owned(),
        },
        heads,
    );
    let case = story.case();
    assert_eq!(case.state, CaseState::Granted);
    assert_eq!(case.conflicts, []);
}

#[test]
fn an_event_that_saw_both_settles_the_field() {
    let mut story = ready();
    let seen = story.case().heads;
    story.push(citizen("Aase Lindholm"), seen.clone());
    story.push(citizen("Åse Lindholm"), seen);
    assert_eq!(story.case().conflicts.len(), 1);
    assert_eq!(
        story.case().citizen.unwrap().name,
        "Aase Lindholm",
        "the name from before"
    );

    let heads = story.case().heads;
    story.push(citizen("Åse Lindholm"), heads);

    assert_eq!(story.case().conflicts, []);
    assert_eq!(story.case().citizen.unwrap().name, "Åse Lindholm");
}

#[test]
fn two_who_granted_alike_agree() {
    let mut story = ready().then(no_conflict());
    let seen = story.case().heads;
    story.push(grant_at("2026-03-13T13:00:00Z"), seen.clone());
    story.push(grant_at("2026-03-13T13:02:00Z"), seen);

    assert_eq!(story.case().state, CaseState::Granted);
    assert_eq!(story.case().conflicts, []);
}

#[test]
fn what_was_registered_while_another_took_it_back_stands_in_the_register_by_mistake() {
    for removed in [false, true] {
        let mut story = granted();
        let seen = story.case().heads;
        story.push(registered_at("2026-03-14T08:00:00Z"), seen.clone());
        assert!(!story.case().stands_in_register_by_mistake());
        story.push(
            Event::TakenBack(TakenBack {
                decided_at: at("2026-03-14T09:00:00Z"),
                reasons: "En forveksling".to_owned(),
                consultation: Consultation::NotNeeded {
                    reason: "Borgeren bad selv om det".to_owned(),
                },
                removed_from_register: Some(removed),
            }),
            seen,
        );

        let case = story.case();
        assert_eq!(case.state, CaseState::TakenBack);
        assert_eq!(case.stands_in_register_by_mistake(), !removed);
    }
}

#[test]
fn of_two_grants_made_apart_the_earlier_decision_stands() {
    for order in [["13:00", "13:02"], ["13:02", "13:00"]] {
        let mut story = ready().then(no_conflict());
        let seen = story.case().heads;
        for time in order {
            story.push(grant_at(&format!("2026-03-13T{time}:00Z")), seen.clone());
        }

        let granted = story.case().granted.unwrap();
        assert_eq!(
            granted.value.decided_at,
            at("2026-03-13T13:00:00Z"),
            "no registration is before its decision: {order:?}"
        );
    }
}

/// The whole of what the desktop records for a decision.
fn decides(decision: Event) -> Vec<Event> {
    vec![no_conflict(), Event::MarkedReady, decision]
}

fn received() -> Story {
    Story::new()
        .then(opened(Channel::InPerson))
        .then(citizen("Aase Lindholm"))
        .then(identity(true))
        .then(declared())
}

fn refused() -> Event {
    Event::Refused(Refused {
        decided_at: at("2026-03-13T13:00:00Z"),
        rule_set: RuleSetCode::C,
        unmet: vec!["declared".to_owned()],
        reasons: "Borgeren erklærer ikke nogen grund.".to_owned(),
        consultation: Consultation::NotNeeded {
            reason: "Borgerens egne oplysninger".to_owned(),
        },
    })
}

#[test]
fn two_whole_commands_that_grant_an_open_case_alike_agree() {
    let mut story = received();
    let seen = story.case().heads;
    story.command(&decides(grant_at("2026-03-13T13:00:00Z")), &seen);
    story.command(&decides(grant_at("2026-03-13T13:02:00Z")), &seen);

    let case = story.case();
    assert_eq!(case.state, CaseState::Granted);
    assert_eq!((case.conflicts, case.overlaps), (vec![], vec![]));
}

#[test]
fn a_grant_against_a_refusal_leaves_no_half_of_either_command() {
    let mut story = received();
    let seen = story.case().heads;
    let one = story.command(&decides(grant()), &seen);
    let other = story.command(&[no_conflict(), refused()], &seen);

    let case = story.case();
    assert_eq!(
        case.state,
        CaseState::Received,
        "the mark of readiness came with the grant"
    );
    assert!(case.granted.is_none() && case.refused.is_none());
    assert_eq!(
        case.conflicts,
        [Conflict {
            field: Field::State,
            events: vec![one, other]
        }]
    );
    let choose = |chosen| Event::ConflictResolved {
        field: "state".to_owned(),
        chosen,
        reason: "Afslaget var en fejl".to_owned(),
    };
    let chosen = story.then(choose(one));
    assert_eq!(chosen.case().state, CaseState::Granted);
    assert!(chosen.case().granted.is_some() && chosen.case().conflicts.is_empty());
}

#[test]
fn what_only_one_side_had_built_on_does_not_count_either() {
    let mut story = received();
    let seen = story.case().heads;
    let granted = story.command(&decides(grant()), &seen);
    let wrong = Event::WronglyCreated(WronglyCreated {
        corrected_at: at("2026-03-13T13:20:00Z"),
        reason: "Tastet forkert nummer".to_owned(),
        removed_from_register: false,
        resend_post: false,
        right_case: None,
    });
    story.push(wrong, vec![granted]);
    story.command(&[no_conflict(), refused()], &seen);

    let case = story.case();
    assert_eq!(case.conflicts.len(), 1);
    assert_eq!(case.state, CaseState::Received, "what both had seen");
}

#[test]
fn a_choice_must_be_between_the_values_in_conflict() {
    let mut story = ready();
    let seen = story.case().heads;
    let one = story.push(citizen("Aase Holm"), seen.clone());
    story.push(citizen("Åse Lind"), seen.clone());
    let choose = |field: &str, chosen| Event::ConflictResolved {
        field: field.to_owned(),
        chosen,
        reason: "Set på legitimationen".to_owned(),
    };

    for bad in [choose("state", one), choose("citizen", seen[0])] {
        assert_eq!(story.refuses(&bad), RuleBroken::NoSuchConflict);
    }
    let chosen = story.then(choose("citizen", one));
    assert_eq!(chosen.case().citizen.unwrap().name, "Aase Holm");
}

#[test]
fn two_different_choices_made_apart_are_a_conflict_again() {
    let mut story = ready();
    let seen = story.case().heads;
    let one = story.push(citizen("Aase Holm"), seen.clone());
    let other = story.push(citizen("Åse Lind"), seen);
    let choose = |chosen| Event::ConflictResolved {
        field: "citizen".to_owned(),
        chosen,
        reason: "Set på legitimationen".to_owned(),
    };
    let seen = story.case().heads;
    story.push(choose(one), seen.clone());
    story.push(choose(other), seen);

    let case = story.case();
    assert_eq!(
        case.citizen.unwrap().name,
        "Aase Lindholm",
        "the name from before"
    );
    assert_eq!(
        case.conflicts,
        [Conflict {
            field: Field::Citizen,
            events: vec![one, other]
        }]
    );
    let settled = story.then(choose(other));
    assert_eq!(settled.case().citizen.unwrap().name, "Åse Lind");
    assert_eq!(settled.case().conflicts, []);
}

#[test]
fn of_two_registrations_made_apart_the_earliest_counts_and_a_person_looks() {
    let mut story = granted();
    let seen = story.case().heads;
    let late = story.push(registered_at("2026-03-13T14:10:00Z"), seen.clone());
    let early = story.push(registered_at("2026-03-13T14:00:00Z"), seen);

    let case = story.case();
    assert_eq!(
        case.registered.as_ref().unwrap().value.registered_at,
        at("2026-03-13T14:00:00Z")
    );
    assert_eq!(
        case.overlaps,
        [Conflict {
            field: Field::Ticks,
            events: vec![late, early]
        }]
    );

    // Undoing what one had seen leaves what one had not.
    let undo = Event::TickUndone {
        tick: Tick::Registered,
        reason: "Dobbelt".to_owned(),
    };
    story.push(undo.clone(), vec![early]);
    assert_eq!(story.case().registered.unwrap().event, late);
    let heads = story.case().heads;
    story.push(undo, heads);
    assert!(story.case().registered.is_none());
    assert_eq!(story.case().overlaps, []);
}

#[test]
fn the_later_of_two_companions_named_apart_counts_and_a_person_looks() {
    let mut story = ready();
    let seen = story.case().heads;
    let named = |name: &str| Event::CompanionRecorded {
        name: name.to_owned(),
    };
    let one = story.push(named("Ida"), seen.clone());
    let other = story.push(named("Bo"), seen.clone());
    story.push(identity(true), seen.clone());
    story.push(identity(true), seen);

    let case = story.case();
    assert_eq!(case.companion.as_deref(), Some("Bo"));
    assert_eq!(
        case.overlaps,
        [Conflict {
            field: Field::Companion,
            events: vec![one, other]
        }],
        "two identity checks alike are nothing to look at"
    );
    let settled = story.then(named("Bo Ravn"));
    assert_eq!(settled.case().overlaps, []);
}

#[test]
fn notes_and_attachments_made_apart_are_both_kept() {
    let mut story = ready();
    let seen = story.case().heads;
    let attachment = |name: &str| {
        Event::AttachmentAdded(AttachmentAdded {
            digest: Sha256Digest::from_bytes([1; 32]),
            purpose: AttachmentPurpose::Other,
            media_type: "image/png".to_owned(),
            size_bytes: 1,
            file_name: name.to_owned(),
        })
    };
    story.push(
        Event::NoteAdded {
            text: "én".to_owned(),
        },
        seen.clone(),
    );
    story.push(
        Event::NoteAdded {
            text: "to".to_owned(),
        },
        seen.clone(),
    );
    story.push(attachment("a.png"), seen.clone());
    story.push(attachment("b.png"), seen);

    let case = story.case();
    assert_eq!(
        (
            case.notes.len(),
            case.attachments.len(),
            case.conflicts.len()
        ),
        (2, 2, 0)
    );
}
