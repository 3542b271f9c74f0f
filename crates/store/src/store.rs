//! The store as one thing: its folder, how it is opened, checked and put right.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, TransactionBehavior};
use skranke_domain::ids::{CaseId, DeviceId, EventId};
use skranke_domain::rehearsal;
use uuid::Uuid;

use crate::ballast;
use crate::connection::{self, Mode};
use crate::damaged::{SetAside, free_name, set_aside, set_aside_as, under};
use crate::error::{Damage, StoreError, is_constraint};
use crate::files;
use crate::handle::{Action, Actor, Entry, ReadHandle, SecondCopy, WriteHandle};
use crate::key::StoreKey;
use crate::key::envelope::{Envelope, KeyError};
use crate::migrate;
use crate::outbox_log::{self, Contents, DeviceRecord, OutboxLog, Record};
use crate::projection::DueRule;
use crate::salvage::{self, Recovered};
use crate::second_copy::{Basics, SecondCopyFile};
use crate::tables::event::{self, Put};
use crate::tables::{audit, device, identity, outbox};
use crate::unfinished::Unfinished;
use crate::vault::Vault;

/// Name of the database in the store's folder.
pub(crate) const DATABASE: &str = "skranke.db";
/// Held while a store is opened, so that two programs do not put the same thing right at once.
const OPENING_LOCK: &str = "opening.lock";

/// A log with more events than this is written anew at opening, when less than half of it is needed.
const KEPT_BEFORE_TRIMMING: usize = 2000;

/// How a store is to behave.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Size of the ballast that [`Store::lay_ballast`] lays; 0 for none.
    pub ballast_bytes: u64,
    /// How the day a case is due is found.
    pub due_rule: DueRule,
    /// Called at each step of a save: for measuring, and for tests that end the program at that very step.
    pub on_step: Option<fn(SaveStep)>,
}

/// A step on the way from a write to "gemt".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveStep {
    /// Everything is in the transaction, nothing on the disk.
    BeforeCommit,
    /// The database has it on the disk.
    Committed,
    /// The outbox log has it, perhaps not on the disk yet.
    LogWritten,
    /// The outbox log has it on the disk.
    LogSynced,
    /// The caller is about to be told.
    Reported,
}

impl SaveStep {
    /// Every step, in order.
    pub const ALL: [SaveStep; 5] = [
        SaveStep::BeforeCommit,
        SaveStep::Committed,
        SaveStep::LogWritten,
        SaveStep::LogSynced,
        SaveStep::Reported,
    ];
}

/// What opening a store found and put right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opening {
    /// Own events that the outbox log had and the database lacked: it was ruined, or an older copy was put back.
    pub restored_events: usize,
    /// Own events that could not be put back, because another event holds their place in the chain: an alarm.
    pub displaced_events: usize,
    /// Own events that the database had and the outbox log lacked: the power went between the two.
    pub relogged_events: usize,
    /// The damaged outbox log that was set aside.
    pub log_set_aside: SetAside,
}

/// An open store. It belongs to one thread at a time; put it in a mutex to share it.
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
    pub(crate) log: OutboxLog,
    pub(crate) vault: Vault,
    pub(crate) second_copy: SecondCopyFile,
    pub(crate) options: Options,
    pub(crate) key: StoreKey,
    folder: PathBuf,
    opening: Opening,
}

impl Store {
    /// Opens the store in `folder`, and makes it where there is none. Database and outbox log are compared, and what
    /// one of them lacks is put back from the other; [`Store::opening`] says what.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`], [`StoreError::Damaged`] (then see [`Store::recover`]), [`StoreError::NotADatabase`],
    /// [`StoreError::NewerDatabase`], or what disk and engine answer. Nothing is changed then.
    pub fn open(
        folder: &Path,
        key: &StoreKey,
        options: Options,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        match Unfinished::read(folder)? {
            None => Self::open_whole(folder, key, options, now),
            // Somebody asked for it already: it is finished before anyone works on.
            Some(unfinished) => {
                key_is_known(folder, key)?;
                Self::finish_recovery(folder, key, options, now, &unfinished)
                    .map(|(store, _)| store)
            }
        }
    }

