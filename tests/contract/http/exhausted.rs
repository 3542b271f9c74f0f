//! A central store that has no connection left, or no room for a scan: it says when to come again, and the desktop does.
//!
//! Basis: reliability, fault F8.

use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use skranke_domain::ids::Sha256Digest;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::problem::{Problem, ProblemCode};
use skranke_protocol::wire::{
    Cursor, FeedItem, MAX_CHUNK_BYTES, PushBatch, UPLOAD_LENGTH, UPLOAD_OFFSET,
};
use skranke_server::attachments::AttachmentFolder;
use skranke_server::store::key_file::KeyFile;
use skranke_sync::{
    Cancel, Client, Connection, Environment, Pushed, Sender, SyncError, UnderWay, send_all,
};
use skranke_testkit::invariants::{self, Desktop, World};
use skranke_testkit::postgres::Cluster;
use skranke_testkit::small_disk::SmallDisk;

use super::raw::{proof_with, send};
use super::town::{Town, now};
use crate::in_words::central_in_words;
use crate::office::{Laptop, TENANT};
use crate::postgres::prepared;

/// Two municipalities, so that two transactions stand in nobody's way but the pool's.
const TENANTS: [&str; 2] = [TENANT, "0888"];

/// A server over a pool of as many connections as there are municipalities.
fn town_on(cluster: &Cluster) -> Town {
    drop(prepared(cluster));
    let town = Town::over(cluster, TENANTS.len(), |_| {});
    let store = town.server.central().store();
    store.create_tenant(TENANTS[1], now()).unwrap();
    town
}

/// Every connection of a town's pool, in the middle of a transaction until it is let go.
struct Held {
    let_go: mpsc::Sender<()>,
    holder: JoinHandle<()>,
}

impl Held {
    fn all_of(town: &Town) -> Self {
        let central = Arc::clone(town.server.central());
        let (let_go, wanted) = mpsc::channel();
        let (holding, held) = mpsc::channel();
        let holder = std::thread::spawn(move || {
            let begin = |tenant| central.store().begin(tenant).unwrap();
            let transactions = TENANTS.map(begin);
            holding.send(()).unwrap();
            let _ = wanted.recv();
            drop(transactions);
        });
        held.recv().unwrap();
        Self { let_go, holder }
    }

    /// They are free when this returns.
    fn let_go(self) {
        self.let_go.send(()).unwrap();
        self.holder.join().unwrap();
    }
}

/// The desktop's own client, whose first waiting is what ends the holding; hears how long it was to wait.
fn patient(town: &Town, laptop: &Laptop, held: Held) -> (Client, Arc<Mutex<Vec<Duration>>>) {
    let waited = Arc::new(Mutex::new(Vec::new()));
    let (hears, held) = (Arc::clone(&waited), Mutex::new(Some(held)));
    let environment = Environment::new(
        now,
        |bytes| bytes.copy_from_slice(&uuid::Uuid::now_v7().as_bytes()[16 - bytes.len()..]),
        move |time, _| {
            hears.lock().unwrap().push(time);
            if let Some(held) = held.lock().unwrap().take() {
                held.let_go();
            }
        },
    );
    let connection = Connection {
        base_url: town.server.url().to_owned(),
        tenant: TENANT.to_owned(),
        device_id: laptop.id,
        key: laptop.key.clone(),
        server_key: Some(town.server.central().public_key()),
        ca_file: None,
    };
    (Client::new(connection, environment), waited)
}

/// A desktop with one batch to send.
pub(super) struct Outbox<'e> {
    pub(super) waiting: Option<&'e [SealedEvent]>,
    pub(super) confirmed: u64,
}

impl Sender for Outbox<'_> {
    fn next(&mut self) -> Result<Option<Vec<SealedEvent>>, SyncError> {
        Ok(self.waiting.take().map(<[SealedEvent]>::to_vec))
    }

    fn keep(&mut self, pushed: &Pushed, _: u64) -> Result<(), SyncError> {
        self.confirmed = pushed.confirmation.seq;
        Ok(())
    }
}

