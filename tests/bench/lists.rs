//! P11 and P12: name search and pages of lists in one municipality, at 1,000, 100,000 and 1,000,000 cases.
//!
//! What is measured is what the window shows: found, read, decrypted and made into rows. The first question of each
//! kind is counted like the others; nothing is warmed up beyond what the questions before did.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use skranke_domain::case::CaseState;
use skranke_domain::event::Tick;
use skranke_store::{CaseFilter, SearchTerm};

use crate::figure::{Figures, ms, percentile};
use crate::fixture::{Municipality, name, spread};
use crate::saving;

const SIZES: [u32; 3] = [1_000, 100_000, 1_000_000];
const QUESTIONS: u32 = 400;
const PAGE: u32 = 50;
/// Full pages of each list, the first and those after it.
const PAGES: usize = 40;
const SAMPLED: u32 = 1_000;
const GOAL: Duration = Duration::from_millis(10);
const MOST_GROWTH: f64 = 2.5;

const LISTS: [(&str, CaseFilter); 7] = [
    ("all cases", CaseFilter::All),
    ("open cases", CaseFilter::Open),
    ("ready cases", CaseFilter::InState(CaseState::Ready)),
    ("granted cases", CaseFilter::InState(CaseState::Granted)),
    ("any tick missing", CaseFilter::AnyTickDue),
    (
        "registration missing",
        CaseFilter::TickDue(Tick::Registered),
    ),
    (
        "journalising missing",
        CaseFilter::TickDue(Tick::Journalised),
    ),
];

/// What was measured at one size.
struct AtSize {
    code: &'static str,
    what: String,
    samples: Vec<Duration>,
}

/// The sizes, up to the one that `SKRANKE_BENCH_CASES` names where a shorter run is wanted.
#[expect(clippy::disallowed_methods, reason = "the switch of this one part")]
fn sizes() -> Vec<u32> {
    let most = std::env::var("SKRANKE_BENCH_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(SIZES[SIZES.len() - 1]);
    let mut sizes: Vec<u32> = SIZES.into_iter().filter(|size| *size < most).collect();
    sizes.push(most);
    sizes
}

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    let mut municipality = Municipality::new()?;
    let mut first: Option<Vec<AtSize>> = None;
    for size in sizes() {
        eprintln!("  loading up to {size} cases");
        let took = municipality.grow_to(size)?;
        figures.add(
            "",
            &format!("load up to {size} cases"),
            format!("{:.0} s", took.as_secs_f64()),
            "",
            None,
        );
        figures.add(
            "",
            &format!("the database then, at {size}"),
            format!("{} MB", municipality.bytes()? / 1_000_000),
            "",
            None,
        );
        let differing = municipality.differing(SAMPLED)?;
        figures.add(
            "",
            &format!("sampled cases unlike a rebuild, at {size}"),
            format!("{differing} of {}", SAMPLED.min(size)),
            "0",
            Some(differing == 0),
        );
        let measured = at_size(&municipality)?;
        for part in &measured {
            let (p50, p95) = (
                percentile(&part.samples, 0.5),
                percentile(&part.samples, 0.95),
            );
            figures.add(
                part.code,
                &format!("{} at {size}, p50 / p95", part.what),
                format!("{} / {}", ms(p50), ms(p95)),
                "p95 <= 10 ms",
                Some(p95 <= GOAL),
            );
        }
        if let Some(first) = &first {
            growth(figures, first, &measured, size);
        }
        first.get_or_insert(measured);
        saving::case_saves(&mut municipality, figures)?;
    }
    Ok(())
}

fn growth(figures: &mut Figures, first: &[AtSize], now: &[AtSize], size: u32) {
    for (before, after) in first.iter().zip(now) {
        let (before, p50) = (
            percentile(&before.samples, 0.5),
            percentile(&after.samples, 0.5),
        );
        let growth = p50.as_secs_f64() / before.as_secs_f64().max(1e-6);
        figures.add(
            after.code,
            &format!("{}, {size} against {} cases, p50", after.what, SIZES[0]),
            format!("{growth:.1} x"),
            "<= 2.5 x",
            Some(growth <= MOST_GROWTH),
        );
    }
}

