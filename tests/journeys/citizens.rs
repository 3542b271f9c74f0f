//! Who is covered: age, residence, and numbers that cannot be.

use skranke_app::api::case::Decision;
use skranke_app::api::draft::{CprCheckRequest, ProofView};
use skranke_app::api::error::ErrorCode;
use skranke_testkit::people::made_up_number;

use crate::office::{AASE, Office, code};

fn leaf<'a>(proof: &'a ProofView, requirement: &str) -> &'a ProofView {
    fn find<'a>(proof: &'a ProofView, requirement: &str) -> Option<&'a ProofView> {
        let below = proof.parts.iter().find_map(|part| find(part, requirement));
        below.or((proof.code == requirement).then_some(proof))
    }
    find(proof, requirement).expect("in the proof")
}

#[test]
fn row_2_12_who_turns_15_next_week_is_prepared_today_and_exempted_on_the_birthday() {
    // Given a young citizen who turns 15 on 20 March 2026
    let office = Office::open_at("2026-03-13 10:00");
    let number = made_up_number("2011-03-20".parse().expect("a day"));
    let sheet = office.draft().set("cpr", &number);

    // When the request is checked a week before
    let check = sheet.check();

    // Then no exemption is needed yet, and the screen says that the birthday is near
    let age = leaf(&check.proof, "age_15");
    assert_eq!(age.outcome, "not_met");
    assert!(age.fact.contains("14"), "{}", age.fact);
    assert!(!age.remedy.is_empty() && !age.source.is_empty());
    assert!(check.warnings.contains(&"turns_15_soon".to_owned()));
    assert!(age.remedy.contains("20.03.2026"), "{}", age.remedy);
    let parked = sheet.set("waits_for", "turns_15").save();
    let parked = parked.reference();
    assert_eq!(
        code(office.draft().set("cpr", &number).grant()),
        ErrorCode::RequirementsNotMet
    );

    // And the draft that was made ready and parked is granted on the birthday, when the ID is seen again
    office.comes_back("2026-03-20 10:00", "karin");
    let sheet = office.resumed(&parked.id).untick("id_checked").save();
    let sheet = sheet.tick("id_checked").save();
    assert_eq!(leaf(&sheet.check().proof, "age_15").outcome, "met");
    sheet.grant().expect("granted");
}

#[test]
fn row_2_12_a_child_is_not_covered_and_rejected_as_such() {
    let office = Office::open();
    let number = made_up_number("2017-06-11".parse().expect("a day"));
    let sheet = office.draft().set("cpr", &number);
    let check = sheet.check();
    assert_eq!(leaf(&check.proof, "age_15").outcome, "not_met");
    assert!(!check.warnings.contains(&"turns_15_soon".to_owned()));

    let rejected = sheet
        .decide(Decision::Reject {
            reason: "not_covered".to_owned(),
            next_step: String::new(),
        })
        .expect("rejected");

    assert_eq!(rejected.row.state, "rejected");
    assert!(
        office
            .words(&rejected.row.id, "rejection")
            .contains("Fritagelse er ikke nødvendig")
    );
}

#[test]
fn row_2_12_who_never_lived_in_denmark_is_decided_elsewhere() {
    // Given a citizen who was never registered with a residence
    let office = Office::open();
    let sheet = office
        .draft()
        .set("citizen_residence", "never_registered")
        .set("citizen_address", "");
    let residence = leaf(&sheet.check().proof, "residence").clone();
    assert_eq!(residence.outcome, "not_met");

    // When staff would grant it
    // Then they are told to forward it, and can
    assert!(
        residence.remedy.contains("Digitaliseringsstyrelsen"),
        "{}",
        residence.remedy
    );
    let forwarded = office
        .draft()
        .set("citizen_residence", "never_registered")
        .decide(Decision::Forward {
            authority: "Digitaliseringsstyrelsen".to_owned(),
        })
        .expect("forwarded");
    assert_eq!(forwarded.row.state, "forwarded");
    assert_eq!(forwarded.row.ticks_missing, ["journalised"]);
    assert_eq!(code(sheet.grant()), ErrorCode::RequirementsNotMet);
}

#[test]
fn a_citizen_whom_the_register_reports_dead_is_not_exempted() {
    // Given Else Kirkegaard, dead by the demo's register
    let office = Office::open();
    let sheet = office
        .draft_with_representative()
        .set("cpr", "2402333984")
        .set("citizen_name", "Else Kirkegaard");

    // When her son asks for exemption
    let check = sheet.check();

    // Then the screen says why not and what to do
    let alive = leaf(&check.proof, "alive");
    assert_eq!(alive.outcome, "not_met");
    assert!(!alive.fact.is_empty() && !alive.remedy.is_empty());
    assert_eq!(code(sheet.grant()), ErrorCode::RequirementsNotMet);
    assert_eq!(leaf(&office.draft().check().proof, "alive").outcome, "met");
}

