//! Help first: what is offered before exemption, and what the program says about Digital Post.

use skranke_app::api::error::ErrorCode;

use crate::office::{Office, code};
use skranke_app::api::case::Decision;

#[test]
fn row_2_15_help_is_offered_and_each_answer_recorded() {
    // Given the municipality's list of help
    let office = Office::open();
    let offers = office.app.settings(()).expect("shown").help_offers;
    let codes: Vec<&str> = offers.iter().map(|offer| offer.code.as_str()).collect();
    for expected in ["library_course", "personal_help"] {
        assert!(codes.contains(&expected), "{codes:?}");
    }

    // When two are gone through and the citizen wants exemption nevertheless
    let sheet = office
        .draft()
        .set("offer_library_course", "declined")
        .set("offer_personal_help", "offered");
    let form = office.app.form_view(sheet.reference()).expect("the form");
    let step_3 = form
        .fields
        .iter()
        .filter(|f| f.step == 3 && f.id.starts_with("offer_"));
    assert_eq!(step_3.count(), offers.len(), "every offer stands on step 3");
    let case = sheet.grant().expect("granted");

    // Then that they were told is on record
    let told = case
        .timeline
        .iter()
        .find(|line| line.kind == "guidance_recorded");
    let told = &told.expect("on record").detail;
    for said in ["Kursus på biblioteket: Nej tak", ": Fortalt"] {
        assert!(told.contains(said), "{told}");
    }
    assert!(!told.contains("library_course"), "no codes: {told}");
}

#[test]
fn row_2_15_help_never_blocks() {
    let office = Office::open();

    let check = office.draft().check();

    assert!(
        check.problems.is_empty(),
        "no answer about help is demanded"
    );
}

#[test]
fn row_2_16_what_a_citizen_uses_or_was_shown_is_for_the_talk_and_stored_nowhere() {
    // Practice 15: e-Boks, the prompt in it and which letter came are context, not facts about a person.
    let office = Office::open();
    let form = office.app.form_view(office.draft().save().reference());
    for field in form.expect("the form").fields {
        let told = format!("{} {} {}", field.id, field.label, field.help).to_lowercase();
        for word in ["eboks", "e-boks", "prompt", "påmindelse", "underretning"] {
            assert!(!told.contains(word), "{}", field.id);
        }
    }
}

#[test]
fn row_2_17_only_help_that_exists_can_be_chosen_instead() {
    let office = Office::open();

    let odd = office.draft().decide(Decision::HelpInstead {
        offer: "ukendt".to_owned(),
    });

    assert_eq!(code(odd), ErrorCode::InvalidFields);
}

#[test]
fn row_2_05_2_09_2_10_and_2_11_background_is_at_hand_with_its_source() {
    let forms = skranke_forms::Forms::embedded().expect("the shipped forms");
    let told = |key: &str, part: &str| {
        let text = forms.texts().say(&format!("guide.{key}.{part}"), &[]);
        assert!(!text.starts_with("guide."), "{key}.{part} has no text");
        text
    };
    for (key, words) in [
        ("mandatory", "1. november 2014"),
        ("responsible", "Digitaliseringsstyrelsen"),
        ("where_read", "Digital Post"),
        ("national_guide", "vejledninger"),
    ] {
        let whole = format!("{} {}", told(key, "title"), told(key, "text"));
        assert!(whole.contains(words), "{key}: {whole}");
        assert!(told(key, "source").contains("Notat til BIU"), "{key}");
    }
}

#[test]
fn row_2_11_every_rule_set_names_the_guide_it_follows() {
    let forms = skranke_forms::Forms::embedded().expect("the shipped forms");
    let sets = forms.rules().all();
    assert_eq!(sets.len(), 3);
    for set in sets {
        assert!(
            set.guide.contains("Digitaliseringsstyrelsen"),
            "{}",
            set.title
        );
    }
}

#[test]
fn row_2_05_from_1_november_2014_everyone_who_can_has_digital_post() {
    let forms = skranke_forms::Forms::embedded().expect("the shipped forms");
    let profile = forms.profile("koebenhavn").expect("the profile");

    let mandatory = profile
        .milestones
        .iter()
        .find(|m| m.code == "mandatory")
        .expect("there");

    assert_eq!(mandatory.from.to_string(), "2014-11-01");
}

#[test]
fn the_request_says_once_what_an_exemption_does_not_cover_and_asks_for_no_e_mail() {
    // Given a request where staff ticked off what is not covered
    let office = Office::open();
    let mut sheet = office.draft();
    let form = office.app.form_view(sheet.reference()).expect("the form");
    let understood: Vec<String> = form
        .fields
        .iter()
        .filter(|field| field.id.starts_with("understood_"))
        .map(|field| field.id.clone())
        .collect();
    assert!(understood.len() > 2);
    for id in &understood {
        sheet = sheet.tick(id);
    }
    let sheet = sheet.save();

    // When it is printed
    let paper = office
        .app
        .paper_preview(crate::office::of_draft(&sheet.id, "request"));
    let words = crate::office::words_of(&crate::office::pdf_of(&paper.expect("made")));

    // Then each line stands on it once, under its heading
    assert_eq!(words.matches("Det dækker fritagelsen ikke").count(), 1);
    assert_eq!(words.matches("Beskeder om SU").count(), 1, "{words}");
    // And nothing that no case keeps is asked for (decision 17)
    assert!(form.fields.iter().all(|field| field.id != "email"));
    assert!(!words.contains("E-mail"), "{words}");
}
