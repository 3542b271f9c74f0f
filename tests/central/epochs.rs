//! A central store that goes on from an older state: restored by the operator, or rolled back by nobody knows whom.
//!
//! Basis: design, section 6 (epoch); reliability, finding 6 and fault F17.

use std::collections::BTreeSet;
use std::path::PathBuf;

use skranke_app::App;
use skranke_app::api::case::CaseRef;
use skranke_domain::ids::CaseId;
use skranke_domain::rehearsal::OFFER;
use skranke_protocol::signature::SigningKey;
use skranke_server::restore::Restoring;
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::postgres::{PostgresAddress, PostgresStore};
use skranke_server::{backup, operator, restore};
use skranke_testkit::files::picture;
use skranke_testkit::invariants::{self, World};
use skranke_testkit::postgres::Cluster;

use crate::attachments::{attach, in_the_centre, look};
use crate::faults::{
    COUNTER, FOLDER, Told, be_in_contact, central, desktop, ended_at, laptop_of, opened, variable,
    world,
};
use crate::in_words::audit_fault;
use crate::on_both::Kind;
use crate::{TENANT, Town, granted, outreach, register, sign_in_as};

/// Where a municipality keeps its records; the runtime's name for it and the owner's.
pub(crate) struct Place {
    pub(crate) runtime: String,
    owner: String,
    _cluster: Option<Cluster>,
}

impl Place {
    fn sqlite(folder: &std::path::Path, name: &str) -> Self {
        let store = format!("sqlite:{}", folder.join(name).display());
        Self {
            runtime: store.clone(),
            owner: store,
            _cluster: None,
        }
    }

    fn postgres(folder: &std::path::Path) -> Self {
        let cluster = Cluster::start(&[]);
        prepare(&cluster, folder);
        let store = |role: &str| format!("postgres:{}", cluster.address(role, "skranke"));
        Self {
            runtime: store("skranke_runtime"),
            owner: store("skranke_owner"),
            _cluster: Some(cluster),
        }
    }
}

/// Makes roles and database, as `docs/operations.md` says, for the central store with its key in `folder`.
pub(crate) fn prepare(cluster: &Cluster, folder: &std::path::Path) {
    let roles = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../server/src/store/postgres/roles.sql");
    cluster.administer_file("postgres", &roles);
    let key = KeyFile::read_or_create(&folder.join("central.key"), false).unwrap();
    let owner = cluster.address("skranke_owner", "skranke");
    let address = PostgresAddress::read(&owner, None, 1).unwrap();
    PostgresStore::prepare(&address, &key).unwrap();
}

impl Kind {
    pub(crate) fn place(self, folder: &std::path::Path, name: &str) -> Place {
        match self {
            Self::Sqlite => Place::sqlite(folder, name),
            Self::Postgres => Place::postgres(folder),
        }
    }
}

/// A municipality whose operator keeps the key in a safe.
pub(crate) struct Drill {
    pub(crate) town: Town,
    kind: Kind,
    place: Place,
    operator_key: PathBuf,
    public: String,
}

impl Drill {
    pub(crate) fn begin(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = kind.place(folder.path(), "central.db");
        let operator_key = folder.path().join("operator.key");
        let public = operator::make_key(&operator_key).unwrap().to_string();
        let town = Town::with(folder, place.runtime.clone(), Some(public.clone()));
        Self {
            town,
            kind,
            place,
            operator_key,
            public,
        }
    }

    pub(crate) fn backup(&self) -> PathBuf {
        let to = self.town.folder.path().join("backups");
        let config = self.town.settings(&self.place.owner).check().unwrap();
        backup::run(&config, &to).unwrap().folder
    }

    /// The server's disk is gone; the backup is put on a new one.
    pub(crate) fn restore(&mut self, from: &std::path::Path, number: u32) {
        self.town.close_central();
        let place = self
            .kind
            .place(self.town.folder.path(), &format!("new-{number}.db"));
        let config = self.town.settings(&place.owner).check().unwrap();
        let _ = std::fs::remove_dir_all(&config.attachments);
        let key = KeyFile::read(&config.key_file).unwrap();
        let without = restore::run(from, &config, &key, Restoring::default())
            .err()
            .unwrap();
        assert!(without.to_string().contains("--operator-key"), "{without}");
        let asked = Restoring {
            operator_key: Some(&self.operator_key),
            leave_damaged: false,
        };
        restore::run(from, &config, &key, asked).unwrap();
        self.town.store.clone_from(&place.runtime);
        self.place = place;
        self.town.open_central();
        assert_eq!(
            audit_fault(self.central().central().store(), TENANT),
            None,
            "the audit is put back as it was sealed"
        );
    }

