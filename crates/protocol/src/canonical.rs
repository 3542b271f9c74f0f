//! Canonical JSON: one value has exactly one text, so that hashes and signatures mean the value.
//!
//! Keys sorted by bytes and unique, no whitespace, no floats, integers within what every JSON reader keeps exactly,
//! no U+0000, bounded depth. Checking means: parse, write again, compare the bytes.
//!
//! Basis: design, section 3 ("bytes are law").

mod scan;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Deepest nesting of lists and objects.
pub const MAX_DEPTH: usize = 16;

/// Largest integer either side of zero: 2^53 - 1.
pub const MAX_INTEGER: u64 = 9_007_199_254_740_991;

/// Bytes or a value that have no canonical form, or not this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// Not JSON at all, or not JSON of the expected shape.
    #[error("not JSON of the expected shape")]
    Shape,
    /// JSON, but written in another way than the one canonical way.
    #[error("JSON that is not canonical")]
    NotCanonical,
    /// A number with a fraction or exponent.
    #[error("a number that is no integer")]
    Float,
    /// An integer some readers would round.
    #[error("an integer beyond 2^53 - 1")]
    IntegerTooLarge,
    /// U+0000 in a text or key.
    #[error("a text with U+0000")]
    Nul,
    /// Nested too deep.
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// The canonical bytes of a value.
pub fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let value = serde_json::to_value(value).map_err(|_| CanonicalError::Shape)?;
    value_to_bytes(&value)
}

/// The canonical bytes of a JSON value.
pub fn value_to_bytes(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    let mut bytes = Vec::new();
    write(value, 0, &mut bytes)?;
    Ok(bytes)
}

/// Parses bytes, refusing any that are not canonical.
pub fn parse(bytes: &[u8]) -> Result<Value, CanonicalError> {
    if scan::is_surely_canonical(bytes) {
        return serde_json::from_slice(bytes).map_err(|_| CanonicalError::Shape);
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|_| CanonicalError::Shape)?;
    if value_to_bytes(&value)? == bytes {
        Ok(value)
    } else {
        Err(CanonicalError::NotCanonical)
    }
}

/// Refuses bytes that are not canonical.
pub fn check(bytes: &[u8]) -> Result<(), CanonicalError> {
    if scan::is_surely_canonical(bytes) {
        Ok(())
    } else {
        parse(bytes).map(|_| ())
    }
}

/// Parses canonical bytes into a type; fields the type does not know are ignored here and live on in the bytes.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CanonicalError> {
    if scan::is_surely_canonical(bytes) {
        return serde_json::from_slice(bytes).map_err(|_| CanonicalError::Shape);
    }
    serde_json::from_value(parse(bytes)?).map_err(|_| CanonicalError::Shape)
}

