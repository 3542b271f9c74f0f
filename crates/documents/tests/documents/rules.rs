//! What no wording may break, and what every paper must show.

use skranke_documents::{
    CopyMark, DocumentError, Paper, Press, RenderOptions,
    papers::{Carrier, FormSignature, LetterKind, LetterPaper},
    render,
};

use crate::{
    samples::{
        CPR, GUIDANCE, all, at, citizen, dates, day, facts, form, interim, letter, options,
        receipt, receipt_for, refusal, text,
    },
    tools::{OnDisk, text_of},
};

fn text_on(paper: LetterPaper) -> String {
    text_of(
        &render(&Paper::Letter(Box::new(paper)), &options())
            .unwrap()
            .pdf,
    )
}

fn refused(paper: LetterPaper) -> DocumentError {
    render(&Paper::Letter(Box::new(paper)), &options()).unwrap_err()
}

#[test]
fn row_2_23_the_receipt_carries_both_times_and_fits_one_page() {
    let rendered = render(&Paper::Letter(Box::new(receipt())), &options()).unwrap();

    let said = text_of(&rendered.pdf);

    assert_eq!(rendered.pages, 1);
    assert!(said.contains("Bevilget") && said.contains(&dates().date_time(at(13, 58))));
    assert!(
        said.contains("Registreret i Digital Post 13. marts 2026 kl. 14.01"),
        "{said}"
    );
    assert!(said.contains("Kvittering nr. S3-2026-00412"));
}

#[test]
fn a_receipt_without_the_registration_time_is_not_printed() {
    let mut paper = receipt();
    paper
        .text
        .rows
        .retain(|(label, _)| label != "Registreret i Digital Post");

    assert_eq!(
        refused(paper),
        DocumentError::NotAllowed("the exemption receipt carries both times")
    );
}

#[test]
fn the_receipt_masks_the_cpr_number() {
    let said = text_on(receipt());

    assert!(said.contains("251216-••••"));
    assert!(!said.contains("9996"));
}

#[test]
fn a_number_the_profile_masks_stops_the_paper() {
    let mut paper = receipt();
    paper
        .text
        .rows
        .push(("CPR-nummer".to_owned(), "251216-9996".to_owned()));

    assert!(matches!(refused(paper), DocumentError::NotAllowed(_)));
}

#[test]
fn a_receipt_that_names_the_ground_is_not_printed() {
    let ground = "Du har ingen computer i dit hjem";
    let mut paper = receipt();
    paper.must_not_say.push(ground.to_owned());
    assert!(render(&Paper::Letter(Box::new(paper.clone())), &options()).is_ok());

    paper.text.sections[0].paragraphs.push(format!("{ground}."));

    assert!(matches!(refused(paper), DocumentError::NotAllowed(_)));
}

#[test]
fn the_interim_paper_says_granted_not_yet_registered_and_post_still_digital() {
    let said = text_on(interim());

    assert!(said.contains("Bevilget, endnu ikke registreret"));
    assert!(
        said.contains("Registreret i Digital Post Ikke endnu"),
        "{said}"
    );
    assert!(said.contains("Du får stadig post fra det offentlige i Digital Post."));
    assert!(!said.contains("er fritaget"));
}

#[test]
fn an_interim_paper_that_says_exempt_is_not_printed() {
    let mut paper = interim();
    paper.text.lead = "Aase Lindholm er fritaget fra Digital Post.".to_owned();

    assert!(matches!(refused(paper), DocumentError::NotAllowed(_)));
}

#[test]
fn the_hand_in_slip_contains_no_word_of_being_exempt() {
    let slip = letter(LetterKind::HandInSlip, "hand_in_slip", Carrier::Citizen);
    assert!(!text_on(slip.clone()).to_lowercase().contains("fritag"));

    let mut wrong = slip;
    wrong.text.lead = "Du er nu fritaget.".to_owned();
    assert!(matches!(refused(wrong), DocumentError::NotAllowed(_)));
}

