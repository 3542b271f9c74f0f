//! The calendar against tables of known years, and as properties over all years.

use proptest::prelude::*;

use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn code(name: DayName) -> String {
    match name {
        DayName::Known(code) => code.to_owned(),
        DayName::Given(name) => panic!("{name} is no day of every calendar"),
    }
}

fn closed(profile: CalendarProfile, year: i32) -> Vec<(String, String)> {
    let year = Calendar::new(profile).year(year).unwrap();
    year.closed
        .into_iter()
        .map(|day| (day.on.format("%m-%d").to_string(), code(day.name)))
        .collect()
}

/// The eleven holidays as month and day: New Year, Thursday to Easter Monday, Store Bededag, Ascension, Whitsun, Christmas.
fn holidays(year: i32) -> Vec<String> {
    let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
    first
        .iter_days()
        .take_while(|date| date.year() == year)
        .filter(|date| Holiday::on(*date).is_some())
        .map(|date| date.format("%d.%m").to_string())
        .collect()
}

#[test]
fn holidays_fall_as_the_table_of_known_years_says() {
    // Spec, domain 8.3.
    for (year, expected) in [
        (
            2014,
            "01.01 17.04 18.04 20.04 21.04 16.05 29.05 08.06 09.06 25.12 26.12",
        ),
        (
            2023,
            "01.01 06.04 07.04 09.04 10.04 05.05 18.05 28.05 29.05 25.12 26.12",
        ),
        (
            2024,
            "01.01 28.03 29.03 31.03 01.04 09.05 19.05 20.05 25.12 26.12",
        ),
        (
            2025,
            "01.01 17.04 18.04 20.04 21.04 29.05 08.06 09.06 25.12 26.12",
        ),
        (
            2026,
            "01.01 02.04 03.04 05.04 06.04 14.05 24.05 25.05 25.12 26.12",
        ),
        (
            2027,
            "01.01 25.03 26.03 28.03 29.03 06.05 16.05 17.05 25.12 26.12",
        ),
        (
            2028,
            "01.01 13.04 14.04 16.04 17.04 25.05 04.06 05.06 25.12 26.12",
        ),
        (
            2029,
            "01.01 29.03 30.03 01.04 02.04 10.05 20.05 21.05 25.12 26.12",
        ),
        (
            2030,
            "01.01 18.04 19.04 21.04 22.04 30.05 09.06 10.06 25.12 26.12",
        ),
    ] {
        assert_eq!(holidays(year).join(" "), expected, "{year}");
    }
}

#[test]
fn easter_falls_right_in_the_years_where_simpler_rules_fail() {
    // The earliest, the latest, and the years of the two exceptions of the Gregorian rule.
    for (year, expected) in [
        (1900, "04-15"),
        (1943, "04-25"),
        (1954, "04-18"),
        (1981, "04-19"),
        (2000, "04-23"),
        (2008, "03-23"),
        (2038, "04-25"),
        (2049, "04-18"),
        (2076, "04-19"),
        (2199, "04-14"),
    ] {
        let easter = easter::easter_sunday(year).unwrap();
        assert_eq!(easter.format("%m-%d").to_string(), expected, "{year}");
    }
}

#[test]
fn great_prayer_day_is_a_holiday_through_2023() {
    assert_eq!(
        Holiday::on(date("2023-05-05")),
        Some(Holiday::GreatPrayerDay)
    );
    assert_eq!(Holiday::on(date("2024-04-26")), None);
    assert!(Calendar::new(CalendarProfile::Kl).is_working_day(date("2024-04-26")));
}

#[test]
fn kl_closes_on_christmas_eve_and_new_years_eve_and_has_two_half_days() {
    let days = closed(CalendarProfile::Kl, 2025);
    let names: Vec<_> = days
        .iter()
        .map(|(on, name)| format!("{on} {name}"))
        .collect();

    assert_eq!(
        names,
        [
            "01-01 nytaarsdag",
            "04-17 skaertorsdag",
            "04-18 langfredag",
            "04-21 anden_paaskedag",
            "05-29 kristi_himmelfartsdag",
            "06-09 anden_pinsedag",
            "12-24 juleaftensdag",
            "12-25 foerste_juledag",
            "12-26 anden_juledag",
            "12-31 nytaarsaftensdag",
        ]
    );
    let half = Calendar::new(CalendarProfile::Kl).year(2025).unwrap().half;
    assert_eq!(
        half,
        [
            HalfDay {
                on: date("2025-05-01"),
                from: NOON,
                name: DayName::Known("foerste_maj")
            },
            HalfDay {
                on: date("2025-06-05"),
                from: NOON,
                name: DayName::Known("grundlovsdag")
            },
        ]
    );
}

