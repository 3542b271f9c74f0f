//! The device chain and what the server signs about it.

use skranke_domain::event::Event;
use skranke_domain::ids::CommandId;
use skranke_protocol::chain::Head;
use skranke_protocol::confirmation::Signed;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{
    DeferReason, DeviceState, Outcome, PushBatch, QuarantineReason, Scope, Verdict,
};
use skranke_server::admission::{self, Offered};
use skranke_server::store::HeldOf;
use skranke_testkit::invariants::{self, World};
use uuid::Uuid;

use super::review::{decide, held, lead};
use crate::office::{Laptop, Office, TENANT, accepted, last, noon};

pub(crate) fn a_gap_is_not_stored_and_is_asked_for_again(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let note = laptop.note(case, &last(&opening), "for tidligt");

    let early = office.verdict(&laptop, &note);
    let head_after = office.device(&laptop).head;
    let in_order = office.push(laptop.id, &[opening, note].concat());

    assert_eq!(
        early,
        Verdict::First(Outcome::Deferred {
            reason: DeferReason::ChainGap
        })
    );
    assert_eq!(head_after, Head::START);
    assert_eq!(
        in_order.verdicts[1].verdict,
        accepted(3),
        "sent again in order it is new, not a duplicate"
    );
}

pub(crate) fn a_fork_is_an_alarm_and_both_branches_are_kept(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    office.push(laptop.id, &opening);
    let mut clone = laptop.clone();
    let on_laptop = laptop.note(case, &last(&opening), "på den bærbare");
    let on_clone = clone.note(case, &last(&opening), "på kopien");

    assert_eq!(office.verdict(&laptop, &on_laptop), accepted(3));
    let forked = office.verdict(&laptop, &on_clone);
    let later = laptop.note(case, &last(&on_laptop), "senere");
    let after_fork = office.verdict(&laptop, &later);

    let quarantined = |reason| Verdict::First(Outcome::Quarantined { reason });
    assert_eq!(forked, quarantined(QuarantineReason::ChainFork));
    assert_eq!(
        after_fork,
        quarantined(QuarantineReason::DeviceForked),
        "whose word counts is not known"
    );
    let device = office.device(&laptop);
    assert_eq!(office.alarms(), ["chain_fork"]);
    assert_eq!(device.state, DeviceState::Forked);
    assert_eq!(
        device.head, laptop.head,
        "the first branch's chain stays whole"
    );
    let mut transaction = office.store.begin(TENANT).unwrap();
    let found = transaction.events_by_id(on_clone[0].header().id).unwrap();
    let kept = found.first().unwrap();
    assert!(!kept.on_chain);
    assert_eq!(kept.event, on_clone[0]);
    drop(transaction);
    assert_eq!(
        office.verdict(&laptop, &on_clone),
        Verdict::Duplicate(Outcome::Quarantined {
            reason: QuarantineReason::ChainFork
        })
    );
}

pub(crate) fn an_event_of_another_device_tenant_or_key_is_refused_and_kept_apart(office: &Office) {
    let laptop = office.laptop(1, Scope::Tenant);
    let mut other = office.laptop(2, Scope::Tenant);
    let (case, foreign) = other.open_case("2512169996");
    let command = CommandId::from_uuid(Uuid::now_v7());
    let unsealed = laptop.unsealed(case, command, (1, 1), vec![]);
    let seal = |unsealed: skranke_protocol::envelope::Unsealed, key: &SigningKey| {
        unsealed
            .seal_bytes("note_added", 1, br#"{"text":"x"}"#.to_vec(), [1; 16], key)
            .unwrap()
    };
    let wrong_key = seal(unsealed.clone(), &other.key);
    let wrong_tenant = seal(
        skranke_protocol::envelope::Unsealed {
            tenant: "0101".to_owned(),
            ..unsealed
        },
        &laptop.key,
    );

    let refused = |reason| Verdict::First(Outcome::Quarantined { reason });
    assert_eq!(
        office.verdict(&laptop, &foreign),
        refused(QuarantineReason::OtherDevice)
    );
    assert_eq!(
        office.verdict(&laptop, &[wrong_key]),
        refused(QuarantineReason::BadSignature)
    );
    assert_eq!(
        office.verdict(&laptop, &[wrong_tenant]),
        refused(QuarantineReason::OtherTenant)
    );

    assert_eq!(
        office.alarms(),
        ["other_device", "bad_signature", "other_tenant"]
    );
    let device = office.device(&laptop);
    assert_eq!(
        (device.head, device.quarantined),
        (Head::START, 0),
        "none of it is in the chain"
    );
    assert_eq!(
        office.verdict(&other, &foreign),
        accepted(2),
        "its own device can still push it"
    );
}

pub(crate) fn the_confirmation_covers_the_whole_chain_and_verifies(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let empty = laptop.note(case, &last(&opening), " ");

    let admitted = office.push(laptop.id, &[opening, empty].concat());

    let confirmation = admitted.device.confirmation(&admitted.tenant, noon());
    assert_eq!(confirmation.head(), laptop.head);
    assert_eq!(
        (
            confirmation.seq,
            confirmation.accepted,
            confirmation.quarantined
        ),
        (3, 2, 1)
    );
    let server = SigningKey::from_seed(&office.keys.signing_seed);
    let signed = Signed::new(&confirmation, &server).unwrap();
    assert_eq!(signed.verify(&office.public_key()).unwrap(), confirmation);
}

pub(crate) fn what_was_not_committed_did_not_happen(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (_, opening) = laptop.open_case("2512169996");
    let mut transaction = office.store.begin(TENANT).unwrap();
    let commands = PushBatch::of(&opening).commands;
    let offered = Offered::read(commands, &laptop.key.public(), 0);
    admission::admit(
        transaction.as_mut(),
        laptop.id,
        &offered,
        office.circumstances(noon()),
    )
    .unwrap();

    drop(transaction);

    assert_eq!(office.device(&laptop).head, Head::START);
    assert_eq!(office.store.tenant(TENANT).unwrap().position(), 0);
    assert_eq!(
        office.verdict(&laptop, &opening),
        accepted(2),
        "it is new when it is sent again"
    );
    let world = World {
        is_quiet: true,
        ..office.after_fault(&opening)
    };
    invariants::hold(&world, "after a transaction that was not committed");
}

/// A case that two copies of one laptop knew, and what each went on to do in it.
fn forked(office: &Office) -> (Laptop, [Vec<SealedEvent>; 3]) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    office.push(laptop.id, &opening);
    let mut clone = laptop.clone();
    let on_laptop = laptop.note(case, &last(&opening), "på den bærbare");
    let on_clone = clone.note(case, &last(&opening), "på kopien");
    let and_on = clone.note(case, &last(&on_clone), "og videre på kopien");
    office.push(laptop.id, &on_laptop);
    office.push(laptop.id, &[on_clone.clone(), and_on.clone()].concat());
    (laptop, [on_laptop, on_clone, and_on])
}

