//! Settings of this computer, each a JSON value under a name.

use rusqlite::{Connection, OptionalExtension, named_params};

use crate::error::StoreError;
use crate::handle::{ReadHandle, WriteHandle};
use crate::second_copy;
use crate::value::millis;

const GET: &str = "SELECT value FROM setting WHERE name = :name";

const SET: &str = "
    INSERT INTO setting (name, value, updated_at) VALUES (:name, :value, :now)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";

pub(crate) fn get(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached(GET)?
        .query_row(named_params! { ":name": name }, |row| row.get("value"))
        .optional()?)
}

/// Sets a setting; `at` is in milliseconds.
pub(crate) fn set(
    connection: &Connection,
    name: &str,
    value: &str,
    at: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(SET)?
        .execute(named_params! { ":name": name, ":value": value, ":now": at })?;
    Ok(())
}

impl ReadHandle<'_> {
    /// A setting's JSON; `None` where it was never set.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        get(self.connection, name)
    }
}

impl WriteHandle<'_> {
    /// Sets a setting.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the value is no JSON.
    pub fn set_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        if serde_json::from_str::<serde_json::Value>(value).is_err() {
            return Err(StoreError::Refused("a setting is a JSON value"));
        }
        self.changes_basics |= second_copy::keeps(name);
        set(&self.transaction, name, value, millis(self.now))
    }
}
