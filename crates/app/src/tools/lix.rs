//! How readable a Danish text is: LIX, its longest sentence and its long words.
//!
//! LIX is words per sentence plus the percentage of long words; a long word has more than six letters.
//! Headings and bullets are left out, abbreviations are read as their words, and a full stop in a date or a number
//! ends nothing. The measure is a pointer, no verdict.
//!
//! Basis: spec, integration 5, *LIX*.

use std::collections::BTreeSet;

use serde::Serialize;

use super::ToolError;

/// A long word has more letters than this.
const SHORT_WORD_LETTERS: usize = 6;

/// A line without a full stop is a heading up to this many words.
const HEADING_WORDS: usize = 12;

/// Abbreviations as the words they are read as.
const ABBREVIATIONS: &[(&str, &str)] = &[
    ("adr.", "adresse"),
    ("afd.", "afdeling"),
    ("alm.", "almindelig"),
    ("ang.", "angående"),
    ("bl.a.", "blandt andet"),
    ("ca.", "cirka"),
    ("d.", "den"),
    ("dvs.", "det vil sige"),
    ("ekskl.", "eksklusive"),
    ("evt.", "eventuelt"),
    ("f.eks.", "for eksempel"),
    ("hhv.", "henholdsvis"),
    ("if.", "ifølge"),
    ("ift.", "i forhold til"),
    ("inkl.", "inklusive"),
    ("jf.", "jævnfør"),
    ("kap.", "kapitel"),
    ("kl.", "klokken"),
    ("kr.", "kroner"),
    ("maks.", "maksimum"),
    ("mht.", "med hensyn til"),
    ("min.", "minimum"),
    ("nr.", "nummer"),
    ("p.t.", "for tiden"),
    ("pga.", "på grund af"),
    ("pkt.", "punkt"),
    ("pr.", "per"),
    ("s.", "side"),
    ("stk.", "stykke"),
    ("tlf.", "telefon"),
    ("vedr.", "vedrørende"),
    ("vha.", "ved hjælp af"),
];

/// Abbreviations that may also end a sentence.
const CLOSING_ABBREVIATIONS: &[(&str, &str)] = &[
    ("etc.", "et cetera"),
    ("m.fl.", "med flere"),
    ("m.m.", "med mere"),
    ("m.v.", "med videre"),
    ("mm.", "med mere"),
    ("mv.", "med videre"),
    ("o.l.", "og lignende"),
    ("osv.", "og så videre"),
];

/// How readable a text is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LixView {
    /// The readability index, with one decimal.
    pub lix: f64,
    /// What the index means: `very_easy`, `easy`, `medium`, `hard` or `very_hard`.
    pub level: &'static str,
    /// How many words were counted.
    pub words: usize,
    /// How many sentences were counted.
    pub sentences: usize,
    /// How many of the words are long.
    pub long_word_count: usize,
    /// How many words the longest sentence has.
    pub longest_sentence_words: usize,
    /// The longest sentence.
    pub longest_sentence: String,
    /// Every long word once, the longest first.
    pub long_words: Vec<String>,
}

/// Measures a text. A text without a word is refused.
pub fn lix_view(text: &str) -> Result<LixView, ToolError> {
    let mut sentences = sentences_of(&running_text(text));
    if sentences.is_empty() {
        // Nothing but headings and bullets: then they are what one reads.
        sentences = text.lines().flat_map(sentences_of).collect();
    }
    let words: usize = sentences.iter().map(|sentence| sentence.words.len()).sum();
    let longest = sentences
        .iter()
        .rev()
        .max_by_key(|sentence| sentence.words.len());
    let Some(longest) = longest else {
        return Err(ToolError::refused("text_empty"));
    };
    let all_words = || sentences.iter().flat_map(|sentence| &sentence.words);
    let long_word_count = all_words().filter(|word| is_long(word)).count();
    let distinct: BTreeSet<_> = all_words()
        .filter(|word| is_long(word))
        .map(|word| word.to_lowercase())
        .collect();
    let mut long_words: Vec<_> = distinct.into_iter().collect();
    long_words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    let lix = words as f64 / sentences.len() as f64 + 100.0 * long_word_count as f64 / words as f64;
    let lix = (lix * 10.0).round() / 10.0;
    Ok(LixView {
        lix,
        level: level_of(lix),
        words,
        sentences: sentences.len(),
        long_word_count,
        longest_sentence_words: longest.words.len(),
        longest_sentence: longest.text.clone(),
        long_words,
    })
}

