//! The case's own verdict: the domain's rules over the case as the author had seen it.
//!
//! Honest offline work is judged against what its author knew and never refused because others worked meanwhile.
//! Basis: design, section 3.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use hmac_digest::keyed;
use skranke_domain::case::{Case, Recorded, act_of, check, check_rule_set};
use skranke_domain::cpr::{Cpr, Purpose};
use skranke_domain::danish_time;
use skranke_domain::event::Event;
use skranke_domain::ids::{CaseId, DeviceId, EventId, StaffId};
use skranke_domain::role::{Leave, Role, may};
use skranke_domain::rule_set::RuleSets;
use skranke_forms::Forms;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::payload;
use skranke_protocol::wire::QuarantineReason;

use super::loaded::LoadedCase;
use crate::ownership::Doer;
use crate::store::CaseSummary;

/// Why a command is not accepted.
pub(super) enum Apart {
    Quarantine(QuarantineReason),
    UnknownKind,
}

/// Who recorded an event, as number of which chain.
pub(super) struct Authored {
    pub(super) id: EventId,
    pub(super) staff: StaffId,
    pub(super) device: DeviceId,
    pub(super) seq: u64,
    /// Where it stands in the feed.
    pub(super) position: u64,
}

impl Authored {
    pub(super) fn of(event: &SealedEvent, position: u64) -> Self {
        let header = event.header();
        Self {
            id: header.id,
            staff: header.actor,
            device: header.device_id,
            seq: header.device_seq,
            position,
        }
    }
}

/// Judges a command that somebody made in these roles; returns the fields in conflict it takes part in.
///
/// Whose the case is, is asked of what the author had seen, as their own desktop did: an event of theirs that is not
/// among it does not make the case theirs.
pub(super) fn judge(
    case_id: CaseId,
    loaded: &LoadedCase,
    command: &[SealedEvent],
    (roles, doer): (&[Role], Doer),
) -> Result<Vec<String>, Apart> {
    let seen = ancestors(&loaded.recorded, parents(command));
    let authors = loaded.authors.iter();
    let mut made: Vec<(StaffId, DeviceId)> = authors
        .filter(|author| seen.contains(&author.id))
        .map(|author| (author.staff, author.device))
        .collect();
    let mut as_seen: Vec<Recorded> = loaded
        .recorded
        .iter()
        .filter(|event| seen.contains(&event.id))
        .cloned()
        .collect();
    let mut is_quiet = loaded.recorded.len() == as_seen.len() && follows_on(loaded, command);
    for sealed in command {
        if sealed.payload_bytes().is_none() {
            return Err(Apart::Quarantine(QuarantineReason::PayloadMissing));
        }
        let new = payload::recorded(sealed)
            .map_err(|_| Apart::Quarantine(QuarantineReason::PayloadMalformed))?;
        let Some(event) = &new.event else {
            return Err(Apart::UnknownKind);
        };
        let case = Case::fold(case_id, &as_seen);
        // A case that is being opened is nobody's yet.
        let whose = (!made.is_empty()).then(|| doer.ownership(&case, &made));
        if may(roles, act_of(event), whose) == Leave::Never {
            return Err(Apart::Quarantine(QuarantineReason::NotPermitted));
        }
        made.push((doer.staff_id, doer.device_id));
        is_quiet &= case.conflicts.is_empty();
        check(&case, event)
            .and_then(|()| check_rule_set(&case, event, rule_sets()))
            .map_err(|rule| Apart::Quarantine(QuarantineReason::rule(rule.code())))?;
        as_seen.push(new);
    }
    if is_quiet {
        // Its author had seen everything, and nothing was in conflict: nothing is now.
        return Ok(Vec::new());
    }
    let new = as_seen.split_off(as_seen.len() - command.len());
    let all: Vec<Recorded> = loaded.recorded.iter().cloned().chain(new).collect();
    let own: HashSet<EventId> = command.iter().map(|event| event.header().id).collect();
    let case = Case::fold(case_id, &all);
    Ok(case
        .conflicts
        .iter()
        .filter(|conflict| conflict.events.iter().any(|event| own.contains(event)))
        .map(|conflict| conflict.field.code().to_owned())
        .collect())
}

