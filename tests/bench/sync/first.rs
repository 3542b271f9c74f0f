//! P17: a new desktop reads 60,000 cases of six events, cut ten times on the way.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use skranke_protocol::wire::MAX_PAGE_ITEMS;
use skranke_sync::{Cancel, PAGE_ITEMS, Page, SyncError};

use super::events::{CASE_EVENTS, Desk};
use super::filling::fill;
use super::line::Line;
use super::local::{Desktop, client_at};
use super::town::{Backend, Peak, TENANT, Town};
use crate::figure::{Figures, number};

const CASES: u32 = 60_000;
const CUTS: u64 = 10;
const NOTE_BYTES: usize = 300;

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    let events = crate::at_most(CASES * CASE_EVENTS) / CASE_EVENTS * CASE_EVENTS;
    let mut colleague = Desk::new(TENANT, 1);
    let mut desktop = Desktop::new(Desk::new(TENANT, 2))?;
    let known = colleague.clone();
    let town = Town::filled(Backend::Sqlite, &[&known, &desktop.desk], |store| {
        fill(store, &mut colleague, events, NOTE_BYTES).map(|_| ())
    })?;
    let (begin, memory) = (Instant::now(), Peak::begin()?);
    let (mut stored, mut sent_again, mut most_again, mut cuts) = (0_u64, 0_u64, 0_u64, 0);
    let mut working = Duration::ZERO;
    while stored < u64::from(events) {
        let line = Line::to(&town)?;
        let client = client_at(&line.url, &desktop.desk, &town);
        let cut_at = u64::from(events) * (cuts + 1) / (CUTS + 1);
        let cursor = desktop.store.read()?.cursor()?;
        let mut kept = 0;
        let mut keep = |page: &Page| {
            if cuts < CUTS && stored + kept >= cut_at {
                // The power goes after the page came and before it is kept; others wait or are on their way.
                return Err(SyncError::Cancelled);
            }
            let taken = desktop
                .take(page)
                .map_err(|error| SyncError::Host(format!("{error:#}")))?;
            kept += taken as u64;
            Ok(())
        };
        match skranke_sync::read_feed(&client, &Cancel::default(), cursor, PAGE_ITEMS, &mut keep) {
            Ok(()) => {}
            Err(SyncError::Cancelled) => {
                // What was asked for and not kept.
                let read_to = cursor.position + kept;
                let pages = line
                    .asked()
                    .iter()
                    .filter(|after| **after >= read_to)
                    .count();
                ensure!(pages > 0, "what was thrown away was asked for");
                let lost = pages as u64 * u64::from(PAGE_ITEMS);
                most_again = most_again.max(lost);
                sent_again += lost;
                cuts += 1;
            }
            Err(other) => return Err(other.into()),
        }
        stored += kept;
        let reopening = Instant::now();
        desktop = desktop.reopened()?;
        working += reopening.elapsed();
    }
    let took = begin.elapsed();
    let (most, more) = memory.so_far()?;
    let cases = desktop.store.read()?.case_counts()?.total();
    ensure!(
        cases == u64::from(events / CASE_EVENTS),
        "{cases} cases are listed"
    );
    figures.add(
        "P17",
        &format!("first sync of {} cases of 6 events", number(cases as usize)),
        format!("{:.1} s", took.as_secs_f64()),
        "<= 60 s (30 s)",
        Some(took <= Duration::from_secs(60)),
    );
    figures.add(
        "P17",
        &format!("  cut {cuts} times: sent again; opening anew"),
        format!(
            "{} events; {:.1} s",
            number(sent_again as usize),
            working.as_secs_f64()
        ),
        "<= 1 of the largest pages a cut",
        Some(cuts == CUTS && most_again <= u64::from(MAX_PAGE_ITEMS)),
    );
    let bytes = desktop.bytes()? / u64::from(events / CASE_EVENTS).max(1);
    figures.add(
        "P18",
        "  bytes a case here",
        number(bytes as usize),
        "",
        None,
    );
    figures.add(
        "P18",
        "  most memory the server held",
        format!("{} MB", town.peak_memory()? / 1_000_000),
        "",
        None,
    );
    figures.add(
        "P17",
        "  most memory this end held; more than before",
        format!("{} MB; {} MB", most / 1_000_000, more / 1_000_000),
        "",
        None,
    );
    Ok(())
}
