//! The outbox log: a second copy of every own event, beside the database.
//!
//! Append-only, each record encrypted under a key of its own use, framed with length and checksum, and on the disk
//! before anyone is told "gemt". A ruined database is made anew from it, and a database that was put back to an older
//! copy is noticed by it. Records that the central store holds in a backup are left out when the log is rewritten.
//!
//! Frame: marker, length, number, body, checksum. The body is nonce and ciphertext; the record's number and the
//! log's name are authenticated with it, so that frames cannot be moved, repeated or taken from another log.
//!
//! Basis: design, section 5; spec reliability, section 3 (*Second outbox file*) and F5.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::RngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use skranke_domain::ids::{DeviceId, EventId};
use skranke_domain::rehearsal::{self, Bug};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::signature::Signature;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::ballast;
use crate::error::{Damage, StoreError};
use crate::files;
use crate::key::{Secret, StoreKey, Use};
use crate::store::SaveStep;

/// Name of the log in the store's folder.
pub(crate) const FILE_NAME: &str = "outbox.log";
const MAGIC: &[u8; 8] = b"SKROLOG1";
const HEADER_BYTES: usize = 8 + 8 + 16;
const MARKER: &[u8; 4] = b"SKF1";
const FRAME_HEAD_BYTES: usize = 4 + 4 + 8;
const NONCE_BYTES: usize = 24;
const CHECKSUM_BYTES: usize = 8;
/// No record is larger: an event's header and payload at their limits, with room to spare.
const LONGEST_BODY: usize = 1024 * 1024;

/// This device as the log remembers it, so that a ruined database costs neither the key nor a number twice.
#[derive(Clone)]
pub(crate) struct DeviceRecord {
    pub(crate) device: DeviceId,
    pub(crate) code: String,
    pub(crate) signing_seed: Zeroizing<[u8; 32]>,
    pub(crate) seq: u64,
    pub(crate) head_hash: Option<[u8; 32]>,
    pub(crate) serials: BTreeMap<(String, u16), u32>,
}

/// One record of the log.
#[derive(Clone)]
pub(crate) enum Record {
    /// An own event.
    Event(Box<SealedEvent>),
    /// This device, as it stood when the log was begun or the device enrolled.
    Device(DeviceRecord),
}

impl Record {
    /// The event, if it is one.
    pub(crate) fn event_id(&self) -> Option<EventId> {
        match self {
            Record::Event(event) => Some(event.header().id),
            Record::Device(_) => None,
        }
    }
}

/// What reading a log gave.
#[derive(Default)]
pub(crate) struct Contents {
    /// Records that could be read, in order.
    pub(crate) records: Vec<Record>,
    /// Whether something before the end could not be read.
    pub(crate) is_damaged: bool,
    /// Whether the last record was cut short, which happens when the power goes while it is written.
    pub(crate) is_torn: bool,
    name: [u8; 16],
    next_number: u64,
    good_bytes: u64,
}

impl Contents {
    /// A log of which nothing can be read.
    pub(crate) fn unreadable() -> Self {
        Self {
            is_damaged: true,
            ..Self::default()
        }
    }
}

/// The log, ready to be appended to.
#[derive(Debug)]
pub(crate) struct OutboxLog {
    path: PathBuf,
    key: Secret,
    check: [u8; 8],
    name: [u8; 16],
    next_number: u64,
    end: u64,
    /// Records that were saved in the database but could not be written here yet.
    behind: Vec<Zeroizing<Vec<u8>>>,
}

