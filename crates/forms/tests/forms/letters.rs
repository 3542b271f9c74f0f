//! Letters to citizens: easy to read, complete, and silent about what they may not say.

use skranke_forms::LetterFacts;

use crate::{day, forms};

/// Words, sentences and long words as the readability number LIX counts them; headings and lists
/// are left out.
fn lix(text: &str) -> f64 {
    let words: Vec<&str> = text
        .split_whitespace()
        .filter(|w| w.chars().any(char::is_alphanumeric))
        .collect();
    let sentences = words
        .iter()
        .filter(|w| w.ends_with(['.', '!', '?', ':']))
        .count()
        .max(1);
    let letters = |word: &str| word.chars().filter(|c| c.is_alphabetic()).count();
    let long = words.iter().filter(|word| letters(word) > 6).count();
    let words = words.len() as f64;
    words / sentences as f64 + 100.0 * long as f64 / words
}

/// Facts as an ordinary case of the demo has them.
fn facts() -> LetterFacts {
    let forms = forms();
    let profile = forms.profile("demo").expect("it exists");
    let set = forms.rules().on(day("2026-03-13")).expect("in force");
    let pairs = [
        ("channel", "self"),
        ("citizen_name", "Aase Lindholm"),
        ("citizen_cpr", "020170-••••"),
        ("granted_at", "13. marts 2026 kl. 13.58"),
        ("registered_at", "13. marts 2026 kl. 14.01"),
        ("decided_at", "13. marts 2026 kl. 13.58"),
        ("corrected_at", "13. marts 2026 kl. 15.10"),
        ("received_on", "13. marts 2026"),
        ("duration", "Uden udløb"),
        ("duration_kind", "permanent"),
        ("unopened_post", "Sendes på papir til folkeregisteradressen"),
        ("case_number", "2026-S3-0147"),
        ("municipal_case_number", ""),
        ("paper_number", "S3-2026-00412"),
        ("paper_title", "Anmodning om fritagelse fra Digital Post"),
        ("initials", "KT"),
        ("location", "Borgerservice Solbjerg"),
        ("identity_seen", "Pas · set af KT"),
        ("signing_method", "paper"),
        ("next_step", ""),
        ("outcome", "Bevilget"),
        ("reason", "no_valid_id"),
        (
            "reasons",
            "Du er under 15 år og skal ikke have Digital Post.",
        ),
        ("legal_basis", ""),
        ("complaint_guidance", "Du kan klage til kommunen."),
        ("resend_post", "false"),
        ("was_registered", "true"),
        ("poa_covers_unopened_post", "true"),
        ("chosen_offer", "sign_up"),
        (
            "chosen_offer_said",
            "Tilmelding nu: ja tak til Digital Post",
        ),
    ];
    let facts = pairs
        .iter()
        .fold(LetterFacts::new(), |facts, (name, value)| {
            facts.with(name, *value)
        });
    facts
        .with_rule_set(set)
        .with_profile(profile)
        .with_offers(forms.help_offers())
        .with_list("unmet", vec!["Borgeren er fyldt 15 år".to_owned()])
        .with_list("would_change", Vec::new())
        .with_list("missing", vec!["Din underskrift".to_owned()])
}

#[test]
fn every_letter_can_be_filled_from_an_ordinary_case() {
    for letter in forms().letters() {
        let filled = letter.fill(&facts()).expect("complete");
        let rows = filled.rows.iter().map(|(_, value)| value.as_str());
        for text in rows.chain([filled.title.as_str(), filled.lead.as_str()]) {
            assert!(!text.contains('{'), "{}: {text}", letter.code);
        }
    }
}

#[test]
fn every_letter_to_a_citizen_is_easy_to_read() {
    for letter in forms()
        .letters()
        .iter()
        .filter(|letter| letter.audience == "citizen")
    {
        let filled = letter.fill(&facts()).expect("complete");
        let paragraphs = filled.sections.iter().flat_map(|s| &s.paragraphs);
        let text: Vec<&str> = paragraphs
            .map(String::as_str)
            .chain([filled.lead.as_str()])
            .collect();
        let lix = lix(&text.join(" "));

        assert!(lix <= 44.0, "{} is hard to read: LIX {lix:.0}", letter.code);
    }
}

#[test]
fn row_4_27_a_refusal_ends_with_the_municipalitys_complaint_guidance() {
    let refusal = forms()
        .letter("refusal")
        .expect("it exists")
        .fill(&facts())
        .expect("complete");
    let complaint = refusal
        .sections
        .iter()
        .find(|s| s.heading == "Hvis du vil klage");

    assert_eq!(
        complaint.map(|section| section.paragraphs.clone()),
        Some(vec!["Du kan klage til kommunen.".to_owned()])
    );
}

#[test]
fn row_4_25_a_refusal_gives_its_reasons_and_the_unmet_requirements() {
    let refusal = forms()
        .letter("refusal")
        .expect("it exists")
        .fill(&facts())
        .expect("complete");
    let reasons = refusal
        .sections
        .iter()
        .find(|s| s.heading == "Derfor får du afslag")
        .expect("there");

    assert_eq!(
        reasons.paragraphs,
        ["Du er under 15 år og skal ikke have Digital Post."]
    );
    assert_eq!(reasons.bullets, ["Borgeren er fyldt 15 år"]);
}

#[test]
fn a_receipt_under_rule_set_a_says_when_it_ends() {
    let forms = forms();
    let set = forms.rules().on(day("2015-02-03")).expect("in force");
    let until = skranke_forms::texts::fill(
        set.text("duration_time_limited"),
        &[("until", "1. november 2017")],
    );
    let facts = facts()
        .with_rule_set(set)
        .with("duration", until)
        .with("duration_kind", "time_limited");

    let receipt = forms
        .letter("exemption_receipt")
        .expect("it exists")
        .fill(&facts)
        .expect("complete");

    assert!(receipt.rows.contains(&(
        "Gælder".to_owned(),
        "Til og med 1. november 2017".to_owned()
    )));
    assert!(
        receipt
            .sections
            .iter()
            .any(|section| section.heading == "Hvor længe")
    );
}

#[test]
fn practice_9_the_first_request_carries_the_power_of_attorney_as_part_two() {
    let request = |version: &str, channel: &str| {
        let facts = facts()
            .with("form_version", version)
            .with("channel", channel);
        forms()
            .letter("request")
            .expect("it exists")
            .fill(&facts)
            .expect("complete")
            .signatures
    };

    assert_eq!(
        request("1", "representative").len(),
        2,
        "signed by both on one paper"
    );
    assert_eq!(
        request("2", "representative").len(),
        1,
        "the other signs on F2"
    );
    assert_eq!(request("1", "self").len(), 1);
}

#[test]
fn without_a_confirmed_citation_a_refusal_still_says_that_rules_were_used() {
    let refusal = forms()
        .letter("refusal")
        .expect("it exists")
        .fill(&facts())
        .expect("complete");
    let rules = refusal
        .sections
        .iter()
        .find(|s| s.heading == "Reglerne")
        .expect("there");

    assert_eq!(
        rules.paragraphs,
        ["Vi har brugt de gældende regler om fritagelse fra Digital Post."]
    );
}
