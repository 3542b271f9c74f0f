//! A damaged file is set aside with its companions, never deleted.
//!
//! Basis: design, section 5; style guide 5.6 (damage handling).

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::error::StoreError;
use crate::files;

/// What belongs to a database, which goes last.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", ""];

/// Files that were set aside, by their new names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SetAside {
    /// Where they are now; the folder is the store's own.
    pub files: Vec<PathBuf>,
}

/// Moves a database and its write-ahead log out of the way, so that they still belong together under the new name.
///
/// Moving needs no room on the disk and loses nothing when it is cut short. The database goes last: a write-ahead
/// log that stayed behind would be taken for that of the new database, while a database without its log is only
/// older, and the outbox log knows what it lacks.
pub(crate) fn set_aside(database: &Path, now: DateTime<Utc>) -> Result<SetAside, StoreError> {
    set_aside_as(database, &free_name(database, now)?)
}

/// The same under a name that was chosen before.
pub(crate) fn set_aside_as(database: &Path, aside: &Path) -> Result<SetAside, StoreError> {
    for companion in COMPANIONS {
        let from = files::with_suffix(database, companion);
        if from.try_exists()? {
            fs::rename(&from, files::with_suffix(aside, companion))?;
        }
    }
    if let Some(folder) = database.parent() {
        files::sync_folder(folder)?;
    }
    under(aside)
}

/// What lies under a name that something was set aside under.
pub(crate) fn under(aside: &Path) -> Result<SetAside, StoreError> {
    let mut found = SetAside::default();
    for companion in COMPANIONS {
        let file = files::with_suffix(aside, companion);
        if file.try_exists()? {
            found.files.push(file);
        }
    }
    Ok(found)
}

/// A name for what is set aside now that nothing has yet.
pub(crate) fn free_name(path: &Path, now: DateTime<Utc>) -> Result<PathBuf, StoreError> {
    let stamp = files::time_suffix(now);
    let mut name = files::with_suffix(path, &format!(".damaged-{stamp}"));
    let mut again = 1;
    while name.try_exists()? {
        again += 1;
        name = files::with_suffix(path, &format!(".damaged-{stamp}-{again}"));
    }
    Ok(name)
}
