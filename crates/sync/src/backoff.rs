//! How long to wait before trying again: doubling, bounded, with jitter so that a hundred counters that lost the
//! server together do not come back together.

use std::time::Duration;

use crate::environment::{Cancel, Environment};
use crate::error::SyncError;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);

/// The waits of one series of failures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next wait: between half and the whole of the doubled time, and never shorter than the server asked for.
    /// `random` is any number, evenly distributed.
    pub fn next(&mut self, random: u32, asked: Option<Duration>) -> Duration {
        let whole = LONGEST.min(FIRST * 2_u32.saturating_pow(self.failures.min(16)));
        self.failures = self.failures.saturating_add(1);
        let half = whole / 2;
        let jitter = half.mul_f64(f64::from(random) / f64::from(u32::MAX));
        (half + jitter).max(asked.unwrap_or_default().min(LONGEST))
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
            Err(error) if error.is_retryable() && tried < tries => {
                let asked = if let SyncError::Busy { retry_after } = error {
                    retry_after
                } else {
                    None
                };
                let random = u32::from_le_bytes(environment.random_bytes());
                environment.wait(backoff.next(random, asked), cancel);
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
        fn a_wait_is_never_nothing_nor_beyond_bounds(failures in 0_u32..100, random in any::<u32>(), asked in proptest::option::of(0_u64..10_000)) {
            let mut backoff = Backoff { failures };
            let wait = backoff.next(random, asked.map(Duration::from_secs));
            prop_assert!(wait >= FIRST / 2 && wait <= LONGEST);
        }
    }
}
