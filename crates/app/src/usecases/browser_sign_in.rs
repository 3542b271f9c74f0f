//! Signing in at the central store: at the municipality's identity provider, in the system's browser, or with a
//! password. It ends in the same session as an account of this computer; what differs is who says who it is, and in
//! which roles.
//!
//! Basis: design, section 6 (sign-in); integration, section 4.

use std::time::Duration;

use rand::RngCore;
use rand::rngs::OsRng;
use skranke_protocol::encoding::to_hex;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::SessionRequest;
use skranke_store::{AccountRow, Action, Actor, Entry, PasswordDigest, ReadHandle};
use skranke_sync::{Cancel, Loopback, NoCode, SyncError};

use crate::api::error::ErrorCode;
use crate::api::session::{SessionView, SignInRequest};
use crate::error::AppError;
use crate::state::{App, Desk, NO_DEVICE, Session, why_closed};
use crate::usecases::own_code;
use crate::usecases::synchronise::told;

/// How long a person may take in the browser.
const WITHIN: Duration = Duration::from_secs(5 * 60);
/// How long the central store closes an account after five wrong passwords.
const CLOSED_MINUTES: u32 = 15;
/// What an account of this computer is called after its name, where the central store knows another by that name.
const OF_HERE: &str = "lokal";
/// What the account of somebody who came from the browser is called after its name, where an account of this computer
/// has that.
const OF_PROVIDER: &str = "kommune";

impl App {
    /// Opens the identity provider's page with `open`, waits for the browser to come back, and signs the person in.
    /// Nothing is locked meanwhile; [`App::browser_sign_in_cancel`] ends the waiting.
    ///
    /// # Errors
    /// `BrowserSignInAbandoned`, `BrowserSignInRefused`, `BrowserSignInNoRole`, what `open` reports, or why the
    /// central store cannot be asked.
    pub fn browser_sign_in(
        &self,
        open: impl FnOnce(&str) -> Result<(), AppError>,
    ) -> Result<SessionView, AppError> {
        if self.server().is_none() {
            return Err(AppError::of(ErrorCode::Offline));
        }
        let cancel = self.line.new_browser_sign_in();
        let client = self.enrolled_client().map_err(|error| of_sync(&error))?;
        let loopback = Loopback::open().map_err(|_| AppError::of(ErrorCode::BrowserNotOpened))?;
        let begun = client
            .begin_sign_in(&loopback.redirect_uri())
            .map_err(|error| of_sync(&error))?;
        open(&begun.authorization_url)?;
        let page = self
            .forms
            .texts()
            .get("sign_in.browser_done")
            .unwrap_or_default()
            .to_owned();
        let code = loopback
            .wait(&begun.state, &page, WITHIN, &cancel)
            .map_err(|error| match error {
                NoCode::Abandoned => AppError::of(ErrorCode::BrowserSignInAbandoned),
                NoCode::Refused | NoCode::AnotherSignIn => {
                    AppError::of(ErrorCode::BrowserSignInRefused)
                }
            })?;
        let request = SessionRequest::Browser {
            state: begun.state,
            code,
        };
        let session = client.sign_in(&request).map_err(|error| of_sync(&error))?;
        self.arrived(session, Way::Browser(&cancel))
    }

    /// Signs in with a password at the central store, where it says who people are. `None` where this computer decides:
    /// it has no central store, the store is away, or the account was never at any other place than here.
    pub(crate) fn sign_in_centrally(
        &self,
        request: &SignInRequest,
    ) -> Result<Option<SessionView>, AppError> {
        let is_asked = self
            .server()
            .is_some_and(|server| server.bootstrap.is_none());
        if !is_asked || self.lock().store.is_none() {
            return Ok(None);
        }
        let login = request.user_name.trim();
        let asked = SessionRequest::Local {
            login: login.to_owned(),
            password: request.password.clone(),
        };
        let answer = self
            .enrolled_client()
            .and_then(|client| client.sign_in(&asked));
        match answer {
            Ok(session) => self.arrived(session, Way::Password(request)).map(Some),
            Err(error) if is_refused(&error, &[ProblemCode::TooManyRequests]) => {
                Err(AppError::of(ErrorCode::AccountLocked).with("minutes", CLOSED_MINUTES))
            }
            Err(error) if is_refused(&error, &[ProblemCode::SignInRefused]) => {
                let is_of_here = self.with_store(|store| {
                    let read = store.read()?;
                    let known = read.account_by_login(login)?;
                    Ok(match known {
                        Some((account, _)) => read.grant_tokens(account.staff)?.is_empty(),
                        None => false,
                    })
                })?;
                if is_of_here {
                    Ok(None)
                } else {
                    Err(AppError::of(ErrorCode::WrongPassword))
                }
            }
            Err(error) => {
                self.heard_of(&Err(error));
                Ok(None)
            }
        }
    }

