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
use crate::fixture::{Municipality, name, spread, with_own_surname};
use crate::full_text::FullText;
use crate::saving;

const SIZES: [u32; 3] = [1_000, 100_000, 1_000_000];
const QUESTIONS: u32 = 400;
const PAGE: u32 = 50;
/// Full pages of each list, the first and those after it.
const PAGES: usize = 40;
const SAMPLED: u32 = 1_000;
const GOAL: Duration = Duration::from_millis(10);
const MOST_GROWTH: f64 = 2.5;
const SHARE_OF_PEER: f64 = 0.3;

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
    /// Rows that all answers together held.
    rows: usize,
    /// The same questions to full-text indexes: what each is, and what it took.
    peers: Vec<(&'static str, Vec<Duration>)>,
}

impl AtSize {
    fn alone(code: &'static str, what: String, samples: Vec<Duration>, rows: usize) -> Self {
        Self {
            code,
            what,
            samples,
            rows,
            peers: Vec::new(),
        }
    }
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
    let mut peers = [
        ("FTS5, plain file", FullText::new(false)?),
        ("FTS5, encrypted file", FullText::new(true)?),
    ];
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
        for (_, peer) in &mut peers {
            peer.grow_to(size)?;
        }
        let measured = at_size(&municipality, &peers)?;
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
            beside(figures, part);
        }
        if let Some(first) = &first {
            growth(figures, first, &measured, size);
        }
        first.get_or_insert(measured);
        saving::case_saves(&mut municipality, figures)?;
    }
    Ok(())
}

/// The same questions to the peers.
fn beside(figures: &mut Figures, part: &AtSize) {
    let p50 = percentile(&part.samples, 0.5);
    for (peer, samples) in &part.peers {
        let theirs = percentile(samples, 0.5);
        let ratio = p50.as_secs_f64() / theirs.as_secs_f64().max(1e-6);
        figures.add(
            part.code,
            &format!("  {peer}, p50 / p95; ours of theirs, p50"),
            format!(
                "{} / {}; {ratio:.2} x",
                ms(theirs),
                ms(percentile(samples, 0.95))
            ),
            "<= 0.3 x",
            Some(ratio <= SHARE_OF_PEER),
        );
    }
}

fn growth(figures: &mut Figures, first: &[AtSize], now: &[AtSize], size: u32) {
    for (before, after) in first.iter().zip(now) {
        let p50 = |part: &AtSize| percentile(&part.samples, 0.5).as_secs_f64().max(1e-6);
        let growth = p50(after) / p50(before);
        let rows = |part: &AtSize| part.rows as f64 / part.samples.len().max(1) as f64;
        let mut figure = format!("{growth:.1} x");
        // In a small municipality few have a whole name, and a page of 50 rows is no growth of the time for one.
        if rows(after) > rows(before) * 1.1 {
            let a_row = growth * rows(before) / rows(after);
            figure = format!(
                "{growth:.1} x, {a_row:.1} x a row ({:.0}, {:.0})",
                rows(before),
                rows(after)
            );
        }
        figures.add(
            after.code,
            &format!("{}, {size} against {} cases, p50", after.what, SIZES[0]),
            figure,
            "<= 2.5 x",
            Some(growth <= MOST_GROWTH),
        );
    }
}

fn at_size(municipality: &Municipality, peers: &[(&'static str, FullText)]) -> Result<Vec<AtSize>> {
    let mut measured = Vec::new();
    for (what, question) in QUESTIONS_BY_NAME {
        measured.push(searches(municipality, peers, what, *question)?);
    }
    let mut pages = Vec::new();
    for (what, filter) in LISTS {
        let samples = list_pages(municipality, filter)?;
        pages.extend_from_slice(&samples);
        let rows = samples.len() * PAGE as usize;
        let what = format!("list page, {what}");
        measured.push(AtSize::alone("P12", what, samples, rows));
    }
    for (what, samples) in [
        ("list page, every list", pages),
        ("counts beside the lists", counts(municipality)?),
        ("counts of the status line", status(municipality)?),
    ] {
        let rows = samples.len();
        measured.push(AtSize::alone("P12", what.to_owned(), samples, rows));
    }
    Ok(measured)
}

/// How a question is made of a citizen.
type Question = fn(u32) -> String;

const QUESTIONS_BY_NAME: &[(&str, Question)] = &[
    ("whole name", name),
    // The same answer at every size, so that what grows is the search and not what it found.
    ("whole name that one person has", |n| {
        name(with_own_surname(n))
    }),
    ("first name alone", |n| {
        name(n).split(' ').next().unwrap_or_default().to_owned()
    }),
    ("surname by 3 letters", |n| {
        beginning(last_part(&name(n)), 3)
    }),
    ("two parts by 3 and 2 letters", |n| {
        let name = name(n);
        format!("{} {}", beginning(last_part(&name), 3), beginning(&name, 2))
    }),
];

fn last_part(name: &str) -> &str {
    name.rsplit(' ').next().unwrap_or_default()
}

fn beginning(word: &str, letters: usize) -> String {
    word.chars().take(letters).collect()
}

/// Each question is put to the store and to its peers in turn.
fn searches(
    municipality: &Municipality,
    peers: &[(&'static str, FullText)],
    what: &str,
    question: Question,
) -> Result<AtSize> {
    let read = municipality.store.read()?;
    let mut asked = AtSize::alone("P11", format!("name search, {what}"), Vec::new(), 0);
    asked.peers = peers.iter().map(|(peer, _)| (*peer, Vec::new())).collect();
    for nth in 0..QUESTIONS {
        let typed = question(spread(nth, 99) % municipality.cases);
        let begin = Instant::now();
        let term = SearchTerm::read(&typed).context("a name is a search")?;
        let page = read.search(&term, None, PAGE)?;
        asked.samples.push(begin.elapsed());
        asked.rows += page.rows.len();
        ensure!(!page.rows.is_empty(), "a name that is there is found");
        for ((_, peer), (_, samples)) in peers.iter().zip(&mut asked.peers) {
            let begin = Instant::now();
            let found = peer.search(&typed, PAGE)?;
            samples.push(begin.elapsed());
            ensure!(found > 0, "a name that is there is found by the peer too");
        }
    }
    Ok(asked)
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
