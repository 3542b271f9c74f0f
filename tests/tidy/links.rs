//! Documents point only at what exists.

use std::collections::BTreeSet;
use std::path::Path;

use crate::tree::{self, File};

/// Folders at the root; a path in backticks that begins with one of them is meant to exist.
const ROOTS: &[&str] = &[
    ".ci/",
    "assets/",
    "crates/",
    "docs/",
    "forms/",
    "server/",
    "src-tauri/",
    "tests/",
    "ui/",
];

/// Link targets and backticked paths, with their lines; those in fenced blocks are examples.
fn targets(text: &str) -> Vec<(usize, String, bool)> {
    let mut found = Vec::new();
    let mut in_fence = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        }
        if in_fence {
            continue;
        }
        for rest in line.split("](").skip(1) {
            let target = rest.split([')', ' ']).next().unwrap_or_default();
            found.push((index + 1, target.to_owned(), true));
        }
        let quoted = line.split('`').skip(1).step_by(2);
        let paths = quoted.filter(|quoted| ROOTS.iter().any(|root| quoted.starts_with(root)));
        let plain = paths.filter(|path| !path.contains([' ', '*', '<', '{', '…', '$']));
        found.extend(plain.map(|path| (index + 1, path.to_owned(), false)));
    }
    found
}

fn violations(file: &File, known: &BTreeSet<String>) -> Vec<String> {
    let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    for (line, target, is_link) in targets(&file.text) {
        let outside =
            target.contains("://") || target.starts_with('#') || target.starts_with("mailto:");
        if outside {
            continue;
        }
        let target_path = target
            .split('#')
            .next()
            .unwrap_or_default()
            .trim_end_matches('/');
        let path = if is_link {
            normal(&folder.join(target_path))
        } else {
            target_path.to_owned()
        };
        if !known.contains(&path) {
            found.push(format!("{}:{line}: {target} does not exist", file.path));
        }
    }
    found
}

fn normal(path: &Path) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.to_str().unwrap_or_default().split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Every path of the repository, its folders, and what is built on the way.
fn known(paths: &[String]) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for path in paths {
        for ancestor in Path::new(path).ancestors() {
            known.insert(ancestor.to_string_lossy().into_owned());
        }
    }
    known
}

#[test]
fn documents_point_at_what_exists() {
    let known = known(&tree::paths());
    let files: Vec<_> = tree::with_extension("md").collect();
    let found: Vec<_> = files
        .iter()
        .flat_map(|file| violations(file, &known))
        .collect();
    tree::none("links and paths in documents exist", files.len(), &found);
}

#[test]
fn planted_links_are_caught() {
    let known = known(&[
        "docs/a.md".to_owned(),
        "crates/domain/src/lib.rs".to_owned(),
    ]);
    let planted = |text: &str| violations(&File::planted("docs/a.md", text), &known);
    tree::caught(&planted("See [b](b.md)."), "a.md:1: b.md");
    tree::caught(&planted("See [b](../crates/gone/src/lib.rs#x)."), "gone");
    tree::caught(&planted("\nSee `crates/gone`."), "a.md:2: crates/gone");
    for text in [
        "[a](a.md#top) [b](#here) [c](https://example.org/x) [d](../crates/domain/)",
        "`crates/domain/src/lib.rs` `crates/*/src` `docs/<name>.md` `crates`",
        "```\n[b](b.md)\n```",
    ] {
        assert_eq!(planted(text), Vec::<String>::new(), "{text}");
    }
}
