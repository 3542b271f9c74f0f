//! P1, P2 and P6: pushing, pulling and offering again, beside the databases alone and beside a peer.

use std::time::Duration;

use anyhow::{Result, ensure};
use skranke_protocol::envelope::SealedEvent;
use skranke_sync::PAGE_ITEMS;

use super::events::{Desk, bytes_of};
use super::local::{Desktop, Transferred};
use super::peer::Durability;
use super::town::{Backend, TENANT, Town, busy_time};
use super::{peer, raw};
use crate::disk::Disk;
use crate::figure::{Figures, median, ms, number, percentile};

const SIZES: [u32; 2] = [10_000, 100_000];
const BATCHES: [usize; 2] = [100, 500];
/// The smaller size is measured so often, in turn forwards and backwards.
const ROUNDS: usize = 3;

/// The peer twice: what is compared asks the disk as often as we do.
const PEERS: [(Durability, &str); 2] = [
    (Durability::EveryWrite, "every write synced"),
    (Durability::None, "as it comes, no write synced"),
];

/// Rates of one contender, in events a second.
#[derive(Default)]
struct Rates {
    push: Vec<f64>,
    pull: Vec<f64>,
    again: Vec<f64>,
    /// Processor time of an event pulled, in microseconds: the server's, the desktop's.
    pull_there: Vec<f64>,
    pull_here: Vec<f64>,
}

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    let has_peer = peer::is_installed();
    if !has_peer {
        figures.add(
            "P1",
            "PouchDB 9 / express-pouchdb",
            "not installed".to_owned(),
            "npm must be reachable",
            None,
        );
    }
    for size in SIZES.into_iter().filter(|size| *size >= crate::fewest()) {
        let size = crate::at_most(size);
        let work = Desktop::with_work(Desk::new(TENANT, 1), size)?;
        let events = work.store.read()?.own_events(0, u32::MAX)?;
        let bytes: usize = events.iter().map(bytes_of).sum();
        figures.add(
            "",
            &format!("events of {} bytes", bytes / events.len()),
            number(events.len()),
            "",
            None,
        );
        let rounds = if size <= SIZES[0] { ROUNDS } else { 1 };
        for batch in BATCHES {
            one_size(figures, &work, &events, batch, rounds, has_peer)?;
        }
    }
    Ok(())
}

fn one_size(
    figures: &mut Figures,
    work: &Desktop,
    events: &[SealedEvent],
    batch: usize,
    rounds: usize,
    has_peer: bool,
) -> Result<()> {
    let mut own = [Rates::default(), Rates::default()];
    let mut others = [Rates::default(), Rates::default()];
    let (mut raw_postgres, mut raw_sqlite) = (Vec::new(), Vec::new());
    let mut disk = Disk::new()?;
    let mut flushes = Vec::new();
    for round in 0..rounds {
        let mut turn = |contender: usize| -> Result<()> {
            for _ in 0..20 {
                flushes.push(disk.flush()?);
            }
            match contender {
                0 | 1 => own_turn(&mut own[contender], Backend::BOTH[contender], work, batch),
                2 => {
                    raw_sqlite.push(raw::sqlite(events, batch)?.rate());
                    raw_postgres.push(raw::postgres(events, batch)?.rate());
                    Ok(())
                }
                3 | 4 if has_peer => {
                    let peer = peer::run(events, batch, PEERS[contender - 3].0)?;
                    let rates = &mut others[contender - 3];
                    rates.push.push(peer.push.rate());
                    rates.pull.push(peer.pull.rate());
                    Ok(())
                }
                _ => Ok(()),
            }
        };
        let order: Vec<usize> = if round % 2 == 0 {
            (0..5).collect()
        } else {
            (0..5).rev().collect()
        };
        for contender in order {
            turn(contender)?;
        }
    }
    let of = format!("{} events, batches of {batch}", number(events.len()));
    figures.add(
        "",
        &format!("{of}: a flush, p50 / p95"),
        format!(
            "{} / {}",
            ms(percentile(&flushes, 0.5)),
            ms(percentile(&flushes, 0.95))
        ),
        "(the disk itself)",
        None,
    );
    let (raw_sqlite, raw_postgres) = (median(&raw_sqlite), median(&raw_postgres));
    figures.add(
        "",
        &format!("{of}: raw SQLite; raw PostgreSQL"),
        format!("{raw_sqlite:.0}; {raw_postgres:.0} /s"),
        "1 row an event",
        None,
    );
    for (other, (_, says)) in others.iter().zip(PEERS).filter(|_| has_peer) {
        figures.add(
            "",
            &format!("{of}: PouchDB, {says}, push; pull"),
            format!("{:.0}; {:.0} /s", median(&other.push), median(&other.pull)),
            "",
            None,
        );
    }
    let page = page_of(batch)?;
    for (rates, backend) in own.iter().zip(Backend::BOTH) {
        let of = format!("{of}, {}", backend.name());
        let (push, pull, again) = (
            median(&rates.push),
            median(&rates.pull),
            median(&rates.again),
        );
        figures.add(
            "P1",
            &format!("{of}: push, median, least and most"),
            spread(&rates.push),
            "",
            None,
        );
        for (other, (durability, says)) in others.iter().zip(PEERS).filter(|_| has_peer) {
            let goal = (durability == Durability::EveryWrite).then_some(3.0);
            let what = format!("  of PouchDB's, {says}");
            ratio(figures, "P1", &what, push / median(&other.push), goal);
        }
        let alone = if backend == Backend::Sqlite {
            raw_sqlite
        } else {
            raw_postgres
        };
        ratio(
            figures,
            "P1",
            &format!("  of raw {}, rows an event there: 3", backend.name()),
            push / alone,
            Some(0.5),
        );
        figures.add(
            "P2",
            &format!("{of}: pull in pages of {page}, median, least and most"),
            spread(&rates.pull),
            "",
            None,
        );
        for (other, (durability, says)) in others.iter().zip(PEERS).filter(|_| has_peer) {
            let goal = (durability == Durability::EveryWrite).then_some(8.0);
            let what = format!("  of PouchDB's, {says}");
            ratio(figures, "P2", &what, pull / median(&other.pull), goal);
        }
        ratio(
            figures,
            "P2",
            "  of raw SQLite, rows an event here: 2.8",
            pull / raw_sqlite,
            Some(0.5),
        );
        figures.add(
            "P2",
            "  processor time an event: server; desktop",
            format!(
                "{:.0}; {:.0} us",
                median(&rates.pull_there),
                median(&rates.pull_here)
            ),
            "",
            None,
        );
        figures.add(
            "P6",
            &format!("{of}: offered again"),
            format!("{again:.0} /s"),
            "",
            None,
        );
        ratio(
            figures,
            "P6",
            "  of the first push",
            again / push,
            Some(2.0),
        );
    }
    Ok(())
}

