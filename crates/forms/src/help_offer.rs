//! Help offered before an exemption: courses, personal help, read access.
//!
//! Basis: row 2-15; domain reference 1.7.

use serde::Deserialize;

use crate::error::{FormsError, parse};
use crate::source::Source;

/// One offer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HelpOffer {
    /// Stable code; the field is `offer_<code>`.
    pub code: String,
    /// Place in the list.
    pub order: u16,
    /// `course`, `personal_help`, `read_access`, `digital_power_of_attorney`, `phone` or `sign_up`.
    pub kind: String,
    /// What it is called.
    pub label: String,
    /// What staff say about it.
    pub help: String,
    /// Where it is given.
    pub place: String,
    /// Telephone or address; empty where there is none.
    pub contact: String,
    /// Where it comes from.
    pub source: String,
}

pub(crate) fn read(source: &Source) -> Result<Vec<HelpOffer>, FormsError> {
    let mut offers = Vec::<HelpOffer>::new();
    for (file, text) in source.folder("help_offers") {
        let offer: HelpOffer = parse(file, text)?;
        if format!("help_offers/{}.toml", offer.code) != file {
            return Err(FormsError::wrong(
                file,
                "code",
                "differs from the file's name",
            ));
        }
        if offer.label.trim().is_empty() || offer.help.trim().is_empty() {
            return Err(FormsError::wrong(
                file,
                "label",
                "label and help must say something",
            ));
        }
        offers.push(offer);
    }
    offers.sort_by(|a, b| (a.order, &a.code).cmp(&(b.order, &b.code)));
    Ok(offers)
}
