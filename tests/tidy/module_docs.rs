//! Every Rust file says at its top what it is for.

use crate::tree::{self, File};

fn violation(file: &File) -> Option<String> {
    let first = file
        .text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty());
    let said = first
        .and_then(|line| line.strip_prefix("//!"))
        .map(str::trim);
    match said {
        None | Some("") => Some(format!(
            "{}: does not begin with //! and what it is for",
            file.path
        )),
        Some("To be written.") => Some(format!("{}: still to be written", file.path)),
        Some(_) => None,
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    let files: Vec<_> = tree::with_extension("rs").collect();
    let found: Vec<_> = files.iter().filter_map(|file| violation(file)).collect();
    tree::none("every module has a module doc", files.len(), &found);
}

#[test]
fn planted_files_without_doc_are_caught() {
    for text in [
        "",
        "use std::fmt;\n",
        "/// An item.\nfn a() {}\n",
        "//!\n",
        "//! To be written.\n",
    ] {
        let found: Vec<_> = violation(&File::planted("a.rs", text))
            .into_iter()
            .collect();
        tree::caught(&found, "a.rs");
    }
    assert_eq!(
        violation(&File::planted("a.rs", "//! What it is for.\n")),
        None
    );
}
