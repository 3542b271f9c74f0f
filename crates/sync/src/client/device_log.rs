//! Handing over the rows of this device's own audit log, and reading what all devices handed over.

use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{LogAnswer, LogBatch, LogReadAnswer, LogReadRequest};

use super::Client;
use crate::error::SyncError;
use crate::session::Session;

impl Client {
    /// Hands over rows of the log; gives the number up to which the server keeps them, none where the server is of a
    /// time before it took any.
    ///
    /// # Errors
    /// See [`SyncError`]. On any error the same rows may simply be sent again.
    pub fn hand_over_log(&self, batch: &LogBatch) -> Result<Option<u64>, SyncError> {
        match self.post::<LogAnswer>("/v1/audit", batch) {
            Ok(answer) => Ok(Some(answer.through)),
            Err(SyncError::Refused {
                code: ProblemCode::NotFound | ProblemCode::MethodNotAllowed,
                ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What was done on the municipality's devices, for a lead or an auditor.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn read_logs(
        &self,
        session: &Session,
        request: &LogReadRequest,
    ) -> Result<LogReadAnswer, SyncError> {
        self.post_as(session, "/v1/audit/read", request)
    }
}
