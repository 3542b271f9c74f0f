//! Two cases about one citizen that a person merges.

use skranke_domain::case::Case;
use skranke_domain::event::{Consultation, Event, MergedInto, Refused, Rejected};
use skranke_domain::ids::{CaseId, EventId, GrantId};
use skranke_domain::role::Role;
use skranke_domain::rule_set::RuleSetCode;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::payload;
use skranke_protocol::wire::{Outcome, QuarantineReason, Scope, Verdict};
use skranke_server::store::StoredFeedItem;
use uuid::Uuid;

use crate::office::{Laptop, Office, last, noon};

const ONE: &str = "2512169996";
const ANOTHER: &str = "2211771212";

fn merged_into(other: CaseId) -> Event {
    Event::MergedInto(MergedInto {
        other,
        merged_at: noon(),
        reason: "Samme anmodning".to_owned(),
    })
}

/// A laptop at which a lead works.
fn lead(office: &Office, seed: u8) -> Laptop {
    let mut laptop = office.laptop(seed, Scope::Tenant);
    laptop.grant = GrantId::from_uuid(Uuid::now_v7());
    office.grant(&laptop, laptop.grant, &[Role::Lead]);
    laptop
}

/// A case, and what its next author has seen of it.
type Known = (CaseId, Vec<EventId>);

fn opened(office: &Office, laptop: &mut Laptop, cpr: &str) -> Known {
    let (case, opening) = laptop.open_case(cpr);
    office.verdict(laptop, &opening);
    (case, last(&opening))
}

/// What a computer sends where somebody merges: the case that goes on is told, then the other ends in it.
fn merge(laptop: &mut Laptop, ending: &Known, lasting: &Known) -> Vec<SealedEvent> {
    let told = Event::DuplicateLinked { other: ending.0 };
    let link = laptop.command(lasting.0, &lasting.1, &[told]);
    let end = laptop.command(ending.0, &ending.1, &[merged_into(lasting.0)]);
    [link, end].concat()
}

fn outcomes(office: &Office, laptop: &Laptop, events: &[SealedEvent]) -> Vec<Option<String>> {
    let verdicts = office.push(laptop.id, events).verdicts.into_iter();
    verdicts
        .map(|verdict| match verdict.verdict {
            Verdict::First(Outcome::Quarantined { reason }) => Some(reason.code().to_owned()),
            Verdict::First(Outcome::Accepted { .. }) => None,
            other @ (Verdict::First(_) | Verdict::Duplicate(_)) => {
                panic!("neither taken nor held: {other:?}")
            }
        })
        .collect()
}

fn rule(code: &str) -> Option<String> {
    Some(QuarantineReason::rule(code).code().to_owned())
}

/// A case as every computer folds it from the feed.
fn served(office: &Office, laptop: &Laptop, case: CaseId) -> Case {
    let recorded: Vec<_> = office
        .feed(laptop)
        .into_iter()
        .filter_map(|(_, item)| match item {
            StoredFeedItem::Event(event) if event.header().case_id == case => {
                Some(payload::recorded(&event).unwrap())
            }
            StoredFeedItem::Event(_)
            | StoredFeedItem::ScopeEntered(..)
            | StoredFeedItem::ScopeLeft(_) => None,
        })
        .collect();
    Case::fold(case, &recorded)
}

pub(crate) fn a_merge_ends_one_case_is_served_and_can_be_undone(office: &Office) {
    let mut laptop = lead(office, 1);
    let one = opened(office, &mut laptop, ONE);
    let other = opened(office, &mut laptop, ONE);

    let sent = merge(&mut laptop, &other, &one);
    assert_eq!(outcomes(office, &laptop, &sent), [None, None]);

    assert!(served(office, &laptop, other.0).is_merged());
    assert_eq!(served(office, &laptop, one.0).duplicates, [other.0]);
    let seen = vec![sent[1].header().id];
    let reason = "To anmodninger alligevel".to_owned();
    let undo = laptop.command(other.0, &seen, &[Event::MergeUndone { reason }]);
    assert_eq!(outcomes(office, &laptop, &undo), [None]);
    assert!(served(office, &laptop, other.0).state.is_open());
}

pub(crate) fn a_merge_that_cannot_be_is_held_apart_with_its_reason(office: &Office) {
    let mut laptop = lead(office, 1);
    let one = opened(office, &mut laptop, ONE);
    let other = opened(office, &mut laptop, ONE);
    let stranger = opened(office, &mut laptop, ANOTHER);

    // Into a case that there is not, and into one that was not told
    let nowhere = CaseId::from_uuid(Uuid::now_v7());
    for into in [nowhere, one.0] {
        let alone = laptop.command(other.0, &other.1, &[merged_into(into)]);
        assert_eq!(
            outcomes(office, &laptop, &alone),
            [rule("merge_not_linked")]
        );
    }

    // Into a case about somebody else
    let sent = merge(&mut laptop, &stranger, &one);
    assert_eq!(
        outcomes(office, &laptop, &sent),
        [None, rule("merge_other_citizen")]
    );

    // Into one that has itself ended in it: a ring
    let one = (one.0, vec![sent[0].header().id]);
    let sent = merge(&mut laptop, &other, &one);
    assert_eq!(outcomes(office, &laptop, &sent), [None, None]);
    let one = (one.0, vec![sent[0].header().id]);
    let other = (other.0, vec![sent[1].header().id]);
    let back = merge(&mut laptop, &one, &other);
    assert_eq!(
        outcomes(office, &laptop, &back),
        [rule("not_mergeable"), rule("merge_not_linked")]
    );
    assert!(served(office, &laptop, other.0).is_merged());
    assert!(!served(office, &laptop, one.0).is_merged());
}

