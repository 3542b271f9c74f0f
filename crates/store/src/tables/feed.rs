//! The feed of the central store: how far it was read, what it said last, and taking in a page of it.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension, named_params};
use skranke_domain::ids::{CaseId, DeviceId, EventId};
use skranke_protocol::confirmation::{Confirmation, Signed, TenantHead};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::signature::Signature;
use skranke_protocol::wire::{Cursor, FeedItem, FeedPage};

use super::event::{self, Put, Source};
use super::identity::Noted;
use super::sealed;
use super::{attachment, device, outbox, setting};
use crate::connection;
use crate::error::{Damage, StoreError, is_constraint};
use crate::handle::{ReadHandle, WriteHandle};
use crate::projection::DueRule;
use crate::value::{millis, number, unsigned};

const CURSOR: &str = "SELECT epoch, position FROM feed_cursor WHERE id = 1";

const SET_CURSOR: &str = "
    INSERT INTO feed_cursor (id, epoch, position, backup, read_at)
    VALUES (1, :epoch, :position, :backup, :read_at)
    ON CONFLICT (id) DO UPDATE
       SET epoch = excluded.epoch, position = excluded.position, backup = excluded.backup,
           read_at = excluded.read_at";

const ENTER_EPOCH: &str = "
    INSERT INTO feed_cursor (id, epoch, position, backup, read_at)
    VALUES (1, :epoch, 0, 0, :read_at)
    ON CONFLICT (id) DO UPDATE
       SET epoch = excluded.epoch, position = min(position, :shared), backup = min(backup, :shared),
           read_at = excluded.read_at";

/// Name of the setting with the cases that left this device's scope and cannot go yet: they hold own work that was not
/// handed over, or that is in no backup while there is no key to seal it to.
const LEAVING: &str = "leaving_cases";

const READ_ANEW: &str = "UPDATE feed_cursor SET position = 0";

const BACKUP: &str = "SELECT backup FROM feed_cursor WHERE id = 1";

const SET_BACKUP: &str = "UPDATE feed_cursor SET backup = :backup WHERE id = 1";

const HEAD: &str = "SELECT statement, signature FROM remembered_head WHERE scope = :scope";

const SET_HEAD: &str = "
    INSERT INTO remembered_head (scope, statement, signature, seen_at)
    VALUES (:scope, :statement, :signature, :seen_at)
    ON CONFLICT (scope) DO UPDATE
       SET statement = excluded.statement, signature = excluded.signature, seen_at = excluded.seen_at";

/// What taking in a page of the feed did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageTaken {
    /// Events that were new here.
    pub new_events: usize,
    /// Cases that changed.
    pub changed: BTreeSet<CaseId>,
    /// Cases that left this device's scope and were taken out.
    pub left: BTreeSet<CaseId>,
    /// Events with a known id and other content: an alarm; what was held is kept.
    pub altered: Vec<EventId>,
    /// Own events whose number in the chain a newer own event holds: an alarm; what was held is kept.
    pub displaced: Vec<EventId>,
}

/// Cases that are to go as soon as they can.
fn leaving(connection: &Connection) -> Result<BTreeSet<CaseId>, StoreError> {
    let kept = setting::get(connection, LEAVING)?.unwrap_or_else(|| "[]".to_owned());
    let texts: Vec<String> =
        serde_json::from_str(&kept).map_err(|_| StoreError::Damaged(Damage::Value))?;
    Ok(texts.iter().filter_map(|text| text.parse().ok()).collect())
}

/// The feed is read from its beginning again, in the same epoch.
pub(crate) fn read_anew(connection: &Connection) -> Result<(), StoreError> {
    connection.execute(READ_ANEW, [])?;
    Ok(())
}

impl ReadHandle<'_> {
    /// How far the feed has been read.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn cursor(&self) -> Result<Cursor, StoreError> {
        let found: Option<(i64, i64)> = self
            .connection
            .prepare_cached(CURSOR)?
            .query_row([], |row| Ok((row.get("epoch")?, row.get("position")?)))
            .optional()?;
        match found {
            Some((epoch, position)) => Ok(Cursor {
                epoch: unsigned(epoch)?,
                position: unsigned(position)?,
            }),
            None => Ok(Cursor::START),
        }
    }

    /// Up to where the central store has a verified backup, as last heard.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn backup_position(&self) -> Result<u64, StoreError> {
        let found: Option<i64> = self
            .connection
            .prepare_cached(BACKUP)?
            .query_row([], |row| row.get("backup"))
            .optional()?;
        found.map_or(Ok(0), unsigned)
    }

    /// The last sync confirmation that was kept.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn confirmation(&self) -> Result<Option<Signed<Confirmation>>, StoreError> {
        let parts = head(self.connection, "device")?;
        Ok(parts.map(|(body, signature)| Signed::from_parts(body, signature)))
    }

    /// The last head of the tenant's feed that was kept.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn tenant_head(&self) -> Result<Option<Signed<TenantHead>>, StoreError> {
        let parts = head(self.connection, "tenant")?;
        Ok(parts.map(|(body, signature)| Signed::from_parts(body, signature)))
    }
}

