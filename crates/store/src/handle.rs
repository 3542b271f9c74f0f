//! Reading and writing are different types, and a write cannot begin without saying who and why.
//!
//! [`WriteHandle`] has one constructor, [`Store::write`], which takes an [`Actor`] and an [`Entry`] and puts the audit
//! row into the same transaction as everything that follows. So an unaudited write does not compile:
//!
//! ```compile_fail,E0061
//! # fn example(store: &mut skranke_store::Store, actor: &skranke_store::Actor) {
//! let write = store.write(actor); // no entry for the audit log
//! # }
//! ```
//!
//! ```compile_fail,E0599
//! # fn example(store: &mut skranke_store::Store, settings: &str) {
//! let read = store.read().unwrap();
//! read.set_setting("location", settings); // a reader has no way to write
//! # }
//! ```
//!
//! ```compile_fail,E0451
//! # fn example(store: &mut skranke_store::Store) {
//! let write = skranke_store::WriteHandle { appended: Vec::new() }; // nor can one be made by hand
//! # }
//! ```
//!
//! What does compile:
//!
//! ```
//! # use skranke_store::{Action, Actor, Entry, Store, StoreError};
//! # fn example(store: &mut Store, actor: &Actor, now: chrono::DateTime<chrono::Utc>) -> Result<(), StoreError> {
//! let mut write = store.write(actor, Entry::new(Action::SettingChanged, now))?;
//! write.set_setting("location", "\"raadhus\"")?;
//! write.commit()?;
//! # Ok(())
//! # }
//! ```
//!
//! Basis: design, section 5; spec reliability, invariant I9.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use skranke_domain::ids::{CaseId, DeviceId, EventId, Sha256Digest, StaffId};
use skranke_domain::rehearsal;
use skranke_domain::role::Role;
use skranke_protocol::envelope::SealedEvent;
use uuid::Uuid;

use crate::connection;
use crate::error::StoreError;
use crate::outbox_log::{OutboxLog, Record};
use crate::projection::DueRule;
use crate::second_copy::{Basics, SecondCopyFile};
use crate::store::{self, SaveStep, Store};
use crate::tables::{audit, identity};
use crate::value::coded;
use crate::vault::Vault;

coded! {
    /// What was done, as the audit log says it.
    Action {
        /// The first run made device and first administrator.
        FirstRun => "first_run",
        /// Someone signed in.
        SignedIn => "signed_in",
        /// A sign-in failed.
        SignInFailed => "sign_in_failed",
        /// Someone signed out, or the session was locked.
        SignedOut => "signed_out",
        /// Cases or citizens were searched.
        Searched => "searched",
        /// A page of a list or queue was shown.
        ListShown => "list_shown",
        /// A case was shown.
        CaseRead => "case_read",
        /// A CPR number was entered at the counter, or looked up.
        CitizenLookedUp => "citizen_looked_up",
        /// A protected address was uncovered on screen.
        AddressRevealed => "address_revealed",
        /// The channel was shown.
        ChannelRevealed => "channel_revealed",
        /// What was typed was saved.
        DraftSaved => "draft_saved",
        /// A draft was opened again.
        DraftRead => "draft_read",
        /// A draft was parked.
        DraftParked => "draft_parked",
        /// A draft was thrown away, by hand or by rule.
        DraftDiscarded => "draft_discarded",
        /// A command's events were saved.
        CommandSaved => "command_saved",
        /// A file was attached.
        AttachmentStored => "attachment_stored",
        /// A file was shown.
        AttachmentRead => "attachment_read",
        /// A paper was made, shown, printed or saved.
        PaperIssued => "paper_issued",
        /// A case was exported.
        CaseExported => "case_exported",
        /// An account was made or changed.
        AccountChanged => "account_changed",
        /// A setting was changed.
        SettingChanged => "setting_changed",
        /// The municipality's profile was edited, or an edit of another computer was taken in.
        ProfileEdited => "profile_edited",
        /// An edition of the profile was lost: the central store, restored from a backup, has another in its place.
        ProfileReplaced => "profile_replaced",
        /// A new recovery code was made; the one before opens nothing any more.
        RecoveryCodeRenewed => "recovery_code_renewed",
        /// The device was enrolled, or its key was renewed.
        DeviceEnrolled => "device_enrolled",
        /// The central store's answers and feed were taken in.
        Synchronised => "synchronised",
        /// The audit log was read.
        AuditRead => "audit_read",
        /// Rebuild, trim, repair.
        Maintained => "maintained",
    }
}

