//! The recovery code: printed once at first run, typed by a person when everything else is lost.
//!
//! 120 random bits and a 20-bit checksum in Crockford's base32, in seven groups of four:
//! `7K3M-P0QX-…`. I and L read as 1, O as 0, and small letters as capitals, so that a code copied by hand opens the
//! store. Basis: design, section 5.

use std::fmt;
use std::str::FromStr;

use rand::RngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SECRET_SYMBOLS: usize = 24;
const SYMBOLS: usize = 28;
const GROUP: usize = 4;

/// A recovery code; wiped from memory on drop, shown only by [`RecoveryCode::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode([u8; 15]);

/// Why a typed code is no recovery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryCodeError {
    /// Not 28 letters and digits.
    #[error("a recovery code has 28 letters and digits")]
    Length,
    /// A sign that never occurs in a code.
    #[error("sign {position} does not occur in a recovery code")]
    Symbol {
        /// Which sign, counted from 1 without hyphens and spaces.
        position: usize,
    },
    /// The check signs do not fit: something is mistyped.
    #[error("the recovery code is mistyped")]
    Checksum,
}

impl RecoveryCode {
    /// A fresh random code.
    pub fn generate() -> Self {
        let mut bytes = [0; 15];
        OsRng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The code as it is printed, for the one paper it stands on.
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut bits: Vec<u8> = self.0.to_vec();
        bits.extend_from_slice(&self.checksum());
        let mut text = Zeroizing::new(String::with_capacity(SYMBOLS + SYMBOLS / GROUP));
        for (index, symbol) in symbols(&bits).into_iter().take(SYMBOLS).enumerate() {
            if index > 0 && index % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(symbol)]));
        }
        bits.zeroize();
        text
    }

    /// Whether someone who typed this has the code: the whole of it, or its last group.
    pub fn is_confirmed_by(&self, typed: &str) -> bool {
        let plain = |text: &str| -> Zeroizing<String> {
            let signs = text
                .chars()
                .filter(|sign| !sign.is_whitespace() && *sign != '-');
            let read = signs.map(|sign| match sign.to_ascii_uppercase() {
                'I' | 'L' => '1',
                'O' => '0',
                other => other,
            });
            Zeroizing::new(read.collect())
        };
        let (whole, typed) = (plain(&self.reveal()), plain(typed));
        let is_long_enough = typed.len() == GROUP || typed.len() == SYMBOLS;
        is_long_enough && whole.ends_with(typed.as_str())
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 15] {
        &self.0
    }

    /// Twenty bits, in three bytes whose last four bits are not used.
    fn checksum(&self) -> [u8; 3] {
        let digest = Sha256::new()
            .chain_update("skranke/recovery-code/1\0")
            .chain_update(self.0)
            .finalize();
        [digest[0], digest[1], digest[2] & 0xf0]
    }
}

impl FromStr for RecoveryCode {
    type Err = RecoveryCodeError;

    fn from_str(text: &str) -> Result<Self, RecoveryCodeError> {
        let mut values = Zeroizing::new(Vec::with_capacity(SYMBOLS));
        for sign in text
            .chars()
            .filter(|sign| !sign.is_whitespace() && *sign != '-')
        {
            let plain = match sign.to_ascii_uppercase() {
                'I' | 'L' => '1',
                'O' => '0',
                other => other,
            };
            let value = ALPHABET
                .iter()
                .position(|known| char::from(*known) == plain);
            match value.and_then(|value| u8::try_from(value).ok()) {
                Some(value) => values.push(value),
                None => {
                    return Err(RecoveryCodeError::Symbol {
                        position: values.len() + 1,
                    });
                }
            }
        }
        if values.len() != SYMBOLS {
            return Err(RecoveryCodeError::Length);
        }
        let secret = bytes(&values[..SECRET_SYMBOLS]);
        let check = bytes(&values[SECRET_SYMBOLS..]);
        let code = match <[u8; 15]>::try_from(secret.as_slice()) {
            Ok(secret) => Self(secret),
            Err(_) => return Err(RecoveryCodeError::Length),
        };
        if check[..] == code.checksum()[..] {
            Ok(code)
        } else {
            Err(RecoveryCodeError::Checksum)
        }
    }
}

impl Drop for RecoveryCode {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
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

/// Joins symbols of five bits into bytes; left-over bits fill a last byte.
fn bytes(symbols: &[u8]) -> Zeroizing<Vec<u8>> {
    let bit = |index: usize| {
        symbols
            .get(index / 5)
            .map_or(0, |symbol| symbol >> (4 - index % 5) & 1)
    };
    Zeroizing::new(
        (0..(symbols.len() * 5).div_ceil(8))
            .map(|byte| (0..8).fold(0, |value, offset| value << 1 | bit(byte * 8 + offset)))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_as_printed_and_as_typed_by_a_person() {
        for _ in 0..200 {
            let code = RecoveryCode::generate();
            let printed = code.reveal();

            let typed = printed
                .to_lowercase()
                .replace('-', " ")
                .replace('1', "l")
                .replace('0', "o");

            assert_eq!(printed.len(), 34, "seven groups of four and six hyphens");
            assert_eq!(printed.parse::<RecoveryCode>().unwrap(), code);
            assert_eq!(typed.parse::<RecoveryCode>().unwrap(), code);
        }
    }

    #[test]
    fn a_mistyped_code_is_told_from_a_wrong_one() {
        let printed = RecoveryCode([0x5a; 15]).reveal();

        let replaced = if printed.starts_with('0') { "1" } else { "0" }.to_owned() + &printed[1..];
        assert_eq!(
            replaced.parse::<RecoveryCode>(),
            Err(RecoveryCodeError::Checksum)
        );
        assert_eq!(
            printed[1..].parse::<RecoveryCode>(),
            Err(RecoveryCodeError::Length)
        );
        let foreign = format!("{}Å{}", &printed[..3], &printed[4..]);
        assert_eq!(
            foreign.parse::<RecoveryCode>(),
            Err(RecoveryCodeError::Symbol { position: 4 })
        );
        assert_eq!("".parse::<RecoveryCode>(), Err(RecoveryCodeError::Length));
    }

    #[test]
    fn two_neighbouring_signs_swapped_are_noticed() {
        let printed = RecoveryCode([0x1b; 15]).reveal().replace('-', "");
        for at in 0..printed.len() - 1 {
            let mut signs: Vec<char> = printed.chars().collect();
            if signs[at] == signs[at + 1] {
                continue;
            }
            signs.swap(at, at + 1);
            let swapped: String = signs.into_iter().collect();
            assert_eq!(
                swapped.parse::<RecoveryCode>(),
                Err(RecoveryCodeError::Checksum),
                "at {at}"
            );
        }
    }

    #[test]
    fn a_code_is_not_printed_by_debug() {
        assert_eq!(format!("{:?}", RecoveryCode([1; 15])), "RecoveryCode(…)");
    }
}