    fn open_whole(
        folder: &Path,
        key: &StoreKey,
        options: Options,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        files::make_private_folder(folder)?;
        let _lock = lock(folder)?;
        let key_is_known = key_is_known(folder, key)?;
        let database = folder.join(DATABASE);
        if !database.try_exists()? && folder.join(outbox_log::FILE_NAME).try_exists()? {
            return Err(StoreError::Damaged(Damage::Missing));
        }
        let mut connection = match connection::open(&database, key, Mode::Create) {
            // The envelope or the log says that the key is right, so it is the first page that is not.
            Err(StoreError::WrongKey) if key_is_known => {
                return Err(StoreError::Damaged(Damage::Header));
            }
            other => other?,
        };
        migrate::migrate(&mut connection)?;
        let mut opening = Opening::default();
        let log = reconcile(&mut connection, folder, key, &options, now, &mut opening)?;
        let second_copy = SecondCopyFile::new(folder, key);
        if let Some(basics) = second_copy.read() {
            let transaction = connection.transaction()?;
            basics.restore_into(&transaction, now)?;
            transaction.commit()?;
        }
        // A copy that cannot be written now is written at the next change; it must not keep anyone from working.
        let _ = Basics::of(&connection).and_then(|basics| second_copy.write(&basics));
        Ok(Self {
            connection,
            log,
            vault: Vault::new(folder, key),
            second_copy,
            options,
            key: key.clone(),
            folder: folder.to_owned(),
            opening,
        })
    }

