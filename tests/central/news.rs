//! Between two rounds: news of the central store begin the next one, failures put it off, and whoever leaves or closes
//! does not wait for either.

use std::time::{Duration, Instant};

use skranke_app::api::case::CaseListRequest;
use skranke_app::api::session::{PinRequest, SecretRequest};
use skranke_app::{App, Clock};
use skranke_testkit::network::{Fault, Kind, Line, Trouble};
use skranke_testkit::patience::wait_until;

use crate::bad_lines::{HURRY, PUSH, SIGN_OUT, STATUS};
use crate::faults::COUNTER;
use crate::{Town, granted, sign_in_as};

/// A question for news. Without them it is answered after 25 seconds.
const POLL: Kind = Kind::new("GET", "/v1/events").asking("limit=0&wait=25");
const PIN: &str = "714205";
/// The rest between two rounds where nothing is heard.
const ORDINARY: Duration = Duration::from_secs(10);
/// Where nothing was sent for so long, no round is under way, and no question is still being given up.
const QUIET: Duration = Duration::from_millis(500);

/// Stops the counter, also where the story failed: the background would otherwise be waited for without end.
struct Stopping<'a>(&'a App);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// A counter in the background, and the line it is on.
struct Office {
    town: Town,
    line: Line,
    app: App,
}

impl Office {
    fn new(clock: Clock) -> Self {
        let mut town = Town::new();
        let line = Line::to(town.address);
        town.address = line.address();
        let app = town.counter_at(COUNTER, clock);
        Self { town, line, app }
    }

    /// Runs `story` while the counter is kept in step; how long it then took to stop.
    fn in_step(&self, story: impl FnOnce()) -> Duration {
        std::thread::scope(|scope| {
            let background = scope.spawn(|| self.app.keep_in_step());
            let at_the_end = Stopping(&self.app);
            story();
            let asked = Instant::now();
            drop(at_the_end);
            background.join().unwrap();
            asked.elapsed()
        })
    }

    fn sent(&self, kind: Kind) -> Vec<Instant> {
        let carried = self.line.carried().into_iter();
        let of_kind = carried.filter(|(_, request)| kind.is(request));
        of_kind.map(|(at, _)| at).collect()
    }

    fn waiting_polls(&self) -> u64 {
        let central = self.town.central.as_ref().unwrap().central();
        central.waiting_polls()
    }

    /// Waits until the counter rests: a question is the last that it sent, and it is the one that waits.
    fn listens(&self) {
        wait_until("the counter waits for news", || {
            let carried = self.line.carried();
            let asked_last =
                |(at, request): &(Instant, String)| POLL.is(request) && at.elapsed() > QUIET;
            self.waiting_polls() == 1 && carried.last().is_some_and(asked_last)
        });
    }

    fn hung_up(&self) {
        let begun = Instant::now();
        wait_until("nobody waits for news", || self.waiting_polls() == 0);
        assert!(begun.elapsed() < ORDINARY, "long before it is answered");
    }
}

fn cases_of(app: &App) -> usize {
    let all = CaseListRequest {
        query: String::new(),
        filter: "all".to_owned(),
        after: None,
        purpose: Some("quality".to_owned()),
    };
    app.case_list(all).unwrap().rows.len()
}

#[test]
fn what_another_computer_did_is_seen_at_once_and_the_counter_asks_nothing_meanwhile() {
    let office = Office::new(Clock::System);
    let address = office.town.central.as_ref().unwrap().url().to_owned();
    let address = address.trim_start_matches("http://").parse().unwrap();
    let folder = office.town.folder.path();
    let other = Town::counter_of(folder, address, "skranke-2", Clock::System);

    let stopped = office.in_step(|| {
        office.listens();
        let asked = office.line.carried().len();
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(office.line.carried().len(), asked, "it waits");
        for number in 1..=2 {
            granted(&other, "0201703984", "Aase Lindholm");
            other.sync_now(()).unwrap();
            let done = Instant::now();
            wait_until("it is seen", || cases_of(&office.app) == number);
            assert!(done.elapsed() < ORDINARY / 2, "{:?}", done.elapsed());
        }
        office.listens();
    });

    assert!(stopped < ORDINARY / 2, "{stopped:?}");
    office.hung_up();
}

