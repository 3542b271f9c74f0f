//! Decisions are judged again by the central store, whatever the program that sent them.

use chrono::NaiveDate;
use skranke_domain::event::{
    Channel, Consultation, DeclarationSigned, Event, Granted, Guardian, GuardianScope,
    IdentityChecked, Refused, Residence, Signature,
};
use skranke_domain::ids::GrantId;
use skranke_domain::role::Role;
use skranke_domain::rule_set::{Duration, RuleSetCode};
use skranke_protocol::wire::{Outcome, QuarantineReason, Scope, Verdict};
use uuid::Uuid;

use crate::office::{Laptop, Office, citizen, last, noon};

/// Replacement numbers of fictional people: 14 and 56 years old on the day.
const AGED_14: &str = "7212114000";
const AGED_56: &str = "6201703000";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn grant(rule_set: RuleSetCode, duration: Duration) -> Event {
    Event::Granted(Granted {
        decided_at: noon(),
        rule_set,
        duration,
        met: vec!["declared".to_owned()],
    })
}

fn plain_grant() -> Event {
    grant(RuleSetCode::C, Duration::Permanent)
}

fn guardian(is_parent: bool, from: Option<&str>, to: Option<&str>) -> Event {
    Event::GuardianRecorded(Guardian {
        name: "Mads Lindholm".to_owned(),
        scope: GuardianScope::Both,
        is_parent,
        appointment_seen: !is_parent,
        valid_from: from.map(day),
        valid_to: to.map(day),
    })
}

fn refusal() -> Event {
    Event::Refused(Refused {
        decided_at: noon(),
        rule_set: RuleSetCode::C,
        unmet: vec![],
        reasons: "Borgeren erklærer ikke nogen grund.".to_owned(),
        consultation: Consultation::NotNeeded {
            reason: " ".to_owned(),
        },
    })
}

struct Told {
    cpr: &'static str,
    residence: Residence,
    channel: Channel,
    also: Vec<Event>,
    decision: Event,
}

impl Told {
    fn of(decision: Event) -> Self {
        Self {
            cpr: AGED_56,
            residence: Residence::Fixed,
            channel: Channel::InPerson,
            also: vec![],
            decision,
        }
    }

    fn by_guardian(guardian: Event) -> Self {
        Self {
            channel: Channel::Guardian,
            also: vec![guardian],
            ..Self::of(plain_grant())
        }
    }

    /// Opens the case in one command and decides it in the next; gives the decision's outcome.
    fn outcome(self, office: &Office, laptop: &mut Laptop) -> Outcome {
        let mut person = citizen(self.cpr, "Aase Lindholm");
        person.residence = self.residence;
        let mut events = vec![
            laptop.opened(self.channel),
            Event::CitizenRecorded(person),
            Event::IdentityChecked(IdentityChecked {
                id_kind: "passport".to_owned(),
                shows_cpr: true,
                valid: true,
            }),
            Event::DeclarationSigned(DeclarationSigned {
                signed_on: day("2026-11-20"),
                rule_set: RuleSetCode::C,
                signature: Signature::OnPaper,
                understood: vec![],
                grounds: vec![],
            }),
        ];
        events.extend(self.also);
        let case = skranke_domain::ids::CaseId::from_uuid(Uuid::now_v7());
        let opening = laptop.command(case, &[], &events);
        let decision = laptop.command(
            case,
            &last(&opening),
            &[
                Event::ConflictOfInterestChecked { none: true },
                Event::MarkedReady,
                self.decision,
            ],
        );
        let verdicts = office
            .push(laptop.id, &[opening, decision].concat())
            .verdicts;
        let outcomes: Vec<Outcome> = verdicts
            .into_iter()
            .map(|verdict| match verdict.verdict {
                Verdict::First(outcome) | Verdict::Duplicate(outcome) => outcome,
            })
            .collect();
        assert!(
            matches!(outcomes[0], Outcome::Accepted { .. }),
            "{outcomes:?}"
        );
        outcomes[1].clone()
    }
}

fn decider(office: &Office) -> Laptop {
    let mut laptop = office.laptop(1, Scope::Tenant);
    laptop.grant = GrantId::from_uuid(Uuid::now_v7());
    office.grant(&laptop, laptop.grant, &[Role::Counter, Role::Lead]);
    laptop
}

pub(crate) fn a_decision_the_law_does_not_allow_is_held_apart_with_its_reason(office: &Office) {
    let mut laptop = decider(office);
    let young = Told {
        cpr: AGED_14,
        ..Told::of(plain_grant())
    };
    let unregistered = Told {
        residence: Residence::NeverRegistered,
        ..Told::of(plain_grant())
    };
    for (told, reason) in [
        (young, "too_young"),
        (unregistered, "not_covered"),
        (
            Told::by_guardian(guardian(false, None, Some("2026-11-19"))),
            "appointment_not_in_force",
        ),
        (
            Told::by_guardian(guardian(false, Some("2026-11-21"), None)),
            "appointment_not_in_force",
        ),
        (
            Told::by_guardian(guardian(true, None, None)),
            "parent_of_adult",
        ),
        (
            Told::of(grant(RuleSetCode::C, Duration::TimeLimited)),
            "duration_does_not_fit",
        ),
        (
            Told::of(grant(RuleSetCode::A, Duration::TimeLimited)),
            "rule_set_does_not_fit",
        ),
        (
            Told::of(grant(RuleSetCode::B, Duration::Permanent)),
            "rule_set_does_not_fit",
        ),
        (Told::of(refusal()), "reason_missing"),
        (
            Told::of(Event::DeathUndone {
                reason: "Forkert borger".to_owned(),
            }),
            "no_death_recorded",
        ),
    ] {
        let outcome = told.outcome(office, &mut laptop);
        assert_eq!(
            outcome,
            Outcome::Quarantined {
                reason: QuarantineReason::rule(reason)
            }
        );
    }
}

pub(crate) fn a_decision_that_holds_is_accepted(office: &Office) {
    let mut laptop = decider(office);
    for told in [
        Told::of(plain_grant()),
        Told::by_guardian(guardian(false, Some("2026-11-20"), Some("2026-11-20"))),
    ] {
        let outcome = told.outcome(office, &mut laptop);
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    }
}
