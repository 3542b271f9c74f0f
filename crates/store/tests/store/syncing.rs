//! The outbox, verdicts, pages of the feed, scopes and epochs.

use skranke_domain::ids::DeviceId;
use skranke_protocol::chain::Head;
use skranke_protocol::confirmation::{Confirmation, Signed, TenantHead};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{
    CommandVerdict, Cursor, DeferReason, FeedEntry, FeedItem, FeedPage, Outcome, QuarantineReason,
    Verdict,
};
use skranke_store::{Action, PageTaken, SyncState};

use crate::desk::{Desk, Sealer, actor, case_id, citizen, cpr, note, opened, uuid};
use crate::scratch::now;

fn head(position: u64) -> Signed<TenantHead> {
    let head = TenantHead {
        tenant: "0999".to_owned(),
        epoch: 1,
        position,
        root: [0; 32],
        issued_at: now(),
    };
    Signed::new(&head, &SigningKey::from_seed(&[1; 32])).unwrap()
}

pub(crate) fn page(items: Vec<FeedItem>, first: u64, backup_position: u64) -> FeedPage {
    let items: Vec<_> = items
        .into_iter()
        .zip(first..)
        .map(|(item, position)| FeedEntry { position, item })
        .collect();
    let position = first + items.len() as u64 - 1;
    FeedPage {
        grants: Vec::new(),
        skipped: None,
        devices: [].into(),
        items,
        cursor: Cursor { epoch: 1, position },
        more: false,
        backup_position,
        head: head(position),
        server_time: now(),
    }
}

pub(crate) fn events(sealed: &[SealedEvent]) -> Vec<FeedItem> {
    sealed
        .iter()
        .map(|event| FeedItem::Event {
            event: event.clone(),
        })
        .collect()
}

pub(crate) fn take(desk: &mut Desk, page: &FeedPage) -> PageTaken {
    let mut write = desk.write(Action::Synchronised);
    let taken = write.take_page(page).unwrap();
    write.commit().unwrap();
    taken
}

fn colleague() -> Sealer {
    Sealer::new(
        DeviceId::from_uuid(uuid(0xC0)),
        SigningKey::from_seed(&[2; 32]),
        Head::START,
    )
}

pub(crate) fn colleagues_case() -> Vec<SealedEvent> {
    colleague().seal(
        case_id(900),
        &[],
        &[
            opened("2026-K7-0001".parse().unwrap()),
            citizen(cpr(900), "Ida Krogh", ""),
        ],
    )
}

#[test]
fn verdicts_move_commands_and_a_page_confirms_own_work() {
    let mut desk = Desk::new();
    for n in 1..=5 {
        desk.open_case(n, "Bo Lind", "");
    }
    let commands: Vec<_> = desk
        .store
        .read()
        .unwrap()
        .unsettled(9)
        .unwrap()
        .iter()
        .map(|row| row.command)
        .collect();
    let outcomes = [
        Verdict::First(Outcome::Accepted { position: 4 }),
        Verdict::Duplicate(Outcome::Conflict {
            position: 6,
            fields: vec!["state".to_owned()],
        }),
        Verdict::First(Outcome::Quarantined {
            reason: QuarantineReason::GrantUnknown,
        }),
        Verdict::First(Outcome::Quarantined {
            reason: QuarantineReason::Other("x".repeat(200)),
        }),
    ];
    let verdicts: Vec<_> = commands
        .iter()
        .zip(outcomes)
        .map(|(command, verdict)| CommandVerdict {
            command_id: *command,
            verdict,
        })
        .collect();

    let mut write = desk.write(Action::Synchronised);
    write.mark_sent(&commands).unwrap();
    assert!(
        write
            .reading()
            .unsettled(9)
            .unwrap()
            .iter()
            .all(|row| row.state == SyncState::Sent)
    );
    write.take_verdicts(&verdicts).unwrap();
    write.commit().unwrap();

    let read = desk.store.read().unwrap();
    let counts = read.outbox_counts().unwrap();
    assert_eq!(
        (
            counts.total,
            counts.confirmed(),
            counts.quarantined,
            counts.waiting
        ),
        (5, 2, 2, 1)
    );
    assert_eq!(read.outbox_case_counts().unwrap(), (5, 2));
    let of_case = read.outbox_of_case(case_id(1)).unwrap();
    assert_eq!(
        (of_case[0].state, of_case[0].position, of_case[0].attempts),
        (SyncState::Confirmed, Some(4), 1)
    );
    assert_eq!(
        read.quarantined(9).unwrap()[0].verdict.as_deref(),
        Some(QuarantineReason::GrantUnknown.code())
    );
    let planned = read.own_events_for_plan(2).unwrap();
    assert_eq!(
        planned.iter().map(|event| event.seq).collect::<Vec<_>>(),
        (3..=10).collect::<Vec<_>>()
    );
    assert_eq!(
        planned.iter().filter(|event| event.confirmed).count(),
        6,
        "held by the central store, if apart"
    );
    let sync: Vec<_> = (1..=5)
        .map(|n| read.case_row(case_id(n)).unwrap().unwrap().sync)
        .collect();
    assert_eq!(
        sync,
        [
            SyncState::Confirmed,
            SyncState::Confirmed,
            SyncState::Quarantined,
            SyncState::Quarantined,
            SyncState::Waiting
        ]
    );
}

