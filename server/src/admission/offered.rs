//! A pushed command as it is looked at: read and hashed before anything is locked, its signatures checked from there on.
//!
//! Checking signatures is a third of the work of a batch and needs no database, so of a large one it goes on beside the
//! writer: whoever comes to a command first checks it, and nobody does it twice.

use std::sync::{Arc, OnceLock};

use skranke_domain::ids::DeviceId;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::signature::{PublicKey, Verifier};
use skranke_protocol::wire::PushCommand;

/// Below this, checking beside the writer costs more than it saves.
const WORTH_SHARING: usize = 24;

/// A command with its events as they were read.
pub struct Offered {
    sent: PushCommand,
    /// Empty where any of them is malformed.
    events: Vec<SealedEvent>,
    /// Whose signature is looked for; nobody's where the events are most likely stored already.
    signer: Option<Arc<Verifier>>,
    is_signed: OnceLock<bool>,
}

impl Offered {
    /// Reads commands of a device. Signatures up to `known_to`, the head of its chain, are left for later: those events
    /// are most likely here already.
    pub fn read(commands: Vec<PushCommand>, key: &PublicKey, known_to: u64) -> Vec<Self> {
        let signer = Arc::new(Verifier::new(key));
        commands
            .into_iter()
            .map(|command| Self::of(command, &signer, known_to))
            .collect()
    }

    fn of(sent: PushCommand, signer: &Arc<Verifier>, known_to: u64) -> Self {
        let events: Result<Vec<SealedEvent>, _> = sent
            .events
            .iter()
            .cloned()
            .map(SealedEvent::try_from)
            .collect();
        let events = events.unwrap_or_default();
        let is_new = |event: &SealedEvent| event.header().device_seq > known_to;
        Self {
            signer: events.iter().all(is_new).then(|| Arc::clone(signer)),
            sent,
            events,
            is_signed: OnceLock::new(),
        }
    }

    /// Whether signatures of so many events should be [checked](Self::check) beside the writer rather than before it.
    pub fn is_worth_sharing(batch: &[Self]) -> bool {
        batch
            .iter()
            .map(|command| command.events.len())
            .sum::<usize>()
            >= WORTH_SHARING
    }

    /// Checks the signatures that nobody has checked yet.
    pub fn check(batch: &[Self]) {
        for command in batch {
            command.is_signed();
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
        let is_asked = self
            .signer
            .as_ref()
            .is_some_and(|signer| signer.key() == key);
        is_asked && self.is_signed()
    }

    fn is_signed(&self) -> bool {
        *self.is_signed.get_or_init(|| {
            self.signer.as_ref().is_some_and(|signer| {
                let mut events = self.events.iter();
                events.all(|event| event.verify_with(signer).is_ok())
            })
        })
    }
}
