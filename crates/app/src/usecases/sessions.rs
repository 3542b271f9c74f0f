//! Signing in with a local account, locking, and what the window shows first.

use chrono::{DateTime, Utc};
use skranke_domain::role::{self, Act, Role, any_permits};
use skranke_store::{Action, Actor, Entry, PasswordDigest, Store};

use crate::api::error::ErrorCode;
use crate::api::session::{
    DemoAccount, ProfileChoice, SecretRequest, SessionView, SignInRequest, StartStage, StartState,
};
use crate::error::AppError;
use crate::state::{App, Desk, LOCK_AFTER, LOCK_AFTER_MINUTES, NO_DEVICE, Session, why_closed};
use crate::usecases::recovery::is_without_accounts;
use crate::usecases::{own_code, settings};

impl App {
    /// What the window shows first.
    ///
    /// # Errors
    /// None but what the store reports.
    pub fn start_state(&self, (): ()) -> Result<StartState, AppError> {
        self.reopen_if_closed();
        let mut desk = self.lock();
        self.close_unattended(&mut desk);
        let outcome = self.start_state_of(&desk);
        outcome.map_err(|error| desk.after(error))
    }

    fn start_state_of(&self, desk: &Desk) -> Result<StartState, AppError> {
        let Desk {
            store,
            session,
            closed,
            ..
        } = desk;
        let today = self.today().to_string();
        let empty = StartState {
            stage: StartStage::FirstRun,
            municipality: String::new(),
            today,
            session: None,
            demo: self.config.demo,
            demo_accounts: Vec::new(),
            profiles: self.profile_choices(),
            problem: None,
            browser_sign_in: false,
        };
        let Some(store) = store else {
            let Some(error) = closed else {
                return Ok(empty);
            };
            let stage = stage_of(error.code).ok_or_else(|| why_closed(Some(error)))?;
            return Ok(StartState {
                stage,
                problem: Some(error.to_ui()),
                ..empty
            });
        };
        // Whoever is enrolled signs in with an account at the central store, and needs none here.
        if is_without_accounts(store)?
            && self
                .server()
                .is_none_or(|server| server.bootstrap.is_some())
        {
            return Ok(empty);
        }
        let profile = &self.profile(store)?;
        let stage = match session {
            None => StartStage::SignIn,
            Some(session) if session.locked => StartStage::Locked,
            Some(_) => StartStage::Ready,
        };
        let demo = profile.demo.as_ref().filter(|_| self.config.demo);
        let browser_sign_in = settings::read(store, "browser_sign_in")?.unwrap_or(false);
        Ok(StartState {
            stage,
            browser_sign_in: browser_sign_in && self.server().is_some(),
            municipality: profile.name.clone(),
            session: match session {
                Some(session) => Some(self.session_view(store, session)?),
                None => None,
            },
            demo_accounts: demo
                .map(|demo| {
                    let account = |staff: &skranke_forms::profile::DemoStaff| DemoAccount {
                        user_name: staff.user.clone(),
                        name: staff.name.clone(),
                        roles: staff.roles.clone(),
                        password: demo.password.clone(),
                    };
                    demo.staff.iter().map(account).collect()
                })
                .unwrap_or_default(),
            ..empty
        })
    }

    /// Signs in: with an account at the central store where this computer was enrolled with a code and the store can be
    /// reached, otherwise with what this computer knows of the account. A code for this computer alone is never sent, and
    /// signs in only where the identity provider cannot be asked.
    ///
    /// # Errors
    /// `WrongPassword`, `AccountLocked` with `minutes`, `AccountDisabled`, `FirstRunNeeded`, `BrowserSignInNeeded`.
    pub fn sign_in(&self, request: SignInRequest) -> Result<SessionView, AppError> {
        // Shorter than any password: whoever mistypes the name sends no code to the central store.
        let is_own_code = own_code::is_short_of_a_password(&request.password);
        if is_own_code {
            if self.is_by_own_code(&request)? && self.hears_central() {
                return Err(AppError::of(ErrorCode::BrowserSignInNeeded));
            }
        } else if let Some(view) = self.sign_in_centrally(&request)? {
            self.line.cancel_browser_sign_in();
            return Ok(view);
        }
        let now = self.now();
        let view = {
            let mut desk = self.lock();
            let outcome = self.sign_in_at(&mut desk, &request, now);
            outcome.map_err(|error| desk.after(error))?
        };
        // Whoever began to sign in in the browser before has left the desk.
        self.line.cancel_browser_sign_in();
        // Best effort: without the central store, work goes on and waits.
        if !is_own_code {
            self.renew_grant();
        }
        Ok(view)
    }

