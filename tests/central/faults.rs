//! Counters that are killed, power that goes: after each the same invariants are checked, and each
//! bug that is planted on purpose is found by them.
//!
//! The counter that is killed is a process of its own: this test, started again. Basis: reliability, 3.2 and 3.3.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use skranke_app::{App, Clock};
use skranke_domain::event::Event;
use skranke_domain::ids::CaseId;
use skranke_domain::rehearsal::{self, Bug, SAVE, SYNC};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::payload;
use skranke_protocol::tree::FollowedTree;
use skranke_store::key::envelope::{Envelope, Opener};
use skranke_store::{AuditFilter, CaseFilter, Options, Store};
use skranke_testkit::files::picture;
use skranke_testkit::invariants::{self, Desktop, Logged, World};
use skranke_testkit::{seed, times};

use crate::attachments::{attach_from, in_the_centre};
use crate::in_words::central_in_words;
use crate::{TENANT, Town, draft_of, granted, register};

pub(crate) const FOLDER: &str = "SKRANKE_TEST_FOLDER";
pub(crate) const ADDRESS: &str = "SKRANKE_TEST_ADDRESS";
const POINT: &str = "SKRANKE_REHEARSE_POINT";
const BUG: &str = "SKRANKE_REHEARSE_BUG";
pub(crate) const COUNTER: &str = "skranke-1";

#[expect(clippy::disallowed_methods, reason = "how a test tells its child")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Ends this process hard when the point it was told of has been reached often enough.
pub(crate) fn die_at(name: &'static str) {
    static LEFT: OnceLock<AtomicU32> = OnceLock::new();
    static WANTED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| {
        let asked = variable(POINT)?;
        let (point, times) = asked.split_once(':')?;
        Some((point.to_owned(), times.parse().ok()?))
    });
    if let Some((point, times)) = wanted
        && point == name
        && LEFT
            .get_or_init(|| AtomicU32::new(*times))
            .fetch_sub(1, Ordering::SeqCst)
            == 1
    {
        let own = std::process::id().to_string();
        let _ = Command::new("kill").args(["-9", &own]).status();
        std::process::abort();
    }
}

/// The counter in its own process: it saves and synchronises until it is ended, and says what its user was told.
#[expect(clippy::print_stdout, reason = "the parent listens for it")]
fn be_the_counter() -> ! {
    if let Some(bug) = variable(BUG).and_then(|bug| Bug::named(&bug)) {
        rehearsal::plant(bug);
    }
    let folder = PathBuf::from(variable(FOLDER).unwrap());
    let address = variable(ADDRESS).unwrap().parse().unwrap();
    let app = Town::counter_of(&folder, address, COUNTER, Clock::System);
    println!("\nready");
    rehearsal::watch(die_at);
    let people = [
        ("0201703984", "Aase Lindholm"),
        ("2304483984", "Bodil Aagaard"),
    ];
    for ((cpr, name), width) in people.iter().cycle().zip(100..) {
        let case = granted(&app, cpr, name);
        println!("\nsaved {}", case.row.id);
        // Another one each time, so that there is always a file to hand over.
        attach_from(
            &folder.join("anmodning.png"),
            &app,
            &case,
            &picture(width, 20),
        );
        register(&app, &case);
        let status = app.sync_now(()).unwrap();
        if status.waiting == 0 && status.cases == status.confirmed {
            println!("\nconfirmed");
        }
    }
    unreachable!("the counter works until it is ended")
}

/// The counter in its own process: it is in contact with the central store until it is ended at a point.
pub(crate) fn be_in_contact() -> ! {
    let folder = PathBuf::from(variable(FOLDER).unwrap());
    let address = variable(ADDRESS).unwrap().parse().unwrap();
    rehearsal::watch(die_at);
    let app = Town::counter_of(&folder, address, COUNTER, Clock::System);
    for _ in 0..10 {
        app.sync_now(()).unwrap();
    }
    unreachable!("the point lies on the way")
}

/// Starts the counter as [`be_in_contact`] says and waits until it has ended itself at a point.
pub(crate) fn ended_at(town: &Town, test: &str, point: &str, times: u32) {
    let child = counter(town, test, &rehearsing(point, times, None));
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert_eq!(ended.status.code(), None, "{point}: it went on: {said}");
}

