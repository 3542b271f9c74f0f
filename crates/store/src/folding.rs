//! Names and numbers folded for looking up: "Åse", "Aase" and "AASE" are one, as are "Møller" and "Moeller".
//!
//! Danish letters fold to their old two-letter forms, Swedish and German ones to the same, and other marks fall
//! away. Folding only decides what is found, never what is shown. Basis: sync-and-speed, section 5.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Stands between the folded parts of a name where they are kept in one text; no part holds it.
pub(crate) const BETWEEN_TOKENS: &str = " ";

/// The folded parts of a name in byte order, each once: split at everything that is neither letter nor digit.
///
/// A name with a hyphen is also found by its parts written together: Anne-Marie by anne, marie and annemarie.
pub(crate) fn tokens(name: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for word in name.split_whitespace() {
        let parts: Vec<String> = word
            .split(|sign: char| !is_part_of_name(sign))
            .map(fold)
            .filter(|part| !part.is_empty())
            .collect();
        if parts.len() > 1 {
            tokens.push(parts.concat());
        }
        tokens.extend(parts);
    }
    tokens.sort();
    tokens.dedup();
    tokens
}

/// One word folded.
pub(crate) fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len() + 2);
    for sign in word.nfc().flat_map(char::to_lowercase) {
        match sign {
            'å' => folded.push_str("aa"),
            'æ' | 'ä' => folded.push_str("ae"),
            'ø' | 'ö' | 'œ' => folded.push_str("oe"),
            'ß' => folded.push_str("ss"),
            'þ' => folded.push_str("th"),
            'ð' | 'đ' => folded.push('d'),
            'ł' => folded.push('l'),
            'ı' => folded.push('i'),
            'ĸ' => folded.push('q'),
            other => folded.extend(
                std::iter::once(other)
                    .nfd()
                    .filter(|part| !is_combining_mark(*part) && part.is_alphanumeric()),
            ),
        }
    }
    folded
}

/// The digits of a phone number as they are looked up, without the Danish country code.
pub(crate) fn phone(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let has_prefix = text.trim_start().starts_with('+');
    match digits
        .strip_prefix("0045")
        .or_else(|| digits.strip_prefix("45").filter(|_| has_prefix))
    {
        Some(local) => local.to_owned(),
        None => digits,
    }
}

fn is_part_of_name(sign: char) -> bool {
    sign.is_alphanumeric() || is_combining_mark(sign)
}

/// The end of the range of texts that begin with `prefix`: everything from `prefix` up to here, here not included.
pub(crate) fn end_of_prefix(prefix: &str) -> String {
    // No folded text holds this sign, and every sign that one holds sorts before it, in byte order too.
    let mut end = prefix.to_owned();
    end.push(char::MAX);
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn danish_letters_fold_to_their_two_letter_forms() {
        for (one, other) in [
            ("Åse", "Aase"),
            ("ÅSE", "aase"),
            ("A\u{30a}se", "Aase"),
            ("Møller", "Moeller"),
            ("Bjørn", "Björn"),
            ("Kjær", "Kjaer"),
            ("Bäck", "Bæck"),
            ("André", "Andre"),
            ("Łukasz", "Lukasz"),
            ("Đặng", "Dang"),
            ("İpek", "Ipek"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} and {other}");
        }
        assert_ne!(fold("Åse"), fold("Ase"), "å is a letter of its own");
    }

    #[test]
    fn a_name_is_found_by_each_part_and_by_hyphenated_parts_together() {
        assert_eq!(
            tokens("Anne-Marie  von Østergård"),
            ["anne", "annemarie", "marie", "oestergaard", "von"]
        );
        assert_eq!(tokens("O'Brien"), ["brien", "o", "obrien"]);
        assert_eq!(tokens("Jens Jens"), ["jens"]);
        assert_eq!(tokens(" - "), Vec::<String>::new());
    }

    #[test]
    fn letters_of_other_scripts_are_kept() {
        assert_eq!(tokens("Олена"), ["олена"]);
        assert_eq!(tokens("عمر"), ["عمر"]);
    }

    #[test]
    fn a_phone_number_is_found_however_it_is_written() {
        for text in [
            "12 34 56 78",
            "+45 12345678",
            "0045 12 34 56 78",
            "12-34-56-78",
        ] {
            assert_eq!(phone(text), "12345678", "{text}");
        }
        assert_eq!(
            phone("45 12 34 56"),
            "45123456",
            "a Danish number may begin with 45"
        );
        assert_eq!(phone("+46 8 123 456"), "468123456");
    }

    #[test]
    fn a_prefix_range_holds_what_begins_with_it_and_nothing_else() {
        let end = end_of_prefix("aa");
        for inside in ["aa", "aase", "aaø", "aa\u{10fffe}"] {
            assert!(("aa"..end.as_str()).contains(&inside), "{inside:?}");
        }
        assert!(!("aa"..end.as_str()).contains(&"ab"));
        assert!(!("aa"..end.as_str()).contains(&"a"));
    }
}
