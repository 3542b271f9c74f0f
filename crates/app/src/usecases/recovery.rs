//! A store that does not open, or is found damaged at work: opening it again, and recovering it.
//!
//! Basis: design, section 5; decision 4.

use skranke_store::{Action, Actor, Entry, Store};

use crate::api::error::ErrorCode;
use crate::api::session::StoreRecovered;
use crate::error::AppError;
use crate::state::{App, NO_DEVICE};

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
            desk.store = Some(store);
            desk.closed = None;
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
            fetches_rest: self.config.server.is_some(),
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

/// Whether nobody can sign in: a recovery that found neither the accounts nor their second copy.
pub(crate) fn is_without_accounts(store: &Store) -> Result<bool, AppError> {
    Ok(store.read()?.accounts()?.is_empty())
}
