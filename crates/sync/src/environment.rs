//! What the client takes from outside: clock, randomness, waiting, and the wish to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};

/// Tells running work to stop; clones share the wish.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether someone asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

type Now = dyn Fn() -> DateTime<Utc> + Send + Sync;
type FillRandom = dyn Fn(&mut [u8]) + Send + Sync;
type Wait = dyn Fn(Duration, &Cancel) + Send + Sync;
type Patience = dyn Fn(Duration) -> Duration + Send + Sync;

/// Clock, randomness and waiting.
#[derive(Clone)]
pub struct Environment {
    now: Arc<Now>,
    fill_random: Arc<FillRandom>,
    wait: Arc<Wait>,
    patience: Arc<Patience>,
}

impl Environment {
    /// An environment of three functions: the device's clock, a cryptographic source of random bytes, and waiting
    /// that ends early when cancelled.
    pub fn new(
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
        fill_random: impl Fn(&mut [u8]) + Send + Sync + 'static,
        wait: impl Fn(Duration, &Cancel) + Send + Sync + 'static,
    ) -> Self {
        Self {
            now: Arc::new(now),
            fill_random: Arc::new(fill_random),
            wait: Arc::new(wait),
            patience: Arc::new(|time| time),
        }
    }

    /// The same, with time-outs as long as `patience` says. For tests of lines that never answer.
    #[must_use]
    pub fn with_patience(
        self,
        patience: impl Fn(Duration) -> Duration + Send + Sync + 'static,
    ) -> Self {
        Self {
            patience: Arc::new(patience),
            ..self
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }

    pub(crate) fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.fill_random)(&mut bytes);
        bytes
    }

    pub(crate) fn wait(&self, time: Duration, cancel: &Cancel) {
        (self.wait)(time, cancel);
    }

    pub(crate) fn patience(&self, time: Duration) -> Duration {
        (self.patience)(time)
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Environment")
    }
}
