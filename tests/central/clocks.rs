//! Clocks that jump, at the counter and at the central store: years on and back, over a leap day, in the nights when
//! summer time comes and goes, and by a second between two saves. Nothing is lost, comes twice or waits for good, and
//! where the two differ, people are told.
//!
//! Basis: reliability, fault F6 and check G16; sync-and-speed, section 3.7.

use chrono::{DateTime, TimeDelta, Utc};
use skranke_app::api::case::CaseRef;
use skranke_app::api::draft::DraftRef;
use skranke_app::{App, Clock};
use skranke_server::log;
use skranke_store::key::envelope::{Envelope, Opener};
use skranke_store::{Options, Store};
use skranke_testkit::files::picture;
use skranke_testkit::{danish, drawn, invariants, times};

use crate::attachments::{attach, in_the_centre};
use crate::faults::{COUNTER, Told, after_all, world};
use crate::on_both::{Kind, on_both};
use crate::{Town, draft_of, grant, register, sign_in_as};

on_both!(
    whichever_clock_jumps_nothing_is_lost_or_comes_twice_nobody_is_kept_out_and_it_is_told,
    what_is_done_at_a_counter_with_a_wrong_clock_is_dated_by_the_central_stores,
    while_the_central_stores_clock_is_ahead_no_draft_is_old_and_what_is_decided_can_be_finished,
    no_leap_of_time_while_the_program_is_closed_makes_a_draft_old,
    a_clock_that_is_set_while_there_is_no_line_is_known_at_the_next_start,
    without_a_line_a_wrong_clock_is_corrected_as_it_was_last_measured,
);

/// Jumps of the central store's clock in this process; it is right again afterwards.
pub(crate) struct CentralClock;

impl CentralClock {
    pub(crate) fn ahead(by: TimeDelta) -> Self {
        log::rehearse_ahead(by);
        Self
    }
}

impl Drop for CentralClock {
    fn drop(&mut self) {
        log::rehearse_ahead(TimeDelta::zero());
    }
}

/// How far a clock jumps at most: before that, decisions at a counter fall under the rules of another time.
const FAR: TimeDelta = TimeDelta::days(3_000);

/// How far a clock is off, one jump after the other: those that are known to hurt, then some by chance.
fn jumps() -> Vec<TimeDelta> {
    let now = Clock::System.now();
    let named = [
        TimeDelta::zero(),
        TimeDelta::seconds(-1),
        -FAR,
        FAR,
        danish("2028-02-29 23:59") - now,
        // The hour that comes twice, and the one that never comes.
        danish("2027-10-31 02:30") - now,
        danish("2027-03-28 01:59") - now,
    ];
    let by_chance = (0..times(3)).map(|nth| {
        let seconds = FAR.num_seconds().unsigned_abs();
        TimeDelta::seconds(i64::try_from(drawn(nth, 2 * seconds)).unwrap()) - FAR
    });
    named.into_iter().chain(by_chance).collect()
}

fn whichever_clock_jumps_nothing_is_lost_or_comes_twice_nobody_is_kept_out_and_it_is_told(
    kind: Kind,
) {
    let town = Town::on(kind);
    let other = town.counter("skranke-2");
    let clock = Clock::fixed(Clock::System.now());
    let app = town.counter_at(COUNTER, clock.clone());
    let mut told = Told::default();
    let mut scans = Vec::new();
    let all = jumps();
    let right = TimeDelta::zero();
    for (nth, jump) in all.iter().enumerate() {
        let another = all[(nth * 5 + 3) % all.len()];
        for (here, there) in [(*jump, right), (right, *jump), (*jump, another)] {
            let story = format!("the counter {here}, the central store {there}");
            clock.jump(Clock::System.now() + here);
            let central = CentralClock::ahead(there);
            // A jump on locks the window, as time that passed would.
            sign_in_as(&app, "karin");
            let draft = draft_of(&app, "0201703984", "Aase Lindholm");
            let known = app.citizen_known(DraftRef { id: draft.clone() }).unwrap();
            assert_eq!(known.reach, "central", "{story}");
            let case = grant(&app, draft);
            let form = picture(100 + u32::try_from(scans.len()).unwrap(), 20);
            scans.push((attach(&app, &town, &case, &form), form));
            register(&app, &case);
            told.saved.insert(case.row.id);

            let status = app.sync_now(()).unwrap();

            let differ = (here - there).abs() > TimeDelta::minutes(2);
            let problem = if differ { "clock_wrong" } else { "" };
            assert_eq!(
                (status.problem.as_str(), status.waiting, status.quarantined),
                (problem, 0, 0),
                "{story}"
            );
            assert_eq!(status.confirmed, status.cases, "{story}");
            told.confirmed.clone_from(&told.saved);
            // The other counter's clock is right.
            let theirs = other.sync_now(()).unwrap();
            let differ = there.abs() > TimeDelta::minutes(2);
            let problem = if differ { "clock_wrong" } else { "" };
            assert_eq!(
                (theirs.problem.as_str(), theirs.quarantined),
                (problem, 0),
                "{story}"
            );
            invariants::hold(&world(&town, &told, &[], false), &story);
            drop(central);
        }
    }
    drop(app);
    let all = after_all(&town, &told, &other);
    invariants::hold(&all, "once all clocks are right");
    for (digest, form) in scans {
        assert_eq!(in_the_centre(&town, &digest), form);
    }
}

