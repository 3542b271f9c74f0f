//! The requests of rarer days: what a lead, an administrator or an outreach laptop asks for on a bad line. Whoever is
//! told that it did not work does it again, and it is done once.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use skranke_app::api::case::CaseView;
use skranke_app::api::devices::{DeviceRow, HoldingsRequest};
use skranke_app::api::error::ErrorCode;
use skranke_app::api::review::{HeldDecideRequest, ReturnedRef};
use skranke_app::{App, Clock};
use skranke_protocol::wire::DeviceState;
use skranke_store::{Action, Actor, Entry};
use skranke_testkit::files::picture;
use skranke_testkit::invariants::{self, World};
use skranke_testkit::network::{Kind, Line, Trouble};

use super::{HURRY, REQUESTS, everything_in};
use crate::attachments::{attach, look};
use crate::clocks::CentralClock;
use crate::epochs::Drill;
use crate::faults::{COUNTER, Told, central, desktop, laptop_of, opened, world};
use crate::{
    TENANT, Town, browser, device_log, devices, fork, granted, lease, on_both, outreach, profiles,
    review, sign_in_as, wipe,
};

const LOOK: Kind = Kind::new("GET", "/v1/attachments/");
const HELD: Kind = Kind::new("GET", "/v1/held");
const HELD_DECISION: Kind = Kind::new("POST", "/v1/held");
const RETURNED: Kind = Kind::new("GET", "/v1/returned");
const COMPUTERS: Kind = Kind::new("GET", "/v1/devices");
const SHUT_OUT: Kind = Kind::new("POST", "/v1/devices/revoke");
const HOLDINGS: Kind = Kind::new("POST", "/v1/devices/holdings");
const NEW_NAME: Kind = Kind::new("POST", "/v1/devices/rekey");
const LOGS: Kind = Kind::new("POST", "/v1/audit/read");
const PROFILES: Kind = Kind::new("GET", "/v1/profiles");
const PROFILE: Kind = Kind::new("POST", "/v1/profiles");
const LAPTOPS: Kind = Kind::new("GET", "/v1/scope");
const GIVEN_OUT: Kind = Kind::new("POST", "/v1/scope");
const LEASE: Kind = Kind::new("POST", "/v1/leases");
const LEASE_AGAIN: Kind = Kind::new("POST", "/v1/leases/renew");
const SEALED: Kind = Kind::new("POST", "/v1/sealed");
const SIGN_IN_PAGE: Kind = Kind::new("POST", "/v1/sign-ins");
const WIPE_ORDER: Kind = Kind::new("GET", "/v1/wipe-order");
const HANDED_OVER: Kind = Kind::new("POST", "/v1/wipe-order");
const CONFIRMATION: Kind = Kind::new("GET", "/v1/confirmation");

/// Every kind of request that is asked on rarer days.
const RARER: [Kind; 20] = [
    LOOK,
    HELD,
    HELD_DECISION,
    RETURNED,
    COMPUTERS,
    SHUT_OUT,
    HOLDINGS,
    NEW_NAME,
    LOGS,
    PROFILES,
    PROFILE,
    LAPTOPS,
    GIVEN_OUT,
    LEASE,
    LEASE_AGAIN,
    SEALED,
    SIGN_IN_PAGE,
    WIPE_ORDER,
    HANDED_OVER,
    CONFIRMATION,
];

/// Kinds in whose stories work is held apart: it is at its own computer and in no case of the central store.
const OF_HELD_WORK: [Kind; 3] = [HELD, HELD_DECISION, RETURNED];

/// What a person may be told of a line that failed: that it did not work, and what to do. None of it is an alarm.
const TOLD: [ErrorCode; 6] = [
    ErrorCode::Offline,
    ErrorCode::OnlineOnly,
    ErrorCode::NeedsCentralStore,
    ErrorCode::ServerUnavailable,
    ErrorCode::ServerAnswerUnreadable,
    ErrorCode::AttachmentElsewhere,
];

type Done = Result<(), ErrorCode>;

/// An office with a computer on a bad line and another on a good one.
struct Office {
    town: Town,
    line: Line,
    other: App,
    app: App,
    /// How often something was given to do.
    turn: u32,
}

