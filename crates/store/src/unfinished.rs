//! A note on the disk that a recovery is under way: whatever cuts it, the next opening goes on where it was.
//!
//! It names the databases that were set aside, or are about to be, and stays until what they still hold was taken
//! over. Basis: design, section 5; decision 4.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::files;

/// Name of the note; it begins like the store's other files, so that it is destroyed with them.
const NOTE: &str = "skranke.db.recovering";

/// A recovery that is not finished.
#[derive(Debug, Default)]
pub(crate) struct Unfinished {
    /// Databases by the names they have been set aside under, in the order in which that happened.
    pub(crate) aside: Vec<PathBuf>,
}

impl Unfinished {
    /// What the note in `folder` says; `None` where there is none.
    pub(crate) fn read(folder: &Path) -> io::Result<Option<Self>> {
        match fs::read_to_string(folder.join(NOTE)) {
            Ok(names) => Ok(Some(Self {
                aside: names.lines().map(|name| folder.join(name)).collect(),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the note durable.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let names = self.aside.iter().filter_map(|path| path.file_name());
        let names: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
        files::write_whole(&folder.join(NOTE), names.join("\n").as_bytes())
    }

    /// The recovery is finished.
    pub(crate) fn clear(folder: &Path) -> io::Result<()> {
        match fs::remove_file(folder.join(NOTE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => files::sync_folder(folder),
        }
    }

    /// The database that was about to be set aside when the recovery was cut.
    pub(crate) fn still_to_move(&self) -> io::Result<Option<&Path>> {
        match self.aside.last() {
            Some(last) if !last.try_exists()? => Ok(Some(last)),
            Some(_) | None => Ok(None),
        }
    }
}
