//! Who did what, and why: rows are added with the write they speak of, linked to the row before, and never changed.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, named_params};
use skranke_domain::ids::{CaseId, DeviceId, StaffId};
use skranke_protocol::device_log::{Column, link};

use crate::error::StoreError;
use crate::handle::{Action, Actor, Entry, ReadHandle};
use crate::tables::audit_chain;
use crate::value::{id, millis, moment, uuid, word};

/// Saving as typed happens every second; one row stands for a person's saves of one draft within this long.
const SAVES_IN_ONE_ROW_MS: i64 = 10 * 60 * 1000;

/// A purpose is a line, not a note.
const LONGEST_PURPOSE: usize = 500;

const INSERT: &str = "
    INSERT INTO audit (id, done_at, staff_id, device_id, roles, action, case_id, subject, purpose, link)
    VALUES (:id, :done_at, :staff_id, :device_id, :roles, :action, :case_id, :subject, :purpose, :link)";

const SAVED_LATELY: &str = "
    SELECT EXISTS (SELECT 1 FROM audit
                    WHERE staff_id = :staff_id AND action = :action AND subject = :subject
                      AND done_at BETWEEN :since AND :until
                      AND id > (SELECT coalesce(max(id), 0) - 500 FROM audit))";

const LIST: &str = "
    SELECT id, done_at, staff_id, device_id, roles, action, case_id, subject, purpose, link
      FROM audit
     WHERE id < :before
     ORDER BY id DESC
     LIMIT :limit";

const OF_CASE: &str = "
    SELECT id, done_at, staff_id, device_id, roles, action, case_id, subject, purpose, link
      FROM audit
     WHERE case_id = :case_id AND id < :before
     ORDER BY id DESC
     LIMIT :limit";

const OF_STAFF: &str = "
    SELECT id, done_at, staff_id, device_id, roles, action, case_id, subject, purpose, link
      FROM audit
     WHERE staff_id = :staff_id AND id < :before
     ORDER BY id DESC
     LIMIT :limit";

const AFTER: &str = "
    SELECT id, done_at, staff_id, device_id, roles, action, case_id, subject, purpose, link
      FROM audit
     WHERE id > :after
     ORDER BY id
     LIMIT :limit";

/// Whether anything after a row says more than that this computer was brought in step.
const SAYS_MORE: &str = "
    SELECT EXISTS (SELECT 1 FROM audit
                    WHERE id > :after AND (action <> :in_step OR subject IS NOT NULL))";

/// A row of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number; rows are numbered in the order of writing, without reuse.
    pub number: i64,
    /// When.
    pub done_at: DateTime<Utc>,
    /// Who; the nil id is the program itself.
    pub staff: StaffId,
    /// On which device.
    pub device: DeviceId,
    /// In which roles, by code, with commas.
    pub roles: String,
    /// What.
    pub action: Action,
    /// On which case.
    pub case: Option<CaseId>,
    /// On what else.
    pub subject: Option<String>,
    /// Why.
    pub purpose: String,
    /// Its link in the chain; `None` for rows from before there was one.
    pub link: Option<[u8; 32]>,
}

/// Which rows of the audit log to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditFilter {
    /// All of them.
    All,
    /// Those on a case.
    Case(CaseId),
    /// Those of a member of staff.
    Staff(StaffId),
}

pub(crate) fn insert(
    connection: &Connection,
    actor: &Actor,
    entry: &Entry,
) -> Result<(), StoreError> {
    let done_at = millis(entry.done_at);
    if entry.purpose.chars().count() > LONGEST_PURPOSE {
        return Err(StoreError::Refused("a purpose has at most 500 signs"));
    }
    if entry.action == Action::DraftSaved {
        let is_covered: bool = connection.prepare_cached(SAVED_LATELY)?.query_row(
            named_params! {
                ":staff_id": id!(actor.staff),
                ":action": entry.action.code(),
                ":subject": entry.subject,
                ":since": done_at - SAVES_IN_ONE_ROW_MS,
                ":until": done_at,
            },
            |row| row.get(0),
        )?;
        if is_covered {
            return Ok(());
        }
    }
    let roles: Vec<&str> = actor.roles.iter().map(|role| role.code()).collect();
    let roles = roles.join(",");
    let case: Option<[u8; 16]> = entry.case.map(|case| id!(case));
    let (staff, device) = (id!(actor.staff), id!(actor.device));
    let action = entry.action.code();
    let last = audit_chain::last(connection)?;
    let number = last.next_number;
    let link = link(
        &last.link,
        &[
            Column::Integer(number),
            Column::Integer(done_at),
            Column::Blob(&staff),
            Column::Blob(&device),
            Column::Text(roles.as_bytes()),
            Column::Text(action.as_bytes()),
            case.as_ref()
                .map_or(Column::Null, |case| Column::Blob(case)),
            entry
                .subject
                .as_ref()
                .map_or(Column::Null, |subject| Column::Text(subject.as_bytes())),
            Column::Text(entry.purpose.as_bytes()),
        ],
    );
    connection.prepare_cached(INSERT)?.execute(named_params! {
        ":id": number,
        ":done_at": done_at,
        ":staff_id": staff,
        ":device_id": device,
        ":roles": roles,
        ":action": action,
        ":case_id": case,
        ":subject": entry.subject,
        ":purpose": entry.purpose,
        ":link": link,
    })?;
    Ok(())
}

impl ReadHandle<'_> {
    /// Rows of the audit log, newest first; `before` is the number of the last row of the page before.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn audit(
        &self,
        filter: AuditFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let before = before.unwrap_or(i64::MAX);
        match filter {
            AuditFilter::All => read(
                self.connection,
                LIST,
                named_params! { ":before": before, ":limit": limit },
            ),
            AuditFilter::Case(case) => read(
                self.connection,
                OF_CASE,
                named_params! { ":case_id": id!(case), ":before": before, ":limit": limit },
            ),
            AuditFilter::Staff(staff) => read(
                self.connection,
                OF_STAFF,
                named_params! { ":staff_id": id!(staff), ":before": before, ":limit": limit },
            ),
        }
    }

    /// Rows after a number, oldest first: for upload and export.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn audit_after(&self, after: i64, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        read(
            self.connection,
            AFTER,
            named_params! { ":after": after, ":limit": limit },
        )
    }

    /// Whether anything after a number says more than that this computer was brought in step with the central store.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn audit_says_more_after(&self, after: i64) -> Result<bool, StoreError> {
        let values = named_params! { ":after": after, ":in_step": Action::Synchronised.code() };
        let mut statement = self.connection.prepare_cached(SAYS_MORE)?;
        Ok(statement.query_row(values, |row| row.get(0))?)
    }
}

fn read(
    connection: &Connection,
    sql: &str,
    values: &[(&str, &dyn rusqlite::ToSql)],
) -> Result<Vec<AuditRow>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(audit_row(row)?);
    }
    Ok(found)
}

fn audit_row(row: &Row<'_>) -> Result<AuditRow, StoreError> {
    Ok(AuditRow {
        number: row.get("id")?,
        done_at: moment(row.get("done_at")?)?,
        staff: StaffId::from_uuid(uuid(row.get("staff_id")?)),
        device: DeviceId::from_uuid(uuid(row.get("device_id")?)),
        roles: row.get("roles")?,
        action: word(&row.get::<_, String>("action")?, Action::from_code)?,
        case: row
            .get::<_, Option<[u8; 16]>>("case_id")?
            .map(uuid)
            .map(CaseId::from_uuid),
        subject: row.get("subject")?,
        purpose: row.get("purpose")?,
        link: row.get("link")?,
    })
}