fn at_size(municipality: &Municipality) -> Result<Vec<AtSize>> {
    let mut measured = Vec::new();
    for (what, question) in QUESTIONS_BY_NAME {
        measured.push(AtSize {
            code: "P11",
            what: format!("name search, {what}"),
            samples: searches(municipality, *question)?,
        });
    }
    let mut pages = Vec::new();
    for (what, filter) in LISTS {
        let samples = list_pages(municipality, filter)?;
        pages.extend_from_slice(&samples);
        measured.push(AtSize {
            code: "P12",
            what: format!("list page, {what}"),
            samples,
        });
    }
    measured.push(AtSize {
        code: "P12",
        what: "list page, every list".to_owned(),
        samples: pages,
    });
    measured.push(AtSize {
        code: "P12",
        what: "counts beside the lists".to_owned(),
        samples: counts(municipality)?,
    });
    measured.push(AtSize {
        code: "P12",
        what: "counts of the status line".to_owned(),
        samples: status(municipality)?,
    });
    Ok(measured)
}

/// How a question is made of somebody's name.
type Question = fn(&str) -> String;

const QUESTIONS_BY_NAME: &[(&str, Question)] = &[
    ("whole name", |name| name.to_owned()),
    ("first name alone", |name| {
        name.split(' ').next().unwrap_or_default().to_owned()
    }),
    ("surname by 3 letters", |name| {
        beginning(name.rsplit(' ').next().unwrap_or_default(), 3)
    }),
    ("two parts by 3 and 2 letters", |name| {
        let last = name.rsplit(' ').next().unwrap_or_default();
        format!("{} {}", beginning(last, 3), beginning(name, 2))
    }),
];

fn beginning(word: &str, letters: usize) -> String {
    word.chars().take(letters).collect()
}

fn searches(municipality: &Municipality, question: Question) -> Result<Vec<Duration>> {
    let read = municipality.store.read()?;
    let mut samples = Vec::new();
    for nth in 0..QUESTIONS {
        let typed = question(&name(spread(nth, 99) % municipality.cases));
        let begin = Instant::now();
        let term = SearchTerm::read(&typed).context("a name is a search")?;
        let page = read.search(&term, None, PAGE)?;
        samples.push(begin.elapsed());
        ensure!(!page.rows.is_empty(), "a name that is there is found");
    }
    Ok(samples)
}

fn list_pages(municipality: &Municipality, filter: CaseFilter) -> Result<Vec<Duration>> {
    let mut samples = Vec::new();
    let mut after = None;
    while samples.len() < PAGES {
        let begin = Instant::now();
        let page = municipality
            .store
            .read()?
            .cases(filter, after.as_ref(), PAGE)?;
        let took = begin.elapsed();
        ensure!(
            page.rows.len() == PAGE as usize || after.is_some(),
            "the list fills a page"
        );
        // A list that ends begins again; its last page is shorter and would flatter the small municipality.
        if page.rows.len() == PAGE as usize {
            samples.push(took);
        }
        after = page.next;
    }
    Ok(samples)
}

fn counts(municipality: &Municipality) -> Result<Vec<Duration>> {
    let mut samples = Vec::new();
    for _ in 0..PAGES {
        let begin = Instant::now();
        let counts = municipality.store.read()?.case_counts()?;
        samples.push(begin.elapsed());
        ensure!(counts.any_tick_due > 0, "ticks are missing somewhere");
    }
    Ok(samples)
}

fn status(municipality: &Municipality) -> Result<Vec<Duration>> {
    let mut samples = Vec::new();
    for _ in 0..PAGES {
        let begin = Instant::now();
        let read = municipality.store.read()?;
        let (commands, cases) = (read.outbox_counts()?, read.outbox_case_counts()?);
        samples.push(begin.elapsed());
        ensure!(commands.total >= cases.0, "a case has at least one command");
    }
    Ok(samples)
}
