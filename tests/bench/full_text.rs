//! The same names in FTS5, SQLite's full-text index: the peer of the search by name (P11).
//!
//! It is set up as well as it can be, with an index for short beginnings, and asked for the same page: the rows a list
//! shows, in a fixed order. Once in a plain file, as most programs would have it, and once in a file encrypted as the
//! store is, with the same pages and cache. What it cannot do it is not asked for: "Aase" does not find "Åse" there.

use anyhow::Result;
use rusqlite::{Connection, named_params};
use tempfile::TempDir;

use crate::fixture::{cpr, name};

const SCHEMA: &str = "
    CREATE TABLE person (
        id INTEGER PRIMARY KEY,
        number TEXT, state TEXT, location TEXT, received_on TEXT, due_on TEXT, updated_at INTEGER, cpr TEXT, name TEXT
    ) STRICT;
    CREATE VIRTUAL TABLE person_name USING fts5 (
        name, content = '', tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
    );";

const PUT: &str = "
    INSERT INTO person (id, number, state, location, received_on, due_on, updated_at, cpr, name)
    VALUES (:id, :number, 'granted', 'town_hall', '2026-01-02', '9999-12-31', 1773406200000, :cpr, :name)";

const PUT_NAME: &str = "INSERT INTO person_name (rowid, name) VALUES (:id, :name)";

const SEARCH: &str = "
    SELECT p.number, p.state, p.location, p.received_on, p.due_on, p.updated_at, p.cpr, p.name
      FROM person_name
      JOIN person p ON p.id = person_name.rowid
     WHERE person_name MATCH :question
     ORDER BY person_name.rowid
     LIMIT :limit";

/// The names of the municipality in a full-text index.
pub(crate) struct FullText {
    connection: Connection,
    people: u32,
    _folder: TempDir,
}

impl FullText {
    /// An empty one, in a plain file or an encrypted one.
    pub(crate) fn new(is_encrypted: bool) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(skranke_tests::window::target_folder())?;
        #[expect(
            clippy::disallowed_methods,
            reason = "a peer of the store, not a store"
        )]
        let connection = Connection::open(folder.path().join("names.db"))?;
        if is_encrypted {
            let key = ["x'", &"7c".repeat(32), "'"].concat();
            connection.pragma_update(None, "key", key)?;
            connection.pragma_update(None, "cipher_page_size", 8192)?;
        } else {
            connection.pragma_update(None, "page_size", 8192)?;
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "cache_size", -64_000)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self {
            connection,
            people: 0,
            _folder: folder,
        })
    }

    /// Puts people until there are so many.
    pub(crate) fn grow_to(&mut self, people: u32) -> Result<()> {
        let transaction = self.connection.transaction()?;
        for n in self.people..people {
            let name = name(n);
            transaction.prepare_cached(PUT)?.execute(named_params! {
                ":id": n,
                ":number": format!("2026-S3-{n:04}"),
                ":cpr": cpr(n)?.reveal_for(skranke_domain::cpr::Purpose::Storage),
                ":name": name,
            })?;
            transaction
                .prepare_cached(PUT_NAME)?
                .execute(named_params! { ":id": n, ":name": name })?;
        }
        transaction.commit()?;
        // One segment, which is how it is fastest.
        self.connection.execute(
            "INSERT INTO person_name (person_name) VALUES ('optimize')",
            [],
        )?;
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        self.people = people;
        Ok(())
    }

    /// How many rows a page with all who have these beginnings of names holds, read as a list would.
    pub(crate) fn search(&self, typed: &str, limit: u32) -> Result<usize> {
        let parts: Vec<String> = typed
            .split_whitespace()
            .map(|part| format!("\"{part}\"*"))
            .collect();
        let question = parts.join(" ");
        let mut statement = self.connection.prepare_cached(SEARCH)?;
        let rows = statement.query_map(
            named_params! { ":question": question, ":limit": limit },
            |row| {
                let texts: Vec<String> = (0..5).map(|n| row.get(n)).collect::<Result<_, _>>()?;
                let last: (i64, String, String) = (row.get(5)?, row.get(6)?, row.get(7)?);
                Ok((texts, last))
            },
        )?;
        let people: Vec<_> = rows.collect::<Result<_, _>>()?;
        // What was read must not be optimised away.
        Ok(std::hint::black_box(people).len())
    }
}