impl OutboxLog {
    /// Reads the log of a folder; `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] when the log was written under another key.
    pub(crate) fn read(folder: &Path, key: &StoreKey) -> Result<Option<Contents>, StoreError> {
        let bytes = match fs::read(folder.join(FILE_NAME)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if bytes.len() >= 16 && bytes.starts_with(MAGIC) && bytes[8..16] != key.check() {
            return Err(StoreError::WrongKey);
        }
        Ok(Some(parse(&bytes, &key.derive(Use::OutboxLog))))
    }

    /// Whether a log in the folder vouches for the key: `None` where there is no log, or no readable start of one.
    pub(crate) fn vouches(folder: &Path, key: &StoreKey) -> Result<Option<bool>, StoreError> {
        let mut start = Vec::with_capacity(16);
        match File::open(folder.join(FILE_NAME)) {
            Ok(file) => file.take(16).read_to_end(&mut start)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok((start.len() == 16 && start.starts_with(MAGIC)).then(|| start[8..] == key.check()))
    }

    /// Takes up a log that was read whole; a torn last record is cut off.
    pub(crate) fn resume(
        folder: &Path,
        key: &StoreKey,
        read: &Contents,
    ) -> Result<Self, StoreError> {
        let path = folder.join(FILE_NAME);
        if read.is_torn {
            // Nothing is lost: a record that is not whole was never reported as saved, and its event is in the
            // database or was never saved at all.
            let file = files::private().write(true).open(&path)?;
            file.lock()?;
            file.set_len(read.good_bytes)?;
            file.sync_all()?;
        }
        Ok(Self {
            path,
            key: key.derive(Use::OutboxLog),
            check: key.check(),
            name: read.name,
            next_number: read.next_number,
            end: read.good_bytes,
            behind: Vec::new(),
        })
    }

    /// Writes a new log with these records in the place of whatever is there, whole or not at all.
    pub(crate) fn create(
        folder: &Path,
        key: &StoreKey,
        records: &[Record],
    ) -> Result<Self, StoreError> {
        let mut log = Self {
            path: folder.join(FILE_NAME),
            key: key.derive(Use::OutboxLog),
            check: key.check(),
            name: [0; 16],
            next_number: 1,
            end: 0,
            behind: Vec::new(),
        };
        log.write_new(records)?;
        Ok(log)
    }

    fn write_new(&mut self, records: &[Record]) -> Result<(), StoreError> {
        OsRng.fill_bytes(&mut self.name);
        let mut bytes = Vec::new();
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.check);
        bytes.extend_from_slice(&self.name);
        for record in records {
            self.frame(&mut bytes, &encode(record))?;
        }
        files::write_whole(&self.path, &bytes)?;
        self.end = bytes.len() as u64;
        Ok(())
    }

    /// Appends records and waits until they are on the disk.
    pub(crate) fn append(
        &mut self,
        records: &[Record],
        step: &dyn Fn(SaveStep),
    ) -> Result<(), StoreError> {
        self.behind
            .extend(records.iter().map(|record| Zeroizing::new(encode(record))));
        if self.behind.is_empty() {
            return Ok(());
        }
        let mut file = self.locked()?;
        let mut bytes = Vec::new();
        let (number_before, end_before) = (self.next_number, self.end);
        for record in &self.behind.clone() {
            self.frame(&mut bytes, record)?;
        }
        let written = file
            .seek(SeekFrom::Start(end_before))
            .and_then(|_| file.write_all(&bytes))
            .inspect(|()| step(SaveStep::LogWritten))
            .and_then(|()| match rehearsal::is_planted(Bug::NoFsync) {
                true => Ok(()),
                false => file.sync_data(),
            });
        if let Err(error) = written {
            // Half a record must not stand before the next one.
            let _ = file.set_len(end_before);
            (self.next_number, self.end) = (number_before, end_before);
            return Err(error.into());
        }
        self.end = end_before + bytes.len() as u64;
        self.behind.clear();
        step(SaveStep::LogSynced);
        Ok(())
    }

    /// Writes the log anew with these records alone, whole or not at all.
    pub(crate) fn rewrite(&mut self, records: &[Record]) -> Result<(), StoreError> {
        let mut log = Self {
            path: self.path.clone(),
            key: self.key.clone(),
            check: self.check,
            name: [0; 16],
            next_number: 1,
            end: 0,
            behind: Vec::new(),
        };
        log.write_new(records)?;
        *self = log;
        Ok(())
    }

    /// Whether something that was saved is not in the log yet.
    pub(crate) fn is_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// Gives the room of the ballast beside the log back; whether there was any.
    pub(crate) fn release_ballast(&self) -> bool {
        let folder = self.path.parent();
        folder.is_some_and(|folder| ballast::release(folder).is_ok_and(|released| released > 0))
    }

    /// Opens and locks the log that stands under the name now, and catches up with what another process wrote.
    fn locked(&mut self) -> Result<File, StoreError> {
        loop {
            let mut file = files::private().read(true).write(true).open(&self.path)?;
            file.lock()?;
            // Another process may have put a rewritten log in its place while this one waited for the lock.
            let header = start_of(&file)?;
            if header != start_of(&File::open(&self.path)?)? {
                continue;
            }
            if file.metadata()?.len() != self.end || header.get(16..) != Some(self.name.as_slice())
            {
                let mut bytes = Vec::new();
                file.seek(SeekFrom::Start(0))?;
                file.read_to_end(&mut bytes)?;
                let read = parse(&bytes, &self.key);
                if read.is_damaged {
                    return Err(StoreError::Damaged(Damage::SealedFile));
                }
                file.set_len(read.good_bytes)?;
                self.name = read.name;
                self.next_number = read.next_number;
                self.end = read.good_bytes;
            }
            return Ok(file);
        }
    }

    fn frame(&mut self, into: &mut Vec<u8>, plain: &[u8]) -> Result<(), StoreError> {
        let number = self.next_number;
        let mut nonce = [0; NONCE_BYTES];
        OsRng.fill_bytes(&mut nonce);
        let sealed = XChaCha20Poly1305::new(self.key.as_slice().into())
            .encrypt(
                XNonce::from_slice(&nonce),
                Payload {
                    msg: plain,
                    aad: &bound_to(&self.name, number),
                },
            )
            .map_err(|_| StoreError::Refused("a record is too large for the outbox log"))?;
        let body_bytes = NONCE_BYTES + sealed.len();
        if body_bytes > LONGEST_BODY {
            return Err(StoreError::Refused(
                "a record is too large for the outbox log",
            ));
        }
        let start = into.len();
        into.extend_from_slice(MARKER);
        into.extend_from_slice(&u32::try_from(body_bytes).unwrap_or(u32::MAX).to_le_bytes());
        into.extend_from_slice(&number.to_le_bytes());
        into.extend_from_slice(&nonce);
        into.extend_from_slice(&sealed);
        let checksum = checksum(&into[start..]);
        into.extend_from_slice(&checksum);
        self.next_number += 1;
        Ok(())
    }
}

fn start_of(file: &File) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(HEADER_BYTES);
    let mut file = file;
    file.seek(SeekFrom::Start(0))?;
    file.take(HEADER_BYTES as u64).read_to_end(&mut start)?;
    Ok(start)
}

