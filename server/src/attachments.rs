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
type Upload = Arc<Mutex<Option<Running>>>;

/// What is known of an upload from its pieces as they came: its end is then judged without opening it again.
///
/// It is in memory alone. After a restart, or where the file is not as it was left, the whole is opened and hashed.
#[derive(Clone, Default)]
struct Running {
    stands: Stands,
    hash: Sha256,
    start: Vec<u8>,
}

impl Running {
    /// The same after another piece.
    fn with(mut self, piece: &[u8]) -> Self {
        self.hash.update(piece);
        let missing = LONGEST_START.saturating_sub(self.start.len());
        self.start.extend(piece.iter().take(missing));
        self
    }
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

    /// Appends a piece; returns what is finished, and on the disk, when `length` bytes are there.
    ///
    /// # Errors
    /// A wrong offset, wrong content at the end, or the disk failed.
    pub fn append(
        &self,
        (tenant, digest): (&str, &Sha256Digest),
        (offset, length): (u64, u64),
        piece: &[u8],
    ) -> Result<Option<Finished>, AttachmentError> {
        let part = self.part(tenant, digest);
        let upload = self.upload(&part);
        let mut upload = held(&upload);
        let stands = whole_frames(&part)?;
        let behind = offset + piece.len() as u64;
        if stands.offset != offset || behind > length {
            return Err(AttachmentError::Offset(stands.offset));
        }
        let running = upload
            .take()
            .filter(|running| running.stands == stands)
            .or_else(|| (offset == 0).then(Running::default));
        let (file, running) = self.write_piece(&part, (tenant, digest), stands, running, piece)?;
        if behind < length {
            // What a crash takes of an unfinished upload is sent again; only what is finished is promised.
            *upload = running;
            return Ok(None);
        }
        flush(&file, &part)?;
        self.finish(&part, (tenant, digest), length, running)
    }

    /// The memory of an upload, one for all who write it.
    fn upload(&self, part: &Path) -> Upload {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        if uploads.len() >= MOST_REMEMBERED {
            uploads.retain(|_, upload| Arc::strong_count(upload) > 1);
        }
        Arc::clone(uploads.entry(part.to_owned()).or_default())
    }

