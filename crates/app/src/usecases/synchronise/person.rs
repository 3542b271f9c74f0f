//! What the central store is asked in the name of the person who sits here: their grant, their session, a citizen.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use skranke_domain::cpr::Cpr;
use skranke_domain::ids::StaffId;
use skranke_protocol::grant::{Grant, SignedGrant};
use skranke_protocol::signature::PublicKey;
use skranke_protocol::wire::SessionRequest;
use skranke_store::ReadHandle;
use skranke_sync::{Client, SyncError};

use super::{CentralLook, RENEW_BEFORE, host, is_ended, needs_line, problem};
use crate::api::error::ErrorCode;
use crate::error::AppError;
use crate::state::{App, Session};
use crate::usecases::{own_code, settings};

impl App {
    /// Fetches a grant for the signed-in person, if the central store can be reached.
    pub(crate) fn renew_grant(&self) {
        if self.server().is_some() {
            let outcome = self
                .enrolled_client()
                .and_then(|client| self.renew_grant_over(&client));
            self.line.reached(outcome.is_ok());
        }
    }

    pub(super) fn renew_grant_over(&self, client: &Client) -> Result<(), SyncError> {
        let Some(session) = self.lock().session.clone() else {
            return Ok(());
        };
        let has_session = self.line.session_of(session.staff).is_some();
        if has_session && self.grant_of(&session).map_err(host)?.is_some() {
            return Ok(());
        }
        // Who a person is that signs in in the browser, only the identity provider says.
        let of_provider = self
            .with_store(|store| own_code::has_own_code(store, session.staff))
            .map_err(host)?;
        if session.in_browser || of_provider {
            return Ok(());
        }
        let secret = self.server().and_then(|server| server.bootstrap);
        // Without a secret only the person's password or the browser says who it is.
        let Some(secret) = secret else { return Ok(()) };
        let roles = session
            .roles
            .iter()
            .map(|role| role.code().to_owned())
            .collect();
        let request = SessionRequest::Bootstrap {
            secret,
            staff_id: session.staff,
            roles,
        };
        let session = client.sign_in(&request)?;
        let (grant, token) = (session.grant(), session.signed_grant().to_token());
        self.taking_in(|write| Ok(write.put_grant(grant, &token)?))
            .map_err(host)?;
        self.line.keep_session(session);
        Ok(())
    }

    /// The person's grant, as long as enough of it is left.
    pub(super) fn grant_of(&self, session: &Session) -> Result<Option<SignedGrant>, AppError> {
        let soon = self.legal_now() + RENEW_BEFORE;
        self.with_store(|store| {
            let read = store.read()?;
            let held = grant_in(&read, session.staff, soon)?;
            Ok(held
                .filter(|(_, grant)| {
                    let same_roles = session.roles.iter().all(|role| grant.roles.contains(role));
                    same_roles && grant.is_valid_at(soon).is_ok()
                })
                .map(|(signed, _)| signed))
        })
    }

    /// The person's session at the central store, begun anew where there is none any more.
    ///
    /// # Errors
    /// `GrantExpired` where the person must sign in at the central store again.
    pub(crate) fn session_at(
        &self,
        client: &Client,
        staff: StaffId,
    ) -> Result<Arc<skranke_sync::Session>, AppError> {
        self.renew_grant_over(client).map_err(needs_line)?;
        self.line
            .session_of(staff)
            .ok_or_else(|| AppError::of(ErrorCode::GrantExpired))
    }

    /// What the municipality knows of a citizen beyond this computer. Offline the answer is *not known*.
    pub(crate) fn look_up_centrally(&self, cpr: &Cpr) -> CentralLook {
        let not_known = CentralLook {
            reach: "not_known",
            cases: Vec::new(),
        };
        if self.server().is_none() {
            return CentralLook {
                reach: "local",
                ..not_known
            };
        }
        if !self.line.state().online {
            // Somebody stands here and would know: it is tried again now, for the next question.
            self.line.nudge();
            return not_known;
        }
        let session = self.lock().session.clone();
        let Some(session) = session else {
            return not_known;
        };
        let Some(at_server) = self.line.session_of(session.staff) else {
            return not_known;
        };
        let answer = self
            .enrolled_client()
            .and_then(|client| client.lookup(&at_server, cpr, "counter_entry"));
        match answer {
            Ok(answer) => CentralLook {
                reach: "central",
                cases: answer.cases,
            },
            Err(error) => {
                if is_ended(&error) {
                    self.line.forget_session(session.staff);
                }
                self.line.heard(&Err(error));
                not_known
            }
        }
    }

    /// Asks the central store as the person who sits here; there is no other answer than its own.
    ///
    /// # Errors
    /// `OnlineOnly` without a line to it or before the person has signed in there; what it answers otherwise.
    pub(crate) fn as_person<T>(
        &self,
        ask: impl FnOnce(&Client, &skranke_sync::Session) -> Result<T, SyncError>,
    ) -> Result<T, AppError> {
        let online_only = || AppError::of(ErrorCode::OnlineOnly);
        if self.server().is_none() {
            return Err(online_only());
        }
        let session = self.lock().session.clone().ok_or_else(online_only)?;
        let client = self.enrolled_client().map_err(|_| online_only())?;
        let at_server = self
            .session_at(&client, session.staff)
            .map_err(|_| online_only())?;
        ask(&client, &at_server).map_err(|error| match problem::told(&error) {
            Some(told) if told.code == ErrorCode::Offline => online_only(),
            Some(told) => AppError::of(told.code),
            None => online_only(),
        })
    }
}

/// The grant kept for a person, its signature checked: one that holds at this moment, or else
/// the one that ends last. Where the central store's clock was once ahead, that one is yet to come, and not the one to
/// work under.
pub(crate) fn grant_in(
    read: &ReadHandle<'_>,
    staff: StaffId,
    at: DateTime<Utc>,
) -> Result<Option<(SignedGrant, Grant)>, AppError> {
    let key: Option<String> = settings::read_in(read, "server_key")?;
    let (Some(key), Some(own)) = (key.and_then(|key| key.parse().ok()), read.own_device()?) else {
        return Ok(None);
    };
    let key: PublicKey = key;
    // Those of the person's other computers are here beside the work that was pulled from there.
    let held = read.grant_tokens(staff)?.into_iter();
    let mut own = held
        .filter_map(|token| SignedGrant::from_token(&token).ok())
        .filter_map(|signed| signed.verify(&key).ok().map(|grant| (signed, grant)))
        .filter(|(_, grant)| grant.device_id == own.device)
        .peekable();
    let ends_last = own.peek().cloned();
    let holds = own
        .take_while(|(_, grant)| grant.valid_until > at)
        .find(|(_, grant)| grant.is_valid_at(at).is_ok());
    Ok(holds.or(ends_last))
}

/// Whether the person has a grant that does not hold now. What is saved all the same waits at the central store until
/// the person signs in there again.
pub(super) fn grant_ran_out(
    read: &ReadHandle<'_>,
    staff: StaffId,
    now: DateTime<Utc>,
) -> Result<bool, AppError> {
    let held = grant_in(read, staff, now)?;
    Ok(held.is_some_and(|(_, grant)| grant.is_valid_at(now).is_err()))
}
