//! The tokens of a session: given at sign-in, renewed one after another, and gone at once when they must be.
//!
//! All tokens of one sign-in are a family. A refresh token is good for one renewal. Whoever lost the answer asks again
//! with it, however much later: a client renews only when a person asks for something. Shown again after one of the
//! tokens it was exchanged for was used, it has been copied: the family ends and an alarm is raised. The grant under
//! which work is recorded is not touched by that, so no work is lost with a token.
//!
//! Basis: design, section 6; reliability, threat T3; RFC 9449 and RFC 9700, section 4.14.

use chrono::{DateTime, TimeDelta, Utc};
use skranke_domain::ids::{DeviceId, GrantId};
use skranke_protocol::grant::Grant;
use skranke_protocol::instant;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::signature::{PublicKey, SigningKey};
use skranke_protocol::token::{Token, TokenUse};
use skranke_protocol::wire::Tokens;

use crate::central::Central;
use crate::problem::{Answer, Refusal};
use crate::store::{CentralTransaction, Staff, Stored, StoredGrant, TokenFamily};

/// How long an access token is good.
const ACCESS: TimeDelta = TimeDelta::minutes(10);
/// How long a session is renewed before the person signs in again: a long working day.
const SESSION: TimeDelta = TimeDelta::hours(12);
/// Grants begin a little before they are made, so that a device whose clock is not yet corrected can use them.
pub(crate) const GRANT_LEAD: TimeDelta = TimeDelta::minutes(5);

/// What a renewal came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// Tokens of this generation are given.
    Given(u64),
    /// The session has ended, or never was.
    Ended,
    /// The token was used before: the session is ended now.
    Reused,
}

/// The tokens of a grant after so many renewals. The same question has the same refresh token for an answer, so a
/// client that lost an answer asks again.
///
/// # Errors
/// They cannot be written.
pub fn issue(
    grant: &Grant,
    generation: u64,
    key: &SigningKey,
    now: DateTime<Utc>,
) -> Answer<Tokens> {
    let ends_at = ends_at(grant);
    let access_until = instant::to_millisecond(now + ACCESS).min(ends_at);
    let text = |good_for, expires_at| {
        let token = Token {
            good_for,
            tenant: grant.tenant.clone(),
            grant_id: grant.id,
            device_id: grant.device_id,
            generation,
            expires_at,
        };
        token
            .to_text(key)
            .map_err(|_| Refusal::from(ProblemCode::Unavailable))
    };
    Ok(Tokens {
        access_token: text(TokenUse::Access, access_until)?,
        access_until,
        refresh_token: text(TokenUse::Refresh, ends_at)?,
    })
}

fn ends_at(grant: &Grant) -> DateTime<Utc> {
    (grant.valid_from + GRANT_LEAD + SESSION).min(grant.valid_until)
}

/// Whether the session of a grant stands: neither ended nor withdrawn, and the person may work.
pub fn stands(stored: &StoredGrant, staff: Option<&Staff>) -> bool {
    stored.revoked_at.is_none()
        && stored.family.ended_at.is_none()
        && staff.is_none_or(|staff| staff.active)
}

/// What a token opens.
pub(crate) struct Opened {
    /// The grant it belongs to.
    pub(crate) grant: Grant,
    /// Whether it tells for the first time that the answer to the last renewal arrived; see [`seen`].
    pub(crate) is_first_use: bool,
}

/// The grant a token belongs to, where it still opens something.
pub(crate) fn grant_of(central: &Central, tenant: &str, token: &Token) -> Stored<Option<Opened>> {
    let Some(stored) = central.store.grant(tenant, token.grant_id)? else {
        return Ok(None);
    };
    let Ok(grant) = stored.signed.verify(&central.public_key) else {
        return Ok(None);
    };
    let staff = central.store.staff(tenant, grant.staff_id)?;
    let opened = Opened {
        grant,
        is_first_use: is_first_use(&stored.family, token),
    };
    Ok(Some(opened).filter(|_| stands(&stored, staff.as_ref())))
}

fn is_first_use(family: &TokenFamily, token: &Token) -> bool {
    token.generation == family.generation && family.renewed_at.is_some()
}

/// Notes that a token of the last renewal is in use: who shows the refresh token before it from now on has a copy.
///
/// # Errors
/// The store cannot do it.
pub(crate) fn seen(transaction: &mut dyn CentralTransaction, token: &Token) -> Stored<()> {
    if let Some(stored) = transaction.grant(token.grant_id)?
        && is_first_use(&stored.family, token)
    {
        let family = TokenFamily {
            renewed_at: None,
            ..stored.family
        };
        transaction.set_token_family(token.grant_id, &family)?;
    }
    Ok(())
}

/// Reads a refresh token of this device.
///
/// # Errors
/// `GrantNotValid`.
pub(crate) fn read_refresh(
    text: &str,
    key: &PublicKey,
    place: (&str, DeviceId),
    now: DateTime<Utc>,
) -> Answer<Token> {
    Token::read(text, key, TokenUse::Refresh, place, now)
        .map_err(|_| ProblemCode::GrantNotValid.into())
}

/// Takes a refresh token for its one renewal, inside the tenant's transaction.
///
/// # Errors
/// The store cannot do it.
pub fn renew(
    transaction: &mut dyn CentralTransaction,
    token: &Token,
    now: DateTime<Utc>,
) -> Stored<Renewal> {
    let Some(stored) = transaction.grant(token.grant_id)? else {
        return Ok(Renewal::Ended);
    };
    if !stands(&stored, None) {
        return Ok(Renewal::Ended);
    }
    let mut family = stored.family;
    if token.generation == family.generation {
        family.generation += 1;
        family.renewed_at = Some(instant::to_millisecond(now));
        transaction.set_token_family(token.grant_id, &family)?;
        return Ok(Renewal::Given(family.generation));
    }
    let answer_may_be_lost =
        token.generation + 1 == family.generation && family.renewed_at.is_some();
    if answer_may_be_lost {
        return Ok(Renewal::Given(family.generation));
    }
    end(transaction, token.grant_id, now)?;
    transaction.raise_alarm("token_reused", token.device_id, None, now)?;
    Ok(Renewal::Reused)
}

/// Ends a session.
///
/// # Errors
/// The store cannot do it.
pub fn end(
    transaction: &mut dyn CentralTransaction,
    grant: GrantId,
    now: DateTime<Utc>,
) -> Stored<()> {
    if let Some(stored) = transaction.grant(grant)?
        && stored.family.ended_at.is_none()
    {
        let mut family = stored.family;
        family.ended_at = Some(instant::to_millisecond(now));
        transaction.set_token_family(grant, &family)?;
    }
    Ok(())
}
