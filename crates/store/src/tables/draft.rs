//! Drafts: what is being typed, saved as typed. They become events when they are submitted.
//!
//! The store knows nothing of the fields; they are one JSON object. Basis: design, section 5.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, named_params};
use skranke_domain::ids::{CaseId, DraftId, Sha256Digest, StaffId};

use super::identity;
use crate::error::StoreError;
use crate::handle::{ReadHandle, WriteHandle};
use crate::value::{id, millis, moment, uuid};

/// What was typed so far.
#[derive(Clone, PartialEq, Eq)]
pub struct DraftRow {
    /// The draft.
    pub draft: DraftId,
    /// Who typed it last.
    pub staff: StaffId,
    /// The case it adds to, where there is one already.
    pub case: Option<CaseId>,
    /// The step it stands on.
    pub step: u8,
    /// The fields, a JSON object, exactly as saved.
    pub fields: String,
    /// Whether it was put aside.
    pub is_parked: bool,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it was last saved.
    pub updated_at: DateTime<Utc>,
}

impl std::fmt::Debug for DraftRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DraftRow")
            .field("draft", &self.draft)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

/// What is typed again touches no index, and so writes one page.
const SAVE_AGAIN: &str = "
    UPDATE draft SET step = :step, fields = :fields, updated_at = :now
     WHERE id = :id AND staff_id = :staff_id AND case_id IS :case_id";

const SAVE: &str = "
    INSERT INTO draft (id, staff_id, case_id, step, fields, is_parked, created_at, updated_at)
    VALUES (:id, :staff_id, :case_id, :step, :fields, 0, :now, :now)
    ON CONFLICT (id) DO UPDATE
       SET staff_id = excluded.staff_id, case_id = excluded.case_id, step = excluded.step,
           fields = excluded.fields, updated_at = excluded.updated_at";

const PARK: &str = "UPDATE draft SET is_parked = :is_parked, updated_at = :now WHERE id = :id";

const ONE: &str = "
    SELECT id, staff_id, case_id, step, fields, is_parked, created_at, updated_at
      FROM draft
     WHERE id = :id";

const ALL: &str = "
    SELECT id, staff_id, case_id, step, fields, is_parked, created_at, updated_at
      FROM draft
     ORDER BY updated_at DESC, id
     LIMIT :limit";

const OF_STAFF: &str = "
    SELECT id, staff_id, case_id, step, fields, is_parked, created_at, updated_at
      FROM draft
     WHERE staff_id = :staff_id
     ORDER BY updated_at DESC, id
     LIMIT :limit";

const DELETE: &str = "DELETE FROM draft WHERE id = :id";

const FORGET: [&str; 2] = [
    "DELETE FROM draft_attachment WHERE draft_id IN (SELECT id FROM draft WHERE case_id = :case_id)",
    "DELETE FROM draft WHERE case_id = :case_id",
];

const ATTACH: &str = "
    INSERT OR IGNORE INTO draft_attachment (draft_id, attachment_digest) VALUES (:draft_id, :digest)";
const DETACH: &str = "
    DELETE FROM draft_attachment WHERE draft_id = :draft_id AND attachment_digest = :digest";
const ATTACHED: &str = "
    SELECT attachment_digest FROM draft_attachment WHERE draft_id = :draft_id ORDER BY attachment_digest";

/// What is being typed in a case goes with it.
pub(crate) fn forget(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    for sql in FORGET {
        connection
            .prepare_cached(sql)?
            .execute(named_params! { ":case_id": id!(case) })?;
    }
    Ok(())
}

impl ReadHandle<'_> {
    /// A draft.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn draft(&self, draft: DraftId) -> Result<Option<DraftRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(ONE)?;
        let mut rows = statement.query(named_params! { ":id": id!(draft) })?;
        rows.next()?.map(draft_row).transpose()
    }

    /// Drafts, the last saved first; those of one member of staff, or of all.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn drafts(&self, staff: Option<StaffId>, limit: u32) -> Result<Vec<DraftRow>, StoreError> {
        let mut found = Vec::new();
        match staff {
            Some(staff) => {
                let mut statement = self.connection.prepare_cached(OF_STAFF)?;
                let mut rows =
                    statement.query(named_params! { ":staff_id": id!(staff), ":limit": limit })?;
                while let Some(row) = rows.next()? {
                    found.push(draft_row(row)?);
                }
            }
            None => {
                let mut statement = self.connection.prepare_cached(ALL)?;
                let mut rows = statement.query(named_params! { ":limit": limit })?;
                while let Some(row) = rows.next()? {
                    found.push(draft_row(row)?);
                }
            }
        }
        Ok(found)
    }

    /// The files attached to a draft.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn draft_attachments(&self, draft: DraftId) -> Result<Vec<Sha256Digest>, StoreError> {
        let mut statement = self.connection.prepare_cached(ATTACHED)?;
        let digests = statement
            .query_map(named_params! { ":draft_id": id!(draft) }, |row| {
                row.get("attachment_digest")
            })?
            .map(|digest| digest.map(Sha256Digest::from_bytes))
            .collect::<Result<_, _>>()?;
        Ok(digests)
    }
}

