//! One window for each data folder.
//!
//! Two windows over the same store would each believe that what they show is all there is. The lock is the operating
//! system's, so it ends with the process however that ends; the file itself says nothing and stays.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

const NAME: &str = "window.lock";

/// Held by the window that is open over a folder.
#[derive(Debug)]
pub(crate) struct Alone {
    _file: File,
}

impl Alone {
    /// Takes the folder for this window; `None` where another window has it.
    pub(crate) fn over(data: &Path) -> io::Result<Option<Self>> {
        let mut folder = DirBuilder::new();
        folder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.create(data)?;
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(data.join(NAME))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_window_waits_for_the_first_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let first = Alone::over(folder.path()).unwrap();
        assert!(first.is_some());
        assert!(Alone::over(folder.path()).unwrap().is_none());

        drop(first);

        assert!(Alone::over(folder.path()).unwrap().is_some());
    }
}