    fn central(&self) -> &skranke_server::serve::Embedded {
        self.town.central.as_ref().unwrap()
    }

    /// How many events the central store has in their cases.
    fn position(&self) -> u64 {
        let store = self.central().central().store();
        store.tenant(TENANT).unwrap().position()
    }
}

fn in_step(app: &App) {
    let status = app.sync_now(()).unwrap();
    assert_eq!((status.problem.as_str(), status.quarantined), ("", 0));
    assert_eq!((status.waiting, status.cases), (0, status.confirmed));
}

fn drill(kind: Kind) {
    // Given three counters, a backup, and work by each of them after it, confirmed and seen by the others
    let mut drill = Drill::begin(kind);
    let one = drill.town.counter("skranke-1");
    let other = drill.town.counter("skranke-2");
    let before = granted(&one, "0201703984", "Aase Lindholm");
    in_step(&one);
    in_step(&other);
    let (early, late) = (picture(60, 80), picture(90, 70));
    let first = attach(&other, &drill.town, &before, &early);
    in_step(&other);
    let yesterday = drill.backup();
    let lost = drill.town.counter("skranke-3");
    register(&other, &before);
    let third = granted(&other, "2304483984", "Bodil Aagaard");
    in_step(&other);
    in_step(&one);
    register(&one, &third);
    let second = attach(&one, &drill.town, &third, &late);
    in_step(&one);
    in_step(&lost);
    in_step(&other);
    let acknowledged = drill.position();
    // One of them never comes back: what it did is with the others alone.
    drop(other);

    // When yesterday's backup is put back
    drill.restore(&yesterday, 1);
    assert!(
        drill.position() < acknowledged,
        "the restore lost something"
    );

    // Then the others bring everything back, by whoever it was made
    in_step(&one);
    assert_eq!(drill.position(), acknowledged);
    in_step(&lost);
    assert_eq!(drill.position(), acknowledged, "and nothing comes twice");
    let store = drill.central().central().store();
    for app in [&one, &lost] {
        for case in [&before, &third] {
            let view = app
                .case_show(CaseRef {
                    id: case.row.id.clone(),
                    purpose: Some("case_work".to_owned()),
                })
                .unwrap();
            assert!(view.exempt);
            assert!(view.timeline.iter().all(|line| line.sync == "confirmed"));
            let case_id: CaseId = case.row.id.parse().unwrap();
            let history = store.begin(TENANT).unwrap().case_history(case_id).unwrap();
            assert_eq!(history.len(), view.timeline.len());
        }
    }
    assert_eq!(store.alarms(TENANT).unwrap(), []);

    // And the scanned forms, of the backup and of after it, byte for byte, for every computer to see
    for (case, digest, bytes) in [(&before, &first, &early), (&third, &second, &late)] {
        assert_eq!(&in_the_centre(&drill.town, digest), bytes);
        assert!(look(&lost, case, digest).is_ok());
    }

    // And work goes on, also for whoever enrolled after the backup
    granted(&lost, "0201703984", "Aase Lindholm");
    in_step(&lost);
    in_step(&one);

    // And a second restore of the same backup ends as well
    let acknowledged = drill.position();
    drill.restore(&yesterday, 2);
    in_step(&lost);
    in_step(&one);
    in_step(&lost);
    assert_eq!(drill.position(), acknowledged);
    let folder = drill.town.folder.path();
    let told = Told::default();
    let world = World {
        desktops: ["skranke-1", "skranke-3"]
            .map(|name| desktop(folder, name, &told))
            .into(),
        central: Some(central(&drill.town)),
        gone: desktop(folder, "skranke-2", &told)
            .device
            .into_iter()
            .collect(),
        is_quiet: true,
        ..World::default()
    };
    invariants::hold(&world, "after the drill");
}

#[test]
fn a_drill_with_yesterdays_backup_ends_with_nothing_acknowledged_missing_on_sqlite() {
    drill(Kind::Sqlite);
}

#[test]
fn a_drill_with_yesterdays_backup_ends_with_nothing_acknowledged_missing_on_postgresql() {
    drill(Kind::Postgres);
}

