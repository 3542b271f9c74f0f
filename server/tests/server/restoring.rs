//! A backup put back as the manual says, and what is refused before anything is lost.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};
use skranke_domain::ids::{CaseId, Sha256Digest};
use skranke_sync::Cancel;

use crate::program::{Counter, Program, embedded, run, run_on};

/// A server that holds a scan in a case.
struct Scanned {
    program: Program,
    counter: Counter,
    scan: Vec<u8>,
    digest: Sha256Digest,
    case_id: CaseId,
}

impl Scanned {
    fn start(folder: &Path) -> Self {
        let program = Program::start(folder);
        let mut counter = Counter::enrol(&program.url);
        let scan = b"%PDF-1.7 underskrevet".repeat(5_000);
        let digest = Sha256Digest::from_bytes(Sha256::digest(&scan).into());
        let case_id = counter.open_with_scan(digest, scan.len() as u64);
        let held = Self {
            program,
            counter,
            scan,
            digest,
            case_id,
        };
        held.upload();
        held
    }

    fn upload(&self) {
        let client = &self.counter.client;
        client
            .upload(&self.digest, &self.scan, &Cancel::default(), |_| {})
            .unwrap();
    }

    fn file_in(&self, attachments: &Path) -> PathBuf {
        attachments.join("0999").join(self.digest.to_string())
    }
}

/// The folder of a backup made now.
fn backup(folder: &Path) -> PathBuf {
    let to = folder.join("backups");
    let (code, told, said) = run(folder, &["backup", "--to", to.to_str().unwrap()], "");
    assert_eq!(code, Some(0), "{said}");
    let told: Value = serde_json::from_str(&told).unwrap();
    told["folder"].as_str().unwrap().into()
}

/// The commands of the manual for restoring, word for word but for the places, which are this test's.
fn commands_of_the_manual(folder: &Path, backup: &Path) -> Vec<String> {
    let manual = include_str!("../../../docs/operations.md");
    let (_, section) = manual.split_once("\n## Restoring\n").unwrap();
    let (_, block) = section.split_once("```\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let here = folder.to_str().unwrap();
    let text = block
        .replace("\\\n", " ")
        .replace(
            "/backup/skranke/20261121T020000000Z",
            backup.to_str().unwrap(),
        )
        .replace("/etc/skranke", here)
        .replace("/var/lib/skranke", here)
        .replace(
            " operator.key",
            &format!(" {}", folder.join("operator.key").display()),
        );
    text.lines().map(str::to_owned).collect()
}

#[test]
fn the_manuals_own_words_restore_a_server_with_an_operators_key_and_its_scans() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let operator_key = folder.join("operator.key");
    let (code, told, said) = run(
        folder,
        &["operator-key", "--to", operator_key.to_str().unwrap()],
        "",
    );
    assert_eq!(code, Some(0), "{said}");
    let told: Value = serde_json::from_str(&told).unwrap();
    let settings = format!(
        "store = \"{}\"\nkey_file = \"{}\"\nattachments = \"{}\"\ntenant = \"0999\"\noperator_key = {}\n",
        embedded(folder),
        folder.join("key").display(),
        folder.join("scans").display(),
        told["operator_key"],
    );
    std::fs::write(folder.join("server.toml"), settings).unwrap();
    let held = Scanned::start(folder);
    let made = backup(folder);
    drop(held.program);
    std::fs::remove_dir_all(folder.join("central.attachments")).unwrap();

    let commands = commands_of_the_manual(folder, &made);
    assert_eq!(commands.len(), 2, "{commands:?}");
    for command in &commands {
        let mut words = command.split_whitespace();
        assert_eq!(words.next(), Some("skranke-server"));
        let output = Command::new(env!("CARGO_BIN_EXE_skranke-server"))
            .env_clear()
            .args(words)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}: {said}");
    }

    assert!(folder.join("new.db").exists());
    let scan = folder.join("scans/0999").join(held.digest.to_string());
    assert!(scan.is_file(), "where the settings say that scans are");
}

#[test]
fn a_backup_whose_scan_is_missing_or_damaged_is_told_and_restored_without_it_only_when_asked() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let mut held = Scanned::start(folder);
    let made = backup(folder);
    held.program.child.kill().unwrap();
    held.program.child.wait().unwrap();
    let copied = held.file_in(&made.join("central.attachments"));
    let whole = std::fs::read(&copied).unwrap();
    let new = format!("sqlite:{}", folder.join("new.db").display());
    let scans = folder.join("central.attachments");
    std::fs::remove_dir_all(&scans).unwrap();
    let restore = |more: &[&str]| {
        let from = ["restore", "--from", made.to_str().unwrap()];
        run_on(folder, &new, &[&from[..], more].concat(), "")
    };
    assert_eq!(restore(&["--verify"]).0, Some(0));

    let mut changed = whole.clone();
    changed[1_000] ^= 1;
    for damaged in [Some(changed), None] {
        match damaged {
            Some(bytes) => std::fs::write(&copied, bytes).unwrap(),
            None => std::fs::remove_file(&copied).unwrap(),
        }
        for more in [&["--verify"][..], &[]] {
            let (code, _, said) = restore(more);
            assert_eq!(code, Some(3), "{said}");
            let name = format!("0999/{}", held.digest);
            assert!(
                said.contains(&name) && said.contains("--leave-damaged"),
                "{said}"
            );
            assert!(!folder.join("new.db").exists());
        }
    }
    let (code, _, said) = restore(&["--leave-damaged"]);
    assert_eq!(code, Some(0), "{said}");

    // The desktop that still holds it sends it again, and it is read as before.
    held.program = Program::start_on(folder, &new);
    held.counter.move_to(&held.program.url);
    assert!(!held.file_in(&scans).exists());
    held.upload();
    assert!(held.counter.fetch(held.case_id, &held.digest) == held.scan);
}

