//! Records reach a database on the network over TLS alone, whatever command carries them, and nobody but the database
//! that was meant. Basis: issue 3, part A; reliability, threat T17.

use std::path::Path;

use skranke_testkit::postgres::Cluster;

use crate::authority::Authority;
use crate::program::{Counter, Program, command, embedded, make_roles, run, run_on};

/// What the database is called; in no directory of names, so that each address says where it is.
const NAME: &str = "db1.solbjerg.example";
const OWNER: &str = "skranke_owner";
const RUNTIME: &str = "skranke_runtime";

/// A database that takes connections from the network over TLS alone.
fn database(authority: &Authority, last_year: i32) -> Cluster {
    let (certificate, key) = authority.certificate(NAME, last_year);
    let settings = ["log_connections=on"];
    let cluster = Cluster::start_on_network(Some((&certificate, &key)), &settings);
    make_roles(&cluster);
    cluster
}

fn verified(cluster: &Cluster, name: &str, role: &str) -> String {
    let place = cluster.over_network(name, role, "skranke");
    format!("postgres:{place} sslmode=verify-full")
}

fn trusting(ca: &Path, store: &str) -> String {
    format!("{store} sslrootcert={}", ca.display())
}

/// How each connection of our roles came in, as the database noted it.
fn came_in(cluster: &Cluster) -> Vec<String> {
    let log = std::fs::read_to_string(cluster.log()).unwrap();
    let ours = log
        .lines()
        .filter(|line| line.contains("connection authorized: user=skranke_"));
    ours.map(str::to_owned).collect()
}

#[test]
fn every_command_reaches_the_database_over_tls_and_the_database_says_so() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let authority = Authority::new();
    let ca = authority.file(folder);
    let (first, second) = (database(&authority, 2199), database(&authority, 2199));
    let store = |cluster: &Cluster, role| trusting(&ca, &verified(cluster, NAME, role));
    let owner = store(&first, OWNER);
    let done = |(code, told, said): (Option<i32>, String, String)| {
        assert_eq!(code, Some(0), "{said}");
        told
    };
    let mut small = Program::start(folder);
    let mut counter = Counter::enrol(&small.url);
    counter.push_note().unwrap();
    drop(small.input.take());
    assert!(small.child.wait().unwrap().success());

    done(run_on(folder, &owner, &["prepare-database"], ""));
    done(run(folder, &["migrate-store", "--to", &owner], ""));
    let program = Program::start_on(folder, &store(&first, RUNTIME));
    counter.move_to(&program.url);
    assert_eq!(counter.push_note(), Some(2));
    assert_eq!(
        first.tls_spoken_by("skranke-server"),
        "t|TLSv1.3",
        "every connection that is open"
    );
    let to = folder.join("backups").display().to_string();
    let made = done(run_on(folder, &owner, &["backup", "--to", &to], ""));
    drop(program);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let owner = store(&second, OWNER);
    done(run_on(folder, &owner, &["prepare-database"], ""));
    let restore = ["restore", "--from", made["folder"].as_str().unwrap()];
    done(run_on(folder, &owner, &restore, ""));
    let again = Program::start_on(folder, &store(&second, RUNTIME));
    counter.move_to(&again.url);
    assert_eq!(counter.push_note(), Some(3));

    for (cluster, at_least) in [(&first, 4), (&second, 3)] {
        let connections = came_in(cluster);
        assert!(connections.len() >= at_least, "{connections:?}");
        for connection in connections {
            assert!(
                connection.contains("SSL enabled (protocol=TLSv1.3"),
                "{connection}"
            );
        }
    }
}

#[test]
fn whoever_is_not_the_database_that_was_meant_is_told_apart_and_given_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let (authority, stranger) = (Authority::new(), Authority::new());
    let ca = authority.file(scratch.path());
    let other_ca = tempfile::tempdir().unwrap();
    let other_ca = stranger.file(other_ca.path());
    let (good, old) = (database(&authority, 2199), database(&authority, 2021));
    let silent = Cluster::start_on_network(None, &["log_connections=on"]);
    make_roles(&silent);

    for (cluster, name, ca, fault) in [
        (&good, NAME, &other_ca, "an authority that is not trusted"),
        (&good, "db2.solbjerg.example", &ca, "for another name"),
        (&good, "127.0.0.1", &ca, "for another name"),
        (&old, NAME, &ca, "not valid at this time"),
        (&silent, NAME, &ca, "speaks no TLS"),
    ] {
        std::fs::write(scratch.path().join("key"), "07".repeat(32)).unwrap();
        for (role, asked) in [(OWNER, "prepare-database"), (RUNTIME, "serve")] {
            let store = trusting(ca, &verified(cluster, name, role));
            let (code, _, said) = run_on(scratch.path(), &store, &[asked], "");

            assert_eq!(code, Some(3), "{asked}");
            assert!(said.contains(fault), "{fault} is not in {said}");
        }
    }
    for cluster in [&good, &old, &silent] {
        assert_eq!(came_in(cluster), Vec::<String>::new());
    }
}

#[test]
fn where_no_file_is_named_the_machines_own_authorities_count() {
    let scratch = tempfile::tempdir().unwrap();
    let (authority, stranger) = (Authority::new(), Authority::new());
    let cluster = database(&authority, 2199);
    let owner = verified(&cluster, NAME, OWNER);
    let elsewhere = tempfile::tempdir().unwrap();
    let prepare = |store: &str, machine: &Path| {
        let mut command = command(scratch.path(), store);
        command
            .arg("prepare-database")
            .env("SSL_CERT_FILE", machine);
        command.output().unwrap().status.code()
    };
    let own = authority.file(scratch.path());

    assert_eq!(prepare(&owner, &stranger.file(elsewhere.path())), Some(3));
    assert_eq!(prepare(&owner, &elsewhere.path().join("none")), Some(3));
    assert_eq!(prepare(&owner, &own), Some(0));
    assert_eq!(
        prepare(&format!("{owner} sslrootcert=system"), &own),
        Some(0)
    );
    let named = trusting(&elsewhere.path().join("ca.pem"), &owner);
    assert_eq!(prepare(&named, &own), Some(3), "the file's and no others");
}

#[test]
fn a_database_on_the_network_is_not_called_in_the_clear_by_any_command() {
    let scratch = tempfile::tempdir().unwrap();
    let clear = "postgres:host=db1,db2,db3 user=skranke_owner dbname=skranke";
    let unchecked = format!("{clear} sslmode=require");
    let folder = scratch.path();

    for asked in ["check-config", "serve", "prepare-database"] {
        let (code, told, said) = run_on(folder, clear, &[asked], "");

        assert_eq!((code, told.as_str()), (Some(3), ""), "{asked}");
        assert!(said.contains("add sslmode=verify-full"), "{said}");
        assert!(said.contains("sslrootcert=FILE"), "{said}");
    }
    let (code, _, said) = run_on(folder, &unchecked, &["check-config"], "");
    assert_eq!(code, Some(3));
    assert!(said.contains("nobody checks who answers"), "{said}");
    let missing = trusting(
        &folder.join("missing"),
        &format!("{clear} sslmode=verify-full"),
    );
    let (code, _, said) = run_on(folder, &missing, &["check-config"], "");
    assert_eq!(code, Some(3));
    assert!(said.contains("sslrootcert names cannot be read"), "{said}");
    let move_there = ["migrate-store", "--to", clear];
    let (code, _, said) = run_on(folder, &embedded(folder), &move_there, "");
    assert_eq!(code, Some(3));
    assert!(said.contains("add sslmode=verify-full"), "{said}");
    assert!(!folder.join("key").exists(), "nothing was begun");
}
