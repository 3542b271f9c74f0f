//! The rules are at hand without a line, each in the version of its day; staff can practise in the demo.

use skranke_app::api::case::{CaseView, Decision};
use skranke_app::api::rules::{RuleView, RulesMet};

use crate::office::{Office, of_draft, pdf_of, refusal, words_of};

#[test]
fn row_4_05_each_day_of_signing_finds_its_rules_and_its_form() {
    let office = Office::open_at("2026-03-13 10:00");
    for (signed_on, rule_set, form) in [
        ("01.03.2014", "a", "exemption@1"),
        ("30.06.2014", "a", "exemption@1"),
        ("01.07.2014", "a", "exemption@2"),
        ("30.09.2017", "a", "exemption@2"),
        ("01.10.2017", "b", "exemption@2"),
        ("31.05.2023", "b", "exemption@2"),
        ("01.06.2023", "c", "exemption@2"),
        ("13.03.2026", "c", "exemption@2"),
    ] {
        let sheet = office.draft().set("signed_on", signed_on);
        let check = sheet.check();
        assert_eq!(check.rule_set, rule_set, "signed {signed_on}");
        let view = office.app.form_view(sheet.reference()).expect("the form");
        assert_eq!(view.reference, form, "signed {signed_on}");
    }
}

#[test]
fn row_4_05_the_case_keeps_which_form_and_profile_it_followed() {
    let office = Office::open();
    let case = office.granted().row.id;

    let paper = office.words(&case, "request");

    assert!(paper.contains("exemption@2"), "{paper}");
}

#[test]
fn row_4_29_the_demo_is_for_practice_with_people_who_cannot_exist() {
    // Given the demo
    let office = Office::closed_at("2026-03-13 10:00");
    let state = office.app.start_state(()).expect("shown");
    assert!(state.demo);
    assert_eq!(state.municipality, "Solbjerg Kommune");

    // Then there is somebody of each role to practise as
    let roles: Vec<&str> = state
        .demo_accounts
        .iter()
        .flat_map(|account| account.roles.iter().map(String::as_str))
        .collect();
    for role in [
        "counter",
        "outreach",
        "exemption_unit",
        "lead",
        "auditor",
        "administrator",
    ] {
        assert!(roles.contains(&role), "{role}");
    }

    // And citizens who fill themselves in, once their ID was seen
    office.sign_in("karin");
    let sheet = office.blank().set("cpr", crate::office::AASE).save();
    let known = office
        .app
        .citizen_known(sheet.reference())
        .expect("looked up");
    assert!(
        !known.shown && known.name.is_empty(),
        "nothing before the ID step"
    );
    let sheet = sheet.tick("id_checked").save();
    let known = office
        .app
        .citizen_known(sheet.reference())
        .expect("looked up");
    assert_eq!(known.name, "Aase Lindholm");
}

#[test]
fn row_4_29_every_field_that_follows_a_rule_has_the_rule_in_words() {
    let office = Office::open();
    let form = office
        .app
        .form_view(office.blank().reference())
        .expect("the form");
    let check = office.draft().check();
    let forms = skranke_forms::Forms::embedded().expect("the shipped forms");
    let with_rule: Vec<&str> = form
        .fields
        .iter()
        .map(|field| field.rule.as_str())
        .filter(|rule| !rule.is_empty())
        .collect();
    assert!(with_rule.len() > 10);
    for rule in with_rule {
        // What the law says in a period is told by the rule set.
        if let Some(met) = check.rules.rules.iter().find(|met| met.code == rule) {
            assert!(!met.text.is_empty() && !met.source.is_empty(), "{rule}");
            continue;
        }
        for part in ["title", "text", "source"] {
            let key = format!("rule.{rule}.{part}");
            assert!(forms.texts().get(&key).is_some(), "{key} has no words");
        }
    }
}

#[test]
fn row_2_01_and_2_03_papers_carry_municipality_department_centre_and_ean() {
    // Given Solbjerg, whose profile names a centre for once
    let office = Office::with_profile(|text| {
        text.replace("center = \"\"", "center = \"Center for Digitalisering\"")
            .replace("ean = \"\"", "ean = \"5798000000001\"")
    });
    let case = office.registered().row.id;

    // When a paper is printed
    let words = office.words(&case, "exemption_receipt");

    // Then its head says who sends it and where they are found
    for said in [
        "Solbjerg Kommune",
        "Borgerservice",
        "Center for Digitalisering",
        "Rådhuspladsen 4",
        "70 00 00 00",
        "EAN-nummer 5798000000001",
    ] {
        assert!(words.contains(said), "{said} stands on: {words}");
    }
}

