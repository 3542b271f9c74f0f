//! An outreach laptop with a PIN: how long it opens without the central store, what opens it again, and that no cut
//! leaves a store that nothing opens.
//!
//! Basis: design, section 5; reliability, threat T1 and fault F20; decision 40.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use skranke_app::api::case::{DecideRequest, Decision};
use skranke_app::api::error::ErrorCode;
use skranke_app::api::profile::ProfileEdit;
use skranke_app::api::session::{PinRequest, SecretRequest, StartStage, StartState};
use skranke_app::{App, Clock, Config, KeyPlace, ServerAddress};
use skranke_domain::rehearsal::{self, LEASE};
use skranke_server::devices::{self, Acting};
use skranke_server::store::CentralStore;
use skranke_store::key::envelope::{Envelope, Opener, PassphraseCost};

use crate::cheap::CHEAP;
use crate::clocks::CentralClock;
use crate::faults::{ADDRESS, FOLDER, counter, die_at, rehearsing, variable};
use crate::{TENANT, Town, draft_of, fork, granted, outreach, profiles};

const LAPTOP: &str = "laptop";
const COPY: &str = "laptop-copy";
pub(crate) const PIN: &str = "714205";

/// A central store and a laptop of it, enrolled for its own cases alone.
struct Outing {
    town: Town,
    clock: Clock,
    left_at: DateTime<Utc>,
    recovery: String,
}

impl Outing {
    /// The laptop as it was enrolled, with Omar of the outreach staff at it.
    fn new() -> (Self, App) {
        let town = Town::new();
        outreach::enrol(&town, LAPTOP);
        let left_at = Clock::System.now();
        let clock = Clock::fixed(left_at);
        let outing = Self {
            recovery: recovery_code(town.folder.path()),
            town,
            clock,
            left_at,
        };
        let app = outing.started();
        sign_in_as(&app, "omar");
        app.sync_now(()).unwrap();
        (outing, app)
    }

    /// The same with a PIN and a lease, closed and out of the house.
    fn under_way() -> Self {
        let (mut outing, app) = Self::new();
        app.pin_choose(pin("", PIN)).unwrap();
        draft_of(&app, "0201703984", "Aase Lindholm");
        app.sync_now(()).unwrap();
        drop(app);
        outing.town.close_central();
        outing
    }

    fn started(&self) -> App {
        let (folder, address) = (self.town.folder.path(), self.town.address);
        Town::computer_of(folder, address, LAPTOP, self.clock.clone())
    }

    /// The program as it starts so many days after the last contact.
    fn on_day(&self, day: i64) -> App {
        self.clock.set(self.left_at + TimeDelta::days(day));
        self.started()
    }

    fn shut_out(&self, wipe: bool) {
        let store = self.town.central_store();
        let mut transaction = store.begin(TENANT).unwrap();
        let [record] = transaction.device_records().unwrap().try_into().unwrap();
        let (id, now) = (record.device.id, Clock::System.now());
        devices::revoke(
            transaction.as_mut(),
            id,
            Acting::OPERATOR,
            "Stjålet",
            wipe,
            now,
        )
        .unwrap();
        transaction.commit().unwrap();
    }
}

/// A recovery code for the laptop's store; the demo shows none.
fn recovery_code(folder: &Path) -> String {
    let store = folder.join(LAPTOP);
    let mut envelope = Envelope::load(&store).unwrap();
    let key_file = folder.join(format!("{LAPTOP}.key"));
    let key = envelope.open(&Opener::KeyFile(&key_file)).unwrap();
    let cheap = PassphraseCost {
        memory_kib: 64,
        passes: 1,
    };
    let code = envelope.add_recovery(&key, cheap).unwrap();
    envelope.save(&store).unwrap();
    code.reveal().to_string()
}

pub(crate) fn pin(current: &str, pin: &str) -> PinRequest {
    PinRequest {
        current: current.to_owned(),
        pin: pin.to_owned(),
    }
}

pub(crate) fn secret(text: &str) -> SecretRequest {
    SecretRequest {
        secret: text.to_owned(),
    }
}

fn stage(app: &App) -> (StartStage, Option<ErrorCode>) {
    let StartState { stage, problem, .. } = app.start_state(()).unwrap();
    (stage, problem.map(|problem| problem.code))
}

