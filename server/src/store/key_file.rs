//! The key of the database's secrets, in a file its owner alone can read.

use std::fmt;
use std::path::Path;

use rand::RngCore;
use skranke_protocol::encoding::{from_hex, to_hex};

use super::{StoreError, Stored};

/// The 256-bit key of the database, from a file with 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyFile([u8; 32]);

impl KeyFile {
    /// Takes key bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// The file is missing, cannot be read or is no key.
    pub fn read(key_file: &Path) -> Stored<Self> {
        Self::read_if_there(key_file)?.ok_or_else(|| cannot_open("the key file does not exist"))
    }

    /// Reads a key file; makes one, readable by its owner alone, when neither it nor the database exists yet.
    ///
    /// # Errors
    /// The file cannot be read or is no key, or the database exists without its key.
    pub fn read_or_create(key_file: &Path, database_exists: bool) -> Stored<Self> {
        if let Some(key) = Self::read_if_there(key_file)? {
            return Ok(key);
        }
        if database_exists {
            return Err(cannot_open(
                "the database exists, but its key file does not",
            ));
        }
        let mut key = [0; 32];
        rand::rngs::OsRng.fill_bytes(&mut key);
        write_private(key_file, to_hex(&key).as_bytes())
            .map_err(|_| cannot_open("the key file cannot be written; let key_file name a folder that this user may write in"))?;
        Ok(Self(key))
    }

    fn read_if_there(key_file: &Path) -> Stored<Option<Self>> {
        match std::fs::read_to_string(key_file) {
            Ok(text) => from_hex(text.trim()).map(Self).map(Some).map_err(|_| {
                cannot_open("the key file must hold 64 lower-case hexadecimal digits")
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(_) => Err(cannot_open("the key file cannot be read")),
        }
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFile(hidden)")
    }
}

/// Makes a file that its owner alone can read.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn cannot_open(why: &str) -> StoreError {
    StoreError::CannotOpen(why.to_owned())
}
