//! Enrolment, sessions, status and look-up.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use skranke_domain::ids::{CaseId, DeviceId, StaffId};

use super::code::{DeviceState, Scope};
use crate::confirmation::Signed;
use crate::encoding::{as_text, hex_option};
use crate::epoch::EpochWarrant;
use crate::instant;
use crate::recovery::RecoveryNotice;
use crate::signature::PublicKey;
use crate::version::VersionRange;

/// `POST /v1/devices`: a device asks to be enrolled. The request's proof is signed by the key it presents, and
/// names tenant and device.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolRequest {
    /// The one-time code from the administrator, or the bootstrap secret of an embedded server.
    pub enrolment_code: String,
    /// What the device is called in lists, as `Skranke 3`; no person's name.
    pub name: String,
}

impl std::fmt::Debug for EnrolRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrolRequest").finish_non_exhaustive()
    }
}

/// The answer to an enrolment. Sending the same request again gives the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolAnswer {
    /// The municipality.
    pub tenant: String,
    /// The device.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub device_id: DeviceId,
    /// The short code in its case numbers.
    pub device_code: String,
    /// Which cases it may see.
    pub scope: Scope,
    /// The key the server signs with.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub server_key: PublicKey,
    /// The server's epoch.
    pub epoch: u64,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

/// `POST /v1/sessions`: a person signs in on an enrolled device.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "method")]
pub enum SessionRequest {
    /// With a local account.
    #[serde(rename = "local")]
    Local {
        /// Login name.
        login: String,
        /// Password.
        password: String,
    },
    /// Back from the municipality's identity provider.
    #[serde(rename = "browser")]
    Browser {
        /// The state of [`BrowserSignInAnswer`].
        state: String,
        /// The code the browser brought.
        code: String,
    },
    /// The program that started an embedded server vouches for a person it signed in itself.
    #[serde(rename = "bootstrap")]
    Bootstrap {
        /// The bootstrap secret.
        secret: String,
        /// The person.
        #[serde(with = "as_text")]
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
        staff_id: StaffId,
        /// Codes of the person's roles.
        roles: Vec<String>,
    },
}

impl std::fmt::Debug for SessionRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionRequest").finish_non_exhaustive()
    }
}

/// `POST /v1/sign-ins`: a person wants to sign in at the municipality's identity provider, in the system's browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BrowserSignInRequest {
    /// Where the browser is sent back to: `http://127.0.0.1:<port>/callback` (RFC 8252, section 7.3).
    pub redirect_uri: String,
}

/// The beginning of a sign-in in the browser.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BrowserSignInAnswer {
    /// The page to open.
    pub authorization_url: String,
    /// What the browser must bring back, and names this sign-in to the server.
    pub state: String,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

impl std::fmt::Debug for BrowserSignInAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrowserSignInAnswer")
            .finish_non_exhaustive()
    }
}

/// `POST /v1/sessions/renew` and `POST /v1/sessions/end`: renews or ends a session by its refresh token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefreshRequest {
    /// The last refresh token that was given.
    pub refresh_token: String,
}

impl std::fmt::Debug for RefreshRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefreshRequest").finish_non_exhaustive()
    }
}

/// The tokens of a session. Both are opaque, and worth nothing without the device's key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tokens {
    /// For requests as the person, as `Authorization: DPoP <token>`.
    pub access_token: String,
    /// Until when, by the server's clock.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub access_until: DateTime<Utc>,
    /// Good for one renewal; used a second time, it ends the session.
    pub refresh_token: String,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("access_until", &self.access_until)
            .finish_non_exhaustive()
    }
}

/// The answer to a renewal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RenewAnswer {
    /// The tokens that take the place of those before.
    pub tokens: Tokens,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

/// The answer to the end of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EndAnswer {
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

/// What the identity provider says of a person, for the screen and for initials on papers.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StaffProfile {
    /// Full name; empty where it is not told.
    pub name: String,
    /// Name to sign in with; empty where it is not told.
    pub user_name: String,
}

impl std::fmt::Debug for StaffProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaffProfile").finish_non_exhaustive()
    }
}

/// The answer to a sign-in: the grant under which work is recorded, and the tokens for requests as this person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionAnswer {
    /// See [`crate::grant::SignedGrant::to_token`].
    pub grant: String,
    /// The session's first tokens.
    pub tokens: Tokens,
    /// Who it is, where the identity provider told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<StaffProfile>,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

/// What the server holds of the asking device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceStatus {
    /// The device.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub device_id: DeviceId,
    /// Its short code.
    pub device_code: String,
    /// How it stands.
    pub state: DeviceState,
    /// Which cases it may see.
    pub scope: Scope,
    /// Number of its last event held.
    pub seq: u64,
    /// Hash of that event.
    #[serde(with = "hex_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub head_hash: Option<[u8; 32]>,
}

/// The municipality's word for a device's papers, so that any Skranke that knows the municipality's key believes them
/// offline. Basis: design, section 8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Certification {
    /// The municipality's key; papers are checked with it.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub municipality_key: PublicKey,
    /// The device's certificate, base64url.
    pub device_certificate: String,
}

/// `GET /v1/status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Status {
    /// The protocol versions the server speaks.
    pub protocol: VersionRange,
    /// The server program's version.
    pub server_version: String,
    /// The municipality.
    pub tenant: String,
    /// The server's epoch.
    pub epoch: u64,
    /// Position of the last feed item.
    pub position: u64,
    /// Up to where there is a verified backup.
    pub backup_position: u64,
    /// What vouches for the epoch; none from a server before there were warrants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch_warrant: Option<EpochWarrant>,
    /// The newest edition of the municipality's profile; 0 while nobody edited it.
    #[serde(default, skip_serializing_if = "is_unedited")]
    pub profile_edition: u32,
    /// What that edition is recognised by ([`super::edition_digest`]); none while nobody edited it, and from a server
    /// before it gave one.
    #[serde(default, with = "hex_option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub profile_digest: Option<[u8; 32]>,
    /// The asking device.
    pub device: DeviceStatus,
    /// Whether people may sign in at the municipality's identity provider, in the browser.
    #[serde(default)]
    pub browser_sign_in: bool,
    /// Whether a batch may be sent before the one in front of it is answered, with the header `Skranke-Behind`.
    #[serde(default)]
    pub takes_batches_behind: bool,
    /// What vouches for the asking device's papers; none for a device that may no longer work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certification: Option<Certification>,
    /// To which key work is sealed that a laptop gives up; none from a server before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Signed<RecoveryNotice>>,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_unedited(edition: &u32) -> bool {
    *edition == 0
}

/// `POST /v1/lookup`: what does the municipality know of this citizen? Audited, with its purpose, also when nothing
/// is found. The number stands in the body, never in a URL.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LookupRequest {
    /// Ten digits.
    pub cpr: String,
    /// Code of the purpose, as `counter_entry`.
    pub purpose: String,
}

impl std::fmt::Debug for LookupRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LookupRequest")
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// A case of the citizen asked for; no more than the counter needs to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundCase {
    /// The case.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub case_id: CaseId,
    /// The number on its papers.
    pub number: String,
    /// Code of its state.
    pub state: String,
    /// The legal day of receipt.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date"))]
    pub received_on: NaiveDate,
    /// Whether the exemption was registered in Digital Post.
    pub registered: bool,
    /// Whether people must choose between concurrent values.
    pub in_conflict: bool,
}

/// The answer to a look-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LookupAnswer {
    /// The citizen's cases, oldest first.
    pub cases: Vec<FoundCase>,
    /// Feed position the answer holds for.
    pub position: u64,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}
