//! Test-only: a fictional device that seals events.

use chrono::{DateTime, TimeDelta, Utc};
use skranke_domain::ids::{CaseId, CommandId, DeviceId, EventId, GrantId, StaffId};
use uuid::Uuid;

use crate::chain::Head;
use crate::envelope::{SealedEvent, Unsealed};
use crate::instant;
use crate::signature::SigningKey;

/// A made-up UUIDv7.
pub(crate) fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + n)
}

/// A fixed instant.
pub(crate) fn noon() -> DateTime<Utc> {
    instant::from_text("2026-11-21T12:00:00.000Z").unwrap()
}

/// A device with its chain.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) id: DeviceId,
    pub(crate) key: SigningKey,
    pub(crate) head: Head,
    next_id: u128,
}

impl Device {
    pub(crate) fn new(n: u8) -> Self {
        Self {
            id: DeviceId::from_uuid(uuid(u128::from(n))),
            key: SigningKey::from_seed(&[n; 32]),
            head: Head::START,
            next_id: u128::from(n) << 64,
        }
    }

    /// A command of one note.
    pub(crate) fn note(&mut self, text: &str) -> SealedEvent {
        self.notes(&[text]).remove(0)
    }

    /// A command of several notes.
    pub(crate) fn notes(&mut self, texts: &[&str]) -> Vec<SealedEvent> {
        self.next_id += 1;
        let command_id = CommandId::from_uuid(uuid(self.next_id));
        let n = texts.len() as u16;
        texts
            .iter()
            .zip(1..)
            .map(|(text, k)| self.seal(command_id, k, n, text))
            .collect()
    }

    fn seal(&mut self, command_id: CommandId, k: u16, n: u16, text: &str) -> SealedEvent {
        self.next_id += 1;
        let event = Unsealed {
            id: EventId::from_uuid(uuid(self.next_id)),
            tenant: "0999".to_owned(),
            case_id: CaseId::from_uuid(uuid(0xCA5E)),
            command_id,
            k,
            n,
            device_id: self.id,
            device_seq: self.head.seq + 1,
            prev_hash: self.head.hash,
            recorded_at: noon() + TimeDelta::seconds(self.head.seq as i64),
            clock_offset_ms: 0,
            actor: StaffId::from_uuid(uuid(0x57AF)),
            grant_id: GrantId::from_uuid(uuid(0x62A7)),
            based_on: vec![],
        };
        let payload = crate::canonical::to_bytes(&serde_json::json!({ "text": text })).unwrap();
        let sealed = event
            .seal_bytes("note_added", 1, payload, [5; 16], &self.key)
            .unwrap();
        self.head = Head::after(sealed.header(), sealed.hash());
        sealed
    }
}
