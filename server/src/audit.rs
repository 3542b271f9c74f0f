//! The audit sealed against change: its rows bear numbers without a gap, and batches of them are signed into a chain.
//!
//! A row is inserted unchained, so that no reader waits for another. A seal covers a run of numbers with a digest of
//! each row, names the seal before it and is signed with the server's key, which the database does not hold in the
//! clear. A row that was changed, taken out or put in later is then named by its number. What the end of the chain was
//! must be noted elsewhere: a chain cut short together with its rows looks whole.
//!
//! Basis: design, section 6 (audit); reliability, threat T19.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use skranke_protocol::encoding::to_hex;
use skranke_protocol::instant;
use skranke_protocol::signature::{PublicKey, Purpose, Signature, SigningKey};

use crate::device_log::{self, TAKEN};
use crate::store::{AuditEntry, CentralStore, CentralTransaction, StoreError, Stored};

/// Most rows under one seal.
const ROWS: u32 = 1_000;
/// Bytes kept of each row's digest.
const DIGEST_BYTES: usize = 16;

/// A seal over a run of audit rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSeal {
    /// Its own number, from 1.
    pub number: u64,
    /// The first row it covers.
    pub first_row: u64,
    /// The last row it covers.
    pub last_row: u64,
    /// Hash of the seal before; zeros before the first.
    pub previous: [u8; 32],
    /// A digest of each row, one after the other.
    pub digests: Vec<u8>,
    /// The server's signature over its hash.
    pub signature: Signature,
    /// When it was made.
    pub sealed_at: DateTime<Utc>,
}

impl AuditSeal {
    /// What the next seal names, and what is signed.
    pub fn hash(&self, tenant: &str) -> [u8; 32] {
        Sha256::new()
            .chain_update("skranke/server/audit-seal/1\0")
            .chain_update(tenant)
            .chain_update([0])
            .chain_update(self.number.to_be_bytes())
            .chain_update(self.first_row.to_be_bytes())
            .chain_update(self.last_row.to_be_bytes())
            .chain_update(self.previous)
            .chain_update(instant::to_text(self.sealed_at))
            .chain_update(&self.digests)
            .finalize()
            .into()
    }
}

/// An audit that is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Whole {
    /// Rows in it.
    pub rows: u64,
    /// Seals over them.
    pub seals: u64,
    /// Rows no seal covers yet.
    pub unsealed: u64,
    /// Rows of the devices' own logs, whose digests stand in it.
    pub device_rows: u64,
    /// Hash of the last seal, to be noted elsewhere; none before the first.
    pub end: Option<String>,
}

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The row's number; none where a seal itself is wrong.
    pub row: Option<u64>,
    /// The row's id, where there is a row; of a device's log the device and the number there.
    pub id: Option<String>,
    /// The seal's number, where one covers it.
    pub seal: Option<u64>,
    /// Code of what is wrong.
    pub fault: &'static str,
}

/// Seals what is not sealed yet; returns how many rows that were.
///
/// # Errors
/// The database failed.
pub fn seal(
    transaction: &mut dyn CentralTransaction,
    key: &SigningKey,
    now: DateTime<Utc>,
) -> Stored<u64> {
    let tenant = transaction.tenant().code.clone();
    let mut last = transaction.last_seal()?;
    let mut sealed = 0;
    loop {
        let after = last.as_ref().map_or(0, |seal| seal.last_row);
        let rows = transaction.audit_rows(after, ROWS)?;
        let Some(newest) = rows.last() else {
            return Ok(sealed);
        };
        let mut seal = AuditSeal {
            number: last.as_ref().map_or(0, |seal| seal.number) + 1,
            first_row: after + 1,
            last_row: newest.number,
            previous: last.as_ref().map_or([0; 32], |seal| seal.hash(&tenant)),
            digests: rows.iter().flat_map(digest).collect(),
            signature: Signature::from_bytes([0; 64]),
            sealed_at: instant::to_millisecond(now),
        };
        seal.signature = key.sign(Purpose::AuditSeal, &seal.hash(&tenant));
        transaction.insert_seal(&seal)?;
        sealed += rows.len() as u64;
        last = Some(seal);
    }
}

/// Looks through the whole audit of a municipality.
///
/// # Errors
/// The database failed; what is wrong with the audit is the inner result.
pub fn verify(
    store: &dyn CentralStore,
    tenant: &str,
    key: &PublicKey,
) -> Stored<Result<Whole, Fault>> {
    let mut last: Option<AuditSeal> = None;
    loop {
        let number = last.as_ref().map_or(0, |seal| seal.number);
        let Some(seal) = store.audit_seal(tenant, number + 1)? else {
            break;
        };
        if let Some(fault) = seal_fault(tenant, key, last.as_ref(), &seal) {
            return Ok(Err(Fault {
                row: None,
                id: None,
                seal: Some(number + 1),
                fault,
            }));
        }
        if let Some(fault) = first_bad_row(store, tenant, &seal)? {
            return Ok(Err(fault));
        }
        last = Some(seal);
    }
    let (seals, sealed) = last
        .as_ref()
        .map_or((0, 0), |seal| (seal.number, seal.last_row));
    let mut rows = sealed;
    loop {
        let unsealed = store.audit_rows(tenant, rows, ROWS)?;
        for row in &unsealed {
            rows += 1;
            if row.number != rows {
                return Ok(Err(missing(rows, None)));
            }
        }
        if unsealed.is_empty() {
            break;
        }
    }
    let device_rows = match device_rows(store, tenant)? {
        Ok(counted) => counted,
        Err(fault) => return Ok(Err(fault)),
    };
    let counted = store.tenant(tenant)?.audit_rows;
    Ok(match rows.cmp(&counted) {
        std::cmp::Ordering::Less => Err(missing(rows + 1, None)),
        std::cmp::Ordering::Greater => Err(Fault {
            row: Some(counted + 1),
            id: None,
            seal: None,
            fault: "put_in",
        }),
        std::cmp::Ordering::Equal => Ok(Whole {
            rows,
            seals,
            unsealed: rows - sealed,
            device_rows,
            end: last.map(|seal| to_hex(&seal.hash(tenant))),
        }),
    })
}

