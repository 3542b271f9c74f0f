//! What only some folders may speak: SQL, the window toolkit, the PDF library.

use crate::source::{self, Language};
use crate::tree::{self, File};

/// A Rust name, and the folders whose code may say it.
const RUST_NAMES: &[(&str, &[&str])] = &[
    ("tauri", &["src-tauri"]),
    ("printpdf", &["crates/documents"]),
    (
        "rusqlite",
        &["crates/store", "server/src/store", "tests/bench"],
    ),
    ("tokio_postgres", &["server/src/store", "tests"]),
];

/// The folders whose strings may hold SQL. Tests of roles and standbys look at the database as another program would.
const SQL_FOLDERS: &[&str] = &[
    "crates/store",
    "crates/testkit/src/postgres",
    "server/src/store",
    "tests/bench",
    "tests/contract/postgres",
];

/// The file that may import the window toolkit's JavaScript.
const TAURI_FILE: &str = "ui/src/lib/backend/tauri.ts";

fn is_in(file: &File, folders: &[&str]) -> bool {
    // `server/src/store` stands for `server/src/store.rs` too.
    folders
        .iter()
        .any(|folder| file.is_under(folder) || file.path == format!("{folder}.rs"))
}

fn rust_violations(file: &File) -> Vec<String> {
    let parts = source::parts(&file.text, Language::Rust);
    let mut found = Vec::new();
    for (name, folders) in RUST_NAMES {
        let said = source::words(&parts.code).find(|(_, word)| word == name);
        if let Some((line, _)) = said.filter(|_| !is_in(file, folders)) {
            found.push(format!(
                "{}:{line}: {name} belongs in {}",
                file.path,
                folders.join(", ")
            ));
        }
    }
    if !is_in(file, SQL_FOLDERS) {
        let sql = parts
            .literals
            .iter()
            .filter(|literal| is_sql(&literal.text));
        found.extend(sql.map(|literal| format!("{}:{}: SQL", file.path, literal.line)));
    }
    found
}

fn is_sql(text: &str) -> bool {
    let words: Vec<_> = text.split_whitespace().collect();
    let follows = |first: &str, then: &str| {
        words
            .iter()
            .position(|word| *word == first)
            .is_some_and(|at| words[at..].contains(&then))
    };
    let begins = |first: &str, second: &str| {
        words
            .windows(2)
            .any(|pair| pair[0] == first && pair[1] == second)
    };
    follows("SELECT", "FROM")
        || follows("UPDATE", "SET")
        || begins("INSERT", "INTO")
        || begins("DELETE", "FROM")
        || ["TABLE", "INDEX", "TRIGGER", "VIEW"]
            .iter()
            .any(|what| begins("CREATE", what))
        || text.starts_with("PRAGMA ")
}

fn ui_violations(file: &File) -> Vec<String> {
    let imports = |line: &str| {
        let line = line.trim_start();
        line.contains("@tauri-apps") && !line.starts_with("//")
    };
    let lines = file
        .text
        .lines()
        .enumerate()
        .filter(|(_, line)| imports(line));
    let allowed = file.path == TAURI_FILE;
    lines
        .filter(|_| !allowed)
        .map(|(index, _)| format!("{}:{}: only {TAURI_FILE} may", file.path, index + 1))
        .collect()
}

#[test]
fn sql_window_toolkit_and_pdf_library_stay_in_their_folders() {
    let files: Vec<_> = tree::with_extension("rs")
        .filter(|file| !file.is_under("tests/tidy"))
        .collect();
    let found: Vec<_> = files
        .iter()
        .flat_map(|file| rust_violations(file))
        .collect();
    tree::none(
        "SQL, tauri and printpdf stay in their folders",
        files.len(),
        &found,
    );
}

#[test]
fn one_file_of_the_window_imports_tauri() {
    let files: Vec<_> = ["ts", "svelte"]
        .into_iter()
        .flat_map(tree::with_extension)
        .collect();
    assert!(
        files.iter().any(|file| file.path == TAURI_FILE),
        "{TAURI_FILE} is gone"
    );
    let found: Vec<_> = files.iter().flat_map(|file| ui_violations(file)).collect();
    tree::none("one file imports @tauri-apps", files.len(), &found);
}

#[test]
fn planted_words_are_caught() {
    let rust = |path: &str, text: &str| rust_violations(&File::planted(path, text));
    tree::caught(
        &rust("crates/app/src/a.rs", "use tauri::Window;"),
        "a.rs:1: tauri",
    );
    tree::caught(
        &rust("crates/app/src/a.rs", "\nprintpdf::new();"),
        "a.rs:2: printpdf",
    );
    tree::caught(
        &rust("server/src/routes.rs", "use rusqlite::Connection;"),
        "rusqlite",
    );
    for sql in [
        "SELECT id\n FROM a",
        "INSERT INTO a VALUES (1)",
        "UPDATE a SET b = 1",
        "DELETE FROM a",
        "CREATE TABLE a (b)",
        "PRAGMA user_version",
    ] {
        tree::caught(
            &rust("crates/app/src/a.rs", &format!("let a = \"{sql}\";")),
            "SQL",
        );
        assert!(rust("crates/store/src/a.rs", &format!("let a = \"{sql}\";")).is_empty());
    }
    assert!(
        rust(
            "crates/app/src/a.rs",
            "// tauri\nlet a = \"tauri; SELECT one FROMAGE\";"
        )
        .is_empty()
    );
    assert!(rust("server/src/store.rs", "use rusqlite::Connection;").is_empty());

    let planted = File::planted("ui/src/lib/a.ts", "import { x } from '@tauri-apps/api'");
    tree::caught(&ui_violations(&planted), "a.ts:1");
}
