//! One writer for each tenant: it commits the writes that wait together in one transaction, so that many small pushes
//! share one sync of the disk and feed positions follow the order of commits.
//!
//! A full queue is answered at once: the caller turns it into 503 with `Retry-After`. An answer is given only after
//! the commit. Basis: design, section 6; sync-and-speed, finding 16.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use skranke_domain::rehearsal::{self, Bug};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::metrics::Metrics;
use crate::news::{self, Listener, News};
use crate::store::again::until_it_stands;
use crate::store::{CentralStore, CentralTransaction, Stored};

/// Most writes in one transaction.
const GROUP: usize = 64;
/// How long an answer is waited for. A commit can wait for its standby for hours; the write then stays in its queue and
/// the caller, told to come again, finds a duplicate or a full queue.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// The write could not be taken or did not commit; trying again is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Too many writes wait.
    #[error("the queue of waiting writes is full")]
    QueueFull,
    /// The store failed or the server is stopping.
    #[error("the write was not committed")]
    NotCommitted,
}

/// A write: it may run again alone if the group it was in failed.
type Work = Box<dyn FnMut(&mut dyn CentralTransaction) -> Stored<()> + Send>;

struct Job {
    work: Work,
    done: Option<oneshot::Sender<Result<(), WriteError>>>,
}

impl Job {
    fn answer(&mut self, result: Result<(), WriteError>) {
        if let Some(done) = self.done.take() {
            // Whoever stopped waiting asks again and finds a duplicate.
            let _ = done.send(result);
        }
    }
}

struct Lane {
    jobs: mpsc::Sender<Job>,
    /// When the commit under way began.
    busy_since: BusySince,
    told: Told,
    thread: JoinHandle<()>,
}

/// What a commit tells others.
#[derive(Clone)]
struct Told {
    /// The last position known to be committed; 0 before the first write.
    position: Arc<AtomicU64>,
    news: broadcast::Sender<Arc<News>>,
    metrics: Arc<Metrics>,
}

impl Told {
    fn tell(&self, position: u64, mut news: News) {
        self.position.store(position, Ordering::SeqCst);
        for code in news.take_alarms() {
            self.metrics.alarmed(&code);
        }
        if !news.is_empty() {
            // Nobody need be waiting.
            let _ = self.news.send(Arc::new(news));
        }
    }
}

type BusySince = Arc<Mutex<Option<Instant>>>;

/// The writers of all tenants.
pub struct Writers {
    store: Arc<dyn CentralStore>,
    queue_length: usize,
    metrics: Arc<Metrics>,
    lanes: Mutex<HashMap<String, Lane>>,
}

impl Writers {
    /// Writers over a store, each with room for `queue_length` waiting writes. Alarms are counted in `metrics`.
    pub fn new(store: Arc<dyn CentralStore>, queue_length: usize, metrics: Arc<Metrics>) -> Self {
        Self {
            store,
            queue_length,
            metrics,
            lanes: Mutex::new(HashMap::new()),
        }
    }

