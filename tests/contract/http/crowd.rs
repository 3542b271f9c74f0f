//! A thousand computers at once hand in and read, and the server is killed in the middle: nothing is lost, nothing comes
//! twice, and nobody reads a thing twice or past one.
//!
//! Basis: reliability, section 3.3; sync-and-speed, P9.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use skranke_domain::ids::EventId;
use skranke_domain::role::Role;
use skranke_protocol::encoding::to_hex;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{Cursor, FeedItem, Scope};
use skranke_server::store::CentralStore;
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::sqlite::SqliteStore;
use skranke_sync::{Backoff, Client, Connection, SyncError};
use skranke_testkit::invariants::{self, Desktop, World};
use skranke_testkit::postgres::Cluster;
use skranke_testkit::times;
use skranke_tests::window::build_folder;

use super::town::{environment, now};
use crate::in_words::central_in_words;
use crate::office::{Laptop, TENANT, insert, insert_grant};
use crate::on_both::{Kind, on_both};
use crate::postgres::{KEY, prepared};

on_both!(
    a_thousand_computers_at_once_and_a_server_killed_meanwhile_lose_nothing_and_repeat_nothing,
);

const COMPUTERS: u16 = 1_000;
const STACK: usize = 1 << 20;
/// Computers that read the feed to its end; the others a page of it.
const THOROUGH: usize = 5;

/// The server as it is shipped, in a process of its own.
struct Program {
    process: Child,
    address: String,
}

