//! What a round hears besides events and is kept for when the central store is away: only where it is news, since
//! everything that is written leaves a row in the log.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use skranke_protocol::wire::{Scope, Status};
use skranke_store::{ReadHandle, Store, WriteHandle};

use crate::central_clock::Noted;
use crate::error::AppError;
use crate::rights::OWN_CASES_ALONE;
use crate::state::App;
use crate::usecases::settings;

/// Name of the setting with what was noted of the central store's clock.
const NOTED_CLOCK: &str = "central_clock";
/// How far a clock may be from the central store's before people are told, in milliseconds.
///
/// Basis: spec sync-and-speed, section 3.7.
pub(crate) const MOST_CLOCK_OFFSET_MS: i64 = 2 * 60 * 1000;
/// Less is not worth a note: two clocks never run quite alike.
const CLOCK_MOVED_MS: u64 = 500;
/// How old a note of the central store's clock becomes before there is a new one, in milliseconds.
const NOTED_EACH_MS: u64 = 12 * 60 * 60 * 1000;

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
    pub(super) fn clock_is_right(&self) -> bool {
        let ahead_ms = self.central_clock.moment().ahead_ms();
        ahead_ms.saturating_abs() <= MOST_CLOCK_OFFSET_MS
    }

    /// Keeps how far this computer's clock is from the central store's, where that moved or was noted long ago: for the
    /// next start.
    pub(super) fn note_clock(&self) -> Result<(), AppError> {
        let moment = self.central_clock.moment();
        let (ahead_ms, at_ms) = (moment.ahead_ms(), moment.legal.timestamp_millis());
        let known: Option<Noted> = self.with_store(|store| settings::read(store, NOTED_CLOCK))?;
        let moved_by = ahead_ms.abs_diff(known.map_or(0, |known| known.ahead_ms));
        let is_news = known.is_none_or(|known| {
            moved_by >= CLOCK_MOVED_MS || known.at_ms.abs_diff(at_ms) >= NOTED_EACH_MS
        });
        if !is_news {
            return Ok(());
        }
        let noted = Noted {
            ahead_ms,
            at_ms,
            moved_at_ms: if moved_by > MOST_CLOCK_OFFSET_MS.unsigned_abs() {
                at_ms
            } else {
                known.map_or(0, |known| known.moved_at_ms)
            },
        };
        self.taking_in(|write| settings::write(write, NOTED_CLOCK, &noted))
    }

    /// Goes by the central store's clock as it was noted before the program was started.
    pub(crate) fn remember_clock(&self, store: &Store) -> Result<(), AppError> {
        let noted: Option<Noted> = settings::read(store, NOTED_CLOCK)?;
        if let Some(noted) = noted {
            self.central_clock.remembers(&noted);
        }
        Ok(())
    }

    /// Whether this computer's clock and the central store's have stood to each other as they do for so long: only then
    /// does what is old by them count as old.
    pub(crate) fn clocks_stood_for(
        &self,
        time: TimeDelta,
        store: &Store,
    ) -> Result<bool, AppError> {
        let noted: Option<Noted> = settings::read(store, NOTED_CLOCK)?;
        let moment = self.central_clock.moment();
        let most_ms = MOST_CLOCK_OFFSET_MS.unsigned_abs();
        Ok(noted.is_none_or(|noted| {
            let since_ms = moment.legal.timestamp_millis().abs_diff(noted.moved_at_ms);
            noted.ahead_ms.abs_diff(moment.ahead_ms()) <= most_ms
                && since_ms >= time.num_milliseconds().unsigned_abs()
        }))
    }
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
