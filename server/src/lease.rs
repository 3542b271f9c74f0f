//! The share of a laptop's key, without which its PIN opens nothing.
//!
//! Ticket and share are derived from the server's own seed, the municipality, the device and the key that asks. So
//! there is nothing to keep, back up or restore beside the seed, and each asking key has a share of its own. What
//! takes a share away is the state of its device, which is looked at each time.
//!
//! Basis: design, section 5; reliability, threat T1; decision 40.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use skranke_domain::ids::DeviceId;
use skranke_protocol::encoding::to_hex;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::signature::PublicKey;
use skranke_protocol::wire::DeviceState;

use crate::devices::{self, Acting};
use crate::store::{CentralTransaction, ServerKeys, Stored};

/// What a device keeps of its lease.
#[derive(Clone, PartialEq, Eq)]
pub struct Handed {
    /// The server's word that the key asks for the device.
    pub ticket: String,
    /// The share.
    pub share: [u8; 32],
}

impl std::fmt::Debug for Handed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handed").finish_non_exhaustive()
    }
}

/// Hands a device its first share, and notes it.
///
/// # Errors
/// The database failed.
pub fn begin(
    transaction: &mut dyn CentralTransaction,
    keys: &ServerKeys,
    device: DeviceId,
    asking_key: &PublicKey,
    now: DateTime<Utc>,
) -> Stored<Result<Handed, ProblemCode>> {
    let handed = handed(&transaction.tenant().code, keys, device, asking_key);
    if let Err(code) = may_have_it(transaction, device)? {
        return Ok(Err(code));
    }
    let by = Acting {
        device_id: device,
        staff_id: None,
    };
    let detail = device.to_string();
    devices::note(transaction, by, "lease_begun", "access", detail, now)?;
    Ok(Ok(handed))
}

/// Hands the share out again: `GrantNotValid` where the ticket is not for this key and device, `DeviceRevoked` where the
/// device was shut out.
///
/// # Errors
/// The database failed.
pub fn renew(
    transaction: &mut dyn CentralTransaction,
    keys: &ServerKeys,
    device: DeviceId,
    asking_key: &PublicKey,
    ticket: &str,
) -> Stored<Result<Handed, ProblemCode>> {
    let handed = handed(&transaction.tenant().code, keys, device, asking_key);
    // Before anything is said of the device: a stranger hears that the ticket is wrong, and no more.
    if handed.ticket != ticket {
        return Ok(Err(ProblemCode::GrantNotValid));
    }
    Ok(may_have_it(transaction, device)?.map(|()| handed))
}

/// Whether a ticket is the server's word for this key and device; nothing is looked up for it, so a stranger costs
/// nobody a place among the writes.
pub fn is_of(
    tenant: &str,
    keys: &ServerKeys,
    device: DeviceId,
    asking_key: &PublicKey,
    ticket: &str,
) -> bool {
    handed(tenant, keys, device, asking_key).ticket == ticket
}

/// Whether the device is one that works here.
fn may_have_it(
    transaction: &mut dyn CentralTransaction,
    device: DeviceId,
) -> Stored<Result<(), ProblemCode>> {
    Ok(match transaction.device(device)? {
        None => Err(ProblemCode::NotAuthenticated),
        Some(device) if device.state == DeviceState::Revoked => Err(ProblemCode::DeviceRevoked),
        Some(_) => Ok(()),
    })
}

fn handed(tenant: &str, keys: &ServerKeys, device: DeviceId, asking_key: &PublicKey) -> Handed {
    let derived = |purpose| derived(keys, purpose, tenant, device, asking_key);
    Handed {
        ticket: to_hex(&derived("skranke/server/lease-ticket/1\0")),
        share: derived("skranke/server/lease-share/1\0"),
    }
}

fn derived(
    keys: &ServerKeys,
    purpose: &str,
    tenant: &str,
    device: DeviceId,
    asking_key: &PublicKey,
) -> [u8; 32] {
    Sha256::new()
        .chain_update(purpose)
        .chain_update(tenant)
        .chain_update([0])
        .chain_update(device.as_uuid().as_bytes())
        .chain_update(asking_key.to_string())
        .chain_update(keys.signing_seed)
        .finalize()
        .into()
}