#[test]
fn killed_at_every_point_of_offering_again_nothing_acknowledged_is_missing_after_the_restore() {
    if variable(FOLDER).is_some() {
        be_in_contact();
    }
    let test = "epochs::killed_at_every_point_of_offering_again_nothing_acknowledged_is_missing_after_the_restore";
    // Given a backup, and work after it by two counters, all of it confirmed and seen by the first
    let mut drill = Drill::begin(Kind::Sqlite);
    let one = drill.town.counter(COUNTER);
    let other = drill.town.counter("skranke-2");
    let case = granted(&one, "0201703984", "Aase Lindholm");
    in_step(&one);
    in_step(&other);
    let yesterday = drill.backup();
    register(&other, &case);
    granted(&other, "2304483984", "Bodil Aagaard");
    in_step(&other);
    let form = picture(90, 70);
    let digest = attach(&one, &drill.town, &case, &form);
    in_step(&one);
    let acknowledged = drill.position();
    // The second never comes back: what it did is with the first alone, as pulled.
    drop((one, other));
    let cases = BTreeSet::from([case.row.id]);
    let told = Told {
        saved: cases.clone(),
        confirmed: cases,
    };
    let folder = drill.town.folder.path().to_owned();
    let gone = desktop(&folder, "skranke-2", &Told::default()).device;

    for (number, point) in (1..).zip(OFFER) {
        drill.restore(&yesterday, number);
        // Grants are offered first, and events after them.
        let times = if point.starts_with("offer.portion_") {
            2
        } else {
            1
        };
        ended_at(&drill.town, test, point, times);
        let after_it = World {
            desktops: vec![desktop(&folder, COUNTER, &told)],
            left: vec![folder.clone()],
            ..World::default()
        };
        invariants::hold(&after_it, point);

        in_step(&drill.town.counter(COUNTER));

        assert_eq!(drill.position(), acknowledged, "{point}: all, and once");
        assert_eq!(in_the_centre(&drill.town, &digest), form, "{point}");
        let in_the_end = World {
            desktops: vec![desktop(&folder, COUNTER, &told)],
            central: Some(central(&drill.town)),
            gone: gone.into_iter().collect(),
            is_quiet: true,
            left: vec![folder.clone()],
            ..World::default()
        };
        invariants::hold(&in_the_end, point);
    }
}

/// A laptop's case was taken off it after yesterday's backup, the counter that saw it is gone, and the backup is put back.
fn laptop_drill(kind: Kind) {
    const LAPTOP: &str = "laptop";
    let mut drill = Drill::begin(kind);
    outreach::enrol(&drill.town, LAPTOP);
    let laptop = drill.town.counter(LAPTOP);
    let desk = drill.town.counter("skranke-1");
    let early = granted(&desk, "0201703984", "Aase Lindholm");
    in_step(&desk);
    in_step(&laptop);
    let yesterday = drill.backup();
    let case = granted(&laptop, "2304483984", "Bodil Aagaard");
    register(&laptop, &case);
    let scan = picture(90, 70);
    let digest = attach(&laptop, &drill.town, &case, &scan);
    in_step(&laptop);
    in_step(&desk);
    let acknowledged = drill.position();
    sign_in_as(&desk, "hanne");
    outreach::give(&desk, &case, false);
    laptop.sync_now(()).unwrap();
    assert!(outreach::shown(&laptop, &case).is_err());
    let holds_sealed = |drill: &Drill| {
        let store = opened(drill.town.folder.path(), LAPTOP);
        store.read().unwrap().holds_sealed().unwrap()
    };
    assert!(holds_sealed(&drill), "its work is in no backup");
    drop(desk);

    // When yesterday's backup is put back
    drill.restore(&yesterday, 1);
    assert!(drill.position() < acknowledged);
    in_step(&laptop);

    // Then all of it stands at the central store again, and the case is the laptop's as the central store knows it
    assert_eq!(drill.position(), acknowledged);
    assert_eq!(in_the_centre(&drill.town, &digest), scan);
    assert!(outreach::shown(&laptop, &case).unwrap().exempt);
    assert!(
        !holds_sealed(&drill),
        "what can be read again is not sealed too"
    );
    let store = drill.central().central().store();
    assert_eq!(store.alarms(TENANT).unwrap(), []);
    let told = Told::default();
    let folder = drill.town.folder.path();
    let gone = desktop(folder, "skranke-1", &told);
    let other = drill.town.counter("skranke-2");
    in_step(&other);
    let world = World {
        desktops: vec![
            desktop(folder, "skranke-2", &told),
            laptop_of(&drill.town, LAPTOP),
        ],
        central: Some(central(&drill.town)),
        gone: gone.device.into_iter().collect(),
        is_quiet: true,
        ..World::default()
    };
    invariants::hold(&world, "after the laptop's drill");
    for known in [&early, &case] {
        assert!(outreach::shown(&other, known).is_ok());
    }

    // And it is taken off once more, and the next backup ends it
    sign_in_as(&other, "hanne");
    outreach::give(&other, &case, false);
    laptop.sync_now(()).unwrap();
    assert!(outreach::shown(&laptop, &case).is_err());
    assert!(holds_sealed(&drill));
    drill.backup();
    laptop.sync_now(()).unwrap();
    assert!(!holds_sealed(&drill));
}

