//! What each role may push onto whose cases: the central store asks the table a desktop asks.
//!
//! Basis: decisions 38 and 44; domain reference 10.3.

use chrono::TimeDelta;
use skranke_domain::case::act_of;
use skranke_domain::event::{Consultation, Event, Journalised, TakenBack, Tick};
use skranke_domain::ids::{CaseId, GrantId, StaffId};
use skranke_domain::role::{Act, Leave, Ownership, Role, may};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::{Outcome, QuarantineReason, Scope, Verdict};
use skranke_server::admission::{self, Offered};
use uuid::Uuid;

use crate::office::{Laptop, Office, TENANT, accepted, last, noon};

const CITIZEN: &str = "2512169996";

/// An event of each act that is recorded in cases.
fn one_of_each_act() -> Vec<Event> {
    let reason = || "Set efter".to_owned();
    vec![
        Event::CompanionRecorded {
            name: String::new(),
        },
        Event::ConflictOfInterestChecked { none: true },
        Event::Journalised(Journalised {
            journalised_at: noon(),
            reference: String::new(),
        }),
        Event::NoteAdded { text: reason() },
        Event::TickUndone {
            tick: Tick::Journalised,
            reason: reason(),
        },
        Event::TakenBack(TakenBack {
            decided_at: noon(),
            reasons: reason(),
            consultation: Consultation::NotNeeded { reason: reason() },
            removed_from_register: None,
        }),
        Event::MadePermanent {
            on: "2026-11-20".parse().unwrap(),
        },
        Event::DuplicateUnlinked {
            other: CaseId::from_uuid(Uuid::nil()),
            reason: reason(),
        },
    ]
}

/// Opens a case and closes it again, so that nothing is left to do in it.
fn done_case(office: &Office, laptop: &mut Laptop) -> (CaseId, Vec<SealedEvent>) {
    let (case, opening) = laptop.open_case(CITIZEN);
    let helped = Event::HelpedInstead {
        ended_at: noon(),
        offer: "mitid".to_owned(),
    };
    let ended = laptop.command(case, &last(&opening), &[helped]);
    let all = [opening, ended].concat();
    office.push(laptop.id, &all);
    (case, all)
}

fn open_case(office: &Office, laptop: &mut Laptop) -> (CaseId, Vec<SealedEvent>) {
    let (case, opening) = laptop.open_case(CITIZEN);
    office.push(laptop.id, &opening);
    (case, opening)
}

/// Another person sits down at the computer for a moment.
fn meanwhile<T>(
    office: &Office,
    laptop: &mut Laptop,
    work: impl FnOnce(&Office, &mut Laptop) -> T,
) -> T {
    let (staff, grant) = (laptop.staff, laptop.grant);
    laptop.staff = StaffId::from_uuid(Uuid::now_v7());
    laptop.grant = GrantId::from_uuid(Uuid::now_v7());
    office.grant(laptop, laptop.grant, &[Role::Counter]);
    let done = work(office, laptop);
    (laptop.staff, laptop.grant) = (staff, grant);
    done
}

type Known = (Ownership, CaseId, Vec<SealedEvent>);

/// Cases of each ownership to whoever sits at `here`.
fn one_of_each(office: &Office, here: &mut Laptop) -> Vec<Known> {
    let mut elsewhere = office.laptop(2, Scope::Tenant);
    let mut on_a_visit = office.laptop(3, Scope::Tenant);
    on_a_visit.staff = here.staff;
    on_a_visit.grant = GrantId::from_uuid(Uuid::now_v7());
    office.grant(&on_a_visit, on_a_visit.grant, &[Role::Counter]);
    let known = |whose, (case, history)| (whose, case, history);
    vec![
        known(Ownership::Own, open_case(office, here)),
        known(Ownership::Own, open_case(office, &mut on_a_visit)),
        known(Ownership::Computer, meanwhile(office, here, open_case)),
        known(Ownership::HandedIn, open_case(office, &mut elsewhere)),
        known(Ownership::OwnDone, done_case(office, here)),
        known(Ownership::OwnDone, meanwhile(office, here, done_case)),
        known(Ownership::OthersDone, done_case(office, &mut elsewhere)),
    ]
}

fn is_forbidden(verdict: &Verdict) -> bool {
    let reason = QuarantineReason::NotPermitted;
    *verdict == Verdict::First(Outcome::Quarantined { reason })
}

