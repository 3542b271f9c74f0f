//! Work that left this computer sealed: to which key, and offering it to a central store that was restored.
//!
//! Basis: design, section 6 (epoch); decision 50.

use skranke_protocol::plan::{OwnAttachment, OwnEvent};
use skranke_protocol::signature::PublicKey;
use skranke_protocol::wire::{SealedCommand, Status};
use skranke_sync::{SealedPart, SyncError, Unsealed};

use super::{host, said, server_key, tree, trust};
use crate::error::AppError;
use crate::state::App;

/// Code of the alarm where the central store cannot open what was sealed to its key.
const NOT_OPENED: &str = "sealed_not_opened";

impl App {
    /// Keeps the key that work is sealed to, where the central store whose key this computer knows signed it.
    pub(super) fn keep_recovery_key(&self, status: &Status) -> Result<(), SyncError> {
        let Some(told) = &status.recovery else {
            return Ok(());
        };
        let (server, known) = self
            .with_store(|store| Ok((server_key(store)?, store.read()?.recovery_key()?)))
            .map_err(host)?;
        let told = server.and_then(|server| told.verify(&server).ok());
        let told = told.filter(|told| told.tenant == status.tenant);
        let Some(told) = told else {
            return Err(SyncError::NotSignedByServer);
        };
        if known == Some(told.key) {
            return Ok(());
        }
        self.taking_in(|write| Ok(write.keep_recovery_key(&told.key)?))
            .map_err(host)
    }

    /// Own events that are here sealed alone, and whether there are sealed ones of others to be offered. To a central
    /// store that opens nothing nothing sealed is offered, files neither.
    pub(super) fn sealed_work(
        &self,
        status: &Status,
        files: &mut Vec<OwnAttachment>,
    ) -> Result<(Vec<OwnEvent>, bool), AppError> {
        if status.recovery.is_none() {
            files.retain(|file| !file.is_sealed);
            return Ok((Vec::new(), false));
        }
        self.with_store(|store| {
            let read = store.read()?;
            Ok((
                read.sealed_events_for_plan()?,
                read.offers_sealed_of_others()?,
            ))
        })
    }

    pub(super) fn sealed_part(&self, part: SealedPart) -> Result<Vec<SealedCommand>, AppError> {
        self.with_store(|store| {
            let read = store.read()?;
            Ok(match part {
                SealedPart::Own { first, last } => read.sealed_own(first, last)?,
                SealedPart::OfOthers { after } => read.sealed_of_others(after)?,
            })
        })
    }

    /// Keeps what the central store could make of sealed work; what it could not open stays here, and is told.
    pub(super) fn keep_unsealed(&self, key: &PublicKey, unsealed: &Unsealed) -> Result<(), String> {
        let pushed = &unsealed.pushed;
        let found = self.with_store(|store| {
            let read = store.read()?;
            let head = trust::head(&read, key, &pushed.head)?;
            let wrong = head.or(trust::confirmation(&read, key, &pushed.confirmation)?);
            wrong.map_or_else(|| tree::hears(&read, &pushed.head), |code| Ok(Err(code)))
        });
        let followed = self.trusted(found)?;
        self.taking_in(|write| {
            tree::keep(write, &followed)?;
            write.take_unsealed(&pushed.verdicts, &unsealed.unopened)?;
            write.keep_tenant_head(&pushed.signed_head)?;
            Ok(write.keep_confirmation(&pushed.signed_confirmation)?)
        })
        .map_err(said)?;
        if !unsealed.unopened.is_empty() {
            self.raise(NOT_OPENED);
        }
        Ok(())
    }

    /// The bytes of a file as they are sent.
    pub(super) fn file_to_send(&self, file: &OwnAttachment) -> Result<Vec<u8>, AppError> {
        self.with_store(|store| {
            let read = store.read()?;
            if file.is_sealed {
                return Ok(read.sealed_scan(file.digest)?);
            }
            Ok(read.attachment_original(file.digest)?.to_vec())
        })
    }
}
