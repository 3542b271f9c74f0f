//! The list of those who said yes to Digital Post at the counter instead of being exempted, by day.
//!
//! The list of cases knows only that help was chosen, not which, so the cases of a page are read.
//! Basis: rows 2-10 and 2-17.

use skranke_domain::case::{CaseState, Recorded};
use skranke_domain::event::Event;
use skranke_store::{CaseFilter, CasePage, CaseRow, PageKey, ReadHandle};

use crate::error::AppError;
use crate::record::load;

/// Code of the list.
pub(crate) const FILTER: &str = "said_yes";
/// Code of the help offer that signs the citizen up.
const SIGN_UP: &str = "sign_up";

/// A page of the list: empty only where nothing follows.
pub(crate) fn page(
    read: &ReadHandle<'_>,
    after: Option<PageKey>,
    rows: u32,
) -> Result<CasePage, AppError> {
    let mut after = after;
    loop {
        let filter = CaseFilter::InState(CaseState::HelpedInstead);
        let mut page = read.cases(filter, after.as_ref(), rows)?;
        let mut kept = Vec::new();
        for row in page.rows {
            if said_yes(read, &row)? {
                kept.push(row);
            }
        }
        page.rows = kept;
        if !page.rows.is_empty() || page.next.is_none() {
            return Ok(page);
        }
        after = page.next;
    }
}

fn said_yes(read: &ReadHandle<'_>, row: &CaseRow) -> Result<bool, AppError> {
    Ok(chosen_offer(&load(read, row.case)?.recorded) == Some(SIGN_UP))
}

/// Code of the help a citizen chose instead of an exemption.
pub(crate) fn chosen_offer(recorded: &[Recorded]) -> Option<&str> {
    recorded.iter().find_map(|did| {
        let Some(Event::HelpedInstead { offer, .. }) = &did.event else {
            return None;
        };
        Some(offer.as_str())
    })
}
