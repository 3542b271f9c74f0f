//! Two cases for one citizen made on two laptops: both are kept and shown as possible duplicates, and a person merges.

use skranke_app::api::case::{
    CaseListRequest, CaseRef, CaseView, DecideRequest, Decision, MergeRequest, MergeUndoRequest,
};
use skranke_app::api::error::ErrorCode;
use skranke_app::{App, Clock, Config, KeyPlace};
use skranke_store::key::envelope::{Envelope, Opener};
use skranke_store::{Options, Store};

use crate::cheap::CHEAP;
use crate::{Town, draft_of, granted, sign_in_as};

const CPR: &str = "0201703984";
const NAME: &str = "Aase Lindholm";

/// Two laptops that each made a case for one citizen without a line, and then met the central store.
struct Two {
    town: Town,
    one: App,
    other: App,
    first: String,
    second: String,
}

impl Two {
    fn made_apart() -> Self {
        Self::both(hand_in)
    }

    /// Each does the same apart from the other, the first laptop first.
    fn both(make: impl Fn(&App) -> String) -> Self {
        let mut town = Town::new();
        let one = town.counter("laptop-1");
        let other = town.counter("laptop-2");
        for app in [&one, &other] {
            app.sync_now(()).unwrap();
        }
        town.close_central();
        let (first, second) = (make(&one), make(&other));
        town.open_central();
        let two = Self {
            town,
            one,
            other,
            first,
            second,
        };
        two.meet();
        two
    }

    fn meet(&self) {
        Town::meet(&self.one, &self.other);
    }
}

fn hand_in(app: &App) -> String {
    let decided = app.decide(DecideRequest {
        draft_id: Some(draft_of(app, CPR, NAME)),
        case_id: None,
        decision: Decision::HandIn,
        no_conflict_of_interest: true,
    });
    decided.unwrap().row.id
}

fn show(app: &App, id: &str) -> CaseView {
    app.case_show(CaseRef {
        id: id.to_owned(),
        purpose: Some("case_work".to_owned()),
    })
    .unwrap()
}

fn merge(app: &App, into: &str, ending: &str, reason: &str) -> Result<CaseView, ErrorCode> {
    app.merge(MergeRequest {
        case_id: into.to_owned(),
        merge: ending.to_owned(),
        reason: reason.to_owned(),
    })
    .map_err(|error| error.code)
}

fn undo(app: &App, id: &str, reason: &str) -> Result<CaseView, ErrorCode> {
    app.merge_undo(MergeUndoRequest {
        case_id: id.to_owned(),
        reason: reason.to_owned(),
    })
    .map_err(|error| error.code)
}

/// What a list of open cases shows: its cases, and how many there are.
fn open_cases(app: &App) -> (Vec<String>, Option<u64>) {
    let page = app.case_list(CaseListRequest {
        query: String::new(),
        filter: "open".to_owned(),
        after: None,
        purpose: Some("case_work".to_owned()),
    });
    let page = page.unwrap();
    let mut shown: Vec<String> = page.rows.into_iter().map(|row| row.id).collect();
    shown.sort();
    (shown, page.total)
}

fn sorted(ids: [&str; 2]) -> Vec<String> {
    let mut ids = ids.map(str::to_owned).to_vec();
    ids.sort();
    ids
}

/// What the lists are read from is what a rebuild would make of the events.
fn lists_are_right(town: &Town, name: &str) {
    let folder = town.folder.path().join(name);
    let secret = town.folder.path().join(format!("{name}.key"));
    let envelope = Envelope::load(&folder).unwrap();
    let key = envelope.open(&Opener::KeyFile(&secret)).ok().unwrap();
    let store = Store::open(&folder, &key, Options::default(), Clock::System.now()).unwrap();
    let before = store.read().unwrap().case_counts().unwrap();
    assert!(before.total() > 0);
    let by_fold = {
        let read = store.read().unwrap();
        let ids = read.all_case_ids().unwrap();
        let cases = ids.into_iter().map(|id| read.case(id).unwrap().unwrap());
        cases.filter(|case| case.state.is_open()).count()
    };
    assert_eq!(before.open(), by_fold as u64);
}

