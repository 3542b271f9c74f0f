//! What becomes of commands.

use chrono::TimeDelta;
use skranke_domain::event::{Event, ReceiptDelivery, ReceiptGiven};
use skranke_domain::ids::{CommandId, GrantId};
use skranke_domain::role::Role;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::{DeferReason, Outcome, PushBatch, QuarantineReason, Scope, Verdict};
use skranke_server::store::{Revoked, Touched};
use uuid::Uuid;

use crate::office::{Office, TENANT, accepted, citizen, last, noon};

fn quarantined(reason: QuarantineReason) -> Verdict {
    Verdict::First(Outcome::Quarantined { reason })
}

fn deferred(reason: DeferReason) -> Verdict {
    Verdict::First(Outcome::Deferred { reason })
}

/// A receipt before anything was granted: a rule it breaks.
pub(crate) fn too_early() -> Event {
    Event::ReceiptGiven(ReceiptGiven {
        delivery: ReceiptDelivery::HandedOver,
        given_at: noon(),
        reason: String::new(),
    })
}

pub(crate) fn a_command_gets_one_verdict_with_the_position_of_its_last_event(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let note = laptop.note(case, &last(&opening), "ringet op");

    let admitted = office.push(laptop.id, &[opening, note].concat());

    let verdicts: Vec<_> = admitted
        .verdicts
        .into_iter()
        .map(|verdict| verdict.verdict)
        .collect();
    assert_eq!(verdicts, [accepted(2), accepted(3)]);
    assert_eq!(admitted.tenant.position(), 3);
}

pub(crate) fn a_duplicate_is_acknowledged_with_its_first_outcome_and_a_receipt(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let bad = laptop.command(case, &last(&opening), &[too_early()]);
    office.push(laptop.id, &[opening.clone(), bad.clone()].concat());
    assert_eq!(office.store.receipts(TENANT, opening[0].hash()).unwrap(), 0);

    let again = office.push(laptop.id, &[opening.clone(), bad].concat());

    let first = again.verdicts[0].verdict.clone();
    assert_eq!(first, Verdict::Duplicate(Outcome::Accepted { position: 2 }));
    let Verdict::Duplicate(Outcome::Quarantined { reason }) = &again.verdicts[1].verdict else {
        panic!(
            "a quarantined command stays quarantined: {:?}",
            again.verdicts[1]
        );
    };
    assert!(reason.code().starts_with("rule."));
    assert_eq!(
        again.tenant.position(),
        2,
        "nothing new was added to the feed"
    );
    assert_eq!(again.device.head.seq, 3);
    for event in &opening {
        let receipts = office.store.receipts(TENANT, event.hash()).unwrap();
        assert_eq!(
            receipts, 1,
            "the acknowledgement rests on a write of its own"
        );
    }
}

pub(crate) fn a_known_id_with_other_content_is_an_alarm_and_both_are_kept(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    assert_eq!(office.verdict(&laptop, &opening), accepted(2));
    let command = CommandId::from_uuid(Uuid::now_v7());
    let mut unsealed = laptop.unsealed(case, command, (1, 1), last(&opening));
    unsealed.id = opening[1].header().id;
    unsealed.based_on = vec![opening[0].header().id];
    let event = Event::CitizenRecorded(citizen("2211771212", "En Anden"));
    let forged = unsealed.seal(&event, [1; 16], &laptop.key).unwrap();

    let verdict = office.verdict(&laptop, std::slice::from_ref(&forged));

    assert_eq!(verdict, quarantined(QuarantineReason::OtherContent));
    assert_eq!(office.alarms(), ["other_content"]);
    let device = office.device(&laptop);
    assert_eq!(
        (device.head.seq, device.accepted, device.quarantined),
        (3, 2, 1)
    );
    let mut transaction = office.store.begin(TENANT).unwrap();
    let both = transaction.events_by_id(forged.header().id).unwrap();
    assert_eq!(both.len(), 2, "neither is thrown away");
    let touched = Touched {
        ids: vec![forged.header().id],
        commands: vec![opening[0].header().command_id],
        cases: vec![case],
    };
    let history: Vec<_> = transaction
        .touched(&touched)
        .unwrap()
        .into_iter()
        .filter(|stored| matches!(stored.outcome, Outcome::Accepted { .. }))
        .map(|stored| stored.event)
        .collect();
    assert_eq!(
        history, opening,
        "the first content stays in the case, each event found once"
    );
}

