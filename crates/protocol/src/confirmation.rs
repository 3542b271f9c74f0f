//! What the server signs about what it holds: the sync confirmation of a device and the head of a tenant's feed.
//!
//! The words on screen ("31 af 31 bekræftet modtaget kl. 14.02") rest on a confirmation that verified. A head that
//! does not extend the last one seen is an alarm. Basis: design, section 6; practice 7.

use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use skranke_domain::ids::DeviceId;

use crate::canonical;
use crate::chain::Head;
use crate::encoding::{as_text, from_base64_url, hex_array, hex_option, to_base64_url};
use crate::instant;
use crate::signature::{PublicKey, Purpose, Signature, SigningKey};

/// Something the server states under its signature.
pub trait Statement: Serialize + DeserializeOwned {
    /// What the signature is for.
    const PURPOSE: Purpose;
}

/// A signed statement: the bytes that were signed and the signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Signed<T> {
    body: String,
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    signature: Signature,
    #[serde(skip)]
    statement: PhantomData<T>,
}

/// A statement that is not worth anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Not signed by the server's key for this purpose.
    #[error("the statement is not signed by the server")]
    Signature,
    /// Signed, but not canonical or not of the known shape.
    #[error("the statement is malformed")]
    Malformed,
}

impl<T: Statement> Signed<T> {
    /// Signs a statement.
    ///
    /// # Errors
    /// It has no canonical form.
    pub fn new(statement: &T, server_key: &SigningKey) -> Result<Self, StatementError> {
        let body = canonical::to_bytes(statement).map_err(|_| StatementError::Malformed)?;
        let signature = server_key.sign(T::PURPOSE, &body);
        let body = String::from_utf8(body).map_err(|_| StatementError::Malformed)?;
        Ok(Self {
            body,
            signature,
            statement: PhantomData,
        })
    }

    /// Checks the signature and reads the statement.
    ///
    /// # Errors
    /// Signed by another key or for another purpose, or malformed.
    pub fn verify(&self, server_key: &PublicKey) -> Result<T, StatementError> {
        server_key
            .verify(T::PURPOSE, self.body.as_bytes(), &self.signature)
            .map_err(|_| StatementError::Signature)?;
        canonical::from_bytes(self.body.as_bytes()).map_err(|_| StatementError::Malformed)
    }

    /// The compact form, `<body>.<signature>` in base64url, for a header or a field.
    pub fn to_compact(&self) -> String {
        format!(
            "{}.{}",
            to_base64_url(self.body.as_bytes()),
            to_base64_url(self.signature.as_bytes())
        )
    }

    /// Reads the compact form; [`Signed::verify`] tells whether it is worth anything.
    ///
    /// # Errors
    /// [`StatementError::Malformed`].
    pub fn from_compact(text: &str) -> Result<Self, StatementError> {
        let malformed = || StatementError::Malformed;
        let (body, signature) = text.split_once('.').ok_or_else(malformed)?;
        let body = from_base64_url(body).map_err(|_| malformed())?;
        let body = String::from_utf8(body).map_err(|_| malformed())?;
        let signature = from_base64_url(signature).map_err(|_| malformed())?;
        let signature = signature.try_into().map_err(|_| malformed())?;
        Ok(Self::from_parts(body, Signature::from_bytes(signature)))
    }

    /// The signed text, for storage.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The signature, for storage.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Takes stored parts.
    pub fn from_parts(body: String, signature: Signature) -> Self {
        Self {
            body,
            signature,
            statement: PhantomData,
        }
    }
}

/// The sync confirmation: what the server holds of one device, durably.
///
/// `accepted + quarantined + deferred` is `seq`: every event of the chain is in exactly one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Confirmation {
    /// The municipality.
    pub tenant: String,
    /// The device.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub device_id: DeviceId,
    /// Number of the last event held; all before it are held too.
    pub seq: u64,
    /// Hash of that event; none when nothing is held.
    #[serde(with = "hex_option")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub head_hash: Option<[u8; 32]>,
    /// Events that are in their case's history, conflicts included.
    pub accepted: u64,
    /// Events held apart until a person has looked at them.
    pub quarantined: u64,
    /// Events that wait for another event or for a newer server.
    pub deferred: u64,
    /// The server's epoch.
    pub epoch: u64,
    /// When the server said so.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub issued_at: DateTime<Utc>,
}

impl Statement for Confirmation {
    const PURPOSE: Purpose = Purpose::Confirmation;
}

impl Confirmation {
    /// The device's chain as the server holds it.
    pub fn head(&self) -> Head {
        Head {
            seq: self.seq,
            hash: self.head_hash,
        }
    }
}

/// The head of a tenant's feed: its length and the root of the tree over it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantHead {
    /// The municipality.
    pub tenant: String,
    /// The server's epoch.
    pub epoch: u64,
    /// Position of the last feed item; 0 when there is none.
    pub position: u64,
    /// Root of the tree (see [`crate::tree`]).
    #[serde(with = "hex_array")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub root: [u8; 32],
    /// When the server said so.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub issued_at: DateTime<Utc>,
}