#[test]
fn with_every_connection_held_a_push_gets_503_and_the_desktop_gets_through_by_itself_after() {
    let cluster = Cluster::start(&[]);
    let town = town_on(&cluster);
    let (reader, mut laptop) = town.counter(1, &["counter"]);
    let (_, opening) = laptop.open_case("2512169996");
    let held = Held::all_of(&town);

    let body = serde_json::to_vec(&PushBatch::of(&opening)).unwrap();
    let proof = proof_with(&town, &laptop, "POST", "/v1/events", &body, None);
    let answer = send(&town, "POST", "/v1/events", &[proof], &body);
    assert_eq!(answer.status, 503);
    assert_eq!(answer.problem(), ProblemCode::Unavailable);
    assert!(
        answer.head.to_lowercase().contains("\r\nretry-after: 2"),
        "{}",
        answer.head
    );

    let (client, waited) = patient(&town, &laptop, held);
    let mut outbox = Outbox {
        waiting: Some(&opening),
        confirmed: 0,
    };
    send_all(&client, &Cancel::default(), UnderWay::Two, &mut outbox).unwrap();

    let waited = waited.lock().unwrap().clone();
    let [once] = waited.as_slice() else {
        panic!("it was refused once, and got through: {waited:?}");
    };
    // With chance on top, so that not all come again at once.
    let asked = Duration::from_secs(2);
    assert!((asked..asked * 2).contains(once), "{once:?}");
    assert_eq!(outbox.confirmed, opening.len() as u64);
    let page = reader.pull(Cursor::START, 100, 0).unwrap().sent;
    let read: Vec<_> = page.items.into_iter().map(|entry| entry.item).collect();
    let expected: Vec<_> = opening
        .iter()
        .map(|event| FeedItem::Event {
            event: event.clone(),
        })
        .collect();
    assert_eq!(read, expected, "all of it, once");
    let world = World {
        desktops: vec![Desktop {
            name: "the counter".to_owned(),
            confirmed: opening.iter().map(|event| *event.hash()).collect(),
            events: opening,
            device: Some(laptop.id),
            ..Desktop::default()
        }],
        central: Some(central_in_words(town.operator().as_ref(), TENANT)),
        is_quiet: true,
        left: vec![town.folder.path().to_owned()],
        ..World::default()
    };
    invariants::hold(&world, "after every connection was held");
}

#[test]
fn with_no_room_for_a_scan_the_answer_names_the_disk_and_the_scan_goes_on_where_it_stood() {
    let name = "http::exhausted::with_no_room_for_a_scan_the_answer_names_the_disk_and_the_scan_goes_on_where_it_stood";
    let Some(disk) = SmallDisk::of(name, 16) else {
        return;
    };
    let scans = disk.path().join("scans");
    let town = Town::with(|config| config.attachments.clone_from(&scans));
    let (client, laptop) = town.counter(1, &["counter"]);
    let mut scan = b"%PDF-1.7\n".to_vec();
    scan.resize(5 * MAX_CHUNK_BYTES / 2, b'x');
    let digest = Sha256Digest::from_bytes(Sha256::digest(&scan).into());
    let mut stood = Vec::new();
    let mut upload = || {
        stood.clear();
        let result = client.upload(&digest, &scan, &Cancel::default(), |at| stood.push(at));
        (result, stood.first().copied())
    };
    let first_piece = MAX_CHUNK_BYTES as u64;
    let full = disk.fill_but(first_piece * 3 / 2);

    let (cut, _) = upload();
    assert!(matches!(cut, Err(SyncError::Busy { .. })), "{cut:?}");
    let path = format!("/v1/attachments/{digest}");
    let piece = &scan[MAX_CHUNK_BYTES..2 * MAX_CHUNK_BYTES];
    let headers = [
        proof_with(&town, &laptop, "PATCH", &path, piece, None),
        (UPLOAD_OFFSET, first_piece.to_string()),
        (UPLOAD_LENGTH, scan.len().to_string()),
    ];
    let answer = send(&town, "PATCH", &path, &headers, piece);
    assert_eq!(answer.status, 503);
    assert_eq!(answer.problem(), ProblemCode::Unavailable);
    let problem: Problem = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(problem.part.as_deref(), Some("disk"));
    assert!(answer.head.to_lowercase().contains("\r\nretry-after: "));

    std::fs::remove_file(full).unwrap();
    let (taken, from) = upload();
    taken.unwrap();
    assert_eq!(from, Some(first_piece), "what fitted is not sent again");
    let key = KeyFile::read(&town.folder.path().join("central.key")).unwrap();
    let folder = AttachmentFolder::open(&scans, key.as_bytes()).unwrap();
    assert_eq!(folder.read(TENANT, &digest).unwrap(), scan);
}
