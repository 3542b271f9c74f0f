//! Figures beside their goals: `make bench`. Prints a table; a missed goal is news, not a failure.
//!
//! Each part stands alone, so that one that cannot run (no display, no built program) leaves the
//! others standing and says why.

mod disk;
mod figure;
mod fixture;
mod full_text;
mod lists;
mod page;
mod saving;
mod screen;
mod start;
mod sync;
mod window;

// The counter flow of the window tests: the keys counted here are the keys pressed there.
#[allow(dead_code, reason = "the window tests use more of it")]
#[path = "../e2e/flow.rs"]
mod flow;

use figure::Figures;

/// One part of the measurements: its name, that of its group, and how it is done.
type Part = (
    &'static str,
    &'static str,
    fn(&mut Figures) -> anyhow::Result<()>,
);

#[expect(clippy::print_stdout, reason = "printing is what this program is for")]
fn main() {
    let mut figures = Figures::default();
    let parts: [Part; 14] = [
        ("saving", "window", saving::drafts),
        ("start", "window", start::measure),
        ("window", "window", window::measure),
        ("lists", "lists", lists::measure),
        ("single", "sync", sync::single),
        ("transfer", "sync", sync::transfer),
        ("alone", "sync", sync::alone),
        ("bulk", "sync", sync::bulk),
        ("bytes", "sync", sync::bytes),
        ("cursor", "sync", sync::cursor),
        ("polls", "sync", sync::polls),
        ("growth", "sync", sync::growth),
        ("first", "sync", sync::first),
        ("files", "sync", sync::files),
    ];
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    for (name, group, measure) in parts {
        let is_wanted = wanted.iter().any(|word| word == name || word == group);
        if !wanted.is_empty() && !is_wanted {
            continue;
        }
        eprintln!("measuring: {name}");
        if let Err(error) = measure(&mut figures) {
            figures.not_measured(name, &error);
        }
    }
    println!("{figures}");
}

/// Events of a measurement, lowered where a shorter run is asked for with `SKRANKE_BENCH_EVENTS`.
pub(crate) fn at_most(events: u32) -> u32 {
    events.min(asked_for("SKRANKE_BENCH_EVENTS").unwrap_or(u32::MAX))
}

/// Below so many events nothing is pushed and pulled where the large run alone is asked for with
/// `SKRANKE_BENCH_FEWEST`.
pub(crate) fn fewest() -> u32 {
    asked_for("SKRANKE_BENCH_FEWEST").unwrap_or(0)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a run may be is asked for in the environment"
)]
fn asked_for(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}
