//! Instants on the wire: UTC with exactly three decimals, `2026-11-21T13:02:05.250Z`.

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};
use serde::{Deserialize, Deserializer, Serializer, de};

const FORMAT: &str = "%Y-%m-%dT%H:%M:%S%.3fZ";
const LENGTH: usize = 24;

/// Cuts an instant to the millisecond, the precision of the wire.
pub fn to_millisecond(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant.trunc_subsecs(3)
}

/// The text of an instant.
pub fn to_text(instant: DateTime<Utc>) -> String {
    to_millisecond(instant).format(FORMAT).to_string()
}

/// Reads an instant, refusing every text but the one [`to_text`] writes.
pub fn from_text(text: &str) -> Option<DateTime<Utc>> {
    if text.len() != LENGTH {
        return None;
    }
    let instant = NaiveDateTime::parse_from_str(text, FORMAT).ok()?.and_utc();
    (to_text(instant) == text).then_some(instant)
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
        let text = String::deserialize(deserializer)?;
        from_text(&text)
            .ok_or_else(|| de::Error::custom("an instant is written with three decimals and Z"))
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
        fn instants_survive_to_the_millisecond(milliseconds in -2_208_988_800_000_i64..7_258_118_400_000) {
            let instant = DateTime::from_timestamp_millis(milliseconds).unwrap();
            prop_assert_eq!(from_text(&to_text(instant)), Some(instant));
        }
    }
}