#[test]
fn while_a_scan_is_missing_or_damaged_on_the_server_a_backup_has_the_rest_and_moves_no_mark() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let held = Scanned::start(folder);
    let file = held.file_in(&folder.join("central.attachments"));
    let whole = std::fs::read(&file).unwrap();
    let to = folder.join("backups");
    let mark = || held.counter.client.status().unwrap().backup_position;

    let mut changed = whole.clone();
    changed[1_000] ^= 1;
    for damaged in [Some(changed), None] {
        match damaged {
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let (code, told, said) = run(folder, &["backup", "--to", to.to_str().unwrap()], "");
        assert_eq!((code, told.as_str()), (Some(3), ""), "{said}");
        let name = format!("0999/{}", held.digest);
        assert!(
            said.contains(&name) && said.contains("no backup mark moved"),
            "{said}"
        );
        assert_eq!(mark(), 0);
    }
    for made in std::fs::read_dir(&to).unwrap() {
        let made = made.unwrap().path();
        assert!(made.join("manifest.json").exists() && !made.join("central.db.working").exists());
        let from = ["restore", "--verify", "--from", made.to_str().unwrap()];
        let (code, _, said) = run(folder, &from, "");
        assert!(
            code == Some(3) && said.contains(&held.digest.to_string()),
            "{said}"
        );
    }

    std::fs::write(&file, whole).unwrap();
    let made = backup(folder);
    assert_eq!(mark(), 2);
    let from = ["restore", "--verify", "--from", made.to_str().unwrap()];
    let (code, _, said) = run(folder, &from, "");
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_restore_done_again_writes_a_half_copied_scan_anew_and_says_what_to_delete() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let held = Scanned::start(folder);
    let made = backup(folder);
    drop(held.program);
    let scans = folder.join("central.attachments");
    let file = scans.join("0999").join(held.digest.to_string());
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..100]).unwrap();
    let restore = |store: &str| {
        let store = format!("sqlite:{}", folder.join(store).display());
        run_on(
            folder,
            &store,
            &["restore", "--from", made.to_str().unwrap()],
            "",
        )
    };

    let (code, _, said) = restore("new.db");
    assert_eq!(code, Some(0), "{said}");
    assert!(std::fs::read(&file).unwrap() == whole);

    let (code, _, said) = restore("new.db");
    assert_eq!(code, Some(3));
    assert!(said.contains("-wal"), "{said}");
}

#[test]
fn a_mistyped_path_makes_no_store_and_is_no_success() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let held = Scanned::start(folder);
    drop(held.program);
    let to = folder.join("backups");
    let elsewhere = format!("sqlite:{}", folder.join("elsewhere.db").display());
    let backup = ["backup", "--to", to.to_str().unwrap()];
    let wrong = format!("sqlite:{}", folder.join("centrl.db").display());
    let mark = ["backup-mark", "--position", "0", "--tenant", "0999"];

    for (made_by, arguments) in [
        ("nobody", &backup[..]),
        ("nobody", &["migrate-store", "--to", &elsewhere]),
        ("nobody", &["open-epoch"]),
        ("nobody", &["devices", "--tenant", "0999"]),
        ("nobody", &mark),
        ("an empty file", &backup),
    ] {
        if made_by != "nobody" {
            std::fs::write(folder.join("centrl.db"), "").unwrap();
        }
        let (code, told, said) = run_on(folder, &wrong, arguments, "");
        assert_eq!(code, Some(3), "{arguments:?}: {told}");
        assert!(said.contains("there is no store"), "{arguments:?}: {said}");
        assert!(!folder.join("elsewhere.db").exists() && !to.exists());
        if made_by == "nobody" {
            assert!(!folder.join("centrl.db").exists(), "{arguments:?}");
        }
    }
}

#[test]
fn a_store_without_a_municipality_is_neither_backed_up_nor_moved_nor_given_an_epoch() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let mut empty = crate::program::command(folder, &embedded(folder))
        .args(["serve", "--exit-with-parent", "--listen", "127.0.0.1:0"])
        .stdin(std::process::Stdio::null())
        .spawn()
        .unwrap();
    assert!(empty.wait().unwrap().success());
    let to = folder.join("backups");
    let elsewhere = format!("sqlite:{}", folder.join("elsewhere.db").display());

    for arguments in [
        &["backup", "--to", to.to_str().unwrap()][..],
        &["migrate-store", "--to", &elsewhere],
        &["open-epoch"],
    ] {
        let (code, told, said) = run(folder, arguments, "");
        assert_eq!(code, Some(3), "{arguments:?}: {told}");
        assert!(said.contains("holds no municipality"), "{said}");
        assert!(!folder.join("elsewhere.db").exists() && !to.exists());
    }
}

#[test]
fn a_backup_mark_beyond_the_feed_is_refused_and_one_within_it_is_told() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let _held = Scanned::start(folder);
    let mark = |position: &str| {
        let words = ["backup-mark", "--position", position, "--tenant", "0999"];
        run(folder, &words, "")
    };

    let (code, _, said) = mark("3");
    assert_eq!(code, Some(3));
    assert!(said.contains("the feed ends at 2"), "{said}");
    let (code, told, said) = mark("1");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(told.trim(), r#"{"before":0,"now":1}"#);
    // Never back.
    assert_eq!(mark("0").1.trim(), r#"{"before":1,"now":1}"#);
}
