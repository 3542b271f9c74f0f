//! Protocol versions: both sides say the range they speak and use the highest they share.
//!
//! Within a version, fields are only added: a reader ignores fields it does not know and forwards the bytes, so they
//! survive. An old client is never refused the right to push (sync-and-speed 3.7); it is asked to upgrade.

use serde::{Deserialize, Serialize};

/// Header with which a client says the versions it speaks, and a server the one it answers in.
pub const HEADER: &str = "skranke-protocol";

/// The versions this program speaks.
pub const SPOKEN: VersionRange = VersionRange {
    lowest: 1,
    highest: 1,
};

/// A range of protocol versions, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionRange {
    /// Oldest version spoken.
    pub lowest: u16,
    /// Newest version spoken.
    pub highest: u16,
}

/// Two programs share no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// The other side is too old.
    #[error("the other side speaks only versions up to {0}")]
    OtherTooOld(u16),
    /// The other side is too new.
    #[error("the other side speaks only versions from {0}")]
    OtherTooNew(u16),
}

impl VersionRange {
    /// The version to use with another side.
    ///
    /// # Errors
    /// The ranges do not meet.
    pub fn negotiate(self, other: VersionRange) -> Result<u16, VersionError> {
        if other.highest < self.lowest {
            Err(VersionError::OtherTooOld(other.highest))
        } else if other.lowest > self.highest {
            Err(VersionError::OtherTooNew(other.lowest))
        } else {
            Ok(self.highest.min(other.highest))
        }
    }

    /// The header text, `1-3`.
    pub fn to_text(self) -> String {
        format!("{}-{}", self.lowest, self.highest)
    }

    /// Reads the header text; a single number is a range of one.
    pub fn from_text(text: &str) -> Option<Self> {
        let (lowest, highest) = text.split_once('-').unwrap_or((text, text));
        let range = Self {
            lowest: lowest.parse().ok()?,
            highest: highest.parse().ok()?,
        };
        (range.lowest <= range.highest).then_some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_shared_version_is_used() {
        let range = |lowest, highest| VersionRange { lowest, highest };

        assert_eq!(range(1, 3).negotiate(range(2, 5)), Ok(3));
        assert_eq!(range(1, 3).negotiate(range(1, 1)), Ok(1));
        assert_eq!(
            range(2, 3).negotiate(range(1, 1)),
            Err(VersionError::OtherTooOld(1))
        );
        assert_eq!(
            range(1, 1).negotiate(range(2, 3)),
            Err(VersionError::OtherTooNew(2))
        );
    }

    #[test]
    fn a_range_reads_back_as_written() {
        assert_eq!(
            VersionRange::from_text("1-3"),
            Some(VersionRange {
                lowest: 1,
                highest: 3
            })
        );
        assert_eq!(
            VersionRange::from_text("2"),
            Some(VersionRange {
                lowest: 2,
                highest: 2
            })
        );
        assert_eq!(VersionRange::from_text(&SPOKEN.to_text()), Some(SPOKEN));
        for text in ["", "3-1", "a", "1-", "-1"] {
            assert_eq!(VersionRange::from_text(text), None, "{text}");
        }
    }
}