/// Who is at work, on which device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The member of staff.
    pub staff: StaffId,
    /// The roles held now.
    pub roles: Vec<Role>,
    /// This device.
    pub device: DeviceId,
}

impl Actor {
    /// The program itself: synchronising, clearing up, repairing.
    pub const fn program(device: DeviceId) -> Self {
        Self {
            staff: StaffId::from_uuid(Uuid::nil()),
            roles: Vec::new(),
            device,
        }
    }
}

/// What the audit log is to say. Never a name, a number or anything typed about a citizen, but for the purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub done_at: DateTime<Utc>,
    /// What.
    pub action: Action,
    /// On which case, if on one.
    pub case: Option<CaseId>,
    /// On what else: the id of a draft, a digest, a code.
    pub subject: Option<String>,
    /// Why; empty where the action is purpose enough.
    pub purpose: String,
}

impl Entry {
    /// An entry without case, subject or purpose.
    pub const fn new(action: Action, done_at: DateTime<Utc>) -> Self {
        Self {
            done_at,
            action,
            case: None,
            subject: None,
            purpose: String::new(),
        }
    }

    /// The same entry for a case.
    #[must_use]
    pub fn on_case(mut self, case: CaseId) -> Self {
        self.case = Some(case);
        self
    }

    /// The same entry for something named by an id or a code.
    #[must_use]
    pub fn on(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The same entry with its purpose.
    #[must_use]
    pub fn because(mut self, purpose: impl Into<String>) -> Self {
        self.purpose = purpose.into();
        self
    }
}

/// Reads; everything read through one handle is from one moment.
pub struct ReadHandle<'s> {
    pub(crate) connection: &'s Connection,
    pub(crate) vault: &'s Vault,
    _snapshot: Option<Transaction<'s>>,
}

impl<'s> ReadHandle<'s> {
    pub(crate) fn begin(connection: &'s Connection, vault: &'s Vault) -> Result<Self, StoreError> {
        // Within another reading, this one sees the same moment.
        let is_first = connection.is_autocommit();
        let snapshot = if is_first {
            Some(connection.unchecked_transaction()?)
        } else {
            None
        };
        Ok(Self {
            connection,
            vault,
            _snapshot: snapshot,
        })
    }
}

/// Whether the second copy of what was saved, in the outbox log, is on the disk too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondCopy {
    /// It is, or nothing had to be written there.
    Written,
    /// It is not: the disk is full or broken. What was saved is in the database; the log is caught up with at the
    /// next save or opening.
    Behind,
}

/// What a commit gives: the changes are on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// Whether the outbox log has them too.
    pub second_copy: SecondCopy,
}

/// Writes; nothing is kept unless [`WriteHandle::commit`] is called.
pub struct WriteHandle<'s> {
    pub(crate) transaction: Transaction<'s>,
    connection: &'s Connection,
    pub(crate) vault: &'s Vault,
    pub(crate) due_rule: DueRule,
    log: &'s mut OutboxLog,
    second_copy: &'s SecondCopyFile,
    pub(crate) changes_basics: bool,
    /// Cases left this computer: the outbox log must let go of them too, or opening would bring them back.
    pub(crate) forgets: bool,
    /// Scans whose boxes go once this is committed.
    pub(crate) useless_boxes: Vec<Sha256Digest>,
    on_step: Option<fn(SaveStep)>,
    pub(crate) actor: Actor,
    pub(crate) now: DateTime<Utc>,
    pub(crate) appended: Vec<Record>,
}

