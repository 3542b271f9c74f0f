//! How identities, moments and days stand in a row.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::error::{Damage, StoreError};

/// Declares an enum whose variants are stored as fixed words.
macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident => $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every variant, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The code that is stored; it never changes.
            pub const fn code(self) -> &'static str {
                match self { $($name::$variant => $code),+ }
            }

            /// The variant with this code.
            pub fn from_code(code: &str) -> Option<$name> {
                match code { $($code => Some($name::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use coded;

/// The 16 bytes of an identity.
macro_rules! id {
    ($id:expr) => {
        $id.as_uuid().into_bytes()
    };
}
pub(crate) use id;

/// An identity from its 16 bytes.
pub(crate) fn uuid(bytes: [u8; 16]) -> Uuid {
    Uuid::from_bytes(bytes)
}

/// A moment as it is stored: milliseconds since 1970.
pub(crate) fn millis(moment: DateTime<Utc>) -> i64 {
    moment.timestamp_millis()
}

/// A stored moment.
pub(crate) fn moment(millis: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_millis(millis).ok_or(StoreError::Damaged(Damage::Value))
}

/// A count or number as SQLite keeps it.
pub(crate) fn number(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Refused("a number is too large"))
}

/// A stored number that is never negative.
pub(crate) fn unsigned(value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::Damaged(Damage::Value))
}

/// A stored word read back.
pub(crate) fn word<T>(code: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    read(code).ok_or(StoreError::Damaged(Damage::Value))
}
