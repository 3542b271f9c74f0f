//! Figures beside their goals: `make bench`. Prints a table; a missed goal is news, not a failure.
//!
//! Each part stands alone, so that one that cannot run (no display, no built program) leaves the
//! others standing and says why.

mod disk;
mod figure;
mod start;
mod store;

use figure::Figures;

/// One part of the measurements.
type Part = (&'static str, fn(&mut Figures) -> anyhow::Result<()>);

#[expect(clippy::print_stdout, reason = "printing is what this program is for")]
fn main() {
    let mut figures = Figures::default();
    let parts: [Part; 3] = [
        ("disk", disk::measure),
        ("start of the window", start::measure),
        ("store", store::measure),
    ];
    for (name, measure) in parts {
        eprintln!("measuring: {name}");
        if let Err(error) = measure(&mut figures) {
            figures.not_measured(name, &error);
        }
    }
    println!("{figures}");
}
