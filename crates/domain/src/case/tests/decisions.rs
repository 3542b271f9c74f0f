//! What a decision must rest on, and how an exemption ends.

use super::*;
use crate::danish_time;
use crate::event::{GuardianScope, RegisterStatus};
use crate::rule_set::rule_sets;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn born(cpr: &str, residence: Residence) -> Event {
    Event::CitizenRecorded(CitizenRecorded {
        cpr: Cpr::parse(cpr).unwrap(),
        name: "Aase Lindholm".to_owned(),
        address: String::new(),
        address_protected: false,
        residence,
        phone: String::new(),
        municipality: String::new(),
    })
}

fn ready_about(channel: Channel, citizen: Event) -> Story {
    Story::new()
        .then(opened(channel))
        .then(citizen)
        .then(identity(true))
        .then(declared())
        .then(Event::MarkedReady)
        .then(no_conflict())
}

/// A replacement number of somebody born on that day of August in that year.
const AGED_14: &str = "7208114000";
const AGED_17: &str = "7208084000";
const AGED_56: &str = "6201703000";

#[test]
fn row_2_12_nobody_under_15_is_granted_whatever_the_program_that_sent_it() {
    let young = Cpr::parse(AGED_14).unwrap();
    assert_eq!(
        young.age_on(day("2026-03-13")),
        Some(14),
        "the number is right"
    );
    let story = ready_about(Channel::InPerson, born(AGED_14, Residence::Fixed));
    assert_eq!(story.refuses(&grant()), RuleBroken::TooYoung);

    ready_about(Channel::InPerson, born(AGED_17, Residence::Fixed)).then(grant());
}

#[test]
fn somebody_never_registered_is_not_decided_here() {
    let story = ready_about(Channel::InPerson, born(AGED_56, Residence::NeverRegistered));
    assert_eq!(story.refuses(&grant()), RuleBroken::NotCovered);
}

#[test]
fn practice_3_who_is_exempt_in_the_register_is_not_granted_again() {
    let seen = |seen| Event::RegisterLookedUp {
        looked_at: at("2026-03-13T12:58:00Z"),
        seen,
    };
    let story = ready()
        .then(no_conflict())
        .then(seen(RegisterStatus::Exempt));
    assert_eq!(story.refuses(&grant()), RuleBroken::ExemptAlready);
    story.then(seen(RegisterStatus::NotExempt)).then(grant());
}

#[test]
fn practice_11_a_guardian_needs_an_appointment_in_force_and_a_parent_a_minor() {
    let guardian = |is_parent, from: Option<&str>, to: Option<&str>| {
        Event::GuardianRecorded(Guardian {
            name: "Mads Lindholm".to_owned(),
            scope: GuardianScope::Both,
            is_parent,
            appointment_seen: !is_parent,
            valid_from: from.map(day),
            valid_to: to.map(day),
        })
    };
    let of = |cpr: &str, guardian: Event| {
        ready_about(Channel::Guardian, born(cpr, Residence::Fixed)).then(guardian)
    };

    for (cpr, guardian, broken) in [
        (
            AGED_56,
            guardian(false, None, Some("2026-03-12")),
            RuleBroken::AppointmentNotInForce,
        ),
        (
            AGED_56,
            guardian(false, Some("2026-03-14"), None),
            RuleBroken::AppointmentNotInForce,
        ),
        (
            AGED_56,
            guardian(true, None, None),
            RuleBroken::ParentOfAdult,
        ),
    ] {
        assert_eq!(of(cpr, guardian).refuses(&grant()), broken);
    }
    of(AGED_17, guardian(true, None, None)).then(grant());
    of(
        AGED_56,
        guardian(false, Some("2026-03-13"), Some("2026-03-13")),
    )
    .then(grant());
}

#[test]
fn row_4_27_a_burden_needs_a_consultation_or_the_reason_for_none() {
    let none = Consultation::NotNeeded {
        reason: " ".to_owned(),
    };
    let refusal = Event::Refused(Refused {
        decided_at: at("2026-03-13T13:00:00Z"),
        rule_set: RuleSetCode::C,
        unmet: vec![],
        reasons: "Borgeren erklærer ikke nogen grund.".to_owned(),
        consultation: none.clone(),
    });
    let taken = Event::TakenBack(TakenBack {
        decided_at: at("2026-03-14T13:00:00Z"),
        reasons: "Oplysningerne var forkerte.".to_owned(),
        consultation: none,
        removed_from_register: None,
    });
    let story = ready().then(no_conflict());
    assert_eq!(story.refuses(&refusal), RuleBroken::ReasonMissing);
    assert_eq!(granted().refuses(&taken), RuleBroken::ReasonMissing);
}

