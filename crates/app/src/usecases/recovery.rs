//! A store that does not open, or is found damaged at work: opening it again, recovering it, and a new recovery code.
//!
//! Basis: design, section 5; decision 4.

use std::sync::{MutexGuard, PoisonError};

use skranke_domain::ids::StaffId;
use skranke_store::key::envelope::Envelope;
use skranke_store::key::recovery::RecoveryCode;
use skranke_store::{Action, Actor, Entry, Store};

use crate::api::error::ErrorCode;
use crate::api::session::{RecoveryCodeMade, SecretRequest, StoreRecovered};
use crate::error::AppError;
use crate::state::{App, NO_DEVICE};
use crate::usecases::settings::needs_administrator;

impl App {
    /// Sets the damaged store aside and makes a new one from everything that can be saved. Nobody is signed in then:
    /// the accounts are in the store, and nothing is thrown away by it.
    ///
    /// # Errors
    /// `MalformedRequest` where the store is not damaged; `DiskFull` and what else disk and engine answer, and then
    /// it can be tried again.
    pub fn store_recover(&self, (): ()) -> Result<StoreRecovered, AppError> {
        let now = self.now();
        let recovered = {
            let mut desk = self.lock();
            let is_damaged = desk
                .closed
                .as_ref()
                .is_some_and(|error| error.code == ErrorCode::DatabaseDamaged);
            if desk.store.is_some() || !is_damaged {
                return Err(AppError::malformed_request());
            }
            let key = self.key_here()?;
            let folder = &self.config.folder;
            // The new database needs room; the reserve is laid again once it is there.
            Store::release_ballast_of(folder)?;
            let (mut store, recovered) = Store::recover(folder, &key, self.options(), now)?;
            let device = store
                .read()?
                .own_device()?
                .map_or(NO_DEVICE, |own| own.device);
            store
                .write(
                    &Actor::program(device),
                    Entry::new(Action::Maintained, now).on("recovered"),
                )?
                .commit()?;
            let _ = store.lay_ballast();
            self.go_on_with_server(&store)?;
            desk.open(store, now);
            desk.session = None;
            recovered
        };
        if self.config.demo {
            self.set_up_demo()?;
        }
        self.line.nudge();
        let file = recovered.files.last().and_then(|path| path.file_name());
        Ok(StoreRecovered {
            cases: recovered.cases,
            records: recovered.events,
            drafts: recovered.drafts,
            accounts: recovered.accounts,
            file: file
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
            fetches_rest: self.server().is_some(),
        })
    }

    /// Tries again to open a store that did not open, for a reason that someone may have put right meanwhile: another
    /// program is closed, a key store unlocked, a disk cleared. A damaged one waits for a person.
    pub(crate) fn reopen_if_closed(&self) {
        let may_open = {
            let desk = self.lock();
            let code = desk.closed.as_ref().map(|error| error.code);
            desk.store.is_none() && code.is_some_and(|code| code != ErrorCode::DatabaseDamaged)
        };
        if may_open {
            self.open_store();
        }
    }
}

impl App {
    /// Makes a new recovery code and shows it, this once. Until it is typed back the one before still works, so that a
    /// computer is never without a code that somebody has.
    ///
    /// # Errors
    /// `NotPermitted` for anyone but an administrator: the code opens everything that is on this computer.
    pub fn recovery_code_new(&self, (): ()) -> Result<RecoveryCodeMade, AppError> {
        let staff = self.at_work(|work| {
            needs_administrator(&work.session)?;
            Ok(work.session.staff)
        })?;
        let code = RecoveryCode::generate();
        let recovery_code = code.reveal().to_string();
        *self.shown_code() = Some((staff, code));
        Ok(RecoveryCodeMade { recovery_code })
    }

    /// Puts the new code in force once it, or its last group, was typed back: the one before opens nothing any more.
    ///
    /// # Errors
    /// `RecoveryCodeWrong` where what was typed is not the end of the code shown to this person; `KeyMissing` and what
    /// the disk answers, and then the code before still works.
    pub fn recovery_code_confirm(&self, request: SecretRequest) -> Result<(), AppError> {
        self.at_work(|work| {
            needs_administrator(&work.session)?;
            let wrong = || AppError::of(ErrorCode::RecoveryCodeWrong);
            let mut shown = self.shown_code();
            let (to, code) = shown.as_ref().ok_or_else(wrong)?;
            if *to != work.session.staff || !code.is_confirmed_by(&request.secret) {
                return Err(wrong());
            }
            let key = self.key_here()?;
            let mut envelope = Envelope::load(&self.config.folder)?;
            envelope.seal_recovery(&key, code, self.config.costs.opening)?;
            // The log first: a change of the key without its row must not happen.
            let entry = Entry::new(Action::RecoveryCodeRenewed, work.now);
            work.store.write(&work.actor, entry)?.commit()?;
            envelope.save(&self.config.folder)?;
            *shown = None;
            Ok(())
        })
    }

    fn shown_code(&self) -> MutexGuard<'_, Option<(StaffId, RecoveryCode)>> {
        self.shown_code
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether nobody can sign in: a recovery that found neither the accounts nor their second copy.
pub(crate) fn is_without_accounts(store: &Store) -> Result<bool, AppError> {
    Ok(store.read()?.accounts()?.is_empty())
}
