//! The programs that read PDFs, as independent witnesses.

use std::{path::Path, process::Command};

use tempfile::TempDir;

/// A paper in a folder of its own.
pub(crate) struct OnDisk {
    folder: TempDir,
}

impl OnDisk {
    pub(crate) fn new(pdf: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("paper.pdf"), pdf).unwrap();
        Self { folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a program in the folder and returns what it prints.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(self.folder())
            .output()
            .unwrap_or_else(|error| panic!("{program} must be installed: {error}"));
        assert!(
            output.status.success(),
            "{program} found fault: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// The text as another program extracts it, spaces and line ends made one space.
    pub(crate) fn text(&self) -> String {
        one_spaced(&self.run("pdftotext", &["-enc", "UTF-8", "paper.pdf", "-"]))
    }
}

pub(crate) fn text_of(pdf: &[u8]) -> String {
    OnDisk::new(pdf).text()
}

pub(crate) fn one_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
