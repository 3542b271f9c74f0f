//! Clocks that jump, at the counter and at the central store: years on and back, over a leap day, in the nights when
//! summer time comes and goes, and by a second between two saves. Nothing is lost, comes twice or waits for good, and
//! where the two differ, people are told.
//!
//! Basis: reliability, fault F6 and check G16; sync-and-speed, section 3.7.

use chrono::TimeDelta;
use skranke_app::Clock;
use skranke_app::api::draft::DraftRef;
use skranke_server::log;
use skranke_testkit::files::picture;
use skranke_testkit::{danish, drawn, invariants, times};

use crate::attachments::{attach, in_the_centre};
use crate::faults::{COUNTER, Told, after_all, world};
use crate::on_both::{Kind, on_both};
use crate::{Town, draft_of, grant, register, sign_in_as};

on_both!(whichever_clock_jumps_nothing_is_lost_or_comes_twice_nobody_is_kept_out_and_it_is_told,);

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
            clock.set(Clock::System.now() + here);
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
