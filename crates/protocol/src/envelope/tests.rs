//! The envelope keeps its bytes, its commitment and its signature.

use super::*;
use crate::encoding::to_hex;
use proptest::prelude::*;
use uuid::Uuid;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + n)
}

fn an_event() -> Unsealed {
    Unsealed {
        id: EventId::from_uuid(id(1)),
        tenant: "0999".to_owned(),
        case_id: CaseId::from_uuid(id(2)),
        command_id: CommandId::from_uuid(id(3)),
        k: 1,
        n: 1,
        device_id: DeviceId::from_uuid(id(4)),
        device_seq: 1,
        prev_hash: None,
        recorded_at: instant::from_text("2026-11-21T13:02:05.250Z").unwrap(),
        clock_offset_ms: -120,
        actor: StaffId::from_uuid(id(5)),
        grant_id: GrantId::from_uuid(id(6)),
        based_on: vec![],
    }
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn sealed() -> SealedEvent {
    an_event()
        .seal_bytes(
            "note_added",
            1,
            br#"{"text":"x"}"#.to_vec(),
            [9; 16],
            &key(),
        )
        .unwrap()
}

#[test]
fn the_header_bytes_are_pinned() {
    let event = sealed();

    let expected = concat!(
        r#"{"actor":"01920000-0000-7000-8000-000000000005","based_on":[],"#,
        r#""case_id":"01920000-0000-7000-8000-000000000002","clock_offset_ms":-120,"#,
        r#""command_id":"01920000-0000-7000-8000-000000000003","#,
        r#""commitment":"5b7a56877bcc50f56f305a1e457ab1b08fd8a65c4f278bb836c97f1f4e83a464","#,
        r#""device_id":"01920000-0000-7000-8000-000000000004","device_seq":1,"envelope":1,"#,
        r#""grant_id":"01920000-0000-7000-8000-000000000006","#,
        r#""id":"01920000-0000-7000-8000-000000000001","k":1,"kind":"note_added","n":1,"#,
        r#""prev_hash":null,"recorded_at":"2026-11-21T13:02:05.250Z","tenant":"0999","v":1}"#,
    );
    assert_eq!(std::str::from_utf8(event.header_bytes()).unwrap(), expected);
    assert_eq!(
        to_hex(event.hash()),
        "2c92f58567c51e78e69b21deeb424e7551293794fa666a35c1132f03192c19fb"
    );
}

#[test]
fn the_signature_is_the_devices_alone() {
    let event = sealed();

    assert!(event.verify(&key().public()).is_ok());
    assert!(
        event
            .verify(&SigningKey::from_seed(&[2; 32]).public())
            .is_err()
    );
}

#[test]
fn erasing_the_payload_keeps_hash_and_signature() {
    let event = sealed();

    let erased = event.erased();

    assert_eq!(erased.hash(), event.hash());
    assert!(erased.verify(&key().public()).is_ok());
    assert_eq!((erased.payload_bytes(), erased.salt()), (None, None));
    let stored_again = SealedEvent::from_parts(
        erased.header_bytes().to_vec(),
        None,
        None,
        *erased.signature(),
    );
    assert_eq!(stored_again.unwrap(), erased);
}

#[test]
fn another_payload_under_the_same_header_is_refused() {
    let event = sealed();
    let header = event.header_bytes().to_vec();

    let swapped = SealedEvent::from_parts(
        header.clone(),
        Some(br#"{"text":"y"}"#.to_vec()),
        event.salt().copied(),
        *event.signature(),
    );
    let saltless = SealedEvent::from_parts(
        header,
        Some(br#"{"text":"x"}"#.to_vec()),
        None,
        *event.signature(),
    );

    assert_eq!(swapped.unwrap_err(), EnvelopeError::Commitment);
    assert_eq!(saltless.unwrap_err(), EnvelopeError::SaltWithoutPayload);
}

#[test]
fn a_header_field_of_a_later_program_survives_in_the_bytes() {
    let event = sealed();
    let later = String::from_utf8(event.header_bytes().to_vec())
        .unwrap()
        .replace(r#","v":1}"#, r#","v":1,"zone":"later"}"#)
        .into_bytes();
    let signature = key().sign(Purpose::Event, &hash_of(&later));

    let read = SealedEvent::from_parts(
        later.clone(),
        event.payload_bytes().map(<[u8]>::to_vec),
        event.salt().copied(),
        signature,
    )
    .unwrap();

    assert_eq!(read.header(), event.header());
    assert_eq!(read.header_bytes(), later);
    assert_ne!(read.hash(), event.hash());
    assert!(read.verify(&key().public()).is_ok());
}

#[test]
fn impossible_header_values_are_refused() {
    let check = |change: fn(&mut Unsealed), field: &'static str| {
        let mut event = an_event();
        change(&mut event);
        let sealed = event.seal_bytes("note_added", 1, b"{}".to_vec(), [9; 16], &key());
        assert_eq!(sealed.unwrap_err(), EnvelopeError::Field(field));
    };
    check(|event| event.k = 0, "k");
    check(|event| event.k = 2, "k");
    check(|event| event.n = MAX_COMMAND_EVENTS + 1, "n");
    check(|event| event.device_seq = 0, "device_seq");
    check(|event| event.device_seq = 2, "prev_hash");
    check(|event| event.prev_hash = Some([0; 32]), "prev_hash");
    check(|event| event.tenant = String::new(), "tenant");
    check(|event| event.based_on = vec![event.id], "based_on");
    let bad_kind = an_event().seal_bytes("Note Added", 1, b"{}".to_vec(), [9; 16], &key());
    assert_eq!(bad_kind.unwrap_err(), EnvelopeError::Field("kind"));
}

#[test]
fn too_large_a_payload_is_refused() {
    let payload = format!("\"{}\"", "x".repeat(MAX_PAYLOAD_BYTES)).into_bytes();

    let sealed = an_event().seal_bytes("note_added", 1, payload, [9; 16], &key());

    assert_eq!(sealed.unwrap_err(), EnvelopeError::TooLarge);
}

#[test]
fn the_corrected_time_adds_the_clock_offset_and_never_overflows() {
    let mut header = sealed().header().clone();
    assert_eq!(
        instant::to_text(header.corrected_at()),
        "2026-11-21T13:02:05.130Z"
    );

    header.clock_offset_ms = i64::MAX;
    assert_eq!(header.corrected_at(), header.recorded_at);
}

proptest! {
    #[test]
    fn stored_bytes_come_back_as_the_same_event(
        text in "[^\\x00]{0,40}",
        seq in 1_u64..1_000_000,
        salt in any::<[u8; 16]>(),
        previous in any::<[u8; 32]>(),
        offset in -1_000_000_i64..1_000_000,
    ) {
        let mut unsealed = an_event();
        unsealed.device_seq = seq;
        unsealed.prev_hash = (seq > 1).then_some(previous);
        unsealed.clock_offset_ms = offset;
        let payload = canonical::to_bytes(&serde_json::json!({ "text": text })).unwrap();
        let event = unsealed.seal_bytes("note_added", 1, payload, salt, &key()).unwrap();

        let again = SealedEvent::from_parts(
            event.header_bytes().to_vec(),
            event.payload_bytes().map(<[u8]>::to_vec),
            event.salt().copied(),
            *event.signature(),
        ).unwrap();

        prop_assert_eq!(&again, &event);
        prop_assert!(again.verify(&key().public()).is_ok());
    }

    #[test]
    fn one_changed_bit_anywhere_is_noticed(position in 0_usize..2_000, bit in 0_u8..8) {
        let event = sealed();
        let mut header = event.header_bytes().to_vec();
        let position = position % header.len();
        header[position] ^= 1 << bit;

        let read = SealedEvent::from_parts(
            header,
            event.payload_bytes().map(<[u8]>::to_vec),
            event.salt().copied(),
            *event.signature(),
        );

        prop_assert!(read.is_err() || read.unwrap().verify(&key().public()).is_err());
    }
}
