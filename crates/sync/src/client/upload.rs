//! Uploading files in pieces, from where the server already has them.

use skranke_domain::ids::Sha256Digest;
use skranke_protocol::recovery::BOX_BYTES;
use skranke_protocol::wire::{
    MAX_CHUNK_BYTES, UPLOAD_COMPLETE, UPLOAD_LENGTH, UPLOAD_OFFSET, UPLOAD_SEALED,
};

use super::transport::{Body, Call};
use super::{Client, TIMEOUT};
use crate::environment::Cancel;
use crate::error::SyncError;

impl Client {
    /// Uploads a file from where the server already has it; `progress` hears the bytes that are there.
    ///
    /// # Errors
    /// See [`SyncError`].
    pub fn upload(
        &self,
        digest: &Sha256Digest,
        bytes: &[u8],
        cancel: &Cancel,
        progress: impl FnMut(u64),
    ) -> Result<(), SyncError> {
        self.upload_pieces(digest, Pieces::Plain(bytes), cancel, progress)
    }

    /// The same with a file whose pieces are here in boxes alone that only the server opens.
    ///
    /// # Errors
    /// As [`Client::upload`].
    pub fn upload_sealed(
        &self,
        digest: &Sha256Digest,
        boxes: &[u8],
        cancel: &Cancel,
        progress: impl FnMut(u64),
    ) -> Result<(), SyncError> {
        self.upload_pieces(digest, Pieces::Sealed(boxes), cancel, progress)
    }

    fn upload_pieces(
        &self,
        digest: &Sha256Digest,
        file: Pieces<'_>,
        cancel: &Cancel,
        mut progress: impl FnMut(u64),
    ) -> Result<(), SyncError> {
        let length = file.length();
        let path = format!("/v1/attachments/{digest}");
        let mut offset = match self.transport.send(&self.call("HEAD", &path), TIMEOUT)? {
            answer if answer.status == 404 => 0,
            answer => {
                let answer = answer.success()?;
                if answer.header(UPLOAD_COMPLETE) == Some("?1") {
                    progress(length);
                    return Ok(());
                }
                answer.number(UPLOAD_OFFSET)?
            }
        };
        let mut next = file.at(offset);
        loop {
            if cancel.is_cancelled() {
                return Err(SyncError::Cancelled);
            }
            progress(offset);
            let piece = match next.take() {
                Some(piece) if piece.offset == offset => piece,
                // The server has it otherwise than was to be expected.
                Some(_) | None => file.at(offset).ok_or(SyncError::WrongContent)?,
            };
            let behind = offset + piece.bytes;
            let call = Call {
                body: Some(piece.body),
                headers: file.headers(offset),
                ..self.call("PATCH", &path)
            };
            // While the server hashes and seals one piece, the next is made ready here.
            let answer = std::thread::scope(|scope| {
                let preparing = scope.spawn(move || file.at(behind));
                let answer = self.transport.send(&call, TIMEOUT);
                next = preparing.join().ok().flatten();
                answer
            })?;
            if answer.status == 409 && answer.header(UPLOAD_OFFSET).is_some() {
                // Another request got further; go on from there, but never in circles.
                let held = answer.number(UPLOAD_OFFSET)?;
                if held == offset {
                    return Err(SyncError::Undecodable);
                }
                offset = held;
                continue;
            }
            let answer = answer.success()?;
            if answer.header(UPLOAD_COMPLETE) == Some("?1") {
                progress(length);
                return Ok(());
            }
            let held = answer.number(UPLOAD_OFFSET)?;
            if held <= offset {
                return Err(SyncError::Undecodable);
            }
            offset = held;
        }
    }
}

/// A file to be sent, as it is or as the boxes of its pieces one after the other.
#[derive(Clone, Copy)]
enum Pieces<'b> {
    Plain(&'b [u8]),
    Sealed(&'b [u8]),
}

impl Pieces<'_> {
    /// Size of the file.
    fn length(self) -> u64 {
        match self {
            Self::Plain(bytes) => bytes.len() as u64,
            Self::Sealed(boxes) => {
                let count = boxes.len().div_ceil(MAX_CHUNK_BYTES);
                boxes.len().saturating_sub(count * BOX_BYTES) as u64
            }
        }
    }

    /// The piece that begins there; none where the file ends before it, or no box begins there. At the very end it is an
    /// empty one: a server that was ended after the last bytes came has them all and has not looked yet whether they are
    /// the file.
    fn at(self, offset: u64) -> Option<Piece> {
        if offset == self.length() {
            return Some(Piece {
                offset,
                bytes: 0,
                body: Body::plain(Vec::new()),
            });
        }
        let offset_here = usize::try_from(offset).ok()?;
        let (rest, added) = match self {
            Self::Plain(bytes) => (bytes.get(offset_here..)?, 0),
            Self::Sealed(boxes) => {
                let in_a_box = MAX_CHUNK_BYTES - BOX_BYTES;
                if !offset_here.is_multiple_of(in_a_box) {
                    return None;
                }
                let start = offset_here / in_a_box * MAX_CHUNK_BYTES;
                (boxes.get(start..)?, BOX_BYTES)
            }
        };
        let body = &rest[..rest.len().min(MAX_CHUNK_BYTES)];
        let bytes = body.len().checked_sub(added).filter(|bytes| *bytes > 0)?;
        Some(Piece {
            offset,
            bytes: bytes as u64,
            body: Body::plain(body.to_vec()),
        })
    }

    fn headers(self, offset: u64) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            (UPLOAD_OFFSET, offset.to_string()),
            (UPLOAD_LENGTH, self.length().to_string()),
        ];
        // Nothing is in no box.
        if matches!(self, Self::Sealed(_)) && offset < self.length() {
            headers.push((UPLOAD_SEALED, "?1".to_owned()));
        }
        headers
    }
}

/// A piece of a file, ready to be sent.
struct Piece {
    offset: u64,
    bytes: u64,
    body: Body,
}