const fn missing(row: u64, seal: Option<u64>) -> Fault {
    Fault {
        row: Some(row),
        id: None,
        seal,
        fault: "missing",
    }
}

/// Why a seal cannot be the next of the chain.
fn seal_fault(
    tenant: &str,
    key: &PublicKey,
    before: Option<&AuditSeal>,
    seal: &AuditSeal,
) -> Option<&'static str> {
    let previous = before.map_or([0; 32], |seal| seal.hash(tenant));
    let first = before.map_or(0, |seal| seal.last_row) + 1;
    let rows = seal
        .last_row
        .checked_sub(seal.first_row)
        .map(|more| more + 1);
    let fits = seal.first_row == first
        && rows.is_some_and(|rows| {
            rows.checked_mul(DIGEST_BYTES as u64) == Some(seal.digests.len() as u64)
        });
    let hash = seal.hash(tenant);
    if seal.number != before.map_or(0, |seal| seal.number) + 1 {
        Some("seal_missing")
    } else if key
        .verify(Purpose::AuditSeal, &hash, &seal.signature)
        .is_err()
    {
        Some("seal_changed")
    } else if seal.previous != previous || !fits {
        Some("chain_broken")
    } else {
        None
    }
}

fn first_bad_row(
    store: &dyn CentralStore,
    tenant: &str,
    seal: &AuditSeal,
) -> Stored<Option<Fault>> {
    let count = u32::try_from(seal.last_row - seal.first_row + 1)
        .map_err(|_| StoreError::Row("audit_seal"))?;
    let rows = store.audit_rows(tenant, seal.first_row - 1, count)?;
    let mut rows = rows.iter();
    for (number, sealed) in (seal.first_row..).zip(seal.digests.chunks_exact(DIGEST_BYTES)) {
        let Some(row) = rows.next().filter(|row| row.number == number) else {
            return Ok(Some(missing(number, Some(seal.number))));
        };
        if digest(row) != sealed {
            return Ok(Some(Fault {
                row: Some(number),
                id: Some(row.id.to_string()),
                seal: Some(seal.number),
                fault: "changed",
            }));
        }
    }
    Ok(None)
}

/// Counts the rows of the devices' logs; the first that is not as the audit says they came.
fn device_rows(store: &dyn CentralStore, tenant: &str) -> Stored<Result<u64, Fault>> {
    let fault = |row: Option<&AuditEntry>, id, fault| Fault {
        row: row.map(|row| row.number),
        id,
        seal: None,
        fault,
    };
    let (mut after, mut counted) = (0, 0);
    loop {
        let entries = store.audit_rows(tenant, after, ROWS)?;
        let Some(last) = entries.last() else {
            break;
        };
        after = last.number;
        for entry in entries.iter().filter(|entry| entry.action == TAKEN) {
            let kept = store.log_rows(tenant, entry.id)?;
            if !device_log::is_as_it_came(&kept, &entry.detail) {
                let number = device_log::first_odd(&kept, &entry.detail);
                let id = format!("{} {number}", entry.device_id);
                return Ok(Err(fault(Some(entry), Some(id), "device_row_changed")));
            }
            counted += kept.len() as u64;
        }
    }
    if store.count_log_rows(tenant)? == counted {
        Ok(Ok(counted))
    } else {
        Ok(Err(fault(None, None, "device_row_put_in")))
    }
}

/// The digest of a row: every field with its length, so that none runs into the next.
fn digest(row: &AuditEntry) -> [u8; DIGEST_BYTES] {
    let mut hash = Sha256::new_with_prefix("skranke/server/audit-row/1\0");
    let mut add = |bytes: Option<&[u8]>| {
        hash.update([u8::from(bytes.is_some())]);
        let bytes = bytes.unwrap_or_default();
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    add(Some(&row.number.to_be_bytes()));
    add(Some(row.id.as_bytes()));
    add(Some(instant::to_text(row.at).as_bytes()));
    add(Some(row.device_id.as_uuid().as_bytes()));
    let staff_id = row.staff_id.map(|id| id.as_uuid());
    add(staff_id.as_ref().map(|id| &id.as_bytes()[..]));
    add(Some(row.action.as_bytes()));
    add(Some(row.purpose.as_bytes()));
    let case_id = row.case_id.map(|id| id.as_uuid());
    add(case_id.as_ref().map(|id| &id.as_bytes()[..]));
    add(row.citizen_digest.as_ref().map(|digest| &digest[..]));
    add(Some(row.detail.as_bytes()));
    let whole: [u8; 32] = hash.finalize().into();
    let mut kept = [0; DIGEST_BYTES];
    kept.copy_from_slice(&whole[..DIGEST_BYTES]);
    kept
}
