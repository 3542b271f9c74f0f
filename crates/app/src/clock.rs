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
    Fixed(Arc<Mutex<Stands>>),
    /// Another clock, by which whoever waits for the central store waits a so-manieth part as long. For tests of bad
    /// lines, most of whose time is waiting.
    Hurried(Arc<Clock>, u32),
}

/// Where a fixed clock stands.
#[derive(Debug, Clone, Copy)]
pub struct Stands {
    at: DateTime<Utc>,
    /// How much of that is no time that passed, but somebody setting the clock.
    jumped: TimeDelta,
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
        let jumped = TimeDelta::zero();
        Self::Fixed(Arc::new(Mutex::new(Stands { at: now, jumped })))
    }

    /// This clock, with every wait for the central store a `by`-th part as long.
    #[must_use]
    pub fn hurried(self, by: u32) -> Self {
        Self::Hurried(Arc::new(self), by.max(1))
    }

    /// Time passes on a fixed clock until it is `now`; the system's clock cannot be moved.
    pub fn set(&self, now: DateTime<Utc>) {
        match self {
            Self::Fixed(stands) => stands.lock().unwrap_or_else(PoisonError::into_inner).at = now,
            Self::Hurried(clock, _) => clock.set(now),
            Self::System | Self::Ahead(_) => {}
        }
    }

    /// Somebody sets a fixed clock to `now`, and no time passes.
    pub fn jump(&self, now: DateTime<Utc>) {
        match self {
            Self::Fixed(stands) => {
                let mut stands = stands.lock().unwrap_or_else(PoisonError::into_inner);
                let by = now - stands.at;
                stands.jumped += by;
                stands.at = now;
            }
            Self::Hurried(clock, _) => clock.jump(now),
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
            Self::Fixed(stands) => stands.lock().unwrap_or_else(PoisonError::into_inner).at,
            Self::Hurried(clock, _) => clock.now(),
        };
        DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
    }

    /// Time that nobody can set, since some moment in the past; while the computer sleeps it passes too.
    pub(crate) fn steady(&self) -> TimeDelta {
        match self {
            Self::System | Self::Ahead(_) => since_the_start(),
            Self::Fixed(stands) => {
                let stands = *stands.lock().unwrap_or_else(PoisonError::into_inner);
                (stands.at - DateTime::UNIX_EPOCH) - stands.jumped
            }
            Self::Hurried(clock, _) => clock.steady(),
        }
    }

    /// Today in Denmark.
    pub fn today(&self) -> NaiveDate {
        danish_time::date_at(self.now())
    }
}

fn system() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}

/// Not the clock of [`std::time::Instant`], which stands still here while the computer sleeps.
#[cfg(target_os = "linux")]
fn since_the_start() -> TimeDelta {
    let passed = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let nanos = u32::try_from(passed.tv_nsec).unwrap_or(0);
    TimeDelta::new(passed.tv_sec, nanos).unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn since_the_start() -> TimeDelta {
    use std::sync::LazyLock;
    use std::time::Instant;
    static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
    TimeDelta::from_std(STARTED.elapsed()).unwrap_or_default()
}
