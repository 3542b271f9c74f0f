//! Which outreach computers hold a case.

use skranke_domain::ids::CaseId;
use skranke_protocol::wire::{ScopeAnswer, ScopeRequest};

use super::transport::Call;
use super::{Client, TIMEOUT};
use crate::error::SyncError;
use crate::session::Session;

impl Client {
    /// The outreach computers, and which of them hold a case, for one who may give it to them.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn scope(&self, session: &Session, case_id: CaseId) -> Result<ScopeAnswer, SyncError> {
        let call = Call {
            query: format!("case={case_id}"),
            ..self.call("GET", "/v1/scope")
        };
        let answer = self.as_person(session, call, TIMEOUT)?;
        serde_json::from_slice(&answer.body).map_err(|_| SyncError::Undecodable)
    }

    /// Gives a case to an outreach computer, or takes it back.
    ///
    /// # Errors
    /// See [`SyncError`]; [`skranke_protocol::problem::ProblemCode::NotFound`] where case or computer is not there.
    pub fn decide_scope(
        &self,
        session: &Session,
        request: &ScopeRequest,
    ) -> Result<ScopeAnswer, SyncError> {
        self.post_as(session, "/v1/scope", request)
    }
}
