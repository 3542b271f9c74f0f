//! Dates and times as Danish papers write them.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

const MONTHS: [&str; 12] = [
    "januar",
    "februar",
    "marts",
    "april",
    "maj",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "december",
];

/// A date as "13. marts 2026".
#[must_use]
pub fn danish_date(on: NaiveDate) -> String {
    format!(
        "{}. {} {}",
        on.day(),
        MONTHS[on.month0() as usize % 12],
        on.year()
    )
}

/// A Danish local time as "13. marts 2026 kl. 13.58".
#[must_use]
pub fn danish_date_time(at: NaiveDateTime) -> String {
    format!(
        "{} kl. {}.{:02}",
        danish_date(at.date()),
        at.hour(),
        at.minute()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_with_the_month_in_letters() {
        let on = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();

        assert_eq!(danish_date(on), "1. marts 2026");
        assert_eq!(
            danish_date_time(on.and_hms_opt(9, 5, 59).unwrap()),
            "1. marts 2026 kl. 9.05"
        );
    }
}