#[test]
fn copenhagen_closes_on_labour_day_and_works_on_christmas_eve() {
    let calendar = Calendar::new(CalendarProfile::Copenhagen);

    assert!(!calendar.is_working_day(date("2025-05-01")));
    assert!(calendar.is_working_day(date("2025-12-24")));
    assert!(calendar.is_working_day(date("2025-12-31")));
    assert_eq!(
        calendar.year(2025).unwrap().half.len(),
        1,
        "5 June from 12:00"
    );
}

#[test]
fn the_strict_profile_has_no_half_days() {
    let year = Calendar::new(CalendarProfile::Strict).year(2025).unwrap();

    assert_eq!(year.half, []);
    let closed: Vec<_> = year.closed.iter().map(|day| day.on).collect();
    for day in ["2025-06-05", "2025-12-24", "2025-12-31"] {
        assert!(closed.contains(&date(day)), "{day}");
    }
    assert!(!closed.contains(&date("2025-05-01")));
}

#[test]
fn a_half_day_counts_as_a_working_day() {
    let calendar = Calendar::new(CalendarProfile::Kl);

    assert!(matches!(
        calendar.day(date("2026-06-05")),
        Day::Half { from: NOON, .. }
    ));
    assert!(calendar.is_working_day(date("2026-06-05")));
}

#[test]
fn a_holiday_covers_a_half_day() {
    // 1 May 2008 was Ascension Day, 5 June 2028 is Whit Monday.
    let calendar = Calendar::new(CalendarProfile::Kl);

    assert_eq!(
        calendar.day(date("2008-05-01")),
        Day::Closed(Reason::Holiday(Holiday::AscensionDay))
    );
    assert_eq!(
        calendar.day(date("2028-06-05")),
        Day::Closed(Reason::Holiday(Holiday::WhitMonday))
    );
    assert!(
        calendar
            .year(2028)
            .unwrap()
            .half
            .iter()
            .all(|day| day.on != date("2028-06-05"))
    );
}

#[test]
fn what_falls_on_a_weekend_is_listed_apart() {
    // In 2027 1 May is a Saturday, 5 June a Saturday, Christmas a weekend.
    let year = Calendar::new(CalendarProfile::Kl).year(2027).unwrap();
    let on_weekends: Vec<_> = year
        .on_weekends
        .into_iter()
        .map(|day| code(day.name))
        .collect();

    assert_eq!(year.half, []);
    assert_eq!(
        on_weekends,
        ["paaskedag", "pinsedag", "foerste_juledag", "anden_juledag"]
    );
    assert!(year.closed.iter().all(|day| !is_weekend(day.on)));
}

#[test]
fn local_closing_days_close_and_the_longer_one_holds() {
    let day = date("2026-12-28");
    let calendar = Calendar::new(CalendarProfile::Kl).with_local_closings([
        LocalClosing::from_time(day, NOON, "Julefrokost"),
        LocalClosing::all_day(day, "Lukket mellem jul og nytår"),
        LocalClosing::from_time(day, NOON, "Julefrokost"),
        LocalClosing::from_time(
            date("2026-05-01"),
            NaiveTime::from_hms_opt(10, 0, 0).unwrap(),
            "Møde",
        ),
    ]);

    assert_eq!(
        calendar.day(day),
        Day::Closed(Reason::Local("Lukket mellem jul og nytår"))
    );
    assert!(!calendar.is_working_day(day));
    let Day::Half { from, reason } = calendar.day(date("2026-05-01")) else {
        panic!("still a half day")
    };
    assert_eq!(
        (from.to_string().as_str(), reason.name()),
        ("10:00:00", Some(DayName::Given("Møde".to_owned())))
    );
}

#[test]
fn the_next_working_day_skips_easter() {
    // Practice 8: a letter on the Wednesday before Easter 2026 waits until Tuesday 7 April.
    let calendar = Calendar::new(CalendarProfile::Copenhagen);

    assert_eq!(
        calendar.next_working_day(date("2026-04-01")),
        date("2026-04-07")
    );
    assert_eq!(
        calendar.previous_working_day(date("2026-04-07")),
        date("2026-04-01")
    );
    assert_eq!(
        calendar.working_day_from(date("2026-04-01")),
        date("2026-04-01")
    );
    assert_eq!(
        calendar.working_day_from(date("2026-04-02")),
        date("2026-04-07")
    );
}

