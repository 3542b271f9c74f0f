//! The central store as the server sees it: one trait, one backend for each database.
//!
//! Calls block; the server runs them off its network threads. All writes of a tenant go through one transaction at a
//! time that holds the tenant's counter row, so feed positions are gapless and appear in commit order. What a command
//! becomes is decided in [`crate::admission`], outside any backend, so that all backends decide alike.
//!
//! Basis: design, section 6; sync-and-speed 3.2 to 3.4 and 7.

pub mod accounts;
pub mod again;
pub mod device_log;
pub mod devices;
mod feed;
pub mod key_file;
pub mod postgres;
pub mod sqlite;
pub mod transfer;

use std::collections::BTreeSet;

use crate::audit::AuditSeal;
use crate::news::News;
use accounts::AccountRegister;
use chrono::{DateTime, NaiveDate, Utc};
use device_log::{DeviceLog, DeviceLogReader};
pub use devices::Device;
use devices::DeviceRegister;
pub(crate) use feed::Page;
pub use feed::{FeedSlice, NewFeedItem, PAGE_BYTES, StoredFeedItem};
use sha2::{Digest, Sha256};
use skranke_domain::ids::{CaseId, CommandId, DeviceId, EventId, GrantId, Sha256Digest, StaffId};
use skranke_protocol::confirmation::{Signed, TenantHead};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::epoch::EpochOpening;
use skranke_protocol::grant::SignedGrant;
use skranke_protocol::recovery::RecoverySecret;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::tree::Frontier;
use skranke_protocol::wire::{Outcome, Scope};
use uuid::Uuid;

/// The store cannot do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database answered with an error; trying again may help.
    #[error("the database cannot do this now")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Others wrote at the same time; the same transaction may now succeed.
    #[error("the transaction must be run again")]
    RunAgain,
    /// The commit may be on one machine only; it must be offered again and is not acknowledged.
    #[error("the commit was not confirmed by the standby")]
    NotReplicated,
    /// A stored row is not what this program writes.
    #[error("a row of {0} cannot be read")]
    Row(&'static str),
    /// There is no such municipality.
    #[error("no such tenant")]
    NoSuchTenant,
    /// Opening failed in a way a person must mend.
    #[error("{0}")]
    CannotOpen(String),
}

/// The result of a call to the store.
pub type Stored<T> = Result<T, StoreError>;

/// A municipality's row: counter, epoch, tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its code.
    pub code: String,
    /// The epoch, from 1.
    pub epoch: u64,
    /// The tree over the feed; its size is the last position.
    pub tree: Frontier,
    /// Up to where there is a verified backup.
    pub backup_position: u64,
    /// Rows of the audit.
    pub audit_rows: u64,
    /// What opened the epoch, as the operator signed it; none in the first.
    pub opening: Option<Signed<EpochOpening>>,
}

impl Tenant {
    /// The last position of the feed.
    pub fn position(&self) -> u64 {
        self.tree.size()
    }

    /// What the server signs about the feed.
    pub fn head(&self, issued_at: DateTime<Utc>) -> TenantHead {
        TenantHead {
            tenant: self.code.clone(),
            epoch: self.epoch,
            position: self.position(),
            root: self.tree.root(),
            issued_at,
        }
    }
}

/// Reads a stored opening.
fn opening_of(text: Option<String>) -> Stored<Option<Signed<EpochOpening>>> {
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|_| StoreError::Row("tenant"))
}

/// An event with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// The event.
    pub event: SealedEvent,
    /// What became of its command; the position is this event's own.
    pub outcome: Outcome,
    /// Whether it is a link of its device's chain.
    pub on_chain: bool,
}

/// What a batch of events touches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Touched {
    /// Events with these ids.
    pub ids: Vec<EventId>,
    /// Events of these commands.
    pub commands: Vec<CommandId>,
    /// Events of these cases, whatever became of them.
    pub cases: Vec<CaseId>,
}

/// A grant with its withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGrant {
    /// The grant as it was signed.
    pub signed: SignedGrant,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The tokens of the sign-in that gave it.
    pub family: TokenFamily,
}

