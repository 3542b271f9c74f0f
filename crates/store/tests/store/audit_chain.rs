//! The audit log's chain: whatever is done to the table past the store, the first row that does not fit is named.

use std::fs;
use std::path::Path;

use skranke_store::{Action, AuditBreak, AuditChain, AuditHead, Entry, Store};

use crate::desk::{Desk, actor};
use crate::scratch::{Scratch, now};

/// What keeps people from changing rows; who has the key and means harm begins by removing it.
const DISARM: &str = "DROP TRIGGER audit_never_changes; DROP TRIGGER audit_never_shrinks;";

/// A store with these many rows in its audit log, and the end of its chain.
fn logged(rows: usize) -> (Scratch, AuditHead) {
    let Desk {
        scratch, mut store, ..
    } = Desk::new();
    while store.read().unwrap().audit_chain(None).unwrap().rows < rows as u64 {
        look(&mut store);
    }
    let chain = chain_of(&store, None);
    assert_eq!((chain.rows, chain.broken), (rows as u64, None));
    (scratch, chain.head.unwrap())
}

fn look(store: &mut Store) {
    let entry = Entry::new(Action::Searched, now())
        .on("name")
        .because("case_work");
    store.write(&actor(), entry).unwrap().commit().unwrap();
}

fn chain_of(store: &Store, noted: Option<AuditHead>) -> AuditChain {
    store.read().unwrap().audit_chain(noted).unwrap()
}

/// What is found after somebody did this to the table.
fn found_after(sql: &str, noted: bool) -> Option<(i64, AuditBreak)> {
    let (scratch, head) = logged(20);
    scratch.raw(|raw| raw.execute_batch(&format!("{DISARM}{sql}")).unwrap());
    chain_of(&scratch.open(), noted.then_some(head)).broken
}

#[test]
fn the_first_row_that_was_changed_taken_out_put_in_or_moved_is_named() {
    use AuditBreak::{Changed, Missing};
    let swap = "UPDATE audit SET id = 1000 WHERE id = 9; UPDATE audit SET id = 9 WHERE id = 10;
                UPDATE audit SET id = 10 WHERE id = 1000";
    for (sql, expected) in [
        (
            "UPDATE audit SET purpose = 'quality' WHERE id = 7",
            (7, Changed),
        ),
        (
            "UPDATE audit SET done_at = done_at + 1 WHERE id = 1",
            (1, Changed),
        ),
        (
            "UPDATE audit SET subject = NULL WHERE id = 20",
            (20, Changed),
        ),
        ("UPDATE audit SET link = NULL WHERE id = 12", (12, Changed)),
        (
            "UPDATE audit SET purpose = '' WHERE id IN (15, 5)",
            (5, Changed),
        ),
        ("DELETE FROM audit WHERE id = 8", (8, Missing)),
        ("DELETE FROM audit WHERE id = 1", (1, Missing)),
        ("DELETE FROM audit WHERE id > 17", (18, Missing)),
        ("DELETE FROM audit", (1, Missing)),
        (swap, (9, Changed)),
        (
            "INSERT INTO audit (done_at, staff_id, device_id, roles, action, purpose)
             SELECT done_at, staff_id, device_id, roles, action, purpose FROM audit WHERE id = 3",
            (21, Changed),
        ),
    ] {
        assert_eq!(found_after(sql, false), Some(expected), "{sql}");
    }
    assert_eq!(found_after("", true), None);
}

#[test]
fn a_cut_end_and_a_chain_made_anew_are_found_by_a_head_that_was_noted() {
    let cut =
        "DELETE FROM audit WHERE id > 17; UPDATE sqlite_sequence SET seq = 17 WHERE name = 'audit'";
    assert_eq!(
        found_after(cut, false),
        None,
        "nothing inside the file can tell"
    );
    assert_eq!(found_after(cut, true), Some((18, AuditBreak::Missing)));

    // Another log of the same length, sound in itself.
    let (_, noted) = logged(20);
    let mut other = Desk::new();
    while chain_of(&other.store, None).rows < 20 {
        let entry = Entry::new(Action::Searched, now()).because("quality");
        other
            .store
            .write(&actor(), entry)
            .unwrap()
            .commit()
            .unwrap();
    }
    assert_eq!(chain_of(&other.store, None).broken, None);
    assert_eq!(
        chain_of(&other.store, Some(noted)).broken,
        Some((20, AuditBreak::Replaced))
    );
}

