//! A central store in memory: no disk and no SQL, so that thousands of stories take seconds. What becomes of a command
//! is decided by the real admission; only the tables are others.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use skranke_domain::ids::{CaseId, CommandId, DeviceId, EventId, GrantId, StaffId};
use skranke_domain::role::Role;
use skranke_protocol::confirmation::Signed;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::epoch::EpochOpening;
use skranke_protocol::grant::{Grant, SignedGrant};
use skranke_protocol::signature::SigningKey;
use skranke_protocol::tree::{Frontier, Node, leaf_hash};
use skranke_protocol::wire::{DeviceState, Outcome, PushBatch, Scope};
use skranke_server::admission::{self, Admitted, Circumstances, Offered, leaf};
use skranke_server::audit::AuditSeal;
use skranke_server::news::News;
use skranke_server::store::accounts::AccountRegister;
use skranke_server::store::device_log::{DeviceLog, KeptLogRow};
use skranke_server::store::devices::{DeviceRecord, DeviceRegister, Revocation};
use skranke_server::store::{
    Attachment, AuditEntry, AuditRow, CaseSummary, CentralTransaction, Device, EnrolmentCode,
    HeldOf, HeldWork, NewFeedItem, Revoked, Staff, StoreError, Stored, StoredEdition, StoredEvent,
    StoredGrant, Tenant, TokenFamily, Touched,
};
use uuid::Uuid;

use crate::office::{Laptop, TENANT, noon};

/// The keys of the server and of its operator.
pub(super) struct Keys {
    pub(super) server: SigningKey,
    pub(super) operator: SigningKey,
}

impl Keys {
    pub(super) fn new() -> Self {
        Self {
            server: SigningKey::from_seed(&[0x5e; 32]),
            operator: SigningKey::from_seed(&[0x09; 32]),
        }
    }
}

/// The tables. A copy of them is a backup.
#[derive(Clone)]
pub(super) struct Central {
    pub(super) tenant: Tenant,
    pub(super) devices: BTreeMap<DeviceId, Device>,
    pub(super) grants: BTreeMap<GrantId, (StaffId, DeviceId, StoredGrant)>,
    pub(super) events: BTreeMap<[u8; 32], StoredEvent>,
    by_id: BTreeMap<EventId, BTreeSet<[u8; 32]>>,
    held: BTreeMap<CommandId, HeldWork>,
    /// The cases of laptops, and where the feed stood when each came to one.
    scope: BTreeMap<(DeviceId, CaseId), u64>,
    pub(super) feed: Vec<NewFeedItem>,
    pub(super) alarms: Vec<String>,
    /// Commands a person let in.
    pub(super) released: u64,
    /// Commands a person sent back.
    pub(super) returned: u64,
}

impl Central {
    pub(super) fn new() -> Self {
        Self {
            tenant: Tenant {
                code: TENANT.to_owned(),
                epoch: 1,
                tree: Frontier::default(),
                backup_position: 0,
                audit_rows: 0,
                opening: None,
            },
            devices: BTreeMap::new(),
            grants: BTreeMap::new(),
            events: BTreeMap::new(),
            held: BTreeMap::new(),
            by_id: BTreeMap::new(),
            scope: BTreeMap::new(),
            feed: Vec::new(),
            alarms: Vec::new(),
            released: 0,
            returned: 0,
        }
    }

    pub(super) fn enrol(&mut self, laptop: &Laptop, scope: &Scope) {
        let device = Device {
            id: laptop.id,
            code: "S1".to_owned(),
            name: String::new(),
            public_key: laptop.key.public(),
            scope: scope.clone(),
            state: DeviceState::Active,
            head: skranke_protocol::chain::Head::START,
            accepted: 0,
            quarantined: 0,
            deferred: 0,
            named_position: 0,
        };
        self.devices.entry(laptop.id).or_insert(device);
    }

    /// The laptop's person signs in; the token goes to the laptop too.
    pub(super) fn sign_in(&mut self, laptop: &Laptop, id: GrantId, keys: &Keys) -> SignedGrant {
        let grant = lead(laptop, id);
        let signed = grant.sign(&keys.server).unwrap();
        let public = keys.server.public();
        if !self.grants.contains_key(&id) {
            admission::give_grant(self, &grant, &signed, circumstances(&public)).unwrap();
        }
        signed
    }

