//! Migrations: numbered without gaps, each with a frozen dump of the version before, released ones unchanged,
//! and the central store's two backends in step.

use std::collections::BTreeSet;

use crate::forms::released_violations;
use crate::tree::{self, File};

/// Where migrations lie, and where the dumps of earlier versions.
const DESKTOP: (&str, &str) = ("crates/store/sql/migrations", "crates/store/sql/frozen");

const BACKENDS: [&str; 2] = ["server/migrations/sqlite", "server/migrations/postgres"];

/// The list of released migrations, with paths from the root.
const RELEASED: &str = include_str!("released_migrations.toml");

/// The numbers at the beginning of the file names in a folder.
fn numbers(files: &[File], folder: &str) -> Vec<(u32, String)> {
    let inside = files
        .iter()
        .filter(|file| file.is_under(folder) && file.has_extension("sql"));
    let named = inside.filter_map(|file| {
        let name = file.path.rsplit('/').next()?;
        let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
        Some((digits.parse().unwrap_or(0), file.path.clone()))
    });
    let mut found: Vec<_> = named.collect();
    found.sort();
    found
}

fn gaps(numbers: &[(u32, String)]) -> Vec<String> {
    let wrong = (1..)
        .zip(numbers)
        .filter(|(expected, (number, _))| expected != number);
    wrong
        .map(|(expected, (_, path))| format!("{path}: number {expected} was expected"))
        .collect()
}

fn desktop_violations(files: &[File], (migrations, frozen): (&str, &str)) -> Vec<String> {
    let migrations = numbers(files, migrations);
    let dumps: BTreeSet<u32> = numbers(files, frozen)
        .into_iter()
        .map(|(number, _)| number)
        .collect();
    let mut found = gaps(&migrations);
    for (number, path) in migrations.iter().filter(|(number, _)| *number > 1) {
        if !dumps.contains(&(number - 1)) {
            found.push(format!(
                "{path}: no frozen dump of version {} in {frozen}",
                number - 1
            ));
        }
    }
    found
}

fn backend_violations(files: &[File], [first, second]: [&str; 2]) -> Vec<String> {
    let (one, other) = (numbers(files, first), numbers(files, second));
    let mut found = gaps(&one);
    found.extend(gaps(&other));
    // One backend alone is the first slice; as soon as both have migrations they keep step.
    if !one.is_empty() && !other.is_empty() && one.len() != other.len() {
        found.push(format!(
            "{first} has {} migrations, {second} {}",
            one.len(),
            other.len()
        ));
    }
    found
}

#[test]
fn migrations_of_the_desktop_store_have_frozen_dumps() {
    let migrations = numbers(tree::files(), DESKTOP.0).len();
    tree::none(
        "migrations are dense and dumped",
        migrations,
        &desktop_violations(tree::files(), DESKTOP),
    );
}

#[test]
fn migrations_of_the_central_store_keep_step() {
    let migrations: usize = BACKENDS
        .iter()
        .map(|folder| numbers(tree::files(), folder).len())
        .sum();
    tree::none(
        "backends migrate in step",
        migrations,
        &backend_violations(tree::files(), BACKENDS),
    );
}

#[test]
fn released_migrations_do_not_change() {
    let found = released_violations(RELEASED, ".", &dotted(tree::files()));
    tree::none("released migrations are as they were", 1, &found);
}

/// The SQL files under the paths that the list's folder `.` gives them.
fn dotted(files: &[File]) -> Vec<File> {
    let sql = files.iter().filter(|file| file.has_extension("sql"));
    sql.map(|file| File::planted(&format!("./{}", file.path), &file.text))
        .collect()
}

#[test]
fn planted_migrations_are_caught() {
    let sql = |path: &str| File::planted(path, "");
    let desktop = |files: &[File]| desktop_violations(files, ("m", "f"));
    tree::caught(&desktop(&[sql("m/0002_a.sql")]), "number 1 was expected");
    tree::caught(
        &desktop(&[sql("m/0001_a.sql"), sql("m/0002_b.sql")]),
        "no frozen dump of version 1",
    );
    tree::caught(&desktop(&[sql("m/first.sql")]), "number 1 was expected");
    assert!(desktop(&[sql("m/0001_a.sql"), sql("m/0002_b.sql"), sql("f/0001.sql")]).is_empty());

    let backends = |files: &[File]| backend_violations(files, ["a", "b"]);
    tree::caught(
        &backends(&[
            sql("a/0001_x.sql"),
            sql("a/0002_y.sql"),
            sql("b/0001_x.sql"),
        ]),
        "a has 2",
    );

    let changed = "[[released]]\nfile = \"m/0001_a.sql\"\nsha256 = \"00\"\n";
    tree::caught(
        &released_violations(changed, ".", &dotted(&[sql("m/0001_a.sql")])),
        "has changed",
    );
}
