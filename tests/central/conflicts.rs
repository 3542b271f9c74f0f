//! Two counters work on one case without seeing each other: nothing is overwritten, and a person chooses.

use skranke_app::App;
use skranke_app::api::case::{
    CaseRef, CaseView, ConflictResolveRequest, ConflictSide, DecideRequest, Decision,
    TakeBackRequest, TickRequest,
};
use skranke_app::api::error::ErrorCode;
use skranke_testkit::files::picture;

use crate::attachments::attach;
use crate::{Town, draft_of, sign_in_as};

/// A case that waits for a decision, known to both counters.
struct Two {
    town: Town,
    one: App,
    other: App,
    case: String,
}

impl Two {
    fn with_an_open_case() -> Self {
        let town = Town::new();
        let one = town.counter("skranke-1");
        let other = town.counter("skranke-2");
        let draft = draft_of(&one, "0201703984", "Aase Lindholm");
        let case = one
            .decide(DecideRequest {
                draft_id: Some(draft),
                case_id: None,
                decision: Decision::HandIn,
                no_conflict_of_interest: true,
            })
            .unwrap()
            .row
            .id;
        let two = Self {
            town,
            one,
            other,
            case,
        };
        two.meet();
        two
    }

    /// Both counters reach the central store, each of them after the other.
    fn meet(&self) {
        Town::meet(&self.one, &self.other);
    }

    fn decide(&self, app: &App, decision: Decision) -> Result<CaseView, ErrorCode> {
        app.decide(DecideRequest {
            draft_id: None,
            case_id: Some(self.case.clone()),
            decision,
            no_conflict_of_interest: true,
        })
        .map_err(|error| error.code)
    }

    fn show(&self, app: &App) -> CaseView {
        app.case_show(CaseRef {
            id: self.case.clone(),
            purpose: Some("case_work".to_owned()),
        })
        .unwrap()
    }

    fn register(&self, app: &App) -> Result<CaseView, ErrorCode> {
        app.tick(TickRequest::Registered {
            case_id: self.case.clone(),
            reference: String::new(),
            registered_at: None,
        })
        .map_err(|error| error.code)
    }

    fn choose(&self, app: &App, kind: &str, reason: &str) -> Result<CaseView, ErrorCode> {
        let view = self.show(app);
        let side = side(&view, kind);
        app.conflict_resolve(ConflictResolveRequest {
            case_id: self.case.clone(),
            field: view.conflicts[0].field.clone(),
            chosen: side.event.clone(),
            reason: reason.to_owned(),
        })
        .map_err(|error| error.code)
    }

    /// Both decide, one this way and the other that, and then meet.
    fn decided_apart() -> Self {
        let two = Self::with_an_open_case();
        two.decide(&two.one, GRANT).unwrap();
        two.decide(&two.other, refusal()).unwrap();
        two.meet();
        two
    }
}

const GRANT: Decision = Decision::Grant { duration: None };

fn refusal() -> Decision {
    Decision::Refuse {
        reasons: "Ingen af betingelserne er opfyldt".to_owned(),
        consultation_held_on: None,
        consultation_not_needed: "Oplysningerne er borgerens egne".to_owned(),
    }
}

fn side<'v>(view: &'v CaseView, kind: &str) -> &'v ConflictSide {
    let mut sides = view.conflicts[0].sides.iter();
    sides.find(|side| side.kind == kind).unwrap()
}

#[test]
fn two_decisions_made_apart_are_shown_side_by_side_and_neither_counts_yet() {
    // Given one counter that granted and another that refused, neither knowing of the other
    let two = Two::decided_apart();

    for (app, own, others) in [
        (&two.one, "granted", "refused"),
        (&two.other, "refused", "granted"),
    ] {
        // Then each shows both, with who, when and where, and the case is as it was before them
        let view = two.show(app);
        assert!(view.row.conflict && !view.exempt);
        assert!(
            matches!(view.row.state.as_str(), "ready" | "received"),
            "{}",
            view.row.state
        );
        assert_eq!(view.conflicts.len(), 1);
        assert_eq!(view.conflicts[0].field, "state");
        assert_eq!(view.conflicts[0].sides.len(), 2);
        assert!(!view.conflicts[0].before.is_empty());
        assert!(side(&view, own).here && !side(&view, others).here);
        let codes = [side(&view, own), side(&view, others)].map(|side| side.device.clone());
        assert!(codes.iter().all(|code| !code.is_empty()), "{codes:?}");
        assert_ne!(codes[0], codes[1]);
        for side in &view.conflicts[0].sides {
            assert_eq!(side.initials, "KT");
            assert!(!side.name.is_empty() && !side.at.is_empty() && !side.facts.is_empty());
            assert!(side.papers[0].starts_with("Erklæring, underskrevet"));
        }
        assert!(view.actions.contains(&"conflict_resolve".to_owned()));

        // And nothing that rests on it goes on until someone has chosen
        assert_eq!(two.decide(app, GRANT).err(), Some(ErrorCode::ConflictOpen));
        assert_eq!(
            two.decide(app, Decision::Withdraw).err(),
            Some(ErrorCode::ConflictOpen)
        );
        assert!(two.register(app).is_err());
    }
}

