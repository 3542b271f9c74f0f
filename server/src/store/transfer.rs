//! Carrying a whole store into another one, row by row, and proving that it arrived.
//!
//! Moving from the embedded database to PostgreSQL and back, a backup of a PostgreSQL store and its restoring are all
//! this one way. What was read is counted and hashed while it is read, from one snapshot; what was written is read
//! again and must give the same. Basis: design, section 6; reliability, section 7.

use std::sync::mpsc::sync_channel;

use chrono::{DateTime, NaiveDate, Utc};
use sha2::{Digest, Sha256};
use skranke_domain::ids::Sha256Digest;
use skranke_protocol::confirmation::Signed;
use skranke_protocol::epoch::EpochOpening;
use skranke_protocol::instant;
use uuid::Uuid;

use super::{CentralStore, ServerKeys, StoreError, Stored};

/// Device codes that a new epoch passes over: more devices than are enrolled between two backups.
pub(super) const CODES_PASSED_OVER: i64 = 100;

/// Rows on their way between the two stores.
const ON_THE_WAY: usize = 1_000;

/// What a column holds; each backend has its own type for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Number,
    /// Bytes.
    Bytes,
    /// Yes or no.
    Flag,
    /// A UUID.
    Uuid,
    /// An instant, to the millisecond.
    Time,
    /// A day.
    Date,
}

/// What stands in a column of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// See [`Kind::Text`].
    Text(String),
    /// See [`Kind::Number`].
    Number(i64),
    /// See [`Kind::Bytes`].
    Bytes(Vec<u8>),
    /// See [`Kind::Flag`].
    Flag(bool),
    /// See [`Kind::Uuid`].
    Uuid(Uuid),
    /// See [`Kind::Time`].
    Time(DateTime<Utc>),
    /// See [`Kind::Date`].
    Date(NaiveDate),
}

impl Value {
    fn add_to(&self, hash: &mut Sha256) {
        let mut add = |kind: u8, bytes: &[u8]| {
            hash.update([kind]);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        match self {
            Self::Null => add(0, &[]),
            Self::Text(text) => add(1, text.as_bytes()),
            Self::Number(number) => add(2, &number.to_be_bytes()),
            Self::Bytes(bytes) => add(3, bytes),
            Self::Flag(flag) => add(4, &[u8::from(*flag)]),
            Self::Uuid(uuid) => add(5, uuid.as_bytes()),
            Self::Time(time) => add(6, instant::to_text(*time).as_bytes()),
            Self::Date(date) => add(7, date.to_string().as_bytes()),
        }
    }
}

/// A table that belongs to a municipality.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns after `tenant`.
    pub columns: &'static [(&'static str, Kind)],
    /// The columns of its key after `tenant`, in which order rows travel.
    pub key: &'static str,
}