#[test]
fn what_a_laptop_holds_sealed_comes_back_to_a_central_store_that_was_restored_on_sqlite() {
    laptop_drill(Kind::Sqlite);
}

#[test]
fn what_a_laptop_holds_sealed_comes_back_to_a_central_store_that_was_restored_on_postgresql() {
    laptop_drill(Kind::Postgres);
}

/// Yesterday's database file, put back by somebody who did not know better.
fn rolled_back(then: impl FnOnce(&Drill)) -> (Drill, App, u64) {
    let mut drill = Drill::begin(Kind::Sqlite);
    let app = drill.town.counter("skranke-1");
    granted(&app, "0201703984", "Aase Lindholm");
    in_step(&app);
    drill.town.close_central();
    let folder = drill.town.folder.path().to_owned();
    let path = |name: &str| folder.join(name);
    std::fs::copy(path("central.db"), path("yesterday.db")).unwrap();
    drill.town.open_central();
    granted(&app, "2304483984", "Bodil Aagaard");
    in_step(&app);
    let acknowledged = drill.position();
    drill.town.close_central();
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(path(&format!("central.db{ending}")));
    }
    std::fs::copy(path("yesterday.db"), path("central.db")).unwrap();
    then(&drill);
    (drill, app, acknowledged)
}

#[test]
fn a_server_that_was_rolled_back_is_found_and_gets_nothing_until_the_operator_opens_an_epoch() {
    let (mut drill, app, acknowledged) = rolled_back(|_| {});
    drill.town.open_central();
    granted(&app, "1302553984", "Carl Kvist");

    let told = app.sync_now(()).unwrap();

    assert_eq!(told.problem, "sync_alarm");
    assert_eq!(told.waiting, 1);
    assert!(drill.position() < acknowledged, "nothing was sent");

    drill.town.close_central();
    let config = drill.town.settings(&drill.place.owner).check().unwrap();
    let store = restore::open_whole(&config.database, &KeyFile::read(&config.key_file).unwrap());
    let opened = operator::open_epochs(store.unwrap().as_ref(), &config, Some(&drill.operator_key));
    assert!(matches!(opened.unwrap().as_slice(), [(tenant, 2..)] if tenant == TENANT));
    drill.town.open_central();
    let told = app.sync_now(()).unwrap();
    assert_eq!((told.waiting, told.confirmed), (0, 3));
    assert!(drill.position() > acknowledged);
    let all = world(&drill.town, &Told::default(), &[], true);
    invariants::hold(&all, "after the operator opened an epoch");
}

#[test]
fn an_epoch_that_the_operator_did_not_open_is_an_alarm_and_gets_nothing() {
    // Given a server whose thief opened an epoch with a key of his own
    let (mut drill, app, _) = rolled_back(|drill| {
        let config = drill.town.settings(&drill.place.owner).check().unwrap();
        let key = KeyFile::read(&config.key_file).unwrap();
        let store = restore::open_whole(&config.database, &key).unwrap();
        operator::open_epoch(store.as_ref(), TENANT, &SigningKey::from_seed(&[9; 32])).unwrap();
    });
    let honest = skranke_server::serve::Embedded::start(
        &drill.town.settings(&drill.town.store).check().unwrap(),
    );
    assert!(
        honest.is_err(),
        "a server with the right key does not start"
    );
    drill.town.operator_key = Some(SigningKey::from_seed(&[9; 32]).public().to_string());
    assert_ne!(drill.town.operator_key.as_ref(), Some(&drill.public));
    drill.town.open_central();
    let position = drill.position();

    let told = app.sync_now(()).unwrap();

    assert_eq!(told.problem, "sync_alarm");
    assert_eq!(drill.position(), position);
}
