//! A central store that lies, or is not one: what it says is not kept, and a person is told.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use skranke_app::api::case::CaseListRequest;
use skranke_protocol::confirmation::{Confirmation, Signed, Statement, TenantHead};
use skranke_protocol::problem::{Problem, ProblemCode};
use skranke_protocol::signature::SigningKey;
use skranke_server::store::CentralStore;
use skranke_server::store::key_file::KeyFile;
use skranke_server::store::sqlite::SqliteStore;
use skranke_store::key::envelope::{Envelope, Opener};
use skranke_store::{AuditFilter, Options, Store};
use skranke_testkit::invariants;

use super::{Town, granted, profiles, sign_in_as};
use crate::faults::{Told, world};

/// What stands between the counter and the central store says instead of the truth.
#[derive(Clone, Copy, PartialEq)]
enum Lie {
    None,
    /// The sign-in page of a guest network.
    GuestNetwork,
    /// It speaks these versions of the protocol alone.
    Speaks(&'static str),
    /// The confirmation names other content than was sent.
    OtherContent,
    /// The feed has become shorter.
    Shorter,
    /// The feed is another one, and longer than the one before.
    Rewritten,
    /// The proofs that were given are left out.
    Unproved,
    /// No lie: a server of an earlier time does not say what the newest version of the set-up is recognised by.
    WithoutDigest,
}

struct Liar {
    address: SocketAddr,
    lie: Arc<Mutex<Lie>>,
}

impl Liar {
    /// Takes the counters' requests for the central store at `real`, whose key it has.
    fn before(real: SocketAddr, key: SigningKey) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let lie = Arc::new(Mutex::new(Lie::None));
        let says = Arc::clone(&lie);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let lie = *says.lock().unwrap();
                // A counter that hung up is nothing to the next one.
                let _ = answer(stream, real, &key, lie);
            }
        });
        Self { address, lie }
    }

    fn says(&self, lie: Lie) {
        *self.lie.lock().unwrap() = lie;
    }
}

/// Answers every question with the sign-in page of a guest network.
pub(super) fn a_guest_network() -> SocketAddr {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let liar = Liar::before(nowhere, SigningKey::from_seed(&[7; 32]));
    liar.says(Lie::GuestNetwork);
    liar.address
}

fn answer(
    mut counter: TcpStream,
    real: SocketAddr,
    key: &SigningKey,
    lie: Lie,
) -> std::io::Result<()> {
    let (head, body) = message(&mut counter)?;
    if lie == Lie::GuestNetwork {
        let page = "<html><body>Velkommen til gæstenettet</body></html>";
        return write!(
            counter,
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
            page.len()
        );
    }
    if let Lie::Speaks(versions) = lie {
        let problem = Problem::new(
            ProblemCode::VersionNotSpoken,
            chrono::DateTime::UNIX_EPOCH,
            "A1B2C3".to_owned(),
        );
        let said = serde_json::to_string(&problem)?;
        return write!(
            counter,
            "HTTP/1.1 426 Upgrade Required\r\ncontent-type: application/problem+json\r\nskranke-protocol: {versions}\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{said}",
            said.len()
        );
    }
    let mut central = TcpStream::connect(real)?;
    for line in head.lines() {
        let name = line.split(':').next().unwrap_or_default().to_lowercase();
        if !["accept-encoding", "connection"].contains(&name.as_str()) {
            write!(central, "{line}\r\n")?;
        }
    }
    central.write_all(b"connection: close\r\n\r\n")?;
    central.write_all(&body)?;
    let (head, body) = message(&mut central)?;
    let body = changed(&body, key, lie);
    for line in head.lines() {
        let name = line.split(':').next().unwrap_or_default().to_lowercase();
        if !["content-length", "connection", "transfer-encoding"].contains(&name.as_str()) {
            write!(counter, "{line}\r\n")?;
        }
    }
    write!(
        counter,
        "content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )?;
    counter.write_all(&body)
}

/// Head and body of one message.
fn message(stream: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).trim_end().to_owned();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((head, body))
}

fn changed(body: &[u8], key: &SigningKey, lie: Lie) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return body.to_vec();
    };
    match lie {
        Lie::None | Lie::GuestNetwork | Lie::Speaks(_) => return body.to_vec(),
        Lie::OtherContent => resign(
            &mut value,
            "confirmation",
            key,
            |said: &mut Confirmation| {
                said.head_hash = Some([0xee; 32]);
            },
        ),
        Lie::Shorter => resign(&mut value, "head", key, |said: &mut TenantHead| {
            said.position = 1;
        }),
        Lie::Rewritten => resign(&mut value, "head", key, |said: &mut TenantHead| {
            said.root = [0xee; 32];
        }),
        Lie::Unproved => leave_out(&mut value, "skipped"),
        Lie::WithoutDigest => leave_out(&mut value, "profile_digest"),
    }
    serde_json::to_vec(&value).unwrap()
}

