//! What the proof says in the situations of the counter.

use proptest::prelude::*;

use super::*;
use crate::power_of_attorney::Representative;
use crate::rule_set::{Duration, RuleSet, by_practice_6};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn rule_sets() -> RuleSets {
    let sets = vec![
        RuleSet {
            code: RuleSetCode::A,
            valid_from: day("2014-03-01"),
            valid_to: Some(day("2017-09-30")),
            durations: Duration::ALL.to_vec(),
        },
        RuleSet {
            code: RuleSetCode::C,
            valid_from: day("2023-06-01"),
            valid_to: None,
            durations: vec![Duration::Permanent],
        },
    ];
    RuleSets {
        sets,
        goes_by: by_practice_6(),
    }
}

fn ordinary() -> Facts {
    Facts {
        channel: Some(Channel::InPerson),
        cpr: Some(Cpr::parse("2211771212").unwrap()),
        residence: Some(Residence::Fixed),
        identity_valid: Some(true),
        declared: Some(true),
        signed: Some(true),
        signed_on: Some(day("2026-03-13")),
        register: Some(RegisterStatus::NotExempt),
        received_on: Some(day("2026-03-13")),
        ..Facts::default()
    }
}

fn ask(facts: &Facts) -> Explanation {
    let policy = EligibilityPolicy {
        power_of_attorney_warn_after_days: 90,
    };
    // Decided the day it is received.
    let today = facts.received_on.unwrap_or(day("2026-03-13"));
    explain(facts, &rule_sets(), &policy, today)
}

fn check_unmet(facts: &Facts, unmet: &[Requirement]) {
    let explanation = ask(facts);
    assert_eq!(explanation.proof.unmet(), unmet);
    let expected = if unmet.is_empty() {
        Outcome::Met
    } else {
        Outcome::NotMet
    };
    assert_eq!(explanation.proof.outcome, expected);
}

#[test]
fn row_2_13_the_ordinary_case_is_met_without_naming_a_ground() {
    check_unmet(&ordinary(), &[]);
    assert_eq!(ask(&ordinary()).warnings, []);
    assert_eq!(ask(&ordinary()).rule_set, Some(RuleSetCode::C));
}

#[test]
fn row_2_12_under_15_is_not_covered_and_needs_no_exemption() {
    let facts = Facts {
        cpr: Some(Cpr::parse("2512169996").unwrap()),
        ..ordinary()
    };
    let explanation = ask(&facts);

    assert_eq!(explanation.proof.unmet(), [Requirement::Age15]);
    let remedy = &explanation.proof.parts[0].parts[1].remedy;
    assert_eq!(remedy.code, "no_exemption_needed");
}

#[test]
fn one_turning_15_next_week_is_warned_about_and_not_yet_covered() {
    let facts = Facts {
        cpr: Some(Cpr::parse("2512169996").unwrap()),
        received_on: Some(day("2031-12-20")),
        ..ordinary()
    };

    let explanation = ask(&facts);
    assert_eq!(explanation.warnings, [Warning::Turns15Soon]);
    assert_eq!(explanation.proof.unmet(), [Requirement::Age15]);
    let remedy = &explanation.proof.parts[0].parts[1].remedy;
    assert_eq!(remedy.code, "wait_for_15", "one may prepare");
    assert_eq!(remedy.params, [("date", "25.12.2031".to_owned())]);
}

#[test]
fn row_2_12_the_age_is_that_of_the_day_of_the_decision() {
    let facts = Facts {
        cpr: Some(Cpr::parse("2512169996").unwrap()),
        received_on: Some(day("2031-12-20")),
        ..ordinary()
    };
    let policy = EligibilityPolicy {
        power_of_attorney_warn_after_days: 90,
    };
    let decided = |on| explain(&facts, &rule_sets(), &policy, day(on));

    assert_eq!(decided("2031-12-24").proof.unmet(), [Requirement::Age15]);
    assert_eq!(decided("2031-12-25").proof.unmet(), []);
    assert_eq!(decided("2031-12-25").warnings, []);

    // What was decided then is explained by that day, whenever somebody looks.
    let refused = Facts {
        decided_on: Some(day("2031-12-24")),
        ..facts.clone()
    };
    let looked_at = explain(&refused, &rule_sets(), &policy, day("2032-03-01"));
    assert_eq!(looked_at.proof.unmet(), [Requirement::Age15]);
}

