//! The database's shape: numbered steps, applied together in one immediate transaction.
//!
//! A released step is never edited; each has a frozen dump of a database at its version, and a list of hashes guards
//! both. A database from a newer program is refused, unless that program noted that this one may still open it.
//!
//! Basis: style guide 5.6.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::StoreError;

/// Marks a file as Skranke's (`SKRN`).
pub(crate) const APPLICATION_ID: i32 = 0x534b_524e;

/// One step of the schema.
#[derive(Debug)]
pub struct Migration {
    /// The version the database has after this step.
    pub number: u32,
    /// The oldest program, by the newest version it knows, that may still open the database after this step.
    pub oldest_reader: u32,
    /// What the step does.
    pub sql: &'static str,
}

/// Every step, in order.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        oldest_reader: 1,
        sql: include_str!("../sql/migrations/0001_first.sql"),
    },
    Migration {
        number: 2,
        // An older program would write rows without a link into the middle of the chain.
        oldest_reader: 2,
        sql: include_str!("../sql/migrations/0002_audit_chain.sql"),
    },
    Migration {
        number: 3,
        // An older program would look for the citizen in a table that is gone.
        oldest_reader: 3,
        sql: include_str!("../sql/migrations/0003_lists_in_one_piece.sql"),
    },
    Migration {
        number: 4,
        oldest_reader: 3,
        sql: include_str!("../sql/migrations/0004_drafts_in_one_page.sql"),
    },
    Migration {
        number: 5,
        // An older program would go on with the profile as it was.
        oldest_reader: 5,
        sql: include_str!("../sql/migrations/0005_profile_edition.sql"),
    },
    Migration {
        number: 6,
        // An older program would offer a restored central store the work around what is sealed, and leave a gap.
        oldest_reader: 6,
        sql: include_str!("../sql/migrations/0006_sealed.sql"),
    },
    Migration {
        number: 7,
        oldest_reader: 6,
        sql: include_str!("../sql/migrations/0007_lost_edition.sql"),
    },
];

const SCHEMA_NOTE: &str = "
    CREATE TABLE IF NOT EXISTS schema_note (
        id            INTEGER PRIMARY KEY CHECK (id = 1),
        oldest_reader INTEGER NOT NULL CHECK (oldest_reader > 0)
    ) STRICT";

const NOTE_OLDEST_READER: &str = "
    INSERT INTO schema_note (id, oldest_reader) VALUES (1, :oldest_reader)
        ON CONFLICT (id) DO UPDATE SET oldest_reader = excluded.oldest_reader";

/// The newest version this program knows.
pub fn newest_version() -> u32 {
    MIGRATIONS.last().map_or(0, |step| step.number)
}

/// Brings the database to the newest version this program knows.
///
/// # Errors
/// [`StoreError::NotADatabase`] for another program's file, [`StoreError::NewerDatabase`] when this program is too
/// old for it.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    migrate_by(connection, MIGRATIONS)
}

pub(crate) fn migrate_by(
    connection: &mut Connection,
    steps: &[Migration],
) -> Result<(), StoreError> {
    let supported = steps.last().map_or(0, |step| step.number);
    // Nothing to do is the ordinary case, and needs no write lock.
    if version(connection)? == supported {
        return check_owner(connection);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    if found == 0 {
        let tables: u32 =
            transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables > 0 {
            return Err(StoreError::NotADatabase);
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    check_owner(&transaction)?;
    if found > supported {
        let oldest_reader: u32 = transaction.query_row(
            "SELECT oldest_reader FROM schema_note WHERE id = 1",
            [],
            |row| row.get(0),
        )?;
        return if supported >= oldest_reader {
            Ok(())
        } else {
            Err(StoreError::NewerDatabase { found, supported })
        };
    }
    transaction.execute_batch(SCHEMA_NOTE)?;
    for step in steps.iter().filter(|step| step.number > found) {
        transaction.execute_batch(step.sql)?;
        transaction.execute(
            NOTE_OLDEST_READER,
            rusqlite::named_params! { ":oldest_reader": step.oldest_reader },
        )?;
        transaction.pragma_update(None, "user_version", step.number)?;
    }
    transaction.commit()?;
    Ok(())
}

/// The version the database has.
pub(crate) fn version(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn check_owner(connection: &Connection) -> Result<(), StoreError> {
    let owner: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if owner == APPLICATION_ID {
        Ok(())
    } else {
        Err(StoreError::NotADatabase)
    }
}