    /// Writes a piece behind what stands there, and hashes it meanwhile where all before it was.
    fn write_piece(
        &self,
        part: &Path,
        (tenant, digest): (&str, &Sha256Digest),
        stands: Stands,
        running: Option<Running>,
        piece: &[u8],
    ) -> io::Result<(File, Option<Running>)> {
        if let Some(parent) = part.parent() {
            fs::create_dir_all(parent)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(part)?;
        // A cut in the middle of a frame leaves bytes that no frame claims.
        file.set_len(stands.file_bytes)?;
        let aad = place(tenant, digest, stands.frames, stands.offset);
        let (running, written) = std::thread::scope(|scope| {
            let hashing = running.map(|running| scope.spawn(move || running.with(piece)));
            let written = self.write_frame(&file, &aad, piece);
            let joined = hashing.and_then(|hashing| hashing.join().ok());
            (joined, written)
        });
        let stands = Stands {
            frames: stands.frames + u32::from(!piece.is_empty()),
            offset: stands.offset + piece.len() as u64,
            file_bytes: stands.file_bytes + written?,
        };
        rehearsal::point("upload.piece_written");
        Ok((file, running.map(|running| Running { stands, ..running })))
    }

    /// Judges an upload that has all its bytes on the disk, and gives it its name.
    fn finish(
        &self,
        part: &Path,
        (tenant, digest): (&str, &Sha256Digest),
        length: u64,
        running: Option<Running>,
    ) -> Result<Option<Finished>, AttachmentError> {
        let running = match running {
            Some(running) => running,
            None => match self.open_frames(part, tenant, digest) {
                Ok(bytes) => Running::default().with(&bytes),
                // Damaged on the disk: kept, it could never be finished. The upload begins anew.
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    fs::remove_file(part)?;
                    return Err(AttachmentError::Offset(0));
                }
                Err(error) => return Err(error.into()),
            },
        };
        let is_named = running.hash.finalize()[..] == digest.as_bytes()[..];
        rehearsal::point("upload.hashed");
        match media_type(&running.start) {
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

    /// Seals a piece and appends it; returns the bytes it takes there. Of nothing, nothing is written.
    fn write_frame(&self, mut file: &File, aad: &[u8], piece: &[u8]) -> io::Result<u64> {
        if piece.is_empty() {
            return Ok(0);
        }
        let mut nonce = [0; NONCE_BYTES];
        rand::rngs::OsRng.fill_bytes(&mut nonce);
        let begin = LENGTH_BYTES + NONCE_BYTES;
        let sealed_bytes = piece.len() + TAG_BYTES;
        let count = u32::try_from(sealed_bytes).map_err(|_| io::Error::other("piece too large"))?;
        let mut frame = Vec::with_capacity(begin + sealed_bytes);
        frame.extend_from_slice(&count.to_be_bytes());
        frame.extend_from_slice(&nonce);
        frame.extend_from_slice(piece);
        let tag = self
            .cipher
            .encrypt_in_place_detached(XNonce::from_slice(&nonce), aad, &mut frame[begin..])
            .map_err(|_| io::Error::other("sealing failed"))?;
        frame.extend_from_slice(&tag);
        file.write_all(&frame)?;
        Ok(frame.len() as u64)
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
        let tampered = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "the attachment was tampered with",
            )
        };
        let stored = fs::read(path)?;
        let mut rest = stored.as_slice();
        let mut bytes = Vec::with_capacity(stored.len());
        let mut number = 0;
        while !rest.is_empty() {
            let (length, after) = rest.split_at_checked(LENGTH_BYTES).ok_or_else(tampered)?;
            let length = u32::from_be_bytes(length.try_into().map_err(|_| tampered())?) as usize;
            let (nonce, after) = after.split_at_checked(NONCE_BYTES).ok_or_else(tampered)?;
            let (sealed, after) = after.split_at_checked(length).ok_or_else(tampered)?;
            let aad = place(tenant, digest, number, bytes.len() as u64);
            let piece = self
                .cipher
                .decrypt(
                    XNonce::from_slice(nonce),
                    Payload {
                        msg: sealed,
                        aad: &aad,
                    },
                )
                .map_err(|_| tampered())?;
            bytes.extend_from_slice(&piece);
            rest = after;
            number += 1;
        }
        Ok(bytes)
    }
}

/// Waits for whoever writes the upload.
fn held(upload: &Upload) -> MutexGuard<'_, Option<Running>> {
    upload.lock().unwrap_or_else(PoisonError::into_inner)
}

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
mod tests {
    use super::*;

    fn pdf(size: usize) -> (Vec<u8>, Sha256Digest) {
        let mut bytes = b"%PDF-1.7\n".to_vec();
        bytes.resize(size, b'x');
        let digest = Sha256Digest::from_bytes(Sha256::digest(&bytes).into());
        (bytes, digest)
    }

    fn folder(scratch: &tempfile::TempDir) -> AttachmentFolder {
        AttachmentFolder::open(scratch.path(), &[3; 32]).unwrap()
    }

    fn append(
        folder: &AttachmentFolder,
        digest: &Sha256Digest,
        of: (u64, u64),
        piece: &[u8],
    ) -> Result<Option<Finished>, AttachmentError> {
        folder.append(("0999", digest), of, piece)
    }

    #[test]
    fn an_upload_cut_in_the_middle_of_a_piece_goes_on_from_the_last_whole_one() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = folder(&scratch);
        let (bytes, digest) = pdf(3_000);
        let length = bytes.len() as u64;
        assert!(
            append(&folder, &digest, (0, length), &bytes[..1_000])
                .unwrap()
                .is_none()
        );
        assert!(
            append(&folder, &digest, (1_000, length), &bytes[1_000..2_000])
                .unwrap()
                .is_none()
        );
        let part = folder.part("0999", &digest);
        let size = fs::metadata(&part).unwrap().len();
        OpenOptions::new()
            .write(true)
            .open(&part)
            .unwrap()
            .set_len(size - 7)
            .unwrap();

        assert_eq!(folder.offset("0999", &digest).unwrap(), 1_000);
        let finished = append(&folder, &digest, (1_000, length), &bytes[1_000..]).unwrap();