#[test]
fn each_value_names_the_papers_its_author_had_and_no_other() {
    // Given two counters that both have the declaration; one of them gets the signed form too, and both decide
    let two = Two::with_an_open_case();
    let case = two.show(&two.one);
    attach(&two.one, &two.town, &case, &picture(60, 80));
    two.decide(&two.one, GRANT).unwrap();
    two.decide(&two.other, refusal()).unwrap();
    two.meet();

    // Then each value says so on both computers
    for app in [&two.one, &two.other] {
        let view = two.show(app);
        let (granted, refused) = (side(&view, "granted"), side(&view, "refused"));
        assert_eq!(refused.papers.len(), 1, "{:?}", refused.papers);
        assert_eq!(granted.papers.len(), 2, "{:?}", granted.papers);
        assert_eq!(granted.papers[1], "Underskrevet anmodning (anmodning.png)");
    }
}

#[test]
fn a_choice_with_a_reason_settles_it_on_every_computer_and_work_goes_on() {
    let two = Two::decided_apart();
    assert_eq!(
        two.choose(&two.other, "granted", "  ").err(),
        Some(ErrorCode::ReasonMissing)
    );

    // When one of them chooses the grant, with a reason
    let chosen = two
        .choose(
            &two.other,
            "granted",
            "Betingelsen fremgår af det, borgeren skrev",
        )
        .unwrap();

    // Then it is granted there at once, and everywhere after the next contact
    assert_eq!(chosen.row.state, "granted");
    assert!(chosen.conflicts.is_empty() && !chosen.row.conflict);
    two.meet();
    let view = two.show(&two.one);
    assert_eq!(view.row.state, "granted");
    assert!(view.conflicts.is_empty());

    // And the choice, its reason and the refusal stay in the history, confirmed by the central store
    let line = view
        .timeline
        .iter()
        .find(|entry| entry.kind == "conflict_resolved");
    assert!(line.unwrap().detail.contains("borgeren skrev"));
    assert!(view.timeline.iter().any(|entry| entry.kind == "refused"));
    assert!(view.timeline.iter().all(|entry| entry.sync == "confirmed"));

    // And it can be registered, but not chosen again
    let event = two.case.clone();
    let again = two.one.conflict_resolve(ConflictResolveRequest {
        case_id: two.case.clone(),
        field: "state".to_owned(),
        chosen: event,
        reason: "Igen".to_owned(),
    });
    assert_eq!(again.err().unwrap().code, ErrorCode::ConflictSettled);
    assert!(two.register(&two.one).unwrap().exempt);
}

#[test]
fn two_choices_made_apart_are_a_conflict_again_and_not_settled_by_chance() {
    // Given a conflict that both counters settle apart, each its own way
    let two = Two::decided_apart();
    two.choose(&two.one, "granted", "Jeg talte med borgeren")
        .unwrap();
    two.choose(&two.other, "refused", "Erklæringen mangler noget")
        .unwrap();

    // When they meet
    two.meet();

    // Then both show the same conflict again, and neither decision counts
    let (one, other) = (two.show(&two.one), two.show(&two.other));
    assert_eq!(one.conflicts[0].sides.len(), 2);
    assert_eq!(one.row.state, other.row.state);
    assert!(!one.exempt && one.row.conflict && other.row.conflict);
    two.choose(&two.one, "refused", "Vi har talt sammen")
        .unwrap();
    two.meet();
    for app in [&two.one, &two.other] {
        assert_eq!(two.show(app).row.state, "refused");
        assert!(two.show(app).conflicts.is_empty());
    }
}

#[test]
fn the_same_decision_made_twice_is_no_conflict() {
    let two = Two::with_an_open_case();
    two.decide(&two.one, GRANT).unwrap();
    two.decide(&two.other, GRANT).unwrap();

    two.meet();

    for app in [&two.one, &two.other] {
        let view = two.show(app);
        assert!(view.conflicts.is_empty());
        assert_eq!(view.row.state, "granted");
    }
}

#[test]
fn who_may_only_hand_in_sees_the_conflict_and_may_not_choose() {
    let two = Two::decided_apart();
    crate::sign_in_as(&two.one, "omar");
    let view = two.show(&two.one);
    assert!(view.row.conflict);
    assert!(
        view.conflicts.is_empty(),
        "what others wrote in the decision may hint at the ground"
    );
    assert!(!view.actions.contains(&"conflict_resolve".to_owned()));
    let event = side(&two.show(&two.other), "granted").event.clone();
    let refused = two.one.conflict_resolve(ConflictResolveRequest {
        case_id: two.case.clone(),
        field: "state".to_owned(),
        chosen: event,
        reason: "Fordi".to_owned(),
    });
    assert_eq!(refused.err().unwrap().code, ErrorCode::NotPermitted);
}

#[test]
fn what_one_registered_while_the_other_took_it_back_is_warned_of_on_both_counters() {
    let two = Two::with_an_open_case();
    two.decide(&two.one, GRANT).unwrap();
    two.meet();
    sign_in_as(&two.other, "hanne");

    two.register(&two.one).unwrap();
    let taken = two.other.take_back(TakeBackRequest {
        case_id: two.case.clone(),
        reasons: "Fritagelsen bygger på en forveksling".to_owned(),
        consultation_held_on: None,
        consultation_not_needed: "Borgeren bad selv om det".to_owned(),
        removed_from_register: false,
        no_conflict_of_interest: true,
    });
    let is_warned = |app: &App| {
        let warnings = two.show(app).warnings;
        warnings.contains(&"still_registered".to_owned())
    };
    assert_eq!(taken.unwrap().row.state, "taken_back");
    assert!(!is_warned(&two.one) && !is_warned(&two.other));

    two.meet();

    assert!(is_warned(&two.one) && is_warned(&two.other));
}