#[test]
fn a_deferred_command_is_told_from_one_that_only_waits() {
    let mut desk = Desk::new();
    desk.open_case(1, "Bo Lind", "");
    let command = desk.store.read().unwrap().unsettled(9).unwrap()[0].command;
    for reason in [DeferReason::UnknownKind, DeferReason::ParentQuarantined] {
        let verdict = Verdict::First(Outcome::Deferred { reason });
        let expected = match skranke_protocol::plan::outbox_state(&verdict) {
            skranke_protocol::plan::OutboxState::Waiting => SyncState::Waiting,
            skranke_protocol::plan::OutboxState::Confirmed
            | skranke_protocol::plan::OutboxState::NeedsAttention => SyncState::Deferred,
        };
        let mut write = desk.write(Action::Synchronised);
        write
            .take_verdicts(&[CommandVerdict {
                command_id: command,
                verdict,
            }])
            .unwrap();
        write.commit().unwrap();

        let row = &desk.store.read().unwrap().unsettled(9).unwrap()[0];
        assert_eq!(row.state, expected);
    }
}

#[test]
fn a_page_of_others_events_is_taken_in_with_its_cursor_and_again_without_effect() {
    let mut desk = Desk::new();
    let theirs = colleagues_case();
    let page = page(events(&theirs), 1, 0);

    let first = take(&mut desk, &page);
    let again = take(&mut desk, &page);

    assert_eq!((first.new_events, first.changed.len()), (2, 1));
    assert_eq!((again.new_events, again.changed.len()), (0, 0));
    let read = desk.store.read().unwrap();
    assert_eq!(
        read.cursor().unwrap(),
        Cursor {
            epoch: 1,
            position: 2
        }
    );
    assert_eq!(
        read.case_row(case_id(900)).unwrap().unwrap().name,
        "Ida Krogh"
    );
    assert_eq!(
        read.case_row(case_id(900)).unwrap().unwrap().sync,
        SyncState::Confirmed
    );
    assert_eq!(read.own_events(0, 9).unwrap(), []);
    assert_eq!(read.confirmed_events(case_id(900)).unwrap().len(), 2);
}

#[test]
fn own_events_come_back_through_the_feed_and_confirm_themselves() {
    let mut desk = Desk::new();
    desk.open_case(1, "Bo Lind", "");
    let own = desk.store.read().unwrap().own_events(0, 9).unwrap();

    let taken = take(&mut desk, &page(events(&own), 11, 12));

    assert_eq!(taken.new_events, 0);
    let read = desk.store.read().unwrap();
    let row = &read.outbox_of_case(case_id(1)).unwrap()[0];
    assert_eq!(
        (row.state, row.position, row.is_backed_up),
        (SyncState::Confirmed, Some(12), true)
    );
}

#[test]
fn own_events_that_were_lost_come_back_through_the_feed_as_own() {
    let mut desk = Desk::new();
    desk.open_case(1, "Bo Lind", "");
    let own = desk.store.read().unwrap().own_events(0, 9).unwrap();
    let mut fresh = Desk::new();

    let taken = take(&mut fresh, &page(events(&own), 1, 0));

    assert_eq!(taken.new_events, 2);
    let read = fresh.store.read().unwrap();
    assert_eq!(read.own_events(0, 9).unwrap(), own);
    assert_eq!(
        read.own_device().unwrap().unwrap().head.seq,
        2,
        "the chain goes on behind them"
    );
}