/// What the counter's user was told.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) saved: BTreeSet<String>,
    pub(crate) confirmed: BTreeSet<String>,
}

impl Told {
    /// Listens until the counter is gone.
    fn listen(&mut self, child: &mut Child) {
        self.listen_until(child, usize::MAX, Duration::ZERO);
    }

    /// Listens until the counter is gone or has said this much and gone on for a moment, and ends it.
    fn listen_until(&mut self, child: &mut Child, lines: usize, pause: Duration) {
        let out = child.stdout.take().unwrap();
        let said = BufReader::new(out).lines().map_while(Result::ok);
        let said = said.filter(|line| line.starts_with("saved ") || line == "confirmed");
        for line in said.take(lines) {
            match line.strip_prefix("saved ") {
                Some(case) => {
                    self.saved.insert(case.to_owned());
                }
                None => self.confirmed.clone_from(&self.saved),
            }
        }
        std::thread::sleep(pause);
        let _ = child.kill();
        let ended = child.wait().unwrap();
        assert_eq!(ended.code(), None, "it ended without being killed");
    }
}

pub(crate) fn counter(town: &Town, test: &str, environment: &[(&str, String)]) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, town.folder.path())
        .env(ADDRESS, town.address.to_string())
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        // What it says lies beside its store, and is looked through with it.
        .stderr(File::create(town.folder.path().join("said.log")).unwrap())
        .spawn()
        .unwrap()
}

pub(crate) fn rehearsing(point: &str, times: u32, bug: Option<Bug>) -> Vec<(&'static str, String)> {
    let bug = bug.map(|bug| format!("{bug:?}")).unwrap_or_default();
    vec![(POINT, format!("{point}:{times}")), (BUG, bug)]
}

pub(crate) fn opened(folder: &Path, name: &str) -> Store {
    let place = folder.join(name);
    let secret = folder.join(format!("{name}.key"));
    let key = Envelope::load(&place).unwrap();
    let key = key.open(&Opener::KeyFile(&secret)).ok().unwrap();
    Store::open(&place, &key, Options::default(), Clock::System.now()).unwrap()
}

/// What a computer holds, as its store says after it was closed however that happened.
pub(crate) fn desktop(folder: &Path, name: &str, told: &Told) -> Desktop {
    let store = opened(folder, name);
    let read = store.read().unwrap();
    let mut events = read.own_events(0, u32::MAX).unwrap();
    let own: Vec<SealedEvent> = events.clone();
    let known: BTreeSet<_> = own.iter().map(|event| event.header().id).collect();
    for case in read.all_case_ids().unwrap() {
        let of_case = read.case_events(case).unwrap();
        events.extend(
            of_case
                .into_iter()
                .filter(|event| !known.contains(&event.header().id)),
        );
    }
    // A case of which nothing is left stands for an event that nobody has.
    let hashes = |cases: &BTreeSet<String>| {
        let mut hashes = Vec::new();
        for case in cases {
            let case: CaseId = case.parse().unwrap();
            let of_case = own.iter().filter(|event| event.header().case_id == case);
            let found: Vec<_> = of_case.map(|event| *event.hash()).collect();
            hashes.extend(if found.is_empty() {
                vec![[0xff; 32]]
            } else {
                found
            });
        }
        hashes
    };
    let saved = hashes(&told.saved);
    let confirmed = hashes(&told.confirmed);
    assert_eq!(store.check_integrity().unwrap(), vec![]);
    let listed = read.cases(CaseFilter::All, None, u32::MAX).unwrap().rows;
    let shown = listed
        .into_iter()
        .map(|row| (row.case, row.conflicts as usize));
    let tree: Option<String> = read.setting("followed_tree").unwrap();
    let tree: Option<FollowedTree> = tree.and_then(|kept| serde_json::from_str(&kept).unwrap());
    Desktop {
        name: name.to_owned(),
        events,
        saved,
        confirmed,
        shown: Some(shown.collect()),
        proved: tree.map(|tree| (tree.position(), tree.root())),
        device: Some(read.own_device().unwrap().unwrap().device),
        log: Some(log(&read)),
        audit_fault: read
            .audit_chain(None)
            .unwrap()
            .broken
            .map(|broken| format!("{broken:?}")),
        ..Desktop::default()
    }
}

