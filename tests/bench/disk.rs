//! The disk's own pace, beside which durable saves are judged.

use std::fs::File;
use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;

/// A scratch file on the disk the stores of this run lie on.
pub(crate) struct Disk {
    file: File,
}

impl Disk {
    pub(crate) fn new() -> Result<Self> {
        let file = tempfile::tempfile_in(skranke_tests::window::target_folder())?;
        Ok(Self { file })
    }

    /// Writes a page and asks the disk to have it.
    pub(crate) fn flush(&mut self) -> Result<Duration> {
        let page = [7_u8; 4096];
        let begin = Instant::now();
        self.file.write_all(&page)?;
        self.file.sync_data()?;
        Ok(begin.elapsed())
    }
}
