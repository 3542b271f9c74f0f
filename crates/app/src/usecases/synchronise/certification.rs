//! What vouches for this computer's papers: the municipality's certificate of its key, fetched from the central store.
//!
//! Basis: design, section 8; decision 19.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Days;
use skranke_protocol::encoding::from_base64_url;
use skranke_protocol::receipt_code::DeviceCertificate;
use skranke_protocol::wire::Status;
use skranke_sync::SyncError;

use super::host;
use crate::state::App;
use crate::usecases::settings;

/// A certificate is fetched anew when fewer days are left of it.
const RENEW_BEFORE: Days = Days::new(180);

impl App {
    /// Keeps the municipality's word for this computer's papers, where it is new or the one here runs out.
    pub(super) fn keep_certification(&self, status: &Status) -> Result<(), SyncError> {
        let Some(given) = &status.certification else {
            return Ok(());
        };
        let certificate = from_base64_url(&given.device_certificate)
            .ok()
            .and_then(|bytes| Some((DeviceCertificate::from_bytes(&bytes).ok()?, bytes)))
            .filter(|(certificate, _)| certificate.verify(&given.municipality_key).is_ok());
        let Some((certificate, bytes)) = certificate else {
            return Err(SyncError::NotSignedByServer);
        };
        let key = given.municipality_key.to_string();
        let soon = self.today() + RENEW_BEFORE;
        let is_kept = self
            .with_store(|store| {
                let read = store.read()?;
                let same_key = settings::read_in::<String>(&read, "municipality_key")?
                    .is_some_and(|known| known == key);
                let known = settings::read_in::<String>(&read, "device_certificate")?
                    .and_then(|text| STANDARD.decode(text).ok())
                    .and_then(|bytes| DeviceCertificate::from_bytes(&bytes).ok());
                Ok(same_key
                    && known.is_some_and(|known| {
                        known.key == certificate.key
                            && known.device_code == certificate.device_code
                            && known.valid_until > soon
                    }))
            })
            .map_err(host)?;
        if is_kept {
            return Ok(());
        }
        self.taking_in(|write| {
            settings::write(write, "municipality_key", &key)?;
            settings::write(write, "device_certificate", &STANDARD.encode(&bytes))
        })
        .map_err(host)
    }
}