    /// Sets a damaged database aside and makes a new one: from the outbox log, from the second copy of accounts and
    /// settings, and from whatever can still be read of the damaged file. What others did comes back from the central
    /// store. Where it is cut short, opening the store finishes it.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn recover(
        folder: &Path,
        key: &StoreKey,
        options: Options,
        now: DateTime<Utc>,
    ) -> Result<(Self, Recovered), StoreError> {
        key_is_known(folder, key)?;
        let database = folder.join(DATABASE);
        let mut unfinished = Unfinished::read(folder)?.unwrap_or_default();
        if database.try_exists()? {
            if unfinished.still_to_move()?.is_none() {
                unfinished.aside.push(free_name(&database, now)?);
            }
        } else {
            // Nothing but what a lost database may have left behind.
            set_aside(&database, now)?;
        }
        unfinished.write(folder)?;
        rehearsal::point("recover.noted");
        Self::finish_recovery(folder, key, options, now, &unfinished)
    }

    /// Does what a recovery has not done yet; each step may have been done before.
    fn finish_recovery(
        folder: &Path,
        key: &StoreKey,
        options: Options,
        now: DateTime<Utc>,
        unfinished: &Unfinished,
    ) -> Result<(Self, Recovered), StoreError> {
        let database = folder.join(DATABASE);
        if let Some(aside) = unfinished.still_to_move()? {
            set_aside_as(&database, aside)?;
        }
        rehearsal::point("recover.set_aside");
        // An empty file stands for "this loss is known", so that opening does not ask again.
        files::private()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&database)?;
        rehearsal::point("recover.begun_anew");
        let mut store = Self::open_whole(folder, key, options, now)?;
        rehearsal::point("recover.opened");
        let due_rule = store.options.due_rule.clone();
        // What is newer counts, where one recovery came upon another.
        for damaged in unfinished.aside.iter().rev() {
            salvage::take_over(&mut store.connection, damaged, key, &due_rule, now)?;
        }
        rehearsal::point("recover.taken_over");
        salvage::put_back_files(&store.connection, &store.vault, now)?;
        store.trim_outbox_log()?;
        let _ = Basics::of(&store.connection).and_then(|b| store.second_copy.write(&b));
        rehearsal::point("recover.put_back");
        Unfinished::clear(folder)?;
        let aside = unfinished.aside.last().map(|aside| under(aside));
        let recovered = Recovered {
            files: aside.transpose()?.unwrap_or_default().files,
            ..salvage::count(&store.connection)?
        };
        Ok((store, recovered))
    }

    /// The folder the store lives in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What opening found and put right.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Whether the second copy of what was saved is on the disk, in the outbox log, too.
    pub fn second_copy(&self) -> SecondCopy {
        if self.log.is_behind() {
            SecondCopy::Behind
        } else {
            SecondCopy::Written
        }
    }

    /// Begins reading; everything read through the handle is from one moment.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn read(&self) -> Result<ReadHandle<'_>, StoreError> {
        ReadHandle::begin(&self.connection, &self.vault)
    }

    /// Begins writing: in the name of `actor`, with `entry` in the audit log. Nothing is kept unless the handle is
    /// committed.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when another program writes for longer than five seconds; what else the engine answers.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "an entry is written once; the caller has no use for it after"
    )]
    pub fn write(&mut self, actor: &Actor, entry: Entry) -> Result<WriteHandle<'_>, StoreError> {
        WriteHandle::begin(self, actor, &entry)
    }

    /// The version of the database.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn version(&self) -> Result<u32, StoreError> {
        migrate::version(&self.connection)
    }

    /// Checks every page, tree and reference; returns what is wrong. Takes seconds on a large store.
    ///
    /// # Errors
    /// Only where the check itself could not run.
    pub fn check_integrity(&self) -> Result<Vec<Damage>, StoreError> {
        connection::check_integrity(&self.connection)
    }

    /// Gives the engine this much memory for decrypted pages until the store is closed: for taking in very many cases
    /// at once, where with the ordinary room the same pages would be read and written again and again.
    ///
    /// # Errors
    /// What the engine answers.
    pub fn widen_cache(&self, megabytes: u32) -> Result<(), StoreError> {
        connection::set_cache(&self.connection, megabytes)
    }

    /// Lays the ballast file of [`Options::ballast_bytes`], where it is missing.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and what else the disk answers.
    pub fn lay_ballast(&self) -> Result<(), StoreError> {
        ballast::lay(&self.folder, self.options.ballast_bytes)
    }

    /// Gives the room of the ballast back, so that the case at hand can be finished; returns how many bytes.
    ///
    /// # Errors
    /// What the disk answers.
    pub fn release_ballast(&self) -> Result<u64, StoreError> {
        let released = ballast::release(&self.folder)?;
        if released > 0 {
            connection::shrink_log(&self.connection)?;
        }
        Ok(released)
    }

    /// The same for a store that does not open, because the disk is too full even for that.
    ///
    /// # Errors
    /// What the disk answers.
    pub fn release_ballast_of(folder: &Path) -> Result<u64, StoreError> {
        ballast::release(folder)
    }

    /// Writes the outbox log anew with only what the central store does not have in a backup.
    ///
    /// # Errors
    /// What disk and engine answer; the old log is whole then.
    pub fn trim_outbox_log(&mut self) -> Result<(), StoreError> {
        let _lock = lock(&self.folder)?;
        let records = needed(&self.connection)?;
        self.log = OutboxLog::create(&self.folder, &self.key, &records)?;
        Ok(())
    }
}

fn lock(folder: &Path) -> Result<File, StoreError> {
    let file = files::private()
        .write(true)
        .create(true)
        .truncate(false)
        .open(folder.join(OPENING_LOCK))?;
    file.lock()?;
    Ok(file)
}

/// Whether something in the folder vouches for the key; an error when something contradicts it.
fn key_is_known(folder: &Path, key: &StoreKey) -> Result<bool, StoreError> {
    let by_envelope = match Envelope::load(folder) {
        Ok(envelope) if envelope.fits(key) => true,
        Ok(_) => return Err(StoreError::WrongKey),
        Err(KeyError::Store(error)) => return Err(error),
        Err(_) => false,
    };
    match OutboxLog::vouches(folder, key)? {
        Some(false) if by_envelope => Ok(true),
        Some(false) => Err(StoreError::WrongKey),
        Some(true) => Ok(true),
        None => Ok(by_envelope),
    }
}