    pub(super) fn push(&mut self, device: DeviceId, batch: &PushBatch, keys: &Keys) -> Admitted {
        let public = keys.server.public();
        let circumstances = circumstances(&public);
        let sender = &self.devices[&device];
        let offered = Offered::read(batch.commands.clone(), &sender.public_key, sender.head.seq);
        if batch.offered_again && self.tenant.epoch > 1 {
            let grants = &batch.grants;
            admission::admit_again(self, device, grants, &offered, circumstances).unwrap()
        } else {
            admission::admit(self, device, &offered, circumstances).unwrap()
        }
    }

    /// Work that waits for somebody to look at it.
    pub(super) fn waiting(&self) -> Vec<CommandId> {
        let waiting = self.held.values().filter(|work| work.settlement.is_none());
        waiting.map(|work| work.command_id).collect()
    }

    /// Somebody looks at work that is held apart and lets it in, where it holds.
    pub(super) fn release(&mut self, command: CommandId, by: &Laptop, id: GrantId, keys: &Keys) {
        let reviewer = lead(by, id);
        let public = keys.server.public();
        let circumstances = circumstances(&public);
        let outcome =
            admission::release_held(self, command, &reviewer, "Set efter", circumstances).unwrap();
        self.released += u64::from(matches!(
            outcome,
            Some(Outcome::Accepted { .. } | Outcome::Conflict { .. })
        ));
    }

    /// Somebody looks at work that is held apart and sends it back to who made it; whether it waited.
    pub(super) fn send_back(
        &mut self,
        command: CommandId,
        by: &Laptop,
        id: GrantId,
        keys: &Keys,
    ) -> bool {
        let reviewer = lead(by, id);
        let public = keys.server.public();
        let circumstances = circumstances(&public);
        let outcome =
            admission::return_held(self, command, &reviewer, "Lav den om", circumstances).unwrap();
        self.returned += u64::from(outcome.is_some());
        outcome.is_some()
    }

    /// The cases a computer may hold; none where it may hold all.
    pub(super) fn scope_of_laptop(&self, device: DeviceId) -> Option<BTreeSet<CaseId>> {
        if self.sees_all(device) {
            return None;
        }
        let cases = self.scope.keys().filter(|(laptop, _)| *laptop == device);
        Some(cases.map(|(_, case)| *case).collect())
    }

    fn sees_all(&self, device: DeviceId) -> bool {
        self.devices[&device].scope == Scope::Tenant
    }

    /// This backup is put back, at a moment after every earlier one.
    pub(super) fn restored(mut self, second: i64, keys: &Keys) -> Self {
        let before = self.tenant.opening.as_ref();
        let before = before.map(|signed| signed.verify(&keys.operator.public()).unwrap());
        let opening = EpochOpening::after(
            TENANT,
            self.tenant.epoch,
            (self.tenant.position(), self.tenant.tree.root()),
            before.as_ref(),
            noon() + TimeDelta::seconds(second),
        );
        self.tenant.epoch = opening.epoch;
        self.tenant.opening = Some(Signed::new(&opening, &keys.operator).unwrap());
        self
    }

    /// What the tree is over.
    pub(super) fn leaves(&self) -> Vec<Node> {
        (1..=self.tenant.position())
            .map(|position| self.leaf_at(position))
            .collect()
    }

    /// What the tree has for one item of the feed.
    pub(super) fn leaf_at(&self, position: u64) -> Node {
        let item = &self.feed[usize::try_from(position - 1).unwrap()];
        leaf_hash(&leaf(position, item))
    }

    /// The events of the feed after a position that a computer may see, with their positions.
    pub(super) fn feed_after(&self, device: DeviceId, position: u64) -> Vec<(u64, SealedEvent)> {
        let sees_all = self.sees_all(device);
        let sees = |case: CaseId, at: u64| {
            let entered = self.scope.get(&(device, case));
            sees_all || entered.is_some_and(|entered| *entered < at)
        };
        let items = (1..)
            .zip(&self.feed)
            .skip(usize::try_from(position).unwrap());
        items
            .filter_map(|(position, item)| match item {
                NewFeedItem::Event { hash, case_id, .. } => {
                    sees(*case_id, position).then(|| (position, self.events[hash].event.clone()))
                }
                NewFeedItem::ScopeEntered { .. } | NewFeedItem::ScopeLeft { .. } => None,
            })
            .collect()
    }

