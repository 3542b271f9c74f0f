//! Reading single values from TOML: dates, codes and conditions, each with a message that names the key.

use chrono::NaiveDate;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};
use skranke_domain::rule_set::{DateBasis, Duration, RuleCode, RuleSetCode};

use crate::condition::Condition;

/// A date as people or programs write it: `2026-03-02`, `02.03.2026`, `2/3-2026`, `02032026`.
pub fn read_date(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    if let Ok(day) = text.parse::<NaiveDate>() {
        return (text.len() == 10).then_some(day);
    }
    let parts: Vec<&str> = if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        vec![&text[..2], &text[2..4], &text[4..]]
    } else {
        text.split(['.', '/', '-', ' '])
            .filter(|part| !part.is_empty())
            .collect()
    };
    let [day, month, year] = parts[..] else {
        return None;
    };
    let number = |text: &str, longest: usize| {
        let plain = text.len() <= longest && text.bytes().all(|b| b.is_ascii_digit());
        if plain {
            text.parse::<u32>().ok()
        } else {
            None
        }
    };
    if year.len() != 4 {
        return None;
    }
    let year = i32::try_from(number(year, 4)?).ok()?;
    NaiveDate::from_ymd_opt(year, number(month, 2)?, number(day, 2)?)
}

/// A date as Danish readers write it: `02.03.2026`.
pub fn show_date(day: NaiveDate) -> String {
    day.format("%d.%m.%Y").to_string()
}

pub(crate) fn date<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveDate, D::Error> {
    let text = String::deserialize(from)?;
    text.parse()
        .map_err(|_| D::Error::custom(format!("\"{text}\" is not a date (YYYY-MM-DD)")))
}

pub(crate) fn some_date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
    date(from).map(Some)
}

pub(crate) fn write_date<S: Serializer>(day: &NaiveDate, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(day)
}

pub(crate) fn write_some_date<S: Serializer>(
    day: &Option<NaiveDate>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match day {
        Some(day) => to.collect_str(day),
        None => to.serialize_none(),
    }
}

pub(crate) fn condition<'de, D: Deserializer<'de>>(from: D) -> Result<Condition, D::Error> {
    Condition::parse(&String::deserialize(from)?).map_err(D::Error::custom)
}

pub(crate) fn rule_set_code<'de, D: Deserializer<'de>>(from: D) -> Result<RuleSetCode, D::Error> {
    let text = String::deserialize(from)?;
    RuleSetCode::from_code(&text)
        .ok_or_else(|| D::Error::custom(format!("there is no rule set \"{text}\"")))
}

pub(crate) fn rule_code<'de, D: Deserializer<'de>>(from: D) -> Result<RuleCode, D::Error> {
    let text = String::deserialize(from)?;
    RuleCode::from_code(&text)
        .ok_or_else(|| D::Error::custom(format!("there is no rule \"{text}\"")))
}

pub(crate) fn date_basis<'de, D: Deserializer<'de>>(from: D) -> Result<DateBasis, D::Error> {
    let text = String::deserialize(from)?;
    DateBasis::from_code(&text).ok_or_else(|| {
        D::Error::custom(format!(
            "\"{text}\" is not signing, decision or registration"
        ))
    })
}

pub(crate) fn durations<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Duration>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let read = |text: &String| {
        Duration::from_code(text)
            .ok_or_else(|| D::Error::custom(format!("there is no duration \"{text}\"")))
    };
    texts.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_write_them() {
        let expected = NaiveDate::from_ymd_opt(2026, 3, 2);
        for text in [
            "2026-03-02",
            "02.03.2026",
            "2.3.2026",
            "2/3-2026",
            "02032026",
            " 02-03-2026 ",
        ] {
            assert_eq!(read_date(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_day_is_not_read() {
        for text in [
            "",
            "31.02.2026",
            "i går",
            "2.3.26",
            "2026-3-2x",
            "32.01.2026",
            "0",
            "+2.3.2026",
            "２.3.2026",
        ] {
            assert_eq!(read_date(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_that_is_shown_reads_back() {
        let day = NaiveDate::from_ymd_opt(2014, 3, 1).expect("a day");

        assert_eq!(read_date(&show_date(day)), Some(day));
    }
}