/// The same of a laptop: it may hold the cases that are laid on it, as the central store knows them, and no other.
pub(crate) fn laptop_of(town: &Town, name: &str) -> Desktop {
    let laptop = desktop(town.folder.path(), name, &Told::default());
    let scope = |device| town.records().scope(TENANT, device).unwrap();
    Desktop {
        scope: laptop.device.map(scope),
        ..laptop
    }
}

/// The audit log of a computer.
fn log(read: &skranke_store::ReadHandle<'_>) -> Vec<Logged> {
    let rows = read.audit(AuditFilter::All, None, u32::MAX).unwrap();
    let rows = rows.into_iter().map(|row| Logged {
        action: row.action.code().to_owned(),
        case: row.case,
        device: row.device,
        detail: row.purpose,
    });
    rows.collect()
}

pub(crate) fn central(town: &Town) -> invariants::Central {
    let store = town.central.as_ref().unwrap().central().store();
    central_in_words(store, TENANT)
}

pub(crate) fn world(town: &Town, told: &Told, others: &[&str], is_quiet: bool) -> World {
    let folder = town.folder.path();
    let mut desktops = vec![desktop(folder, COUNTER, told)];
    desktops.extend(
        others
            .iter()
            .map(|name| desktop(folder, name, &Told::default())),
    );
    World {
        desktops,
        central: Some(central(town)),
        is_quiet,
        left: vec![folder.to_owned()],
        ..World::default()
    }
}

/// The counter is opened again in this process and brought in step; how long it took until one could work.
fn comes_back(town: &Town, other: &App) -> Duration {
    let begun = Instant::now();
    let app = town.counter(COUNTER);
    draft_of(&app, "0201703984", "Aase Lindholm");
    let took = begun.elapsed();
    for app in [&app, other, &app] {
        let status = app.sync_now(()).unwrap();
        assert_eq!((status.problem.as_str(), status.waiting), ("", 0));
    }
    took
}

/// The world once all have come together again.
pub(crate) fn after_all(town: &Town, told: &Told, other: &App) -> World {
    let took = comes_back(town, other);
    World {
        recovered: vec![(COUNTER.to_owned(), took)],
        ..world(town, told, &["skranke-2"], true)
    }
}

#[test]
fn killed_at_every_point_of_save_and_sync_nothing_told_is_missing_and_all_come_together() {
    if variable(FOLDER).is_some() {
        be_the_counter();
    }
    let test = "faults::killed_at_every_point_of_save_and_sync_nothing_told_is_missing_and_all_come_together";
    let town = Town::new();
    let other = town.counter("skranke-2");
    let mut told = Told::default();
    for point in SAVE.into_iter().chain(SYNC) {
        // Something for the counter to fetch.
        granted(&other, "0201703984", "Aase Lindholm");
        other.sync_now(()).unwrap();

        // Deep enough that something was told before; the log is written once for each command alone.
        let times = match point {
            "save.log_written" | "save.log_synced" => 5,
            _ if point.starts_with("save.") => 25,
            _ => 2,
        };
        let mut child = counter(&town, test, &rehearsing(point, times, None));
        told.listen(&mut child);

        invariants::hold(&world(&town, &told, &[], false), point);
    }
    assert!(!told.saved.is_empty() && !told.confirmed.is_empty());
    invariants::hold(&after_all(&town, &told, &other), "after them all");
    let files = files_of(&town);
    assert!(files.len() > 1, "files were handed over");
    for digest in files {
        in_the_centre(&town, &digest);
    }
}

/// Digests of the files that the events at the central store name.
fn files_of(town: &Town) -> Vec<String> {
    let mut files = Vec::new();
    for (event, _) in &central(town).events {
        if let Some(Event::AttachmentAdded(file)) = payload::recorded(event).unwrap().event {
            files.push(file.digest.to_string());
        }
    }
    files
}