#[test]
fn domain_1_3_a_death_is_recorded_on_a_draft_where_no_register_is_known() {
    // Given a municipality of its own, whose counter knows no register of persons, and the son of a citizen who died
    let office = Office::set_up_at("2026-03-13 10:00");
    let died = |day: &str| Decision::Died {
        died_on: day.to_owned(),
    };
    let sheet = || office.draft_with_representative().set("cpr", AASE);
    assert_eq!(leaf(&sheet().check().proof, "alive").outcome, "met");

    // A day that cannot be is refused at its field, and the draft stays
    for day in ["14.03.2026", "31.02.2026", ""] {
        assert_eq!(code(sheet().decide(died(day))), ErrorCode::InvalidFields);
    }

    // When the death is recorded, before anything is declared or signed
    let unsigned = sheet().untick("declared").set("signed_on", "");
    let closed = unsigned.decide(died("11.03.2026")).expect("recorded");

    // Then the case is closed without a decision, with nothing but the journal left
    assert_eq!(closed.row.state, "deceased");
    assert_eq!(closed.row.ticks_missing, ["journalised"]);
    assert!(!closed.exempt && closed.papers_possible.iter().all(|kind| kind != "refusal"));
    let line = closed.timeline.iter().find(|line| line.kind == "ended");
    assert!(line.expect("on record").detail.contains("11.03.2026"));

    // And whoever asks for the same citizen again is told
    let again = sheet();
    let alive = leaf(&again.check().proof, "alive").clone();
    assert_eq!(alive.outcome, "not_met");
    assert!(alive.remedy.contains("Borgeren er død"), "{}", alive.remedy);
    assert_eq!(code(again.grant()), ErrorCode::RequirementsNotMet);
}

#[test]
fn row_2_12_who_left_denmark_or_has_no_fixed_abode_can_be_exempted() {
    let office = Office::open();
    for residence in ["left_denmark", "no_fixed_abode"] {
        let sheet = office
            .draft()
            .set("citizen_residence", residence)
            .set("citizen_address", "");
        let check = sheet.check();
        assert!(check.problems.is_empty(), "{:?}", check.problems);
        sheet.grant().expect("granted");
    }
    let unknown = office.draft().set("citizen_residence", "unknown");
    assert_eq!(code(unknown.grant()), ErrorCode::RequirementsNotMet);
}

#[test]
fn practice_6_signed_under_set_a_and_decided_under_set_b_is_permanent() {
    // Given a form signed on 29 September 2017
    let office = Office::open_at("2017-10-02 10:00");
    let sheet = office
        .draft()
        .set("signed_on", "29.09.2017")
        .set("received_on", "29.09.2017");

    // When it is decided on 2 October 2017
    let check = sheet.check();
    let form = office.app.form_view(sheet.reference()).expect("the form");
    let asks_how_long = form.shown.contains(&"duration_kind".to_owned());
    let case = sheet.grant().expect("granted");

    // Then the declaration is of set A, the decision of set B, and there is no end
    assert_eq!(check.rule_set, "a");
    assert_eq!(check.durations, ["permanent"]);
    assert!(!asks_how_long, "there is nothing to choose between");
    let granted = case
        .timeline
        .iter()
        .find(|line| line.kind == "granted")
        .expect("a line");
    assert!(granted.detail.contains("Regelsæt B"), "{}", granted.detail);
    office.moves_to("2017-10-02 10:05");
    assert_eq!(
        office
            .register(&case.row.id)
            .expect("registered")
            .expires_on,
        ""
    );
}

#[test]
fn practice_6_under_set_a_the_term_runs_from_the_registration() {
    let office = Office::open_at("2014-12-30 10:00");
    let sheet = office
        .draft()
        .set("signed_on", "20.12.2014")
        .set("received_on", "20.12.2014");
    assert_eq!(sheet.check().durations, ["time_limited", "permanent"]);
    let case = sheet
        .decide(Decision::Grant {
            duration: Some("time_limited".to_owned()),
        })
        .expect("granted");

    office.comes_back("2015-01-05 10:00", "karin");
    let registered = office.register(&case.row.id).expect("registered");

    assert_eq!(registered.expires_on, "2017-11-01");
    let receipt = office.words(&case.row.id, "exemption_receipt");
    assert!(receipt.contains("01.11.2017"), "{receipt}");
}

#[test]
fn a_time_limit_cannot_be_chosen_where_the_rules_have_none() {
    let office = Office::open();
    let limited = Decision::Grant {
        duration: Some("time_limited".to_owned()),
    };

    assert_eq!(
        code(office.draft().decide(limited)),
        ErrorCode::InvalidFields
    );
}

#[test]
fn a_number_is_judged_by_itself_while_it_is_typed() {
    let office = Office::open_at("2026-03-13 10:00");
    let check = |cpr: &str| {
        let request = CprCheckRequest {
            cpr: cpr.to_owned(),
        };
        office.app.cpr_check(request).expect("checked")
    };

    let fine = check("0201703984");
    assert_eq!((fine.problem.as_str(), fine.age), ("", Some(56)));
    assert_eq!(fine.masked, "020170-••••");
    assert_eq!(
        fine.warnings,
        ["cpr_modulus_11"],
        "a hint only: new numbers may fail it"
    );
    let replacement = check("7211883985");
    assert!(
        replacement
            .warnings
            .iter()
            .any(|w| w.contains("replacement")),
        "{:?}",
        replacement.warnings
    );
    let forms = skranke_forms::Forms::embedded().expect("the shipped forms");
    for (typed, fault) in [
        ("3113993984", "cpr_no_such_date"),
        ("3102993984", "cpr_no_such_date"),
        ("020170", "cpr_not_ten_digits"),
        ("0201x03984", "cpr_not_ten_digits"),
    ] {
        let wrong = check(typed);
        assert_eq!(wrong.problem, fault);
        assert_eq!((wrong.masked.as_str(), wrong.age), ("", None));
        let key = format!("problem.{fault}");
        assert!(forms.texts().get(&key).is_some(), "{key} has no text");
    }
    let key = format!("problem.{}", replacement.warnings[0]);
    let warned = format!("warning.{}", replacement.warnings[0]);
    assert!(
        forms
            .texts()
            .get(&key)
            .or(forms.texts().get(&warned))
            .is_some(),
        "{key}"
    );
}
