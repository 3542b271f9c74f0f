//! From the counter to the central store: every record is confirmed, an outage loses nothing, a second counter sees it.
#![expect(
    clippy::unwrap_used,
    reason = "a test says what went wrong by panicking"
)]

mod attachments;
mod bad_lines;
mod browser;
mod clocks;
mod command_line;
mod device_log;
mod devices;
mod enrolment;
mod epochs;
mod faults;
mod fork;
mod late_answers;
mod lease;
mod lying;
mod merging;
mod news;
mod outreach;
mod papers;
mod profiles;
mod review;
mod room;
mod rounds;
mod standby;
mod stories;
mod wipe;

#[path = "../shared/cheap.rs"]
mod cheap;
mod conflicts;
#[path = "../shared/in_words.rs"]
mod in_words;
#[path = "../shared/on_both.rs"]
mod on_both;
#[path = "../shared/openid.rs"]
mod openid;
#[path = "../shared/pdf_words.rs"]
mod pdf_words;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use skranke_app::api::case::{CaseView, DecideRequest, Decision, TickRequest};
use skranke_app::api::draft::{DraftRef, DraftSaveRequest, FieldValue};
use skranke_app::api::session::SignInRequest;
use skranke_app::api::sync::SyncView;
use skranke_app::{App, Clock, Config, KeyPlace, ServerAddress};
use skranke_server::config::Settings;
use skranke_server::config::openid::OpenIdSettings;
use skranke_server::serve::Embedded;
use skranke_server::store::CentralStore;
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::sqlite::SqliteStore;
use skranke_store::key::envelope::{Envelope, Opener};
use skranke_store::{Options, Store};

use cheap::CHEAP;
use epochs::Place;
use on_both::Kind;

const TENANT: &str = "990";
const SECRET: &str = "a-secret-that-only-this-test-knows-1234";

struct Town {
    folder: tempfile::TempDir,
    address: SocketAddr,
    store: String,
    operator_key: Option<String>,
    central: Option<Embedded>,
    openid: Option<OpenIdSettings>,
    /// The database it was begun with, where that is another one; it ends after the central store.
    _place: Option<Place>,
}

impl Town {
    /// A municipality whose central store keeps its records in this kind of database.
    fn on(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = kind.place(folder.path(), "central.db");
        let town = Self::with(folder, place.runtime.clone(), None);
        Self {
            _place: Some(place),
            ..town
        }
    }

    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = format!("sqlite:{}", folder.path().join("central.db").display());
        Self::with(folder, store, None)
    }

    /// A municipality whose central store keeps its records in `store`, with an operator's key.
    fn with(folder: tempfile::TempDir, store: String, operator_key: Option<String>) -> Self {
        Self::of(folder, store, operator_key, None)
    }

    /// A municipality whose people sign in at this provider.
    fn with_openid(openid: OpenIdSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = format!("sqlite:{}", folder.path().join("central.db").display());
        Self::of(folder, store, None, Some(openid))
    }

    fn of(
        folder: tempfile::TempDir,
        store: String,
        operator_key: Option<String>,
        openid: Option<OpenIdSettings>,
    ) -> Self {
        let mut town = Self {
            folder,
            openid,
            address: "127.0.0.1:0".parse().unwrap(),
            store,
            operator_key,
            central: None,
            _place: None,
        };
        town.open_central();
        town
    }

    /// The central store's settings, with its records in `store`.
    fn settings(&self, store: &str) -> Settings {
        let path = |name: &str| self.folder.path().join(name);
        Settings {
            listen: Some(self.address.to_string()),
            store: Some(store.to_owned()),
            key_file: Some(path("central.key")),
            attachments: Some(path("central.attachments")),
            tenant: Some(TENANT.to_owned()),
            bootstrap_secret: Some(SECRET.to_owned()),
            operator_key: self.operator_key.clone(),
            openid: self.openid.clone(),
            ..Settings::default()
        }
    }

    /// Starts the central store; after the first time on the address it had, as after an outage.
    fn open_central(&mut self) {
        let settings = self.settings(&self.store);
        let central = Embedded::start(&settings.check().unwrap()).unwrap();
        self.address = central.url().trim_start_matches("http://").parse().unwrap();
        self.central = Some(central);
    }

    /// Two counters reach the central store one after the other, so that each has what the other did.
    fn meet(one: &App, other: &App) {
        for app in [one, other, one] {
            let status = app.sync_now(()).unwrap();
            assert_eq!((status.problem.as_str(), status.quarantined), ("", 0));
        }
    }

    /// The central store's own database, opened a second time as the operator's commands do.
    fn central_store(&self) -> SqliteStore {
        let path = |name: &str| self.folder.path().join(name);
        let file = KeyFile::read_or_create(&path("central.key"), true).unwrap();
        SqliteStore::open(&path("central.db"), &file).unwrap()
    }

    /// What the running central store keeps.
    fn records(&self) -> &dyn CentralStore {
        self.central.as_ref().unwrap().central().store()
    }

    fn close_central(&mut self) {
        self.central = None;
    }

    fn counter(&self, name: &str) -> App {
        self.counter_at(name, Clock::System)
    }

    fn counter_at(&self, name: &str, clock: Clock) -> App {
        Self::counter_of(self.folder.path(), self.address, name, clock)
    }

    /// A counter whose store lies in `folder`, with its central store at `address`.
    fn counter_of(folder: &Path, address: SocketAddr, name: &str, clock: Clock) -> App {
        let app = Self::computer_of(folder, address, name, clock);
        sign_in(&app);
        app
    }

    /// The same with nobody at it.
    fn computer_of(folder: &Path, address: SocketAddr, name: &str, clock: Clock) -> App {
        Self::computer_with(folder, address, name, clock, None)
    }

    /// The same with rule sets, texts or profiles of its own.
    fn computer_with(
        folder: &Path,
        address: SocketAddr,
        name: &str,
        clock: Clock,
        forms: Option<PathBuf>,
    ) -> App {
        App::open(Config {
            key: KeyPlace::File(folder.join(format!("{name}.key"))),
            folder: folder.join(name),
            forms,
            demo: true,
            server: Some(ServerAddress {
                url: format!("http://{address}"),
                tenant: TENANT.to_owned(),
                bootstrap: Some(SECRET.to_owned()),
                ca_file: None,
            }),
            clock,
            costs: CHEAP,
        })
        .unwrap()
    }
}

