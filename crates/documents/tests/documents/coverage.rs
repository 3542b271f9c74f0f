//! Every listed letter comes back out of the PDF as it was typed.

use skranke_documents::{COVERAGE_LIST, Paper, papers::TextSection, render};

use crate::{
    samples::{options, receipt, receipt_for},
    tools::{one_spaced, text_of},
};

/// A paper with one section per text.
fn paper_with(texts: &[&str]) -> Paper {
    let mut paper = receipt();
    paper.text.sections = texts
        .iter()
        .map(|text| TextSection {
            paragraphs: vec![(*text).to_owned()],
            ..TextSection::default()
        })
        .collect();
    Paper::Letter(Box::new(paper))
}

#[test]
fn every_listed_letter_is_extracted_as_typed() {
    for (language, letters) in COVERAGE_LIST {
        let rendered = render(&paper_with(&[letters]), &options()).unwrap();

        let extracted = text_of(&rendered.pdf);

        assert!(
            rendered.uncovered.is_empty(),
            "{language}: {:?}",
            rendered.uncovered
        );
        // The list as it stands, so that a letter which some other line of the paper has does not count for it. Where
        // it is written from the right, no other line has any of its letters.
        let from_the_right = |letter: char| ('\u{600}'..='\u{6ff}').contains(&letter);
        let is_there = if letters.contains(from_the_right) {
            let mut letters = letters.split_whitespace().flat_map(str::chars);
            letters.all(|letter| extracted.contains(letter))
        } else {
            one_spaced(&extracted).contains(&one_spaced(letters))
        };
        assert!(is_there, "{language}: {letters} is not in {extracted}");
    }
}

#[test]
fn words_of_every_language_are_extracted_whole_and_in_order() {
    let words = [
        "Åse Ørsted-Kjærgaard, født i Sønderborg",
        "Aĸissiat Ũtĩna Inûteĸ",
        "Óðin á Rógvi Þórðarson úr Eiði",
        "İbrahim Güneş Çağlayan ışık",
        "Łukasz Świętosław Źdźbło",
        "Nguyễn Thị Ngọc Ánh ở Đà Nẵng",
        "Олена Їжакевич-Ґудзь з Києва",
        "محمد عبد الله الأنصاري",
    ];

    for word in words {
        let rendered = render(&paper_with(&[word]), &options()).unwrap();
        let extracted = text_of(&rendered.pdf);
        assert!(extracted.contains(word), "{word} is not in: {extracted}");
    }
}

#[test]
fn an_arabic_name_inside_a_danish_sentence_keeps_both_in_order() {
    let name = "فاطمة الزهراء";
    let rendered = render(&Paper::Letter(Box::new(receipt_for(name))), &options()).unwrap();

    let extracted = text_of(&rendered.pdf);

    assert!(extracted.contains(name), "{extracted}");
    assert!(extracted.contains("er fritaget fra Digital Post fra det offentlige."));
    assert!(rendered.uncovered.is_empty());
}

#[test]
fn a_name_typed_with_separate_accents_is_printed_composed() {
    let rendered = render(
        &Paper::Letter(Box::new(receipt_for("A\u{30a}se Andre\u{301}"))),
        &options(),
    )
    .unwrap();

    assert!(text_of(&rendered.pdf).contains("Åse André"));
}

#[test]
fn a_character_outside_every_font_is_named_and_still_copied_as_typed() {
    let rendered = render(
        &Paper::Letter(Box::new(receipt_for("Li 李 Hansen"))),
        &options(),
    )
    .unwrap();

    assert_eq!(rendered.uncovered, vec!['李']);
    assert!(text_of(&rendered.pdf).contains("Li 李 Hansen"));
}

#[test]
fn no_glyph_of_any_list_is_a_box() {
    // Glyph 0 is the box. Codes lead to glyphs through the map of their font.
    for (language, letters) in COVERAGE_LIST {
        let rendered = render(&paper_with(&[letters]), &options()).unwrap();
        let document = lopdf::Document::load_mem(&rendered.pdf).unwrap();
        let fonts: Vec<&lopdf::Dictionary> = document
            .objects
            .values()
            .filter_map(|object| object.as_dict().ok())
            .filter_map(|font| font.get(b"DescendantFonts").ok())
            .map(|fonts| fonts.as_array().unwrap()[0].as_dict().unwrap())
            .collect();
        assert!(fonts.len() >= 2, "{language}");
        for font in fonts {
            let map = font.get(b"CIDToGIDMap").unwrap().as_reference().unwrap();
            let map = document.get_object(map).unwrap().as_stream().unwrap();
            let map = map.decompressed_content().unwrap();
            assert!(map.len() > 4, "{language}: the font shows something");
            assert!(
                map[2..].chunks(2).all(|glyph| glyph != [0, 0]),
                "{language}: a code shows a box"
            );
        }
    }
}

#[test]
fn spaces_and_hyphens_that_forbid_a_break_are_extracted_as_typed() {
    let text = "lov\u{a0}nr.\u{a0}528 e\u{2011}post";
    let rendered = render(&paper_with(&[text]), &options()).unwrap();

    let extracted = text_of(&rendered.pdf);

    assert!(extracted.contains(&one_spaced(text)), "{extracted}");
    assert!(extracted.contains("e\u{2011}post"));
    assert!(rendered.uncovered.is_empty());
}
