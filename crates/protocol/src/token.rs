//! Tokens: what a signed-in person's requests carry beside the device's proof, and what renews it.
//!
//! A token is opaque to whoever holds it. It is a statement of the server under its own key and a purpose of its own,
//! so there is no algorithm to choose and nothing else the server signs passes for one. It names the device: the
//! proof in the same request must be made with that device's key (RFC 9449). Basis: design, section 6 (sign-in);
//! reliability, threat T3.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use skranke_domain::ids::{DeviceId, GrantId};

use crate::confirmation::{Signed, Statement};
use crate::encoding::as_text;
use crate::instant;
use crate::signature::{PublicKey, Purpose, SigningKey};

/// Longest token a server reads.
const MAX_TOKEN_BYTES: usize = 2 * 1024;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenUse {
    /// Requests as the person, for a short while.
    Access,
    /// One renewal.
    Refresh,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// What it is good for.
    #[serde(rename = "use")]
    pub good_for: TokenUse,
    /// The municipality.
    pub tenant: String,
    /// The grant of the sign-in it belongs to: all tokens of one sign-in are a family.
    #[serde(with = "as_text")]
    pub grant_id: GrantId,
    /// The device whose key must prove each request that carries it.
    #[serde(with = "as_text")]
    pub device_id: DeviceId,
    /// Renewals of the family before this token.
    pub generation: u64,
    /// Until when, not included.
    #[serde(with = "instant::wire")]
    pub expires_at: DateTime<Utc>,
}

impl Statement for Token {
    const PURPOSE: Purpose = Purpose::Token;
}

/// A token that is not worth anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is not valid")]
pub struct TokenError;

impl Token {
    /// The token as it travels.
    ///
    /// # Errors
    /// A value has no canonical form.
    pub fn to_text(&self, server_key: &SigningKey) -> Result<String, TokenError> {
        let signed = Signed::new(self, server_key).map_err(|_| TokenError)?;
        Ok(signed.to_compact())
    }

    /// Reads a token; whether the family still stands is another question.
    ///
    /// # Errors
    /// Not this server's, expired, or for another use, municipality or device.
    pub fn read(
        text: &str,
        server_key: &PublicKey,
        good_for: TokenUse,
        (tenant, device_id): (&str, DeviceId),
        now: DateTime<Utc>,
    ) -> Result<Self, TokenError> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(TokenError);
        }
        let signed: Signed<Self> = Signed::from_compact(text).map_err(|_| TokenError)?;
        let token = signed.verify(server_key).map_err(|_| TokenError)?;
        let fits = token.good_for == good_for
            && token.tenant == tenant
            && token.device_id == device_id
            && now < token.expires_at;
        if fits { Ok(token) } else { Err(TokenError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::to_base64_url;
    use crate::sample::{noon, uuid};
    use chrono::TimeDelta;

    fn server() -> SigningKey {
        SigningKey::from_seed(&[200; 32])
    }

    fn device(number: u128) -> DeviceId {
        DeviceId::from_uuid(uuid(number))
    }

    fn a_token() -> Token {
        Token {
            good_for: TokenUse::Access,
            tenant: "0999".to_owned(),
            grant_id: GrantId::from_uuid(uuid(2)),
            device_id: device(1),
            generation: 3,
            expires_at: noon() + TimeDelta::minutes(10),
        }
    }

    #[test]
    fn a_token_is_good_for_its_own_use_municipality_device_and_time_alone() {
        let text = a_token().to_text(&server()).unwrap();
        let read =
            |good_for, place, now| Token::read(&text, &server().public(), good_for, place, now);
        let at_home = ("0999", device(1));

        assert_eq!(read(TokenUse::Access, at_home, noon()), Ok(a_token()));
        for (good_for, place, now) in [
            (TokenUse::Refresh, at_home, noon()),
            (TokenUse::Access, ("0101", device(1)), noon()),
            (TokenUse::Access, ("0999", device(2)), noon()),
            (TokenUse::Access, at_home, a_token().expires_at),
        ] {
            assert_eq!(read(good_for, place, now), Err(TokenError), "{place:?}");
        }
    }

    #[test]
    fn a_token_of_another_key_or_another_purpose_or_an_unsigned_one_is_refused() {
        let other = SigningKey::from_seed(&[1; 32]);
        let body = br#"{"device_id":"01920000-0000-7000-8000-000000000001","expires_at":"2026-11-21T12:10:00.000Z","generation":3,"grant_id":"01920000-0000-7000-8000-000000000002","tenant":"0999","use":"access"}"#;
        let signed_for_a_grant = server().sign(Purpose::Grant, body);
        let none = to_base64_url(br#"{"alg":"none"}"#);

        for text in [
            a_token().to_text(&other).unwrap(),
            format!(
                "{}.{}",
                to_base64_url(body),
                to_base64_url(signed_for_a_grant.as_bytes())
            ),
            format!("{}.", to_base64_url(body)),
            format!("{none}.{}.", to_base64_url(body)),
            "x".repeat(MAX_TOKEN_BYTES + 1),
            String::new(),
        ] {
            let read = Token::read(
                &text,
                &server().public(),
                TokenUse::Access,
                ("0999", device(1)),
                noon(),
            );
            assert_eq!(read, Err(TokenError), "{text}");
        }
    }
}