#[test]
fn what_is_taken_back_no_longer_stands_in_the_register() {
    let taken = |removed_from_register| {
        Event::TakenBack(TakenBack {
            decided_at: at("2026-03-14T13:00:00Z"),
            reasons: "Oplysningerne var forkerte.".to_owned(),
            consultation: Consultation::NotNeeded {
                reason: "Borgeren bad om det".to_owned(),
            },
            removed_from_register,
        })
    };
    let registered = || granted().then(registered_at("2026-03-13T13:01:00Z"));
    assert_eq!(
        registered().refuses(&taken(Some(false))),
        RuleBroken::StillInRegister
    );
    // Nor does anybody take it back who said last that they are concerned (row 4-31).
    let concerned = registered().then(Event::ConflictOfInterestChecked { none: false });
    assert_eq!(
        concerned.refuses(&taken(Some(true))),
        RuleBroken::ConflictOfInterestUnchecked
    );
    for done in [
        registered().then(taken(Some(true))),
        // An older program did not ask, and a case that never came so far has nothing to remove.
        registered().then(taken(None)),
        granted().then(taken(Some(false))),
    ] {
        assert_eq!(done.case().state, CaseState::TakenBack);
    }
}

#[test]
fn a_decision_names_the_rule_set_of_its_day_and_a_duration_that_one_knows() {
    let decided = |decided: &str, rule_set, duration| {
        Event::Granted(Granted {
            decided_at: at(decided),
            rule_set,
            duration,
            met: vec!["declared".to_owned()],
        })
    };
    let case = ready().case();
    let check = |event: &Event| check_rule_set(&case, event, &rule_sets());
    let (limited, permanent) = (Duration::TimeLimited, Duration::Permanent);

    for (event, expected) in [
        (
            decided("2026-03-13T13:00:00Z", RuleSetCode::C, permanent),
            Ok(()),
        ),
        (
            decided("2026-03-13T13:00:00Z", RuleSetCode::C, limited),
            Err(RuleBroken::DurationDoesNotFit),
        ),
        (
            decided("2020-03-13T13:00:00Z", RuleSetCode::B, limited),
            Err(RuleBroken::DurationDoesNotFit),
        ),
        (
            decided("2026-03-13T13:00:00Z", RuleSetCode::A, limited),
            Err(RuleBroken::RuleSetDoesNotFit),
        ),
        (
            decided("2014-02-28T13:00:00Z", RuleSetCode::A, permanent),
            Err(RuleBroken::RuleSetDoesNotFit),
        ),
        // The last Danish evening of rule set A is already October elsewhere.
        (
            decided("2017-09-30T21:59:00Z", RuleSetCode::A, limited),
            Ok(()),
        ),
        (
            decided("2017-09-30T22:00:00Z", RuleSetCode::B, permanent),
            Ok(()),
        ),
    ] {
        assert_eq!(check(&event), expected, "{event:?}");
    }
}

fn time_limited(registered: &str) -> Story {
    let moment = at(registered);
    Story::new()
        .then(opened(Channel::InPerson))
        .then(citizen("Aase Lindholm"))
        .then(identity(true))
        .then(Event::DeclarationSigned(DeclarationSigned {
            signed_on: danish_time::date_at(moment),
            rule_set: RuleSetCode::A,
            signature: Signature::OnPaper,
            understood: vec![],
            grounds: vec![],
        }))
        .then(Event::MarkedReady)
        .then(no_conflict())
        .then(Event::Granted(Granted {
            decided_at: moment,
            rule_set: RuleSetCode::A,
            duration: Duration::TimeLimited,
            met: vec!["declared".to_owned()],
        }))
        .then(registered_at(registered))
}

#[test]
fn domain_1_5_what_still_ran_on_1_october_2017_became_permanent() {
    let sets = rule_sets();
    let ran_out = time_limited("2014-04-15T10:00:00Z").case();
    let converted = time_limited("2016-12-20T10:00:00Z").case();

    assert_eq!(ran_out.permanent_by_law_on(&sets), None);
    assert!(ran_out.is_exempt_on(day("2016-11-01"), &sets));
    assert!(!ran_out.is_exempt_on(day("2016-11-02"), &sets));

    assert_eq!(
        converted.permanent_by_law_on(&sets),
        Some(day("2017-10-01"))
    );
    assert!(converted.is_exempt_on(day("2026-03-13"), &sets));
    assert_eq!(granted().case().permanent_by_law_on(&sets), None);
}

