//! The Danish text catalogue: everything the window, the command line and the papers say.
//!
//! Files lie in `forms/texts/`. A key is the dotted path in its file, so `[button] save = "Gem"` is
//! `button.save`. `{name}` in a text is a placeholder. The TypeScript of the window is generated
//! from the same catalogue by [`Texts::to_typescript`].
//!
//! Basis: design.md section 1 (one text catalogue).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::error::FormsError;
use crate::source::Source;

/// Every text by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    by_key: BTreeMap<String, String>,
}

impl Texts {
    /// Reads all of `texts/`.
    pub fn read(source: &Source) -> Result<Self, FormsError> {
        let mut by_key = BTreeMap::new();
        for (file, text) in source.folder("texts") {
            let table: toml::Table = crate::error::parse(file, text)?;
            flatten(file, "", &table, &mut by_key)?;
        }
        Ok(Self { by_key })
    }

    /// The text of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.by_key.get(key).map(String::as_str)
    }

    /// The text of a key with its placeholders filled in; an unknown key gives the key itself, so
    /// that a missing text is seen and never stops anyone's work.
    pub fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        match self.get(key) {
            Some(text) => fill(text, values),
            None => key.to_owned(),
        }
    }

    /// Every key and text, in key order.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_key
            .iter()
            .map(|(key, text)| (key.as_str(), text.as_str()))
    }

    /// The TypeScript module the window imports, with one typed key per text.
    pub fn to_typescript(&self) -> String {
        let mut out = String::from(
            "// Generated from forms/texts by skranke-forms. Do not edit: run\n\
             // `cargo run -p skranke-forms --example write_texts`.\n\nexport const texts = {\n",
        );
        for (key, text) in self.all() {
            let _ = writeln!(out, "  {}: {},", quoted(key), quoted(text));
        }
        out.push_str("} as const;\n\nexport type TextKey = keyof typeof texts;\n\n");
        out.push_str(
            "/** The placeholders of each text that has any. */\nexport interface TextValues {\n",
        );
        for (key, text) in self.all() {
            let names = placeholders(text);
            if !names.is_empty() {
                let fields: Vec<_> = names
                    .iter()
                    .map(|name| format!("{name}: string | number"))
                    .collect();
                let _ = writeln!(out, "  {}: {{ {} }};", quoted(key), fields.join("; "));
            }
        }
        out.push_str("}\n");
        out
    }
}

/// Puts values in place of `{name}`; a placeholder without a value stays as it is.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let (before, from_brace) = rest.split_at(start);
        out.push_str(before);
        let Some(end) = from_brace.find('}') else {
            out.push_str(from_brace);
            return out;
        };
        let (token, after) = from_brace.split_at(end + 1);
        let name = &token[1..token.len() - 1];
        match values.iter().find(|(key, _)| *key == name) {
            Some((_, value)) => out.push_str(value),
            None => out.push_str(token),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The names between braces.
pub fn placeholders(text: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let after = &rest[start + 1..];
        let Some(end) = after.find('}') else { break };
        names.insert(&after[..end]);
        rest = &after[end + 1..];
    }
    names
}

fn flatten(
    file: &str,
    prefix: &str,
    table: &toml::Table,
    by_key: &mut BTreeMap<String, String>,
) -> Result<(), FormsError> {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            toml::Value::Table(inner) => flatten(file, &key, inner, by_key)?,
            toml::Value::String(text) => {
                check_text(file, &key, text)?;
                if by_key.insert(key.clone(), text.clone()).is_some() {
                    return Err(FormsError::wrong(file, key, "is defined twice"));
                }
            }
            toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_) => {
                return Err(FormsError::wrong(file, key, "must be a text"));
            }
        }
    }
    Ok(())
}

fn check_text(file: &str, key: &str, text: &str) -> Result<(), FormsError> {
    if text.trim().is_empty() {
        return Err(FormsError::wrong(file, key, "is empty"));
    }
    for name in placeholders(text) {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(FormsError::wrong(
                file,
                key,
                format!("has a broken placeholder {{{name}}}"),
            ));
        }
    }
    if text.matches('{').count() != text.matches('}').count() {
        return Err(FormsError::wrong(
            file,
            key,
            "has a brace without its partner",
        ));
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_without_a_value_stays_visible() {
        let said = fill("{a} af {b}", &[("a", "31")]);

        assert_eq!(said, "31 af {b}");
    }

    #[test]
    fn the_same_key_in_two_files_is_refused() {
        let source = Source::embedded().with("texts/zz.toml", "[button]\nsave = \"Gem\"\n");

        let refused = Texts::read(&source).expect_err("two texts for one key");

        assert_eq!(
            refused,
            FormsError::wrong("texts/zz.toml", "button.save", "is defined twice")
        );
    }

    #[test]
    fn a_broken_placeholder_is_refused_with_its_key() {
        let source = Source::embedded().with("texts/zz.toml", "[x]\ny = \"Hej {Navn}\"\n");

        let refused = Texts::read(&source).expect_err("capital letters are no placeholder");

        assert_eq!(
            refused.to_string(),
            "forms/texts/zz.toml: x.y: has a broken placeholder {Navn}"
        );
    }

    #[test]
    fn the_window_texts_are_up_to_date() {
        let texts = Texts::read(&Source::embedded()).expect("the catalogue is sound");
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../ui/src/lib/texts/generated.ts"
        );

        let on_disk = std::fs::read_to_string(path).expect("the generated file is committed");

        assert!(
            on_disk == texts.to_typescript(),
            "run: cargo run -p skranke-forms --example write_texts"
        );
    }
}
