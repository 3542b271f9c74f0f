//! Easter Sunday by the Gregorian rule, for any year.

use chrono::NaiveDate;

/// Easter Sunday of a year.
///
/// Basis: the anonymous Gregorian computus (Meeus/Jones/Butcher); it reproduces spec, domain 8.3.
pub(super) fn easter_sunday(year: i32) -> Option<NaiveDate> {
    let golden = year.rem_euclid(19);
    let (century, in_century) = (year.div_euclid(100), year.rem_euclid(100));
    let (leap_centuries, century_rest) = (century / 4, century % 4);
    let correction = (century + 8) / 25;
    let moon = (century - correction + 1) / 3;
    let epact = (19 * golden + century - leap_centuries - moon + 15) % 30;
    let (leap_years, year_rest) = (in_century / 4, in_century % 4);
    let weekday = (32 + 2 * century_rest + 2 * leap_years - epact - year_rest) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let days = epact + weekday - 7 * late + 114;
    NaiveDate::from_ymd_opt(
        year,
        u32::try_from(days / 31).ok()?,
        u32::try_from(days % 31 + 1).ok()?,
    )
}
