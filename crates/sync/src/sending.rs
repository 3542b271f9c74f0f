//! Sending many batches: while the server judges one, the next is already there and the one behind it is made ready here,
//! so neither side waits for the other.
//!
//! Batches leave in the order of the chain. One that leaves before the one in front of it is answered names that one's last
//! event, and the server takes nothing of it without. Answers are kept in order. Whatever fails, answers that came before
//! it are kept; what was sent and not kept is simply offered again and found to be there. Basis: decisions 34 and 58.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Scope, ScopedJoinHandle, scope};

use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::PushBatch;

use crate::backoff::with_retries_where;
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
    /// As many as a server takes that says [`takes_batches_behind`](skranke_protocol::wire::Status) so or not.
    pub fn at_a_time(takes_batches_behind: bool) -> Self {
        if takes_batches_behind {
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

/// Sends everything the sender has.
///
/// # Errors
/// The first failure that repeating did not mend; answers that came before it are kept.
pub fn send_all(
    client: &Client,
    cancel: &Cancel,
    under_way: UnderWay,
    sender: &mut dyn Sender,
) -> Result<(), SyncError> {
    let is_over = AtomicBool::new(false);
    let line = Line {
        client,
        cancel,
        is_over: &is_over,
    };
    scope(|scope| {
        let outcome = send_in(scope, line, under_way, sender);
        // What is still under way is offered again another time: nobody waits for its second try.
        is_over.store(true, Ordering::SeqCst);
        outcome
    })
}

/// Always does what comes first of: sending what is ready, keeping what was answered, making the next ready, and waiting
/// for an answer.
fn send_in<'s>(
    scope: &'s Scope<'s, '_>,
    line: Line<'s>,
    under_way: UnderWay,
    sender: &mut dyn Sender,
) -> Result<(), SyncError> {
    let mut sent: VecDeque<Sent<'s>> = VecDeque::new();
    let (mut ready, mut answered) = (None::<Ready>, None::<(Pushed, u64)>);
    let (mut last, mut has_more, mut outcome) = (0, true, Ok(()));
    loop {
        let has_room = sent.len() < under_way.batches();
        let may_leave = |batch: &Ready| match sent.back() {
            Some(ahead) => has_room && !batch.would_overtake(&ahead.batch),
            None => true,
        };
        if let Some(batch) = ready.take_if(|batch| may_leave(batch)) {
            if line.cancel.is_cancelled() {
                (has_more, outcome) = (false, Err(SyncError::Cancelled));
                continue;
            }
            let behind = (!sent.is_empty()).then_some(last);
            last = batch.last;
            sent.push_back(line.send(scope, Arc::new(batch), behind));
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
            let (batch, was_behind, answer) = first.answer();
            match answer {
                // The one in front of it was overtaken, or not taken; it is answered now.
                Err(error) if was_behind && is_refused_as_behind(&error) => {
                    sent.push_front(line.send(scope, batch, None));
                }
                answer => answered = Some((answer?, batch.outgoing.events())),
            }
        } else {
            return outcome;
        }
    }
}

/// A batch before it leaves.
struct Ready {
    outgoing: Outgoing,
    /// Number of its last event.
    last: u64,
}

impl Ready {
    /// A small batch is at the server and read before a large one that left earlier; it waits for the answer instead.
    fn would_overtake(&self, ahead: &Ready) -> bool {
        self.outgoing.bytes() < ahead.outgoing.bytes() / 2
    }
}

fn prepare(sender: &mut dyn Sender) -> Result<Option<Ready>, SyncError> {
    let Some(events) = sender.next()? else {
        return Ok(None);
    };
    Ok(Some(Ready {
        outgoing: Outgoing::of(&PushBatch::of(&events))?,
        last: events.last().map_or(0, |event| event.header().device_seq),
    }))
}

fn is_refused_as_behind(error: &SyncError) -> bool {
    matches!(error, SyncError::Refused { code, .. } if *code == ProblemCode::StateMismatch)
}

/// Over what batches are sent.
#[derive(Clone, Copy)]
struct Line<'s> {
    client: &'s Client,
    cancel: &'s Cancel,
    is_over: &'s AtomicBool,
}

impl<'s> Line<'s> {
    fn send(self, scope: &'s Scope<'s, '_>, batch: Arc<Ready>, behind: Option<u64>) -> Sent<'s> {
        let sending = Arc::clone(&batch);
        let helps =
            move |error: &SyncError| error.is_retryable() && !self.is_over.load(Ordering::SeqCst);
        let thread = scope.spawn(move || {
            with_retries_where(self.client.environment(), self.cancel, TRIES, helps, || {
                self.client.push_prepared(&sending.outgoing, behind)
            })
        });
        Sent {
            batch,
            is_behind: behind.is_some(),
            thread,
        }
    }
}

/// A batch under way.
struct Sent<'s> {
    batch: Arc<Ready>,
    is_behind: bool,
    thread: ScopedJoinHandle<'s, Result<Pushed, SyncError>>,
}

impl Sent<'_> {
    /// Waits for the answer; whether the batch was sent behind another.
    fn answer(self) -> (Arc<Ready>, bool, Result<Pushed, SyncError>) {
        let answer = self.thread.join();
        let answer = answer.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (self.batch, self.is_behind, answer)
    }
}