        assert_eq!(
            finished,
            Some(Finished {
                size_bytes: length,
                media_type: "application/pdf"
            })
        );
        assert_eq!(folder.read("0999", &digest).unwrap(), bytes);
    }

    #[test]
    fn what_is_stored_does_not_show_the_content_and_cannot_be_changed_or_moved() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = folder(&scratch);
        let (bytes, digest) = pdf(500);
        append(&folder, &digest, (0, 500), &bytes).unwrap();
        let path = folder.whole("0999", &digest);
        let mut stored = fs::read(&path).unwrap();
        assert!(!stored.windows(5).any(|window| window == b"%PDF-"));

        fs::create_dir_all(scratch.path().join("0101")).unwrap();
        fs::copy(&path, folder.whole("0101", &digest)).unwrap();
        assert!(
            folder.read("0101", &digest).is_err(),
            "a file of another municipality does not open"
        );
        let last = stored.len() - 1;
        stored[last] ^= 1;
        fs::write(&path, stored).unwrap();
        assert!(folder.read("0999", &digest).is_err());
    }

    #[test]
    fn wrong_content_is_refused_at_the_end_and_the_upload_starts_anew() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = folder(&scratch);
        let (bytes, digest) = pdf(100);
        let mut other = bytes.clone();
        other[50] = b'y';
        let program = b"MZ and so on".to_vec();
        let program_digest = Sha256Digest::from_bytes(Sha256::digest(&program).into());

        let wrong = append(&folder, &digest, (0, 100), &other);
        let no_type = append(
            &folder,
            &program_digest,
            (0, program.len() as u64),
            &program,
        );

        assert!(matches!(wrong, Err(AttachmentError::Content)));
        assert!(matches!(no_type, Err(AttachmentError::Content)));
        assert_eq!(folder.offset("0999", &digest).unwrap(), 0);
    }

    /// Pieces of 1,000 bytes with nothing left in memory, or the file torn, before each of them.
    #[test]
    fn an_upload_goes_on_wherever_it_is_torn_and_is_judged_by_what_is_stored() {
        for (lost, is_wrong) in [false, true]
            .into_iter()
            .flat_map(|is_wrong| (0..4).map(move |lost| (lost, is_wrong)))
        {
            let scratch = tempfile::tempdir().unwrap();
            let mut folder = folder(&scratch);
            let (bytes, digest) = pdf(4_000);
            let mut sent = bytes.clone();
            sent[1_500] ^= u8::from(is_wrong);
            let mut outcome = None;
            for (nth, piece) in sent.chunks(1_000).enumerate() {
                let offset = nth as u64 * 1_000;
                if nth == lost {
                    folder = AttachmentFolder::open(scratch.path(), &[3; 32]).unwrap();
                }
                outcome = Some(append(&folder, &digest, (offset, 4_000), piece));
                if nth + 1 == lost {
                    let part = folder.part("0999", &digest);
                    let size = fs::metadata(&part).unwrap().len();
                    let file = OpenOptions::new().write(true).open(&part).unwrap();
                    file.set_len(size - 7).unwrap();
                    assert_eq!(folder.offset("0999", &digest).unwrap(), offset);
                    outcome = Some(append(&folder, &digest, (offset, 4_000), piece));
                }
            }

            match outcome.unwrap() {
                Ok(Some(finished)) => {
                    assert!(!is_wrong, "wrong content was taken, torn at {lost}");
                    assert_eq!(finished.size_bytes, 4_000);
                    assert_eq!(folder.read("0999", &digest).unwrap(), bytes);
                }
                Err(AttachmentError::Content) => {
                    assert!(is_wrong, "right content was refused, torn at {lost}");
                    assert_eq!(folder.offset("0999", &digest).unwrap(), 0);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_piece_that_was_lost_from_the_file_is_not_in_the_hash_that_is_carried_along() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = folder(&scratch);
        let (bytes, digest) = pdf(3_000);
        let append = |from: usize, to: usize| {
            append(&folder, &digest, (from as u64, 3_000), &bytes[from..to])
        };
        append(0, 1_000).unwrap();
        append(1_000, 2_000).unwrap();
        fs::remove_file(folder.part("0999", &digest)).unwrap();

        let too_far = append(2_000, 3_000);
        append(0, 2_000).unwrap();
        let finished = append(2_000, 3_000).unwrap();

        assert!(matches!(too_far, Err(AttachmentError::Offset(0))));
        assert!(finished.is_some());
        assert_eq!(folder.read("0999", &digest).unwrap(), bytes);
    }

    #[test]
    fn an_unfinished_upload_that_was_damaged_on_the_disk_begins_anew() {
        let scratch = tempfile::tempdir().unwrap();
        let (bytes, digest) = pdf(2_000);
        append(&folder(&scratch), &digest, (0, 2_000), &bytes[..1_000]).unwrap();
        // After a restart the whole is opened, and one byte of the first piece is another.
        let folder = folder(&scratch);
        let part = folder.part("0999", &digest);
        let mut stored = fs::read(&part).unwrap();
        stored[100] ^= 1;
        fs::write(&part, stored).unwrap();

        let end = append(&folder, &digest, (1_000, 2_000), &bytes[1_000..]);
        assert!(matches!(end, Err(AttachmentError::Offset(0))), "{end:?}");
        let anew = append(&folder, &digest, (0, 2_000), &bytes).unwrap();

        assert!(anew.is_some());
        assert_eq!(folder.read("0999", &digest).unwrap(), bytes);
    }

    #[test]
    fn a_copy_replaces_a_half_copied_file_and_leaves_out_what_it_is_told_to() {
        let scratch = tempfile::tempdir().unwrap();
        let to = tempfile::tempdir().unwrap();
        let folder = folder(&scratch);
        let held: Vec<_> = [1_000, 2_000].map(pdf).into();
        for (bytes, digest) in &held {
            let length = bytes.len() as u64;
            append(&folder, digest, (0, length), bytes).unwrap();
        }
        let copy = AttachmentFolder::at(to.path(), &[3; 32]);
        fs::create_dir_all(to.path().join("0999")).unwrap();
        fs::write(copy.whole("0999", &held[0].1), "half").unwrap();

        let except = [("0999".to_owned(), held[1].1)];
        let count = folder.copy_to(to.path(), &except).unwrap();

        assert_eq!(count, 1);
        assert_eq!(copy.read("0999", &held[0].1).unwrap(), held[0].0);
        assert!(!copy.is_there("0999", &held[1].1));
        assert_eq!(entries(&to.path().join("0999")).unwrap().len(), 1);
    }

    #[test]
    fn a_piece_at_another_offset_is_told_where_the_upload_stands() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = folder(&scratch);
        let (bytes, digest) = pdf(100);
        append(&folder, &digest, (0, 100), &bytes[..40]).unwrap();

        let again = append(&folder, &digest, (0, 100), &bytes[..40]);
        let too_much = append(&folder, &digest, (40, 100), &[0; 61]);

        assert!(matches!(again, Err(AttachmentError::Offset(40))));
        assert!(matches!(too_much, Err(AttachmentError::Offset(40))));
    }

    #[test]
    fn an_upload_waits_for_nobody_who_writes_another() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = folder(&scratch);
        let [(slow, slow_digest), (bytes, digest)] = [200, 100].map(pdf);
        let slow_upload = folder.upload(&folder.part("0999", &slow_digest));

        let writing = held(&slow_upload);
        let other = append(&folder, &digest, (0, 100), &bytes);
        drop(writing);
        let after = append(&folder, &slow_digest, (0, 200), &slow);

        assert!(other.unwrap().is_some());
        assert!(after.unwrap().is_some());
    }

    #[test]
    fn what_nobody_writes_is_forgotten_and_what_somebody_writes_is_not() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = folder(&scratch);
        let written = folder.upload(&folder.part("0999", &pdf(1_000).1));
        for size in 10..10 + MOST_REMEMBERED {
            folder.upload(&folder.part("0999", &pdf(size).1));
        }

        let again = folder.upload(&folder.part("0999", &pdf(1_000).1));

        assert!(Arc::ptr_eq(&written, &again));
        assert!(folder.uploads.lock().unwrap().len() < MOST_REMEMBERED);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_upload_that_could_not_be_flushed_is_not_there_to_be_taken_for_flushed() {
        let scratch = tempfile::tempdir().unwrap();
        let part = scratch.path().join("a.part");
        fs::write(&part, "a piece").unwrap();
        let not_a_disk = OpenOptions::new().write(true).open("/dev/full").unwrap();

        let flushed = flush(&not_a_disk, &part);

        assert!(flushed.is_err());
        assert!(!part.exists());
    }
}