impl Office {
    /// An office where this person sits at the computer on the bad line.
    fn of(user: &str) -> Self {
        let town = Town::new();
        let line = Line::to(town.address);
        let other = town.counter("skranke-2");
        let app = through(&town, &line, COUNTER, Clock::System);
        for app in [&app, &other] {
            app.sync_now(()).unwrap();
        }
        sign_in_as(&app, user);
        Self {
            town,
            line,
            other,
            app,
            turn: 0,
        }
    }

    /// A case from the good line that the computer on the bad one has.
    fn case(&self) -> CaseView {
        let case = granted(&self.other, "0201703984", "Aase Lindholm");
        self.other.sync_now(()).unwrap();
        self.app.sync_now(()).unwrap();
        case
    }

    /// This computer's work that is held at the central store.
    fn held(&self, app: &App, name: &str) -> CaseView {
        sign_in_as(app, "karin");
        app.sync_now(()).unwrap();
        review::withdraw(&self.town, name, app);
        let case = granted(app, "0201703984", "Aase Lindholm");
        assert!(app.sync_now(()).unwrap().quarantined > 0);
        case
    }

    /// Everything befalls requests of a kind, one after the other. `given` makes something to do, `does` does it, and
    /// once more where it is told that it did not work; `already` is what it may hear then where it had worked. `is_so`
    /// looks whether it was done.
    fn suffers<T>(
        mut self,
        kind: Kind,
        given: impl Fn(&Self) -> T,
        does: impl Fn(&App, &T) -> Done,
        already: &[ErrorCode],
        is_so: impl Fn(&Self, &T, &str),
    ) {
        for fault in everything_in(kind) {
            let story = format!("{fault:?}");
            let thing = given(&self);
            self.line.suffers(fault);
            let told = does(&self.app, &thing);
            assert!(self.line.befallen() > 0, "{story}: nothing suffered");
            self.line.suffers(Trouble::None);
            is_told_fairly(told, already, &story);
            if told.is_err() {
                let told = does(&self.app, &thing);
                let is_done = told.map_or_else(|code| already.contains(&code), |()| true);
                assert!(is_done, "{story}: on a good line {told:?}");
            }
            is_so(&self, &thing, &story);
            self.turn += 1;
        }
        for app in [&self.app, &self.other] {
            // A busy machine can be slower than a computer in such a hurry waits.
            if round(app).is_err() {
                let _ = round(app);
            }
        }
        assert_eq!(self.town.records().alarms(TENANT).unwrap(), [], "{kind:?}");
        let is_quiet = !OF_HELD_WORK.contains(&kind);
        let all = world(&self.town, &Told::default(), &["skranke-2"], is_quiet);
        invariants::hold(&all, &format!("after all of {kind:?}"));
    }
}

/// A computer of the municipality at the end of a line, in a hurry.
fn through(town: &Town, line: &Line, name: &str, clock: Clock) -> App {
    let folder = town.folder.path();
    Town::counter_of(folder, line.address(), name, clock.hurried(HURRY))
}

fn is_told_fairly(told: Done, already: &[ErrorCode], story: &str) {
    let is_fair = told.map_or_else(
        |code| TOLD.contains(&code) || already.contains(&code),
        |()| true,
    );
    assert!(is_fair, "{story}: told {told:?}");
}

/// A round, and what the status line says of it.
fn round(app: &App) -> Done {
    let status = app.sync_now(()).unwrap();
    let told = ErrorCode::ALL.iter().copied();
    let mut told = told.filter(|code| code.code() == status.problem);
    told.next().map_or(Ok(()), Err)
}

#[test]
fn whatever_befalls_a_look_at_a_scan_it_is_whole_or_it_is_told_that_it_is_not_here() {
    Office::of("karin").suffers(
        LOOK,
        |office| {
            let case = granted(&office.other, "0201703984", "Aase Lindholm");
            let form = picture(200 + office.turn, 50);
            let digest = attach(&office.other, &office.town, &case, &form);
            office.other.sync_now(()).unwrap();
            office.app.sync_now(()).unwrap();
            (case, digest)
        },
        |app, (case, digest)| look(app, case, digest).map(drop),
        &[],
        |_, _, _| {},
    );
}

#[test]
fn whatever_befalls_the_list_of_held_work_it_is_shown_whole_or_not_at_all() {
    let office = Office::of("hanne");
    office.held(&office.other, "skranke-2");
    office.suffers(
        HELD,
        |_| (),
        |app, ()| match app.held_work(()) {
            Ok(page) => {
                assert_eq!(page.rows.len(), 1);
                Ok(())
            }
            Err(error) => Err(error.code),
        },
        &[],
        |_, (), _| {},
    );
}

