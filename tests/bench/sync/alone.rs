//! P4 and P5: the server alone, over PostgreSQL, beside two others that keep records for clients: atuin-server and
//! Kinto. Events are made before the clock starts, and encoding them is in the time of each; what comes is counted and
//! thrown away.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::{Cursor, Outcome};
use skranke_sync::{Cancel, Client, Pushed, Sender, SyncError, UnderWay, send_all};
use skranke_testkit::postgres::Cluster;

use super::events::Desk;
use super::local::{BATCH_THAT_FITS, Transferred, client};
use super::others::{Atuin, Kinto};
use super::town::{Backend, TENANT, Town, busy_time};
use crate::figure::{Figures, median, number};

const EVENTS: u32 = 10_000;
/// So many for the one that takes minutes for the others' number.
const EVENTS_OF_THE_SLOW: u32 = 2_000;
const ROUNDS: usize = 3;

/// A server that is measured alone.
pub(crate) trait Server {
    /// Hands over batches as its clients do; returns when all are on the disk.
    fn push(&mut self, batches: &[Vec<SealedEvent>]) -> Result<()>;
    /// Reads everything and returns how much it was.
    fn pull(&mut self) -> Result<u64>;
    /// The server's process.
    fn process(&self) -> u32;
    /// Its database.
    fn cluster(&self) -> &Cluster;
}

/// Rates of one server in events a second, and what an event costs all processors together, in microseconds.
#[derive(Default)]
struct Rates {
    push: Vec<f64>,
    pull: Vec<f64>,
    push_cost: Vec<f64>,
    pull_cost: Vec<f64>,
}

impl Rates {
    fn turn(&mut self, server: &mut dyn Server, batches: &[Vec<SealedEvent>]) -> Result<()> {
        let events: u64 = batches.iter().map(|batch| batch.len() as u64).sum();
        let (pushed, cost) = timed(server, |server| {
            server.push(batches)?;
            Ok(events)
        })?;
        self.push.push(pushed.rate());
        self.push_cost.push(cost);
        let (pulled, cost) = timed(server, |server| server.pull())?;
        ensure!(
            pulled.events == events,
            "{} of {events} came",
            pulled.events
        );
        self.pull.push(pulled.rate());
        self.pull_cost.push(cost);
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52 events")]
fn timed(
    server: &mut dyn Server,
    work: impl FnOnce(&mut dyn Server) -> Result<u64>,
) -> Result<(Transferred, f64)> {
    let before = busy_times(server);
    let begin = Instant::now();
    let events = work(server)?;
    let took = begin.elapsed();
    let spent: Duration = busy_times(server)
        .iter()
        .map(|(process, after)| {
            let before = before.get(process).copied().unwrap_or_default();
            after.saturating_sub(before)
        })
        .sum();
    let cost = spent.as_secs_f64() * 1e6 / events as f64;
    Ok((Transferred { events, took }, cost))
}

/// Processor time so far of the server and of each process of its database.
fn busy_times(server: &dyn Server) -> BTreeMap<u32, Duration> {
    let asked = "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()";
    let processes = server.cluster().administer("postgres", asked);
    let of_database = processes.lines().filter_map(|line| line.parse().ok());
    std::iter::once(server.process())
        .chain(of_database)
        // One may have ended since it was asked for.
        .filter_map(|process| Some((process, busy_time(process).ok()?)))
        .collect()
}

/// Ours, with everything on: signatures, hashes, rules, audit, receipts, tree.
struct Own {
    town: Town,
    writer: Client,
    reader: Client,
}

impl Own {
    fn start(desk: &Desk) -> Result<Self> {
        let other = Desk::new(TENANT, 2);
        let town = Town::start(Backend::Postgres, &[desk, &other])?;
        Ok(Self {
            writer: client(desk, &town),
            reader: client(&other, &town),
            town,
        })
    }
}

/// Batches that were made before, and answers that are looked at and thrown away.
struct Sending<'a>(std::slice::Iter<'a, Vec<SealedEvent>>);

impl Sender for Sending<'_> {
    fn next(&mut self) -> Result<Option<Vec<SealedEvent>>, SyncError> {
        Ok(self.0.next().cloned())
    }

    fn keep(&mut self, pushed: &Pushed, _: u64) -> Result<(), SyncError> {
        let is_accepted = |outcome: &Outcome| matches!(outcome, Outcome::Accepted { .. });
        let mut verdicts = pushed.verdicts.iter();
        if verdicts.all(|verdict| is_accepted(verdict.verdict.outcome())) {
            Ok(())
        } else {
            Err(SyncError::Host("not all is accepted".to_owned()))
        }
    }
}

impl Server for Own {
    fn push(&mut self, batches: &[Vec<SealedEvent>]) -> Result<()> {
        let mut sending = Sending(batches.iter());
        let two = UnderWay::Two;
        Ok(send_all(
            &self.writer,
            &Cancel::default(),
            two,
            &mut sending,
        )?)
    }

