//! Names: English, from the glossary, and saying more than that a thing is a thing.

use crate::source::{self, Language};
use crate::tree::{self, File};

/// Words that say nothing, as whole parts of a name.
const EMPTY_WORDS: &[&str] = &[
    "manager",
    "service",
    "helper",
    "helpers",
    "util",
    "utils",
    "processor",
    "data",
    "info",
    "common",
    "misc",
];

/// Pairs of parts that are a term, of the domain or of the platform.
const TERMS: &[(&str, &str)] = &[
    ("service", "centre"),
    ("service", "goal"),
    ("service", "goals"),
    ("data", "subject"),
    ("window", "manager"),
];

/// A function with more parts than this is a test that states its rule in a sentence.
const LONGEST_NAME: usize = 4;

/// Words the glossary gives another word for, and Danish ones, as whole parts of a name.
const OTHER_WORDS: &[&str] = &[
    "fritagelse",
    "waiver",
    "optout",
    "poa",
    "kiosk",
    "backoffice",
    "borger",
    "fuldmagt",
    "henvendelse",
    "sag",
    "kvittering",
    "skema",
    "blanket",
    "afslag",
    "hverdag",
    "frist",
    "medarbejder",
    "kommune",
    "impartiality",
];

const RUST_KEYWORDS: &[&str] = &[
    "struct", "enum", "trait", "union", "type", "fn", "mod", "const", "static",
];

const TYPESCRIPT_KEYWORDS: &[&str] = &["class", "interface", "type", "function", "enum", "const"];

/// The names that a code text defines, with their lines.
fn defined<'a>(code: &'a str, keywords: &'a [&str]) -> impl Iterator<Item = (usize, &'a str)> {
    let words: Vec<_> = source::words(code).collect();
    let pairs: Vec<_> = words
        .windows(2)
        .filter(|pair| keywords.contains(&pair[0].1) && pair[0].0 == pair[1].0)
        .map(|pair| pair[1])
        .filter(|(_, name)| !keywords.contains(name))
        .collect();
    pairs.into_iter()
}

/// The parts of a name in small letters: `CaseNumber`, `case_number` and `CASE_NUMBER` alike.
fn name_parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut before_is_small = false;
    for character in name.chars() {
        if character == '_' || (character.is_uppercase() && before_is_small) {
            parts.push(String::new());
        }
        before_is_small = character.is_lowercase() || character.is_ascii_digit();
        if let Some(part) = parts.last_mut().filter(|_| character != '_') {
            part.extend(character.to_lowercase());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn forbidden_part(name: &str) -> Option<String> {
    let parts = name_parts(name);
    if parts.len() > LONGEST_NAME {
        return None;
    }
    let is_term = |at: usize| {
        let pair =
            |first: usize| Some((parts.get(first)?.as_str(), parts.get(first + 1)?.as_str()));
        let pairs = [at.checked_sub(1).and_then(pair), pair(at)];
        pairs
            .into_iter()
            .flatten()
            .any(|pair| TERMS.contains(&pair))
    };
    let forbidden = |part: &str| EMPTY_WORDS.contains(&part) || OTHER_WORDS.contains(&part);
    (0..parts.len())
        .find(|at| forbidden(&parts[*at]) && !is_term(*at))
        .map(|at| parts[at].clone())
}

fn violations(file: &File) -> Vec<String> {
    let (language, keywords) = match file.has_extension("rs") {
        true => (Language::Rust, RUST_KEYWORDS),
        false => (Language::TypeScript, TYPESCRIPT_KEYWORDS),
    };
    let code = source::parts(&file.text, language).code;
    let danish = source::words(&code)
        .filter(|(_, word)| word.contains(['æ', 'ø', 'å', 'Æ', 'Ø', 'Å']))
        .map(|(line, word)| format!("{}:{line}: {word} is not English", file.path));
    let empty = defined(&code, keywords).filter_map(|(line, name)| {
        let part = forbidden_part(name)?;
        Some(format!("{}:{line}: {name}: not \"{part}\"", file.path))
    });
    danish.chain(empty).collect()
}

#[test]
fn names_are_english_and_say_something() {
    let files: Vec<_> = ["rs", "ts"]
        .into_iter()
        .flat_map(tree::with_extension)
        .filter(|file| !file.is_generated())
        .collect();
    let found: Vec<_> = files.iter().flat_map(|file| violations(file)).collect();
    tree::none(
        "names are English and from the glossary",
        files.len(),
        &found,
    );
}

#[test]
fn planted_names_are_caught() {
    for text in [
        "struct CaseManager;",
        "fn load_data() {}",
        "pub mod utils;",
        "enum BorgerKind { A }",
        "const MISC: u8 = 1;",
    ] {
        tree::caught(&violations(&File::planted("a.rs", text)), "a.rs:1");
    }
    tree::caught(
        &violations(&File::planted("a.rs", "let år = 1;")),
        "not English",
    );
    tree::caught(
        &violations(&File::planted("a.ts", "interface PrintHelper {}")),
        "helper",
    );
    for text in [
        "struct ServiceCentre;",
        "fn start_window_manager() {}",
        "fn a_file_name_is_data_and_no_path() {}",
        "fn metadata() {}",
        "// struct DataManager\nlet a = \"år\";",
        "struct Database;",
    ] {
        assert_eq!(
            violations(&File::planted("a.rs", text)),
            Vec::<String>::new(),
            "{text}"
        );
    }
}
