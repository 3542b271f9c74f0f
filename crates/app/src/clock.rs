//! Where the time comes from: the system, or a test that sets it.

use std::sync::{Arc, Mutex, PoisonError};

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

    /// Moves a fixed clock; the system's clock cannot be moved.
    pub fn set(&self, now: DateTime<Utc>) {
        if let Self::Fixed(time) = self {
            *time.lock().unwrap_or_else(PoisonError::into_inner) = now;
        }
    }

    /// Now, to the millisecond, which is what events carry.
    pub fn now(&self) -> DateTime<Utc> {
        let now = match self {
            Self::System => system(),
            Self::Ahead(by) => system() + *by,
            Self::Fixed(time) => *time.lock().unwrap_or_else(PoisonError::into_inner),
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
