//! A pushed command as it is looked at before anything is locked: read, hashed, and its signatures checked.
//!
//! Many small sums that need no database take most of the time of a batch, so they are shared among the processors.

use std::num::NonZero;

use skranke_domain::ids::DeviceId;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::signature::{PublicKey, Verifier};
use skranke_protocol::wire::PushCommand;

/// Below this a thread costs more than it saves.
const EVENTS_A_THREAD: usize = 24;

/// A command with its events as they were read.
pub struct Offered {
    sent: PushCommand,
    /// Empty where any of them is malformed.
    events: Vec<SealedEvent>,
    /// The key that certainly signed all of them.
    signed_by: Option<PublicKey>,
}

impl Offered {
    /// Reads commands of a device. Signatures up to `known_to`, the head of its chain, are left for later: those events
    /// are most likely here already.
    pub fn read(commands: Vec<PushCommand>, key: &PublicKey, known_to: u64) -> Vec<Self> {
        let events: usize = commands.iter().map(|command| command.events.len()).sum();
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads = processors.min(events / EVENTS_A_THREAD).max(1);
        let share = commands.len().div_ceil(threads).max(1);
        let mut rest = commands.into_iter();
        let parts: Vec<Vec<PushCommand>> = (0..threads)
            .map(|_| rest.by_ref().take(share).collect())
            .collect();
        let verifier = Verifier::new(key);
        let read = |part: Vec<PushCommand>| -> Vec<Self> {
            part.into_iter()
                .map(|command| Self::of(command, (key, &verifier), known_to))
                .collect()
        };
        std::thread::scope(|scope| {
            let mut parts = parts.into_iter();
            let own = parts.next().unwrap_or_default();
            let others: Vec<_> = parts.map(|part| scope.spawn(|| read(part))).collect();
            let mut all = read(own);
            for other in others {
                match other.join() {
                    Ok(part) => all.extend(part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            all
        })
    }

    fn of(sent: PushCommand, (key, verifier): (&PublicKey, &Verifier), known_to: u64) -> Self {
        let events: Result<Vec<SealedEvent>, _> = sent
            .events
            .iter()
            .cloned()
            .map(SealedEvent::try_from)
            .collect();
        let events = events.unwrap_or_default();
        let is_new = |event: &SealedEvent| event.header().device_seq > known_to;
        let is_signed = events.iter().all(is_new)
            && events
                .iter()
                .all(|event| event.verify_with(verifier).is_ok());
        Self {
            sent,
            signed_by: is_signed.then_some(*key),
            events,
        }
    }

    /// The command as it was sent.
    pub fn sent(&self) -> &PushCommand {
        &self.sent
    }

    /// Its events; none where any of them is malformed.
    pub fn events(&self) -> &[SealedEvent] {
        &self.events
    }

    /// The device the command says it is of.
    pub fn author(&self) -> Option<DeviceId> {
        self.events.first().map(|event| event.header().device_id)
    }

    /// Whether this key was found to have signed all of them.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.signed_by.as_ref() == Some(key)
    }
}