#[test]
fn row_4_25_a_refusal_has_reasons_and_complaint_guidance() {
    let said = text_on(refusal());
    assert!(said.contains("Ikke opfyldt Du er fyldt 15 år."), "{said}");
    assert!(said.contains("Du bliver 15 år den 25. december 2031."));
    assert!(said.contains(GUIDANCE));

    let mut without_reasons = refusal();
    without_reasons.reasons.clear();
    for section in &mut without_reasons.text.sections {
        section.points.clear();
    }
    assert!(matches!(
        refused(without_reasons),
        DocumentError::NotAllowed(_)
    ));

    let mut without_guidance = refusal();
    without_guidance.kind = LetterKind::Refusal {
        complaint_guidance: String::new(),
    };
    assert!(matches!(
        refused(without_guidance),
        DocumentError::NotAllowed(_)
    ));

    let mut guidance_left_out = refusal();
    guidance_left_out
        .text
        .sections
        .retain(|section| section.heading != "Hvis du vil klage");
    assert!(matches!(
        refused(guidance_left_out),
        DocumentError::NotAllowed(_)
    ));
}

#[test]
fn a_rejection_is_not_called_a_refusal() {
    let paper = letter(LetterKind::Rejection, "rejection", Carrier::Citizen);
    assert!(!text_on(paper.clone()).to_lowercase().contains("afslag"));

    let mut wrong = paper;
    wrong.text.title = "Afslag".to_owned();
    assert!(matches!(refused(wrong), DocumentError::NotAllowed(_)));
}

#[test]
fn the_letter_to_the_wrongly_registered_names_nobody_else() {
    let said = text_on(letter(
        LetterKind::CorrectionToWrongPerson,
        "correction_wrong_person",
        Carrier::Citizen,
    ));

    assert!(said.contains("Rettet 13. marts 2026 kl. 15.20"), "{said}");
    assert!(!said.contains("Mads"));
}

#[test]
fn a_protected_address_is_not_printed_on_what_a_third_person_carries() {
    let mut paper = letter(
        LetterKind::MissingInformation,
        "missing_information",
        Carrier::Post,
    );
    paper.citizen.address_protected = true;
    assert!(
        text_on(paper.clone()).contains("Ærøvej 12"),
        "the post brings it to the citizen"
    );

    paper.carrier = Carrier::ThirdPerson;
    assert!(!text_on(paper.clone()).contains("Ærøvej"));

    paper.text.lead = "Vi skriver til Ærøvej 12, 2. th.".to_owned();
    assert!(
        matches!(refused(paper), DocumentError::NotAllowed(_)),
        "no wording smuggles it in"
    );

    let mut request = form(day(), "f1", "request", false);
    request.citizen.address_protected = true;
    request.carrier = Carrier::ThirdPerson;
    let said = text_of(
        &render(&Paper::Form(Box::new(request)), &options())
            .unwrap()
            .pdf,
    );
    assert!(
        !said.contains("Ærøvej") && said.contains("Adressen er ikke trykt"),
        "{said}"
    );
}

#[test]
fn the_filled_request_shows_the_answers_and_the_blank_one_shows_none() {
    let filled = form(day(), "f1", "request", false);
    let blank = form(day(), "f1", "request", true);

    let filled = text_of(
        &render(&Paper::Form(Box::new(filled)), &options())
            .unwrap()
            .pdf,
    );
    let blank = text_of(
        &render(&Paper::Form(Box::new(blank)), &options())
            .unwrap()
            .pdf,
    );

    for answer in [
        "Aase Lindholm",
        "251216-9996",
        "Ærøvej 12, 2. th., 9990 Solbjerg",
        "12. marts 2026",
    ] {
        assert!(filled.contains(answer), "{answer} is not in: {filled}");
        assert!(!blank.contains(answer), "{answer} is on the blank form");
    }
    for paper in [filled, blank] {
        assert!(paper.contains("Dato og borgerens underskrift"));
        assert!(paper.contains("Udfyldes af kommunen"));
        assert!(paper.contains("tro og love"));
    }
}

#[test]
fn the_power_of_attorney_is_signed_by_both() {
    let paper = form(day(), "f2", "power_of_attorney", false);

    let said = text_of(
        &render(&Paper::Form(Box::new(paper)), &options())
            .unwrap()
            .pdf,
    );

    assert!(said.contains("Dato og borgerens underskrift"));
    assert!(said.contains("Dato og fuldmagtshaverens underskrift"));
    assert!(said.contains("Mads Lindholm"));
}