    fn pull(&mut self) -> Result<u64> {
        let (mut cursor, mut events) = (Cursor::START, 0);
        loop {
            let page = self.reader.pull(cursor, skranke_sync::PAGE_ITEMS, 0)?;
            events += page.sent.items.len() as u64;
            cursor = page.sent.cursor;
            if !page.sent.more {
                return Ok(events);
            }
        }
    }

    fn process(&self) -> u32 {
        self.town.process()
    }

    fn cluster(&self) -> &Cluster {
        self.town.cluster().expect("it is over PostgreSQL")
    }
}

/// Cases of a desk in batches of whole commands.
fn batches(desk: &mut Desk, events: u32) -> Result<Vec<Vec<SealedEvent>>> {
    let (mut batches, mut made, mut n) = (vec![Vec::new()], 0, 0);
    while made < events {
        for command in desk.case(n)? {
            made += u32::try_from(command.len())?;
            if batches.last().map_or(0, Vec::len) + command.len() > BATCH_THAT_FITS {
                batches.push(Vec::new());
            }
            if let Some(batch) = batches.last_mut() {
                batch.extend(command);
            }
        }
        n += 1;
    }
    Ok(batches)
}

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    let known = Desk::new(TENANT, 1);
    let all = batches(&mut known.clone(), crate::at_most(EVENTS))?;
    let few = batches(&mut known.clone(), crate::at_most(EVENTS_OF_THE_SLOW))?;
    let has_atuin = Atuin::is_installed();
    let mut is_there = [true, has_atuin, has_atuin, Kinto::is_installed()];
    let mut rates: [Rates; 4] = Default::default();
    for round in 0..ROUNDS {
        let mut order = [0, 1, 2, 3];
        if round % 2 == 1 {
            order.reverse();
        }
        for contender in order {
            let rates = &mut rates[contender];
            let turn = match contender {
                0 => Own::start(&known).and_then(|mut own| rates.turn(&mut own, &all)),
                1 if is_there[1] => Atuin::start(1).and_then(|mut it| rates.turn(&mut it, &all)),
                2 if is_there[2] => Atuin::start(2).and_then(|mut it| rates.turn(&mut it, &all)),
                3 if is_there[3] => Kinto::start().and_then(|mut it| rates.turn(&mut it, &few)),
                _ => Ok(()),
            };
            if let Err(error) = turn {
                figures.not_measured(
                    ["Skranke alone", "atuin-server", "atuin-server", "Kinto"][contender],
                    &error,
                );
                is_there[contender] = false;
            }
        }
    }
    let [own, atuin, atuin_two, kinto] = &rates;
    let [_, has_atuin, has_atuin_two, has_kinto] = is_there;
    told(
        figures,
        "P4",
        "Skranke",
        own,
        all.iter().map(Vec::len).sum(),
    );
    if has_atuin && has_atuin_two {
        told(
            figures,
            "P4",
            "atuin-server 18",
            atuin,
            all.iter().map(Vec::len).sum(),
        );
        let cost = median(&own.push_cost) / median(&atuin.push_cost);
        ratio(
            figures,
            "P4",
            "  push, of atuin's",
            &own.push,
            &atuin.push,
            Some(1.3),
        );
        ratio(
            figures,
            "P4",
            "  push, of atuin's with two batches at once",
            &own.push,
            &atuin_two.push,
            None,
        );
        ratio(
            figures,
            "P4",
            "  pull, of atuin's",
            &own.pull,
            &atuin.pull,
            Some(1.15),
        );
        figures.add(
            "P4",
            "  processors, an event pushed, of atuin's",
            format!("{cost:.2} x"),
            "<= 0.9 x",
            Some(cost <= 0.9),
        );
    } else {
        not_there(figures, "P4", "atuin-server", "crates.io must be reachable");
    }
    if has_kinto {
        told(
            figures,
            "P5",
            "Kinto 26",
            kinto,
            few.iter().map(Vec::len).sum(),
        );
        ratio(
            figures,
            "P5",
            "  push, of Kinto's",
            &own.push,
            &kinto.push,
            Some(50.0),
        );
        ratio(
            figures,
            "P5",
            "  pull, of Kinto's",
            &own.pull,
            &kinto.pull,
            None,
        );
    } else {
        not_there(figures, "P5", "Kinto", "PyPI must be reachable");
    }
    Ok(())
}

fn not_there(figures: &mut Figures, code: &str, peer: &str, why: &str) {
    figures.add(code, peer, "not installed".to_owned(), why, None);
}

fn told(figures: &mut Figures, code: &str, name: &str, rates: &Rates, events: usize) {
    figures.add(
        code,
        &format!("{name} alone, {} events: push; pull", number(events)),
        format!("{:.0}; {:.0} /s", median(&rates.push), median(&rates.pull)),
        "",
        None,
    );
    figures.add(
        code,
        "  processors, server and database: push; pull",
        format!(
            "{:.0}; {:.0} us",
            median(&rates.push_cost),
            median(&rates.pull_cost)
        ),
        "",
        None,
    );
}

fn ratio(
    figures: &mut Figures,
    code: &str,
    what: &str,
    own: &[f64],
    other: &[f64],
    goal: Option<f64>,
) {
    super::transfer::ratio(figures, code, what, median(own) / median(other), goal);
}
