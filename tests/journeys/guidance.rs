//! Help first: what is offered before exemption, and what the program says about Digital Post.

use skranke_app::api::error::ErrorCode;

use skranke_app::api::case::{CaseListRequest, Decision};
use skranke_app::api::paper::PaperRequest;
use skranke_testkit::people::made_up_number;

use crate::office::{AASE, Office, code, of_case, pdf_of, words_of};

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
fn row_2_09_2_10_and_2_11_the_panel_beside_the_guidance_tells_the_background_with_its_source() {
    // Given what the panel of step 3 shows under "Om Digital Post"
    let window = include_str!("../../ui/src/views/CounterView.svelte");
    let forms = skranke_forms::Forms::embedded().expect("the shipped forms");
    for (rule, words) in [
        ("mandatory", "1. november 2014"),
        (
            "responsible",
            "Digitaliseringsstyrelsen har ansvaret for Digital Post. Kommunen har ansvaret for at informere",
        ),
        ("where_read", "både på borger.dk og i e-Boks"),
        ("national_guide", "køreplan og vejledninger"),
    ] {
        assert!(window.contains(&format!("'{rule}'")), "{rule} is shown");

        // Then each says it in words and names where it stands
        let told = |part: &str| {
            let text = forms.texts().say(&format!("rule.{rule}.{part}"), &[]);
            assert!(!text.starts_with("rule."), "{rule}.{part} has no text");
            text
        };
        let whole = format!("{} {}", told("title"), told("text"));
        assert!(whole.contains(words), "{rule}: {whole}");
        assert!(told("source").contains("Notat til BIU"), "{rule}");
    }
}

#[test]
fn row_2_05_the_day_of_automatic_sign_up_is_told_while_there_is_time_to_choose() {
    // Given Aase in October 2014, and a young citizen in March 2026
    let told = |at: &str, number: &str| {
        let office = Office::open_at(at);
        let sheet = office.draft().set("cpr", number);
        let sheet = sheet.set("register_seen", "not_looked");
        sheet.check().sign_up
    };
    let young = made_up_number("2011-03-21".parse().expect("a day"));

    // Then everyone waits for 1 November 2014, a Saturday: the counter opens on Monday
    let all = told("2014-10-04 10:00", AASE).expect("ahead");
    assert_eq!(
        (all.code.as_str(), all.on.as_str(), all.days),
        ("with_everyone", "2014-11-01", 28)
    );
    assert_eq!(all.open_on, "2014-11-03");
    assert_eq!(told("2014-11-01 10:00", AASE), None);

    // And who is 14 waits for the birthday, a Saturday too
    let birthday = told("2026-03-13 10:00", &young).expect("ahead");
    assert_eq!(
        (birthday.code.as_str(), birthday.on.as_str(), birthday.days),
        ("on_birthday", "2026-03-21", 8)
    );
    assert_eq!(birthday.open_on, "2026-03-23");
    assert_eq!(told("2026-03-23 10:00", &young), None);
}

#[test]
fn row_2_05_who_has_moved_in_is_told_that_the_sign_up_comes_by_itself() {
    let office = Office::open();

    let sheet = office.draft().set("register_seen", "not_registered");
    let ahead = sheet.check().sign_up.expect("ahead");

    assert_eq!(ahead.code, "day_not_known");
    assert!(ahead.on.is_empty() && ahead.open_on.is_empty());
}

#[test]
fn the_first_open_day_skips_the_municipalitys_own_closing_days() {
    // Given a municipality that is closed on the Monday after the birthday
    let office = Office::with_profile(|text| {
        text.replace(
            "closing_days = []",
            "closing_days = [{ on = \"2026-03-23\", name = \"Flytning\" }]",
        )
    });
    let young = made_up_number("2011-03-21".parse().expect("a day"));

    let sheet = office.draft().set("cpr", &young);
    let ahead = sheet.set("register_seen", "not_looked").check().sign_up;

    assert_eq!(ahead.expect("ahead").open_on, "2026-03-24");
}

#[test]
fn row_2_10_the_look_in_the_register_can_say_signed_up_and_not_exempt() {
    let office = Office::open();

    let sheet = office.draft().set("register_seen", "not_exempt");
    let case = sheet.grant().expect("granted");

    let look = case
        .timeline
        .iter()
        .find(|line| line.kind == "register_looked_up");
    assert_eq!(look.expect("on record").detail, "Tilmeldt, ikke fritaget");
}

#[test]
fn row_2_10_and_2_17_who_said_yes_instead_stands_in_a_list_by_day() {
    // Given one who chose a course, and two who said yes on two days
    let office = Office::open();
    let helped = |number: &str, offer: &str| {
        let sheet = office.draft().set("cpr", number);
        let offer = offer.to_owned();
        let ended = sheet.decide(Decision::HelpInstead { offer });
        ended.expect("ended").row.number
    };
    helped("2304483984", "library_course");
    let first = helped(AASE, "sign_up");
    office.comes_back("2026-03-16 10:00", "karin");
    let second = helped("1412553985", "sign_up");

    // When the list is asked for, with a purpose, as every list of ended cases
    let ask = |purpose: Option<&str>| {
        office.app.case_list(CaseListRequest {
            query: String::new(),
            filter: "said_yes".to_owned(),
            after: None,
            purpose: purpose.map(str::to_owned),
        })
    };
    assert_eq!(code(ask(None)), ErrorCode::PurposeMissing);
    let page = ask(Some("case_work")).expect("listed");

    // Then it holds those two in the order of their days
    let numbers: Vec<&str> = page.rows.iter().map(|row| row.number.as_str()).collect();
    assert_eq!(numbers, [first.as_str(), second.as_str()]);
    assert!(page.rows[0].updated_at.starts_with("2026-03-13"));
    assert!(page.rows[1].updated_at.starts_with("2026-03-16"));
}