#[test]
fn one_never_registered_belongs_to_another_authority() {
    check_unmet(
        &Facts {
            residence: Some(Residence::NeverRegistered),
            ..ordinary()
        },
        &[Requirement::Residence],
    );
    check_unmet(
        &Facts {
            residence: Some(Residence::LeftDenmark),
            ..ordinary()
        },
        &[],
    );
    check_unmet(
        &Facts {
            residence: Some(Residence::NoFixedAbode),
            ..ordinary()
        },
        &[],
    );
}

#[test]
fn the_dead_cannot_be_exempted() {
    check_unmet(
        &Facts {
            died: Some(true),
            ..ordinary()
        },
        &[Requirement::Alive],
    );
}

#[test]
fn what_nobody_has_said_is_not_known_rather_than_unmet() {
    let explanation = ask(&Facts::default());

    assert_eq!(explanation.proof.outcome, Outcome::NotKnown);
    assert_eq!(explanation.proof.unmet(), []);
    assert!(explanation.proof.not_known().contains(&Requirement::HasCpr));
}

#[test]
fn row_2_23_a_representative_needs_both_signatures() {
    let mut facts = Facts {
        channel: Some(Channel::Representative),
        power_of_attorney: Some(PowerOfAttorney {
            representative: Representative {
                name: "Mads Lindholm".to_owned(),
                cpr: None,
                birth_date: Some(day("2010-08-14")),
                address: String::new(),
                relation: "child".to_owned(),
            },
            signed_on: Some(day("2025-11-01")),
            citizen_signed: true,
            representative_signed: true,
            self_made: true,
            covers_unopened_post: false,
        }),
        ..ordinary()
    };
    check_unmet(&facts, &[]);
    assert_eq!(
        ask(&facts).warnings,
        [
            Warning::PowerOfAttorneyOld,
            Warning::RepresentativeUnder18,
            Warning::PowerOfAttorneySelfMade
        ]
    );

    facts.power_of_attorney.as_mut().unwrap().citizen_signed = false;
    check_unmet(&facts, &[Requirement::PowerOfAttorneyHolds]);
}

#[test]
fn the_ways_not_taken_do_not_count_against() {
    let explanation = ask(&ordinary());
    let ways = &explanation.proof.parts[1].parts;

    assert_eq!(ways[0].outcome, Outcome::Met);
    assert_eq!(ways[1].outcome, Outcome::NotNeeded);
    assert_eq!(ways[2].outcome, Outcome::NotNeeded);
}

#[test]
fn a_guardians_appointment_must_be_seen_and_in_force() {
    let guardian = |seen, from: Option<&str>, to: Option<&str>, scope| Facts {
        channel: Some(Channel::Guardian),
        guardian: Some(Guardian {
            name: "Bodil Krogh".to_owned(),
            scope,
            is_parent: false,
            appointment_seen: seen,
            valid_from: from.map(day),
            valid_to: to.map(day),
        }),
        ..ordinary()
    };

    check_unmet(&guardian(true, None, None, GuardianScope::Personal), &[]);
    let holds = [Requirement::AppointmentHolds];
    check_unmet(&guardian(false, None, None, GuardianScope::Both), &holds);
    check_unmet(
        &guardian(true, Some("2026-03-14"), None, GuardianScope::Both),
        &holds,
    );
    check_unmet(
        &guardian(true, None, Some("2026-03-12"), GuardianScope::Both),
        &holds,
    );
    check_unmet(
        &guardian(true, None, Some("2026-03-13"), GuardianScope::Both),
        &[],
    );
    let economic = guardian(true, None, None, GuardianScope::Economic);
    assert_eq!(ask(&economic).warnings, [Warning::GuardianEconomicOnly]);
}

