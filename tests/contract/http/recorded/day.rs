//! What desktops do on the day that is recorded. None of its people exists.

use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use skranke_domain::cpr::Cpr;
use skranke_domain::event::{AttachmentAdded, AttachmentPurpose, Event};
use skranke_domain::ids::Sha256Digest;
use skranke_forms::Forms;
use skranke_protocol::device_log::BEFORE_ALL;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{
    Cursor, HandOverRequest, HeldDecision, HeldVerdict, HoldingsRequest, LogBatch, LogReadRequest,
    ProfileSaveRequest, PushBatch, RevokeDeviceRequest, ScopeRequest,
};
use skranke_sync::{Cancel, Client, Pushed, Session};

use crate::http::town::{SECRET, session};
use crate::office::{Laptop, last, noon};
use crate::suite::device_log::log;

/// The code that the laptop of the day is enrolled with.
pub(super) const CODE: &str = "et-engangskort-til-dagen";
/// The computers of the day, by their seeds: at the counter, beside it, on the road, and what a copy becomes.
const DESK: u8 = 1;
const BESIDE: u8 = 2;
pub(super) const OUTREACH: u8 = 3;
const SUCCESSOR: u8 = 4;
/// The key that asks for a laptop's share.
pub(super) const ASKING: u8 = 7;
const CITIZEN: &str = "2512169996";
const SCAN: &[u8] = b"%PDF-1.7 anmodning";
/// Together they may call every endpoint.
const ROLES: [&str; 4] = ["counter", "exemption_unit", "lead", "administrator"];

/// The world the day goes by in.
pub(super) struct Story<'s> {
    /// A computer's line to the central store, its requests proved by this key.
    pub(super) client: &'s dyn Fn(&Laptop, &SigningKey) -> Client,
    /// A computer was enrolled just now.
    pub(super) enrolled: &'s dyn Fn(&Laptop),
    /// What is sent for what was made.
    pub(super) sent: &'s mut dyn FnMut(Vec<SealedEvent>) -> Vec<SealedEvent>,
}

impl Story<'_> {
    fn enrols(&self, seed: u8, code: &str) -> (Client, Laptop) {
        let laptop = Laptop::new(seed);
        let mut client = (self.client)(&laptop, &laptop.key);
        client.enrol(code, &format!("Skranke {seed}")).unwrap();
        (client, laptop)
    }

    /// Pushes what was made; the codes of the verdicts.
    fn pushed(&mut self, client: &Client, made: &[SealedEvent]) -> Vec<String> {
        let events = (self.sent)(made.to_vec());
        let Pushed { verdicts, .. } = client.push(&events).unwrap();
        let outcomes = verdicts.iter().map(|said| said.verdict.outcome());
        outcomes.map(|outcome| outcome.code().to_owned()).collect()
    }
}

/// The events of a batch as it was sent.
pub(super) fn events_of(batch: PushBatch) -> Vec<SealedEvent> {
    let events = batch
        .commands
        .into_iter()
        .flat_map(|command| command.events);
    events.map(|event| event.try_into().unwrap()).collect()
}

pub(super) fn goes_by(mut story: Story<'_>) {
    let (client, mut desk) = story.enrols(DESK, SECRET);
    (story.enrolled)(&desk);
    assert_eq!(client.status().unwrap().device.seq, 0);
    let person = client.sign_in(&session(&desk, &ROLES)).unwrap();
    edits_the_profile(&client, &person);

    let (case, opening) = desk.open_case(CITIZEN);
    let digest = Sha256Digest::from_bytes(Sha256::digest(SCAN).into());
    let scanned = Event::AttachmentAdded(AttachmentAdded {
        digest,
        purpose: AttachmentPurpose::Other,
        media_type: "application/pdf".to_owned(),
        size_bytes: SCAN.len() as u64,
        file_name: "anmodning.pdf".to_owned(),
    });
    let scanned = desk.command(case, &last(&opening), &[scanned]);
    assert_eq!(story.pushed(&client, &opening), ["accepted"]);
    assert_eq!(story.pushed(&client, &scanned), ["accepted"]);
    assert_eq!(
        story.pushed(&client, &scanned),
        ["accepted"],
        "as the first time"
    );
    let page = client.pull(Cursor::START, 100, 0).unwrap();
    assert_eq!((page.sent.items.len(), page.sent.more), (3, false));
    assert_eq!(client.confirmation().unwrap().0.seq, 3);
    assert!(client.tree().unwrap().is_some());
    for _ in 0..2 {
        let cancel = Cancel::default();
        client.upload(&digest, SCAN, &cancel, |_| {}).unwrap();
    }
    let read = client.download(&person, (case, &digest), "case_work");
    assert_eq!(read.unwrap(), SCAN);
    let citizen = Cpr::parse(CITIZEN).unwrap();
    let found = client.lookup(&person, &citizen, "counter_entry").unwrap();
    assert_eq!(found.cases.len(), 1);

    hands_its_log_over(&client, &person, &desk);
    is_copied(&mut story, &client, &person);
    goes_out(&mut story, &client, &person, case);

    client.renew(&person).unwrap();
    client.end(&person).unwrap();
}