struct Sentence {
    text: String,
    words: Vec<String>,
}

fn level_of(lix: f64) -> &'static str {
    match lix {
        ..25.0 => "very_easy",
        25.0..35.0 => "easy",
        35.0..45.0 => "medium",
        45.0..55.0 => "hard",
        _ => "very_hard",
    }
}

fn is_long(word: &str) -> bool {
    word.chars()
        .filter(|character| character.is_alphabetic())
        .count()
        > SHORT_WORD_LETTERS
}

/// The paragraphs, without headings and bullets.
fn running_text(text: &str) -> String {
    let mut running = String::new();
    let mut block: Vec<&str> = Vec::new();
    let mut close = |block: &mut Vec<&str>| {
        if !is_heading(block) {
            running.push_str(&block.join(" "));
            running.push('\n');
        }
        block.clear();
    };
    let mut in_bullet = false;
    for line in text.lines().map(str::trim) {
        let bullet = is_bullet(line);
        if line.is_empty() || line.starts_with('#') || bullet {
            close(&mut block);
        } else if !in_bullet {
            block.push(line);
        }
        // A bullet goes on over the lines that follow it, up to an empty one.
        in_bullet = bullet || (in_bullet && !line.is_empty());
    }
    close(&mut block);
    running
}

fn is_bullet(line: &str) -> bool {
    let mark = line.split_whitespace().next().unwrap_or_default();
    let numbered = mark.strip_suffix([')', '.']).is_some_and(|number| {
        !number.is_empty() && number.len() <= 2 && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    // "17. maj" begins a sentence, "1) Udfyld" and "1. Udfyld" a list.
    let after_mark = line[mark.len()..].trim_start();
    let starts_upper = after_mark.chars().next().is_some_and(char::is_uppercase);
    matches!(mark, "-" | "–" | "—" | "*" | "+" | "•" | "▪" | "◦" | "·")
        || (numbered && starts_upper)
}

fn is_heading(block: &[&str]) -> bool {
    match block {
        [] => true,
        [line] => {
            !line.contains(['.', '!', '?', ':']) && line.split_whitespace().count() <= HEADING_WORDS
        }
        _ => false,
    }
}

fn sentences_of(text: &str) -> Vec<Sentence> {
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let mut sentences = Vec::new();
    let mut written: Vec<&str> = Vec::new();
    let mut words = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        written.push(token);
        let next = tokens.get(index + 1).copied();
        let expansion = expansion_of(token);
        words.extend(words_of(expansion.unwrap_or(token)));
        if ends_sentence(token, next) {
            close_sentence(&mut sentences, &mut written, &mut words);
        }
    }
    close_sentence(&mut sentences, &mut written, &mut words);
    sentences
}

fn close_sentence(sentences: &mut Vec<Sentence>, written: &mut Vec<&str>, words: &mut Vec<String>) {
    let text = written.join(" ");
    written.clear();
    let words = std::mem::take(words);
    if !words.is_empty() {
        sentences.push(Sentence { text, words });
    }
}

/// Runs of letters and digits; hyphen, apostrophe, and a point or comma between digits hold a word together.
fn words_of(token: &str) -> Vec<String> {
    let characters: Vec<char> = token.chars().collect();
    let mut words = vec![String::new()];
    for (index, character) in characters.iter().enumerate() {
        let before = index
            .checked_sub(1)
            .and_then(|before| characters.get(before));
        let after = characters.get(index + 1);
        let both = |test: fn(&char) -> bool| before.is_some_and(test) && after.is_some_and(test);
        let joins = match character {
            '-' | '\'' | '’' => both(|c| c.is_alphanumeric()),
            '.' | ',' => both(char::is_ascii_digit),
            _ => character.is_alphanumeric(),
        };
        match words.last_mut() {
            Some(word) if joins => word.push(*character),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn expansion_of(token: &str) -> Option<&'static str> {
    let bare = token.trim_start_matches(['(', '"', '”', '»', '«', '\'']);
    let bare = bare
        .trim_end_matches([',', ')', ';', ':', '"', '”', '»', '«', '\''])
        .to_lowercase();
    let known = ABBREVIATIONS.iter().chain(CLOSING_ABBREVIATIONS);
    known
        .copied()
        .find(|(short, _)| *short == bare)
        .map(|(_, full)| full)
}

fn ends_sentence(token: &str, next: Option<&str>) -> bool {
    let bare = token.trim_end_matches([')', '"', '”', '»', '«', '\'', '’', ']']);
    let Some(mark) = bare.chars().last().filter(|mark| ".!?:…".contains(*mark)) else {
        return false;
    };
    let Some(next) = next else {
        return true;
    };
    let next_letter = next.chars().find(|character| character.is_alphanumeric());
    let next_is_lower = next_letter.is_some_and(char::is_lowercase);
    if mark != '.' {
        // A colon before a list or a clause in small letters goes on.
        return mark != ':' || !next_is_lower;
    }
    let stem = bare.trim_end_matches('.');
    let initial = stem.chars().count() == 1 && stem.chars().all(char::is_uppercase);
    let lower = bare
        .trim_start_matches(['(', '"', '”', '»', '«', '\''])
        .to_lowercase();
    let goes_on = ABBREVIATIONS.iter().any(|(short, _)| *short == lower);
    !(next_is_lower || initial || goes_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_words_per_sentence_and_the_share_of_long_words() {
        // Ten words in two sentences, one of them long: 5 + 10.
        let view = lix_view("Du skal have en fuldmagt med. Kom igen på mandag.").unwrap();

        assert_eq!(
            (view.words, view.sentences, view.long_word_count),
            (10, 2, 1)
        );
        assert!((view.lix - 15.0).abs() < 0.05, "{}", view.lix);
        assert_eq!(view.level, "very_easy");
        assert_eq!(view.long_words, ["fuldmagt"]);
        assert_eq!(view.longest_sentence, "Du skal have en fuldmagt med.");
    }

    #[test]
    fn a_long_word_has_more_than_six_letters() {
        assert!(!is_long("borger"));
        assert!(is_long("borgere"));
        assert!(!is_long("ærø-båd"), "letters count, the hyphen does not");
        assert!(!is_long("1234567"), "digits are no letters");
    }

    #[test]
    fn dates_numbers_and_abbreviations_end_no_sentence() {
        for text in [
            "Du kan komme den 17. maj kl. 10 og betale 5.678 kr. Solbjerg tager imod.",
            "Vi ser bl.a. på din sag, jf. Serviceloven, og svarer dig.",
            "Spørg efter H. C. Jensen i dag.",
        ] {
            assert_eq!(lix_view(text).unwrap().sentences, 1, "{text}");
        }
        let two = lix_view("Tag pas, kørekort osv. Vi ser på det.").unwrap();
        assert_eq!(
            two.sentences, 2,
            "an abbreviation at the end of a sentence ends it"
        );
    }

    #[test]
    fn abbreviations_are_read_as_their_words() {
        let view = lix_view("Kom kl. 10, dvs. om lidt.").unwrap();

        assert_eq!(view.words, 8, "Kom klokken 10 det vil sige om lidt");
        assert_eq!(view.long_words, ["klokken"]);
    }

    #[test]
    fn headings_and_bullets_are_left_out() {
        let text = "# Fritagelse\n\nSådan gør du\n\nDu kommer her. Vi hjælper dig.\n- medbring legitimation\n  og fuldmagt\n\nFarvel og tak.";
        let view = lix_view(text).unwrap();

        assert_eq!(view.sentences, 3);
        assert_eq!(view.words, 9);
    }

    #[test]
    fn lines_of_one_paragraph_belong_together() {
        assert_eq!(lix_view("Du skal\nkomme i\nmorgen.").unwrap().sentences, 1);
    }

    #[test]
    fn a_text_of_nothing_but_a_heading_is_measured_and_an_empty_one_refused() {
        assert_eq!(lix_view("Velkommen til").unwrap().words, 2);
        for text in ["", " \n\n", "... !!", "-"] {
            assert_eq!(lix_view(text).unwrap_err().code, "text_empty", "{text:?}");
        }
    }
}