#[test]
fn whatever_befalls_a_decision_on_held_work_it_counts_once() {
    Office::of("hanne").suffers(
        HELD_DECISION,
        |office| {
            let case = office.held(&office.other, "skranke-2");
            let page = office.app.held_work(()).unwrap();
            assert_eq!(page.rows.len(), 1);
            (case, page.rows[0].command.clone())
        },
        |app, (_, command)| {
            let decided = app.held_decide(HeldDecideRequest {
                command: command.clone(),
                release: true,
                reason: "Jeg har talt med Karin".to_owned(),
            });
            decided.map(drop).map_err(|error| error.code)
        },
        &[ErrorCode::AlreadyReviewed],
        |office, (case, _), story| {
            round(&office.app).unwrap();
            assert_eq!(
                outreach::shown(&office.app, case).unwrap().row.state,
                "granted",
                "{story}"
            );
            assert!(office.app.held_work(()).unwrap().rows.is_empty(), "{story}");
        },
    );
}

#[test]
fn whatever_befalls_the_question_what_was_sent_back_its_sender_hears_of_it_once() {
    let office = Office::of("karin");
    office.suffers(
        RETURNED,
        |office| {
            office.held(&office.app, COUNTER);
            sign_in_as(&office.other, "hanne");
            let page = office.other.held_work(()).unwrap();
            let decided = office.other.held_decide(HeldDecideRequest {
                command: page.rows[0].command.clone(),
                release: false,
                reason: "Lav den om".to_owned(),
            });
            decided.unwrap();
        },
        |app, ()| round(app),
        &[],
        |office, (), story| {
            let returned = office.app.worklist(()).unwrap().returned;
            assert_eq!(returned.len(), 1, "{story}");
            assert_eq!(returned[0].reason, "Lav den om", "{story}");
            let command = returned[0].command.clone();
            office.app.returned_done(ReturnedRef { command }).unwrap();
        },
    );
}

#[test]
fn whatever_befalls_the_list_of_computers_it_is_shown_whole_or_not_at_all() {
    Office::of("anders").suffers(
        COMPUTERS,
        |_| (),
        |app, ()| match app.device_list(()) {
            Ok(view) => {
                assert_eq!(view.rows.len(), 2);
                Ok(())
            }
            Err(error) => Err(error.code),
        },
        &[],
        |_, (), _| {},
    );
}

/// The line of a computer in the list that an administrator sees.
fn row_of(app: &App, id: &str) -> DeviceRow {
    let rows = app.device_list(()).unwrap().rows;
    rows.into_iter().find(|row| row.id == id).unwrap()
}

#[test]
fn whatever_befalls_shutting_out_a_computer_it_is_out_once_and_for_the_first_reason() {
    Office::of("anders").suffers(
        SHUT_OUT,
        |office| {
            let lost = format!("lost-{}", office.turn);
            let app = office.town.counter(&lost);
            app.sync_now(()).unwrap();
            drop(app);
            let store = opened(office.town.folder.path(), &lost);
            let own = store.read().unwrap().own_device().unwrap().unwrap();
            row_of(&office.app, &own.device.to_string())
        },
        |app, row| {
            devices::revoke(app, row, false)
                .map(drop)
                .map_err(|error| error.code)
        },
        &[],
        |office, row, story| {
            let row = row_of(&office.app, &row.id);
            assert_eq!(
                (row.state.as_str(), row.reason.as_str()),
                ("revoked", "Glemt i toget"),
                "{story}"
            );
        },
    );
}

#[test]
fn whatever_befalls_the_list_of_a_lost_computer_it_is_shown_whole_or_not_at_all() {
    let office = Office::of("hanne");
    office.case();
    office.suffers(
        HOLDINGS,
        |office| devices::the_other(&office.app),
        |app, row| {
            let page = app.device_holdings(HoldingsRequest {
                id: row.id.clone(),
                purpose: "lost_device".to_owned(),
                after: None,
            });
            match page {
                Ok(page) => {
                    assert_eq!(page.rows.len(), 1);
                    Ok(())
                }
                Err(error) => Err(error.code),
            }
        },
        &[],
        |_, _, _| {},
    );
}

