//! No clock, environment, input, output or randomness where the rules live.

use crate::source;
use crate::tree::{self, File};

/// The packages that are pure.
const PURE: &[&str] = &["crates/domain/src", "crates/protocol/src"];

/// What their code may not say, blanks left out.
const IMPURE: &[&str] = &[
    "Utc::now",
    "Local::now",
    "SystemTime",
    "Instant::now",
    "std::env",
    "env::var",
    "env!(",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "File::open",
    "rand::",
    "OsRng",
    "thread_rng",
    "getrandom",
    "new_v4(",
    "now_v7(",
    "println!(",
    "print!(",
    "dbg!(",
];

fn violations(file: &File) -> Vec<String> {
    let code = source::product_code(&file.text);
    let mut found = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let line: String = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = IMPURE.iter().filter(|said| says(&line, said));
        found.extend(said.map(|said| format!("{}:{}: {said}", file.path, index + 1)));
    }
    found
}

/// Whether a line says something, and not merely something that ends alike; `eprintln!(` says `println!(` too.
fn says(line: &str, said: &str) -> bool {
    line.match_indices(said).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let prints_to_error = before == Some('e') && said.starts_with("print");
        prints_to_error || before.is_none_or(|c| !(c.is_alphanumeric() || c == '_'))
    })
}

fn is_for_tests(file: &File, test_files: &[String]) -> bool {
    test_files.contains(&file.path)
        || file.path.ends_with("/tests.rs")
        || file.path.contains("/tests/")
}

/// The files that another file declares as `#[cfg(test)] mod name;`.
fn test_files(files: &[&File]) -> Vec<String> {
    files
        .iter()
        .flat_map(|file| {
            let folder = match file.path.strip_suffix("/lib.rs") {
                Some(folder) => folder,
                None => file.path.trim_end_matches(".rs"),
            };
            let names = source::test_modules(&file.text);
            names
                .into_iter()
                .map(move |name| format!("{folder}/{name}.rs"))
        })
        .collect()
}

#[test]
fn domain_and_protocol_are_pure() {
    let files: Vec<_> = tree::with_extension("rs")
        .filter(|file| PURE.iter().any(|folder| file.is_under(folder)))
        .collect();
    let test_files = test_files(&files);
    let found: Vec<_> = files
        .iter()
        .filter(|file| !is_for_tests(file, &test_files))
        .flat_map(|file| violations(file))
        .collect();
    tree::none(
        "domain and protocol have no clock, input, output or chance",
        files.len(),
        &found,
    );
}

#[test]
fn planted_impurities_are_caught() {
    let planted = |text: &str| violations(&File::planted("crates/domain/src/a.rs", text));
    for said in IMPURE {
        tree::caught(
            &planted(&format!("\nlet a = {said};")),
            &format!("a.rs:2: {said}"),
        );
    }
    tree::caught(&planted("eprintln!(\"\")"), "println!(");
    assert!(planted("// Utc::now\nlet a = \"std::fs\"; operand::b();").is_empty());
    assert!(planted("#[cfg(test)]\nmod tests { use std::fs; }").is_empty());
}