fn edits_the_profile(client: &Client, person: &Session) {
    assert_eq!(client.profiles(0).unwrap(), []);
    let mut profile = Forms::embedded().unwrap().profile("demo").unwrap().clone();
    profile.edition = 1;
    "70 11 22 33".clone_into(&mut profile.contact_phone);
    let edited = ProfileSaveRequest {
        based_on: 0,
        text: profile.to_toml().unwrap(),
        initials: "AK".to_owned(),
        reason: "Nyt telefonnummer".to_owned(),
    };
    // What comes back is what was sent, which on the recorded day was the profile of then.
    let saved = client.save_profile(person, &edited);
    let newest = client.profiles(0).unwrap().pop().unwrap();
    assert_eq!((newest.edition, newest.initials.as_str()), (1, "AK"));
    assert!(saved.is_ok() || newest.text != edited.text, "{saved:?}");
}

fn hands_its_log_over(client: &Client, person: &Session, desk: &Laptop) {
    let rows = log(desk, 2);
    let previous = BEFORE_ALL;
    let through = client.hand_over_log(&LogBatch { previous, rows }).unwrap();
    assert_eq!(through, Some(2));
    let wanted = LogReadRequest {
        purpose: "supervision".to_owned(),
        device_id: None,
        from: noon() - TimeDelta::days(1),
        until: noon() + TimeDelta::days(1),
        before: None,
    };
    assert_eq!(client.read_logs(person, &wanted).unwrap().rows.len(), 2);
}

/// A computer in two copies: what the second did is held, let in and sent back, and it takes a name of its own.
fn is_copied(story: &mut Story<'_>, desk: &Client, person: &Session) {
    let (client, mut laptop) = story.enrols(BESIDE, SECRET);
    (story.enrolled)(&laptop);
    let (case, opening) = laptop.open_case(CITIZEN);
    let mut copy = laptop.clone();
    let on_one = laptop.note(case, &last(&opening), "her");
    let on_copy = copy.note(case, &last(&opening), "på kopien");
    let and_on = copy.note(case, &last(&on_copy), "og videre");
    assert_eq!(story.pushed(&client, &opening), ["accepted"]);
    assert_eq!(story.pushed(&client, &on_one), ["accepted"]);
    let held = story.pushed(&client, &[on_copy, and_on].concat());
    assert_eq!(held, ["quarantined", "quarantined"]);
    for verdict in [HeldVerdict::Release, HeldVerdict::Return] {
        let waiting = desk.held(person).unwrap().work;
        let decision = HeldDecision {
            command_id: waiting[0].command_id,
            verdict,
            reason: "Kopi af samme computer".to_owned(),
        };
        desk.decide_held(person, &decision).unwrap();
    }
    assert_eq!(client.returned().unwrap().work.len(), 1);
    let next = Laptop::new(SUCCESSOR);
    let became = client.rekey(next.id, next.key.public()).unwrap();
    assert_eq!(became.device_id, next.id);
}

/// A laptop is given a case, brings it back, and is lost.
fn goes_out(
    story: &mut Story<'_>,
    desk: &Client,
    person: &Session,
    case_id: skranke_domain::ids::CaseId,
) {
    let (client, laptop) = story.enrols(OUTREACH, CODE);
    let asking = SigningKey::from_seed(&[ASKING; 32]);
    let begun = client.begin_lease(asking.public()).unwrap();
    let closed = (story.client)(&laptop, &asking);
    assert_eq!(
        closed.renew_lease(&begun.ticket).unwrap().share,
        begun.share
    );
    let mut cursor = Cursor::START;
    for enters in [true, false] {
        assert_eq!(desk.scope(person, case_id).unwrap().devices.len(), 1);
        let asked = ScopeRequest {
            device_id: laptop.id,
            case_id,
            enters,
        };
        desk.decide_scope(person, &asked).unwrap();
        let page = client.pull(cursor, 100, 0).unwrap();
        assert_eq!(page.sent.items.len(), 1, "it enters, and leaves");
        cursor = page.sent.cursor;
    }
    let asked = HoldingsRequest {
        device_id: laptop.id,
        purpose: "lost_device".to_owned(),
        after: None,
    };
    assert_eq!(desk.holdings(person, &asked).unwrap().cases.len(), 1);
    let lost = RevokeDeviceRequest {
        device_id: laptop.id,
        reason: "Glemt i toget".to_owned(),
        wipe: true,
    };
    desk.revoke_device(person, &lost).unwrap();
    assert_eq!(desk.devices(person).unwrap().devices.len(), 4);
    assert!(client.is_wipe_ordered().unwrap());
    client
        .hand_over(&HandOverRequest::Draft("{}".to_owned()))
        .unwrap();
}