    fn of(&self, wanted: impl Fn(&StoredEvent) -> bool) -> Vec<StoredEvent> {
        self.events
            .values()
            .filter(|stored| wanted(stored))
            .cloned()
            .collect()
    }
}

fn lead(laptop: &Laptop, id: GrantId) -> Grant {
    Grant {
        id,
        tenant: TENANT.to_owned(),
        staff_id: laptop.staff,
        roles: vec![Role::Lead],
        device_id: laptop.id,
        valid_from: noon() - TimeDelta::hours(4),
        valid_until: noon() + TimeDelta::hours(4),
    }
}

fn circumstances(key: &skranke_protocol::signature::PublicKey) -> Circumstances<'_> {
    Circumstances {
        now: noon(),
        server_key: key,
        index_key: &[7; 32],
    }
}

fn position_of(stored: &StoredEvent) -> Option<u64> {
    match stored.outcome {
        Outcome::Accepted { position } | Outcome::Conflict { position, .. } => Some(position),
        Outcome::Quarantined { .. } | Outcome::Deferred { .. } => None,
    }
}

fn in_chain_order(mut found: Vec<StoredEvent>) -> Vec<SealedEvent> {
    found.sort_by_key(|stored| {
        let header = stored.event.header();
        (header.device_id, header.device_seq)
    });
    found.into_iter().map(|stored| stored.event).collect()
}

impl CentralTransaction for Central {
    fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    fn device(&mut self, id: DeviceId) -> Stored<Option<Device>> {
        Ok(self.devices.get(&id).cloned())
    }

    fn insert_device(&mut self, device: &Device, _: DateTime<Utc>) -> Stored<String> {
        self.devices.insert(device.id, device.clone());
        Ok(device.code.clone())
    }

    fn update_device(&mut self, device: &Device) -> Stored<()> {
        // As the tables demand it.
        assert_eq!(
            device.accepted + device.quarantined + device.deferred,
            device.head.seq
        );
        self.devices.insert(device.id, device.clone());
        Ok(())
    }

    fn enrolment_code(&mut self, _: &[u8; 32]) -> Stored<Option<EnrolmentCode>> {
        Ok(None)
    }

    fn use_enrolment_code(&mut self, _: &[u8; 32], _: DeviceId) -> Stored<()> {
        Ok(())
    }

    fn grant(&mut self, id: GrantId) -> Stored<Option<StoredGrant>> {
        Ok(self.grants.get(&id).map(|(_, _, grant)| grant.clone()))
    }

    fn grants_of(&mut self, device: DeviceId, staff: StaffId) -> Stored<Vec<StoredGrant>> {
        let grants = self.grants.values();
        Ok(grants
            .filter(|(of, on, _)| *of == staff && *on == device)
            .map(|(_, _, grant)| grant.clone())
            .collect())
    }

    fn held_for_grant(&mut self, device: DeviceId) -> Stored<Vec<SealedEvent>> {
        let held = |stored: &StoredEvent| match &stored.outcome {
            Outcome::Quarantined { reason } => {
                ["grant_not_valid", "grant_unknown"].contains(&reason.code())
                    && stored.event.header().device_id == device
            }
            Outcome::Accepted { .. } | Outcome::Conflict { .. } | Outcome::Deferred { .. } => false,
        };
        Ok(in_chain_order(self.of(held)))
    }

    fn insert_grant(
        &mut self,
        id: GrantId,
        staff: StaffId,
        device: DeviceId,
        signed: &SignedGrant,
    ) -> Stored<()> {
        let stored = StoredGrant {
            signed: signed.clone(),
            revoked_at: None,
            family: TokenFamily::default(),
        };
        match self.grants.insert(id, (staff, device, stored)) {
            None => Ok(()),
            Some(_) => Err(StoreError::Row("staff_grant")),
        }
    }

    fn revoke_grants(&mut self, which: Revoked, at: DateTime<Utc>) -> Stored<()> {
        for (id, (staff, device, grant)) in &mut self.grants {
            if [Revoked::One(*id), Revoked::Of(*staff), Revoked::On(*device)].contains(&which) {
                grant.revoked_at = Some(at);
            }
        }
        Ok(())
    }

