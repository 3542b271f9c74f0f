//! Definitions under `forms/` can be read, and released ones do not change.

use sha2::{Digest, Sha256};

use crate::tree::{self, File};

const RELEASED: &str = "forms/released.toml";

/// What of a released definition list does not hold.
pub(crate) fn released_violations(list: &str, folder: &str, files: &[File]) -> Vec<String> {
    let table: toml::Table = match list.parse() {
        Ok(table) => table,
        Err(error) => return vec![format!("the list of released files: {error}")],
    };
    let entries = table.get("released").and_then(toml::Value::as_array);
    let mut found = Vec::new();
    for entry in entries.into_iter().flatten() {
        let value = |key: &str| {
            entry
                .get(key)
                .and_then(toml::Value::as_str)
                .unwrap_or_default()
        };
        let path = format!("{folder}/{}", value("file"));
        match files.iter().find(|file| file.path == path) {
            None => found.push(format!("{path} was released and is gone")),
            Some(file) if sha256(&file.text) != value("sha256") => {
                found.push(format!(
                    "{path} was released and has changed: write a new version"
                ));
            }
            Some(_) => {}
        }
    }
    found
}

pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn parse_violation(file: &File) -> Option<String> {
    let parsed = file.text.parse::<toml::Table>();
    parsed
        .err()
        .map(|error| format!("{}: {}", file.path, error.message()))
}

#[test]
fn every_definition_can_be_read() {
    let files: Vec<_> = tree::with_extension("toml")
        .filter(|file| file.is_under("forms"))
        .collect();
    let found: Vec<_> = files
        .iter()
        .filter_map(|file| parse_violation(file))
        .collect();
    tree::none("forms/*.toml can be read", files.len(), &found);
}

#[test]
fn released_definitions_do_not_change() {
    let list = tree::files().iter().find(|file| file.path == RELEASED);
    let list = list.unwrap_or_else(|| panic!("{RELEASED} is gone"));
    let found = released_violations(&list.text, "forms", tree::files());
    tree::none("released definitions are as they were", 1, &found);
}

#[test]
fn planted_changes_are_caught() {
    let files = [File::planted("forms/rules/a.toml", "code = \"a\"\n")];
    let list = |file: &str, hash: &str| {
        released_violations(
            &format!("[[released]]\nfile = \"{file}\"\nsha256 = \"{hash}\"\n"),
            "forms",
            &files,
        )
    };
    assert!(list("rules/a.toml", &sha256("code = \"a\"\n")).is_empty());
    tree::caught(
        &list("rules/a.toml", &sha256("code = \"b\"\n")),
        "has changed",
    );
    tree::caught(&list("rules/b.toml", "00"), "is gone");
    tree::caught(
        &released_violations("released = [", "forms", &files),
        "the list",
    );

    let broken: Vec<_> = parse_violation(&File::planted("forms/a.toml", "a = "))
        .into_iter()
        .collect();
    tree::caught(&broken, "forms/a.toml");
}
