//! Step 6: the three ticks, undoing one, and what was seen in the national register.

use chrono::{DateTime, Utc};
use skranke_domain::event::{
    Event, Journalised, ReceiptDelivery, ReceiptGiven, RegisterStatus, Registered, Tick,
};
use skranke_domain::ids::CaseId;
use skranke_domain::role::Act;

use crate::api::case::{CaseView, RegisterLookRequest, TickRequest, UndoTickRequest};
use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::record::Command;
use crate::state::App;

impl App {
    /// Makes a tick.
    ///
    /// # Errors
    /// The rule that would be broken; `InvalidFields` for a time or delivery there is not, and for a number the
    /// municipality does not write so.
    pub fn tick(&self, request: TickRequest) -> Result<CaseView, AppError> {
        let (case_id, reference) = match &request {
            TickRequest::Registered {
                case_id, reference, ..
            }
            | TickRequest::Journalised {
                case_id, reference, ..
            } => (case_id.clone(), self.own_number(reference)?),
            TickRequest::Receipt { case_id, .. } => (case_id.clone(), String::new()),
        };
        self.on_case(Act::Finish, &case_id, |command| {
            // Where the central store's clock was ahead for a while, the decision may be yet to come; its ticks follow it.
            let decided_at = command.case.granted.as_ref().map(|g| g.value.decided_at);
            let now = decided_at.map_or(command.legal_now, |at| at.max(command.legal_now));
            match request {
                TickRequest::Registered { registered_at, .. } => {
                    let registered_at = moment_of(registered_at.as_deref(), now, "registered_at")?;
                    command.add(Event::Registered(Registered {
                        registered_at,
                        reference,
                    }))
                }
                TickRequest::Journalised { journalised_at, .. } => {
                    let journalised_at =
                        moment_of(journalised_at.as_deref(), now, "journalised_at")?;
                    command.add(Event::Journalised(Journalised {
                        journalised_at,
                        reference,
                    }))
                }
                TickRequest::Receipt {
                    delivery, reason, ..
                } => receipt_given(command, now, &delivery, &reason),
            }
        })
    }

    /// A case or document number of the municipality's own, as typed; it may be left out.
    fn own_number(&self, typed: &str) -> Result<String, AppError> {
        let number = typed.trim();
        let fits = self.at_work(|work| Ok(self.profile(work.store)?.takes_number(number)))?;
        if fits {
            Ok(number.to_owned())
        } else {
            Err(AppError::of(ErrorCode::InvalidFields).with("field", "reference"))
        }
    }

    /// Undoes a tick with a reason.
    ///
    /// # Errors
    /// The rule that would be broken.
    pub fn tick_undo(&self, request: UndoTickRequest) -> Result<CaseView, AppError> {
        let tick = Tick::from_code(&request.tick)
            .ok_or_else(|| AppError::of(ErrorCode::InvalidFields).with("field", "tick"))?;
        let reason = request.reason.trim().to_owned();
        self.on_case(Act::Correct, &request.case_id, |command| {
            command.add(Event::TickUndone { tick, reason })
        })
    }

    /// Records what was seen in the national register.
    ///
    /// # Errors
    /// `InvalidFields` for a status there is not.
    pub fn register_look(&self, request: RegisterLookRequest) -> Result<CaseView, AppError> {
        self.on_case(Act::Capture, &request.case_id, |command| {
            let seen = RegisterStatus::from_code(&request.seen).ok_or_else(|| {
                AppError::of(ErrorCode::InvalidFields).with("field", "register_seen")
            })?;
            let looked_at = command.legal_now;
            command.add(Event::RegisterLookedUp { looked_at, seen })
        })
    }

    /// Runs a command on a case, for whoever may do this with it, and gives the case as it then stands.
    pub(crate) fn on_case(
        &self,
        act: Act,
        case_id: &str,
        add: impl FnOnce(&mut Command<'_>) -> Result<(), AppError>,
    ) -> Result<CaseView, AppError> {
        let id: CaseId = case_id
            .parse()
            .map_err(|_| AppError::of(ErrorCode::CaseNotFound))?;
        self.at_work(|work| {
            work.session.needs(act)?;
            let tenant = self.tenant(work.store)?;
            let mut command = Command::on(work, &tenant, id)?;
            add(&mut command)?;
            command.save()
        })?;
        self.line.nudge();
        self.at_work(|work| self.case_view(&work, id))
    }
}

fn receipt_given(
    command: &mut Command<'_>,
    now: DateTime<Utc>,
    delivery: &str,
    reason: &str,
) -> Result<(), AppError> {
    let delivery = ReceiptDelivery::from_code(delivery)
        .ok_or_else(|| AppError::of(ErrorCode::InvalidFields).with("field", "delivery"))?;
    command.add(Event::ReceiptGiven(ReceiptGiven {
        delivery,
        given_at: now,
        reason: reason.trim().to_owned(),
    }))?;
    // Who took the receipt for the citizen used the power of attorney for it.
    let in_force = command.case.power_of_attorney.is_some()
        && command.case.power_of_attorney_revoked_on.is_none();
    if delivery == ReceiptDelivery::HandedOver && in_force {
        command.add(Event::PowerOfAttorneyUsed {
            used_at: now,
            purpose: "receipt".to_owned(),
        })?;
    }
    Ok(())
}

/// A moment as sent, or now; never in the future.
fn moment_of(
    text: Option<&str>,
    now: DateTime<Utc>,
    field: &str,
) -> Result<DateTime<Utc>, AppError> {
    let wrong = || AppError::of(ErrorCode::InvalidFields).with("field", field);
    match text.map(str::trim).filter(|text| !text.is_empty()) {
        None => Ok(now),
        Some(text) => {
            let moment = text.parse::<DateTime<Utc>>().map_err(|_| wrong())?;
            if moment > now {
                Err(wrong())
            } else {
                Ok(moment)
            }
        }
    }
}