pub(crate) fn each_role_pushes_onto_whose_cases_the_table_says(office: &Office) {
    let mut here = office.laptop(1, Scope::Tenant);
    let cases = one_of_each(office, &mut here);
    let acts = one_of_each_act();
    let tried: Vec<Act> = acts.iter().map(act_of).collect();

    for role in Role::ALL {
        here.grant = GrantId::from_uuid(Uuid::now_v7());
        office.grant(&here, here.grant, &[role]);
        for (whose, case, history) in &cases {
            for event in &acts {
                // Nothing of it is kept, so no case becomes anybody's by being tried.
                let mut trying = here.clone();
                let command = trying.command(*case, &last(history), std::slice::from_ref(event));
                let verdict = office.would_say(here.id, &command);

                let act = act_of(event);
                let leave = may(&[role], act, Some(*whose));
                let tried = format!("{role:?} {act:?} {whose:?}: {verdict:?}");
                assert_eq!(is_forbidden(&verdict), leave == Leave::Never, "{tried}");
            }
        }
    }

    let of_cases = [
        Act::Capture,
        Act::Decide,
        Act::Finish,
        Act::Supplement,
        Act::Correct,
        Act::TakeBack,
        Act::Prolong,
        Act::Merge,
    ];
    assert_eq!(tried, of_cases, "every act that is recorded in a case");
}

/// A person of outreach alone, at a computer that sees the whole municipality.
fn outreach(office: &Office, seed: u8) -> Laptop {
    let mut laptop = office.laptop(seed, Scope::Tenant);
    laptop.grant = GrantId::from_uuid(Uuid::now_v7());
    office.grant(&laptop, laptop.grant, &[Role::Outreach]);
    laptop
}

pub(crate) fn outreach_goes_on_with_what_it_opened_whatever_others_did_since(office: &Office) {
    let mut visitor = outreach(office, 1);
    let mut counter = office.laptop(2, Scope::Tenant);
    let (case, opening) = visitor.open_case(CITIZEN);
    let opened = office.verdict(&visitor, &opening);
    let helped = Event::HelpedInstead {
        ended_at: noon(),
        offer: "mitid".to_owned(),
    };
    let ended = counter.command(case, &last(&opening), &[helped]);
    let closed = office.verdict(&counter, &ended);

    // One note was made offline before the case was closed, the other after reading of it.
    let offline = visitor.note(case, &last(&opening), "skrevet hos borgeren");
    let after = [last(&offline), last(&ended)].concat();
    let later = visitor.note(case, &after, "skrevet på kontoret");

    assert_eq!((opened, closed), (accepted(2), accepted(3)));
    assert_eq!(office.verdict(&visitor, &offline), accepted(4));
    assert_eq!(office.verdict(&visitor, &later), accepted(5));
}

pub(crate) fn nobody_makes_a_case_theirs_by_opening_it_anew(office: &Office) {
    let mut visitor = outreach(office, 1);
    let mut counter = office.laptop(2, Scope::Tenant);
    let (case, opening) = open_case(office, &mut counter);
    let number = visitor.opened(skranke_domain::event::Channel::InPerson);
    let anew = visitor.command(case, &[], &[number]);
    let after = visitor.note(case, &[last(&opening), last(&anew)].concat(), "min sag nu");

    let verdicts = office
        .push(visitor.id, &[anew, after].concat())
        .verdicts
        .into_iter()
        .map(|verdict| verdict.verdict.outcome().clone());

    let reason = QuarantineReason::UnderstatedBasedOn;
    let mut verdicts = verdicts.collect::<Vec<_>>().into_iter();
    assert_eq!(verdicts.next(), Some(Outcome::Quarantined { reason }));
    assert_eq!(
        verdicts.next().map(|outcome| outcome.code()),
        Some("deferred")
    );
    assert_eq!(office.feed(&counter).len(), 2, "the case is what it was");
}

pub(crate) fn outreach_work_that_waited_for_a_sign_in_is_its_own_all_the_same(office: &Office) {
    let mut visitor = outreach(office, 1);
    let evening = noon() + TimeDelta::hours(10);
    visitor.at = noon() + TimeDelta::hours(9);
    let (case, opening) = visitor.open_case(CITIZEN);
    let note = visitor.note(case, &last(&opening), "bygger på det");
    let held = office.push_at(evening, visitor.id, &[opening, note].concat());
    assert_eq!(held.device.quarantined, 3);

    office.sign_in_at(evening, &visitor, &[Role::Outreach]);

    assert_eq!(office.device(&visitor).accepted, 3);
}

