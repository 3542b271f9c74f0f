//! Whether the audit log of this computer is as it was written, and which row is the first that is not.
//!
//! Needs the key file and nobody's sign-in, and tells nothing about anybody: a count, a number and a link.
//!
//! Basis: design, section 6 (audit) and 9.

use serde::Serialize;
use skranke_store::{AuditChain, AuditHead};

use crate::error::AppError;
use crate::state::{App, why_closed};
use crate::tools::ToolError;

/// What a walk along the audit log found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditChainView {
    /// Whether every row fits.
    pub whole: bool,
    /// Rows there are.
    pub rows: u64,
    /// Rows from before the chain began; the first link covers them all.
    pub unlinked: u64,
    /// The end of the chain, as far as it fits: note it elsewhere, and give it the next time.
    pub head: Option<String>,
    /// Number of the first row that does not fit.
    pub first_bad: Option<i64>,
    /// How it does not fit: `changed`, `missing` or `replaced`.
    pub problem: Option<&'static str>,
}

impl App {
    /// Walks along the audit log. `noted` is the end of the chain as an earlier walk or backup gave it.
    ///
    /// # Errors
    /// Asked wrongly when `noted` is no end of a chain; why the store is closed, or what it reports.
    pub fn audit_verify(&self, noted: Option<&str>) -> Result<AuditChainView, ToolError> {
        let noted = noted.map(str::parse::<AuditHead>).transpose();
        let noted = noted.map_err(|_| ToolError::usage("audit_head_unreadable"))?;
        Ok(self.audit_chain(noted)?.into())
    }

    pub(crate) fn audit_chain(&self, noted: Option<AuditHead>) -> Result<AuditChain, AppError> {
        let desk = self.lock();
        let Some(store) = &desk.store else {
            return Err(why_closed(desk.closed.as_ref()));
        };
        Ok(store.read()?.audit_chain(noted)?)
    }
}

impl From<AuditChain> for AuditChainView {
    fn from(chain: AuditChain) -> Self {
        Self {
            whole: chain.broken.is_none(),
            rows: chain.rows,
            unlinked: chain.unlinked,
            head: chain.head.map(|head| head.to_string()),
            first_bad: chain.broken.map(|(number, _)| number),
            problem: chain.broken.map(|(_, how)| how.code()),
        }
    }
}