impl Table {
    /// All its columns, `tenant` first, as a list for a statement.
    pub fn column_list(&self) -> String {
        let names = self.columns.iter().map(|(name, _)| *name);
        std::iter::once("tenant")
            .chain(names)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

use Kind::{Bytes, Date, Flag, Number, Text, Time, Uuid as Id};

/// All tables of a municipality, in an order in which every row's references are there before it.
pub const TABLES: [Table; 18] = [
    Table {
        name: "tenant",
        columns: &[
            ("epoch", Number),
            ("position", Number),
            ("frontier", Bytes),
            ("backup_position", Number),
            ("next_device", Number),
            ("audit_rows", Number),
            ("created_at", Time),
            ("epoch_opening", Text),
        ],
        key: "tenant",
    },
    Table {
        name: "device",
        columns: &[
            ("id", Id),
            ("code", Text),
            ("name", Text),
            ("public_key", Bytes),
            ("scope", Text),
            ("state", Text),
            ("seq", Number),
            ("head_hash", Bytes),
            ("accepted", Number),
            ("quarantined", Number),
            ("deferred", Number),
            ("enrolled_at", Time),
            ("last_seen_at", Time),
            ("served_position", Number),
            ("read_position", Number),
            ("named_position", Number),
            ("revoked_at", Time),
            ("revoked_by", Id),
            ("revoke_reason", Text),
            ("wipe_ordered_at", Time),
            ("handed_over_at", Time),
            ("successor_of", Id),
        ],
        key: "id",
    },
    Table {
        name: "enrolment_code",
        columns: &[
            ("digest", Bytes),
            ("scope", Text),
            ("expires_at", Time),
            ("device_id", Id),
        ],
        key: "digest",
    },
    Table {
        name: "staff",
        columns: &[
            ("id", Id),
            ("login", Text),
            ("password_hash", Text),
            ("roles", Text),
            ("active", Flag),
        ],
        key: "id",
    },
    Table {
        name: "staff_grant",
        columns: &[
            ("id", Id),
            ("device_id", Id),
            ("staff_id", Id),
            ("body", Bytes),
            ("signature", Bytes),
            ("revoked_at", Time),
            ("generation", Number),
            ("renewed_at", Time),
            ("ended_at", Time),
        ],
        key: "id",
    },
    Table {
        name: "event",
        columns: &[
            ("hash", Bytes),
            ("id", Id),
            ("case_id", Id),
            ("command_id", Id),
            ("k", Number),
            ("device_id", Id),
            ("device_seq", Number),
            ("on_chain", Flag),
            ("kind", Text),
            ("header", Bytes),
            ("payload", Bytes),
            ("salt", Bytes),
            ("signature", Bytes),
            ("outcome", Text),
            ("outcome_detail", Text),
            ("position", Number),
            ("received_at", Time),
        ],
        key: "id, hash",
    },
    Table {
        name: "receipt",
        columns: &[
            ("event_id", Id),
            ("event_hash", Bytes),
            ("device_id", Id),
            ("times", Number),
            ("last_at", Time),
        ],
        key: "event_id, event_hash, device_id",
    },
    Table {
        name: "refused_item",
        columns: &[
            ("digest", Bytes),
            ("device_id", Id),
            ("reason", Text),
            ("body", Bytes),
            ("times", Number),
            ("last_at", Time),
        ],
        key: "digest",
    },
    Table {
        name: "held_work",
        columns: &[
            ("command_id", Id),
            ("device_id", Id),
            ("case_id", Id),
            ("held_for", Text),
            ("held_at", Time),
            ("settlement", Text),
            ("settled_at", Time),
            ("settled_by", Id),
            ("reason", Text),
        ],
        key: "command_id",
    },
    Table {
        name: "alarm",
        columns: &[
            ("id", Id),
            ("code", Text),
            ("device_id", Id),
            ("event_hash", Bytes),
            ("raised_at", Time),
        ],
        key: "id",
    },
    Table {
        name: "feed_item",
        columns: &[
            ("position", Number),
            ("item", Text),
            ("case_id", Id),
            ("event_id", Id),
            ("event_hash", Bytes),
            ("device_id", Id),
        ],
        key: "position",
    },
    Table {
        name: "device_scope",
        columns: &[
            ("device_id", Id),
            ("case_id", Id),
            ("entered_position", Number),
            ("left_position", Number),
        ],
        key: "device_id, case_id, entered_position",
    },
    Table {
        name: "case_summary",
        columns: &[
            ("case_id", Id),
            ("citizen_digest", Bytes),
            ("number", Text),
            ("state", Text),
            ("received_on", Date),
            ("registered", Flag),
            ("in_conflict", Flag),
        ],
        key: "case_id",
    },
    Table {
        name: "profile_edition",
        columns: &[
            ("edition", Number),
            ("body", Text),
            ("device_id", Id),
            ("staff_id", Id),
            ("initials", Text),
            ("reason", Text),
            ("made_at", Time),
        ],
        key: "edition",
    },
    Table {
        name: "attachment",
        columns: &[
            ("digest", Bytes),
            ("size_bytes", Number),
            ("media_type", Text),
            ("completed_at", Time),
        ],
        key: "digest",
    },
    Table {
        name: "audit",
        columns: &[
            ("id", Id),
            ("number", Number),
            ("at", Time),
            ("device_id", Id),
            ("staff_id", Id),
            ("action", Text),
            ("purpose", Text),
            ("case_id", Id),
            ("citizen_digest", Bytes),
            ("detail", Text),
        ],
        key: "id",
    },
    Table {
        name: "audit_seal",
        columns: &[
            ("number", Number),
            ("first_row", Number),
            ("last_row", Number),
            ("previous", Bytes),
            ("digests", Bytes),
            ("signature", Bytes),
            ("sealed_at", Time),
        ],
        key: "number",
    },
    Table {
        name: "device_log",
        columns: &[
            ("device_id", Id),
            ("number", Number),
            ("link", Bytes),
            ("batch", Id),
            ("body", Text),
            ("done_at", Time),
        ],
        key: "device_id, number, link",
    },
];

/// A row on its way: which of [`TABLES`], and its values after `tenant`.
pub type Parcel = (usize, Vec<Value>);

/// A store that can be carried into another, and take one in.
pub trait Transfer: CentralStore {
    /// The municipalities in it, in byte order.
    fn tenants(&self) -> Stored<Vec<String>>;

    /// Gives out every row of a municipality, from one snapshot, in the order of [`TABLES`] and of their keys.
    fn give_out(&self, tenant: &str, each: &mut dyn FnMut(Parcel) -> Stored<()>) -> Stored<()>;

    /// Takes in a municipality in one transaction.
    fn take_in(
        &self,
        tenant: &str,
        parcels: &mut dyn Iterator<Item = Stored<Parcel>>,
    ) -> Stored<()>;

    /// Puts the keys of another server in place of this one's, which nothing was signed with yet.
    fn replace_server_keys(&self, keys: &ServerKeys) -> Stored<()>;

    /// Begins an epoch that `opening`, signed as `signed`, opens: what clients have seen confirmed beyond it they then
    /// offer again. Device codes given since are passed over, so that none is given twice.
    fn open_epoch(&self, opening: &EpochOpening, signed: &Signed<EpochOpening>) -> Stored<()>;
}

/// What a municipality holds: for each table the number of rows and a hash over all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// The municipality.
    pub tenant: String,
    /// Rows and hash of each of [`TABLES`].
    pub tables: Vec<(u64, [u8; 32])>,
}

impl Inventory {
    /// Rows of a table.
    pub fn rows(&self, name: &str) -> u64 {
        let place = TABLES.iter().position(|table| table.name == name);
        let found = place.and_then(|place| self.tables.get(place));
        found.map_or(0, |(rows, _)| *rows)
    }