#[test]
fn a_known_event_with_other_content_is_an_alarm_and_changes_nothing() {
    let mut desk = Desk::new();
    let theirs = colleagues_case();
    take(&mut desk, &page(events(&theirs), 1, 0));
    let forged = colleague().seal(
        case_id(900),
        &[],
        &[opened("2026-K7-0009".parse().unwrap())],
    );
    assert_eq!(
        forged[0].header().id,
        theirs[0].header().id,
        "the same id, as an attacker would have it"
    );

    let taken = take(&mut desk, &page(events(&forged), 3, 0));

    assert_eq!(taken.altered, [theirs[0].header().id]);
    assert_eq!(
        desk.store
            .read()
            .unwrap()
            .case_events(case_id(900))
            .unwrap(),
        theirs
    );
}

#[test]
fn what_is_of_a_later_program_is_passed_over_and_the_rest_is_taken() {
    let mut desk = Desk::new();
    let theirs = colleagues_case();
    let mut items = vec![FeedItem::Unknown];
    items.extend(events(&theirs));

    let taken = take(&mut desk, &page(items, 1, 0));

    assert_eq!(taken.new_events, 2);
    assert_eq!(desk.store.read().unwrap().cursor().unwrap().position, 3);
}

/// A case that begins on a page is folded from the page: it must come out as from the database.
#[test]
fn a_page_makes_of_each_case_what_a_rebuild_makes_however_its_events_come() {
    let mut desk = Desk::new();
    let mut colleague = colleague();
    let [stays, moves] = [case_id(900), case_id(901)];
    let mut open = |case, number: &str, name| {
        let opened = opened(number.parse().unwrap());
        colleague.seal(case, &[], &[opened, citizen(cpr(900), name, "")])
    };
    let first = open(stays, "2026-K7-0001", "Ida Krogh");
    let second = open(moves, "2026-K7-0002", "Bo Lind");
    let seen = [first[1].header().id];
    let [after_leaving, on_the_next_page] =
        ["a", "b"].map(|text| colleague.seal(stays, &seen, &[note(text)]));
    let left = FeedItem::ScopeLeft { case_id: moves };
    let entered = FeedItem::ScopeEntered {
        case_id: moves,
        events: second.clone(),
    };
    let items = [
        events(&first),
        events(&second),
        vec![left],
        events(&after_leaving),
        vec![entered],
    ];

    let taken = take(&mut desk, &page(items.concat(), 1, 0));
    let is_projected = |desk: &mut Desk| {
        let mut write = desk.write(Action::Maintained);
        [stays, moves].map(|case| write.is_as_rebuilt(case).unwrap())
    };

    assert_eq!(taken.changed, [stays, moves].into());
    assert_eq!(is_projected(&mut desk), [true, true]);
    assert_eq!(desk.store.read().unwrap().case_counts().unwrap().total(), 2);
    take(&mut desk, &page(events(&on_the_next_page), 8, 0));
    assert_eq!(is_projected(&mut desk), [true, true]);
}

#[test]
fn a_case_enters_the_scope_whole_and_leaves_it_without_a_trace_in_lists() {
    let mut desk = Desk::new();
    let theirs = colleagues_case();
    let entered = FeedItem::ScopeEntered {
        case_id: case_id(900),
        events: theirs.clone(),
    };
    assert_eq!(take(&mut desk, &page(vec![entered], 1, 0)).new_events, 2);

    let left = take(
        &mut desk,
        &page(
            vec![FeedItem::ScopeLeft {
                case_id: case_id(900),
            }],
            2,
            0,
        ),
    );

    assert_eq!(left.left.len(), 1);
    let read = desk.store.read().unwrap();
    assert_eq!(read.case_row(case_id(900)).unwrap(), None);
    assert_eq!(read.case_events(case_id(900)).unwrap(), []);
    assert_eq!(read.case_counts().unwrap().total(), 0);
    assert_eq!(read.cases_of(&cpr(900)).unwrap(), []);
}

