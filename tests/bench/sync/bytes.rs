//! P18: the bytes an event of 2 KB takes at the counter, at the central store and on the line.

use anyhow::{Result, ensure};

use super::events::{CASE_EVENTS, Desk, bytes_of};
use super::line::Line;
use super::local::{Desktop, client_at};
use super::town::{Backend, TENANT, Town};
use crate::figure::{Figures, number};

const EVENTS: u32 = 12_000;
/// As many as the planner asks for, of which a batch of 1 MiB takes what fits.
const BATCH: usize = 500;

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    let work = Desktop::with_work(Desk::new(TENANT, 1), crate::at_most(EVENTS))?;
    let events = work.store.read()?.own_events(0, u32::MAX)?;
    let count = events.len() as u64;
    let mean = events
        .iter()
        .map(|event| bytes_of(event) as u64)
        .sum::<u64>()
        / count;
    let mut told = |what: &str, bytes: u64, goal: u64| {
        let each = bytes / count;
        let case = number((each * u64::from(CASE_EVENTS)) as usize);
        figures.add(
            "P18",
            &format!("an event of {mean} bytes, {what}; a case of six"),
            format!("{}; {case}", number(each as usize)),
            &format!("<= {}", number(goal as usize)),
            Some(each <= goal),
        );
    };
    for backend in Backend::BOTH {
        let mut sender = work.copied()?;
        let mut reader = Desktop::new(Desk::new(TENANT, 2))?;
        let town = Town::start(backend, &[&sender.desk, &reader.desk])?;
        let before = town.database_bytes()?;
        let line = Line::to(&town)?;
        let push = client_at(&line.url, &sender.desk, &town);
        sender.push_all(&push, BATCH)?;
        let pushed = line.both_ways();
        let pull = client_at(&line.url, &reader.desk, &town);
        let pulled = reader.pull_all(&pull, skranke_sync::PAGE_ITEMS)?;
        ensure!(pulled.events == count, "{} of {count} came", pulled.events);
        let (on_line, name) = (line.both_ways() - pushed, backend.name());
        told(
            &format!("kept by {name}"),
            town.stopped_bytes()? - before,
            4_000,
        );
        if backend == Backend::Sqlite {
            told(
                "kept by the counter that read it",
                reader.closed_bytes()?,
                3_000,
            );
            told("sent, with proofs and answers", pushed, 500);
            told("read, with proofs and requests", on_line, 500);
        }
    }
    Ok(())
}