#[test]
fn a_parent_of_one_under_18_shows_no_appointment() {
    let guardian = Guardian {
        name: "Bodil Krogh".to_owned(),
        scope: GuardianScope::Both,
        is_parent: true,
        appointment_seen: false,
        valid_from: None,
        valid_to: None,
    };
    let facts = Facts {
        channel: Some(Channel::Guardian),
        cpr: Some(Cpr::parse("2512169996").unwrap()),
        received_on: Some(day("2032-03-13")),
        guardian: Some(guardian),
        ..ordinary()
    };

    check_unmet(&facts, &[]);
    let grown_up = Facts {
        received_on: Some(day("2034-12-25")),
        ..facts
    };
    check_unmet(&grown_up, &[Requirement::AppointmentHolds]);
}

#[test]
fn row_2_26_a_location_that_is_not_open_yet_warns() {
    let facts = Facts {
        location_open: Some(OpenPeriod {
            first: day("2026-08-01"),
            last: None,
        }),
        ..ordinary()
    };

    check_unmet(&facts, &[]);
    assert_eq!(ask(&facts).warnings, [Warning::LocationNotOpen]);
}

#[test]
fn row_2_26_a_location_warns_before_its_first_day_and_after_its_last() {
    let open = OpenPeriod {
        first: day("2026-08-01"),
        last: Some(day("2026-12-31")),
    };
    for (asked, holds) in [
        ("2026-07-31", false),
        ("2026-08-01", true),
        ("2026-12-31", true),
        ("2027-01-01", false),
    ] {
        assert_eq!(open.holds(day(asked)), holds, "{asked}");
    }
    let over = Facts {
        location_open: Some(OpenPeriod {
            first: day("2014-03-01"),
            last: Some(day("2014-12-31")),
        }),
        ..ordinary()
    };
    assert_eq!(ask(&over).warnings, [Warning::LocationNotOpen]);
}

#[test]
fn row_2_26_a_declaration_from_before_exemption_was_possible_does_not_hold() {
    check_unmet(
        &Facts {
            signed_on: Some(day("2014-02-28")),
            ..ordinary()
        },
        &[Requirement::SignedInTime],
    );
    check_unmet(
        &Facts {
            signed_on: Some(day("2026-03-14")),
            ..ordinary()
        },
        &[Requirement::SignedInTime],
    );
}

#[test]
fn one_the_register_shows_as_exempt_gets_a_reprint_instead() {
    let facts = Facts {
        register: Some(RegisterStatus::Exempt),
        ..ordinary()
    };
    check_unmet(&facts, &[Requirement::NotExemptAlready]);
}

#[test]
fn practice_3_a_register_nobody_looked_in_is_not_known_and_stops_nothing() {
    let not_looked = Facts {
        register: None,
        ..ordinary()
    };
    let explanation = ask(&not_looked);
    let proof = &explanation.proof;

    assert_eq!(proof.outcome, Outcome::Met);
    assert_eq!(explanation.warnings, [Warning::RegisterNotLooked]);
    let register = proof.parts.last().unwrap();
    assert_eq!(register.requirement, Requirement::NotExemptAlready);
    assert_eq!(register.outcome, Outcome::NotKnown);
    assert!(
        !proof.met().contains(&Requirement::NotExemptAlready),
        "no decision rests on what nobody saw"
    );
    assert_eq!(
        proof.not_known(),
        [],
        "and no refusal gives it as its reason"
    );
}

