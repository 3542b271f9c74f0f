//! Attached files: what is known of them, and how they reach the sealed folder.

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension, named_params};
use skranke_domain::ids::{CaseId, Sha256Digest};
use skranke_protocol::plan::OwnAttachment;
use zeroize::Zeroizing;

use super::sealed;
use crate::error::StoreError;
use crate::handle::{ReadHandle, WriteHandle};
use crate::value::{coded, id, millis, number, unsigned, word};
use crate::vault::{Form, Vault};

coded! {
    /// Where an attached file stands on its way to the central store.
    AttachmentState {
        /// Its event has not been made yet.
        Local => "local",
        /// Waiting to be uploaded.
        Waiting => "waiting",
        /// The central store has it whole.
        Confirmed => "confirmed",
    }
}

/// What is known of an attached file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentRow {
    /// Its name by content.
    pub digest: Sha256Digest,
    /// Media type of the original, found by content.
    pub media_type: String,
    /// Size of the original.
    pub size_bytes: u64,
    /// Media type of the re-encoded copy, where there is one.
    pub view_media_type: Option<String>,
    /// Where it stands.
    pub state: AttachmentState,
}

const PUT: &str = "
    INSERT INTO attachment (digest, media_type, size_bytes, view_media_type, state, stored_at)
    VALUES (:digest, :media_type, :size_bytes, :view_media_type, 'local', :stored_at)
    ON CONFLICT (digest) DO UPDATE
       SET view_media_type = coalesce(excluded.view_media_type, view_media_type)";

const ONE: &str = "
    SELECT digest, media_type, size_bytes, view_media_type, state
      FROM attachment
     WHERE digest = :digest";

const WAITING: &str = "
    SELECT digest, size_bytes FROM attachment WHERE state = 'waiting' ORDER BY stored_at, digest";

const WAIT_FOR_UPLOAD: &str = "
    UPDATE attachment SET state = 'waiting'
     WHERE state = 'local'
       AND digest IN (SELECT attachment_digest FROM case_attachment WHERE case_id = :case_id)";

const OFFER_AGAIN: &str = "
    UPDATE attachment SET state = 'waiting', sent_bytes = 0 WHERE state = 'confirmed'";

const CONFIRM: &str = "
    UPDATE attachment SET state = 'confirmed', sent_bytes = size_bytes WHERE digest = :digest";

const UNUSED: &str = "
    SELECT digest
      FROM attachment a
     WHERE a.state = 'local'
       AND NOT EXISTS (SELECT 1 FROM draft_attachment d WHERE d.attachment_digest = a.digest)
       AND NOT EXISTS (SELECT 1 FROM case_attachment c WHERE c.attachment_digest = a.digest)";

const DELETE: &str = "DELETE FROM attachment WHERE digest = :digest";

/// Files named by the events of a case are now wanted by the central store.
pub(crate) fn wait_for_upload(connection: &Connection, case: CaseId) -> Result<(), StoreError> {
    connection
        .prepare_cached(WAIT_FOR_UPLOAD)?
        .execute(named_params! { ":case_id": id!(case) })?;
    Ok(())
}

/// The central store was restored and may lack files it had; what it has it says at once.
pub(crate) fn offer_again(connection: &Connection) -> Result<(), StoreError> {
    connection.prepare_cached(OFFER_AGAIN)?.execute([])?;
    Ok(())
}

/// A file of which nothing is to be known here any more.
pub(crate) fn forget(connection: &Connection, digest: Sha256Digest) -> Result<(), StoreError> {
    connection
        .prepare_cached(DELETE)?
        .execute(named_params! { ":digest": digest.as_bytes() })?;
    Ok(())
}

/// Every file there is a row for.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Sha256Digest>, StoreError> {
    let mut statement = connection.prepare("SELECT digest FROM attachment ORDER BY digest")?;
    let digests = statement
        .query_map([], |row| row.get("digest"))?
        .map(|digest| digest.map(Sha256Digest::from_bytes))
        .collect::<Result<_, _>>()?;
    Ok(digests)
}

