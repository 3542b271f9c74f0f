//! What the planner decides, case by case, and that batches never split a command.

use super::*;
use crate::sample::{Device, noon, uuid};
use crate::version::SPOKEN;
use crate::wire::{DeviceStatus, QuarantineReason, Scope};
use proptest::prelude::*;

fn status(seq: u64, hash: Option<[u8; 32]>, epoch: u64, position: u64) -> Status {
    Status {
        protocol: SPOKEN,
        server_version: "0.1.0".to_owned(),
        tenant: "0999".to_owned(),
        epoch,
        position,
        backup_position: 0,
        profile_edition: 0,
        profile_digest: None,
        device: DeviceStatus {
            device_id: Device::new(1).id,
            device_code: "S1".to_owned(),
            state: DeviceState::Active,
            scope: Scope::Tenant,
            seq,
            head_hash: hash,
        },
        certification: None,
        recovery: None,
        epoch_warrant: None,
        browser_sign_in: false,
        takes_batches_behind: true,
        server_time: noon(),
    }
}

fn hash(seq: u64) -> [u8; 32] {
    [seq as u8; 32]
}

/// Events 1 to `count`, one command each, the first `confirmed` of them confirmed.
fn own(count: u64, confirmed: u64) -> Vec<OwnEvent> {
    (1..=count)
        .map(|seq| OwnEvent {
            seq,
            hash: hash(seq),
            command_id: CommandId::from_uuid(uuid(u128::from(seq))),
            wire_bytes: 900,
            confirmed: seq <= confirmed,
        })
        .collect()
}

fn local(own: &[OwnEvent], cursor: Cursor) -> Local<'_> {
    let head = own.last().map_or(Head::START, |last| Head {
        seq: last.seq,
        hash: Some(last.hash),
    });
    Local {
        head,
        own,
        cursor,
        offers_pulled: false,
        sealed: &[],
        offers_sealed: false,
        attachments: &[],
    }
}

const READ: Cursor = Cursor {
    epoch: 1,
    position: 10,
};

#[test]
fn nothing_to_do_is_an_empty_plan() {
    let own = own(3, 3);

    assert_eq!(
        plan(&local(&own, READ), &status(3, Some(hash(3)), 1, 10)),
        []
    );
}

#[test]
fn a_new_device_pulls_from_the_start() {
    let operations = plan(&local(&[], Cursor::START), &status(0, None, 1, 0));

    assert_eq!(
        operations,
        [Operation::Pull {
            after: Cursor::START
        }]
    );
}

#[test]
fn waiting_events_are_pushed_before_the_feed_is_read_and_files_come_last() {
    let own = own(5, 2);
    let file = OwnAttachment {
        digest: Sha256Digest::from_bytes([1; 32]),
        size_bytes: 10,
        is_sealed: false,
    };
    let local = Local {
        attachments: &[file],
        ..local(&own, READ)
    };

    assert_eq!(
        plan(&local, &status(2, Some(hash(2)), 1, 11)),
        [
            Operation::Push { first: 3, last: 5 },
            Operation::Pull { after: READ },
            Operation::Upload(file)
        ]
    );
}

#[test]
fn events_whose_answer_was_lost_are_sent_again() {
    let own = own(4, 2);

    let operations = plan(&local(&own, READ), &status(4, Some(hash(4)), 1, 10));

    assert_eq!(
        operations,
        [Operation::Push { first: 3, last: 4 }],
        "the server answers duplicate"
    );
}

#[test]
fn a_new_epoch_is_looked_at_before_anything_is_sent() {
    let own = own(5, 5);

    let operations = plan(&local(&own, READ), &status(2, Some(hash(2)), 2, 4));

    assert_eq!(operations, [Operation::StopForNewEpoch]);
}

#[test]
fn a_restored_server_is_offered_everything_again_others_work_first() {
    let own = own(5, 2);
    let read = Cursor {
        epoch: 2,
        position: 4,
    };
    let local = Local {
        offers_pulled: true,
        ..local(&own, read)
    };

    let operations = plan(&local, &status(2, Some(hash(2)), 2, 6));

    assert_eq!(
        operations,
        [
            Operation::ReofferPulled,
            Operation::Push { first: 3, last: 5 },
            Operation::Pull { after: read }
        ]
    );
}

#[test]
fn what_is_sealed_here_is_sent_in_its_place_of_the_chain() {
    // Given a chain of six of which the third and fourth left this device sealed
    let all = own(6, 0);
    let readable = [&all[..2], &all[4..]].concat();
    let read = Cursor {
        epoch: 2,
        position: 4,
    };
    let local = Local {
        offers_pulled: true,
        offers_sealed: true,
        sealed: &all[2..4],
        ..local(&readable, read)
    };

    let operations = plan(&local, &status(0, None, 2, 4));

    assert_eq!(
        operations,
        [
            Operation::ReofferPulled,
            Operation::OfferSealed,
            Operation::Push { first: 1, last: 2 },
            Operation::PushSealed { first: 3, last: 4 },
            Operation::Push { first: 5, last: 6 },
        ]
    );
}

