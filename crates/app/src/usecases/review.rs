//! Work the central store holds apart: a person sees it, lets it in or sends it back; whoever did it is told.
//!
//! Only the central store knows what is held, and one decision must win: without a line to it nothing is shown and
//! nothing decided. What was sent back is kept here, so that it is told offline too. Basis: design, sections 3 and 6.

use std::collections::{BTreeMap, HashSet};

use skranke_domain::ids::{CaseId, CommandId};
use skranke_domain::role::{Act, any_permits};
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{
    HeldCommand, HeldDecision, HeldVerdict, MAX_HELD, Outcome, QuarantineReason, ReturnedCommand,
};
use skranke_store::{Action, Entry, ReadHandle};
use skranke_sync::{Client, SyncError};

use crate::api::error::ErrorCode;
use crate::api::review::{HeldDecideRequest, HeldPage, HeldRow, ReturnedRef, ReturnedRow};
use crate::error::AppError;
use crate::present::rfc3339;
use crate::state::{App, AtWork};
use crate::usecases::reason;
use crate::usecases::settings;

/// Name of the setting with what was sent back.
const RETURNED: &str = "returned_work";
/// Name of the setting with what of it somebody has dealt with.
const DEALT_WITH: &str = "returned_work_dealt_with";

impl App {
    /// Work that is held apart, for a lead or the Fritagelsesenhed.
    ///
    /// # Errors
    /// `NotPermitted`; `OnlineOnly` without a line to the central store.
    pub fn held_work(&self, (): ()) -> Result<HeldPage, AppError> {
        self.held_page(String::new())
    }

    /// Lets held work in, if it holds as things stand now, or sends it back to its author.
    ///
    /// # Errors
    /// `NotPermitted`, `ReasonMissing`; `AlreadyReviewed` where somebody else decided; `OnlineOnly`.
    pub fn held_decide(&self, request: HeldDecideRequest) -> Result<HeldPage, AppError> {
        self.at_work(|work| work.session.needs(Act::Review))?;
        let command_id: CommandId = request
            .command
            .parse()
            .map_err(|_| AppError::of(ErrorCode::NotFound))?;
        let reason = reason::given(&request.reason)?;
        let decision = HeldDecision {
            command_id,
            verdict: if request.release {
                HeldVerdict::Release
            } else {
                HeldVerdict::Return
            },
            reason,
        };
        let subject = if request.release { "release" } else { "return" };
        self.noted(&format!("held.{subject}"), "")?;
        let decided =
            self.as_person(
                |client, session| match client.decide_held(session, &decision) {
                    Err(SyncError::Refused {
                        code: ProblemCode::NotFound,
                        ..
                    }) => Ok(Err(AppError::of(ErrorCode::AlreadyReviewed))),
                    answer => answer.map(Ok),
                },
            )??;
        let said = match decided.outcome {
            Outcome::Accepted { .. } | Outcome::Conflict { .. } => self.said("held.released"),
            Outcome::Deferred { .. } => self.said("held.waits"),
            Outcome::Quarantined {
                reason: QuarantineReason::Returned,
            } => self.said("held.returned"),
            Outcome::Quarantined { reason } => {
                let why = self.held_for(&reason);
                let texts = self.forms.texts();
                texts.say("held.still_held", &[("reason", &why)])
            }
        };
        self.line_nudge();
        self.held_page(said)
    }

    /// Takes work that was sent back off the start screen: somebody has dealt with it.
    ///
    /// # Errors
    /// `NotPermitted`, `NotFound`.
    pub fn returned_done(&self, request: ReturnedRef) -> Result<Vec<ReturnedRow>, AppError> {
        let command: CommandId = request
            .command
            .parse()
            .map_err(|_| AppError::of(ErrorCode::NotFound))?;
        self.at_work(|work| {
            work.session.needs(Act::Supplement)?;
            let entry = Entry::new(Action::Synchronised, work.now).on("held.dealt_with");
            let mut write = work.store.write(&work.actor, entry)?;
            let mut done = dealt_with(&write.reading())?;
            done.insert(command.to_string());
            settings::write(&mut write, DEALT_WITH, &done)?;
            write.commit()?;
            self.returned_rows(&work)
        })
    }

    /// What was sent back to this computer and nobody has dealt with. Only for those who work on cases.
    pub(crate) fn returned_rows(&self, work: &AtWork<'_>) -> Result<Vec<ReturnedRow>, AppError> {
        if !any_permits(&work.session.roles, Act::Supplement) {
            return Ok(Vec::new());
        }
        let read = work.store.read()?;
        let done = dealt_with(&read)?;
        let mut rows = Vec::new();
        for returned in returned(&read)? {
            if done.contains(&returned.command_id.to_string()) {
                continue;
            }
            let events = read.command_events(returned.command_id)?;
            let kinds = events.iter().map(|event| event.header().kind.as_str());
            let case = read.case_row(returned.case_id)?;
            let by = match returned.returned_by {
                Some(staff) => read.account(staff)?.map(|account| account.name),
                None => None,
            };
            rows.push(ReturnedRow {
                command: returned.command_id.to_string(),
                case_id: returned.case_id.to_string(),
                case_number: case.as_ref().map(|c| c.number.clone()).unwrap_or_default(),
                citizen: case.map(|case| case.name).unwrap_or_default(),
                what: self.what(kinds),
                held_for: self.held_for(&returned.held_for),
                reason: returned.reason,
                by: by.unwrap_or_default(),
                at: rfc3339(returned.returned_at),
            });
        }
        Ok(rows)
    }

