//! Every promise names what shows it, and what it names exists; or it says plainly that it is not yet shown.
//!
//! `docs/promises.md` has tables of two columns. The second holds `file`: `test`, `test`; `file`: `test` and perhaps
//! a note in brackets. Days of runs have no place there: they are untrue the day after.

use crate::tree::{self, File};

const PROMISES: &str = "docs/promises.md";
/// A row without a test says one of these, and when or why.
const PLAIN: [&str; 4] = [
    "no test: ",
    "not yet shown (stage ",
    "not yet shown: ",
    "designed for, not yet shown",
];
/// What would have to be kept up to date by hand at every run.
const ROTS: [&str; 4] = ["Last run", "not yet run", "failing on", "passed on"];

/// The rows of the tables: line, promise, what shows it. The heads and the lines under them are left out.
fn rows(text: &str) -> Vec<(usize, &str, &str)> {
    let lines = text.lines().enumerate();
    let cells = lines.filter_map(|(index, line)| {
        let inside = line.strip_prefix('|')?.strip_suffix('|')?;
        let cells: Vec<_> = inside.split(" | ").map(str::trim).collect();
        match cells.as_slice() {
            [promise, shown] => Some((index + 1, *promise, *shown)),
            cells => Some((
                index + 1,
                cells.first().copied().unwrap_or_default(),
                "more or fewer than two columns",
            )),
        }
    });
    cells
        .filter(|(_, promise, _)| *promise != "Promise" && !promise.starts_with("---"))
        .collect()
}

/// The files and the tests in them that a cell names.
fn named(cell: &str) -> Vec<(&str, &str)> {
    let mut file = "";
    let mut found = Vec::new();
    // A note in brackets at the end is prose.
    let cell = cell.split(" (").next().unwrap_or_default();
    for quoted in cell.split('`').skip(1).step_by(2) {
        if quoted.contains('/') && !quoted.contains(' ') {
            file = quoted;
            found.push((file, ""));
        } else {
            found.push((file, quoted));
        }
    }
    found
}

/// Whether a file holds a test of this name. Examples that must not compile have none, and are called by their mark.
fn holds(file: &File, test: &str) -> bool {
    if test == "compile_fail" {
        file.text.contains("```compile_fail")
    } else if file.has_extension("rs") {
        file.text.contains(&format!("fn {test}("))
    } else {
        ['\'', '"', '`']
            .iter()
            .any(|mark| file.text.contains(&format!("{mark}{test}{mark}")))
    }
}

fn violations(text: &str, files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let rot = ROTS.iter().find(|rot| line.contains(**rot));
        found.extend(rot.map(|rot| format!("{}: says »{rot}«, which rots", index + 1)));
    }
    for (line, promise, shown) in rows(text) {
        if PLAIN.iter().any(|plain| shown.starts_with(plain)) {
            continue;
        }
        let named = named(shown);
        for (path, test) in &named {
            match files.iter().find(|file| file.path == *path) {
                None => found.push(format!("{line}: {path} does not exist")),
                Some(file) if !test.is_empty() && !holds(file, test) => {
                    found.push(format!("{line}: {path} has no test {test}"));
                }
                Some(_) => {}
            }
        }
        let has_test = named.iter().any(|(_, test)| !test.is_empty());
        if !has_test {
            found.push(format!(
                "{line}: »{promise}« names no test and does not say so"
            ));
        }
    }
    found
}

#[test]
fn every_promise_names_tests_that_exist_or_says_that_it_is_not_yet_shown() {
    let files = tree::files();
    let promises = files.iter().find(|file| file.path == PROMISES).unwrap();
    tree::none(
        "promises name tests that exist",
        rows(&promises.text).len(),
        &violations(&promises.text, files),
    );
}

#[test]
fn planted_promises_are_caught() {
    let files = [
        File::planted("tests/a.rs", "#[test]\nfn it_holds() {}"),
        File::planted("ui/a.test.ts", "it('keeps what was typed', () => {})"),
    ];
    let planted = |row: &str| {
        violations(
            &format!("| Promise | Shown by |\n|---|---|\n{row}\n"),
            &files,
        )
    };
    for (row, expected) in [
        (
            "| A | `tests/a.rs`: `it_is_gone` |",
            "has no test it_is_gone",
        ),
        (
            "| A | `tests/b.rs`: `it_holds` |",
            "tests/b.rs does not exist",
        ),
        ("| A | `tests/a.rs` |", "names no test"),
        ("| A | shown by looking |", "names no test"),
        ("| A | not yet shown |", "names no test"),
        ("| A | `it_holds` |", " does not exist"),
        (
            "| A | `ui/a.test.ts`: `keeps nothing` |",
            "has no test keeps nothing",
        ),
        (
            "| A | `tests/a.rs`: `it_holds` | 2026-11-21 |",
            "names no test",
        ),
        (
            "| A | `tests/a.rs`: `it_holds` (failing on 2026-11-21) |",
            "rots",
        ),
    ] {
        tree::caught(&planted(row), expected);
    }
    for row in [
        "| A | `tests/a.rs`: `it_holds`; `ui/a.test.ts`: `keeps what was typed` (the `core` of it) |",
        "| A | not yet shown (stage 2) |",
        "| A | not yet shown: nobody has looked at what `make pictures` takes |",
    ] {
        assert_eq!(planted(row), Vec::<String>::new(), "{row}");
    }
}
