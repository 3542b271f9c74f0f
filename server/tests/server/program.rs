//! The program as a child process.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use skranke_domain::event::{AttachmentAdded, AttachmentPurpose, CaseOpened, Channel, Event};
use skranke_domain::ids::{CaseId, CommandId, DeviceId, EventId, GrantId, Sha256Digest, StaffId};
use skranke_protocol::chain::Head;
use skranke_protocol::enrolment_code::EnrolmentCode;
use skranke_protocol::envelope::{SealedEvent, Unsealed};
use skranke_protocol::signature::{PublicKey, SigningKey};
use skranke_protocol::wire::SessionRequest;
use skranke_sync::{Client, Connection, Environment};
#[cfg(unix)]
use skranke_testkit::postgres::Cluster;
use uuid::Uuid;

pub(crate) const SECRET: &str = "a-secret-that-only-this-test-knows-1234";

pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) input: Option<ChildStdin>,
    pub(crate) url: String,
}

impl Program {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_on(folder, &embedded(folder))
    }

    pub(crate) fn start_on(folder: &Path, store: &str) -> Self {
        Self::start_from(folder, command(folder, store))
    }

    /// The same, rehearsing.
    pub(crate) fn start_with(folder: &Path, store: &str, environment: &[(&str, String)]) -> Self {
        let mut command = command(folder, store);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        // The kill that ends it at a point is found there.
        command.env("PATH", "/usr/bin:/bin");
        Self::start_from(folder, command)
    }

    /// What it says lies beside its database, and is looked through with it.
    fn start_from(folder: &Path, mut command: Command) -> Self {
        let mut child = command
            .args([
                "serve",
                "--exit-with-parent",
                "--listen",
                "127.0.0.1:0",
                "--tenant",
                "0999",
            ])
            .env("SKRANKE_SERVER_BOOTSTRAP_SECRET", SECRET)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.join("said.log")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        let input = child.stdin.take();
        Self {
            child,
            input,
            url: told["listening"].as_str().unwrap().to_owned(),
        }
    }

    fn status_of(&self, path: &str) -> Option<u16> {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).ok()?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )
        .ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        text.split(' ').nth(1)?.parse().ok()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn embedded(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("central.db").display())
}

pub(crate) fn command(folder: &Path, store: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skranke-server"));
    command
        .env_clear()
        .args(["--store", store])
        .arg("--attachments")
        .arg(folder.join("central.attachments"))
        .arg("--key-file")
        .arg(folder.join("key"));
    command
}

/// Roles and an empty database on a fresh server, as its administrator makes them.
#[cfg(unix)]
pub(crate) fn make_roles(cluster: &Cluster) {
    let roles = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/postgres/roles.sql");
    cluster.administer_file("postgres", &roles);
}

/// Roles, database and schema on a fresh server, as `docs/operations.md` says; returns the store to serve.
#[cfg(unix)]
pub(crate) fn prepared(folder: &Path, cluster: &Cluster) -> String {
    make_roles(cluster);
    let store = |role: &str| format!("postgres:{}", cluster.address(role, "skranke"));
    let owner = store("skranke_owner");
    let (code, _, said) = run_on(folder, &owner, &["prepare-database"], "");
    assert_eq!(code, Some(0), "{said}");
    store("skranke_runtime")
}

pub(crate) fn run(folder: &Path, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    run_on(folder, &embedded(folder), arguments, input)
}