pub(crate) fn a_broken_rule_quarantines_the_whole_command_and_keeps_the_chain(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let note = Event::NoteAdded {
        text: "først en note".to_owned(),
    };
    let bad = laptop.command(case, &last(&opening), &[note, too_early()]);
    let after = laptop.note(case, &last(&opening), "og videre");

    let admitted = office.push(laptop.id, &[opening, bad, after].concat());

    assert_eq!(admitted.verdicts[0].verdict, accepted(2));
    assert_eq!(
        admitted.verdicts[1].verdict,
        quarantined(QuarantineReason::rule("not_granted"))
    );
    assert_eq!(
        admitted.verdicts[2].verdict,
        accepted(3),
        "the chain goes on past the quarantine"
    );
    let device = admitted.device;
    assert_eq!(
        (device.head, device.accepted, device.quarantined),
        (laptop.head, 3, 2)
    );
    assert_eq!(
        office.feed(&laptop).len(),
        3,
        "no event of the bad command is in the feed"
    );
}

pub(crate) fn a_part_of_a_command_is_not_a_command(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (_, opening) = laptop.open_case("2512169996");

    let verdict = office.verdict(&laptop, &opening[..1]);

    assert_eq!(verdict, quarantined(QuarantineReason::CommandBroken));
    assert_eq!(
        office.device(&laptop).head.seq,
        1,
        "the event is a link of the chain all the same"
    );
}

pub(crate) fn work_without_a_fitting_grant_is_held_apart(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let other = office.laptop(2, Scope::Tenant);
    let good = laptop.grant;
    // Nobody has signed in again when the work arrives.
    let evening = noon() + TimeDelta::hours(10);
    let mut check = |grant: GrantId, at, expected| {
        laptop.grant = grant;
        laptop.at = at;
        let (_, opening) = laptop.open_case("2512169996");
        let verdict = office
            .push_at(evening, laptop.id, &opening)
            .verdicts
            .remove(0);
        assert_eq!(verdict.verdict, quarantined(expected));
    };

    check(
        GrantId::from_uuid(Uuid::now_v7()),
        noon(),
        QuarantineReason::GrantUnknown,
    );
    check(other.grant, noon(), QuarantineReason::GrantOfAnother);
    check(
        good,
        noon() + TimeDelta::hours(5),
        QuarantineReason::GrantNotValid,
    );

    assert_eq!(office.device(&laptop).quarantined, 6);
}

pub(crate) fn work_after_a_grant_ran_out_is_released_when_the_person_signs_in_again(
    office: &Office,
) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let evening = noon() + TimeDelta::hours(10);
    laptop.at = noon() + TimeDelta::hours(9);
    let (case, opening) = laptop.open_case("2512169996");
    let note = laptop.note(case, &last(&opening), "bygger på det");
    let held = office.push_at(evening, laptop.id, &[opening.clone(), note].concat());
    assert_eq!(
        held.verdicts[0].verdict,
        quarantined(QuarantineReason::GrantNotValid)
    );
    assert_eq!((held.device.quarantined, held.device.deferred), (3, 0));

    office.sign_in_at(evening, &laptop, &[Role::Counter]);

    let device = office.device(&laptop);
    assert_eq!(
        (device.accepted, device.quarantined, device.deferred),
        (3, 0, 0)
    );
    assert_eq!(office.feed(&laptop).len(), 3, "the work is in its case");
    let audit = office.store.audit(TENANT, None, 100).unwrap();
    assert!(
        audit.iter().any(|row| row.action == "work_vouched_for"),
        "the audit tells whose later sign-in let it in"
    );
}

pub(crate) fn work_that_arrives_after_the_person_signed_in_again_is_taken(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let evening = noon() + TimeDelta::hours(10);
    office.sign_in_at(evening, &laptop, &[Role::Counter]);
    // Recorded in between, under the grant that had run out, and under none at all.
    laptop.at = noon() + TimeDelta::hours(9);
    let (_, late) = laptop.open_case("2512169996");
    laptop.grant = GrantId::from_uuid(Uuid::nil());
    let (_, without) = laptop.open_case("2211771212");

    let admitted = office.push_at(evening, laptop.id, &[late, without].concat());

    assert_eq!(admitted.verdicts[0].verdict, accepted(2));
    assert_eq!(admitted.verdicts[1].verdict, accepted(4));
}

