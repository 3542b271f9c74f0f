//! The life of a case, told as the law and practice tell it.

mod going_on;

use chrono::{DateTime, Duration as Span, Utc};
use proptest::prelude::*;
use uuid::Uuid;

mod concurrency;
mod decisions;
mod merging;

use super::*;
use crate::cpr::Cpr;
use crate::event::{
    AttachmentPurpose, Channel, Consultation, Extended, PaperKind, ReceiptDelivery, Residence,
    Signature,
};
use crate::ids::{CaseNumber, Sha256Digest};
use crate::power_of_attorney::Representative;
use crate::rule_set::RuleSetCode;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn id(n: u128) -> EventId {
    EventId::from_uuid(Uuid::from_u128(n))
}

/// A case told event by event, each author having seen all before.
struct Story {
    events: Vec<Recorded>,
    now: DateTime<Utc>,
}

impl Story {
    fn new() -> Self {
        Self {
            events: Vec::new(),
            now: at("2026-03-13T12:50:00Z"),
        }
    }

    fn case(&self) -> Case {
        Case::fold(CaseId::from_uuid(Uuid::from_u128(1)), &self.events)
    }

    /// Adds an event that must be allowed.
    fn then(mut self, event: Event) -> Self {
        assert_eq!(check(&self.case(), &event), Ok(()), "{}", event.kind());
        let heads = self.case().heads;
        self.push(event, heads);
        self
    }

    fn push(&mut self, event: Event, based_on: Vec<EventId>) -> EventId {
        let n = self.events.len() as u128 + 1;
        self.now += Span::minutes(1);
        self.events.push(Recorded {
            id: id(n),
            command: CommandId::from_uuid(Uuid::from_u128(n)),
            based_on,
            recorded_at: self.now,
            hash: [u8::try_from(n).unwrap(); 32],
            actor: StaffId::from_uuid(Uuid::from_u128(7)),
            event: Some(event),
        });
        id(n)
    }

    /// One command of several events, by an author who had seen `based_on`; gives the last event.
    fn command(&mut self, events: &[Event], based_on: &[EventId]) -> EventId {
        let first = self.events.len();
        let mut seen = based_on.to_vec();
        for event in events {
            seen = vec![self.push(event.clone(), seen)];
        }
        let command = self.events[first].command;
        for recorded in &mut self.events[first..] {
            recorded.command = command;
        }
        seen[0]
    }

    fn refuses(&self, event: &Event) -> RuleBroken {
        check(&self.case(), event).expect_err(event.kind())
    }
}

fn opened(channel: Channel) -> Event {
    Event::CaseOpened(CaseOpened {
        number: CaseNumber::new(2026, "S3", 147).unwrap(),
        channel,
        location: "raadhus".to_owned(),
        municipality: "demo".to_owned(),
        profile: "demo@1".to_owned(),
        form: "f1@2".to_owned(),
        received_on: "2026-03-13".parse().unwrap(),
    })
}

fn citizen(name: &str) -> Event {
    Event::CitizenRecorded(CitizenRecorded {
        cpr: Cpr::parse("6201703000").unwrap(),
        name: name.to_owned(),
        address: "Åvej 2, 9990 Solbjerg".to_owned(),
        address_protected: false,
        residence: Residence::Fixed,
        phone: String::new(),
        municipality: String::new(),
    })
}

fn looked(looked_at: &str, seen: RegisterStatus) -> Event {
    Event::RegisterLookedUp {
        looked_at: at(looked_at),
        seen,
    }
}

fn extended(extended_at: &str, until: &str) -> Event {
    Event::Extended(Extended {
        extended_at: at(extended_at),
        until: until.parse().unwrap(),
        reason: "Betingelsen er stadig opfyldt".to_owned(),
    })
}

fn identity(valid: bool) -> Event {
    Event::IdentityChecked(IdentityChecked {
        id_kind: "passport".to_owned(),
        shows_cpr: true,
        valid,
    })
}

fn declared() -> Event {
    Event::DeclarationSigned(DeclarationSigned {
        signed_on: "2026-03-13".parse().unwrap(),
        rule_set: RuleSetCode::C,
        signature: Signature::OnPaper,
        understood: vec!["payslips".to_owned()],
        grounds: Vec::new(),
    })
}

fn grant() -> Event {
    grant_at("2026-03-13T13:00:00Z")
}

fn grant_at(moment: &str) -> Event {
    Event::Granted(Granted {
        decided_at: at(moment),
        rule_set: RuleSetCode::C,
        duration: Duration::Permanent,
        met: vec!["declared".to_owned()],
    })
}

fn registered_at(moment: &str) -> Event {
    Event::Registered(Registered {
        registered_at: at(moment),
        reference: String::new(),
    })
}