impl Program {
    fn start(folder: &Path, store: &str, listen: &str) -> Self {
        let mut log = OpenOptions::new();
        let log = log.create(true).append(true);
        let log = log.open(folder.join("said.log")).unwrap();
        let mut process = Command::new(build_folder().unwrap().join("skranke-server"))
            .args(["--listen", listen, "--store", store, "--tenant", TENANT])
            .arg("--key-file")
            .arg(folder.join("central.key"))
            .arg("--attachments")
            .arg(folder.join("attachments"))
            .args(["serve", "--exit-with-parent"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the server is built");
        let mut line = String::new();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        let url = told["listening"].as_str().unwrap();
        Self {
            process,
            address: url.trim_start_matches("http://").to_owned(),
        }
    }

    /// As `kill -9` does.
    fn kill(&mut self) {
        self.process.kill().unwrap();
        let ended = self.process.wait().unwrap();
        assert_eq!(ended.code(), None, "it ended by itself before");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where the records lie: what the server is told, the operator's own way in, and the database that must outlive both.
fn place(kind: Kind, folder: &Path) -> (String, Box<dyn CentralStore>, Option<Cluster>) {
    let key_file = folder.join("central.key");
    std::fs::write(&key_file, to_hex(&KEY)).unwrap();
    match kind {
        Kind::Sqlite => {
            let database = folder.join("central.db");
            let key = KeyFile::read(&key_file).unwrap();
            let store = SqliteStore::open(&database, &key).unwrap();
            let told = format!("sqlite:{}", database.display());
            (told, Box::new(store), None)
        }
        Kind::Postgres => {
            let cluster = Cluster::start(&["fsync=on"]);
            let store = prepared(&cluster);
            let told = format!("postgres:{}", cluster.address("skranke_runtime", "skranke"));
            (told, Box::new(store), Some(cluster))
        }
    }
}

/// Enrols them all and gives each a person who may work there.
fn enrolled(store: &dyn CentralStore) -> (Vec<Laptop>, SigningKey) {
    let server = SigningKey::from_seed(&store.server_keys().unwrap().signing_seed);
    let mut transaction = store.begin(TENANT).unwrap();
    let laptops = (1..=COMPUTERS).map(|number| {
        let mut laptop = Laptop::numbered(number);
        laptop.at = now();
        insert(transaction.as_mut(), &laptop, Scope::Tenant);
        let grant = laptop.grant_from(laptop.grant, &[Role::Counter], laptop.at);
        insert_grant(transaction.as_mut(), &grant, &server);
        laptop
    });
    let laptops = laptops.collect();
    transaction.commit().unwrap();
    (laptops, server)
}

/// When a computer gives up, and with it the test.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(180);
/// How much sooner than in an office they come back.
const HURRY: u32 = 20;

/// Asks until the server answers, coming back as a computer does; anything but "come again" is a fault.
fn until_answered<T>(ask: impl Fn() -> Result<T, SyncError>) -> T {
    let begun = Instant::now();
    let mut backoff = Backoff::up_to(Duration::from_secs(30));
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(error) if error.is_retryable() && begun.elapsed() < GIVEN_UP_AFTER => {
                let by_chance = uuid::Uuid::now_v7().as_u128() as u32;
                std::thread::sleep(backoff.next(by_chance, None) / HURRY);
            }
            Err(error) => panic!("a thousand computers: {error}"),
        }
    }
}

/// What a computer has read of the feed.
struct Reader {
    cursor: Cursor,
    seen: HashSet<EventId>,
}

impl Reader {
    /// Reads a page; whether there is more.
    fn reads(&mut self, client: &Client, items: u32) -> bool {
        let page = until_answered(|| client.pull(self.cursor, items, 0));
        for item in &page.sent.items {
            let FeedItem::Event { event } = &item.item else {
                panic!("a counter reads events")
            };
            assert!(self.seen.insert(event.header().id), "it was read before");
        }
        self.cursor = page.sent.cursor;
        page.sent.more
    }
}

fn a_thousand_computers_at_once_and_a_server_killed_meanwhile_lose_nothing_and_repeat_nothing(
    kind: Kind,
) {
    let folder = tempfile::tempdir().unwrap();
    let (told, store, _cluster) = place(kind, folder.path());
    store.create_tenant(TENANT, now()).unwrap();
    let (laptops, server) = enrolled(store.as_ref());
    let mut program = Program::start(folder.path(), &told, "127.0.0.1:0");
    let url = format!("http://{}", program.address);
    let cases = times(1);
    let acknowledged = Mutex::new(Vec::<SealedEvent>::new());
    let thorough = Mutex::new(Vec::new());
    let done = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for (nth, mut laptop) in laptops.into_iter().enumerate() {
            let connection = Connection {
                base_url: url.clone(),
                tenant: TENANT.to_owned(),
                device_id: laptop.id,
                key: laptop.key.clone(),
                server_key: Some(server.public()),
                ca_file: None,
            };
            let (acknowledged, thorough, done) = (&acknowledged, &thorough, &done);
            let work = move || {
                let client = Client::new(connection, environment(chrono::TimeDelta::zero()));
                let mut reader = Reader {
                    cursor: Cursor::START,
                    seen: HashSet::new(),
                };
                for _ in 0..cases {
                    let (_, opening) = laptop.open_case("2512169996");
                    until_answered(|| client.push(&opening));
                    if nth % 10 == 0 {
                        // Its answer was lost.
                        until_answered(|| client.push(&opening));
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                    acknowledged.lock().unwrap().extend(opening);
                    reader.reads(&client, 20);
                }
                if nth < THOROUGH {
                    thorough.lock().unwrap().push((client, reader));
                }
            };
            let thread = std::thread::Builder::new().stack_size(STACK);
            thread.spawn_scoped(scope, work).unwrap();
        }
        // Killed twice, with most of them in the middle of something.
        let begun = Instant::now();
        for part in [4, 2] {
            while begun.elapsed() < GIVEN_UP_AFTER
                && done.load(Ordering::Relaxed) < usize::from(COMPUTERS) / part
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            program.kill();
            program = Program::start(folder.path(), &told, &program.address);
        }
    });

    let acknowledged = acknowledged.into_inner().unwrap();
    for (client, mut reader) in thorough.into_inner().unwrap() {
        while reader.reads(&client, 500) {}
        let all = acknowledged.iter().map(|event| event.header().id);
        let missed = all.filter(|id| !reader.seen.contains(id));
        assert_eq!(missed.count(), 0, "read past");
    }
    assert_eq!(store.alarms(TENANT).unwrap(), []);
    let world = World {
        desktops: vec![Desktop {
            name: "all computers".to_owned(),
            confirmed: acknowledged.iter().map(|event| *event.hash()).collect(),
            events: acknowledged,
            ..Desktop::default()
        }],
        central: Some(central_in_words(store.as_ref(), TENANT)),
        is_quiet: true,
        left: vec![folder.path().to_owned()],
        ..World::default()
    };
    invariants::hold(&world, "after a thousand computers at once");
}