impl Statement for TenantHead {
    const PURPOSE: Purpose = Purpose::TenantHead;
}

/// The order to a lost device: hand over what was not sent, then destroy everything.
///
/// Basis: design, section 5; reliability, threat T1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WipeOrder {
    /// The municipality.
    pub tenant: String,
    /// The device.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub device_id: DeviceId,
    /// When it was ordered.
    #[serde(with = "instant::wire")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date-time"))]
    pub ordered_at: DateTime<Utc>,
}

impl Statement for WipeOrder {
    const PURPOSE: Purpose = Purpose::Wipe;
}

/// Why a head cannot follow one that was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadAlarm {
    /// For another municipality.
    #[error("the head is for another tenant")]
    OtherTenant,
    /// An epoch before the one seen.
    #[error("the epoch went back")]
    EpochWentBack,
    /// Shorter than before within one epoch.
    #[error("the feed became shorter")]
    Shorter,
    /// As long as before, with other content.
    #[error("the feed was rewritten")]
    Rewritten,
}

impl TenantHead {
    /// Whether this head may follow `before`, as far as two heads alone can tell. That a longer feed keeps the older
    /// content is proved by reading it ([`crate::tree::FollowedTree`]).
    ///
    /// # Errors
    /// The alarm to raise.
    pub fn may_follow(&self, before: &TenantHead) -> Result<(), HeadAlarm> {
        if self.tenant != before.tenant {
            return Err(HeadAlarm::OtherTenant);
        }
        if self.epoch != before.epoch {
            return if self.epoch > before.epoch {
                Ok(())
            } else {
                Err(HeadAlarm::EpochWentBack)
            };
        }
        if self.position < before.position {
            return Err(HeadAlarm::Shorter);
        }
        if self.position == before.position && self.root != before.root {
            return Err(HeadAlarm::Rewritten);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Device, noon};

    fn server() -> SigningKey {
        SigningKey::from_seed(&[0x5e; 32])
    }

    fn a_confirmation() -> Confirmation {
        Confirmation {
            tenant: "0999".to_owned(),
            device_id: Device::new(1).id,
            seq: 31,
            head_hash: Some([0xab; 32]),
            accepted: 30,
            quarantined: 1,
            deferred: 0,
            epoch: 1,
            issued_at: noon(),
        }
    }

    #[test]
    fn the_signed_text_is_pinned() {
        let signed = Signed::new(&a_confirmation(), &server()).unwrap();

        assert_eq!(
            signed.body(),
            concat!(
                r#"{"accepted":30,"deferred":0,"device_id":"01920000-0000-7000-8000-000000000001","epoch":1,"#,
                r#""head_hash":"abababababababababababababababababababababababababababababababab","#,
                r#""issued_at":"2026-11-21T12:00:00.000Z","quarantined":1,"seq":31,"tenant":"0999"}"#
            )
        );
        assert_eq!(signed.verify(&server().public()).unwrap(), a_confirmation());
    }

    #[test]
    fn a_changed_confirmation_or_another_servers_does_not_verify() {
        let signed = Signed::new(&a_confirmation(), &server()).unwrap();

        let changed = signed
            .body()
            .replace(r#""quarantined":1"#, r#""quarantined":0"#);
        let changed = Signed::<Confirmation>::from_parts(changed, *signed.signature());
        let as_head =
            Signed::<TenantHead>::from_parts(signed.body().to_owned(), *signed.signature());

        assert_eq!(
            changed.verify(&server().public()),
            Err(StatementError::Signature)
        );
        assert_eq!(
            as_head.verify(&server().public()),
            Err(StatementError::Signature)
        );
        let other = SigningKey::from_seed(&[1; 32]).public();
        assert_eq!(signed.verify(&other), Err(StatementError::Signature));
    }

    #[test]
    fn a_head_that_goes_back_or_is_rewritten_is_an_alarm() {
        let head = |epoch, position, root| TenantHead {
            tenant: "0999".to_owned(),
            epoch,
            position,
            root: [root; 32],
            issued_at: noon(),
        };
        let before = head(2, 10, 1);

        assert_eq!(head(2, 11, 2).may_follow(&before), Ok(()));
        assert_eq!(head(2, 10, 1).may_follow(&before), Ok(()));
        assert_eq!(
            head(3, 4, 9).may_follow(&before),
            Ok(()),
            "a restored server opens a new epoch"
        );
        assert_eq!(head(2, 9, 1).may_follow(&before), Err(HeadAlarm::Shorter));
        assert_eq!(
            head(2, 10, 2).may_follow(&before),
            Err(HeadAlarm::Rewritten)
        );
        assert_eq!(
            head(1, 50, 1).may_follow(&before),
            Err(HeadAlarm::EpochWentBack)
        );
    }
}
