//! P20: what a push costs as the store grows, on each backend.

use anyhow::{Context as _, Result};
use skranke_server::store::CentralStore;
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::sqlite::SqliteStore;

use super::events::Desk;
use super::filling::{Step, fill};
use super::town::{Backend, TENANT, cluster, enrol, prepared};
use crate::figure::{Figures, median, number};

const FROM: u32 = 10_000;
const TO: u32 = 1_000_000;
const NOTE_BYTES: usize = 100;

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    let to = crate::at_most(TO);
    for backend in Backend::BOTH {
        let folder = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(skranke_tests::window::target_folder())?;
        let key = KeyFile::read_or_create(&folder.path().join("central.key"), false)?;
        let mut desk = Desk::new(TENANT, 1);
        let steps = match backend {
            Backend::Sqlite => {
                let store = SqliteStore::open(&folder.path().join("central.db"), &key)?;
                filled(&store, &mut desk, to)?
            }
            Backend::Postgres => {
                let cluster = cluster();
                let store = prepared(&cluster, &key)?;
                filled(&store, &mut desk, to)?
            }
        };
        let from = FROM.min(to / 2);
        let first = around(&steps, from, seconds).context("the first ten thousand")?;
        let last = around(&steps, to, seconds).context("the last")?;
        // The cost of all of n events grows as n to this power where that of one more grows as n to this less one.
        let tenfolds = f64::from(to) / f64::from(from);
        let exponent = 1.0 + (last / first).ln() / tenfolds.ln();
        figures.add(
            "P20",
            &format!(
                "an event pushed, {}, at {}; at {}",
                backend.name(),
                number(from as usize),
                number(to as usize)
            ),
            format!("{:.0}; {:.0} us", first * 1e6, last * 1e6),
            "",
            None,
        );
        figures.add(
            "P20",
            "  growth of the whole, exponent",
            format!("{exponent:.2}"),
            "<= 1.1",
            Some(exponent <= 1.1),
        );
        if backend == Backend::Sqlite {
            let written = around(&steps, from, bytes).zip(around(&steps, to, bytes));
            let (first, last) = written.context("bytes written")?;
            figures.add(
                "P20",
                "  written to the disk for an event",
                format!("{first:.0}; {last:.0} bytes"),
                "",
                None,
            );
        }
    }
    Ok(())
}

fn filled(store: &dyn CentralStore, desk: &mut Desk, to: u32) -> Result<Vec<Step>> {
    enrol(store, &[desk])?;
    fill(store, desk, to, NOTE_BYTES)
}

fn seconds(step: &Step) -> f64 {
    step.took.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
fn bytes(step: &Step) -> f64 {
    step.written as f64
}

/// What an event costs, the middle one of the twenty batches that ended at so many events.
fn around(steps: &[Step], stored: u32, cost: fn(&Step) -> f64) -> Option<f64> {
    let end = steps.iter().rposition(|step| step.stored <= stored)?;
    let before = |nth: usize| nth.checked_sub(1).map_or(0, |nth| steps[nth].stored);
    let each: Vec<f64> = (end.saturating_sub(19)..=end)
        .map(|nth| cost(&steps[nth]) / f64::from(steps[nth].stored - before(nth)))
        .collect();
    Some(median(&each))
}