impl ReadHandle<'_> {
    /// What is known of a file; `None` where its bytes are not here.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn attachment(&self, digest: Sha256Digest) -> Result<Option<AttachmentRow>, StoreError> {
        type Columns = (String, i64, Option<String>, String);
        let columns: Option<Columns> = self
            .connection
            .prepare_cached(ONE)?
            .query_row(named_params! { ":digest": digest.as_bytes() }, |row| {
                Ok((
                    row.get("media_type")?,
                    row.get("size_bytes")?,
                    row.get("view_media_type")?,
                    row.get("state")?,
                ))
            })
            .optional()?;
        columns
            .map(|(media_type, size, view_media_type, state)| {
                Ok(AttachmentRow {
                    digest,
                    media_type,
                    size_bytes: unsigned(size)?,
                    view_media_type,
                    state: word(&state, AttachmentState::from_code)?,
                })
            })
            .transpose()
    }

    /// The bytes of the re-encoded copy, the only form anyone looks at.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or [`StoreError::Damaged`] when the sealed file was changed.
    pub fn attachment_view(&self, digest: Sha256Digest) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        self.vault.get(digest, Form::View)
    }

    /// The bytes of the original, for upload and export; never to be opened here.
    ///
    /// # Errors
    /// As [`ReadHandle::attachment_view`].
    pub fn attachment_original(
        &self,
        digest: Sha256Digest,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        self.vault.get(digest, Form::Original)
    }

    /// A range of the original's bytes, cut at its end.
    ///
    /// # Errors
    /// As [`ReadHandle::attachment_view`].
    pub fn attachment_part(
        &self,
        digest: Sha256Digest,
        range: Range<u64>,
    ) -> Result<Vec<u8>, StoreError> {
        let bytes = self.vault.get(digest, Form::Original)?;
        let at = |place: u64| {
            usize::try_from(place)
                .unwrap_or(usize::MAX)
                .min(bytes.len())
        };
        Ok(bytes[at(range.start)..at(range.end).max(at(range.start))].to_vec())
    }

    /// Files the central store does not have whole.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn attachments_waiting(&self) -> Result<Vec<OwnAttachment>, StoreError> {
        let mut statement = self.connection.prepare_cached(WAITING)?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(OwnAttachment {
                digest: Sha256Digest::from_bytes(row.get("digest")?),
                size_bytes: unsigned(row.get("size_bytes")?)?,
                is_sealed: false,
            });
        }
        found.extend(sealed::files_waiting(self.connection)?);
        Ok(found)
    }
}

impl WriteHandle<'_> {
    /// Seals a file, with the re-encoded copy where there is one, and returns its name by content.
    ///
    /// The bytes are on the disk before the row is, so a row never stands without its file.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for an empty file; what disk and engine answer.
    pub fn store_attachment(
        &mut self,
        media_type: &str,
        bytes: &[u8],
        view: Option<(&str, &[u8])>,
    ) -> Result<Sha256Digest, StoreError> {
        if bytes.is_empty() {
            return Err(StoreError::Refused("an attached file is not empty"));
        }
        let digest = Vault::digest(bytes);
        self.vault.put(digest, Form::Original, bytes)?;
        if let Some((_, view)) = view {
            self.vault.put(digest, Form::View, view)?;
        }
        self.transaction
            .prepare_cached(PUT)?
            .execute(named_params! {
                ":digest": digest.as_bytes(),
                ":media_type": media_type,
                ":size_bytes": number(bytes.len() as u64)?,
                ":view_media_type": view.map(|(media_type, _)| media_type),
                ":stored_at": millis(self.now),
            })?;
        Ok(digest)
    }

    /// Notes that the central store has a file whole.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn confirm_attachment(&mut self, digest: Sha256Digest) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached(CONFIRM)?
            .execute(named_params! { ":digest": digest.as_bytes() })?;
        sealed::confirm_file(&self.transaction, digest)?;
        self.let_go_of_waiting()
    }

    /// Deletes files that neither a draft nor a case names any more; returns how many.
    ///
    /// # Errors
    /// What disk and engine answer.
    pub fn sweep_attachments(&mut self) -> Result<usize, StoreError> {
        let unused: Vec<[u8; 32]> = self
            .transaction
            .prepare_cached(UNUSED)?
            .query_map([], |row| row.get("digest"))?
            .collect::<Result<_, _>>()?;
        for digest in &unused {
            self.transaction
                .prepare_cached(DELETE)?
                .execute(named_params! { ":digest": digest })?;
            // The file goes before the commit: at worst a row stands for a file that nobody names.
            self.vault.delete(Sha256Digest::from_bytes(*digest))?;
        }
        Ok(unused.len())
    }
}
