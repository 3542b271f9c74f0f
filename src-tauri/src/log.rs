//! The local log: one line a failure, joined to the screen by its reference.
//!
//! A line holds a time, a reference, a code and causes; never what someone typed. The file is cut
//! when it grows: what matters for a case is in its events and its audit, not here.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

const LONGEST_BYTES: u64 = 1024 * 1024;

/// The log of one data folder.
pub(crate) struct Log {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl Log {
    /// The log in this data folder; the file is opened with the first line.
    pub(crate) fn in_folder(data: &Path) -> Self {
        Self {
            path: data.join("log").join("skranke.log"),
            file: Mutex::new(None),
        }
    }

    /// Writes one line. A log that cannot be written must not stop the work at hand.
    pub(crate) fn write(&self, line: &str) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.is_none() {
            *file = open(&self.path).ok();
        }
        if let Some(file) = file.as_mut() {
            let seconds = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs());
            let _ = writeln!(file, "{seconds} {line}");
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if fs::metadata(path).is_ok_and(|facts| facts.len() > LONGEST_BYTES) {
        fs::rename(path, path.with_extension("old.log"))?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_appended_across_runs_and_a_long_log_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        Log::in_folder(folder.path()).write("4F21AC disk_full");
        Log::in_folder(folder.path()).write("77B0E1 internal");
        let path = folder.path().join("log/skranke.log");
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().all(|line| line.split(' ').count() == 3));

        fs::write(
            &path,
            vec![b'x'; usize::try_from(LONGEST_BYTES).unwrap() + 1],
        )
        .unwrap();
        Log::in_folder(folder.path()).write("0A0A0A internal");

        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
        assert!(folder.path().join("log/skranke.old.log").exists());
    }
}