#[test]
fn practice_3_where_our_record_says_exempt_the_register_is_looked_in_before_anything_is_granted() {
    let recorded = |register| Facts {
        register,
        recorded_exempt: true,
        ..ordinary()
    };
    let not_looked = ask(&recorded(None)).proof;

    assert_eq!(not_looked.unmet(), [Requirement::NotExemptAlready]);
    let register = not_looked.parts.last().unwrap();
    assert_eq!(register.remedy.code, "look_in_register");
    check_unmet(&recorded(Some(RegisterStatus::NotExempt)), &[]);
}

#[test]
fn codes_read_back_and_are_unique() {
    for requirement in Requirement::ALL {
        assert_eq!(
            Requirement::from_code(requirement.code()),
            Some(*requirement)
        );
    }
    for warning in Warning::ALL {
        assert_eq!(Warning::from_code(warning.code()), Some(*warning));
    }
}

fn any_of<T: Clone + std::fmt::Debug + 'static>(
    all: &[T],
) -> impl Strategy<Value = Option<T>> + use<T> {
    proptest::option::of(proptest::sample::select(all.to_vec()))
}

prop_compose! {
    fn any_facts()(
        channel in any_of(Channel::ALL),
        cpr in any_of(&["2211771212", "2512169996"]),
        residence in any_of(Residence::ALL),
        register in any_of(RegisterStatus::ALL),
        flags in proptest::array::uniform4(any::<Option<bool>>()),
        signed_days_ago in proptest::option::of(-3_i64..6_000),
        guardian in proptest::option::of((any::<bool>(), any::<bool>(), -3_i64..3, -3_i64..3)),
    ) -> Facts {
        let today = day("2026-03-13");
        let [died, identity_valid, declared, signed] = flags;
        Facts {
            channel,
            cpr: cpr.map(|digits| Cpr::parse(digits).unwrap()),
            residence,
            register,
            died,
            identity_valid,
            declared,
            signed,
            signed_on: signed_days_ago.map(|days| today - chrono::Duration::days(days)),
            guardian: guardian.map(|(is_parent, appointment_seen, from, to)| Guardian {
                name: "Mads Lindholm".to_owned(),
                scope: GuardianScope::Both,
                is_parent,
                appointment_seen,
                valid_from: Some(today + chrono::Duration::days(from)),
                valid_to: Some(today + chrono::Duration::days(to)),
            }),
            received_on: Some(today),
            ..Facts::default()
        }
    }
}

proptest! {
    /// The whole says what its leaves say: met when all are, not met when one is not, otherwise not known.
    #[test]
    fn the_proof_is_what_its_leaves_make_it(facts in any_facts()) {
        let proof = ask(&facts).proof;
        let expected = match (proof.unmet().is_empty(), proof.not_known().is_empty()) {
            (false, _) => Outcome::NotMet,
            (true, false) => Outcome::NotKnown,
            (true, true) => Outcome::Met,
        };
        prop_assert_eq!(proof.outcome, expected);
    }

    /// Nothing missing is ever taken for granted.
    #[test]
    fn nobody_is_eligible_without_identity_declaration_and_the_right_age(facts in any_facts()) {
        if ask(&facts).proof.outcome == Outcome::Met {
            prop_assert_eq!(facts.identity_valid, Some(true));
            prop_assert_eq!((facts.declared, facts.signed), (Some(true), Some(true)));
            prop_assert!(facts.signed_on.is_some_and(|on| rule_sets().on(on).is_some()));
            prop_assert!(facts.cpr.unwrap().age_on(day("2026-03-13")).unwrap() >= 15);
            prop_assert!(facts.channel.is_some());
            prop_assert_ne!(facts.register, Some(RegisterStatus::Exempt));
            prop_assert_ne!(facts.died, Some(true));
            if facts.channel == Some(Channel::Guardian) {
                let guardian = facts.guardian.unwrap();
                prop_assert!(!guardian.is_parent && guardian.appointment_seen);
                prop_assert!(guardian.valid_from <= Some(day("2026-03-13")));
                prop_assert!(guardian.valid_to >= Some(day("2026-03-13")));
            }
        }
    }
}