/// Whether the first event of a command builds on the whole case, and each later one on the one before.
fn follows_on(loaded: &LoadedCase, command: &[SealedEvent]) -> bool {
    let Some((first, _)) = command.split_first() else {
        return false;
    };
    ancestors(&loaded.recorded, first.header().based_on.iter().copied()).len()
        == loaded.recorded.len()
        && command
            .windows(2)
            .all(|pair| pair[1].header().based_on.contains(&pair[0].header().id))
}

/// The rule sets this server was built with. A server without them takes no decision at all.
fn rule_sets() -> &'static RuleSets {
    static SETS: OnceLock<RuleSets> = OnceLock::new();
    SETS.get_or_init(|| {
        Forms::embedded()
            .map(|forms| forms.rules().to_domain())
            .unwrap_or_default()
    })
}

/// What the look-up answers from; none before the case is opened and its citizen known.
pub(super) fn summary(
    case_id: CaseId,
    recorded: &[Recorded],
    (index_key, tenant): (&[u8; 32], &str),
) -> Option<CaseSummary> {
    let case = Case::fold(case_id, recorded);
    let opened = case.opened.as_ref()?;
    let citizen = case.citizen.as_ref()?;
    Some(CaseSummary {
        case_id,
        citizen_digest: citizen_digest(index_key, tenant, &citizen.cpr),
        number: opened.number.to_string(),
        state: case.state.code().to_owned(),
        received_on: opened.received_on,
        registered: case.registered.is_some(),
        in_conflict: !case.conflicts.is_empty(),
    })
}

/// The number on a case's papers, from its history or from a command that would open it; empty where neither says it.
pub fn case_number(history: &[SealedEvent], command: &[SealedEvent]) -> String {
    let mut recorded = history.iter().chain(command).filter_map(fold_input);
    let number = recorded.find_map(|recorded| match recorded.event {
        Some(Event::CaseOpened(opened)) => Some(opened.number.to_string()),
        _ => None,
    });
    number.unwrap_or_default()
}

/// Whether the case holds an exemption whose term has run out: found when it is asked for, so that no nightly job can
/// forget it.
pub fn has_run_out(case_id: CaseId, history: &[SealedEvent], now: DateTime<Utc>) -> bool {
    let recorded: Vec<Recorded> = history.iter().filter_map(fold_input).collect();
    let case = Case::fold(case_id, &recorded);
    case.is_exempt() && !case.is_exempt_on(danish_time::date_at(now), rule_sets())
}

/// Keyed digest of a citizen's number, so that an index without the key tells nothing. Each municipality has a key of its
/// own: what two of them keep of the same citizen has nothing in common. Basis: reliability 2.3, rule 6.
pub fn citizen_digest(index_key: &[u8; 32], tenant: &str, cpr: &Cpr) -> [u8; 32] {
    let of_tenant = keyed(index_key, format!("skranke/citizens/1/{tenant}").as_bytes());
    former_citizen_digest(&of_tenant, cpr)
}

/// The same under a key of the whole server, as it was at first. Cases that have not changed since are still found by it.
pub fn former_citizen_digest(index_key: &[u8; 32], cpr: &Cpr) -> [u8; 32] {
    keyed(index_key, cpr.reveal_for(Purpose::LookUp).as_bytes())
}

/// An event of the history for the fold. Accepted events were readable when they were taken.
pub(super) fn fold_input(sealed: &SealedEvent) -> Option<Recorded> {
    payload::recorded(sealed).ok()
}

/// Whether a command leaves out how its case began, or how it began itself: its first event names nothing of a case
/// that is there, and whoever knows a case has seen how it began; or a later one does not name the one before it.
pub(super) fn leaves_out_beginning(loaded: &LoadedCase, command: &[SealedEvent]) -> bool {
    let names_nothing = |first: &SealedEvent| first.header().based_on.is_empty();
    let begins_anew = !loaded.recorded.is_empty() && command.first().is_some_and(names_nothing);
    let breaks_off = command
        .windows(2)
        .any(|pair| !pair[1].header().based_on.contains(&pair[0].header().id));
    begins_anew || breaks_off
}

