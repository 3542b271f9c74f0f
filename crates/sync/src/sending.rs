//! Sending many batches: while the server judges one, the next is read and packed here and the answer before it is kept,
//! so neither side waits for the other.
//!
//! One request is under way at a time: the next batch leaves only when the one before it is answered, so the server sees
//! the chain in order, and answers are kept in order. Whatever fails, answers that came before it are kept; what was sent
//! and not kept is simply offered again and found to be there.

use std::thread::{ScopedJoinHandle, scope};

use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::PushBatch;

use crate::backoff::with_retries;
use crate::client::{Client, Outgoing, Pushed};
use crate::environment::Cancel;
use crate::error::SyncError;
use crate::round::TRIES;

/// What the sending asks of its caller.
pub trait Sender {
    /// The next events to send, whole commands in the order of the chain; none where all are sent. It is asked before
    /// the batch sent last is answered.
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

/// Sends everything the sender has.
///
/// # Errors
/// The first failure that repeating did not mend; answers that came before it are kept.
pub fn send_all(
    client: &Client,
    cancel: &Cancel,
    sender: &mut dyn Sender,
) -> Result<(), SyncError> {
    let mut waiting = prepare(sender)?;
    let mut answered: Option<Answered> = None;
    while let Some(batch) = waiting {
        if cancel.is_cancelled() {
            keep(sender, answered)?;
            return Err(SyncError::Cancelled);
        }
        let (kept, next, pushed) = scope(|scope| {
            let sending = scope.spawn(|| {
                with_retries(client.environment(), cancel, TRIES, || {
                    client.push_prepared(&batch)
                })
            });
            let kept = keep(sender, answered.take());
            let next = kept.is_ok().then(|| prepare(sender));
            (kept, next, joined(sending))
        });
        // What could not be kept, or was not believed, ends it: the batch under way is offered again.
        kept?;
        answered = Some((pushed?, batch.events()));
        waiting = match next.transpose() {
            Ok(next) => next.flatten(),
            Err(error) => {
                keep(sender, answered)?;
                return Err(error);
            }
        };
    }
    keep(sender, answered)
}

/// An answer, and how many events it answers.
type Answered = (Pushed, u64);

fn prepare(sender: &mut dyn Sender) -> Result<Option<Outgoing>, SyncError> {
    let events = sender.next()?;
    events
        .map(|events| Outgoing::of(&PushBatch::of(&events)))
        .transpose()
}

fn keep(sender: &mut dyn Sender, answered: Option<Answered>) -> Result<(), SyncError> {
    match answered {
        Some((pushed, events)) => sender.keep(&pushed, events),
        None => Ok(()),
    }
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
