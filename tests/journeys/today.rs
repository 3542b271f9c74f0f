//! The day's figures on the start screen, and when each of what is unfinished was granted.

use skranke_app::api::case::{DayFigures, Decision, Worklist};
use skranke_testkit::people::made_up_number;

use crate::office::Office;

const DAY: &str = "2026-03-13";

fn shown(office: &Office) -> Worklist {
    office.app.worklist(()).expect("shown")
}

#[test]
fn what_came_to_its_end_today_is_counted_by_how_it_ended() {
    // Given one granted on the day before
    let office = Office::open_at("2026-03-12 14:05");
    let number = |birthday: &str| made_up_number(birthday.parse().expect("a day"));
    let draft = |birthday| office.draft().set("cpr", &number(birthday));
    let yesterdays = draft("1948-04-23").grant().expect("granted");
    office.comes_back(&format!("{DAY} 10:00"), "karin");
    assert_eq!(shown(&office).today, DayFigures::default());

    // When one is granted, one helped instead and one turned away, and the one of yesterday is registered
    let todays = draft("1955-12-14").grant().expect("granted");
    let offer = "library_course".to_owned();
    let helped = draft("1939-06-19").decide(Decision::HelpInstead { offer });
    helped.expect("ended");
    let turned_away = Decision::Reject {
        reason: "not_covered".to_owned(),
        next_step: String::new(),
    };
    draft("2017-06-11").decide(turned_away).expect("rejected");
    office.register(&yesterdays.row.id).expect("registered");

    // Then the day counts its own three, and the list says when each was granted
    let list = shown(&office);
    assert_eq!(
        list.today,
        DayFigures {
            finished: 3,
            granted: 1,
            helped_instead: 1,
            rejected: 1,
        }
    );
    let rows = list.missing_ticks.iter();
    let granted_at: Vec<_> = rows
        .map(|row| &row.decided_at)
        .filter(|at| !at.is_empty())
        .collect();
    assert_eq!(granted_at.len(), 2);
    assert!(granted_at.contains(&&yesterdays.row.decided_at));
    assert!(granted_at.contains(&&todays.row.decided_at));
    assert_ne!(yesterdays.row.decided_at, todays.row.decided_at);

    // And the next day begins with none
    office.comes_back("2026-03-16 10:00", "karin");
    assert_eq!(shown(&office).today, DayFigures::default());
}
