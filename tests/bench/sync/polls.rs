//! P9: 1,000 desktops of 98 municipalities wait for news while 50 pushes a second come in; and many who push at once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use skranke_protocol::wire::{Cursor, MAX_WAIT_SECONDS};

use super::events::Desk;
use super::local::client;
use super::town::{Backend, TENANT, Town};
use crate::figure::{Figures, ms, percentile};

const TENANTS: u32 = 98;
const WAITING: u32 = 1_000;
const PUSHERS: usize = 8;
const PUSHES: u32 = 50;
const SECONDS: u32 = 20;
/// How long each number of clients pushes as fast as it can.
const RACE: Duration = Duration::from_secs(5);

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    for backend in Backend::BOTH {
        waiting(figures, backend)?;
        racing(figures, backend)?;
    }
    Ok(())
}

fn waiting(figures: &mut Figures, backend: Backend) -> Result<()> {
    let tenant = |nth: u32| format!("{:04}", 1_000 + nth % TENANTS);
    let pushers: Vec<Desk> = (0..TENANTS)
        .map(|nth| Desk::new(&tenant(nth), nth + 1))
        .collect();
    let waiters: Vec<Desk> = (0..WAITING)
        .map(|nth| Desk::new(&tenant(nth), 1_000 + nth))
        .collect();
    let all: Vec<&Desk> = pushers.iter().chain(&waiters).collect();
    let town = Town::start(backend, &all)?;
    let finished = AtomicBool::new(false);
    let (pushes, arrivals) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    // When the last push of each municipality was begun; its waiters measure from there.
    let begun: Vec<Mutex<Instant>> = pushers.iter().map(|_| Mutex::new(Instant::now())).collect();
    let (faults, busy) = std::thread::scope(|scope| -> Result<(usize, f64)> {
        let waiting: Vec<_> = (0..)
            .zip(&waiters)
            .map(|(nth, desk)| {
                let (town, finished, arrivals) = (&town, &finished, &arrivals);
                let begun = &begun[nth as usize % TENANTS as usize];
                std::thread::Builder::new()
                    .stack_size(256 * 1024)
                    .spawn_scoped(scope, move || {
                        wait_for_news(desk, town, finished, begun, arrivals)
                    })
            })
            .collect::<Result<_, _>>()?;
        std::thread::sleep(Duration::from_secs(2));
        let (start, before) = (Instant::now(), town.busy_time()?);
        let shares: Vec<Vec<(usize, Desk)>> = shared(pushers.iter().cloned().enumerate().collect());
        let pushing: Vec<_> = shares
            .into_iter()
            .enumerate()
            .map(|(nth, share)| {
                let (town, pushes, begun) = (&town, &pushes, &begun);
                scope.spawn(move || push_steadily(nth, share, town, start, begun, pushes))
            })
            .collect();
        for one in pushing {
            one.join()
                .map_err(|_| anyhow::anyhow!("a pusher failed"))??;
        }
        let busy = (town.busy_time()? - before).as_secs_f64() / start.elapsed().as_secs_f64();
        finished.store(true, Ordering::SeqCst);
        let mut faults = 0;
        for one in waiting {
            faults += usize::from(one.join().map_or(true, |ended| ended.is_err()));
        }
        Ok((faults, busy))
    })?;
    let (pushes, arrivals) = (into_inner(pushes), into_inner(arrivals));
    let of = format!("{WAITING} waiting, {PUSHES} pushes/s, {}", backend.name());
    let p99 = percentile(&pushes, 0.99);
    figures.add(
        "P9",
        &format!("{of}: push p50 / p99"),
        format!("{} / {}", ms(percentile(&pushes, 0.5)), ms(p99)),
        "p99 <= 100 ms",
        Some(p99 <= Duration::from_millis(100)),
    );
    figures.add(
        "P9",
        "  from push to the waiting desktop, p50 / p99",
        format!(
            "{} / {}",
            ms(percentile(&arrivals, 0.5)),
            ms(percentile(&arrivals, 0.99))
        ),
        &format!("{} news, {faults} faults", arrivals.len()),
        Some(faults == 0),
    );
    let megabytes = town.peak_memory()? / 1_000_000;
    figures.add(
        "P9",
        "  server memory; share of one processor",
        format!("{megabytes} MB; {:.0} %", busy * 100.0),
        "<= 100 MB; (25 %)",
        Some(megabytes <= 100),
    );
    Ok(())
}

