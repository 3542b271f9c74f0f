//! Two cases about one citizen that a person says are one.

use super::*;
use crate::event::MergedInto;

/// A case by its number; the story's own is 1.
fn case_id(number: u128) -> CaseId {
    CaseId::from_uuid(Uuid::from_u128(number))
}

fn merged_into(number: u128) -> Event {
    Event::MergedInto(MergedInto {
        other: case_id(number),
        merged_at: at("2026-03-13T14:00:00Z"),
        reason: "Samme anmodning".to_owned(),
    })
}

fn linked(number: u128) -> Event {
    Event::DuplicateLinked {
        other: case_id(number),
    }
}

fn undone() -> Event {
    Event::MergeUndone {
        reason: "To anmodninger alligevel".to_owned(),
    }
}

/// The story as another case than the first.
fn as_case(story: &Story, number: u128) -> Case {
    Case::fold(case_id(number), &story.events)
}

#[test]
fn a_merged_case_has_ended_keeps_what_is_in_it_and_waits_for_nothing() {
    let before = granted();
    assert!(!before.case().missing_ticks().is_empty());

    let merged = before.then(merged_into(2));

    let case = merged.case();
    assert!(case.is_merged() && !case.is_exempt());
    assert_eq!(case.merged_into.as_ref().unwrap().value, case_id(2));
    assert_eq!(case.missing_ticks(), [], "it is finished in the other case");
    assert!(case.granted.is_some() && case.citizen.is_some());
    for event in [
        registered_at("2026-03-13T14:10:00Z"),
        Event::Journalised(Journalised {
            journalised_at: at("2026-03-13T14:10:00Z"),
            reference: String::new(),
        }),
    ] {
        assert_eq!(merged.refuses(&event), RuleBroken::MergedAway);
    }
    merged.then(Event::NoteAdded {
        text: "Borgeren ringede".to_owned(),
    });
}

#[test]
fn an_undone_merge_leaves_the_case_as_it_was() {
    let before = granted();
    let (state, since, due) = {
        let case = before.case();
        (case.state, case.state_since, case.missing_ticks())
    };
    let merged = before.then(merged_into(2));
    assert_eq!(
        merged.refuses(&Event::MergeUndone {
            reason: " ".to_owned()
        }),
        RuleBroken::ReasonMissing
    );

    let story = merged.then(undone());

    let case = story.case();
    assert_eq!(
        (case.state, case.state_since, case.missing_ticks()),
        (state, since, due)
    );
    assert!(case.merged_into.is_none() && case.ending.is_none());
    assert_eq!(story.refuses(&undone()), RuleBroken::NotMerged);
    assert!(story.then(merged_into(3)).case().is_merged());
}

#[test]
fn a_merge_needs_a_reason_another_case_and_one_that_is_under_way() {
    let story = ready();
    let Event::MergedInto(merged) = merged_into(2) else {
        unreachable!()
    };
    let silent = Event::MergedInto(MergedInto {
        reason: String::new(),
        ..merged
    });
    assert_eq!(story.refuses(&silent), RuleBroken::ReasonMissing);
    for itself in [merged_into(1), linked(1)] {
        assert_eq!(story.refuses(&itself), RuleBroken::NotMergeable);
    }
    let unlinked = Event::DuplicateUnlinked {
        other: case_id(2),
        reason: "Fejl".to_owned(),
    };
    assert_eq!(story.refuses(&unlinked), RuleBroken::NotMerged);
    let linked_once = ready().then(linked(2));
    assert_eq!(linked_once.case().duplicates, [case_id(2)]);
    assert_eq!(linked_once.then(unlinked).case().duplicates, []);

    let over = story.then(Event::Withdrawn {
        withdrawn_at: at("2026-03-13T13:00:00Z"),
    });
    for event in [merged_into(2), linked(2)] {
        assert_eq!(over.refuses(&event), RuleBroken::NotMergeable);
    }
}

#[test]
fn a_case_that_was_merged_takes_in_no_other_so_that_no_ring_is_made() {
    let merged = ready().then(merged_into(2));

    assert_eq!(merged.refuses(&linked(2)), RuleBroken::NotMergeable);
    assert_eq!(merged.refuses(&linked(3)), RuleBroken::NotMergeable);
    assert_eq!(merged.refuses(&merged_into(3)), RuleBroken::NotMergeable);
    assert_eq!(
        check_merge(&as_case(&ready(), 2), &merged.case()),
        Err(RuleBroken::NotMergeable)
    );
}

#[test]
fn the_case_that_goes_on_is_as_far_as_the_other_and_the_earliest_decision_is_kept() {
    let early = || {
        ready()
            .then(no_conflict())
            .then(grant_at("2026-03-13T13:00:00Z"))
    };
    let late = || {
        ready()
            .then(no_conflict())
            .then(grant_at("2026-03-13T13:30:00Z"))
    };
    let in_register = || late().then(registered_at("2026-03-13T14:00:00Z"));
    let merges =
        |ending: &Story, lasting: &Story| check_merge(&ending.case(), &as_case(lasting, 2)).is_ok();

    assert!(merges(&ready(), &ready()), "either way round");
    assert!(merges(&ready(), &early()) && !merges(&early(), &ready()));
    assert!(merges(&late(), &early()) && !merges(&early(), &late()));
    assert!(
        merges(&early(), &in_register()) && !merges(&in_register(), &early()),
        "what stands in the register goes on"
    );
    assert_eq!(
        check_merge(&ready().case(), &ready().case()),
        Err(RuleBroken::NotMergeable),
        "a case is not merged into itself"
    );
}