fn sign_in(app: &App) {
    sign_in_as(app, "karin");
}

/// Whoever sat there goes, and this member of staff signs in.
fn sign_in_as(app: &App, user: &str) {
    app.sign_out(()).unwrap();
    let password = app.start_state(()).unwrap().demo_accounts[0]
        .password
        .clone();
    app.sign_in(SignInRequest {
        user_name: user.to_owned(),
        password,
    })
    .unwrap();
}

/// A draft in which everything is filled in, its id.
fn draft_of(app: &App, cpr: &str, name: &str) -> String {
    let draft = app.draft_new(()).unwrap();
    let mut fields = draft.fields.clone();
    for (id, value) in [
        ("id_kind", "passport"),
        ("cpr", cpr),
        ("citizen_name", name),
        ("citizen_address", "Ahornvej 3\n9990 Solbjerg"),
        ("register_seen", "not_exempt"),
        ("unopened_post", "registered_address"),
    ] {
        fields.insert(id.to_owned(), FieldValue::Text(value.to_owned()));
    }
    for id in ["id_checked", "declared", "request_signed"] {
        fields.insert(id.to_owned(), FieldValue::Flag(true));
    }
    app.draft_save(DraftSaveRequest {
        id: draft.id.clone(),
        step: 5,
        fields,
    })
    .unwrap();
    draft.id
}

fn granted(app: &App, cpr: &str, name: &str) -> CaseView {
    grant(app, draft_of(app, cpr, name))
}

fn grant(app: &App, draft: String) -> CaseView {
    app.decide(DecideRequest {
        draft_id: Some(draft),
        case_id: None,
        decision: Decision::Grant { duration: None },
        no_conflict_of_interest: true,
    })
    .unwrap()
}

fn register(app: &App, case: &CaseView) {
    let case_id = case.row.id.clone();
    app.tick(TickRequest::Registered {
        case_id,
        reference: String::new(),
        registered_at: None,
    })
    .unwrap();
}

#[test]
fn a_decision_at_the_counter_is_confirmed_by_the_central_store() {
    let town = Town::new();
    let app = town.counter("skranke-1");

    let case = granted(&app, "0201703984", "Aase Lindholm");
    register(&app, &case);
    assert_eq!(
        app.sync_status(()).unwrap().confirmed,
        0,
        "saved here, not yet confirmed"
    );
    let status = app.sync_now(()).unwrap();

    assert_eq!(status.problem, "");
    assert_eq!((status.cases, status.confirmed, status.waiting), (1, 1, 0));
    assert_eq!(status.quarantined, 0);
    assert!(
        !status.confirmed_at.is_empty(),
        "the confirmation is signed and dated"
    );
    let show = |case: &CaseView| {
        let id = case.row.id.clone();
        app.case_show(skranke_app::api::case::CaseRef { id, purpose: None })
            .unwrap()
    };
    assert!(
        show(&case)
            .timeline
            .iter()
            .all(|entry| entry.sync == "confirmed")
    );
}

