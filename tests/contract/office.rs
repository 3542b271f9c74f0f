//! A fictional municipality with laptops that seal events, over any backend.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use skranke_domain::cpr::Cpr;
use skranke_domain::event::{CaseOpened, Channel, CitizenRecorded, Event, Residence};
use skranke_domain::ids::{CaseId, CommandId, DeviceId, EventId, GrantId, StaffId};
use skranke_domain::role::Role;
use skranke_protocol::chain::Head;
use skranke_protocol::envelope::{SealedEvent, Unsealed};
use skranke_protocol::grant::Grant;
use skranke_protocol::instant;
use skranke_protocol::signature::{PublicKey, SigningKey};
use skranke_protocol::wire::{Outcome, PushBatch, Scope, Verdict};
use skranke_server::admission::{self, Admitted, Circumstances, Offered};
use skranke_server::store::{
    CentralStore, CentralTransaction, Device, ServerKeys, StoreError, Stored, StoredFeedItem,
};
use skranke_testkit::invariants::{Desktop, World};
use skranke_testkit::patience::PATIENCE;
use uuid::Uuid;

use crate::in_words::central_in_words;

pub(crate) const TENANT: &str = "0999";

/// A kind of database under test.
pub(crate) trait Backend {
    type Store: CentralStore + 'static;
    /// What must go on running beside the store.
    type Beside: Send + Sync + 'static;
    fn open(folder: &std::path::Path) -> (Self::Store, Self::Beside);
}

/// The instant all tests begin at.
pub(crate) fn noon() -> DateTime<Utc> {
    instant::from_text("2026-11-20T12:00:00.000Z").unwrap()
}

/// A store with one municipality in it.
pub(crate) struct Office {
    pub(crate) store: Arc<dyn CentralStore>,
    pub(crate) keys: ServerKeys,
    public_key: PublicKey,
    _beside: Box<dyn Any + Send + Sync>,
}

