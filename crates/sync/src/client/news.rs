//! Waiting for something new in the feed.

use skranke_protocol::wire::{Cursor, MAX_WAIT_SECONDS};

use super::Client;
use crate::error::SyncError;

impl Client {
    /// Waits until something is behind a place of the feed, as long as the server lets anybody wait. Whether something
    /// is; it is not fetched.
    ///
    /// # Errors
    /// See [`SyncError`]; [`Client::hang_up`] ends it with one.
    pub fn has_news(&self, after: Cursor) -> Result<bool, SyncError> {
        let page = self.pull(after, 0, MAX_WAIT_SECONDS)?;
        // A server of an earlier time gives an item where none was asked for.
        Ok(page.sent.more || !page.sent.items.is_empty())
    }

    /// Ends at once what other threads wait for on this client. It can be asked nothing any more.
    pub fn hang_up(&self) {
        self.transport.hang_up();
    }
}