fn leave_out(value: &mut Value, name: &str) {
    if let Some(fields) = value.as_object_mut() {
        fields.remove(name);
    }
}

fn resign<T: Statement>(value: &mut Value, name: &str, key: &SigningKey, lie: impl FnOnce(&mut T)) {
    let Some(signed) = value.get_mut(name) else {
        return;
    };
    let Ok(honest) = serde_json::from_value::<Signed<T>>(signed.clone()) else {
        return;
    };
    let mut said = honest.verify(&key.public()).unwrap();
    lie(&mut said);
    *signed = serde_json::to_value(Signed::new(&said, key).unwrap()).unwrap();
}

/// A counter that reaches its central store through the liar.
struct Story {
    town: Town,
    liar: Liar,
    app: skranke_app::App,
}

impl Story {
    fn begin() -> Self {
        let mut town = Town::new();
        let path = |name: &str| town.folder.path().join(name);
        let file = KeyFile::read_or_create(&path("central.key"), true).unwrap();
        let keys = SqliteStore::open(&path("central.db"), &file)
            .unwrap()
            .server_keys()
            .unwrap();
        let liar = Liar::before(town.address, SigningKey::from_seed(&keys.signing_seed));
        town.address = liar.address;
        let app = town.counter("skranke-1");
        granted(&app, "0201703984", "Aase Lindholm");
        let status = app.sync_now(()).unwrap();
        assert_eq!((status.problem.as_str(), status.confirmed), ("", 1));
        Self { town, liar, app }
    }

    /// Subjects of the alarms in the audit log.
    fn alarms(&self) -> Vec<String> {
        let folder = self.town.folder.path().join("skranke-1");
        let secret = self.town.folder.path().join("skranke-1.key");
        let envelope = Envelope::load(&folder).unwrap();
        let key = envelope.open(&Opener::KeyFile(&secret)).ok().unwrap();
        let now = skranke_app::Clock::System.now();
        let store = Store::open(&folder, &key, Options::default(), now).unwrap();
        let rows = store
            .read()
            .unwrap()
            .audit(AuditFilter::All, None, 1_000)
            .unwrap();
        rows.into_iter()
            .filter_map(|row| row.subject)
            .filter(|subject| subject.starts_with("alarm."))
            .collect()
    }

    /// What must hold once this counter and these others have heard the truth.
    fn all_holds(&self, others: &[&str], story: &str) {
        let all = world(&self.town, &Told::default(), others, true);
        invariants::hold(&all, story);
    }

    /// Work is done while the lie is told; it is not taken as confirmed, and a person is told once.
    fn caught(self, lie: Lie, alarm: &str) {
        self.liar.says(lie);
        granted(&self.app, "2304483984", "Bodil Aagaard");
        let told = self.app.sync_now(()).unwrap();
        self.app.sync_now(()).unwrap();

        assert_eq!(told.problem, "sync_alarm");
        assert!(!told.reference.is_empty(), "support asks for the reference");
        assert_eq!(
            (told.cases, told.confirmed),
            (2, 1),
            "what the liar said is not kept"
        );
        assert_eq!(self.alarms(), [format!("alarm.{alarm}")], "one row each");

        // The truth is taken in again, and the alarm stays until somebody has looked.
        self.liar.says(Lie::None);
        let after = self.app.sync_now(()).unwrap();
        assert_eq!(after.confirmed, 2);
        assert_eq!(after.problem, "sync_alarm");
        self.all_holds(&[], alarm);
    }
}

#[test]
fn a_confirmation_of_something_else_is_an_alarm_and_not_kept() {
    Story::begin().caught(Lie::OtherContent, "confirmation_of_other_content");
}

#[test]
fn a_feed_that_became_shorter_is_an_alarm_and_not_kept() {
    Story::begin().caught(Lie::Shorter, "feed_became_shorter");
}

