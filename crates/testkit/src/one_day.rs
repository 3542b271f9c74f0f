//! Tests of real programs go by the system's clock, and some of what is right today is another thing tomorrow.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use skranke_domain::danish_time;

/// Waits for the next day in Denmark where this one ends within `longest`, the time a test takes at most: a copy of a
/// receipt made yesterday, for one, needs a look in the register first.
pub fn within_one_day(longest: Duration) {
    if let Some(rest) = rest_of_day(SystemTime::now().into(), longest) {
        std::thread::sleep(rest);
    }
}

fn rest_of_day(now: DateTime<Utc>, longest: Duration) -> Option<Duration> {
    let end = danish_time::end_of(danish_time::date_at(now));
    let rest = (end - now).to_std().unwrap_or_default() + Duration::from_millis(1);
    (rest <= longest).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::danish;

    #[test]
    fn the_end_of_a_danish_day_is_waited_for_and_nothing_else_is() {
        let minute = Duration::from_secs(60);
        for (wall_clock, waits) in [
            ("2026-03-13 23:58", false),
            ("2026-03-13 23:59", true),
            ("2026-03-14 00:00", false),
            ("2026-07-01 23:59", true),
            ("2026-07-01 22:59", false),
        ] {
            let now = danish(wall_clock);
            let rest = rest_of_day(now, minute + Duration::from_millis(1));

            assert_eq!(rest.is_some(), waits, "{wall_clock}");
            if let Some(rest) = rest {
                let then = now + rest;
                assert_ne!(danish_time::date_at(then), danish_time::date_at(now));
            }
        }
    }
}
