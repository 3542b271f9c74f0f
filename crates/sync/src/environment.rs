//! What the client takes from outside: clock, randomness, waiting, and the wish to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

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
type Steady = dyn Fn() -> TimeDelta + Send + Sync;
type Measured = dyn Fn(ServerTime) + Send + Sync;
type Patience = dyn Fn(Duration) -> Duration + Send + Sync;

/// What the central store's clock said, at some moment between a question and its answer.
#[derive(Debug, Clone, Copy)]
pub struct ServerTime {
    /// What it said.
    pub said: DateTime<Utc>,
    /// When the question left, by the steady clock.
    pub asked: TimeDelta,
    /// When the answer began to come, by the steady clock.
    pub answered: TimeDelta,
}

/// Clock, randomness and waiting.
#[derive(Clone)]
pub struct Environment {
    now: Arc<Now>,
    fill_random: Arc<FillRandom>,
    wait: Arc<Wait>,
    patience: Arc<Patience>,
    steady: Arc<Steady>,
    measured: Arc<Measured>,
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
            steady: Arc::new(TimeDelta::zero),
            measured: Arc::new(|_| {}),
        }
    }

    /// The same, with a clock that nobody can set, and somebody who is told what the central store's clock says.
    #[must_use]
    pub fn measured_by(
        self,
        steady: impl Fn() -> TimeDelta + Send + Sync + 'static,
        measured: impl Fn(ServerTime) + Send + Sync + 'static,
    ) -> Self {
        Self {
            steady: Arc::new(steady),
            measured: Arc::new(measured),
            ..self
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

    pub(crate) fn steady(&self) -> TimeDelta {
        (self.steady)()
    }

    pub(crate) fn measured(&self, time: ServerTime) {
        (self.measured)(time);
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
