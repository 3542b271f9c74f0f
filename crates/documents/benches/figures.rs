//! P14: the first receipt with tagging, then the processor time of each further one.
//!
//! Beside them stands a plain baseline of the same run: a bare SHA-256 of the finished bytes, which
//! tells how fast this machine is.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on stops")]

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/documents/samples.rs"]
mod samples;

use std::{fs, time::Instant};

use sha2::{Digest, Sha256};
use skranke_documents::{Paper, Press};

const COUNT: u32 = 200;

#[expect(clippy::print_stdout, reason = "printing is what this program is for")]
fn main() {
    // Reading the texts is not part of making the paper.
    let papers: Vec<Paper> = (0..COUNT)
        .map(|number| format!("Borger Nummer{number}"))
        .map(|name| Paper::Letter(Box::new(samples::receipt_for(&name))))
        .collect();

    let started = Instant::now();
    let press = Press::new().expect("the fonts are whole");
    let first = press
        .render(&papers[0], &samples::options())
        .expect("the receipt is made");
    let first_took = started.elapsed();

    let wall = Instant::now();
    let before = cpu_ms();
    let mut bytes = 0;
    for paper in &papers {
        bytes += press
            .render(paper, &samples::options())
            .expect("the receipt is made")
            .pdf
            .len();
    }
    let each = cpu_ms()
        .zip(before)
        .map(|(after, before)| (after - before) / f64::from(COUNT));
    let per_second = f64::from(COUNT) / wall.elapsed().as_secs_f64();

    let started = Instant::now();
    for _ in 0..COUNT {
        std::hint::black_box(Sha256::digest(&first.pdf));
    }
    let hash_ms = started.elapsed().as_secs_f64() * 1000.0 / f64::from(COUNT);

    let first_ms = first_took.as_secs_f64() * 1000.0;
    println!("P14  first receipt, tagged: {first_ms:.1} ms (goal 100 ms)");
    if let Some(each) = each {
        println!(
            "P14  each further receipt: {each:.1} ms of processor time (goal 20 ms), {:.0} times a \
             bare hash of its bytes",
            each / hash_ms.max(f64::EPSILON)
        );
    }
    println!(
        "     {per_second:.0} receipts per second on one thread, {} bytes each",
        bytes / papers.len()
    );
}

/// Processor time of this process so far, where the system tells it.
fn cpu_ms() -> Option<f64> {
    let line = fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanoseconds: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1_000_000.0)
}