#[test]
fn work_goes_on_while_the_central_store_is_away_and_is_confirmed_when_it_is_back() {
    let mut town = Town::new();
    let app = town.counter("skranke-1");
    granted(&app, "0201703984", "Aase Lindholm");
    app.sync_now(()).unwrap();
    town.close_central();

    let case = granted(&app, "2304483984", "Bodil Aagaard");
    register(&app, &case);
    let away = app.sync_now(()).unwrap();
    assert!(!away.online);
    assert_eq!(away.problem, "offline");
    assert_eq!((away.cases, away.confirmed), (2, 1));
    assert!(away.waiting > 0, "what waits is told");

    town.open_central();
    let back = app.sync_now(()).unwrap();
    assert_eq!((back.cases, back.confirmed, back.waiting), (2, 2, 0));
    assert!(back.online);
}

#[test]
fn what_one_counter_did_the_other_knows() {
    let town = Town::new();
    let one = town.counter("skranke-1");
    let other = town.counter("skranke-2");
    let case = granted(&one, "0201703984", "Aase Lindholm");
    register(&one, &case);
    one.sync_now(()).unwrap();

    // Before it has pulled, the other counter asks the central store.
    other.sync_now(()).unwrap();
    let draft = other.draft_new(()).unwrap();
    let mut fields = draft.fields.clone();
    fields.insert("cpr".to_owned(), FieldValue::Text("020170-3984".to_owned()));
    other
        .draft_save(DraftSaveRequest {
            id: draft.id.clone(),
            step: 2,
            fields: fields.clone(),
        })
        .unwrap();
    let untold = other
        .citizen_known(DraftRef {
            id: draft.id.clone(),
        })
        .unwrap();
    assert!(
        !untold.shown,
        "practice 8: nothing is told before the identity is checked"
    );
    assert!(untold.cases.is_empty());

    fields.insert("id_checked".to_owned(), FieldValue::Flag(true));
    other
        .draft_save(DraftSaveRequest {
            id: draft.id.clone(),
            step: 2,
            fields,
        })
        .unwrap();
    let known = other.citizen_known(DraftRef { id: draft.id }).unwrap();

    assert_eq!(known.reach, "central");
    assert!(known.exempt_by_our_record);
    assert_eq!(known.cases.len(), 1);
    assert_eq!(known.cases[0].number, case.row.number);
    assert_eq!(known.name, "Aase Lindholm");
}

#[test]
fn practice_3_who_is_exempt_by_another_counters_record_is_looked_up_in_the_register_first() {
    // Given a citizen another counter has registered, of which nothing has come here yet
    let town = Town::new();
    let one = town.counter("skranke-1");
    let other = town.counter("skranke-2");
    other.sync_now(()).unwrap();
    register(&one, &granted(&one, "0201703984", "Aase Lindholm"));
    one.sync_now(()).unwrap();

    // When this counter would grant without a look in the register
    let draft = draft_of(&other, "0201703984", "Aase Lindholm");
    let grant = || {
        other.decide(DecideRequest {
            draft_id: Some(draft.clone()),
            case_id: None,
            decision: Decision::Grant { duration: None },
            no_conflict_of_interest: true,
        })
    };
    let mut fields = other
        .draft_open(DraftRef { id: draft.clone() })
        .unwrap()
        .fields;
    let seen = |fields: &mut skranke_app::api::draft::Fields, seen: &str| {
        fields.insert(
            "register_seen".to_owned(),
            FieldValue::Text(seen.to_owned()),
        );
        let saved = other.draft_save(DraftSaveRequest {
            id: draft.clone(),
            step: 5,
            fields: fields.clone(),
        });
        saved.unwrap();
    };
    seen(&mut fields, "not_looked");
    let known = other.citizen_known(DraftRef { id: draft.clone() }).unwrap();

    // Then it is told and must look
    assert!(known.exempt_by_our_record);
    assert_eq!(
        grant().err().unwrap().code,
        skranke_app::api::error::ErrorCode::RegisterNotChecked
    );

    // And who looked decides on what they saw
    seen(&mut fields, "not_exempt");
    assert_eq!(grant().unwrap().row.state, "granted");
}

