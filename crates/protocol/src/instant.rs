//! Instants on the wire: UTC with exactly three decimals, `2026-11-21T13:02:05.250Z`.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, SubsecRound, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serializer};

use crate::encoding::read_text;

const FORMAT: &str = "%Y-%m-%dT%H:%M:%S%.3fZ";
const LENGTH: usize = 24;

/// Cuts an instant to the millisecond, the precision of the wire.
pub fn to_millisecond(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant.trunc_subsecs(3)
}

/// The text of an instant.
pub fn to_text(instant: DateTime<Utc>) -> String {
    let instant = to_millisecond(instant);
    let (year, millisecond) = (instant.year(), instant.timestamp_subsec_millis());
    // A leap second and a year of another length are for the general way, which takes five times as long.
    if !(0..=9_999).contains(&year) || millisecond > 999 {
        return instant.format(FORMAT).to_string();
    }
    let (month, day) = (instant.month(), instant.day());
    let (hour, minute, second) = (instant.hour(), instant.minute(), instant.second());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

/// Reads an instant, refusing every text but the one [`to_text`] writes.
pub fn from_text(text: &str) -> Option<DateTime<Utc>> {
    if text.len() != LENGTH {
        return None;
    }
    if let Some(instant) = ordinary(text.as_bytes()) {
        return Some(instant);
    }
    let instant = NaiveDateTime::parse_from_str(text, FORMAT).ok()?.and_utc();
    (to_text(instant) == text).then_some(instant)
}

/// Reads a text in which every number is plain digits; none where it is not, or is no such instant.
fn ordinary(text: &[u8]) -> Option<DateTime<Utc>> {
    const SIGNS: [(usize, u8); 7] = [
        (4, b'-'),
        (7, b'-'),
        (10, b'T'),
        (13, b':'),
        (16, b':'),
        (19, b'.'),
        (23, b'Z'),
    ];
    let has_signs = SIGNS.iter().all(|(at, sign)| text.get(*at) == Some(sign));
    let number = |from: usize, to: usize| {
        let digits = text.get(from..to)?.iter();
        digits.into_iter().try_fold(0_u32, |sum, digit| {
            let is_digit = digit.is_ascii_digit();
            is_digit.then(|| sum * 10 + u32::from(digit - b'0'))
        })
    };
    let year = i32::try_from(number(0, 4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(5, 7)?, number(8, 10)?)?;
    let time = date.and_hms_milli_opt(
        number(11, 13)?,
        number(14, 16)?,
        number(17, 19)?,
        number(20, 23)?,
    )?;
    has_signs.then(|| time.and_utc())
}

/// `#[serde(with = "...")]` for an instant.
pub(crate) mod wire {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        instant: &DateTime<Utc>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_text(*instant))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<DateTime<Utc>, D::Error> {
        read_text(deserializer, |text| {
            from_text(text).ok_or("an instant is written with three decimals and Z")
        })
    }
}

/// The same for an instant that may be absent.
pub(crate) mod wire_option {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        instant: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match instant {
            Some(instant) => wire::serialize(instant, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        #[derive(Deserialize)]
        struct Instant(#[serde(with = "wire")] DateTime<Utc>);
        Ok(Option::<Instant>::deserialize(deserializer)?.map(|Instant(instant)| instant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_instant_has_one_text_only() {
        assert!(from_text("2026-11-21T13:02:05.250Z").is_some());
        for text in [
            "2026-11-21T13:02:05Z",
            "2026-11-21T13:02:05.25Z",
            "2026-11-21 13:02:05.250Z",
            "2026-02-30T13:02:05.250Z",
        ] {
            assert!(from_text(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_says_what_the_general_way_says(
            milliseconds in -65_000_000_000_000_i64..260_000_000_000_000,
            at in 0_usize..24,
            sign in any::<char>(),
        ) {
            let instant = DateTime::from_timestamp_millis(milliseconds).unwrap();
            let text = instant.format(FORMAT).to_string();
            prop_assert_eq!(&to_text(instant), &text);

            let mut signs: Vec<char> = text.chars().collect();
            if let Some(place) = signs.get_mut(at) {
                *place = sign;
            }
            let altered: String = signs.into_iter().collect();
            let general = NaiveDateTime::parse_from_str(&altered, FORMAT).ok();
            let general = general
                .map(|instant| instant.and_utc())
                .filter(|instant| {
                    altered.len() == LENGTH && instant.format(FORMAT).to_string() == altered
                });
            prop_assert_eq!(from_text(&altered), general);
        }

        #[test]
        fn instants_survive_to_the_millisecond(milliseconds in -2_208_988_800_000_i64..7_258_118_400_000) {
            let instant = DateTime::from_timestamp_millis(milliseconds).unwrap();
            prop_assert_eq!(from_text(&to_text(instant)), Some(instant));
        }
    }
}
