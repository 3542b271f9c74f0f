//! Danish legal time, computed by rule: no time zone database, no clock.
//!
//! Central European Time is UTC+1. Summer time (UTC+2) follows the common European rule that Denmark took up in 1980:
//! it begins and ends at 01:00 UTC, from the last Sunday of March (in 1980 the first Sunday of April)
//! to the last Sunday of September through 1995 and of October from 1996.
//! Before 1980 every instant is taken as UTC+1; the summer times of 1916 and of 1940 to 1948 and local time before 1894
//! are left out, since no instant that Skranke records can lie there.
//! Years to come are assumed to keep the rule.

use chrono::{DateTime, Datelike, Days, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime};
use chrono::{NaiveTime, TimeDelta, Utc};

const WINTER_HOURS: i32 = 1;
const SUMMER_HOURS: i32 = 2;

/// The Danish wall-clock time of an instant, with its offset.
pub fn local(instant: DateTime<Utc>) -> DateTime<FixedOffset> {
    let hours = if is_summer_time(instant) {
        SUMMER_HOURS
    } else {
        WINTER_HOURS
    };
    match FixedOffset::east_opt(hours * 3600) {
        Some(offset) => instant.with_timezone(&offset),
        None => instant.fixed_offset(),
    }
}

/// The date in Denmark at an instant.
pub fn date_at(instant: DateTime<Utc>) -> NaiveDate {
    local(instant).date_naive()
}

/// The instant or instants that a Danish wall-clock time stands for.
///
/// `None` in the hour that is skipped in spring, `Ambiguous` (earlier first) in the hour that comes twice in autumn.
pub fn instants_of(local_time: NaiveDateTime) -> MappedLocalTime<DateTime<Utc>> {
    let summer = (local_time - TimeDelta::hours(SUMMER_HOURS.into())).and_utc();
    let winter = (local_time - TimeDelta::hours(WINTER_HOURS.into())).and_utc();
    match (is_summer_time(summer), !is_summer_time(winter)) {
        (true, true) => MappedLocalTime::Ambiguous(summer, winter),
        (true, false) => MappedLocalTime::Single(summer),
        (false, true) => MappedLocalTime::Single(winter),
        (false, false) => MappedLocalTime::None,
    }
}

/// The first instant at or after a Danish wall-clock time.
///
/// Of an hour that comes twice the earlier one; a time in the skipped hour becomes the moment after the skip.
pub fn first_instant_of(date: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let local_time = date.and_time(time);
    match instants_of(local_time) {
        MappedLocalTime::Single(instant) | MappedLocalTime::Ambiguous(instant, _) => instant,
        // Clocks go forward at 01:00 UTC, whatever the year.
        MappedLocalTime::None => date.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(1),
    }
}

/// Midnight at the beginning of a date in Denmark.
pub fn start_of(date: NaiveDate) -> DateTime<Utc> {
    first_instant_of(date, NaiveTime::MIN)
}

/// Midnight at the end of a date in Denmark: the first instant that no longer belongs to it.
pub fn end_of(date: NaiveDate) -> DateTime<Utc> {
    date.checked_add_days(Days::new(1))
        .map_or(DateTime::<Utc>::MAX_UTC, start_of)
}

fn is_summer_time(instant: DateTime<Utc>) -> bool {
    let year = instant.year();
    let first_day = match year {
        ..1980 => return false,
        1980 => NaiveDate::from_weekday_of_month_opt(year, 4, chrono::Weekday::Sun, 1),
        _ => last_sunday(year, 3),
    };
    let last_day = last_sunday(year, if year < 1996 { 9 } else { 10 });
    match (first_day, last_day) {
        (Some(first), Some(last)) => (change_on(first)..change_on(last)).contains(&instant),
        _ => false,
    }
}

fn change_on(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(1)
}

fn last_sunday(year: i32, month: u32) -> Option<NaiveDate> {
    // March, September and October all have 30 days or more, so the last Sunday lies within a week of the 31st or 30th.
    let last = NaiveDate::from_ymd_opt(year, month, 31)
        .or_else(|| NaiveDate::from_ymd_opt(year, month, 30))?;
    last.checked_sub_days(Days::new(last.weekday().num_days_from_sunday().into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn clock(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn clocks_change_at_one_o_clock_utc() {
        // Last instant of the old and first of the new time, spring and autumn.
        for (before, after, spring) in [
            ("1980-04-06T00:59:59Z", "1980-04-06T01:00:00Z", true),
            ("1980-09-28T00:59:59Z", "1980-09-28T01:00:00Z", false),
            ("1981-03-29T00:59:59Z", "1981-03-29T01:00:00Z", true),
            ("1995-09-24T00:59:59Z", "1995-09-24T01:00:00Z", false),
            ("1996-10-27T00:59:59Z", "1996-10-27T01:00:00Z", false),
            ("2014-03-30T00:59:59Z", "2014-03-30T01:00:00Z", true),
            ("2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", true),
            ("2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z", false),
        ] {
            let hours = |text| local(at(text)).offset().local_minus_utc() / 3600;
            let expected = if spring { (1, 2) } else { (2, 1) };
            assert_eq!((hours(before), hours(after)), expected, "{after}");
        }
    }

    #[test]
    fn before_1980_there_is_no_summer_time() {
        assert_eq!(
            local(at("1979-07-01T12:00:00Z")).to_rfc3339(),
            "1979-07-01T13:00:00+01:00"
        );
    }

    #[test]
    fn the_date_in_denmark_runs_ahead_of_utc() {
        assert_eq!(
            date_at(at("2026-07-01T22:00:00Z")).to_string(),
            "2026-07-02"
        );
        assert_eq!(
            date_at(at("2026-12-31T22:59:59Z")).to_string(),
            "2026-12-31"
        );
        assert_eq!(
            date_at(at("2026-12-31T23:00:00Z")).to_string(),
            "2027-01-01"
        );
    }

    #[test]
    fn the_skipped_hour_has_no_instant_and_the_doubled_hour_two() {
        assert_eq!(
            instants_of(clock("2026-03-29T02:30:00")),
            MappedLocalTime::None
        );
        assert_eq!(
            instants_of(clock("2026-10-25T02:30:00")),
            MappedLocalTime::Ambiguous(at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z"))
        );
        let spring = clock("2026-03-29T02:30:00");
        assert_eq!(
            first_instant_of(spring.date(), spring.time()),
            at("2026-03-29T01:00:00Z")
        );
    }

    proptest! {
        #[test]
        fn wall_clock_and_instant_agree(seconds in -2_208_988_800_i64..7_258_118_400) {
            let instant = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap();
            let back = instants_of(local(instant).naive_local());

            prop_assert!(back.earliest() == Some(instant) || back.latest() == Some(instant));
        }

        #[test]
        fn days_follow_each_other_without_gap(offset in 0_u64..109_000) {
            let date = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + Days::new(offset);
            let hours = (end_of(date) - start_of(date)).num_hours();

            prop_assert_eq!(date_at(start_of(date)), date);
            prop_assert_eq!(date_at(end_of(date) - TimeDelta::seconds(1)), date);
            prop_assert!((23..=25).contains(&hours), "{} has {} hours", date, hours);
        }
    }
}
