//! The share of a laptop's key.

use skranke_protocol::signature::PublicKey;
use skranke_protocol::wire::{LeaseAnswer, LeaseRenewRequest, LeaseRequest};

use super::Client;
use crate::error::SyncError;

impl Client {
    /// Names the key that asks for this device's share from now on.
    ///
    /// # Errors
    /// See [`SyncError`]; [`skranke_protocol::problem::ProblemCode::DeviceRevoked`] where the device was shut out.
    pub fn begin_lease(&self, asking_key: PublicKey) -> Result<LeaseAnswer, SyncError> {
        self.post("/v1/leases", &LeaseRequest { asking_key })
    }

    /// The share once more, on a connection whose key is the one that was named.
    ///
    /// # Errors
    /// As [`Client::begin_lease`]; [`skranke_protocol::problem::ProblemCode::GrantNotValid`] where the ticket is not
    /// for this key and device.
    pub fn renew_lease(&self, ticket: &str) -> Result<LeaseAnswer, SyncError> {
        let ticket = ticket.to_owned();
        self.post("/v1/leases/renew", &LeaseRenewRequest { ticket })
    }
}