#[test]
fn cases_of_two_citizens_are_never_one() {
    let other = Story::new().then(opened(Channel::InPerson));
    assert_eq!(
        check_merge(&ready().case(), &as_case(&other, 2)),
        Err(RuleBroken::MergeOtherCitizen),
        "nobody knows whose it is"
    );
    let other = other.then(Event::CitizenRecorded(CitizenRecorded {
        cpr: Cpr::parse("6304483000").unwrap(),
        name: "Bodil Aagaard".to_owned(),
        address: String::new(),
        address_protected: false,
        residence: Residence::Fixed,
        phone: String::new(),
        municipality: String::new(),
    }));
    assert_eq!(
        check_merge(&ready().case(), &as_case(&other, 2)),
        Err(RuleBroken::MergeOtherCitizen)
    );
}

#[test]
fn two_who_merge_each_their_own_way_at_the_same_time_leave_both_cases_and_both_are_marked() {
    // Given one who merges the first case into the second, and another who merges the second into the first, neither
    // knowing of the other; each case calls the other 2
    let (mut first, mut second) = (ready(), ready());
    let (in_first, in_second) = (first.case().heads, second.case().heads);
    let into_second = first.push(merged_into(2), in_first.clone());
    let from_second = first.push(linked(2), in_first);
    let from_first = second.push(linked(2), in_second.clone());
    let into_first = second.push(merged_into(2), in_second);

    // Then neither case is gone, and both say that two merged apart
    for (story, merge, link) in [
        (&first, into_second, from_second),
        (&second, into_first, from_first),
    ] {
        let case = story.case();
        assert_eq!(case.state, CaseState::Ready);
        assert!(!case.is_merged() && case.merged_into.is_none());
        assert_eq!(case.conflicts, [], "work goes on meanwhile");
        assert_eq!(
            case.overlaps,
            [Conflict {
                field: Field::Duplicates,
                events: vec![merge, link],
            }]
        );
    }

    // When somebody who has seen both merges again, it counts and nothing is left to look at
    let first = first.then(merged_into(2));
    let second = second.then(linked(2));
    assert!(first.case().is_merged() && !second.case().is_merged());
    assert_eq!(first.case().overlaps, []);
    assert_eq!(second.case().overlaps, []);
    let undone = first.then(undone());
    assert_eq!(undone.case().state, CaseState::Ready);
}

#[test]
fn a_ring_of_three_merged_at_the_same_time_has_none_gone() {
    // 1 into 2, 2 into 3, 3 into 1: in each case one merge and one link that have not seen each other
    for (into, from) in [(2, 3), (3, 1), (1, 2)] {
        let mut story = ready();
        let seen = story.case().heads;
        story.push(merged_into(into), seen.clone());
        story.push(linked(from), seen);

        assert!(!story.case().is_merged());
    }
}

#[test]
fn a_case_that_took_in_another_may_itself_be_merged_afterwards() {
    let story = ready().then(linked(3)).then(merged_into(2));

    assert!(story.case().is_merged(), "its author had seen the link");
    assert_eq!(story.case().overlaps, []);
}

#[test]
fn a_merge_undone_before_the_crossing_one_was_heard_of_changes_nothing() {
    let mut story = ready();
    let seen = story.case().heads;
    let merge = story.push(merged_into(2), seen.clone());
    story.push(undone(), vec![merge]);
    story.push(linked(2), seen);

    let case = story.case();
    assert_eq!(case.state, CaseState::Ready);
    assert_eq!(case.overlaps, []);
}

#[test]
fn two_who_merge_alike_agree_and_undoing_brings_back_what_was() {
    let mut story = ready();
    let seen = story.case().heads;
    story.push(merged_into(2), seen.clone());
    story.push(merged_into(2), seen);
    assert!(story.case().is_merged());
    assert_eq!(story.case().conflicts, []);

    let story = story.then(undone());

    assert_eq!(story.case().state, CaseState::Ready);
}

#[test]
fn a_merge_against_a_decision_made_meanwhile_is_a_conflict_and_the_case_stays() {
    let mut story = ready().then(no_conflict());
    let seen = story.case().heads;
    let merge = story.push(merged_into(2), seen.clone());
    let decision = story.push(grant(), seen);

    let case = story.case();
    assert_eq!(case.state, CaseState::Ready);
    assert_eq!(
        case.conflicts,
        [Conflict {
            field: Field::State,
            events: vec![merge, decision]
        }]
    );
    for event in [merged_into(2), linked(3)] {
        assert_eq!(story.refuses(&event), RuleBroken::ConflictOpen);
    }
    let chosen = story.then(Event::ConflictResolved {
        field: "state".to_owned(),
        chosen: decision,
        reason: "Afgørelsen var truffet".to_owned(),
    });
    assert_eq!(chosen.case().state, CaseState::Granted);
    assert!(!chosen.case().is_merged());
}

#[test]
fn two_who_merge_one_case_into_two_others_leave_it_until_a_person_chooses() {
    let mut story = ready();
    let seen = story.case().heads;
    let one = story.push(merged_into(2), seen.clone());
    story.push(merged_into(3), seen);
    assert!(!story.case().is_merged());
    assert_eq!(story.case().conflicts.len(), 1);

    let story = story.then(Event::ConflictResolved {
        field: "state".to_owned(),
        chosen: one,
        reason: "Den rigtige".to_owned(),
    });

    let case = story.case();
    assert_eq!(case.merged_into.as_ref().unwrap().value, case_id(2));
    assert_eq!(story.then(undone()).case().state, CaseState::Ready);
}
