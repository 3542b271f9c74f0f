//! P19: an attachment of 10 MB, from its bytes here to complete and checked there.

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;
use sha2::{Digest as _, Sha256};
use skranke_domain::ids::Sha256Digest;
use skranke_sync::Cancel;
use skranke_tests::window::target_folder;

use super::events::Desk;
use super::local::client;
use super::town::{Backend, TENANT, Town};
use crate::figure::{Figures, ms, percentile};

const BYTES: usize = 10 * 1024 * 1024;
const TIMES: u32 = 7;

pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    let desk = Desk::new(TENANT, 1);
    let town = Town::start(Backend::Sqlite, &[&desk])?;
    let client = client(&desk, &town);
    let (mut uploads, mut plain) = (Vec::new(), Vec::new());
    for nth in 0..TIMES {
        let mut bytes = b"%PDF-1.7\n".to_vec();
        let mut word = u64::from(nth) + 1;
        while bytes.len() < BYTES {
            word = word
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            bytes.extend_from_slice(&word.to_be_bytes());
        }
        plain.push(hash_and_write(&bytes)?);
        let begin = Instant::now();
        let digest = Sha256Digest::from_bytes(Sha256::digest(&bytes).into());
        client.upload(&digest, &bytes, &Cancel::default(), |_| {})?;
        uploads.push(begin.elapsed());
    }
    let (upload, plain) = (percentile(&uploads, 0.5), percentile(&plain, 0.5));
    let share = plain.as_secs_f64() / upload.as_secs_f64();
    figures.add(
        "P19",
        "10 MB attached: hashed, sent, sealed, checked",
        format!("{} beside {}", ms(upload), ms(plain)),
        "",
        None,
    );
    figures.add(
        "P19",
        "  pace of hashing and writing alone",
        format!("{share:.2} x"),
        ">= 0.5 x",
        Some(share >= 0.5),
    );
    Ok(())
}

fn hash_and_write(bytes: &[u8]) -> Result<Duration> {
    let mut file = tempfile::tempfile_in(target_folder())?;
    let begin = Instant::now();
    std::hint::black_box(Sha256::digest(bytes));
    file.write_all(bytes)?;
    file.sync_data()?;
    Ok(begin.elapsed())
}
