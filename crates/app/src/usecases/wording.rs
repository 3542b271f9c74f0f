//! What staff write and a letter carries. Nothing of a decision can be edited afterwards, so what no letter could be made
//! with is told before it is saved.

use skranke_documents::uncovered_characters;
use skranke_forms::Profile;
use skranke_forms::check::holds_cpr;

use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::usecases::paper;

/// Whether a letter can carry the words.
///
/// # Errors
/// `CharacterUnprintable`; `CprInLetter` where the municipality keeps CPR numbers off its papers.
pub(super) fn fits_a_letter(words: &str, profile: &Profile) -> Result<(), AppError> {
    let uncovered = uncovered_characters(words);
    let uncovered: Vec<String> = uncovered.iter().map(char::to_string).collect();
    paper::every_character_prints(&uncovered)?;
    if profile.practice.mask_cpr && holds_cpr(words) {
        return Err(AppError::of(ErrorCode::CprInLetter));
    }
    Ok(())
}
