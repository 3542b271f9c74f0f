//! No file outgrows its reader.

use crate::tree::{self, File};

const LONGEST: usize = 800;

const EXTENSIONS: &[&str] = &["rs", "ts", "svelte", "css", "sql", "sh"];

/// Files that may be longer, with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[(
    "ui/tests/fixtures/answers.ts",
    "recorded from the core, for programs to read",
)];

fn violation(file: &File) -> Option<String> {
    let lines = file.text.lines().count();
    let excepted = EXCEPTIONS.iter().any(|(path, _)| *path == file.path);
    (lines > LONGEST && !excepted && !file.is_generated())
        .then(|| format!("{}: {lines} lines", file.path))
}

#[test]
fn no_file_is_longer_than_800_lines() {
    let files: Vec<_> = EXTENSIONS
        .iter()
        .copied()
        .flat_map(tree::with_extension)
        .collect();
    let found: Vec<_> = files.iter().filter_map(|file| violation(file)).collect();
    tree::none("files have at most 800 lines", files.len(), &found);
}

#[test]
fn exceptions_name_files_that_exist() {
    for (path, reason) in EXCEPTIONS {
        assert!(
            tree::files().iter().any(|file| file.path == *path),
            "{path} is gone"
        );
        assert!(!reason.is_empty(), "{path} needs a reason");
    }
}

#[test]
fn planted_long_files_are_caught() {
    let long = "line\n".repeat(LONGEST + 1);
    let found: Vec<_> = violation(&File::planted("a.rs", &long))
        .into_iter()
        .collect();
    tree::caught(&found, "a.rs: 801 lines");
    assert_eq!(violation(&File::planted("a.rs", &long[5..])), None);
}