#[test]
fn two_cases_made_apart_for_one_citizen_are_possible_duplicates_on_both_laptops() {
    let two = Two::made_apart();

    for app in [&two.one, &two.other] {
        for (id, other) in [(&two.first, &two.second), (&two.second, &two.first)] {
            let view = show(app, id);
            assert_eq!(view.duplicates.len(), 1);
            let shown = &view.duplicates[0];
            assert_eq!(shown.id, *other);
            assert_eq!(shown.number, show(app, other).row.number);
            assert_eq!(shown.state, "received");
            assert!(
                !shown.can_merge && !shown.other_way,
                "who serves at the counter asks a lead"
            );
        }
        let refused = merge(app, &two.first, &two.second, "Samme anmodning");
        assert_eq!(refused.err(), Some(ErrorCode::NotPermitted));
    }
}

#[test]
fn a_lead_merges_with_a_reason_the_history_shows_it_on_both_and_undoing_brings_it_back() {
    let two = Two::made_apart();
    sign_in_as(&two.one, "hanne");
    let both = (sorted([&two.first, &two.second]), Some(2));
    assert_eq!(open_cases(&two.one), both);
    assert!(show(&two.one, &two.first).duplicates[0].can_merge);
    let unsaid = merge(&two.one, &two.first, &two.second, "  ");
    assert_eq!(unsaid.err(), Some(ErrorCode::ReasonMissing));
    let itself = merge(&two.one, &two.first, &two.first, "Fejl");
    assert_eq!(itself.err(), Some(ErrorCode::NotMergeable));

    // When the lead says that the second is the same request as the first
    let view = merge(&two.one, &two.first, &two.second, "Samme anmodning").unwrap();

    // Then the first goes on, and the second leaves lists and counts, on both laptops
    assert_eq!(view.row.id, two.first);
    assert!(view.duplicates.is_empty());
    two.meet();
    let number = |id| show(&two.one, id).row.number;
    for (app, name) in [(&two.one, "laptop-1"), (&two.other, "laptop-2")] {
        assert_eq!(open_cases(app), (vec![two.first.clone()], Some(1)));
        lists_are_right(&two.town, name);

        // And the history shows it on both cases, with the other's number and the reason
        let (lasting, ended) = (show(app, &two.first), show(app, &two.second));
        assert_eq!((ended.row.state.as_str(), ended.exempt), ("merged", false));
        assert!(ended.row.ticks_missing.is_empty());
        let line = |view: &CaseView, kind: &str| {
            let mut lines = view.timeline.iter();
            lines.find(|line| line.kind == kind).unwrap().clone()
        };
        let told = line(&ended, "merged_into");
        assert_eq!(
            told.detail,
            format!("{} · Samme anmodning", number(&two.first))
        );
        assert_eq!(
            (told.initials.as_str(), told.sync.as_str()),
            ("HV", "confirmed")
        );
        assert_eq!(
            line(&lasting, "duplicate_linked").detail,
            number(&two.second)
        );
        assert!(ended.merged[0].took_over && ended.merged[0].id == two.first);
        assert!(!lasting.merged[0].took_over && lasting.merged[0].id == two.second);
        assert!(ended.duplicates.is_empty() && lasting.duplicates.is_empty());
        let ended = ended.actions;
        assert!(!ended.iter().any(|action| action == "decide"), "{ended:?}");
    }

    // When the lead undoes it, with a reason, then both are there again
    assert_eq!(
        undo(&two.one, &two.second, " ").err(),
        Some(ErrorCode::ReasonMissing)
    );
    assert_eq!(
        undo(&two.one, &two.first, "Forkert").err(),
        Some(ErrorCode::NotMergeable)
    );
    let back = undo(&two.one, &two.second, "To anmodninger alligevel").unwrap();
    assert_eq!(back.row.state, "received");
    two.meet();
    for (app, name) in [(&two.one, "laptop-1"), (&two.other, "laptop-2")] {
        assert_eq!(open_cases(app), both);
        lists_are_right(&two.town, name);
        for (id, kind) in [
            (&two.first, "duplicate_unlinked"),
            (&two.second, "merge_undone"),
        ] {
            let view = show(app, id);
            assert_eq!(view.duplicates.len(), 1);
            assert!(view.merged.is_empty());
            let mut lines = view.timeline.iter();
            let line = lines.find(|line| line.kind == kind).unwrap();
            assert!(line.detail.contains("To anmodninger alligevel"));
        }
    }
}