#[test]
fn two_counters_that_register_the_same_without_a_line_are_told_and_neither_is_lost() {
    let mut town = Town::new();
    let one = town.counter("skranke-1");
    let other = town.counter("skranke-2");
    let case = granted(&one, "0201703984", "Aase Lindholm");
    one.sync_now(()).unwrap();
    other.sync_now(()).unwrap();
    town.close_central();
    register(&one, &case);
    register(&other, &case);
    town.open_central();

    for app in [&one, &other, &one] {
        assert_eq!(app.sync_now(()).unwrap().problem, "");
    }

    for app in [&one, &other] {
        let id = case.row.id.clone();
        let shown = app
            .case_show(skranke_app::api::case::CaseRef {
                id,
                purpose: Some("case_work".to_owned()),
            })
            .unwrap();
        assert!(shown.exempt);
        assert!(shown.warnings.contains(&"values_differ".to_owned()));
        let made = shown.timeline.iter();
        assert_eq!(made.filter(|line| line.kind == "registered").count(), 2);
    }
}

#[test]
fn the_backup_mark_is_heard_without_anything_new_in_the_feed() {
    let town = Town::new();
    let app = town.counter("skranke-1");
    granted(&app, "0201703984", "Aase Lindholm");
    app.sync_now(()).unwrap();
    let backed_up = || {
        let folder = town.folder.path().join("skranke-1");
        let secret = town.folder.path().join("skranke-1.key");
        let key = Envelope::load(&folder).unwrap();
        let key = key.open(&Opener::KeyFile(&secret)).ok().unwrap();
        let store = Store::open(&folder, &key, Options::default(), Clock::System.now()).unwrap();
        store.read().unwrap().backup_position().unwrap()
    };
    assert_eq!(backed_up(), 0);

    let path = |name: &str| town.folder.path().join(name);
    let file = KeyFile::read_or_create(&path("central.key"), true).unwrap();
    let central = SqliteStore::open(&path("central.db"), &file).unwrap();
    let position = central.tenant(TENANT).unwrap().position();
    skranke_server::backup::mark(&central, TENANT, position).unwrap();
    app.sync_now(()).unwrap();

    assert_eq!(backed_up(), position);
}

/// A day in the field: nothing of the central store for `away`, then one round with it.
fn in_the_field(away: TimeDelta) -> (SyncView, SyncView) {
    let mut town = Town::new();
    let start = Clock::System.now();
    let clock = Clock::fixed(start);
    let app = town.counter_at("outreach-1", clock.clone());
    app.sync_now(()).unwrap();
    town.close_central();

    clock.set(start + away);
    let _later_there_too = clocks::CentralClock::ahead(away);
    sign_in(&app);
    granted(&app, "0201703984", "Aase Lindholm");
    let in_field = app.sync_now(()).unwrap();

    town.open_central();
    (in_field, app.sync_now(()).unwrap())
}

#[test]
fn work_thirteen_hours_after_the_last_contact_is_confirmed() {
    let (in_field, back) = in_the_field(TimeDelta::hours(13));

    assert_eq!(in_field.problem, "offline", "the lease is eight days");
    assert_eq!((back.quarantined, back.cases, back.confirmed), (0, 1, 1));
    assert_eq!(back.problem, "");
}

#[test]
fn work_nine_days_after_the_last_contact_warns_and_is_confirmed_all_the_same() {
    let (in_field, back) = in_the_field(TimeDelta::days(9));

    assert_eq!(in_field.problem, "grant_expired", "the lease ran out");
    assert_eq!((back.quarantined, back.cases, back.confirmed), (0, 1, 1));
    assert_eq!(back.problem, "");
}

#[test]
fn case_numbers_of_two_counters_never_meet() {
    let town = Town::new();
    let one = town.counter("skranke-1");
    let other = town.counter("skranke-2");

    let first = granted(&one, "0201703984", "Aase Lindholm");
    let second = granted(&other, "2304483984", "Bodil Aagaard");

    assert_ne!(first.row.number, second.row.number);
}

#[test]
fn nothing_personal_is_readable_in_the_files_of_either_side() {
    let town = Town::new();
    let app = town.counter("skranke-1");
    granted(&app, "0201703984", "Aase Sentinel Lindholm");
    app.sync_now(()).unwrap();

    let mut seen = 0;
    for file in files_below(town.folder.path()) {
        let bytes = std::fs::read(&file).unwrap();
        seen += 1;
        for sentinel in ["0201703984", "020170-3984", "Sentinel"] {
            let found = bytes
                .windows(sentinel.len())
                .any(|window| window == sentinel.as_bytes());
            assert!(!found, "{sentinel} stands in {}", file.display());
        }
    }
    assert!(seen > 5, "the files were looked at");
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path))
        } else {
            found.push(path)
        }
    }
    found
}
