//! What can go wrong with the store, told apart by what the user can do about it.
//!
//! No variant carries what a citizen or a member of staff typed. Basis: style guide 5.5; spec reliability, F3 to F5.

use std::io;

/// How a stored file was found to be damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// The first page does not open with a key that is known to be right.
    Header,
    /// The database is not there, but its outbox log is.
    Missing,
    /// SQLite found a malformed page or tree.
    Structure,
    /// A page's authentication code does not fit (SQLCipher).
    Authentication,
    /// A foreign key points nowhere.
    References,
    /// A stored value cannot be read back as what it was written as.
    Value,
    /// A sealed file does not open, or is cut short.
    SealedFile,
}

/// A failure of the local store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The key does not fit this store.
    #[error("the key does not fit this store")]
    WrongKey,
    /// The file is a database of another program, or no database at all.
    #[error("the file is not a Skranke database")]
    NotADatabase,
    /// The file is damaged; it has not been touched.
    #[error("the store is damaged ({0:?})")]
    Damaged(Damage),
    /// A newer program has changed the database so that this one must not open it.
    #[error("the database has version {found}, this program knows {supported}")]
    NewerDatabase {
        /// Version found in the file.
        found: u32,
        /// Newest version this program knows.
        supported: u32,
    },
    /// There is no room on the disk; nothing was saved.
    #[error("the disk is full")]
    DiskFull,
    /// Another program or window holds the database; nothing was saved.
    #[error("the database is locked by another program")]
    Busy,
    /// The folder or a file cannot be written, by permission or because the disk is read-only.
    #[error("the store cannot be written here")]
    NotWritable,
    /// What was asked for is not in the store.
    #[error("not in the store")]
    NotFound,
    /// Another command was saved on this device in between: the events must be made anew on the new head.
    #[error("the device's chain has moved on")]
    HeadMoved,
    /// An event with a known id came with other content: an alarm.
    #[error("an event with a known id has other content")]
    EventAltered,
    /// Something handed to the store breaks one of its rules.
    #[error("refused by the store: {0}")]
    Refused(&'static str),
    /// Any other failure of the file system.
    #[error("file error: {0}")]
    Io(io::ErrorKind),
    /// Any other failure of the database engine.
    #[error("database error: {0}")]
    Sqlite(#[source] rusqlite::Error),
}

impl StoreError {
    /// Whether the same call may succeed later without anyone doing anything.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, StoreError::Busy | StoreError::HeadMoved)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        if matches!(error, rusqlite::Error::QueryReturnedNoRows) {
            return StoreError::NotFound;
        }
        if matches!(
            error,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
        ) {
            return StoreError::Damaged(Damage::Value);
        }
        // The index of the write-ahead log could not be given its size, which SQLite does not call a full disk.
        let extended = error.sqlite_error().map(|failure| failure.extended_code);
        if extended == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
            return StoreError::DiskFull;
        }
        // The disk took the file and refuses to write it: it turned read-only, or fails.
        if let Some(
            rusqlite::ffi::SQLITE_IOERR_WRITE
            | rusqlite::ffi::SQLITE_IOERR_FSYNC
            | rusqlite::ffi::SQLITE_IOERR_TRUNCATE,
        ) = extended
        {
            return StoreError::NotWritable;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::DiskFull,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
            Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged(Damage::Structure),
            Some(ErrorCode::NotADatabase) => StoreError::NotADatabase,
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                StoreError::NotWritable
            }
            _ => StoreError::Sqlite(error),
        }
    }
}

impl From<io::Error> for StoreError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the kinds are open-ended; the rest is kept as it is"
    )]
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::DiskFull,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::NotWritable
            }
            io::ErrorKind::NotFound => StoreError::NotFound,
            kind => StoreError::Io(kind),
        }
    }
}

/// Whether a row would have broken a rule of its table.
pub(crate) fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}
