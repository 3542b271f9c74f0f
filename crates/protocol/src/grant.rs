//! A grant: the server's signed word that a member of staff may work on a device, in which roles and for how long.
//!
//! Events name their grant, so nobody's work can be pushed under another name; offline it is what a device goes by.
//! In its compact form a grant is also the access token of requests that act for a person.
//!
//! Basis: design, section 3 (chain and signature) and section 6 (sign-in).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use skranke_domain::ids::{DeviceId, GrantId, StaffId};
use skranke_domain::role::Role;
use uuid::Uuid;

use crate::canonical;
use crate::encoding::{as_text, from_base64_url, to_base64_url};
use crate::envelope::EventHeader;
use crate::instant;
use crate::signature::{PublicKey, Purpose, Signature, SigningKey};

/// What an event names that was made before its author ever got a grant.
pub const NO_GRANT: GrantId = GrantId::from_uuid(Uuid::nil());

/// What a grant says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The grant.
    pub id: GrantId,
    /// The municipality.
    pub tenant: String,
    /// Who may work.
    pub staff_id: StaffId,
    /// In which roles; a role this program does not know gives no rights here.
    pub roles: Vec<Role>,
    /// On which device.
    pub device_id: DeviceId,
    /// From when.
    pub valid_from: DateTime<Utc>,
    /// Until when, not included.
    pub valid_until: DateTime<Utc>,
}

/// Why a grant does not cover something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Not a grant at all.
    #[error("the grant is malformed")]
    Malformed,
    /// Not signed by this server.
    #[error("the grant is not signed by the server")]
    Signature,
    /// Another municipality, person, device or grant.
    #[error("the grant is for someone or something else")]
    ForAnother,
    /// Not yet or no longer valid at that time.
    #[error("the grant was not valid at that time")]
    OutsideValidity,
}

impl Grant {
    /// Whether the grant covers an event: same grant, tenant, device and person, recorded while it was valid.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn covers(&self, header: &EventHeader) -> Result<(), GrantError> {
        let same = self.id == header.grant_id
            && self.tenant == header.tenant
            && self.device_id == header.device_id
            && self.staff_id == header.actor;
        if !same {
            return Err(GrantError::ForAnother);
        }
        self.is_valid_at(header.corrected_at())
    }

    /// Whether the grant is valid at an instant.
    ///
    /// # Errors
    /// [`GrantError::OutsideValidity`].
    pub fn is_valid_at(&self, instant: DateTime<Utc>) -> Result<(), GrantError> {
        if (self.valid_from..self.valid_until).contains(&instant) {
            Ok(())
        } else {
            Err(GrantError::OutsideValidity)
        }
    }

    /// Signs the grant with the server's key.
    ///
    /// # Errors
    /// A value has no canonical form.
    pub fn sign(&self, server_key: &SigningKey) -> Result<SignedGrant, canonical::CanonicalError> {
        let body = canonical::to_bytes(&WireGrant::from(self))?;
        let signature = server_key.sign(Purpose::Grant, &body);
        Ok(SignedGrant { body, signature })
    }
}

#[derive(Serialize, Deserialize)]
struct WireGrant {
    #[serde(with = "as_text")]
    id: GrantId,
    tenant: String,
    #[serde(with = "as_text")]
    staff_id: StaffId,
    roles: Vec<String>,
    #[serde(with = "as_text")]
    device_id: DeviceId,
    #[serde(with = "instant::wire")]
    valid_from: DateTime<Utc>,
    #[serde(with = "instant::wire")]
    valid_until: DateTime<Utc>,
}

impl From<&Grant> for WireGrant {
    fn from(grant: &Grant) -> Self {
        Self {
            id: grant.id,
            tenant: grant.tenant.clone(),
            staff_id: grant.staff_id,
            roles: grant
                .roles
                .iter()
                .map(|role| role.code().to_owned())
                .collect(),
            device_id: grant.device_id,
            valid_from: grant.valid_from,
            valid_until: grant.valid_until,
        }
    }
}

/// A grant as it was signed: bytes and signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedGrant {
    body: Vec<u8>,
    signature: Signature,
}

impl SignedGrant {
    /// Takes stored bytes; [`SignedGrant::verify`] tells whether they are worth anything.
    pub fn from_parts(body: Vec<u8>, signature: Signature) -> Self {
        Self { body, signature }
    }

    /// The signed bytes.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The server's signature.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Checks the signature and reads the grant.
    ///
    /// # Errors
    /// Signed by another key, or malformed.
    pub fn verify(&self, server_key: &PublicKey) -> Result<Grant, GrantError> {
        server_key
            .verify(Purpose::Grant, &self.body, &self.signature)
            .map_err(|_| GrantError::Signature)?;
        self.unverified()
    }

