//! The real `skranke` binary: its JSON, its Danish text and its exit codes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

mod drawing;
mod import;
mod keys;
mod pure;
mod store;
mod upkeep;

pub(crate) fn skranke(arguments: &[&str]) -> Output {
    with_input(arguments, b"")
}

pub(crate) fn with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skranke"));
    if !skranke_testkit::key_store::is_inside_a_session() {
        // No test asks the key store of whoever runs it.
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
    }
    let mut child = command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads no input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

pub(crate) fn exit_code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// Runs with `--json`; expects the exit code and gives the answer.
pub(crate) fn json_of(arguments: &[&str], expected: i32) -> Value {
    let output = skranke(&[arguments, &["--json"]].concat());
    assert_eq!(
        exit_code(&output),
        expected,
        "{arguments:?}: {}{}",
        stdout(&output),
        stderr(&output)
    );
    assert_eq!(stderr(&output), "", "JSON says it all");
    serde_json::from_str(stdout(&output)).unwrap()
}
