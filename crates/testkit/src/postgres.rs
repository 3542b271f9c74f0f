//! A real PostgreSQL for one test: made in a scratch folder, reached through a socket there, gone with the test.
//!
//! It runs as an unprivileged user, since PostgreSQL refuses root, and ends when the test's process ends, however that
//! happens: the shell around it waits on a pipe from the test.

mod making;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::patience::{PATIENCE, wait_until};

/// Starts the server given as arguments and ends it hard when standard input closes.
const KEEPER: &str = r#""$@" & server=$!; read -r _; kill -QUIT $server 2>/dev/null; wait $server"#;

/// The user PostgreSQL runs as.
#[derive(Clone, Copy)]
struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The system's `postgres` user where the test runs as root; nobody else otherwise.
    fn needed() -> Option<Self> {
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        if !is_root {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").ok()?;
        let line = users.lines().find(|line| line.starts_with("postgres:"))?;
        let mut numbers = line.split(':').skip(2).map(str::parse);
        match (numbers.next()?, numbers.next()?) {
            (Ok(uid), Ok(gid)) => Some(Self { uid, gid }),
            _ => None,
        }
    }
}

/// A PostgreSQL server with its own data, socket and nothing else.
pub struct Cluster {
    folder: tempfile::TempDir,
    programs: PathBuf,
    account: Option<Account>,
    settings: Vec<String>,
    /// Where it also listens on the network; its socket has the same port.
    network: Option<SocketAddr>,
    running: Option<Child>,
}

impl Cluster {
    /// Makes and starts a server. `settings` are lines of `postgresql.conf`; a test about durability says `fsync=on`,
    /// all others save the time.
    ///
    /// # Panics
    /// PostgreSQL is not installed, or does not start.
    pub fn start(settings: &[&str]) -> Self {
        let mut cluster = Self::scratch(making::place(settings), settings);
        cluster.make_tables();
        cluster.resume();
        cluster
    }

