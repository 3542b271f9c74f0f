//! How long to wait before trying again: doubling, bounded, with jitter so that a hundred counters that lost the
//! server together do not come back together.

use std::time::Duration;

use crate::environment::{Cancel, Environment};
use crate::error::SyncError;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);

/// The waits of one series of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
    longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::up_to(LONGEST)
    }
}

impl Backoff {
    /// Waits that grow no longer than this of themselves; the server may ask for up to five minutes.
    pub const fn up_to(longest: Duration) -> Self {
        Self {
            failures: 0,
            longest,
        }
    }

    /// The next wait: between half and the whole of the doubled time, and never shorter than the server asked for, up
    /// to five minutes. Those that it asked together do not come back together.
    /// `random` is any number, evenly distributed.
    pub fn next(&mut self, random: u32, asked: Option<Duration>) -> Duration {
        let whole = (FIRST * 2_u32.saturating_pow(self.failures.min(16))).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        let half = whole / 2;
        let jitter = half.mul_f64(f64::from(random) / f64::from(u32::MAX));
        let asked = asked.unwrap_or_default().min(LONGEST);
        (half.max(asked) + jitter).min(LONGEST)
    }

    /// Starts over after a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Repeats `call` until it succeeds, fails for good, was tried `tries` times, or is cancelled.
///
/// # Errors
/// The last error, or [`SyncError::Cancelled`].
pub fn with_retries<T>(
    environment: &Environment,
    cancel: &Cancel,
    tries: u32,
    call: impl FnMut() -> Result<T, SyncError>,
) -> Result<T, SyncError> {
    with_retries_where(environment, cancel, tries, SyncError::is_retryable, call)
}

/// The same, where trying again helps against these failures alone.
///
/// # Errors
/// As [`with_retries`].
pub fn with_retries_where<T>(
    environment: &Environment,
    cancel: &Cancel,
    tries: u32,
    helps: impl Fn(&SyncError) -> bool,
    mut call: impl FnMut() -> Result<T, SyncError>,
) -> Result<T, SyncError> {
    let mut backoff = Backoff::default();
    let mut tried = 0;
    loop {
        if cancel.is_cancelled() {
            return Err(SyncError::Cancelled);
        }
        tried += 1;
        match call() {
            Err(error) if helps(&error) && tried < tries => {
                let random = u32::from_le_bytes(environment.random_bytes());
                environment.wait(backoff.next(random, error.asks_to_wait()), cancel);
            }
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::{Arc, Mutex};

    fn environment(waits: &Arc<Mutex<Vec<Duration>>>) -> Environment {
        let waits = Arc::clone(waits);
        Environment::new(
            || chrono::DateTime::UNIX_EPOCH,
            |bytes| bytes.fill(0),
            move |time, _| waits.lock().unwrap().push(time),
        )
    }

    #[test]
    fn waits_double_and_stay_within_five_minutes() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..12)
            .map(|_| backoff.next(u32::MAX, None).as_secs())
            .collect();

        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    }

    #[test]
    fn who_was_asked_to_wait_waits_so_long_and_not_all_come_back_together() {
        let asked = Some(Duration::from_secs(30));
        let after = |random| Backoff::up_to(Duration::from_secs(60)).next(random, asked);

        assert_eq!(after(0).as_millis(), 30_000);
        assert_eq!(after(u32::MAX).as_millis(), 30_500);
        let too_long = Some(Duration::from_secs(100_000));
        assert_eq!(Backoff::default().next(7, too_long), LONGEST);
    }

    #[test]
    fn a_retryable_failure_is_tried_again_and_a_final_one_is_not() {
        let waits = Arc::default();
        let mut left = 2;
        let result = with_retries(&environment(&waits), &Cancel::default(), 5, || {
            left -= 1;
            if left == 0 {
                Ok("done")
            } else {
                Err(SyncError::Busy {
                    retry_after: Some(Duration::from_secs(9)),
                })
            }
        });
        assert_eq!(result, Ok("done"));
        assert_eq!(
            *waits.lock().unwrap(),
            [Duration::from_secs(9)],
            "the server's wish is kept"
        );

        let mut calls = 0;
        let failed: Result<(), _> =
            with_retries(&environment(&waits), &Cancel::default(), 5, || {
                calls += 1;
                Err(SyncError::Undecodable)
            });
        assert_eq!((failed, calls), (Err(SyncError::Undecodable), 1));
    }

    #[test]
    fn cancelling_ends_the_series() {
        let waits = Arc::default();
        let cancel = Cancel::default();
        let inner = cancel.clone();

        let result: Result<(), _> = with_retries(&environment(&waits), &cancel, 100, || {
            inner.cancel();
            Err(SyncError::Offline)
        });

        assert_eq!(result, Err(SyncError::Cancelled));
    }

    proptest! {
        #[test]
        fn a_wait_is_never_nothing_nor_beyond_bounds(failures in 0_u32..100, random in any::<u32>(), asked in proptest::option::of(any::<u64>())) {
            let mut backoff = Backoff {
                failures,
                ..Backoff::default()
            };
            let wait = backoff.next(random, asked.map(Duration::from_secs));
            prop_assert!(wait >= FIRST / 2 && wait <= LONGEST);
        }
    }
}