pub(crate) fn each_command_of_a_branch_is_held_and_can_be_let_in(office: &Office) {
    let (mut laptop, [on_laptop, on_clone, and_on]) = forked(office);
    let other = office.laptop(2, Scope::Tenant);
    let waiting = held(office, HeldOf::Waiting);
    assert_eq!(waiting.len(), 2, "each command of the branch by itself");
    assert!(waiting.iter().all(|held| held.held_for == "chain_fork"));
    assert!(waiting.iter().all(|held| held.device_id == laptop.id));
    let before = office.device(&laptop);
    let lead = lead(office);

    // The second of them waits for the first, and comes in with it
    let early = decide(office, &and_on, &lead, true);
    assert_eq!(
        early,
        Some(Outcome::Deferred {
            reason: DeferReason::ParentQuarantined
        })
    );
    let outcome = decide(office, &on_clone, &lead, true);

    assert_eq!(outcome, Some(Outcome::Accepted { position: 4 }));
    let served = |laptop| office.feed(laptop).len();
    assert_eq!(served(&other), 5, "both branches are in the case");
    assert!(held(office, HeldOf::Waiting).is_empty());
    let after = office.device(&laptop);
    assert_eq!(
        after, before,
        "the chain is the first branch's, and so are its counts"
    );
    assert_eq!(
        office.verdict(&laptop, &and_on),
        Verdict::Duplicate(Outcome::Accepted { position: 5 })
    );

    // What the first copy did after the fork waits as well, and can be let in
    let case = on_laptop[0].header().case_id;
    let later = laptop.note(case, &last(&on_laptop), "senere");
    office.push(laptop.id, &later);
    let outcome = decide(office, &later, &lead, true);
    assert_eq!(outcome, Some(Outcome::Accepted { position: 6 }));
    let device = office.device(&laptop);
    assert_eq!((device.accepted, device.quarantined), (4, 0));
}

pub(crate) fn a_branch_can_be_sent_back_to_its_sender(office: &Office) {
    let (laptop, [_, on_clone, and_on]) = forked(office);
    let before = office.device(&laptop);
    let lead = lead(office);

    for branch in [&on_clone, &and_on] {
        let outcome = decide(office, branch, &lead, false);
        let reason = QuarantineReason::Returned;
        assert_eq!(outcome, Some(Outcome::Quarantined { reason }));
    }

    assert_eq!(held(office, HeldOf::ReturnedTo(laptop.id)).len(), 2);
    assert!(held(office, HeldOf::Waiting).is_empty());
    assert_eq!(office.feed(&laptop).len(), 3, "nothing of it is served");
    assert_eq!(office.device(&laptop), before);
}

pub(crate) fn of_two_contents_under_one_id_none_is_let_in_by_a_person(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let unsealed = laptop.unsealed(
        case,
        CommandId::from_uuid(Uuid::now_v7()),
        (1, 1),
        last(&opening),
    );
    let note = |text: &str| {
        let event = Event::NoteAdded {
            text: text.to_owned(),
        };
        let unsealed = unsealed.clone();
        vec![unsealed.seal(&event, [7; 16], &laptop.key).unwrap()]
    };
    let (one, other) = (note("det ene"), note("det andet"));
    office.push(laptop.id, &[opening, one].concat());
    office.push(laptop.id, &other);

    let outcome = decide(office, &other, &lead(office), true);

    let reason = QuarantineReason::OtherContent;
    assert_eq!(outcome, Some(Outcome::Quarantined { reason }));
    assert_eq!(office.feed(&laptop).len(), 3, "one content alone");
}
