//! The audit log's chain: each row's link is a hash over the row and the link before it.
//!
//! A row that was changed, taken out, put in or moved no longer fits, and the first one is named. Somebody who holds
//! the store's key could make the whole chain anew, or cut off its end: only a link that was noted elsewhere shows
//! that, so [`AuditHead`] is small enough to write down, and every backup notes one.
//!
//! Basis: design, section 6 (audit); spec reliability, goal G8.

use std::fmt;
use std::str::FromStr;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};
use skranke_protocol::device_log::{BEFORE_ALL, COLUMNS, Column, link};

use crate::error::StoreError;
use crate::handle::ReadHandle;
use crate::key::to_hex;

/// The version of the database with which the chain began.
const CHAINED_SINCE: u32 = 2;

const IN_ORDER: &str = "
    SELECT id, done_at, staff_id, device_id, roles, action, case_id, subject, purpose, link
      FROM audit
     ORDER BY id";

const LAST: &str = "SELECT id, link FROM audit ORDER BY id DESC LIMIT 1";

/// The engine's own count of the rows there ever were.
const GIVEN: &str = "SELECT seq FROM sqlite_sequence WHERE name = 'audit'";

/// The end of the chain at some time, to be noted elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// Number of the last row.
    pub number: i64,
    /// Its link.
    pub link: [u8; 32],
}

/// What a walk along the chain found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditChain {
    /// Rows there are.
    pub rows: u64,
    /// Rows from before the chain began; the first link covers them.
    pub unlinked: u64,
    /// The end of the chain, as far as it fits.
    pub head: Option<AuditHead>,
    /// The first row that does not fit, and how.
    pub broken: Option<(i64, AuditBreak)>,
}

/// How a chain is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditBreak {
    /// The row, or one before the first link, is not what was written.
    Changed,
    /// The row is missing.
    Missing,
    /// The row is not the one whose link was noted: the chain was made anew.
    Replaced,
}

impl AuditBreak {
    /// The code that is shown and stored; it never changes.
    pub const fn code(self) -> &'static str {
        match self {
            AuditBreak::Changed => "changed",
            AuditBreak::Missing => "missing",
            AuditBreak::Replaced => "replaced",
        }
    }
}

impl fmt::Display for AuditHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, to_hex(&self.link))
    }
}

/// The text is not a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a number, a colon and 64 hexadecimal digits")]
pub struct NotAHead;

impl FromStr for AuditHead {
    type Err = NotAHead;

    fn from_str(text: &str) -> Result<Self, NotAHead> {
        let (number, digits) = text.trim().split_once(':').ok_or(NotAHead)?;
        let number: i64 = number.parse().map_err(|_| NotAHead)?;
        if number < 1 || digits.len() != 64 || !digits.is_ascii() {
            return Err(NotAHead);
        }
        let mut link = [0; 32];
        for (at, byte) in link.iter_mut().enumerate() {
            let pair = digits.get(2 * at..2 * at + 2).ok_or(NotAHead)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NotAHead)?;
        }
        Ok(Self { number, link })
    }
}

/// What the next row is linked to.
pub(super) struct Last {
    pub(super) next_number: i64,
    pub(super) link: [u8; 32],
}

/// The place after the last row.
pub(super) fn last(connection: &Connection) -> Result<Last, StoreError> {
    let given: Option<i64> = connection
        .prepare_cached(GIVEN)?
        .query_row([], |row| row.get("seq"))
        .optional()?;
    let found: Option<(i64, Option<[u8; 32]>)> = connection
        .prepare_cached(LAST)?
        .query_row([], |row| Ok((row.get("id")?, row.get("link")?)))
        .optional()?;
    let link = match found {
        None => BEFORE_ALL,
        Some((_, Some(link))) => link,
        // Once, after the step that began the chain: its first link covers what was there before.
        Some((_, None)) => walk(connection, None)?
            .head
            .map_or(BEFORE_ALL, |head| head.link),
    };
    Ok(Last {
        next_number: given.unwrap_or(0) + 1,
        link,
    })
}

/// A value as it goes under a link.
const fn column(value: ValueRef<'_>) -> Column<'_> {
    match value {
        ValueRef::Null => Column::Null,
        ValueRef::Integer(number) => Column::Integer(number),
        ValueRef::Real(number) => Column::Real(number),
        ValueRef::Text(text) => Column::Text(text),
        ValueRef::Blob(bytes) => Column::Blob(bytes),
    }
}

fn link_of(before: &[u8; 32], row: &Row<'_>) -> Result<[u8; 32], StoreError> {
    // The link itself comes after the columns under it.
    let mut values = [Column::Null; COLUMNS];
    for (at, value) in values.iter_mut().enumerate() {
        *value = column(row.get_ref(at)?);
    }
    Ok(link(before, &values))
}

fn walk(connection: &Connection, noted: Option<AuditHead>) -> Result<AuditChain, StoreError> {
    let mut chain = AuditChain {
        rows: 0,
        unlinked: 0,
        head: None,
        broken: None,
    };
    let mut statement = connection.prepare_cached(IN_ORDER)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        chain.rows += 1;
        if chain.broken.is_some() {
            continue;
        }
        let (expected, before) = chain
            .head
            .map_or((1, BEFORE_ALL), |head| (head.number + 1, head.link));
        let number: i64 = row.get("id")?;
        let link = link_of(&before, row)?;
        let stored: Option<Vec<u8>> = row.get("link")?;
        let began = chain.unlinked + 1 < chain.rows;
        chain.broken = match stored {
            _ if number != expected => Some((expected, AuditBreak::Missing)),
            Some(stored) if stored != link => Some((number, AuditBreak::Changed)),
            // Only the rows before the first link have none.
            None if began => Some((number, AuditBreak::Changed)),
            _ if noted.is_some_and(|noted| noted.number == number && noted.link != link) => {
                Some((number, AuditBreak::Replaced))
            }
            Some(_) => None,
            None => {
                chain.unlinked += 1;
                None
            }
        };
        if chain.broken.is_none() {
            chain.head = Some(AuditHead { number, link });
        }
    }
    Ok(chain)
}

/// The end of the chain in a copy of this version, as far as it fits; none before the chain began.
pub(crate) fn head_of_copy(
    connection: &Connection,
    version: u32,
) -> Result<Option<AuditHead>, StoreError> {
    if version < CHAINED_SINCE {
        return Ok(None);
    }
    Ok(walk(connection, None)?.head)
}

impl ReadHandle<'_> {
    /// Walks along the whole audit log, and names the first row that does not fit. `noted` is the end of the chain
    /// as somebody wrote it down earlier.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn audit_chain(&self, noted: Option<AuditHead>) -> Result<AuditChain, StoreError> {
        let mut chain = walk(self.connection, noted)?;
        if chain.broken.is_none() {
            let given: Option<i64> = self
                .connection
                .prepare_cached(GIVEN)?
                .query_row([], |row| row.get("seq"))
                .optional()?;
            let reaches = chain.head.map_or(0, |head| head.number);
            let known = given.unwrap_or(0).max(noted.map_or(0, |head| head.number));
            chain.broken = (known > reaches).then_some((reaches + 1, AuditBreak::Missing));
        }
        Ok(chain)
    }
}