    fn sign_in_at(
        &self,
        desk: &mut Desk,
        request: &SignInRequest,
        now: DateTime<Utc>,
    ) -> Result<SessionView, AppError> {
        let Desk {
            store,
            session,
            closed,
            ..
        } = desk;
        let Some(store) = store else {
            return Err(why_closed(closed.as_ref()));
        };
        let signed_in = self.verified(store, request.user_name.trim(), &request.password)?;
        let device = store
            .read()?
            .own_device()?
            .map_or(NO_DEVICE, |own| own.device);
        let actor = Actor {
            staff: signed_in.staff,
            roles: signed_in.roles.clone(),
            device,
        };
        store
            .write(&actor, Entry::new(Action::SignedIn, now))?
            .commit()?;
        let view = self.session_view(store, &signed_in)?;
        *session = Some(signed_in);
        Ok(view)
    }

    /// Signs out. What is open stays a draft. Where a PIN is asked for at start, it is asked for again.
    ///
    /// # Errors
    /// What the store reports; the session is locked then, for whoever leaves has left.
    pub fn sign_out(&self, (): ()) -> Result<(), AppError> {
        self.line.cancel_browser_sign_in();
        drop(self.paper_settle());
        let mut desk = self.lock();
        let outcome = self.sign_out_at(&mut desk);
        outcome.map_err(|error| {
            if let Some(session) = desk.session.as_mut() {
                session.locked = true;
            }
            desk.after(error)
        })
    }

    fn sign_out_at(&self, desk: &mut Desk) -> Result<(), AppError> {
        let now = self.now();
        let Desk { store, session, .. } = desk;
        if let (Some(store), Some(session)) = (store.as_mut(), session.as_ref()) {
            let device = store
                .read()?
                .own_device()?
                .map_or(NO_DEVICE, |own| own.device);
            let actor = Actor {
                staff: session.staff,
                roles: session.roles.clone(),
                device,
            };
            store
                .write(&actor, Entry::new(Action::SignedOut, now))?
                .commit()?;
            self.line.end_session(session.staff);
        }
        if session.take().is_some() {
            desk.opened_at = None;
            self.close_unattended(desk);
        }
        Ok(())
    }

    /// Locks the session; the password opens it again. Where a PIN is asked for at start, the store is closed and the PIN
    /// is asked for first.
    ///
    /// # Errors
    /// None.
    pub fn session_lock(&self, (): ()) -> Result<(), AppError> {
        // Locking never fails: a paper that could not be settled now is settled after unlocking.
        drop(self.paper_settle());
        let mut desk = self.lock();
        if let Some(session) = desk.session.as_mut() {
            session.locked = true;
            desk.opened_at = None;
            self.close_unattended(&mut desk);
        }
        Ok(())
    }

    /// Somebody is typing: the lock waits, although nothing was asked of the store.
    ///
    /// # Errors
    /// `SessionLocked` or `NotSignedIn`; a locked session stays locked.
    pub fn session_stay(&self, (): ()) -> Result<(), AppError> {
        self.at_work(|_| Ok(()))
    }

    /// Unlocks the session of the person who locked it.
    ///
    /// # Errors
    /// `WrongPassword`, `AccountLocked`, or `NotSignedIn`.
    pub fn session_unlock(&self, request: SecretRequest) -> Result<SessionView, AppError> {
        let now = self.now();
        let mut desk = self.lock();
        self.close_unattended(&mut desk);
        let Desk {
            store,
            session,
            closed,
            ..
        } = &mut *desk;
        let Some(store) = store else {
            return Err(why_closed(closed.as_ref()));
        };
        let session = session
            .as_mut()
            .ok_or_else(|| AppError::of(ErrorCode::NotSignedIn))?;
        let user = store
            .read()?
            .account(session.staff)?
            .map(|account| account.login);
        let user = user.ok_or_else(|| AppError::of(ErrorCode::AccountDisabled))?;
        self.verified(store, &user, &request.secret)?;
        // From here on it is the code that says who this is, and a code chooses no other.
        session.in_browser = false;
        session.locked = false;
        session.last_active_at = now;
        let session = session.clone();
        self.line.cancel_browser_sign_in();
        self.session_view(store, &session)
    }

