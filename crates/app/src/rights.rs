//! The one question before everything that is done: may this person do this, with this case?
//!
//! The answer stands in the tables of [`skranke_domain::role`]; here it is found out whose the case is, and told.

use skranke_domain::ids::CaseId;
use skranke_domain::role::{Act, Leave, Ownership, may};
use skranke_store::{CaseRow, ReadHandle};

use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::state::{AtWork, Session};
use crate::usecases::settings;

/// The purpose of looking at open work.
pub(crate) const OPEN_WORK: &str = "open_work";
/// Name of the setting that says whether this computer is given cases one by one: an outreach laptop.
pub(crate) const OWN_CASES_ALONE: &str = "own_cases_alone";

impl Session {
    /// # Errors
    /// `NotPermitted` when none of the roles may do it.
    pub(crate) fn needs(&self, act: Act) -> Result<(), AppError> {
        self.needs_with(act, None).map(|_| ())
    }

    /// Whether a look must say why.
    ///
    /// # Errors
    /// `NotPermitted` when none of the roles may do it, or not with whose case this is.
    pub(crate) fn needs_with(&self, act: Act, case: Option<Ownership>) -> Result<Leave, AppError> {
        let allowed = |act| may(&self.roles, act, case);
        match allowed(act) {
            Leave::Never if act == Act::Decide && allowed(Act::Capture) != Leave::Never => {
                Err(AppError::of(ErrorCode::MayNotDecide))
            }
            Leave::Never => Err(AppError::of(ErrorCode::NotPermitted)),
            leave @ (Leave::Free | Leave::ForPurpose) => Ok(leave),
        }
    }
}

impl AtWork<'_> {
    /// Why somebody does this with a case: what they say, or that it is open work.
    ///
    /// # Errors
    /// `NotPermitted`, `CaseNotFound`; `PurposeMissing` where it must be said and is not.
    pub(crate) fn may(
        &self,
        act: Act,
        case: CaseId,
        stated: Option<&'static str>,
    ) -> Result<&'static str, AppError> {
        self.session.needs(act)?;
        let leave = self.session.needs_with(act, Some(self.ownership(case)?))?;
        match (leave, stated) {
            (_, Some(stated)) => Ok(stated),
            (Leave::ForPurpose, None) => Err(AppError::of(ErrorCode::PurposeMissing)),
            (Leave::Free | Leave::Never, None) => Ok(OPEN_WORK),
        }
    }

    /// Whose a case is.
    ///
    /// # Errors
    /// `CaseNotFound`, or what the store reports.
    pub(crate) fn ownership(&self, case: CaseId) -> Result<Ownership, AppError> {
        let read = self.store.read()?;
        let row = read.case_row(case)?;
        self.ownership_of(
            &read,
            &row.ok_or_else(|| AppError::of(ErrorCode::CaseNotFound))?,
        )
    }

    /// Whose the case of a row is.
    ///
    /// # Errors
    /// What the store reports.
    pub(crate) fn ownership_of(
        &self,
        read: &ReadHandle<'_>,
        row: &CaseRow,
    ) -> Result<Ownership, AppError> {
        let is_open_work = row.state.is_open() || !row.ticks_due.is_empty() || row.conflicts > 0;
        let events = read.counting_events(row.case)?;
        let mut headers = events.iter().map(|event| event.header());
        let is_own = headers.clone().any(|made| made.actor == self.session.staff);
        let is_made_here = headers.any(|made| made.device_id == self.actor.device);
        let is_laid_here = settings::read_in(read, OWN_CASES_ALONE)?.unwrap_or(false);
        Ok(Ownership::of(
            is_open_work,
            is_own,
            is_made_here || is_laid_here,
        ))
    }
}
