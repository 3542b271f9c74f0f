//! An open case goes on: another person comes, a mistake is taken out, or the citizen dies.

use super::*;
use crate::event::Arrival;

fn died() -> Event {
    Event::Ended {
        ending: Ending::Deceased,
        ended_on: "2026-03-14".parse().unwrap(),
    }
}

fn not_dead(reason: &str) -> Event {
    Event::DeathUndone {
        reason: reason.to_owned(),
    }
}

#[test]
fn domain_1_3_a_death_closes_what_is_under_way_and_leaves_only_the_journal() {
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
fn a_death_recorded_by_mistake_is_undone_and_the_case_is_again_what_it_was() {
    let exempt = granted()
        .then(registered_at("2026-03-13T13:30:00Z"))
        .then(receipt(ReceiptDelivery::HandedOver, ""))
        .then(journalised());
    for story in [ready(), granted(), exempt] {
        let before = story.case();
        let closed = story.then(died());
        assert_eq!(
            closed.refuses(&not_dead("  ")),
            RuleBroken::ReasonMissing,
            "whoever undoes it says how it came about"
        );
        let closed = match closed.case().is_ticked(Tick::Journalised) {
            true => closed,
            false => closed.then(journalised()),
        };

        let story = closed.then(not_dead("Forkert borger"));
        let case = story.case();

        assert_eq!(case.state, before.state);
        assert_eq!(case.state_since, before.state_since);
        assert_eq!(case.ending, None);
        assert_eq!(case.is_exempt(), before.is_exempt());
        assert!(
            !case.is_ticked(Tick::Journalised),
            "what was filed does not tell of the correction"
        );
        assert_eq!(case.registered, before.registered);
        assert_eq!(case.history.len(), story.events.len(), "nothing is deleted");
        assert_eq!(
            story.refuses(&not_dead("Igen")),
            RuleBroken::NoDeathRecorded
        );
        let dead = story.then(died()).case();
        assert!(dead.is_closed_by_death(), "it may be true another time");
    }
    let rejoined = granted()
        .then(registered_at("2026-03-13T13:30:00Z"))
        .then(Event::Ended {
            ending: Ending::RejoinedAtCounter,
            ended_on: "2026-03-20".parse().unwrap(),
        });
    assert_eq!(
        rejoined.refuses(&not_dead("Fejl")),
        RuleBroken::NoDeathRecorded,
        "only a death is undone so"
    );
}

#[test]
fn a_death_two_people_recorded_apart_is_undone_once_by_whoever_has_seen_both() {
    let mut story = granted();
    let before = story.case();
    for _ in 0..2 {
        story.push(died(), before.heads.clone());
    }
    assert!(story.case().is_closed_by_death() && story.case().conflicts.is_empty());

    let story = story.then(not_dead("Forkert borger"));

    assert_eq!(story.case().state, CaseState::Granted);
    assert_eq!(story.case().state_since, before.state_since);
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
        RuleBroken::IdentityNotChecked,
        "the citizen's ID is not the representative's"
    );
    assert_eq!(
        story.then(identity(true)).refuses(&grant()),
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