    /// Locks the session of somebody who has done nothing for too long; whether it was not locked before. A paper they
    /// never answered for counts as handed out from then on.
    pub(crate) fn lock_if_idle(&self, desk: &mut Desk) -> bool {
        let now = self.now();
        let Some(session) = desk.session.as_mut() else {
            return false;
        };
        let is_left = !session.locked && now - session.last_active_at > LOCK_AFTER;
        session.locked |= is_left;
        if is_left {
            // Locking never fails: a paper that could not be settled now is settled after unlocking.
            drop(self.settle_on(desk));
        }
        is_left
    }

    /// The account, if the password is right. A wrong one is counted before the answer.
    fn verified(&self, store: &mut Store, user: &str, password: &str) -> Result<Session, AppError> {
        let now = self.now();
        let device = store
            .read()?
            .own_device()?
            .map_or(NO_DEVICE, |own| own.device);
        let Some((account, digest)) = store.read()?.account_by_login(user)? else {
            // The same work as for a real account, so that the time tells nothing.
            let _ = PasswordDigest::of(password, self.config.costs.password);
            return Err(AppError::of(ErrorCode::WrongPassword));
        };
        if !account.is_active {
            return Err(AppError::of(ErrorCode::AccountDisabled));
        }
        if let Some(until) = account.locked_until_at.filter(|until| *until > now) {
            return Err(locked(until, now));
        }
        let right = digest.fits(password)?;
        let actor = Actor {
            staff: account.staff,
            roles: account.roles.clone(),
            device,
        };
        if !right || account.failed_attempts > 0 {
            let action = if right {
                Action::SignedIn
            } else {
                Action::SignInFailed
            };
            let mut write = store.write(&actor, Entry::new(action, now))?;
            let after = write.note_sign_in(account.staff, right)?;
            write.commit()?;
            if let Some(until) = after.locked_until_at.filter(|until| *until > now) {
                return Err(locked(until, now));
            }
        }
        if !right {
            return Err(AppError::of(ErrorCode::WrongPassword));
        }
        Ok(Session {
            staff: account.staff,
            name: account.name,
            initials: account.initials,
            roles: self.in_effect(store, account.roles)?,
            in_browser: false,
            locked: false,
            last_active_at: now,
        })
    }

    /// The roles of an account in which its owner works in this municipality.
    pub(crate) fn in_effect(&self, store: &Store, roles: Vec<Role>) -> Result<Vec<Role>, AppError> {
        let practice = &self.profile(store)?.practice;
        Ok(role::in_effect(roles, practice.outreach_may_decide))
    }

    pub(crate) fn session_view(
        &self,
        store: &Store,
        session: &Session,
    ) -> Result<SessionView, AppError> {
        let profile = &self.profile(store)?;
        let location = settings::location_of(store, profile, session.staff)?;
        let location_name = profile
            .location(&location)
            .map(|location| location.name.clone())
            .unwrap_or_default();
        let acts = Act::ALL
            .into_iter()
            .filter(|act| any_permits(&session.roles, *act));
        Ok(SessionView {
            staff_id: session.staff.to_string(),
            name: session.name.clone(),
            initials: session.initials.clone(),
            roles: session
                .roles
                .iter()
                .map(|role| role.code().to_owned())
                .collect(),
            acts: acts.map(|act| act.code().to_owned()).collect(),
            location,
            location_name,
            lock_after_seconds: LOCK_AFTER_MINUTES * 60,
            unlocked_by: own_code::unlocked_by(store, session)?,
        })
    }

    pub(crate) fn profile_choices(&self) -> Vec<ProfileChoice> {
        let choice = |profile: &skranke_forms::Profile| ProfileChoice {
            code: profile.code.clone(),
            municipality: profile.name.clone(),
            locations: settings::locations(profile),
        };
        self.forms.profiles().iter().map(choice).collect()
    }
}

/// What is shown where the store is closed for a reason that somebody at the window can mend.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other reason is told as an error"
)]
fn stage_of(code: ErrorCode) -> Option<StartStage> {
    match code {
        ErrorCode::KeyMissing | ErrorCode::KeyWrong => Some(StartStage::Recovery),
        ErrorCode::PinNeeded => Some(StartStage::Pin),
        ErrorCode::LeaseEnded | ErrorCode::ClockSetBack => Some(StartStage::Lease),
        ErrorCode::DatabaseDamaged => Some(StartStage::Damaged),
        _ => None,
    }
}

fn locked(until: DateTime<Utc>, now: DateTime<Utc>) -> AppError {
    const MINUTE: i64 = 60_000;
    // Whole minutes, rounded up: whoever waits so long gets in.
    let minutes = ((until - now).num_milliseconds() + MINUTE - 1) / MINUTE;
    AppError::of(ErrorCode::AccountLocked).with("minutes", minutes)
}