/// How the tokens of one sign-in stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenFamily {
    /// How often they were renewed.
    pub generation: u64,
    /// When last, until what was given then is seen in use; none from then on.
    pub renewed_at: Option<DateTime<Utc>>,
    /// When the session ended, by sign-out, reuse of a token or withdrawal.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What the look-up answers from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseSummary {
    /// The case.
    pub case_id: CaseId,
    /// Keyed digest of the citizen's number.
    pub citizen_digest: [u8; 32],
    /// The number on its papers.
    pub number: String,
    /// Code of its state.
    pub state: String,
    /// The legal day of receipt.
    pub received_on: NaiveDate,
    /// Whether it was registered in Digital Post.
    pub registered: bool,
    /// Whether it holds an unresolved conflict.
    pub in_conflict: bool,
}

/// A command that is held apart, and what came of it once a person had looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldWork {
    /// The command.
    pub command_id: CommandId,
    /// The device that sent it.
    pub device_id: DeviceId,
    /// Its case.
    pub case_id: CaseId,
    /// Code of why it was held.
    pub held_for: String,
    /// Since when.
    pub held_at: DateTime<Utc>,
    /// What came of it; none while it waits.
    pub settlement: Option<Settlement>,
}

/// What came of held work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Whether it was sent back to its author; otherwise it was let in.
    pub is_returned: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom; none where its author signed in again and so vouched for it.
    pub by: Option<StaffId>,
    /// Why, in the words of whoever decided.
    pub reason: String,
}

impl Settlement {
    /// The word a row has for it.
    fn code(settlement: Option<&Self>) -> &'static str {
        match settlement {
            None => "",
            Some(settled) if settled.is_returned => "returned",
            Some(_) => "released",
        }
    }

    /// What the columns of a row say.
    fn of_columns(
        code: &str,
        at: Option<DateTime<Utc>>,
        by: Option<StaffId>,
        reason: String,
    ) -> Stored<Option<Self>> {
        let is_returned = match code {
            "" => return Ok(None),
            "released" => false,
            "returned" => true,
            _ => return Err(StoreError::Row("held_work")),
        };
        Ok(Some(Self {
            is_returned,
            at: at.ok_or(StoreError::Row("held_work"))?,
            by,
            reason,
        }))
    }
}

/// Which held work is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldOf {
    /// What waits for a person: what a citizen was given a paper of first, then the oldest.
    Waiting,
    /// What was sent back to a device, the newest first.
    ReturnedTo(DeviceId),
    /// One command.
    Command(CommandId),
}

/// A member of staff: a local account, or a person the identity provider vouched for (without a password).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// The person.
    pub id: StaffId,
    /// Login name.
    pub login: String,
    /// Argon2id hash in its usual text form.
    pub password_hash: String,
    /// Role codes.
    pub roles: Vec<String>,
    /// Whether the account may sign in.
    pub active: bool,
}

/// A one-time code for enrolment; only its digest is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    /// SHA-256 of the code.
    pub digest: [u8; 32],
    /// The scope the device gets.
    pub scope: Scope,
    /// Until when it can be used.
    pub expires_at: DateTime<Utc>,
    /// The device that used it.
    pub device_id: Option<DeviceId>,
}

/// An edition of the municipality's profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEdition {
    /// Its number, from 1 without gaps.
    pub edition: u32,
    /// The profile's text, as it was checked.
    pub body: String,
    /// The device it was made on.
    pub device_id: DeviceId,
    /// Who made it.
    pub staff_id: StaffId,
    /// That person's initials.
    pub initials: String,
    /// Why.
    pub reason: String,
    /// When it was taken.
    pub made_at: DateTime<Utc>,
}

/// A complete attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name by content.
    pub digest: Sha256Digest,
    /// Its size.
    pub size_bytes: u64,
    /// Its type, found by content.
    pub media_type: String,
}

/// Grants that are revoked together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// This one.
    One(GrantId),
    /// All of a person, on every device.
    Of(StaffId),
    /// All on a device, whoever's.
    On(DeviceId),
}

impl Revoked {
    /// The column of the grants that tells them, and what stands there.
    const fn column(self) -> (&'static str, Uuid) {
        match self {
            Revoked::One(id) => ("id", id.as_uuid()),
            Revoked::Of(staff) => ("staff_id", staff.as_uuid()),
            Revoked::On(device) => ("device_id", device.as_uuid()),
        }
    }
}

