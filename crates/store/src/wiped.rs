//! Destroying a store that was handed over: first a mark on the disk, then the key, then the files.
//!
//! The mark is the point of no return: before it nothing is destroyed, and whatever cuts the work after it, the next
//! start goes on. Only the store's own files are touched. Basis: design, section 5; reliability, threat T1.

use std::fs;
use std::io;
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use skranke_domain::rehearsal;

use crate::error::StoreError;
use crate::key::envelope;
use crate::{files, vault};

/// Name of the mark. It stays, so that the program can say what happened.
const MARK: &str = "wiped";
/// What the names of the store's files begin with.
const OWN: [&str; 7] = [
    "skranke.db",
    "outbox.log",
    "settings.copy",
    "ballast",
    "opening.lock",
    "pin.tries",
    "lease.json",
];

/// Marks the store in `folder` as handed over: from here on it is destroyed.
///
/// # Errors
/// What the file system answers; nothing is destroyed then.
pub fn begin(folder: &Path, now: DateTime<Utc>) -> Result<(), StoreError> {
    let text = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    Ok(files::write_whole(&folder.join(MARK), text.as_bytes())?)
}

/// Whether the store in `folder` was handed over.
///
/// # Errors
/// What the file system answers.
pub fn is_begun(folder: &Path) -> Result<bool, StoreError> {
    Ok(folder.join(MARK).try_exists()?)
}

/// Destroys the key and the files of a store that was marked; what is gone already is passed over.
///
/// # Errors
/// What the file system answers; the next call goes on.
pub fn finish(folder: &Path, key_file: Option<&Path>) -> Result<(), StoreError> {
    for name in [envelope::FILE_NAME, envelope::COPY_NAME] {
        remove(&folder.join(name))?;
        remove(&files::with_suffix(&folder.join(name), ".new"))?;
    }
    files::sync_folder(folder)?;
    if let Some(key_file) = key_file {
        remove(key_file)?;
    }
    rehearsal::point("wipe.key_gone");
    match fs::remove_dir_all(folder.join(vault::FOLDER)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => other?,
    }
    for found in fs::read_dir(folder)? {
        let found = found?;
        let name = found.file_name();
        let is_own = name
            .to_str()
            .is_some_and(|name| OWN.iter().any(|own| name.starts_with(own)));
        if is_own && found.file_type()?.is_file() {
            remove(&found.path())?;
        }
    }
    Ok(files::sync_folder(folder)?)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_store_is_destroyed_and_what_is_not_its_own_stays() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path();
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let own = [
            "key.json",
            "key.copy.json",
            "skranke.db",
            "skranke.db-wal",
            "skranke.db.damaged-1",
            "outbox.log",
            "lease.json",
            "pin.tries",
        ];
        for name in own.iter().chain(&["notes.txt"]) {
            fs::write(folder.join(name), "x").unwrap();
        }
        fs::create_dir(folder.join(vault::FOLDER)).unwrap();
        fs::write(folder.join(vault::FOLDER).join("a"), "x").unwrap();

        begin(folder, now).unwrap();
        finish(folder, None).unwrap();
        finish(folder, None).unwrap();

        let mut left: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|found| found.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["notes.txt", "wiped"]);
        assert!(is_begun(folder).unwrap());
    }
}
