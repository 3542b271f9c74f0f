//! Which outreach computers hold a case: giving it to one, and taking it back.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use skranke_domain::ids::{CaseId, DeviceId};

use crate::encoding::as_text;
use crate::instant;

/// `POST /v1/scope`: a case comes into the scope of a device of limited scope, or leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScopeRequest {
    /// The device.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub device_id: DeviceId,
    /// The case.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub case_id: CaseId,
    /// Whether it comes; otherwise it leaves.
    pub enters: bool,
}

/// A device of limited scope, and whether a case is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScopeDevice {
    /// The device.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub device_id: DeviceId,
    /// The short code in its case numbers.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// Whether it is given the case.
    pub holds: bool,
}

/// `GET /v1/scope`, and the answer to [`ScopeRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScopeAnswer {
    /// Every device of limited scope that may work, the one enrolled first at the top.
    pub devices: Vec<ScopeDevice>,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}
