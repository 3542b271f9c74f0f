//! The operator's key, and opening an epoch with it.
//!
//! The key is made once, kept in the safe beside the key file, and taken out when the server goes on from an older
//! state: after `restore`, or after the database was put back by its own tools. Its public half stands in the
//! configuration and reaches every desktop at enrolment. Without one, a key derived from the server's own stands in.
//!
//! Basis: design, section 6 (epoch); reliability, finding 6.

use std::path::Path;

use skranke_protocol::confirmation::Signed;
use skranke_protocol::encoding::to_hex;
use skranke_protocol::epoch::EpochOpening;
use skranke_protocol::signature::{PublicKey, SigningKey};

use crate::config::Config;
use crate::log;
use crate::store::key_file::KeyFile;
use crate::store::transfer::{self, Transfer};
use crate::store::{CentralStore, ServerKeys, StoreError, Stored, Tenant};

fn cannot(what: &str) -> StoreError {
    StoreError::CannotOpen(what.to_owned())
}

/// Makes an operator's key in a new file that its owner alone can read; returns its public half.
///
/// # Errors
/// The file exists or cannot be written.
pub fn make_key(to: &Path) -> Stored<PublicKey> {
    if to.exists() {
        return Err(cannot("the operator's key exists already"));
    }
    let seed = KeyFile::read_or_create(to, false)?;
    Ok(SigningKey::from_seed(seed.as_bytes()).public())
}

/// The key that clients are told to believe.
pub fn public_key(config: &Config, keys: &ServerKeys) -> PublicKey {
    config
        .operator_key
        .unwrap_or_else(|| keys.stand_in_operator_key().public())
}

/// The key to open an epoch with: from `file`, or the one that stands in where the operator keeps none.
///
/// # Errors
/// The file is not the key the configuration names.
pub fn signing_key(config: &Config, file: Option<&Path>, keys: &ServerKeys) -> Stored<SigningKey> {
    let key = match file {
        Some(file) => SigningKey::from_seed(KeyFile::read(file)?.as_bytes()),
        None => keys.stand_in_operator_key(),
    };
    if key.public() != public_key(config, keys) {
        return Err(cannot(match file {
            Some(_) => "the operator's key is not the one the configuration names",
            None => "name the file of the operator's key with --operator-key",
        }));
    }
    Ok(key)
}

/// Opens the next epoch of a municipality and returns it.
///
/// # Errors
/// The store failed.
pub fn open_epoch(store: &dyn Transfer, tenant: &str, key: &SigningKey) -> Stored<u64> {
    let tenant = store.tenant(tenant)?;
    let before = tenant.opening.as_ref().map(|signed| {
        signed
            .verify(&key.public())
            .map_err(|_| cannot("the present epoch was opened with another key"))
    });
    let opening = EpochOpening::after(
        &tenant.code,
        tenant.epoch,
        (tenant.position(), tenant.tree.root()),
        before.transpose()?.as_ref(),
        log::now(),
    );
    let signed =
        Signed::new(&opening, key).map_err(|_| cannot("the opening of the epoch has no form"))?;
    store.open_epoch(&opening, &signed)?;
    Ok(opening.epoch)
}

/// Opens the next epoch of every municipality of the store.
///
/// # Errors
/// As [`open_epoch`].
pub fn open_epochs(
    store: &dyn Transfer,
    config: &Config,
    file: Option<&Path>,
) -> Stored<Vec<(String, u64)>> {
    transfer::refuse_empty(store)?;
    let key = signing_key(config, file, &store.server_keys()?)?;
    let tenants = store.tenants()?.into_iter();
    tenants
        .map(|tenant| {
            let epoch = open_epoch(store, &tenant, &key)?;
            Ok((tenant, epoch))
        })
        .collect()
}

/// Whether the present epoch can be shown to be the operator's.
///
/// # Errors
/// It was opened with another key than clients are told to believe.
pub fn check(store: &dyn CentralStore, tenant: &str, key: &PublicKey) -> Stored<()> {
    let Tenant { epoch, opening, .. } = store.tenant(tenant)?;
    let shown = match opening {
        None => epoch == 1,
        Some(opening) => opening
            .verify(key)
            .is_ok_and(|opening| opening.epoch == epoch && opening.tenant == tenant),
    };
    if shown {
        Ok(())
    } else {
        Err(cannot(&format!(
            "the epoch was not opened with the operator's key {}",
            to_hex(&key.as_bytes()[..4])
        )))
    }
}