#[test]
fn a_server_that_lost_what_is_sealed_here_is_an_alarm_in_the_same_epoch() {
    let all = own(3, 3);
    let local = Local {
        sealed: &all[2..],
        ..local(&all[..2], READ)
    };

    let operations = plan(&local, &status(2, Some(hash(2)), 1, 10));

    assert_eq!(operations, [Operation::Raise(Alarm::ServerLostEvents)]);
}

#[test]
fn a_server_that_was_rolled_back_is_an_alarm_and_gets_nothing_until_it_opens_an_epoch() {
    let own = own(5, 5);
    let alarm = [Operation::Raise(Alarm::ServerLostEvents)];

    let lost_own = plan(&local(&own, READ), &status(4, Some(hash(4)), 1, 10));
    let lost_others = plan(&local(&own, READ), &status(5, Some(hash(5)), 1, 9));

    assert_eq!(lost_own, alarm);
    assert_eq!(lost_others, alarm);
}

#[test]
fn a_fork_or_a_rolled_back_device_is_an_alarm_and_its_work_is_still_handed_over() {
    let own = own(3, 2);

    let forked = plan(&local(&own, READ), &status(2, Some([0xff; 32]), 1, 10));
    let rolled_back = plan(&local(&own, READ), &status(7, Some(hash(7)), 1, 10));

    assert_eq!(
        forked,
        [
            Operation::Raise(Alarm::ChainForked),
            Operation::Push { first: 3, last: 3 }
        ]
    );
    assert_eq!(
        rolled_back,
        [
            Operation::Raise(Alarm::DeviceRolledBack),
            Operation::Push { first: 3, last: 3 }
        ]
    );
}

#[test]
fn a_revoked_device_hands_over_what_it_alone_has_and_fetches_nothing() {
    let own = own(3, 2);
    let mut revoked = status(2, Some(hash(2)), 1, 99);
    revoked.device.state = DeviceState::Revoked;

    assert_eq!(
        plan(&local(&own, READ), &revoked),
        [
            Operation::Push { first: 3, last: 3 },
            Operation::StopRevoked
        ]
    );
}

#[test]
fn an_older_epoch_is_an_alarm() {
    let own = own(3, 2);
    let older = plan(
        &local(
            &own,
            Cursor {
                epoch: 2,
                position: 1,
            },
        ),
        &status(2, Some(hash(2)), 1, 10),
    );
    assert_eq!(older, [Operation::Raise(Alarm::EpochWentBack)]);
}

#[test]
fn a_command_no_batch_can_carry_is_an_alarm_and_what_precedes_it_goes_out() {
    let mut own = own(3, 0);
    own[1].wire_bytes = MAX_BATCH_BYTES;

    assert_eq!(
        plan(&local(&own, READ), &status(0, None, 1, 10)),
        [
            Operation::Push { first: 1, last: 1 },
            Operation::Raise(Alarm::CommandTooLarge(own[1].command_id))
        ]
    );
}

#[test]
fn a_quarantined_command_needs_attention_and_a_gap_is_sent_again() {
    let first = |outcome| outbox_state(&Verdict::First(outcome));

    assert_eq!(
        first(Outcome::Accepted { position: 1 }),
        OutboxState::Confirmed
    );
    assert_eq!(
        first(Outcome::Quarantined {
            reason: QuarantineReason::GrantRevoked
        }),
        OutboxState::NeedsAttention
    );
    assert_eq!(
        first(Outcome::Deferred {
            reason: DeferReason::ChainGap
        }),
        OutboxState::Waiting
    );
    assert_eq!(
        first(Outcome::Deferred {
            reason: DeferReason::UnknownKind
        }),
        OutboxState::Confirmed
    );
    let again = Verdict::Duplicate(Outcome::Quarantined {
        reason: QuarantineReason::ChainFork,
    });
    assert_eq!(outbox_state(&again), OutboxState::NeedsAttention);
}

proptest! {
    #[test]
    fn batches_hold_every_event_once_in_order_and_never_split_a_command(
        commands in proptest::collection::vec((1_usize..60, 300_usize..9_000), 0..80),
    ) {
        let mut own = Vec::new();
        for (index, (count, bytes)) in commands.iter().enumerate() {
            for _ in 0..*count {
                let seq = own.len() as u64 + 1;
                own.push(OwnEvent {
                    seq,
                    hash: hash(seq),
                    command_id: CommandId::from_uuid(uuid(index as u128)),
                    wire_bytes: *bytes,
                    confirmed: false,
                });
            }
        }

        let operations = plan(&local(&own, READ), &status(0, None, 1, 10));

        let mut next = 1;
        for operation in &operations {
            let Operation::Push { first, last } = operation else {
                return Err(TestCaseError::fail("only pushes are planned"));
            };
            prop_assert_eq!(*first, next);
            let batch = &own[*first as usize - 1..*last as usize];
            prop_assert!(batch.len() <= MAX_BATCH_EVENTS);
            prop_assert!(batch.iter().map(|event| event.wire_bytes).sum::<usize>() <= MAX_BATCH_BYTES);
            let after = own.get(*last as usize);
            prop_assert!(after.is_none_or(|after| after.command_id != batch[batch.len() - 1].command_id));
            next = last + 1;
        }
        prop_assert_eq!(next, own.len() as u64 + 1);
    }
}
