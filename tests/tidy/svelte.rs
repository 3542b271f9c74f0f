//! The window's own rules: no text in components, and features that do not know each other.

use std::path::{Component, Path, PathBuf};

use crate::tree::{self, File};

/// Attributes a user reads or hears.
const SPOKEN: &[&str] = &[
    "aria-label",
    "aria-description",
    "title",
    "placeholder",
    "alt",
    "label",
    "legend",
    "heading",
    "hint",
];

/// The text a component shows by itself: markup without tags, code and comments.
fn markup_text(text: &str) -> String {
    let mut rest = text.to_owned();
    for (open, close) in [
        ("<!--", "-->"),
        ("<script", "</script>"),
        ("<style", "</style>"),
    ] {
        while let Some(start) = rest.find(open) {
            let end = rest[start..]
                .find(close)
                .map_or(rest.len(), |at| start + at + close.len());
            // Lines stay where they were.
            let blank: String = rest[start..end].chars().filter(|c| *c == '\n').collect();
            rest.replace_range(start..end, &blank);
        }
    }
    rest
}

fn literal_violations(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let comment = line.trim_start().starts_with("//") || line.trim_start().starts_with("<!--");
        if !comment && line.contains(['æ', 'ø', 'å', 'Æ', 'Ø', 'Å']) {
            found.push(format!("{}:{}: Danish text", file.path, index + 1));
        }
    }
    let markup = markup_text(&file.text);
    let mut state = State::default();
    let mut line = 1;
    let mut shown = String::new();
    let mut attribute = String::new();
    for character in markup.chars() {
        match state.next(character) {
            Place::Text => shown.push(character),
            Place::Value => attribute.push(character),
            Place::TagName => {}
            Place::Code => shown.push(' '),
        }
        if character == '\n' || character == '<' {
            if has_word(&shown) {
                found.push(format!(
                    "{}:{line}: text in the markup: {}",
                    file.path,
                    shown.trim()
                ));
            }
            shown.clear();
        }
        if character == '\n' {
            line += 1;
        }
        if let Some(name) = state.closed_value.take() {
            if SPOKEN.contains(&name.as_str()) && has_word(&attribute) {
                found.push(format!("{}:{line}: {name}={attribute}", file.path));
            }
            attribute.clear();
        }
    }
    found
}

/// Two letters in a row: a word, and not a sign or a unit.
fn has_word(text: &str) -> bool {
    let decoded = text
        .replace("&nbsp;", " ")
        .replace("&middot;", " ")
        .replace("&amp;", " ");
    let letters: Vec<char> = decoded.chars().collect();
    letters
        .windows(2)
        .any(|pair| pair.iter().all(|c| c.is_alphabetic()))
}

/// Where in a component a character stands.
enum Place {
    Text,
    TagName,
    Value,
    Code,
}

/// Follows tags, quoted values and braces.
#[derive(Default)]
struct State {
    in_tag: bool,
    quote: Option<char>,
    braces: usize,
    name: String,
    closed_value: Option<String>,
}

impl State {
    fn next(&mut self, character: char) -> Place {
        match character {
            '{' => {
                self.braces += 1;
                return Place::Code;
            }
            '}' if self.braces > 0 => {
                self.braces -= 1;
                return Place::Code;
            }
            _ if self.braces > 0 => return Place::Code,
            _ => {}
        }
        match (self.in_tag, self.quote) {
            (false, _) if character == '<' => self.in_tag = true,
            (false, _) => {
                return if character == '>' {
                    Place::TagName
                } else {
                    Place::Text
                };
            }
            (true, Some(quote)) if character == quote => {
                self.quote = None;
                self.closed_value = Some(std::mem::take(&mut self.name));
            }
            (true, Some(_)) => return Place::Value,
            (true, None) => match character {
                '>' => {
                    self.in_tag = false;
                    self.name.clear();
                }
                '"' | '\'' => self.quote = Some(character),
                '=' => {}
                _ if character.is_whitespace() => self.name.clear(),
                _ => self.name.push(character),
            },
        }
        Place::TagName
    }
}

