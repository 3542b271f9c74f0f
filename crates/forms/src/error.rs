//! What can be wrong with the definitions. Every message names the file and the key.

use thiserror::Error;

/// A definition that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FormsError {
    /// A file or folder could not be read.
    #[error("forms/{file}: cannot be read")]
    Unreadable {
        /// Name relative to `forms/`.
        file: String,
    },
    /// The file is not TOML, or lacks or misspells a key.
    #[error("forms/{file}: {message}")]
    Malformed {
        /// Name relative to `forms/`.
        file: String,
        /// What the TOML reader says, with line and key.
        message: String,
    },
    /// The file can be read, but what it says cannot be right.
    #[error("forms/{file}: {key}: {message}")]
    Wrong {
        /// Name relative to `forms/`.
        file: String,
        /// The key at fault.
        key: String,
        /// What is wrong with it.
        message: String,
    },
    /// Nothing is defined under this name.
    #[error("no {what} called {code}")]
    Missing {
        /// The kind of definition.
        what: &'static str,
        /// What was asked for.
        code: String,
    },
}

impl FormsError {
    pub(crate) fn wrong(file: &str, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Wrong {
            file: file.to_owned(),
            key: key.into(),
            message: message.into(),
        }
    }
}

/// Reads one file into a definition type.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(
    file: &str,
    text: &str,
) -> Result<T, FormsError> {
    toml::from_str(text).map_err(|e| FormsError::Malformed {
        file: file.to_owned(),
        message: e.to_string(),
    })
}

/// Refuses a list in which a code stands twice.
pub(crate) fn unique<'a>(
    file: &str,
    key: &str,
    codes: impl Iterator<Item = &'a str>,
) -> Result<(), FormsError> {
    let mut seen = std::collections::BTreeSet::new();
    for code in codes {
        if !seen.insert(code) {
            return Err(FormsError::wrong(
                file,
                key,
                format!("\"{code}\" stands twice"),
            ));
        }
    }
    Ok(())
}
