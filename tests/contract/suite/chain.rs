//! The device chain and what the server signs about it.

use skranke_domain::ids::CommandId;
use skranke_protocol::chain::Head;
use skranke_protocol::confirmation::Signed;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{
    DeferReason, DeviceState, Outcome, PushBatch, QuarantineReason, Scope, Verdict,
};
use skranke_server::admission::{self, Circumstances, Offered};
use uuid::Uuid;

use crate::office::{Office, TENANT, accepted, last, noon};

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
    let server_key = office.public_key();
    let circumstances = Circumstances {
        now: noon(),
        server_key: &server_key,
        index_key: &office.keys.index_key,
    };
    let commands = PushBatch::of(&opening).commands;
    let offered = Offered::read(commands, &laptop.key.public(), 0);
    admission::admit(transaction.as_mut(), laptop.id, &offered, circumstances).unwrap();

    drop(transaction);

    assert_eq!(office.device(&laptop).head, Head::START);
    assert_eq!(office.store.tenant(TENANT).unwrap().position(), 0);
    assert_eq!(
        office.verdict(&laptop, &opening),
        accepted(2),
        "it is new when it is sent again"
    );
}
