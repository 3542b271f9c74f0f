//! A PIN at start, for a laptop that leaves the building: without it neither the disk nor the account of the computer
//! opens the store.
//!
//! The key is then sealed under the PIN together with what the key store holds, and in no way that asks nobody. The
//! recovery code opens as before; whoever has forgotten the PIN uses it and chooses another.
//! Basis: design, section 5; reliability, threat T1 and fault F20; decision 40.

use chrono::{DateTime, TimeDelta, Utc};
use skranke_domain::danish_time;
use skranke_store::key::StoreKey;
use skranke_store::key::envelope::{Envelope, KeyError, SHORTEST_PASSPHRASE};
use skranke_store::key::lease::Lease;
use skranke_store::key::tries::Tries;
use skranke_store::{Action, Entry, Store, StoreError};

use crate::api::error::ErrorCode;
use crate::api::session::{PinRequest, SecretRequest, StartState};
use crate::api::settings::{PinView, SettingsView};
use crate::error::AppError;
use crate::state::{App, Session, why_closed};
use crate::usecases::lease;
use crate::usecases::settings::needs_administrator;

/// What the audit log calls the change.
const ENTRY: &str = "pin";
/// A PIN with fewer different digits is among those that are tried first.
const FEWEST_KINDS: usize = 3;

impl App {
    /// Opens the store with the PIN. A wrong one is counted before it is tried.
    ///
    /// # Errors
    /// `PinWrong`; `PinWait` with `minutes` after some wrong ones; `LeaseEnded`, `ClockSetBack` where the central store
    /// must be heard first; `MalformedRequest` where no PIN is asked for.
    pub fn pin_open(&self, request: SecretRequest) -> Result<StartState, AppError> {
        {
            let mut desk = self.lock();
            let closed = why_closed(desk.closed.as_ref());
            if desk.store.is_some() || closed.code != ErrorCode::PinNeeded {
                return Err(AppError::malformed_request());
            }
            let key = self.key_by_pin(request.secret.trim())?;
            *self.pin_key() = Some(key.clone());
            match self.open_with(&key) {
                Ok(store) => desk.open(store, self.now()),
                Err(error) => desk.closed = Some(error),
            }
        }
        self.line_nudge();
        self.start_state(())
    }

    /// Asks for a PIN at every start from now on, or for another than before.
    ///
    /// # Errors
    /// `PinTooSimple`; `PinWrong`, `PinWait` where the PIN as it is now was not typed right; `NotPermitted` where this
    /// is no outreach laptop and no administrator asks.
    pub fn pin_choose(&self, request: PinRequest) -> Result<SettingsView, AppError> {
        let pin = request.pin.trim();
        self.at_work(|work| {
            may_choose(work.store, &work.session)?;
            if is_guessed_first(pin) {
                return Err(AppError::of(ErrorCode::PinTooSimple));
            }
            let mut envelope = Envelope::load(&self.config.folder)?;
            let key = if envelope.asks_for_pin() {
                self.key_by_pin(request.current.trim())?
            } else {
                self.key_here()?
            };
            let share = self.share(&envelope)?;
            let binding = envelope.binding().cloned();
            self.with_key_place(|place| {
                envelope.require_pin(&key, pin, place, self.config.costs.opening)
            })?;
            if let (Some(binding), Some(share)) = (binding, share) {
                envelope.bind(binding, &share)?;
            }
            // The log first: a change of the key without its row must not happen.
            let entry = Entry::new(Action::SettingChanged, work.now).on(ENTRY);
            work.store.write(&work.actor, entry)?.commit()?;
            envelope.save(&self.config.folder)?;
            *self.pin_key() = Some(key);
            self.settings_view(work.store, &work.session)
        })
    }

    fn key_by_pin(&self, pin: &str) -> Result<StoreKey, AppError> {
        let now = self.now();
        let envelope = Envelope::load(&self.config.folder)?;
        let share = self.share(&envelope)?;
        let mut tries = Tries::of(&self.config.folder)?;
        let seconds = tries.wait_seconds(now);
        if seconds > 0 {
            return Err(AppError::of(ErrorCode::PinWait).with("minutes", (seconds + 59) / 60));
        }
        self.count(&mut tries, now)?;
        let opened =
            self.with_key_place(|place| envelope.open_with_pin(pin, place, share.as_deref()));
        match opened {
            Ok(key) => {
                tries.forget()?;
                Ok(key)
            }
            Err(KeyError::WrongSecret) => Err(AppError::of(ErrorCode::PinWrong)),
            Err(error) => Err(error.into()),
        }
    }

    /// Counts a try. Where the disk has no room for it, the reserve is let go.
    fn count(&self, tries: &mut Tries, now: DateTime<Utc>) -> Result<(), StoreError> {
        match tries.count(now) {
            Err(StoreError::DiskFull) if Store::release_ballast_of(&self.config.folder)? > 0 => {
                tries.count(now)
            }
            counted => counted,
        }
    }

    /// What the settings say of the PIN.
    pub(crate) fn pin_view(&self, store: &Store, session: &Session) -> Result<PinView, AppError> {
        let envelope = Envelope::load(&self.config.folder).ok();
        let is_bound = envelope.as_ref().is_some_and(|e| e.binding().is_some());
        let lease = Lease::load(&self.config.folder)?.filter(|_| is_bound);
        // The last day on which it opens at any hour.
        let moment = self.central_clock.moment();
        let by_legal_time = |lease: Lease| lease.ends_at() + (moment.legal - moment.own);
        let until = lease.map(by_legal_time);
        let until = until.map(|ends_at| danish_time::date_at(ends_at - TimeDelta::days(1)));
        Ok(PinView {
            is_asked: envelope.is_some_and(|envelope| envelope.asks_for_pin()),
            may_choose: may_choose(store, session).is_ok(),
            lease_until: until.map(|day| day.to_string()).unwrap_or_default(),
        })
    }
}

/// On an outreach laptop whoever carries it; elsewhere an administrator.
fn may_choose(store: &Store, session: &Session) -> Result<(), AppError> {
    if lease::is_outreach_laptop(store)? {
        Ok(())
    } else {
        needs_administrator(session)
    }
}

/// Too short, not all digits, or among those that are tried first: few different digits, or a row up or down.
pub(crate) fn is_guessed_first(pin: &str) -> bool {
    let digits: Vec<i16> = pin
        .chars()
        .filter_map(|sign| sign.to_digit(10))
        .filter_map(|digit| i16::try_from(digit).ok())
        .collect();
    let is_number = pin.chars().count() == digits.len() && digits.len() >= SHORTEST_PASSPHRASE;
    let steps: Vec<i16> = digits.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let is_row = steps.windows(2).all(|pair| pair[0] == pair[1]);
    let kinds: std::collections::BTreeSet<_> = digits.iter().collect();
    !is_number || is_row || kinds.len() < FEWEST_KINDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_at_least_six_digits_and_none_of_those_tried_first() {
        for simple in [
            "", "71420", "123456", "654321", "000000", "111111", "112211", "121212", "12345a",
        ] {
            assert!(is_guessed_first(simple), "{simple}");
        }
        for good in ["714205", "00471100", "1234567891"] {
            assert!(!is_guessed_first(good), "{good}");
        }
    }
}
