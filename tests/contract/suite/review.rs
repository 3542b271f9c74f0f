//! Work that is held apart: a person lets it in or sends it back, and both are noted.

use chrono::TimeDelta;
use skranke_domain::ids::{CommandId, GrantId, StaffId};
use skranke_domain::role::Role;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::grant::Grant;
use skranke_protocol::wire::{DeferReason, Outcome, QuarantineReason, Scope, Verdict};
use skranke_server::admission;
use skranke_server::store::{HeldOf, HeldWork, Revoked};
use uuid::Uuid;

use crate::office::{Laptop, Office, TENANT, last, noon};

/// A lead at another desk.
pub(super) fn lead(office: &Office) -> Grant {
    let desk = office.laptop(9, Scope::Tenant);
    Grant {
        id: GrantId::from_uuid(Uuid::now_v7()),
        tenant: TENANT.to_owned(),
        staff_id: StaffId::from_uuid(Uuid::now_v7()),
        roles: vec![Role::Lead],
        device_id: desk.id,
        valid_from: noon(),
        valid_until: noon() + TimeDelta::hours(4),
    }
}

pub(super) fn decide(
    office: &Office,
    events: &[SealedEvent],
    lead: &Grant,
    is_release: bool,
) -> Option<Outcome> {
    let circumstances = office.circumstances(noon() + TimeDelta::hours(1));
    let mut transaction = office.store.begin(TENANT).unwrap();
    let command = events[0].header().command_id;
    let outcome = if is_release {
        admission::release_held(
            transaction.as_mut(),
            command,
            lead,
            "Set efter",
            circumstances,
        )
    } else {
        admission::return_held(
            transaction.as_mut(),
            command,
            lead,
            "Lav det om",
            circumstances,
        )
    };
    transaction.commit().unwrap();
    outcome.unwrap()
}

pub(super) fn held(office: &Office, of: HeldOf) -> Vec<HeldWork> {
    office.store.begin(TENANT).unwrap().held(of, 100).unwrap()
}

/// A case opened under a grant that was revoked before it arrived, and a note that builds on it.
fn held_opening(office: &Office, laptop: &mut Laptop) -> (Vec<SealedEvent>, Vec<SealedEvent>) {
    let (case, opening) = laptop.open_case("2512169996");
    let note = laptop.note(case, &last(&opening), "bygger på det");
    let mut transaction = office.store.begin(TENANT).unwrap();
    transaction
        .revoke_grants(Revoked::One(laptop.grant), noon())
        .unwrap();
    transaction.commit().unwrap();
    let admitted = office.push(laptop.id, &[opening.clone(), note.clone()].concat());
    assert_eq!(
        admitted.verdicts[0].verdict,
        Verdict::First(Outcome::Quarantined {
            reason: QuarantineReason::GrantRevoked
        })
    );
    (opening, note)
}

pub(crate) fn held_work_waits_with_its_reason_its_case_and_its_sender(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (opening, note) = held_opening(office, &mut laptop);

    let waiting = held(office, HeldOf::Waiting);

    assert_eq!(waiting.len(), 2, "each command by itself");
    let of = |events: &[SealedEvent]| {
        let command = events[0].header().command_id;
        waiting.iter().find(|held| held.command_id == command)
    };
    let first = of(&opening).unwrap();
    assert_eq!(first.held_for, "grant_revoked");
    assert_eq!(first.device_id, laptop.id);
    assert_eq!(first.case_id, opening[0].header().case_id);
    assert!(first.settlement.is_none());
    assert!(of(&note).is_some());
    assert!(held(office, HeldOf::ReturnedTo(laptop.id)).is_empty());
}

pub(crate) fn what_a_citizen_was_given_a_paper_of_waits_in_front_of_all_that_is_older(
    office: &Office,
) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (opening, note) = held_opening(office, &mut laptop);
    let command = CommandId::from_uuid(Uuid::now_v7());
    let case = opening[0].header().case_id;
    let paper = laptop
        .unsealed(case, command, (1, 1), last(&note))
        .seal_bytes("paper_issued", 1, b"{}".to_vec(), [1; 16], &laptop.key)
        .unwrap();
    office.push(laptop.id, std::slice::from_ref(&paper));

    let waiting = held(office, HeldOf::Waiting);
    let mut transaction = office.store.begin(TENANT).unwrap();
    let first = transaction.held(HeldOf::Waiting, 1).unwrap();

    let of = |events: &[SealedEvent]| events[0].header().command_id;
    let order: Vec<CommandId> = waiting.iter().map(|held| held.command_id).collect();
    assert_eq!(order, [command, of(&opening), of(&note)]);
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].command_id, command);
}