#[test]
fn one_merge_must_win_so_that_it_needs_a_line_and_the_second_is_told() {
    let mut two = Two::made_apart();
    for app in [&two.one, &two.other] {
        sign_in_as(app, "hanne");
        assert!(show(app, &two.first).duplicates[0].can_merge);
    }

    // Without a line nothing is merged
    two.town.close_central();
    let away = merge(&two.one, &two.first, &two.second, "Samme anmodning");
    assert_eq!(away.err(), Some(ErrorCode::OnlineOnly));
    assert_eq!(show(&two.one, &two.second).row.state, "received");
    two.town.open_central();

    // And whoever comes second, from a page that is old, hears of the first
    merge(&two.one, &two.first, &two.second, "Samme anmodning").unwrap();
    let second = merge(&two.other, &two.second, &two.first, "Samme anmodning");
    assert_eq!(second.err(), Some(ErrorCode::NotMergeable));
    assert_eq!(show(&two.other, &two.second).row.state, "merged");
    assert_eq!(show(&two.other, &two.first).row.state, "received");
}

/// The same computer as if it had no central store, so that nothing holds it back.
fn alone(town: &Town, name: &str) -> App {
    let app = App::open(Config {
        key: KeyPlace::File(town.folder.path().join(format!("{name}.key"))),
        folder: town.folder.path().join(name),
        forms: None,
        demo: true,
        server: None,
        clock: Clock::System,
        costs: CHEAP,
    });
    let app = app.unwrap();
    sign_in_as(&app, "hanne");
    app
}

#[test]
fn merges_that_cross_all_the_same_leave_both_cases_marked_until_somebody_merges_again() {
    // Given two computers where a lead has signed in, that merge each their own way behind the rule
    let Two {
        town,
        one,
        other,
        first,
        second,
    } = Two::made_apart();
    for app in [&one, &other] {
        sign_in_as(app, "hanne");
        app.sync_now(()).unwrap();
    }
    drop((one, other));
    merge(&alone(&town, "laptop-1"), &first, &second, "Samme").unwrap();
    merge(&alone(&town, "laptop-2"), &second, &first, "Samme").unwrap();

    // When they meet
    let one = town.counter("laptop-1");
    let other = town.counter("laptop-2");
    let two = Two {
        town,
        one,
        other,
        first,
        second,
    };
    two.meet();

    // Then no case is gone on any of them, and both say what happened
    for app in [&two.one, &two.other] {
        assert_eq!(
            open_cases(app),
            (sorted([&two.first, &two.second]), Some(2))
        );
        for id in [&two.first, &two.second] {
            let view = show(app, id);
            assert!(view.warnings.contains(&"merged_apart".to_owned()));
            assert_eq!(view.duplicates.len(), 1);
        }
    }

    // And one who has seen both merges again
    sign_in_as(&two.one, "hanne");
    let view = merge(&two.one, &two.first, &two.second, "Aftalt").unwrap();
    assert!(!view.warnings.contains(&"merged_apart".to_owned()));
    two.meet();
    assert_eq!(open_cases(&two.other), (vec![two.first.clone()], Some(1)));
    assert_eq!(show(&two.other, &two.second).row.state, "merged");
}

#[test]
fn of_two_exemptions_the_earliest_decision_goes_on_and_the_page_says_which_way() {
    let Two {
        one,
        first,
        second,
        town: _town,
        ..
    } = Two::both(|app| granted(app, CPR, NAME).row.id);
    sign_in_as(&one, "birgit");
    let ticks = || one.worklist(()).unwrap().missing_ticks_total;
    assert_eq!(ticks(), 2);

    let (early, late) = (show(&one, &first), show(&one, &second));
    assert!(early.duplicates[0].can_merge && !early.duplicates[0].other_way);
    assert!(!late.duplicates[0].can_merge && late.duplicates[0].other_way);
    let wrong_way = merge(&one, &second, &first, "Samme");
    assert_eq!(wrong_way.err(), Some(ErrorCode::NotMergeable));
    merge(&one, &first, &second, "Samme").unwrap();

    assert_eq!(ticks(), 1, "what was merged waits for no tick");
    assert_eq!(show(&one, &first).row.state, "granted");
}