impl WriteHandle<'_> {
    /// Takes in a page of the feed together with its cursor: both or neither.
    ///
    /// Signatures are the caller's to check; what is of a later program is passed over.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn take_page(&mut self, page: &FeedPage) -> Result<PageTaken, StoreError> {
        let own = device::own(&self.transaction)?.map(|own| own.device);
        let mut taking = Taking::new(own, sealed::is_any(&self.transaction)?);
        let before = leaving(&self.transaction)?;
        let mut leaving = before.clone();
        for entry in &page.items {
            match &entry.item {
                FeedItem::Event { event } => {
                    taking.event(&self.transaction, event, Some(entry.position))?;
                }
                FeedItem::ScopeEntered { case_id, events } => {
                    leaving.remove(case_id);
                    for event in events {
                        taking.event(&self.transaction, event, Some(entry.position))?;
                    }
                }
                FeedItem::ScopeLeft { case_id } => {
                    leaving.insert(*case_id);
                }
                FeedItem::Unknown => {}
            }
        }
        let mut taken = taking.project(&self.transaction, &self.due_rule)?;
        self.set_backed_up(page.backup_position)?;
        taken.left = self.let_go(&before, leaving, page.backup_position)?;
        for case in &taken.left {
            taken.changed.remove(case);
        }
        self.transaction
            .prepare_cached(SET_CURSOR)?
            .execute(named_params! {
                ":epoch": number(page.cursor.epoch)?,
                ":position": number(page.cursor.position)?,
                ":backup": number(page.backup_position)?,
                ":read_at": millis(self.now),
            })?;
        Ok(taken)
    }

    /// Takes in the mark up to where the central store has a verified backup, where it moved without anything new in
    /// the feed.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn note_backup(&mut self, position: u64) -> Result<(), StoreError> {
        self.set_backed_up(position)?;
        self.transaction
            .prepare_cached(SET_BACKUP)?
            .execute(named_params! { ":backup": number(position)? })?;
        self.let_go_of_waiting()
    }

    fn set_backed_up(&mut self, backup: u64) -> Result<(), StoreError> {
        outbox::set_backed_up(&self.transaction, backup)?;
        let gone = sealed::set_backed_up(&self.transaction, backup)?;
        self.useless_boxes.extend(gone);
        Ok(())
    }

    /// Tries again to take out the cases that left this device's scope and could not go.
    pub(crate) fn let_go_of_waiting(&mut self) -> Result<(), StoreError> {
        let before = leaving(&self.transaction)?;
        if before.is_empty() {
            return Ok(());
        }
        let backup = self.reading().backup_position()?;
        self.let_go(&before, before.clone(), backup)?;
        Ok(())
    }

    /// Goes on in an epoch of the central store: what it has in common with what was read here ends at `shared`, and
    /// everything beyond that, own, pulled and sealed, is to be offered again.
    ///
    /// Returns whether the feed is read from its beginning again. It is where something is sealed: the central store may
    /// have forgotten that the case was taken off this computer, and then the whole of it is this computer's again.
    ///
    /// Basis: spec reliability, finding 6.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn enter_epoch(&mut self, epoch: u64, shared: u64) -> Result<bool, StoreError> {
        outbox::offer_again(&self.transaction, shared)?;
        event::forget_positions(&self.transaction, shared)?;
        attachment::offer_again(&self.transaction)?;
        self.transaction
            .prepare_cached(ENTER_EPOCH)?
            .execute(named_params! {
                ":epoch": number(epoch)?,
                ":shared": number(shared)?,
                ":read_at": millis(self.now),
            })?;
        let offers_sealed = sealed::offer_again(&self.transaction, shared)?;
        if offers_sealed {
            read_anew(&self.transaction)?;
        }
        Ok(offers_sealed)
    }

    /// Takes cases out that left this device's scope, as soon as the central store has all own work in them: what is in
    /// no backup yet stays sealed. Without a key to seal it to they stay until it is in one.
    fn let_go(
        &mut self,
        before: &BTreeSet<CaseId>,
        mut leaving: BTreeSet<CaseId>,
        backup: u64,
    ) -> Result<BTreeSet<CaseId>, StoreError> {
        let mut left = BTreeSet::new();
        let key = sealed::key(&self.transaction)?;
        if !leaving.is_empty() {
            connection::erase_what_is_deleted(&self.transaction, true)?;
        }
        for case in &leaving {
            let may_go = match &key {
                Some(key) => sealed::seal_case(&self.transaction, self.vault, *case, key, backup)?,
                None => !outbox::holds_unsafe(&self.transaction, *case)?,
            };
            if may_go {
                event::forget(&self.transaction, *case)?;
                left.insert(*case);
            }
        }
        if !left.is_empty() {
            self.forgets = true;
            self.sweep_attachments()?;
        } else if !leaving.is_empty() && !self.forgets {
            connection::erase_what_is_deleted(&self.transaction, false)?;
        }
        leaving.retain(|case| !left.contains(case));
        if leaving != *before {
            let texts: Vec<String> = leaving.iter().map(ToString::to_string).collect();
            let text =
                serde_json::to_string(&texts).map_err(|_| StoreError::Damaged(Damage::Value))?;
            self.set_setting(LEAVING, &text)?;
        }
        Ok(left)
    }

    /// Keeps a sync confirmation, whose signature and succession the caller has checked.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn keep_confirmation(
        &mut self,
        statement: &Signed<Confirmation>,
    ) -> Result<(), StoreError> {
        self.keep("device", statement.body(), statement.signature())
    }

    /// Keeps a head of the tenant's feed, whose signature and succession the caller has checked.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn keep_tenant_head(&mut self, statement: &Signed<TenantHead>) -> Result<(), StoreError> {
        let head: TenantHead = serde_json::from_str(statement.body())
            .map_err(|_| StoreError::Damaged(Damage::Value))?;
        sealed::place_files(&self.transaction, head.position)?;
        self.keep("tenant", statement.body(), statement.signature())
    }

    fn keep(&mut self, scope: &str, body: &str, signature: &Signature) -> Result<(), StoreError> {
        self.transaction
            .prepare_cached(SET_HEAD)?
            .execute(named_params! {
                ":scope": scope,
                ":statement": body,
                ":signature": signature.as_bytes(),
                ":seen_at": millis(self.now),
            })?;
        Ok(())
    }
}