impl<'s> WriteHandle<'s> {
    pub(crate) fn begin(
        store: &'s mut Store,
        actor: &Actor,
        entry: &Entry,
    ) -> Result<Self, StoreError> {
        let connection = &store.connection;
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        identity::note_staff(&transaction, actor.staff)?;
        identity::note_device(&transaction, actor.device)?;
        let write = Self {
            transaction,
            connection,
            vault: &store.vault,
            due_rule: store.options.due_rule.clone(),
            log: &mut store.log,
            second_copy: &store.second_copy,
            changes_basics: false,
            forgets: false,
            useless_boxes: Vec::new(),
            on_step: store.options.on_step,
            actor: actor.clone(),
            now: entry.done_at,
            appended: Vec::new(),
        };
        write.also(entry)?;
        Ok(write)
    }

    /// Adds another entry to the audit log of this write.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn also(&self, entry: &Entry) -> Result<(), StoreError> {
        if let Some(case) = entry.case {
            identity::note_case(&self.transaction, case)?;
        }
        audit::insert(&self.transaction, &self.actor, entry)
    }

    /// Reads within this write.
    pub fn reading(&self) -> ReadHandle<'_> {
        ReadHandle {
            connection: &self.transaction,
            vault: self.vault,
            _snapshot: None,
        }
    }

    pub(crate) fn append(&mut self, event: SealedEvent) {
        self.appended.push(Record::Event(Box::new(event)));
    }

    pub(crate) fn append_device(&mut self, record: Record) {
        self.appended.push(record);
    }

    /// Makes everything durable, first in the database, then in the outbox log.
    ///
    /// The database comes first because it alone decides what happened. Were the log first, a transaction that then
    /// fails (disk full, crash) would leave an event in the log that was never saved: its number in the device's
    /// chain would be given again, and the log would hold two events for one number, one of which nobody made.
    /// With the database first, a crash between the two leaves an event in the database that the log lacks. Nobody was
    /// told "gemt" yet, the event is whole and signed, and opening the store writes it to the log before anything
    /// else. Only both files ruined within that moment lose it, and then nothing that was acknowledged is lost.
    ///
    /// # Errors
    /// Nothing was saved. A log that cannot be written is no error, because the events *are* saved and asking again
    /// would save them twice; it is [`SecondCopy::Behind`].
    pub fn commit(self) -> Result<Saved, StoreError> {
        let Self {
            transaction,
            connection,
            vault,
            log,
            second_copy,
            changes_basics,
            forgets,
            useless_boxes,
            on_step,
            appended,
            ..
        } = self;
        if forgets {
            // Here the log comes first: left for after the commit, a crash would let opening bring the case back from it.
            // Before, a crash costs a second copy of what the database has, and opening writes that.
            let mut kept = store::needed(&transaction)?;
            let ids: HashSet<EventId> = appended.iter().filter_map(Record::event_id).collect();
            kept.retain(|record| record.event_id().is_none_or(|id| !ids.contains(&id)));
            log.rewrite(&kept)?;
        }
        let basics = if changes_basics {
            Some(Basics::of(&transaction)?)
        } else {
            None
        };
        let step = |step: SaveStep| {
            rehearsal::point(rehearsal::SAVE[step as usize]);
            if let Some(watch) = on_step {
                watch(step);
            }
        };
        step(SaveStep::BeforeCommit);
        transaction.commit()?;
        step(SaveStep::Committed);
        if forgets {
            // What stood in the write-ahead log before goes with it; one that is read from just now goes another time.
            let _ = connection::shrink_log(connection);
            let _ = connection::erase_what_is_deleted(connection, false);
        }
        for digest in useless_boxes {
            vault.delete_boxes(digest);
        }
        if let Some(basics) = basics {
            // A copy that could not be written is written at the next change or opening.
            let _ = second_copy.write(&basics);
        }
        let appended_to = log.append(&appended, &step);
        let second_copy = match appended_to {
            Ok(()) => SecondCopy::Written,
            // The database has it; the room for the log is what the ballast was laid for.
            Err(StoreError::DiskFull)
                if log.release_ballast() && log.append(&[], &step).is_ok() =>
            {
                SecondCopy::Written
            }
            Err(_) => SecondCopy::Behind,
        };
        step(SaveStep::Reported);
        Ok(Saved { second_copy })
    }
}
