//! P8: a whole store into an empty PostgreSQL, as `skranke-server migrate-store` carries it, beside `\copy` of psql.

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use skranke_protocol::envelope::SealedEvent;
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::postgres::{PostgresAddress, PostgresStore};
use skranke_server::store::sqlite::SqliteStore;
use skranke_server::store::transfer;
use skranke_server::store::{CentralStore as _, StoredFeedItem};
use skranke_testkit::postgres::Cluster;
use skranke_tests::window::target_folder;

use super::events::Desk;
use super::filling::fill;
use super::local::Transferred;
use super::raw::{parts, table_of_postgres};
use super::town::{TENANT, cluster, enrol, prepared};
use crate::figure::{Figures, median, number};

const EVENTS: u32 = 20_000;
const NOTE_BYTES: usize = 1_830;
const ROUNDS: usize = 3;

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(target_folder())?;
    let key = KeyFile::read_or_create(&folder.path().join("central.key"), false)?;
    let store = SqliteStore::open(&folder.path().join("central.db"), &key)?;
    let mut desk = Desk::new(TENANT, 1);
    enrol(&store, &[&desk])?;
    fill(&store, &mut desk, crate::at_most(EVENTS), NOTE_BYTES)?;
    let device = store.device(TENANT, desk.device)?.context("enrolled")?;
    let mut events = Vec::new();
    let mut after = 0;
    while after < store.tenant(TENANT)?.position() {
        let slice = store.feed(TENANT, &device, after, 500)?;
        for (_, item) in slice.items {
            if let StoredFeedItem::Event(event) = item {
                events.push(event);
            }
        }
        after = slice.read_to;
    }
    let (mut own, mut tables, mut copied) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        for turn in 0..2 {
            if (turn + round) % 2 == 0 {
                let cluster = cluster();
                own.push(carried(&store, &cluster, &key, events.len())?.rate());
                tables.push(copied_again(&cluster, events.len())?.rate());
            } else {
                copied.push(psql_copy(&events)?.rate());
            }
        }
    }
    let (own, tables, copied) = (median(&own), median(&tables), median(&copied));
    figures.add(
        "P8",
        &format!("{} events: store moved; \\copy", number(events.len())),
        format!("{own:.0}; {copied:.0} /s"),
        "",
        None,
    );
    super::transfer::ratio(
        figures,
        "P8",
        "  of \\copy's, rows an event there: 3",
        own / copied,
        Some(0.5),
    );
    super::transfer::ratio(
        figures,
        "P8",
        "  \\copy into the store's own tables, of the same",
        tables / copied,
        None,
    );
    Ok(())
}

/// Everything, counted and hashed on both sides.
fn carried(
    from: &SqliteStore,
    cluster: &Cluster,
    key: &KeyFile,
    events: usize,
) -> Result<Transferred> {
    drop(prepared(cluster, key)?);
    let owner = PostgresAddress::read(&cluster.address("skranke_owner", "skranke"), None, 4)?;
    let to = PostgresStore::open_as_owner(&owner, key)?;
    let begin = Instant::now();
    let carried = transfer::carry(from, &to)?;
    let took = begin.elapsed();
    let rows: u64 = carried.iter().map(|tenant| tenant.rows("event")).sum();
    ensure!(rows == events as u64, "{rows} of {events} events arrived");
    Ok(Transferred { events: rows, took })
}

/// The rows that arrived, once more into the same tables, with their keys, indexes and references: what the database
/// alone takes for them, with nothing read, hashed or compared.
fn copied_again(cluster: &Cluster, events: usize) -> Result<Transferred> {
    let file = |table: &str| {
        format!(
            "'{}' WITH (FORMAT binary)",
            cluster.host().join(table).display()
        )
    };
    let tables = ["event", "feed_item", "case_summary", "audit"];
    for table in tables {
        cluster.administer("skranke", &format!("\\copy {table} TO {}", file(table)));
    }
    cluster.administer(
        "skranke",
        &format!("TRUNCATE {} CASCADE", tables.join(", ")),
    );
    let begin = Instant::now();
    for table in tables {
        cluster.administer("skranke", &format!("\\copy {table} FROM {}", file(table)));
    }
    let took = begin.elapsed();
    Ok(Transferred {
        events: events as u64,
        took,
    })
}

/// The events' bytes alone, in the database's own binary form, into a table with no index but the key.
fn psql_copy(events: &[SealedEvent]) -> Result<Transferred> {
    let cluster = cluster();
    cluster.administer("postgres", &table_of_postgres());
    let file = cluster.host().join("events");
    write_binary(&file, events)?;
    let copy = format!("\\copy raw FROM '{}' WITH (FORMAT binary)", file.display());
    let begin = Instant::now();
    cluster.administer("postgres", &copy);
    let took = begin.elapsed();
    let there = count(&cluster)?;
    ensure!(there == events.len() as u64, "{there} rows arrived");
    Ok(Transferred {
        events: there,
        took,
    })
}

fn count(cluster: &Cluster) -> Result<u64> {
    let told = cluster.administer("postgres", "SELECT count(*) FROM raw");
    Ok(told.trim().parse()?)
}

fn write_binary(path: &Path, events: &[SealedEvent]) -> Result<()> {
    let mut out = BufWriter::new(std::fs::File::create(path)?);
    out.write_all(b"PGCOPY\n\xff\r\n\0")?;
    out.write_all(&[0; 8])?;
    for event in events {
        let seq = event.header().device_seq.to_be_bytes();
        let fields: Vec<&[u8]> = std::iter::once(&seq[..]).chain(parts(event)).collect();
        out.write_all(&i16::try_from(fields.len())?.to_be_bytes())?;
        for field in fields {
            out.write_all(&i32::try_from(field.len())?.to_be_bytes())?;
            out.write_all(field)?;
        }
    }
    out.write_all(&(-1_i16).to_be_bytes())?;
    out.flush()?;
    Ok(())
}
