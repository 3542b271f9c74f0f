//! No CPR number in the repository could be a living person's.
//!
//! A number that is written out must fail modulus 11 and not be born on 1 January, or be a replacement number.

use chrono::Datelike;
use skranke_domain::cpr::{Cpr, CprKind};

use crate::tree::{self, File};

fn could_be_real(digits: &str) -> bool {
    Cpr::parse(digits).is_ok_and(|cpr| {
        let born_on_1_january = cpr.birth_date().ordinal() == 1;
        cpr.kind() == CprKind::Ordinary && (cpr.modulus_11_holds() || born_on_1_january)
    })
}

/// Ten digits in a row, or six and four with a hyphen or space, that are not part of something longer.
fn candidates(line: &str) -> Vec<String> {
    let characters: Vec<char> = line.chars().collect();
    let digit = |at: usize| characters.get(at).is_some_and(char::is_ascii_digit);
    let part_of_more = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
    let mut found = Vec::new();
    for start in 0..characters.len() {
        let before = start
            .checked_sub(1)
            .and_then(|before| characters.get(before));
        if !(start..start + 6).all(digit) || part_of_more(before) {
            continue;
        }
        let gap = usize::from(matches!(
            characters.get(start + 6),
            Some('-' | ' ' | '\u{2013}')
        ));
        let end = start + 10 + gap;
        // A decimal fraction, a part of a dotted or dashed code, or a longer row of digits is none.
        let dashed = |c: Option<&char>, next: usize| matches!(c, Some('-' | '.')) && digit(next);
        let after = characters.get(end);
        let coded = dashed(after, end + 1)
            || (matches!(before, Some('-' | '.')) && start >= 2 && digit(start - 2));
        if (start + 6 + gap..end).all(digit) && !part_of_more(after) && !coded {
            found.push(
                characters[start..end]
                    .iter()
                    .filter(|c| c.is_ascii_digit())
                    .collect(),
            );
        }
    }
    found
}

/// The violations name the line only: the number itself is not repeated.
fn violations(file: &File) -> Vec<String> {
    let lines = file.text.lines().enumerate();
    lines
        .filter(|(_, line)| candidates(line).iter().any(|digits| could_be_real(digits)))
        .map(|(index, _)| format!("{}:{}", file.path, index + 1))
        .collect()
}

#[test]
fn no_number_in_the_repository_could_be_a_persons() {
    let files = tree::files();
    let found: Vec<_> = files.iter().flat_map(violations).collect();
    tree::none(
        "written CPR numbers fail modulus 11 and are not of 1 January",
        files.len(),
        &found,
    );
}

#[test]
fn a_planted_number_is_caught() {
    // Put together here, so that it stands nowhere: a serial that satisfies modulus 11.
    let valid = (0..100)
        .map(|check| format!("25067212{check:02}"))
        .find(|digits| could_be_real(digits))
        .expect("one serial in eleven does");
    let hyphenated = format!("{}-{}", &valid[..6], &valid[6..]);
    for text in [
        valid.clone(),
        hyphenated.clone(),
        format!("let a = \"{hyphenated}\";"),
        format!("({})", hyphenated.replace('-', " ")),
    ] {
        tree::caught(
            &violations(&File::planted("a.rs", &format!("\n{text}\n"))),
            "a.rs:2",
        );
    }
    for text in [
        format!("9{valid}"),
        format!("{valid}0"),
        format!("a{valid}"),
        format!("1.{valid}"),
    ] {
        assert!(
            violations(&File::planted("a.rs", &text)).is_empty(),
            "part of something longer"
        );
    }
}

#[test]
fn test_numbers_pass() {
    for text in ["251216-9996", "2211771212", "670812-4003"] {
        assert!(
            violations(&File::planted("a.rs", text)).is_empty(),
            "{text}"
        );
    }
    let new_year = format!("0101{}-9999", 65);
    tree::caught(&violations(&File::planted("a.rs", &new_year)), "a.rs:1");
}
