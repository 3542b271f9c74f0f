//! Released wordings do not change: a list of files, versions and hashes that a test compares.
//!
//! A change to a released file raises its `version` (a form gets a new file beside it), because
//! papers and events name the version they were made with.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::{FormsError, parse};
use crate::source::Source;

/// The list, relative to `forms/`.
const LIST: &str = "released.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    released: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: String,
    version: u16,
    sha256: String,
}

#[derive(Deserialize)]
struct Versioned {
    version: u16,
}

/// Compares every file that stands at a released version with its hash.
pub fn check(source: &Source) -> Result<(), FormsError> {
    let list: List = parse(LIST, source.file(LIST).unwrap_or_default())?;
    for entry in list.released {
        let wrong = |message: &str| Err(FormsError::wrong(&entry.file, "version", message));
        let Some(text) = source.file(&entry.file) else {
            return wrong("was released and is gone");
        };
        let now: Versioned = parse(&entry.file, text)?;
        if now.version < entry.version {
            return wrong("is lower than a released one");
        }
        if now.version == entry.version && hash(text) != entry.sha256 {
            return wrong("was released and may not change; raise it");
        }
    }
    Ok(())
}

/// The line that releases a file as it is now.
pub fn entry_for(source: &Source, file: &str) -> Result<String, FormsError> {
    let missing = || FormsError::Missing {
        what: "file",
        code: file.to_owned(),
    };
    let text = source.file(file).ok_or_else(missing)?;
    let now: Versioned = parse(file, text)?;
    let (version, sha256) = (now.version, hash(text));
    Ok(format!(
        "\n[[released]]\nfile = \"{file}\"\nversion = {version}\nsha256 = \"{sha256}\"\n"
    ))
}

/// The hash of a file's text, line ends as `\n`.
pub fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.replace("\r\n", "\n").as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "rules/a.toml";

    fn released() -> Source {
        let source = Source::embedded();
        let list = entry_for(&source, FILE).expect("it exists");
        source.with(LIST, &list)
    }

    fn with_edit(from: &str, to: &str) -> Source {
        let text = Source::embedded().file(FILE).expect("it exists").to_owned();
        released().with(FILE, &text.replacen(from, to, 1))
    }

    #[test]
    fn what_was_released_is_unchanged() {
        check(&Source::embedded()).expect("released files are as they were");
    }

    #[test]
    fn the_rule_sets_are_released() {
        let list = Source::embedded();
        let list = list.file(LIST).expect("the list exists");

        for set in ["a", "b", "c"] {
            assert!(list.contains(&format!("rules/{set}.toml")), "{set}");
        }
    }

    #[test]
    fn a_released_wording_changes_only_with_its_version() {
        let changed = check(&with_edit("Du får breve", "Du modtager breve"));
        let raised = check(&with_edit("version = 1", "version = 2"));

        assert_eq!(
            changed.expect_err("the same version").to_string(),
            "forms/rules/a.toml: version: was released and may not change; raise it"
        );
        raised.expect("a new version");
    }

    #[test]
    fn a_released_file_cannot_disappear_or_go_back() {
        let gone = released().with(
            LIST,
            &entry_for(&released(), FILE)
                .expect("ok")
                .replace("a.toml", "z.toml"),
        );
        let back = with_edit("version = 1", "version = 0");

        assert!(check(&gone).is_err());
        assert!(check(&back).is_err());
    }
}
