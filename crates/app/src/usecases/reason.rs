//! Why somebody does what others must be able to understand later.

use crate::api::error::ErrorCode;
use crate::error::AppError;

/// Characters of a reason.
pub(crate) const LONGEST: usize = 400;

/// The reason as it is kept.
///
/// # Errors
/// `ReasonMissing`; `InvalidFields` with the most it may have where it is longer.
pub(crate) fn given(typed: &str) -> Result<String, AppError> {
    let reason = typed.trim();
    if reason.is_empty() {
        return Err(AppError::of(ErrorCode::ReasonMissing));
    }
    if reason.chars().count() > LONGEST {
        return Err(AppError::of(ErrorCode::InvalidFields)
            .with("field", "reason")
            .with("maximum", LONGEST));
    }
    Ok(reason.to_owned())
}
