//! Rehearsals: named points at which a test ends the program, and bugs planted to see that the tests find them.
//!
//! Only tests build with the feature `rehearsal`; without it a point is nothing, no bug can be planted, and the
//! compiler leaves both out. Nothing here decides anything: what happens at a point is the hook's business.
//!
//! Basis: reliability, section 1 (the i-th failure) and section 5 ("prove the harness").

/// Whether this program can rehearse.
pub const IS_ON: bool = cfg!(feature = "rehearsal");

/// The points of a save at the desktop, in order.
pub const SAVE: [&str; 5] = [
    "save.before_commit",
    "save.committed",
    "save.log_written",
    "save.log_synced",
    "save.reported",
];

/// The points of a round of synchronisation at the desktop.
pub const SYNC: [&str; 10] = [
    "sync.status_heard",
    "sync.before_push",
    "sync.push_answered",
    "sync.verdicts_kept",
    "sync.page_answered",
    "sync.cursor_kept",
    "sync.page_kept",
    "sync.file_answered",
    "sync.file_kept",
    "sync.log_answered",
];

/// The points of a wipe at the desktop, in order.
pub const WIPE: [&str; 5] = [
    "wipe.order_heard",
    "wipe.drafts_handed_over",
    "wipe.handed_over",
    "wipe.begun",
    "wipe.key_gone",
];

/// The points of a recovery of a damaged store, in order.
pub const RECOVER: [&str; 6] = [
    "recover.noted",
    "recover.set_aside",
    "recover.begun_anew",
    "recover.opened",
    "recover.taken_over",
    "recover.put_back",
];

/// The points at which a PIN and a lease come into force at the desktop. The envelope is written at each of both.
pub const LEASE: [&str; 3] = ["key.first_written", "lease.share_kept", "lease.bound"];

/// The points of a write at the central store.
pub const WRITE: [&str; 4] = [
    "write.begun",
    "write.before_commit",
    "write.committed",
    "write.answered",
];

/// The points of an upload at the central store, in order.
pub const UPLOAD: [&str; 5] = [
    "upload.piece_written",
    "upload.hashed",
    "upload.renamed",
    "upload.finished",
    "upload.recorded",
];

/// The points at the desktop when a central store that was restored is offered again what it lacks, in order.
pub const OFFER: [&str; 5] = [
    "offer.epoch_heard",
    "offer.epoch_entered",
    "offer.portion_read",
    "offer.portion_answered",
    "offer.portion_kept",
];

/// The points at the desktop when a copy of a computer goes on under a name of its own, in order.
pub const REKEY: [&str; 4] = [
    "rekey.before_name",
    "rekey.name_kept",
    "rekey.answered",
    "rekey.gone_on",
];

/// A bug that is planted on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// The desktop's database and log do not wait for the disk.
    NoFsync = 1,
    /// The central store answers before its commit.
    AckBeforeCommit = 2,
    /// A duplicate is acknowledged without a write of its own.
    DroppedReceipt = 3,
    /// The place in the feed is kept before what was read.
    CheckpointFirst = 4,
    /// Of two values set apart the later counts, and nobody is told.
    LastWriterWins = 5,
}

impl Bug {
    /// All of them.
    pub const ALL: [Bug; 5] = [
        Bug::NoFsync,
        Bug::AckBeforeCommit,
        Bug::DroppedReceipt,
        Bug::CheckpointFirst,
        Bug::LastWriterWins,
    ];

    /// The bug with this name, as `NoFsync`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bug| format!("{bug:?}") == name)
    }
}

#[cfg(feature = "rehearsal")]
mod on {
    use super::Bug;
    use std::cell::Cell;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU8, Ordering};

    static HOOK: OnceLock<fn(&'static str)> = OnceLock::new();
    static PLANTED: AtomicU8 = AtomicU8::new(0);

    thread_local! {
        static PLANTED_HERE: Cell<u8> = const { Cell::new(0) };
    }

    /// The program is at a point.
    pub fn point(name: &'static str) {
        if let Some(hook) = HOOK.get() {
            hook(name);
        }
    }

    /// Whether a bug is planted.
    pub fn is_planted(bug: Bug) -> bool {
        PLANTED.load(Ordering::Relaxed) == bug as u8 || PLANTED_HERE.get() == bug as u8
    }

    /// Calls `hook` at every point from now on.
    pub fn watch(hook: fn(&'static str)) {
        let _ = HOOK.set(hook);
    }

    /// Plants a bug in the whole program.
    pub fn plant(bug: Bug) {
        PLANTED.store(bug as u8, Ordering::Relaxed);
    }

    /// Plants a bug in what this thread does, so that tests beside this one have none.
    pub fn plant_here(bug: Bug) {
        PLANTED_HERE.set(bug as u8);
    }
}

#[cfg(not(feature = "rehearsal"))]
mod on {
    use super::Bug;

    /// Nothing: this program does not rehearse.
    pub const fn point(_: &'static str) {}

    /// Never: this program does not rehearse.
    pub const fn is_planted(_: Bug) -> bool {
        false
    }

    /// Nothing: this program does not rehearse.
    pub fn watch(_: fn(&'static str)) {}

    /// Nothing: this program does not rehearse.
    pub fn plant(_: Bug) {}

    /// Nothing: this program does not rehearse.
    pub fn plant_here(_: Bug) {}
}

pub use on::{is_planted, plant, plant_here, point, watch};
