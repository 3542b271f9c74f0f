//! P18: the bytes an event of 2 KB takes at the counter, at the central store and on the line.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, ensure};

use super::events::{CASE_EVENTS, Desk, bytes_of};
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
        let line = CountedLine::to(&town)?;
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

/// A line to a server on which every byte is counted.
struct CountedLine {
    url: String,
    carried: Arc<AtomicU64>,
}

impl CountedLine {
    fn to(town: &Town) -> Result<Self> {
        let server = town.url.strip_prefix("http://").context("plain HTTP")?;
        let server = server.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let carried = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&carried);
        std::thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                let Ok(line) = TcpStream::connect(&server) else {
                    return;
                };
                let (Ok(there), Ok(back)) = (caller.try_clone(), line.try_clone()) else {
                    return;
                };
                for (from, to) in [(caller, line), (back, there)] {
                    let carried = Arc::clone(&counted);
                    std::thread::spawn(move || carry(from, to, &carried));
                }
            }
        });
        Ok(Self { url, carried })
    }

    fn both_ways(&self) -> u64 {
        self.carried.load(Ordering::SeqCst)
    }
}

/// Counts before it hands on, so that whoever has an answer finds it counted.
fn carry(mut from: impl Read, mut to: impl Write, carried: &AtomicU64) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        carried.fetch_add(read as u64, Ordering::SeqCst);
        if to.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
}
