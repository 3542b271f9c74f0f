//! The build machine reads the count of passed and failed checks from the last line, whatever make says of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::tree;

/// What `.ci/run` says last, and its code, where `make` is this script.
fn run_with(make: &str) -> (String, Option<i32>) {
    let folder = tempfile::tempdir().unwrap();
    let stand_in = folder.path().join("make");
    fs::write(&stand_in, format!("#!/bin/sh\n{make}\n")).unwrap();
    fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).unwrap();
    let logs = folder.path().join("check-logs");
    fs::create_dir(&logs).unwrap();
    fs::write(logs.join("count"), "99 passed, 0 failed\n").unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let run = Command::new(tree::root().join(".ci/run"))
        .env("PATH", path)
        .env("CARGO_TARGET_DIR", folder.path())
        .output()
        .unwrap();
    let said = [run.stderr, run.stdout].concat();
    let said = String::from_utf8(said).unwrap();
    let last = said.lines().last().unwrap_or_default().to_owned();
    (last, run.status.code())
}

const COUNTED: &str = "echo '7 passed, 2 failed' | tee \"$CARGO_TARGET_DIR/check-logs/count\"";
const MAKES_OWN: &str = "echo 'make: *** [Makefile:12: test] Error 1'";

#[test]
fn the_count_is_the_last_line_and_a_failure_stays_one() {
    let passed = run_with("echo '9 passed, 0 failed'");
    assert_eq!(passed, ("9 passed, 0 failed".to_owned(), Some(0)));

    let failed = run_with(&format!("{COUNTED}; {MAKES_OWN}; exit 2"));
    assert_eq!(failed, ("7 passed, 2 failed".to_owned(), Some(2)));

    let nothing_ran = run_with(&format!("{MAKES_OWN}; exit 2"));
    assert_eq!(
        nothing_ran,
        ("0 passed, 1 failed".to_owned(), Some(2)),
        "the count of a run before is not this one's"
    );
}
