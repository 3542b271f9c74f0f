//! An open case goes on: another person comes, a mistake is taken out, or the citizen dies.

use super::*;
use crate::event::Arrival;

#[test]
fn domain_1_3_a_death_closes_what_is_under_way_and_leaves_only_the_journal() {
    let died = || Event::Ended {
        ending: Ending::Deceased,
        ended_on: "2026-03-14".parse().unwrap(),
    };
    for story in [
        Story::new()
            .then(opened(Channel::InPerson))
            .then(citizen("Aase Lindholm")),
        ready(),
        granted(),
    ] {
        let closed = story.then(died());
        assert_eq!(closed.case().state, CaseState::Ended);
        assert!(!closed.case().is_exempt());
        assert_eq!(closed.case().missing_ticks(), [Tick::Journalised]);
        assert_eq!(
            closed.refuses(&paper(PaperKind::ExemptionReceipt)),
            RuleBroken::PaperDoesNotFit,
            "nobody was ever exempt"
        );
        assert_eq!(closed.refuses(&declared()), RuleBroken::NotOpen);
    }
    let rejoined = Event::Ended {
        ending: Ending::RejoinedAtCounter,
        ended_on: "2026-03-14".parse().unwrap(),
    };
    assert_eq!(ready().refuses(&rejoined), RuleBroken::NotGranted);
    assert_eq!(granted().refuses(&rejoined), RuleBroken::NotRegistered);
}

#[test]
fn a_representative_may_come_back_for_a_citizen_who_came_first() {
    let arrival = |channel| {
        Event::ArrivalRecorded(Arrival {
            channel,
            location: "library".to_owned(),
            received_on: "2026-03-13".parse().unwrap(),
        })
    };
    let story = ready()
        .then(arrival(Channel::Representative))
        .then(no_conflict());
    let case = story.case();
    let opening = case.opened.as_ref().unwrap();

    assert_eq!(opening.channel, Channel::Representative);
    assert_eq!(opening.location, "library");
    assert_eq!(
        story.refuses(&grant()),
        RuleBroken::NoPowerOfAttorney,
        "who came decides what must be shown"
    );
    assert_eq!(
        granted().refuses(&arrival(Channel::Guardian)),
        RuleBroken::NotOpen
    );
}

#[test]
fn what_was_recorded_by_mistake_is_retracted_once_and_stays_in_the_history() {
    let gone = |field| Event::EntryRetracted { field };
    let story = ready()
        .then(Event::CompanionRecorded {
            name: "Ida".to_owned(),
        })
        .then(gone(Field::Companion))
        .then(gone(Field::Declaration))
        .then(no_conflict());

    assert!(story.case().companion.is_none() && story.case().declaration.is_none());
    assert_eq!(story.case().history.len(), 10);
    assert_eq!(story.refuses(&grant()), RuleBroken::NotDeclared);
    for field in [
        Field::Companion,
        Field::Declaration,
        Field::Citizen,
        Field::State,
    ] {
        assert_eq!(story.refuses(&gone(field)), RuleBroken::NothingToRetract);
    }
}