fn bound_to(name: &[u8; 16], number: u64) -> [u8; 24] {
    let mut bound = [0; 24];
    bound[..16].copy_from_slice(name);
    bound[16..].copy_from_slice(&number.to_le_bytes());
    bound
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&Sha256::digest(bytes)[..CHECKSUM_BYTES]);
    sum
}

/// Reads every record that can be read, going on behind damage at the next frame that is whole.
fn parse(bytes: &[u8], key: &Zeroizing<[u8; 32]>) -> Contents {
    let mut read = Contents {
        next_number: 1,
        ..Contents::default()
    };
    let Some(header) = bytes
        .get(..HEADER_BYTES)
        .filter(|header| header.starts_with(MAGIC))
    else {
        read.is_damaged = true;
        return read;
    };
    read.name.copy_from_slice(&header[16..32]);
    let cipher = XChaCha20Poly1305::new(key.as_slice().into());
    let mut at = HEADER_BYTES;
    read.good_bytes = at as u64;
    while at < bytes.len() {
        let whole = frame_at(bytes, at);
        let record = whole.as_ref().and_then(|frame| {
            let (nonce, sealed) = frame.body.split_at_checked(NONCE_BYTES)?;
            let bound = bound_to(&read.name, frame.number);
            let plain = cipher
                .decrypt(
                    XNonce::from_slice(nonce),
                    Payload {
                        msg: sealed,
                        aad: &bound,
                    },
                )
                .map(Zeroizing::new)
                .ok()?;
            decode(&plain)
        });
        match (whole, record) {
            (Some(frame), Some(record)) => {
                // A gap in the numbers is a record that someone took out.
                read.is_damaged |= frame.number != read.next_number;
                read.next_number = frame.number + 1;
                read.records.push(record);
                at = frame.end;
                read.good_bytes = at as u64;
            }
            (whole, _) => match next_whole_frame(bytes, at + 1) {
                Some(next) => {
                    read.is_damaged = true;
                    at = next;
                }
                None => {
                    // Only an unfinished frame at the very end is a torn write; a whole one that does not open is not.
                    let is_torn = whole.is_none() && !ends_with_damage(bytes, at);
                    read.is_torn |= is_torn;
                    read.is_damaged |= !is_torn;
                    break;
                }
            },
        }
    }
    read
}

struct Frame<'b> {
    number: u64,
    body: &'b [u8],
    end: usize,
}