/// One row of the audit: who did what to whose record, where and why. Never a name or a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// The row, UUIDv7.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// On which device; all zeros where the operator acted at the server itself.
    pub device_id: DeviceId,
    /// Who; none where a device or the operator acted.
    pub staff_id: Option<StaffId>,
    /// Code of what was done.
    pub action: &'static str,
    /// Code of the purpose.
    pub purpose: String,
    /// On which case.
    pub case_id: Option<CaseId>,
    /// On which citizen, as keyed digest.
    pub citizen_digest: Option<[u8; 32]>,
    /// Codes and numbers that explain it further.
    pub detail: String,
}

/// An audit row as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// The row.
    pub id: Uuid,
    /// Its number, from 1 without a gap.
    pub number: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// On which device; all zeros where the operator acted at the server itself.
    pub device_id: DeviceId,
    /// Who; none where a device or the operator acted.
    pub staff_id: Option<StaffId>,
    /// Code of what was done.
    pub action: String,
    /// Code of the purpose.
    pub purpose: String,
    /// On which case.
    pub case_id: Option<CaseId>,
    /// On which citizen, as keyed digest.
    pub citizen_digest: Option<[u8; 32]>,
    /// Codes and numbers that explain it further.
    pub detail: String,
}

/// Something that puts the records' security in question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Code of what happened.
    pub code: String,
    /// The device it is about.
    pub device_id: DeviceId,
    /// When.
    pub raised_at: DateTime<Utc>,
}

/// The keys of the server itself.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerKeys {
    /// Seed of the key it signs with.
    pub signing_seed: [u8; 32],
    /// Key of the citizen digests.
    pub index_key: [u8; 32],
}

impl ServerKeys {
    /// The key with which a municipality vouches for its devices' papers. It is derived, so that it is sealed, backed
    /// up and restored with the server's own key, and is another one for each municipality.
    pub fn municipality_key(&self, tenant: &str) -> SigningKey {
        self.derived("skranke/server/municipality-key/1\0", tenant)
    }

    /// The key that opens epochs where the operator keeps none apart: whoever holds the server can then also say that
    /// it was restored.
    pub fn stand_in_operator_key(&self) -> SigningKey {
        self.derived("skranke/server/operator-key/1\0", "")
    }

    /// The key that opens what laptops sealed before they gave it up. It is sealed, backed up and restored with the
    /// server's own key, so a server that clients still believe can open what they sealed.
    pub fn recovery_secret(&self) -> RecoverySecret {
        RecoverySecret::from_bytes(self.derived_bytes("skranke/server/recovery-key/1\0", ""))
    }

    fn derived(&self, purpose: &str, tenant: &str) -> SigningKey {
        SigningKey::from_seed(&self.derived_bytes(purpose, tenant))
    }

    fn derived_bytes(&self, purpose: &str, tenant: &str) -> [u8; 32] {
        Sha256::new()
            .chain_update(purpose)
            .chain_update(tenant)
            .chain_update([0])
            .chain_update(self.signing_seed)
            .finalize()
            .into()
    }
}

/// A database that keeps the records of several municipalities.
pub trait CentralStore: DeviceLogReader + Send + Sync {
    /// The server's keys, made at the first start.
    fn server_keys(&self) -> Stored<ServerKeys>;

    /// Makes a municipality known; nothing happens if it is.
    fn create_tenant(&self, tenant: &str, now: DateTime<Utc>) -> Stored<()>;

    /// Begins the tenant's one writing transaction, holding its counter row until commit or drop (rollback).
    fn begin(&self, tenant: &str) -> Stored<Box<dyn CentralTransaction + '_>>;

    /// The tenant's row.
    fn tenant(&self, tenant: &str) -> Stored<Tenant>;

    /// A device.
    fn device(&self, tenant: &str, id: DeviceId) -> Stored<Option<Device>>;

    /// A device together with the tenant's row, of one snapshot.
    fn device_and_tenant(&self, tenant: &str, id: DeviceId) -> Stored<Option<(Device, Tenant)>>;

    /// The feed after a position as the device may see it, at most `limit` items and about [`PAGE_BYTES`].
    fn feed(&self, tenant: &str, device: &Device, after: u64, limit: u32) -> Stored<FeedSlice>;

    /// Every item of the feed after `after` up to `to`, whoever it is for: what the tree is over.
    fn feed_items(&self, tenant: &str, after: u64, to: u64) -> Stored<Vec<NewFeedItem>>;

    /// The cases in the scope of a device of limited scope.
    fn scope(&self, tenant: &str, device: DeviceId) -> Stored<BTreeSet<CaseId>>;

