//! Sending many batches: while the server judges one, the next is already there and the one behind it is made ready here,
//! so neither side waits for the other.
//!
//! Batches leave in the order of the chain. One that leaves before the one in front of it is answered says so, and the
//! server takes nothing of it without the event that it goes on from. Answers are kept in order. Whatever fails, answers
//! that came before it are kept; what was sent and not kept is simply offered again and found to be there.
//! Basis: decisions 34 and 58.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::{Scope, ScopedJoinHandle, scope};

use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{PushBatch, Status};

use crate::backoff::{Backoff, with_retries};
use crate::client::{Client, Outgoing, Pushed};
use crate::environment::Cancel;
use crate::error::SyncError;
use crate::round::TRIES;

/// What the sending asks of its caller.
pub trait Sender {
    /// The next events to send, whole commands in the order of the chain; none where all are sent. It is asked before
    /// the batches sent last are answered.
    ///
    /// # Errors
    /// What the caller's store says; the sending ends.
    fn next(&mut self) -> Result<Option<Vec<SealedEvent>>, SyncError>;

    /// Keeps the answer to a batch of so many events; answers come in the order of the batches.
    ///
    /// # Errors
    /// What the caller's store says, or that the answer cannot be true; the sending ends.
    fn keep(&mut self, pushed: &Pushed, events: u64) -> Result<(), SyncError>;
}

/// How many batches may be under way at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnderWay {
    /// Each is answered before the next leaves: all that a server of an earlier time can take.
    One,
    /// One behind the one that is judged.
    Two,
}

impl UnderWay {
    /// As many as the server that says this takes.
    pub fn at(status: &Status) -> Self {
        if status.takes_batches_behind {
            Self::Two
        } else {
            Self::One
        }
    }

    const fn batches(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// Sends everything the sender has, two batches at a time until one of them meets trouble.
///
/// # Errors
/// The first failure that repeating did not mend; answers that came before it are kept.
pub fn send_all(
    client: &Client,
    cancel: &Cancel,
    under_way: UnderWay,
    sender: &mut dyn Sender,
) -> Result<(), SyncError> {
    let line = Line { client, cancel };
    scope(|scope| send_in(scope, line, under_way, sender))
}

/// Always does what comes first of: sending what is ready, keeping what was answered, making the next ready, and waiting
/// for an answer.
fn send_in<'s>(
    scope: &'s Scope<'s, '_>,
    line: Line<'s>,
    mut under_way: UnderWay,
    sender: &mut dyn Sender,
) -> Result<(), SyncError> {
    let mut sent: VecDeque<Sent<'s>> = VecDeque::new();
    let (mut ready, mut answered) = (None::<Outgoing>, None::<(Pushed, u64)>);
    let (mut known, mut has_more, mut outcome) = (Known::default(), true, Ok(()));
    loop {
        let has_room = sent.len() < under_way.batches();
        let may_leave = |batch: &Outgoing| match sent.back() {
            Some(ahead) => has_room && !would_overtake(batch, &ahead.batch),
            None => true,
        };
        if let Some(batch) = ready.take_if(|batch| may_leave(batch)) {
            if line.cancel.is_cancelled() {
                (has_more, outcome) = (false, Err(SyncError::Cancelled));
                continue;
            }
            let is_behind = !sent.is_empty();
            sent.push_back(line.send(scope, Arc::new(batch), is_behind, None));
        } else if let Some((pushed, events)) = answered.take() {
            sender.keep(&pushed, events)?;
        } else if has_more && ready.is_none() {
            match prepare(sender) {
                Ok(next) => {
                    has_more = next.is_some();
                    ready = next;
                }
                // What is under way is still answered, and the answers kept.
                Err(error) => (has_more, outcome) = (false, Err(error)),
            }
        } else if let Some(first) = sent.pop_front() {
            let Answered {
                batch,
                was_behind,
                came_again,
                answer,
            } = first.answer();
            if came_again {
                under_way = UnderWay::One;
            }
            let again = match answer {
                Ok(pushed) if !was_behind || known.may_be_followed_by(&Known::by(&pushed)) => {
                    known = Known::by(&pushed);
                    answered = Some((pushed, batch.events()));
                    continue;
                }
                Err(error) if !was_behind || !may_come_again(&error) => return Err(error),
                Ok(_) => None,
                Err(error) => error.is_retryable().then_some(error),
            };
            // The one in front of it is answered now, and from here on each waits for the one before it.
            under_way = UnderWay::One;
            sent.push_front(line.send(scope, batch, false, again));
        } else {
            return outcome;
        }
    }
}

fn prepare(sender: &mut dyn Sender) -> Result<Option<Outgoing>, SyncError> {
    let events = sender.next()?;
    events
        .map(|events| Outgoing::of(&PushBatch::of(&events)))
        .transpose()
}

/// A small batch is at the server and read before a large one that left earlier; it waits for the answer instead.
fn would_overtake(batch: &Outgoing, ahead: &Outgoing) -> bool {
    batch.bytes() < ahead.bytes() / 2
}

/// Whether a batch that was sent behind another is sent again by itself.
fn may_come_again(error: &SyncError) -> bool {
    let is_refused =
        matches!(error, SyncError::Refused { code, .. } if *code == ProblemCode::StateMismatch);
    is_refused || error.is_retryable()
}

/// What the server was known to have by the answer heard last.
///
/// Where the answer to a batch is lost, the one behind it is answered first, and the answer to the first, when it is
/// asked for again, may know of more. Kept in the order of the batches, the feed would seem to have become shorter.
#[derive(Default)]
struct Known {
    epoch: u64,
    /// Length of the feed.
    position: u64,
    /// Number of the last event in the own chain.
    seq: u64,
}

impl Known {
    fn by(pushed: &Pushed) -> Self {
        Self {
            epoch: pushed.head.epoch,
            position: pushed.head.position,
            seq: pushed.confirmation.seq,
        }
    }

