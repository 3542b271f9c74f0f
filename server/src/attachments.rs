//! Attachments on disk: named by content within a municipality, written in resumable pieces, each piece sealed.
//!
//! A piece is a frame of length, nonce and ciphertext; tenant, name, number and offset of the piece are authenticated
//! with it, so pieces cannot be swapped, cut or moved. The original is kept sealed and never opened here beyond its
//! first bytes. Basis: design, section 6; sync-and-speed 3.6; reliability, threats T4 and T11.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chacha20poly1305::aead::{Aead, AeadInPlace, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use rand::RngCore;
use sha2::{Digest, Sha256};
use skranke_domain::ids::Sha256Digest;
use skranke_domain::rehearsal;
use skranke_protocol::wire::MAX_CHUNK_BYTES;
use uuid::Uuid;

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const LENGTH_BYTES: usize = 4;
/// The most bytes that tell a type.
const LONGEST_START: usize = 8;
/// Unfinished uploads that are remembered. Beyond it all are forgotten that nobody writes: some were never gone on with.
const MOST_REMEMBERED: usize = 256;

/// Why a piece is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// It does not continue where the upload stands.
    #[error("the upload stands at {0}")]
    Offset(u64),
    /// The whole does not have the digest it is named by, or is of no accepted type; the upload starts anew.
    #[error("the content is not what was announced")]
    Content,
    /// The disk failed or a stored piece was tampered with.
    #[error("the attachment folder cannot be used")]
    Io(#[from] io::Error),
}

impl AttachmentError {
    /// Whether there was no room for it.
    pub fn is_for_want_of_room(&self) -> bool {
        let Self::Io(error) = self else {
            return false;
        };
        matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        )
    }
}

/// A finished upload.
#[derive(Debug, PartialEq, Eq)]
pub struct Finished {
    /// Size in bytes.
    pub size_bytes: u64,
    /// Type, found by content.
    pub media_type: &'static str,
}

/// The folder of all municipalities' attachments.
pub struct AttachmentFolder {
    root: PathBuf,
    cipher: XChaCha20Poly1305,
    uploads: Mutex<HashMap<PathBuf, Upload>>,
}

/// The memory of an unfinished upload; whoever writes it holds it.
type Upload = Arc<Mutex<Option<Written>>>;

/// An upload that one request alone wrote from its first byte on.
///
/// It is in memory alone. After a restart, where the file is not as it was left, or where another request wrote of it,
/// the whole is opened and hashed at its end.
#[derive(Clone)]
struct Written {
    by: Uuid,
    stands: Stands,
    start: Vec<u8>,
}

/// A piece on its way into an upload.
pub struct Piece {
    /// The request that brings it.
    pub by: Uuid,
    /// Where it begins.
    pub offset: u64,
    /// What it is.
    pub bytes: Vec<u8>,
    /// Whether all that the request brought, this piece its last, is known to have the digest it is named by.
    pub is_the_file: bool,
}

