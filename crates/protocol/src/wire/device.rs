//! The municipality's devices: listing and revoking them, and whose cases one of them held.
//!
//! Basis: design, section 5; reliability, threat T1, fault F23 and goal G21.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use skranke_domain::ids::{CaseId, DeviceId, StaffId};

use super::code::{DeviceState, Scope};
use crate::confirmation::{Signed, WipeOrder};
use crate::encoding::{as_text, as_text_option, hex_option};
use crate::instant;
use crate::signature::PublicKey;

/// A device as its municipality keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListedDevice {
    /// The device.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub device_id: DeviceId,
    /// The short code in its case numbers.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// Which cases it may see.
    pub scope: Scope,
    /// How it stands.
    pub state: DeviceState,
    /// When it was enrolled.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub enrolled_at: DateTime<Utc>,
    /// When it was last in contact, to within ten minutes; none before its first contact.
    #[serde(default, with = "instant::wire_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub last_seen_at: Option<DateTime<Utc>>,
    /// Who signed in on it last.
    #[serde(default, with = "as_text_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "uuid"))]
    pub last_staff: Option<StaffId>,
    /// The device it went on from after that one's chain forked; none where it was enrolled with a code.
    #[serde(default, with = "as_text_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "uuid"))]
    pub successor_of: Option<DeviceId>,
    /// How it was shut out; none while it is not.
    #[serde(default)]
    pub revocation: Option<DeviceRevocation>,
}

/// How a device was shut out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceRevocation {
    /// When.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub at: DateTime<Utc>,
    /// By whom; none where the operator did it.
    #[serde(default, with = "as_text_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "uuid"))]
    pub by: Option<StaffId>,
    /// Why, in the words of whoever did it.
    pub reason: String,
    /// When it was ordered to hand over and destroy what it holds.
    #[serde(default, with = "instant::wire_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub wipe_ordered_at: Option<DateTime<Utc>>,
    /// When it had handed everything over and began to destroy it.
    #[serde(default, with = "instant::wire_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date-time"))]
    pub handed_over_at: Option<DateTime<Utc>>,
}

/// `GET /v1/devices`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DevicesAnswer {
    /// Every device, the one enrolled first at the top.
    pub devices: Vec<ListedDevice>,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

/// `POST /v1/devices/revoke`: shuts a device out at once. Sent again with `wipe`, it also orders the wiping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevokeDeviceRequest {
    /// The device; not the one that asks.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub device_id: DeviceId,
    /// Why.
    pub reason: String,
    /// Whether it is to hand over what it has not sent and then destroy all it holds.
    pub wipe: bool,
}

/// `POST /v1/devices/holdings`: whose data did this device hold? Audited with its purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HoldingsRequest {
    /// The device.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub device_id: DeviceId,
    /// Code of the purpose: one of [`HOLDINGS_PURPOSES`].
    pub purpose: String,
    /// The last case of the page before; none for the first page.
    #[serde(default, with = "as_text_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "uuid"))]
    pub after: Option<CaseId>,
}

/// Why somebody may ask what a device held.
pub const HOLDINGS_PURPOSES: [&str; 2] = ["lost_device", "supervision"];
/// Cases on one page of holdings.
pub const HOLDINGS_PAGE: u32 = 200;

/// A case a device held.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseOnDevice {
    /// The case.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub case_id: CaseId,
    /// The number on its papers; empty where it has none.
    pub number: String,
    /// The citizen's name; empty where the case names nobody.
    pub name: String,
    /// The citizen's number with the last four digits hidden; empty where the case names nobody.
    pub cpr_masked: String,
}

impl std::fmt::Debug for CaseOnDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaseOnDevice")
            .field("case_id", &self.case_id)
            .finish_non_exhaustive()
    }
}

/// The answer to [`HoldingsRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HoldingsAnswer {
    /// The cases, by id; at most [`HOLDINGS_PAGE`].
    pub cases: Vec<CaseOnDevice>,
    /// How many there are in all; told with the first page alone.
    pub total: Option<u64>,
    /// Whether more follow.
    pub more: bool,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

/// `GET /v1/wipe-order`: is the asking device to hand over and destroy what it holds?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WipeOrderAnswer {
    /// The order, signed, so that nobody else can make a device destroy its work; none where it is not ordered.
    pub order: Option<Signed<WipeOrder>>,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

/// `POST /v1/wipe-order`: what an ordered device hands over beside its events and files.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum HandOverRequest {
    /// A draft as the device kept it.
    Draft(String),
    /// The end of its chain, once everything is handed over: from here on it destroys.
    Finished(ChainEnd),
}

impl std::fmt::Debug for HandOverRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            HandOverRequest::Draft(_) => f.write_str("Draft(hidden)"),
            HandOverRequest::Finished(end) => f.debug_tuple("Finished").field(end).finish(),
        }
    }
}

/// The last event of a device's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChainEnd {
    /// Its number; 0 where there is none.
    pub seq: u64,
    /// Its hash.
    #[serde(with = "hex_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub head_hash: Option<[u8; 32]>,
}

/// The answer to [`HandOverRequest`]: it is on the server's disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HandOverAnswer {
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

/// `POST /v1/devices/rekey`: a copy of a device whose chain forked goes on as another device, with the same scope. The
/// request's proof is signed by the old key; the answer is that of an enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RekeyRequest {
    /// The device it is from now on.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub device_id: DeviceId,
    /// The key that device signs with.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub public_key: PublicKey,
}
