//! What a feed without a counter row loses: a sequence gives numbers before the commit makes them visible.
//!
//! Basis: sync-and-speed, finding 1 and section 3.4.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use skranke_testkit::postgres::Cluster;
use tokio_postgres::{Client, NoTls};

/// Rows of one transaction.
const ROWS: i64 = 5;

/// Rows committed beside a reader that goes on from the highest number it has seen, and how many it never saw.
pub(crate) struct Naive {
    pub(crate) committed: i64,
    pub(crate) lost: i64,
}

/// Lets `writers` commit `transactions` each, every third rolled back, beside one reader.
pub(crate) fn read_by_sequence(cluster: &Cluster, writers: u32, transactions: u32) -> Naive {
    cluster.administer(
        "postgres",
        "CREATE TABLE naive (seq bigserial PRIMARY KEY, writer bigint NOT NULL)",
    );
    let address = cluster.address("postgres", "postgres");
    let finished = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| read(&address, &finished));
        let writing: Vec<_> = (0..writers)
            .map(|writer| {
                let address = &address;
                scope.spawn(move || write(address, writer, transactions))
            })
            .collect();
        let committed = writing.into_iter().map(|one| one.join().unwrap_or(0)).sum();
        finished.store(true, Ordering::SeqCst);
        let seen = reader.join().unwrap_or(0);
        Naive {
            committed,
            lost: committed - seen,
        }
    })
}

fn on_own_runtime<T>(
    address: &str,
    work: impl AsyncFnOnce(Client) -> Result<T, tokio_postgres::Error>,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let (client, connection) = tokio_postgres::connect(address, NoTls)
            .await
            .expect("a connection");
        tokio::spawn(connection);
        work(client).await.expect("the database answers")
    })
}

fn write(address: &str, writer: u32, transactions: u32) -> i64 {
    on_own_runtime(address, async |client| {
        let mut committed = 0;
        for nth in 0..transactions {
            let rows = format!(
                "BEGIN; INSERT INTO naive (writer) SELECT {writer} FROM generate_series(1, {ROWS})"
            );
            client.batch_execute(&rows).await?;
            // What a server does before it commits takes a while, and not always the same.
            tokio::time::sleep(Duration::from_millis(u64::from((nth + writer) % 4))).await;
            if nth % 3 == 2 {
                client.batch_execute("ROLLBACK").await?;
            } else {
                client.batch_execute("COMMIT").await?;
                committed += ROWS;
            }
        }
        Ok(committed)
    })
}

fn read(address: &str, finished: &AtomicBool) -> i64 {
    on_own_runtime(address, async |client| {
        let (mut cursor, mut seen) = (0_i64, 0);
        loop {
            let is_last_look = finished.load(Ordering::SeqCst);
            let rows = client
                .query(
                    "SELECT seq FROM naive WHERE seq > $1 ORDER BY seq LIMIT 500",
                    &[&cursor],
                )
                .await?;
            seen += i64::try_from(rows.len()).unwrap_or(0);
            match rows.last() {
                Some(last) => cursor = last.get("seq"),
                None if is_last_look => return Ok(seen),
                None => {}
            }
        }
    })
}
