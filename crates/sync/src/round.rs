//! One round of synchronisation: ask for the status, let the planner decide, do it in order.
//!
//! What is done is told at once through closures, so a round that is cut anywhere has lost nothing: the next one goes
//! on from what was stored.

use skranke_domain::ids::{CommandId, Sha256Digest};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::plan::{Alarm, Local, Operation, OwnAttachment, plan};
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{PushBatch, SealedBatch, SealedCommand, Status};

use crate::backoff::with_retries;
use crate::client::{Client, Page, Pushed, Unsealed};
use crate::environment::Cancel;
use crate::error::SyncError;
use crate::reading::{PAGE_ITEMS, read_feed};
use crate::sending::{Sender, UnderWay, send_all};

/// How often one request is tried within a round.
pub const TRIES: u32 = 3;
/// How far a round has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Events sent so far, of all to send.
    Sent {
        /// So far.
        done: u64,
        /// Of all.
        of: u64,
    },
    /// Position of the feed read so far, of the last one known.
    Read {
        /// So far.
        position: u64,
        /// Of all.
        of: u64,
    },
    /// Bytes of a file uploaded so far, of all.
    Uploaded {
        /// So far.
        done: u64,
        /// Of all.
        of: u64,
    },
}

/// Which sealed commands are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedPart {
    /// Those of these numbers of the own chain, both ends included.
    Own {
        /// First number.
        first: u64,
        /// Last number.
        last: u64,
    },
    /// Those of other devices, as many as a batch carries, in the order of their ids after this one.
    OfOthers {
        /// The last one before.
        after: Option<CommandId>,
    },
}

/// What hears of events and of the server's verdicts on them.
pub type Heard<'a> = dyn FnMut(&[SealedEvent], &Pushed) -> Result<(), String> + 'a;

/// The caller's side of a round: plain functions over its own store. An error text ends the round.
pub struct Exchange<'a> {
    /// The sealed own events of these numbers, both ends included.
    pub own_events: &'a mut dyn FnMut(u64, u64) -> Result<Vec<SealedEvent>, String>,
    /// The next of what is to be offered to a restored server again, in the order of each device's chain, with the
    /// grants it rests on; empty where all was.
    pub offered_again: &'a mut dyn FnMut() -> Result<(Vec<SealedEvent>, Vec<String>), String>,
    /// Note that these were offered, and what the server said.
    pub taken_again: &'a mut Heard<'a>,
    /// Sealed commands; none where there are no more.
    pub sealed: &'a mut dyn FnMut(SealedPart) -> Result<Vec<SealedCommand>, String>,
    /// Store what the server said of sealed commands.
    pub unsealed: &'a mut dyn FnMut(&Unsealed) -> Result<(), String>,
    /// Store the verdicts and the confirmation of a push.
    pub pushed: &'a mut dyn FnMut(&Pushed) -> Result<(), String>,
    /// Store a page, or several in one, and its cursor in one transaction.
    pub pulled: &'a mut dyn FnMut(&Page) -> Result<(), String>,
    /// The bytes of a file, or its boxes where it is sealed.
    pub file: &'a mut dyn FnMut(&OwnAttachment) -> Result<Vec<u8>, String>,
    /// A file is complete on the server.
    pub uploaded: &'a mut dyn FnMut(&Sha256Digest) -> Result<(), String>,
    /// Tell an alarm.
    pub alarm: &'a mut dyn FnMut(Alarm),
    /// Hear how far it is.
    pub progress: &'a mut dyn FnMut(Progress),
}

/// What a whole round did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundResult {
    /// The status the plan was made from.
    pub status: Status,
    /// Events sent.
    pub sent: u64,
    /// Feed items read.
    pub read: u64,
}

