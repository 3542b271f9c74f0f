//! Two values that differ in one part alone are told apart on the screen, whatever the part.

use chrono::{DateTime, NaiveDate};
use skranke_domain::cpr::Cpr;
use skranke_domain::event::{
    CaseOpened, Channel, GuardianScope, Registered, Residence, UnopenedPost,
};
use skranke_domain::ids::{CaseId, CommandId};
use skranke_domain::power_of_attorney::Representative;
use skranke_domain::role::Role;
use skranke_domain::rule_set::RuleSetCode;
use skranke_forms::Forms;
use uuid::Uuid;

use super::*;

fn on(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn cpr(text: &str) -> Cpr {
    Cpr::parse(text).expect("a number")
}

fn id(number: u128) -> EventId {
    EventId::from_uuid(Uuid::from_u128(number))
}

fn recorded(number: u128, based_on: &[u128], event: Event) -> Recorded {
    Recorded {
        id: id(number),
        command: CommandId::from_uuid(Uuid::from_u128(number)),
        based_on: based_on.iter().map(|number| id(*number)).collect(),
        recorded_at: DateTime::UNIX_EPOCH,
        hash: [0; 32],
        actor: StaffId::from_uuid(Uuid::nil()),
        event: Some(event),
    }
}

fn with_surroundings<T>(tell: impl FnOnce(&Surroundings<'_>) -> T) -> T {
    let forms = Forms::embedded().expect("the shipped forms are sound");
    let (initials, origin, case_numbers) = (HashMap::new(), HashMap::new(), HashMap::new());
    let around = Surroundings {
        texts: forms.texts(),
        rules: forms.rules(),
        initials: &initials,
        origin: &origin,
        location: "Borgerservice Solbjerg".to_owned(),
        id_kind: String::new(),
        grounds: String::new(),
        case_numbers: &case_numbers,
        offers: &[],
        sync: String::new(),
        roles: &[Role::ExemptionUnit],
        reader: StaffId::from_uuid(Uuid::nil()),
    };
    tell(&around)
}

/// The one conflict these events amount to, as the window shows it.
fn conflict_of(events: &[Recorded]) -> ConflictView {
    let case = Case::fold(CaseId::from_uuid(Uuid::nil()), events);
    let mut shown = with_surroundings(|around| views(&case, events, &HashMap::new(), around));
    assert_eq!(shown.len(), 1);
    shown.remove(0)
}

fn value(facts: &[FactLine], label: &str) -> String {
    let found = facts.iter().find(|fact| fact.label == label);
    found.map(|fact| fact.value.clone()).unwrap_or_default()
}

/// What stands under a label in each of two values that were set apart.
fn side_by_side(label: &str, one: Event, other: Event) -> [String; 2] {
    let conflict = conflict_of(&[recorded(1, &[], one), recorded(2, &[], other)]);
    assert_eq!(conflict.sides.len(), 2);
    for side in &conflict.sides {
        let labels: BTreeSet<&str> = side.facts.iter().map(|fact| fact.label.as_str()).collect();
        assert_eq!(labels.len(), side.facts.len(), "each label stands once");
    }
    [0, 1].map(|at: usize| value(&conflict.sides[at].facts, label))
}

/// Two values that differ in one part alone read differently under the label of that part.
fn check(label: &str, one: Event, other: Event) {
    let [one, other] = side_by_side(label, one, other);
    assert_ne!(one, other, "{label}");
}

fn citizen(change: impl FnOnce(&mut CitizenRecorded)) -> Event {
    let mut citizen = CitizenRecorded {
        cpr: cpr("0201703984"),
        name: "Aase Lindholm".to_owned(),
        address: "Ahornvej 3\n9990 Solbjerg".to_owned(),
        address_protected: false,
        residence: Residence::Fixed,
        phone: String::new(),
        municipality: String::new(),
    };
    change(&mut citizen);
    Event::CitizenRecorded(citizen)
}

fn guardian(change: impl FnOnce(&mut Guardian)) -> Event {
    let mut guardian = Guardian {
        name: "Bente Holm".to_owned(),
        scope: GuardianScope::Both,
        is_parent: false,
        appointment_seen: true,
        valid_from: None,
        valid_to: None,
    };
    change(&mut guardian);
    Event::GuardianRecorded(guardian)
}

fn power_of_attorney(change: impl FnOnce(&mut PowerOfAttorney)) -> Event {
    let mut paper = PowerOfAttorney {
        representative: Representative {
            name: "Mads Lindholm".to_owned(),
            cpr: Some(cpr("0201703984")),
            birth_date: None,
            address: "Ahornvej 3".to_owned(),
            relation: "child".to_owned(),
        },
        signed_on: Some(on("2026-03-02")),
        citizen_signed: true,
        representative_signed: true,
        self_made: false,
        covers_unopened_post: false,
    };
    change(&mut paper);
    Event::PowerOfAttorneyRecorded(paper)
}

fn declaration(change: impl FnOnce(&mut DeclarationSigned)) -> Event {
    let mut declaration = DeclarationSigned {
        signed_on: on("2026-03-02"),
        rule_set: RuleSetCode::C,
        signature: Signature::OnPaper,
        understood: Vec::new(),
        grounds: Vec::new(),
    };
    change(&mut declaration);
    Event::DeclarationSigned(declaration)
}

fn arrival(location: &str, received_on: &str) -> Event {
    Event::ArrivalRecorded(Arrival {
        channel: Channel::InPerson,
        location: location.to_owned(),
        received_on: on(received_on),
    })
}

fn extended_until(until: &str) -> Event {
    Event::Extended(Extended {
        extended_at: DateTime::UNIX_EPOCH,
        until: on(until),
        reason: "Grunden er der stadig".to_owned(),
    })
}

#[test]
fn each_part_of_a_power_of_attorney_tells_two_values_apart() {
    let check = |label: &str, change: fn(&mut PowerOfAttorney)| {
        check(label, power_of_attorney(|_| {}), power_of_attorney(change));
    };
    check("event.unopened_post_chosen", |paper| {
        paper.covers_unopened_post = true;
    });
    check("label.address", |paper| {
        paper.representative.address = "Birkevej 5".to_owned();
    });
    check("label.relation", |paper| {
        paper.representative.relation = "spouse".to_owned();
    });
    check("label.cpr", |paper| {
        paper.representative.cpr = Some(cpr("0301703984"));
    });
    check("label.birth_date", |paper| {
        paper.representative.birth_date = Some(on("1970-01-03"));
    });
    let of_the_paper: [fn(&mut PowerOfAttorney); 3] = [
        |paper| paper.citizen_signed = false,
        |paper| paper.representative_signed = false,
        |paper| paper.self_made = true,
    ];
    for change in of_the_paper {
        check("conflict.field.power_of_attorney", change);
    }
}

#[test]
fn each_part_of_a_guardian_tells_two_values_apart() {
    let check = |label: &str, change: fn(&mut Guardian)| {
        check(label, guardian(|_| {}), guardian(change));
    };
    check("label.guardian_scope", |guardian| {
        guardian.scope = GuardianScope::Economic;
    });
    check("label.guardian_scope", |guardian| guardian.is_parent = true);
    check("label.guardian_validity", |guardian| {
        guardian.valid_from = Some(on("2026-01-02"));
    });
    check("label.guardian_validity", |guardian| {
        guardian.valid_to = Some(on("2026-12-31"));
    });
    check("label.guardian", |guardian| {
        guardian.appointment_seen = false;
    });
}

#[test]
fn each_part_of_a_declaration_tells_two_values_apart() {
    let check = |label: &str, change: fn(&mut DeclarationSigned)| {
        check(label, declaration(|_| {}), declaration(change));
    };
    check("rule.signature.title", |declaration| {
        declaration.signature = Signature::OnScreen;
    });
    check("label.witness", |declaration| {
        declaration.signature = Signature::Unable {
            reason: "Kan ikke holde en pen".to_owned(),
            witness: "Bente Holm".to_owned(),
        };
    });
    check("source.rule_set", |declaration| {
        declaration.rule_set = RuleSetCode::B;
    });
    check("label.grounds", |declaration| {
        declaration.grounds = vec!["c3".to_owned()];
    });
    check("rule.not_covered.title", |declaration| {
        declaration.understood = vec!["su".to_owned()];
    });
}

#[test]
fn each_part_of_the_citizen_tells_two_values_apart() {
    let check = |label: &str, change: fn(&mut CitizenRecorded)| {
        check(label, citizen(|_| {}), citizen(change));
    };
    check("label.municipality", |citizen| {
        citizen.municipality = "101".to_owned();
    });
    check("label.cpr", |citizen| citizen.cpr = cpr("0301703984"));
    check("label.address", |citizen| citizen.address_protected = true);
}

#[test]
fn arrivals_and_grants_are_told_apart_by_every_part() {
    let first = || arrival("town_hall", "2026-03-02");
    check("label.location", first(), arrival("library", "2026-03-02"));
    let next_day = arrival("town_hall", "2026-03-03");
    check("label.received_on", first(), next_day);

    let granted = |rule_set| {
        Event::Granted(Granted {
            decided_at: DateTime::UNIX_EPOCH,
            rule_set,
            duration: Duration::Permanent,
            met: Vec::new(),
        })
    };
    check(
        "source.rule_set",
        granted(RuleSetCode::B),
        granted(RuleSetCode::C),
    );
    check(
        "label.address",
        Event::UnopenedPostChosen(UnopenedPost::ToOtherAddress("Ahornvej 3".to_owned())),
        Event::UnopenedPostChosen(UnopenedPost::ToOtherAddress("Birkevej 5".to_owned())),
    );
}

#[test]
fn what_is_hidden_and_differs_is_said_to_differ_and_stays_hidden() {
    let differs = with_surroundings(|around| around.say("conflict.unseen_difference"));
    let lives_at = |address: &str| {
        citizen(|citizen| {
            citizen.address = address.to_owned();
            citizen.address_protected = true;
        })
    };
    let shown = side_by_side(
        "label.address",
        lives_at("Ahornvej 3"),
        lives_at("Birkevej 5"),
    );
    for address in shown {
        assert!(address.ends_with(&differs), "{address}");
        assert!(!address.contains("vej"), "{address}");
    }

    let numbered = |number: &str| citizen(|citizen| citizen.cpr = cpr(number));
    let (one, other) = (numbered("0201703984"), numbered("0201703985"));
    for number in side_by_side("label.cpr", one, other) {
        assert!(number.ends_with(&differs), "{number}");
        assert!(!number.contains("398"), "{number}");
    }
}

#[test]
fn a_protected_address_that_is_the_same_in_both_is_not_said_to_differ() {
    let called = |phone: &str| {
        citizen(|citizen| {
            citizen.address_protected = true;
            citizen.phone = phone.to_owned();
        })
    };
    let hidden = with_surroundings(|around| around.say("window.address_hidden"));

    let shown = side_by_side("label.address", called(""), called("70 10 20 30"));

    assert_eq!(shown, [hidden.clone(), hidden]);
}

/// A case that was opened, granted for a term and registered.
fn with_a_term() -> Vec<Recorded> {
    let opened = CaseOpened {
        number: "2016-S3-0001".parse().expect("a number"),
        channel: Channel::InPerson,
        location: "town_hall".to_owned(),
        municipality: "990".to_owned(),
        profile: "demo@1".to_owned(),
        form: "f1@2".to_owned(),
        received_on: on("2016-03-02"),
    };
    let granted = Granted {
        decided_at: DateTime::UNIX_EPOCH,
        rule_set: RuleSetCode::A,
        duration: Duration::TimeLimited,
        met: Vec::new(),
    };
    let registered = Registered {
        registered_at: DateTime::UNIX_EPOCH,
        reference: String::new(),
    };
    vec![
        recorded(1, &[], Event::CaseOpened(opened)),
        recorded(2, &[1], Event::Granted(granted)),
        recorded(3, &[2], Event::Registered(registered)),
    ]
}

#[test]
fn the_term_from_before_is_shown_beside_two_later_ones() {
    let mut events = with_a_term();
    events.push(recorded(4, &[3], extended_until("2018-11-01")));
    events.push(recorded(5, &[4], extended_until("2020-11-01")));
    events.push(recorded(6, &[4], extended_until("2021-11-01")));

    let conflict = conflict_of(&events);

    assert_eq!(conflict.field, "term");
    let before = value(&conflict.before, "label.duration");
    assert_eq!(before, "Til og med 01.11.2018");
    let term = |at: usize| value(&conflict.sides[at].facts, "label.duration");
    assert_ne!(term(0), term(1));
}

#[test]
fn how_the_case_began_is_shown_beside_two_later_arrivals() {
    let mut events = with_a_term();
    events.push(recorded(4, &[3], arrival("library", "2016-03-04")));
    events.push(recorded(5, &[3], arrival("library", "2016-03-05")));

    let conflict = conflict_of(&events);

    assert_eq!(conflict.field, "opening");
    let before = |label: &str| value(&conflict.before, label);
    assert_eq!(before("label.received_on"), "02.03.2016");
    assert_eq!(before("label.location"), "Borgerservice Solbjerg");
    assert_eq!(before("label.channel"), "Borgeren selv");
}
