//! Saving: a command is saved whole or not at all, in both places, with its audit row.

use skranke_domain::case::CaseState;
use skranke_domain::event::Event;
use skranke_store::{Action, AuditFilter, Entry, SecondCopy, StoreError, SyncState};

use crate::desk::{Desk, actor, case_id, citizen, cpr, note, opened, save};
use crate::scratch::now;

#[test]
fn a_saved_command_is_read_back_byte_for_byte_with_outbox_projection_and_audit() {
    let mut desk = Desk::new();
    let case = case_id(1);
    let sealed = desk.sealer.seal(
        case,
        &[],
        &[
            opened("2026-S3-0001".parse().unwrap()),
            citizen(cpr(1), "Åse Holm", "12 34 56 78"),
        ],
    );

    let mut write = desk
        .store
        .write(
            &actor(),
            Entry::new(Action::CommandSaved, now()).on_case(case),
        )
        .unwrap();
    let folded = write.append_command(&sealed).unwrap();
    let saved = write.commit().unwrap();

    let read = desk.store.read().unwrap();
    assert_eq!(saved.second_copy, SecondCopy::Written);
    assert_eq!(read.case_events(case).unwrap(), sealed);
    assert_eq!(read.case(case).unwrap().unwrap(), folded);
    assert_eq!(read.own_device().unwrap().unwrap().head, desk.sealer.head);
    let waiting = read.unsettled(10).unwrap();
    assert_eq!(
        (waiting.len(), waiting[0].state, waiting[0].event_count),
        (1, SyncState::Waiting, 2)
    );
    let row = read.case_row(case).unwrap().unwrap();
    assert_eq!(
        (row.number.as_str(), row.name.as_str(), row.state),
        ("2026-S3-0001", "Åse Holm", CaseState::Received)
    );
    assert_eq!(row.sync, SyncState::Waiting);
    let audit = read.audit(AuditFilter::Case(case), None, 10).unwrap();
    assert_eq!(
        (audit.len(), audit[0].action, audit[0].staff),
        (1, Action::CommandSaved, actor().staff)
    );
}

#[test]
fn a_write_that_is_not_committed_leaves_nothing_not_even_its_audit_row() {
    let mut desk = Desk::new();
    let case = case_id(1);
    let sealed = desk
        .sealer
        .seal(case, &[], &[opened("2026-S3-0001".parse().unwrap())]);
    let audited = desk
        .store
        .read()
        .unwrap()
        .audit(AuditFilter::All, None, 100)
        .unwrap()
        .len();

    let mut write = desk.write(Action::CommandSaved);
    write.append_command(&sealed).unwrap();
    drop(write);

    let read = desk.store.read().unwrap();
    assert_eq!(read.case(case).unwrap(), None);
    assert_eq!(
        read.audit(AuditFilter::All, None, 100).unwrap().len(),
        audited
    );
    assert_eq!(read.own_device().unwrap().unwrap().head.seq, 0);
}

#[test]
fn events_that_do_not_continue_the_chain_are_refused_and_can_be_sealed_anew() {
    let mut desk = Desk::new();
    let case = desk.open_case(1, "Bo Lind", "");
    let mut stale = crate::desk::sealer_of(&desk.store);
    desk.save(case, &[note("først")]);

    let late = stale.seal(case, &[], &[note("for sent")]);
    let refused = save(&mut desk.store, &late);

    assert!(matches!(refused, Err(StoreError::HeadMoved)), "{refused:?}");
    assert!(refused.unwrap_err().is_retryable());
    desk.save(case, &[note("igen")]);
    assert_eq!(
        desk.store
            .read()
            .unwrap()
            .case(case)
            .unwrap()
            .unwrap()
            .notes
            .len(),
        2
    );
}

#[test]
fn half_a_command_a_foreign_signature_and_an_empty_command_are_refused() {
    let mut desk = Desk::new();
    let case = case_id(1);
    let whole = desk.sealer.seal(
        case,
        &[],
        &[opened("2026-S3-0001".parse().unwrap()), note("to")],
    );
    let mut thief = crate::desk::sealer_of(&desk.store);
    thief.key = skranke_protocol::signature::SigningKey::from_seed(&[66; 32]);
    let forged = thief.seal(case, &[], &[opened("2026-S3-0001".parse().unwrap())]);

    for bad in [&whole[..1], &forged[..]] {
        assert!(matches!(
            save(&mut desk.store, bad),
            Err(StoreError::Refused(_))
        ));
    }
    let mut write = desk.write(Action::CommandSaved);
    assert!(matches!(
        write.append_command(&[]),
        Err(StoreError::Refused(_))
    ));
}