/// Whoever sat there goes, and this member of staff signs in, past the PIN where there is one.
pub(crate) fn sign_in_as(app: &App, user: &str) {
    app.sign_out(()).unwrap();
    if stage(app).0 == StartStage::Pin {
        app.pin_open(secret(PIN)).unwrap();
    }
    crate::sign_in_as(app, user);
}

/// Whether the draft that was typed before is there for Omar.
fn has_its_draft(app: &App) -> bool {
    sign_in_as(app, "omar");
    app.draft_list(()).unwrap().len() == 1
}

fn opens_with_the_pin(app: &App) -> bool {
    app.pin_open(secret(PIN)).unwrap().stage == StartStage::SignIn && has_its_draft(app)
}

#[test]
fn without_contact_a_laptop_opens_on_day_seven_and_not_on_day_nine_and_contact_renews() {
    let mut outing = Outing::under_way();

    // Within the eight days of the profile the PIN opens it
    let app = outing.on_day(7);
    assert_eq!(stage(&app), (StartStage::Pin, Some(ErrorCode::PinNeeded)));
    assert!(opens_with_the_pin(&app));
    let until = app.settings(()).unwrap().pin.lease_until;
    assert!(!until.is_empty(), "the last day is told");
    drop(app);

    // After them nobody is even asked for it
    let app = outing.on_day(9);
    assert_eq!(
        stage(&app),
        (StartStage::Lease, Some(ErrorCode::LeaseEnded))
    );
    let refused = app.pin_open(secret(PIN)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::MalformedRequest);
    let refused = app.lease_renew(()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NeedsCentralStore);
    // Setting the clock back does not bring the share back.
    drop(app);
    assert_eq!(stage(&outing.on_day(8)).0, StartStage::Lease);

    // With a line it opens as before, and begins its eight days anew
    outing.town.open_central();
    let app = outing.on_day(9);
    assert_eq!(app.lease_renew(()).unwrap().stage, StartStage::Pin);
    assert!(opens_with_the_pin(&app));
    drop(app);
    outing.town.close_central();
    assert!(opens_with_the_pin(&outing.on_day(16)));
}

#[test]
fn each_contact_begins_the_lease_anew() {
    let mut outing = Outing::under_way();
    outing.town.open_central();
    let _there_too = CentralClock::ahead(TimeDelta::days(5));
    let app = outing.on_day(5);
    app.pin_open(secret(PIN)).unwrap();

    let status = app.sync_now(()).unwrap();

    assert_eq!(status.problem, "");
    drop(app);
    outing.town.close_central();
    assert!(opens_with_the_pin(&outing.on_day(12)));
}

#[test]
fn a_clock_set_back_is_noticed_and_the_right_time_opens_again() {
    let outing = Outing::under_way();
    assert!(opens_with_the_pin(&outing.on_day(7)));

    let app = outing.on_day(1);

    assert_eq!(
        stage(&app),
        (StartStage::Lease, Some(ErrorCode::ClockSetBack))
    );
    drop(app);
    assert!(opens_with_the_pin(&outing.on_day(7)));
}

#[test]
fn a_laptop_that_is_shut_out_gets_no_share_and_the_recovery_code_opens_it_to_hand_over() {
    for wipe in [false, true] {
        let mut outing = Outing::under_way();
        outing.town.open_central();
        outing.shut_out(wipe);

        let app = outing.on_day(9);
        let refused = app.lease_renew(()).unwrap_err();

        assert_eq!(refused.code, ErrorCode::DeviceRevoked);
        assert_eq!(stage(&app).0, StartStage::Lease);
        assert_eq!(
            app.recover(secret(&outing.recovery)).unwrap().stage,
            StartStage::SignIn,
            "nothing is lost"
        );
        let told = app.sync_now(()).map(|status| status.problem);
        if wipe {
            assert_eq!(told.unwrap_err().code, ErrorCode::DeviceWiped);
        } else {
            assert_eq!(told.unwrap(), "device_revoked");
            assert!(has_its_draft(&app));
        }
    }
}

