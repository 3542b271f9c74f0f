//! `lease.json`: the server's share as long as it may be kept here, and how long that is.
//!
//! The lease is counted on the computer's own clock, from the contact at which the share was handed out: a clock that
//! was wrong all along counts right. The latest time that was seen is kept, so that setting the clock back is noticed
//! and lengthens nothing. At the end the share is destroyed; only the server has it then.
//! The file may be lost or spoilt: that is the end of the lease, and the next contact makes another.
//!
//! Basis: design, section 5; spec reliability, T1; decision 40.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Days, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{from_hex, to_hex};
use crate::error::StoreError;
use crate::files;

/// Name of the lease in the store's folder.
pub(crate) const FILE_NAME: &str = "lease.json";
/// A clock may be put right by so much without anything being asked.
const PUT_RIGHT: TimeDelta = TimeDelta::days(1);
/// The latest time seen, and a renewal, are written down this often.
const NOTED_EVERY: TimeDelta = TimeDelta::hours(1);

/// The lease of one store's key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// When the share was handed out, by this computer's clock.
    renewed_at: DateTime<Utc>,
    /// Days it may be kept.
    days: u16,
    /// The latest time seen.
    seen_at: DateTime<Utc>,
    /// The share; none once it was destroyed.
    share: Option<String>,
}

/// How a lease stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The share may be used.
    Holds,
    /// It was destroyed: the server must hand it out again.
    Ended,
    /// The clock stands more than a day before a time that was seen.
    ClockSetBack,
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lease")
            .field("renewed_at", &self.renewed_at)
            .field("days", &self.days)
            .finish_non_exhaustive()
    }
}

impl Lease {
    /// A lease of `days` from now.
    pub fn new(share: &[u8; 32], days: u16, now: DateTime<Utc>) -> Self {
        Self {
            renewed_at: now,
            days,
            seen_at: now,
            share: Some(to_hex(share)),
        }
    }

    /// Reads the lease of a store's folder; none where there is none that can be read.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn load(folder: &Path) -> Result<Option<Self>, StoreError> {
        match fs::read(folder.join(FILE_NAME)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn save(&self, folder: &Path) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(self).map_err(std::io::Error::from)?;
        Ok(files::write_whole(&folder.join(FILE_NAME), &bytes)?)
    }

    /// Takes the lease away: nothing is bound to it any more.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn remove(folder: &Path) -> Result<(), StoreError> {
        match fs::remove_file(folder.join(FILE_NAME)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(files::sync_folder(folder)?),
        }
    }

    /// Lets time pass: what was seen is kept, and at the end the share is destroyed. A disk that does not take it now
    /// is tried at the next look; the share of a lease that ended is not given out whatever the disk does.
    pub fn at(mut self, now: DateTime<Utc>, folder: &Path) -> (Self, Standing) {
        if now < self.seen_at - PUT_RIGHT {
            return (self, Standing::ClockSetBack);
        }
        let has_ended = self.share.is_none() || now >= self.ends_at();
        let is_news = now >= self.seen_at + NOTED_EVERY || (has_ended && self.share.is_some());
        self.seen_at = self.seen_at.max(now);
        if has_ended {
            self.share = None;
        }
        if is_news {
            let _ = self.save(folder);
        }
        let standing = if has_ended {
            Standing::Ended
        } else {
            Standing::Holds
        };
        (self, standing)
    }

    /// When it ends.
    pub fn ends_at(&self) -> DateTime<Utc> {
        self.renewed_at
            .checked_add_days(Days::new(u64::from(self.days)))
            .unwrap_or(self.renewed_at)
    }

    /// Whether a contact is to renew it: an hour has passed, the clock was changed, or the profile says otherwise.
    pub fn is_due(&self, days: u16, now: DateTime<Utc>) -> bool {
        let since = now - self.renewed_at;
        self.share.is_none()
            || self.days != days
            || since >= NOTED_EVERY
            || since < TimeDelta::zero()
    }

    /// Days it may be kept, as the profile said at the last contact.
    pub fn days(&self) -> u16 {
        self.days
    }

    /// The share, until it was destroyed.
    pub fn share(&self) -> Option<Zeroizing<[u8; 32]>> {
        let share = self.share.as_deref()?;
        from_hex(share).map(Zeroizing::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::days(day)
    }

    /// How the lease in the folder stands at a time, and whether the share is there.
    fn look(folder: &Path, now: DateTime<Utc>) -> (Standing, bool) {
        let lease = Lease::load(folder).unwrap().unwrap();
        let (lease, standing) = lease.at(now, folder);
        let on_disk = fs::read_to_string(folder.join(FILE_NAME)).unwrap();
        assert_eq!(on_disk.contains("0505"), lease.share().is_some());
        (standing, lease.share().is_some())
    }

    #[test]
    fn a_lease_of_eight_days_holds_on_day_seven_and_is_destroyed_on_day_nine() {
        let folder = tempfile::tempdir().unwrap();
        Lease::new(&[5; 32], 8, day(0)).save(folder.path()).unwrap();

        assert_eq!(look(folder.path(), day(7)), (Standing::Holds, true));
        assert_eq!(look(folder.path(), day(9)), (Standing::Ended, false));
        // What is destroyed does not come back with the clock.
        assert_eq!(look(folder.path(), day(8)), (Standing::Ended, false));
    }

    #[test]
    fn a_clock_set_back_lengthens_nothing_and_putting_it_right_helps() {
        let folder = tempfile::tempdir().unwrap();
        Lease::new(&[5; 32], 8, day(0)).save(folder.path()).unwrap();

        assert_eq!(look(folder.path(), day(7)), (Standing::Holds, true));
        assert_eq!(look(folder.path(), day(2)), (Standing::ClockSetBack, true));
        assert_eq!(look(folder.path(), day(-400)).0, Standing::ClockSetBack);
        assert_eq!(look(folder.path(), day(7)), (Standing::Holds, true));
        assert_eq!(look(folder.path(), day(9)), (Standing::Ended, false));
    }

    #[test]
    fn a_lease_that_cannot_be_read_is_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), "{").unwrap();

        assert_eq!(Lease::load(folder.path()).unwrap(), None);
    }
}
