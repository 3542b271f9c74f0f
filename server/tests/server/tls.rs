//! Real TLS with a certificate authority made for the run: who is trusted, who is not, and how that is told.

use std::path::{Path, PathBuf};
use std::process::Command;

use skranke_sync::{CertificateFault, Client, Connection, Environment, SyncError};
use skranke_testkit::patience::wait_until;

use crate::authority::Authority;
use crate::hostile::device;
use crate::program::SECRET;
use crate::started::Started;

fn started(folder: &Path) -> Started {
    Started::with(folder, |command| {
        command
            .env(
                "SKRANKE_SERVER_TLS_CERTIFICATE_FILE",
                folder.join("tls.pem"),
            )
            .env("SKRANKE_SERVER_TLS_KEY_FILE", folder.join("tls.key"));
    })
}

fn client(url: &str, ca_file: Option<PathBuf>) -> Client {
    let device = device(1, None);
    let connection = Connection {
        base_url: url.to_owned(),
        tenant: device.tenant,
        device_id: device.id,
        key: device.key,
        server_key: None,
        ca_file,
    };
    let environment = Environment::new(
        || chrono::DateTime::from(std::time::SystemTime::now()),
        |bytes| rand::RngCore::fill_bytes(&mut rand::rngs::OsRng, bytes),
        |_, _| {},
    );
    Client::new(connection, environment)
}

fn refused(fault: CertificateFault) -> SyncError {
    SyncError::CertificateRefused(fault)
}

#[test]
fn over_tls_a_device_is_enrolled_and_works_where_it_trusts_the_certificate() {
    let scratch = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.certify(scratch.path(), "127.0.0.1", 2199);
    let program = started(scratch.path());
    assert!(program.url.starts_with("https://"), "{}", program.url);

    let mut trusting = client(&program.url, Some(authority.file(scratch.path())));
    trusting.enrol(SECRET, "Skranke 1").unwrap();
    assert_eq!(trusting.status().unwrap().tenant, "0999");

    let stranger = client(&program.url, None).enrol(SECRET, "Skranke 1");
    assert_eq!(
        stranger.unwrap_err(),
        refused(CertificateFault::UnknownIssuer),
        "the computer's own certificates do not vouch for it"
    );
    let plain = client(&program.url.replace("https", "http"), None).enrol(SECRET, "Skranke 1");
    assert!(plain.is_err(), "plain HTTP is not answered there");
}

#[test]
fn a_certificate_of_another_name_or_time_is_told_apart() {
    let authority = Authority::new();
    for (name, last_year, fault) in [
        ("skranke.example.dk", 2199, CertificateFault::WrongHost),
        ("127.0.0.1", 2021, CertificateFault::NotValidNow),
    ] {
        let scratch = tempfile::tempdir().unwrap();
        authority.certify(scratch.path(), name, last_year);
        let program = started(scratch.path());

        let error = client(&program.url, Some(authority.file(scratch.path())))
            .enrol(SECRET, "Skranke 1")
            .unwrap_err();

        assert_eq!(error, refused(fault), "{name} until {last_year}");
        assert!(!error.is_retryable(), "somebody must do something");
        assert!(!program.log().contains("refused"), "no request got through");
    }
}

#[test]
fn nothing_is_sent_in_the_clear_to_another_computer() {
    // No address of this machine's: the call must end before anybody is asked.
    for url in [
        "http://skranke.example.dk",
        "http://192.0.2.1:8470",
        "http://127.0.0.1.example.dk",
        "ftp://127.0.0.1",
    ] {
        let error = client(url, None).enrol(SECRET, "Skranke 1").unwrap_err();

        assert_eq!(error, SyncError::NotEncrypted, "{url}");
    }
}

#[test]
fn a_file_of_certificates_that_holds_none_is_told() {
    let scratch = tempfile::tempdir().unwrap();
    let empty = scratch.path().join("ca.pem");
    std::fs::write(&empty, "not a certificate").unwrap();
    for file in [empty, scratch.path().join("missing.pem")] {
        let error = client("https://127.0.0.1:9", Some(file)).enrol(SECRET, "Skranke 1");
        assert_eq!(error.unwrap_err(), SyncError::CaFileUnusable);
    }
}

#[cfg(unix)]
#[test]
fn a_new_certificate_is_taken_up_without_an_end_and_a_bad_one_is_not() {
    let scratch = tempfile::tempdir().unwrap();
    let (old, new) = (Authority::new(), Authority::new());
    old.certify(scratch.path(), "127.0.0.1", 2199);
    let program = started(scratch.path());
    let trusted = new.file(scratch.path());
    let works = || client(&program.url, Some(trusted.clone())).enrol(SECRET, "Skranke 1");
    assert_eq!(
        works().unwrap_err(),
        refused(CertificateFault::UnknownIssuer)
    );
    let hang_up = |event: &str| {
        let pid = program.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-HUP", &pid])
                .status()
                .unwrap()
                .success()
        );
        wait_until(event, || program.log().contains(event));
    };

    new.certify(scratch.path(), "127.0.0.1", 2199);
    hang_up("\"certificate_reloaded\"");
    works().unwrap();
    std::fs::write(scratch.path().join("tls.key"), "nothing").unwrap();
    hang_up("\"certificate_not_reloaded\"");

    works().unwrap();
}

#[test]
fn a_certificate_that_cannot_be_used_stops_the_start_and_says_why() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |name: &str| scratch.path().join(name);
    let other = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.certify(scratch.path(), "127.0.0.1", 2199);
    authority.certify(other.path(), "127.0.0.1", 2199);
    std::fs::write(at("empty"), "").unwrap();
    let fault = |certificate: PathBuf, key: Option<PathBuf>| {
        let mut command =
            crate::program::command(scratch.path(), &crate::program::embedded(scratch.path()));
        command
            .arg("check-config")
            .env("SKRANKE_SERVER_TLS_CERTIFICATE_FILE", certificate);
        if let Some(key) = key {
            command.env("SKRANKE_SERVER_TLS_KEY_FILE", key);
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(3));
        String::from_utf8(output.stderr).unwrap()
    };

    for (certificate, key, said) in [
        (
            at("missing"),
            Some(at("tls.key")),
            "tls_certificate_file cannot be read",
        ),
        (
            at("empty"),
            Some(at("tls.key")),
            "tls_certificate_file holds no certificate",
        ),
        (
            at("tls.pem"),
            Some(at("missing")),
            "tls_key_file cannot be read",
        ),
        (
            at("tls.pem"),
            Some(at("empty")),
            "tls_key_file holds no private key",
        ),
        (
            at("tls.pem"),
            Some(other.path().join("tls.key")),
            "not the key of",
        ),
        (
            at("tls.pem"),
            None,
            "tls_certificate_file needs tls_key_file",
        ),
    ] {
        let told = fault(certificate, key);
        assert!(told.contains(said), "{said} is not in {told}");
    }
}