fn write(value: &Value, depth: usize, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => {
            let size = match (number.as_u64(), number.as_i64()) {
                (Some(positive), _) => positive,
                (None, Some(negative)) => negative.unsigned_abs(),
                (None, None) => return Err(CanonicalError::Float),
            };
            if size > MAX_INTEGER {
                return Err(CanonicalError::IntegerTooLarge);
            }
            out.extend_from_slice(number.to_string().as_bytes());
        }
        Value::String(text) => write_text(text, out)?,
        Value::Array(items) => {
            let depth = deeper(depth)?;
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, depth, out)?;
            }
            out.push(b']');
        }
        Value::Object(fields) => {
            let depth = deeper(depth)?;
            // The map may keep insertion order, depending on a feature another crate can switch on.
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by(|left, right| left.0.as_bytes().cmp(right.0.as_bytes()));
            out.push(b'{');
            for (index, (key, item)) in fields.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_text(key, out)?;
                out.push(b':');
                write(item, depth, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

fn deeper(depth: usize) -> Result<usize, CanonicalError> {
    if depth < MAX_DEPTH {
        Ok(depth + 1)
    } else {
        Err(CanonicalError::TooDeep)
    }
}

/// Escapes what JSON demands and nothing else, in the forms of RFC 8785.
fn write_text(text: &str, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            0 => return Err(CanonicalError::Nul),
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            8 => out.extend_from_slice(b"\\b"),
            9 => out.extend_from_slice(b"\\t"),
            10 => out.extend_from_slice(b"\\n"),
            12 => out.extend_from_slice(b"\\f"),
            13 => out.extend_from_slice(b"\\r"),
            1..=31 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn check(text: &str, expected: Result<(), CanonicalError>) {
        assert_eq!(parse(text.as_bytes()).map(|_| ()), expected, "{text}");
        assert_eq!(super::check(text.as_bytes()), expected, "{text}");
        if scan::is_surely_canonical(text.as_bytes()) {
            assert_eq!(expected, Ok(()), "the quick look was wrong about {text}");
        }
    }

    /// By definition: parse, write again, compare.
    fn by_definition(bytes: &[u8]) -> bool {
        serde_json::from_slice::<Value>(bytes)
            .ok()
            .and_then(|value| value_to_bytes(&value).ok())
            .is_some_and(|written| written == bytes)
    }

    #[test]
    fn the_quick_look_knows_what_programs_write() {
        for text in [
            r#"{"a":{"Z":"","z":"x"},"b":[true,null,-3,0,false],"å":[[],{}]}"#,
            r#"{"text":"line\nand \"quote\", \\ and \u0001\u001f"}"#,
            "9007199254740991",
        ] {
            assert!(scan::is_surely_canonical(text.as_bytes()), "{text}");
            check(text, Ok(()));
        }
    }

    #[test]
    fn keys_are_sorted_by_bytes_and_nothing_is_padded() {
        let bytes =
            to_bytes(&json!({"å": 1, "b": [true, null, -3], "a": {"z": "x", "Z": ""}})).unwrap();

        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            r#"{"a":{"Z":"","z":"x"},"b":[true,null,-3],"å":1}"#
        );
    }

    #[test]
    fn a_second_text_for_the_same_value_is_refused() {
        check(r#"{"a":1}"#, Ok(()));
        check(r#"{"a": 1}"#, Err(CanonicalError::NotCanonical));
        check(r#"{"b":1,"a":2}"#, Err(CanonicalError::NotCanonical));
        check(r#"{"a":1,"a":1}"#, Err(CanonicalError::NotCanonical));
        check(r#""\u00e5""#, Err(CanonicalError::NotCanonical));
        check(r#""\/""#, Err(CanonicalError::NotCanonical));
        check("1\n", Err(CanonicalError::NotCanonical));
        check("", Err(CanonicalError::Shape));
        check("[1", Err(CanonicalError::Shape));
    }

    #[test]
    fn floats_large_integers_and_nul_are_refused() {
        for float in ["1.0", "1e3", "0.5", "-0", "-0.0"] {
            check(float, Err(CanonicalError::Float));
        }
        check("9007199254740991", Ok(()));
        check("-9007199254740991", Ok(()));
        check("9007199254740992", Err(CanonicalError::IntegerTooLarge));
        check("-9007199254740992", Err(CanonicalError::IntegerTooLarge));
        check("\"a\\u0000\"", Err(CanonicalError::Nul));
        check("{\"\\u0000\":1}", Err(CanonicalError::Nul));
    }

    #[test]
    fn every_sign_is_judged_alike_wherever_it_stands_in_a_text() {
        for (byte, at) in (0..=u8::MAX).flat_map(|byte| (1..20).map(move |at| (byte, at))) {
            let mut bytes = format!("\"{}\"", "a".repeat(20)).into_bytes();
            bytes[at] = byte;

            let is_canonical = by_definition(&bytes);

            assert_eq!(
                scan::is_surely_canonical(&bytes),
                is_canonical,
                "{byte} at {at}"
            );
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);

        check(&nested(MAX_DEPTH), Ok(()));
        check(&nested(MAX_DEPTH + 1), Err(CanonicalError::TooDeep));
        check(&nested(100_000), Err(CanonicalError::Shape));
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-(MAX_INTEGER as i64)..=MAX_INTEGER as i64).prop_map(Value::from),
            "[^\\x00]{0,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map("[^\\x00]{0,6}", inner, 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn written_bytes_parse_to_the_same_value_and_the_same_bytes(value in any_value()) {
            let bytes = value_to_bytes(&value).unwrap();
            let parsed = parse(&bytes).unwrap();
            prop_assert_eq!(&parsed, &value);
            prop_assert_eq!(value_to_bytes(&parsed).unwrap(), bytes);
        }

        #[test]
        fn the_quick_look_is_never_wrong(value in any_value(), at in any::<prop::sample::Index>(), byte in any::<u8>(), kind in 0..3) {
            let mut bytes = value_to_bytes(&value).unwrap();
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
            if scan::is_surely_canonical(&bytes) {
                prop_assert!(by_definition(&bytes), "{:?}", String::from_utf8_lossy(&bytes));
            }
        }

        #[test]
        fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }
    }
}