    fn may_be_followed_by(&self, next: &Self) -> bool {
        let knows_no_less = next.position >= self.position && next.seq >= self.seq;
        next.epoch > self.epoch || next.epoch == self.epoch && knows_no_less
    }
}

/// Over what batches are sent.
#[derive(Clone, Copy)]
struct Line<'s> {
    client: &'s Client,
    cancel: &'s Cancel,
}

impl<'s> Line<'s> {
    /// Sends a batch, after a wait where an earlier try met this error.
    fn send(
        self,
        scope: &'s Scope<'s, '_>,
        batch: Arc<Outgoing>,
        is_behind: bool,
        after: Option<SyncError>,
    ) -> Sent<'s> {
        let sending = Arc::clone(&batch);
        // One that is behind has nothing to come again for while the one in front of it does.
        let most = if is_behind { 1 } else { TRIES };
        let thread = scope.spawn(move || {
            let environment = self.client.environment();
            if let Some(error) = after {
                let random = u32::from_le_bytes(environment.random_bytes());
                let pause = Backoff::default().next(random, error.asks_to_wait());
                environment.wait(pause, self.cancel);
            }
            let mut tries = 0;
            let answer = with_retries(environment, self.cancel, most, || {
                tries += 1;
                self.client.push_prepared(&sending, is_behind)
            });
            (answer, tries > 1)
        });
        Sent {
            batch,
            is_behind,
            thread,
        }
    }
}

/// A batch under way.
struct Sent<'s> {
    batch: Arc<Outgoing>,
    is_behind: bool,
    thread: ScopedJoinHandle<'s, (Result<Pushed, SyncError>, bool)>,
}

/// A batch that is under way no more.
struct Answered {
    batch: Arc<Outgoing>,
    was_behind: bool,
    /// Whether it took more than one try.
    came_again: bool,
    answer: Result<Pushed, SyncError>,
}

impl Sent<'_> {
    fn answer(self) -> Answered {
        let joined = self.thread.join();
        let (answer, came_again) = joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Answered {
            batch: self.batch,
            was_behind: self.is_behind,
            came_again,
            answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Known;

    #[test]
    fn an_answer_follows_one_that_knew_no_more_of_the_feed_and_of_the_chain() {
        let known = |epoch, position, seq| Known {
            epoch,
            position,
            seq,
        };
        let before = known(2, 10, 5);

        let kept = [
            known(2, 10, 5),
            known(2, 11, 5),
            known(2, 10, 6),
            known(3, 1, 1),
        ];
        let asked_for_again = [known(2, 9, 6), known(2, 11, 4), known(1, 11, 6)];

        assert!(kept.iter().all(|next| before.may_be_followed_by(next)));
        assert!(
            !asked_for_again
                .iter()
                .any(|next| before.may_be_followed_by(next))
        );
    }
}
