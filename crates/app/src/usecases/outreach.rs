//! Laying a case on an outreach laptop before a visit, and taking it off again.
//!
//! Only the central store knows the laptops and decides who sees what: without a line to it nothing is shown or done.
//! Basis: design, sections 1 and 6 (an outreach laptop carries the cases of a week).

use skranke_domain::ids::CaseId;
use skranke_domain::role::Act;
use skranke_protocol::wire::{ScopeAnswer, ScopeRequest};

use crate::api::case::CaseRef;
use crate::api::error::ErrorCode;
use crate::api::outreach::{GiveOutRequest, OutreachRow, OutreachView};
use crate::error::AppError;
use crate::state::App;

impl App {
    /// The outreach laptops, and on which of them the case lies.
    ///
    /// # Errors
    /// `NotPermitted`; `OnlineOnly` without a line to the central store.
    pub fn outreach_list(&self, request: CaseRef) -> Result<OutreachView, AppError> {
        self.at_work(|work| work.session.needs(Act::GiveOut))?;
        let case_id = id_of(&request.id)?;
        let may_give = self.is_under_way(case_id)?;
        self.noted("outreach", "")?;
        let answer = self.as_person(|client, session| client.scope(session, case_id))?;
        Ok(view(answer, may_give))
    }

    /// Lays a case on an outreach laptop, or takes it off. It is there, or gone, with the laptop's next contact.
    ///
    /// # Errors
    /// `NotPermitted`, `NotFound`; `CaseOver` for one that is not under way; `OnlineOnly` without a line to the central
    /// store.
    pub fn give_out(&self, request: GiveOutRequest) -> Result<OutreachView, AppError> {
        self.at_work(|work| work.session.needs(Act::GiveOut))?;
        let decision = ScopeRequest {
            device_id: id_of(&request.device_id)?,
            case_id: id_of(&request.case_id)?,
            enters: request.gives,
        };
        let may_give = self.is_under_way(decision.case_id)?;
        if decision.enters && !may_give {
            return Err(AppError::of(ErrorCode::CaseOver));
        }
        let subject = if request.gives { "give" } else { "take_back" };
        self.noted(&format!("outreach.{subject}"), "")?;
        let answer = self.as_person(|client, session| client.decide_scope(session, &decision))?;
        Ok(view(answer, may_give))
    }

    /// Whether there is anything left to visit a citizen about.
    fn is_under_way(&self, case_id: CaseId) -> Result<bool, AppError> {
        self.at_work(|work| {
            let row = work.store.read()?.case_row(case_id)?;
            let row = row.ok_or_else(|| AppError::of(ErrorCode::NotFound))?;
            Ok(row.state.is_under_way())
        })
    }
}

fn id_of<T: std::str::FromStr>(text: &str) -> Result<T, AppError> {
    text.parse().map_err(|_| AppError::of(ErrorCode::NotFound))
}

fn view(answer: ScopeAnswer, may_give: bool) -> OutreachView {
    let row = |device: skranke_protocol::wire::ScopeDevice| OutreachRow {
        id: device.device_id.to_string(),
        code: device.code,
        name: device.name,
        holds: device.holds,
    };
    OutreachView {
        rows: answer.devices.into_iter().map(row).collect(),
        may_give,
    }
}
