//! How fast one device, and one person, may ask, and how much one device may leave: a bucket for each that fills again
//! with time, whatever the clock on the wall says meanwhile. Addresses do not count, so that a whole counter behind one
//! address is never shut out together.
//!
//! Buckets are in memory alone: they bound what comes in an hour, not what lies here in all, and are full again after a
//! restart. Basis: reliability, threat T13.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// Buckets remembered; full ones, which say nothing, go first.
const MAX_REMEMBERED: usize = 50_000;
const HOUR: Duration = Duration::from_secs(60 * 60);

/// How many requests at once, and how many seconds until one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Requests at once.
    pub burst: u32,
    /// Seconds until one more is allowed.
    pub seconds_each: u32,
}

/// What a device leaves with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// Events, boxes, rows of its log, and what it hands over before it is wiped.
    Records,
    /// Scans, also those that it only begins.
    Files,
}

/// How many bytes one device may leave at once, and as many again with each hour. Nobody shares them: a thief who uses
/// up a laptop's keeps no colleague waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volumes {
    /// Of records.
    pub records: u64,
    /// Of records from a device that is shut out.
    pub records_of_revoked: u64,
    /// Of files, whether the device is shut out or not: what it alone had is still to come.
    pub files: u64,
}

impl Default for Volumes {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            // The first round of a computer with a million events.
            records: 4096 * MIB,
            // The fifty cases of a week in the field, a hundred times over.
            records_of_revoked: 64 * MIB,
            // 3,500 scans of 300 kB, or 50 of the largest that a desktop takes in.
            files: 1024 * MIB,
        }
    }
}

impl Volumes {
    /// The bytes of such a load that a device may leave.
    pub fn of(&self, load: Load, is_revoked: bool) -> u64 {
        match (load, is_revoked) {
            (Load::Records, false) => self.records,
            (Load::Records, true) => self.records_of_revoked,
            (Load::Files, _) => self.files,
        }
    }
}

/// Counts requests and bytes by digest of who asks for what, so that nobody's id is kept in the clear.
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
        let each = Duration::from_secs(u64::from(pace.seconds_each));
        self.draw(subject, each, each * pace.burst, now)
    }

    /// Takes so many bytes of `subject`, whose bucket holds `hourly` of them and is filled once an hour.
    ///
    /// # Errors
    /// They are too many; the seconds to wait.
    pub fn take_bytes(
        &self,
        hourly: u64,
        bytes: usize,
        subject: &str,
        now: Instant,
    ) -> Result<(), u32> {
        let nanoseconds = HOUR.as_nanos() * bytes as u128 / u128::from(hourly);
        let cost = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        self.draw(subject, cost, HOUR, now)
    }

    /// Draws from a bucket what takes `cost` to fill again; all of it takes `whole`.
    fn draw(
        &self,
        subject: &str,
        cost: Duration,
        whole: Duration,
        now: Instant,
    ) -> Result<(), u32> {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= MAX_REMEMBERED {
            full_at.retain(|_, at| *at > now);
        }
        // So many at work at once are none: somebody makes up names. Memory has its bound, nobody is shut out.
        if full_at.len() >= MAX_REMEMBERED {
            full_at.clear();
        }
        let entry = full_at.entry(Sha256::digest(subject).into()).or_insert(now);
        let after = (*entry).max(now) + cost;
        let over = (after - now).saturating_sub(whole);
        if !over.is_zero() {
            // Whoever comes a moment too soon is asked to wait once more.
            let seconds = over.as_secs() + u64::from(over.subsec_nanos() > 0);
            return Err(u32::try_from(seconds).unwrap_or(u32::MAX));
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

    #[test]
    fn who_leaves_too_much_waits_until_there_is_room_for_it() {
        let keeper = PaceKeeper::default();
        let now = Instant::now();
        let later = |seconds| now + Duration::from_secs(seconds);
        let leaves = |bytes, at| keeper.take_bytes(3_600, bytes, "device 1", at);

        assert_eq!(leaves(3_000, now), Ok(()));
        assert_eq!(leaves(601, now), Err(1));
        assert_eq!(leaves(600, now), Ok(()), "what was refused is not counted");
        assert_eq!(leaves(100, later(99)), Err(1));
        assert_eq!(leaves(100, now + Duration::from_millis(98_500)), Err(2));
        assert_eq!(leaves(100, later(100)), Ok(()));
        assert_eq!(
            leaves(3_601, later(90_000)),
            Err(1),
            "a day of silence saves up no more than an hour's"
        );
        assert_eq!(leaves(3_600, later(90_000)), Ok(()));
        assert_eq!(
            keeper.take_bytes(3_600, 3_600, "device 2", later(90_000)),
            Ok(()),
            "nobody shares it"
        );
    }

    #[test]
    fn a_first_round_and_a_year_of_scans_go_through_at_once_and_a_stolen_laptop_fills_no_disk() {
        let volumes = Volumes::default();
        let leaves = |load, is_revoked, bytes: usize, times: usize| {
            let keeper = PaceKeeper::default();
            let now = Instant::now();
            let hourly = volumes.of(load, is_revoked);
            let mut all = (0..times).map(|_| keeper.take_bytes(hourly, bytes, "device 1", now));
            all.all(|taken| taken.is_ok())
        };
        let batch = 1024 * 1024;

        assert!(leaves(Load::Records, false, batch, 4_096));
        assert!(!leaves(Load::Records, false, batch, 4_097));
        assert!(leaves(Load::Records, true, batch, 64));
        assert!(!leaves(Load::Records, true, batch, 65));
        for is_revoked in [false, true] {
            assert!(leaves(Load::Files, is_revoked, 300_000, 3_500));
            assert!(!leaves(Load::Files, is_revoked, 300_000, 3_600));
        }
    }
}
