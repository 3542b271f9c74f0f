//! Two cases about one citizen: seen as possible duplicates wherever both are known, and merged by a person.
//!
//! Nothing is moved: the case that ends keeps all that is in it and names the one that goes on, so that undoing it is
//! one event more in each. One merge must win, so it needs a line to the central store. Basis: design, section 3.

use std::collections::HashMap;

use skranke_domain::case::{Case, Recorded, check_merge};
use skranke_domain::event::{Event, MergedInto};
use skranke_domain::ids::CaseId;
use skranke_domain::role::{Act, any_permits};
use skranke_store::{CaseRow, ReadHandle};

use crate::api::case::{CaseView, DuplicateView, MergeRequest, MergeUndoRequest};
use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::present;
use crate::record::{Command, load};
use crate::state::{App, AtWork};
use crate::usecases::reason;

impl App {
    /// Merges a case into another about the same citizen, which goes on. Gives the one that goes on.
    ///
    /// # Errors
    /// `NotMergeable` where they are not about one citizen, or the one that would end is further than the other;
    /// `ReasonMissing`, `NotPermitted`; `OnlineOnly` without a line to the central store.
    pub fn merge(&self, request: MergeRequest) -> Result<CaseView, AppError> {
        let (lasting, ending) = (case_id(&request.case_id)?, case_id(&request.merge)?);
        let reason = self.may_merge(&request.reason)?;
        self.at_work(|work| {
            let tenant = self.tenant(work.store)?;
            let mut command = Command::on(work, &tenant, lasting)?;
            check_merge(&load(&command.write.reading(), ending)?.case, &command.case)?;
            command.add(Event::DuplicateLinked { other: ending })?;
            let mut command = command.and_on(ending)?;
            let merged_at = command.legal_now;
            command.add(Event::MergedInto(MergedInto {
                other: lasting,
                merged_at,
                reason,
            }))?;
            command.save()
        })?;
        self.told_at_once(lasting)
    }

    /// Undoes a merge: the case is again what it was. Gives that case.
    ///
    /// # Errors
    /// `NotMergeable` where it was not merged; `ReasonMissing`, `NotPermitted`, `OnlineOnly`.
    pub fn merge_undo(&self, request: MergeUndoRequest) -> Result<CaseView, AppError> {
        let id = case_id(&request.case_id)?;
        let reason = self.may_merge(&request.reason)?;
        self.at_work(|work| {
            let tenant = self.tenant(work.store)?;
            let read = work.store.read()?;
            let into = load(&read, id)?.case.merged_into.map(|merged| merged.value);
            // Where the case it went into is not on this computer, only this one is told.
            let linked = into.filter(|into| {
                load(&read, *into).is_ok_and(|other| other.case.duplicates.contains(&id))
            });
            drop(read);
            let mut command = match linked {
                Some(lasting) => {
                    let mut command = Command::on(work, &tenant, lasting)?;
                    command.add(Event::DuplicateUnlinked {
                        other: id,
                        reason: reason.clone(),
                    })?;
                    command.and_on(id)?
                }
                None => Command::on(work, &tenant, id)?,
            };
            command.add(Event::MergeUndone { reason })?;
            command.save()
        })?;
        self.told_at_once(id)
    }

    /// Whether somebody may merge now, and why they do: with the right, a reason, and all that others did.
    fn may_merge(&self, reason: &str) -> Result<String, AppError> {
        self.at_work(|work| work.session.needs(Act::Merge))?;
        let reason = reason::given(reason)?;
        // A computer without a central store has it all.
        if self.has_central_store() && !self.sync_now(())?.online {
            return Err(AppError::of(ErrorCode::OnlineOnly));
        }
        Ok(reason)
    }

    /// What was merged goes to the central store before anybody looks on.
    fn told_at_once(&self, id: CaseId) -> Result<CaseView, AppError> {
        if self.has_central_store() {
            self.sync_now(())?;
        }
        self.at_work(|work| self.case_view(&work, id))
    }

    /// Other cases about the same citizen that are under way.
    pub(crate) fn possible_duplicates(
        work: &AtWork<'_>,
        read: &ReadHandle<'_>,
        case: &Case,
    ) -> Result<Vec<DuplicateView>, AppError> {
        let Some(citizen) = case.citizen.as_ref().filter(|_| case.is_under_way()) else {
            return Ok(Vec::new());
        };
        let may_merge = any_permits(&work.session.roles, Act::Merge);
        let mut found = Vec::new();
        for row in read.cases_of(&citizen.cpr)? {
            if row.case == case.id {
                continue;
            }
            let other = load(read, row.case)?.case;
            if other.is_under_way() {
                let can_merge = may_merge && check_merge(&other, case).is_ok();
                found.push(DuplicateView {
                    can_merge,
                    other_way: may_merge && !can_merge && check_merge(case, &other).is_ok(),
                    ..view(&row, &other)
                });
            }
        }
        Ok(found)
    }

    /// The case this one was merged into, and those that were merged into it.
    pub(crate) fn merged_with(
        read: &ReadHandle<'_>,
        case: &Case,
    ) -> Result<Vec<DuplicateView>, AppError> {
        let into = |case: &Case| {
            let merged = case.merged_into.as_ref().filter(|_| case.is_merged());
            merged.map(|merged| merged.value)
        };
        let mut others: Vec<CaseId> = into(case).into_iter().collect();
        others.extend(case.duplicates.iter().filter(|id| into(case) != Some(**id)));
        let mut found = Vec::new();
        for id in others {
            let Some(row) = read.case_row(id)? else {
                continue;
            };
            let other = load(read, id)?.case;
            let took_over = into(case) == Some(id);
            if took_over || into(&other) == Some(case.id) {
                found.push(DuplicateView {
                    took_over,
                    ..view(&row, &other)
                });
            }
        }
        Ok(found)
    }

    /// Numbers of the cases that a case's history names as merged with it.
    pub(crate) fn numbers_of_merged(
        read: &ReadHandle<'_>,
        recorded: &[Recorded],
    ) -> Result<HashMap<CaseId, String>, AppError> {
        let mut numbers = HashMap::new();
        for other in recorded.iter().filter_map(named) {
            if let Some(row) = read.case_row(other)? {
                numbers.insert(other, row.number);
            }
        }
        Ok(numbers)
    }
}

/// The other case that a merge or its undoing names.
fn named(recorded: &Recorded) -> Option<CaseId> {
    match &recorded.event {
        Some(Event::MergedInto(merged)) => Some(merged.other),
        Some(Event::DuplicateLinked { other } | Event::DuplicateUnlinked { other, .. }) => {
            Some(*other)
        }
        Some(_) | None => None,
    }
}

fn case_id(text: &str) -> Result<CaseId, AppError> {
    text.parse()
        .map_err(|_| AppError::of(ErrorCode::CaseNotFound))
}

fn view(row: &CaseRow, case: &Case) -> DuplicateView {
    DuplicateView {
        id: row.case.to_string(),
        number: row.number.clone(),
        state: present::state_code(case),
        received_on: row.received_on.to_string(),
        can_merge: false,
        other_way: false,
        took_over: false,
    }
}
