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
    ("data", "folder"),
    ("window", "manager"),
];

/// A function with more parts than this is a test that states its rule in a sentence.
const LONGEST_NAME: usize = 4;

/// The table whose last column holds the words that must not stand for a term.
const GLOSSARY: &str = "docs/glossary.md";

const RUST_KEYWORDS: &[&str] = &[
    "struct", "enum", "trait", "union", "type", "fn", "mod", "const", "static",
];

const TYPESCRIPT_KEYWORDS: &[&str] = &["class", "interface", "type", "function", "enum", "const"];

/// The names that a code text defines, with their lines. What an associated type is called, its trait says, which may be
/// another's.
fn defined<'a>(code: &'a str, keywords: &'a [&str]) -> impl Iterator<Item = (usize, &'a str)> {
    let given_by_a_trait: Vec<usize> = (1..)
        .zip(code.lines())
        .filter(|(_, line)| line.starts_with("    type ") && line.contains(" = "))
        .map(|(number, _)| number)
        .collect();
    let words: Vec<_> = source::words(code).collect();
    let pairs: Vec<_> = words
        .windows(2)
        .filter(|pair| keywords.contains(&pair[0].1) && pair[0].0 == pair[1].0)
        .map(|pair| pair[1])
        .filter(|(_, name)| !keywords.contains(name))
        .filter(|(line, _)| !given_by_a_trait.contains(line))
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

/// The backticked words in the last column of the glossary's tables.
fn glossary_words(text: &str) -> Vec<String> {
    let rows = text.lines().filter(|line| line.starts_with('|'));
    let last = rows.filter_map(|row| row.trim_end().trim_end_matches('|').rsplit('|').next());
    last.flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

fn forbidden_part(name: &str, other_words: &[String]) -> Option<String> {
    let parts = name_parts(name);
    let is_term = |at: usize| {
        let pair =
            |first: usize| Some((parts.get(first)?.as_str(), parts.get(first + 1)?.as_str()));
        let pairs = [at.checked_sub(1).and_then(pair), pair(at)];
        pairs
            .into_iter()
            .flatten()
            .any(|pair| TERMS.contains(&pair))
    };
    let is_sentence = parts.len() > LONGEST_NAME;
    let empty = |at: usize| !is_sentence && EMPTY_WORDS.contains(&parts[at].as_str());
    let other = |at: usize| {
        other_words.iter().any(|word| {
            let word = name_parts(word);
            parts[at..].starts_with(&word)
        })
    };
    let at = (0..parts.len()).find(|at| (empty(*at) || other(*at)) && !is_term(*at))?;
    Some(parts[at].clone())
}

fn violations(file: &File, other_words: &[String]) -> Vec<String> {
    let (language, keywords) = match file.has_extension("rs") {
        true => (Language::Rust, RUST_KEYWORDS),
        false => (Language::TypeScript, TYPESCRIPT_KEYWORDS),
    };
    let code = source::parts(&file.text, language).code;
    let danish = source::words(&code)
        .filter(|(_, word)| word.contains(['æ', 'ø', 'å', 'Æ', 'Ø', 'Å']))
        .map(|(line, word)| format!("{}:{line}: {word} is not English", file.path));
    let empty = defined(&code, keywords).filter_map(|(line, name)| {
        let part = forbidden_part(name, other_words)?;
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
    let glossary = tree::files().iter().find(|file| file.path == GLOSSARY);
    let words = glossary_words(
        &glossary
            .unwrap_or_else(|| panic!("{GLOSSARY} is gone"))
            .text,
    );
    assert!(
        words.len() > 20,
        "the glossary's last column holds backticked words"
    );
    let found: Vec<_> = files
        .iter()
        .flat_map(|file| violations(file, &words))
        .collect();
    tree::none(
        "names are English and from the glossary",
        files.len(),
        &found,
    );
}

#[test]
fn planted_names_are_caught() {
    let glossary =
        "| borger | `Citizen` | who. | x | `borger`, `desk_clerk` |\n| a | `B` | c | d | - |";
    let words = glossary_words(glossary);
    assert_eq!(words, ["borger", "desk_clerk"]);
    let planted = |path: &str, text: &str| violations(&File::planted(path, text), &words);
    for text in [
        "struct CaseManager;",
        "fn load_data() {}",
        "pub mod utils;",
        "enum BorgerKind { A }",
        "fn the_desk_clerk_who_came_first_wins() {}",
        "const MISC: u8 = 1;",
        "type Service = Desk;",
        "trait Desk { type Service; }",
    ] {
        tree::caught(&planted("a.rs", text), "a.rs:1");
    }
    tree::caught(&planted("a.rs", "let år = 1;"), "not English");
    tree::caught(&planted("a.ts", "interface PrintHelper {}"), "helper");
    for text in [
        "struct ServiceCentre;",
        "fn start_window_manager() {}",
        "fn a_file_name_is_data_and_no_path() {}",
        "fn metadata() {}",
        "// struct DataManager\nlet a = \"år\";",
        "struct Database;",
        "struct Desk;",
        "impl Accept for Desk {\n    type Service = Counter;\n}",
    ] {
        assert_eq!(planted("a.rs", text), Vec::<String>::new(), "{text}");
    }
}