#[test]
fn a_longer_feed_that_is_not_the_one_that_was_read_is_an_alarm_and_nothing_of_it_is_kept() {
    let story = Story::begin();
    story.app.sync_now(()).unwrap();
    let other = story.town.counter("skranke-2");
    granted(&other, "2304483984", "Bodil Aagaard");
    assert_eq!(other.sync_now(()).unwrap().problem, "");
    let all = || CaseListRequest {
        query: String::new(),
        filter: "all".to_owned(),
        after: None,
        purpose: Some("quality".to_owned()),
    };
    let cases = || story.app.case_list(all()).unwrap().rows.len();
    assert_eq!(cases(), 1);
    story.liar.says(Lie::Rewritten);

    let told = story.app.sync_now(()).unwrap();

    assert_eq!(told.problem, "sync_alarm");
    assert_eq!(cases(), 1, "what does not extend what was read is not kept");
    assert_eq!(story.alarms(), ["alarm.feed_rewritten"]);
    story.liar.says(Lie::None);
    story.app.sync_now(()).unwrap();
    assert_eq!(cases(), 2, "the truth is read on from where it was");
    story.all_holds(&["skranke-2"], "after a feed that was rewritten");
}

#[test]
fn a_head_that_was_signed_while_pushing_must_come_out_when_the_feed_is_read() {
    let story = Story::begin();
    story.liar.says(Lie::Rewritten);
    granted(&story.app, "2304483984", "Bodil Aagaard");
    story.app.sync_now(()).unwrap();
    story.liar.says(Lie::None);

    let told = story.app.sync_now(()).unwrap();

    assert_eq!(told.problem, "sync_alarm");
    assert_eq!(
        story.alarms(),
        ["alarm.feed_rewritten"],
        "two words of one server that cannot both be true"
    );
}

#[test]
fn a_central_store_that_no_longer_proves_its_feed_is_told_of_and_work_goes_on() {
    let story = Story::begin();
    story.app.sync_now(()).unwrap();
    story.liar.says(Lie::Unproved);
    granted(&story.app, "2304483984", "Bodil Aagaard");
    story.app.sync_now(()).unwrap();

    let told = story.app.sync_now(()).unwrap();

    assert_eq!(story.alarms(), ["alarm.feed_not_proved"]);
    assert_eq!((told.cases, told.confirmed), (2, 2));
}

#[test]
fn the_page_of_a_guest_network_is_told_in_words_and_nothing_is_lost() {
    let story = Story::begin();
    story.liar.says(Lie::GuestNetwork);
    granted(&story.app, "2304483984", "Bodil Aagaard");

    let told = story.app.sync_now(()).unwrap();

    assert_eq!(told.problem, "server_answer_unreadable");
    assert!(!told.online && told.waiting > 0);
    assert!(story.alarms().is_empty(), "a guest network is no alarm");

    story.liar.says(Lie::None);
    let back = story.app.sync_now(()).unwrap();
    assert_eq!((back.problem.as_str(), back.confirmed), ("", 2));
    story.all_holds(&[], "after a guest network");
}

#[test]
fn which_of_the_two_programs_is_too_old_is_told_and_nothing_is_lost() {
    let story = Story::begin();
    granted(&story.app, "2304483984", "Bodil Aagaard");
    for (versions, code, who) in [
        ("2-3", "program_too_old", "opdatere Skranke"),
        ("0", "server_too_old", "opdatere serveren"),
    ] {
        story.liar.says(Lie::Speaks(versions));

        let told = story.app.sync_now(()).unwrap();

        assert_eq!((told.problem.as_str(), told.confirmed), (code, 1));
        let forms = skranke_forms::Forms::embedded().unwrap();
        let text = forms.texts().say(&format!("error.{code}"), &[]);
        assert!(text.contains(who) && text.contains("gemt"), "{text}");
    }
    story.liar.says(Lie::None);
    assert_eq!(story.app.sync_now(()).unwrap().confirmed, 2);
    story.all_holds(&[], "after versions that are not spoken");
}

#[test]
fn of_a_server_that_gives_no_digest_of_its_newest_version_the_numbers_are_compared() {
    let story = Story::begin();
    story.liar.says(Lie::WithoutDigest);
    let other = story.town.counter("skranke-2");
    sign_in_as(&other, "anders");

    for (edition, number) in [(1, "70 11 22 33"), (2, "70 44 55 66")] {
        let saved = profiles::edited(&other, |edit| number.clone_into(&mut edit.contact_phone));
        other.profile_save(saved).unwrap();
        let status = story.app.sync_now(()).unwrap();

        let version = format!("demo@1.{edition}");
        assert_eq!((status.problem.as_str(), status.profile), ("", version));
    }
}