/// The name of the rule set a rule is taken from.
fn set_of<'a>(rules: &'a RulesMet, rule: &str) -> &'a str {
    &rule_of(rules, rule).set
}

fn rule_of<'a>(rules: &'a RulesMet, rule: &str) -> &'a RuleView {
    let mut rules = rules.rules.iter();
    rules.find(|met| met.code == rule).expect("it is told")
}

/// Received and signed on 29 September 2017, decided on 2 October: the rules changed on 1 October.
fn decided_after_the_change(office: &Office) -> CaseView {
    let sheet = office.draft();
    let sheet = sheet
        .set("signed_on", "29.09.2017")
        .set("received_on", "29.09.2017");
    sheet.grant().expect("granted")
}

#[test]
fn practice_6_each_rule_beside_a_case_goes_by_its_own_date() {
    // Given a case signed under set A and decided under set B
    let office = Office::open_at("2017-10-02 10:00");
    let case = decided_after_the_change(&office);

    // Then each rule is told from the set of its own date
    for (rule, set, goes_by) in [
        ("declaration", "Regelsæt A", "signing"),
        ("form", "Regelsæt A", "signing"),
        ("decision", "Regelsæt B", "decision"),
        ("duration", "Regelsæt B", "decision"),
        ("receipt", "Regelsæt B", "decision"),
    ] {
        let met = rule_of(&case.rules, rule);
        assert_eq!(
            (met.set.as_str(), met.goes_by.as_str()),
            (set, goes_by),
            "{rule}"
        );
    }

    // And what has not happened yet goes by the day it happens
    assert_eq!(set_of(&case.rules, "legal_effect"), "Regelsæt B");
    office.comes_back("2023-06-01 10:00", "karin");
    let later = office.show(&case.row.id);
    assert_eq!(set_of(&later.rules, "legal_effect"), "Regelsæt C");
    assert_eq!(set_of(&later.rules, "decision"), "Regelsæt B");
}

#[test]
fn practice_6_papers_and_grounds_are_worded_by_the_date_their_rule_goes_by() {
    // Given grounds and a receipt that read differently before and after the change
    let office = Office::with_forms(
        "2017-10-02 10:00",
        &["rules/a.toml", "rules/b.toml"],
        |file, text| {
            let set = if file.ends_with("a.toml") {
                "gamle"
            } else {
                "nye"
            };
            text.replace(
                "Du får breve",
                &format!("Efter de {set} regler får du breve"),
            )
            .replace("Sproget gør", &format!("Efter de {set} regler gør sproget"))
        },
    );
    let sheet = office.draft().set("signed_on", "29.09.2017");
    let sheet = sheet.set("received_on", "29.09.2017");

    // Then the grounds read out are those of the day of signing
    let read_out = sheet.check().grounds;
    assert!(
        read_out
            .iter()
            .any(|ground| ground.text.contains("de gamle regler")),
        "{read_out:?}"
    );

    // And so is the request; the receipt goes by the decision
    let draft = sheet.save();
    let blank = office.app.paper_preview(of_draft(&draft.id, "request"));
    let blank = words_of(&pdf_of(&blank.expect("made")));
    assert!(
        blank.contains("Efter de gamle regler får du breve"),
        "{blank}"
    );
    let case = draft.grant().expect("granted").row.id;
    let request = office.words(&case, "request");
    assert!(request.contains("Efter de gamle regler gør"), "{request}");
    office.moves_to("2017-10-02 10:05");
    office.register(&case).expect("registered");
    let receipt = office.words(&case, "exemption_receipt");
    assert!(
        receipt.contains("Efter de nye regler får du breve"),
        "{receipt}"
    );
    assert!(!receipt.contains("de gamle"), "{receipt}");
}

#[test]
fn practice_6_the_date_a_rule_goes_by_is_what_the_rule_sets_say() {
    // Given rule sets in which the duration goes by the signing
    let office = Office::with_forms(
        "2017-10-02 10:00",
        &["rules/a.toml", "rules/b.toml", "rules/c.toml"],
        |_, text| {
            let (before, after) = text.split_once("code = \"duration\"").expect("it is there");
            let after = after.replacen("\"decision\"", "\"signing\"", 1);
            format!("{before}code = \"duration\"{after}")
        },
    );
    let sheet = office.draft();
    let sheet = sheet
        .set("signed_on", "29.09.2017")
        .set("received_on", "29.09.2017");

    // Then who signed before the change may still be exempted for a time, by a decision under the new set
    assert_eq!(sheet.check().durations, ["time_limited", "permanent"]);
    let limited = Decision::Grant {
        duration: Some("time_limited".to_owned()),
    };
    let case = sheet.decide(limited).expect("granted");
    assert_eq!(set_of(&case.rules, "duration"), "Regelsæt A");
    assert_eq!(set_of(&case.rules, "decision"), "Regelsæt B");
}

