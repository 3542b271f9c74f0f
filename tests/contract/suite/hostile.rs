//! A device of ill will: what it signs is kept and held apart with its reason, and the batch goes on.
//!
//! Basis: issue 3, "Bad input"; reliability, threats T7, T8 and T11.

use std::sync::Arc;

use skranke_domain::event::{AttachmentAdded, AttachmentPurpose, Event};
use skranke_domain::ids::{CaseId, CommandId, DeviceId, GrantId, Sha256Digest, StaffId};
use skranke_protocol::chain::Head;
use skranke_protocol::envelope::{SealedEvent, Unsealed};
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{PushBatch, Scope, Verdict};
use skranke_server::admission::{self, Admitted, Circumstances, Offered};
use skranke_server::metrics::Metrics;
use skranke_server::writer::Writers;
use skranke_testkit::invariants;
use uuid::Uuid;

use crate::office::{Laptop, Office, TENANT, last, noon};

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

/// A choice in a conflict that there never was.
fn invented_choice(seen: &[SealedEvent]) -> Event {
    Event::ConflictResolved {
        field: "citizen".to_owned(),
        chosen: last(seen)[0],
        reason: "opdigtet".to_owned(),
    }
}

fn attached(name: &str) -> Event {
    Event::AttachmentAdded(AttachmentAdded {
        digest: Sha256Digest::from_bytes([1; 32]),
        purpose: AttachmentPurpose::Other,
        media_type: "application/pdf".to_owned(),
        size_bytes: 1,
        file_name: name.to_owned(),
    })
}

