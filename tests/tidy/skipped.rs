//! No test is switched off, and nothing is left to be written.

use crate::source::{self, Language};
use crate::tree::{self, File};

const RUST: &[&str] = &["#[ignore", "todo!(", "unimplemented!("];

const TYPESCRIPT: &[&str] = &[
    "it.skip(",
    "it.only(",
    "it.todo(",
    "test.skip(",
    "test.only(",
    "test.todo(",
    "describe.skip(",
    "describe.only(",
];

fn violations(file: &File) -> Vec<String> {
    let (language, forbidden) = match file.has_extension("rs") {
        true => (Language::Rust, RUST),
        false => (Language::TypeScript, TYPESCRIPT),
    };
    let code = source::parts(&file.text, language).code;
    let mut found = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let said = forbidden.iter().filter(|said| line.contains(**said));
        found.extend(said.map(|said| format!("{}:{}: {said}", file.path, index + 1)));
    }
    found
}

#[test]
fn no_test_is_switched_off_and_nothing_left_unwritten() {
    let files: Vec<_> = ["rs", "ts"]
        .into_iter()
        .flat_map(tree::with_extension)
        .collect();
    let found: Vec<_> = files.iter().flat_map(|file| violations(file)).collect();
    tree::none("no test is skipped", files.len(), &found);
}

#[test]
fn planted_skips_are_caught() {
    tree::caught(
        &violations(&File::planted(
            "a.rs",
            "#[test]\n#[ignore = \"slow\"]\nfn a() {}",
        )),
        "a.rs:2",
    );
    tree::caught(
        &violations(&File::planted("a.rs", "fn a() { todo!() }")),
        "todo!(",
    );
    tree::caught(
        &violations(&File::planted("a.test.ts", "it.skip('a', () => {})")),
        "it.skip(",
    );
    assert!(violations(&File::planted("a.rs", "// #[ignore]\nlet a = \"todo!()\";")).is_empty());
}
