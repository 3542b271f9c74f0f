//! Bytes as text: lower-case hexadecimal for hashes and signatures, base64url for the compact tokens of HTTP headers.

use std::fmt::Display;

use serde::{Deserialize, Deserializer, Serializer, de};

/// A text was not the encoding of the bytes expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid encoding of bytes")]
pub struct EncodingError;

/// Bytes as lower-case hexadecimal.
pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Exactly `N` bytes from lower-case hexadecimal; capitals are refused, so that one value has one text.
pub fn from_hex<const N: usize>(text: &str) -> Result<[u8; N], EncodingError> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return Err(EncodingError);
    }
    let mut bytes = [0_u8; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex_value(pair[0])? << 4 | hex_value(pair[1])?;
    }
    Ok(bytes)
}

fn hex_value(digit: u8) -> Result<u8, EncodingError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(EncodingError),
    }
}

const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bytes as base64url without padding (RFC 4648, section 5).
pub fn to_base64_url(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = u32::from(group[0]) << 16
            | u32::from(group.get(1).copied().unwrap_or(0)) << 8
            | u32::from(group.get(2).copied().unwrap_or(0));
        for position in 0..=group.len() {
            let index = (word >> (18 - 6 * position)) & 63;
            text.push(char::from(BASE64_URL[index as usize]));
        }
    }
    text
}

/// Bytes from base64url without padding; left-over bits must be zero, so that one value has one text.
pub fn from_base64_url(text: &str) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for group in text.as_bytes().chunks(4) {
        if group.len() == 1 {
            return Err(EncodingError);
        }
        let mut word = 0_u32;
        for symbol in group {
            let value = BASE64_URL
                .iter()
                .position(|known| known == symbol)
                .ok_or(EncodingError)?;
            word = word << 6 | u32::try_from(value).map_err(|_| EncodingError)?;
        }
        word <<= 6 * (4 - group.len());
        let whole = group.len() - 1;
        let [_, first, second, third] = word.to_be_bytes();
        let all = [first, second, third];
        if all[whole..].iter().any(|byte| *byte != 0) {
            return Err(EncodingError);
        }
        bytes.extend_from_slice(&all[..whole]);
    }
    Ok(bytes)
}

/// Reads a text without keeping it.
pub(crate) fn read_text<'de, D, T, E>(
    deserializer: D,
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: Display,
{
    struct Text<F>(F);

    impl<T, E: Display, F: Fn(&str) -> Result<T, E>> de::Visitor<'_> for Text<F> {
        type Value = T;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<R: de::Error>(self, text: &str) -> Result<T, R> {
            (self.0)(text).map_err(R::custom)
        }
    }

    deserializer.deserialize_str(Text(read))
}

/// `#[serde(with = "...")]` for a fixed number of bytes as hexadecimal.
pub(crate) mod hex_array {
    use super::*;

    pub(crate) fn serialize<S: Serializer, const N: usize>(
        bytes: &[u8; N],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_hex(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<[u8; N], D::Error> {
        read_text(deserializer, from_hex)
    }
}

/// The same for bytes that may be absent.
pub(crate) mod hex_option {
    use super::*;

    pub(crate) fn serialize<S: Serializer, const N: usize>(
        bytes: &Option<[u8; N]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => serializer.serialize_some(&to_hex(bytes)),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<Option<[u8; N]>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| from_hex(&text).map_err(de::Error::custom))
            .transpose()
    }
}

/// `#[serde(with = "...")]` for anything with `Display` and `FromStr`: ids, digests, case numbers.
pub(crate) mod as_text {
    use super::*;
    use std::str::FromStr;

    pub(crate) fn serialize<S: Serializer, T: Display>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr,
        T::Err: Display,
    {
        read_text(deserializer, str::parse)
    }
}

/// The same for a list.
pub(crate) mod as_text_list {
    use super::*;
    use serde::ser::SerializeSeq;
    use std::str::FromStr;

    pub(crate) fn serialize<S: Serializer, T: Display>(
        values: &[T],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(values.len()))?;
        for value in values {
            list.serialize_element(&value.to_string())?;
        }
        list.end()
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T>(
        deserializer: D,
    ) -> Result<Vec<T>, D::Error>
    where
        T: FromStr,
        T::Err: Display,
    {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts
            .iter()
            .map(|text| text.parse().map_err(de::Error::custom))
            .collect()
    }
}

/// The same for a value that may be absent.
pub(crate) mod as_text_option {
    use super::*;
    use std::str::FromStr;

    pub(crate) fn serialize<S: Serializer, T: Display>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.serialize_some(&value.to_string()),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(de::Error::custom))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn base64_url_matches_the_vectors_of_rfc_4648() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
        ] {
            assert_eq!(to_base64_url(plain.as_bytes()), text);
        }
        assert_eq!(to_base64_url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn a_value_has_one_text_only() {
        assert!(
            from_hex::<1>("FF").is_err(),
            "capitals would be a second text for the same byte"
        );
        assert!(from_hex::<2>("ff").is_err(), "a short text is not padded");
        assert!(
            from_base64_url("Zh").is_err(),
            "left-over bits must be zero"
        );
        assert!(
            from_base64_url("Zg==").is_err(),
            "padding is not part of the form"
        );
        assert!(from_base64_url("Z").is_err());
        assert!(
            from_base64_url("Zm+v").is_err(),
            "the plain base64 alphabet is not accepted"
        );
    }

    proptest! {
        #[test]
        fn bytes_survive_both_encodings(bytes in proptest::collection::vec(any::<u8>(), 0..70), fixed in any::<[u8; 32]>()) {
            prop_assert_eq!(from_base64_url(&to_base64_url(&bytes)).unwrap(), bytes);
            prop_assert_eq!(from_hex::<32>(&to_hex(&fixed)).unwrap(), fixed);
        }
    }
}
