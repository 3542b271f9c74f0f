//! Every Rust file says at its top what it is for.

use crate::tree::{self, File};

/// Files that another one takes in with `include!`, where a module doc cannot stand; a plain comment will do.
const INCLUDED: &[&str] = &["src-tauri/src/commands/names.rs"];

fn violation(file: &File) -> Option<String> {
    let first = file
        .text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty());
    let mark = if INCLUDED.contains(&file.path.as_str()) {
        "//"
    } else {
        "//!"
    };
    let said = first
        .and_then(|line| line.strip_prefix(mark))
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

#[test]
fn included_files_exist_and_are_included() {
    for path in INCLUDED {
        assert!(
            tree::files().iter().any(|file| file.path == *path),
            "{path} is gone"
        );
        let name = path.rsplit('/').next().unwrap_or(path);
        let includes = |file: &File| file.text.contains("include!(") && file.text.contains(name);
        assert!(
            tree::with_extension("rs").any(includes),
            "nobody includes {path}"
        );
    }
}
