//! Writes share a transaction, a full queue is told at once, and one bad write fails alone.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use super::*;
use crate::store::StoreError;
use crate::store::again::RUNS;
use crate::store::key_file::KeyFile;
use crate::store::sqlite::SqliteStore;

const TENANT: &str = "0999";

fn writers(scratch: &tempfile::TempDir, queue_length: usize) -> Arc<Writers> {
    let path = scratch.path().join("central.db");
    let store = SqliteStore::open(&path, &KeyFile::from_bytes([1; 32])).unwrap();
    store
        .create_tenant(TENANT, chrono::DateTime::UNIX_EPOCH)
        .unwrap();
    Arc::new(Writers::new(Arc::new(store), queue_length, Arc::default()))
}

/// A write that says it has begun and then waits to be let go.
async fn held(
    writers: &Arc<Writers>,
) -> (
    tokio::task::JoinHandle<Result<(), WriteError>>,
    std::sync::mpsc::Sender<()>,
) {
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (let_go, go) = channel::<()>();
    let go: Mutex<Receiver<()>> = Mutex::new(go);
    let mut begun = Some(begun);
    let writers = Arc::clone(writers);
    let task = tokio::spawn(async move {
        writers
            .write(TENANT, move |_| {
                if let Some(begun) = begun.take() {
                    let _ = begun.send(());
                }
                let _ = go.lock().unwrap().recv();
                Ok(())
            })
            .await
    });
    has_begun.await.unwrap();
    (task, let_go)
}

fn write(
    writers: &Arc<Writers>,
    work: impl FnMut(&mut dyn CentralTransaction) -> Stored<u64> + Send + 'static,
) -> tokio::task::JoinHandle<Result<u64, WriteError>> {
    let writers = Arc::clone(writers);
    tokio::spawn(async move { writers.write(TENANT, work).await })
}

#[tokio::test]
async fn a_full_queue_is_told_at_once_and_what_waits_is_still_done() {
    let scratch = tempfile::tempdir().unwrap();
    let writers = writers(&scratch, 2);
    let (first, let_go) = held(&writers).await;

    let waiting: Vec<_> = (0..3)
        .map(|_| write(&writers, |tx| Ok(tx.tenant().position())))
        .collect();
    let mut refused = 0;
    let mut open = Vec::new();
    for task in waiting {
        tokio::task::yield_now().await;
        if task.is_finished() {
            refused += usize::from(task.await.unwrap() == Err(WriteError::QueueFull));
        } else {
            open.push(task);
        }
    }

    assert_eq!(refused, 1, "two fit into the queue");
    let_go.send(()).unwrap();
    assert_eq!(first.await.unwrap(), Ok(()));
    for task in open {
        assert_eq!(task.await.unwrap(), Ok(0));
    }
}

#[tokio::test]
async fn one_bad_write_fails_alone() {
    let scratch = tempfile::tempdir().unwrap();
    let writers = writers(&scratch, 10);
    let (first, let_go) = held(&writers).await;
    let mark = |writers: &Arc<Writers>| {
        write(writers, |tx| {
            tx.set_backup_position(0)?;
            Ok(7)
        })
    };
    let before = mark(&writers);
    let bad = write(&writers, |_| Err(StoreError::Row("event")));
    let after = mark(&writers);
    while writers.lane(TENANT).await.unwrap().capacity() > 7 {
        tokio::task::yield_now().await;
    }

    let_go.send(()).unwrap();

    assert_eq!(first.await.unwrap(), Ok(()));
    assert_eq!(before.await.unwrap(), Ok(7));
    assert_eq!(bad.await.unwrap(), Err(WriteError::NotCommitted));
    assert_eq!(after.await.unwrap(), Ok(7));
}

#[tokio::test]
async fn waiting_writes_share_one_transaction() {
    let scratch = tempfile::tempdir().unwrap();
    let writers = writers(&scratch, 10);
    let (first, let_go) = held(&writers).await;
    // Whoever shares a transaction sees what the one before wrote in it, before any commit.
    let entered = |writers: &Arc<Writers>| {
        write(writers, |tx| {
            let (device, case_id) = (uuid::Uuid::nil(), uuid::Uuid::nil());
            tx.append_feed(&crate::store::NewFeedItem::ScopeLeft {
                case_id: skranke_domain::ids::CaseId::from_uuid(case_id),
                device_id: skranke_domain::ids::DeviceId::from_uuid(device),
            })
        })
    };
    let told = writers.told(TENANT).await.unwrap();
    let mut heard = told.news.subscribe();
    let tasks: Vec<_> = (0..3).map(|_| entered(&writers)).collect();
    while writers.lane(TENANT).await.unwrap().capacity() > 7 {
        tokio::task::yield_now().await;
    }

    let_go.send(()).unwrap();

    assert_eq!(first.await.unwrap(), Ok(()));
    let mut positions = Vec::new();
    for task in tasks {
        positions.push(task.await.unwrap().unwrap());
    }
    positions.sort_unstable();
    assert_eq!(positions, [1, 2, 3]);
    assert_eq!(told.position.load(Ordering::SeqCst), 3);
    assert!(heard.try_recv().is_ok(), "whoever waits is told");
    assert!(heard.try_recv().is_err(), "once for all of them");
}

#[tokio::test]
async fn a_tenant_nobody_created_has_no_writer() {
    let scratch = tempfile::tempdir().unwrap();
    let writers = writers(&scratch, 2);

    let refused = writers.write("0101", |_| Ok(())).await;

    assert_eq!(refused, Err(WriteError::NotCommitted));
}

/// A write that others' writes collide with so many times; how often it was run.
async fn colliding(times: u64) -> (Result<u64, WriteError>, u64) {
    let scratch = tempfile::tempdir().unwrap();
    let writers = writers(&scratch, 2);
    let runs = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&runs);
    let task = write(&writers, move |_| {
        let run = counted.fetch_add(1, Ordering::SeqCst) + 1;
        if run <= times {
            Err(StoreError::RunAgain)
        } else {
            Ok(run)
        }
    });
    let result = task.await.unwrap();
    (result, runs.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_write_that_others_collided_with_is_run_again_until_it_succeeds() {
    assert_eq!(colliding(2).await, (Ok(3), 3));
}

#[tokio::test]
async fn a_write_that_always_collides_is_refused_in_the_end() {
    let (result, runs) = colliding(u64::MAX).await;

    assert_eq!(result, Err(WriteError::NotCommitted));
    assert_eq!(runs, u64::from(RUNS));
}
