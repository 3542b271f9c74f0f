//! Whether what the central store says fits what it said before and what this computer made. Checked before anything
//! of it is kept; what does not fit is an alarm.
//!
//! Basis: design, section 6 ("a head that does not extend the last one seen is an alarm").

use skranke_protocol::confirmation::{Confirmation, HeadAlarm, TenantHead};
use skranke_protocol::plan::Alarm;
use skranke_protocol::signature::PublicKey;
use skranke_store::{PageTaken, ReadHandle};

use crate::error::AppError;

/// Code of an alarm of the planner, for the audit log.
pub(super) const fn planned(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::DeviceRolledBack => "device_rolled_back",
        Alarm::ChainForked => "chain_forked",
        Alarm::ServerLostEvents => "server_lost_events",
        Alarm::EpochWentBack => "epoch_went_back",
        Alarm::CommandTooLarge(_) => "command_too_large",
    }
}

/// Whether a head of the feed may follow the one that is kept.
pub(super) fn head(
    read: &ReadHandle<'_>,
    key: &PublicKey,
    said: &TenantHead,
) -> Result<Option<&'static str>, AppError> {
    let epoch = read.cursor()?.epoch;
    if epoch != 0 && said.epoch > epoch {
        return Ok(Some("epoch_not_signed"));
    }
    let kept = read.tenant_head()?;
    let before = kept.and_then(|signed| signed.verify(key).ok());
    let alarm = before.and_then(|before| said.may_follow(&before).err());
    Ok(alarm.map(|alarm| match alarm {
        HeadAlarm::OtherTenant => "head_of_other_tenant",
        HeadAlarm::EpochWentBack => "epoch_went_back",
        HeadAlarm::Shorter => "feed_became_shorter",
        HeadAlarm::Rewritten => "feed_rewritten",
    }))
}

/// Whether a confirmation is about this computer's own chain, and takes back nothing that was confirmed.
pub(super) fn confirmation(
    read: &ReadHandle<'_>,
    key: &PublicKey,
    said: &Confirmation,
) -> Result<Option<&'static str>, AppError> {
    let before = read
        .confirmation()?
        .and_then(|signed| signed.verify(key).ok());
    if before.is_some_and(|before| before.epoch == said.epoch && before.seq > said.seq) {
        return Ok(Some("confirmation_went_back"));
    }
    let own_head = read.own_device()?.map_or(0, |own| own.head.seq);
    if said.seq > own_head {
        return Ok(Some("confirmation_beyond_own_chain"));
    }
    if said.seq == 0 {
        return Ok(None);
    }
    // An event of a case that left this computer is no longer here to be compared.
    let own = read.own_events(said.seq - 1, 1)?;
    let differs = own
        .first()
        .filter(|event| event.header().device_seq == said.seq)
        .is_some_and(|event| said.head_hash != Some(*event.hash()));
    Ok(differs.then_some("confirmation_of_other_content"))
}

/// What taking in a page of the feed found that cannot be right.
pub(super) fn page(taken: &PageTaken) -> Vec<&'static str> {
    let found = [
        (!taken.altered.is_empty(), "event_altered"),
        (!taken.displaced.is_empty(), "own_event_displaced"),
    ];
    found
        .into_iter()
        .filter_map(|(is_found, code)| is_found.then_some(code))
        .collect()
}