fn receipt(delivery: ReceiptDelivery, reason: &str) -> Event {
    Event::ReceiptGiven(ReceiptGiven {
        delivery,
        given_at: at("2026-03-13T13:05:00Z"),
        reason: reason.to_owned(),
    })
}

fn journalised() -> Event {
    Event::Journalised(Journalised {
        journalised_at: at("2026-03-13T13:06:00Z"),
        reference: "2026-00017-1".to_owned(),
    })
}

fn paper(kind: PaperKind) -> Event {
    Event::PaperIssued(PaperIssued {
        kind,
        number: "S3-2026-00412".to_owned(),
        copy: 0,
        digest: Sha256Digest::from_bytes([0; 32]),
        large_print: false,
    })
}

fn no_conflict() -> Event {
    Event::ConflictOfInterestChecked { none: true }
}

fn ready() -> Story {
    Story::new()
        .then(opened(Channel::InPerson))
        .then(citizen("Aase Lindholm"))
        .then(identity(true))
        .then(declared())
        .then(Event::UnopenedPostChosen(UnopenedPost::ToRegisteredAddress))
        .then(Event::MarkedReady)
}

fn granted() -> Story {
    ready().then(no_conflict()).then(grant())
}

#[test]
fn granted_is_not_yet_exempt_until_it_is_registered() {
    let story = granted();
    assert!(
        !story.case().is_exempt(),
        "practice 2: digital post still counts as received"
    );
    assert_eq!(story.case().missing_ticks(), Tick::ALL);
    assert_eq!(
        story.refuses(&paper(PaperKind::ExemptionReceipt)),
        RuleBroken::PaperDoesNotFit
    );
    assert_eq!(
        story.refuses(&receipt(ReceiptDelivery::HandedOver, "")),
        RuleBroken::NotRegistered
    );

    let story = story
        .then(paper(PaperKind::InterimPaper))
        .then(registered_at("2026-03-13T14:00:00Z"))
        .then(paper(PaperKind::ExemptionReceipt));

    assert!(story.case().is_exempt());
    assert_eq!(
        story.case().missing_ticks(),
        [Tick::Receipt, Tick::Journalised]
    );
    assert_eq!(
        story.refuses(&paper(PaperKind::InterimPaper)),
        RuleBroken::PaperDoesNotFit
    );
}

#[test]
fn the_receipt_can_be_waived_with_a_reason_and_the_other_ticks_cannot() {
    let story = granted().then(registered_at("2026-03-13T13:01:00Z"));

    assert_eq!(
        story.refuses(&receipt(ReceiptDelivery::Waived, " ")),
        RuleBroken::ReasonMissing
    );
    let story = story
        .then(receipt(ReceiptDelivery::Waived, "Borgeren ønsker den ikke"))
        .then(journalised());
    assert_eq!(story.case().missing_ticks(), []);
}

#[test]
fn registration_cannot_lie_before_the_decision_or_happen_twice() {
    let story = granted();
    assert_eq!(
        story.refuses(&registered_at("2026-03-13T12:59:59Z")),
        RuleBroken::RegisteredBeforeDecision
    );

    let story = story.then(registered_at("2026-03-13T13:01:00Z"));
    assert_eq!(
        story.refuses(&registered_at("2026-03-13T13:02:00Z")),
        RuleBroken::AlreadyTicked
    );
}

#[test]
fn row_4_20_no_decision_before_the_case_is_informed() {
    let story = Story::new()
        .then(opened(Channel::InPerson))
        .then(citizen("Aase Lindholm"));
    assert_eq!(story.refuses(&grant()), RuleBroken::NotReady);

    let story = story.then(Event::MarkedReady).then(no_conflict());
    assert_eq!(story.refuses(&grant()), RuleBroken::IdentityNotChecked);
    let story = story.then(identity(false));
    assert_eq!(story.refuses(&grant()), RuleBroken::IdentityNotChecked);
    let story = story.then(identity(true));
    assert_eq!(story.refuses(&grant()), RuleBroken::NotDeclared);
    assert_eq!(
        story.then(declared()).then(grant()).case().state,
        CaseState::Granted
    );
}

#[test]
fn row_4_31_nobody_decides_without_the_conflict_of_interest_check() {
    assert_eq!(
        ready().refuses(&grant()),
        RuleBroken::ConflictOfInterestUnchecked
    );

    let story = ready().then(Event::ConflictOfInterestChecked { none: false });
    assert_eq!(
        story.refuses(&grant()),
        RuleBroken::ConflictOfInterestUnchecked
    );
}