#[test]
fn killed_at_random_nothing_told_is_missing() {
    if variable(FOLDER).is_some() {
        be_the_counter();
    }
    let town = Town::new();
    let other = town.counter("skranke-2");
    let mut told = Told::default();
    let seed = seed();
    println!("SKRANKE_SEED={seed}");
    for round in 0..times(3) {
        let mut child = counter(
            &town,
            "faults::killed_at_random_nothing_told_is_missing",
            &[],
        );
        let lines = 1 + (seed.wrapping_mul(0x9e37_79b9).wrapping_add(round * 7)) % 5;
        // And not always in the same breath.
        let pause = Duration::from_micros(seed.wrapping_mul(0x9e37_79b9 + round) % 40_000);
        told.listen_until(&mut child, usize::try_from(lines).unwrap(), pause);
        invariants::hold(
            &world(&town, &told, &[], false),
            &format!("SKRANKE_SEED={seed}"),
        );
    }
    invariants::hold(
        &after_all(&town, &told, &other),
        &format!("SKRANKE_SEED={seed}"),
    );
}

#[test]
fn a_place_in_the_feed_that_is_kept_before_what_was_read_is_caught() {
    if variable(FOLDER).is_some() {
        be_the_counter();
    }
    let test = "faults::a_place_in_the_feed_that_is_kept_before_what_was_read_is_caught";
    let town = Town::new();
    let other = town.counter("skranke-2");
    granted(&other, "0201703984", "Aase Lindholm");
    other.sync_now(()).unwrap();
    let mut told = Told::default();
    let bug = Some(Bug::CheckpointFirst);
    let mut child = counter(&town, test, &rehearsing("sync.cursor_kept", 1, bug));
    told.listen(&mut child);

    let found = invariants::broken(&after_all(&town, &told, &other));

    assert!(found.iter().any(|line| line.starts_with("I5")), "{found:?}");
}

/// Builds the library that remembers what a power cut would leave.
fn unsynced(folder: &Path) -> PathBuf {
    let library = folder.join("unsynced.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("central/faults/unsynced.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .status();
    assert!(
        built.unwrap().success(),
        "a C compiler is there, as for the linker"
    );
    library
}

/// The counter works until the power goes; returns the invariants that then do not hold.
fn power_goes(test: &str, bug: Option<Bug>) -> (Vec<String>, usize) {
    let mut town = Town::new();
    // The first run is over and on the disk.
    drop(town.counter(COUNTER));
    let kept = tempfile::tempdir().unwrap();
    let copied = Command::new("cp")
        .arg("-a")
        .arg(format!("{}/.", town.folder.path().display()))
        .arg(kept.path())
        .status();
    assert!(copied.unwrap().success());
    let library = unsynced(kept.path());
    let path = |path: &Path| path.display().to_string();
    let mut environment = rehearsing("none", 1, bug);
    environment.extend([
        ("LD_PRELOAD", path(&library)),
        ("SKRANKE_WATCHED", path(&town.folder.path().join(COUNTER))),
        ("SKRANKE_KEPT", path(&kept.path().join(COUNTER))),
    ]);
    // No line to the central store: what is saved is on this disk alone.
    town.close_central();
    let mut child = counter(&town, test, &environment);
    let mut told = Told::default();
    told.listen_until(&mut child, 6, Duration::ZERO);
    let after = kept.path();
    let desktop = desktop(after, COUNTER, &told);
    let world = World {
        desktops: vec![desktop],
        left: vec![after.to_owned()],
        ..World::default()
    };
    (invariants::broken(&world), told.saved.len())
}

#[test]
fn what_was_told_to_be_saved_is_there_after_the_power_went() {
    if variable(FOLDER).is_some() {
        be_the_counter();
    }
    let test = "faults::what_was_told_to_be_saved_is_there_after_the_power_went";
    for _ in 0..times(1) {
        let (found, saved) = power_goes(test, None);
        assert_eq!((found, saved), (Vec::new(), 6));
    }
}

#[test]
fn a_save_that_does_not_wait_for_the_disk_is_caught() {
    if variable(FOLDER).is_some() {
        be_the_counter();
    }
    let test = "faults::a_save_that_does_not_wait_for_the_disk_is_caught";

    let (found, saved) = power_goes(test, Some(Bug::NoFsync));

    assert_eq!(saved, 6);
    assert!(
        found.iter().any(|line| line.starts_with("I11")),
        "{found:?}"
    );
}
