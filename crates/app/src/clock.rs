//! Where the time comes from: the system, or a test that sets it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use skranke_domain::danish_time;

/// A source of time.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The computer's clock.
    System,
    /// The computer's clock, so far ahead of it; behind it where the time is negative. For a test that drives the
    /// whole program on another day.
    Ahead(TimeDelta),
    /// A clock that stands where it was put.
    Fixed(Arc<Mutex<DateTime<Utc>>>),
    /// Another clock, by which whoever waits for the central store waits a so-manieth part as long. For tests of bad
    /// lines, most of whose time is waiting.
    Hurried(Arc<Clock>, u32),
}

impl Clock {
    /// The computer's clock, so many seconds ahead of it.
    pub fn ahead(seconds: i64) -> Self {
        match TimeDelta::try_seconds(seconds) {
            Some(by) if !by.is_zero() => Self::Ahead(by),
            Some(_) | None => Self::System,
        }
    }

    /// A clock that stands at `now` until it is moved.
    pub fn fixed(now: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(Mutex::new(now)))
    }

    /// This clock, with every wait for the central store a `by`-th part as long.
    #[must_use]
    pub fn hurried(self, by: u32) -> Self {
        Self::Hurried(Arc::new(self), by.max(1))
    }

    /// Moves a fixed clock; the system's clock cannot be moved.
    pub fn set(&self, now: DateTime<Utc>) {
        match self {
            Self::Fixed(time) => *time.lock().unwrap_or_else(PoisonError::into_inner) = now,
            Self::Hurried(clock, _) => clock.set(now),
            Self::System | Self::Ahead(_) => {}
        }
    }

    /// How long a wait of this length lasts.
    pub(crate) fn wait_of(&self, time: Duration) -> Duration {
        match self {
            Self::Hurried(_, by) => time / *by,
            Self::System | Self::Ahead(_) | Self::Fixed(_) => time,
        }
    }

    /// Now, to the millisecond, which is what events carry.
    pub fn now(&self) -> DateTime<Utc> {
        let now = match self {
            Self::System => system(),
            Self::Ahead(by) => system() + *by,
            Self::Fixed(time) => *time.lock().unwrap_or_else(PoisonError::into_inner),
            Self::Hurried(clock, _) => clock.now(),
        };
        DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
    }

    /// Today in Denmark.
    pub fn today(&self) -> NaiveDate {
        danish_time::date_at(self.now())
    }
}

fn system() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}
