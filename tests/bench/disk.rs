//! The disk's own pace, beside which durable saves are judged.

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::figure::{Figures, ms, percentile};

const ROUNDS: usize = 200;

/// Writes a page and asks the disk to have it, over and over.
pub(crate) fn fdatasync_samples() -> Result<Vec<Duration>> {
    let mut file = tempfile::tempfile_in(skranke_tests::window::target_folder())?;
    let page = [7_u8; 4096];
    let mut samples = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        samples.push(begin.elapsed());
    }
    Ok(samples)
}

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    let samples = fdatasync_samples()?;
    figures.add(
        "",
        "write 4 kB and fdatasync, p50",
        ms(percentile(&samples, 0.5)),
        "(the disk itself)",
        None,
    );
    figures.add(
        "",
        "write 4 kB and fdatasync, p95",
        ms(percentile(&samples, 0.95)),
        "(the disk itself)",
        None,
    );
    Ok(())
}