fn wait_for_news(
    desk: &Desk,
    town: &Town,
    finished: &AtomicBool,
    begun: &Mutex<Instant>,
    arrivals: &Mutex<Vec<Duration>>,
) -> Result<()> {
    let client = client(desk, town);
    let mut cursor = Cursor::START;
    while !finished.load(Ordering::SeqCst) {
        let page = client.pull(cursor, 100, MAX_WAIT_SECONDS)?;
        if !page.sent.items.is_empty() {
            let took = begun
                .lock()
                .map_err(|_| anyhow::anyhow!("poisoned"))?
                .elapsed();
            arrivals
                .lock()
                .map_err(|_| anyhow::anyhow!("poisoned"))?
                .push(took);
        }
        cursor = page.sent.cursor;
    }
    Ok(())
}

fn push_steadily(
    nth: usize,
    mut share: Vec<(usize, Desk)>,
    town: &Town,
    start: Instant,
    begun: &[Mutex<Instant>],
    pushes: &Mutex<Vec<Duration>>,
) -> Result<()> {
    let clients: Vec<_> = share.iter().map(|(_, desk)| client(desk, town)).collect();
    let total = PUSHES * SECONDS / u32::try_from(PUSHERS)?;
    for turn in 0..total {
        let due = Duration::from_secs_f64(
            (f64::from(turn) + nth as f64 / PUSHERS as f64) * PUSHERS as f64 / f64::from(PUSHES),
        );
        std::thread::sleep((start + due).saturating_duration_since(Instant::now()));
        let which = turn as usize % share.len();
        let (tenant, desk) = &mut share[which];
        let command = desk.case_with(turn, 60)?.swap_remove(0);
        let begin = Instant::now();
        *begun[*tenant]
            .lock()
            .map_err(|_| anyhow::anyhow!("poisoned"))? = begin;
        clients[which].push(&command)?;
        pushes
            .lock()
            .map_err(|_| anyhow::anyhow!("poisoned"))?
            .push(begin.elapsed());
        // Only the first command of a case is sent; the chain goes on from it.
        desk.rewind(command.last().context("a command has events")?);
    }
    Ok(())
}

fn shared<T>(all: Vec<T>) -> Vec<Vec<T>> {
    let mut shares: Vec<Vec<T>> = (0..PUSHERS).map(|_| Vec::new()).collect();
    for (nth, one) in all.into_iter().enumerate() {
        shares[nth % PUSHERS].push(one);
    }
    shares
}

fn into_inner<T>(all: Mutex<Vec<T>>) -> Vec<T> {
    all.into_inner().unwrap_or_default()
}

/// Commands a second with one client and with 64, each sending one at a time.
fn racing(figures: &mut Figures, backend: Backend) -> Result<()> {
    let mut rates = Vec::new();
    for clients in [1_u32, 64] {
        let desks: Vec<Desk> = (1..=clients).map(|nth| Desk::new(TENANT, nth)).collect();
        let town = Town::start(backend, &desks.iter().collect::<Vec<_>>())?;
        let begin = Instant::now();
        let done = std::thread::scope(|scope| -> Result<u32> {
            let racing: Vec<_> = desks
                .into_iter()
                .map(|desk| scope.spawn(|| race(desk, &town, begin)))
                .collect();
            let mut done = 0;
            for one in racing {
                done += one
                    .join()
                    .map_err(|_| anyhow::anyhow!("a client failed"))??;
            }
            Ok(done)
        })?;
        rates.push(f64::from(done) / begin.elapsed().as_secs_f64());
    }
    figures.add(
        "",
        &format!(
            "commands/s one at a time, {}: 1; 64 clients",
            backend.name()
        ),
        format!("{:.0}; {:.0} /s", rates[0], rates[1]),
        "64 not below 1",
        Some(rates[1] >= rates[0]),
    );
    Ok(())
}

fn race(mut desk: Desk, town: &Town, begin: Instant) -> Result<u32> {
    let client = client(&desk, town);
    let mut done = 0;
    while begin.elapsed() < RACE {
        for command in desk.case(done)? {
            client.push(&command)?;
            done += 1;
        }
    }
    Ok(done)
}
