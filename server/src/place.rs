//! A request's place among those that are handled at once. Whoever only waits gives it back meanwhile.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::central::Central;

/// See the module. Clones are one place.
#[derive(Clone)]
pub(crate) struct Place(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Place {
    /// A place, where one is free.
    pub(crate) fn take(places: &Arc<Semaphore>) -> Option<Self> {
        let permit = Arc::clone(places).try_acquire_owned().ok()?;
        Some(Self(Arc::new(Mutex::new(Some(permit)))))
    }

    /// Gives the place back, waits, and takes one again.
    pub(crate) async fn without_it(&self, central: &Central, waiting: impl Future<Output = ()>) {
        self.give_back();
        waiting.await;
        // They are never closed: there is one again as soon as somebody is done.
        let permit = Arc::clone(&central.requests).acquire_owned().await.ok();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = permit;
    }

    /// The request is answered.
    pub(crate) fn give_back(&self) {
        let permit = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(permit);
    }
}
