//! What the store keeps of devices beside their chains: contact, what they were given, and how they were shut out.
//!
//! Basis: reliability, threat T1, fault F23 and goal G21.

use chrono::{DateTime, Utc};
use skranke_domain::ids::{CaseId, DeviceId, StaffId};

use super::{Device, Stored};

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
    /// Up to which position of the feed it was given what its scope holds.
    pub served_position: u64,
    /// Up to which position it certainly has taken that in: it asked for what comes after.
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
