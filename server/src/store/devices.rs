//! Devices with their chains, and what the store keeps of them beside: contact, what they were given, and how they were shut out.
//!
//! Basis: reliability, threat T1, fault F23 and goal G21.

use chrono::{DateTime, Utc};
use skranke_domain::ids::{CaseId, DeviceId, StaffId};
use skranke_protocol::chain::Head;
use skranke_protocol::confirmation::Confirmation;
use skranke_protocol::signature::PublicKey;
use skranke_protocol::wire::{DeviceState, Scope};

use super::{Stored, Tenant};

/// An enrolled device and its chain as held here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The device.
    pub id: DeviceId,
    /// The short code in case numbers.
    pub code: String,
    /// What it is called in lists.
    pub name: String,
    /// The key it signs with.
    pub public_key: PublicKey,
    /// Which cases it may see.
    pub scope: Scope,
    /// How it stands.
    pub state: DeviceState,
    /// Head of its chain.
    pub head: Head,
    /// Events of the chain that are in their cases.
    pub accepted: u64,
    /// Events of the chain held apart.
    pub quarantined: u64,
    /// Events of the chain that wait.
    pub deferred: u64,
    /// The last position of the feed that its own events name: whatever stands up to there, it held when it recorded
    /// them.
    pub named_position: u64,
}

impl Device {
    /// A device as it is enrolled: nothing in its chain yet, and its code still to be given.
    pub fn new(id: DeviceId, name: impl Into<String>, public_key: PublicKey, scope: Scope) -> Self {
        Self {
            id,
            code: String::new(),
            name: name.into(),
            public_key,
            scope,
            state: DeviceState::Active,
            head: Head::START,
            accepted: 0,
            quarantined: 0,
            deferred: 0,
            named_position: 0,
        }
    }

    /// What the server signs about the device.
    pub fn confirmation(&self, tenant: &Tenant, issued_at: DateTime<Utc>) -> Confirmation {
        Confirmation {
            tenant: tenant.code.clone(),
            device_id: self.id,
            seq: self.head.seq,
            head_hash: self.head.hash,
            accepted: self.accepted,
            quarantined: self.quarantined,
            deferred: self.deferred,
            epoch: tenant.epoch,
            issued_at,
        }
    }
}

/// A device with how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRecord {
    /// The device and its chain.
    pub device: Device,
    /// When it was enrolled.
    pub enrolled_at: DateTime<Utc>,
    /// When it was last in contact.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// Who signed in on it last.
    pub last_staff: Option<StaffId>,
    /// The name it went on from after its chain forked; none where it was enrolled with a code.
    pub successor_of: Option<DeviceId>,
    /// Up to which position of the feed it was given what its scope holds.
    pub served_position: u64,
    /// Up to which position it certainly has taken that in: it says so where it reads ahead, and otherwise asked for what
    /// comes after.
    pub read_position: u64,
    /// How it was shut out.
    pub revocation: Option<Revocation>,
}

/// How a device was shut out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom; none where the operator did it.
    pub by: Option<StaffId>,
    /// Why, in the words of whoever did it.
    pub reason: String,
    /// When it was ordered to hand over and destroy what it holds.
    pub wipe_ordered_at: Option<DateTime<Utc>>,
    /// When it had handed everything over.
    pub handed_over_at: Option<DateTime<Utc>>,
}

/// The devices of a municipality within its one writing transaction.
pub trait DeviceRegister {
    /// Every device, the one enrolled first at the top.
    fn device_records(&mut self) -> Stored<Vec<DeviceRecord>>;

    /// One device.
    fn device_record(&mut self, id: DeviceId) -> Stored<Option<DeviceRecord>>;

    /// Notes that the device was in contact.
    fn note_seen(&mut self, id: DeviceId, at: DateTime<Utc>) -> Stored<()>;

    /// Notes that the device was given the feed after `read` up to `served`. Neither ever moves back.
    fn note_served(&mut self, id: DeviceId, read: u64, served: u64) -> Stored<()>;

    /// Whether an event of this device with this number and these bytes is stored, on its chain or beside it.
    fn holds_event(&mut self, id: DeviceId, seq: u64, hash: &[u8; 32]) -> Stored<bool>;

    /// The cases in the scope of a device of limited scope.
    fn scope_of(&mut self, id: DeviceId) -> Stored<Vec<CaseId>>;

    /// The drafts a device handed over before it was wiped, the oldest first.
    fn handed_over(&mut self, id: DeviceId) -> Stored<Vec<Vec<u8>>>;

    /// Saves how a device was shut out.
    fn save_revocation(&mut self, id: DeviceId, revocation: &Revocation) -> Stored<()>;

    /// Notes the name a device went on from after its chain forked.
    fn note_successor(&mut self, id: DeviceId, of: DeviceId) -> Stored<()>;

    /// The cases a device holds, by id, at most `limit`: what it was given and what it made itself, without those it
    /// was told to remove and has.
    fn cases_on(
        &mut self,
        record: &DeviceRecord,
        after: Option<CaseId>,
        limit: u32,
    ) -> Stored<Vec<CaseId>>;

    /// How many cases [`DeviceRegister::cases_on`] would give in all.
    fn count_cases_on(&mut self, record: &DeviceRecord) -> Stored<u64>;
}

/// Why a row of `refused_item` is kept that is a draft a device handed over.
pub const HANDED_OVER: &str = "handed_over_draft";