impl AttachmentFolder {
    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.root
    }

    /// Opens the folder, sealing with a key derived from the database's.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open(root: &Path, database_key: &[u8; 32]) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        Ok(Self::at(root, database_key))
    }

    /// The same without making anything: to read and copy what may be there.
    pub fn at(root: &Path, database_key: &[u8; 32]) -> Self {
        let key = Sha256::new()
            .chain_update(b"skranke/attachments/1\0")
            .chain_update(database_key)
            .finalize();
        Self {
            root: root.to_owned(),
            cipher: XChaCha20Poly1305::new(&key),
            uploads: Mutex::default(),
        }
    }

    /// Whether the file of a finished upload is there.
    pub fn is_there(&self, tenant: &str, digest: &Sha256Digest) -> bool {
        self.whole(tenant, digest).is_file()
    }

    /// Bytes of an upload held so far.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn offset(&self, tenant: &str, digest: &Sha256Digest) -> Result<u64, AttachmentError> {
        let part = self.part(tenant, digest);
        let upload = self.upload(&part);
        let _writing = held(&upload);
        Ok(whole_frames(&part)?.offset)
    }

    /// Appends a piece, or what of it lies behind the bytes that are there; returns what is finished, and on the disk,
    /// when `length` bytes are there.
    ///
    /// # Errors
    /// An offset behind the end or a piece that brings nothing new, wrong content at the end, or the disk failed.
    pub fn append(
        &self,
        (tenant, digest): (&str, &Sha256Digest),
        length: u64,
        mut piece: Piece,
    ) -> Result<Option<Finished>, AttachmentError> {
        let part = self.part(tenant, digest);
        let upload = self.upload(&part);
        let mut upload = held(&upload);
        let written = upload.take();
        let stands = match &written {
            Some(written) if written.stands.is_at_the_end_of(&part) => written.stands,
            Some(_) | None => whole_frames(&part)?,
        };
        let behind = piece.offset + piece.bytes.len() as u64;
        let known = stands.offset.checked_sub(piece.offset);
        let brings_nothing = known != Some(0) && behind == stands.offset;
        let is_in_place = known.is_some() && behind >= stands.offset && behind <= length;
        let Some(known) = known.filter(|_| is_in_place && !brings_nothing) else {
            return Err(AttachmentError::Offset(stands.offset));
        };
        let known = usize::try_from(known).map_err(|_| io::Error::other("piece too large"))?;
        let written = if stands.offset == 0 {
            Some(Written::beginning(&piece))
        } else {
            written
                .filter(|written| written.by == piece.by && written.stands == stands && known == 0)
        };
        piece.bytes.drain(..known);
        let aad = place(tenant, digest, stands.frames, stands.offset);
        let (file, stands) = self.write_piece(&part, stands, &aad, piece.bytes)?;
        let written = written.map(|written| Written { stands, ..written });
        if behind < length {
            // What a crash takes of an unfinished upload is sent again; only what is finished is promised.
            *upload = written;
            return Ok(None);
        }
        flush(&file, &part)?;
        let start = written.filter(|_| piece.is_the_file).map(|it| it.start);
        self.finish(&part, (tenant, digest), length, start)
    }

    /// Forgets an unfinished upload, which begins anew.
    ///
    /// # Errors
    /// Its file cannot be removed.
    pub fn forget(&self, tenant: &str, digest: &Sha256Digest) -> Result<(), AttachmentError> {
        let part = self.part(tenant, digest);
        let upload = self.upload(&part);
        let mut upload = held(&upload);
        *upload = None;
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The memory of an upload, one for all who write it.
    fn upload(&self, part: &Path) -> Upload {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        if uploads.len() >= MOST_REMEMBERED {
            uploads.retain(|_, upload| Arc::strong_count(upload) > 1);
        }
        Arc::clone(uploads.entry(part.to_owned()).or_default())
    }

    /// Writes a piece behind what stands there.
    fn write_piece(
        &self,
        part: &Path,
        stands: Stands,
        aad: &[u8],
        piece: Vec<u8>,
    ) -> io::Result<(File, Stands)> {
        if let Some(parent) = part.parent() {
            fs::create_dir_all(parent)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(part)?;
        if file.metadata()?.len() != stands.file_bytes {
            // A cut in the middle of a frame leaves bytes that no frame claims.
            file.set_len(stands.file_bytes)?;
        }
        let bytes = piece.len() as u64;
        let written = self.write_frame(&file, aad, piece)?;
        let stands = Stands {
            frames: stands.frames + u32::from(bytes > 0),
            offset: stands.offset + bytes,
            file_bytes: stands.file_bytes + written,
        };
        begin_flush(&file, stands.file_bytes);
        rehearsal::point("upload.piece_written");
        Ok((file, stands))
    }

    /// Judges an upload that has all its bytes on the disk, and gives it its name. Where what is in it is known to be
    /// the file, `start` is how it begins; otherwise it is opened and hashed.
    fn finish(
        &self,
        part: &Path,
        (tenant, digest): (&str, &Sha256Digest),
        length: u64,
        start: Option<Vec<u8>>,
    ) -> Result<Option<Finished>, AttachmentError> {
        let (start, is_named) = match start {
            Some(start) => (start, true),
            None => match self.judge_frames(part, (tenant, digest)) {
                Ok(judged) => judged,
                // Damaged on the disk: kept, it could never be finished. The upload begins anew.
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    fs::remove_file(part)?;
                    return Err(AttachmentError::Offset(0));
                }
                Err(error) => return Err(error.into()),
            },
        };
        rehearsal::point("upload.hashed");
        match media_type(&start) {
            Some(media_type) if is_named => {
                let whole = self.whole(tenant, digest);
                fs::rename(part, &whole)?;
                rehearsal::point("upload.renamed");
                sync_folder(&whole)?;
                rehearsal::point("upload.finished");
                Ok(Some(Finished {
                    size_bytes: length,
                    media_type,
                }))
            }
            _ => {
                fs::remove_file(part)?;
                Err(AttachmentError::Content)
            }
        }
    }

    /// How what is stored begins, and whether it is what it is named by.
    fn judge_frames(
        &self,
        part: &Path,
        (tenant, digest): (&str, &Sha256Digest),
    ) -> io::Result<(Vec<u8>, bool)> {
        let (mut start, mut hash) = (Vec::new(), Sha256::new());
        self.each_frame(part, (tenant, digest), |piece| {
            let missing = LONGEST_START.saturating_sub(start.len());
            start.extend(piece.iter().take(missing));
            hash.update(piece);
        })?;
        Ok((start, hash.finalize()[..] == digest.as_bytes()[..]))
    }

    /// Seals a piece where it lies and appends it; returns the bytes it takes there. Of nothing, nothing is written.
    fn write_frame(&self, mut file: &File, aad: &[u8], mut piece: Vec<u8>) -> io::Result<u64> {
        if piece.is_empty() {
            return Ok(0);
        }
        let mut nonce = [0; NONCE_BYTES];
        rand::rngs::OsRng.fill_bytes(&mut nonce);
        let tag = self
            .cipher
            .encrypt_in_place_detached(XNonce::from_slice(&nonce), aad, &mut piece)
            .map_err(|_| io::Error::other("sealing failed"))?;
        let sealed_bytes = piece.len() + tag.len();
        let count = u32::try_from(sealed_bytes).map_err(|_| io::Error::other("piece too large"))?;
        file.write_all(&[&count.to_be_bytes()[..], &nonce].concat())?;
        file.write_all(&piece)?;
        file.write_all(&tag)?;
        Ok((LENGTH_BYTES + NONCE_BYTES + sealed_bytes) as u64)
    }

    /// The finished file of an upload whose row was lost in a crash between renaming and commit.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn finished(
        &self,
        tenant: &str,
        digest: &Sha256Digest,
    ) -> Result<Option<Finished>, AttachmentError> {
        if !self.whole(tenant, digest).exists() {
            return Ok(None);
        }
        let bytes = self.read(tenant, digest)?;
        Ok(media_type(&bytes).map(|media_type| Finished {
            size_bytes: bytes.len() as u64,
            media_type,
        }))
    }

    /// A complete attachment.
    ///
    /// # Errors
    /// It is not there, or was tampered with.
    pub fn read(&self, tenant: &str, digest: &Sha256Digest) -> Result<Vec<u8>, AttachmentError> {
        let bytes = self.open_frames(&self.whole(tenant, digest), tenant, digest)?;
        if Sha256::digest(&bytes)[..] == digest.as_bytes()[..] {
            Ok(bytes)
        } else {
            Err(io::Error::other("the attachment was tampered with").into())
        }
    }

    /// Copies all complete attachments into another folder, in place of what stands there under their names, except
    /// these; returns how many.
    ///
    /// # Errors
    /// A file cannot be copied.
    pub fn copy_to(&self, to: &Path, except: &[(String, Sha256Digest)]) -> io::Result<u64> {
        let except: HashSet<_> = except
            .iter()
            .map(|(tenant, digest)| self.whole(tenant, digest))
            .collect();
        let mut count = 0;
        for tenant in entries(&self.root)? {
            if !tenant.file_type()?.is_dir() {
                continue;
            }
            let target = to.join(tenant.file_name());
            fs::create_dir_all(&target)?;
            for file in entries(&tenant.path())? {
                if file.path().extension().is_some() || except.contains(&file.path()) {
                    continue;
                }
                let copy = target.join(file.file_name());
                let unfinished = copy.with_extension("copy");
                fs::copy(file.path(), &unfinished)?;
                File::open(&unfinished)?.sync_all()?;
                fs::rename(&unfinished, &copy)?;
                count += 1;
            }
            crate::backup::sync_folder(&target)?;
        }
        if to.exists() {
            crate::backup::sync_folder(to)?;
        }
        Ok(count)
    }

    fn whole(&self, tenant: &str, digest: &Sha256Digest) -> PathBuf {
        self.root.join(tenant).join(digest.to_string())
    }

    fn part(&self, tenant: &str, digest: &Sha256Digest) -> PathBuf {
        self.whole(tenant, digest).with_extension("part")
    }

    fn open_frames(&self, path: &Path, tenant: &str, digest: &Sha256Digest) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.each_frame(path, (tenant, digest), |piece| {
            bytes.extend_from_slice(piece);
        })?;
        Ok(bytes)
    }

    /// Opens one frame after the other; no more than one is in memory.
    fn each_frame(
        &self,
        path: &Path,
        (tenant, digest): (&str, &Sha256Digest),
        mut opened: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        let tampered = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "the attachment was tampered with",
            )
        };
        let mut file = File::open(path)?;
        let mut left = file.metadata()?.len();
        let (mut number, mut offset) = (0, 0);
        while left > 0 {
            let mut head = [0; LENGTH_BYTES + NONCE_BYTES];
            left = left.checked_sub(head.len() as u64).ok_or_else(tampered)?;
            file.read_exact(&mut head)?;
            let (length, nonce) = head.split_at(LENGTH_BYTES);
            let length = u32::from_be_bytes(length.try_into().map_err(|_| tampered())?);
            left = left.checked_sub(u64::from(length)).ok_or_else(tampered)?;
            let mut sealed = vec![0; length as usize];
            file.read_exact(&mut sealed)?;
            let aad = place(tenant, digest, number, offset);
            let piece = self
                .cipher
                .decrypt(
                    XNonce::from_slice(nonce),
                    Payload {
                        msg: &sealed,
                        aad: &aad,
                    },
                )
                .map_err(|_| tampered())?;
            opened(&piece);
            number += 1;
            offset += piece.len() as u64;
        }
        Ok(())
    }
}