    /// Whether whoever signs in by this name has a code for this computer in the place of a password.
    pub(crate) fn is_by_own_code(&self, request: &SignInRequest) -> Result<bool, AppError> {
        if self.lock().store.is_none() {
            return Ok(false);
        }
        let login = request.user_name.trim();
        self.with_store(|store| own_code::has_own_code_by_login(store, login))
    }

    /// Whether the central store answers now.
    pub(crate) fn hears_central(&self) -> bool {
        let heard = self.server().is_some()
            && self
                .enrolled_client()
                .and_then(|client| client.status())
                .is_ok();
        self.line.reached(heard);
        heard
    }

    /// Ends the waiting for the browser.
    ///
    /// # Errors
    /// None.
    pub fn browser_sign_in_cancel(&self, (): ()) -> Result<(), AppError> {
        self.line.cancel_browser_sign_in();
        Ok(())
    }

    /// Keeps the person's account and grant here, and begins the session. Who comes back from the browser after the
    /// desk was given to somebody else is not let in.
    /// Without a line to the central store the same password opens it here.
    fn arrived(
        &self,
        arrived: skranke_sync::Session,
        way: Way<'_>,
    ) -> Result<SessionView, AppError> {
        let now = self.now();
        let mut desk = self.lock();
        self.lock_if_idle(&mut desk);
        if let Way::Browser(given_up) = way
            && (given_up.is_cancelled() || somebody_else_works(&desk, &arrived))
        {
            drop(desk);
            self.line.end_unused(arrived);
            return Err(AppError::of(ErrorCode::BrowserSignInAbandoned));
        }
        let typed = way.typed();
        let grant = arrived.grant();
        let closed = why_closed(desk.closed.as_ref());
        let store = desk.store.as_mut().ok_or(closed)?;
        let read = store.read()?;
        let user_name = typed.map(|typed| typed.user_name.trim().to_lowercase());
        let namesake = match &user_name {
            Some(name) => read.account_by_login(name)?,
            None => None,
        };
        let namesake = namesake.filter(|(account, _)| account.staff != grant.staff_id);
        let namesake = match namesake {
            Some((account, digest)) => Some((under_another_name(&read, account)?, digest)),
            None => None,
        };
        let account = account(&read, &arrived, user_name)?;
        let device = read.own_device()?.map_or(NO_DEVICE, |own| own.device);
        let known = read.account_by_login(&account.login)?;
        let known = known.filter(|(known, _)| known.staff == account.staff);
        drop(read);
        let digest = match (typed, known) {
            (Some(typed), _) => PasswordDigest::of(&typed.password, self.config.costs.password)?,
            (None, Some((_, digest))) => digest,
            // An account of its own kind: no password fits what nobody knows.
            (None, None) => {
                let mut secret = [0; 32];
                OsRng.fill_bytes(&mut secret);
                PasswordDigest::of(&to_hex(&secret), self.config.costs.password)?
            }
        };
        let actor = Actor {
            staff: account.staff,
            roles: account.roles.clone(),
            device,
        };
        let mut write = store.write(&actor, Entry::new(Action::SignedIn, now))?;
        if let Some((before, digest)) = namesake {
            write.put_account(&before, &digest)?;
        }
        write.put_account(&account, &digest)?;
        if typed.is_some() {
            // The one from before may have been changed at the central store.
            write.set_password(account.staff, &digest)?;
        }
        write.put_grant(grant, &arrived.signed_grant().to_token())?;
        write.commit()?;
        let signed_in = Session {
            staff: account.staff,
            name: account.name,
            initials: account.initials,
            roles: self.in_effect(store, account.roles)?,
            in_browser: typed.is_none(),
            locked: false,
            last_active_at: now,
        };
        let view = self.session_view(store, &signed_in)?;
        desk.session = Some(signed_in);
        drop(desk);
        self.line.keep_session(arrived);
        Ok(view)
    }
}

