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
/// From how far on time is taken to have leapt rather than passed, in milliseconds: a fortnight.
const LEAP_MS: u64 = 14 * 24 * 60 * 60 * 1000;

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
        let is_news = known.is_none_or(|known| {
            known.ahead_ms.abs_diff(ahead_ms) >= CLOCK_MOVED_MS
                || known.at_ms.abs_diff(at_ms) >= NOTED_EACH_MS
        });
        if !is_news {
            return Ok(());
        }
        let leapt_at_ms = match known {
            Some(known) if !is_leap(known.at_ms, at_ms) => known.leapt_at_ms,
            None if !is_leap(at_ms - ahead_ms, at_ms) => 0,
            _ => at_ms,
        };
        let noted = Noted {
            ahead_ms,
            at_ms,
            leapt_at_ms,
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

    /// Whether time has gone on without a leap for so long: only then does what is old by it count as old. Whoever
    /// leapt, this computer's clock, the central store's or both, and whether it was running or not.
    pub(crate) fn no_leap_for(&self, time: TimeDelta, store: &Store) -> Result<bool, AppError> {
        let moment = self.central_clock.moment();
        let now_ms = moment.legal.timestamp_millis();
        let noted: Option<Noted> = settings::read(store, NOTED_CLOCK)?;
        Ok(match noted {
            Some(noted) => {
                !is_leap(noted.at_ms, now_ms)
                    && now_ms.abs_diff(noted.leapt_at_ms) >= time.num_milliseconds().unsigned_abs()
            }
            None => !is_leap(moment.own.timestamp_millis(), now_ms),
        })
    }
}

/// Whether more time lies between two moments than a computer in use is left alone.
const fn is_leap(before_ms: i64, after_ms: i64) -> bool {
    before_ms.abs_diff(after_ms) > LEAP_MS
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
