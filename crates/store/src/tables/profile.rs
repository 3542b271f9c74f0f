//! Editions of the municipality's profile. They are only added; the text stands as it was checked.
//!
//! Basis: design, section 4 (profiles edited in the window are versioned).

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use skranke_domain::ids::StaffId;

use crate::error::StoreError;
use crate::handle::{ReadHandle, WriteHandle};
use crate::tables::identity;
use crate::value::{id, millis, moment, uuid};

const NEWEST: &str = "SELECT coalesce(max(edition), 0) AS newest FROM profile_edition";

const ONE: &str = "
    SELECT edition, body, staff_id, initials, reason, made_at
      FROM profile_edition
     WHERE edition = :edition";

const ALL: &str = "
    SELECT edition, body, staff_id, initials, reason, made_at
      FROM profile_edition
     ORDER BY edition DESC";

const INSERT: &str = "
    INSERT INTO profile_edition (edition, body, staff_id, initials, reason, made_at)
    VALUES (:edition, :body, :staff_id, :initials, :reason, :made_at)";

/// An edition of the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionRow {
    /// Its number, from 1 without gaps.
    pub edition: u32,
    /// The profile's text.
    pub body: String,
    /// Who made it.
    pub staff: StaffId,
    /// That person's initials.
    pub initials: String,
    /// Why.
    pub reason: String,
    /// When.
    pub made_at: DateTime<Utc>,
}

impl ReadHandle<'_> {
    /// Number of the newest edition; 0 where there is none.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn newest_edition(&self) -> Result<u32, StoreError> {
        newest(self.connection)
    }

    /// An edition.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn edition(&self, edition: u32) -> Result<Option<EditionRow>, StoreError> {
        self.connection
            .prepare_cached(ONE)?
            .query_row(named_params! { ":edition": edition }, |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// Every edition, newest first.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn editions(&self) -> Result<Vec<EditionRow>, StoreError> {
        all(self.connection)
    }
}

impl WriteHandle<'_> {
    /// Adds the next edition. One that is there already with the same text is left as it is.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for any other number than the next: an edition is never written over, none left out.
    pub fn put_edition(&mut self, row: &EditionRow) -> Result<(), StoreError> {
        if let Some(known) = self.reading().edition(row.edition)? {
            return if known.body == row.body {
                Ok(())
            } else {
                Err(StoreError::Refused(
                    "an edition of the profile is never written over",
                ))
            };
        }
        if newest(&self.transaction)?.checked_add(1) != Some(row.edition) {
            return Err(StoreError::Refused(
                "editions of the profile follow each other",
            ));
        }
        insert(&self.transaction, row)?;
        self.changes_basics = true;
        Ok(())
    }
}

fn newest(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection
        .prepare_cached(NEWEST)?
        .query_row([], |row| row.get("newest"))?)
}

pub(crate) fn all(connection: &Connection) -> Result<Vec<EditionRow>, StoreError> {
    let mut statement = connection.prepare_cached(ALL)?;
    let rows = statement.query_map([], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

pub(crate) fn insert(connection: &Connection, row: &EditionRow) -> Result<(), StoreError> {
    identity::note_staff(connection, row.staff)?;
    connection.prepare_cached(INSERT)?.execute(named_params! {
        ":edition": row.edition,
        ":body": row.body,
        ":staff_id": id!(row.staff),
        ":initials": row.initials,
        ":reason": row.reason,
        ":made_at": millis(row.made_at),
    })?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<EditionRow, StoreError> {
    Ok(EditionRow {
        edition: row.get("edition")?,
        body: row.get("body")?,
        staff: StaffId::from_uuid(uuid(row.get("staff_id")?)),
        initials: row.get("initials")?,
        reason: row.get("reason")?,
        made_at: moment(row.get("made_at")?)?,
    })
}