#[test]
fn case_numbers_count_up_by_year_and_are_never_given_twice() {
    let mut desk = Desk::new();
    let mut given = Vec::new();
    for year in [2026, 2026, 2027, 2026] {
        let mut write = desk.write(Action::CommandSaved);
        given.push(write.next_case_number(year).unwrap().to_string());
        write.commit().unwrap();
    }
    let mut desk = desk.reopen();
    let mut write = desk.write(Action::CommandSaved);
    given.push(write.next_case_number(2026).unwrap().to_string());

    assert_eq!(
        given,
        [
            "2026-S3-0001",
            "2026-S3-0002",
            "2027-S3-0001",
            "2026-S3-0003",
            "2026-S3-0004"
        ]
    );
}

#[test]
fn a_reader_sees_one_moment_while_another_connection_writes() {
    let desk = Desk::new();
    let mut other = desk.scratch.open();
    let read = desk.store.read().unwrap();
    let before = read.setting("location").unwrap();

    let mut write = other
        .write(&actor(), Entry::new(Action::SettingChanged, now()))
        .unwrap();
    write.set_setting("location", "\"raadhus\"").unwrap();
    write.commit().unwrap();

    assert_eq!(read.setting("location").unwrap(), before);
    drop(read);
    assert_eq!(
        desk.store
            .read()
            .unwrap()
            .setting("location")
            .unwrap()
            .as_deref(),
        Some("\"raadhus\"")
    );
}

#[test]
fn an_unknown_kind_makes_the_case_read_only_and_keeps_its_bytes() {
    let mut desk = Desk::new();
    let case = desk.open_case(1, "Bo Lind", "");
    let head = desk.sealer.head;
    let unsealed = skranke_protocol::envelope::Unsealed {
        id: skranke_domain::ids::EventId::from_uuid(crate::desk::uuid(77)),
        tenant: "0999".to_owned(),
        case_id: case,
        command_id: skranke_domain::ids::CommandId::from_uuid(crate::desk::uuid(78)),
        k: 1,
        n: 1,
        device_id: desk.sealer.device,
        device_seq: head.seq + 1,
        prev_hash: head.hash,
        recorded_at: now(),
        clock_offset_ms: 0,
        actor: actor().staff,
        grant_id: skranke_domain::ids::GrantId::from_uuid(crate::desk::uuid(79)),
        based_on: vec![],
    };
    let payload = br#"{"later":1}"#.to_vec();
    let sealed = unsealed
        .seal_bytes("invented_later", 1, payload, [1; 16], &desk.sealer.key)
        .unwrap();

    save(&mut desk.store, std::slice::from_ref(&sealed)).unwrap();

    let read = desk.store.read().unwrap();
    assert!(read.case(case).unwrap().unwrap().holds_unknown_kind);
    assert!(read.case_row(case).unwrap().unwrap().is_read_only);
    assert!(read.case_events(case).unwrap().contains(&sealed));
}

#[test]
fn audit_rows_cannot_be_changed_or_deleted() {
    let desk = Desk::new();
    desk.scratch.raw(|raw| {
        assert!(raw.execute("UPDATE audit SET purpose = 'x'", []).is_err());
        assert!(raw.execute("DELETE FROM audit", []).is_err());
    });
}

#[test]
fn every_action_is_written_and_read_back() {
    let mut desk = Desk::new();
    for action in Action::ALL {
        desk.store
            .write(&actor(), Entry::new(*action, now()).because("formål"))
            .unwrap()
            .commit()
            .unwrap();
    }
    let rows = desk.store.read().unwrap().audit_after(1, 100).unwrap();

    assert_eq!(
        rows.iter().map(|row| row.action).collect::<Vec<_>>(),
        Action::ALL
    );
    assert!(
        rows.iter()
            .all(|row| row.purpose == "formål" && row.roles == "counter")
    );
}

#[test]
fn a_case_whose_first_event_has_not_arrived_is_in_no_list() {
    let mut desk = Desk::new();
    let case = case_id(5);
    let sealed = desk.sealer.seal(case, &[], &[Event::MarkedReady]);

    save(&mut desk.store, &sealed).unwrap();

    let read = desk.store.read().unwrap();
    assert_eq!(read.case_row(case).unwrap(), None);
    assert_eq!(read.case_events(case).unwrap().len(), 1);
}
