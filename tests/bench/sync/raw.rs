//! What the databases do with the same bytes and nothing else: one row for each event, no index but the key.

use std::time::Instant;

use anyhow::{Context as _, Result};
use rusqlite::{Connection, params};
use skranke_protocol::envelope::SealedEvent;
use skranke_tests::window::target_folder;
use tokio_postgres::NoTls;
use tokio_postgres::types::ToSql;

use super::local::Transferred;
use super::town::cluster;

const TABLE: &str =
    "CREATE TABLE raw (id INTEGER PRIMARY KEY, header BLOB NOT NULL, payload BLOB NOT NULL,
                                       salt BLOB NOT NULL, signature BLOB NOT NULL)";

/// The same as PostgreSQL says it.
pub(crate) fn table_of_postgres() -> String {
    TABLE.replace("BLOB", "bytea").replace("INTEGER", "bigint")
}

/// What is kept of an event besides its number.
pub(crate) fn parts(event: &SealedEvent) -> [&[u8]; 4] {
    [
        event.header_bytes(),
        event.payload_bytes().unwrap_or_default(),
        event.salt().map_or(&[][..], |salt| salt),
        event.signature().as_bytes(),
    ]
}

/// `SQLite`, unencrypted, write-ahead log, every commit synced.
#[expect(
    clippy::disallowed_methods,
    reason = "what is measured here is the engine without our settings"
)]
pub(crate) fn sqlite(events: &[SealedEvent], batch: usize) -> Result<Transferred> {
    let folder = tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(target_folder())?;
    let mut connection = Connection::open(folder.path().join("raw.db"))?;
    connection.pragma_update(None, "page_size", 8192)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(TABLE)?;
    let begin = Instant::now();
    for some in events.chunks(batch) {
        let transaction = connection.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO raw VALUES (?1, ?2, ?3, ?4, ?5)")?;
            for event in some {
                insert.execute(params![
                    i64::try_from(event.header().device_seq)?,
                    event.header_bytes(),
                    event.payload_bytes(),
                    event.salt(),
                    event.signature().as_bytes()
                ])?;
            }
        }
        transaction.commit()?;
    }
    Ok(Transferred {
        events: events.len() as u64,
        took: begin.elapsed(),
    })
}

/// `PostgreSQL`, one INSERT of many rows for each batch, every commit synced.
pub(crate) fn postgres(events: &[SealedEvent], batch: usize) -> Result<Transferred> {
    let cluster = cluster();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let address = cluster.address("postgres", "postgres");
        let (client, connection) = tokio_postgres::connect(&address, NoTls).await?;
        let driving = tokio::spawn(connection);
        client.batch_execute(&table_of_postgres()).await?;
        let statement = client.prepare(&insert_of(batch.min(events.len()))).await?;
        let begin = Instant::now();
        for some in events.chunks(batch) {
            let values: Vec<(i64, [&[u8]; 4])> = some
                .iter()
                .map(|event| Ok((i64::try_from(event.header().device_seq)?, parts(event))))
                .collect::<Result<_>>()?;
            let parameters: Vec<&(dyn ToSql + Sync)> = values
                .iter()
                .flat_map(|(seq, parts)| {
                    let parts = parts.iter().map(|part| part as &(dyn ToSql + Sync));
                    std::iter::once(seq as &(dyn ToSql + Sync)).chain(parts)
                })
                .collect();
            if some.len() == batch {
                client.execute(&statement, &parameters).await?;
            } else {
                client.execute(&insert_of(some.len()), &parameters).await?;
            }
        }
        let took = begin.elapsed();
        drop(client);
        driving.await.context("the connection")??;
        Ok(Transferred {
            events: events.len() as u64,
            took,
        })
    })
}

fn insert_of(rows: usize) -> String {
    let values: Vec<String> = (0..rows)
        .map(|row| {
            let at = |column: usize| row * 5 + column;
            format!(
                "(${}, ${}, ${}, ${}, ${})",
                at(1),
                at(2),
                at(3),
                at(4),
                at(5)
            )
        })
        .collect();
    format!("INSERT INTO raw VALUES {}", values.join(", "))
}
