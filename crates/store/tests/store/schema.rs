//! The schema: every step frozen, its rules checked, its snapshot compared.
//!
//! `SKRANKE_UPDATE_SNAPSHOTS=1` writes the snapshot, and the frozen dump and hashes of a step that has none yet. It
//! never writes over a frozen one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use sha2::{Digest, Sha256};
use skranke_store::Action;
use skranke_store::migrate::MIGRATIONS;

use crate::desk::{Desk, note, uuid};
use crate::scratch::Scratch;

fn sql(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("sql")
        .join(path)
}

fn is_updating() -> bool {
    std::env::var("SKRANKE_UPDATE_SNAPSHOTS").is_ok()
}

fn schema_of(raw: &Connection) -> String {
    let mut statement = raw
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name")
        .unwrap();
    let parts: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    parts.join(";\n\n") + ";\n"
}

/// A text that makes the same database again.
fn dump(raw: &Connection) -> String {
    let mut text = String::new();
    for pragma in ["application_id", "user_version"] {
        let value: i64 = raw
            .pragma_query_value(None, pragma, |row| row.get(0))
            .unwrap();
        writeln!(text, "PRAGMA {pragma} = {value};").unwrap();
    }
    let objects = |kind: &str| -> Vec<(String, String)> {
        let mut statement = raw
            .prepare("SELECT name, sql FROM sqlite_schema WHERE type = ?1 AND sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
            .unwrap();
        statement
            .query_map([kind], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    for (_, sql) in objects("table") {
        writeln!(text, "{sql};").unwrap();
    }
    for (table, _) in objects("table") {
        let mut statement = raw.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns: Vec<String> = statement
            .column_names()
            .map(|name| format!("quote({name})"))
            .collect();
        statement = raw
            .prepare(&format!(
                "SELECT {} FROM {table}",
                columns.join(" || ', ' || ")
            ))
            .unwrap();
        let rows = statement
            .query_map([], |row| row.get::<_, String>(0))
            .unwrap()
            .map(Result::unwrap);
        for row in rows {
            writeln!(text, "INSERT INTO {table} VALUES ({row});").unwrap();
        }
    }
    for kind in ["index", "trigger"] {
        for (_, sql) in objects(kind) {
            writeln!(text, "{sql};").unwrap();
        }
    }
    text
}

/// A store with something in every table.
fn sample() -> Desk {
    let mut desk = Desk::new();
    let case = desk.open_case(1, "Åse Østergård", "12345678");
    desk.save(case, &[note("æøå")]);
    let mut write = desk.write(Action::AccountChanged);
    let cheap = skranke_store::key::envelope::PassphraseCost {
        memory_kib: 64,
        passes: 1,
    };
    let password = skranke_store::PasswordDigest::of("hest på loftet", cheap).unwrap();
    let account = skranke_store::AccountRow {
        staff: crate::desk::actor().staff,
        login: "mes".to_owned(),
        name: "Mette Sørensen".to_owned(),
        initials: "MES".to_owned(),
        roles: vec![skranke_domain::role::Role::Counter],
        is_active: true,
        failed_attempts: 0,
        locked_until_at: None,
    };
    write.put_account(&account, &password).unwrap();
    let draft = skranke_domain::ids::DraftId::from_uuid(uuid(5));
    write
        .save_draft(draft, Some(case), 2, r#"{"name":"Åse"}"#)
        .unwrap();
    let file = write.store_attachment("image/png", b"x", None).unwrap();
    write.attach_to_draft(draft, file).unwrap();
    write.set_setting("location", "\"raadhus\"").unwrap();
    write
        .put_edition(&crate::profile::edition(1, "name = \"Sø\"\n"))
        .unwrap();
    write
        .replace_edition(&crate::profile::edition(1, "name = \"Å\"\n"))
        .unwrap();
    write.commit().unwrap();
    desk
}

#[test]
fn the_schema_is_the_one_in_the_snapshot() {
    let scratch = Scratch::new();
    drop(scratch.open());
    let schema = scratch.raw(schema_of);
    let path = sql("schema.sql");
    if is_updating() {
        fs::write(&path, &schema).unwrap();
    }

    assert!(
        fs::read_to_string(path).unwrap() == schema,
        "sql/schema.sql is not what the steps make"
    );
}

#[test]
fn every_step_has_a_frozen_dump_that_still_opens_with_all_its_rows() {
    for step in MIGRATIONS {
        let path = sql(&format!("frozen/{:04}.sql", step.number));
        if is_updating()
            && !path.exists()
            && Some(step.number) == MIGRATIONS.last().map(|last| last.number)
        {
            let Desk { scratch, store, .. } = sample();
            drop(store);
            fs::write(&path, scratch.raw(dump)).unwrap();
        }
        let frozen = fs::read_to_string(&path).expect("each step has a frozen dump");
        let scratch = Scratch::new();
        let before = scratch.raw(|raw| {
            raw.execute_batch(&frozen).unwrap();
            counts(raw)
        });

        let store = scratch.open();

        assert_eq!(
            store.version().unwrap(),
            skranke_store::migrate::newest_version()
        );
        assert_eq!(
            store.check_integrity().unwrap(),
            vec![],
            "{:04}",
            step.number
        );
        let read = store.read().unwrap();
        let case = read.case(crate::desk::case_id(1)).unwrap().unwrap();
        assert_eq!(
            (case.citizen.unwrap().name.as_str(), case.notes.len()),
            ("Åse Østergård", 1)
        );
        let term = skranke_store::SearchTerm::read("aase").unwrap();
        assert_eq!(read.search(&term, None, 9).unwrap().rows.len(), 1);
        assert_eq!(
            read.account_by_login("mes").unwrap().unwrap().0.initials,
            "MES"
        );
        drop(read);
        let after = scratch.raw(counts);
        for (table, rows) in before {
            assert!(
                after.get(&table).is_none_or(|now| *now >= rows),
                "{table} lost rows"
            );
        }
        let stepped = crate::lists::projected(&scratch);
        let mut desk = Desk {
            scratch,
            sealer: crate::desk::sealer_of(&store),
            store,
        };
        let mut write = desk.write(Action::Maintained);
        write.rebuild_projections().unwrap();
        write.commit().unwrap();
        let Desk { scratch, store, .. } = desk;
        drop(store);
        assert_eq!(
            stepped,
            crate::lists::projected(&scratch),
            "a step makes what a rebuild makes"
        );
        assert_eq!(
            scratch.raw(schema_of),
            fs::read_to_string(sql("schema.sql")).unwrap()
        );
    }
}

fn tables(raw: &Connection) -> Vec<(String, String)> {
    let mut statement = raw
        .prepare(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )
        .unwrap();
    statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn counts(raw: &Connection) -> BTreeMap<String, i64> {
    tables(raw)
        .into_iter()
        .map(|(table, _)| {
            let rows = raw
                .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                    row.get(0)
                })
                .unwrap();
            (table, rows)
        })
        .collect()
}

#[test]
fn steps_and_frozen_dumps_are_never_edited() {
    let mut found = String::new();
    for folder in ["frozen", "migrations"] {
        let mut names: Vec<_> = fs::read_dir(sql(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        for name in names {
            let digest = Sha256::digest(fs::read(sql(folder).join(&name)).unwrap());
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(found, "{digest}  {folder}/{name}").unwrap();
        }
    }
    let path = sql("released.sha256");
    let listed = fs::read_to_string(&path).unwrap_or_default();
    if is_updating() && listed.lines().all(|line| found.contains(line)) {
        fs::write(&path, &found).unwrap();
    }

    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        found,
        "a released step or dump was changed"
    );
    let numbers: Vec<u32> = MIGRATIONS.iter().map(|step| step.number).collect();
    assert_eq!(
        numbers,
        (1..=numbers.len() as u32).collect::<Vec<_>>(),
        "steps are numbered without gaps"
    );
    assert!(
        MIGRATIONS
            .iter()
            .all(|step| (1..=step.number).contains(&step.oldest_reader))
    );
}

#[test]
fn every_reference_has_a_foreign_key_and_an_index() {
    let scratch = Scratch::new();
    drop(scratch.open());
    scratch.raw(|raw| {
        let mut looked_at = 0;
        for (table, _) in tables(raw) {
            let column = |sql: &str, at: usize| -> Vec<String> {
                let mut statement = raw.prepare(sql).unwrap();
                statement
                    .query_map([], |row| row.get(at))
                    .unwrap()
                    .map(Result::unwrap)
                    .collect()
            };
            let references: BTreeSet<String> = column(
                &format!("SELECT * FROM pragma_foreign_key_list('{table}')"),
                3,
            )
            .into_iter()
            .collect();
            let mut led: BTreeSet<String> = BTreeSet::new();
            for index in column(&format!("SELECT * FROM pragma_index_list('{table}')"), 1) {
                led.extend(
                    raw.query_row(
                        &format!("SELECT name FROM pragma_index_info('{index}') WHERE seqno = 0"),
                        [],
                        |row| row.get::<_, Option<String>>(0),
                    )
                    .unwrap(),
                );
            }
            for name in column(&format!("SELECT name FROM pragma_table_info('{table}')"), 0) {
                if name.ends_with("_id") {
                    looked_at += 1;
                    assert!(
                        references.contains(&name),
                        "{table}.{name} refers to nothing"
                    );
                    assert!(led.contains(&name), "{table}.{name} leads no index");
                }
            }
        }
        assert!(looked_at > 15);
    });
}

#[test]
fn every_column_of_codes_has_a_check_and_every_table_is_strict() {
    const CODES: [&str; 11] = [
        "state",
        "source",
        "role",
        "action",
        "scope",
        "kind",
        "channel",
        "code",
        "verdict",
        "series",
        "media_type",
    ];
    let scratch = Scratch::new();
    drop(scratch.open());
    scratch.raw(|raw| {
        let mut looked_at = 0;
        for (table, sql) in tables(raw) {
            assert!(sql.contains("STRICT"), "{table}");
            for line in sql.lines().map(str::trim) {
                let name = line.split_whitespace().next().unwrap_or_default();
                if CODES.contains(&name) && line.contains("TEXT") {
                    looked_at += 1;
                    assert!(line.contains("CHECK"), "{table}.{name} takes any word");
                }
            }
        }
        assert!(looked_at >= 9, "{looked_at}");
    });
}

#[test]
fn codes_of_states_and_roles_are_those_of_the_domain() {
    let scratch = Scratch::new();
    drop(scratch.open());
    let schema = scratch.raw(schema_of);
    for state in skranke_domain::case::CaseState::ALL {
        assert!(
            schema.contains(&format!("'{}'", state.code())),
            "{}",
            state.code()
        );
    }
    for role in skranke_domain::role::Role::ALL {
        assert!(
            schema.contains(&format!("'{}'", role.code())),
            "{}",
            role.code()
        );
    }
}