#[test]
fn who_saves_or_locks_does_not_wait_for_news() {
    let office = Office::new(Clock::System);
    let app = &office.app;
    sign_in_as(app, "anders");
    let (current, pin) = (String::new(), PIN.to_owned());
    app.pin_choose(PinRequest { current, pin }).unwrap();
    app.sign_out(()).unwrap();
    let secret = PIN.to_owned();
    app.pin_open(SecretRequest { secret }).unwrap();
    sign_in_as(app, "karin");

    office.in_step(|| {
        office.listens();
        let begun = Instant::now();
        granted(app, "0201703984", "Aase Lindholm");
        wait_until("it is sent", || !office.sent(PUSH).is_empty());
        assert!(begun.elapsed() < ORDINARY / 2, "{:?}", begun.elapsed());

        office.listens();
        let before = office.sent(POLL).len();
        app.session_lock(()).unwrap();
        office.hung_up();
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(office.sent(POLL).len(), before, "the store is closed");
    });
}

#[test]
fn a_session_that_ended_here_ends_at_the_central_store_at_once() {
    let office = Office::new(Clock::System);

    office.in_step(|| {
        office.listens();
        let begun = Instant::now();
        let before = office.sent(SIGN_OUT).len();
        office.app.sign_out(()).unwrap();
        wait_until("it is ended", || office.sent(SIGN_OUT).len() > before);
        assert!(begun.elapsed() < ORDINARY / 2, "{:?}", begun.elapsed());
    });
}

#[test]
fn after_each_failure_the_rest_is_longer() {
    let office = Office::new(Clock::System.hurried(HURRY));
    office.line.suffers(Trouble::Portal);
    let before = office.sent(STATUS).len();

    office.in_step(|| {
        wait_until("six rounds failed", || {
            office.sent(STATUS).len() > before + 5
        });
    });

    let sent = office.sent(STATUS).split_off(before);
    for (failures, pair) in sent.windows(2).take(5).enumerate() {
        let least = Duration::from_millis(500) * 2_u32.pow(failures as u32) / HURRY;
        assert!(pair[1] - pair[0] >= least, "after {failures}: {sent:?}");
    }
}

#[test]
fn a_busy_central_store_is_left_alone_as_long_as_it_asks_unless_somebody_saves() {
    // Given one that asks for five minutes; fifteen seconds for this counter
    let office = Office::new(Clock::System.hurried(HURRY));
    office.line.suffers(Fault::in_each(Trouble::Busy, STATUS));
    let before = office.sent(STATUS).len();

    office.in_step(|| {
        wait_until("it was asked", || office.sent(STATUS).len() == before + 1);
        std::thread::sleep(Duration::from_secs(3));
        assert_eq!(office.sent(STATUS).len(), before + 1, "left alone");

        let begun = Instant::now();
        granted(&office.app, "0201703984", "Aase Lindholm");
        wait_until("it is asked", || office.sent(STATUS).len() > before + 1);
        assert!(begun.elapsed() < ORDINARY / 2, "{:?}", begun.elapsed());
    });
}

#[test]
fn a_question_for_news_that_is_answered_with_nonsense_is_not_asked_again_and_again() {
    let office = Office::new(Clock::System.hurried(HURRY));
    office.line.suffers(Fault::in_each(Trouble::Portal, POLL));

    office.in_step(|| {
        wait_until("it was asked four times", || office.sent(POLL).len() >= 4);
    });

    let sent = office.sent(POLL);
    for pair in sent.windows(2) {
        // Half of it, since one may be longer under way than the other.
        assert!(pair[1] - pair[0] >= ORDINARY / HURRY / 2, "{sent:?}");
    }
}