#[test]
fn row_2_11_beside_the_questions_stands_the_guide_of_the_rules_of_that_day() {
    // Given a municipality that follows another guide from 1 June 2023
    let follows = "guide = \"KL og Digitaliseringsstyrelsen: vejledning om fritagelse af borgere\"";
    let office = |now: &str| {
        Office::with_forms(now, &["rules/c.toml"], |_, text| {
            text.replace(
                follows,
                "guide = \"Ny vejledning fra Digitaliseringsstyrelsen\"",
            )
        })
    };
    let guide = |now: &str| office(now).draft().check().rules.guide;

    assert_eq!(
        guide("2026-03-13 10:00"),
        "Ny vejledning fra Digitaliseringsstyrelsen"
    );
    let before = guide("2023-05-31 10:00");
    assert!(
        before.starts_with("KL og Digitaliseringsstyrelsen"),
        "{before}"
    );
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

fn born(day: &str) -> String {
    made_up_number(day.parse().expect("a day"))
}

#[test]
fn row_2_09_and_2_10_who_said_yes_takes_home_where_the_post_is_and_who_answers_for_what() {
    // Given a citizen who said yes to Digital Post, and one who took a course
    let office = Office::open();
    let helped = |cpr: &str, offer: &str| {
        let decision = Decision::HelpInstead {
            offer: offer.to_owned(),
        };
        let sheet = office.draft().set("cpr", cpr);
        sheet.decide(decision).expect("helped").row.id
    };
    let signed_up = helped(AASE, "sign_up");
    let on_a_course = helped(&born("1948-04-23"), "library_course");

    // When the sheet is printed
    let sheet = office.print(&signed_up, "information_sheet").expect("out");

    // Then it says what was agreed, what happens next, where the post is read, and who has the responsibility
    for said in [
        "Tilmelding nu: ja tak til Digital Post",
        "Du er tilmeldt Digital Post",
        "borger.dk",
        "e-boks.dk",
        "Digitaliseringsstyrelsen har ansvaret for Digital Post",
        "Solbjerg Kommune har ansvaret for at informere",
        "Kursus på biblioteket",
        "Personlig hjælp i Borgerservice",
        "70 00 00 00",
    ] {
        assert!(sheet.words.contains(said), "{said}: {}", sheet.words);
    }
    assert!(!sheet.words.contains("er fritaget"), "{}", sheet.words);

    // And that it was handed out stands in the case
    let shown = office.show(&signed_up);
    assert!(shown.papers.iter().any(|p| p.kind == "information_sheet"));

    // And who took a course is not told to be signed up
    let words = office.words(&on_a_course, "information_sheet");
    assert!(words.contains("Kursus på biblioteket"), "{words}");
    assert!(!words.contains("Du er tilmeldt"), "{words}");
    assert!(
        words.contains("Digital Post gælder for dig som før"),
        "{words}"
    );

    // And nobody gets it whose case ended another way
    let granted = office.draft().set("cpr", &born("1955-12-14")).grant();
    let granted = granted.expect("granted").row.id;
    assert_eq!(
        code(office.preview(&granted, "information_sheet")),
        ErrorCode::PaperDoesNotFit
    );
}

#[test]
fn row_2_15_the_list_of_help_goes_with_the_receipt_unless_it_is_left_out() {
    // Given a registered exemption
    let office = Office::open();
    let case = office.registered().row.id;
    let receipt = |enclosure: bool, large_print: bool| {
        let request = PaperRequest {
            enclosure,
            large_print,
            ..of_case(&case, "exemption_receipt")
        };
        let shown = office.app.paper_preview(request).expect("shown");
        let words = words_of(&pdf_of(&shown));
        (shown, words)
    };

    // When it is printed alone, then it is one page that says what may go with it
    let (alone, words) = receipt(false, false);
    assert_eq!(alone.pages, 1);
    assert_eq!(alone.enclosure, "Vigtigt om din fritagelse");
    assert!(!words.contains("Kursus på biblioteket"), "{words}");

    // Then, with what goes with it, the help stands on a page of its own, in large print too
    for large_print in [false, true] {
        let (with, words) = receipt(true, large_print);
        assert!(with.pages >= 2);
        for said in [
            "Vigtigt om din fritagelse",
            "Kursus på biblioteket · Kommunens biblioteker",
            "Personlig hjælp i Borgerservice",
            "70 20 00 00",
            "Digitaliseringsstyrelsen har ansvaret for Digital Post",
        ] {
            assert!(words.contains(said), "{said}: {words}");
        }
        assert!(
            !words.contains("Tilmelding nu"),
            "that is no help of its own"
        );
        assert_eq!(with.number, alone.number, "it is one paper");
    }

    // And nothing goes with a paper that is not about an exemption in force
    let interim = office.draft().set("cpr", &born("1955-12-14")).grant();
    let interim = interim.expect("granted").row.id;
    let paper = office.preview(&interim, "interim_paper").expect("shown");
    assert_eq!(paper.enclosure, "");
}
