//! Where things stand on the pages, measured in the finished file by another program.

use skranke_documents::{CopyMark, Paper, RenderOptions, papers::Carrier, render};

use crate::{
    samples::{all, at, longest, options, receipt},
    tools::OnDisk,
};

/// A word with its place, in points from the upper left corner of the sheet.
struct Word {
    left: f32,
    top: f32,
    bottom: f32,
    said: String,
}

/// The words of each page, in the order of the file.
fn words_by_page(paper: &Paper, large_print: bool, copy_mark: Option<CopyMark>) -> Vec<Vec<Word>> {
    let options = RenderOptions {
        large_print,
        copy_mark,
        ..options()
    };
    let rendered = render(paper, &options).unwrap();
    let told = OnDisk::new(&rendered.pdf).run("pdftotext", &["-bbox", "paper.pdf", "-"]);
    let pages: Vec<Vec<Word>> = told
        .split("<page ")
        .skip(1)
        .map(|page| page.lines().filter_map(word).collect())
        .collect();
    assert_eq!(pages.len(), rendered.pages);
    pages
}

fn word(line: &str) -> Option<Word> {
    let said = line.trim().strip_prefix("<word ")?;
    let number = |name: &str| -> Option<f32> {
        let (_, rest) = said.split_once(&format!("{name}=\""))?;
        rest.split_once('"')?.0.parse().ok()
    };
    Some(Word {
        left: number("xMin")?,
        top: number("yMin")?,
        bottom: number("yMax")?,
        said: said
            .split_once('>')?
            .1
            .trim_end_matches("</word>")
            .to_owned(),
    })
}

/// Points of a length in millimetres.
fn mm(length: f32) -> f32 {
    length * 72.0 / 25.4
}

#[test]
fn a_power_of_attorney_fits_one_page_and_in_large_print_keeps_its_last_section_whole() {
    for name in ["power_of_attorney", "power_of_attorney_blank"] {
        let found = all().into_iter().find(|(known, _)| *known == name);
        let paper = found.unwrap().1;
        assert_eq!(words_by_page(&paper, false, None).len(), 1, "{name}");

        let large = words_by_page(&paper, true, None);
        let first: Vec<&str> = large
            .last()
            .unwrap()
            .iter()
            .take(3)
            .map(|word| word.said.as_str())
            .collect();

        assert_eq!(first, ["Godt", "at", "vide"], "{name}");
    }
}

#[test]
fn nobody_signs_below_nothing_and_the_municipality_writes_where_they_signed() {
    let ordinary = all()
        .into_iter()
        .map(|(name, paper)| (name.to_owned(), paper));
    let forms = ordinary
        .chain(longest())
        .filter(|(_, paper)| matches!(paper, Paper::Form(_)));
    for (name, paper) in forms {
        for large_print in [false, true] {
            let pages = words_by_page(&paper, large_print, None);
            let signed = |page: &&Vec<Word>| page.iter().any(|w| w.said.contains("underskrift"));
            let page = pages.iter().find(signed).unwrap();
            let place = page
                .iter()
                .position(|word| word.said.contains("underskrift"))
                .unwrap();

            assert!(
                place > 8,
                "{name}, large print {large_print}: nothing above the line"
            );
            assert!(
                page.iter().any(|word| word.said == "Udfyldes"),
                "{name}, large print {large_print}: the municipality's box is elsewhere"
            );
        }
    }
}

/// Windows of C5 and M65 envelopes begin 15 mm from the left and 39 or 44 mm from the upper
/// edge and are 35 mm high.
#[test]
fn the_window_of_the_envelope_shows_the_addressee_and_not_what_the_letter_is_about() {
    let mut posted = receipt();
    posted.carrier = Carrier::Post;
    let copy = CopyMark {
        device_code: "S3".to_owned(),
        count: 1,
        printed_at: at(15, 30),
    };
    for large_print in [false, true] {
        for copy_mark in [None, Some(copy.clone())] {
            let paper = Paper::Letter(Box::new(posted.clone()));
            let pages = words_by_page(&paper, large_print, copy_mark);
            let first = pages.first().unwrap();
            let find = |said: &str| first.iter().find(|word| word.said == said).unwrap();

            for said in ["Aase", "Ærøvej", "9990"] {
                let word = first
                    .iter()
                    .find(|word| word.said == said && word.left < mm(100.0))
                    .unwrap();
                assert!(
                    word.top > mm(44.0) && word.bottom < mm(74.0) && word.left > mm(15.0),
                    "{said}, large print {large_print}: {} to {} points",
                    word.top,
                    word.bottom
                );
            }
            assert!(
                find("Kvittering").top > mm(79.0),
                "large print {large_print}: the title begins at {} points",
                find("Kvittering").top
            );
        }
    }
}

#[test]
fn nothing_stands_outside_the_margins() {
    for (name, paper) in longest() {
        for large_print in [false, true] {
            for word in words_by_page(&paper, large_print, None).iter().flatten() {
                assert!(
                    word.left > 50.0 && word.top > 40.0 && word.bottom < 815.0,
                    "{name}, large print {large_print}: a word at {} {}",
                    word.left,
                    word.top
                );
            }
        }
    }
}