#[test]
fn the_recovery_code_opens_whatever_the_pin_and_the_lease_say() {
    let outing = Outing::under_way();
    std::fs::remove_file(outing.town.folder.path().join(LAPTOP).join("lease.json")).unwrap();
    let app = outing.on_day(20);
    assert_eq!(stage(&app).0, StartStage::Lease, "a lost file is the end");

    assert_eq!(
        app.recover(secret(&outing.recovery)).unwrap().stage,
        StartStage::SignIn
    );

    assert!(has_its_draft(&app));
    assert!(!app.settings(()).unwrap().pin.is_asked, "chosen anew");
    drop(app);
    assert_eq!(stage(&outing.on_day(21)).0, StartStage::SignIn);
}

#[test]
fn the_lease_ends_at_work_when_the_screen_locks_and_not_before() {
    let (mut outing, app) = Outing::new();
    app.pin_choose(pin("", PIN)).unwrap();
    app.sync_now(()).unwrap();
    outing.town.close_central();
    // Every four minutes somebody types.
    outing
        .clock
        .set(outing.left_at + TimeDelta::days(8) - TimeDelta::minutes(1));
    sign_in_as(&app, "omar");
    outing
        .clock
        .set(outing.left_at + TimeDelta::days(8) + TimeDelta::minutes(3));

    assert_eq!(
        stage(&app),
        (StartStage::Ready, None),
        "nobody is thrown out"
    );
    draft_of(&app, "0201703984", "Aase Lindholm");
    app.session_lock(()).unwrap();

    assert_eq!(
        stage(&app),
        (StartStage::Lease, Some(ErrorCode::LeaseEnded))
    );
    assert_eq!(
        app.session_unlock(secret("x")).unwrap_err().code,
        ErrorCode::LeaseEnded
    );
}

#[test]
fn a_sign_in_that_is_not_renewed_keeps_neither_the_lease_nor_work_waiting() {
    // Given a laptop five days out, whose person the central store lets in no more
    let mut outing = Outing::under_way();
    outing.town.open_central();
    outing.clock.set(outing.left_at + TimeDelta::days(5));
    let folder = outing.town.folder.path();
    let app = App::open(Config {
        key: KeyPlace::File(folder.join(format!("{LAPTOP}.key"))),
        folder: folder.join(LAPTOP),
        forms: None,
        demo: true,
        server: Some(ServerAddress {
            url: format!("http://{}", outing.town.address),
            tenant: TENANT.to_owned(),
            bootstrap: Some("a-secret-that-was-taken-back-1234567".to_owned()),
            ca_file: None,
        }),
        clock: outing.clock.clone(),
        costs: CHEAP,
    })
    .unwrap();
    app.pin_open(secret(PIN)).unwrap();
    sign_in_as(&app, "omar");
    let draft = draft_of(&app, "0301703984", "Bo Lindholm");
    app.decide(DecideRequest {
        draft_id: Some(draft),
        case_id: None,
        decision: Decision::HandIn,
        no_conflict_of_interest: false,
    })
    .unwrap();

    // When it is in contact
    let status = app.sync_now(()).unwrap();

    // Then it is told, what was made is at the central store, and the lease has begun anew
    assert_eq!(status.problem, "server_refused");
    assert_eq!(status.waiting, 0);
    drop(app);
    outing.town.close_central();
    assert!(opens_with_the_pin(&outing.on_day(12)));
}

#[test]
fn three_days_in_the_profile_are_three_days() {
    let (mut outing, app) = Outing::new();
    app.pin_choose(pin("", PIN)).unwrap();
    app.sync_now(()).unwrap();
    sign_in_as(&app, "anders");
    let three = |edit: &mut ProfileEdit| "3".clone_into(&mut edit.offline_lease_days);
    app.profile_save(profiles::edited(&app, three)).unwrap();

    app.sync_now(()).unwrap();

    drop(app);
    outing.town.close_central();
    assert_eq!(stage(&outing.on_day(2)).0, StartStage::Pin);
    assert_eq!(stage(&outing.on_day(4)).0, StartStage::Lease);
}

#[test]
fn another_pin_keeps_the_lease() {
    let (mut outing, app) = Outing::new();
    app.pin_choose(pin("", "835116")).unwrap();
    app.sync_now(()).unwrap();
    outing.town.close_central();

    app.pin_choose(pin("835116", PIN)).unwrap();

    drop(app);
    let app = outing.on_day(7);
    assert_eq!(
        app.pin_open(secret("835116")).unwrap_err().code,
        ErrorCode::PinWrong
    );
    assert!(app.pin_open(secret(PIN)).is_ok());
    drop(app);
    assert_eq!(stage(&outing.on_day(9)).0, StartStage::Lease);
}

