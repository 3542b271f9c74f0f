//! What the digits of a CPR number say. The number itself is not part of the answer.

use serde::Serialize;
use skranke_domain::cpr::{Cpr, CprError};

use super::{Remark, ToolError, say};

/// What the digits of a number say; all empty when it is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct CprView {
    /// The birth date, or nothing where there is no such day.
    pub birth_date: Option<String>,
    /// `female` or `male`.
    pub sex: Option<&'static str>,
    /// `ordinary` or `replacement`.
    pub kind: Option<&'static str>,
    /// Codes of what to look at again; none of them makes the number invalid.
    pub warnings: Vec<&'static str>,
    /// The warnings in Danish.
    pub remarks: Vec<Remark>,
    /// The number with its serial hidden.
    pub masked: Option<String>,
}

/// Reads a number as typed. A number that is refused gives the reason.
pub fn cpr_view(text: &str) -> Result<CprView, ToolError> {
    let cpr = Cpr::parse(text).map_err(refusal)?;
    let warnings: Vec<_> = cpr
        .warnings()
        .into_iter()
        .map(|warning| warning.code())
        .collect();
    let remarks = warnings
        .iter()
        .map(|code| Remark {
            code,
            text: say(&format!("cli.cpr.warning.{code}"), &[]),
        })
        .collect();
    Ok(CprView {
        birth_date: Some(cpr.birth_date().to_string()),
        sex: Some(cpr.sex().code()),
        kind: Some(cpr.kind().code()),
        warnings,
        remarks,
        masked: Some(cpr.masked()),
    })
}

fn refusal(error: CprError) -> ToolError {
    match error {
        CprError::Empty => ToolError::refused("cpr_empty"),
        CprError::NotADigit { position } => {
            ToolError::refused("cpr_not_a_digit").with("position", position.to_string())
        }
        CprError::HyphenMisplaced => ToolError::refused("cpr_hyphen_misplaced"),
        CprError::WrongLength { found } => {
            ToolError::refused("cpr_wrong_length").with("found", found.to_string())
        }
        CprError::NoSuchMonth => ToolError::refused("cpr_no_such_month"),
        CprError::NoSuchDay => ToolError::refused("cpr_no_such_day"),
    }
}