/// How somebody was vouched for.
#[derive(Clone, Copy)]
enum Way<'a> {
    /// In the browser, unless it was given up meanwhile.
    Browser(&'a Cancel),
    /// With a password.
    Password(&'a SignInRequest),
}

impl<'a> Way<'a> {
    const fn typed(self) -> Option<&'a SignInRequest> {
        match self {
            Self::Browser(_) => None,
            Self::Password(typed) => Some(typed),
        }
    }
}

fn somebody_else_works(desk: &Desk, arrived: &skranke_sync::Session) -> bool {
    let session = desk.session.as_ref().filter(|session| !session.locked);
    session.is_some_and(|session| session.staff != arrived.grant().staff_id)
}

/// An account whose name is the central store's from now on.
fn under_another_name(read: &ReadHandle<'_>, account: AccountRow) -> Result<AccountRow, AppError> {
    let wanted = format!("{}.{OF_HERE}", account.login);
    let login = match read.account_by_login(&wanted)? {
        None => wanted,
        Some(_) => format!("{}.{}", account.login, account.staff),
    };
    Ok(AccountRow { login, ..account })
}

/// The account of a person the central store or the identity provider vouched for, with the roles of this sign-in.
fn account(
    read: &ReadHandle<'_>,
    arrived: &skranke_sync::Session,
    user_name: Option<String>,
) -> Result<AccountRow, AppError> {
    let grant = arrived.grant();
    let profile = arrived.profile().cloned().unwrap_or_default();
    let known = read.account(grant.staff_id)?;
    let login = match (user_name, known.as_ref()) {
        (Some(name), _) => name,
        (None, Some(known)) => known.login.clone(),
        (None, None) => {
            // A name that somebody else signs in with here is not taken over.
            let wanted = profile.user_name.trim();
            let names = [wanted.to_owned(), format!("{wanted}.{OF_PROVIDER}")];
            let mut free = grant.staff_id.to_string();
            for name in names.into_iter().rev().filter(|_| !wanted.is_empty()) {
                if read.account_by_login(&name)?.is_none() {
                    free = name;
                }
            }
            free
        }
    };
    let told = [profile.name.trim(), profile.user_name.trim()];
    let name = told.into_iter().find(|name| !name.is_empty());
    let name = match (name, known) {
        (Some(name), _) => name.to_owned(),
        (None, Some(known)) => known.name,
        (None, None) => login.clone(),
    };
    Ok(AccountRow {
        staff: grant.staff_id,
        initials: initials(&name),
        login,
        name,
        roles: grant.roles.clone(),
        is_active: true,
        failed_attempts: 0,
        locked_until_at: None,
    })
}

/// The first letters of the first three words and the last, capitals; two letters of a single word.
fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let firsts = words.iter().filter_map(|word| word.chars().next());
    let letters: String = match words.as_slice() {
        [only] => only.chars().take(2).collect(),
        [first @ .., last] if first.len() > 3 => first
            .iter()
            .take(3)
            .chain([last])
            .filter_map(|word| word.chars().next())
            .collect(),
        _ => firsts.collect(),
    };
    letters.to_uppercase()
}

fn is_refused(error: &SyncError, wanted: &[ProblemCode]) -> bool {
    matches!(error, SyncError::Refused { code, .. } if wanted.contains(code))
}

/// What a refusal of the central store means on the sign-in screen.
fn of_sync(error: &SyncError) -> AppError {
    let refused = |wanted: &[ProblemCode]| is_refused(error, wanted);
    if refused(&[ProblemCode::NoRole]) {
        AppError::of(ErrorCode::BrowserSignInNoRole)
    } else if refused(&[ProblemCode::SignInRefused, ProblemCode::NotFound]) {
        AppError::of(ErrorCode::BrowserSignInRefused)
    } else {
        told(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_come_from_the_words_of_the_name() {
        assert_eq!(initials("Karin Holm"), "KH");
        assert_eq!(initials("Åse Marie von der Østergård"), "ÅMVØ");
        assert_eq!(initials("karin"), "KA");
        assert_eq!(initials(""), "");
    }
}
