//! The store as one thing: its folder, how it is opened, checked and put right.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use crate::ballast;
use crate::connection::{self, Mode};
use crate::damaged::{SetAside, set_aside};
use crate::error::{Damage, StoreError};
use crate::files;
use crate::key::StoreKey;
use crate::key::envelope::{Envelope, KeyError};
use crate::migrate;

/// Name of the database in the store's folder.
pub(crate) const DATABASE: &str = "skranke.db";

/// How a store is to behave.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Size of the ballast that [`Store::lay_ballast`] lays; 0 for none.
    pub ballast_bytes: u64,
}

/// An open store. It belongs to one thread at a time; put it in a mutex to share it.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    folder: PathBuf,
    options: Options,
}

impl Store {
    /// Opens the store in `folder`, and makes it where there is none.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`], [`StoreError::Damaged`] (then see [`Store::recover`]), [`StoreError::NotADatabase`],
    /// [`StoreError::NewerDatabase`], or what disk and engine answer. Nothing is changed then.
    pub fn open(folder: &Path, key: &StoreKey, options: Options) -> Result<Self, StoreError> {
        files::make_private_folder(folder)?;
        let key_is_known = key_is_known(folder, key)?;
        let database = folder.join(DATABASE);
        let mut connection = match connection::open(&database, key, Mode::Create) {
            // The envelope says that the key is right, so it is the first page that is not.
            Err(StoreError::WrongKey) if key_is_known => {
                return Err(StoreError::Damaged(Damage::Header));
            }
            other => other?,
        };
        migrate::migrate(&mut connection)?;
        Ok(Self {
            connection,
            folder: folder.to_owned(),
            options,
        })
    }

    /// Sets a damaged database aside and opens a new one in its place.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn recover(
        folder: &Path,
        key: &StoreKey,
        options: Options,
        now: DateTime<Utc>,
    ) -> Result<(Self, SetAside), StoreError> {
        key_is_known(folder, key)?;
        let moved = set_aside(&folder.join(DATABASE), now)?;
        Ok((Self::open(folder, key, options)?, moved))
    }

    /// The folder the store lives in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The version of the database.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn version(&self) -> Result<u32, StoreError> {
        migrate::version(&self.connection)
    }

    /// Checks every page, tree and reference; returns what is wrong. Takes seconds on a large store.
    ///
    /// # Errors
    /// Only where the check itself could not run.
    pub fn check_integrity(&self) -> Result<Vec<Damage>, StoreError> {
        connection::check_integrity(&self.connection)
    }

    /// Lays the ballast file of [`Options::ballast_bytes`], where it is missing.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and what else the disk answers.
    pub fn lay_ballast(&self) -> Result<(), StoreError> {
        ballast::lay(&self.folder, self.options.ballast_bytes)
    }

    /// Gives the room of the ballast back, so that the case at hand can be finished; returns how many bytes.
    ///
    /// # Errors
    /// What the disk answers.
    pub fn release_ballast(&self) -> Result<u64, StoreError> {
        ballast::release(&self.folder)
    }
}

/// Whether something in the folder vouches for the key; an error when something contradicts it.
fn key_is_known(folder: &Path, key: &StoreKey) -> Result<bool, StoreError> {
    match Envelope::load(folder) {
        Ok(envelope) if envelope.fits(key) => Ok(true),
        Ok(_) => Err(StoreError::WrongKey),
        Err(KeyError::Store(error)) => Err(error),
        Err(_) => Ok(false),
    }
}
