//! SQL for PostgreSQL keeps to what the engines have that speak PostgreSQL's protocol, since none of them runs here.
//!
//! Migrations, the text of rights and roles, and every SQL text of the backend are read. What a text is put together
//! from is read piece by piece, so that a piece must be blameless by itself.
//! Basis: design, section 6; sync-and-speed, section 7.

use crate::source::{self, Language};
use crate::tree::{self, File};

/// Where the SQL lies.
const FOLDERS: [&str; 2] = ["server/migrations/postgres", "server/src/store/postgres"];

/// What must not be said, with what is done instead. A word that ends in `*` stands for all that begin so, and two words
/// stand for these one behind the other.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "the tenant's counter row gives the order",
        &[
            "serial",
            "bigserial",
            "smallserial",
            "sequence",
            "nextval",
            "currval",
            "setval",
            "identity",
        ],
    ),
    (
        "who waits is woken by the program",
        &["listen", "unlisten", "notify", "pg_notify"],
    ),
    (
        "logic stands in Rust",
        &[
            "trigger",
            "procedure",
            "function",
            "rule",
            "call",
            "plpgsql",
        ],
    ),
    (
        "rows are locked, nothing else",
        &["pg_advisory*", "pg_try_advisory*", "lock table"],
    ),
    (
        "rows are known by their keys alone",
        &[
            "ctid",
            "xmin",
            "xmax",
            "cmin",
            "cmax",
            "tableoid",
            "xid8",
            "txid_*",
            "pg_current_xact_id*",
            "pg_current_snapshot",
            "pg_snapshot*",
        ],
    ),
    (
        "tables, keys and b-tree indexes are enough",
        &[
            "inherits",
            "exclude",
            "deferrable",
            "gist",
            "spgist",
            "gin",
            "xml",
            "stored",
        ],
    ),
    (
        "names are found by their tokens",
        &[
            "tsvector",
            "tsquery",
            "to_tsvector",
            "to_tsquery",
            "plainto_tsquery",
            "websearch_to_tsquery",
            "pg_trgm",
            "gin_trgm_ops",
            "similarity",
        ],
    ),
    (
        "times and chance come as parameters",
        &[
            "now",
            "random",
            "clock_timestamp",
            "statement_timestamp",
            "transaction_timestamp",
            "current_timestamp",
            "localtimestamp",
            "current_date",
            "gen_random_uuid",
            "uuid_generate*",
        ],
    ),
    (
        "rows are inserted by their values",
        &["unnest", "json_array_elements", "jsonb_array_elements"],
    ),
];

const INSERT_SELECT: &str = "a query in an INSERT";
const KEY: &str = "a key that does not begin with the tenant";
const QUERY: &str = "a query of all tenants";

/// What is said all the same: the file, what, and the reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "server/src/store/postgres/schema.rs",
        "pg_advisory_xact_lock",
        "keeps two operators apart who prepare one database at the same time; no request ever runs it",
    ),
    (
        "server/migrations/postgres/0001_central_store.sql",
        KEY,
        "schema_version and server have one row for all, and the server's own keys are no tenant's",
    ),
    (
        "server/migrations/postgres/0005_held_work.sql",
        INSERT_SELECT,
        "released; run once by the owner, over rows that were there before",
    ),
];

/// Tables without a tenant.
const OF_ALL: [&str; 2] = ["server", "schema_version"];

/// A construct that was found.
struct Finding {
    path: String,
    line: usize,
    what: String,
    instead: String,
}

/// A word of SQL, in small letters, or one other character.
struct Token {
    line: usize,
    text: String,
}

/// SQL without its comments and the insides of its strings.
fn tokens(first_line: usize, sql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut is_string = false;
    for (index, line) in sql.lines().enumerate() {
        let line_number = first_line + index;
        let mut word = String::new();
        let mut characters = line.chars().chain([' ']).peekable();
        while let Some(character) = characters.next() {
            if character == '\'' {
                is_string = !is_string;
            } else if is_string {
                continue;
            } else if character == '-' && characters.peek() == Some(&'-') {
                break;
            } else if character.is_alphanumeric() || character == '_' {
                word.extend(character.to_lowercase());
                continue;
            }
            let punctuation = (!character.is_whitespace()).then(|| character.to_string());
            for text in [std::mem::take(&mut word)].into_iter().chain(punctuation) {
                if !text.is_empty() {
                    let line = line_number;
                    tokens.push(Token { line, text });
                }
            }
        }
        if !word.is_empty() {
            tokens.push(Token {
                line: line_number,
                text: word,
            });
        }
    }
    tokens
}

