//! What a round hears besides events and is kept for when the central store is away: only where it is news, since
//! everything that is written leaves a row in the log.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use skranke_protocol::wire::{Scope, Status};
use skranke_store::{ReadHandle, WriteHandle};

use crate::error::AppError;
use crate::rights::OWN_CASES_ALONE;
use crate::state::App;
use crate::usecases::settings;

/// Name of the setting with the central store's time minus this computer's, in milliseconds.
const CLOCK_OFFSET: &str = "clock_offset_ms";
/// How far a clock may be from the central store's before people are told, in milliseconds.
///
/// Basis: spec sync-and-speed, section 3.7.
pub(crate) const MOST_CLOCK_OFFSET_MS: i64 = 2 * 60 * 1000;
/// A clock that stands still is measured anew each round, and never twice alike.
const CLOCK_MOVED_MS: u64 = 500;

impl App {
    /// The backup mark moves without anything new in the feed, too.
    pub(super) fn note_backup(&self, epoch: u64, position: u64) -> Result<(), AppError> {
        let is_news = self.with_store(|store| {
            let read = store.read()?;
            Ok(read.cursor()?.epoch == epoch && read.backup_position()? < position)
        })?;
        if is_news {
            self.taking_in(|write| Ok(write.note_backup(position)?))
        } else {
            Ok(())
        }
    }

    /// Whether the sign-in screen offers the browser, also when the central store is away.
    pub(super) fn note_browser_sign_in(&self, offered: bool) -> Result<(), AppError> {
        self.note("browser_sign_in", offered)
    }

    /// Whether this computer is given cases one by one: what lies on it is then its own.
    pub(super) fn note_scope(&self, status: &Status) -> Result<(), AppError> {
        self.note(OWN_CASES_ALONE, status.device.scope == Scope::OwnCases)
    }

    /// Keeps a yes or no, where it is news; no before anything was kept.
    fn note(&self, setting: &str, says: bool) -> Result<(), AppError> {
        let known: Option<bool> = self.with_store(|store| settings::read(store, setting))?;
        if known.unwrap_or(false) == says {
            return Ok(());
        }
        self.taking_in(|write| settings::write(write, setting, &says))
    }

    /// Whether this computer's clock and the central store's are as near as they should be.
    pub(super) fn clock_is_right(read: &ReadHandle<'_>) -> Result<bool, AppError> {
        let offset: Option<i64> = settings::read_in(read, CLOCK_OFFSET)?;
        Ok(offset.is_none_or(|offset| offset.saturating_abs() <= MOST_CLOCK_OFFSET_MS))
    }

    /// How far this computer's clock is from the central store's, where it was measured and moved.
    pub(super) fn note_clock(&self, measured_ms: Option<i64>) -> Result<(), AppError> {
        let Some(offset) = measured_ms else {
            return Ok(());
        };
        let known: Option<i64> = self.with_store(|store| settings::read(store, CLOCK_OFFSET))?;
        if known.is_some_and(|known| known.abs_diff(offset) < CLOCK_MOVED_MS) {
            return Ok(());
        }
        self.taking_in(|write| settings::write(write, CLOCK_OFFSET, &offset))
    }
}

/// This computer's time by the central store's clock, as last measured.
pub(super) fn corrected(
    read: &ReadHandle<'_>,
    at: DateTime<Utc>,
) -> Result<DateTime<Utc>, AppError> {
    let offset_ms: i64 = settings::read_in(read, CLOCK_OFFSET)?.unwrap_or(0);
    let corrected =
        TimeDelta::try_milliseconds(offset_ms).and_then(|offset| at.checked_add_signed(offset));
    Ok(corrected.unwrap_or(at))
}

/// Name of the setting that keeps what people call the other computers, by device id.
const DEVICE_CODES: &str = "device_codes";

/// What people call the other computers whose work was fetched.
pub(crate) fn device_codes(read: &ReadHandle<'_>) -> Result<BTreeMap<String, String>, AppError> {
    Ok(settings::read_in(read, DEVICE_CODES)?.unwrap_or_default())
}

pub(super) fn keep_device_codes(
    write: &mut WriteHandle<'_>,
    told: &BTreeMap<String, String>,
) -> Result<(), AppError> {
    let mut codes = device_codes(&write.reading())?;
    if told.iter().all(|(id, code)| codes.get(id) == Some(code)) {
        return Ok(());
    }
    codes.extend(told.clone());
    settings::write(write, DEVICE_CODES, &codes)
}
