//! The municipality's profile as its administrators edit it: every edition is kept, the newest is used.
//!
//! An edition is the text of a profile file. Exactly one administrator wins each number; the other is told and edits
//! again on top. Basis: design, section 4 (profiles edited in the window) and section 3 (online-only commands).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use skranke_domain::ids::StaffId;

use crate::confirmation::{Signed, Statement};
use crate::encoding::as_text;
use crate::instant;
use crate::signature::Purpose;

/// Begins every digest of an edition, so that it can stand for nothing else.
const EDITION: &[u8] = b"skranke/profile/edition/1\0";

/// An edition of the profile, as the server hands it out under its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProfileEdition {
    /// The municipality.
    pub tenant: String,
    /// Its number, from 1 without gaps.
    pub edition: u32,
    /// The profile's text (TOML), as it was checked.
    pub text: String,
    /// Who edited it.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub staff_id: StaffId,
    /// Initials of that person, as papers and timelines show them.
    pub initials: String,
    /// Why.
    pub reason: String,
    /// When the server took it.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub made_at: DateTime<Utc>,
}

impl Statement for ProfileEdition {
    const PURPOSE: Purpose = Purpose::Profile;
}

/// What an edition is recognised by: after a restore, a number alone may stand for two of them.
///
/// Who handed it over and when are no part of it: a restored server gets an edition back later, perhaps by somebody
/// else, and it is still the same.
pub fn edition_digest(edition: u32, text: &str, initials: &str, reason: &str) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(EDITION);
    hash.update(edition.to_be_bytes());
    for part in [text, initials, reason] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// `POST /v1/profiles`, in the name of an administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProfileSaveRequest {
    /// The edition it was edited from; 0 for the file that came with the program. It must still be the newest.
    pub based_on: u32,
    /// The whole text of the new edition.
    pub text: String,
    /// Initials of the administrator.
    pub initials: String,
    /// Why.
    pub reason: String,
}

/// The edition as it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProfileSaveAnswer {
    /// The new edition.
    pub edition: Signed<ProfileEdition>,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}

/// `GET /v1/profiles?after=<edition>`: what came after, oldest first, at most [`super::MAX_EDITIONS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProfilesAnswer {
    /// The editions.
    pub editions: Vec<Signed<ProfileEdition>>,
    /// The server's time.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub server_time: DateTime<Utc>,
}
