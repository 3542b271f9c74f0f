//! The lease of a laptop's key: the share that the server keeps for a device and hands out at each contact.
//!
//! A device that is closed cannot sign with its own key, which lies in the store that the share opens. So it names
//! another key beforehand, which asks for the share and for nothing else.
//! Basis: design, section 5; reliability, threat T1; decision 40.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::encoding::{as_text, hex_array};
use crate::instant;
use crate::signature::PublicKey;

/// `POST /v1/leases`: a device names the key that asks for its share from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeaseRequest {
    /// The key. Each has a share of its own.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub asking_key: PublicKey,
}

/// `POST /v1/leases/renew`: the share once more. The request's proof is signed by the key that was named, for the
/// device it was named by.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeaseRenewRequest {
    /// The server's word that this key asks for this device, as it gave it.
    pub ticket: String,
}

impl std::fmt::Debug for LeaseRenewRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LeaseRenewRequest").finish_non_exhaustive()
    }
}

/// The answer to both. It is the same each time, until the device is shut out: then there is none.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeaseAnswer {
    /// The server's word that this key asks for this device.
    pub ticket: String,
    /// The share, as hexadecimal digits.
    #[serde(with = "hex_array")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub share: [u8; 32],
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

impl std::fmt::Debug for LeaseAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LeaseAnswer").finish_non_exhaustive()
    }
}
