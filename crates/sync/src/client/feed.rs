//! Pages of the feed: fetched, and read. Where a page ends is told beside it, so that the next one can be asked for
//! while this one is read.

use std::time::Duration;

use skranke_protocol::confirmation::TenantHead;
use skranke_protocol::wire::{Cursor, FeedPage, MORE, NEXT_CURSOR, PageEnd};

use super::transport::{Answer, Call};
use super::{Client, TIMEOUT};
use crate::error::SyncError;

/// A page of the feed, its head's signature checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The head of the tenant's feed.
    pub head: TenantHead,
    /// The page as it was sent, each event of it whole; its cursor is to be stored in one transaction with the items.
    pub sent: FeedPage,
}

impl Page {
    /// Takes the page behind this one into it, so that both are kept in one transaction. One that was signed with another
    /// head is given back: each head is to be looked at by itself.
    pub(crate) fn join(&mut self, next: Self) -> Option<Self> {
        let place = |head: &TenantHead| (head.epoch, head.position, head.root);
        if place(&self.head) != place(&next.head) {
            return Some(next);
        }
        let before = std::mem::replace(self, next).sent;
        let sent = &mut self.sent;
        sent.items.splice(0..0, before.items);
        let skipped = before.skipped.zip(sent.skipped.take());
        sent.skipped = skipped.map(|(before, behind)| [before, behind].concat());
        sent.grants.extend(before.grants);
        sent.grants.sort_unstable();
        sent.grants.dedup();
        sent.devices.extend(before.devices);
        None
    }
}

/// A page as it came, not read yet.
pub(crate) struct Fetched {
    answer: Answer,
    pub(crate) end: PageEnd,
}

impl Client {
    /// Reads a page of the feed; with `wait_seconds` the server answers as soon as something is there.
    ///
    /// # Errors
    /// See [`SyncError`]; [`skranke_protocol::problem::ProblemCode::EpochChanged`] asks for a new plan.
    pub fn pull(&self, after: Cursor, limit: u32, wait_seconds: u32) -> Result<Page, SyncError> {
        let kept = after.position;
        self.read_page(&self.fetch_page(after, kept, limit, wait_seconds)?)
    }

    /// Fetches a page without reading more of it than where it ends. The server hears up to where pages are kept here:
    /// who reads ahead has not taken in all that lies before what it asks for.
    ///
    /// # Errors
    /// As [`Client::pull`].
    pub(crate) fn fetch_page(
        &self,
        after: Cursor,
        kept: u64,
        limit: u32,
        wait_seconds: u32,
    ) -> Result<Fetched, SyncError> {
        let call = Call {
            query: format!("after={after}&kept={kept}&limit={limit}&wait={wait_seconds}"),
            ..self.call("GET", "/v1/events")
        };
        let timeout = TIMEOUT + Duration::from_secs(u64::from(wait_seconds));
        let answer = self.transport.send(&call, timeout)?.success()?;
        let told = told_beside(&answer);
        let end = match told {
            Some(end) => end,
            // A server of an earlier time says it in the page alone.
            None => serde_json::from_slice(&answer.body).map_err(|_| SyncError::Undecodable)?,
        };
        Ok(Fetched { answer, end })
    }

    /// Reads a page that was fetched.
    ///
    /// # Errors
    /// `Undecodable` where it is no page, or does not end where it was said to; `NotSignedByServer`.
    pub(crate) fn read_page(&self, fetched: &Fetched) -> Result<Page, SyncError> {
        let page: FeedPage =
            serde_json::from_slice(&fetched.answer.body).map_err(|_| SyncError::Undecodable)?;
        if page.end() != fetched.end {
            return Err(SyncError::Undecodable);
        }
        let head = self.check_head(&page.head)?;
        Ok(Page { head, sent: page })
    }
}

/// Where a page ends, as told in the answer's headers.
fn told_beside(answer: &Answer) -> Option<PageEnd> {
    let cursor = answer.header(NEXT_CURSOR)?.parse().ok()?;
    let more = answer.header(MORE)? == "?1";
    Some(PageEnd { cursor, more })
}
