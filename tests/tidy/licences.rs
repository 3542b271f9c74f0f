//! Everything we ship with may be given on under the EUPL.

use serde_json::Value;

use crate::arrows::metadata;
use crate::tree;

/// Licences that may be used without asking.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "EUPL-1.2",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OFL-1.1",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Zlib",
];

/// Packages that may be used under another licence, with the reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[(
    "sqlcipher-src",
    "MIT AND BSD-3-Clause AND blessing AND WTFPL",
    "the encrypted database itself: SQLite is in the public domain, and both further texts permit everything",
)];

/// Whether some choice that an SPDX expression offers is allowed throughout.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    !rest.is_empty() && any_of(&mut rest) && rest.is_empty()
}

fn any_of(rest: &mut &[&str]) -> bool {
    let mut allowed = all_of(rest);
    while rest.first() == Some(&"OR") {
        *rest = &rest[1..];
        allowed |= all_of(rest);
    }
    allowed
}

fn all_of(rest: &mut &[&str]) -> bool {
    let mut allowed = one(rest);
    while rest.first() == Some(&"AND") {
        *rest = &rest[1..];
        allowed &= one(rest);
    }
    allowed
}

fn one(rest: &mut &[&str]) -> bool {
    let Some((first, after)) = rest.split_first() else {
        return false;
    };
    *rest = after;
    if *first == "(" {
        let allowed = any_of(rest);
        if rest.first() == Some(&")") {
            *rest = &rest[1..];
        }
        return allowed;
    }
    if let ["WITH", exception, after @ ..] = *rest {
        *rest = after;
        return ALLOWED.contains(&format!("{first} WITH {exception}").as_str());
    }
    ALLOWED.contains(first)
}

fn violation(name: &str, licence: Option<&str>) -> Option<String> {
    let licence = licence.unwrap_or("no licence named");
    let excepted = EXCEPTIONS
        .iter()
        .any(|(known, under, _)| *known == name && *under == licence);
    (!excepted && !is_allowed(licence)).then(|| format!("{name}: {licence}"))
}

#[test]
fn packages_of_others_have_a_licence_we_may_use() {
    let packages = metadata()["packages"].as_array().unwrap();
    let found: Vec<_> = packages
        .iter()
        .filter_map(|package| violation(package["name"].as_str()?, package["license"].as_str()))
        .collect();
    tree::none("licences are on the list", packages.len(), &found);
}

#[test]
fn npm_packages_have_a_licence_we_may_use() {
    let locks: Vec<_> = tree::files()
        .iter()
        .filter(|file| file.path.ends_with("package-lock.json"))
        .collect();
    let mut examined = 0;
    let mut found = Vec::new();
    for lock in locks {
        let lock: Value = serde_json::from_str(&lock.text).unwrap();
        for (path, package) in lock["packages"].as_object().into_iter().flatten() {
            // What never leaves the developers' computers is not given on.
            if path.is_empty() || package["dev"] == true {
                continue;
            }
            examined += 1;
            found.extend(violation(path, package["license"].as_str()));
        }
    }
    tree::none("licences are on the list", examined, &found);
}

#[test]
fn expressions_are_read_as_choices() {
    for (expression, allowed) in [
        ("MIT", true),
        ("MIT OR GPL-3.0-only", true),
        ("MIT/GPL-3.0", true),
        ("MIT AND GPL-3.0-only", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND AGPL-3.0-only", false),
        ("Apache-2.0 WITH LLVM-exception OR AGPL-3.0-only", true),
        ("GPL-2.0-only WITH Classpath-exception-2.0", false),
        ("GPL-3.0-only", false),
        ("", false),
        ("MIT MIT", false),
    ] {
        assert_eq!(is_allowed(expression), allowed, "{expression}");
    }
    tree::caught(
        &violation("copyleft", Some("GPL-3.0-only"))
            .into_iter()
            .collect::<Vec<_>>(),
        "GPL",
    );
    tree::caught(
        &violation("unnamed", None).into_iter().collect::<Vec<_>>(),
        "no licence",
    );
}
