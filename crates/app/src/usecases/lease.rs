//! How long an outreach laptop opens without the central store: its PIN's wrap is bound to a share that the central
//! store hands out at each contact, and that is kept here until the lease ends.
//!
//! Each step leaves a store that opens. Binding writes the share before it binds, and binds only with a share that was
//! had a second time in the way a closed computer asks; whatever is lost on the way, the recovery code opens. The
//! store is never closed under somebody's hands: where the lease ends at work, that is when the screen locks. Then it is
//! closed in any case: whoever finds the laptop running finds no key in it.
//! Basis: design, section 5; reliability, threat T1; decision 40.

use rand::RngCore;
use rand::rngs::OsRng;
use skranke_domain::ids::DeviceId;
use skranke_domain::rehearsal;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{DeviceState, LeaseAnswer, Scope, Status};
use skranke_store::key::envelope::{Binding, Envelope, KeyError};
use skranke_store::key::lease::{Lease, Standing};
use skranke_store::{Store, StoreError};
use skranke_sync::{Client, Connection, SyncError};
use zeroize::Zeroizing;

use crate::api::error::ErrorCode;
use crate::api::session::StartState;
use crate::error::AppError;
use crate::rights::OWN_CASES_ALONE;
use crate::state::{App, Desk, LOCK_AFTER};
use crate::usecases::settings;
use crate::usecases::synchronise::{host, needs_line};

/// Days of a lease until the profile can be read again: its file was lost, and the store is closed.
const UNTIL_THE_PROFILE_IS_READ: u16 = 1;

/// Whether this computer sees its own cases alone, as the central store said last.
pub(crate) fn is_outreach_laptop(store: &Store) -> Result<bool, AppError> {
    Ok(settings::read(store, OWN_CASES_ALONE)?.unwrap_or(false))
}

impl App {
    /// Hears from the central store that this computer may be opened again. Needs no open store.
    ///
    /// # Errors
    /// `NeedsCentralStore` without a line; `DeviceRevoked` where this computer was shut out; `LeaseRefused` where the
    /// central store does not know what it gave.
    pub fn lease_renew(&self, (): ()) -> Result<StartState, AppError> {
        let envelope = Envelope::load(&self.config.folder)?;
        if let Some(binding) = envelope.binding() {
            self.renew(binding, None).map_err(refused)?;
        }
        self.start_state(())
    }

    /// The server's share, where the store asks for one; at the end of the lease it is destroyed.
    ///
    /// # Errors
    /// [`KeyError::LeaseEnded`], [`KeyError::ClockSetBack`].
    pub(crate) fn share(
        &self,
        envelope: &Envelope,
    ) -> Result<Option<Zeroizing<[u8; 32]>>, KeyError> {
        if envelope.binding().is_none() {
            return Ok(None);
        }
        let folder = &self.config.folder;
        let lease = Lease::load(folder)?.ok_or(KeyError::LeaseEnded)?;
        match lease.at(self.now(), folder) {
            (lease, Standing::Holds) => Ok(lease.share()),
            (_, Standing::Ended) => Err(KeyError::LeaseEnded),
            (_, Standing::ClockSetBack) => Err(KeyError::ClockSetBack),
        }
    }

    /// Closes a store that asks for a PIN, and forgets its key, where nobody is at work with it: behind the locked
    /// screen, after signing out, a while after the PIN was typed and nobody signed in, and at the end of the lease.
    ///
    /// Whoever locked the screen stays known: after the PIN their password goes on where they were.
    pub(crate) fn close_unattended(&self, desk: &mut Desk) {
        self.lock_if_idle(desk);
        let is_at_work = desk.session.as_ref().is_some_and(|session| !session.locked);
        let Ok(envelope) = Envelope::load(&self.config.folder) else {
            return;
        };
        // Asked for whoever is at work: a lease that has ended is ended on the disk.
        let share = self.share(&envelope);
        if desk.store.is_none() || is_at_work || !envelope.asks_for_pin() {
            return;
        }
        let why = match share {
            Err(error @ (KeyError::LeaseEnded | KeyError::ClockSetBack)) => {
                desk.session = None;
                error
            }
            _ if self.is_about_to_sign_in(desk) => return,
            _ => KeyError::PinNeeded,
        };
        desk.store = None;
        desk.opened_at = None;
        desk.closed = Some(why.into());
        *self.pin_key() = None;
        self.line.hang_up();
    }

    /// Whether the store was opened so lately that somebody is still on their way in.
    fn is_about_to_sign_in(&self, desk: &Desk) -> bool {
        let since = desk.opened_at.map(|opened_at| self.now() - opened_at);
        since.is_some_and(|since| since <= LOCK_AFTER)
    }

    /// Keeps the lease at a contact: begins it on an outreach laptop with a PIN, and renews it. A central store that
    /// knows no leases, or does not renew this one, keeps nobody from sending their work.
    pub(crate) fn keep_lease(&self, client: &Client, status: &Status) -> Result<(), SyncError> {
        match self.try_to_keep_lease(client, status) {
            Err(SyncError::Refused { .. } | SyncError::RefusedOtherwise { .. }) => Ok(()),
            kept => kept,
        }
    }