/// Items of a page beside batches of this size: a desktop never asks for more than it does in a round.
fn page_of(batch: usize) -> Result<u32> {
    Ok(u32::try_from(batch)?.min(PAGE_ITEMS))
}

/// How fast the middle, the slowest and the fastest round went.
fn spread(rates: &[f64]) -> String {
    let (least, most) = rates
        .iter()
        .fold((f64::INFINITY, 0.0_f64), |(least, most), rate| {
            (least.min(*rate), most.max(*rate))
        });
    format!("{:.0}; {least:.0}; {most:.0} /s", median(rates))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52 events")]
fn own_turn(rates: &mut Rates, backend: Backend, work: &Desktop, batch: usize) -> Result<()> {
    let mut sender = work.copied()?;
    let mut reader = Desktop::new(Desk::new(TENANT, 2))?;
    let town = Town::start(backend, &[&sender.desk, &reader.desk])?;
    let due = sender
        .store
        .read()?
        .own_device()?
        .map_or(0, |own| own.head.seq);
    let whole = |done: &Transferred| {
        ensure!(
            done.events == due,
            "{} of {due} events went over",
            done.events
        );
        Ok(())
    };
    let client = sender.client(&town);
    let pushed = sender.push_all(&client, batch)?;
    whole(&pushed)?;
    let reading = reader.client(&town);
    let page = page_of(batch)?;
    let this = std::process::id();
    let before = (town.busy_time()?, busy_time(this)?);
    let pulled = reader.pull_all(&reading, page)?;
    whole(&pulled)?;
    let after = (town.busy_time()?, busy_time(this)?);
    let each = |spent: Duration| spent.as_secs_f64() * 1e6 / pulled.events as f64;
    rates.pull_there.push(each(after.0 - before.0));
    rates.pull_here.push(each(after.1 - before.1));
    let again = sender.offer_again(&client, batch)?;
    whole(&again)?;
    eprintln!(
        "  {} {batch}: push {:.0}/s, pull {:.0}/s ({:.0} + {:.0} us of processors an event), again {:.0}/s",
        backend.name(),
        pushed.rate(),
        pulled.rate(),
        each(after.0 - before.0),
        each(after.1 - before.1),
        again.rate()
    );
    rates.push.push(pushed.rate());
    rates.pull.push(pulled.rate());
    rates.again.push(again.rate());
    Ok(())
}

/// A ratio beside its goal; without one it is told for comparing.
pub(super) fn ratio(figures: &mut Figures, code: &str, what: &str, ratio: f64, goal: Option<f64>) {
    figures.add(
        code,
        what,
        format!("{ratio:.2} x"),
        &goal.map_or_else(String::new, |goal| format!(">= {goal} x")),
        goal.map(|goal| ratio >= goal),
    );
}
