//! Message snapshots of version 1, and that unknown fields and codes do no harm.

use super::*;
use crate::encoding::to_hex;
use crate::sample::{Device, noon, uuid};
use crate::signature::SigningKey;
use serde_json::json;
use skranke_domain::ids::CaseId;

#[test]
fn events_survive_the_wire_byte_for_byte() {
    let mut device = Device::new(1);
    for event in device.notes(&["æøå \"quoted\" \\ \n", "", "🐟"]) {
        let text = serde_json::to_string(&WireEvent::from(&event)).unwrap();
        let wire: WireEvent = serde_json::from_str(&text).unwrap();

        assert_eq!(SealedEvent::try_from(wire).unwrap(), event);
        assert_eq!(wire_size(&event), text.len() + 1);

        let erased = WireEvent::from(&event.erased());
        let text = serde_json::to_string(&erased).unwrap();
        assert_eq!(wire_size(&event.erased()), text.len() + 1);
        assert_eq!(SealedEvent::try_from(erased).unwrap(), event.erased());
    }
}

#[test]
fn a_batch_keeps_each_commands_events_together() {
    let mut device = Device::new(1);
    let mut events = device.notes(&["1", "2"]);
    events.extend(device.notes(&["3"]));

    let batch = PushBatch::of(&events);

    assert_eq!(
        batch
            .commands
            .iter()
            .map(|c| c.events.len())
            .collect::<Vec<_>>(),
        [2, 1]
    );
    assert_eq!(batch.len(), 3);
    let text = serde_json::to_string(&batch).unwrap();
    assert!(
        text.starts_with(r#"{"commands":[{"command_id":""#),
        "{text}"
    );
    assert_eq!(serde_json::from_str::<PushBatch>(&text).unwrap(), batch);
}

#[test]
fn verdicts_are_pinned() {
    let check = |verdict: Verdict, expected: serde_json::Value| {
        let verdict = CommandVerdict {
            command_id: CommandId::from_uuid(uuid(1)),
            verdict,
        };
        let mut expected = expected;
        expected["command_id"] = json!("01920000-0000-7000-8000-000000000001");
        let written = serde_json::to_value(&verdict).unwrap();
        assert_eq!(written, expected);
        assert_eq!(
            serde_json::from_value::<CommandVerdict>(written).unwrap(),
            verdict
        );
    };
    check(
        Verdict::First(Outcome::Accepted { position: 12 }),
        json!({"verdict": "accepted", "position": 12}),
    );
    check(
        Verdict::First(Outcome::Conflict {
            position: 12,
            fields: vec!["state".to_owned()],
        }),
        json!({"verdict": "conflict", "position": 12, "fields": ["state"]}),
    );
    check(
        Verdict::First(Outcome::Quarantined {
            reason: QuarantineReason::rule("not_ready"),
        }),
        json!({"verdict": "quarantined", "reason": "rule.not_ready"}),
    );
    check(
        Verdict::First(Outcome::Deferred {
            reason: DeferReason::ParentMissing,
        }),
        json!({"verdict": "deferred", "reason": "parent_missing"}),
    );
    check(
        Verdict::Duplicate(Outcome::Quarantined {
            reason: QuarantineReason::OtherContent,
        }),
        json!({"verdict": "duplicate", "first": {"outcome": "quarantined", "reason": "other_content"}}),
    );
}

#[test]
fn a_reason_of_a_later_server_is_kept_as_it_came() {
    let text = r#"{"command_id":"01920000-0000-7000-8000-000000000001","verdict":"quarantined","reason":"moon_phase","more":1}"#;

    let verdict: CommandVerdict = serde_json::from_str(text).unwrap();

    let reason = QuarantineReason::Other("moon_phase".to_owned());
    assert_eq!(
        verdict.verdict,
        Verdict::First(Outcome::Quarantined { reason })
    );
}

#[test]
fn every_reason_says_whether_it_is_an_alarm_and_how_soon_somebody_must_look() {
    let quarantined = |code: &str| QuarantineReason::from_code(code).alarm();
    for forged in [
        "malformed",
        "bad_signature",
        "command_broken",
        "other_device",
        "other_tenant",
        "other_content",
        "chain_fork",
        "grant_of_another",
        "understated_based_on",
        "payload_malformed",
        "rule.file_name_not_plain",
    ] {
        assert_eq!(quarantined(forged), Some(Urgency::AtOnce), "{forged}");
    }
    for doubtful in [
        "rule.not_ready",
        "grant_unknown",
        "grant_not_valid",
        "not_permitted",
        "payload_missing",
    ] {
        assert_eq!(quarantined(doubtful), Some(Urgency::Watch), "{doubtful}");
    }
    for told_before in ["grant_revoked", "device_forked", "returned"] {
        assert_eq!(quarantined(told_before), None, "{told_before}");
    }
    let deferred = |code: &str| DeferReason::from_code(code).alarm();
    assert_eq!(deferred("chain_gap"), Some(Urgency::Watch));
    assert_eq!(deferred("unknown_kind"), Some(Urgency::Watch));
    assert_eq!(deferred("parent_missing"), None);
    assert_eq!(deferred("parent_quarantined"), None);
}

#[test]
fn feed_items_are_pinned_and_unknown_ones_are_passed_over() {
    let left = FeedEntry {
        position: 9,
        item: FeedItem::ScopeLeft {
            case_id: CaseId::from_uuid(uuid(3)),
        },
    };
    let text =
        r#"{"position":9,"item":"scope_left","case_id":"01920000-0000-7000-8000-000000000003"}"#;
    assert_eq!(serde_json::to_string(&left).unwrap(), text);
    assert_eq!(serde_json::from_str::<FeedEntry>(text).unwrap(), left);

    let later: FeedEntry =
        serde_json::from_str(r#"{"position":10,"item":"policy_changed","policy":{"a":[1]}}"#)
            .unwrap();
    assert_eq!(
        later,
        FeedEntry {
            position: 10,
            item: FeedItem::Unknown
        }
    );
}

#[test]
fn the_fields_of_a_feed_item_may_come_in_any_order_and_an_event_of_another_form_is_refused() {
    let event = Device::new(1).note("x");
    let wire = serde_json::to_string(&event).unwrap();
    let read = |text: &str| serde_json::from_str::<FeedEntry>(text);
    let expected = FeedEntry {
        position: 4,
        item: FeedItem::Event { event },
    };

    let first = read(&format!(
        r#"{{"position":4,"item":"event","event":{wire},"later":[1]}}"#
    ));
    let last = read(&format!(
        r#"{{"later":{{}},"event":{wire},"item":"event","position":4}}"#
    ));
    let entered = read(&format!(
        r#"{{"events":[{wire}],"item":"scope_entered","case_id":"{}","position":4}}"#,
        CaseId::from_uuid(uuid(3))
    ));

    assert_eq!(first.unwrap(), expected);
    assert_eq!(last.unwrap(), expected);
    assert!(matches!(
        entered.unwrap().item,
        FeedItem::ScopeEntered { events, .. } if events.len() == 1
    ));
    let forged = wire.replace(r#"\"text\":\"x\""#, r#"\"text\":\"y\""#);
    assert_ne!(forged, wire);
    for text in [
        format!(r#"{{"position":4,"item":"event","event":{forged}}}"#),
        format!(r#"{{"event":{forged},"position":4,"item":"event"}}"#),
        format!(r#"{{"item":"event","event":{wire}}}"#),
        r#"{"position":4,"item":"event"}"#.to_owned(),
        format!(r#"{{"position":4,"event":{wire}}}"#),
        r#"{"position":4,"item":"scope_left"}"#.to_owned(),
    ] {
        assert!(read(&text).is_err(), "{text}");
    }
    let later = read(r#"{"position":4,"item":"policy","event":7,"events":{},"case_id":[]}"#);
    assert_eq!(later.unwrap().item, FeedItem::Unknown);
}

#[test]
fn a_cursor_reads_back_as_written_and_nothing_else_is_one() {
    for text in ["0.0", "1.10", "3.9007199254740991"] {
        assert_eq!(text.parse::<Cursor>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "1",
        "1.",
        ".1",
        "1.2.3",
        "-1.2",
        "+1.2",
        "1.9007199254740992",
        "a.b",
        "1 .2",
    ] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}

#[test]
fn a_page_reads_back_as_written() {
    let server = SigningKey::from_seed(&[0x5e; 32]);
    let head = TenantHead {
        tenant: "0999".to_owned(),
        epoch: 1,
        position: 7,
        root: [2; 32],
        issued_at: noon(),
    };
    let page = FeedPage {
        items: vec![FeedEntry {
            position: 7,
            item: FeedItem::Event {
                event: Device::new(1).note("x"),
            },
        }],
        cursor: Cursor {
            epoch: 1,
            position: 7,
        },
        more: false,
        backup_position: 3,
        grants: Vec::new(),
        skipped: Some(vec!["ab".repeat(32); 6]),
        devices: [("d".to_owned(), "S1".to_owned())].into(),
        head: Signed::new(&head, &server).unwrap(),
        server_time: noon(),
    };

    let text = serde_json::to_string(&page).unwrap();

    assert!(
        text.contains(r#""cursor":"1.7","more":false,"backup_position":3"#),
        "{text}"
    );
    assert_eq!(serde_json::from_str::<FeedPage>(&text).unwrap(), page);
}

#[test]
fn secrets_and_numbers_are_not_in_debug_texts() {
    let lookup = LookupRequest {
        cpr: "2512169996".to_owned(),
        purpose: "counter_entry".to_owned(),
    };
    let session = SessionRequest::Local {
        login: "eva".to_owned(),
        password: "hemmeligt".to_owned(),
    };
    let enrol = EnrolRequest {
        enrolment_code: "KODE-1".to_owned(),
        name: "Skranke 3".to_owned(),
    };

    let text = format!("{lookup:?} {session:?} {enrol:?}");

    for secret in ["2512", "eva", "hemmeligt", "KODE"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn request_messages_are_pinned() {
    let check =
        |written: serde_json::Value, expected: serde_json::Value| assert_eq!(written, expected);
    check(
        serde_json::to_value(SessionRequest::Bootstrap {
            secret: "s".to_owned(),
            staff_id: skranke_domain::ids::StaffId::from_uuid(uuid(1)),
            roles: vec!["counter".to_owned()],
        })
        .unwrap(),
        json!({"method": "bootstrap", "secret": "s", "staff_id": "01920000-0000-7000-8000-000000000001", "roles": ["counter"]}),
    );
    check(
        serde_json::to_value(FoundCase {
            case_id: CaseId::from_uuid(uuid(2)),
            number: "2026-S1-0001".to_owned(),
            state: "granted".to_owned(),
            received_on: "2026-11-20".parse().unwrap(),
            registered: true,
            in_conflict: false,
        })
        .unwrap(),
        json!({"case_id": "01920000-0000-7000-8000-000000000002", "number": "2026-S1-0001", "state": "granted",
               "received_on": "2026-11-20", "registered": true, "in_conflict": false}),
    );
}

#[test]
fn an_edition_of_the_profile_is_pinned_and_worth_nothing_unsigned() {
    let server = SigningKey::from_seed(&[9; 32]);
    let edition = ProfileEdition {
        tenant: "990".to_owned(),
        edition: 2,
        text: "code = \"demo\"\n".to_owned(),
        staff_id: skranke_domain::ids::StaffId::from_uuid(uuid(7)),
        initials: "AK".to_owned(),
        reason: "Nyt sted".to_owned(),
        made_at: noon(),
    };

    let signed = Signed::new(&edition, &server).unwrap();

    assert_eq!(
        signed.body(),
        concat!(
            r#"{"edition":2,"initials":"AK","made_at":"2026-11-21T12:00:00.000Z","reason":"Nyt sted","#,
            r#""staff_id":"01920000-0000-7000-8000-000000000007","tenant":"990","text":"code = \"demo\"\n"}"#
        )
    );
    assert_eq!(signed.verify(&server.public()).unwrap(), edition);
    let other = SigningKey::from_seed(&[8; 32]).public();
    assert!(signed.verify(&other).is_err());
    let head: Signed<TenantHead> =
        Signed::from_parts(signed.body().to_owned(), *signed.signature());
    assert!(
        head.verify(&server.public()).is_err(),
        "signed for another purpose"
    );
}

#[test]
fn an_edition_is_recognised_by_all_it_says_and_by_nothing_else() {
    let digest = edition_digest(2, "code = \"demo\"\n", "AK", "Nyt sted ved åen");

    assert_eq!(
        to_hex(&digest),
        "e2eeefb213a1ca4083a18a47f60023c361ad57bd740b0caf942f021fcef57284"
    );
    for (edition, text, initials, reason) in [
        (3, "code = \"demo\"\n", "AK", "Nyt sted ved åen"),
        (2, "code = \"demo\"", "\nAK", "Nyt sted ved åen"),
        (2, "code = \"demo\"\n", "A", "KNyt sted ved åen"),
        (2, "code = \"demo\"\n", "AK", "Nyt sted ved søen"),
    ] {
        assert_ne!(edition_digest(edition, text, initials, reason), digest);
    }
}

#[test]
fn a_status_of_a_server_that_gives_no_digest_of_its_newest_edition_can_be_read() {
    let earlier = json!({
        "protocol": {"lowest": 1, "highest": 1}, "server_version": "0.1.0", "tenant": "990",
        "epoch": 1, "position": 4, "backup_position": 0, "profile_edition": 2,
        "device": {"device_id": uuid(1).to_string(), "device_code": "S1", "state": "active",
                   "scope": "tenant", "seq": 0, "head_hash": null},
        "server_time": "2026-11-21T12:00:00.000Z"
    });
    let mut today = earlier.clone();
    today["profile_digest"] = json!("5a".repeat(32));
    let read = |status| serde_json::from_value::<Status>(status).unwrap();

    let (earlier, today) = (read(earlier), read(today));

    assert_eq!((earlier.profile_edition, earlier.profile_digest), (2, None));
    assert_eq!(today.profile_digest, Some([0x5a; 32]));
    let said = |status: &Status| serde_json::to_value(status).unwrap()["profile_digest"].clone();
    assert_eq!(said(&today), json!("5a".repeat(32)));
    assert_eq!(said(&earlier), json!(null), "left out");
}
