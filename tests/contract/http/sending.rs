//! Sending many batches one behind the other, while the next is made ready and the last answer is kept.

use std::iter::repeat_n;

use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{
    CommandVerdict, DeferReason, MAX_BATCH_EVENTS, Outcome, PushBatch, QuarantineReason, Verdict,
};
use skranke_sync::{Cancel, Client, Pushed, Sender, SyncError, send_all};

use super::client::refused;
use super::town::Town;

/// What the sending asked for, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Next(usize),
    Keep(usize),
}
use Asked::{Keep, Next};

/// A desktop with these batches to send, whose store fails at one step.
struct Desktop<'e> {
    batches: &'e [Vec<SealedEvent>],
    fails_at: Option<Asked>,
    asked: Vec<Asked>,
    verdicts: Vec<Verdict>,
}

impl<'e> Desktop<'e> {
    fn with(batches: &'e [Vec<SealedEvent>]) -> Self {
        Self {
            batches,
            fails_at: None,
            asked: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    fn failing_at(self, step: Asked) -> Self {
        let fails_at = Some(step);
        Self { fails_at, ..self }
    }

    fn send(&mut self, client: &Client) -> Result<(), SyncError> {
        send_all(client, &Cancel::default(), self)
    }

    fn at(&mut self, step: Asked) -> Result<(), SyncError> {
        self.asked.push(step);
        if self.fails_at == Some(step) {
            return Err(SyncError::Host("the disk is full".to_owned()));
        }
        Ok(())
    }

    fn asked_before(&self, step: fn(usize) -> Asked) -> usize {
        let times = (1..).take_while(|n| self.asked.contains(&step(*n)));
        times.count()
    }

    fn kept(&self) -> usize {
        self.verdicts.len()
    }
}

impl Sender for Desktop<'_> {
    fn next(&mut self) -> Result<Option<Vec<SealedEvent>>, SyncError> {
        let n = self.asked_before(Next);
        self.at(Next(n + 1))?;
        Ok(self.batches.get(n).cloned())
    }

    fn keep(&mut self, pushed: &Pushed, events: u64) -> Result<(), SyncError> {
        let n = self.asked_before(Keep);
        self.at(Keep(n + 1))?;
        assert_eq!(events, self.batches[n].len() as u64);
        self.verdicts
            .extend(pushed.verdicts.iter().map(|answer| answer.verdict.clone()));
        Ok(())
    }
}

/// A client and three batches of one case each.
fn three_batches(town: &Town) -> (Client, Vec<Vec<SealedEvent>>) {
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let batches = (0..3).map(|_| laptop.open_case("2512169996").1);
    (client, batches.collect())
}

fn first(position: u64) -> Verdict {
    Verdict::First(Outcome::Accepted { position })
}

fn duplicate(position: u64) -> Verdict {
    Verdict::Duplicate(Outcome::Accepted { position })
}

#[test]
fn the_next_batch_is_read_while_one_is_judged_and_answers_are_kept_in_order() {
    let town = Town::new();
    let (client, batches) = three_batches(&town);
    let mut desktop = Desktop::with(&batches);

    desktop.send(&client).unwrap();

    // Each is asked for before the one sent before it is kept, and no link of the chain ever came too early.
    let order = [
        Next(1),
        Next(2),
        Keep(1),
        Next(3),
        Keep(2),
        Next(4),
        Keep(3),
    ];
    assert_eq!(desktop.asked, order);
    assert_eq!(desktop.verdicts, [first(2), first(4), first(6)]);
}

#[test]
fn a_batch_that_fails_behind_others_takes_no_answer_away_and_is_offered_again() {
    let town = Town::new();
    let (client, batches) = three_batches(&town);
    // More events than a batch takes.
    let too_many = vec![
        batches[0].clone(),
        repeat_n(batches[1].clone(), 300).flatten().collect(),
        batches[2].clone(),
    ];
    let mut desktop = Desktop::with(&too_many);

    let ended = desktop.send(&client);

    assert_eq!(refused(ended), ProblemCode::TooLarge);
    assert_eq!(desktop.verdicts, [first(2)]);
    assert_eq!(
        client.status().unwrap().device.seq,
        2,
        "the third never left"
    );
    let mut again = Desktop::with(&batches);
    again.send(&client).unwrap();
    assert_eq!(again.verdicts, [duplicate(2), first(4), first(6)]);
}

#[test]
fn where_the_next_cannot_be_read_every_answer_is_still_kept() {
    let town = Town::new();
    let (client, batches) = three_batches(&town);
    let mut desktop = Desktop::with(&batches).failing_at(Next(3));

    let ended = desktop.send(&client);

    assert!(matches!(ended, Err(SyncError::Host(_))), "{ended:?}");
    assert_eq!(desktop.verdicts, [first(2), first(4)]);
}

#[test]
fn what_was_answered_and_could_not_be_kept_is_offered_again_and_found_there() {
    let town = Town::new();
    let (client, batches) = three_batches(&town);
    let mut desktop = Desktop::with(&batches).failing_at(Keep(1));

    let ended = desktop.send(&client);

    assert!(matches!(ended, Err(SyncError::Host(_))), "{ended:?}");
    assert_eq!((desktop.kept(), desktop.asked.last()), (0, Some(&Keep(1))));
    let mut again = Desktop::with(&batches);
    again.send(&client).unwrap();
    assert_eq!(again.verdicts, [duplicate(2), duplicate(4), first(6)]);
}

#[test]
fn a_batch_of_501_events_is_refused_by_name_and_one_of_500_is_taken() {
    let town = Town::new();
    let (client, batches) = three_batches(&town);
    let event = batches[0][0].clone();
    let batch = |events| PushBatch::of(&vec![event.clone(); events]);

    let refusal = client.push_batch(&batch(MAX_BATCH_EVENTS + 1)).map(|_| ());

    assert_eq!(refused(refusal), ProblemCode::TooLarge);
    assert_eq!(client.status().unwrap().device.seq, 0);
    assert!(client.push_batch(&batch(MAX_BATCH_EVENTS)).is_ok());
}

#[test]
fn a_large_batch_is_judged_by_signatures_that_are_checked_while_it_is_written() {
    let town = Town::new();
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let cases: Vec<_> = (0..60).map(|_| laptop.open_case("2512169996").1).collect();
    let mut batch = PushBatch::of(&cases.concat());
    let (strange, own) = (
        batch.commands[0].events[0].signature,
        &mut batch.commands[30],
    );
    own.events[1].signature = strange;

    let pushed = client.push_batch(&batch).unwrap();

    let outcomes: Vec<_> = pushed
        .verdicts
        .iter()
        .map(|answer| answer.verdict.outcome())
        .collect();
    let accepted = (1..=30).map(|n| Outcome::Accepted { position: 2 * n });
    assert!(accepted.eq(outcomes[..30].iter().map(|outcome| (*outcome).clone())));
    let forged = Outcome::Quarantined {
        reason: QuarantineReason::BadSignature,
    };
    assert_eq!(outcomes[30], &forged);
    let behind_it = Outcome::Deferred {
        reason: DeferReason::ChainGap,
    };
    assert!(outcomes[31..].iter().all(|outcome| *outcome == &behind_it));
    // What was signed is taken the second time, and what was taken already is found.
    let again = client.push_batch(&PushBatch::of(&cases.concat())).unwrap();
    let is_taken =
        |answer: &CommandVerdict| matches!(answer.verdict.outcome(), Outcome::Accepted { .. });
    assert!(again.verdicts.iter().all(is_taken));
}