#[test]
fn an_exemption_ends_after_it_began_and_runs_out_only_where_it_has_a_term() {
    let ended = |ending, on: &str| Event::Ended {
        ending,
        ended_on: day(on),
    };
    let story = granted().then(registered_at("2026-03-13T14:00:00Z"));
    assert_eq!(
        story.refuses(&ended(Ending::RejoinedAtCounter, "2026-03-12")),
        RuleBroken::EndedBeforeRegistration
    );
    assert_eq!(
        story.refuses(&ended(Ending::Expired, "2028-11-01")),
        RuleBroken::NoTerm
    );
    // A death can have gone before the registration that nobody should have made.
    granted()
        .then(registered_at("2026-03-13T14:00:00Z"))
        .then(ended(Ending::Deceased, "2026-03-12"));
    time_limited("2014-04-15T10:00:00Z").then(ended(Ending::Expired, "2016-11-01"));
}

/// The day before the term of one registered on 15 April 2014 ends, with a look in the register.
const EVE: &str = "2016-10-31T10:00:00Z";

fn about_to_run_out() -> Story {
    time_limited("2014-04-15T10:00:00Z").then(looked(EVE, RegisterStatus::Exempt))
}

#[test]
fn a_term_is_only_ever_made_longer() {
    let story = about_to_run_out();
    for not_longer in ["2016-11-01", "2015-01-01"] {
        assert_eq!(
            story.refuses(&extended(EVE, not_longer)),
            RuleBroken::TermNotLonger
        );
    }
    let longer = story.then(extended(EVE, "2018-11-01"));
    assert_eq!(
        longer.refuses(&extended(EVE, "2018-11-01")),
        RuleBroken::TermNotLonger
    );
}

#[test]
fn practice_3_an_extension_needs_a_look_in_the_register_that_same_day() {
    let unseen = time_limited("2014-04-15T10:00:00Z");
    assert_eq!(
        unseen.refuses(&extended(EVE, "2018-11-01")),
        RuleBroken::RegisterNotLookedUp
    );
    for (when, seen) in [
        ("2016-10-30T10:00:00Z", RegisterStatus::Exempt),
        (EVE, RegisterStatus::NotExempt),
        (EVE, RegisterStatus::NotRegistered),
    ] {
        let story = time_limited("2014-04-15T10:00:00Z").then(looked(when, seen));
        assert_eq!(
            story.refuses(&extended(EVE, "2018-11-01")),
            RuleBroken::RegisterNotLookedUp,
            "{when} {seen:?}"
        );
    }
    about_to_run_out().then(extended(EVE, "2018-11-01"));
}

#[test]
fn domain_1_5_what_ran_out_is_not_extended_but_asked_for_anew() {
    let late = "2016-11-02T10:00:00Z";
    let story = time_limited("2014-04-15T10:00:00Z").then(looked(late, RegisterStatus::Exempt));

    assert_eq!(
        story.refuses(&extended(late, "2018-11-01")),
        RuleBroken::TermRanOut
    );
    // The last day itself still counts.
    let last = "2016-11-01T10:00:00Z";
    time_limited("2014-04-15T10:00:00Z")
        .then(looked(last, RegisterStatus::Exempt))
        .then(extended(last, "2018-11-01"));
}

#[test]
fn domain_1_5_only_while_there_were_time_limits_is_one_moved() {
    let sets = rule_sets();
    let case = time_limited("2016-12-20T10:00:00Z").case();
    let on = |day: &str| extended(&format!("{day}T10:00:00Z"), "2020-11-01");

    assert_eq!(check_rule_set(&case, &on("2017-09-30"), &sets), Ok(()));
    assert_eq!(
        check_rule_set(&case, &on("2017-10-01"), &sets),
        Err(RuleBroken::DurationDoesNotFit)
    );

    let permanent = |on: &str| Event::MadePermanent { on: day(on) };
    assert_eq!(
        check_rule_set(&case, &permanent("2017-10-01"), &sets),
        Ok(())
    );
    for never in ["2017-09-30", "2026-03-13"] {
        assert_eq!(
            check_rule_set(&case, &permanent(never), &sets),
            Err(RuleBroken::DurationDoesNotFit),
            "the law names the day"
        );
    }
    let ran_out = time_limited("2014-04-15T10:00:00Z").case();
    assert_eq!(
        check_rule_set(&ran_out, &permanent("2017-10-01"), &sets),
        Err(RuleBroken::DurationDoesNotFit),
        "what had run out by then was not converted"
    );
}

#[test]
fn after_an_extension_a_new_receipt_is_due_and_the_case_is_filed_anew() {
    let story = time_limited("2014-04-15T10:00:00Z")
        .then(Event::ReceiptGiven(ReceiptGiven {
            delivery: ReceiptDelivery::HandedOver,
            given_at: at("2014-04-15T10:05:00Z"),
            reason: String::new(),
        }))
        .then(Event::Journalised(Journalised {
            journalised_at: at("2014-04-15T11:00:00Z"),
            reference: String::new(),
        }))
        .then(looked(EVE, RegisterStatus::Exempt));
    assert!(story.case().missing_ticks().is_empty());

    let story = story.then(extended(EVE, "2018-11-01"));

    let case = story.case();
    assert_eq!(case.missing_ticks(), [Tick::Receipt, Tick::Journalised]);
    assert!(case.is_exempt(), "the registration stands");
    let undo = Event::TickUndone {
        tick: Tick::Registered,
        reason: "Fejl".to_owned(),
    };
    assert_eq!(story.refuses(&undo), RuleBroken::AlreadyTicked);
}