/// The paths that a file imports, as they lie in the repository.
fn imports(file: &File) -> Vec<(usize, String)> {
    let folder = Path::new(&file.path)
        .parent()
        .unwrap_or(Path::new(""))
        .to_owned();
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let (Some(_), Some(start)) = (
            line.find("import").or_else(|| line.find("from ")),
            line.find(['\'', '"']),
        ) else {
            continue;
        };
        let rest = &line[start + 1..];
        let path = rest.split(['\'', '"']).next().unwrap_or_default();
        if path.starts_with('.') {
            found.push((index + 1, normal(&folder.join(path))));
        }
    }
    found
}

fn normal(path: &Path) -> String {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                parts.pop();
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => parts.push(part),
        }
    }
    parts.to_string_lossy().replace('\\', "/")
}

fn feature(path: &str) -> Option<&str> {
    path.strip_prefix("ui/src/features/")?.split('/').next()
}

fn import_violations(file: &File) -> Vec<String> {
    let is_layer = |path: &str, layer: &str| path.starts_with(&format!("ui/src/{layer}/"));
    let mut found = Vec::new();
    for (line, path) in imports(file) {
        let own = feature(&file.path);
        let other = feature(&path);
        let why = if own.is_some() && other.is_some() && own != other {
            "a feature imports another feature"
        } else if is_layer(&file.path, "lib") && (other.is_some() || is_layer(&path, "views")) {
            "lib imports what is above it"
        } else if own.is_some() && is_layer(&path, "views") {
            "a feature imports a view"
        } else {
            continue;
        };
        found.push(format!("{}:{line}: {why}: {path}", file.path));
    }
    found
}

#[test]
fn components_hold_no_text_of_their_own() {
    let files: Vec<_> = tree::with_extension("svelte").collect();
    let found: Vec<_> = files
        .iter()
        .flat_map(|file| literal_violations(file))
        .collect();
    tree::none("visible text comes from the catalogue", files.len(), &found);
}

#[test]
fn features_do_not_import_each_other() {
    let files: Vec<_> = ["ts", "svelte"]
        .into_iter()
        .flat_map(tree::with_extension)
        .collect();
    let found: Vec<_> = files
        .iter()
        .flat_map(|file| import_violations(file))
        .collect();
    tree::none(
        "views know features, features know lib, and no more",
        files.len(),
        &found,
    );
}

#[test]
fn planted_texts_are_caught() {
    let planted = |text| literal_violations(&File::planted("ui/src/A.svelte", text));
    tree::caught(&planted("<p>\n  Gem sagen\n</p>"), "A.svelte:2: text");
    tree::caught(&planted("<p>{t('a')} og mere</p>"), "text");
    tree::caught(
        &planted("<button aria-label=\"Luk\">{x}</button>"),
        "aria-label=Luk",
    );
    tree::caught(&planted("<Field label='Navn' />"), "label=Navn");
    tree::caught(
        &planted("<script>\nconst a = 'Gå'\n</script>"),
        "A.svelte:2: Danish",
    );
    for text in [
        "<script lang=\"ts\">\n// gå\nconst a = 'plain' < 3\n</script>\n<p class=\"wide title\">{t('a.b')}</p>",
        "<!-- What it is for. -->\n<Field label={t('a')} hint=\"{t('b')}\" />",
        "{#if a > b}<p>{x} · {y} %</p>{/if}",
        "<style>\n.a > .b { color: red }\n</style>",
        "{@render children()}\n{#each rows as row (row.id)}<Row {row} onclick={() => open({ a: 'b c' })} />{/each}",
    ] {
        assert_eq!(planted(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn planted_imports_are_caught() {
    let planted = |path, text| import_violations(&File::planted(path, text));
    tree::caught(
        &planted("ui/src/features/queue/a.ts", "import x from '../counter/b'"),
        "another feature",
    );
    tree::caught(
        &planted("ui/src/lib/a.ts", "import x from '../features/queue/b'"),
        "above",
    );
    tree::caught(
        &planted(
            "ui/src/features/queue/a.ts",
            "import x from '../../views/B.svelte'",
        ),
        "a view",
    );
    assert!(
        planted(
            "ui/src/features/queue/a.ts",
            "import x from './b'\nimport y from '../../lib/c'"
        )
        .is_empty()
    );
    assert!(
        planted(
            "ui/src/views/A.svelte",
            "import x from '../features/queue/b'"
        )
        .is_empty()
    );
}
