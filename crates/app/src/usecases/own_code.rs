//! A code of one's own for this computer, for whoever signs in in the browser: it unlocks the screen, and signs in where
//! there is no line.
//!
//! Who a person is, the municipality's identity provider says, as long as it can be heard. Out of the house it cannot,
//! and the account here has no password that anybody knows. The code takes its place, on this computer alone; it never
//! leaves it. How long a computer works without the central store is the lease's to say.
//! Basis: design, section 6 (sign-in); decision 60.

use std::collections::BTreeSet;

use skranke_domain::ids::StaffId;
use skranke_store::{Action, Entry, PasswordDigest, SHORTEST_PASSWORD, Store};

use crate::api::error::ErrorCode;
use crate::api::session::{SecretRequest, UnlockedBy};
use crate::api::settings::{OwnCodeView, SettingsView};
use crate::error::AppError;
use crate::state::{App, Session};
use crate::usecases::{lease, pin, settings};

/// The setting that lists whose password here is such a code.
const CHOSEN_BY: &str = "own_codes";
/// What the audit log calls the change.
const ENTRY: &str = "own_code";

impl App {
    /// Chooses the code, or another than before. Only whoever came from the browser may: that is also the way out for
    /// whoever has forgotten it.
    ///
    /// # Errors
    /// `PinTooSimple`; `BrowserSignInNeeded` where the person did not come from there.
    pub fn own_code_choose(&self, request: SecretRequest) -> Result<SettingsView, AppError> {
        let code = request.secret.trim();
        self.at_work(|work| {
            if !work.session.in_browser {
                return Err(AppError::of(ErrorCode::BrowserSignInNeeded));
            }
            if pin::is_guessed_first(code) || !is_short_of_a_password(code) {
                return Err(AppError::of(ErrorCode::PinTooSimple));
            }
            let staff = work.session.staff;
            let digest = PasswordDigest::of_code(code, self.config.costs.password)?;
            let mut chosen_by = chosen_by(work.store)?;
            chosen_by.insert(staff.to_string());
            let entry = Entry::new(Action::SettingChanged, work.now).on(ENTRY);
            let mut write = work.store.write(&work.actor, entry)?;
            write.set_password(staff, &digest)?;
            settings::write(&mut write, CHOSEN_BY, &chosen_by)?;
            write.commit()?;
            self.settings_view(work.store, &work.session)
        })
    }
}

/// Whether the person's password here is a code for this computer alone.
pub(crate) fn has_own_code(store: &Store, staff: StaffId) -> Result<bool, AppError> {
    Ok(chosen_by(store)?.contains(&staff.to_string()))
}

/// Whether nobody's password is so short: a code is, so that the two are told apart before anything is sent.
pub(crate) fn is_short_of_a_password(secret: &str) -> bool {
    secret.chars().count() < SHORTEST_PASSWORD
}

/// The same of whoever signs in by this name.
pub(crate) fn has_own_code_by_login(store: &Store, login: &str) -> Result<bool, AppError> {
    match store.read()?.account_by_login(login)? {
        Some((account, _)) => has_own_code(store, account.staff),
        None => Ok(false),
    }
}

/// What opens the screen of whoever locked it.
pub(crate) fn unlocked_by(store: &Store, session: &Session) -> Result<UnlockedBy, AppError> {
    Ok(if has_own_code(store, session.staff)? {
        UnlockedBy::Code
    } else if session.in_browser {
        UnlockedBy::Browser
    } else {
        UnlockedBy::Password
    })
}

/// What the settings say of the code.
pub(crate) fn own_code_view(store: &Store, session: &Session) -> Result<OwnCodeView, AppError> {
    let is_chosen = has_own_code(store, session.staff)?;
    let account = store.read()?.account(session.staff)?;
    Ok(OwnCodeView {
        user_name: account.map(|account| account.login).unwrap_or_default(),
        is_chosen,
        may_choose: session.in_browser,
        is_urgent: session.in_browser && !is_chosen && lease::is_outreach_laptop(store)?,
    })
}

fn chosen_by(store: &Store) -> Result<BTreeSet<String>, AppError> {
    Ok(settings::read(store, CHOSEN_BY)?.unwrap_or_default())
}