impl WriteHandle<'_> {
    /// Saves what was typed, over what was saved before.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the fields are no JSON object.
    pub fn save_draft(
        &mut self,
        draft: DraftId,
        case: Option<CaseId>,
        step: u8,
        fields: &str,
    ) -> Result<(), StoreError> {
        if serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(fields).is_err() {
            return Err(StoreError::Refused(
                "the fields of a draft are a JSON object",
            ));
        }
        if let Some(case) = case {
            identity::note_case(&self.transaction, case)?;
        }
        let values = named_params! {
            ":id": id!(draft),
            ":staff_id": id!(self.actor.staff),
            ":case_id": case.map(|case| id!(case)),
            ":step": step,
            ":fields": fields,
            ":now": millis(self.now),
        };
        if self
            .transaction
            .prepare_cached(SAVE_AGAIN)?
            .execute(values)?
            == 0
        {
            self.transaction.prepare_cached(SAVE)?.execute(values)?;
        }
        Ok(())
    }

    /// Puts a draft aside, or takes it up again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn park_draft(&mut self, draft: DraftId, is_parked: bool) -> Result<(), StoreError> {
        let changed = self
            .transaction
            .prepare_cached(PARK)?
            .execute(named_params! {
                ":id": id!(draft),
                ":is_parked": is_parked,
                ":now": millis(self.now),
            })?;
        if changed == 0 {
            Err(StoreError::NotFound)
        } else {
            Ok(())
        }
    }

    /// Deletes a draft: it was submitted or thrown away. Its files stay until [`WriteHandle::sweep_attachments`].
    ///
    /// # Errors
    /// What the engine answers.
    pub fn delete_draft(&mut self, draft: DraftId) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached(DELETE)?
            .execute(named_params! { ":id": id!(draft) })?;
        Ok(())
    }

    /// Deletes drafts that nobody comes back to, with one audit row for each.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn delete_abandoned_drafts(&mut self, abandoned: &[DraftId]) -> Result<(), StoreError> {
        for draft in abandoned {
            let entry = crate::handle::Entry::new(crate::handle::Action::DraftDiscarded, self.now);
            self.also(&entry.on(draft.to_string()))?;
            self.delete_draft(*draft)?;
        }
        Ok(())
    }

    /// Attaches a stored file to a draft.
    ///
    /// # Errors
    /// What the engine answers; an unknown draft or file breaks a reference.
    pub fn attach_to_draft(
        &mut self,
        draft: DraftId,
        file: Sha256Digest,
    ) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached(ATTACH)?
            .execute(named_params! { ":draft_id": id!(draft), ":digest": file.as_bytes() })?;
        Ok(())
    }

    /// Takes a file off a draft.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn detach_from_draft(
        &mut self,
        draft: DraftId,
        file: Sha256Digest,
    ) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached(DETACH)?
            .execute(named_params! { ":draft_id": id!(draft), ":digest": file.as_bytes() })?;
        Ok(())
    }
}

fn draft_row(row: &Row<'_>) -> Result<DraftRow, StoreError> {
    Ok(DraftRow {
        draft: DraftId::from_uuid(uuid(row.get("id")?)),
        staff: StaffId::from_uuid(uuid(row.get("staff_id")?)),
        case: row
            .get::<_, Option<[u8; 16]>>("case_id")?
            .map(uuid)
            .map(CaseId::from_uuid),
        step: row.get("step")?,
        fields: row.get("fields")?,
        is_parked: row.get("is_parked")?,
        created_at: moment(row.get("created_at")?)?,
        updated_at: moment(row.get("updated_at")?)?,
    })
}