#[test]
fn a_copy_says_so_with_device_and_count_on_every_page() {
    let copy_mark = Some(CopyMark {
        device_code: "S3".to_owned(),
        count: 2,
        printed_at: at(15, 30),
    });
    let options = RenderOptions {
        copy_mark,
        large_print: true,
        ..options()
    };

    let rendered = render(&Paper::Letter(Box::new(receipt())), &options).unwrap();

    let said = text_of(&rendered.pdf);
    assert!(
        said.contains("KOPI 2 · udskrevet 13. marts 2026 kl. 15.30 · enhed S3"),
        "{said}"
    );
    assert!(rendered.pages > 1, "large print takes two pages");
    assert!(said.matches("KOPI 2").count() >= 2);
}

#[test]
fn a_first_print_has_no_copy_mark() {
    assert!(!text_on(receipt()).contains("KOPI"));
}

#[test]
fn the_same_paper_gives_the_same_bytes() {
    let press = Press::new().unwrap();
    for (name, paper) in all() {
        let first = press.render(&paper, &options()).unwrap();
        let second = Press::new().unwrap().render(&paper, &options()).unwrap();
        assert!(first.pdf == second.pdf, "{name} differs from itself");
    }
}

#[test]
fn another_paper_has_another_identifier() {
    let id = |paper: LetterPaper| {
        let rendered = render(&Paper::Letter(Box::new(paper)), &options()).unwrap();
        let document = lopdf::Document::load_mem(&rendered.pdf).unwrap();
        format!("{:?}", document.trailer.get(b"ID").unwrap())
    };

    assert_ne!(id(receipt()), id(interim()));
    assert_eq!(id(receipt()), id(receipt()));
}

#[test]
fn large_print_says_the_same_as_ordinary_print() {
    for (name, paper) in all() {
        let words = |large_print| {
            let options = RenderOptions {
                large_print,
                ..options()
            };
            let said = text_of(&render(&paper, &options).unwrap().pdf);
            // What is broken at a hyphen on one page stands whole on the other; page feet differ.
            let mut letters: Vec<String> = said
                .split(' ')
                .filter(|word| word.chars().count() > 6)
                .map(str::to_owned)
                .collect();
            letters.sort();
            letters.dedup();
            letters
        };
        let large = words(true);
        let missing: Vec<_> = words(false)
            .into_iter()
            .filter(|word| !large.contains(word))
            .collect();
        assert!(
            missing.is_empty(),
            "{name} in large print lacks {missing:?}"
        );
    }
}

#[test]
fn papers_stay_small() {
    for (name, paper) in all() {
        let rendered = render(&paper, &options()).unwrap();
        assert!(
            rendered.pdf.len() < 70_000,
            "{name} has {} bytes",
            rendered.pdf.len()
        );
    }
}

#[test]
fn file_and_metadata_name_neither_person_nor_number() {
    let rendered = render(&Paper::Letter(Box::new(receipt())), &options()).unwrap();
    let document = lopdf::Document::load_mem(&rendered.pdf).unwrap();
    let catalog = document.catalog().unwrap();
    let metadata = document
        .get_object(catalog.get(b"Metadata").unwrap().as_reference().unwrap())
        .unwrap()
        .as_stream()
        .unwrap();

    let packet = String::from_utf8(metadata.content.clone()).unwrap();

    assert!(packet.contains("Kvittering for fritagelse fra Digital Post"));
    for private in [citizen().name.as_str(), "251216", CPR] {
        assert!(!packet.contains(private), "{private}");
    }
}

#[test]
fn an_error_tells_nothing_of_the_person() {
    let mut paper = receipt();
    paper
        .text
        .rows
        .push(("CPR-nummer".to_owned(), "251216-9996".to_owned()));

    let error = refused(paper.clone());

    assert!(!format!("{error} {error:?}").contains("251216"));
    assert!(
        !format!("{paper:?}").contains("Lindholm"),
        "nor does Debug of the paper's text"
    );
    assert!(
        text("exemption_receipt", &facts("Aase"))
            .title
            .starts_with("Kvittering")
    );
}