    /// What it says, whoever signed it: enough to choose among grants that their reader verifies.
    ///
    /// # Errors
    /// [`GrantError::Malformed`].
    pub fn unverified(&self) -> Result<Grant, GrantError> {
        let wire: WireGrant =
            canonical::from_bytes(&self.body).map_err(|_| GrantError::Malformed)?;
        Ok(Grant {
            id: wire.id,
            tenant: wire.tenant,
            staff_id: wire.staff_id,
            roles: wire
                .roles
                .iter()
                .filter_map(|code| Role::from_code(code))
                .collect(),
            device_id: wire.device_id,
            valid_from: wire.valid_from,
            valid_until: wire.valid_until,
        })
    }

    /// The compact form, `<body>.<signature>` in base64url, for an `Authorization: DPoP` header.
    pub fn to_token(&self) -> String {
        format!(
            "{}.{}",
            to_base64_url(&self.body),
            to_base64_url(self.signature.as_bytes())
        )
    }

    /// Reads the compact form.
    ///
    /// # Errors
    /// [`GrantError::Malformed`].
    pub fn from_token(token: &str) -> Result<Self, GrantError> {
        let (body, signature) = token.split_once('.').ok_or(GrantError::Malformed)?;
        let body = from_base64_url(body).map_err(|_| GrantError::Malformed)?;
        let signature = from_base64_url(signature).map_err(|_| GrantError::Malformed)?;
        let signature = signature.try_into().map_err(|_| GrantError::Malformed)?;
        Ok(Self {
            body,
            signature: Signature::from_bytes(signature),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Device, noon, uuid};
    use chrono::TimeDelta;

    fn server() -> SigningKey {
        SigningKey::from_seed(&[0x5e; 32])
    }

    fn a_grant() -> Grant {
        Grant {
            id: GrantId::from_uuid(uuid(0x62A7)),
            tenant: "0999".to_owned(),
            staff_id: StaffId::from_uuid(uuid(0x57AF)),
            roles: vec![Role::Counter, Role::Lead],
            device_id: Device::new(1).id,
            valid_from: noon() - TimeDelta::hours(1),
            valid_until: noon() + TimeDelta::hours(1),
        }
    }

    #[test]
    fn a_signed_grant_survives_its_compact_form() {
        let signed = a_grant().sign(&server()).unwrap();

        let again = SignedGrant::from_token(&signed.to_token()).unwrap();

        assert_eq!(again.verify(&server().public()).unwrap(), a_grant());
        assert_eq!(
            again.verify(&SigningKey::from_seed(&[1; 32]).public()),
            Err(GrantError::Signature)
        );
    }

    #[test]
    fn a_changed_grant_does_not_verify() {
        let signed = a_grant().sign(&server()).unwrap();
        let raised = String::from_utf8(signed.body().to_vec())
            .unwrap()
            .replace("counter", "auditor");

        let forged = SignedGrant::from_parts(raised.into_bytes(), *signed.signature());

        assert_eq!(
            forged.verify(&server().public()),
            Err(GrantError::Signature)
        );
    }

    #[test]
    fn a_grant_covers_its_own_person_device_and_time_alone() {
        let event = Device::new(1).note("x");
        let other_device = Device::new(2).note("x");
        let covers = |change: fn(&mut Grant)| {
            let mut grant = a_grant();
            change(&mut grant);
            grant.covers(event.header())
        };

        assert_eq!(covers(|_| {}), Ok(()));
        assert_eq!(
            covers(|grant| grant.staff_id = StaffId::from_uuid(uuid(1))),
            Err(GrantError::ForAnother)
        );
        assert_eq!(
            covers(|grant| grant.id = GrantId::from_uuid(uuid(1))),
            Err(GrantError::ForAnother)
        );
        assert_eq!(
            covers(|grant| grant.tenant = "0101".to_owned()),
            Err(GrantError::ForAnother)
        );
        assert_eq!(
            covers(|grant| grant.valid_until = noon()),
            Err(GrantError::OutsideValidity)
        );
        assert_eq!(
            covers(|grant| grant.valid_from = noon() + TimeDelta::milliseconds(1)),
            Err(GrantError::OutsideValidity)
        );
        assert_eq!(
            a_grant().covers(other_device.header()),
            Err(GrantError::ForAnother)
        );
    }

    #[test]
    fn the_signed_bytes_are_pinned() {
        let signed = a_grant().sign(&server()).unwrap();

        assert_eq!(
            std::str::from_utf8(signed.body()).unwrap(),
            concat!(
                r#"{"device_id":"01920000-0000-7000-8000-000000000001","#,
                r#""id":"01920000-0000-7000-8000-0000000062a7","roles":["counter","lead"],"#,
                r#""staff_id":"01920000-0000-7000-8000-0000000057af","tenant":"0999","#,
                r#""valid_from":"2026-11-21T11:00:00.000Z","valid_until":"2026-11-21T13:00:00.000Z"}"#,
            )
        );
    }
}