/// A page on its way into the store.
struct Taking<'p> {
    own: Option<DeviceId>,
    /// Whether something is here sealed that may come back to be read.
    holds_sealed: bool,
    noted: Noted,
    /// Cases that begin on this page: all their events, so that none has to be read back.
    begun: HashMap<CaseId, Vec<&'p SealedEvent>>,
    taken: PageTaken,
}

impl<'p> Taking<'p> {
    fn new(own: Option<DeviceId>, holds_sealed: bool) -> Self {
        Self {
            own,
            holds_sealed,
            noted: Noted::default(),
            begun: HashMap::new(),
            taken: PageTaken::default(),
        }
    }

    fn event(
        &mut self,
        connection: &Connection,
        event: &'p SealedEvent,
        position: Option<u64>,
    ) -> Result<(), StoreError> {
        let header = event.header();
        // An own event that is not here was lost with a ruined or older copy of the database; it is own still.
        let is_own = self.own == Some(header.device_id);
        let put = if is_own {
            event::restore(connection, event)
        } else {
            event::put_noting(connection, event, Source::Pulled, position, &mut self.noted)
        };
        match put {
            Ok(put) => {
                if is_own && let Some(position) = position {
                    event::put(connection, event, Source::Own, Some(position))?;
                    outbox::confirm(connection, header.command_id, position)?;
                }
                // What this computer made as a former device, and a person let in.
                if !is_own
                    && put == Put::Known
                    && let Some(position) = position
                {
                    outbox::confirm(connection, header.command_id, position)?;
                }
                if put == Put::New {
                    if self.holds_sealed {
                        sealed::forget(connection, header.command_id)?;
                    }
                    self.taken.new_events += 1;
                    self.taken.changed.insert(header.case_id);
                    if self.noted.has_begun(header.case_id) {
                        self.begun.entry(header.case_id).or_default().push(event);
                    }
                }
                Ok(())
            }
            Err(StoreError::EventAltered) => {
                self.taken.altered.push(header.id);
                Ok(())
            }
            // The same as at opening: work of this computer from before an older copy of the database was put back.
            Err(StoreError::Sqlite(error)) if is_own && is_constraint(&error) => {
                self.taken.displaced.push(header.id);
                Ok(())
            }
            Err(other) => Err(other),
        }
    }

    /// Projects each changed case once.
    fn project(self, connection: &Connection, due_rule: &DueRule) -> Result<PageTaken, StoreError> {
        let Self {
            mut begun, taken, ..
        } = self;
        for case in &taken.changed {
            match begun.remove(case) {
                Some(mut events) => {
                    // As they are read from the database.
                    events.sort_by_key(|event| event.header().id);
                    event::project_from(connection, *case, &events, due_rule)?;
                }
                None => {
                    event::project(connection, *case, due_rule)?;
                }
            }
        }
        Ok(taken)
    }
}

fn head(connection: &Connection, scope: &str) -> Result<Option<(String, Signature)>, StoreError> {
    let found: Option<(String, [u8; 64])> = connection
        .prepare_cached(HEAD)?
        .query_row(named_params! { ":scope": scope }, |row| {
            Ok((row.get("statement")?, row.get("signature")?))
        })
        .optional()?;
    Ok(found.map(|(body, signature)| (body, Signature::from_bytes(signature))))
}