/// Runs one round.
///
/// # Errors
/// The first failure that repeating did not mend; what was done before it has been told.
pub fn run(
    client: &Client,
    local: &Local<'_>,
    exchange: &mut Exchange<'_>,
    cancel: &Cancel,
) -> Result<RoundResult, SyncError> {
    let status = attempt(client, cancel, || client.status())?;
    let operations = plan(local, &status);
    let mut to_send = 0;
    for operation in &operations {
        if let Operation::Push { first, last } = operation {
            to_send += last - first + 1;
        }
    }
    let mut result = RoundResult {
        status,
        sent: 0,
        read: 0,
    };
    let mut operations = operations.into_iter().peekable();
    while let Some(operation) = operations.next() {
        if cancel.is_cancelled() {
            return Err(SyncError::Cancelled);
        }
        match operation {
            Operation::Raise(alarm) => (exchange.alarm)(alarm),
            Operation::StopRevoked => {
                let reference = String::new();
                return Err(SyncError::Refused {
                    code: ProblemCode::DeviceRevoked,
                    reference,
                    retry_after: None,
                });
            }
            Operation::Push { first, last } => {
                let mut batches = vec![(first, last)];
                while let Some(Operation::Push { first, last }) = operations.peek() {
                    batches.push((*first, *last));
                    operations.next();
                }
                let mut sending = Batches {
                    exchange: &mut *exchange,
                    batches: batches.into_iter(),
                    sent: &mut result.sent,
                    to_send,
                };
                let under_way = UnderWay::at(&result.status);
                send_all(client, cancel, under_way, &mut sending)?;
            }
            Operation::PushSealed { first, last } => {
                let commands =
                    (exchange.sealed)(SealedPart::Own { first, last }).map_err(SyncError::Host)?;
                offer_sealed(client, exchange, cancel, commands)?;
            }
            Operation::OfferSealed => {
                let mut after = None;
                loop {
                    let commands = (exchange.sealed)(SealedPart::OfOthers { after })
                        .map_err(SyncError::Host)?;
                    let Some(last) = commands.last() else {
                        break;
                    };
                    after = Some(last.command_id);
                    offer_sealed(client, exchange, cancel, commands)?;
                }
            }
            Operation::StopForNewEpoch => {
                let reference = String::new();
                return Err(SyncError::Refused {
                    code: ProblemCode::EpochChanged,
                    reference,
                    retry_after: None,
                });
            }
            Operation::ReofferPulled => loop {
                let (events, grants) = (exchange.offered_again)().map_err(SyncError::Host)?;
                if events.is_empty() && grants.is_empty() {
                    break;
                }
                if cancel.is_cancelled() {
                    return Err(SyncError::Cancelled);
                }
                let batch = PushBatch::again(&events, grants);
                let pushed = attempt(client, cancel, || client.push_batch(&batch))?;
                (exchange.taken_again)(&events, &pushed).map_err(SyncError::Host)?;
            },
            Operation::Pull { after } => {
                let mut keep = |page: &Page| {
                    (exchange.pulled)(page).map_err(SyncError::Host)?;
                    result.read += page.sent.items.len() as u64;
                    (exchange.progress)(Progress::Read {
                        position: page.sent.cursor.position,
                        of: page.head.position,
                    });
                    Ok(())
                };
                read_feed(client, cancel, after, PAGE_ITEMS, &mut keep)?;
            }
            Operation::Upload(attachment) => {
                let bytes = (exchange.file)(&attachment).map_err(SyncError::Host)?;
                let of = attachment.size_bytes;
                attempt(client, cancel, || {
                    let told = |done| (exchange.progress)(Progress::Uploaded { done, of });
                    if attachment.is_sealed {
                        client.upload_sealed(&attachment.digest, &bytes, cancel, told)
                    } else {
                        client.upload(&attachment.digest, &bytes, cancel, told)
                    }
                })?;
                (exchange.uploaded)(&attachment.digest).map_err(SyncError::Host)?;
            }
        }
    }
    Ok(result)
}

/// Offers sealed commands and hears what the server could make of them.
fn offer_sealed(
    client: &Client,
    exchange: &mut Exchange<'_>,
    cancel: &Cancel,
    commands: Vec<SealedCommand>,
) -> Result<(), SyncError> {
    if cancel.is_cancelled() {
        return Err(SyncError::Cancelled);
    }
    if commands.is_empty() {
        return Ok(());
    }
    let batch = SealedBatch { commands };
    let unsealed = attempt(client, cancel, || client.push_sealed(&batch))?;
    (exchange.unsealed)(&unsealed).map_err(SyncError::Host)
}

/// The batches of a plan on their way.
struct Batches<'r, 'x> {
    exchange: &'r mut Exchange<'x>,
    batches: std::vec::IntoIter<(u64, u64)>,
    sent: &'r mut u64,
    to_send: u64,
}

impl Sender for Batches<'_, '_> {
    fn next(&mut self) -> Result<Option<Vec<SealedEvent>>, SyncError> {
        let events = self
            .batches
            .next()
            .map(|(first, last)| (self.exchange.own_events)(first, last));
        events.transpose().map_err(SyncError::Host)
    }

    fn keep(&mut self, pushed: &Pushed, events: u64) -> Result<(), SyncError> {
        (self.exchange.pushed)(pushed).map_err(SyncError::Host)?;
        *self.sent += events;
        (self.exchange.progress)(Progress::Sent {
            done: *self.sent,
            of: self.to_send,
        });
        Ok(())
    }
}

fn attempt<T>(
    client: &Client,
    cancel: &Cancel,
    call: impl FnMut() -> Result<T, SyncError>,
) -> Result<T, SyncError> {
    with_retries(client.environment(), cancel, TRIES, call)
}
