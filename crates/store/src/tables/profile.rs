//! Editions of the municipality's profile. They are only added; the text stands as it was checked.
//!
//! Only the word of the central store takes one out of force, where it was restored and has another under its number.
//! Such a lost edition is kept beside the others.
//!
//! Basis: design, section 4 (profiles edited in the window are versioned); decision 27.

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

const LOST: &str = "
    SELECT edition, body, staff_id, initials, reason, made_at
      FROM lost_edition
     ORDER BY edition DESC, id DESC";

const COUNT_LOST: &str = "SELECT count(*) AS number FROM lost_edition";

const INSERT_LOST: &str = "
    INSERT INTO lost_edition (edition, body, staff_id, initials, reason, made_at)
    VALUES (:edition, :body, :staff_id, :initials, :reason, :made_at)";

const DELETE: &str = "DELETE FROM profile_edition WHERE edition = :edition";

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

    /// Every edition that was lost when the central store was restored: the highest number first, and of one number
    /// the one lost last.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn lost_editions(&self) -> Result<Vec<EditionRow>, StoreError> {
        lost(self.connection)
    }

    /// How many editions were lost; what stands under a number is another once this has grown.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn lost_edition_count(&self) -> Result<u32, StoreError> {
        count_lost(self.connection)
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

    /// Puts the central store's edition in the place of the one under its number, which is kept as lost.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where none is there.
    pub fn replace_edition(&mut self, row: &EditionRow) -> Result<(), StoreError> {
        let replaced = self.reading().edition(row.edition)?;
        let replaced = replaced.ok_or(StoreError::Refused("there is an edition to replace"))?;
        self.lose(&replaced)?;
        insert(&self.transaction, row)
    }

    /// Takes the newest edition out of force and keeps it as lost.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is none.
    pub fn lose_newest_edition(&mut self) -> Result<(), StoreError> {
        let newest = newest(&self.transaction)?;
        let lost = self.reading().edition(newest)?;
        self.lose(&lost.ok_or(StoreError::Refused("there is an edition to lose"))?)
    }

    fn lose(&mut self, row: &EditionRow) -> Result<(), StoreError> {
        insert_lost(&self.transaction, row)?;
        self.transaction
            .prepare_cached(DELETE)?
            .execute(named_params! { ":edition": row.edition })?;
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
    list(connection, ALL)
}

pub(crate) fn lost(connection: &Connection) -> Result<Vec<EditionRow>, StoreError> {
    list(connection, LOST)
}

pub(crate) fn count_lost(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection
        .prepare_cached(COUNT_LOST)?
        .query_row([], |row| row.get("number"))?)
}

fn list(connection: &Connection, which: &str) -> Result<Vec<EditionRow>, StoreError> {
    let mut statement = connection.prepare_cached(which)?;
    let rows = statement.query_map([], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

pub(crate) fn insert(connection: &Connection, row: &EditionRow) -> Result<(), StoreError> {
    insert_as(connection, INSERT, row)
}

pub(crate) fn insert_lost(connection: &Connection, row: &EditionRow) -> Result<(), StoreError> {
    insert_as(connection, INSERT_LOST, row)
}

fn insert_as(connection: &Connection, how: &str, row: &EditionRow) -> Result<(), StoreError> {
    identity::note_staff(connection, row.staff)?;
    connection.prepare_cached(how)?.execute(named_params! {
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