/// The SQL texts of a file, each with the line it begins on.
fn texts(file: &File) -> Vec<(usize, String)> {
    if file.has_extension("sql") {
        // Statement by statement, so that each is judged by itself.
        let mut line = 1;
        let statements = file.text.split_inclusive(";\n").map(|statement| {
            let begins = line;
            line += statement.matches('\n').count();
            (begins, statement.to_owned())
        });
        return statements.collect();
    }
    let literals = source::parts(&file.text, Language::Rust).literals;
    literals
        .into_iter()
        .filter(|literal| is_sql(&literal.text))
        .map(|literal| (literal.line, literal.text))
        .collect()
}

/// Keywords are written in capitals; no other text of the backend shouts.
fn is_sql(text: &str) -> bool {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .any(|word| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase()))
}

fn findings(file: &File) -> Vec<Finding> {
    let mut found = Vec::new();
    for (line, text) in texts(file) {
        let tokens = tokens(line, &text);
        let finding = |token: &Token, what: &str, instead: &str| Finding {
            path: file.path.clone(),
            line: token.line,
            what: what.to_owned(),
            instead: instead.to_owned(),
        };
        for (at, token) in tokens.iter().enumerate() {
            let next = tokens.get(at + 1).map_or("", |next| next.text.as_str());
            for (instead, words) in FORBIDDEN {
                if words.iter().any(|word| is_said(word, &token.text, next)) {
                    found.push(finding(token, &token.text, instead));
                }
            }
            if first_of_key(&tokens, at).is_some_and(|column| column != "tenant") {
                found.push(finding(token, KEY, "every key begins with the tenant"));
            }
        }
        if let Some(token) = insert_select(&tokens) {
            found.push(finding(
                token,
                INSERT_SELECT,
                "rows are inserted by their values",
            ));
        }
        if let Some(token) = query_of_all(&tokens) {
            found.push(finding(token, QUERY, "every query names its tenant"));
        }
    }
    found
}

fn is_said(forbidden: &str, word: &str, next: &str) -> bool {
    if let Some(beginning) = forbidden.strip_suffix('*') {
        return word.starts_with(beginning);
    }
    match forbidden.split_once(' ') {
        Some((first, second)) => word == first && next == second,
        None => word == forbidden,
    }
}

/// The first column of the key, foreign key or index that is declared here.
fn first_of_key(tokens: &[Token], at: usize) -> Option<&str> {
    let text = |at: usize| tokens.get(at).map(|token| token.text.as_str());
    let (declares, list) = match text(at)? {
        "key" => (
            matches!(text(at.checked_sub(1)?)?, "primary" | "foreign"),
            at + 1,
        ),
        "unique" => (text(at + 1)? != "index", at + 1),
        "references" => (true, at + 2),
        "index" => (text(at + 2) == Some("on"), at + 4),
        _ => (false, at),
    };
    if !declares {
        return None;
    }
    if text(list) == Some("(") {
        return text(list + 1);
    }
    // Said of a column, with which its line begins.
    let line = tokens[at].line;
    let column = tokens.iter().find(|token| token.line == line);
    column.map(|token| token.text.as_str())
}

fn insert_select(tokens: &[Token]) -> Option<&Token> {
    let insert = tokens.iter().position(|token| token.text == "insert")?;
    let granted = tokens.iter().any(|token| token.text == "grant");
    let select = tokens[insert..].iter().find(|token| token.text == "select");
    select.filter(|_| !granted)
}

/// A condition on rows of tenants that leaves open whose.
fn query_of_all(tokens: &[Token]) -> Option<&Token> {
    let condition = tokens.iter().position(|token| token.text == "where")?;
    let names = |words: &[&str]| {
        let of = tokens
            .windows(2)
            .filter(|pair| words.contains(&pair[0].text.as_str()));
        let tables: Vec<_> = of.map(|pair| pair[1].text.as_str()).collect();
        tables
            .iter()
            .any(|table| !table.starts_with("pg_") && !OF_ALL.contains(table))
    };
    let is_of_tenants = names(&["from", "join", "update", "into"]);
    let is_of_one = tokens[condition..]
        .iter()
        .any(|token| token.text == "tenant");
    (is_of_tenants && !is_of_one).then_some(&tokens[condition])
}

fn is_excepted(finding: &Finding) -> bool {
    EXCEPTIONS
        .iter()
        .any(|(path, what, _)| finding.path == *path && finding.what == *what)
}

/// The files that hold SQL for PostgreSQL.
fn examined() -> Vec<&'static File> {
    let files = tree::files().iter().filter(|file| {
        let is_there = FOLDERS
            .iter()
            .any(|folder| file.is_under(folder) || file.path == format!("{folder}.rs"));
        is_there && (file.has_extension("sql") || file.has_extension("rs"))
    });
    files.collect()
}

