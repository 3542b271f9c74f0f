//! A counter with a store: an enrolled device whose staff open cases and seal events, all of them fictional.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use skranke_domain::case::Case;
use skranke_domain::cpr::Cpr;
use skranke_domain::event::{CaseOpened, Channel, CitizenRecorded, Event, Residence};
use skranke_domain::ids::{CaseId, CaseNumber, CommandId, DeviceId, EventId, GrantId, StaffId};
use skranke_domain::role::Role;
use skranke_protocol::chain::Head;
use skranke_protocol::envelope::{SealedEvent, Unsealed};
use skranke_protocol::signature::SigningKey;
use skranke_store::{Action, Actor, Entry, Store, StoreError};
use skranke_testkit::invariants::{self, Desktop, World};
use uuid::Uuid;

use crate::scratch::{Scratch, now};

pub(crate) fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 + n)
}

pub(crate) fn case_id(n: u128) -> CaseId {
    CaseId::from_uuid(uuid(n))
}

pub(crate) fn actor() -> Actor {
    Actor {
        staff: StaffId::from_uuid(uuid(0x57AF)),
        roles: vec![Role::Counter],
        device: DeviceId::from_uuid(uuid(0xDE)),
    }
}

/// A number that can never be a person's: the day is raised by 60, or it fails modulus 11 and is not 1 January.
pub(crate) fn cpr(n: u32) -> Cpr {
    let digits = format!(
        "{:02}{:02}{:02}{:04}",
        61 + n % 28,
        1 + n / 28 % 12,
        50 + n / 336 % 45,
        n / 15120 % 1000
    );
    Cpr::parse(&digits).unwrap()
}

/// Seals events into a chain, like a device does.
pub(crate) struct Sealer {
    pub(crate) device: DeviceId,
    pub(crate) key: SigningKey,
    pub(crate) head: Head,
    pub(crate) now: DateTime<Utc>,
    ids: u128,
}

impl Sealer {
    pub(crate) fn new(device: DeviceId, key: SigningKey, head: Head) -> Self {
        let ids = device.as_uuid().as_u128() & 0xffff_ffff;
        Self {
            device,
            key,
            head,
            now: now(),
            ids: ids << 64 | u128::from(head.seq) << 16,
        }
    }

    fn next_uuid(&mut self) -> Uuid {
        self.ids += 1;
        uuid(self.ids)
    }

    pub(crate) fn seal(
        &mut self,
        case: CaseId,
        based_on: &[EventId],
        events: &[Event],
    ) -> Vec<SealedEvent> {
        let command_id = CommandId::from_uuid(self.next_uuid());
        let n = events.len() as u16;
        let mut based_on = based_on.to_vec();
        let mut sealed = Vec::new();
        for (event, k) in events.iter().zip(1..) {
            self.now += TimeDelta::seconds(1);
            let unsealed = Unsealed {
                id: EventId::from_uuid(self.next_uuid()),
                tenant: "0999".to_owned(),
                case_id: case,
                command_id,
                k,
                n,
                device_id: self.device,
                device_seq: self.head.seq + 1,
                prev_hash: self.head.hash,
                recorded_at: self.now,
                clock_offset_ms: 0,
                actor: actor().staff,
                grant_id: GrantId::from_uuid(uuid(0x62A7)),
                based_on,
            };
            let event = unsealed.seal(event, [9; 16], &self.key).unwrap();
            based_on = vec![event.header().id];
            self.head = Head::after(event.header(), event.hash());
            sealed.push(event);
        }
        sealed
    }
}

pub(crate) fn opened(number: CaseNumber) -> Event {
    Event::CaseOpened(CaseOpened {
        number,
        channel: Channel::InPerson,
        location: "raadhus".to_owned(),
        municipality: "0999".to_owned(),
        profile: "demo@1".to_owned(),
        form: "f1@2".to_owned(),
        received_on: "2026-03-13".parse().unwrap(),
    })
}

pub(crate) fn citizen(cpr: Cpr, name: &str, phone: &str) -> Event {
    Event::CitizenRecorded(CitizenRecorded {
        cpr,
        name: name.to_owned(),
        address: "Åvej 2, 9990 Solbjerg".to_owned(),
        address_protected: false,
        residence: Residence::Fixed,
        phone: phone.to_owned(),
        municipality: String::new(),
    })
}

pub(crate) fn note(text: &str) -> Event {
    Event::NoteAdded {
        text: text.to_owned(),
    }
}

pub(crate) struct Desk {
    pub(crate) scratch: Scratch,
    pub(crate) store: Store,
    pub(crate) sealer: Sealer,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let scratch = Scratch::new();
        let mut store = scratch.open();
        enrol(&mut store);
        let sealer = sealer_of(&store);
        Self {
            scratch,
            store,
            sealer,
        }
    }

    pub(crate) fn write(&mut self, action: Action) -> skranke_store::WriteHandle<'_> {
        self.store
            .write(&actor(), Entry::new(action, now()))
            .unwrap()
    }

    /// Saves events of a case in one command, each based on all before.
    pub(crate) fn save(&mut self, case: CaseId, events: &[Event]) -> Case {
        let heads = self
            .store
            .read()
            .unwrap()
            .case(case)
            .unwrap()
            .map_or(vec![], |case| case.heads);
        let sealed = self.sealer.seal(case, &heads, events);
        save(&mut self.store, &sealed).unwrap()
    }

    pub(crate) fn open_case(&mut self, n: u128, name: &str, phone: &str) -> CaseId {
        let case = case_id(n);
        let mut write = self.write(Action::CommandSaved);
        let number = write.next_case_number(2026).unwrap();
        write.commit().unwrap();
        self.save(case, &[opened(number), citizen(cpr(n as u32), name, phone)]);
        case
    }

    pub(crate) fn reopen(self) -> Self {
        let Self { scratch, store, .. } = self;
        drop(store);
        let store = scratch.open();
        let sealer = sealer_of(&store);
        Self {
            scratch,
            store,
            sealer,
        }
    }
}

pub(crate) fn enrol(store: &mut Store) {
    let mut write = store
        .write(&actor(), Entry::new(Action::DeviceEnrolled, now()))
        .unwrap();
    write.enrol_device(actor().device, "S3").unwrap();
    write.commit().unwrap();
}

pub(crate) fn sealer_of(store: &Store) -> Sealer {
    let own = store.read().unwrap().own_device().unwrap().unwrap();
    Sealer::new(own.device, own.signing_key(), own.head)
}

pub(crate) fn save(store: &mut Store, sealed: &[SealedEvent]) -> Result<Case, StoreError> {
    let case = sealed[0].header().case_id;
    let mut write = store.write(
        &actor(),
        Entry::new(Action::CommandSaved, now()).on_case(case),
    )?;
    let case = write.append_command(sealed)?;
    write.commit()?;
    Ok(case)
}

/// Hashes of the own events: of what this store said that it is saved.
pub(crate) fn told(store: &Store) -> Vec<invariants::Hash> {
    let own = store.read().unwrap().own_events(0, u32::MAX).unwrap();
    own.iter().map(|event| *event.hash()).collect()
}

/// A computer after a fault: what it holds, what it said before, and the folder it left.
pub(crate) fn after_fault(store: &Store, folder: &Path, told: Vec<invariants::Hash>) -> World {
    World {
        desktops: vec![Desktop {
            name: "the counter".to_owned(),
            events: store.read().unwrap().own_events(0, u32::MAX).unwrap(),
            saved: told,
            ..Desktop::default()
        }],
        is_quiet: true,
        left: vec![folder.to_owned()],
        ..World::default()
    }
}
