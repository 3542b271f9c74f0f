//! Waiting for what another process does.
//!
//! What a test waits for comes soon; how long it waits before it gives up is never what it tests, since the clock of a
//! busy machine says nothing about the program.

use std::time::{Duration, Instant};

/// How long a test waits for what must come. Only one that fails waits so long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `holds`.
///
/// # Panics
/// It never does; the message says `what`.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "it never came: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
