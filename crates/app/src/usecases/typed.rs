//! What somebody types outside the six steps (a note, a reason) and has not handed in yet: kept as drafts are.
//!
//! It is one row of the drafts of this computer, under the number of whoever types, so that the rule that deletes
//! abandoned drafts holds for it too. Basis: design, section 5 (saved as typed, within a second).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use skranke_domain::ids::{DraftId, StaffId};
use skranke_store::{Action, DraftRow, Entry};

use crate::api::draft::{Saved, TypedText};
use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::present::rfc3339;
use crate::state::{App, AtWork};
use crate::usecases::abandoned::Dated;

/// Most characters of one text; each place has its own, lower limit and message.
const LONGEST: usize = 20_000;
/// Most places with a text: what nobody comes back to goes by rule, not by number.
const MOST_PLACES: usize = 500;
const LONGEST_PLACE: usize = 100;

/// Texts by the place they are typed in.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    dated: Dated,
    texts: BTreeMap<String, String>,
}

impl App {
    /// Keeps what is typed in a place; nothing typed there is nothing kept. On the disk when this returns.
    ///
    /// # Errors
    /// What the store reports; the window keeps what was typed.
    pub fn typed_keep(&self, request: TypedText) -> Result<Saved, AppError> {
        if request.text.len() > LONGEST || request.place.len() > LONGEST_PLACE {
            return Err(AppError::malformed_request());
        }
        self.at_work(|work| {
            let mut kept = of(&work)?;
            let before = kept.texts.remove(&request.place);
            let cleared = request.text.trim().is_empty();
            if !cleared && kept.texts.len() < MOST_PLACES {
                kept.texts.insert(request.place, request.text);
            }
            // Nothing there before and nothing now: nothing to write.
            if before.is_some() || !cleared {
                let entry = Entry::new(Action::DraftSaved, work.now).on("typed");
                kept.dated = Dated::at(work.legal_now);
                let json =
                    serde_json::to_string(&kept).map_err(|_| AppError::of(ErrorCode::Internal))?;
                let mut write = work.store.write(&work.actor, entry)?;
                write.save_draft(number(work.session.staff), None, 0, &json)?;
                write.commit()?;
            }
            Ok(Saved {
                saved_at: rfc3339(work.legal_now),
            })
        })
    }

    /// What whoever signs in had typed and not handed in.
    ///
    /// # Errors
    /// What the store reports.
    pub fn typed_kept(&self, (): ()) -> Result<Vec<TypedText>, AppError> {
        self.at_work(|work| {
            let texts = of(&work)?.texts.into_iter();
            Ok(texts
                .map(|(place, text)| TypedText { place, text })
                .collect())
        })
    }
}

/// Whether a row of the drafts is not one of a citizen, but what its writer typed elsewhere.
pub(crate) fn is_typed_elsewhere(row: &DraftRow) -> bool {
    row.draft == number(row.staff)
}

fn of(work: &AtWork<'_>) -> Result<Kept, AppError> {
    let row = work.store.read()?.draft(number(work.session.staff))?;
    let kept = row.map(|row| serde_json::from_str(&row.fields));
    kept.transpose()
        .map(Option::unwrap_or_default)
        .map_err(|_| AppError::of(ErrorCode::DatabaseDamaged))
}

fn number(staff: StaffId) -> DraftId {
    DraftId::from_uuid(staff.as_uuid())
}
