//! A disk that is small, for tests of a full one: in memory, and mounted for the test alone.
//!
//! Mounting needs a name space of its own, so the test is started again in a child that has one.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the disk is, for the child that runs on it.
const DISK: &str = "SKRANKE_TEST_SMALL_DISK";
/// What the child says at its end, so that one that ran no test at all is noticed.
const DONE: &str = "small disk done";
/// Whoever mounted the disk is somebody else from here on; to the files it is still the same user.
const NOBODY: &str = "unshare --user --map-user=nobody --map-group=65534";

/// The disk of this test, as the child sees it.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// The disk, of `megabytes`, where this is the child. Otherwise runs the test `name`, its whole path, in one, and
    /// returns none when that has passed: the test is then over.
    ///
    /// # Panics
    /// The test failed in the child, or did not run.
    pub fn of(name: &str, megabytes: u32) -> Option<Self> {
        Self::with(name, megabytes, "")
    }

    /// The same where the child is not the name space's administrator, as whom some programs refuse to run.
    ///
    /// # Panics
    /// As [`SmallDisk::of`].
    pub fn of_nobody(name: &str, megabytes: u32) -> Option<Self> {
        Self::with(name, megabytes, NOBODY)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "how the test tells its child where the disk is"
    )]
    fn with(name: &str, megabytes: u32, as_whom: &str) -> Option<Self> {
        if let Some(disk) = std::env::var_os(DISK) {
            return Some(Self(disk.into()));
        }
        let place = tempfile::tempdir().expect("a folder");
        let script = format!(
            "mount -t tmpfs -o size={megabytes}m,mode=700 small \"${DISK}\" && exec {as_whom} \"$TEST\" {name} --exact --nocapture"
        );
        let child = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
            .env("TEST", std::env::current_exe().expect("this test"))
            .env(DISK, place.path())
            .output()
            .expect("unshare of util-linux");
        let said = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success(), "{said}");
        assert!(said.contains(DONE), "the child ran there: {said}");
        None
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes until nothing more fits; taking the file away makes room again.
    ///
    /// # Panics
    /// Not even an empty file fits.
    pub fn fill(&self) -> PathBuf {
        self.fill_but(0)
    }

    /// The same, with so many bytes left.
    ///
    /// # Panics
    /// As [`SmallDisk::fill`].
    pub fn fill_but(&self, left_bytes: u64) -> PathBuf {
        let path = self.0.join("fyld");
        let mut file = fs::File::create(&path).expect("created");
        for size in [64 * 1024, 4096, 512, 1] {
            let block = vec![0_u8; size];
            while file.write_all(&block).is_ok() {}
        }
        let written = file.metadata().expect("just written").len();
        file.set_len(written.saturating_sub(left_bytes))
            .expect("cut");
        path
    }
}

impl Drop for SmallDisk {
    #[expect(clippy::print_stdout, reason = "the parent listens for it")]
    fn drop(&mut self) {
        if !std::thread::panicking() {
            println!("{DONE}");
        }
    }
}