impl Office {
    pub(crate) fn of<B: Backend>() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, beside) = B::open(folder.path());
        Self::over(Arc::new(store), (beside, folder))
    }

    /// A municipality in a store that is open already.
    pub(crate) fn over(store: Arc<dyn CentralStore>, beside: impl Send + Sync + 'static) -> Self {
        store.create_tenant(TENANT, noon()).unwrap();
        let keys = store.server_keys().unwrap();
        Self {
            store,
            public_key: SigningKey::from_seed(&keys.signing_seed).public(),
            keys,
            _beside: Box::new(beside),
        }
    }

    /// The municipality after a fault: a laptop that was told these events are taken, and what is held here.
    pub(crate) fn after_fault(&self, acknowledged: &[SealedEvent]) -> World {
        World {
            desktops: vec![Desktop {
                name: "the laptop".to_owned(),
                events: acknowledged.to_vec(),
                confirmed: acknowledged.iter().map(|event| *event.hash()).collect(),
                ..Desktop::default()
            }],
            central: Some(central_in_words(self.store.as_ref(), TENANT)),
            ..World::default()
        }
    }

    fn server_key(&self) -> SigningKey {
        SigningKey::from_seed(&self.keys.signing_seed)
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// The server as it judges at that time.
    pub(crate) fn circumstances(&self, now: DateTime<Utc>) -> Circumstances<'_> {
        Circumstances {
            now,
            server_key: &self.public_key,
            index_key: &self.keys.index_key,
        }
    }

    /// Enrols a laptop with a counter grant that is valid all day.
    pub(crate) fn laptop(&self, seed: u8, scope: Scope) -> Laptop {
        let laptop = Laptop::new(seed);
        let mut transaction = self.store.begin(TENANT).unwrap();
        insert(transaction.as_mut(), &laptop, scope);
        transaction.commit().unwrap();
        self.grant(&laptop, laptop.grant, &[Role::Counter]);
        laptop
    }

    pub(crate) fn grant(&self, laptop: &Laptop, id: GrantId, roles: &[Role]) {
        let mut transaction = self.store.begin(TENANT).unwrap();
        let grant = laptop.grant_from(id, roles, noon());
        insert_grant(transaction.as_mut(), &grant, &self.server_key());
        transaction.commit().unwrap();
    }

    /// Pushes events as one batch and commits.
    pub(crate) fn push(&self, device: DeviceId, events: &[SealedEvent]) -> Admitted {
        self.push_batch(device, &PushBatch::of(events))
    }

    /// Pushes as a desktop does after a fault: that a connection was closed may first show when it is used, and the
    /// desktop comes again.
    pub(crate) fn push_after_fault(&self, device: DeviceId, events: &[SealedEvent]) {
        let batch = PushBatch::of(events);
        let until = Instant::now() + PATIENCE;
        while let Err(failed) = self.try_push(device, &batch) {
            assert!(Instant::now() < until, "never taken: {failed}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn push_batch(&self, device: DeviceId, batch: &PushBatch) -> Admitted {
        self.push_batch_at(noon(), device, batch)
    }

    /// The same when the server's clock says `now`.
    pub(crate) fn push_at(
        &self,
        now: DateTime<Utc>,
        device: DeviceId,
        events: &[SealedEvent],
    ) -> Admitted {
        self.push_batch_at(now, device, &PushBatch::of(events))
    }

    /// The laptop's person signs in again: a grant for four hours, and what waited for it is looked at.
    pub(crate) fn sign_in_at(&self, now: DateTime<Utc>, laptop: &Laptop, roles: &[Role]) {
        let grant = Grant {
            id: GrantId::from_uuid(Uuid::now_v7()),
            tenant: TENANT.to_owned(),
            staff_id: laptop.staff,
            roles: roles.to_vec(),
            device_id: laptop.id,
            valid_from: now,
            valid_until: now + TimeDelta::hours(4),
        };
        let signed = grant.sign(&self.server_key()).unwrap();
        let mut transaction = self.store.begin(TENANT).unwrap();
        admission::give_grant(
            transaction.as_mut(),
            &grant,
            &signed,
            self.circumstances(now),
        )
        .unwrap();
        transaction.commit().unwrap();
    }

    fn push_batch_at(&self, now: DateTime<Utc>, device: DeviceId, batch: &PushBatch) -> Admitted {
        self.try_push_at(now, device, batch).unwrap()
    }

    /// Pushes a batch; only `Ok` is an acknowledgement.
    pub(crate) fn try_push(&self, device: DeviceId, batch: &PushBatch) -> Stored<Admitted> {
        self.try_push_at(noon(), device, batch)
    }

    fn try_push_at(
        &self,
        now: DateTime<Utc>,
        device: DeviceId,
        batch: &PushBatch,
    ) -> Stored<Admitted> {
        let mut transaction = self.store.begin(TENANT)?;
        let admitted = self.admit(transaction.as_mut(), now, device, batch)?;
        transaction.commit()?;
        Ok(admitted)
    }

    fn admit(
        &self,
        transaction: &mut dyn CentralTransaction,
        now: DateTime<Utc>,
        device: DeviceId,
        batch: &PushBatch,
    ) -> Stored<Admitted> {
        let sender = transaction
            .device(device)?
            .ok_or(StoreError::Row("device"))?;
        let commands = batch.commands.clone();
        let offered = Offered::read(commands, &sender.public_key, sender.head.seq);
        admission::admit(transaction, device, &offered, self.circumstances(now))
    }

    /// The verdict a command would get; nothing of it is kept.
    pub(crate) fn would_say(&self, device: DeviceId, events: &[SealedEvent]) -> Verdict {
        let mut transaction = self.store.begin(TENANT).unwrap();
        let batch = PushBatch::of(events);
        let admitted = self.admit(transaction.as_mut(), noon(), device, &batch);
        admitted.unwrap().verdicts.remove(0).verdict
    }

    /// Pushes one command and returns its verdict.
    pub(crate) fn verdict(&self, laptop: &Laptop, events: &[SealedEvent]) -> Verdict {
        let mut verdicts = self.push(laptop.id, events).verdicts;
        assert_eq!(verdicts.len(), 1, "one command, one verdict");
        verdicts.remove(0).verdict
    }

    pub(crate) fn device(&self, laptop: &Laptop) -> Device {
        self.store.device(TENANT, laptop.id).unwrap().unwrap()
    }

    /// Codes of the alarms raised, oldest first.
    pub(crate) fn alarms(&self) -> Vec<String> {
        let alarms = self.store.alarms(TENANT).unwrap();
        alarms.into_iter().map(|alarm| alarm.code).collect()
    }

    /// The whole feed as a laptop may see it.
    pub(crate) fn feed(&self, laptop: &Laptop) -> Vec<(u64, StoredFeedItem)> {
        let device = self.device(laptop);
        let mut all = Vec::new();
        let mut after = 0;
        loop {
            let slice = self.store.feed(TENANT, &device, after, 7).unwrap();
            all.extend(slice.items);
            if slice.read_to >= slice.tenant.position() {
                return all;
            }
            assert!(slice.read_to > after, "a page must move on");
            after = slice.read_to;
        }
    }
}

/// The row of an enrolled laptop.
pub(crate) fn insert(transaction: &mut dyn CentralTransaction, laptop: &Laptop, scope: Scope) {
    let device = Device::new(laptop.id, "Skranke", laptop.key.public(), scope);
    transaction.insert_device(&device, noon()).unwrap();
}

/// A grant under the server's signature.
pub(crate) fn insert_grant(
    transaction: &mut dyn CentralTransaction,
    grant: &Grant,
    server_key: &SigningKey,
) {
    let signed = grant.sign(server_key).unwrap();
    transaction
        .insert_grant(grant.id, grant.staff_id, grant.device_id, &signed)
        .unwrap();
}

/// A device with its key, chain and person.
#[derive(Clone)]
pub(crate) struct Laptop {
    pub(crate) id: DeviceId,
    pub(crate) key: SigningKey,
    pub(crate) head: Head,
    pub(crate) staff: StaffId,
    pub(crate) grant: GrantId,
    pub(crate) at: DateTime<Utc>,
    serial: u32,
}

impl Laptop {
    pub(crate) fn new(seed: u8) -> Self {
        Self::with(seed.into(), &[seed; 32])
    }

    /// One of more than there are small seeds.
    pub(crate) fn numbered(number: u16) -> Self {
        let mut seed = [1; 32];
        seed[..2].copy_from_slice(&number.to_le_bytes());
        Self::with(number, &seed)
    }

    fn with(number: u16, seed: &[u8; 32]) -> Self {
        let uuid = |kind: u128| {
            Uuid::from_u128(
                0x0192_0000_0000_7000_8000_0000_0000_0000 + (kind << 32) + u128::from(number),
            )
        };
        Self {
            id: DeviceId::from_uuid(uuid(1)),
            key: SigningKey::from_seed(seed),
            head: Head::START,
            staff: StaffId::from_uuid(uuid(2)),
            grant: GrantId::from_uuid(uuid(3)),
            at: noon(),
            serial: 0,
        }
    }

    /// What its person may do, four hours before and after a moment.
    pub(crate) fn grant_from(&self, id: GrantId, roles: &[Role], at: DateTime<Utc>) -> Grant {
        Grant {
            id,
            tenant: TENANT.to_owned(),
            staff_id: self.staff,
            roles: roles.to_vec(),
            device_id: self.id,
            valid_from: at - TimeDelta::hours(4),
            valid_until: at + TimeDelta::hours(4),
        }
    }

    /// The event that opens a case.
    pub(crate) fn opened(&mut self, channel: Channel) -> Event {
        self.serial += 1;
        let code = self.id.as_uuid().as_u128() & 0xffff;
        self.opened_as(&format!("2026-S{code}-{:04}", self.serial), channel)
    }

    /// The same under another number.
    pub(crate) fn opened_as(&self, number: &str, channel: Channel) -> Event {
        Event::CaseOpened(CaseOpened {
            number: number.parse().unwrap(),
            channel,
            location: "solbjerg_torv".to_owned(),
            municipality: TENANT.to_owned(),
            profile: "demo@1".to_owned(),
            form: "f1@2".to_owned(),
            received_on: "2026-11-20".parse().unwrap(),
        })
    }

    /// The two events that open a case for a citizen.
    pub(crate) fn open_case(&mut self, cpr: &str) -> (CaseId, Vec<SealedEvent>) {
        let case_id = CaseId::from_uuid(Uuid::now_v7());
        let events = [
            self.opened(Channel::InPerson),
            Event::CitizenRecorded(citizen(cpr, "Åse Østergård")),
        ];
        (case_id, self.command(case_id, &[], &events))
    }

    /// Seals a command whose first event builds on `seen` and each later one on the one before.
    pub(crate) fn command(
        &mut self,
        case_id: CaseId,
        seen: &[EventId],
        events: &[Event],
    ) -> Vec<SealedEvent> {
        let command_id = CommandId::from_uuid(Uuid::now_v7());
        let n = u16::try_from(events.len()).unwrap();
        let mut based_on = seen.to_vec();
        let mut sealed = Vec::new();
        for (event, k) in events.iter().zip(1..) {
            let unsealed = self.unsealed(case_id, command_id, (k, n), based_on);
            let event = unsealed
                .seal(event, salt(k, self.head.seq), &self.key)
                .unwrap();
            self.head = Head::after(event.header(), event.hash());
            based_on = vec![event.header().id];
            sealed.push(event);
        }
        sealed
    }

    /// The next event of the chain, before sealing.
    pub(crate) fn unsealed(
        &self,
        case_id: CaseId,
        command_id: CommandId,
        (k, n): (u16, u16),
        based_on: Vec<EventId>,
    ) -> Unsealed {
        Unsealed {
            id: EventId::from_uuid(Uuid::now_v7()),
            tenant: TENANT.to_owned(),
            case_id,
            command_id,
            k,
            n,
            device_id: self.id,
            device_seq: self.head.seq + 1,
            prev_hash: self.head.hash,
            recorded_at: self.at + TimeDelta::milliseconds(i64::try_from(self.head.seq).unwrap()),
            clock_offset_ms: 0,
            actor: self.staff,
            grant_id: self.grant,
            based_on,
        }
    }

    pub(crate) fn note(
        &mut self,
        case_id: CaseId,
        seen: &[EventId],
        text: &str,
    ) -> Vec<SealedEvent> {
        self.command(
            case_id,
            seen,
            &[Event::NoteAdded {
                text: text.to_owned(),
            }],
        )
    }
}

/// A salt for tests; the real one is random.
fn salt(k: u16, seq: u64) -> [u8; 16] {
    *Uuid::from_u64_pair(seq, u64::from(k)).as_bytes()
}

pub(crate) fn citizen(cpr: &str, name: &str) -> CitizenRecorded {
    CitizenRecorded {
        cpr: Cpr::parse(cpr).unwrap(),
        name: name.to_owned(),
        address: "Møllevej 1, 9999 Solbjerg".to_owned(),
        address_protected: false,
        residence: Residence::Fixed,
        phone: String::new(),
        municipality: String::new(),
    }
}

pub(crate) fn ids(events: &[SealedEvent]) -> Vec<EventId> {
    events.iter().map(|event| event.header().id).collect()
}

pub(crate) fn last(events: &[SealedEvent]) -> Vec<EventId> {
    ids(events).into_iter().next_back().into_iter().collect()
}

pub(crate) fn accepted(position: u64) -> Verdict {
    Verdict::First(Outcome::Accepted { position })
}