    /// A grant.
    fn grant(&self, tenant: &str, id: GrantId) -> Stored<Option<StoredGrant>>;

    /// A member of staff.
    fn staff(&self, tenant: &str, id: StaffId) -> Stored<Option<Staff>>;

    /// A local account.
    fn staff_by_login(&self, tenant: &str, login: &str) -> Stored<Option<Staff>>;

    /// A one-time code by its digest.
    fn enrolment_code(&self, tenant: &str, digest: &[u8; 32]) -> Stored<Option<EnrolmentCode>>;

    /// A complete attachment.
    fn attachment(&self, tenant: &str, digest: &Sha256Digest) -> Stored<Option<Attachment>>;

    /// Number of the newest edition of the profile; 0 where there is none.
    fn newest_edition(&self, tenant: &str) -> Stored<u32>;

    /// Editions of the profile after a number, oldest first, at most `limit`.
    fn editions(&self, tenant: &str, after: u32, limit: u32) -> Stored<Vec<StoredEdition>>;

    /// How often an event was offered again after it was stored.
    fn receipts(&self, tenant: &str, hash: &[u8; 32]) -> Stored<u64>;

    /// The alarms raised, oldest first.
    fn alarms(&self, tenant: &str) -> Stored<Vec<Alarm>>;

    /// Audit rows after a row, oldest first, at most `limit`.
    fn audit(&self, tenant: &str, after: Option<Uuid>, limit: u32) -> Stored<Vec<AuditEntry>>;

    /// Audit rows after a number, in their order, at most `limit`.
    fn audit_rows(&self, tenant: &str, after: u64, limit: u32) -> Stored<Vec<AuditEntry>>;

    /// The first seal of the audit with this number or a later one.
    fn audit_seal(&self, tenant: &str, number: u64) -> Stored<Option<AuditSeal>>;

    /// Whether the database answers.
    fn ping(&self) -> Stored<()>;
}

/// The tenant's one writing transaction.
pub trait CentralTransaction: AccountRegister + DeviceRegister + DeviceLog {
    /// The tenant's row as it stands in this transaction.
    fn tenant(&self) -> &Tenant;

    /// A device.
    fn device(&mut self, id: DeviceId) -> Stored<Option<Device>>;

    /// Adds a device and gives it the tenant's next device code.
    fn insert_device(&mut self, device: &Device, at: DateTime<Utc>) -> Stored<String>;

    /// Saves state, chain head and counts of a device.
    fn update_device(&mut self, device: &Device) -> Stored<()>;

    /// A one-time code by its digest.
    fn enrolment_code(&mut self, digest: &[u8; 32]) -> Stored<Option<EnrolmentCode>>;

    /// Marks a one-time code as used.
    fn use_enrolment_code(&mut self, digest: &[u8; 32], device: DeviceId) -> Stored<()>;

    /// A grant.
    fn grant(&mut self, id: GrantId) -> Stored<Option<StoredGrant>>;

    /// The grants of a person on a device.
    fn grants_of(&mut self, device: DeviceId, staff: StaffId) -> Stored<Vec<StoredGrant>>;

    /// The events of a device that are held apart because no grant covered them, in chain order.
    fn held_for_grant(&mut self, device: DeviceId) -> Stored<Vec<SealedEvent>>;

    /// Notes that a command waits for a person, or what came of it.
    fn save_held(&mut self, work: &HeldWork) -> Stored<()>;

    /// Held work, at most `limit` commands.
    fn held(&mut self, of: HeldOf, limit: u32) -> Stored<Vec<HeldWork>>;

    /// Adds a grant.
    fn insert_grant(
        &mut self,
        id: GrantId,
        staff: StaffId,
        device: DeviceId,
        signed: &SignedGrant,
    ) -> Stored<()>;

    /// Revokes grants; one that was revoked before stays as it was.
    fn revoke_grants(&mut self, which: Revoked, at: DateTime<Utc>) -> Stored<()>;

    /// Saves how the tokens of a sign-in stand.
    fn set_token_family(&mut self, id: GrantId, family: &TokenFamily) -> Stored<()>;

    /// All stored events that a batch touches, each once: accepted ones in feed order, others by device and number.
    fn touched(&mut self, touched: &Touched) -> Stored<Vec<StoredEvent>>;

    /// All events with an id; more than one only after an alarm.
    fn events_by_id(&mut self, id: EventId) -> Stored<Vec<StoredEvent>>;

