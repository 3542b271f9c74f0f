//! Whatever befalls the line, at whichever request: nothing is told that is not so, and all arrives once.
//!
//! Each kind of request that a counter sends suffers everything a line can do: the next one alone, and each of them
//! until the line is good again. `make torture` does both with every trouble, `make test` one of the two.

mod rarer;

use skranke_app::api::draft::DraftRef;
use skranke_app::{App, Clock};
use skranke_testkit::files::{grainy_picture, picture};
use skranke_testkit::network::{Fault, Kind, Line, Trouble};
use skranke_testkit::{invariants, times};

use crate::attachments::{attach, in_the_centre};
use crate::faults::{COUNTER, Told, world};
use crate::{TENANT, Town, draft_of, grant, granted, on_both, sign_in_as};

/// How much sooner than a person's counter these give up waiting: after a second and a half where that does after
/// thirty.
pub(crate) const HURRY: u32 = 20;

const ENROLMENT: Kind = Kind::new("POST", "/v1/devices");
const SIGN_IN: Kind = Kind::new("POST", "/v1/sessions");
const RENEWAL: Kind = Kind::new("POST", "/v1/sessions/renew");
pub(crate) const SIGN_OUT: Kind = Kind::new("POST", "/v1/sessions/end");
pub(crate) const LOOK_UP: Kind = Kind::new("POST", "/v1/lookup");
pub(crate) const STATUS: Kind = Kind::new("GET", "/v1/status");
pub(crate) const PUSH: Kind = Kind::new("POST", "/v1/events");
const PAGE: Kind = Kind::new("GET", "/v1/events");
const HOW_MUCH: Kind = Kind::new("HEAD", "/v1/attachments/");
const PIECE: Kind = Kind::new("PATCH", "/v1/attachments/");
const LOG: Kind = Kind::new("POST", "/v1/audit");

/// Every kind of request that a counter sends on an ordinary day.
pub(crate) const REQUESTS: [Kind; 11] = [
    ENROLMENT, SIGN_IN, RENEWAL, SIGN_OUT, LOOK_UP, STATUS, PUSH, PAGE, HOW_MUCH, PIECE, LOG,
];

/// A counter on a bad line, another on a good one, and what the first was told.
struct Office {
    town: Town,
    line: Line,
    other: App,
    app: App,
    told: Told,
    /// What it is told once all is well: nothing, but where its clock is wrong.
    tells: &'static str,
    /// A form that is scanned here.
    form: fn(u32) -> Vec<u8>,
    /// How many are decided at a time, besides the one with a form.
    others: usize,
}

impl Office {
    /// An office whose counter is opened for the first time while its line suffers.
    fn begin(mut town: Town, clock: Clock, fault: impl Into<Fault>) -> Self {
        let line = Line::to(town.address);
        let other = town.counter("skranke-2");
        town.address = line.address();
        line.suffers(fault);
        let tells = match &clock {
            Clock::System => "",
            Clock::Ahead(_) | Clock::Fixed(_) | Clock::Hurried(..) => "clock_wrong",
        };
        let app = town.counter_at(COUNTER, clock.hurried(HURRY));
        Self {
            town,
            line,
            other,
            app,
            told: Told::default(),
            tells,
            form: |number| picture(100 + number, 900),
            others: 0,
        }
    }

    /// Work of every kind while the line suffers, then a good line.
    fn works_on(&mut self, story: &str) {
        granted(&self.other, "2304483984", "Bodil Aagaard");
        self.other.sync_now(()).unwrap();
        sign_in_as(&self.app, "karin");
        for _ in 0..self.others {
            let case = granted(&self.app, "1302553984", "Carl Kvist");
            self.told.saved.insert(case.row.id);
        }
        let draft = draft_of(&self.app, "0201703984", "Aase Lindholm");
        self.app
            .citizen_known(DraftRef { id: draft.clone() })
            .unwrap();
        let case = grant(&self.app, draft);
        let form = (self.form)(self.told.saved.len() as u32);
        let scan = attach(&self.app, &self.town, &case, &form);
        self.told.saved.insert(case.row.id);
        let status = self.app.sync_now(()).unwrap();
        if status.confirmed == status.cases {
            self.told.confirmed.clone_from(&self.told.saved);
        }
        assert!(self.line.befallen() > 0, "{story}: nothing suffered");
        invariants::hold(&world(&self.town, &self.told, &[], false), story);

        self.line.suffers(Trouble::None);
        self.comes_through(story);
        assert_eq!(in_the_centre(&self.town, &scan), form, "{story}");
    }

    /// On a good line all is sent and confirmed.
    fn comes_through(&mut self, story: &str) {
        let mut status = self.app.sync_now(()).unwrap();
        if status.problem == "server_unavailable" {
            // A busy machine can be slower than a counter in such a hurry waits.
            status = self.app.sync_now(()).unwrap();
        }
        assert_eq!(
            (status.problem.as_str(), status.waiting),
            (self.tells, 0),
            "{story}"
        );
        assert_eq!(
            (status.quarantined, status.confirmed),
            (0, status.cases),
            "{story}"
        );
        self.told.confirmed.clone_from(&self.told.saved);
    }

    /// Both counters come together, and nothing is amiss anywhere.
    fn ends_well(self, story: &str) {
        for app in [&self.other, &self.app] {
            app.sync_now(()).unwrap();
        }
        let store = self.town.central.as_ref().unwrap().central().store();
        assert_eq!(store.alarms(TENANT).unwrap(), [], "{story}");
        let all = world(&self.town, &self.told, &["skranke-2"], true);
        invariants::hold(&all, story);
    }
}