    fn set_token_family(&mut self, id: GrantId, family: &TokenFamily) -> Stored<()> {
        if let Some((_, _, grant)) = self.grants.get_mut(&id) {
            grant.family = family.clone();
        }
        Ok(())
    }

    fn touched(&mut self, touched: &Touched) -> Stored<Vec<StoredEvent>> {
        let mut found = self.of(|stored| {
            let header = stored.event.header();
            touched.ids.contains(&header.id)
                || touched.commands.contains(&header.command_id)
                || touched.cases.contains(&header.case_id)
        });
        found.sort_by_key(|stored| {
            let header = stored.event.header();
            let position = position_of(stored).unwrap_or(u64::MAX);
            (position, header.device_id, header.device_seq)
        });
        Ok(found)
    }

    fn events_by_id(&mut self, id: EventId) -> Stored<Vec<StoredEvent>> {
        let hashes = self.by_id.get(&id).into_iter().flatten();
        Ok(hashes.map(|hash| self.events[hash].clone()).collect())
    }

    fn events_of_command(&mut self, id: CommandId) -> Stored<Vec<StoredEvent>> {
        let mut found = self.of(|stored| stored.event.header().command_id == id);
        found.sort_by_key(|stored| stored.event.header().device_seq);
        Ok(found)
    }

    fn case_history(&mut self, case_id: CaseId) -> Stored<Vec<SealedEvent>> {
        let mut found = self
            .of(|stored| stored.event.header().case_id == case_id && position_of(stored).is_some());
        found.sort_by_key(position_of);
        Ok(found.into_iter().map(|stored| stored.event).collect())
    }

    fn insert_event(
        &mut self,
        event: &SealedEvent,
        outcome: &Outcome,
        on_chain: bool,
        _: DateTime<Utc>,
    ) -> Stored<()> {
        let stored = StoredEvent {
            event: event.clone(),
            outcome: outcome.clone(),
            on_chain,
        };
        self.by_id
            .entry(event.header().id)
            .or_default()
            .insert(*event.hash());
        match self.events.insert(*event.hash(), stored) {
            None => Ok(()),
            Some(_) => Err(StoreError::Row("event")),
        }
    }

    fn link_event(&mut self, event: &SealedEvent) -> Stored<()> {
        let stored = self.events.get_mut(event.hash());
        stored.ok_or(StoreError::Row("event"))?.on_chain = true;
        Ok(())
    }

    fn set_outcome(&mut self, event: &SealedEvent, outcome: &Outcome) -> Stored<()> {
        let stored = self.events.get_mut(event.hash());
        let stored = stored.ok_or(StoreError::Row("event"))?;
        stored.outcome = outcome.clone();
        Ok(())
    }

    fn append_feed(&mut self, item: &NewFeedItem) -> Stored<u64> {
        let position = self.tenant.position() + 1;
        self.tenant.tree.append(&leaf(position, item));
        self.feed.push(item.clone());
        Ok(position)
    }

    fn record_receipt(&mut self, _: &SealedEvent, _: DeviceId, _: DateTime<Utc>) -> Stored<()> {
        Ok(())
    }

    fn save_held(&mut self, work: &HeldWork) -> Stored<()> {
        self.held.insert(work.command_id, work.clone());
        Ok(())
    }

    fn held(&mut self, of: HeldOf, limit: u32) -> Stored<Vec<HeldWork>> {
        let is_asked = |work: &&HeldWork| match of {
            HeldOf::Waiting => work.settlement.is_none(),
            HeldOf::ReturnedTo(device) => {
                work.device_id == device && work.settlement.as_ref().is_some_and(|s| s.is_returned)
            }
            HeldOf::Command(command) => work.command_id == command,
        };
        let found = self.held.values().filter(is_asked);
        Ok(found.take(limit as usize).cloned().collect())
    }

    fn keep_refused(&mut self, _: DeviceId, _: &str, _: &[u8], _: DateTime<Utc>) -> Stored<()> {
        Ok(())
    }

    fn raise_alarm(
        &mut self,
        code: &str,
        _: DeviceId,
        _: Option<&[u8; 32]>,
        _: DateTime<Utc>,
    ) -> Stored<()> {
        self.alarms.push(code.to_owned());
        Ok(())
    }

