//! `PouchDB` with express-pouchdb, a sync that is in wide use, with the same bytes over the same loopback.
//!
//! By itself it does not ask the disk to have anything before it answers; that is measured too, and beside it the same
//! with every write synced on both ends, as each commit of ours is. It checks no signature.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use skranke_protocol::envelope::SealedEvent;
use skranke_tests::window::target_folder;

use super::local::Transferred;

/// Whether the peer waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// As it comes: no write is synced.
    None,
    /// Every write is synced before it is answered, on both ends.
    EveryWrite,
}

/// What it did with the events.
pub(crate) struct Peer {
    pub(crate) push: Transferred,
    pub(crate) pull: Transferred,
    /// Saving one and having it over there.
    pub(crate) single: Vec<Duration>,
}

/// What `durable.js` looks at.
const SYNCS: &str = "PEER_SYNCS";

fn programs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/pouchdb")
}

/// Whether it is installed; `make bench` installs it where the package registry can be reached.
pub(crate) fn is_installed() -> bool {
    programs().join("node_modules/pouchdb").exists()
}

/// An event as a document of JSON.
pub(crate) fn document(event: &SealedEvent) -> String {
    let header = String::from_utf8_lossy(event.header_bytes());
    let payload = String::from_utf8_lossy(event.payload_bytes().unwrap_or(b"null"));
    let signature = event.signature();
    format!("{{\"header\":{header},\"payload\":{payload},\"signature\":\"{signature}\"}}")
}

/// Saves, pushes and pulls the events as documents.
pub(crate) fn run(events: &[SealedEvent], batch: usize, durability: Durability) -> Result<Peer> {
    let folder = tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(target_folder())?;
    let file = folder.path().join("documents");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&file)?);
    for event in events {
        writeln!(
            out,
            "{{\"_id\":\"{}\",{}",
            event.header().id,
            &document(event)[1..]
        )?;
    }
    out.flush()?;
    let remote = folder.path().join("remote");
    std::fs::create_dir(&remote)?;
    let syncs = match durability {
        Durability::None => "0",
        Durability::EveryWrite => "1",
    };
    let mut server = Command::new("node")
        .env(SYNCS, syncs)
        .arg(programs().join("server.js"))
        .arg(&remote)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut line = String::new();
    let said = server.stdout.take().context("the peer prints its port")?;
    BufReader::new(said).read_line(&mut line)?;
    let port = serde_json::from_str::<Value>(&line)?["port"]
        .as_u64()
        .context("a port")?;
    let output = Command::new("node")
        .env(SYNCS, syncs)
        .arg("--max-old-space-size=4096")
        .arg(programs().join("client.js"))
        .arg(folder.path())
        .arg(format!("http://127.0.0.1:{port}/events"))
        .arg(&file)
        .arg(batch.to_string())
        .output();
    drop(server.stdin.take());
    server.wait()?;
    let output = output?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said: Value = serde_json::from_slice(&output.stdout)?;
    let time = |value: &Value| value.as_f64().map(|ms| Duration::from_secs_f64(ms / 1e3));
    let transferred = |name: &str| -> Result<Transferred> {
        let took = time(&said[name]).context("a time")?;
        Ok(Transferred {
            events: events.len() as u64,
            took,
        })
    };
    Ok(Peer {
        push: transferred("push")?,
        pull: transferred("pull")?,
        single: said["single"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(time)
            .collect(),
    })
}
