//! Who the citizen of a draft is: what the number itself says, and, once somebody was identified, what we know.
//!
//! Basis: practice 8 (tell an unidentified person nothing); design, section 4 (entering a number is a purpose).

use skranke_domain::cpr::{Cpr, CprError};
use skranke_domain::role::Act;
use skranke_forms::check::ProblemCode;
use skranke_store::{Action, Entry};

use crate::api::draft::{CprCheck, CprCheckRequest, DraftRef, FieldValue, KnownCitizen};
use crate::capture::Typed;
use crate::error::AppError;
use crate::state::{App, AtWork};
use crate::usecases::drafts::{ADDRESS, Draft, keep, load};

impl App {
    /// What a CPR number itself says while it is typed. Nobody is looked up.
    ///
    /// # Errors
    /// None.
    pub fn cpr_check(&self, request: CprCheckRequest) -> Result<CprCheck, AppError> {
        let today = self.today();
        Ok(match Cpr::parse(&request.cpr) {
            Err(error) => CprCheck {
                problem: cpr_problem(error).code().to_owned(),
                warnings: Vec::new(),
                birth_date: String::new(),
                age: None,
                masked: String::new(),
            },
            Ok(cpr) => CprCheck {
                problem: String::new(),
                warnings: cpr
                    .warnings()
                    .into_iter()
                    .map(|w| format!("cpr_{}", w.code()))
                    .collect(),
                birth_date: cpr.birth_date().to_string(),
                age: cpr.age_on(today),
                masked: cpr.masked(),
            },
        })
    }

    /// What we know of the citizen of a draft; nothing before the identity was checked (practice 8).
    ///
    /// # Errors
    /// `DraftNotFound`.
    pub fn citizen_known(&self, request: DraftRef) -> Result<KnownCitizen, AppError> {
        let nothing = KnownCitizen {
            shown: false,
            name: String::new(),
            address: String::new(),
            address_protected: false,
            address_hidden: false,
            cases: Vec::new(),
            exempt_by_our_record: false,
            reach: "local".to_owned(),
        };
        let cpr = self.at_work(|work| {
            work.session.needs(Act::Capture)?;
            Ok(identified(&load(&work, &request.id)?))
        })?;
        let Some(cpr) = cpr else { return Ok(nothing) };
        let central = self.look_up_centrally(&cpr);
        self.at_work(|mut work| {
            let entry = Entry::new(Action::CitizenLookedUp, work.now).on(request.id.clone());
            work.store
                .write(&work.actor, entry.because("counter_entry"))?
                .commit()?;
            // The central store may answer late: by then the draft may be about somebody else.
            let draft = load(&work, &request.id)?;
            if identified(&draft).as_ref() != Some(&cpr) {
                return Ok(nothing);
            }
            let mut known = self.known_citizen(&work, &cpr, central)?;
            if known.address_protected {
                let address = std::mem::take(&mut known.address);
                known.address_hidden = keep_unseen(&mut work, draft, address)?;
            }
            Ok(known)
        })
    }
}

/// The number of the citizen whose ID was seen in this draft.
fn identified(draft: &Draft) -> Option<Cpr> {
    let typed = Typed(&draft.fields);
    typed.flag("id_checked").then(|| typed.cpr("cpr")).flatten()
}

/// Puts a protected address we have into a draft that has none, without showing it. Whether it stands there unseen.
fn keep_unseen(work: &mut AtWork<'_>, mut draft: Draft, address: String) -> Result<bool, AppError> {
    let there = Typed(&draft.fields).text(ADDRESS);
    if address.is_empty() || !there.is_empty() && there != address.trim() {
        return Ok(false);
    }
    let protected = "address_protected".to_owned();
    draft.fields.insert(protected, FieldValue::Flag(true));
    let address = FieldValue::Text(address);
    draft.fields.insert(ADDRESS.to_owned(), address);
    keep(work, &draft)?;
    Ok(true)
}

/// The problem a field would have with this number: the same words while typing and when checked.
fn cpr_problem(error: CprError) -> ProblemCode {
    match error {
        CprError::NoSuchMonth | CprError::NoSuchDay => ProblemCode::CprNoSuchDate,
        CprError::Empty
        | CprError::NotADigit { .. }
        | CprError::HyphenMisplaced
        | CprError::WrongLength { .. } => ProblemCode::CprNotTenDigits,
    }
}
