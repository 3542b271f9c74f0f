//! A computer that was cloned, or put back to an older copy: what it made is handed over under its old name, and it
//! goes on as a computer of its own.
//!
//! The central store keeps both branches and takes neither's word any more. Whatever waits there is let in or sent back
//! by a person; sent back, it is told here as before. Nothing is lost and nothing is made twice.
//! Basis: reliability, finding 7 and fault F16; decision 32.

use skranke_domain::ids::DeviceId;
use skranke_domain::rehearsal;
use skranke_protocol::wire::{
    CommandVerdict, DeviceState, Outcome, QuarantineReason, ReturnedCommand, Status,
};
use skranke_store::{Action, Entry, Identity};
use skranke_sync::{Client, Connection, SyncError};
use uuid::Uuid;

use super::{host, server_key};
use crate::state::App;
use crate::usecases::settings;

/// Name of the setting with the identity this computer takes next, so that a cut asks for the same one again.
const NEXT: &str = "next_identity";

/// Codes of the alarms that a new name settles.
const SETTLED: [&str; 5] = [
    "chain_forked",
    "device_rolled_back",
    "own_event_displaced",
    "confirmation_beyond_own_chain",
    "confirmation_of_other_content",
];

/// Of an answer about another branch than this computer's, what can be believed: that work is held apart. It makes
/// nobody let go of anything.
pub(super) fn held_apart(code: &str, verdicts: &[CommandVerdict]) -> Vec<CommandVerdict> {
    let is_of_another_branch = matches!(
        code,
        "confirmation_beyond_own_chain" | "confirmation_of_other_content"
    );
    let is_held = |verdict: &&CommandVerdict| {
        matches!(
            verdict.verdict.outcome(),
            Outcome::Quarantined {
                reason: QuarantineReason::ChainFork | QuarantineReason::OtherContent
            }
        )
    };
    let held = verdicts.iter().filter(|_| is_of_another_branch);
    held.filter(is_held).cloned().collect()
}

impl App {
    /// Goes on under a new name and key, where the central store says that this computer's chain forked and has
    /// everything that was made under the old ones.
    pub(super) fn go_on_anew(&self, client: &Client, status: &Status) -> Result<(), SyncError> {
        let is_all_handed_over = self
            .with_store(|store| {
                let read = store.read()?;
                Ok(read.outbox_counts()?.waiting == 0 && read.attachments_waiting()?.is_empty())
            })
            .map_err(host)?;
        if status.device.state != DeviceState::Forked || !is_all_handed_over {
            return Ok(());
        }
        rehearsal::point("rekey.before_name");
        let next = self.next_identity()?;
        rehearsal::point("rekey.name_kept");
        let answer = client.rekey(next.device, next.signing_key().public())?;
        rehearsal::point("rekey.answered");
        let now = self.now();
        self.taking_in(|write| {
            // Something saved meanwhile is handed over first, in the next round.
            if write.reading().outbox_counts()?.waiting > 0 {
                return Ok(());
            }
            write.also(&Entry::new(Action::Synchronised, now).on("device.rekeyed"))?;
            write.go_on_as(&next, &answer.device_code)?;
            super::tree::read_anew(write)?;
            super::device_log::hand_over_anew(write)?;
            settings::write(write, NEXT, &None::<String>)
        })
        .map_err(host)?;
        rehearsal::point("rekey.gone_on");
        let mut state = self.line.state();
        state.alarms.retain(|code, _| !SETTLED.contains(code));
        // Sessions are the old name's.
        state.sessions.clear();
        state.something_new = true;
        drop(state);
        let client = self.enrolled_client()?;
        self.keep_certification(&client.status()?)
    }

    fn next_identity(&self) -> Result<Identity, SyncError> {
        let kept: Option<Option<String>> = self
            .with_store(|store| settings::read(store, NEXT))
            .map_err(host)?;
        if let Some(next) = kept.flatten().and_then(|text| Identity::from_text(&text)) {
            return Ok(next);
        }
        let next = Identity::fresh(DeviceId::from_uuid(Uuid::now_v7()));
        self.taking_in(|write| settings::write(write, NEXT, &Some(next.to_text().to_string())))
            .map_err(host)?;
        Ok(next)
    }

    /// What was sent back to this computer under the names it had before.
    pub(crate) fn returned_to_former(&self) -> Result<Vec<ReturnedCommand>, SyncError> {
        let (former, key) = self
            .with_store(|store| Ok((store.read()?.former_identities()?, server_key(store)?)))
            .map_err(host)?;
        let mut returned = Vec::new();
        for was in former {
            let server = self.server().ok_or(SyncError::Offline)?;
            let connection = Connection {
                base_url: server.url,
                tenant: server.tenant,
                device_id: was.device,
                key: was.signing_key(),
                server_key: key,
                ca_file: server.ca_file,
            };
            match Client::new(connection, self.environment()).returned() {
                Ok(answer) => returned.extend(answer.work),
                // Shut out since: nothing more is told under that name.
                Err(SyncError::Refused { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(returned)
    }
}
