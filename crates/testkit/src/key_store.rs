//! A real key store for one test: the test runs itself once more inside a session bus of its own.

use std::path::Path;
use std::process::{Command, Stdio};

const INSIDE: &str = "SKRANKE_TEST_INSIDE_SESSION";
/// The session's key store is unlocked, with an empty folder as home.
const SESSION: &str = "printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null && \
    exec \"$0\" --exact \"$1\" --test-threads=1";

/// Whether this process is the test's second run.
#[expect(
    clippy::disallowed_methods,
    reason = "the test tells its inner run from its outer one"
)]
pub fn is_inside_a_session() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs the test of this name, as its binary lists it, once more where a key store answers.
///
/// # Panics
/// The inner run did not pass.
pub fn again_in_a_session(test: &str, home: &Path) {
    let done = Command::new("dbus-run-session")
        .args(["--", "sh", "-c", SESSION])
        .arg(std::env::current_exe().expect("this test's program"))
        .arg(test)
        .env(INSIDE, "1")
        .env("HOME", home)
        .env("XDG_DATA_HOME", home.join("share"))
        .env("XDG_RUNTIME_DIR", home)
        .stdin(Stdio::null())
        .output()
        .expect("dbus-run-session runs");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
}
