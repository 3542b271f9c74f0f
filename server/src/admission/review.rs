//! Work that is held apart, once a person has looked at it: let in, if it holds today, or sent back.
//!
//! Basis: design, sections 3 and 6 (work under a revoked grant goes to review); issue 3, part B.

use skranke_domain::ids::{CommandId, EventId};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::grant::Grant;
use skranke_protocol::wire::{DeferReason, Outcome, QuarantineReason};
use uuid::Uuid;

use super::{Admission, Circumstances, Fate, Loaded, is_one_command};
use crate::store::{
    AuditRow, CentralTransaction, HeldOf, HeldWork, Settlement, StoreError, Stored,
};

/// Judges held work again as things stand now, and lets it in if it holds; `None` where it does not wait.
///
/// It is judged with the rights its author had on that device, also where their grant has run out or was revoked:
/// that is what the person who looks vouches for. Where the author had none, the rights of that person count.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn release_held(
    transaction: &mut dyn CentralTransaction,
    command_id: CommandId,
    reviewer: &Grant,
    reason: &str,
    circumstances: Circumstances<'_>,
) -> Stored<Option<Outcome>> {
    let Some((held, events)) = waiting(transaction, command_id)? else {
        return Ok(None);
    };
    let mut admission = admission_of(transaction, &held, circumstances)?;
    let Some(first) = events.first() else {
        return Ok(None);
    };
    let fate = if admission.is_told_otherwise(&events)? {
        Fate::Quarantine(QuarantineReason::OtherContent)
    } else if is_one_command(command_id, &events) {
        let grant = admission.rights(first, reviewer)?;
        admission.case_fate(&events, &grant)?
    } else {
        Fate::Quarantine(QuarantineReason::CommandBroken)
    };
    let outcome = match fate {
        Fate::Accept { conflicts } => admission.accept(&events, &conflicts, None)?,
        Fate::Quarantine(reason) => Outcome::Quarantined { reason },
        Fate::Defer(reason) => Outcome::Deferred { reason },
    };
    let held_apart = Outcome::Quarantined {
        reason: QuarantineReason::from_code(&held.held_for),
    };
    admission.recount(&events, &held_apart, &outcome)?;
    if let Outcome::Quarantined { reason: today } = &outcome {
        admission.set_outcomes(&events, &outcome)?;
        admission.hold(&held, today)?;
    } else {
        admission.settle_held(&held, Some(reviewer), reason, false)?;
        if matches!(outcome, Outcome::Deferred { .. }) {
            admission.set_outcomes(&events, &outcome)?;
        } else {
            admission.release(held.case_id)?;
        }
    }
    admission.note(reviewer, &held, "held_work_released", outcome.code())?;
    admission.finish()?;
    Ok(Some(outcome))
}

/// Sends held work back to its author, with everything that builds on it and waits for it; `None` where it does not
/// wait for anybody.
///
/// # Errors
/// The database failed; nothing of it is committed.
pub fn return_held(
    transaction: &mut dyn CentralTransaction,
    command_id: CommandId,
    reviewer: &Grant,
    reason: &str,
    circumstances: Circumstances<'_>,
) -> Stored<Option<Outcome>> {
    let Some((held, events)) = waiting(transaction, command_id)? else {
        return Ok(None);
    };
    let mut admission = admission_of(transaction, &held, circumstances)?;
    let outcome = Outcome::Quarantined {
        reason: QuarantineReason::Returned,
    };
    admission.set_outcomes(&events, &outcome)?;
    admission.settle_held(&held, Some(reviewer), reason, true)?;
    let mut returned: Vec<EventId> = events.iter().map(|event| event.header().id).collect();
    loop {
        let case = admission.loaded.case(admission.transaction, held.case_id)?;
        let waiting = case.deferred.clone();
        let child = waiting
            .chunk_by(|a, b| a.header().command_id == b.header().command_id)
            .find(|events| {
                let header = events[0].header();
                header.device_id == held.device_id
                    && header
                        .based_on
                        .iter()
                        .any(|parent| returned.contains(parent))
            });
        let Some(child) = child else {
            break;
        };
        returned.extend(child.iter().map(|event| event.header().id));
        admission.set_outcomes(child, &outcome)?;
        let waited = Outcome::Deferred {
            reason: DeferReason::ParentQuarantined,
        };
        admission.recount(child, &waited, &outcome)?;
        let built_on = HeldWork {
            command_id: child[0].header().command_id,
            held_for: "parent_quarantined".to_owned(),
            held_at: admission.circumstances.now,
            ..held.clone()
        };
        admission.settle_held(&built_on, Some(reviewer), reason, true)?;
    }
    admission.note(reviewer, &held, "held_work_returned", &held.held_for)?;
    admission.finish()?;
    Ok(Some(outcome))
}

