//! A file that takes up room, so that it can give room back when the disk is full.
//!
//! On a full disk SQLite cannot even delete (spec reliability, finding 5). Releasing the ballast lets the case at
//! hand be finished and synchronised; it is laid again when there is room.

use std::fs;
use std::io::Write;
use std::path::Path;

use rand::RngCore;

use crate::error::StoreError;
use crate::files;

const NAME: &str = "ballast";
const BLOCK_BYTES: usize = 1024 * 1024;

/// Lays the ballast where it is missing or has another size. Takes as long as writing so much does.
///
/// Its bytes are random, so that no file system compresses them away.
pub(crate) fn lay(folder: &Path, size_bytes: u64) -> Result<(), StoreError> {
    let path = folder.join(NAME);
    if size_bytes == 0 || fs::metadata(&path).is_ok_and(|found| found.len() == size_bytes) {
        return Ok(());
    }
    let beside = files::with_suffix(&path, ".new");
    let laid = write_random(&beside, size_bytes).and_then(|()| fs::rename(&beside, &path));
    if let Err(error) = laid {
        // Half a ballast on a full disk helps nobody.
        let _ = fs::remove_file(&beside);
        return Err(error.into());
    }
    files::sync_folder(folder)?;
    Ok(())
}

/// Gives the room back; returns how much it was.
pub(crate) fn release(folder: &Path) -> Result<u64, StoreError> {
    let path = folder.join(NAME);
    let size = match fs::metadata(&path) {
        Ok(found) => found.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    fs::remove_file(&path)?;
    Ok(size)
}

fn write_random(path: &Path, size_bytes: u64) -> std::io::Result<()> {
    let mut file = files::private()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)?;
    let mut block = vec![0; BLOCK_BYTES];
    rand::thread_rng().fill_bytes(&mut block);
    let mut left = size_bytes;
    while left > 0 {
        let part = usize::try_from(left)
            .unwrap_or(BLOCK_BYTES)
            .min(BLOCK_BYTES);
        file.write_all(&block[..part])?;
        left -= part as u64;
    }
    file.sync_all()
}