#[test]
fn sql_for_postgresql_keeps_to_what_its_relatives_have() {
    let files = examined();
    let texts: usize = files.iter().map(|file| texts(file).len()).sum();
    assert!(texts > 100, "only {texts} SQL texts were found");
    let found: Vec<_> = files
        .iter()
        .flat_map(|file| findings(file))
        .filter(|finding| !is_excepted(finding))
        .map(|found| {
            let Finding {
                path,
                line,
                what,
                instead,
            } = found;
            format!("{path}:{line}: {what} ({instead})")
        })
        .collect();
    tree::none("SQL can be carried to other engines", texts, &found);
}

#[test]
fn what_is_excepted_is_still_said() {
    let found: Vec<_> = examined().iter().flat_map(|file| findings(file)).collect();
    for (path, what, reason) in EXCEPTIONS {
        let is_needed = found
            .iter()
            .any(|finding| finding.path == *path && finding.what == *what);
        assert!(is_needed, "{path} does not say {what} any more");
        assert!(!reason.is_empty(), "{path}: {what} needs a reason");
    }
}

#[test]
fn planted_sql_of_one_engine_alone_is_caught() {
    let in_sql = |text: &str| said(&File::planted("a.sql", text));
    let in_rust = |text: &str| said(&File::planted("a.rs", &format!("let a = \"{text}\";")));
    for (sql, what) in [
        ("CREATE TABLE a (tenant text, id bigserial)", "bigserial"),
        ("CREATE SEQUENCE a", "sequence"),
        ("SELECT nextval('a')", "nextval"),
        ("id bigint GENERATED ALWAYS AS IDENTITY", "identity"),
        ("LISTEN news", "listen"),
        ("SELECT pg_notify('a', 'b')", "pg_notify"),
        ("CREATE TRIGGER a", "trigger"),
        ("CREATE FUNCTION a()", "function"),
        ("CREATE OR REPLACE PROCEDURE a()", "procedure"),
        ("SELECT pg_try_advisory_lock(1)", "pg_try_advisory_lock"),
        ("LOCK TABLE event", "lock"),
        ("SELECT ctid FROM event", "ctid"),
        ("SELECT txid_current()", "txid_current"),
        ("CREATE TABLE a () INHERITS (b)", "inherits"),
        ("UNIQUE (tenant, a) DEFERRABLE", "deferrable"),
        ("CREATE INDEX a ON b USING gin (c)", "gin"),
        ("a text GENERATED ALWAYS AS (b) STORED", "stored"),
        ("SELECT to_tsvector(name) FROM a", "to_tsvector"),
        ("UPDATE a SET b = NOW() WHERE tenant = $1", "now"),
        ("UPDATE a SET b = random() WHERE tenant = $1", "random"),
        ("DEFAULT gen_random_uuid()", "gen_random_uuid"),
        ("SELECT * FROM unnest($1)", "unnest"),
        ("INSERT INTO a (tenant) SELECT tenant FROM b", INSERT_SELECT),
        (
            "CREATE TABLE a (\n id uuid PRIMARY KEY,\n tenant text)",
            KEY,
        ),
        ("PRIMARY KEY (id, tenant)", KEY),
        ("UNIQUE (login)", KEY),
        ("FOREIGN KEY (device_id) REFERENCES device (tenant)", KEY),
        ("FOREIGN KEY (tenant, a) REFERENCES b (id)", KEY),
        ("CREATE INDEX a ON b (id, tenant)", KEY),
        ("CREATE UNIQUE INDEX a ON b (id)", KEY),
        ("SELECT id FROM event WHERE id = $1", QUERY),
        ("DELETE FROM event WHERE id = $1", QUERY),
        ("UPDATE event SET a = 1 WHERE id = $1", QUERY),
    ] {
        tree::caught(&in_sql(sql), what);
        tree::caught(&in_rust(sql), what);
    }
    for blameless in [
        "-- No triggers, nothing is random()\nSELECT a FROM event WHERE tenant = $1 AND kind = 'now'",
        "INSERT INTO a (tenant, b) VALUES ($1, $2) ON CONFLICT (tenant) DO UPDATE SET b = excluded.b",
        "GRANT SELECT, INSERT ON a TO b",
        "a text NOT NULL REFERENCES tenant (tenant)",
        "PRIMARY KEY (tenant, id)",
        "CREATE INDEX a ON b (tenant, id)",
        "SELECT 1 FROM pg_roles WHERE rolname = 'a'",
        "UPDATE server SET sealed_keys = $1 WHERE id = 1",
    ] {
        assert_eq!(in_sql(blameless), Vec::<String>::new(), "{blameless}");
    }
    assert!(
        in_rust("now the function listens").is_empty(),
        "no SQL at all"
    );
}

fn said(file: &File) -> Vec<String> {
    let found = findings(file);
    found.into_iter().map(|finding| finding.what).collect()
}
