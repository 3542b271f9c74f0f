//! Uploading files from where the server already has them.

use std::cell::RefCell;

use skranke_domain::ids::Sha256Digest;
use skranke_protocol::proof::BodyDigest;
use skranke_protocol::recovery::BOX_BYTES;
use skranke_protocol::wire::{
    MAX_CHUNK_BYTES, UPLOAD_COMPLETE, UPLOAD_LENGTH, UPLOAD_OFFSET, UPLOAD_SEALED,
};

use super::transport::{Answer, Body, Call};
use super::{Client, TIMEOUT};
use crate::environment::Cancel;
use crate::error::SyncError;

impl Client {
    /// Uploads a file from where the server already has it; `progress` hears the bytes that are there
    /// or on their way.
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
        self.upload_from((digest, File::Plain(bytes)), cancel, progress)
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
        self.upload_from((digest, File::Boxes(boxes)), cancel, progress)
    }

    fn upload_from(
        &self,
        (digest, file): (&Sha256Digest, File<'_>),
        cancel: &Cancel,
        mut progress: impl FnMut(u64),
    ) -> Result<(), SyncError> {
        let mut standing = self.standing(digest)?;
        let mut was_silent = false;
        loop {
            let offset = match standing {
                Standing::Whole => {
                    progress(file.length());
                    return Ok(());
                }
                Standing::Part(offset) => offset,
            };
            if cancel.is_cancelled() {
                return Err(SyncError::Cancelled);
            }
            let sent = self.send_rest((digest, file, offset), cancel, &mut progress);
            standing = match sent {
                Err(_) if cancel.is_cancelled() => return Err(SyncError::Cancelled),
                // On a slow line as much goes in one request as its time allows; what came is kept.
                Err(SyncError::TimedOut) => self.standing(digest)?,
                ref answered => answered.clone()?,
            };
            let is_silent = standing == Standing::Part(offset);
            // What is still on its way on a slow line is there by the next time. Never in circles.
            if is_silent && (was_silent || sent.is_ok()) {
                return Err(sent.err().unwrap_or(SyncError::Cut));
            }
            was_silent = is_silent;
        }
    }

    /// How much of a file the server has.
    fn standing(&self, digest: &Sha256Digest) -> Result<Standing, SyncError> {
        let path = format!("/v1/attachments/{digest}");
        let answer = self.transport.send(&self.call("HEAD", &path), TIMEOUT)?;
        if answer.status == 404 {
            return Ok(Standing::Part(0));
        }
        Standing::of(&answer.success()?)
    }

    /// Sends what is missing of a file from an offset on, or of boxes the next; how far the server is then.
    fn send_rest(
        &self,
        (digest, file, offset): (&Sha256Digest, File<'_>, u64),
        cancel: &Cancel,
        progress: &mut impl FnMut(u64),
    ) -> Result<Standing, SyncError> {
        let rest = file.from(digest, offset).ok_or(SyncError::WrongContent)?;
        let mut headers = vec![
            (UPLOAD_OFFSET, rest.offset.to_string()),
            (UPLOAD_LENGTH, file.length().to_string()),
        ];
        if rest.is_sealed {
            headers.push((UPLOAD_SEALED, "?1".to_owned()));
        }
        let progress = RefCell::new(progress);
        let told = |sent: usize| {
            let at = (rest.offset + sent as u64).max(offset);
            (progress.borrow_mut())(at.min(file.length()));
            !cancel.is_cancelled()
        };
        let path = format!("/v1/attachments/{digest}");
        let call = Call {
            body: Some(rest.body),
            sending: Some(&told),
            headers,
            ..self.call("PATCH", &path)
        };
        let answer = self.transport.send(&call, TIMEOUT)?;
        if answer.status == 409 && answer.header(UPLOAD_OFFSET).is_some() {
            // Another request got further, or what stood there was of no use.
            return Standing::of(&answer);
        }
        match Standing::of(&answer.success()?)? {
            Standing::Part(held) if held <= offset => Err(SyncError::Undecodable),
            standing @ (Standing::Whole | Standing::Part(_)) => Ok(standing),
        }
    }
}

/// How much of a file the server has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Whole,
    Part(u64),
}

impl Standing {
    fn of(answer: &Answer) -> Result<Self, SyncError> {
        if answer.header(UPLOAD_COMPLETE) == Some("?1") {
            Ok(Self::Whole)
        } else {
            answer.number(UPLOAD_OFFSET).map(Self::Part)
        }
    }
}

/// A file to be sent, as it is or as the boxes of its pieces one after the other.
#[derive(Clone, Copy)]
enum File<'b> {
    Plain(&'b [u8]),
    Boxes(&'b [u8]),
}

/// What is sent of a file in one request.
struct Rest<'b> {
    /// Where it begins in the file.
    offset: u64,
    body: Body<'b>,
    is_sealed: bool,
}

impl<'b> File<'b> {
    /// Size of the file.
    fn length(self) -> u64 {
        match self {
            Self::Plain(bytes) => bytes.len() as u64,
            Self::Boxes(boxes) => {
                let count = boxes.len().div_ceil(MAX_CHUNK_BYTES);
                boxes.len().saturating_sub(count * BOX_BYTES) as u64
            }
        }
    }

    /// What is to be sent where the server has the file up to an offset: all the rest of it, or the box that the offset
    /// lies in; none where the file ends before it. At the very end it is nothing: a server that was ended after the
    /// last bytes came has them all and has not looked yet whether they are the file.
    fn from(self, digest: &Sha256Digest, offset: u64) -> Option<Rest<'b>> {
        if offset == self.length() {
            return Some(Rest {
                offset,
                body: Body::plain(&[][..]),
                is_sealed: false,
            });
        }
        let here = usize::try_from(offset).ok()?;
        match self {
            // Its digest is known: that is its name.
            Self::Plain(bytes) if here == 0 => Some(Rest {
                offset,
                body: Body::named(BodyDigest::from_bytes(*digest.as_bytes()), bytes),
                is_sealed: false,
            }),
            Self::Plain(bytes) => Some(Rest {
                offset,
                body: Body::plain(bytes.get(here..)?),
                is_sealed: false,
            }),
            Self::Boxes(boxes) => {
                let in_a_box = MAX_CHUNK_BYTES - BOX_BYTES;
                let nth = here / in_a_box;
                let this = boxes.chunks(MAX_CHUNK_BYTES).nth(nth)?;
                (this.len() > BOX_BYTES).then(|| Rest {
                    offset: (nth * in_a_box) as u64,
                    body: Body::plain(this),
                    is_sealed: true,
                })
            }
        }
    }
}