pub(crate) fn run_on(
    folder: &Path,
    store: &str,
    arguments: &[&str],
    input: &str,
) -> (Option<i32>, String, String) {
    let mut child = command(folder, store)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// A counter that pushes one note after the other, whatever its case says of them.
pub(crate) struct Counter {
    pub(crate) client: Client,
    key: SigningKey,
    device_id: DeviceId,
    server_key: PublicKey,
    head: Head,
    grant: GrantId,
}

impl Counter {
    pub(crate) fn enrol(url: &str) -> Self {
        let key = SigningKey::from_seed(&[3; 32]);
        let device_id = DeviceId::from_uuid(Uuid::now_v7());
        let mut client = Self::client(url, &key, device_id, None);
        let answer = client.enrol(SECRET, "Skranke 1").unwrap();
        let (server_key, head) = (answer.server_key, Head::START);
        Self {
            client,
            key,
            device_id,
            server_key,
            head,
            grant: GrantId::from_uuid(Uuid::nil()),
        }
    }

    pub(crate) fn move_to(&mut self, url: &str) {
        self.client = Self::client(url, &self.key, self.device_id, Some(self.server_key));
    }

    fn client(
        url: &str,
        key: &SigningKey,
        device_id: DeviceId,
        server_key: Option<PublicKey>,
    ) -> Client {
        let connection = Connection {
            base_url: url.to_owned(),
            tenant: "0999".to_owned(),
            device_id,
            key: key.clone(),
            server_key,
            ca_file: None,
        };
        let environment = Environment::new(
            || chrono::DateTime::from(std::time::SystemTime::now()),
            |bytes| rand::RngCore::fill_bytes(&mut rand::rngs::OsRng, bytes),
            |_, _| {},
        );
        Client::new(connection, environment)
    }

    /// Pushes one event and returns it once it is confirmed.
    fn push_and_keep(&mut self) -> SealedEvent {
        let sealed = self.seal_note();
        self.client.push(std::slice::from_ref(&sealed)).unwrap();
        sealed
    }

    /// Sends two events that both claim to be the next of its chain.
    pub(crate) fn forks(&mut self) {
        let before = self.head;
        self.push_and_keep();
        self.head = before;
        self.push_and_keep();
    }

    /// Pushes one event and returns up to where the server then says it holds the chain.
    pub(crate) fn push_note(&mut self) -> Option<u64> {
        let sealed = self.seal_note();
        let answer = self.client.push(&[sealed]);
        answer.ok().map(|pushed| pushed.confirmation.seq)
    }

    /// Opens a case with a scan in it: two events.
    pub(crate) fn open_with_scan(&mut self, digest: Sha256Digest, size_bytes: u64) -> CaseId {
        self.signs_in();
        let events = self.scanned_case(digest, size_bytes);
        self.client.push(&events).unwrap();
        events[0].header().case_id
    }

    /// The next two events of the chain: a case begins with a scan in it.
    pub(crate) fn scanned_case(
        &mut self,
        digest: Sha256Digest,
        size_bytes: u64,
    ) -> [SealedEvent; 2] {
        let opened = self.open_case();
        let case_id = opened.header().case_id;
        let attached = Event::AttachmentAdded(AttachmentAdded {
            digest,
            purpose: AttachmentPurpose::Other,
            media_type: "application/pdf".to_owned(),
            size_bytes,
            file_name: "anmodning.pdf".to_owned(),
        });
        let unsealed = Unsealed {
            case_id,
            based_on: vec![opened.header().id],
            ..self.unsealed()
        };
        let attached = unsealed.seal(&attached, [2; 16], &self.key).unwrap();
        self.head = Head::after(attached.header(), attached.hash());
        [opened, attached]
    }

    /// What the server holds of a scan, for somebody who works on the case.
    pub(crate) fn fetch(&self, case_id: CaseId, digest: &Sha256Digest) -> Vec<u8> {
        let session = self.client.sign_in(&at_the_counter()).unwrap();
        let fetched = self
            .client
            .download(&session, (case_id, digest), "case_work");
        fetched.unwrap()
    }

    /// Somebody signs in, so that what is made from now on is accepted.
    pub(crate) fn signs_in(&mut self) {
        let request = at_the_counter();
        // A server with a planted bug may not know yet what it has answered.
        let granted = (0..1_200).find_map(|_| {
            let granted = self.client.sign_in(&request).ok();
            if granted.is_none() {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            granted
        });
        self.grant = granted.unwrap().grant().id;
    }

    /// The next event of the chain: a case begins.
    pub(crate) fn open_case(&mut self) -> SealedEvent {
        let number = format!("2026-S1-{}", self.head.seq + 1).parse().unwrap();
        let opened = Event::CaseOpened(CaseOpened {
            number,
            channel: Channel::InPerson,
            location: "solbjerg_torv".to_owned(),
            municipality: "0999".to_owned(),
            profile: "demo@1".to_owned(),
            form: "f1@2".to_owned(),
            received_on: "2026-11-20".parse().unwrap(),
        });
        let salt = *Uuid::now_v7().as_bytes();
        let sealed = self.unsealed().seal(&opened, salt, &self.key).unwrap();
        self.head = Head::after(sealed.header(), sealed.hash());
        sealed
    }

    fn unsealed(&self) -> Unsealed {
        Unsealed {
            id: EventId::from_uuid(Uuid::now_v7()),
            tenant: "0999".to_owned(),
            case_id: CaseId::from_uuid(Uuid::now_v7()),
            command_id: CommandId::from_uuid(Uuid::now_v7()),
            k: 1,
            n: 1,
            device_id: self.device_id,
            device_seq: self.head.seq + 1,
            prev_hash: self.head.hash,
            recorded_at: chrono::DateTime::from(std::time::SystemTime::now()),
            clock_offset_ms: 0,
            actor: StaffId::from_uuid(Uuid::nil()),
            grant_id: self.grant,
            based_on: vec![],
        }
    }

    fn seal_note(&mut self) -> SealedEvent {
        let payload = br#"{"text":"x"}"#.to_vec();
        let sealed = self
            .unsealed()
            .seal_bytes("note_added", 1, payload, [1; 16], &self.key)
            .unwrap();
        self.head = Head::after(sealed.header(), sealed.hash());
        sealed
    }
}

fn at_the_counter() -> SessionRequest {
    SessionRequest::Bootstrap {
        secret: SECRET.to_owned(),
        staff_id: StaffId::from_uuid(Uuid::nil()),
        roles: vec!["counter".to_owned()],
    }
}

#[test]
fn it_tells_its_address_answers_and_ends_with_its_parent() {
    let scratch = tempfile::tempdir().unwrap();
    let mut program = Program::start(scratch.path());
    assert_eq!(program.status_of("/healthz"), Some(200));
    assert_eq!(program.status_of("/readyz"), Some(200));
    assert_eq!(program.status_of("/v1/status"), Some(401));

    drop(program.input.take());

    assert!(program.child.wait().unwrap().success());
}

#[cfg(unix)]
#[test]
fn the_signal_to_end_lets_it_end_in_order() {
    let scratch = tempfile::tempdir().unwrap();
    let mut program = Program::start(scratch.path());

    let sent = Command::new("kill")
        .arg(program.child.id().to_string())
        .status()
        .unwrap();

    assert!(sent.success());
    assert!(program.child.wait().unwrap().success());
}

#[test]
fn what_was_acknowledged_before_a_hard_stop_is_there_after_it() {
    let scratch = tempfile::tempdir().unwrap();
    let program = Program::start(scratch.path());
    let mut counter = Counter::enrol(&program.url);
    let mut acknowledged = counter.push_note();
    let pid = program.child.id();
    let killer = std::thread::spawn(move || {
        // Stopped hard somewhere in the middle of the pushes below.
        let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
        assert!(killed.unwrap().success());
    });
    while let Some(confirmation) = counter.push_note() {
        acknowledged = Some(confirmation);
    }
    killer.join().unwrap();
    drop(program);

    let again = Program::start(scratch.path());

    counter.move_to(&again.url);
    let (held, _, _) = counter.client.confirmation().unwrap();
    let acknowledged = acknowledged.expect("the first push came before the stop");
    assert!(
        held.seq >= acknowledged,
        "{} of {acknowledged} acknowledged events are left",
        held.seq
    );
    assert!(
        held.seq <= counter.head.seq,
        "and none appears that nobody made"
    );
    assert_eq!(held.accepted + held.quarantined + held.deferred, held.seq);
}

#[test]
fn a_backup_is_made_and_verified_while_it_runs() {
    let scratch = tempfile::tempdir().unwrap();
    let program = Program::start(scratch.path());
    let to = scratch.path().join("backups");

    let (code, told, error) = run(
        scratch.path(),
        &["backup", "--to", to.to_str().unwrap()],
        "",
    );

    assert_eq!(code, Some(0), "{error}");
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["positions"]["0999"], 0);
    let folder = Path::new(told["folder"].as_str().unwrap()).to_owned();
    assert!(folder.join("central.db").exists() && folder.join("manifest.json").exists());
    assert_eq!(program.status_of("/readyz"), Some(200));
    std::fs::copy(scratch.path().join("key"), folder.join("key")).unwrap();
    let restored = Program::start(&folder);
    assert_eq!(
        restored.status_of("/readyz"),
        Some(200),
        "the copy opens with the same key"
    );
}

#[test]
fn the_operators_commands_say_what_they_did_and_what_was_wrong() {
    let scratch = tempfile::tempdir().unwrap();
    let at = scratch.path();

    let (code, told, _) = run(at, &["enrolment-code", "--tenant", "0999"], "");
    assert_eq!(code, Some(0));
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let printed = told["enrolment_code"].as_str().unwrap();
    let typed: EnrolmentCode = printed.to_lowercase().parse().unwrap();
    assert_eq!((typed.tenant(), typed.reveal().as_str()), ("0999", printed));

    let staff = [
        "add-staff",
        "--tenant",
        "0999",
        "--login",
        "karin",
        "--roles",
        "counter,lead",
    ];
    assert_eq!(run(at, &staff, "et langt kodeord\n").0, Some(0));
    let (code, _, error) = run(at, &staff, "kort\n");
    assert_eq!(code, Some(3));
    assert!(error.contains("at least 12"), "{error}");
    let (code, _, error) = run(
        at,
        &[
            "add-staff",
            "--tenant",
            "0999",
            "--login",
            "bo",
            "--roles",
            "chef",
        ],
        "et langt kodeord",
    );
    assert_eq!(code, Some(3));
    assert!(error.contains("roles are counter"), "{error}");
    let (code, _, error) = run(at, &["serve", "--listen", "here"], "");
    assert_eq!(code, Some(3));
    assert!(error.contains("listen must be an address"), "{error}");
}

#[cfg(unix)]
#[test]
fn on_postgresql_it_is_prepared_by_the_owner_serves_as_another_and_survives_a_hard_stop() {
    let scratch = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(&["fsync=on"]);
    make_roles(&cluster);
    let store = |role: &str| format!("postgres:{}", cluster.address(role, "skranke"));
    let runtime = store("skranke_runtime");

    let (code, _, said) = run_on(scratch.path(), &runtime, &["serve"], "");
    assert_eq!(code, Some(3));
    assert!(said.contains("key file does not exist"), "{said}");
    let (code, _, said) = run_on(
        scratch.path(),
        &store("skranke_owner"),
        &["prepare-database"],
        "",
    );
    assert_eq!(code, Some(0), "{said}");

    let mut program = Program::start_on(scratch.path(), &runtime);
    assert_eq!(program.status_of("/readyz"), Some(200));
    let mut counter = Counter::enrol(&program.url);
    let acknowledged: Vec<_> = (0..5).map(|_| counter.push_note()).collect();
    assert_eq!(acknowledged.last(), Some(&Some(5)));
    program.child.kill().unwrap();
    program.child.wait().unwrap();

    let again = Program::start_on(scratch.path(), &runtime);
    counter.move_to(&again.url);
    assert_eq!(
        counter.push_note(),
        Some(6),
        "the chain goes on where it was"
    );
}

#[test]
fn a_restored_backup_opens_an_epoch_and_takes_again_what_came_after_it() {
    let scratch = tempfile::tempdir().unwrap();
    let (old, new) = (scratch.path().join("old"), scratch.path().join("new"));
    std::fs::create_dir_all(&old).unwrap();
    std::fs::create_dir_all(&new).unwrap();
    let mut program = Program::start(&old);
    let mut counter = Counter::enrol(&program.url);
    (0..3).for_each(|_| {
        counter.push_note().unwrap();
    });
    let (code, told, error) = run(&old, &["backup", "--to", old.to_str().unwrap()], "");
    assert_eq!(code, Some(0), "{error}");
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let backup = told["folder"].as_str().unwrap().to_owned();
    let after_backup: Vec<_> = (0..3).map(|_| counter.push_and_keep()).collect();
    program.child.kill().unwrap();
    program.child.wait().unwrap();
    std::fs::copy(old.join("key"), new.join("key")).unwrap();

    let (code, looked, error) = run(&new, &["restore", "--from", &backup, "--verify"], "");
    assert_eq!(code, Some(0), "{error}");
    assert!(looked.contains("\"epoch\":null"), "{looked}");
    assert!(!new.join("central.db").exists(), "looking changes nothing");
    let (code, restored, error) = run(&new, &["restore", "--from", &backup], "");
    assert_eq!(code, Some(0), "{error}");
    assert!(restored.contains("\"epoch\":1"), "{restored}");
    assert!(!restored.contains("\"epoch\":1,"), "{restored}");
    let (code, _, error) = run(&new, &["restore", "--from", &backup], "");
    assert_eq!(code, Some(3));
    assert!(error.contains("exists already"), "{error}");

    let again = Program::start(&new);
    counter.move_to(&again.url);
    let status = counter.client.status().unwrap();
    assert!(status.epoch > 1);
    assert_eq!(status.device.seq, 3);
    let answered = counter.client.push(&after_backup).unwrap();
    assert_eq!(
        answered.confirmation.seq, 6,
        "nothing acknowledged is missing"
    );
    assert_eq!(counter.push_note(), Some(7));
}

#[test]
fn a_backup_that_is_not_whole_is_not_restored() {
    let scratch = tempfile::tempdir().unwrap();
    let program = Program::start(scratch.path());
    Counter::enrol(&program.url).push_note().unwrap();
    let to = scratch.path().join("backups");
    let (_, told, _) = run(
        scratch.path(),
        &["backup", "--to", to.to_str().unwrap()],
        "",
    );
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let folder = Path::new(told["folder"].as_str().unwrap());
    let verify = || {
        let from = ["restore", "--verify", "--from", folder.to_str().unwrap()];
        run(scratch.path(), &from, "")
    };
    assert_eq!(verify().0, Some(0));

    let database = folder.join("central.db");
    let mut bytes = std::fs::read(&database).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&database, &bytes).unwrap();
    let (code, _, error) = verify();
    assert_eq!(code, Some(3));
    assert!(error.contains("not the one its manifest names"), "{error}");

    std::fs::remove_file(folder.join("manifest.json")).unwrap();
    let (code, _, error) = verify();
    assert_eq!(code, Some(3));
    assert!(error.contains("manifest.json cannot be read"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_backup_of_postgresql_is_restored_into_a_fresh_one() {
    let scratch = tempfile::tempdir().unwrap();
    let (old, new) = (Cluster::start(&[]), Cluster::start(&[]));
    let owner =
        |cluster: &Cluster| format!("postgres:{}", cluster.address("skranke_owner", "skranke"));
    let runtime = prepared(scratch.path(), &old);
    let runtime_of_new = prepared(scratch.path(), &new);
    let program = Program::start_on(scratch.path(), &runtime);
    let mut counter = Counter::enrol(&program.url);
    (0..3).for_each(|_| {
        counter.push_note().unwrap();
    });

    let to = scratch.path().join("backups");
    let backup = ["backup", "--to", to.to_str().unwrap()];
    let (code, told, said) = run_on(scratch.path(), &owner(&old), &backup, "");
    assert_eq!(code, Some(0), "{said}");
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let after_backup = counter.push_and_keep();
    drop(program);
    drop(old);
    let restore = ["restore", "--from", told["folder"].as_str().unwrap()];
    let (code, restored, said) = run_on(scratch.path(), &owner(&new), &restore, "");
    assert_eq!(code, Some(0), "{said}");
    assert!(restored.contains("\"epoch\":1"), "{restored}");
    assert!(!restored.contains("\"epoch\":1,"), "{restored}");

    let again = Program::start_on(scratch.path(), &runtime_of_new);
    counter.move_to(&again.url);
    let answered = counter.client.push(&[after_backup]).unwrap();
    assert_eq!(answered.confirmation.seq, 4);
}
