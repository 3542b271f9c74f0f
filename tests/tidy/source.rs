//! Reading source text just well enough to tell code, strings and comments apart.

/// A string literal and the line it begins on, from 1.
pub(crate) struct Literal {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// A source text taken apart.
pub(crate) struct Parts {
    /// The code alone: comments and the insides of strings are blank, lines stay where they were.
    pub(crate) code: String,
    pub(crate) literals: Vec<Literal>,
}

/// Which language's comments and strings to expect.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Language {
    Rust,
    TypeScript,
}

/// Takes a source text apart.
pub(crate) fn parts(text: &str, language: Language) -> Parts {
    let mut reader = Reader {
        rest: text.chars().collect(),
        at: 0,
        line: 1,
        parts: Parts {
            code: String::with_capacity(text.len()),
            literals: Vec::new(),
        },
    };
    while reader.at < reader.rest.len() {
        reader.step(language);
    }
    reader.parts
}

/// Rust code without comments, strings, and what only tests compile.
pub(crate) fn product_code(text: &str) -> String {
    without_test_modules(&parts(text, Language::Rust).code)
}

/// The modules that a file declares for tests only.
pub(crate) fn test_modules(text: &str) -> Vec<String> {
    let code = parts(text, Language::Rust).code;
    let after = code.split("#[cfg(test)]").skip(1);
    after
        .filter_map(|rest| {
            let declaration = rest.split([';', '{']).next()?;
            let name = declaration.rsplit("mod ").next()?.trim();
            let is_file = rest[declaration.len()..].starts_with(';');
            (is_file && declaration.contains("mod ")).then(|| name.to_owned())
        })
        .collect()
}

/// The words of a code text: identifiers and keywords, each with its line from 1.
pub(crate) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.lines().enumerate().flat_map(|(index, line)| {
        line.split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|word| word.chars().next().is_some_and(|c| !c.is_ascii_digit()))
            .map(move |word| (index + 1, word))
    })
}

fn without_test_modules(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some(start) = rest.find("#[cfg(test)]") {
        kept.push_str(&rest[..start]);
        let after = &rest[start..];
        let open = after.find('{').unwrap_or(after.len());
        let semicolon = after.find(';').unwrap_or(after.len());
        let end = if semicolon < open {
            semicolon + 1
        } else {
            closing_brace(after, open)
        };
        rest = after.get(end..).unwrap_or_default();
    }
    kept.push_str(rest);
    kept
}

fn closing_brace(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, character) in code[open..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return open + index + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

struct Reader {
    rest: Vec<char>,
    at: usize,
    line: usize,
    parts: Parts,
}

impl Reader {
    fn peek(&self, ahead: usize) -> char {
        self.rest.get(self.at + ahead).copied().unwrap_or('\0')
    }

    /// Goes one on; what is not code becomes a blank.
    fn take(&mut self, as_code: bool) -> char {
        let character = self.peek(0);
        self.at += 1;
        if character == '\n' {
            self.line += 1;
        }
        self.parts.code.push(if as_code || character == '\n' {
            character
        } else {
            ' '
        });
        character
    }

    fn step(&mut self, language: Language) {
        let rust = language == Language::Rust;
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => {
                while self.at < self.rest.len() && self.peek(0) != '\n' {
                    self.take(false);
                }
            }
            ('/', '*') => self.block_comment(rust),
            ('r', '"' | '#') if rust && !self.inside_word() && self.raw_string() => {}
            ('"', _) => self.string('"'),
            ('\'', _) if rust => self.character_or_lifetime(),
            (quote @ ('\'' | '`'), _) => self.string(quote),
            _ => {
                self.take(true);
            }
        }
    }

    fn inside_word(&self) -> bool {
        let before = self
            .at
            .checked_sub(1)
            .and_then(|before| self.rest.get(before));
        before.is_some_and(|c| c.is_alphanumeric() && *c != 'b' || *c == '_')
    }

    fn block_comment(&mut self, nests: bool) {
        let mut depth = 0;
        while self.at < self.rest.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') if nests || depth == 0 => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.take(false);
                    continue;
                }
            }
            self.take(false);
            self.take(false);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self, quote: char) {
        let line = self.line;
        let mut text = String::new();
        self.take(true);
        while self.at < self.rest.len() && self.peek(0) != quote {
            if self.peek(0) == '\\' {
                self.take(false);
            }
            text.push(self.take(false));
        }
        self.take(true);
        self.parts.literals.push(Literal { line, text });
    }

    fn raw_string(&mut self) -> bool {
        let hashes = (1..).take_while(|ahead| self.peek(*ahead) == '#').count();
        if self.peek(1 + hashes) != '"' {
            return false;
        }
        let line = self.line;
        for _ in 0..hashes + 2 {
            self.take(true);
        }
        let mut text = String::new();
        let ends = |reader: &Self| {
            reader.peek(0) == '"' && (1..=hashes).all(|ahead| reader.peek(ahead) == '#')
        };
        while self.at < self.rest.len() && !ends(self) {
            text.push(self.take(false));
        }
        for _ in 0..=hashes {
            self.take(true);
        }
        self.parts.literals.push(Literal { line, text });
        true
    }

    fn character_or_lifetime(&mut self) {
        let is_character = self.peek(1) == '\\' || self.peek(2) == '\'';
        self.take(true);
        if is_character {
            if self.peek(0) == '\\' {
                self.take(false);
            }
            self.take(false);
            while self.at < self.rest.len() && self.peek(0) != '\'' {
                self.take(false);
            }
            self.take(true);
        }
    }
}

#[test]
fn strings_and_comments_are_no_code() {
    let text = "let a = \"b // c\"; // d\nlet e = r#\"f\"g\"#; /* h /* i */ j */ let k: &'l str = 'm'; '\\'';";
    let parts = parts(text, Language::Rust);
    let words: Vec<_> = words(&parts.code).map(|(_, word)| word).collect();

    assert_eq!(words, ["let", "a", "let", "e", "r", "let", "k", "l", "str"]);
    let literals: Vec<_> = parts
        .literals
        .iter()
        .map(|l| (l.line, l.text.as_str()))
        .collect();
    assert_eq!(literals, [(1, "b // c"), (2, "f\"g")]);
}

#[test]
fn what_only_tests_compile_is_left_out() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { \"}\"; }\n}\nfn c() {}\n#[cfg(test)]\nmod d;\nfn e() {}";
    let code = product_code(text);

    for (name, kept) in [
        ("a", true),
        ("b", false),
        ("c", true),
        ("d", false),
        ("e", true),
    ] {
        assert_eq!(words(&code).any(|(_, word)| word == name), kept, "{name}");
    }
    assert_eq!(test_modules(text), ["d"]);
}
