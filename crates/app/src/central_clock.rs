//! The central store's clock, as this computer knows it: what people do is dated by it.
//!
//! It is measured with each answer, and carried on by time that nobody can set: once it is known, a clock that is set
//! here moves no date. Basis: reliability, fault F6.

use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use skranke_sync::ServerTime;

use crate::clock::Clock;

/// What two clocks may differ by unnoticed: no two measurements are alike, and time should not run back for that.
const UNNOTICED: TimeDelta = TimeDelta::milliseconds(500);

/// Years that a central store's clock can be in: the rules begin with the first of them, the calendar ends with the last.
const YEARS: RangeInclusive<i32> = 2014..=2199;
/// How long a computer may have been away for its clock to be taken as just as wrong as it was: longer than any lease.
const AWAY_AT_MOST: TimeDelta = TimeDelta::days(60);

/// The central store's clock.
#[derive(Debug)]
pub(crate) struct CentralClock {
    own: Clock,
    known: Mutex<Option<Known>>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    /// What it said when this much steady time had passed here.
    said: DateTime<Utc>,
    steady: TimeDelta,
    /// Heard from the central store since the program was started, not remembered.
    is_heard: bool,
}

/// One moment by both clocks, to the millisecond.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// By this computer's own clock.
    pub(crate) own: DateTime<Utc>,
    /// By the central store's clock, as far as known; else by this computer's. What people do, and with it days and
    /// terms, is dated by it.
    pub(crate) legal: DateTime<Utc>,
}

impl Moment {
    /// How far the central store's clock is ahead, in milliseconds.
    pub(crate) fn ahead_ms(self) -> i64 {
        (self.legal - self.own).num_milliseconds()
    }
}

/// What was noted of the central store's clock before the program was started.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Noted {
    /// How far it was ahead of this computer's, in milliseconds.
    pub(crate) ahead_ms: i64,
    /// When that was, by the central store's clock, in milliseconds since 1970: it is later now.
    pub(crate) at_ms: i64,
    /// When time last leapt from one note to the next, for whatever reason.
    pub(crate) leapt_at_ms: i64,
}

impl CentralClock {
    pub(crate) fn new(own: Clock) -> Self {
        Self {
            own,
            known: Mutex::new(None),
        }
    }

    /// Now.
    pub(crate) fn moment(&self) -> Moment {
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.moment_by(known)
    }

    fn moment_by(&self, known: Option<Known>) -> Moment {
        let own = self.own.now();
        let legal = known
            .and_then(|known| {
                let passed = self.own.steady() - known.steady;
                known.said.checked_add_signed(passed)
            })
            .and_then(|legal| DateTime::from_timestamp_millis(legal.timestamp_millis()));
        Moment {
            own,
            legal: legal.unwrap_or(own),
        }
    }

    /// Steady time, to time a question and its answer by.
    pub(crate) fn steady(&self) -> TimeDelta {
        self.own.steady()
    }

    /// The central store said what time it is, somewhere between a question and its answer.
    ///
    /// The clock is moved only where it is further off than the measurement itself can be, so that an answer that was
    /// long in coming moves it by nothing. A time that cannot be is not believed.
    pub(crate) fn measures(&self, time: ServerTime) {
        let ServerTime {
            said,
            asked,
            answered,
        } = time;
        if !YEARS.contains(&said.year()) {
            return;
        }
        let steady = self.own.steady();
        let either_way = (answered - asked) / 2;
        let Some(said) = said.checked_add_signed(steady - (answered - either_way)) else {
            return;
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let believed = self.moment_by(*known).legal;
        let is_off = (said - believed).abs() > either_way + UNNOTICED;
        if is_off || known.is_none() {
            let said = if is_off { said } else { believed };
            *known = Some(Known {
                said,
                steady,
                is_heard: true,
            });
        } else if let Some(known) = known.as_mut() {
            known.is_heard = true;
        }
    }

    /// Whether the central store was heard since the program was started.
    pub(crate) fn is_heard(&self) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.is_some_and(|known| known.is_heard)
    }

    /// Goes by what was noted before the program was started, as long as nothing is known since.
    ///
    /// A clock is likelier as wrong as it was than put right, where that gives a time soon after the note; else its own
    /// time counts, but never one before the note: then it began anew, and the note is nearest.
    pub(crate) fn remembers(&self, noted: &Noted) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_some() {
            return;
        }
        let own = self.own.now();
        let at = DateTime::from_timestamp_millis(noted.at_ms).unwrap_or(own);
        let as_before = TimeDelta::try_milliseconds(noted.ahead_ms)
            .and_then(|ahead| own.checked_add_signed(ahead))
            .unwrap_or(own);
        let is_likely = as_before >= at && as_before - at <= AWAY_AT_MOST;
        *known = Some(Known {
            said: if is_likely { as_before } else { own.max(at) },
            steady: self.own.steady(),
            is_heard: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000 + day)
    }

    fn days(days: i64) -> TimeDelta {
        TimeDelta::days(days)
    }

    /// A computer whose clock says `own`, and what it knows of the central store's.
    fn computer(own: DateTime<Utc>) -> (Clock, CentralClock) {
        let own = Clock::fixed(own);
        (own.clone(), CentralClock::new(own))
    }

    fn hears(central: &CentralClock, said: DateTime<Utc>, asked: TimeDelta, answered: TimeDelta) {
        central.measures(ServerTime {
            said,
            asked,
            answered,
        });
    }