    /// The events of a command, by `k`.
    fn events_of_command(&mut self, id: CommandId) -> Stored<Vec<StoredEvent>>;

    /// The accepted events of a case, in feed order.
    fn case_history(&mut self, case_id: CaseId) -> Stored<Vec<SealedEvent>>;

    /// Stores an event that is not yet there.
    fn insert_event(
        &mut self,
        event: &SealedEvent,
        outcome: &Outcome,
        on_chain: bool,
        at: DateTime<Utc>,
    ) -> Stored<()>;

    /// Makes an event that was offered by another device a link of its own device's chain.
    fn link_event(&mut self, event: &SealedEvent) -> Stored<()>;

    /// Changes what became of an event.
    fn set_outcome(&mut self, event: &SealedEvent, outcome: &Outcome) -> Stored<()>;

    /// Appends to the feed and returns the position, always the one after the last; an event is stored before.
    fn append_feed(&mut self, item: &NewFeedItem) -> Stored<u64>;

    /// Counts that an event was offered again: the write that makes acknowledging a duplicate honest.
    fn record_receipt(
        &mut self,
        event: &SealedEvent,
        device: DeviceId,
        at: DateTime<Utc>,
    ) -> Stored<()>;

    /// Keeps what is not well formed or not the device's own.
    fn keep_refused(
        &mut self,
        device: DeviceId,
        reason: &str,
        body: &[u8],
        at: DateTime<Utc>,
    ) -> Stored<()>;

    /// Raises an alarm. It is counted once this is committed.
    fn raise_alarm(
        &mut self,
        code: &str,
        device: DeviceId,
        event: Option<&[u8; 32]>,
        at: DateTime<Utc>,
    ) -> Stored<()>;

    /// Whether a case is in the scope of a device of limited scope, as far as the device knows: it left so lately that
    /// the device has not read it, and what it records till then is honest work.
    fn is_in_scope(&mut self, device: DeviceId, case_id: CaseId) -> Stored<bool>;

    /// Puts a case into a device's scope from the present position on.
    fn enter_scope(&mut self, device: DeviceId, case_id: CaseId) -> Stored<()>;

    /// Takes a case out of a device's scope at the present position.
    fn leave_scope(&mut self, device: DeviceId, case_id: CaseId) -> Stored<()>;

    /// Saves what the look-up answers from.
    fn save_case_summary(&mut self, summary: &CaseSummary) -> Stored<()>;

    /// The cases of a citizen, oldest first.
    fn cases_of(&mut self, citizen_digest: &[u8; 32]) -> Stored<Vec<CaseSummary>>;

    /// Adds a complete attachment; nothing happens if it is known.
    fn insert_attachment(&mut self, attachment: &Attachment, at: DateTime<Utc>) -> Stored<()>;

    /// Number of the newest edition of the profile; 0 where there is none.
    fn newest_edition(&mut self) -> Stored<u32>;

    /// Adds an edition of the profile; its number must be the one after the newest.
    fn insert_edition(&mut self, edition: &StoredEdition) -> Stored<()>;

    /// Moves the backup mark forward.
    fn set_backup_position(&mut self, position: u64) -> Stored<()>;

    /// Adds an audit row and gives it the next number.
    fn audit(&mut self, row: &AuditRow) -> Stored<()>;

    /// Audit rows after a number, in their order, at most `limit`.
    fn audit_rows(&mut self, after: u64, limit: u32) -> Stored<Vec<AuditEntry>>;

    /// The last seal of the audit.
    fn last_seal(&mut self) -> Stored<Option<AuditSeal>>;

    /// Adds a seal.
    fn insert_seal(&mut self, seal: &AuditSeal) -> Stored<()>;

    /// What came into the feed so far, for whoever waits for it, and the alarms raised.
    fn news(&self) -> News;

    /// Makes everything durable.
    fn commit(self: Box<Self>) -> Stored<()>;
}

/// Accepted events in feed order, then others by device and number; the same event stands beside itself.
fn touched_order(stored: &StoredEvent) -> (u64, DeviceId, u64, [u8; 32]) {
    let position = match stored.outcome {
        Outcome::Accepted { position } | Outcome::Conflict { position, .. } => position,
        Outcome::Quarantined { .. } | Outcome::Deferred { .. } => u64::MAX,
    };
    let header = stored.event.header();
    (
        position,
        header.device_id,
        header.device_seq,
        *stored.event.hash(),
    )
}
