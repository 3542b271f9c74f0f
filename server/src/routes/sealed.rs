//! Work that a laptop gave up sealed, offered to a store that was restored.
//!
//! What is in a box is judged like any other work: sealing vouches for nothing. Basis: design, section 6; decision 50.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use skranke_domain::ids::DeviceId;
use skranke_protocol::encoding::from_base64_url;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::recovery::RecoverySecret;
use skranke_protocol::wire::{
    DeviceState, MAX_BATCH_EVENTS, MAX_SEALED_BYTES, PushCommand, SealedAnswer, SealedBatch,
    SealedCommand,
};
use uuid::Uuid;

use super::{answer, json, weighed};
use crate::admission::{self, Circumstances, Offered};
use crate::auth::Call;
use crate::central::Central;
use crate::log;
use crate::problem::{Answer, Refusal};
use crate::store::{AuditRow, CentralTransaction, Stored};

/// Takes commands that only this server can read; each that opens gets a verdict of its own.
#[utoipa::path(
    post,
    path = "/v1/sealed",
    operation_id = "sealed",
    request_body(content = SealedBatch, description = "May be packed: `Content-Encoding: zstd`"),
    responses((status = 200, description = "A verdict for each command that opens", body = SealedAnswer)),
    security(("device" = [])),
)]
pub(super) async fn take(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let (reading, opening) = (Arc::clone(&call), Arc::clone(&central));
    let (offered, unopened) = tokio::task::spawn_blocking(move || -> Answer<_> {
        let batch: SealedBatch = json(&weighed(&opening, &reading, MAX_SEALED_BYTES)?)?;
        let sent = batch.commands.len();
        if sent > MAX_BATCH_EVENTS {
            return Err(Refusal::of(ProblemCode::TooLarge, "commands"));
        }
        let commands: Vec<PushCommand> = batch
            .commands
            .iter()
            .filter_map(|command| opened(command, &opening.recovery))
            .collect();
        let unopened = (sent - commands.len()) as u64;
        let events: usize = commands.iter().map(|command| command.events.len()).sum();
        if events > MAX_BATCH_EVENTS {
            return Err(Refusal::of(ProblemCode::TooLarge, "events"));
        }
        // Others' are among them, so whose key to check with is found out with each.
        let offered = Offered::read(commands, &reading.device()?.public_key, u64::MAX);
        Ok((offered, unopened))
    })
    .await
    .map_err(|_| Refusal::from(ProblemCode::Unavailable))??;
    let device_id = call.device()?.id;
    // A revoked device hands over its own work and vouches for nobody else's.
    let is_revoked = call.device()?.state == DeviceState::Revoked;
    let (server_key, index_key) = (central.public_key(), central.index_key);
    let admitted = central
        .writers
        .write(call.tenant()?, move |transaction| {
            let circumstances = Circumstances {
                now: log::now(),
                server_key: &server_key,
                index_key: &index_key,
            };
            if unopened > 0 {
                tell(transaction, device_id, unopened)?;
            }
            // Only a store that was restored can lack what others hold of it.
            if transaction.tenant().epoch > 1 && !is_revoked {
                admission::admit_again(transaction, device_id, &[], &offered, circumstances)
            } else {
                admission::admit(transaction, device_id, &offered, circumstances)
            }
        })
        .await?;
    central.metrics.judged(&admitted.verdicts);
    let now = log::now();
    let (confirmation, head) = central.signed(&admitted.device, &admitted.tenant, now)?;
    answer(
        call.headers(),
        &SealedAnswer {
            verdicts: admitted.verdicts,
            unopened,
            confirmation,
            head,
            server_time: now,
        },
    )
}

/// What is in the box, where it opens and holds the command it is named by.
fn opened(command: &SealedCommand, secret: &RecoverySecret) -> Option<PushCommand> {
    let sealed = from_base64_url(&command.sealed).ok()?;
    let plain = secret.open(&sealed).ok()?;
    let opened: PushCommand = serde_json::from_slice(&plain).ok()?;
    (opened.command_id == command.command_id).then_some(opened)
}

/// Work that somebody keeps and nobody can read is looked at at once.
fn tell(
    transaction: &mut dyn CentralTransaction,
    device_id: DeviceId,
    unopened: u64,
) -> Stored<()> {
    let now = log::now();
    transaction.raise_alarm("sealed_not_opened", device_id, None, now)?;
    transaction.audit(&AuditRow {
        id: Uuid::now_v7(),
        at: now,
        device_id,
        staff_id: None,
        action: "alarm_raised",
        purpose: "access".to_owned(),
        case_id: None,
        citizen_digest: None,
        detail: format!("sealed_not_opened {unopened}"),
    })
}
