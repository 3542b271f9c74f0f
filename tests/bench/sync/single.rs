//! P3: one event from the counter's save to the central store's word for it, kept here.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::events::Desk;
use super::local::Desktop;
use super::peer;
use super::town::{Backend, TENANT, Town};
use crate::disk::Disk;
use crate::figure::{Figures, ms, percentile};

const TIMES: u32 = 200;

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    let mut slowest = Duration::ZERO;
    for backend in Backend::BOTH {
        let mut desktop = Desktop::new(Desk::new(TENANT, 1))?;
        let town = Town::start(backend, &[&desktop.desk])?;
        let client = desktop.client(&town);
        let mut disk = Disk::new()?;
        let (mut flushes, mut times) = (Vec::new(), Vec::new());
        let mut notes = desktop.desk.clone();
        for note in notes.notes(TIMES)? {
            flushes.push(disk.flush()?);
            let begin = Instant::now();
            desktop.save(&note)?;
            desktop.push_saved(&client, &note)?;
            times.push(begin.elapsed());
        }
        let (p50, flush) = (percentile(&times, 0.5), percentile(&flushes, 0.5));
        let goal = flush * 4 + Duration::from_millis(2);
        slowest = slowest.max(p50);
        figures.add(
            "P3",
            &format!(
                "one event saved -> acknowledged, {}, p50 / p95",
                backend.name()
            ),
            format!("{} / {}", ms(p50), ms(percentile(&times, 0.95))),
            &format!("p50 <= 4 flushes of {} + 2 ms", ms(flush)),
            Some(p50 <= goal),
        );
    }
    if peer::is_installed() {
        let some = Desktop::with_work(Desk::new(TENANT, 1), 100)?;
        let peer = peer::run(
            &some.store.read()?.own_events(0, u32::MAX)?,
            100,
            peer::Durability::EveryWrite,
        )?;
        let p50 = percentile(&peer.single, 0.5);
        let share = slowest.as_secs_f64() / p50.as_secs_f64();
        figures.add(
            "P3",
            "  of PouchDB's, every write synced",
            format!("{share:.2} x of {}", ms(p50)),
            "",
            None,
        );
    }
    Ok(())
}
