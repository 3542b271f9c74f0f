//! Codes that a person copies from paper: Crockford's base32 in groups of four. I and L read as 1, O as 0, and small
//! letters as capitals; hyphens and spaces mean nothing.

use std::fmt;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How many signs stand together.
pub const GROUP: usize = 4;

/// A sign that never occurs in a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sign {position} does not occur in a code")]
pub struct ForeignSign {
    /// Which sign, counted from 1 without hyphens and spaces.
    pub position: usize,
}

/// Writes the first `signs` signs of bytes, in groups.
///
/// # Errors
/// What `to` reports.
pub fn write(to: &mut impl fmt::Write, bytes: &[u8], signs: usize) -> fmt::Result {
    for (index, symbol) in symbols(bytes).into_iter().take(signs).enumerate() {
        if index > 0 && index % GROUP == 0 {
            to.write_char('-')?;
        }
        to.write_char(char::from(ALPHABET[usize::from(symbol)]))?;
    }
    Ok(())
}

/// The signs of what was typed, as they are printed: without hyphens and spaces.
pub fn plain(typed: &str) -> impl Iterator<Item = char> + '_ {
    let signs = typed
        .chars()
        .filter(|sign| !sign.is_whitespace() && *sign != '-');
    signs.map(|sign| match sign.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    })
}

/// Five bits for each sign that was typed.
///
/// # Errors
/// The first sign that occurs in no code.
pub fn read(typed: &str) -> Result<Vec<u8>, ForeignSign> {
    let known = |sign: char| ALPHABET.iter().position(|one| char::from(*one) == sign);
    plain(typed)
        .enumerate()
        .map(|(index, sign)| {
            let value = known(sign).and_then(|value| u8::try_from(value).ok());
            value.ok_or(ForeignSign {
                position: index + 1,
            })
        })
        .collect()
}

/// Joins symbols of five bits into bytes; left-over bits fill a last byte.
pub fn bytes(symbols: &[u8]) -> Vec<u8> {
    let bit = |index: usize| {
        symbols
            .get(index / 5)
            .map_or(0, |symbol| symbol >> (4 - index % 5) & 1)
    };
    (0..(symbols.len() * 5).div_ceil(8))
        .map(|byte| (0..8).fold(0, |value, offset| value << 1 | bit(byte * 8 + offset)))
        .collect()
}

/// Cuts bytes into symbols of five bits.
fn symbols(bytes: &[u8]) -> Vec<u8> {
    let bit = |index: usize| {
        bytes
            .get(index / 8)
            .map_or(0, |byte| byte >> (7 - index % 8) & 1)
    };
    (0..(bytes.len() * 8).div_ceil(5))
        .map(|symbol| (0..5).fold(0, |value, offset| value << 1 | bit(symbol * 5 + offset)))
        .collect()
}