#[test]
fn row_4_25_a_grant_says_what_it_rests_on() {
    let story = ready().then(no_conflict());
    let Event::Granted(granted) = grant() else {
        panic!("a grant");
    };
    let unsaid = Event::Granted(Granted {
        met: Vec::new(),
        ..granted
    });
    assert_eq!(story.refuses(&unsaid), RuleBroken::ReasonMissing);
}

#[test]
fn a_registration_that_took_effect_is_not_unticked_after_the_exemption_ended() {
    let story = granted()
        .then(registered_at("2026-03-13T14:00:00Z"))
        .then(Event::Ended {
            ending: Ending::RejoinedAtCounter,
            ended_on: day("2026-03-20"),
        });
    let undo = Event::TickUndone {
        tick: Tick::Registered,
        reason: "Fejl".to_owned(),
    };
    assert_eq!(story.refuses(&undo), RuleBroken::NotGranted);
}

fn anything() -> impl Strategy<Value = Event> {
    let ended = |ending| Event::Ended {
        ending,
        ended_on: day("2026-03-14"),
    };
    proptest::sample::select(vec![
        opened(Channel::InPerson),
        citizen("Aase Lindholm"),
        identity(true),
        declared(),
        Event::MarkedReady,
        Event::MarkedIncomplete { missing: vec![] },
        no_conflict(),
        grant(),
        Event::Withdrawn {
            withdrawn_at: at("2026-03-13T13:00:00Z"),
        },
        registered_at("2026-03-13T13:30:00Z"),
        receipt(ReceiptDelivery::HandedOver, ""),
        journalised(),
        Event::TickUndone {
            tick: Tick::Registered,
            reason: "Fejl".to_owned(),
        },
        Event::WronglyCreated(WronglyCreated {
            corrected_at: at("2026-03-13T13:20:00Z"),
            reason: "Forkert".to_owned(),
            removed_from_register: true,
            resend_post: true,
            right_case: None,
        }),
        ended(Ending::RejoinedByCitizen),
        ended(Ending::Deceased),
        Event::DeathUndone {
            reason: "Forkert borger".to_owned(),
        },
    ])
}

proptest! {
    /// However the allowed events follow each other, nobody is exempt without a grant, an identity check, a
    /// declaration and a registration (practice 2).
    #[test]
    fn no_sequence_reaches_exempt_without_grant_and_registration(
        from_the_desk in proptest::bool::ANY,
        events in proptest::collection::vec(anything(), 1..60)
    ) {
        // Half begin where a decision can be made: from nothing alone, hardly one in a hundred comes so far.
        let mut story = if from_the_desk { ready().then(no_conflict()) } else { Story::new() };
        let mut decided = false;
        let mut registered = false;
        for event in events {
            if check(&story.case(), &event).is_err() {
                continue;
            }
            decided |= matches!(event, Event::Granted(_));
            registered |= matches!(event, Event::Registered(_));
            let heads = story.case().heads;
            story.push(event, heads);
            let case = story.case();
            if case.is_exempt() {
                prop_assert!(decided && registered);
                prop_assert!(case.identity.is_some() && case.declaration.is_some());
            }
        }
    }

    /// A decision fits exactly one rule set on any day since exemption began, and none before.
    #[test]
    fn every_day_has_exactly_one_rule_set(days in 0_i64..40_000) {
        let sets = rule_sets();
        let on = day("2000-01-01") + Span::days(days);
        let fitting = sets
            .sets
            .iter()
            .filter(|set| set.valid_from <= on && set.valid_to.is_none_or(|last| on <= last))
            .count();
        prop_assert_eq!(fitting, usize::from(on >= day("2014-03-01")));
        prop_assert_eq!(sets.on(on).is_some(), on >= day("2014-03-01"));
    }

    /// Whoever was ever exempt under a term that ran on 1 October 2017 still is; whose term had run out is not.
    #[test]
    fn a_term_either_ran_out_before_the_conversion_or_never_does(days in 0_i64..1_300) {
        let on = day("2014-03-03") + Span::days(days);
        let case = time_limited(&format!("{on}T10:00:00Z")).case();
        let last = case.expires_on(danish_time::date_at).unwrap();
        let still = case.is_exempt_on(day("2026-03-13"), &rule_sets());
        prop_assert_eq!(still, last >= day("2017-10-01"));
        prop_assert!(case.is_exempt_on(on, &rule_sets()));
    }
}