/// A command that waits for a person, with its events.
fn waiting(
    transaction: &mut dyn CentralTransaction,
    command_id: CommandId,
) -> Stored<Option<(HeldWork, Vec<SealedEvent>)>> {
    let held = transaction.held(HeldOf::Command(command_id), 1)?;
    let Some(held) = held.into_iter().find(|held| held.settlement.is_none()) else {
        return Ok(None);
    };
    let events = transaction.events_of_command(command_id)?;
    // Of a forked chain both branches can enter their cases, each command by a person's word.
    let events: Vec<SealedEvent> = events
        .into_iter()
        .filter(|stored| matches!(stored.outcome, Outcome::Quarantined { .. }))
        .map(|stored| stored.event)
        .collect();
    Ok((!events.is_empty()).then_some((held, events)))
}

fn admission_of<'t, 'c>(
    transaction: &'t mut (dyn CentralTransaction + 't),
    held: &HeldWork,
    circumstances: Circumstances<'c>,
) -> Stored<Admission<'t, 'c>> {
    let device = transaction
        .device(held.device_id)?
        .ok_or(StoreError::Row("device"))?;
    Ok(Admission::new(
        transaction,
        device,
        Loaded::default(),
        circumstances,
    ))
}

impl Admission<'_, '_> {
    /// Notes that a command waits for a person.
    pub(super) fn hold_command(
        &mut self,
        events: &[SealedEvent],
        reason: &QuarantineReason,
    ) -> Stored<()> {
        let Some(header) = events.first().map(SealedEvent::header) else {
            return Ok(());
        };
        let work = HeldWork {
            command_id: header.command_id,
            device_id: header.device_id,
            case_id: header.case_id,
            held_for: String::new(),
            held_at: self.circumstances.now,
            settlement: None,
        };
        self.hold(&work, reason)
    }

    /// Notes that a command beside the chain waits for a person, unless its name stands for other work that is held
    /// or was decided on.
    pub(super) fn hold_branch(
        &mut self,
        events: &[SealedEvent],
        reason: &QuarantineReason,
    ) -> Stored<()> {
        let Some(first) = events.first() else {
            return Ok(());
        };
        let command_id = first.header().command_id;
        let is_known = !self
            .transaction
            .held(HeldOf::Command(command_id), 1)?
            .is_empty();
        if is_known {
            return Ok(());
        }
        self.hold_command(events, reason)
    }

    /// Whether one of the events stands in the store with other content too: which of them is true nobody can say, and
    /// a case can hold only one.
    fn is_told_otherwise(&mut self, events: &[SealedEvent]) -> Stored<bool> {
        for event in events {
            let known = self.loaded.events(self.transaction, event.header().id)?;
            if known.len() > 1 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn hold(&mut self, work: &HeldWork, reason: &QuarantineReason) -> Stored<()> {
        self.transaction.save_held(&HeldWork {
            held_for: reason.code().to_owned(),
            settlement: None,
            ..work.clone()
        })
    }

    /// Notes that nobody need look any more: the author signed in again.
    pub(super) fn vouched_in(&mut self, command_id: CommandId) -> Stored<()> {
        match self.transaction.held(HeldOf::Command(command_id), 1)?.pop() {
            Some(held) => self.settle_held(&held, None, "", false),
            None => Ok(()),
        }
    }

    fn settle_held(
        &mut self,
        held: &HeldWork,
        reviewer: Option<&Grant>,
        reason: &str,
        is_returned: bool,
    ) -> Stored<()> {
        self.transaction.save_held(&HeldWork {
            settlement: Some(Settlement {
                is_returned,
                at: self.circumstances.now,
                by: reviewer.map(|grant| grant.staff_id),
                reason: reason.to_owned(),
            }),
            ..held.clone()
        })
    }

    fn set_outcomes(&mut self, events: &[SealedEvent], outcome: &Outcome) -> Stored<()> {
        for event in events {
            self.set_outcome(event, outcome)?;
        }
        Ok(())
    }

    /// The rights the author had on that device, whatever became of their grant since.
    fn rights(&mut self, first: &SealedEvent, reviewer: &Grant) -> Stored<Grant> {
        let header = first.header();
        let stored = self.transaction.grant(header.grant_id)?;
        let own = stored
            .and_then(|stored| stored.signed.verify(self.circumstances.server_key).ok())
            .filter(|grant| grant.staff_id == header.actor && grant.device_id == header.device_id);
        Ok(own.unwrap_or_else(|| reviewer.clone()))
    }

    fn note(
        &mut self,
        reviewer: &Grant,
        held: &HeldWork,
        action: &'static str,
        detail: &str,
    ) -> Stored<()> {
        self.transaction.audit(&AuditRow {
            id: Uuid::now_v7(),
            at: self.circumstances.now,
            device_id: reviewer.device_id,
            staff_id: Some(reviewer.staff_id),
            action,
            purpose: "review".to_owned(),
            case_id: Some(held.case_id),
            citizen_digest: None,
            detail: format!("{} {detail}", held.command_id),
        })
    }
}