#[test]
fn whatever_befalls_a_look_into_the_logs_they_are_shown_or_it_is_told_that_they_are_not() {
    Office::of("hanne").suffers(
        LOGS,
        |_| (),
        |app, ()| match app.log_read(device_log::today(app, None)) {
            Ok(page) => {
                assert!(!page.rows.is_empty());
                Ok(())
            }
            Err(error) => Err(error.code),
        },
        &[],
        |_, (), _| {},
    );
}

/// A telephone number that was not there before.
fn phone(turn: u32) -> String {
    format!("70 11 22 {:02}", turn + 10)
}

#[test]
fn whatever_befalls_the_question_for_a_new_set_up_every_version_comes_once() {
    let office = Office::of("anders");
    sign_in_as(&office.other, "anders");
    office.suffers(
        PROFILES,
        |office| {
            let number = phone(office.turn);
            let saved =
                profiles::edited(&office.other, |edit| edit.contact_phone.clone_from(&number));
            office.other.profile_save(saved).unwrap();
            number
        },
        |app, _| round(app),
        &[],
        |office, number, story| {
            let view = profiles::show(&office.app);
            assert_eq!(&view.edit.contact_phone, number, "{story}");
            assert_eq!(view.edition, office.turn + 1, "{story}");
        },
    );
}

#[test]
fn whatever_befalls_a_new_set_up_it_is_one_version_and_whoever_saved_it_is_told() {
    Office::of("anders").suffers(
        PROFILE,
        |office| {
            let number = phone(office.turn);
            let request =
                profiles::edited(&office.app, |edit| edit.contact_phone.clone_from(&number));
            (number, request)
        },
        |app, (_, request)| {
            let saved = app.profile_save(request.clone());
            saved.map(drop).map_err(|error| error.code)
        },
        &[],
        |office, (number, _), story| {
            round(&office.app).unwrap();
            let view = profiles::show(&office.app);
            assert_eq!(&view.edit.contact_phone, number, "{story}");
            assert_eq!(view.edition, office.turn + 1, "{story}");
        },
    );
}

#[test]
fn whatever_befalls_laying_a_case_on_a_laptop_it_lies_there() {
    for kind in [LAPTOPS, GIVEN_OUT] {
        let office = Office::of("hanne");
        outreach::enrol(&office.town, "laptop");
        let case = office.case();
        office.suffers(
            kind,
            |office| {
                outreach::give(&office.app, &case, false);
            },
            |app, ()| outreach::gives(app, &case, true).map_err(|error| error.code),
            &[],
            |office, (), story| {
                let [row] = outreach::laptops(&office.app, &case).try_into().unwrap();
                assert!(row.holds, "{story}");
            },
        );
    }
}

#[test]
fn whatever_befalls_the_share_of_a_laptops_key_its_pin_opens_it() {
    for fault in everything_in(LEASE) {
        let story = format!("{fault:?}");
        let town = Town::new();
        let line = Line::to(town.address);
        outreach::enrol(&town, "laptop");
        let start = Clock::System.now();
        let clock = Clock::fixed(start);
        let app = through(&town, &line, "laptop", clock.clone());
        sign_in_as(&app, "omar");
        app.sync_now(()).unwrap();
        app.pin_choose(lease::pin("", lease::PIN)).unwrap();
        line.suffers(fault);
        is_told_fairly(round(&app), &[], &story);
        assert!(line.befallen() > 0, "{story}");
        line.suffers(Trouble::None);
        round(&app).unwrap();

        // And days later, when the share is asked for anew
        for (days, fault) in [5, 10, 15].into_iter().zip(everything_in(LEASE_AGAIN)) {
            let story = format!("{story}, then {fault:?}");
            clock.set(start + TimeDelta::days(days));
            let _there_too = CentralClock::ahead(TimeDelta::days(days));
            lease::sign_in_as(&app, "omar");
            line.suffers(fault);
            is_told_fairly(round(&app), &[], &story);
            assert!(line.befallen() > 0, "{story}");
            line.suffers(Trouble::None);
            round(&app).unwrap();
        }
        drop(app);

        // It opens without a line for as long as it may from then on
        clock.set(start + TimeDelta::days(22));
        let away = Town::computer_of(
            town.folder.path(),
            "127.0.0.1:9".parse().unwrap(),
            "laptop",
            clock,
        );
        let opens = away.pin_open(lease::secret(lease::PIN));
        assert!(opens.is_ok(), "{story}");
    }
}

