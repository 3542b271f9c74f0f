//! Where a folder's key is, the same for window and command line; and the operating system's key store as two
//! functions: read an entry, write an entry.
//!
//! Where there is no key store (a headless machine, a test), or the demo wants no question asked, a key file is kept.

use std::path::{Path, PathBuf};

use keyring::v1::{Entry, Error};
use skranke_store::key::envelope::KeyError;

use crate::state::{KeyPlace, KeyStore};

const KEYRING_NAME: &str = "Skranke";
/// The key file's name in the folder of the store, where no other is named.
const KEY_FILE: &str = "key";

impl KeyPlace {
    /// Where the key of this folder's store is: in the key file that is named or lies in the folder, otherwise in the
    /// system's key store, and in a key file where the machine has none.
    pub fn of_folder(folder: &Path, named: Option<PathBuf>) -> Self {
        if let Some(file) = named {
            return Self::File(file);
        }
        let file = Self::file_in(folder);
        if file.exists() {
            return Self::File(file);
        }
        match SystemKeyStore::of_folder(folder) {
            None => Self::File(file),
            Some(keys) => Self::System(keys.lent()),
        }
    }

    /// The key file in the folder itself, as the demo has it.
    pub fn file_in(folder: &Path) -> PathBuf {
        folder.join(KEY_FILE)
    }
}

/// The key store's entry for one data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SystemKeyStore {
    entry: String,
}

/// The key store is locked, refused, or went away.
#[derive(Debug, thiserror::Error)]
#[error("the system's key store refused")]
struct KeyStoreRefused(#[from] Error);

impl SystemKeyStore {
    /// The entry of this data folder, or none where the machine has no key store.
    fn of_folder(data: &Path) -> Option<Self> {
        Entry::store_status().is_ok().then(|| Self {
            entry: whole_path(data).to_string_lossy().into_owned(),
        })
    }

    /// The entry as the core takes it.
    fn lent(self) -> KeyStore {
        let writing = self.clone();
        KeyStore {
            read: Box::new(move || self.read().map_err(|_| KeyError::KeyStoreUnreachable)),
            write: Box::new(move |secret| {
                writing
                    .write(secret)
                    .map_err(|_| KeyError::KeyStoreUnreachable)
            }),
        }
    }

    /// What the entry holds; none where it was never written.
    fn read(&self) -> Result<Option<String>, KeyStoreRefused> {
        match Entry::new(KEYRING_NAME, &self.entry)?.get_password() {
            Ok(secret) => Ok(Some(secret)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the entry, replacing an earlier one.
    fn write(&self, secret: &str) -> Result<(), KeyStoreRefused> {
        Ok(Entry::new(KEYRING_NAME, &self.entry)?.set_password(secret)?)
    }
}

/// The folder as the window names it, however it was typed: from the root, and without a slash at its end.
fn whole_path(folder: &Path) -> PathBuf {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    whole.components().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_that_is_named_or_lies_in_the_folder_goes_before_the_key_store() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "").unwrap();
        for named in [None, Some(PathBuf::from("elsewhere"))] {
            let expected = named
                .clone()
                .unwrap_or_else(|| KeyPlace::file_in(folder.path()));
            let place = KeyPlace::of_folder(folder.path(), named);
            assert!(matches!(place, KeyPlace::File(file) if file == expected));
        }
    }

    #[test]
    fn a_folder_has_one_entry_however_it_is_typed() {
        let here = std::env::current_dir().unwrap();
        for typed in ["data", "./data", "data/"] {
            assert_eq!(whole_path(Path::new(typed)), here.join("data"), "{typed}");
        }
        let typed = whole_path(Path::new("data/"));
        assert!(!typed.to_string_lossy().ends_with('/'));
    }
}

#[cfg(all(test, target_os = "linux"))]
mod session {
    use skranke_testkit::key_store::{again_in_a_session, is_inside_a_session};

    use super::*;

    const NAME: &str =
        "system_key::session::secret_survives_in_the_session_key_store_and_folders_are_apart";

    #[test]
    fn secret_survives_in_the_session_key_store_and_folders_are_apart() {
        if is_inside_a_session() {
            inside_a_session();
        } else {
            let home = tempfile::tempdir().unwrap();
            again_in_a_session(NAME, home.path());
        }
    }

    fn inside_a_session() {
        const ANSWERS: &str = "this session's key store answers";
        let here = SystemKeyStore::of_folder(Path::new("here")).expect(ANSWERS);
        let there = SystemKeyStore::of_folder(Path::new("there")).expect(ANSWERS);
        assert_eq!(here.read().expect(ANSWERS), None, "nothing was written yet");

        here.write("first").expect(ANSWERS);
        here.write("second").expect(ANSWERS);

        assert_eq!(here.read().expect(ANSWERS).as_deref(), Some("second"));
        assert_eq!(
            there.read().expect(ANSWERS),
            None,
            "another folder has an entry of its own"
        );
    }
}
