//! Every error code has a Danish text and is used; every text of an error belongs to a code.

use std::collections::BTreeSet;

use crate::source::{self, Language};
use crate::tree::{self, File};

const CODES: &str = "crates/app/src/api/error.rs";

/// Variants and codes of `error_codes! { Variant => "code", }`.
fn codes(text: &str) -> Vec<(String, String)> {
    let table = text.rsplit("\nerror_codes! {").next().unwrap_or_default();
    let table = table.split("\n}").next().unwrap_or_default();
    let rows = table
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    rows.filter_map(|line| {
        let (variant, code) = line.split_once("=>")?;
        Some((
            variant.trim().to_owned(),
            code.trim().trim_matches([',', '"']).to_owned(),
        ))
    })
    .collect()
}

/// The keys directly under `error` in a file of the catalogue.
fn texts(file: &File) -> Vec<String> {
    let table: toml::Table = file.text.parse().unwrap_or_default();
    let error = table.get("error").and_then(toml::Value::as_table);
    error
        .into_iter()
        .flat_map(|table| table.keys().cloned())
        .collect()
}

fn violations(
    codes: &[(String, String)],
    texts: &BTreeSet<String>,
    said: &BTreeSet<String>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (variant, code) in codes {
        if !texts.contains(code) {
            found.push(format!("{code} has no Danish text"));
        }
        if !said.contains(variant) {
            found.push(format!("{variant} is never given"));
        }
    }
    found
}

/// The names that follow `ErrorCode::` or a short name for it outside the list itself.
fn said(files: &[&File]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in files {
        let code = source::product_code(&file.text);
        let words: Vec<_> = source::words(&code)
            .map(|(_, word)| word.to_owned())
            .collect();
        found.extend(words);
    }
    found
}

#[test]
fn every_error_code_has_a_text_and_is_given() {
    let list = tree::files().iter().find(|file| file.path == CODES);
    let list = list.unwrap_or_else(|| panic!("{CODES} is gone: say here where the codes stand"));
    let codes = codes(&source_without_docs(&list.text));
    let texts: BTreeSet<_> = tree::with_extension("toml")
        .filter(|file| file.is_under("forms/texts"))
        .flat_map(texts)
        .collect();
    let users: Vec<_> = tree::with_extension("rs")
        .filter(|file| {
            file.path != CODES && (file.is_under("crates/app") || file.is_under("src-tauri"))
        })
        .collect();
    let found = violations(&codes, &texts, &said(&users));
    tree::none("error codes have texts and are given", codes.len(), &found);
}

fn source_without_docs(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn planted_codes_are_caught() {
    let list = "macro_rules! error_codes {\n}\n\nerror_codes! {\n    Offline => \"offline\",\n    /// A => \"b\",\n    DiskFull => \"disk_full\",\n}\n";
    let codes = codes(list);
    assert_eq!(codes.len(), 2);
    let texts = texts(&File::planted(
        "a.toml",
        "[error]\noffline = \"a\"\n[other]\nb = \"c\"\n",
    ));
    let user = File::planted("a.rs", "fn a() { ErrorCode::DiskFull } // Offline");
    let found = violations(&codes, &texts.into_iter().collect(), &said(&[&user]));

    tree::caught(&found, "disk_full has no Danish text");
    tree::caught(&found, "Offline is never given");
    assert_eq!(found.len(), 2);
    assert_eq!(source::parts(list, Language::Rust).literals.len(), 2);
}
