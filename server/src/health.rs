//! Whether the server can do its work: what `/readyz` answers from.
//!
//! Basis: issue 3, part A; reliability, finding 3 (with the standby away, writes wait).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use skranke_protocol::problem::ProblemCode;

use crate::central::Central;
use crate::problem::{Answer, Refusal};

/// How long a commit may take before the store counts as not taking any.
const COMMIT_WITHIN: Duration = Duration::from_secs(3);

/// Looks at everything a write needs; the refusal names the part that is missing.
pub(crate) async fn check(central: &Arc<Central>) -> Answer<()> {
    let missing = |part| Refusal::of(ProblemCode::Unavailable, part);
    if *central.stopping.borrow() {
        return Err(missing("stopping"));
    }
    let disk = central
        .read(|central| {
            Ok(has_room(
                central.attachments.folder(),
                central.min_free_bytes,
            ))
        })
        .await;
    if !disk.unwrap_or(false) {
        return Err(missing("disk"));
    }
    let store = central.read(|central| central.store.ping()).await;
    store.map_err(|_| missing("store"))?;
    // A commit that waits for its standby holds the next one up: asking again would only make the queue longer.
    if central.writers.oldest_commit() > COMMIT_WITHIN {
        return Err(missing("replication"));
    }
    if let Some(tenant) = central.writers.any_tenant().or(central.tenant.clone()) {
        let trial = central.writers.write(&tenant, |_| Ok(()));
        let committed = tokio::time::timeout(COMMIT_WITHIN, trial).await;
        if !matches!(committed, Ok(Ok(()))) {
            return Err(missing("replication"));
        }
    }
    Ok(())
}

fn has_room(folder: &Path, needed: u64) -> bool {
    fs4::available_space(folder).is_ok_and(|free| free >= needed)
}