    fn is_in_scope(&mut self, device: DeviceId, case_id: CaseId) -> Stored<bool> {
        Ok(self.scope.contains_key(&(device, case_id)))
    }

    fn enter_scope(&mut self, device: DeviceId, case_id: CaseId) -> Stored<()> {
        let position = self.tenant.position();
        self.scope.insert((device, case_id), position);
        Ok(())
    }

    fn leave_scope(&mut self, _: DeviceId, _: CaseId) -> Stored<()> {
        Ok(())
    }

    fn save_case_summary(&mut self, _: &CaseSummary) -> Stored<()> {
        Ok(())
    }

    fn cases_of(&mut self, _: &[u8; 32]) -> Stored<Vec<CaseSummary>> {
        Ok(Vec::new())
    }

    fn insert_attachment(&mut self, _: &Attachment, _: DateTime<Utc>) -> Stored<()> {
        Ok(())
    }

    fn newest_edition(&mut self) -> Stored<u32> {
        Ok(0)
    }

    fn insert_edition(&mut self, _: &StoredEdition) -> Stored<()> {
        Ok(())
    }

    fn set_backup_position(&mut self, _: u64) -> Stored<()> {
        Ok(())
    }

    fn audit(&mut self, _: &AuditRow) -> Stored<()> {
        Ok(())
    }

    fn audit_rows(&mut self, _: u64, _: u32) -> Stored<Vec<AuditEntry>> {
        Ok(Vec::new())
    }

    fn last_seal(&mut self) -> Stored<Option<AuditSeal>> {
        Ok(None)
    }

    fn insert_seal(&mut self, _: &AuditSeal) -> Stored<()> {
        Ok(())
    }

    fn news(&self) -> News {
        News::default()
    }

    fn commit(self: Box<Self>) -> Stored<()> {
        Ok(())
    }
}

/// Nobody signs in or enrols here.
impl AccountRegister for Central {
    fn staff(&mut self, _: StaffId) -> Stored<Option<Staff>> {
        Ok(None)
    }

    fn staff_by_login(&mut self, _: &str) -> Stored<Option<Staff>> {
        Ok(None)
    }

    fn save_staff(&mut self, _: &Staff) -> Stored<()> {
        Ok(())
    }

    fn save_enrolment_code(&mut self, _: &EnrolmentCode) -> Stored<()> {
        Ok(())
    }
}

/// No logs are handed over here.
impl DeviceLog for Central {
    fn log_links(&mut self, _: DeviceId, _: u64, _: u64) -> Stored<Vec<(u64, [u8; 32])>> {
        Ok(Vec::new())
    }

    fn insert_log_row(&mut self, _: Uuid, _: &KeptLogRow) -> Stored<()> {
        Ok(())
    }
}

/// Devices are not shut out here.
impl DeviceRegister for Central {
    fn device_records(&mut self) -> Stored<Vec<DeviceRecord>> {
        Ok(Vec::new())
    }

    fn device_record(&mut self, _: DeviceId) -> Stored<Option<DeviceRecord>> {
        Ok(None)
    }

    fn note_seen(&mut self, _: DeviceId, _: DateTime<Utc>) -> Stored<()> {
        Ok(())
    }

    fn note_served(&mut self, _: DeviceId, _: u64, _: u64) -> Stored<()> {
        Ok(())
    }

    fn holds_event(&mut self, _: DeviceId, _: u64, _: &[u8; 32]) -> Stored<bool> {
        Ok(false)
    }

    fn scope_of(&mut self, device: DeviceId) -> Stored<Vec<CaseId>> {
        let cases = self.scope_of_laptop(device).into_iter().flatten();
        Ok(cases.collect())
    }

    fn handed_over(&mut self, _: DeviceId) -> Stored<Vec<Vec<u8>>> {
        Ok(Vec::new())
    }

    fn save_revocation(&mut self, _: DeviceId, _: &Revocation) -> Stored<()> {
        Ok(())
    }

    fn note_successor(&mut self, _: DeviceId, _: DeviceId) -> Stored<()> {
        Ok(())
    }

    fn cases_on(&mut self, _: &DeviceRecord, _: Option<CaseId>, _: u32) -> Stored<Vec<CaseId>> {
        Ok(Vec::new())
    }

    fn count_cases_on(&mut self, _: &DeviceRecord) -> Stored<u64> {
        Ok(0)
    }
}