/// What the events of a counter carry: its own clock, and how far the central store's was ahead.
fn own_clocks(town: &Town, counter: &str) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let folder = town.folder.path().join(counter);
    let secret = town.folder.path().join(format!("{counter}.key"));
    let key = Envelope::load(&folder).unwrap();
    let key = key.open(&Opener::KeyFile(&secret)).ok().unwrap();
    let store = Store::open(&folder, &key, Options::default(), Clock::System.now()).unwrap();
    let events = store.read().unwrap().own_events(0, u32::MAX).unwrap();
    let headers = events.iter().map(|event| event.header());
    headers
        .map(|header| (header.recorded_at, header.corrected_at()))
        .collect()
}

/// Whether a moment an app tells lies in this test.
fn is_now(at: &str) -> bool {
    let at: DateTime<Utc> = at.parse().unwrap();
    (at - Clock::System.now()).abs() < TimeDelta::minutes(10)
}

/// Every date the window shows of a case whose exemption was granted and registered.
fn dates_of(app: &App, case: &str) -> Vec<String> {
    let request = CaseRef {
        id: case.to_owned(),
        purpose: None,
    };
    let shown = app.case_show(request).unwrap();
    let ticks = shown.row.tick_times.into_iter();
    let dates: Vec<String> = (shown.timeline.into_iter().map(|entry| entry.at))
        .chain(ticks.filter(|at| !at.is_empty()))
        .chain([shown.row.decided_at, shown.row.updated_at])
        .collect();
    assert!(dates.len() > 2, "{dates:?}");
    dates
}

fn what_is_done_at_a_counter_with_a_wrong_clock_is_dated_by_the_central_stores(kind: Kind) {
    let town = Town::on(kind);
    let clock = Clock::fixed(Clock::System.now() - TimeDelta::days(400));
    let app = town.counter_at(COUNTER, clock.clone());
    let of_before = draft_of(&app, "0301703984", "Bent Holm");
    app.sync_now(()).unwrap();
    let start = app.start_state(()).unwrap();
    assert_eq!(start.today, Clock::System.today().to_string());

    let mut cases = Vec::new();
    // As it was; set by years, back and on, while the program runs; and put right at last.
    let wrong = clock.now();
    for own in [wrong, wrong - FAR, wrong + FAR, Clock::System.now()] {
        clock.jump(own);
        // A jump on locks the window, as time that passed would.
        sign_in_as(&app, "karin");
        let case = grant(&app, draft_of(&app, "0201703984", "Aase Lindholm"));
        register(&app, &case);
        let dates = dates_of(&app, &case.row.id);
        assert!(dates.iter().all(|at| is_now(at)), "{own}: {dates:?}");
        cases.push((case.row.id, own));
        let today = app.worklist(()).unwrap().today;
        assert_eq!(today.granted, cases.len() as u64, "{own}");
        let status = app.sync_status(()).unwrap();
        assert!(is_now(&status.now), "{own}: {}", status.now);
        let is_right = own > Clock::System.now() - TimeDelta::minutes(1) && own < wrong + FAR;
        let problem = if is_right { "" } else { "clock_wrong" };
        assert_eq!(status.problem, problem, "{own}, before it is measured anew");
        let status = app.sync_now(()).unwrap();
        assert_eq!((status.problem.as_str(), status.quarantined), (problem, 0));
    }

    clock.jump(wrong);
    sign_in_as(&app, "karin");
    let drafts = app.worklist(()).unwrap().drafts;
    assert_eq!(drafts.len(), 1, "no clock that was set made it old");
    assert_eq!(drafts[0].id, of_before);
    // Nor is it kept for good: a month of use, and it is old.
    for (days, left) in [(10, 1), (20, 1), (29, 1), (31, 0)] {
        let passed = TimeDelta::days(days);
        clock.set(wrong + passed);
        let _central = CentralClock::ahead(passed);
        sign_in_as(&app, "karin");
        app.sync_now(()).unwrap();
        let drafts = app.worklist(()).unwrap().drafts;
        assert_eq!(drafts.len(), left, "{days} days later");
    }
    drop(app);
    let clocks = own_clocks(&town, COUNTER);
    assert!(clocks.len() > cases.len());
    for (own, corrected) in clocks {
        assert!(is_now(&corrected.to_rfc3339()));
        let said = cases.iter().any(|(_, said)| *said == own);
        assert!(said, "the evidence is what the clock said: {own}");
    }
    let all = world(&town, &Told::default(), &[], true);
    invariants::hold(&all, "after a wrong clock");
}

