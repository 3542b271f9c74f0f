//! Whether somebody set the computer's clock while the program ran.
//!
//! What comes in is dated by it, and sign-ins and seals are reckoned by it, so whoever runs the program is told: in the
//! figures, and in the log once it is noticed. A clock that goes a little faster or slower until it is right was not
//! set; that of a computer which slept meanwhile seems to have been.
//!
//! Basis: reliability, fault F6.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

/// What is told in the log. The counters' status line tells of as much.
const TOLD_FROM: TimeDelta = TimeDelta::minutes(2);

/// The computer's clock beside the time that passed.
pub(crate) struct ClockWatch {
    began: (DateTime<Utc>, Instant),
    told: Mutex<TimeDelta>,
}

impl ClockWatch {
    /// Watches from now on; `now` is what the clock shows, here and below.
    pub(crate) fn from(now: DateTime<Utc>) -> Self {
        Self {
            began: (now, Instant::now()),
            told: Mutex::default(),
        }
    }

    /// How far the clock was set on meanwhile; less than nothing where it was set back.
    pub(crate) fn set_on(&self, now: DateTime<Utc>) -> TimeDelta {
        let (began, steady) = self.began;
        let passed = TimeDelta::from_std(steady.elapsed()).unwrap_or(TimeDelta::MAX);
        now - began - passed
    }

    /// How far it was set on since this last said so, where that is worth telling.
    pub(crate) fn newly_set_on(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let set_on = self.set_on(now);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let by = set_on - *told;
        (by.abs() >= TOLD_FROM).then(|| {
            *told = set_on;
            by
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_is_told_once_and_so_is_one_that_was_set_back() {
        let begin = DateTime::UNIX_EPOCH;
        let watch = ClockWatch::from(begin);

        let told = [0, 100, 3_600, 3_601, 3_530, 0, 0].map(|seconds| {
            let by = watch.newly_set_on(begin + TimeDelta::seconds(seconds));
            by.map(|by| by.num_minutes())
        });

        // So much less as the test took.
        let back = Some(-60);
        assert_eq!(told, [None, None, Some(59), None, None, back, None]);
    }

    #[test]
    fn time_that_passes_sets_no_clock() {
        let watch = ClockWatch::from(DateTime::UNIX_EPOCH);
        let later = DateTime::UNIX_EPOCH + TimeDelta::milliseconds(300);

        std::thread::sleep(std::time::Duration::from_millis(300));

        assert!(watch.set_on(later) <= TimeDelta::zero());
    }
}