#[test]
fn years_outside_the_calendar_are_refused() {
    let calendar = Calendar::new(CalendarProfile::Kl);

    for year in [1899, 2200, i32::MIN, i32::MAX] {
        assert_eq!(
            calendar.year(year),
            Err(CalendarError::YearOutOfRange { year })
        );
    }
    assert!(calendar.year(1900).is_ok() && calendar.year(2199).is_ok());
}

#[test]
fn opening_hours_end_at_noon_on_a_half_day() {
    let calendar = Calendar::new(CalendarProfile::Kl);
    let (opens, closes) = calendar.open_between(date("2026-06-05")).unwrap();

    assert_eq!((closes - opens).num_hours(), 4);
    assert_eq!(calendar.open_between(date("2026-12-24")), None);
}

#[test]
fn opening_hours_that_make_no_sense_are_refused() {
    let at = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();

    assert_eq!(OpeningHours::new([]), Err(OpeningHoursError::NeverOpen));
    assert_eq!(
        OpeningHours::new([(Weekday::Sat, at(8), at(12))]),
        Err(OpeningHoursError::Weekend(Weekday::Sat))
    );
    assert_eq!(
        OpeningHours::new([(Weekday::Mon, at(12), at(8))]),
        Err(OpeningHoursError::ClosesBeforeOpening(Weekday::Mon))
    );
}

#[test]
fn codes_are_pinned() {
    let codes: Vec<_> = CalendarProfile::ALL
        .iter()
        .map(|profile| profile.code())
        .collect();
    assert_eq!(codes, ["kl", "koebenhavn", "streng"]);
}

fn any_profile() -> impl Strategy<Value = CalendarProfile> {
    prop::sample::select(CalendarProfile::ALL)
}

proptest! {
    #[test]
    fn every_year_has_its_holidays(year in 1900_i32..=2199) {
        let expected = if year <= 2023 { 11 } else { 10 };

        prop_assert_eq!(holidays(year).len(), expected);
        let easter = easter::easter_sunday(year).unwrap();
        prop_assert_eq!(easter.weekday(), Weekday::Sun);
        let in_year = |month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
        prop_assert!((in_year(3, 22)..=in_year(4, 25)).contains(&easter));
    }

    #[test]
    fn easter_follows_the_paschal_full_moon(year in 1900_i32..=2199) {
        // An independent way: the Sunday after the full moon of the Gregorian lunar tables, valid 1900 to 2199.
        let full_moons = [
            (4, 14), (4, 3), (3, 23), (4, 11), (3, 31), (4, 18), (4, 8), (3, 28), (4, 16), (4, 5),
            (3, 25), (4, 13), (4, 2), (3, 22), (4, 10), (3, 30), (4, 17), (4, 7), (3, 27),
        ];
        let (month, day) = full_moons[(year % 19) as usize];
        let full_moon = NaiveDate::from_ymd_opt(year, month, day).unwrap();
        let sunday = full_moon.iter_days().skip(1).find(|date| date.weekday() == Weekday::Sun);

        prop_assert_eq!(easter::easter_sunday(year), sunday);
    }

    #[test]
    fn the_next_working_day_is_a_working_day_with_none_between(
        profile in any_profile(),
        offset in 0_u64..109_000,
    ) {
        let calendar = Calendar::new(profile);
        let from = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::Days::new(offset);
        let next = calendar.next_working_day(from);

        prop_assert!(calendar.is_working_day(next));
        prop_assert!(from.iter_days().skip(1).take_while(|d| *d < next).all(|d| !calendar.is_working_day(d)));
        prop_assert!((next - from).num_days() <= 6, "no run of closed days is longer without local ones");
        if calendar.is_working_day(from) {
            prop_assert_eq!(calendar.previous_working_day(next), from);
        }
    }

    #[test]
    fn working_time_adds_up(
        profile in any_profile(),
        start in 0_i64..4_000_000_000,
        first in 0_i64..2_000_000,
        second in 0_i64..2_000_000,
    ) {
        let calendar = Calendar::new(profile);
        let at = |seconds| chrono::DateTime::<chrono::Utc>::from_timestamp(seconds, 0).unwrap();
        let (a, b, c) = (at(start), at(start + first), at(start + first + second));
        let whole = calendar.working_time_between(a, c);

        prop_assert_eq!(calendar.working_time_between(a, b) + calendar.working_time_between(b, c), whole);
        prop_assert_eq!(calendar.working_time_between(c, a).min(chrono::TimeDelta::zero()), chrono::TimeDelta::zero());
        if let Some(back) = calendar.working_time_before(c, whole) {
            prop_assert_eq!(calendar.working_time_between(back, c), whole);
        }
    }
}