    /// Runs `work` in the tenant's writing transaction and returns its result once committed.
    ///
    /// # Errors
    /// The queue is full, or the transaction did not commit.
    pub async fn write<T, F>(&self, tenant: &str, mut work: F) -> Result<T, WriteError>
    where
        T: Send + 'static,
        F: FnMut(&mut dyn CentralTransaction) -> Stored<T> + Send + 'static,
    {
        let result = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&result);
        let (done, committed) = oneshot::channel();
        let job = Job {
            work: Box::new(move |transaction| {
                let value = work(transaction)?;
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
                Ok(())
            }),
            done: Some(done),
        };
        self.lane(tenant)
            .await?
            .try_send(job)
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => WriteError::QueueFull,
                mpsc::error::TrySendError::Closed(_) => WriteError::NotCommitted,
            })?;
        let answer = tokio::time::timeout(ANSWER_WITHIN, committed).await;
        answer
            .map_err(|_| WriteError::NotCommitted)?
            .map_err(|_| WriteError::NotCommitted)??;
        let value = result.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.ok_or(WriteError::NotCommitted)
    }

    /// Returns once everything up to a position is known to be committed wherever the database must have it.
    ///
    /// A row can be seen before the standby has it, where a commit was cut short; a later commit answers for it.
    ///
    /// # Errors
    /// As [`Writers::write`].
    pub async fn settled(&self, tenant: &str, position: u64) -> Result<(), WriteError> {
        if self.told(tenant).await?.position.load(Ordering::SeqCst) >= position {
            return Ok(());
        }
        self.write(tenant, |_| Ok(())).await
    }

    /// Hears of what is committed for a tenant from now on.
    ///
    /// # Errors
    /// The tenant cannot be read.
    pub async fn listen(&self, tenant: &str) -> Result<Listener, WriteError> {
        Ok(Listener(self.told(tenant).await?.news.subscribe()))
    }

    async fn told(&self, tenant: &str) -> Result<Told, WriteError> {
        self.lane(tenant).await?;
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes
            .get(tenant)
            .map(|lane| lane.told.clone())
            .ok_or(WriteError::NotCommitted)
    }

    /// Writes that wait in all queues together.
    pub fn waiting(&self) -> usize {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes
            .values()
            .map(|lane| lane.jobs.max_capacity() - lane.jobs.capacity())
            .sum()
    }

    /// How long the oldest commit under way has taken; with a standby away it grows.
    pub fn oldest_commit(&self) -> Duration {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let ages = lanes.values().filter_map(|lane| {
            let since = lane
                .busy_since
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            since.map(|since| since.elapsed())
        });
        ages.max().unwrap_or_default()
    }

    /// A municipality that was written for since the start.
    pub fn any_tenant(&self) -> Option<String> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.keys().next().cloned()
    }

    /// The municipalities written for since the start.
    pub fn tenants(&self) -> Vec<String> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.keys().cloned().collect()
    }

    async fn lane(&self, tenant: &str) -> Result<mpsc::Sender<Job>, WriteError> {
        if let Some(jobs) = self.open_lane(tenant) {
            return Ok(jobs);
        }
        // Only a municipality that exists gets a thread; asking for it blocks, so not on a network thread.
        let (store, code) = (Arc::clone(&self.store), tenant.to_owned());
        tokio::task::spawn_blocking(move || store.tenant(&code))
            .await
            .map_err(|_| WriteError::NotCommitted)?
            .map_err(|_| WriteError::NotCommitted)?;
        self.start_lane(tenant)
    }

    fn open_lane(&self, tenant: &str) -> Option<mpsc::Sender<Job>> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.get(tenant).filter(|lane| !lane.jobs.is_closed())?;
        Some(lane.jobs.clone())
    }

    fn start_lane(&self, tenant: &str) -> Result<mpsc::Sender<Job>, WriteError> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(tenant).filter(|lane| !lane.jobs.is_closed()) {
            return Ok(lane.jobs.clone());
        }
        let (jobs, waiting) = mpsc::channel(self.queue_length);
        let told = Told {
            position: Arc::default(),
            news: broadcast::Sender::new(news::REMEMBERED),
            metrics: Arc::clone(&self.metrics),
        };
        let store = Arc::clone(&self.store);
        let code = tenant.to_owned();
        let busy_since = BusySince::default();
        let (busy, telling) = (Arc::clone(&busy_since), told.clone());
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || run(store.as_ref(), &code, waiting, &telling, &busy))
            .map_err(|_| WriteError::NotCommitted)?;
        lanes.insert(
            tenant.to_owned(),
            Lane {
                jobs: jobs.clone(),
                busy_since,
                told,
                thread,
            },
        );
        Ok(jobs)
    }
}

impl Drop for Writers {
    /// Waits for the writers to finish: a thread that still closes its database while the process ends would find the
    /// cryptographic library already torn down.
    fn drop(&mut self) {
        let lanes = self.lanes.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (_, Lane { jobs, thread, .. }) in lanes.drain() {
            drop(jobs);
            let _ = thread.join();
        }
    }
}

fn run(
    store: &dyn CentralStore,
    tenant: &str,
    mut waiting: mpsc::Receiver<Job>,
    told: &Told,
    busy: &BusySince,
) {
    let begun = |since| *busy.lock().unwrap_or_else(PoisonError::into_inner) = since;
    let mut group = Vec::with_capacity(GROUP);
    while {
        begun(None);
        waiting.blocking_recv_many(&mut group, GROUP) > 0
    } {
        begun(Some(Instant::now()));
        if group.len() > 1 && commit(store, tenant, &mut group, told).is_ok() {
            group.drain(..).for_each(|mut job| job.answer(Ok(())));
            rehearsal::point("write.answered");
            continue;
        }
        // One bad write must not fail its neighbours: each runs again, alone.
        for mut job in group.drain(..) {
            let alone = std::slice::from_mut(&mut job);
            let result = until_it_stands(|| commit(store, tenant, alone, told));
            if let Err(error) = &result {
                crate::log::failure("write_failed", error);
            }
            job.answer(result.map_err(|_| WriteError::NotCommitted));
            rehearsal::point("write.answered");
        }
    }
}

fn commit(store: &dyn CentralStore, tenant: &str, jobs: &mut [Job], told: &Told) -> Stored<()> {
    let mut transaction = store.begin(tenant)?;
    rehearsal::point("write.begun");
    for job in jobs.iter_mut() {
        (job.work)(transaction.as_mut())?;
    }
    let (position, news) = (transaction.tenant().position(), transaction.news());
    if rehearsal::is_planted(Bug::AckBeforeCommit) {
        jobs.iter_mut().for_each(|job| job.answer(Ok(())));
        // Time enough for the answer to go out.
        std::thread::sleep(Duration::from_millis(300));
    }
    rehearsal::point("write.before_commit");
    transaction.commit()?;
    rehearsal::point("write.committed");
    told.tell(position, news);
    Ok(())
}

#[cfg(test)]
mod tests;
