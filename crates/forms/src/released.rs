//! Released wordings do not change: a list of files and hashes that a test compares.
//!
//! A change to a released file is a new version beside it, because citizens have signed the old one.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::{FormsError, parse};
use crate::source::Source;

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
    sha256: String,
}

/// Compares every released file with its hash.
pub fn check(source: &Source) -> Result<(), FormsError> {
    let text = source.file(LIST).unwrap_or_default();
    let list: List = parse(LIST, text)?;
    for entry in list.released {
        match source.file(&entry.file) {
            None => return Err(FormsError::wrong(&entry.file, "released", "is gone")),
            Some(text) if hash(text) != entry.sha256 => {
                let message = "was released and may not change; write a new version";
                return Err(FormsError::wrong(&entry.file, "released", message));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// The hash of a file's text, line ends as `\n`.
pub fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.replace("\r\n", "\n").as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_released_is_unchanged() {
        check(&Source::embedded()).expect("released files are as they were");
    }

    #[test]
    fn a_changed_or_missing_release_is_refused() {
        let list = |file: &str, sha256: &str| {
            let text = format!("[[released]]\nfile = \"{file}\"\nsha256 = \"{sha256}\"\n");
            Source::embedded().with(LIST, &text)
        };
        let file = "rules/a.toml";
        let text = Source::embedded().file(file).expect("it exists").to_owned();

        check(&list(file, &hash(&text))).expect("unchanged");
        let changed =
            check(&list(file, &hash(&text)).with(file, &format!("{text}\n# en rettelse")));
        assert!(
            changed
                .expect_err("changed")
                .to_string()
                .contains("may not change")
        );
        let gone = check(&list("rules/zz.toml", &hash(&text)));
        assert!(gone.expect_err("gone").to_string().contains("is gone"));
    }
}
