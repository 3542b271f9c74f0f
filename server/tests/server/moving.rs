//! A store moves between SQLite and PostgreSQL by one command, and what was scanned is read through the server after it.

use sha2::{Digest, Sha256};
use skranke_domain::ids::Sha256Digest;
use skranke_sync::Cancel;
use skranke_testkit::postgres::Cluster;

use crate::program::{Counter, Program, embedded, make_roles, run_on};

#[test]
fn a_small_municipality_moves_to_postgresql_and_back_by_one_command_each() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let cluster = Cluster::start(&[]);
    make_roles(&cluster);
    let store = |role: &str| format!("postgres:{}", cluster.address(role, "skranke"));
    let owner = store("skranke_owner");
    let scan = b"%PDF-1.7 underskrevet".repeat(50_000);
    let digest = Sha256Digest::from_bytes(Sha256::digest(&scan).into());
    let ended = |mut program: Program| {
        drop(program.input.take());
        assert!(program.child.wait().unwrap().success());
    };
    let moves = |from: &str, to: &str| -> serde_json::Value {
        let (code, told, said) = run_on(folder, from, &["migrate-store", "--to", to], "");
        assert_eq!(code, Some(0), "{said}");
        serde_json::from_str(&told).unwrap()
    };

    let program = Program::start(folder);
    let mut counter = Counter::enrol(&program.url);
    (0..3).for_each(|_| {
        counter.push_note().unwrap();
    });
    let case_id = counter.open_with_scan(digest, scan.len() as u64);
    let upload = counter
        .client
        .upload(&digest, &scan, &Cancel::default(), |_| {});
    upload.unwrap();
    ended(program);
    let (code, _, said) = run_on(folder, &owner, &["prepare-database"], "");
    assert_eq!(code, Some(0), "{said}");
    let told = moves(&embedded(folder), &owner);
    assert_eq!(told["carried"][0]["rows"]["event"], 5);
    assert_eq!(told["carried"][0]["rows"]["attachment"], 1);

    let program = Program::start_on(folder, &store("skranke_runtime"));
    counter.move_to(&program.url);
    assert_eq!(
        counter.push_note(),
        Some(6),
        "the same server key, the same chain"
    );
    assert!(counter.fetch(case_id, &digest) == scan, "its folder stayed");
    ended(program);
    let home = format!("sqlite:{}", folder.join("again.db").display());
    let told = moves(&owner, &home);
    assert_eq!(told["carried"][0]["rows"]["event"], 6);

    let program = Program::start_on(folder, &home);
    counter.move_to(&program.url);
    assert_eq!(counter.push_note(), Some(7));
    assert!(
        counter.fetch(case_id, &digest) == scan,
        "its folder was named again"
    );
    ended(program);
}