    fn noted(ahead: TimeDelta, at: DateTime<Utc>) -> Noted {
        Noted {
            ahead_ms: ahead.num_milliseconds(),
            at_ms: at.timestamp_millis(),
            leapt_at_ms: 0,
        }
    }

    fn hears_at_once(central: &CentralClock, said: DateTime<Utc>) {
        hears(central, said, central.steady(), central.steady());
    }

    #[test]
    fn before_anything_is_heard_the_own_clock_counts() {
        let (own, central) = computer(day(0));
        own.set(day(2));
        let moment = central.moment();
        assert_eq!((moment.legal, moment.own), (day(2), day(2)));
        own.jump(day(9));
        assert_eq!(central.moment().legal, day(9));
    }

    #[test]
    fn what_was_heard_goes_on_with_time_that_passes_whatever_the_own_clock_is_set_to() {
        let (own, central) = computer(day(-400));
        hears_at_once(&central, day(0));
        own.set(day(-399));
        assert_eq!(central.moment().legal, day(1));
        own.jump(day(1));
        assert_eq!(
            (central.moment().legal, central.moment().ahead_ms()),
            (day(1), 0)
        );
        own.jump(day(-4_000));
        own.set(day(-3_999));
        let moment = central.moment();
        assert_eq!((moment.legal, moment.own), (day(2), day(-3_999)));
        assert_eq!(moment.ahead_ms(), days(4_001).num_milliseconds());
    }

    #[test]
    fn a_clock_that_is_right_when_heard_and_set_later_moves_no_date() {
        let (own, central) = computer(day(0));
        hears_at_once(&central, day(0) + TimeDelta::milliseconds(300));
        assert_eq!(
            central.moment().legal,
            day(0),
            "as near as makes no difference"
        );
        own.jump(day(500));
        assert_eq!(central.moment().legal, day(0));
    }

    #[test]
    fn an_answer_moves_the_clock_only_by_more_than_it_was_long_in_coming() {
        let (own, central) = computer(day(0));
        hears_at_once(&central, day(0));
        let asked = central.steady();
        own.set(day(0) + TimeDelta::seconds(60));
        let answered = central.steady();

        hears(&central, day(0) + TimeDelta::seconds(60), asked, answered);
        assert_eq!(central.moment().legal, day(0) + TimeDelta::seconds(60));
        // Their clock jumped by more than a minute.
        hears(&central, day(7), asked, answered);
        assert_eq!(central.moment().legal, day(7) + TimeDelta::seconds(30));
    }

    #[test]
    fn the_time_the_rest_of_an_answer_takes_is_no_error() {
        let (own, central) = computer(day(-10));
        let asked = central.steady();
        own.set(day(-10) + TimeDelta::minutes(5));
        hears(&central, day(0), asked, asked);
        assert_eq!(central.moment().legal, day(0) + TimeDelta::minutes(5));
    }

    #[test]
    fn an_answer_that_says_nothing_new_leaves_the_clock_as_it_is() {
        let (own, central) = computer(day(0));
        hears_at_once(&central, day(9));
        let step = TimeDelta::microseconds(1_700);
        for answers in 1..=3_000 {
            own.set(day(0) + step * answers);
            hears_at_once(&central, day(9) + step * answers);
        }
        assert_eq!(central.moment().legal, day(9) + step * 3_000);
    }

    #[test]
    fn a_time_that_cannot_be_is_not_believed() {
        let (_, central) = computer(day(0));
        for said in [DateTime::UNIX_EPOCH, day(80_000), DateTime::<Utc>::MAX_UTC] {
            hears_at_once(&central, said);
            assert_eq!(central.moment().legal, day(0), "{said}");
        }
    }

    #[test]
    fn without_a_line_after_a_start_the_likelier_time_counts() {
        // What the own clock says, how far the other was ahead, and what is taken; noted on day 0.
        let hours = TimeDelta::hours;
        let behind_as_before = (day(-399), days(400), day(1));
        let behind_and_put_right = (day(1), days(400), day(1));
        let behind_and_put_right_but_for_an_hour = (day(0) - hours(1), days(400), day(0));
        let ahead_as_before = (day(401), days(-400), day(1));
        let ahead_and_put_right = (day(1), days(-400), day(1));
        let half_a_day_behind = (day(1) - hours(12), hours(12), day(1));
        let half_a_day_ahead = (day(1) + hours(12), hours(-12), day(1));
        let begun_anew = (day(-4_000), days(3_990), day(0));
        let right = (day(1), days(0), day(1));
        for (own, ahead, taken) in [
            behind_as_before,
            behind_and_put_right,
            behind_and_put_right_but_for_an_hour,
            ahead_as_before,
            ahead_and_put_right,
            half_a_day_behind,
            half_a_day_ahead,
            begun_anew,
            right,
        ] {
            let (clock, central) = computer(own);
            central.remembers(&noted(ahead, day(0)));
            assert_eq!(central.moment().legal, taken, "{own} {ahead}");
            clock.jump(day(77));
            assert_eq!(central.moment().legal, taken, "carried on by steady time");
            central.remembers(&noted(ahead, day(0)));
            assert_eq!(central.moment().legal, taken, "and known from then on");
        }
    }

    #[test]
    fn what_was_heard_is_not_forgotten_for_what_was_noted_before() {
        let (_, central) = computer(day(0));
        hears_at_once(&central, day(5));
        central.remembers(&noted(days(90), day(-100)));
        assert_eq!(central.moment().legal, day(5));
    }
}
