//! A running central store with devices in it: the real server program over one of the two backends.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use chrono::TimeDelta;
use serde_json::Value;
use skranke_domain::role::Role;
use skranke_protocol::grant::Grant;
use skranke_protocol::signature::{PublicKey, SigningKey};
use skranke_protocol::wire::Scope;
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::postgres::{PostgresAddress, PostgresStore};
use skranke_server::store::sqlite::SqliteStore;
use skranke_server::store::{CentralStore, Device};
use skranke_testkit::postgres::Cluster;
use skranke_tests::window::{build_folder, target_folder};
use tempfile::TempDir;

use super::events::Desk;

pub(crate) const TENANT: &str = "0990";

/// The kinds of database the server runs over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    pub(crate) const BOTH: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Backend::Sqlite => "SQLite",
            Backend::Postgres => "PostgreSQL",
        }
    }
}

/// PostgreSQL as `docs/operations.md` sets it up: every commit on the disk.
pub(crate) fn cluster() -> Cluster {
    Cluster::start(&["fsync=on", "shared_buffers=256MB", "max_wal_size=2GB"])
}

/// A server with its store. Dropping it ends the server.
pub(crate) struct Town {
    server: Child,
    pub(crate) url: String,
    pub(crate) server_key: PublicKey,
    /// Database, keys and attachments, for as long as the server runs.
    folder: TempDir,
    /// After the server, which uses it.
    cluster: Option<Cluster>,
}

impl Town {
    /// Starts a server whose municipalities know these devices.
    pub(crate) fn start(backend: Backend, desks: &[&Desk]) -> Result<Self> {
        Self::filled(backend, desks, |_| Ok(()))
    }

    /// The same with something in the store before the server starts.
    pub(crate) fn filled(
        backend: Backend,
        desks: &[&Desk],
        fill: impl FnOnce(&dyn CentralStore) -> Result<()>,
    ) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(target_folder())?;
        let key = KeyFile::read_or_create(&folder.path().join("central.key"), false)?;
        match backend {
            Backend::Sqlite => {
                let database = folder.path().join("central.db");
                let store = SqliteStore::open(&database, &key)?;
                enrol(&store, desks)?;
                fill(&store)?;
                drop(store);
                Self::serve(folder, &format!("sqlite:{}", database.display()), None)
            }
            Backend::Postgres => {
                let cluster = cluster();
                let store = prepared(&cluster, &key)?;
                enrol(&store, desks)?;
                fill(&store)?;
                drop(store);
                let address = cluster.address("skranke_runtime", "skranke");
                Self::serve(folder, &format!("postgres:{address}"), Some(cluster))
            }
        }
    }

    fn serve(folder: TempDir, store: &str, cluster: Option<Cluster>) -> Result<Self> {
        let program = build_folder()?.join("skranke-server");
        ensure!(program.exists(), "{} is not built", program.display());
        let mut server = Command::new(program)
            .args([
                "--listen",
                "127.0.0.1:0",
                "--store",
                store,
                "--tenant",
                TENANT,
            ])
            .arg("--key-file")
            .arg(folder.path().join("central.key"))
            .arg("--attachments")
            .arg(folder.path().join("attachments"))
            .args(["serve", "--exit-with-parent"])
            .env("SKRANKE_SERVER_MAX_REQUESTS", "2048")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.path().join("server.log"))?)
            .spawn()?;
        let mut line = String::new();
        let out = server
            .stdout
            .take()
            .context("the server prints its address")?;
        BufReader::new(out).read_line(&mut line)?;
        let said: Value = serde_json::from_str(&line).with_context(|| {
            std::fs::read_to_string(folder.path().join("server.log")).unwrap_or_default()
        })?;
        let text = |name: &str| said[name].as_str().context("a text").map(str::to_owned);
        Ok(Self {
            url: text("listening")?,
            server_key: text("server_key")?.parse().ok().context("a key")?,
            server,
            folder,
            cluster,
        })
    }

    /// The server's process.
    pub(crate) fn process(&self) -> u32 {
        self.server.id()
    }

    /// The database beside it, where it runs over one.
    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        self.cluster.as_ref()
    }

    /// What its database takes on the disk, in bytes; of SQLite what has come out of the log beside it.
    pub(crate) fn database_bytes(&self) -> Result<u64> {
        match &self.cluster {
            Some(cluster) => {
                let asked = "SELECT pg_database_size('skranke')";
                Ok(cluster.administer("postgres", asked).trim().parse()?)
            }
            None => Ok(std::fs::metadata(self.folder.path().join("central.db"))?.len()),
        }
    }

    /// The same once the server has ended and nothing lies beside it.
    pub(crate) fn stopped_bytes(mut self) -> Result<u64> {
        self.stop();
        self.database_bytes()
    }

    fn stop(&mut self) {
        drop(self.server.stdin.take());
        let _ = self.server.wait();
    }

    /// The most memory the server ever held, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        memory(&self.server.id().to_string(), "VmHWM:")
    }

    /// Processor time of the server so far.
    pub(crate) fn busy_time(&self) -> Result<Duration> {
        busy_time(self.server.id())
    }
}