#[test]
fn row_4_05_a_confirmed_citation_stands_on_screen_and_paper_and_none_is_made_up() {
    // Given a municipality whose lawyer has confirmed the citation of one rule
    const CITED: &str = "Prøveloven § 99";
    let confirmed = Office::with_forms("2026-03-13 10:00", &["rules/c.toml"], |_, text| {
        let (before, after) = text.split_once("code = \"decision\"").expect("it is there");
        let cited = after.replacen("citation = \"\"", &format!("citation = \"{CITED}\""), 1);
        format!("{before}code = \"decision\"{cited}")
    });
    let shipped = Office::open();

    for (office, said) in [(&confirmed, CITED), (&shipped, "")] {
        // Then the screen says it, and the papers do
        let check = office.draft().check();
        assert_eq!(rule_of(&check.rules, "decision").citation, said);
        let refused = office.draft().decide(refusal("Nej")).expect("refused");
        let refusal = office.words(&refused.row.id, "refusal");
        let receipt = office.words(&office.registered().row.id, "exemption_receipt");
        for paper in [refusal, receipt] {
            assert_eq!(paper.contains(CITED), !said.is_empty(), "{paper}");
            assert_eq!(paper.contains('§'), !said.is_empty(), "{paper}");
        }
    }
}

#[test]
fn row_4_05_every_rule_set_is_at_hand_with_its_days_its_sources_and_what_it_changed() {
    // Given a municipality that reworded one rule from 1 June 2023
    let office = Office::with_forms("2026-03-13 10:00", &["rules/c.toml"], |_, text| {
        text.replace("Den prøver ikke selve grunden.", "Grunden prøves aldrig.")
    });

    // When the rules are looked up, also by one who may do little else
    office.sign_in("torben");
    let library = office.app.rule_library(()).expect("told");

    // Then all sets are there, newest first, each with its days, version, guide and sources
    let days: Vec<(&str, &str, &str, bool)> = library
        .sets
        .iter()
        .map(|set| {
            let (from, to) = (set.valid_from.as_str(), set.valid_to.as_str());
            (set.title.as_str(), from, to, set.in_force)
        })
        .collect();
    assert_eq!(
        days,
        [
            ("Regelsæt C", "2023-06-01", "", true),
            ("Regelsæt B", "2017-10-01", "2023-05-31", false),
            ("Regelsæt A", "2014-03-01", "2017-09-30", false),
        ]
    );
    for set in &library.sets {
        assert_eq!((set.version, set.rules.len(), set.grounds.len()), (1, 7, 8));
        assert!(!set.guide.is_empty() && !set.not_covered.is_empty());
        for rule in &set.rules {
            assert!(
                !rule.text.is_empty() && !rule.source.is_empty(),
                "{}",
                rule.code
            );
            assert_eq!(rule.citation, "", "none is confirmed");
        }
    }

    // And what each changed against the one before
    let changed = |at: usize, before: &str, after: &str| {
        let mut changes = library.sets[at].changes.iter();
        changes.any(|change| change.before.contains(before) && change.after.contains(after))
    };
    assert!(
        changed(0, "selve grunden", "Grunden prøves aldrig"),
        "the edit"
    );
    assert!(changed(0, "NemID eller MitID", "få MitID"), "a ground");
    assert!(
        changed(0, "Skal du bruge selvbetjening", "en anden vej end"),
        "a paper"
    );
    assert!(changed(1, "tidsbegrænset", "uden udløb"), "the duration");
    assert!(library.sets[2].changes.is_empty(), "the first");
}

#[test]
fn row_4_29_the_help_is_told_with_its_source_and_the_municipalitys_own_values() {
    let office = Office::open();

    let help = office.app.rule_library(()).expect("told").help;

    assert!(help.len() > 20, "{}", help.len());
    for topic in &help {
        for said in [&topic.title, &topic.text, &topic.source] {
            assert!(!said.is_empty() && !said.contains('{'), "{topic:?}");
        }
    }
    let attorney = help.iter().find(|topic| topic.code == "power_of_attorney");
    assert!(attorney.expect("told").source.contains("Solbjerg Kommune"));
}