    /// Hears what was sent back, where some of this computer's work is held.
    pub(crate) fn hear_what_was_returned(&self, client: &Client) -> Result<(), SyncError> {
        let host = |error: AppError| SyncError::Host(error.log_line());
        let held: HashSet<CommandId> = self
            .with_store(|store| Ok(store.read()?.quarantined(u32::MAX)?))
            .map_err(host)?
            .into_iter()
            .map(|row| row.command)
            .collect();
        if held.is_empty() {
            return Ok(());
        }
        let mut work = client.returned()?.work;
        work.extend(self.returned_to_former()?);
        // Under a name that two computers had, what is sent back may be the other's.
        work.retain(|returned| held.contains(&returned.command_id));
        let commands: Vec<_> = work
            .iter()
            .map(|returned| (returned.command_id, returned.case_id))
            .collect();
        self.taking_in(|write| {
            if returned(&write.reading())? == work {
                return Ok(());
            }
            write.take_sent_back(&commands)?;
            settings::write(write, RETURNED, &work)
        })
        .map_err(host)
    }

    fn held_page(&self, outcome: String) -> Result<HeldPage, AppError> {
        self.at_work(|work| work.session.needs(Act::Review))?;
        self.noted("held", "")?;
        let answer = self.as_person(Client::held)?;
        self.at_work(|work| {
            let read = work.store.read()?;
            let row = |held: &HeldCommand| self.held_row(&read, held);
            Ok(HeldPage {
                rows: answer
                    .work
                    .iter()
                    .map(row)
                    .collect::<Result<_, AppError>>()?,
                has_more: answer.work.len() >= MAX_HELD as usize,
                outcome,
            })
        })
    }

    fn held_row(&self, read: &ReadHandle<'_>, held: &HeldCommand) -> Result<HeldRow, AppError> {
        let account = read.account(held.actor)?;
        let here = read.case_row(held.case_id)?;
        Ok(HeldRow {
            command: held.command_id.to_string(),
            case_id: here.map(|case| case.case.to_string()).unwrap_or_default(),
            case_number: held.case_number.clone(),
            reason: self.held_for(&held.reason),
            name: account.map(|account| account.name).unwrap_or_default(),
            device: format!("{} · {}", held.device_code, held.device_name),
            what: self.what(held.kinds.iter().map(String::as_str)),
            recorded_at: rfc3339(held.recorded_at),
            held_at: rfc3339(held.held_at),
        })
    }

    /// Kinds of events in words, each once.
    fn what<'k>(&self, kinds: impl Iterator<Item = &'k str>) -> String {
        let mut said: Vec<String> = Vec::new();
        for kind in kinds {
            let words = self.said(&format!("event.{kind}"));
            if !said.contains(&words) {
                said.push(words);
            }
        }
        said.join(", ")
    }

    /// Why work is held, in words.
    fn held_for(&self, reason: &QuarantineReason) -> String {
        let texts = self.forms.texts();
        let said = |key: String| texts.get(&key).map(|_| texts.say(&key, &[]));
        let code = reason.code();
        let words = match code.strip_prefix("rule.") {
            Some(rule) => {
                said(format!("held_rule.{rule}")).or_else(|| said("held_for.rule".into()))
            }
            None => said(format!("held_for.{code}")),
        };
        words.unwrap_or_else(|| texts.say("held_for.other", &[("code", code)]))
    }

    fn said(&self, key: &str) -> String {
        self.forms.texts().say(key, &[])
    }

    /// A line in this computer's log; the central store keeps its own of what it was asked.
    pub(crate) fn noted(&self, subject: &str, purpose: &str) -> Result<(), AppError> {
        self.at_work(|work| {
            let entry = Entry::new(Action::ListShown, work.now)
                .on(subject)
                .because(purpose);
            work.store.write(&work.actor, entry)?.commit()?;
            Ok(())
        })
    }
}

/// Cases whose paper was given out by this computer and may not stand, with why: the work it rests on is held apart, or
/// was sent back and nobody has dealt with it. Basis: design, section 8.
pub(crate) fn papers_apart(
    read: &ReadHandle<'_>,
) -> Result<BTreeMap<CaseId, &'static str>, AppError> {
    let done = dealt_with(read)?;
    let sent_back = QuarantineReason::Returned;
    let mut apart = BTreeMap::new();
    for row in read.papers_apart()? {
        let is_returned = row.verdict.as_deref() == Some(sent_back.code());
        if !is_returned {
            apart.insert(row.case, "quarantined");
        } else if !done.contains(&row.command.to_string()) {
            apart.insert(row.case, "returned");
        }
    }
    Ok(apart)
}

fn returned(read: &ReadHandle<'_>) -> Result<Vec<ReturnedCommand>, AppError> {
    Ok(settings::read_in(read, RETURNED)?.unwrap_or_default())
}

fn dealt_with(read: &ReadHandle<'_>) -> Result<HashSet<String>, AppError> {
    Ok(settings::read_in(read, DEALT_WITH)?.unwrap_or_default())
}
