//! How often a wrong PIN was typed at this computer: from the fourth on each makes the next wait longer, up to an hour.
//! Nobody is ever locked out for good.
//!
//! The count is on the disk before a PIN is tried, so that ending the program in between wins nothing. It holds off who
//! types; who copies the disk is held off by Argon2id, the key store and the server's share, and takes no notice of it.
//! Basis: reliability, threat T1 and fault F20; decision 40.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::files;

/// Name of the count in the store's folder.
pub(crate) const FILE_NAME: &str = "pin.tries";
/// So many may be wrong before one has to wait.
const FREE: u32 = 3;
/// The first wait, in seconds; each further one is twice as long.
const FIRST: i64 = 30;
/// The longest wait, in seconds.
const LONGEST: i64 = 3600;

/// The count of one store's folder.
pub struct Tries {
    path: PathBuf,
    counted: Counted,
}

#[derive(Default, Serialize, Deserialize)]
struct Counted {
    wrong: u32,
    last_at: Option<DateTime<Utc>>,
}

impl Tries {
    /// Reads the count. One that cannot be read counts as none: whoever can spoil it could as well delete it.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn of(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(FILE_NAME);
        let counted = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Counted::default(),
            Err(error) => return Err(error.into()),
        };
        Ok(Self { path, counted })
    }

    /// Seconds until a PIN may be tried; 0 is now. Setting the clock back begins the wait anew.
    pub fn wait_seconds(&self, now: DateTime<Utc>) -> i64 {
        let Some(last_at) = self.counted.last_at.filter(|_| self.counted.wrong > FREE) else {
            return 0;
        };
        let doubled = (self.counted.wrong - FREE - 1).min(10);
        let wait = (FIRST << doubled).min(LONGEST);
        let passed = (now - last_at).num_seconds().max(0);
        (wait - passed).max(0)
    }

    /// Counts a try as wrong until it is known to be right.
    ///
    /// # Errors
    /// What the file system answers; then nothing may be tried.
    pub fn count(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.counted.wrong = self.counted.wrong.saturating_add(1);
        self.counted.last_at = Some(now);
        let bytes = serde_json::to_vec(&self.counted).map_err(io::Error::from)?;
        Ok(files::write_whole(&self.path, &bytes)?)
    }

    /// The right one was typed.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn forget(self) -> Result<(), StoreError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn wrong_ones_wait_longer_and_longer_and_nobody_is_locked_out_for_good() {
        let folder = tempfile::tempdir().unwrap();
        let mut now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        // Read anew each time, as after a restart.
        let read = || Tries::of(folder.path()).unwrap();

        let mut waits = Vec::new();
        for _ in 0..14 {
            let wait = read().wait_seconds(now);
            assert_eq!(
                read().wait_seconds(now - TimeDelta::days(1)),
                wait,
                "the clock wins nothing"
            );
            now += TimeDelta::seconds(wait);
            assert_eq!(read().wait_seconds(now), 0);
            read().count(now).unwrap();
            waits.push(wait);
        }

        assert_eq!(
            waits,
            [
                0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600
            ]
        );
        read().forget().unwrap();
        assert_eq!(read().wait_seconds(now), 0);
    }
}