pub(crate) fn released_work_is_judged_again_gets_positions_and_is_served(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let other = office.laptop(2, Scope::Tenant);
    let (opening, note) = held_opening(office, &mut laptop);
    let lead = lead(office);
    assert!(office.feed(&other).is_empty(), "nothing of it is served");

    let outcome = decide(office, &opening, &lead, true);
    assert_eq!(outcome, Some(Outcome::Accepted { position: 2 }));
    let outcome = decide(office, &note, &lead, true);

    // The child is let in as well, and each position is there once
    assert_eq!(outcome, Some(Outcome::Accepted { position: 3 }));
    assert_eq!(office.feed(&other).len(), 3);
    let device = office.device(&laptop);
    assert_eq!(
        (device.accepted, device.quarantined, device.deferred),
        (3, 0, 0)
    );
    assert!(held(office, HeldOf::Waiting).is_empty());
    // Its sender hears of it when it offers it again
    assert_eq!(
        office.verdict(&laptop, &opening),
        Verdict::Duplicate(Outcome::Accepted { position: 2 })
    );
    // Who decided, and that it cannot be decided twice
    assert_eq!(decide(office, &opening, &lead, true), None);
    assert_eq!(decide(office, &opening, &lead, false), None);
    let audit = office.store.audit(TENANT, None, 100).unwrap();
    let released: Vec<_> = audit
        .iter()
        .filter(|row| row.action == "held_work_released")
        .collect();
    assert_eq!(released.len(), 2);
    assert_eq!(released[0].staff_id, Some(lead.staff_id));
    assert_eq!(released[0].device_id, lead.device_id);
}

pub(crate) fn a_release_of_what_breaks_a_rule_lets_nothing_in(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let bad = laptop.command(
        case,
        &last(&opening),
        &[crate::suite::verdicts::too_early()],
    );
    office.push(laptop.id, &[opening, bad.clone()].concat());

    let outcome = decide(office, &bad, &lead(office), true);

    let reason = QuarantineReason::rule("not_granted");
    assert_eq!(outcome, Some(Outcome::Quarantined { reason }));
    assert_eq!(held(office, HeldOf::Waiting).len(), 1, "it waits as before");
    assert_eq!(office.feed(&laptop).len(), 2);
    assert_eq!(office.device(&laptop).quarantined, 1);
}

pub(crate) fn what_the_authors_role_forbids_is_not_let_in_by_a_lead(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    laptop.grant = GrantId::from_uuid(Uuid::now_v7());
    office.grant(&laptop, laptop.grant, &[Role::Auditor]);
    let (_, opening) = laptop.open_case("2512169996");
    office.push(laptop.id, &opening);

    let outcome = decide(office, &opening, &lead(office), true);

    let reason = QuarantineReason::NotPermitted;
    assert_eq!(outcome, Some(Outcome::Quarantined { reason }));
    assert!(office.feed(&laptop).is_empty());
}

pub(crate) fn returned_work_goes_back_with_its_reason_and_all_that_builds_on_it(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let bad = laptop.command(
        case,
        &last(&opening),
        &[crate::suite::verdicts::too_early()],
    );
    let child = laptop.note(case, &last(&bad), "bygger på det");
    let grandchild = laptop.note(case, &last(&child), "og videre");
    let commands = [opening, bad.clone(), child.clone(), grandchild.clone()];
    let admitted = office.push(laptop.id, &commands.concat());
    assert_eq!(
        admitted.verdicts[3].verdict,
        Verdict::First(Outcome::Deferred {
            reason: DeferReason::ParentMissing
        })
    );
    let lead = lead(office);

    let outcome = decide(office, &bad, &lead, false);

    // Nothing waits for ever: the three are back with their sender, and the case goes on without them
    let sent_back = Outcome::Quarantined {
        reason: QuarantineReason::Returned,
    };
    assert_eq!(outcome, Some(sent_back.clone()));
    for events in [&bad, &child, &grandchild] {
        assert_eq!(
            office.verdict(&laptop, events),
            Verdict::Duplicate(sent_back.clone())
        );
    }
    let device = office.device(&laptop);
    assert_eq!((device.quarantined, device.deferred), (3, 0));
    assert!(held(office, HeldOf::Waiting).is_empty());
    let returned = held(office, HeldOf::ReturnedTo(laptop.id));
    assert_eq!(returned.len(), 3);
    for work in &returned {
        let settled = work.settlement.as_ref().unwrap();
        assert!(settled.is_returned);
        assert_eq!(settled.reason, "Lav det om");
        assert_eq!(settled.by, Some(lead.staff_id));
    }
    assert!(held(office, HeldOf::ReturnedTo(lead.device_id)).is_empty());
    let opening = &commands[0];
    let honest = laptop.note(case, &last(opening), "forfra");
    assert_eq!(
        office.verdict(&laptop, &honest).outcome().code(),
        "accepted"
    );
    let audit = office.store.audit(TENANT, None, 100).unwrap();
    assert!(audit.iter().any(|row| row.action == "held_work_returned"));
}

pub(crate) fn work_its_author_vouched_for_waits_for_nobody(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let evening = noon() + TimeDelta::hours(10);
    laptop.at = noon() + TimeDelta::hours(9);
    let (_, opening) = laptop.open_case("2512169996");
    office.push_at(evening, laptop.id, &opening);
    assert_eq!(held(office, HeldOf::Waiting).len(), 1);

    office.sign_in_at(evening, &laptop, &[Role::Counter]);

    assert!(held(office, HeldOf::Waiting).is_empty());
}