    fn try_to_keep_lease(&self, client: &Client, status: &Status) -> Result<(), SyncError> {
        let is_outreach = status.device.scope == Scope::OwnCases;
        let Ok(envelope) = Envelope::load(&self.config.folder) else {
            return Ok(());
        };
        let device = status.device.device_id;
        if status.device.state == DeviceState::Revoked || !is_outreach || !envelope.asks_for_pin() {
            return Ok(());
        }
        let days = self
            .with_store(|store| Ok(self.profile(store)?.practice.offline_lease_days))
            .map_err(host)?;
        let Some(binding) = envelope.binding() else {
            return self.begin(client, device, days);
        };
        // A computer that goes on under another name (decision 32) binds its key to the share of that name.
        if binding.device_id != device.to_string() {
            self.unbind().map_err(host)?;
            return self.begin(client, device, days);
        }
        if self.is_due(days).map_err(host)? {
            self.renew(binding, Some(days))?;
        }
        Ok(())
    }

    fn is_due(&self, days: u16) -> Result<bool, AppError> {
        let lease = Lease::load(&self.config.folder)?;
        Ok(lease.is_none_or(|lease| lease.is_due(days, self.now())))
    }

    fn begin(&self, client: &Client, device: DeviceId, days: u16) -> Result<(), SyncError> {
        let server = self.server().ok_or(SyncError::Offline)?;
        let mut seed = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(seed.as_mut_slice());
        let asking_key = SigningKey::from_seed(&seed);
        let begun = client.begin_lease(asking_key.public())?;
        let binding = Binding {
            url: server.url,
            tenant: server.tenant,
            device_id: device.to_string(),
            asking_key: *seed,
            ticket: begun.ticket,
        };
        // Had a second time as a closed computer asks: nothing is bound to what cannot be had again.
        let again = self.ask(&binding)?;
        if again.share != begun.share {
            return Err(SyncError::WrongContent);
        }
        self.bind(binding, &again.share, days).map_err(host)
    }

    fn bind(&self, binding: Binding, share: &[u8; 32], days: u16) -> Result<(), AppError> {
        let desk = self.lock();
        // Closed or wiped meanwhile.
        if desk.store.is_none() {
            return Ok(());
        }
        let folder = &self.config.folder;
        let mut envelope = Envelope::load(folder)?;
        envelope.bind(binding, share)?;
        Lease::new(share, days, self.now()).save(folder)?;
        rehearsal::point("lease.share_kept");
        envelope.save(folder)?;
        rehearsal::point("lease.bound");
        Ok(())
    }

    fn unbind(&self) -> Result<(), AppError> {
        let desk = self.lock();
        if desk.store.is_none() {
            return Ok(());
        }
        let mut envelope = Envelope::load(&self.config.folder)?;
        let share = self.share(&envelope)?;
        envelope.unbind(share.as_deref())?;
        envelope.save(&self.config.folder)?;
        Ok(())
    }

    /// Begins the lease anew with the share the central store hands out; `days` as the profile says, where it can be
    /// read.
    fn renew(&self, binding: &Binding, days: Option<u16>) -> Result<(), SyncError> {
        let answer = self.ask(binding)?;
        let _desk = self.lock();
        let kept = || -> Result<bool, StoreError> {
            let folder = &self.config.folder;
            let is_the_one =
                Envelope::load(folder).is_ok_and(|envelope| envelope.is_bound_to(&answer.share));
            if is_the_one {
                let before = Lease::load(folder)?.map(|lease| lease.days());
                let days = days.or(before).unwrap_or(UNTIL_THE_PROFILE_IS_READ);
                Lease::new(&answer.share, days, self.now()).save(folder)?;
            }
            Ok(is_the_one)
        };
        match kept() {
            Ok(true) => Ok(()),
            Ok(false) => Err(SyncError::WrongContent),
            Err(error) => Err(host(error.into())),
        }
    }

    /// Asks for the share as a computer that is closed asks.
    fn ask(&self, binding: &Binding) -> Result<LeaseAnswer, SyncError> {
        let known = self.server();
        let (url, ca_file) = match known {
            Some(server) => (server.url, server.ca_file),
            None => (binding.url.clone(), self.ca_file()),
        };
        let device_id = binding.device_id.parse();
        let connection = Connection {
            base_url: url,
            tenant: binding.tenant.clone(),
            device_id: device_id.map_err(|_| SyncError::WrongContent)?,
            key: SigningKey::from_seed(&binding.asking_key),
            server_key: None,
            ca_file,
        };
        Client::new(connection, self.environment()).renew_lease(&binding.ticket)
    }
}

/// What a failed contact means to the person before a closed store.
fn refused(error: SyncError) -> AppError {
    let is_unknown_there = matches!(
        error,
        SyncError::Refused {
            code: ProblemCode::GrantNotValid
                | ProblemCode::NotAuthenticated
                | ProblemCode::NotFound,
            ..
        } | SyncError::WrongContent
    );
    if is_unknown_there {
        AppError::of(ErrorCode::LeaseRefused)
    } else {
        needs_line(error)
    }
}
