//! Reading many pages of the feed in three stages: one fetches, one reads what came, one keeps it.
//!
//! Whatever fails, pages that were kept before it stay kept. Basis: decision 52.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};

use skranke_protocol::wire::{Cursor, MAX_PAGE_ITEMS, PageEnd};

use crate::backoff::with_retries_where;
use crate::client::{Client, Fetched, Page};
use crate::environment::Cancel;
use crate::error::SyncError;
use crate::round::TRIES;

/// Pages that were read and wait while another is kept.
const PAGES_WAITING: usize = 2;
/// Items of a page. Those that waited are kept together with the one before them, as many wait again behind, one is being
/// read and one is on its way: what a cut makes the server send again is never more than one of the largest.
pub const PAGE_ITEMS: u32 = MAX_PAGE_ITEMS / (3 + 2 * PAGES_WAITING as u32);

/// Reads the feed from a place to its end, handing pages over in order. While one is kept here, the one behind it is read
/// and the one behind that is on its way, so nobody waits for anybody; those that were read meanwhile are handed over as
/// one, because half of what a small page costs here is the transaction around it.
///
/// # Errors
/// As [`crate::round::run`]; pages handed over before it stay kept.
pub fn read_feed(
    client: &Client,
    cancel: &Cancel,
    after: Cursor,
    page_items: u32,
    keep: &mut dyn FnMut(&Page) -> Result<(), SyncError>,
) -> Result<(), SyncError> {
    let standing = Standing {
        kept: AtomicU64::new(after.position),
        is_over: AtomicBool::new(false),
    };
    let standing = &standing;
    std::thread::scope(|scope| {
        // One that came waits with whoever fetched it until somebody reads it.
        let (fetched, coming) = mpsc::sync_channel(0);
        let (read, pages) = mpsc::sync_channel(PAGES_WAITING);
        let fetch = Fetch {
            client,
            cancel,
            standing,
        };
        let fetching = scope.spawn(move || fetch.pages(after, page_items, &fetched));
        let reading = scope.spawn(move || {
            let outcome = read_pages(client, &coming, &read);
            standing.is_over.store(true, Ordering::SeqCst);
            outcome
        });
        let mut keep = |page: &Page| {
            let kept = keep(page);
            match kept {
                Ok(()) => (standing.kept).store(page.sent.cursor.position, Ordering::SeqCst),
                Err(_) => standing.is_over.store(true, Ordering::SeqCst),
            }
            kept
        };
        // A page that cannot be kept ends this; with nobody to take the next one, reading and fetching end too.
        while let Ok(mut page) = pages.recv() {
            for next in pages.try_iter().take(PAGES_WAITING) {
                if let Some(apart) = page.join(next) {
                    keep(&page)?;
                    page = apart;
                }
            }
            keep(&page)?;
        }
        // What cannot be read is told before what could not be fetched behind it.
        for stage in [reading, fetching] {
            stage
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    })
}

/// What the stages of a reading know of each other.
struct Standing {
    /// Up to which position pages are kept.
    kept: AtomicU64,
    /// Nobody takes another page: what is fetched now is thrown away, and not worth a second try.
    is_over: AtomicBool,
}

/// The stage that fetches.
struct Fetch<'r> {
    client: &'r Client,
    cancel: &'r Cancel,
    standing: &'r Standing,
}

impl Fetch<'_> {
    /// Asks for page after page until the last one, or until nobody takes them any more.
    fn pages(
        &self,
        mut after: Cursor,
        mut page_items: u32,
        pages: &SyncSender<Fetched>,
    ) -> Result<(), SyncError> {
        loop {
            let page = self.page(after, &mut page_items)?;
            let PageEnd { cursor, more } = page.end;
            if more && cursor <= after {
                // A server that says "more" without moving on would keep us here for ever.
                return Err(SyncError::Undecodable);
            }
            after = cursor;
            if pages.send(page).is_err() || !more {
                return Ok(());
            }
            if self.cancel.is_cancelled() {
                return Err(SyncError::Cancelled);
            }
        }
    }

    fn page(&self, after: Cursor, page_items: &mut u32) -> Result<Fetched, SyncError> {
        let environment = self.client.environment();
        let helps = |error: &SyncError| {
            error.is_retryable() && !self.standing.is_over.load(Ordering::SeqCst)
        };
        with_retries_where(environment, self.cancel, TRIES, helps, || {
            let kept = self.standing.kept.load(Ordering::SeqCst);
            let page = self.client.fetch_page(after, kept, *page_items, 0);
            if page.is_err() {
                // Perhaps it was too much for the line in the time there is.
                *page_items = (*page_items / 4).max(1);
            }
            page
        })
    }
}

/// Reads pages in the order they come, until there are none or nobody takes them any more.
fn read_pages(
    client: &Client,
    coming: &Receiver<Fetched>,
    pages: &SyncSender<Page>,
) -> Result<(), SyncError> {
    for fetched in coming {
        if pages.send(client.read_page(&fetched)?).is_err() {
            return Ok(());
        }
    }
    Ok(())
}
