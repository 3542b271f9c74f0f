//! Sending many batches one behind the other, while the next is made ready and the last answer is kept.

use std::iter::repeat_n;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::RngCore;
use rand::rngs::OsRng;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{
    BEHIND, CommandVerdict, DeferReason, MAX_BATCH_EVENTS, Outcome, PushBatch, QuarantineReason,
    Status, Verdict,
};
use skranke_sync::{
    Cancel, Client, Connection, Environment, Pushed, Sender, SyncError, UnderWay, send_all,
};
use skranke_testkit::network::{Fault, Kind, Line, Trouble};
use skranke_testkit::patience::wait_until;

use super::client::refused;
use super::raw::{Answer, proof_with, send};
use super::town::{Town, now};
use crate::office::{Laptop, TENANT};

const PUSH: Kind = Kind::new("POST", "/v1/events");

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
    under_way: UnderWay,
    /// What is waited for before one is read behind so many.
    until: Option<&'e dyn Fn(usize) -> bool>,
    cancel: Cancel,
    /// Where somebody cancels.
    cancelled_at: Option<Asked>,
    fails_at: Option<Asked>,
    asked: Vec<Asked>,
    verdicts: Vec<Verdict>,
    /// How long the feed was by each answer.
    heads: Vec<u64>,
}

impl<'e> Desktop<'e> {
    fn with(batches: &'e [Vec<SealedEvent>]) -> Self {
        Self {
            batches,
            under_way: UnderWay::Two,
            until: None,
            cancel: Cancel::default(),
            cancelled_at: None,
            fails_at: None,
            asked: Vec::new(),
            verdicts: Vec::new(),
            heads: Vec::new(),
        }
    }

    fn failing_at(self, step: Asked) -> Self {
        let fails_at = Some(step);
        Self { fails_at, ..self }
    }

    fn send(&mut self, client: &Client) -> Result<(), SyncError> {
        let cancel = self.cancel.clone();
        send_all(client, &cancel, self.under_way, self)
    }

    fn at(&mut self, step: Asked) -> Result<(), SyncError> {
        self.asked.push(step);
        if self.cancelled_at == Some(step) {
            self.cancel.cancel();
        }
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
        if let Some(until) = self.until {
            wait_until("the next may be read", || until(n));
        }
        Ok(self.batches.get(n).cloned())
    }

    fn keep(&mut self, pushed: &Pushed, events: u64) -> Result<(), SyncError> {
        let n = self.asked_before(Keep);
        self.at(Keep(n + 1))?;
        assert_eq!(events, self.batches[n].len() as u64);
        self.heads.push(pushed.head.position);
        self.verdicts
            .extend(pushed.verdicts.iter().map(|answer| answer.verdict.clone()));
        Ok(())
    }
}

/// A client and three batches of one case each.
fn three_batches(town: &Town) -> (Client, Vec<Vec<SealedEvent>>) {
    let (client, mut laptop) = town.counter(1, &["counter"]);
    (client, cases(&mut laptop, 3))
}

/// So many batches of one case each.
fn cases(laptop: &mut Laptop, batches: usize) -> Vec<Vec<SealedEvent>> {
    let each = |_| laptop.open_case("2512169996").1;
    (0..batches).map(each).collect()
}

/// A laptop, its client, and a line on which the first push meets this trouble.
fn in_trouble(trouble: Trouble) -> (Town, Client, Laptop, Arc<Line>) {
    let town = Town::new();
    let (client, laptop) = town.counter(1, &["counter"]);
    let line = Arc::new(Line::to(town.address()));
    line.suffers(Fault::once(trouble, PUSH));
    (town, client, laptop, line)
}

/// A laptop over a line, and what it does instead of waiting.
fn over(
    line: &Line,
    town: &Town,
    laptop: &Laptop,
    wait: impl Fn(Duration, &Cancel) + Send + Sync + 'static,
) -> Client {
    let connection = Connection {
        base_url: format!("http://{}", line.address()),
        tenant: TENANT.to_owned(),
        device_id: laptop.id,
        key: laptop.key.clone(),
        server_key: Some(town.server.central().public_key()),
        ca_file: None,
    };
    let random = |bytes: &mut [u8]| OsRng.fill_bytes(bytes);
    Client::new(connection, Environment::new(now, random, wait))
}

/// Instead of waiting before another try: until something came through that was sent behind.
fn until_overtaken(line: &Arc<Line>) -> impl Fn(Duration, &Cancel) + Send + Sync + use<> {
    let line = Arc::clone(line);
    move |_, _| wait_until("the one behind is answered", || line.answered() > 0)
}

fn push_behind(town: &Town, laptop: &Laptop, events: &[SealedEvent], behind: &str) -> Answer {
    let body = serde_json::to_vec(&PushBatch::of(events)).unwrap();
    let proof = proof_with(town, laptop, "POST", "/v1/events", &body, None);
    let header = (BEHIND, behind.to_owned());
    send(town, "POST", "/v1/events", &[proof, header], &body)
}

