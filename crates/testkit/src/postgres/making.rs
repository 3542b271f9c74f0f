//! Where a test's PostgreSQL lies, and how its tables come to be: quickly, since each test of the central store has one of
//! its own.
//!
//! A new server is a thousand files. Making and deleting them on a disk took more time than the tests themselves, so
//! they lie in memory where there is room, and are copied from tables that were made once.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{self, Command};

/// Servers on the disk. Socket paths are short by law of the operating system, so not under a deep target folder.
const DISK: &str = "/tmp";
/// A disk in memory, as Linux has it.
const MEMORY: &str = "/dev/shm";
/// Bytes a disk in memory must have free: several servers at once, each with a few files of log.
const ROOM: u64 = 3 << 30;

/// How a server's data is made; its folder follows.
pub(super) const INITDB: [&str; 10] = [
    "-k",
    "-A",
    "trust",
    "-U",
    "postgres",
    "-E",
    "UTF8",
    "--locale=C.UTF-8",
    "-N",
    "-D",
];

/// Where a server with these settings lies: one that flushes has a real disk to flush to.
pub(super) fn place(settings: &[&str]) -> &'static Path {
    let is_roomy = fs4::available_space(MEMORY).is_ok_and(|free| free >= ROOM);
    if is_roomy && !settings.contains(&"fsync=on") {
        Path::new(MEMORY)
    } else {
        Path::new(DISK)
    }
}

/// The folder that keeps tables as `initdb` of these programs makes them, for all tests to copy: beside the tests
/// themselves, so that it goes with them.
pub(super) fn pattern(programs: &Path) -> PathBuf {
    let mut made_by = DefaultHasher::new();
    (programs, INITDB).hash(&mut made_by);
    let test = std::env::current_exe().expect("this test");
    let beside = test.parent().expect("its folder");
    beside.join(format!("postgres-tables-{:016x}", made_by.finish()))
}

/// Keeps a copy of fresh tables as the pattern. Tests that run at the same time see a whole one or none.
pub(super) fn keep(tables: &Path, pattern: &Path) {
    let aside = pattern.with_extension(process::id().to_string());
    copy(tables, &aside);
    if fs::rename(&aside, pattern).is_err() {
        // Another test was first.
        let _ = fs::remove_dir_all(&aside);
    }
}

/// Copies a folder with owners and rights.
pub(super) fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(
        copied.is_ok_and(|status| status.success()),
        "tables are copied"
    );
}