#[test]
fn a_case_with_own_work_that_is_in_no_backup_does_not_leave() {
    let mut desk = Desk::new();
    desk.open_case(1, "Bo Lind", "");
    let own = desk.store.read().unwrap().own_events(0, 9).unwrap();
    let leave = |first| {
        page(
            vec![FeedItem::ScopeLeft {
                case_id: case_id(1),
            }],
            first,
            0,
        )
    };

    let counts = |desk: &Desk| {
        let read = desk.store.read().unwrap();
        let commands = read.outbox_counts().unwrap().total;
        (commands, read.outbox_case_counts().unwrap())
    };

    let before = take(&mut desk, &leave(1));
    assert_eq!(counts(&desk), (1, (1, 0)));
    take(&mut desk, &page(events(&own), 2, 0));
    assert_eq!(counts(&desk), (1, (1, 1)), "it is in no backup yet");
    let after = take(&mut desk, &page(Vec::new(), 4, 3));

    assert_eq!(counts(&desk), (0, (0, 0)), "no number shows what left");
    assert_eq!(before.left.len(), 0);
    assert_eq!(
        after.left.len(),
        1,
        "now the central store has it in a backup"
    );
    assert_eq!(
        desk.store
            .read()
            .unwrap()
            .own_device()
            .unwrap()
            .unwrap()
            .head
            .seq,
        2,
        "the chain goes on"
    );
}

#[test]
fn a_case_that_left_does_not_come_back_from_the_outbox_log() {
    let mut desk = Desk::new();
    let case = desk.open_case(1, "Bo Lind", "");
    let opening = desk.store.read().unwrap().case_events(case).unwrap();
    let n = opening.len() as u64;
    take(&mut desk, &page(events(&opening), 1, n));
    let left = vec![FeedItem::ScopeLeft {
        case_id: case_id(1),
    }];
    assert_eq!(take(&mut desk, &page(left, n + 1, n)).left.len(), 1);

    let Desk { scratch, store, .. } = desk;
    drop(store);
    let store = scratch.open();

    assert_eq!(store.opening().restored_events, 0);
    let read = store.read().unwrap();
    assert!(read.case(case_id(1)).unwrap().is_none());
    assert_eq!(read.unsettled(9).unwrap(), []);
}

#[test]
fn own_work_whose_number_newer_work_holds_is_an_alarm_and_the_page_goes_on() {
    // Given work that an older copy of the database does not know, and newer work in its place
    let mut desk = Desk::new();
    let mut lost = Sealer::new(
        desk.sealer.device,
        desk.sealer.key.clone(),
        desk.sealer.head,
    );
    lost.seal(case_id(1), &[], &[note("x"), note("y"), note("z")]);
    lost.head = desk.sealer.head;
    let lost = lost.seal(case_id(77), &[], &[note("tabt")]);
    desk.open_case(1, "Bo Lind", "");

    // When it comes back through the feed
    let mut items = events(&lost);
    items.extend(events(&colleagues_case()));
    let taken = take(&mut desk, &page(items, 1, 0));

    // Then it is told, and everything else is taken in
    assert_eq!(taken.displaced, [lost[0].header().id]);
    assert_eq!(taken.new_events, 2);
    let read = desk.store.read().unwrap();
    assert_eq!(read.cursor().unwrap().position, 3);
    assert!(read.case(case_id(1)).unwrap().is_some());
}

#[test]
fn a_restored_central_store_is_offered_again_what_it_lacks_own_and_pulled() {
    // Given an own case in the backup, and an own and a colleague's case after it
    let mut desk = Desk::new();
    let first = desk.open_case(1, "Bo Lind", "");
    let second = desk.open_case(2, "Bo Lind", "");
    let own = desk.store.read().unwrap().own_events(0, 9).unwrap();
    let theirs = colleagues_case();
    let mut items = events(&own);
    items.extend(events(&theirs));
    take(&mut desk, &page(items, 1, 2));
    let pulled = |desk: &Desk| {
        let read = desk.store.read().unwrap();
        read.pulled_without_position(None, 9).unwrap()
    };
    assert_eq!(pulled(&desk), []);

    // When a new epoch begins that shares the first two positions
    let mut write = desk.write(Action::Synchronised);
    write.enter_epoch(2, 2).unwrap();
    write.commit().unwrap();

    // Then what came after them is offered, and reading goes on from there
    let read = desk.store.read().unwrap();
    assert_eq!(read.outbox_counts().unwrap().waiting, 1);
    let planned = read.own_events_for_plan(0).unwrap();
    let confirmed: Vec<bool> = planned.iter().map(|event| event.confirmed).collect();
    assert_eq!(confirmed, [true, true, false, false]);
    assert_eq!(read.confirmed_events(first).unwrap().len(), 2);
    assert_eq!(read.confirmed_events(second).unwrap().len(), 0);
    assert_eq!(pulled(&desk), theirs);
    let last = theirs[0].header();
    let after = Some((last.device_id, last.device_seq));
    assert_eq!(read.pulled_without_position(after, 9).unwrap(), theirs[1..]);
    assert_eq!(
        read.cursor().unwrap(),
        Cursor {
            epoch: 2,
            position: 2
        }
    );
}

