//! The bytes of attached files: sealed files beside the database, named so that their names say nothing.
//!
//! Files and not blobs, because a ruined database must not take a signed form with it, because the database stays
//! small for searching and backing up, and because ten megabytes through the write-ahead log would hold up every
//! other save. The name is a keyed digest: a plain one would show that a known document is here.
//!
//! A file is sealed in parts of 64 KiB; each part is bound to the file, its place and whether it is the last, so that
//! parts cannot be swapped, repeated or cut off. Basis: design, section 5 and 6 (attachments); threats T1, T4, T11.

use std::fs;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::RngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use skranke_domain::ids::Sha256Digest;
use skranke_protocol::recovery::{BOX_BYTES, RecoveryKey};
use skranke_protocol::wire::MAX_CHUNK_BYTES;
use zeroize::Zeroizing;

use crate::error::{Damage, StoreError};
use crate::files;
use crate::key::{Secret, StoreKey, Use, to_hex};

/// Name of the folder in the store's folder.
pub(crate) const FOLDER: &str = "attachments";
const MAGIC: &[u8; 8] = b"SKRSEAL1";
const PART_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;
const PREFIX_BYTES: usize = 16;
const HEADER_BYTES: usize = 8 + PREFIX_BYTES;

/// Which form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it was handed over; never opened in the program.
    Original,
    /// Re-encoded, for looking at.
    View,
    /// Its pieces in boxes that only the central store opens, one after the other.
    Boxes,
}

impl Form {
    const fn suffix(self) -> &'static str {
        match self {
            Form::Original => ".sealed",
            Form::View => ".view",
            Form::Boxes => ".boxes",
        }
    }
}

/// The folder of sealed files with the keys to it.
pub(crate) struct Vault {
    folder: PathBuf,
    content_key: Secret,
    name_key: Secret,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    pub(crate) fn new(store_folder: &Path, key: &StoreKey) -> Self {
        Self {
            folder: store_folder.join(FOLDER),
            content_key: key.derive(Use::AttachmentContent),
            name_key: key.derive(Use::AttachmentName),
        }
    }

    /// The digest of a file's bytes.
    pub(crate) fn digest(bytes: &[u8]) -> Sha256Digest {
        Sha256Digest::from_bytes(Sha256::digest(bytes).into())
    }

    /// The name a file has in the folder.
    fn name(&self, digest: Sha256Digest, form: Form) -> String {
        let keyed = Sha256::new()
            .chain_update(self.name_key.as_slice())
            .chain_update(digest.as_bytes())
            .finalize();
        to_hex(&keyed) + form.suffix()
    }

    fn path(&self, digest: Sha256Digest, form: Form) -> PathBuf {
        self.folder.join(self.name(digest, form))
    }

    /// Seals a file and waits until it is on the disk. A file that is there already is left.
    pub(crate) fn put(
        &self,
        digest: Sha256Digest,
        form: Form,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let path = self.path(digest, form);
        if self.get(digest, form).is_ok_and(|there| *there == bytes) {
            return Ok(());
        }
        files::make_private_folder(&self.folder)?;
        let mut prefix = [0; PREFIX_BYTES];
        OsRng.fill_bytes(&mut prefix);
        let cipher = XChaCha20Poly1305::new(self.content_key.as_slice().into());
        let mut sealed = Vec::with_capacity(
            HEADER_BYTES + bytes.len() + bytes.len() / PART_BYTES * TAG_BYTES + 64,
        );
        sealed.extend_from_slice(MAGIC);
        sealed.extend_from_slice(&prefix);
        let parts = bytes.len().div_ceil(PART_BYTES).max(1);
        for index in 0..parts {
            let part = &bytes[index * PART_BYTES..bytes.len().min((index + 1) * PART_BYTES)];
            let bound = bound_to(digest, form, index, index + 1 == parts);
            let part = cipher
                .encrypt(
                    &nonce(&prefix, index),
                    Payload {
                        msg: part,
                        aad: &bound,
                    },
                )
                .map_err(|_| StoreError::Damaged(Damage::SealedFile))?;
            sealed.extend_from_slice(&part);
        }
        files::write_whole(&path, &sealed)?;
        Ok(())
    }