pub(crate) fn nobody_vouches_for_an_invented_grant(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let held = laptop.grant;
    laptop.grant = GrantId::from_uuid(Uuid::now_v7());
    let (_, invented) = laptop.open_case("2512169996");
    let unknown = quarantined(QuarantineReason::GrantUnknown);

    assert_eq!(office.verdict(&laptop, &invented), unknown);
    office.sign_in_at(noon(), &laptop, &[Role::Counter]);
    assert_eq!(
        (
            office.device(&laptop).accepted,
            office.device(&laptop).quarantined
        ),
        (0, 2),
        "signing in again does not make it theirs"
    );

    // Whoever lost a grant on this computer had one to name.
    let mut transaction = office.store.begin(TENANT).unwrap();
    transaction
        .revoke_grants(Revoked::One(held), noon())
        .unwrap();
    transaction.commit().unwrap();
    laptop.grant = GrantId::from_uuid(Uuid::nil());
    let (_, nameless) = laptop.open_case("2211771212");
    assert_eq!(office.verdict(&laptop, &nameless), unknown);
}

pub(crate) fn a_later_sign_in_of_somebody_else_or_in_another_role_releases_nothing(
    office: &Office,
) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let evening = noon() + TimeDelta::hours(10);
    laptop.at = noon() + TimeDelta::hours(9);
    let (_, opening) = laptop.open_case("2512169996");
    office.push_at(evening, laptop.id, &opening);

    let mut colleague = laptop.clone();
    colleague.staff = skranke_domain::ids::StaffId::from_uuid(Uuid::now_v7());
    office.sign_in_at(evening, &colleague, &[Role::Counter]);
    assert_eq!(office.device(&laptop).quarantined, 2);

    office.sign_in_at(evening, &laptop, &[Role::Auditor]);
    assert_eq!(office.device(&laptop).quarantined, 2);
    assert_eq!(
        office.verdict(&laptop, &opening),
        Verdict::Duplicate(Outcome::Quarantined {
            reason: QuarantineReason::NotPermitted
        })
    );
}

pub(crate) fn work_under_a_revoked_grant_goes_to_review(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (_, opening) = laptop.open_case("2512169996");
    let mut transaction = office.store.begin(TENANT).unwrap();
    transaction
        .revoke_grants(Revoked::One(laptop.grant), noon())
        .unwrap();
    transaction.commit().unwrap();

    assert_eq!(
        office.verdict(&laptop, &opening),
        quarantined(QuarantineReason::GrantRevoked)
    );
}

pub(crate) fn a_role_cannot_push_what_it_may_not_do(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    laptop.grant = GrantId::from_uuid(Uuid::now_v7());
    office.grant(&laptop, laptop.grant, &[Role::Auditor]);
    let (_, opening) = laptop.open_case("2512169996");

    assert_eq!(
        office.verdict(&laptop, &opening),
        quarantined(QuarantineReason::NotPermitted)
    );
}

pub(crate) fn a_kind_of_a_later_program_is_held_and_waits(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let command = CommandId::from_uuid(Uuid::now_v7());
    let unsealed = laptop.unsealed(case, command, (1, 1), last(&opening));
    let later = unsealed
        .seal_bytes("moved_abroad", 3, b"{}".to_vec(), [1; 16], &laptop.key)
        .unwrap();

    office.push(laptop.id, &opening);
    let verdict = office.verdict(&laptop, std::slice::from_ref(&later));

    assert_eq!(verdict, deferred(DeferReason::UnknownKind));
    assert_eq!(office.device(&laptop).deferred, 1);
    let mut transaction = office.store.begin(TENANT).unwrap();
    let found = transaction.events_by_id(later.header().id).unwrap();
    let stored = found.first().unwrap();
    assert_eq!(stored.event, later, "byte for byte");
}

pub(crate) fn concurrent_human_values_are_a_conflict_and_nothing_is_lost(office: &Office) {
    let mut one = office.laptop(1, Scope::Tenant);
    let mut other = office.laptop(2, Scope::Tenant);
    let (case, opening) = one.open_case("2512169996");
    office.push(one.id, &opening);
    let seen = last(&opening);
    let rename = |name: &str| [Event::CitizenRecorded(citizen("2512169996", name))];
    let first = one.command(case, &seen, &rename("Åse Holm"));
    let second = other.command(case, &seen, &rename("Åse Lind"));

    let first_verdict = office.verdict(&one, &first);
    let second_verdict = office.verdict(&other, &second);

    assert_eq!(first_verdict, accepted(3));
    let fields = vec!["citizen".to_owned()];
    assert_eq!(
        second_verdict,
        Verdict::First(Outcome::Conflict {
            position: 4,
            fields
        })
    );
    assert_eq!(office.feed(&one).len(), 4, "both are in the case");
}