/// Waits for whoever writes the upload.
fn held(upload: &Upload) -> MutexGuard<'_, Option<Written>> {
    upload.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has what was written brought to the disk while the next piece arrives, so that little is left to flush at the end.
#[cfg(target_os = "linux")]
fn begin_flush(file: &File, bytes: u64) {
    const PAGE: u64 = 4096;
    // Not the last page, which the next piece goes on with and would wait for.
    let whole_pages = std::num::NonZeroU64::new(bytes / PAGE * PAGE);
    // Where it is not taken, the flush at the end takes longer.
    let _ = rustix::fs::fadvise(file, 0, whole_pages, rustix::fs::Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
fn begin_flush(_: &File, _: u64) {}

/// Brings an upload to the disk. Where that fails it is removed: it could be read as if it were there, and the next
/// flush would not say so.
fn flush(file: &File, part: &Path) -> io::Result<()> {
    file.sync_all().or_else(|error| {
        fs::remove_file(part)?;
        Err(error)
    })
}

/// What a folder holds; nothing where there is none.
fn entries(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

impl Written {
    /// An upload of which this is the first piece.
    fn beginning(piece: &Piece) -> Self {
        Self {
            by: piece.by,
            stands: Stands::default(),
            start: piece.bytes.iter().copied().take(LONGEST_START).collect(),
        }
    }
}

/// What a frame is bound to.
fn place(tenant: &str, digest: &Sha256Digest, number: u32, offset: u64) -> Vec<u8> {
    [
        tenant.as_bytes(),
        &[0],
        digest.as_bytes(),
        &number.to_be_bytes(),
        &offset.to_be_bytes(),
    ]
    .concat()
}

/// How far the file of an upload goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Stands {
    frames: u32,
    offset: u64,
    file_bytes: u64,
}

impl Stands {
    /// Whether the file ends where this says, so that its frames need not be counted again.
    fn is_at_the_end_of(&self, part: &Path) -> bool {
        fs::metadata(part).is_ok_and(|file| file.len() == self.file_bytes)
    }
}

/// Counts the whole frames of an upload by their lengths alone.
fn whole_frames(part: &Path) -> io::Result<Stands> {
    let mut stands = Stands::default();
    let mut file = match File::open(part) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(stands),
        Err(error) => return Err(error),
    };
    let size = file.metadata()?.len();
    let mut length = [0; LENGTH_BYTES];
    while size - stands.file_bytes >= LENGTH_BYTES as u64 {
        file.read_exact(&mut length)?;
        let sealed = u64::from(u32::from_be_bytes(length));
        let frame = (LENGTH_BYTES + NONCE_BYTES) as u64 + sealed;
        let fits = (TAG_BYTES as u64..=(MAX_CHUNK_BYTES + TAG_BYTES) as u64).contains(&sealed);
        if !fits || stands.file_bytes + frame > size {
            break;
        }
        stands.frames += 1;
        stands.offset += sealed - TAG_BYTES as u64;
        stands.file_bytes += frame;
        io::Seek::seek(&mut file, io::SeekFrom::Start(stands.file_bytes))?;
    }
    Ok(stands)
}

#[cfg(unix)]
fn sync_folder(file: &Path) -> io::Result<()> {
    file.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    // A folder cannot be opened for syncing there; the file system journals the rename.
    Ok(())
}

/// The accepted type a file is of, by its first bytes and never by its name.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 3] = [
        (b"%PDF-", "application/pdf"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
    ];
    KNOWN
        .iter()
        .find(|(start, _)| bytes.starts_with(start))
        .map(|(_, media_type)| *media_type)
}

#[cfg(test)]
mod tests;
