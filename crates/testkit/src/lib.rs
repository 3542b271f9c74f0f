//! What tests build worlds from: people who cannot exist, moments in Danish time, and files as a scanner makes them.
//!
//! For tests alone; nothing that is shipped depends on it.

pub mod files;
pub mod invariants;
pub mod key_store;
pub mod network;
pub mod one_day;
pub mod patience;
pub mod people;
#[cfg(unix)]
pub mod postgres;
pub mod small_disk;

use chrono::{DateTime, NaiveDateTime, Utc};
use skranke_domain::danish_time;

/// A moment as the clock on the wall shows it: `2026-03-13 10:00`.
///
/// # Panics
/// When the text is no moment: a test that names one wrongly should stop.
pub fn danish(wall_clock: &str) -> DateTime<Utc> {
    let local = NaiveDateTime::parse_from_str(wall_clock, "%Y-%m-%d %H:%M")
        .unwrap_or_else(|_| panic!("{wall_clock} is no moment"));
    danish_time::first_instant_of(local.date(), local.time())
}

/// The number a test of chance begins from: `SKRANKE_SEED`, or always the same.
#[expect(clippy::disallowed_methods, reason = "how a run is replayed")]
pub fn seed() -> u64 {
    let asked = std::env::var("SKRANKE_SEED").ok();
    asked.and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

/// The nth number drawn from [`seed`], below `below`.
pub fn drawn(nth: u64, below: u64) -> u64 {
    // Splitmix64: neighbouring seeds have nothing in common.
    let mut word = seed()
        .wrapping_add(nth)
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (word ^ (word >> 31)) % below
}

/// How often a test of chance tries: `ordinary` times, or `SKRANKE_TIMES` as often.
#[expect(clippy::disallowed_methods, reason = "how the long run is asked for")]
pub fn times(ordinary: u64) -> u64 {
    let asked = std::env::var("SKRANKE_TIMES").ok();
    let more: u64 = asked.and_then(|times| times.parse().ok()).unwrap_or(1);
    ordinary * more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_on_the_wall_is_an_hour_or_two_ahead() {
        assert_eq!(
            danish("2026-03-13 10:00").to_rfc3339(),
            "2026-03-13T09:00:00+00:00"
        );
        assert_eq!(
            danish("2026-07-01 10:00").to_rfc3339(),
            "2026-07-01T08:00:00+00:00"
        );
        assert_eq!(
            danish("2026-03-29 10:00").to_rfc3339(),
            "2026-03-29T08:00:00+00:00"
        );
    }
}
