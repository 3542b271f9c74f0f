//! The rules are at hand without a line, each in the version of its day; staff can practise in the demo.

use crate::office::Office;

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
    let forms = skranke_forms::Forms::embedded().expect("the shipped forms");
    let with_rule: Vec<&str> = form
        .fields
        .iter()
        .map(|field| field.rule.as_str())
        .filter(|rule| !rule.is_empty())
        .collect();
    assert!(with_rule.len() > 10);
    for rule in with_rule {
        // The rule sets have a text each, which names its own source.
        let parts: &[&str] = match rule {
            "rule_set" => &["title", "text_a", "text_b", "text_c"],
            _ => &["title", "text", "source"],
        };
        for part in parts {
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