fn while_the_central_stores_clock_is_ahead_no_draft_is_old_and_what_is_decided_can_be_finished(
    kind: Kind,
) {
    let town = Town::on(kind);
    let clock = Clock::fixed(Clock::System.now());
    let app = town.counter_at(COUNTER, clock);
    draft_of(&app, "0301703984", "Bent Holm");
    let central = CentralClock::ahead(TimeDelta::days(400));
    app.sync_now(()).unwrap();
    let drafts = app.worklist(()).unwrap().drafts;
    assert_eq!(
        drafts.len(),
        1,
        "their jump made it old by their clock alone"
    );
    let case = grant(&app, draft_of(&app, "0201703984", "Aase Lindholm"));
    assert!(!is_now(&case.row.decided_at));
    drop(central);
    app.sync_now(()).unwrap();

    register(&app, &case);

    let status = app.sync_now(()).unwrap();
    assert_eq!((status.problem.as_str(), status.quarantined), ("", 0));
    let all = world(&town, &Told::default(), &[], true);
    invariants::hold(&all, "after the central store's clock was ahead");
}

fn no_leap_of_time_while_the_program_is_closed_makes_a_draft_old(kind: Kind) {
    let mut town = Town::on(kind);
    let clock = Clock::fixed(Clock::System.now());
    let drafts = |app: &App| app.worklist(()).unwrap().drafts.len();
    let app = town.counter_at(COUNTER, clock.clone());
    draft_of(&app, "0301703984", "Bent Holm");
    app.sync_now(()).unwrap();
    drop(app);

    let leap = TimeDelta::days(400);
    clock.jump(clock.now() + leap);
    let central = CentralClock::ahead(leap);
    let app = town.counter_at(COUNTER, clock.clone());
    assert_eq!(drafts(&app), 1, "both leapt");
    app.sync_now(()).unwrap();
    assert_eq!(drafts(&app), 1, "and it is noted");
    drop((app, central));

    town.close_central();
    clock.jump(clock.now() + leap);
    let app = town.counter_at(COUNTER, clock);
    assert_eq!(drafts(&app), 1, "nobody can say whether that was a leap");
}

fn a_clock_that_is_set_while_there_is_no_line_is_known_at_the_next_start(kind: Kind) {
    let mut town = Town::on(kind);
    let clock = Clock::fixed(Clock::System.now());
    let app = town.counter_at(COUNTER, clock.clone());
    app.sync_now(()).unwrap();
    town.close_central();
    clock.jump(Clock::System.now() + TimeDelta::days(30));
    assert!(!app.sync_now(()).unwrap().online);
    drop(app);

    let app = town.counter_at(COUNTER, clock);
    let case = grant(&app, draft_of(&app, "0201703984", "Aase Lindholm"));
    let dates = dates_of(&app, &case.row.id);
    assert!(dates.iter().all(|at| is_now(at)), "{dates:?}");
}

fn without_a_line_a_wrong_clock_is_corrected_as_it_was_last_measured(kind: Kind) {
    let mut town = Town::on(kind);
    let behind = Clock::fixed(Clock::System.now() - TimeDelta::days(400));
    let ahead = Clock::fixed(Clock::System.now() + TimeDelta::days(400));
    for (name, clock) in [("behind", &behind), ("ahead", &ahead)] {
        town.counter_at(name, clock.clone()).sync_now(()).unwrap();
    }
    town.close_central();

    for (name, clock) in [("behind", behind), ("ahead", ahead)] {
        // As wrong as it was; then somebody has put it right.
        for own in [clock.now(), Clock::System.now()] {
            clock.jump(own);
            let app = town.counter_at(name, clock.clone());
            let case = grant(&app, draft_of(&app, "0201703984", "Aase Lindholm"));
            register(&app, &case);
            let dates = dates_of(&app, &case.row.id);
            assert!(
                dates.iter().all(|at| is_now(at)),
                "{name}, {own}: {dates:?}"
            );
        }
    }
}