/// Whether a command does not name what its own device had done in the case before. A device has seen its own work;
/// leaving it out would make a later word look concurrent, and so undo what stands without a person choosing.
///
/// Basis: design, section 3 (`based_on` must include the device's own earlier events).
pub(super) fn leaves_out_own_work(loaded: &LoadedCase, command: &[SealedEvent]) -> bool {
    let Some(first) = command.first() else {
        return false;
    };
    let (device, seq) = (first.header().device_id, first.header().device_seq);
    let mut own = loaded
        .authors
        .iter()
        .filter(|earlier| earlier.device == device && earlier.seq < seq)
        .map(|earlier| earlier.id)
        .peekable();
    if own.peek().is_none() {
        return false;
    }
    let seen = ancestors(&loaded.recorded, first.header().based_on.iter().copied());
    own.any(|id| !seen.contains(&id))
}

/// Whether a command does not build on everything of its case up to a position of the feed.
pub(super) fn leaves_out_up_to(
    loaded: &LoadedCase,
    command: &[SealedEvent],
    position: u64,
) -> bool {
    let authors = loaded.authors.iter();
    let mut held = authors
        .filter(|event| event.position <= position)
        .peekable();
    if held.peek().is_none() {
        return false;
    }
    let first = command.iter().take(1);
    let named = first.flat_map(|first| first.header().based_on.iter().copied());
    let seen = ancestors(&loaded.recorded, named);
    held.any(|event| !seen.contains(&event.id))
}

/// The events of other devices that a command names: whose, and where in the feed.
pub(super) fn named_of_others(
    loaded: &LoadedCase,
    command: &[SealedEvent],
) -> Vec<(DeviceId, u64)> {
    let own = command.first().map(|first| first.header().device_id);
    let named: HashSet<EventId> = parents(command).collect();
    let authors = loaded.authors.iter();
    authors
        .filter(|event| named.contains(&event.id) && Some(event.device) != own)
        .map(|event| (event.device, event.position))
        .collect()
}

fn parents(command: &[SealedEvent]) -> impl Iterator<Item = EventId> {
    let based_on = command.iter().map(|event| &event.header().based_on);
    based_on.flatten().copied()
}

/// All events of the case that somebody had seen who built on these.
pub(super) fn ancestors(
    history: &[Recorded],
    based_on: impl Iterator<Item = EventId>,
) -> HashSet<EventId> {
    let by_id: HashMap<EventId, &Recorded> =
        history.iter().map(|event| (event.id, event)).collect();
    let mut seen = HashSet::new();
    let mut open: Vec<EventId> = based_on.collect();
    while let Some(id) = open.pop() {
        if let Some(event) = by_id.get(&id)
            && seen.insert(id)
        {
            open.extend(event.based_on.iter().copied());
        }
    }
    seen
}

/// HMAC-SHA-256 (RFC 2104) over the hash we have.
mod hmac_digest {
    use sha2::{Digest, Sha256};

    const BLOCK_BYTES: usize = 64;

    pub(super) fn keyed(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
        let pad = |with: u8| {
            let mut block = [with; BLOCK_BYTES];
            block
                .iter_mut()
                .zip(key)
                .for_each(|(byte, key)| *byte ^= key);
            block
        };
        let inner = Sha256::new()
            .chain_update(pad(0x36))
            .chain_update(message)
            .finalize();
        Sha256::new()
            .chain_update(pad(0x5c))
            .chain_update(inner)
            .finalize()
            .into()
    }

    #[cfg(test)]
    mod tests {
        use super::keyed;
        use skranke_protocol::encoding::to_hex;

        #[test]
        fn the_keyed_digest_is_hmac_sha_256() {
            // Computed with another implementation: HMAC-SHA-256, key 32 bytes 0x0b, message "Hi There".
            let digest = keyed(&[0x0b; 32], b"Hi There");

            assert_eq!(
                to_hex(&digest),
                "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7"
            );
        }
    }
}
