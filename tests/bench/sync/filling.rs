//! Filling a central store as pushes fill it, without the network between: the same admission, the same transaction.

use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{Outcome, PushBatch};
use skranke_server::admission::{self, Circumstances, Offered};
use skranke_server::store::CentralStore;

use super::events::{CASE_EVENTS, Desk};

/// Cases of one batch: about 500 events.
const BATCH_CASES: u32 = 80;

/// How many events were there, and what a batch of about 500 cost then.
pub(crate) struct Step {
    pub(crate) stored: u32,
    pub(crate) took: Duration,
    /// Bytes this process wrote, which of a database in it are all.
    pub(crate) written: u64,
}

/// Bytes this process has handed to the operating system so far.
fn written_so_far() -> Result<u64> {
    let told = std::fs::read_to_string("/proc/self/io")?;
    let line = told.lines().find_map(|line| line.strip_prefix("wchar: "));
    Ok(line.context("wchar")?.parse()?)
}

/// Pushes cases until so many events are stored; the desk's chain goes on.
pub(crate) fn fill(
    store: &dyn CentralStore,
    desk: &mut Desk,
    events: u32,
    note_bytes: usize,
) -> Result<Vec<Step>> {
    let keys = store.server_keys()?;
    let server_key = SigningKey::from_seed(&keys.signing_seed).public();
    let (give, batches) = sync_channel(4);
    let mut maker = desk.clone();
    let cases = events / CASE_EVENTS;
    let making = std::thread::spawn(move || -> Result<Desk> {
        let mut n = 0;
        while n < cases {
            let until = (n + BATCH_CASES).min(cases);
            let mut sealed = Vec::new();
            for case in n..until {
                sealed.extend(maker.case_with(case, note_bytes)?.concat());
            }
            n = until;
            if give.send(sealed).is_err() {
                break;
            }
        }
        Ok(maker)
    });
    let mut steps = Vec::new();
    let mut stored = 0;
    for sealed in batches {
        let count = u32::try_from(sealed.len())?;
        let commands = PushBatch::of(&sealed).commands;
        let before = written_so_far()?;
        let begin = Instant::now();
        let offered = Offered::read(commands, &desk.key.public(), 0);
        let mut transaction = store.begin(&desk.tenant)?;
        let circumstances = Circumstances {
            now: desk.now,
            server_key: &server_key,
            index_key: &keys.index_key,
        };
        let admitted =
            admission::admit(transaction.as_mut(), desk.device, &offered, circumstances)?;
        transaction.commit()?;
        let took = begin.elapsed();
        let is_taken = |outcome: &Outcome| matches!(outcome, Outcome::Accepted { .. });
        ensure!(
            admitted
                .verdicts
                .iter()
                .all(|verdict| is_taken(verdict.verdict.outcome())),
            "all is accepted"
        );
        stored += count;
        steps.push(Step {
            stored,
            took,
            written: written_so_far()? - before,
        });
    }
    *desk = making
        .join()
        .map_err(|_| anyhow::anyhow!("making the cases failed"))??;
    Ok(steps)
}
