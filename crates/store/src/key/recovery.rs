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
use skranke_protocol::typed_code::{self, GROUP};
use zeroize::{Zeroize, Zeroizing};

const SECRET_SYMBOLS: usize = 24;
const SYMBOLS: usize = 28;

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
        // Writing into a string does not fail.
        let _ = typed_code::write(&mut *text, &bits, SYMBOLS);
        bits.zeroize();
        text
    }

    /// Whether someone who typed this has the code: the whole of it, or its last group.
    pub fn is_confirmed_by(&self, typed: &str) -> bool {
        let plain =
            |text: &str| -> Zeroizing<String> { Zeroizing::new(typed_code::plain(text).collect()) };
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
        let values = typed_code::read(text).map_err(|sign| RecoveryCodeError::Symbol {
            position: sign.position,
        })?;
        let values = Zeroizing::new(values);
        if values.len() != SYMBOLS {
            return Err(RecoveryCodeError::Length);
        }
        let secret = Zeroizing::new(typed_code::bytes(&values[..SECRET_SYMBOLS]));
        let check = typed_code::bytes(&values[SECRET_SYMBOLS..]);
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
