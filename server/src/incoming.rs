//! A body that is taken in pieces while it arrives, so that no more of it is in memory than a piece.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use sha2::{Digest, Sha256};
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::proof::BodyDigest;
use tokio::time::Instant;

/// How a body goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Goes,
    Ended,
    /// Cut off, too slow or too large.
    Broke(ProblemCode),
}

/// A body on its way.
pub(crate) struct Incoming {
    body: Body,
    /// Bytes that may still come.
    room: usize,
    until: Instant,
    flow: Flow,
    /// What came of the next piece with the end of this one.
    next: Bytes,
    hash: Sha256,
}

impl Incoming {
    /// A body of at most `most` bytes, to come within a time.
    pub(crate) fn new(body: Body, most: usize, within: Duration) -> Self {
        Self {
            body,
            room: most,
            until: Instant::now() + within,
            flow: Flow::Goes,
            next: Bytes::new(),
            hash: Sha256::new(),
        }
    }

    /// The next bytes: `size` of them, or fewer where no more come, for whatever reason.
    pub(crate) async fn piece(&mut self, size: usize) -> Vec<u8> {
        let announced = usize::try_from(self.body.size_hint().lower()).unwrap_or(usize::MAX);
        let mut piece = Vec::with_capacity(size.min(announced.min(self.room) + self.next.len()));
        let until = self.until;
        let filled = tokio::time::timeout_at(until, self.fill(&mut piece, size)).await;
        if filled.is_err() {
            self.flow = Flow::Broke(ProblemCode::TooSlow);
        }
        piece
    }

    async fn fill(&mut self, piece: &mut Vec<u8>, size: usize) {
        loop {
            let fits = self.next.len().min(size - piece.len());
            piece.extend_from_slice(&self.next.split_to(fits));
            if self.flow == Flow::Goes && self.next.is_empty() && self.body.is_end_stream() {
                self.flow = Flow::Ended;
            }
            if piece.len() == size || self.flow != Flow::Goes {
                return;
            }
            self.read().await;
        }
    }

    /// Waits for bytes, or for word that none come.
    async fn read(&mut self) {
        let frame = poll_fn(|context| Pin::new(&mut self.body).poll_frame(context)).await;
        let some = match frame {
            None => {
                self.flow = Flow::Ended;
                return;
            }
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            Some(Err(_)) => {
                self.flow = Flow::Broke(ProblemCode::TooLarge);
                return;
            }
        };
        let Some(room) = self.room.checked_sub(some.len()) else {
            self.flow = Flow::Broke(ProblemCode::TooLarge);
            return;
        };
        self.room = room;
        self.hash.update(&some);
        self.next = some;
    }

    /// Whether nothing more comes.
    pub(crate) fn is_over(&self) -> bool {
        self.flow != Flow::Goes && self.next.is_empty()
    }

    /// Waits for the end behind the last piece.
    ///
    /// # Errors
    /// More comes, or the end does not.
    pub(crate) async fn end(&mut self) -> Result<(), ProblemCode> {
        let more = self.piece(1).await;
        match self.flow {
            Flow::Ended if more.is_empty() => Ok(()),
            Flow::Ended | Flow::Goes => Err(ProblemCode::TooLarge),
            Flow::Broke(why) => Err(why),
        }
    }

    /// The digest of a body that came whole.
    ///
    /// # Errors
    /// It did not come whole, or has not yet.
    pub(crate) fn digest(&self) -> Result<BodyDigest, ProblemCode> {
        match self.flow {
            Flow::Ended if self.next.is_empty() => {
                Ok(BodyDigest::from_bytes(self.hash.clone().finalize().into()))
            }
            Flow::Ended | Flow::Goes => Err(ProblemCode::TooLarge),
            Flow::Broke(why) => Err(why),
        }
    }

    /// All of it, with its digest.
    ///
    /// # Errors
    /// As [`Self::digest`].
    pub(crate) async fn whole(mut self) -> Result<(Bytes, BodyDigest), ProblemCode> {
        let bytes = self.piece(usize::MAX).await;
        Ok((bytes.into(), self.digest()?))
    }

    /// Lets the rest pass: who is still sending reads no answer.
    pub(crate) async fn pass(&mut self) {
        const AT_ONCE: usize = 64 * 1024;
        while !self.is_over() {
            self.piece(AT_ONCE).await;
        }
    }
}
