//! A round as people see it: how far it is, how to stop it, and the cases it brought to the central store.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use skranke_domain::ids::CaseId;
use skranke_domain::role::Act;
use skranke_protocol::envelope::SealedEvent;
use skranke_store::{Action, Entry};
use skranke_sync::{Cancel, Client, Progress, SyncError};

use super::Line;
use crate::api::sync::{SentCase, SentCases, SyncProgress, SyncView};
use crate::error::AppError;
use crate::state::App;

/// How long a round is before one sees how far it is. Ordinary ones are over before it could be read.
const LONG: Duration = Duration::from_secs(1);

/// A round on its way.
pub(super) struct Round {
    cancel: Cancel,
    /// What it asks over, once it does.
    client: Option<Arc<Client>>,
    begun: Instant,
    progress: Option<Progress>,
    /// Cases of the work that was sent.
    sent: BTreeSet<CaseId>,
}

impl Default for Round {
    fn default() -> Self {
        Self {
            cancel: Cancel::default(),
            client: None,
            begun: Instant::now(),
            progress: None,
            sent: BTreeSet::new(),
        }
    }
}

impl Round {
    /// Ends it, whatever it waits for: on a slow line an answer may take as long as the time-out.
    pub(super) fn stop(&self) {
        self.cancel.cancel();
        if let Some(client) = &self.client {
            client.hang_up();
        }
    }

    /// How far it is, once it is long.
    pub(super) fn told(&self) -> Option<SyncProgress> {
        if self.begun.elapsed() < LONG || self.cancel.is_cancelled() {
            return None;
        }
        let (what, done, of) = match self.progress {
            None => ("begun", 0, 0),
            Some(Progress::Sent { done, of }) => ("sent", done, of),
            Some(Progress::Read { position, of }) => ("read", position, of),
            Some(Progress::Uploaded { done, of }) => ("uploaded", done, of),
        };
        Some(SyncProgress {
            what: what.to_owned(),
            done,
            of,
        })
    }
}

/// The line while a round runs.
pub(super) struct Taken<'l> {
    line: &'l Line,
    /// Ends this round and no other.
    pub(super) cancel: Cancel,
}

impl Line {
    /// Takes the line for one round; none while another round runs. It is let go however the round ends.
    pub(super) fn take(&self) -> Option<Taken<'_>> {
        let mut state = self.state();
        if state.round.is_some() {
            return None;
        }
        let round = state.round.insert(Round::default());
        if self.cancel.is_cancelled() {
            round.stop();
        }
        let cancel = round.cancel.clone();
        Some(Taken { line: self, cancel })
    }
}

impl Taken<'_> {
    /// The round asks over this client; where somebody stopped it meanwhile, it asks nothing.
    pub(super) fn asks_over(&self, client: &Arc<Client>) {
        if let Some(round) = &mut self.line.state().round {
            round.client = Some(Arc::clone(client));
            if self.cancel.is_cancelled() {
                round.stop();
            }
        }
    }

    /// How the round ended: where it was stopped, whatever failed because of that is no fault of the line.
    pub(super) fn ended(&self, outcome: Result<(), SyncError>) -> Result<(), SyncError> {
        match outcome {
            Err(error) if self.cancel.is_cancelled() && error.is_retryable() => {
                Err(SyncError::Cancelled)
            }
            outcome => outcome,
        }
    }

    pub(super) fn progressed(&self, progress: Progress) {
        if let Some(round) = &mut self.line.state().round {
            round.progress = Some(progress);
        }
    }

    pub(super) fn sends(&self, events: &[SealedEvent]) {
        if let Some(round) = &mut self.line.state().round {
            round
                .sent
                .extend(events.iter().map(|event| event.header().case_id));
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut state = self.line.state();
        let round = state.round.take();
        // A round that had nothing to send leaves what the one before it brought home.
        if let Some(round) = round.filter(|round| !round.sent.is_empty()) {
            state.sent = round.sent;
        }
    }
}

impl App {
    /// Stops the round on its way; nothing is lost, and the next one goes on from there.
    ///
    /// # Errors
    /// What the store reports.
    pub fn sync_cancel(&self, (): ()) -> Result<SyncView, AppError> {
        if let Some(round) = &self.line.state().round {
            round.stop();
        }
        self.sync_status(())
    }

    /// The cases of the last round that sent something, each by number and name, with how the central store stands to
    /// it. Only on the screen and in memory. Basis: design, section 1.
    ///
    /// # Errors
    /// `NotPermitted`, what the store reports.
    pub fn sync_sent(&self, (): ()) -> Result<SentCases, AppError> {
        let sent = self.line.state().sent.clone();
        self.at_work(|work| {
            work.session.needs(Act::ReadCase)?;
            let entry = Entry::new(Action::ListShown, work.now).on("sent");
            work.store.write(&work.actor, entry)?.commit()?;
            let read = work.store.read()?;
            let mut rows = Vec::new();
            for case in sent {
                let Some(row) = read.case_row(case)? else {
                    continue;
                };
                rows.push(SentCase {
                    id: row.case.to_string(),
                    number: row.number,
                    name: row.name,
                    sync: row.sync.code().to_owned(),
                });
            }
            // What is not home yet is what somebody must see.
            rows.sort_by_key(|row| (row.sync == "confirmed", row.number.clone()));
            Ok(SentCases { rows })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_that_panics_lets_the_line_go() {
        let line = Line::default();

        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _taken = line.take().expect("free");
            assert!(line.take().is_none(), "one round at a time");
            panic!("a round went wrong");
        }));

        assert!(panicked.is_err());
        assert!(line.take().is_some(), "the next round may run");
    }

    #[test]
    fn a_round_taken_after_the_program_was_ended_ends_at_once() {
        let line = Line::default();
        line.cancel.cancel();

        assert!(line.take().expect("free").cancel.is_cancelled());
    }
}