#[test]
fn whatever_befalls_what_a_laptop_offers_sealed_a_restored_central_store_has_all_of_it() {
    for fault in everything_in(SEALED) {
        let story = format!("{fault:?}");
        let mut drill = Drill::begin(on_both::Kind::Sqlite);
        let line = Line::to(drill.town.address);
        outreach::enrol(&drill.town, "laptop");
        let laptop = through(&drill.town, &line, "laptop", Clock::System);
        let desk = drill.town.counter("skranke-1");
        laptop.sync_now(()).unwrap();
        let yesterday = drill.backup();
        let case = granted(&laptop, "2304483984", "Bodil Aagaard");
        laptop.sync_now(()).unwrap();
        desk.sync_now(()).unwrap();
        let position = |drill: &Drill| {
            let tenant = drill.town.records().tenant(TENANT).unwrap();
            tenant.position()
        };
        let acknowledged = position(&drill);
        sign_in_as(&desk, "hanne");
        outreach::give(&desk, &case, false);
        laptop.sync_now(()).unwrap();
        assert!(outreach::shown(&laptop, &case).is_err());
        drop(desk);
        drill.restore(&yesterday, 1);
        assert!(position(&drill) < acknowledged);

        line.suffers(fault);
        is_told_fairly(round(&laptop), &[], &story);
        assert!(line.befallen() > 0, "{story}");
        line.suffers(Trouble::None);
        // The first hands over what is still sealed, the second hears what came of it.
        round(&laptop).unwrap();
        round(&laptop).unwrap();

        assert_eq!(position(&drill), acknowledged, "{story}");
        let there = outreach::shown(&laptop, &case).unwrap();
        assert_eq!(there.row.state, "granted", "{story}");
        assert_eq!(drill.town.records().alarms(TENANT).unwrap(), [], "{story}");
        let folder = drill.town.folder.path();
        let gone = desktop(folder, "skranke-1", &Told::default());
        let all = World {
            desktops: vec![laptop_of(&drill.town, "laptop")],
            central: Some(central(&drill.town)),
            gone: gone.device.into_iter().collect(),
            is_quiet: true,
            left: vec![folder.to_owned()],
            ..World::default()
        };
        invariants::hold(&all, &story);
    }
}

#[test]
fn whatever_befalls_the_way_to_the_sign_in_page_the_next_try_passes() {
    let story = browser::Story::new();
    let line = Line::to(story.town.address);
    let app = through(&story.town, &line, COUNTER, Clock::System);
    app.sync_now(()).unwrap();
    app.sign_out(()).unwrap();
    let story = story.at(Arc::new(app));
    for fault in everything_in(SIGN_IN_PAGE) {
        let name = format!("{fault:?}");
        line.suffers(fault);
        let told = story.sign_in("karin").map(drop);
        assert!(line.befallen() > 0, "{name}");
        line.suffers(Trouble::None);
        let told = told.map_err(|error| error.code);
        is_told_fairly(told, &[], &name);
        if told.is_err() {
            assert!(story.sign_in("karin").is_ok(), "{name}");
        }
        story.app.sign_out(()).unwrap();
    }
}

#[test]
fn whatever_befalls_a_copys_way_to_a_name_of_its_own_it_gets_one_and_nothing_is_lost() {
    for fault in everything_in(NEW_NAME) {
        let story = format!("{fault:?}");
        let town = Town::new();
        let line = Line::to(town.address);
        let (one, copy, [_, of_one, _]) = fork::two_copies(&town);
        drop(copy);
        let copy = through(&town, &line, fork::COPY, Clock::System);
        line.suffers(fault);
        for _ in 0..3 {
            // Until it has its new name it is told that there are two of it.
            is_told_fairly(round(&copy), &[ErrorCode::SyncAlarm], &story);
        }
        assert!(line.befallen() > 0, "{story}");
        line.suffers(Trouble::None);
        for app in [&copy, &one] {
            fork::settle(app);
        }

        let mut states = fork::states(&town);
        states.sort_by_key(|state| *state == DeviceState::Active);
        let expected = [
            DeviceState::Forked,
            DeviceState::Active,
            DeviceState::Active,
        ];
        assert_eq!(states, expected, "{story}: one name for each");
        let after = granted(&copy, "0601703984", "Erik Lindholm");
        fork::settle(&copy);
        fork::settle(&one);
        for case in [&of_one, &after] {
            assert_eq!(outreach::shown(&one, case).unwrap().row.state, "granted");
        }
    }
}

