//! Where the definitions come from: the files embedded at build, optionally overlaid by a folder.
//!
//! A folder wins file by file, so a municipality (or a test) can change one TOML and keep the rest.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::FormsError;

/// The files under `forms/` as they were when the program was built: name and text.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The text of every definition file, by its name relative to `forms/`, for example `rules/a.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    files: BTreeMap<String, String>,
}

impl Source {
    /// The definitions the program was built with.
    pub fn embedded() -> Self {
        let files = EMBEDDED
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Self {
            files: files.collect(),
        }
    }

    /// The built-in definitions, with every TOML file found under `folder` in place of its namesake.
    pub fn overlaid(folder: &Path) -> Result<Self, FormsError> {
        let mut source = Self::embedded();
        read_folder(folder, "", &mut source.files)?;
        Ok(source)
    }

    /// Replaces or adds one file.
    #[must_use]
    pub fn with(mut self, name: &str, text: &str) -> Self {
        self.files.insert(name.to_owned(), text.to_owned());
        self
    }

    /// The text of one file.
    pub fn file(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }

    /// The files of one folder, in name order.
    pub fn folder<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.all().filter(move |(name, _)| {
            name.strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    }

    /// Every file, in name order.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }
}

fn read_folder(
    folder: &Path,
    prefix: &str,
    files: &mut BTreeMap<String, String>,
) -> Result<(), FormsError> {
    let unreadable = |_| FormsError::Unreadable {
        file: format!("{prefix}*"),
    };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            read_folder(&entry.path(), &format!("{prefix}{name}/"), files)?;
        } else if name.ends_with(".toml") {
            let file = format!("{prefix}{name}");
            let text = std::fs::read_to_string(entry.path())
                .map_err(|_| FormsError::Unreadable { file: file.clone() })?;
            files.insert(file, text);
        }
    }
    Ok(())
}
