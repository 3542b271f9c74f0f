//! Who may depend on whom, and on what from outside. Read from `cargo metadata`.

use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::tree;

/// What each of our packages may depend on among ours.
const ARROWS: &[(&str, &[&str])] = &[
    ("skranke-domain", &[]),
    ("skranke-forms", &["skranke-domain"]),
    ("skranke-protocol", &["skranke-domain"]),
    ("skranke-documents", &["skranke-domain", "skranke-forms"]),
    ("skranke-store", &["skranke-domain", "skranke-protocol"]),
    ("skranke-sync", &["skranke-domain", "skranke-protocol"]),
    (
        "skranke-app",
        &[
            "skranke-domain",
            "skranke-forms",
            "skranke-protocol",
            "skranke-documents",
            "skranke-store",
            "skranke-sync",
        ],
    ),
    (
        "skranke-server",
        &["skranke-domain", "skranke-forms", "skranke-protocol"],
    ),
    ("skranke-desktop", &["skranke-app"]),
    ("skranke-cli", &["skranke-app"]),
];

/// Packages of tests may depend on anything.
const TEST_PACKAGES: &[&str] = &["skranke-testkit", "skranke-tests"];

/// What the pure packages may take from outside.
const EXTERNAL: &[(&str, &[&str])] = &[
    ("skranke-domain", &["chrono", "thiserror", "uuid"]),
    (
        "skranke-protocol",
        &[
            "chrono",
            "thiserror",
            "uuid",
            "serde",
            "serde_json",
            "sha2",
            "ed25519-dalek",
            // Boxes that only the server opens; whoever seals passes the randomness in.
            "crypto_box",
            // Optional: describes the messages for the server's OpenAPI document.
            "utoipa",
        ],
    ),
];

/// Packages from outside that only some of ours may use.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("tauri", &["skranke-desktop"]),
    // Where a key is must be the same for window and command line.
    ("keyring", &["skranke-app"]),
    ("tauri-build", &["skranke-desktop"]),
    ("tauri-plugin-dialog", &["skranke-desktop"]),
    ("printpdf", &["skranke-documents"]),
    ("rusqlite", &["skranke-store", "skranke-server"]),
    ("tokio-postgres", &["skranke-server"]),
    ("deadpool-postgres", &["skranke-server"]),
];

/// What `cargo metadata` says about this workspace on this platform.
pub(crate) fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(|| {
        let asked = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked"])
            .args(["--filter-platform", &host()])
            .current_dir(tree::root())
            .output()
            .expect("cargo runs");
        assert!(
            asked.status.success(),
            "{}",
            String::from_utf8_lossy(&asked.stderr)
        );
        serde_json::from_slice(&asked.stdout).unwrap()
    })
}

/// The platform this was built for: its packages are on this machine, those of others may not be.
fn host() -> String {
    let asked = Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("rustc runs");
    let said = String::from_utf8(asked.stdout).unwrap();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc names its host").to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn ours(metadata: &Value) -> Vec<&Value> {
    list(&metadata["packages"])
        .iter()
        .filter(|package| package["source"].is_null())
        .collect()
}

fn violations(metadata: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for package in ours(metadata) {
        let name = text(package, "name");
        let allowed = ARROWS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, allowed)| *allowed);
        if allowed.is_none() && !TEST_PACKAGES.contains(&name) {
            found.push(format!("{name} stands in no table: name it and its arrows"));
        }
        for dependency in list(&package["dependencies"]) {
            let on = text(dependency, "name");
            let is_dev = dependency["kind"] == "dev";
            let is_ours = !dependency["path"].is_null();
            let is_test_package = TEST_PACKAGES.contains(&name);
            if is_ours && TEST_PACKAGES.contains(&on) && !is_dev && !is_test_package {
                found.push(format!("{name} -> {on}: for tests only"));
            } else if is_ours && !is_dev && allowed.is_some_and(|allowed| !allowed.contains(&on)) {
                found.push(format!("{name} -> {on}: no such arrow"));
            }
            let only = ONLY_IN
                .iter()
                .find(|(known, _)| *known == on)
                .map(|(_, users)| *users);
            if only.is_some_and(|users| !users.contains(&name) && !is_test_package) {
                found.push(format!("{name} -> {on}: not its business"));
            }
            let external = EXTERNAL.iter().find(|(known, _)| *known == name);
            let is_listed = external.is_none_or(|(_, listed)| listed.contains(&on));
            if !is_ours && !is_dev && !is_listed {
                found.push(format!("{name} -> {on}: not on its list"));
            }
            if name == "skranke-domain" && on == "chrono" && has_clock(dependency) {
                found.push(format!("{name} -> {on}: with a clock"));
            }
        }
    }
    found
}

fn has_clock(dependency: &Value) -> bool {
    let clock = |feature: &Value| feature == "clock" || feature == "now";
    dependency["uses_default_features"] != false || list(&dependency["features"]).iter().any(clock)
}

#[test]
fn dependencies_follow_the_arrows() {
    let metadata = metadata();
    let packages = ours(metadata).len();
    assert!(
        packages >= ARROWS.len() + TEST_PACKAGES.len(),
        "a package of the design is missing"
    );
    tree::none(
        "dependencies follow the arrows of the design",
        packages,
        &violations(metadata),
    );
}

#[test]
fn planted_dependencies_are_caught() {
    let package = |name: &str, on: &str, path: Value, kind: Value| {
        serde_json::json!({ "packages": [{ "name": name, "source": null, "dependencies": [
            { "name": on, "path": path, "kind": kind, "uses_default_features": true, "features": [] },
        ] }] })
    };
    let here = || Value::from("somewhere");
    for (name, on, path, said) in [
        ("skranke-domain", "skranke-store", here(), "no such arrow"),
        ("skranke-cli", "skranke-domain", here(), "no such arrow"),
        ("skranke-app", "skranke-testkit", here(), "for tests only"),
        ("skranke-domain", "serde", Value::Null, "not on its list"),
        ("skranke-protocol", "tokio", Value::Null, "not on its list"),
        ("skranke-domain", "chrono", Value::Null, "with a clock"),
        ("skranke-app", "rusqlite", Value::Null, "not its business"),
        ("skranke-app", "tauri", Value::Null, "not its business"),
        ("counter", "serde", Value::Null, "in no table"),
    ] {
        tree::caught(&violations(&package(name, on, path, Value::Null)), said);
    }
    let in_tests = package("skranke-app", "skranke-testkit", here(), Value::from("dev"));
    assert_eq!(violations(&in_tests), Vec::<String>::new());
}
