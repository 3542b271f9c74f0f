//! A signed-in person: the grant under which work is recorded, and the tokens that requests as this person carry.
//!
//! Tokens are kept in memory alone and renew themselves. Nothing that is saved or synchronised needs them, so losing
//! one loses no work: the person signs in again. Basis: design, section 6 (sign-in).

use std::sync::{Mutex, MutexGuard, PoisonError};

use skranke_protocol::grant::{Grant, SignedGrant};
use skranke_protocol::wire::{StaffProfile, Tokens};

/// See the module.
pub struct Session {
    signed: SignedGrant,
    grant: Grant,
    profile: Option<StaffProfile>,
    tokens: Mutex<Tokens>,
}

impl Session {
    pub(crate) fn new(
        signed: SignedGrant,
        grant: Grant,
        profile: Option<StaffProfile>,
        tokens: Tokens,
    ) -> Self {
        Self {
            signed,
            grant,
            profile,
            tokens: Mutex::new(tokens),
        }
    }

    /// The grant, as it is kept for offline work.
    pub fn signed_grant(&self) -> &SignedGrant {
        &self.signed
    }

    /// What the grant says.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// What the identity provider said of the person.
    pub fn profile(&self) -> Option<&StaffProfile> {
        self.profile.as_ref()
    }

    /// The tokens as they are now. Whoever holds them keeps others from renewing at the same time, which the server
    /// would take for reuse.
    pub fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}