fn frame_at(bytes: &[u8], at: usize) -> Option<Frame<'_>> {
    let head = bytes.get(at..at + FRAME_HEAD_BYTES)?;
    if !head.starts_with(MARKER) {
        return None;
    }
    let body_bytes = u32::from_le_bytes(head[4..8].try_into().ok()?) as usize;
    if body_bytes > LONGEST_BODY {
        return None;
    }
    let number = u64::from_le_bytes(head[8..16].try_into().ok()?);
    let body_end = at + FRAME_HEAD_BYTES + body_bytes;
    let sum = bytes.get(body_end..body_end + CHECKSUM_BYTES)?;
    if sum != checksum(&bytes[at..body_end]) {
        return None;
    }
    Some(Frame {
        number,
        body: &bytes[at + FRAME_HEAD_BYTES..body_end],
        end: body_end + CHECKSUM_BYTES,
    })
}

fn next_whole_frame(bytes: &[u8], from: usize) -> Option<usize> {
    (from..bytes.len().saturating_sub(FRAME_HEAD_BYTES)).find(|at| frame_at(bytes, *at).is_some())
}

/// Whether what stands at the end is as long as it says, and so was not cut short but changed.
fn ends_with_damage(bytes: &[u8], at: usize) -> bool {
    let length = bytes
        .get(at + 4..at + 8)
        .and_then(|length| length.try_into().ok());
    let said = length.map(|length| u32::from_le_bytes(length) as usize);
    said.is_some_and(|body| at + FRAME_HEAD_BYTES + body + CHECKSUM_BYTES <= bytes.len())
}

fn encode(record: &Record) -> Vec<u8> {
    let mut out = Vec::new();
    match record {
        Record::Event(event) => {
            out.push(1);
            put(&mut out, event.header_bytes());
            put(&mut out, event.signature().as_bytes());
            if let (Some(payload), Some(salt)) = (event.payload_bytes(), event.salt()) {
                put(&mut out, payload);
                put(&mut out, salt);
            }
        }
        Record::Device(device) => {
            out.push(2);
            put(&mut out, device.device.as_uuid().as_bytes());
            put(&mut out, device.code.as_bytes());
            put(&mut out, device.signing_seed.as_slice());
            put(&mut out, &device.seq.to_le_bytes());
            put(
                &mut out,
                device.head_hash.as_ref().map_or(&[][..], |hash| hash),
            );
            for ((series, year), last) in &device.serials {
                put(&mut out, series.as_bytes());
                put(&mut out, &year.to_le_bytes());
                put(&mut out, &last.to_le_bytes());
            }
        }
    }
    out
}

fn decode(plain: &[u8]) -> Option<Record> {
    let (kind, mut rest) = plain.split_first()?;
    match kind {
        1 => {
            let header = take(&mut rest)?.to_vec();
            let signature = Signature::from_bytes(take(&mut rest)?.try_into().ok()?);
            let (payload, salt) = if rest.is_empty() {
                (None, None)
            } else {
                (
                    Some(take(&mut rest)?.to_vec()),
                    Some(take(&mut rest)?.try_into().ok()?),
                )
            };
            SealedEvent::from_parts(header, payload, salt, signature)
                .ok()
                .map(Box::new)
                .map(Record::Event)
        }
        2 => {
            let device = DeviceId::from_uuid(Uuid::from_slice(take(&mut rest)?).ok()?);
            let code = String::from_utf8(take(&mut rest)?.to_vec()).ok()?;
            let signing_seed = Zeroizing::new(take(&mut rest)?.try_into().ok()?);
            let seq = u64::from_le_bytes(take(&mut rest)?.try_into().ok()?);
            let head = take(&mut rest)?;
            let head_hash = if head.is_empty() {
                None
            } else {
                Some(head.try_into().ok()?)
            };
            let mut serials = BTreeMap::new();
            while !rest.is_empty() {
                let series = String::from_utf8(take(&mut rest)?.to_vec()).ok()?;
                let year = u16::from_le_bytes(take(&mut rest)?.try_into().ok()?);
                let last = u32::from_le_bytes(take(&mut rest)?.try_into().ok()?);
                serials.insert((series, year), last);
            }
            Some(Record::Device(DeviceRecord {
                device,
                code,
                signing_seed,
                seq,
                head_hash,
                serials,
            }))
        }
        _ => None,
    }
}

fn put(out: &mut Vec<u8>, part: &[u8]) {
    out.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(part);
}

fn take<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, after) = rest.split_at_checked(4)?;
    let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
    let (part, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(part)
}
