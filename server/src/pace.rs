//! How fast one device, and one person, may ask: a bucket for each that fills again with time, whatever the clock on the
//! wall says meanwhile. Addresses do not count,
//! so that a whole counter behind one address is never shut out together.
//!
//! Basis: reliability, threat T13.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// Buckets remembered; full ones, which say nothing, go first.
const MAX_REMEMBERED: usize = 50_000;

/// How many requests at once, and how many seconds until one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Requests at once.
    pub burst: u32,
    /// Seconds until one more is allowed.
    pub seconds_each: u32,
}

/// Counts requests by digest of who asks for what, so that nobody's id is kept in the clear.
#[derive(Default)]
pub struct PaceKeeper {
    /// When each bucket is full again.
    full_at: Mutex<HashMap<[u8; 32], Instant>>,
}

impl PaceKeeper {
    /// Takes one request of `subject`.
    ///
    /// # Errors
    /// It is one too many; the seconds to wait.
    pub fn take(&self, pace: Pace, subject: &str, now: Instant) -> Result<(), u32> {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= MAX_REMEMBERED {
            full_at.retain(|_, at| *at > now);
        }
        // So many at work at once are none: somebody makes up names. Memory has its bound, nobody is shut out.
        if full_at.len() >= MAX_REMEMBERED {
            full_at.clear();
        }
        let each = Duration::from_secs(u64::from(pace.seconds_each));
        let entry = full_at.entry(Sha256::digest(subject).into()).or_insert(now);
        let after = (*entry).max(now) + each;
        let over = (after - now).saturating_sub(each * pace.burst);
        if !over.is_zero() {
            return Err(u32::try_from(over.as_secs()).unwrap_or(u32::MAX).max(1));
        }
        *entry = after;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_names_fill_no_memory() {
        let keeper = PaceKeeper::default();
        let pace = Pace {
            burst: 3,
            seconds_each: 10,
        };
        let now = Instant::now();

        for name in 0..=MAX_REMEMBERED {
            keeper.take(pace, &format!("made up {name}"), now).unwrap();
        }

        assert!(keeper.full_at.lock().unwrap().len() <= MAX_REMEMBERED);
    }

    #[test]
    fn who_asks_too_fast_waits_and_others_do_not() {
        let keeper = PaceKeeper::default();
        let pace = Pace {
            burst: 3,
            seconds_each: 10,
        };
        let now = Instant::now();
        let later = |seconds| now + Duration::from_secs(seconds);

        for _ in 0..3 {
            assert_eq!(keeper.take(pace, "lookup device 1", now), Ok(()));
        }

        assert_eq!(keeper.take(pace, "lookup device 1", now), Err(10));
        assert_eq!(keeper.take(pace, "lookup device 1", later(4)), Err(6));
        assert_eq!(keeper.take(pace, "lookup device 2", now), Ok(()));
        assert_eq!(keeper.take(pace, "lookup device 1", later(10)), Ok(()));
        assert_eq!(keeper.take(pace, "lookup device 1", later(10)), Err(10));
    }
}