#[test]
fn a_long_letter_flows_over_pages_and_loses_nothing() {
    let mut paper = letter(LetterKind::Other, "important_messages", Carrier::Citizen);
    paper.text.sections[0].paragraphs = (1..=150)
        .map(|number| {
            format!("Afsnit nummer {number} fortæller noget, som fylder mere end en linje på papiret, så teksten flyder videre.")
        })
        .collect();

    let rendered = render(&Paper::Letter(Box::new(paper)), &options()).unwrap();

    let said = text_of(&rendered.pdf);
    assert!(rendered.pages > 3);
    assert!(said.contains(&format!("Side {0} af {0}", rendered.pages)));
    for number in 1..=150 {
        assert!(
            said.contains(&format!("Afsnit nummer {number} fortæller")),
            "{number} is lost"
        );
    }
}

#[test]
fn a_value_taller_than_a_page_is_refused_and_not_cut_off() {
    let mut paper = receipt();
    paper
        .text
        .rows
        .push(("Navn".to_owned(), "Meget langt navn ".repeat(400)));

    assert_eq!(refused(paper), DocumentError::TooTall);
}

#[test]
fn a_posted_receipt_has_its_addressee_and_still_fits_one_page() {
    let paper = LetterPaper {
        carrier: Carrier::Post,
        ..receipt()
    };

    let rendered = render(&Paper::Letter(Box::new(paper)), &options()).unwrap();

    assert_eq!(rendered.pages, 1);
    assert!(text_of(&rendered.pdf).contains("Ærøvej 12, 2. th."));
}

#[test]
fn a_signature_given_on_screen_is_drawn_and_described() {
    let figures = |signed: bool| {
        let mut paper = form(day(), "f2", "power_of_attorney", false);
        paper.parts[0].signatures = vec![FormSignature {
            label: "Dato og borgerens underskrift".to_owned(),
            name: "Aase Lindholm".to_owned(),
            signed_on: "10. marts 2026".to_owned(),
            strokes: if signed {
                vec![vec![(0.0, 0.8), (0.2, 0.1), (0.9, 0.4)]]
            } else {
                vec![]
            },
        }];
        let rendered = render(&Paper::Form(Box::new(paper)), &options()).unwrap();
        let disk = OnDisk::new(&rendered.pdf);
        let said = disk.text();
        assert!(
            said.contains("Dato og borgerens underskrift: Aase Lindholm"),
            "{said}"
        );
        assert!(said.contains("10. marts 2026"));
        disk.run("pdfinfo", &["-struct", "paper.pdf"])
            .matches("Figure")
            .count()
    };

    assert_eq!(
        figures(true),
        figures(false) + 1,
        "the strokes are a figure of their own"
    );
}

#[test]
fn a_long_reason_goes_on_over_the_page_in_large_print_too() {
    let reason =
        "Borgeren har fået forklaret reglerne og ønsker ikke at erklære noget. ".repeat(57);
    let mut paper = refusal();
    let points = paper
        .text
        .sections
        .iter_mut()
        .find(|section| !section.points.is_empty())
        .map(|section| &mut section.points);
    *points.unwrap() = vec![reason];
    let options = RenderOptions {
        large_print: true,
        ..options()
    };

    let rendered = render(&Paper::Letter(Box::new(paper)), &options).unwrap();

    let said = text_of(&rendered.pdf);
    assert_eq!(said.matches("fået forklaret reglerne").count(), 57);
}

#[test]
fn what_is_quoted_is_not_the_letters_own_word() {
    let mut paper = letter(LetterKind::Rejection, "rejection", Carrier::Citizen);
    paper.text.sections[0]
        .paragraphs
        .push("Det er ikke et afslag.".to_owned());
    assert!(matches!(
        refused(paper.clone()),
        DocumentError::NotAllowed(_)
    ));

    paper.quoted.push("Det er ikke et afslag.".to_owned());

    assert!(render(&Paper::Letter(Box::new(paper)), &options()).is_ok());
}

#[test]
fn a_name_with_a_dot_in_it_stays_as_it_is() {
    let said = text_on(receipt_for("Núria Gal·la"));

    assert!(said.contains("Núria Gal·la"), "{said}");
}