#[test]
fn row_4_25_a_refusal_needs_reasons() {
    let refusal = |reasons: &str| {
        Event::Refused(Refused {
            decided_at: at("2026-03-13T13:00:00Z"),
            rule_set: RuleSetCode::C,
            unmet: vec!["declared".to_owned()],
            reasons: reasons.to_owned(),
            consultation: Consultation::NotNeeded {
                reason: "Borgerens egne oplysninger".to_owned(),
            },
        })
    };
    let story = ready().then(no_conflict());

    assert_eq!(story.refuses(&refusal("")), RuleBroken::ReasonMissing);
    let story = story.then(refusal("Borgeren vil ikke erklære at opfylde en grund."));
    assert_eq!(story.case().state, CaseState::Refused);
    assert_eq!(
        story.case().missing_ticks(),
        [Tick::Journalised],
        "practice 4"
    );
    assert_eq!(story.refuses(&grant()), RuleBroken::NotReady);
    assert_eq!(story.then(paper(PaperKind::Refusal)).case().papers.len(), 1);
}

#[test]
fn rejection_is_not_refusal_and_needs_no_conflict_of_interest_check() {
    let story = Story::new()
        .then(opened(Channel::InPerson))
        .then(Event::Rejected(Rejected {
            rejected_at: at("2026-03-13T13:00:00Z"),
            reason: "no_valid_id".to_owned(),
            next_step: String::new(),
        }));

    assert_eq!(story.case().state, CaseState::Rejected);
    assert!(story.case().refused.is_none());
    assert_eq!(story.case().missing_ticks(), [Tick::Journalised]);
}

#[test]
fn row_2_17_choosing_help_instead_is_an_end_without_ticks() {
    let ended_at = at("2026-03-13T13:00:00Z");
    let story = ready().then(Event::HelpedInstead {
        ended_at,
        offer: "course".to_owned(),
    });

    assert_eq!(story.case().state, CaseState::HelpedInstead);
    assert_eq!(story.case().missing_ticks(), []);
}

#[test]
fn row_2_23_a_representative_needs_a_power_of_attorney_that_holds() {
    let power = |citizen_signed| {
        Event::PowerOfAttorneyRecorded(PowerOfAttorney {
            representative: Representative {
                name: "Mads Lindholm".to_owned(),
                cpr: None,
                birth_date: Some("1997-08-14".parse().unwrap()),
                address: String::new(),
                relation: "child".to_owned(),
            },
            signed_on: Some("2026-03-02".parse().unwrap()),
            citizen_signed,
            representative_signed: true,
            self_made: false,
            covers_unopened_post: true,
        })
    };
    let story = Story::new()
        .then(opened(Channel::Representative))
        .then(citizen("Aase Lindholm"))
        .then(identity(true))
        .then(declared())
        .then(Event::MarkedReady)
        .then(no_conflict());
    assert_eq!(story.refuses(&grant()), RuleBroken::NoPowerOfAttorney);

    let story = story.then(power(false));
    assert_eq!(story.refuses(&grant()), RuleBroken::PowerOfAttorneyInvalid);
    let story = story.then(power(true)).then(grant());

    let revoked = Event::PowerOfAttorneyRevoked {
        revoked_on: "2026-03-14".parse().unwrap(),
        reason: String::new(),
    };
    let used = Event::PowerOfAttorneyUsed {
        used_at: at("2026-03-13T13:03:00Z"),
        purpose: "receipt".into(),
    };
    let story = story.then(used.clone()).then(revoked);
    assert_eq!(story.case().power_of_attorney_uses.len(), 1);
    assert_eq!(story.refuses(&used), RuleBroken::PowerOfAttorneyInvalid);
}

#[test]
fn a_tick_is_undone_with_a_reason_and_registration_only_before_the_receipt() {
    let undo = |tick, reason: &str| Event::TickUndone {
        tick,
        reason: reason.to_owned(),
    };
    let story = granted().then(registered_at("2026-03-13T13:01:00Z"));
    assert_eq!(
        story.refuses(&undo(Tick::Registered, "")),
        RuleBroken::ReasonMissing
    );
    assert_eq!(
        story.refuses(&undo(Tick::Receipt, "Fejl")),
        RuleBroken::NotTicked
    );

    let undone = story.then(undo(Tick::Registered, "Sat ved en fejl"));
    assert!(!undone.case().is_exempt());
    let story = undone
        .then(registered_at("2026-03-13T13:10:00Z"))
        .then(receipt(ReceiptDelivery::HandedOver, ""));
    assert_eq!(
        story.refuses(&undo(Tick::Registered, "Fejl")),
        RuleBroken::AlreadyTicked
    );
}

