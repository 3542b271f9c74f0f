//! What the server holds of the asking device.

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use skranke_domain::ids::DeviceId;
use skranke_protocol::encoding::to_hex;
use skranke_protocol::epoch::EpochWarrant;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::version::SPOKEN;
use skranke_protocol::wire::{ConfirmationAnswer, DeviceStatus, Status, edition_digest};

use super::answer;
use crate::auth::Call;
use crate::central::Central;
use crate::log;
use crate::problem::Answer;
use crate::store::{Device, StoreError, Stored, StoredEdition, Tenant};

/// What the server holds of the asking device; a revoked one may ask, so that it learns that it is.
#[utoipa::path(
    get,
    path = "/v1/status",
    responses((status = 200, description = "How things stand", body = Status)),
    security(("device" = [])),
)]
pub(super) async fn status(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let (device, tenant) = present(&central, &call).await?;
    note_contact(&central, &tenant.code, device.id);
    // A device that was told of a position would hold it against a store that lost it with a machine.
    central
        .writers
        .settled(&tenant.code, tenant.position())
        .await?;
    let code = tenant.code.clone();
    let (profile_edition, profile_digest) = central
        .read(move |central| newest_edition(central, &code))
        .await?;
    let now = log::now();
    answer(
        call.headers(),
        &Status {
            profile_edition,
            profile_digest,
            takes_batches_behind: true,
            browser_sign_in: central.offers_browser_sign_in(&tenant.code),
            certification: central.certify(&device, &tenant.code, now),
            recovery: central.recovery_notice(&tenant.code),
            protocol: SPOKEN,
            server_version: env!("CARGO_PKG_VERSION").to_owned(),
            tenant: tenant.code.clone(),
            epoch: tenant.epoch,
            position: tenant.position(),
            backup_position: tenant.backup_position,
            epoch_warrant: Some(EpochWarrant {
                operator_key: central.operator_key,
                opening: tenant.opening,
            }),
            device: DeviceStatus {
                device_id: device.id,
                device_code: device.code,
                state: device.state,
                scope: device.scope,
                seq: device.head.seq,
                head_hash: device.head.hash,
            },
            server_time: now,
        },
    )
}

/// Number of the newest edition of the profile, and what it is recognised by.
fn newest_edition(central: &Central, tenant: &str) -> Stored<(u32, Option<[u8; 32]>)> {
    let newest = central.store.newest_edition(tenant)?;
    let Some(before) = newest.checked_sub(1) else {
        return Ok((newest, None));
    };
    let found = central.store.editions(tenant, before, 1)?;
    let digest =
        |row: &StoredEdition| edition_digest(row.edition, &row.body, &row.initials, &row.reason);
    Ok((newest, found.first().map(digest)))
}

/// The server's signed word for what it holds of the device.
#[utoipa::path(
    get,
    path = "/v1/confirmation",
    responses((status = 200, description = "Confirmation and head", body = ConfirmationAnswer)),
    security(("device" = [])),
)]
pub(super) async fn confirmation(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    // Read in a writing transaction: its commit answers for everything that is signed here.
    let id = call.device()?.id;
    let (device, tenant) = central
        .writers
        .write(call.tenant()?, move |transaction| {
            let device = transaction.device(id)?.ok_or(StoreError::Row("device"))?;
            Ok((device, transaction.tenant().clone()))
        })
        .await?;
    let now = log::now();
    let (confirmation, head) = central.signed(&device, &tenant, now)?;
    answer(
        call.headers(),
        &ConfirmationAnswer {
            confirmation,
            head,
            peaks: Some(to_hex(&tenant.tree.to_bytes())),
            server_time: now,
        },
    )
}

/// Notes when a device was in contact. The answer does not wait for it.
fn note_contact(central: &Arc<Central>, tenant: &str, device: DeviceId) {
    let now = log::now();
    if !central.contacts.is_news(device, Instant::now()) {
        return;
    }
    let (central, tenant) = (Arc::clone(central), tenant.to_owned());
    tokio::spawn(async move {
        let noting = central.writers.write(&tenant, move |transaction| {
            transaction.note_seen(device, now)
        });
        // What could not be noted now is noted with a later contact.
        let _ = noting.await;
    });
}

async fn present(central: &Arc<Central>, call: &Call) -> Answer<(Device, Tenant)> {
    let (tenant, id) = (call.tenant()?.to_owned(), call.device()?.id);
    let found = central
        .read(move |central| central.store.device_and_tenant(&tenant, id))
        .await?;
    found.ok_or_else(|| ProblemCode::NotAuthenticated.into())
}