    /// Items of the feed, which is its last position where there is no gap.
    pub fn feed_items(&self) -> u64 {
        self.rows("feed_item")
    }
}

/// Counts and hashes rows as they pass.
struct Counting {
    tenant: String,
    tables: Vec<(u64, Sha256)>,
}

impl Counting {
    fn of(tenant: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            tables: TABLES.iter().map(|_| (0, Sha256::new())).collect(),
        }
    }

    fn add(&mut self, (table, values): &Parcel) {
        if let Some((rows, hash)) = self.tables.get_mut(*table) {
            *rows += 1;
            values.iter().for_each(|value| value.add_to(hash));
        }
    }

    fn finish(self) -> Inventory {
        let tables = self.tables.into_iter();
        Inventory {
            tenant: self.tenant,
            tables: tables
                .map(|(rows, hash)| (rows, hash.finalize().into()))
                .collect(),
        }
    }
}

/// Counts and hashes what a store holds of a municipality.
///
/// # Errors
/// The store cannot be read.
pub fn inventory(store: &dyn Transfer, tenant: &str) -> Stored<Inventory> {
    Ok(inventory_with_attachments(store, tenant)?.0)
}

/// The same, and the name and size of each attachment.
///
/// # Errors
/// As [`inventory`].
pub fn inventory_with_attachments(
    store: &dyn Transfer,
    tenant: &str,
) -> Stored<(Inventory, Vec<(Sha256Digest, u64)>)> {
    let of_attachments = TABLES.iter().position(|table| table.name == "attachment");
    let (mut counting, mut attachments) = (Counting::of(tenant), Vec::new());
    store.give_out(tenant, &mut |parcel| {
        counting.add(&parcel);
        if Some(parcel.0) == of_attachments {
            attachments.push(attachment(&parcel.1).ok_or(StoreError::Row("attachment"))?);
        }
        Ok(())
    })?;
    Ok((counting.finish(), attachments))
}

/// Name and size of an attachment, from its row.
fn attachment(values: &[Value]) -> Option<(Sha256Digest, u64)> {
    let [Value::Bytes(digest), Value::Number(size), ..] = values else {
        return None;
    };
    let digest: [u8; 32] = digest.as_slice().try_into().ok()?;
    Some((Sha256Digest::from_bytes(digest), u64::try_from(*size).ok()?))
}

/// Refuses a store without a municipality: whoever copies, moves or looks through one means another.
///
/// # Errors
/// It holds none, or cannot be read.
pub fn refuse_empty(store: &dyn Transfer) -> Stored<()> {
    if store.tenants()?.is_empty() {
        return Err(StoreError::CannotOpen(
            "the store holds no municipality; is it the right one?".to_owned(),
        ));
    }
    Ok(())
}

/// Carries everything from one store into an empty one and proves that it arrived.
///
/// # Errors
/// The target is not empty, one of the stores failed, or something arrived changed; the target is then not to be used.
pub fn carry(from: &dyn Transfer, to: &dyn Transfer) -> Stored<Vec<Inventory>> {
    if !to.tenants()?.is_empty() {
        return Err(StoreError::CannotOpen(
            "the store to move to is not empty".to_owned(),
        ));
    }
    to.replace_server_keys(&from.server_keys()?)?;
    let mut carried = Vec::new();
    for tenant in from.tenants()? {
        let left = carry_tenant(from, to, &tenant)?;
        if inventory(to, &tenant)? != left {
            return Err(StoreError::CannotOpen(format!(
                "the records of {tenant} did not arrive as they left"
            )));
        }
        carried.push(left);
    }
    Ok(carried)
}

fn carry_tenant(from: &dyn Transfer, to: &dyn Transfer, tenant: &str) -> Stored<Inventory> {
    let (sender, receiver) = sync_channel(ON_THE_WAY);
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut counting = Counting::of(tenant);
            let read = from.give_out(tenant, &mut |parcel| {
                counting.add(&parcel);
                // The other side is gone only when it failed, and then says so itself.
                let _ = sender.send(Ok(parcel));
                Ok(())
            });
            match read {
                Ok(()) => Some(counting.finish()),
                Err(error) => {
                    let _ = sender.send(Err(error));
                    None
                }
            }
        });
        let taken = to.take_in(tenant, &mut receiver.into_iter());
        let read = reading.join();
        taken?;
        read.ok()
            .flatten()
            .ok_or_else(|| StoreError::CannotOpen("the store cannot be read to its end".to_owned()))
    })
}