fn first(position: u64) -> Verdict {
    Verdict::First(Outcome::Accepted { position })
}

fn duplicate(position: u64) -> Verdict {
    Verdict::Duplicate(Outcome::Accepted { position })
}

#[test]
fn batches_are_read_while_others_are_judged_and_answers_are_kept_in_order() {
    let town = Town::new();
    let (client, batches) = three_batches(&town);
    let mut desktop = Desktop::with(&batches);

    desktop.send(&client).unwrap();

    // Two are under way and a third is ready before the first is kept, and no link of the chain ever came too early.
    let order = [
        Next(1),
        Next(2),
        Next(3),
        Keep(1),
        Next(4),
        Keep(2),
        Keep(3),
    ];
    assert_eq!(desktop.asked, order);
    assert_eq!(desktop.verdicts, [first(2), first(4), first(6)]);
    assert_eq!(town.alarms(), [""; 0]);
}

#[test]
fn a_server_of_an_earlier_time_gets_a_batch_when_the_one_in_front_of_it_is_answered() {
    let town = Town::new();
    let (client, batches) = three_batches(&town);
    let now = client.status().unwrap();
    assert_eq!(UnderWay::at(&now), UnderWay::Two);
    let earlier = Status {
        takes_batches_behind: false,
        ..now
    };
    let mut desktop = Desktop {
        under_way: UnderWay::at(&earlier),
        ..Desktop::with(&batches)
    };

    desktop.send(&client).unwrap();

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
fn a_batch_that_overtakes_the_one_in_front_of_it_is_not_taken_before_it_and_raises_no_alarm() {
    for (trouble, answer) in [
        (Trouble::RequestCut, first(2)),
        // It came at last, and then once more.
        (Trouble::Late, duplicate(2)),
    ] {
        let (town, _, mut laptop, line) = in_trouble(trouble);
        let batches = cases(&mut laptop, 3);
        let until_overtaken = until_overtaken(&line);
        let mut desktop = Desktop {
            until: Some(&|n| line.carried().len() >= n),
            ..Desktop::with(&batches)
        };

        desktop
            .send(&over(&line, &town, &laptop, until_overtaken))
            .unwrap();

        assert_eq!(line.befallen(), 1, "{trouble:?}");
        assert_eq!(
            desktop.verdicts,
            [answer, first(4), first(6)],
            "{trouble:?}"
        );
        assert_eq!(town.alarms(), [""; 0], "{trouble:?}");
    }
}

#[test]
fn a_small_batch_waits_for_the_answer_to_a_large_one_since_it_would_overtake_it() {
    let town = Town::new();
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let large = (0..20).flat_map(|_| laptop.open_case("2512169996").1);
    let batches = [large.collect(), laptop.open_case("2211771212").1];
    let mut desktop = Desktop::with(&batches);

    desktop.send(&client).unwrap();

    // Had it left at once, the end would have been looked for before the first answer was kept.
    let order = [Next(1), Next(2), Keep(1), Next(3), Keep(2)];
    assert_eq!(desktop.asked, order);
    assert_eq!(desktop.verdicts.last(), Some(&first(42)));
}

#[test]
fn an_answer_that_is_lost_and_asked_for_again_does_not_make_the_feed_seem_shorter() {
    let (town, direct, mut laptop, line) = in_trouble(Trouble::AnswerLost);
    let (other, mut colleague) = town.counter(2, &["counter"]);
    let batches = cases(&mut laptop, 3);
    // Who comes again comes when the one behind was answered, and a colleague was quicker still.
    let (until_overtaken, work) = (
        until_overtaken(&line),
        Mutex::new(Some(colleague.open_case("2211771212").1)),
    );
    let until_others_wrote = move |time, cancel: &Cancel| {
        until_overtaken(time, cancel);
        if let Some(work) = work.lock().unwrap().take() {
            other.push(&work).unwrap();
        }
    };
    let mut desktop = Desktop {
        until: Some(&|n| n == 0 || direct.status().unwrap().device.seq >= 2),
        ..Desktop::with(&batches)
    };

    desktop
        .send(&over(&line, &town, &laptop, until_others_wrote))
        .unwrap();

    assert_eq!(line.befallen(), 1);
    // The second was taken when it came, and is asked for again since its first answer knew less than that of the first.
    assert_eq!(desktop.verdicts, [duplicate(2), duplicate(4), first(8)]);
    assert_eq!(desktop.heads, [6, 6, 8], "as the desktop hears of the feed");
    assert_eq!(town.alarms(), [""; 0]);
}

#[test]
fn after_trouble_on_the_line_each_batch_waits_for_the_one_before_it() {
    let (town, _, mut laptop, line) = in_trouble(Trouble::RequestCut);
    let batches = cases(&mut laptop, 5);
    let until_overtaken = until_overtaken(&line);
    let mut desktop = Desktop {
        until: Some(&|n| line.carried().len() >= n),
        ..Desktop::with(&batches)
    };

    desktop
        .send(&over(&line, &town, &laptop, until_overtaken))
        .unwrap();

    let positions = [2, 4, 6, 8, 10].map(first);
    assert_eq!(desktop.verdicts, positions);
    let order = [
        Next(1),
        Next(2),
        Next(3),
        Keep(1),
        Keep(2),
        Next(4),
        Keep(3),
        Next(5),
        Keep(4),
        Next(6),
        Keep(5),
    ];
    assert_eq!(desktop.asked, order);
    // The one that was cut and the one behind it, and no other.
    assert_eq!(line.carried().len(), batches.len() + 2);
    assert_eq!(town.alarms(), [""; 0]);
}

#[test]
fn a_batch_that_was_behind_and_told_to_come_again_waits_as_long_as_it_was_asked_to() {
    let (town, _, mut laptop, line) = in_trouble(Trouble::None);
    let batches = cases(&mut laptop, 3);
    line.suffers(Fault::once(Trouble::Busy, PUSH).behind(1));
    let waits = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&waits);
    let mut desktop = Desktop {
        until: Some(&|n| line.carried().len() >= n),
        ..Desktop::with(&batches)
    };

    desktop
        .send(&over(&line, &town, &laptop, move |time, _: &Cancel| {
            heard.lock().unwrap().push(time);
        }))
        .unwrap();

    assert_eq!(line.befallen(), 1);
    assert_eq!(*waits.lock().unwrap(), [Duration::from_secs(300)]);
    assert_eq!(desktop.verdicts, [2, 4, 6].map(first));
}

