//! Devices, and cases of six events whose bytes are 2 KB on the average.

use std::fmt::Write as _;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use skranke_domain::event::{CaseOpened, Channel, CitizenRecorded, Event, Residence};
use skranke_domain::ids::{CaseId, CaseNumber, CommandId, DeviceId, EventId, GrantId, StaffId};
use skranke_protocol::chain::Head;
use skranke_protocol::envelope::{SealedEvent, Unsealed};
use skranke_protocol::signature::SigningKey;
use uuid::Uuid;

use crate::fixture::{cpr, name, spread};

/// Events of a case.
pub(crate) const CASE_EVENTS: u32 = 6;
/// Bytes of a note's text, chosen so that header, payload, salt and signature are 2,000 on the average of a case.
const NOTE_BYTES: usize = 1_830;

const WORDS: [&str; 32] = [
    "borgeren",
    "oplyser",
    "ved",
    "skranken",
    "at",
    "telefonen",
    "er",
    "gået",
    "i",
    "stykker",
    "og",
    "der",
    "ikke",
    "kan",
    "læses",
    "post",
    "på",
    "skærmen",
    "datteren",
    "hjælper",
    "om",
    "søndagen",
    "vi",
    "aftaler",
    "en",
    "ny",
    "tid",
    "med",
    "kursus",
    "biblioteket",
    "fuldmagt",
    "medbringes",
];

/// A device with its key, its chain and the person who works on it.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) tenant: String,
    pub(crate) device: DeviceId,
    pub(crate) key: SigningKey,
    pub(crate) head: Head,
    pub(crate) staff: StaffId,
    pub(crate) grant: GrantId,
    pub(crate) now: DateTime<Utc>,
}

impl Desk {
    /// The nth device of a municipality.
    pub(crate) fn new(tenant: &str, nth: u32) -> Self {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&nth.to_le_bytes());
        seed[4] = 1;
        let id = |kind: u128| {
            Uuid::from_u128(
                0x0192_0000_0000_7000_8000_0000_0000_0000 + (kind << 32) + u128::from(nth),
            )
        };
        Self {
            tenant: tenant.to_owned(),
            device: DeviceId::from_uuid(id(1)),
            key: SigningKey::from_seed(&seed),
            head: Head::START,
            staff: StaffId::from_uuid(id(2)),
            grant: GrantId::from_uuid(id(3)),
            now: DateTime::<Utc>::from(std::time::SystemTime::now()) - TimeDelta::hours(2),
        }
    }

    /// A case as it comes about: opened with its citizen, then four notes, each a command of its own.
    pub(crate) fn case(&mut self, n: u32) -> Result<Vec<Vec<SealedEvent>>> {
        self.case_with(n, NOTE_BYTES)
    }

    /// The same with notes of so many bytes.
    pub(crate) fn case_with(&mut self, n: u32, note_bytes: usize) -> Result<Vec<Vec<SealedEvent>>> {
        let case = CaseId::from_uuid(Uuid::now_v7());
        let opened = Event::CaseOpened(CaseOpened {
            number: CaseNumber::new(2026, "S1", n + 1)?,
            channel: Channel::InPerson,
            location: "town_hall".to_owned(),
            municipality: self.tenant.clone(),
            profile: "demo@1".to_owned(),
            form: "exemption@2".to_owned(),
            received_on: self.now.date_naive(),
        });
        let citizen = Event::CitizenRecorded(CitizenRecorded {
            cpr: cpr(n)?,
            name: name(n),
            address: "Åvej 2, 9990 Solbjerg".to_owned(),
            address_protected: false,
            residence: Residence::Fixed,
            phone: format!("{:08}", 20_000_000 + spread(n, 8) % 70_000_000),
            municipality: String::new(),
        });
        let mut based_on = Vec::new();
        let mut commands = vec![self.command(case, &mut based_on, &[opened, citizen])?];
        for nth in 2..CASE_EVENTS {
            let note = Event::NoteAdded {
                text: prose(n, nth, note_bytes),
            };
            commands.push(self.command(case, &mut based_on, &[note])?);
        }
        Ok(commands)
    }

    /// Commands of 2 KB: of one event, but that every fifth begins a case with two.
    pub(crate) fn notes(&mut self, commands: u32) -> Result<Vec<Vec<SealedEvent>>> {
        let mut all = Vec::new();
        while all.len() < commands as usize {
            all.extend(self.case(u32::try_from(all.len())?)?);
        }
        Ok(all)
    }

    /// Goes back to just behind an event: what was sealed after it was not sent.
    pub(crate) fn rewind(&mut self, to: &SealedEvent) {
        self.head = Head::after(to.header(), to.hash());
    }

    /// Seals the next command of a case.
    pub(crate) fn command(
        &mut self,
        case: CaseId,
        based_on: &mut Vec<EventId>,
        events: &[Event],
    ) -> Result<Vec<SealedEvent>> {
        let command_id = CommandId::from_uuid(Uuid::now_v7());
        let n = u16::try_from(events.len())?;
        let mut sealed = Vec::with_capacity(events.len());
        for (k, event) in (1..).zip(events) {
            self.now += TimeDelta::milliseconds(1);
            let id = Uuid::now_v7();
            let unsealed = Unsealed {
                id: EventId::from_uuid(id),
                tenant: self.tenant.clone(),
                case_id: case,
                command_id,
                k,
                n,
                device_id: self.device,
                device_seq: self.head.seq + 1,
                prev_hash: self.head.hash,
                recorded_at: self.now,
                clock_offset_ms: 0,
                actor: self.staff,
                grant_id: self.grant,
                based_on: std::mem::take(based_on),
            };
            let event = unsealed.seal(event, *id.as_bytes(), &self.key)?;
            based_on.push(event.header().id);
            self.head = Head::after(event.header(), event.hash());
            sealed.push(event);
        }
        Ok(sealed)
    }
}

/// Text of so many bytes that packs about as well as what people write.
fn prose(n: u32, nth: u32, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 32);
    let mut word = 0;
    while text.len() < bytes {
        let random = spread(n, u64::from(nth) << 32 | word);
        word += 1;
        let _ = if random.is_multiple_of(9) {
            write!(text, "{} ", random % 10_000)
        } else {
            write!(text, "{} ", WORDS[random as usize / 9 % WORDS.len()])
        };
    }
    let end = (0..=bytes).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or_default());
    text
}

/// Bytes of an event that every end must keep: header, payload, salt, signature.
pub(crate) fn bytes_of(event: &SealedEvent) -> usize {
    event.size_bytes()
        + event.salt().map_or(0, |salt| salt.len())
        + event.signature().as_bytes().len()
}