/// The most memory this process held since [`Peak::begin`].
pub(crate) struct Peak {
    before: u64,
}

impl Peak {
    /// Forgets what was the most so far.
    pub(crate) fn begin() -> Result<Self> {
        std::fs::write("/proc/self/clear_refs", "5")?;
        Ok(Self {
            before: memory("self", "VmRSS:")?,
        })
    }

    /// The most since then, and how much more that is than it was at the beginning, in bytes.
    pub(crate) fn so_far(&self) -> Result<(u64, u64)> {
        let most = memory("self", "VmHWM:")?;
        Ok((most, most.saturating_sub(self.before)))
    }
}

/// A line of what the system tells of a process's memory, in bytes.
fn memory(process: &str, line: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let told = status.lines().find(|told| told.starts_with(line));
    let kb = told.and_then(|told| told.split_whitespace().nth(1));
    Ok(kb.context("memory")?.parse::<u64>()? * 1024)
}

/// Processor time of a process so far.
pub(crate) fn busy_time(process: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let after_name = stat.rsplit(')').next().context("stat")?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |nth: usize| fields.get(nth).and_then(|field| field.parse::<u64>().ok());
    let (user, system) = ticks(11).zip(ticks(12)).context("processor times")?;
    Ok(Duration::from_millis((user + system) * 10))
}

impl Drop for Town {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Roles, database and schema as `docs/operations.md` says, opened as the role the server runs as.
pub(crate) fn prepared(cluster: &Cluster, key: &KeyFile) -> Result<PostgresStore> {
    let roles: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src/store/postgres/roles.sql");
    cluster.administer_file("postgres", &roles);
    let address = |role: &str| PostgresAddress::read(&cluster.address(role, "skranke"), None, 4);
    PostgresStore::prepare(&address("skranke_owner")?, key)?;
    Ok(PostgresStore::open(&address("skranke_runtime")?, key)?)
}

/// Makes municipalities, devices and grants known as enrolment and sign-in do.
pub(crate) fn enrol(store: &dyn CentralStore, desks: &[&Desk]) -> Result<()> {
    let server_key = SigningKey::from_seed(&store.server_keys()?.signing_seed);
    for desk in desks {
        store.create_tenant(&desk.tenant, desk.now)?;
        let mut transaction = store.begin(&desk.tenant)?;
        let device = Device::new(desk.device, "Skranke", desk.key.public(), Scope::Tenant);
        transaction.insert_device(&device, desk.now)?;
        let grant = Grant {
            id: desk.grant,
            tenant: desk.tenant.clone(),
            staff_id: desk.staff,
            roles: vec![Role::Counter, Role::ExemptionUnit],
            device_id: desk.device,
            valid_from: desk.now - TimeDelta::days(2),
            valid_until: desk.now + TimeDelta::days(2),
        };
        let signed = grant.sign(&server_key)?;
        transaction.insert_grant(desk.grant, desk.staff, desk.device, &signed)?;
        transaction.commit()?;
    }
    Ok(())
}
