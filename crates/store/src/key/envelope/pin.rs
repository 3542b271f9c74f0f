//! The PIN of a laptop that leaves the building, and the server's share that its wrap may be bound to.
//!
//! With a PIN, no wrap is left that asks nobody: the key is sealed under the PIN stretched together with what the key
//! store or key file holds. Binding seals that wrap once more, on the outside, under a share from the server. So the
//! share can be put on and taken off without the PIN, and without the share no PIN can even be tried.
//! The recovery code's wrap is never touched: it opens whatever else is lost.
//!
//! Basis: design, section 5; spec reliability, T1 and F20; decision 40.

use serde::{Deserialize, Serialize};

use super::{
    Envelope, KeyError, Opener, PassphraseCost, Way, Wrap, hex_to_vec, read_key_file,
    read_key_store, seal, to_hex, unseal,
};
use crate::key::{Secret, StoreKey};

/// Where the share is to be had while the store is closed, and how this computer shows there who it is. Whoever reads
/// it can ask for the share, which opens nothing without the PIN and the key store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Address of the central store.
    pub url: String,
    /// The municipality there.
    pub tenant: String,
    /// The device the share is for.
    pub device_id: String,
    /// Seed of the key that asks; it signs nothing else.
    #[serde(with = "hex")]
    pub asking_key: [u8; 32],
    /// The server's word that this key asks for this device.
    pub ticket: String,
}

impl std::fmt::Debug for Binding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Binding")
            .field("device_id", &self.device_id)
            .finish_non_exhaustive()
    }
}

/// 32 bytes as hexadecimal digits.
mod hex {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&crate::key::to_hex(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(from)?;
        crate::key::from_hex(&text).ok_or_else(|| D::Error::custom("32 bytes are expected"))
    }
}

impl Envelope {
    /// Asks for a PIN from now on: the key is sealed under it together with what `place` (a key file, the key store)
    /// holds, and every way in that asks nobody is taken out. A binding is taken off.
    ///
    /// # Errors
    /// [`KeyError::NoSuchWrap`] without a recovery code, which alone opens when the PIN is forgotten; too short; `place`
    /// does not answer. Nothing is changed then.
    pub fn require_pin(
        &mut self,
        key: &StoreKey,
        pin: &str,
        place: &Opener<'_>,
        cost: PassphraseCost,
    ) -> Result<(), KeyError> {
        if !self.ways().recovery {
            return Err(KeyError::NoSuchWrap);
        }
        self.add_passphrase(key, pin, Some(&**held_by(place)?), cost)?;
        self.wraps
            .retain(|wrap| !matches!(wrap.way, Way::KeyFile | Way::KeyStore));
        Ok(())
    }

    /// Whether nothing opens but the PIN and the recovery code.
    pub fn asks_for_pin(&self) -> bool {
        let ways = self.ways();
        ways.passphrase && !ways.key_file && !ways.key_store
    }

    /// Opens the key with the PIN, what `place` holds, and the server's share where the wrap is bound.
    ///
    /// # Errors
    /// [`KeyError::LeaseEnded`] where the share is missing or another one; otherwise as [`Envelope::open`].
    pub fn open_with_pin(
        &self,
        pin: &str,
        place: &Opener<'_>,
        share: Option<&[u8; 32]>,
    ) -> Result<StoreKey, KeyError> {
        let mut unbound = self.clone();
        unbound.unbind(share)?;
        unbound.open(&Opener::Passphrase {
            text: pin,
            share: Some(&**held_by(place)?),
        })
    }

    /// The PIN opens nothing any more.
    pub fn lift_pin(&mut self) {
        self.wraps.retain(|wrap| wrap.way != Way::Passphrase);
    }

    /// What the PIN's wrap is bound to.
    pub fn binding(&self) -> Option<&Binding> {
        self.pin_wrap().and_then(|wrap| wrap.binding.as_ref())
    }

    /// Seals the PIN's wrap once more under the server's share.
    ///
    /// # Errors
    /// [`KeyError::NoSuchWrap`] without a PIN, or where it is bound already.
    pub fn bind(&mut self, binding: Binding, share: &[u8; 32]) -> Result<(), KeyError> {
        let check = self.check.clone();
        let wrap = self.pin_wrap_mut().ok_or(KeyError::NoSuchWrap)?;
        if wrap.binding.is_some() {
            return Err(KeyError::NoSuchWrap);
        }
        let inner = hex_to_vec(&wrap.sealed).ok_or(KeyError::EnvelopeUnreadable)?;
        let (nonce, outer) = seal(share, &inner, &check)?;
        wrap.sealed = to_hex(&[&nonce[..], &outer].concat());
        wrap.binding = Some(binding);
        Ok(())
    }

    /// Takes the server's share off again; nothing where none is on.
    ///
    /// # Errors
    /// [`KeyError::LeaseEnded`] where the share is missing or another one. Nothing is changed then.
    pub fn unbind(&mut self, share: Option<&[u8; 32]>) -> Result<(), KeyError> {
        let check = self.check.clone();
        let Some(wrap) = self.pin_wrap_mut().filter(|wrap| wrap.binding.is_some()) else {
            return Ok(());
        };
        let share = share.ok_or(KeyError::LeaseEnded)?;
        let outer = hex_to_vec(&wrap.sealed).ok_or(KeyError::EnvelopeUnreadable)?;
        let (nonce, outer) = outer
            .split_first_chunk()
            .ok_or(KeyError::EnvelopeUnreadable)?;
        let inner = unseal(share, nonce, outer, &check).map_err(|_| KeyError::LeaseEnded)?;
        wrap.sealed = to_hex(&inner);
        wrap.binding = None;
        Ok(())
    }

    /// Whether this is the share the PIN's wrap is bound to.
    pub fn is_bound_to(&self, share: &[u8; 32]) -> bool {
        self.binding().is_some() && self.clone().unbind(Some(share)).is_ok()
    }

    fn pin_wrap(&self) -> Option<&Wrap> {
        self.wraps.iter().find(|wrap| wrap.way == Way::Passphrase)
    }

    fn pin_wrap_mut(&mut self) -> Option<&mut Wrap> {
        self.wraps
            .iter_mut()
            .find(|wrap| wrap.way == Way::Passphrase)
    }
}

/// The secret in a key file or in the key store.
fn held_by(place: &Opener<'_>) -> Result<Secret, KeyError> {
    match place {
        Opener::KeyFile(path) => read_key_file(path),
        Opener::KeyStore(entry) => read_key_store(entry),
        Opener::Passphrase { .. } | Opener::Recovery(_) => Err(KeyError::NoSuchWrap),
    }
}
