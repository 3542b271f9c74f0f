//! A device of ill will: what it signs is kept and held apart with its reason, and the batch goes on.
//!
//! Basis: issue 3, "Bad input"; reliability, threats T7, T8 and T11.

use skranke_domain::event::{AttachmentAdded, AttachmentPurpose, Event};
use skranke_domain::ids::{CaseId, CommandId, Sha256Digest, StaffId};
use skranke_protocol::chain::Head;
use skranke_protocol::envelope::{SealedEvent, Unsealed};
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{PushBatch, Scope, Verdict};
use skranke_testkit::invariants;
use uuid::Uuid;

use crate::office::{Laptop, Office, last};

fn code(verdict: &Verdict) -> String {
    use skranke_protocol::wire::Outcome;
    match verdict.outcome() {
        Outcome::Quarantined { reason } => format!("quarantined {}", reason.code()),
        Outcome::Deferred { reason } => format!("deferred {}", reason.code()),
        Outcome::Accepted { .. } | Outcome::Conflict { .. } => verdict.outcome().code().to_owned(),
    }
}

/// A note that is sealed after `change`; whether it becomes a link of the chain is for the caller to say.
fn note_with(
    laptop: &Laptop,
    case: CaseId,
    seen: &[SealedEvent],
    change: impl FnOnce(&mut Unsealed),
    key: &SigningKey,
) -> SealedEvent {
    let command = CommandId::from_uuid(Uuid::now_v7());
    let mut unsealed = laptop.unsealed(case, command, (1, 1), last(seen));
    change(&mut unsealed);
    unsealed
        .seal_bytes("note_added", 1, br#"{"text":"x"}"#.to_vec(), [1; 16], key)
        .unwrap()
}

fn on_chain(laptop: &mut Laptop, event: SealedEvent) -> SealedEvent {
    laptop.head = Head::after(event.header(), event.hash());
    event
}

pub(crate) fn a_batch_of_forgeries_gets_a_reason_for_each_and_goes_on(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let other = office.laptop(2, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let stranger = SigningKey::from_seed(&[0x66; 32]);
    let own = laptop.key.clone();

    let wrong_key = note_with(&laptop, case, &opening, |_| (), &stranger);
    let wrong_tenant = note_with(
        &laptop,
        case,
        &opening,
        |event| event.tenant = "0101".to_owned(),
        &own,
    );
    let another_name = note_with(
        &laptop,
        case,
        &opening,
        |event| event.actor = StaffId::from_uuid(Uuid::from_u128(42)),
        &own,
    );
    let another_name = on_chain(&mut laptop, another_name);
    let stolen_grant = note_with(
        &laptop,
        case,
        &opening,
        |event| event.grant_id = other.grant,
        &own,
    );
    let stolen_grant = on_chain(&mut laptop, stolen_grant);
    let broken_chain = note_with(&laptop, case, &opening, |event| event.device_seq += 7, &own);
    let too_early = laptop.command(
        case,
        &last(&opening),
        &[Event::ConflictResolved {
            field: "citizen".to_owned(),
            chosen: last(&opening)[0],
            reason: "opdigtet".to_owned(),
        }],
    );
    let later_schema = laptop
        .unsealed(
            case,
            CommandId::from_uuid(Uuid::now_v7()),
            (1, 1),
            last(&opening),
        )
        .seal_bytes("note_added", 900, b"{}".to_vec(), [1; 16], &own)
        .unwrap();
    let later_schema = on_chain(&mut laptop, later_schema);
    let honest = laptop.note(case, &last(&opening), "ærligt arbejde");
    let mut batch = PushBatch::of(
        &[
            opening.clone(),
            vec![
                wrong_key,
                wrong_tenant,
                another_name,
                stolen_grant,
                broken_chain,
            ],
            too_early,
            vec![later_schema],
            honest.clone(),
        ]
        .concat(),
    );
    // A payload that its hash does not cover.
    let mut swapped = batch.commands[3].clone();
    swapped.command_id = CommandId::from_uuid(Uuid::now_v7());
    swapped.events[0].payload = Some(r#"{"text":"y"}"#.to_owned());
    batch.commands.insert(1, swapped);

    let admitted = office.push_batch(laptop.id, &batch);

    let verdicts: Vec<_> = admitted.verdicts.iter().map(|v| code(&v.verdict)).collect();
    assert_eq!(
        verdicts,
        [
            "accepted",
            "quarantined malformed",
            "quarantined bad_signature",
            "quarantined other_tenant",
            "quarantined grant_not_valid",
            "quarantined grant_not_valid",
            "deferred chain_gap",
            "quarantined rule.no_such_conflict",
            "deferred unknown_kind",
            "accepted",
        ]
    );
    assert_eq!(office.alarms(), ["bad_signature", "other_tenant"]);
    let taken = [opening, honest.clone()].concat();
    invariants::hold(&office.after_fault(&taken), "after a poisoned batch");
    let device = office.device(&laptop);
    assert_eq!(
        device.head, laptop.head,
        "the chain is whole whatever became of its links"
    );
    assert_eq!(
        (device.accepted, device.quarantined, device.deferred),
        (3, 3, 1)
    );
}

pub(crate) fn a_file_name_that_is_a_path_is_held_apart(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let seen = last(&opening);
    office.push(laptop.id, &opening);
    let mut verdict = |name: &str| {
        let attached = Event::AttachmentAdded(AttachmentAdded {
            digest: Sha256Digest::from_bytes([1; 32]),
            purpose: AttachmentPurpose::Other,
            media_type: "application/pdf".to_owned(),
            size_bytes: 1,
            file_name: name.to_owned(),
        });
        // Each stands on what was accepted, so that only its own name is judged.
        let command = laptop.command(case, &seen, &[attached]);
        code(&office.verdict(&laptop, &command))
    };

    for name in [
        "../../etc/passwd",
        "..\\..\\win.ini",
        "C:fuldmagt.pdf",
        "\u{202e}fdp.exe",
        "a\u{7}.pdf",
        "..",
        "",
        &"x".repeat(256),
    ] {
        assert_eq!(
            verdict(name),
            "quarantined rule.file_name_not_plain",
            "{name:?}"
        );
    }
    assert_eq!(verdict("Åses fuldmagt (2).pdf"), "accepted");
}
