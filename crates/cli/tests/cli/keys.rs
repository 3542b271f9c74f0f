//! How `backup`, `restore` and `audit verify` come to the key: where there is no key file.

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use skranke_app::api::session::FirstRunRequest;
use skranke_app::{App, Clock, Config, Costs, KeyPlace, KeyStore};
use tempfile::TempDir;

use crate::{exit_code, json_of, skranke, stderr, with_input};

/// A computer that was set up as the window does it, and a backup of it.
struct Computer {
    folder: TempDir,
    recovery_code: String,
}

impl Computer {
    fn with_key_in(place: impl FnOnce(&Path) -> KeyPlace) -> (Self, App) {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let app = App::open(Config {
            key: place(&data),
            folder: data,
            forms: None,
            demo: false,
            server: None,
            clock: Clock::System,
            costs: Costs::default(),
        });
        let app = app.unwrap();
        let done = app.first_run(FirstRunRequest {
            profile: "demo".to_owned(),
            location: "town_hall".to_owned(),
            name: "Vibeke Holst".to_owned(),
            initials: "VH".to_owned(),
            user_name: "vibeke".to_owned(),
            password: "en lang adgangskode".to_owned(),
            serves_at_counter: true,
        });
        let recovery_code = done.unwrap().recovery_code;
        std::fs::write(folder.path().join("code"), format!("{recovery_code}\n")).unwrap();
        let computer = Self {
            folder,
            recovery_code,
        };
        (computer, app)
    }

    /// A computer whose key store is gone with it: all that is left is a backup and the recovery code.
    fn that_is_gone() -> (Self, String) {
        let kept = Arc::new(Mutex::new(None));
        let (read, written) = (Arc::clone(&kept), kept);
        let (computer, app) = Self::with_key_in(|_| {
            KeyPlace::System(KeyStore {
                read: Box::new(move || Ok(read.lock().unwrap().clone())),
                write: Box::new(move |secret| {
                    *written.lock().unwrap() = Some(secret.to_owned());
                    Ok(())
                }),
            })
        });
        let backup = app.backup(&computer.folder.path().join("backups")).unwrap();
        let backup = backup.folder.to_str().unwrap().to_owned();
        (computer, backup)
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

fn code_of(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap()
}

#[test]
fn a_backup_opens_by_the_recovery_code_where_its_computer_had_no_key_file() {
    let (computer, backup) = Computer::that_is_gone();
    let (code, into) = (computer.path("code"), computer.path("restored"));
    let by_code = ["restore", &backup, "--recovery-code-file", &code];

    let checked = json_of(&[&by_code[..], &["--verify"]].concat(), 0);
    assert!(checked["audit_rows"].as_u64().unwrap() > 0);
    let typed = ["restore", &backup, "--recovery-code-file", "-", "--verify"];
    let output = with_input(&typed, computer.recovery_code.to_lowercase().as_bytes());
    assert_eq!(exit_code(&output), 0, "{}", stderr(&output));

    let restored = json_of(&[&by_code[..], &["--into", &into]].concat(), 0);
    assert_eq!(restored["audit_head"], checked["audit_head"]);
    let again = json_of(&[&by_code[..], &["--into", &into]].concat(), 1);
    assert_eq!(code_of(&again), "already_set_up");
}

#[test]
fn a_wrong_recovery_code_is_told_and_nothing_is_put_back() {
    let (computer, backup) = Computer::that_is_gone();
    let (other, _) = Computer::that_is_gone();
    let into = computer.path("restored");
    for wrong in [&other.recovery_code[..], "7K3M-P0QX", ""] {
        let file = computer.path("wrong");
        std::fs::write(&file, wrong).unwrap();
        let by_code = ["restore", &backup, "--recovery-code-file", &file];
        for what in [&["--verify"][..], &["--into", &into]] {
            let refused = json_of(&[&by_code[..], what].concat(), 1);
            assert_eq!(code_of(&refused), "recovery_code_wrong", "{wrong}");
        }
        assert!(!Path::new(&into).exists(), "{wrong}");
    }
    let code = computer.path("code");
    json_of(
        &[
            "restore",
            &backup,
            "--recovery-code-file",
            &code,
            "--verify",
        ],
        0,
    );
}

#[test]
fn without_any_way_to_the_key_it_is_said_which_to_give() {
    let (computer, backup) = Computer::that_is_gone();
    let (data, into) = (computer.path("data"), computer.path("restored"));

    for what in [
        &["--verify"][..],
        &["--verify", "--data", &data],
        &["--into", &into],
    ] {
        let arguments = [&["restore", &backup], what].concat();
        let refused = json_of(&arguments, 3);
        assert_eq!(code_of(&refused), "backup_key_missing");
        let output = skranke(&arguments);
        assert!(
            stderr(&output).contains("--recovery-code-file"),
            "{}",
            stderr(&output)
        );
    }
    assert!(!Path::new(&into).exists());
    let to = computer.path("more");
    for closed in [
        &["backup", "--data", &data, "--to", &to][..],
        &["audit", "verify", "--data", &data],
    ] {
        assert_eq!(code_of(&json_of(closed, 3)), "key_missing");
    }
    assert!(!Path::new(&to).exists());
    let (code, key) = (computer.path("code"), computer.path("key"));
    let both = ["--recovery-code-file", &code, "--key-file", &key];
    json_of(&[&["restore", &backup, "--verify"], &both[..]].concat(), 2);
}

#[cfg(target_os = "linux")]
mod session {
    use skranke_testkit::key_store::{again_in_a_session, is_inside_a_session};

    use super::*;

    const NAME: &str =
        "keys::session::where_the_key_is_in_the_systems_key_store_every_command_finds_it";

    #[test]
    fn where_the_key_is_in_the_systems_key_store_every_command_finds_it() {
        if is_inside_a_session() {
            inside_a_session();
        } else {
            let home = tempfile::tempdir().unwrap();
            again_in_a_session(NAME, home.path());
        }
    }

    fn inside_a_session() {
        let (computer, app) = Computer::with_key_in(|data| KeyPlace::of_folder(data, None));
        drop(app);
        let (data, to) = (computer.path("data"), computer.path("backups"));
        assert!(!KeyPlace::file_in(Path::new(&data)).exists());

        let backup = json_of(&["backup", "--data", &data, "--to", &to], 0);
        let folder = backup["folder"].as_str().unwrap();
        json_of(&["audit", "verify", "--data", &data], 0);
        json_of(&["restore", folder, "--verify", "--data", &data], 0);
        let unnamed = json_of(&["restore", folder, "--verify"], 3);
        assert_eq!(code_of(&unnamed), "backup_key_missing");

        // Put back where it was, it finds its key and opens
        std::fs::rename(&data, computer.path("lost")).unwrap();
        json_of(&["restore", folder, "--into", &data], 0);
        json_of(&["audit", "verify", "--data", &format!("{data}/")], 0);
    }
}