#[test]
fn whatever_befalls_the_order_to_wipe_a_computer_has_handed_over_everything_before_it() {
    for fault in everything_in(WIPE_ORDER)
        .into_iter()
        .chain(everything_in(HANDED_OVER))
    {
        let story = format!("{fault:?}");
        let mut town = Town::new();
        let head = wipe::lost(&mut town);
        let line = Line::to(town.address);
        let folder = town.folder.path();
        let clock = Clock::System.hurried(HURRY);
        let app = Town::computer_of(folder, line.address(), wipe::LOST, clock);
        line.suffers(fault);
        let first = app.sync_now(()).map(drop);
        assert!(line.befallen() > 0, "{story}");
        line.suffers(Trouble::None);

        let is_wiped = |told: &Result<(), skranke_app::AppError>| {
            let code = told.as_ref().err().map(|error| error.code);
            code == Some(ErrorCode::DeviceWiped)
        };
        if !is_wiped(&first) {
            assert!(wipe::is_whole(&town, head), "{story}: it still has it all");
            assert!(is_wiped(&app.sync_now(()).map(drop)), "{story}");
        }

        let (record, drafts) = wipe::known(&town);
        assert_eq!(record.device.head, head, "{story}: every event");
        assert!(record.revocation.unwrap().handed_over_at.is_some());
        let [draft] = drafts.try_into().unwrap();
        assert!(String::from_utf8(draft).unwrap().contains("Carl Lindholm"));
        wipe::all_holds(&town, &story);
    }
}

#[test]
fn whatever_befalls_the_question_for_the_tree_it_is_followed_from_then_on() {
    for fault in everything_in(CONFIRMATION) {
        let story = format!("{fault:?}");
        let town = Town::new();
        let line = Line::to(town.address);
        let app = town.counter(COUNTER);
        let case = granted(&app, "0201703984", "Aase Lindholm");
        for _ in 0..2 {
            app.sync_now(()).unwrap();
        }
        drop(app);
        // A computer whose program followed no tree yet
        let mut store = opened(town.folder.path(), COUNTER);
        let own = store.read().unwrap().own_device().unwrap().unwrap();
        let entry = Entry::new(Action::Maintained, Clock::System.now());
        let mut write = store.write(&Actor::program(own.device), entry).unwrap();
        write.set_setting("followed_tree", "null").unwrap();
        write.commit().unwrap();
        drop(store);
        let app = through(&town, &line, COUNTER, Clock::System);

        line.suffers(fault);
        is_told_fairly(round(&app), &[], &story);
        assert!(line.befallen() > 0, "{story}");
        line.suffers(Trouble::None);
        round(&app).unwrap();

        drop(app);
        let store = opened(town.folder.path(), COUNTER);
        let read = store.read().unwrap();
        let kept: Option<String> = read.setting("followed_tree").unwrap();
        assert!(kept.is_some_and(|kept| kept != "null"), "{story}");
        let cases = BTreeSet::from([case.row.id]);
        let told = Told {
            saved: cases.clone(),
            confirmed: cases,
        };
        invariants::hold(&world(&town, &told, &[], true), &story);
    }
}

/// Asked by operators and programs that watch the server, not by computers of the municipality.
const NOT_A_DESKTOPS: [&str; 3] = ["/healthz", "/readyz", "/v1/openapi.json"];

#[test]
fn every_request_of_the_contract_suffers_in_one_of_these_tests() {
    let contract = include_str!("../../../docs/openapi.json");
    let contract: serde_json::Value = serde_json::from_str(contract).unwrap();
    let mut spared = Vec::new();
    let mut seen = 0;
    for (path, methods) in contract["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let request = format!("{} {path}", method.to_uppercase());
            let suffers = REQUESTS.iter().chain(&RARER).any(|kind| kind.is(&request));
            if !suffers && !NOT_A_DESKTOPS.contains(&path.as_str()) {
                spared.push(request);
            }
            seen += 1;
        }
    }
    assert_eq!(spared, Vec::<String>::new());
    assert!(seen >= REQUESTS.len() + RARER.len());
}
