//! The one-time code with which a computer is enrolled: printed by the operator's command, typed by a person.
//!
//! The municipality's number, then 80 random bits and a 20-bit checksum over both: `990-7K3M-P0QX-…`. So a person types
//! one thing, a slip of the finger is told before anything is sent, and no other municipality's code fits by chance.
//! Only a digest of its text is kept at the central store. Basis: design, section 6.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::typed_code;

/// Random bytes in a code.
pub const SECRET_BYTES: usize = 10;
const SECRET_SIGNS: usize = 16;
const SIGNS: usize = 20;

/// A one-time code. It is shown by [`EnrolmentCode::reveal`] alone.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    tenant: String,
    secret: [u8; SECRET_BYTES],
}

/// What was typed is no code: a sign is missing, or is not the one printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the enrolment code is mistyped")]
pub struct Mistyped;

impl EnrolmentCode {
    /// The code of a municipality, from random bytes.
    pub fn new(tenant: &str, secret: [u8; SECRET_BYTES]) -> Self {
        Self {
            tenant: tenant.to_owned(),
            secret,
        }
    }

    /// The municipality.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The code as it is printed, and as it is sent.
    pub fn reveal(&self) -> String {
        let mut text = format!("{}-", self.tenant);
        let mut bytes = self.secret.to_vec();
        bytes.extend_from_slice(&self.checksum());
        // Writing into a string does not fail.
        let _ = typed_code::write(&mut text, &bytes, SIGNS);
        text
    }

    /// Twenty bits, in three bytes whose last four bits are not used.
    fn checksum(&self) -> [u8; 3] {
        let digest = Sha256::new()
            .chain_update("skranke/enrolment-code/1\0")
            .chain_update(&self.tenant)
            .chain_update([0])
            .chain_update(self.secret)
            .finalize();
        [digest[0], digest[1], digest[2] & 0xf0]
    }
}

impl FromStr for EnrolmentCode {
    type Err = Mistyped;

    fn from_str(typed: &str) -> Result<Self, Mistyped> {
        let signs: String = typed_code::plain(typed).collect();
        let length = signs.chars().count();
        let tenant: String = signs.chars().take(length.saturating_sub(SIGNS)).collect();
        let is_number = (1..=12).contains(&tenant.len())
            && tenant.bytes().all(|sign| sign.is_ascii_alphanumeric());
        if !is_number {
            return Err(Mistyped);
        }
        let symbols = typed_code::read(&signs[tenant.len()..]).map_err(|_| Mistyped)?;
        let secret = typed_code::bytes(&symbols[..SECRET_SIGNS]);
        let code = Self::new(&tenant, secret.try_into().map_err(|_| Mistyped)?);
        let check = typed_code::bytes(&symbols[SECRET_SIGNS..]);
        if check[..] == code.checksum()[..] {
            Ok(code)
        } else {
            Err(Mistyped)
        }
    }
}

impl fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_code() -> EnrolmentCode {
        EnrolmentCode::new("0101", [0x5a, 1, 2, 3, 4, 5, 6, 7, 8, 0xff])
    }

    #[test]
    fn a_code_reads_back_as_printed_and_as_typed_by_a_person() {
        let printed = a_code().reveal();
        let typed = printed
            .to_lowercase()
            .replace('-', " ")
            .replace('1', "l")
            .replace('0', "o");

        assert_eq!(printed.len(), 4 + 1 + 24);
        assert_eq!(printed.parse(), Ok(a_code()));
        assert_eq!(typed.parse(), Ok(a_code()));
    }

    #[test]
    fn a_slip_of_the_finger_is_told_before_anything_is_sent() {
        let printed = a_code().reveal();
        for at in 0..printed.len() {
            let sign = if &printed[at..=at] == "7" { "8" } else { "7" };
            let typed = format!("{}{sign}{}", &printed[..at], &printed[at + 1..]);
            if &printed[at..=at] != "-" {
                assert_eq!(typed.parse::<EnrolmentCode>(), Err(Mistyped), "{at}");
            }
        }
        for typed in [
            "",
            "0101",
            &printed[1..],
            &printed[..20],
            "æøå",
            &printed.replace('Z', "Å"),
        ] {
            let read = typed.parse::<EnrolmentCode>();
            assert!(read.is_err() || read == Ok(a_code()), "{typed}");
        }
    }

    #[test]
    fn a_code_is_not_printed_by_debug() {
        assert_eq!(format!("{:?}", a_code()), "EnrolmentCode(…)");
    }
}