pub(crate) fn outreach_work_that_another_computer_offers_again_is_its_own_all_the_same(
    office: &Office,
) {
    let mut visitor = outreach(office, 1);
    let counter = office.laptop(2, Scope::Tenant);
    let (case, opening) = visitor.open_case(CITIZEN);
    let note = visitor.note(case, &last(&opening), "skrevet hos borgeren");
    let commands = skranke_protocol::wire::PushBatch::of(&[opening, note].concat()).commands;
    let offered = Offered::read(commands, &counter.key.public(), u64::MAX);
    let mut transaction = office.store.begin(TENANT).unwrap();

    let admitted = admission::admit_again(
        transaction.as_mut(),
        counter.id,
        &[],
        &offered,
        office.circumstances(noon()),
    );

    let verdicts = admitted.unwrap().verdicts.into_iter();
    let verdicts: Vec<Verdict> = verdicts.map(|verdict| verdict.verdict).collect();
    assert_eq!(verdicts, [accepted(2), accepted(3)]);
}

pub(crate) fn work_that_waited_is_judged_and_told_of_at_the_computer_that_made_it(office: &Office) {
    let mut visitor = outreach(office, 1);
    let mut counter = office.laptop(2, Scope::Tenant);
    let (case, opening) = counter.open_case(CITIZEN);
    let note = visitor.note(case, &last(&opening), "i en sag fra skranken");

    let waits = office.verdict(&visitor, &note);
    office.push(counter.id, &opening);

    assert_eq!(waits.outcome().code(), "deferred");
    assert_eq!(office.device(&visitor).quarantined, 1);
    assert_eq!(office.feed(&counter).len(), 2, "the case is what it was");
    assert_eq!(office.alarms(), ["not_permitted"]);
    let raised = office.store.alarms(TENANT).unwrap();
    assert_eq!(raised[0].device_id, visitor.id);
}

pub(crate) fn what_waited_comes_into_no_case_its_computer_was_not_given(office: &Office) {
    let mut laptop = office.laptop(1, Scope::OwnCases);
    let mut counter = office.laptop(2, Scope::Tenant);
    let (case, opening) = counter.open_case(CITIZEN);
    let (own, opened) = laptop.open_case(CITIZEN);
    let note = laptop.note(case, &last(&opening), "i en sag, den ikke har");
    // The laptop's own case waits as well, for something that only the counter has.
    let addition = counter.note(own, &last(&opened), "set af skranken");
    let answer = laptop.note(own, &last(&addition), "svar på det");

    office.push(laptop.id, &[opened, note, answer].concat());
    office.push(counter.id, &[opening, addition].concat());

    let device = office.device(&laptop);
    assert_eq!((device.accepted, device.quarantined), (3, 1));
    assert_eq!(office.feed(&counter).len(), 6, "one note is not in it");
}

pub(crate) fn forged_work_that_waited_for_a_sign_in_raises_its_alarm_then(office: &Office) {
    let mut visitor = outreach(office, 1);
    let evening = noon() + TimeDelta::hours(10);
    visitor.at = noon() + TimeDelta::hours(9);
    let (case, opening) = visitor.open_case(CITIZEN);
    let pretends = visitor.note(case, &[], "som om sagen ikke var der");
    office.push_at(evening, visitor.id, &[opening, pretends].concat());
    assert_eq!(office.alarms(), ["grant_not_valid"]);

    office.sign_in_at(evening, &visitor, &[Role::Outreach]);

    assert_eq!(office.device(&visitor).accepted, 2);
    assert_eq!(office.alarms(), ["grant_not_valid", "understated_based_on"]);
}

pub(crate) fn who_offers_a_forgery_again_raises_the_alarm(office: &Office) {
    let mut counter = office.laptop(1, Scope::Tenant);
    let sender = office.laptop(2, Scope::Tenant);
    counter.key = sender.key.clone();
    let (_, forged) = counter.open_case(CITIZEN);
    let commands = skranke_protocol::wire::PushBatch::of(&forged).commands;
    let offered = Offered::read(commands, &sender.key.public(), u64::MAX);
    let mut transaction = office.store.begin(TENANT).unwrap();

    let circumstances = office.circumstances(noon());
    let admitted = admission::admit_again(
        transaction.as_mut(),
        sender.id,
        &[],
        &offered,
        circumstances,
    );
    transaction.commit().unwrap();

    let verdicts = admitted.unwrap().verdicts;
    assert_eq!(verdicts[0].verdict.outcome().code(), "quarantined");
    assert_eq!(office.alarms(), ["bad_signature"]);
    let raised = office.store.alarms(TENANT).unwrap();
    assert_eq!(raised[0].device_id, sender.id);
}
