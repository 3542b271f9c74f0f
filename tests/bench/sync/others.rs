//! Other people's servers that keep records for clients, over a PostgreSQL of their own that is set up as ours.
//!
//! `make bench` alone fetches and builds them; nothing of them is part of the product.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_json::{Value, json};
use skranke_protocol::envelope::SealedEvent;
use skranke_testkit::postgres::Cluster;
use skranke_tests::window::target_folder;
use tempfile::TempDir;
use uuid::Uuid;

use super::alone::Server;
use super::http::Http;
use super::peer::document;
use super::town::cluster;

/// How long one may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where `make bench` puts them.
fn peers() -> PathBuf {
    target_folder().join("bench-peers")
}

/// A started program with its database.
struct Running {
    program: Child,
    port: u16,
    cluster: Cluster,
    folder: TempDir,
}

impl Running {
    /// Runs what `command` makes of a folder, a port and a database, and waits until it listens.
    fn start(command: impl FnOnce(&Path, u16, &Cluster) -> Result<Command>) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(target_folder())?;
        let cluster = cluster();
        cluster.administer("postgres", "CREATE DATABASE peer");
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let program = command(folder.path(), port, &cluster)?
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("said.log"))?)
            .spawn()?;
        let mut running = Self {
            program,
            port,
            cluster,
            folder,
        };
        running.wait()?;
        Ok(running)
    }

    fn wait(&mut self) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if Http::to(self.port, None).is_ok() {
                return Ok(());
            }
            if self.program.try_wait()?.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let said = std::fs::read_to_string(self.folder.path().join("said.log"))?;
        bail!("it does not start: {said}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// atuin-server: one row a record, known by its place in its computer's log; whatever is there already is passed over
/// in silence.
pub(crate) struct Atuin {
    running: Running,
    /// As many as batches are under way at once. Its own client has one.
    lines: Vec<Http>,
    host: Uuid,
}

impl Atuin {
    fn program() -> PathBuf {
        peers().join("bin/atuin-server")
    }

    pub(crate) fn is_installed() -> bool {
        Self::program().exists()
    }

    pub(crate) fn start(at_once: usize) -> Result<Self> {
        let running = Running::start(|folder, port, cluster| {
            let mut command = Command::new(Self::program());
            command
                .args(["start", "--host", "127.0.0.1", "--port", &port.to_string()])
                .env("ATUIN_CONFIG_DIR", folder)
                .env("ATUIN_OPEN_REGISTRATION", "true")
                .env(
                    "ATUIN_DB_URI",
                    format!(
                        "postgres://postgres@localhost/peer?host={}",
                        cluster.host().display()
                    ),
                );
            Ok(command)
        })?;
        let who = json!({
            "email": "bench@example.invalid", "username": "bench", "password": "bench-bench-bench"
        });
        let mut http = Http::to(running.port, None)?;
        let answer = http.ask("POST", "/register", who.to_string().as_bytes())?;
        let answer = answer.json()?;
        let session = answer["session"].as_str().context("a session")?;
        let authorization = format!("Token {session}");
        let lines = (0..at_once).map(|_| Http::to(running.port, Some(&authorization)));
        Ok(Self {
            lines: lines.collect::<Result<_>>()?,
            running,
            host: Uuid::now_v7(),
        })
    }
}

/// Records as its clients send them, numbered from a place in their computer's log.
fn records(host: &str, first: usize, batch: &[SealedEvent]) -> Vec<Value> {
    (first..)
        .zip(batch)
        .map(|(idx, event)| {
            json!({
                "id": event.header().id.to_string(), "idx": idx, "host": { "id": host, "name": "" },
                "timestamp": idx, "version": "v0", "tag": "history",
                "data": { "data": document(event), "content_encryption_key": "" }
            })
        })
        .collect()
}

impl Server for Atuin {
    fn push(&mut self, batches: &[Vec<SealedEvent>]) -> Result<()> {
        let host = self.host.to_string();
        let first_of = |nth: usize| batches.iter().take(nth).map(Vec::len).sum::<usize>();
        let at_once = self.lines.len();
        std::thread::scope(|scope| {
            let lines: Vec<_> = (0..)
                .zip(&mut self.lines)
                .map(|(lane, line)| {
                    let host = &host;
                    scope.spawn(move || {
                        let mut own = batches.iter().enumerate().skip(lane).step_by(at_once);
                        own.try_for_each(|(nth, batch)| {
                            let body = serde_json::to_vec(&records(host, first_of(nth), batch))?;
                            line.ask("POST", "/api/v0/record", &body).map(drop)
                        })
                    })
                })
                .collect();
            lines
                .into_iter()
                .try_for_each(|line| line.join().map_err(|_| anyhow!("a line failed"))?)
        })
    }

    fn pull(&mut self) -> Result<u64> {
        let mut read = 0;
        loop {
            let path = format!(
                "/api/v0/record/next?host={}&tag=history&start={read}&count=500",
                self.host
            );
            let line = self.lines.first_mut().context("a line")?;
            let page = line.ask("GET", &path, b"")?.json()?;
            let records = page.as_array().context("a page")?.len() as u64;
            if records == 0 {
                return Ok(read);
            }
            read += records;
        }
    }

    fn process(&self) -> u32 {
        self.running.program.id()
    }

    fn cluster(&self) -> &Cluster {
        &self.running.cluster
    }
}

/// Kinto: records as JSON, a request for each inside a request for all.
pub(crate) struct Kinto {
    running: Running,
    http: Http,
}

const RECORDS: &str = "/v1/buckets/bench/collections/events/records";
/// `bench:bench`, whom Kinto takes for a user of its own.
const WHO: &str = "Basic YmVuY2g6YmVuY2g=";

impl Kinto {
    fn program() -> PathBuf {
        peers().join("kinto/bin/kinto")
    }

    pub(crate) fn is_installed() -> bool {
        Self::program().exists()
    }

    pub(crate) fn start() -> Result<Self> {
        let running = Running::start(|folder, port, cluster| {
            let settings = folder.join("kinto.ini");
            write_settings(&settings, port, cluster)?;
            let migrated = Command::new(Self::program())
                .args(["migrate", "--ini"])
                .arg(&settings)
                .output()?;
            let said = String::from_utf8_lossy(&migrated.stderr);
            ensure!(migrated.status.success(), "{said}");
            let mut command = Command::new(Self::program());
            command.args(["start", "--ini"]).arg(&settings);
            Ok(command)
        })?;
        let mut http = Http::to(running.port, Some(WHO))?;
        for made in ["/v1/buckets/bench", "/v1/buckets/bench/collections/events"] {
            http.ask("PUT", made, b"{}")?;
        }
        Ok(Self { running, http })
    }
}

fn write_settings(path: &Path, port: u16, cluster: &Cluster) -> Result<()> {
    let database = format!(
        "postgresql://postgres@/peer?host={}",
        cluster.host().display()
    );
    let mut file = std::fs::File::create(path)?;
    writeln!(file, "[app:main]\nuse = egg:kinto")?;
    for part in ["storage", "permission", "cache"] {
        writeln!(file, "kinto.{part}_backend = kinto.core.{part}.postgresql")?;
        writeln!(file, "kinto.{part}_url = {database}")?;
    }
    writeln!(
        file,
        "kinto.userid_hmac_secret = bench\nkinto.bucket_create_principals = system.Authenticated\n\
         multiauth.policies = basicauth\nkinto.batch_max_requests = 500\nkinto.paginate_by = 500\n\
         [server:main]\nuse = egg:waitress#main\nhost = 127.0.0.1\nport = {port}"
    )?;
    Ok(())
}

impl Kinto {
    fn push_one(&mut self, batch: &[SealedEvent]) -> Result<()> {
        let requests: Vec<Value> = batch
            .iter()
            .map(|event| {
                let data: Value = serde_json::from_str(&document(event))?;
                let path = format!("{}/{}", &RECORDS[3..], event.header().id);
                Ok(json!({ "method": "PUT", "path": path, "body": { "data": data } }))
            })
            .collect::<Result<_>>()?;
        let body = json!({ "requests": requests }).to_string();
        let answer = self
            .http
            .ask("POST", "/v1/batch", body.as_bytes())?
            .json()?;
        let answers = answer["responses"].as_array().context("answers")?;
        let is_made = |answer: &Value| answer["status"] == 201;
        ensure!(answers.iter().all(is_made), "each is taken: {answer}");
        Ok(())
    }
}

impl Server for Kinto {
    fn push(&mut self, batches: &[Vec<SealedEvent>]) -> Result<()> {
        batches.iter().try_for_each(|batch| self.push_one(batch))
    }

    fn pull(&mut self) -> Result<u64> {
        let (mut path, mut read) = (format!("{RECORDS}?_limit=500"), 0);
        loop {
            let answer = self.http.ask("GET", &path, b"")?;
            read += answer.json()?["data"].as_array().context("a page")?.len() as u64;
            let Some(next) = answer.next_page else {
                return Ok(read);
            };
            let at = next.find("/v1/").context("an address")?;
            path = next[at..].to_owned();
        }
    }

    fn process(&self) -> u32 {
        self.running.program.id()
    }

    fn cluster(&self) -> &Cluster {
        &self.running.cluster
    }
}
