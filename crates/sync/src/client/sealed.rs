//! Offering work that only the server can read.

use skranke_domain::ids::CommandId;
use skranke_protocol::wire::{SealedAnswer, SealedBatch};

use super::transport::Call;
use super::{Client, Pushed, TIMEOUT, encode};
use crate::error::SyncError;

/// What the server could make of sealed commands, its signatures checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsealed {
    /// What it said of those it could open.
    pub pushed: Pushed,
    /// Those it could not open.
    pub unopened: Vec<CommandId>,
}

impl Client {
    /// Offers sealed commands to a server that was restored.
    ///
    /// # Errors
    /// As [`Client::push`].
    pub fn push_sealed(&self, batch: &SealedBatch) -> Result<Unsealed, SyncError> {
        let call = Call {
            body: Some(encode(batch)?),
            ..self.call("POST", "/v1/sealed")
        };
        let answer: SealedAnswer = self.transport.json(&call, TIMEOUT)?;
        let mut answered = answer.verdicts.iter().map(|verdict| verdict.command_id);
        let mut next = answered.next();
        let mut unopened = Vec::new();
        for sent in batch.commands.iter().map(|command| command.command_id) {
            if next == Some(sent) {
                next = answered.next();
            } else {
                unopened.push(sent);
            }
        }
        if next.is_some() || unopened.len() as u64 != answer.unopened {
            return Err(SyncError::Undecodable);
        }
        let confirmation = self.check_confirmation(&answer.confirmation)?;
        let head = self.check_head(&answer.head)?;
        Ok(Unsealed {
            pushed: Pushed {
                verdicts: answer.verdicts,
                confirmation,
                signed_confirmation: answer.confirmation,
                head,
                signed_head: answer.head,
            },
            unopened,
        })
    }
}
