//! What was done on the municipality's computers, for a lead or an auditor: each computer's own log as it came home.
//!
//! Only the central store has them all: without a line to it nothing is shown. That somebody read it, and why, is in
//! the log here and centrally. Basis: design, section 6 (audit); reliability, threat T2; decision 39.

use std::collections::HashMap;

use chrono::NaiveDate;
use skranke_domain::danish_time;
use skranke_domain::ids::DeviceId;
use skranke_domain::role::Act;
use skranke_protocol::encoding::to_hex;
use skranke_protocol::wire::{LOG_PURPOSES, LogLine, LogPlace, LogReadRequest};
use skranke_store::{Action, Entry, ReadHandle};
use skranke_sync::Client;

use crate::api::device_log::{LogEntry, LogPage, LogRequest};
use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::present::rfc3339;
use crate::state::App;

/// What the log calls reading that of every computer.
const ALL: &str = "every_computer";

impl App {
    /// What was done on a computer or on all of them, a page at a time.
    ///
    /// # Errors
    /// `NotPermitted`; `InvalidFields` naming `purpose`, `from_on` or `to_on`; `NotFound`; `OnlineOnly`.
    pub fn log_read(&self, request: LogRequest) -> Result<LogPage, AppError> {
        self.at_work(|work| work.session.needs(Act::ReadAudit))?;
        let asked = asked(&request)?;
        self.at_work(|work| {
            let subject = request.computer.clone().unwrap_or_else(|| ALL.to_owned());
            let entry = Entry::new(Action::AuditRead, work.now).on(subject);
            let write = work
                .store
                .write(&work.actor, entry.because(&request.purpose))?;
            Ok(write.commit()?)
        })?;
        let devices = self.as_person(Client::devices)?.devices;
        let codes: HashMap<DeviceId, String> = devices
            .into_iter()
            .map(|device| (device.device_id, device.code))
            .collect();
        let page = self.as_person(|client, session| client.read_logs(session, &asked))?;
        let next = page.rows.last().filter(|_| page.more);
        let next = next.and_then(|line| serde_json::to_string(&line.place()).ok());
        self.at_work(|work| {
            let read = work.store.read()?;
            let rows = page.rows.iter().map(|line| self.row(&read, line, &codes));
            let rows = rows.collect::<Result<_, _>>()?;
            Ok(LogPage { rows, next })
        })
    }

    fn row(
        &self,
        read: &ReadHandle<'_>,
        line: &LogLine,
        codes: &HashMap<DeviceId, String>,
    ) -> Result<LogEntry, AppError> {
        let by = if line.row.staff_id.as_uuid().is_nil() {
            self.forms.texts().say("log.program", &[])
        } else {
            let account = read.account(line.row.staff_id)?;
            account.map_or_else(|| line.login.clone(), |account| account.name)
        };
        Ok(LogEntry {
            // Of one number there are two where a log was carried on in two copies.
            id: format!(
                "{}.{}.{}",
                line.device_id,
                line.row.number,
                to_hex(&line.row.link)
            ),
            at: rfc3339(line.row.done_at),
            computer: codes.get(&line.device_id).cloned().unwrap_or_default(),
            by,
            action: line.row.action.clone(),
            case_number: line.case_number.clone(),
            cpr_masked: line.cpr_masked.clone(),
            purpose: line.row.purpose.clone(),
        })
    }
}

fn asked(request: &LogRequest) -> Result<LogReadRequest, AppError> {
    let wrong = |field: &str| AppError::of(ErrorCode::InvalidFields).with("field", field);
    if !LOG_PURPOSES.contains(&request.purpose.as_str()) {
        return Err(wrong("purpose"));
    }
    let day = |text: &str, field| text.parse::<NaiveDate>().map_err(|_| wrong(field));
    let (from_on, to_on) = (
        day(&request.from_on, "from_on")?,
        day(&request.to_on, "to_on")?,
    );
    if to_on < from_on {
        return Err(wrong("to_on"));
    }
    let not_found = |_| AppError::of(ErrorCode::NotFound);
    let device_id = request.computer.as_ref().map(|id| id.parse()).transpose();
    let before = request.next.as_ref();
    let before = before.map(|place| serde_json::from_str::<LogPlace>(place));
    Ok(LogReadRequest {
        purpose: request.purpose.clone(),
        device_id: device_id.map_err(not_found)?,
        from: danish_time::start_of(from_on),
        until: danish_time::end_of(to_on),
        before: before
            .transpose()
            .map_err(|_| AppError::malformed_request())?,
    })
}