pub(crate) fn honest_work_on_an_older_state_is_accepted(office: &Office) {
    let mut counter = office.laptop(1, Scope::Tenant);
    let mut outreach = office.laptop(2, Scope::Tenant);
    let (case, opening) = counter.open_case("2512169996");
    office.push(counter.id, &opening);
    let withdrawn = counter.command(
        case,
        &last(&opening),
        &[Event::Withdrawn {
            withdrawn_at: noon(),
        }],
    );
    assert_eq!(office.verdict(&counter, &withdrawn), accepted(3));
    // Recording the citizen needs an open case: it was open when this was written.
    let offline = outreach.command(
        case,
        &last(&opening),
        &[Event::CompanionRecorded {
            name: String::new(),
        }],
    );
    let guidance = outreach.command(
        case,
        &last(&offline),
        &[Event::GuidanceRecorded { offers: vec![] }],
    );

    let admitted = office.push(outreach.id, &[offline, guidance].concat());

    assert_eq!(admitted.verdicts[0].verdict, accepted(4));
    assert_eq!(
        admitted.verdicts[1].verdict,
        accepted(5),
        "judged against what its author had seen"
    );
}

pub(crate) fn a_child_waits_for_its_parent_and_is_released_by_it(office: &Office) {
    let mut one = office.laptop(1, Scope::Tenant);
    let mut other = office.laptop(2, Scope::Tenant);
    let (case, opening) = one.open_case("2512169996");
    let child = other.note(case, &last(&opening), "skrevet af en kollega");
    let grandchild = other.note(case, &last(&child), "og videre");

    let early = office.push(other.id, &[child.clone(), grandchild].concat());
    assert_eq!(
        early.verdicts[0].verdict,
        deferred(DeferReason::ParentMissing)
    );
    assert_eq!(
        early.verdicts[1].verdict,
        deferred(DeferReason::ParentMissing)
    );
    assert_eq!(early.device.deferred, 2);
    assert_eq!(office.verdict(&one, &opening), accepted(2));

    let device = office.device(&other);
    assert_eq!(
        (device.accepted, device.deferred),
        (2, 0),
        "both were released"
    );
    assert_eq!(office.feed(&one).len(), 4);
    assert_eq!(
        office.verdict(&other, &child),
        Verdict::Duplicate(Outcome::Accepted { position: 3 })
    );
}

pub(crate) fn a_child_of_a_quarantined_parent_waits(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let bad = laptop.command(case, &last(&opening), &[too_early()]);
    let child = laptop.note(case, &last(&bad), "bygger på det");

    let admitted = office.push(laptop.id, &[opening, bad, child].concat());

    assert_eq!(
        admitted.verdicts[2].verdict,
        deferred(DeferReason::ParentQuarantined)
    );
}

pub(crate) fn a_command_that_leaves_out_its_own_devices_work_is_held_apart(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let renamed = laptop.command(
        case,
        &last(&opening),
        &[Event::CitizenRecorded(citizen("2512169996", "Åse Holm"))],
    );
    // As if it had been written beside the first: that would suppress both.
    let beside = laptop.command(
        case,
        &last(&opening),
        &[Event::CitizenRecorded(citizen("2512169996", "Åse Lind"))],
    );
    let honest = laptop.note(case, &last(&renamed), "og videre");

    let admitted = office.push(laptop.id, &[opening, renamed, beside, honest].concat());

    assert_eq!(admitted.verdicts[1].verdict, accepted(3));
    assert_eq!(
        admitted.verdicts[2].verdict,
        quarantined(QuarantineReason::UnderstatedBasedOn)
    );
    assert_eq!(admitted.verdicts[3].verdict, accepted(4));
}

pub(crate) fn one_bad_command_does_not_hold_up_its_neighbours(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let commands: Vec<Vec<SealedEvent>> =
        (0..5).map(|_| laptop.open_case("2512169996").1).collect();
    let mut batch = PushBatch::of(&commands.concat());
    // The third loses its payloads' fit; a form no honest program sends.
    batch.commands[2].events[0].payload = Some("{}".to_owned());

    let admitted = office.push_batch(laptop.id, &batch);

    let outcomes: Vec<_> = admitted
        .verdicts
        .iter()
        .map(|verdict| verdict.verdict.outcome().code())
        .collect();
    assert_eq!(
        outcomes,
        [
            "accepted",
            "accepted",
            "quarantined",
            "deferred",
            "deferred"
        ]
    );
    assert_eq!(
        admitted.verdicts[2].verdict,
        quarantined(QuarantineReason::Malformed)
    );
    assert_eq!(
        admitted.verdicts[3].verdict,
        deferred(DeferReason::ChainGap)
    );
    let whole = office.push(laptop.id, &commands[2..].concat());
    assert!(
        whole
            .verdicts
            .iter()
            .all(|verdict| verdict.verdict.outcome().code() == "accepted")
    );
}
