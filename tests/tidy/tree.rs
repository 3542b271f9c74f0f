//! The files of the repository, tracked or about to be, and how a check reports.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A text file of the repository.
pub(crate) struct File {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// A file that a test makes up.
    pub(crate) fn planted(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|found| found == extension)
    }

    pub(crate) fn is_under(&self, folder: &str) -> bool {
        self.path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
    }

    /// Written by a program and compared with its source elsewhere.
    pub(crate) fn is_generated(&self) -> bool {
        self.path.contains("/generated/") || self.path.ends_with("/generated.ts")
    }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text file that is tracked, or new and not ignored.
pub(crate) fn files() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(|| {
        paths()
            .into_iter()
            .filter_map(|path| {
                let text = std::fs::read_to_string(root().join(&path)).ok()?;
                Some(File { path, text })
            })
            .collect()
    })
}

/// Every path that is tracked, or new and not ignored; also of files that are no text.
pub(crate) fn paths() -> Vec<String> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root())
        .output()
        .expect("git lists the files of the repository");
    assert!(
        listed.status.success(),
        "{}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed.split_terminator('\0').map(str::to_owned).collect()
}

/// The files with an extension.
pub(crate) fn with_extension(extension: &str) -> impl Iterator<Item = &'static File> {
    files()
        .iter()
        .filter(move |file| file.has_extension(extension))
}

/// Fails with all violations at once, and also where nothing was examined.
#[track_caller]
pub(crate) fn none(rule: &str, examined: usize, violations: &[String]) {
    assert!(examined > 0, "nothing was examined: {rule}");
    assert!(
        violations.is_empty(),
        "{rule}\n  {}\n{} in {examined} examined",
        violations.join("\n  "),
        violations.len()
    );
}

/// What a planted violation must give.
#[track_caller]
pub(crate) fn caught(violations: &[String], part: &str) {
    assert!(
        violations.iter().any(|violation| violation.contains(part)),
        "the planted violation was not caught: {part}; found {violations:?}"
    );
}
