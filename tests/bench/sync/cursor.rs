//! P10: what a reader beside 8 writers with aborts loses, beside a naive cursor in the same database.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use skranke_protocol::wire::Cursor;

use super::events::Desk;
use super::local::client;
use super::town::{Backend, TENANT, Town, cluster};
use crate::figure::{Figures, number};

// The small form of this is a test of the contract; both read the naive way with the same code.
#[path = "../../contract/postgres/naive.rs"]
mod naive;

const WRITERS: u32 = 8;
const LASTS: Duration = Duration::from_secs(8);
/// Transactions of each naive writer.
const NAIVE: u32 = 1_500;

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    for backend in Backend::BOTH {
        let desks: Vec<Desk> = (1..=WRITERS + 1)
            .map(|nth| Desk::new(TENANT, nth))
            .collect();
        let town = Town::start(backend, &desks.iter().collect::<Vec<_>>())?;
        let (reader, writers) = desks.split_last().context("a reader")?;
        let finished = AtomicBool::new(false);
        let (seen, written) = std::thread::scope(|scope| -> Result<_> {
            let reading = scope.spawn(|| read(reader, &town, &finished));
            let writing: Vec<_> = writers
                .iter()
                .map(|desk| scope.spawn(|| write(desk.clone(), &town)))
                .collect();
            let mut written = 0;
            for one in writing {
                written += one
                    .join()
                    .map_err(|_| anyhow::anyhow!("a writer failed"))??;
            }
            finished.store(true, Ordering::SeqCst);
            let seen = reading
                .join()
                .map_err(|_| anyhow::anyhow!("the reader failed"))??;
            Ok((seen, written))
        })?;
        let distinct: HashSet<u64> = seen.iter().copied().collect();
        let (lost, repeated) = (written - distinct.len(), seen.len() - distinct.len());
        figures.add(
            "P10",
            &format!(
                "reader beside 8 writers, {}: lost; repeated",
                backend.name()
            ),
            format!("{lost}; {repeated} of {}", number(written)),
            "0; 0",
            Some(lost == 0 && repeated == 0),
        );
    }
    let naive = naive::read_by_sequence(&cluster(), WRITERS, NAIVE);
    figures.add(
        "P10",
        "  a sequence as cursor in the same case: lost",
        format!("{} of {}", naive.lost, naive.committed),
        "> 0, or it proves nothing",
        Some(naive.lost > 0),
    );
    Ok(())
}

/// Commits cases until the time is up; every third is offered first with its second half missing, which the server
/// stores nothing of.
fn write(mut desk: Desk, town: &Town) -> Result<usize> {
    let client = client(&desk, town);
    let begin = Instant::now();
    let (mut written, mut n) = (0, 0);
    while begin.elapsed() < LASTS {
        let commands = desk.case_with(n, 60)?;
        if n % 3 == 2 {
            // A gap in the chain: the transaction holds the counter and ends with nothing in the feed.
            let later = commands.last().context("a case has commands")?;
            let _ = client.push(later)?;
        }
        let all = commands.concat();
        client.push(&all)?;
        written += all.len();
        n += 1;
    }
    Ok(written)
}

fn read(desk: &Desk, town: &Town, finished: &AtomicBool) -> Result<Vec<u64>> {
    let client = client(desk, town);
    let (mut seen, mut cursor) = (Vec::new(), Cursor::START);
    loop {
        let is_last_look = finished.load(Ordering::SeqCst);
        let page = client.pull(cursor, 200, 0)?;
        seen.extend(page.sent.items.iter().map(|entry| entry.position));
        cursor = page.sent.cursor;
        if is_last_look && !page.sent.more {
            return Ok(seen);
        }
    }
}