/// Everything the outbox log must hold: this device, and own events that are in no backup of the central store.
pub(crate) fn needed(connection: &Connection) -> Result<Vec<Record>, StoreError> {
    let mut records: Vec<Record> = device::record(connection)?
        .map(Record::Device)
        .into_iter()
        .collect();
    for command in outbox::unsafe_commands(connection)? {
        let events = event::of_command(connection, command)?;
        records.extend(events.into_iter().map(Box::new).map(Record::Event));
    }
    Ok(records)
}

fn reconcile(
    connection: &mut Connection,
    folder: &Path,
    key: &StoreKey,
    options: &Options,
    now: DateTime<Utc>,
    opening: &mut Opening,
) -> Result<OutboxLog, StoreError> {
    let read = match OutboxLog::read(folder, key) {
        Ok(Some(read)) => read,
        Ok(None) => return OutboxLog::create(folder, key, &needed(connection)?),
        Err(StoreError::WrongKey) => Contents::unreadable(),
        Err(other) => return Err(other),
    };
    restore(connection, &read, options, now, opening)?;
    if read.is_damaged {
        opening.log_set_aside = set_aside(&folder.join(outbox_log::FILE_NAME), now)?;
        return OutboxLog::create(folder, key, &needed(connection)?);
    }
    let mut log = OutboxLog::resume(folder, key, &read)?;
    let known: HashSet<EventId> = read.records.iter().filter_map(Record::event_id).collect();
    let own = device::own(connection)?.map(|own| own.device);
    let knows_device = present_device(&read).map(|record| record.device) == own;
    let needed = needed(connection)?;
    if known.len() > KEPT_BEFORE_TRIMMING && needed.len() * 2 < known.len() {
        return OutboxLog::create(folder, key, &needed);
    }
    let missing: Vec<Record> = needed
        .into_iter()
        .filter(|record| match record.event_id() {
            Some(event) => !known.contains(&event),
            None => !knows_device,
        })
        .collect();
    opening.relogged_events = missing.iter().filter_map(Record::event_id).count();
    log.append(&missing, &|_| {})?;
    Ok(log)
}

/// This device as the log knew it last.
fn present_device(read: &Contents) -> Option<&DeviceRecord> {
    read.records.iter().rev().find_map(|record| match record {
        Record::Device(device) => Some(device),
        Record::Event(_) => None,
    })
}

/// Puts back what the log has and the database lacks.
fn restore(
    connection: &mut Connection,
    read: &Contents,
    options: &Options,
    now: DateTime<Utc>,
    opening: &mut Opening,
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut changed: HashSet<CaseId> = HashSet::new();
    // First who this device is now: what another made is a former one's.
    if let Some(present) = present_device(read) {
        device::restore(&transaction, present, now)?;
    }
    for record in &read.records {
        match record {
            Record::Device(_) => {}
            Record::Event(event) => match event::restore(&transaction, event) {
                Ok(Put::Known) => {}
                Ok(Put::New) => {
                    opening.restored_events += 1;
                    changed.insert(event.header().case_id);
                }
                Err(StoreError::EventAltered) => opening.displaced_events += 1,
                Err(StoreError::Sqlite(error)) if is_constraint(&error) => {
                    opening.displaced_events += 1;
                }
                Err(other) => return Err(other),
            },
        }
    }
    if opening.restored_events + opening.displaced_events > 0 {
        for case in changed {
            event::project(&transaction, case, &options.due_rule)?;
        }
        let device =
            device::own(&transaction)?.map_or(DeviceId::from_uuid(Uuid::nil()), |own| own.device);
        let program = Actor::program(device);
        identity::note_staff(&transaction, program.staff)?;
        identity::note_device(&transaction, program.device)?;
        audit::insert(
            &transaction,
            &program,
            &Entry::new(Action::Maintained, now).on("restored_from_log"),
        )?;
    }
    transaction.commit()?;
    Ok(())
}