#[test]
fn a_copy_of_the_laptop_goes_on_as_another_with_a_lease_of_its_own() {
    let (mut outing, app) = Outing::new();
    app.pin_choose(pin("", PIN)).unwrap();
    app.sync_now(()).unwrap();
    drop(app);
    fork::copied(&outing.town, LAPTOP, COPY);
    let (folder, address) = (outing.town.folder.path().to_owned(), outing.town.address);
    let bound_to = |name: &str| {
        let envelope = Envelope::load(&folder.join(name)).unwrap();
        envelope.binding().unwrap().device_id.clone()
    };
    let before = bound_to(LAPTOP);
    let copy = || Town::computer_of(&folder, address, COPY, outing.clock.clone());
    let (one, other) = (outing.started(), copy());
    for (app, cpr) in [(&one, "0301703984"), (&other, "0401703984")] {
        app.pin_open(secret(PIN)).unwrap();
        sign_in_as(app, "karin");
        granted(app, cpr, "Bo Lindholm");
    }

    for app in [&one, &other, &one] {
        fork::settle(app);
    }

    let after = [bound_to(LAPTOP), bound_to(COPY)];
    assert_ne!(after[0], after[1], "each is a computer of its own");
    assert!(!after.contains(&before), "and none is the one from before");
    drop((one, other));
    outing.clock.set(outing.left_at + TimeDelta::days(7));
    outing.town.close_central();
    for app in [
        outing.started(),
        Town::computer_of(&folder, address, COPY, outing.clock.clone()),
    ] {
        assert_eq!(app.pin_open(secret(PIN)).unwrap().stage, StartStage::SignIn);
    }
}

/// The laptop in its own process: what is asked for in the environment, until it ends or dies.
fn be_the_laptop() -> ! {
    let folder = PathBuf::from(variable(FOLDER).unwrap());
    let address = variable(ADDRESS).unwrap().parse().unwrap();
    rehearsal::watch(die_at);
    let app = Town::computer_of(&folder, address, LAPTOP, Clock::System);
    if stage(&app).0 == StartStage::Pin {
        app.pin_open(secret(PIN)).unwrap();
    }
    sign_in_as(&app, "omar");
    if !app.settings(()).unwrap().pin.is_asked {
        app.pin_choose(pin("", PIN)).unwrap();
    }
    app.sync_now(()).unwrap();
    std::process::exit(0)
}

#[test]
fn wherever_the_power_goes_the_laptop_opens_with_its_pin_and_with_its_recovery_code() {
    const TEST: &str =
        "lease::wherever_the_power_goes_the_laptop_opens_with_its_pin_and_with_its_recovery_code";
    if variable(FOLDER).is_some() {
        be_the_laptop();
    }
    // Choosing the PIN writes the envelope; so does binding it.
    let writes = [(LEASE[0], 1), (LEASE[0], 2), (LEASE[1], 1), (LEASE[2], 1)];
    for (point, time) in writes {
        let (outing, app) = Outing::new();
        draft_of(&app, "0201703984", "Aase Lindholm");
        drop(app);

        // The power goes
        let mut child = counter(&outing.town, TEST, &rehearsing(point, time, None));
        let out = child.stdout.take().unwrap();
        BufReader::new(out).lines().for_each(drop);
        assert!(!child.wait().unwrap().success(), "{point} is reached");

        // And comes again
        let app = outing.started();
        assert_eq!(stage(&app).0, StartStage::Pin, "{point}");
        assert!(opens_with_the_pin(&app), "{point}");
        assert_eq!(app.sync_now(()).unwrap().problem, "", "{point}");
        drop(app);
        let store = outing.town.folder.path().join(LAPTOP);
        let read = |name: &str| std::fs::read(store.join(name)).unwrap();
        assert_eq!(
            read("key.json"),
            read("key.copy.json"),
            "{point}: no old way in"
        );
        let envelope = Envelope::load(&store).unwrap();
        assert!(envelope.binding().is_some(), "{point}: the lease has begun");
        let app = outing.started();
        app.recover(secret(&outing.recovery)).unwrap();
        assert!(has_its_draft(&app), "{point}");
    }
}