pub(crate) fn a_counter_may_not_merge(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let one = opened(office, &mut laptop, ONE);
    let other = opened(office, &mut laptop, ONE);

    let sent = merge(&mut laptop, &other, &one);

    let not_permitted = Some(QuarantineReason::NotPermitted.code().to_owned());
    assert_eq!(
        outcomes(office, &laptop, &sent),
        [not_permitted.clone(), not_permitted]
    );
}

pub(crate) fn two_merges_that_cross_are_both_taken_and_neither_case_is_gone(office: &Office) {
    let (mut first, mut second) = (lead(office, 1), lead(office, 2));
    let one = opened(office, &mut first, ONE);
    let other = opened(office, &mut second, ONE);

    // Each merges its own way, and neither has heard of the other
    let forth = merge(&mut first, &other, &one);
    let back = merge(&mut second, &one, &other);
    assert_eq!(outcomes(office, &first, &forth), [None, None]);
    assert!(served(office, &first, other.0).is_merged());
    assert_eq!(outcomes(office, &second, &back), [None, None]);

    for case in [one.0, other.0] {
        let case = served(office, &first, case);
        assert!(case.state.is_open(), "it is still there to be worked on");
        assert_eq!(case.overlaps.len(), 1, "and marked for somebody to look");
    }
}

pub(crate) fn a_case_that_is_over_takes_in_no_other(office: &Office) {
    let mut laptop = lead(office, 1);
    let one = opened(office, &mut laptop, ONE);
    let other = opened(office, &mut laptop, ONE);
    let withdrawn = Event::Withdrawn {
        withdrawn_at: noon(),
    };
    let over = laptop.command(one.0, &one.1, &[withdrawn]);
    assert_eq!(outcomes(office, &laptop, &over), [None]);

    // A person who had seen that it is over
    let seen = (one.0, last(&over));
    let sent = merge(&mut laptop, &other, &seen);

    assert_eq!(
        outcomes(office, &laptop, &sent),
        [rule("not_mergeable"), rule("merge_not_linked")]
    );
}

/// Each decision there is, for a case that could take it were it not over.
fn decisions() -> Vec<Event> {
    let at = noon();
    vec![
        Event::MarkedReady,
        Event::MarkedIncomplete { missing: vec![] },
        Event::Rejected(Rejected {
            rejected_at: at,
            reason: "no_valid_id".to_owned(),
            next_step: String::new(),
        }),
        Event::Withdrawn { withdrawn_at: at },
        Event::HelpedInstead {
            ended_at: at,
            offer: "mitid".to_owned(),
        },
        Event::Forwarded {
            forwarded_at: at,
            authority: "Faxe Kommune".to_owned(),
        },
        Event::Refused(Refused {
            decided_at: at,
            rule_set: RuleSetCode::C,
            unmet: vec![],
            reasons: "Ingen grund erklæret".to_owned(),
            consultation: Consultation::NotNeeded {
                reason: "Kendt".to_owned(),
            },
        }),
    ]
}

pub(crate) fn a_case_that_is_over_or_goes_on_elsewhere_takes_no_decision(office: &Office) {
    let mut laptop = lead(office, 1);
    let one = opened(office, &mut laptop, ONE);
    let withdrawn = Event::Withdrawn {
        withdrawn_at: noon(),
    };
    let over = laptop.command(one.0, &one.1, &[withdrawn]);
    assert_eq!(outcomes(office, &laptop, &over), [None]);
    let (ended, lasting) = (
        opened(office, &mut laptop, ANOTHER),
        opened(office, &mut laptop, ANOTHER),
    );
    let merged = merge(&mut laptop, &ended, &lasting);
    assert_eq!(outcomes(office, &laptop, &merged), [None, None]);

    for (case, seen) in [(one.0, last(&over)), (ended.0, last(&merged))] {
        for decision in decisions() {
            let kind = decision.kind();
            let command = laptop.command(case, &seen, &[decision]);
            assert_eq!(
                outcomes(office, &laptop, &command),
                [rule("not_open")],
                "{kind}"
            );
        }
    }
    let decision = laptop.command(lasting.0, &last(&merged[..1]), &[Event::MarkedReady]);
    assert_eq!(
        outcomes(office, &laptop, &decision),
        [None],
        "where it goes on, it is decided"
    );
}
