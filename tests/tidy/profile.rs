//! Every value of a municipality's profile has an effect: what an administrator may set is not stored for nothing.
//!
//! The fields are those of `crates/forms/src/profile.rs`. A field is used where product code reads it, or a condition
//! under `forms/` asks for it; its reading, checking and editing do not count. One that waits for what is not built yet
//! is named in `docs/operations.md`, for whoever would set it.

use crate::source;
use crate::tree::{self, File};

const PROFILE: &str = "crates/forms/src/profile.rs";
const OPERATIONS: &str = "docs/operations.md";
/// Where a profile is read, checked, shown for editing and compared: there every field stands.
const ITS_OWN: [&str; 3] = [
    "crates/forms/src/profile",
    "crates/app/src/profile",
    "crates/app/src/api/profile.rs",
];

/// The fields of the file's structs, but for the invented people of a demo.
fn fields(profile: &str) -> Vec<String> {
    let code = source::product_code(profile);
    let own = code.split("pub struct Demo").next().unwrap_or_default();
    let lines = own.lines().map(str::trim);
    lines
        .filter_map(|line| {
            let name = line.strip_prefix("pub ")?.split_once(':')?.0;
            name.chars()
                .all(|c| c.is_ascii_lowercase() || c == '_')
                .then(|| name.to_owned())
        })
        .collect()
}

/// Whether `text` has `part`, and no longer word that begins so.
fn has(text: &str, part: &str) -> bool {
    text.match_indices(part).any(|(at, _)| {
        let next = text[at + part.len()..].chars().next();
        !next.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

fn unused(profile: &str, files: &[File]) -> Vec<String> {
    // What a method of the type itself reads is used by whoever calls it.
    let methods = source::product_code(profile);
    let is_own = |file: &File| ITS_OWN.iter().any(|own| file.path.starts_with(own));
    let is_product = |file: &&File| {
        file.has_extension("rs") && file.path.contains("src/") && !file.is_under("tests")
    };
    let code: Vec<String> = files
        .iter()
        .filter(is_product)
        .filter(|file| !is_own(file))
        .map(|file| source::product_code(&file.text))
        .collect();
    let definitions: Vec<&File> = files
        .iter()
        .filter(|file| file.is_under("forms") && !file.is_under("forms/texts"))
        .collect();
    let is_used = |field: &str| {
        has(&methods, &format!("self.{field}"))
            || code.iter().any(|code| has(code, &format!(".{field}")))
            || definitions
                .iter()
                .any(|file| has(&file.text, &format!("profile.{field}")))
    };
    let is_awaited = |field: &str| {
        let said = format!("`{field}` has no effect");
        let mut guides = files.iter().filter(|file| file.path == OPERATIONS);
        guides.any(|guide| guide.text.contains(&said))
    };
    fields(profile)
        .into_iter()
        .filter(|field| !is_used(field) && !is_awaited(field))
        .map(|field| format!("{field} is read from a profile and does nothing"))
        .collect()
}

#[test]
fn every_value_of_a_profile_is_read_where_something_is_done_with_it() {
    let profile = tree::files().iter().find(|file| file.path == PROFILE);
    let text = &profile.expect("the profile's own file").text;

    let found = unused(text, tree::files());

    tree::none("a profile says nothing in vain", fields(text).len(), &found);
}

#[test]
fn a_value_that_is_only_stored_and_edited_is_caught() {
    let profile = "pub struct Practice {\n    /// One.\n    pub kept: bool,\n    pub asked: bool,\n    pub later: bool,\n    pub vain: bool,\n}";
    let editing = "fn shown(p: &Practice) { edit.vain = p.vain; }";
    let files = [
        File::planted(
            "crates/app/src/usecases/a.rs",
            "fn a(p: &Practice) { if p.kept { p.vainer() } } // p.vain",
        ),
        File::planted("crates/app/src/profile/typed.rs", editing),
        File::planted("tests/journeys/a.rs", editing),
        File::planted(OPERATIONS, "A lease (`later` has no effect)."),
        File::planted(
            "forms/exemption/v1.toml",
            "shown = \"profile.asked = true\"",
        ),
    ];

    let found = unused(profile, &files);

    assert_eq!(found.len(), 1, "{found:?}");
    tree::caught(&found, "vain is read");
}