#[test]
fn an_older_whole_file_put_back_is_found_by_a_head_that_was_noted() {
    let (scratch, _) = logged(10);
    let older = fs::read(scratch.database()).unwrap();
    let mut store = scratch.open();
    look(&mut store);
    let noted = chain_of(&store, None).head;
    drop(store);
    remove_journal(&scratch.database());
    fs::write(scratch.database(), older).unwrap();

    let store = scratch.open();

    assert_eq!(chain_of(&store, None).broken, None);
    assert_eq!(
        chain_of(&store, noted).broken,
        Some((11, AuditBreak::Missing))
    );
}

fn remove_journal(database: &Path) {
    for suffix in ["-wal", "-shm"] {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        let _ = fs::remove_file(name);
    }
}

#[test]
fn the_log_goes_on_after_a_break_and_the_break_stays_named() {
    let (scratch, _) = logged(20);
    scratch.raw(|raw| {
        raw.execute_batch(&format!("{DISARM}DELETE FROM audit WHERE id = 20"))
            .unwrap();
    });
    let mut store = scratch.open();
    look(&mut store);

    let chain = chain_of(&store, None);

    assert_eq!(chain.broken, Some((20, AuditBreak::Missing)));
    assert_eq!(
        chain.rows, 20,
        "the number of the lost row is not given again"
    );
}

#[test]
fn rows_from_before_the_chain_are_covered_by_its_first_link() {
    let frozen = include_str!("../../sql/frozen/0001.sql");
    let scratch = Scratch::new();
    scratch.raw(|raw| raw.execute_batch(frozen).unwrap());
    let mut store = scratch.open();
    let before = chain_of(&store, None);
    assert!(before.unlinked > 1 && before.unlinked == before.rows && before.broken.is_none());
    look(&mut store);
    look(&mut store);
    let after = chain_of(&store, None);
    assert_eq!((after.unlinked, after.broken), (before.unlinked, None));
    drop(store);

    scratch.raw(|raw| {
        let sql = "UPDATE audit SET done_at = done_at + 1 WHERE id = 1";
        raw.execute_batch(&format!("{DISARM}{sql}")).unwrap();
    });

    let first_linked = i64::try_from(before.rows).unwrap() + 1;
    assert_eq!(
        chain_of(&scratch.open(), None).broken,
        Some((first_linked, AuditBreak::Changed)),
        "which of the older rows it was is not known, but that it was one"
    );
}

#[test]
fn a_thousand_edits_of_any_value_are_all_found() {
    let (scratch, _) = logged(50);
    let store = scratch.open();
    let raw = scratch.connect();
    raw.execute_batch(DISARM).unwrap();
    raw.execute_batch("CREATE TEMP TABLE kept AS SELECT * FROM audit")
        .unwrap();
    let mut state: u64 = 0x5eed;
    let mut next = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    for edit in 0..1000 {
        let id = 1 + next(50) as i64;
        let (column, value) = [
            ("done_at", format!("done_at + {}", 1 + next(1000))),
            ("roles", "roles || 'x'".to_owned()),
            ("action", "action || 'x'".to_owned()),
            ("subject", "coalesce(subject, '') || 'x'".to_owned()),
            ("purpose", "purpose || 'x'".to_owned()),
            ("link", "randomblob(32)".to_owned()),
        ][next(6) as usize]
            .clone();
        raw.execute(
            &format!("UPDATE audit SET {column} = {value} WHERE id = {id}"),
            [],
        )
        .unwrap();

        let broken = chain_of(&store, None).broken;

        assert_eq!(
            broken,
            Some((id, AuditBreak::Changed)),
            "edit {edit} of {column}"
        );
        let put_back = "UPDATE audit SET (done_at, roles, action, subject, purpose, link) =
            (SELECT done_at, roles, action, subject, purpose, link FROM kept WHERE kept.id = audit.id)";
        raw.execute(&format!("{put_back} WHERE id = {id}"), [])
            .unwrap();
    }
    assert_eq!(chain_of(&store, None).broken, None);
}

#[test]
fn a_head_is_read_as_it_is_written() {
    let (_, head) = logged(3);
    assert_eq!(head.to_string().parse(), Ok(head));
    let digits = "0".repeat(64);
    for wrong in [
        "",
        "3",
        "3:",
        "3:00",
        "x:00",
        &digits,
        &format!("0:{digits}"),
        &format!("3:{}", "g".repeat(64)),
    ] {
        assert!(wrong.parse::<AuditHead>().is_err(), "{wrong}");
    }
}