    /// The same with all of it in a folder, which may be a disk of its own.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    pub fn start_on(disk: &Path, settings: &[&str]) -> Self {
        let mut cluster = Self::scratch(disk, settings);
        // Not copied: whoever has a small disk of its own may give nothing away on it.
        cluster.run("initdb", &making::INITDB, &[&cluster.tables()]);
        cluster.resume();
        cluster
    }

    /// The same with its write-ahead log alone in that folder, in files of 1 MB.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    pub fn start_logging_on(disk: &Path, settings: &[&str]) -> Self {
        let mut cluster = Self::scratch(making::place(settings), settings);
        let log = format!("--waldir={}", disk.join("wal").display());
        let words = [&["--wal-segsize=1", &log], &making::INITDB[..]].concat();
        cluster.run("initdb", &words, &[&cluster.tables()]);
        cluster.resume();
        cluster
    }

    /// The same with a door to the network, as [`Cluster::over_network`] says where. With a certificate and its key
    /// (PEM) it takes connections there over TLS alone; without, in the clear.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    pub fn start_on_network(certificate: Option<(&str, &str)>, settings: &[&str]) -> Self {
        let mut cluster = Self::scratch(making::place(settings), settings);
        cluster.make_tables();
        let kind = if certificate.is_some() {
            "hostssl"
        } else {
            "host"
        };
        let mut files = vec![(
            "hba_file",
            format!("local all all trust\n{kind} all all 127.0.0.0/8 trust\n"),
        )];
        if let Some((certificate, key)) = certificate {
            cluster.settings.push("ssl=on".to_owned());
            files.push(("ssl_cert_file", certificate.to_owned()));
            files.push(("ssl_key_file", key.to_owned()));
        }
        for (setting, text) in files {
            let file = cluster.private_file(setting, &text);
            cluster
                .settings
                .push(format!("{setting}={}", file.display()));
        }
        let address = free_address();
        cluster
            .settings
            .push(format!("listen_addresses={}", address.ip()));
        cluster.network = Some(address);
        cluster.resume();
        cluster
    }

    /// A file that the server's user alone may read.
    fn private_file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        fs::write(&file, text).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a private file");
        if let Some(account) = self.account {
            chown(&file, Some(account.uid), Some(account.gid)).expect("the server's own file");
        }
        file
    }

    /// Makes and starts a standby of this server that calls itself `name`.
    ///
    /// # Panics
    /// The copy cannot be made or does not start.
    pub fn standby(&self, name: &str, settings: &[&str]) -> Self {
        let mut standby = Self::scratch(making::place(settings), settings);
        standby.follow(self, name);
        standby
    }

    /// Becomes a standby of another server that calls itself `name`, with a copy of that in place of all it held.
    ///
    /// # Panics
    /// As [`Cluster::standby`].
    pub fn follow(&mut self, primary: &Self, name: &str) {
        self.end();
        if self.tables().exists() {
            fs::remove_dir_all(self.tables()).expect("an emptied folder");
        }
        let from = format!(
            "host={} user=postgres application_name={name}",
            primary.folder.path().display()
        );
        self.run(
            "pg_basebackup",
            &["-R", "-X", "stream", "-c", "fast", "-d", &from, "-D"],
            &[&self.tables()],
        );
        self.resume();
    }

    fn make_tables(&self) {
        let pattern = making::pattern(&self.programs);
        if pattern.exists() {
            making::copy(&pattern, &self.tables());
        } else {
            self.run("initdb", &making::INITDB, &[&self.tables()]);
            making::keep(&self.tables(), &pattern);
        }
    }

    fn scratch(place: &Path, settings: &[&str]) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("pg")
            .tempdir_in(place)
            .expect("a scratch folder");
        let account = Account::needed();
        if let Some(account) = account {
            chown(folder.path(), Some(account.uid), Some(account.gid))
                .expect("a folder of its own");
        }
        let mut cluster = Self {
            folder,
            programs: programs(),
            account,
            settings: vec![
                "fsync=off".to_owned(),
                // In its own folder, so that a server that is killed leaves nothing behind.
                "dynamic_shared_memory_type=mmap".to_owned(),
            ],
            network: None,
            running: None,
        };
        cluster
            .settings
            .extend(settings.iter().map(|&line| line.to_owned()));
        cluster
    }

    fn tables(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(account) = self.account {
            command.uid(account.uid).gid(account.gid);
        }
        if let Some(address) = self.network {
            // Read by the server and by all who call it.
            command.env("PGPORT", address.port().to_string());
        }
        command
    }

    fn run(&self, program: &str, arguments: &[&str], paths: &[&Path]) {
        let output = self
            .command(&self.programs.join(program))
            .args(arguments)
            .args(paths)
            .stderr(Stdio::piped())
            .output()
            .unwrap_or_else(|error| panic!("{program} does not run: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {said}");
    }

    /// Starts the server again after it was stopped or killed.
    ///
    /// # Panics
    /// It does not answer in time.
    pub fn resume(&mut self) {
        wait_until("its processes are gone", || !self.has_processes());
        let _ = fs::remove_file(self.tables().join("postmaster.pid"));
        let socket_folder = self.folder.path().to_owned();
        let mut command = self.command(Path::new("/bin/sh"));
        command
            .args(["-c", KEEPER, "keeper"])
            .arg(self.programs.join("postgres"))
            .arg("-D")
            .arg(self.tables())
            .arg("-k")
            .arg(&socket_folder)
            .args(["-c", "listen_addresses="])
            .args(self.settings.iter().flat_map(|line| ["-c", line.as_str()]))
            .stdin(Stdio::piped())
            .stderr(
                fs::File::create(self.log())
                    .map(Stdio::from)
                    .expect("a log"),
            );
        self.running = Some(command.spawn().expect("a shell"));
        let begin = Instant::now();
        while !self.answers() {
            assert!(
                begin.elapsed() < PATIENCE,
                "PostgreSQL does not answer: {}",
                fs::read_to_string(self.log()).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether processes of a server that was killed still end. They share a piece of memory whose key is the inode of
    /// the tables (its lower half), and no server starts on those while anybody is attached to it.
    fn has_processes(&self) -> bool {
        let key = fs::metadata(self.tables()).map_or(0, |facts| facts.ino());
        let shared = fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
        shared.lines().any(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let shown: Option<i64> = columns.first().and_then(|text| text.parse().ok());
            let is_its =
                shown.is_some_and(|shown| (shown.cast_unsigned() ^ key) & u64::from(u32::MAX) == 0);
            is_its && columns.get(6).is_some_and(|attached| *attached != "0")
        })
    }

    fn answers(&self) -> bool {
        self.command(&self.programs.join("pg_isready"))
            .arg("-h")
            .arg(self.folder.path())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Ends the server and all its processes at once, with nothing flushed, as when the machine loses power.
    pub fn kill(&mut self) {
        let postmaster =
            fs::read_to_string(self.tables().join("postmaster.pid")).unwrap_or_default();
        if let Some(pid) = postmaster.lines().next() {
            let children = Command::new("pkill").args(["-9", "-P", pid]).status();
            let _ = Command::new("kill").args(["-9", pid]).status();
            let _ = children;
        }
        self.end();
    }

    fn end(&mut self) {
        if let Some(mut running) = self.running.take() {
            drop(running.stdin.take());
            let _ = running.wait();
        }
    }

    /// Says which standbys must have each commit, as `FIRST 1 (b)`, and waits until that many count.
    ///
    /// # Panics
    /// They are not there in time.
    pub fn needs_standbys(&self, names: &str, count: u8) {
        self.names_standbys(names);
        self.wait_until(
            "postgres",
            &format!(
                "SELECT count(*) = {count} FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')"
            ),
        );
    }

    /// The same without a look at who is there.
    ///
    /// # Panics
    /// The server does not take it.
    pub fn names_standbys(&self, names: &str) {
        let set = format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'");
        self.administer("postgres", &set);
        self.administer("postgres", "SELECT pg_reload_conf()");
    }

    /// No commit waits for a standby any more.
    ///
    /// # Panics
    /// The server does not take it.
    pub fn needs_no_standby(&self) {
        self.administer("postgres", "ALTER SYSTEM RESET synchronous_standby_names");
        self.administer("postgres", "SELECT pg_reload_conf()");
    }

    /// Waits until this many standbys are connected.
    ///
    /// # Panics
    /// They are not in time.
    pub fn wait_for_standbys(&self, count: u8) {
        let asked = format!("SELECT count(*) = {count} FROM pg_stat_replication");
        self.wait_until("postgres", &asked);
    }

    /// Waits until a commit of the server's role waits for its standby.
    ///
    /// # Panics
    /// None does in time.
    pub fn wait_until_a_commit_waits(&self) {
        self.wait_until(
            "postgres",
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = 'skranke_runtime'",
        );
    }

    /// Cancels the commits that wait for a standby: PostgreSQL then calls them a success.
    ///
    /// # Panics
    /// The server does not take it.
    pub fn cancel_waiting_commits(&self) {
        self.administer(
            "postgres",
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
        );
    }

    /// Ends the connections whose commits wait for a standby.
    ///
    /// # Panics
    /// The server does not take it.
    pub fn end_waiting_commits(&self) {
        self.administer(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
        );
    }

    /// Ends every connection that somebody else has.
    ///
    /// # Panics
    /// The server does not take it.
    pub fn end_connections(&self) {
        self.administer(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
              WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
        );
    }

    /// Makes a standby the new primary, behind which nobody stands yet.
    ///
    /// # Panics
    /// It cannot be promoted.
    pub fn promote(&self) {
        self.run("pg_ctl", &["promote", "-w", "-D"], &[&self.tables()]);
        self.needs_no_standby();
    }

    /// Where to reach a database as a role, in libpq's form.
    pub fn address(&self, role: &str, database: &str) -> String {
        format!(
            "host={} user={role} dbname={database}",
            self.folder.path().display()
        )
    }

    /// Where to reach a database over the network as a role, the server called by a name that its certificate may hold.
    ///
    /// # Panics
    /// It was not started on the network.
    pub fn over_network(&self, name: &str, role: &str, database: &str) -> String {
        let address = self.network.expect("a server on the network");
        format!(
            "host={name} hostaddr={} port={} user={role} dbname={database}",
            address.ip(),
            address.port()
        )
    }

    /// Where it writes what happens to it.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The folder of the socket.
    pub fn host(&self) -> &Path {
        self.folder.path()
    }

    /// Runs statements as the administrator and returns what they print, a line for each row.
    ///
    /// # Panics
    /// A statement fails.
    pub fn administer(&self, database: &str, statements: &str) -> String {
        self.psql(database, &["-c", statements])
    }

    /// Runs a file of statements as the administrator.
    ///
    /// # Panics
    /// A statement fails.
    pub fn administer_file(&self, database: &str, file: &Path) {
        // The server's user need not be able to read the project's folder.
        let text = fs::read_to_string(file).expect("the file of statements");
        let copy = self.folder.path().join("statements.sql");
        fs::write(&copy, text).expect("a copy");
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o644)).expect("a readable copy");
        let copy = copy.display().to_string();
        self.psql(database, &["-f", &copy]);
    }

    fn psql(&self, database: &str, arguments: &[&str]) -> String {
        self.psql_as("postgres", database, arguments)
            .unwrap_or_else(|said| panic!("psql: {said}"))
    }

    /// Runs statements as any role: what they print, or what the database said against them.
    ///
    /// # Errors
    /// A statement failed.
    pub fn run_as(&self, role: &str, database: &str, statements: &str) -> Result<String, String> {
        self.psql_as(role, database, &["-c", statements])
    }

    fn psql_as(&self, role: &str, database: &str, arguments: &[&str]) -> Result<String, String> {
        let output = self
            .command(&self.programs.join("psql"))
            .args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1"])
            .args(["-U", role, "-d", database])
            .arg("-h")
            .arg(self.folder.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .expect("psql");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Whether a program's open connections are encrypted and how, a line for each answer there is.
    ///
    /// # Panics
    /// The server does not say.
    pub fn tls_spoken_by(&self, program: &str) -> String {
        let asked = format!(
            "SELECT DISTINCT ssl, version
               FROM pg_stat_ssl
               JOIN pg_stat_activity USING (pid)
              WHERE application_name = '{program}'"
        );
        self.administer("postgres", &asked).trim().to_owned()
    }

    /// Waits until a question asked as the administrator is answered with `t`.
    ///
    /// # Panics
    /// It is not in time.
    pub fn wait_until(&self, database: &str, question: &str) {
        wait_until(question, || {
            self.administer(database, question).trim() == "t"
        });
    }
}

/// An address of this machine that no other test has, so that its port stays free until the server takes it.
fn free_address() -> SocketAddr {
    let [high, middle, low, _] = (std::process::id() << 8).to_be_bytes();
    let own = Ipv4Addr::new(127, 64 | high, middle, low);
    let listener = TcpListener::bind((own, 0)).expect("an address of this machine");
    listener.local_addr().expect("a port")
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end();
    }
}

/// The newest installed version's programs, of 15 and later.
fn programs() -> PathBuf {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .filter(|(version, path)| *version >= 15 && path.join("initdb").exists())
        .collect();
    versions.sort();
    let newest = versions.pop();
    newest
        .expect("PostgreSQL 15 or later is installed (make install)")
        .1
}