#[test]
fn a_wrong_registration_is_put_right_and_journalised_anew() {
    let story = granted()
        .then(registered_at("2026-03-13T13:01:00Z"))
        .then(journalised())
        .then(Event::WronglyCreated(WronglyCreated {
            corrected_at: at("2026-03-13T13:20:00Z"),
            reason: "Tastet forkert nummer".to_owned(),
            removed_from_register: true,
            resend_post: true,
            right_case: None,
        }));

    let case = story.case();
    assert_eq!(case.state, CaseState::WronglyCreated);
    assert!(!case.is_exempt());
    assert_eq!(case.missing_ticks(), [Tick::Journalised]);
    assert!(case.registered.is_some(), "history is kept");
    story.then(paper(PaperKind::CorrectionToWrongPerson));
}

#[test]
fn a_time_limited_exemption_ends_two_years_on_unless_extended_or_made_permanent() {
    let day = |moment: DateTime<Utc>| moment.date_naive();
    let mut story = Story::new()
        .then(opened(Channel::InPerson))
        .then(citizen("Aase Lindholm"))
        .then(identity(true))
        .then(declared())
        .then(Event::MarkedReady)
        .then(no_conflict())
        .then(Event::Granted(Granted {
            decided_at: at("2026-03-13T13:00:00Z"),
            rule_set: RuleSetCode::A,
            duration: Duration::TimeLimited,
            met: vec!["declared".to_owned()],
        }));
    assert_eq!(
        story.case().expires_on(day),
        None,
        "the term starts at registration"
    );

    story = story.then(registered_at("2026-03-13T13:01:00Z"));
    assert_eq!(
        story.case().expires_on(day),
        Some("2028-11-01".parse().unwrap())
    );
    story = story.then(looked("2026-03-14T09:00:00Z", RegisterStatus::Exempt));
    story = story.then(extended("2026-03-14T10:00:00Z", "2030-11-01"));
    assert_eq!(
        story.case().expires_on(day),
        Some("2030-11-01".parse().unwrap())
    );
    story = story.then(Event::MadePermanent {
        on: "2027-10-01".parse().unwrap(),
    });
    assert_eq!(story.case().expires_on(day), None);
}

#[test]
fn a_case_with_an_unknown_kind_is_read_only() {
    let mut story = ready();
    let heads = story.case().heads;
    story.push(no_conflict(), heads);
    story.events.last_mut().unwrap().event = None;

    assert!(story.case().holds_unknown_kind);
    assert_eq!(
        story.refuses(&Event::NoteAdded { text: "x".into() }),
        RuleBroken::ReadOnly
    );
}

#[test]
fn a_case_begins_once() {
    assert_eq!(
        Story::new().refuses(&citizen("Aase")),
        RuleBroken::NotOpened
    );
    assert_eq!(
        ready().refuses(&opened(Channel::InPerson)),
        RuleBroken::AlreadyOpened
    );
}

#[test]
fn every_state_and_field_code_reads_back() {
    for state in CaseState::ALL {
        assert_eq!(CaseState::from_code(state.code()), Some(*state));
    }
    for field in Field::ALL {
        assert_eq!(Field::from_code(field.code()), Some(*field));
    }
}

proptest! {
    /// Every replica folds alike, in whatever order and however often the events arrive.
    #[test]
    fn arrival_order_and_repetition_change_nothing(
        steps in proptest::collection::vec((0_usize..7, 0_usize..3), 1..24),
        seed in proptest::collection::vec(0_usize..1000, 48),
    ) {
        let mut story = ready();
        for (what, back) in steps {
            let event = match what {
                0 => Event::NoteAdded { text: format!("note {back}") },
                1 => citizen(["Aase", "Åse", "Ase"][back]),
                2 => no_conflict(),
                3 => grant(),
                4 => Event::Withdrawn { withdrawn_at: at("2026-03-13T13:00:00Z") },
                5 => Event::MarkedReady,
                _ => Event::CompanionRecorded { name: format!("{back}") },
            };
            let seen = story.events.len().saturating_sub(back) - 1;
            let parent = story.events[seen].id;
            story.push(event, vec![parent]);
        }
        let expected = story.case();

        let mut shuffled: Vec<Recorded> =
            story.events.iter().chain(story.events.iter().step_by(3)).cloned().collect();
        for (i, swap) in seed.iter().enumerate() {
            let (a, b) = (i % shuffled.len(), swap % shuffled.len());
            shuffled.swap(a, b);
        }

        prop_assert_eq!(Case::fold(expected.id, &shuffled), expected);
    }

    /// Whatever happened concurrently, every event stays in the history.
    #[test]
    fn nothing_is_lost_from_the_history(backs in proptest::collection::vec(1_usize..5, 1..20)) {
        let mut story = ready();
        for back in backs {
            let seen = story.events.len().saturating_sub(back);
            let parent = story.events[seen].id;
            story.push(grant(), vec![parent]);
        }
        let case = story.case();
        prop_assert_eq!(case.history.len(), story.events.len());
    }
}
