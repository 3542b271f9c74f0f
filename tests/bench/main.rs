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
mod window;

// The counter flow of the window tests: the keys counted here are the keys pressed there.
#[allow(dead_code, reason = "the window tests use more of it")]
#[path = "../e2e/flow.rs"]
mod flow;

use figure::Figures;

/// One part of the measurements.
type Part = (&'static str, fn(&mut Figures) -> anyhow::Result<()>);

#[expect(clippy::print_stdout, reason = "printing is what this program is for")]
fn main() {
    let mut figures = Figures::default();
    let parts: [Part; 4] = [
        ("saving", saving::drafts),
        ("start", start::measure),
        ("window", window::measure),
        ("lists", lists::measure),
    ];
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    for (name, measure) in parts {
        if !wanted.is_empty() && !wanted.iter().any(|word| word == name) {
            continue;
        }
        eprintln!("measuring: {name}");
        if let Err(error) = measure(&mut figures) {
            figures.not_measured(name, &error);
        }
    }
    println!("{figures}");
}
