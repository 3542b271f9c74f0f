//! What only tests may do, ending the program at a named point and planting bugs, is in nothing that is shipped.

use std::process::Command;

use crate::tree;

/// The programs that are shipped.
const SHIPPED: [&str; 3] = ["skranke-desktop", "skranke-cli", "skranke-server"];

/// The features a package is built with, without what only its tests need.
fn features(package: &str, edges: &str) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "-p", package, "-e", edges])
        .args(["--prefix", "none", "-f", "{p} [{f}]"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let tree = String::from_utf8_lossy(&output.stdout);
    let domain = tree
        .lines()
        .find(|line| line.starts_with("skranke-domain "));
    domain
        .expect("every program has the domain in it")
        .to_owned()
}

#[test]
fn no_program_that_is_shipped_can_rehearse() {
    let found: Vec<String> = SHIPPED
        .iter()
        .filter(|package| features(package, "normal,build").contains("rehearsal"))
        .map(|package| format!("{package} is built with points and planted bugs"))
        .collect();

    tree::none("what is shipped cannot rehearse", SHIPPED.len(), &found);
    assert!(
        features("skranke-server", "normal,build,dev").contains("rehearsal"),
        "its tests do, so this looks in the right place"
    );
}