#[test]
fn who_cancels_with_two_under_way_keeps_their_answers_and_sends_no_more() {
    let town = Town::new();
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let batches = cases(&mut laptop, 8);
    let mut desktop = Desktop {
        cancelled_at: Some(Keep(1)),
        ..Desktop::with(&batches)
    };

    let ended = desktop.send(&client);

    assert!(matches!(ended, Err(SyncError::Cancelled)), "{ended:?}");
    let kept: Vec<_> = [2, 4, 6].map(first)[..desktop.kept()].to_vec();
    assert_eq!(desktop.verdicts, kept);
    assert!(client.status().unwrap().device.seq <= 6);
    let mut again = Desktop::with(&batches);
    again.send(&client).unwrap();
    let positions = (1..=8).map(|n| Outcome::Accepted { position: 2 * n });
    assert!(
        again
            .verdicts
            .iter()
            .map(Verdict::outcome)
            .cloned()
            .eq(positions)
    );
    assert_eq!(town.alarms(), [""; 0]);
}

#[test]
fn what_others_offered_again_beside_the_chain_is_nothing_to_follow() {
    let town = Town::new();
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let (other, _) = town.counter(2, &["counter"]);
    let [lost, relayed, next] = [(); 3].map(|()| laptop.open_case("2512169996").1);
    // Only a restored store is offered the work of others.
    town.open_epoch();
    other
        .push_batch(&PushBatch::again(&relayed, Vec::new()))
        .unwrap();

    let refused = push_behind(&town, &laptop, &next, "?1");

    assert_eq!(refused.problem(), ProblemCode::StateMismatch);
    assert_eq!(town.alarms(), [""; 0]);
    client.push(&lost).unwrap();
    client.push(&relayed).unwrap();
    assert_eq!(push_behind(&town, &laptop, &next, "?1").status, 200);
}

#[test]
fn what_is_sent_behind_an_event_that_is_not_there_is_refused_whole() {
    let town = Town::new();
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let [before, after] = [(); 2].map(|()| laptop.open_case("2512169996").1);
    let push = |behind: &str| push_behind(&town, &laptop, &after, behind);

    let refused = push("?1");
    assert_eq!(
        (refused.status, refused.problem()),
        (409, ProblemCode::StateMismatch)
    );
    for unknown in ["", "2", "?2", "true"] {
        let refused = push(unknown);
        assert_eq!(refused.problem(), ProblemCode::BadParameter, "{unknown}");
    }
    assert_eq!(
        client.status().unwrap().device.seq,
        0,
        "none of it is there"
    );
    assert_eq!(town.alarms(), [""; 0], "it is too early for nobody");

    client.push(&before).unwrap();
    assert_eq!(push("?1").status, 200);
    assert_eq!(client.status().unwrap().device.seq, 4);
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
        "the third is not taken without the second"
    );
    assert_eq!(town.alarms(), [""; 0], "nor was it too early");
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
    assert_eq!(again.verdicts[0], duplicate(2));
    // Those behind it had left too, and are there already or not.
    let positions = [2, 4, 6].map(|position| Outcome::Accepted { position });
    assert!(again.verdicts.iter().map(Verdict::outcome).eq(&positions));
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
    let cases = cases(&mut laptop, 60);
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