    /// Opens a sealed file.
    pub(crate) fn get(
        &self,
        digest: Sha256Digest,
        form: Form,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let sealed = fs::read(self.path(digest, form))?;
        let damaged = || StoreError::Damaged(Damage::SealedFile);
        let body = sealed
            .get(HEADER_BYTES..)
            .filter(|_| sealed.starts_with(MAGIC))
            .ok_or_else(damaged)?;
        let cipher = XChaCha20Poly1305::new(self.content_key.as_slice().into());
        let parts = body.len().div_ceil(PART_BYTES + TAG_BYTES).max(1);
        let mut bytes = Zeroizing::new(Vec::with_capacity(body.len()));
        for (index, part) in body.chunks(PART_BYTES + TAG_BYTES).enumerate() {
            let bound = bound_to(digest, form, index, index + 1 == parts);
            let plain = cipher
                .decrypt(
                    &nonce(&sealed[8..HEADER_BYTES], index),
                    Payload {
                        msg: part,
                        aad: &bound,
                    },
                )
                .map_err(|_| damaged())?;
            bytes.extend_from_slice(&plain);
        }
        if body.is_empty() || (form == Form::Original && Self::digest(&bytes) != digest) {
            return Err(damaged());
        }
        Ok(bytes)
    }

    /// Puts the original into boxes of this key, a box for each piece of an upload, and waits until they are on the disk;
    /// whether they are there. An original that cannot be read gives none.
    pub(crate) fn seal(&self, digest: Sha256Digest, key: &RecoveryKey) -> Result<bool, StoreError> {
        let path = self.path(digest, Form::Boxes);
        let Ok(bytes) = self.get(digest, Form::Original) else {
            return Ok(path.try_exists()?);
        };
        let mut boxes = Vec::new();
        for piece in bytes.chunks(MAX_CHUNK_BYTES - BOX_BYTES) {
            let sealed = key.seal(piece, &mut OsRng);
            boxes.extend(sealed.map_err(|_| StoreError::Refused("a file is too large"))?);
        }
        files::write_whole(&path, &boxes)?;
        Ok(true)
    }

    /// The boxes of a file.
    pub(crate) fn boxes(&self, digest: Sha256Digest) -> Result<Vec<u8>, StoreError> {
        Ok(fs::read(self.path(digest, Form::Boxes))?)
    }

    /// Deletes the boxes of a file. Nobody can read them: what could not be deleted takes room and no more.
    pub(crate) fn delete_boxes(&self, digest: Sha256Digest) {
        let _ = fs::remove_file(self.path(digest, Form::Boxes));
    }

    /// Deletes a file in both forms that can be read here.
    pub(crate) fn delete(&self, digest: Sha256Digest) -> Result<(), StoreError> {
        for form in [Form::Original, Form::View] {
            match fs::remove_file(self.path(digest, form)) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Copies every sealed file into another folder.
    pub(crate) fn copy_to(&self, folder: &Path) -> Result<u64, StoreError> {
        let mut copied = 0;
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error.into()),
        };
        files::make_private_folder(folder)?;
        for entry in entries {
            let entry = entry?;
            if entry
                .path()
                .extension()
                .is_some_and(|end| end == "sealed" || end == "view" || end == "boxes")
            {
                files::copy_durably(&entry.path(), &folder.join(entry.file_name()))?;
                copied += 1;
            }
        }
        files::sync_folder(folder)?;
        Ok(copied)
    }
}

fn nonce(prefix: &[u8], index: usize) -> XNonce {
    let mut nonce = [0; 24];
    nonce[..PREFIX_BYTES].copy_from_slice(prefix);
    nonce[PREFIX_BYTES..].copy_from_slice(&(index as u64).to_le_bytes());
    *XNonce::from_slice(&nonce)
}

fn bound_to(digest: Sha256Digest, form: Form, index: usize, is_last: bool) -> Vec<u8> {
    let mut bound = digest.as_bytes().to_vec();
    bound.extend_from_slice(form.suffix().as_bytes());
    bound.extend_from_slice(&(index as u64).to_le_bytes());
    bound.push(u8::from(is_last));
    bound
}