#[test]
fn the_log_is_trimmed_to_what_is_in_no_backup() {
    let mut desk = Desk::new();
    desk.open_case(1, "Bo Lind", "");
    let own = desk.store.read().unwrap().own_events(0, 9).unwrap();
    take(&mut desk, &page(events(&own), 1, 2));
    desk.open_case(2, "Bo Lind", "");

    desk.store.trim_outbox_log().unwrap();
    desk.save(case_id(2), &[note("efter")]);
    let (head, scratch) = (desk.sealer.head, desk.scratch);
    drop(desk.store);
    let (store, _) =
        skranke_store::Store::recover(scratch.path(), &scratch.key, Default::default(), now())
            .unwrap();

    assert_eq!(
        store.opening().restored_events,
        3,
        "the second case and its note"
    );
    let own = store.read().unwrap().own_device().unwrap().unwrap();
    assert_eq!(own.head, head, "the chain goes on behind what was trimmed");
    assert_eq!(own.device, actor().device);
}

#[test]
fn statements_of_the_central_store_are_kept_as_they_were_signed() {
    let mut desk = Desk::new();
    let key = SigningKey::from_seed(&[1; 32]);
    let confirmation = Confirmation {
        tenant: "0999".to_owned(),
        device_id: actor().device,
        seq: 31,
        head_hash: Some([3; 32]),
        accepted: 31,
        quarantined: 0,
        deferred: 0,
        epoch: 1,
        issued_at: now(),
    };
    let signed = Signed::new(&confirmation, &key).unwrap();
    assert!(desk.store.read().unwrap().confirmation().unwrap().is_none());

    let mut write = desk.write(Action::Synchronised);
    write.keep_confirmation(&signed).unwrap();
    write.keep_tenant_head(&head(7)).unwrap();
    write.keep_tenant_head(&head(8)).unwrap();
    write.commit().unwrap();

    let desk = desk.reopen();
    let read = desk.store.read().unwrap();
    assert_eq!(
        read.confirmation()
            .unwrap()
            .unwrap()
            .verify(&key.public())
            .unwrap(),
        confirmation
    );
    assert_eq!(
        read.tenant_head()
            .unwrap()
            .unwrap()
            .verify(&key.public())
            .unwrap()
            .position,
        8
    );
}

#[test]
fn a_long_log_that_is_no_longer_needed_is_written_anew_at_opening() {
    let mut desk = Desk::new();
    let case = desk.open_case(1, "Bo Lind", "");
    let mut write = desk
        .store
        .write(
            &actor(),
            skranke_store::Entry::new(Action::CommandSaved, now()),
        )
        .unwrap();
    for _ in 0..5 {
        let notes: Vec<_> = (0..450).map(|n| note(&format!("{n}"))).collect();
        write
            .append_command(&desk.sealer.seal(case, &[], &notes))
            .unwrap();
    }
    write.commit().unwrap();
    let log = desk.scratch.path().join("outbox.log");
    let own = desk.store.read().unwrap().own_events(0, 9999).unwrap();
    desk = desk.reopen();
    let long = std::fs::metadata(&log).unwrap().len();
    let backup = own.len() as u64;
    take(&mut desk, &page(events(&own), 1, backup));
    desk.open_case(2, "Ida Krogh", "");

    let desk = desk.reopen();

    let short = std::fs::metadata(&log).unwrap().len();
    assert!(short * 100 < long, "{long} bytes became {short}");
    assert_eq!(desk.store.opening().relogged_events, 0);
    assert_eq!(
        desk.store
            .read()
            .unwrap()
            .own_device()
            .unwrap()
            .unwrap()
            .head
            .seq,
        2254
    );
}
