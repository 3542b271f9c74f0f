//! Identities: one newtype for each kind of thing, so that a case id can never stand where an event id belongs.
//!
//! Ids are made outside this crate (it has no clock and no randomness); here they are only carried and compared.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that was made for this kind of thing.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID, for storage and the wire.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id! {
    /// A case: one citizen's exemption from request to end.
    CaseId
}
id! {
    /// One event in a case's history.
    EventId
}
id! {
    /// A command; the events it gave are accepted or refused together.
    CommandId
}
id! {
    /// A device: one computer account that captures and signs.
    DeviceId
}
id! {
    /// A member of staff.
    StaffId
}
id! {
    /// A server-signed permission that names user, roles, device and validity.
    GrantId
}
id! {
    /// A draft that has not yet become events.
    DraftId
}

/// A SHA-256 digest: the name of an attachment and of a rendered paper.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Digest([u8; 32]);

impl Sha256Digest {
    /// Wraps the 32 bytes of a digest.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256Digest({self})")
    }
}

/// A text was not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 hexadecimal digits")]
pub struct DigestError;

impl FromStr for Sha256Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        if text.len() != 64 || !text.is_ascii() {
            return Err(DigestError);
        }
        let mut bytes = [0_u8; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| DigestError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| DigestError)?;
        }
        Ok(Self(bytes))
    }
}

/// The municipality's number for a case: `<year>-<device code>-<serial>`, unique without a network.
///
/// Basis: design, section 3. The municipality's own case and document number (row 2-03) is another field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseNumber {
    year: u16,
    device_code: String,
    serial: u32,
}

/// A text was not a case number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a case number is written <year>-<device code>-<serial>")]
pub struct CaseNumberError;

impl CaseNumber {
    /// Builds a number from its parts; the device code is one to six capital letters or digits.
    pub fn new(year: u16, device_code: &str, serial: u32) -> Result<Self, CaseNumberError> {
        let code_is_valid = (1..=6).contains(&device_code.len())
            && device_code
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !code_is_valid || serial == 0 || !(1900..=2199).contains(&year) {
            return Err(CaseNumberError);
        }
        Ok(Self {
            year,
            device_code: device_code.to_owned(),
            serial,
        })
    }

    /// The code of the device that gave the number.
    pub fn device_code(&self) -> &str {
        &self.device_code
    }

    /// The running number within the device and the year, from 1.
    pub fn serial(&self) -> u32 {
        self.serial
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{:04}", self.year, self.device_code, self.serial)
    }
}

impl FromStr for CaseNumber {
    type Err = CaseNumberError;

    fn from_str(text: &str) -> Result<Self, CaseNumberError> {
        let mut parts = text.split('-');
        let (Some(year), Some(code), Some(serial), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(CaseNumberError);
        };
        let year = year.parse().map_err(|_| CaseNumberError)?;
        let serial = serial.parse().map_err(|_| CaseNumberError)?;
        Self::new(year, code, serial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_number_reads_back_as_written() {
        let number: CaseNumber = "2026-S3-0147".parse().unwrap();

        assert_eq!(number.to_string(), "2026-S3-0147");
        assert_eq!((number.device_code(), number.serial()), ("S3", 147));
    }

    #[test]
    fn what_is_not_a_case_number_is_refused() {
        for text in [
            "",
            "2026",
            "2026-s3-1",
            "2026-S3-0",
            "2026-S3-1-2",
            "26-S3-1",
            "2026-TOOLONGX-1",
        ] {
            assert!(
                text.parse::<CaseNumber>().is_err(),
                "{text} is no case number"
            );
        }
    }

    #[test]
    fn a_digest_reads_back_as_written() {
        let text = "00ff".repeat(16);

        assert_eq!(text.parse::<Sha256Digest>().unwrap().to_string(), text);
        assert!("00".parse::<Sha256Digest>().is_err());
        assert!("æ".repeat(32).parse::<Sha256Digest>().is_err());
    }
}
