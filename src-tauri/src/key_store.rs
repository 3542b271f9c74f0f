//! The operating system's key store, as the two functions the core needs: read an entry, write an
//! entry.
//!
//! When a key is made, wrapped or recovered is for the core to say. Where there is no key store (a
//! headless machine, a test), or the demo wants no question asked, the core keeps a key file.

use std::path::Path;

use keyring::v1::{Entry, Error};

const KEYRING_NAME: &str = "Skranke";

/// The key store's entry for one data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SystemKeyStore {
    entry: String,
}

/// The key store is locked, refused, or went away.
#[derive(Debug, thiserror::Error)]
#[error("the system's key store refused")]
pub(crate) struct KeyStoreRefused(#[from] Error);

impl SystemKeyStore {
    /// The entry of this data folder, or none where the machine has no key store.
    pub(crate) fn of_folder(data: &Path) -> Option<Self> {
        Entry::store_status().is_ok().then(|| Self {
            entry: data.to_string_lossy().into_owned(),
        })
    }

    /// What the entry holds; none where it was never written.
    pub(crate) fn read(&self) -> Result<Option<String>, KeyStoreRefused> {
        match Entry::new(KEYRING_NAME, &self.entry)?.get_password() {
            Ok(secret) => Ok(Some(secret)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the entry, replacing an earlier one.
    pub(crate) fn write(&self, secret: &str) -> Result<(), KeyStoreRefused> {
        Ok(Entry::new(KEYRING_NAME, &self.entry)?.set_password(secret)?)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    const NAME: &str =
        "key_store::tests::secret_survives_in_the_session_key_store_and_folders_are_apart";
    const INSIDE: &str = "SKRANKE_TEST_INSIDE_SESSION";
    /// A session bus with a key store of its own, unlocked with an empty folder as home.
    const SESSION: &str = "printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null && \
        exec \"$0\" --exact \"$1\" --test-threads=1";

    /// Runs itself once more inside a session bus with a real key store.
    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the test tells its inner run from its outer one"
    )]
    fn secret_survives_in_the_session_key_store_and_folders_are_apart() {
        if std::env::var_os(INSIDE).is_some() {
            return inside_a_session();
        }
        let home = tempfile::tempdir().unwrap();

        let done = Command::new("dbus-run-session")
            .args(["--", "sh", "-c", SESSION])
            .arg(std::env::current_exe().unwrap())
            .arg(NAME)
            .env(INSIDE, "1")
            .env("HOME", home.path())
            .env("XDG_DATA_HOME", home.path().join("share"))
            .env("XDG_RUNTIME_DIR", home.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();

        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success() && said.contains("1 passed"), "{said}");
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
