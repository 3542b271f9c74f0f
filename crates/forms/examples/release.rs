//! Releases definition files: adds their versions and hashes to `forms/released.toml`.
//!
//! `cargo run -p skranke-forms --example release -- rules/a.toml letters/refusal.toml`

use std::io::Write as _;
use std::path::Path;

use skranke_forms::{Source, released};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../forms");
    let source = Source::overlaid(Path::new(folder))?;
    let list = format!("{folder}/released.toml");
    let mut list = std::fs::OpenOptions::new().append(true).open(list)?;
    for file in std::env::args().skip(1) {
        list.write_all(released::entry_for(&source, &file)?.as_bytes())?;
    }
    Ok(())
}