/// Everything that can befall requests of a kind.
fn everything_in(kind: Kind) -> Vec<Fault> {
    let troubles = Trouble::QUICK.into_iter().chain([Trouble::HalfOpen]);
    let both = troubles.map(|trouble| [Fault::once(trouble, kind), Fault::in_each(trouble, kind)]);
    let is_long_run = times(1) > 1;
    let chosen = |(nth, [once, each]): (usize, [Fault; 2])| match (is_long_run, nth % 2) {
        (true, _) => vec![once, each],
        (false, 0) => vec![once],
        (false, _) => vec![each],
    };
    both.enumerate().flat_map(chosen).collect()
}

/// Requests of a kind suffer everything, one after the other, at a counter whose clock shows this time.
fn all_arrives_once_at(town: Town, clock: Clock, kind: Kind) {
    let mut office = Office::begin(town, clock, Trouble::None);
    if kind == PIECE {
        // More than one piece.
        office.form = |number| grainy_picture(660 + number, 600);
    }
    for fault in everything_in(kind) {
        let story = format!("{fault:?}");
        office.line.suffers(fault);
        office.works_on(&story);
    }
    office.ends_well(&format!("after all of {kind:?}"));
}

fn all_arrives_once(kind: Kind) {
    all_arrives_once_at(Town::new(), Clock::System, kind);
}

/// The same over a PostgreSQL.
fn all_arrives_once_in_postgresql(kind: Kind) {
    all_arrives_once_at(Town::on(on_both::Kind::Postgres), Clock::System, kind);
}

#[test]
fn whatever_befalls_an_enrolment_the_counter_is_enrolled_and_all_arrives_once() {
    for fault in everything_in(ENROLMENT) {
        let story = format!("{fault:?}");
        let town = Town::new();
        // Until it is enrolled a computer of the demo has the code of the first one, which numbers nothing here.
        drop(town.counter("skranke-0"));
        let mut office = Office::begin(town, Clock::System, fault);
        office.works_on(&story);
        office.ends_well(&story);
    }
}

#[test]
fn whatever_befalls_a_sign_in_all_arrives_once() {
    all_arrives_once(SIGN_IN);
}

#[test]
fn whatever_befalls_a_sign_out_all_arrives_once() {
    all_arrives_once(SIGN_OUT);
}

#[test]
fn whatever_befalls_a_look_up_all_arrives_once() {
    all_arrives_once(LOOK_UP);
}

#[test]
fn whatever_befalls_a_renewal_all_arrives_once_and_nobody_is_taken_for_a_thief() {
    // By its clock each token has run out, so that each look-up renews it.
    all_arrives_once_at(Town::new(), Clock::ahead(3_600), RENEWAL);
}

#[test]
fn whatever_befalls_the_first_question_of_a_round_all_arrives_once() {
    all_arrives_once(STATUS);
}

#[test]
fn whatever_befalls_a_push_all_arrives_once() {
    all_arrives_once(PUSH);
}

#[test]
fn whatever_befalls_a_push_all_arrives_once_in_postgresql_too() {
    all_arrives_once_in_postgresql(PUSH);
}

#[test]
fn whatever_befalls_the_first_of_two_batches_under_way_all_arrives_once() {
    of_two_batches(0);
}

#[test]
fn whatever_befalls_the_second_of_two_batches_under_way_all_arrives_once() {
    of_two_batches(1);
}

/// Half of the faults befall the first batch and half the one behind it.
fn of_two_batches(befallen: u32) {
    // One batch that is full and one of more than half, which is sent behind it: a laptop's after a long time without a
    // line.
    const CASES: usize = 90;
    let mut office = Office::begin(Town::new(), Clock::System, Trouble::None);
    office.others = CASES;
    for (nth, fault) in (0..).zip(everything_in(PUSH)) {
        if nth / 2 % 2 == befallen {
            let fault = fault.behind(befallen);
            let story = format!("{fault:?}");
            office.line.suffers(fault);
            office.works_on(&story);
        }
    }
    office.ends_well("after all of two batches");
}

#[test]
fn whatever_befalls_a_page_of_the_feed_all_arrives_once() {
    all_arrives_once(PAGE);
}

#[test]
fn whatever_befalls_the_question_how_much_of_a_form_is_there_all_arrives_once() {
    all_arrives_once(HOW_MUCH);
}

#[test]
fn whatever_befalls_a_piece_of_a_form_all_arrives_once() {
    all_arrives_once(PIECE);
}

#[test]
fn whatever_befalls_a_piece_of_a_form_all_arrives_once_in_postgresql_too() {
    all_arrives_once_in_postgresql(PIECE);
}

#[test]
fn whatever_befalls_the_log_that_is_handed_over_all_arrives_once() {
    all_arrives_once(LOG);
}

#[test]
fn whatever_befalls_the_log_that_is_handed_over_all_arrives_once_in_postgresql_too() {
    all_arrives_once_in_postgresql(LOG);
}

#[test]
fn on_a_line_that_is_bad_as_a_whole_all_arrives_once() {
    all_arrives_once(Kind::ANY);
}

#[test]
fn a_counter_sends_no_request_that_suffers_nothing_in_these_tests() {
    let slow = Fault::once(Trouble::Slow, STATUS);
    let mut office = Office::begin(Town::new(), Clock::ahead(3_600), slow);
    office.works_on("an ordinary day");

    let unknown: Vec<String> = office
        .line
        .carried()
        .into_iter()
        .map(|(_, request)| request)
        .filter(|request| !REQUESTS.iter().any(|kind| kind.is(request)))
        .collect();

    assert_eq!(unknown, Vec::<String>::new());
}