/// Pushes as the server does, through the tenant's writer; with the figures as they stand then.
fn through_the_writer(
    office: &Office,
    device_id: DeviceId,
    batch: PushBatch,
) -> (Admitted, Arc<Metrics>) {
    let figures: Arc<Metrics> = Arc::default();
    let writers = Writers::new(Arc::clone(&office.store), 8, Arc::clone(&figures));
    let (server_key, index_key) = (office.public_key(), office.keys.index_key);
    let sender = office.store.device(TENANT, device_id).unwrap().unwrap();
    let offered = Offered::read(batch.commands, &sender.public_key, 0);
    let admitted = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(writers.write(TENANT, move |transaction| {
            let circumstances = Circumstances {
                now: noon(),
                server_key: &server_key,
                index_key: &index_key,
            };
            admission::admit(transaction, device_id, &offered, circumstances)
        }))
        .unwrap();
    (admitted, figures)
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
    let invented_grant = note_with(
        &laptop,
        case,
        &opening,
        |event| {
            event.actor = StaffId::from_uuid(Uuid::from_u128(42));
            event.grant_id = GrantId::from_uuid(Uuid::from_u128(42));
        },
        &own,
    );
    let invented_grant = on_chain(&mut laptop, invented_grant);
    let broken_chain = note_with(&laptop, case, &opening, |event| event.device_seq += 7, &own);
    let too_early = laptop.command(case, &last(&opening), &[invented_choice(&opening)]);
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
    let a_path = laptop.command(case, &last(&honest), &[attached("../../etc/passwd")]);
    let leaves_out = laptop.note(case, &last(&opening), "som om den ærlige note ikke fandtes");
    let too_early_again = laptop.command(case, &last(&honest), &[invented_choice(&opening)]);
    let mut batch = PushBatch::of(
        &[
            opening.clone(),
            vec![
                wrong_key,
                wrong_tenant,
                another_name,
                stolen_grant,
                invented_grant,
                broken_chain,
            ],
            too_early,
            vec![later_schema],
            honest.clone(),
            a_path,
            leaves_out,
            too_early_again,
        ]
        .concat(),
    );
    // A payload that its hash does not cover.
    let mut swapped = batch.commands[3].clone();
    swapped.command_id = CommandId::from_uuid(Uuid::now_v7());
    swapped.events[0].payload = Some(r#"{"text":"y"}"#.to_owned());
    batch.commands.insert(1, swapped);

    let (admitted, figures) = through_the_writer(office, laptop.id, batch);

    let verdicts: Vec<_> = admitted.verdicts.iter().map(|v| code(&v.verdict)).collect();
    assert_eq!(
        verdicts,
        [
            "accepted",
            "quarantined malformed",
            "quarantined bad_signature",
            "quarantined other_tenant",
            "quarantined grant_of_another",
            "quarantined grant_of_another",
            "quarantined grant_unknown",
            "deferred chain_gap",
            "quarantined rule.no_such_conflict",
            "deferred unknown_kind",
            "accepted",
            "quarantined rule.file_name_not_plain",
            "quarantined understated_based_on",
            "quarantined rule.no_such_conflict",
        ]
    );
    let raised = [
        "malformed",
        "bad_signature",
        "other_tenant",
        "grant_of_another",
        "grant_of_another",
        "grant_unknown",
        "chain_gap",
        // Twice in one batch, and told once: an honest program may make it.
        "rule.no_such_conflict",
        "unknown_kind",
        "rule.file_name_not_plain",
        "understated_based_on",
    ];
    assert_eq!(office.alarms(), raised);
    for code in raised {
        let times = raised.iter().filter(|other| **other == code).count();
        assert_eq!(figures.alarms(code), times as u64, "{code} in the figures");
    }
    let audit = office.store.audit(TENANT, None, 100).unwrap();
    let noted = audit.iter().filter(|row| row.action == "alarm_raised");
    assert_eq!(
        noted.map(|row| row.detail.as_str()).collect::<Vec<_>>(),
        raised,
        "in the audit"
    );
    let taken = [opening, honest.clone()].concat();
    invariants::hold(&office.after_fault(&taken), "after a poisoned batch");
    let device = office.device(&laptop);
    assert_eq!(
        device.head, laptop.head,
        "the chain is whole whatever became of its links"
    );
    assert_eq!(
        (device.accepted, device.quarantined, device.deferred),
        (3, 7, 1)
    );
}

pub(crate) fn a_file_name_that_is_a_path_is_held_apart(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let seen = last(&opening);
    office.push(laptop.id, &opening);
    let mut verdict = |name: &str| {
        // Each stands on what was accepted, so that only its own name is judged.
        let command = laptop.command(case, &seen, &[attached(name)]);
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

/// A note whose payload says this, hashed and signed as it should be.
fn note_that_says(
    laptop: &mut Laptop,
    case: CaseId,
    seen: &[SealedEvent],
    payload: &str,
) -> SealedEvent {
    let command = CommandId::from_uuid(Uuid::now_v7());
    let unsealed = laptop.unsealed(case, command, (1, 1), last(seen));
    let sealed = unsealed
        .seal_bytes("note_added", 1, payload.into(), [1; 16], &laptop.key)
        .unwrap();
    on_chain(laptop, sealed)
}

pub(crate) fn a_payload_that_nobody_can_read_is_held_apart_and_told_and_the_batch_goes_on(
    office: &Office,
) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let mut commands = vec![opening.clone()];
    for payload in [r#"{"text":5}"#, "{}", r#"{"text":"x"}"#] {
        commands.push(vec![note_that_says(&mut laptop, case, &opening, payload)]);
    }
    let honest = laptop.note(case, &last(&opening), "en ærlig note");
    commands.push(honest.clone());
    // The last of them leaves its payload out, which its hash allows.
    commands[3][0] = commands[3][0].erased();
    let mut batch = PushBatch::of(&commands.concat());
    // And one comes before them whose payload no reader follows to its end.
    let mut deep = batch.commands[1].clone();
    deep.command_id = CommandId::from_uuid(Uuid::now_v7());
    deep.events[0].payload = Some(["[".repeat(100_000), "]".repeat(100_000)].concat());
    batch.commands.insert(1, deep);

    let (admitted, figures) = through_the_writer(office, laptop.id, batch);

    let verdicts: Vec<_> = admitted.verdicts.iter().map(|v| code(&v.verdict)).collect();
    assert_eq!(
        verdicts,
        [
            "accepted",
            "quarantined malformed",
            "quarantined payload_malformed",
            "quarantined payload_malformed",
            "quarantined payload_missing",
            "accepted",
        ]
    );
    let raised = [
        "malformed",
        "payload_malformed",
        "payload_malformed",
        "payload_missing",
    ];
    assert_eq!(office.alarms(), raised);
    assert_eq!(figures.alarms("payload_malformed"), 2);
    let taken = [opening, honest].concat();
    invariants::hold(
        &office.after_fault(&taken),
        "after payloads nobody can read",
    );
    assert_eq!(
        office.device(&laptop).head,
        laptop.head,
        "the chain is whole"
    );
}
