//! Which grant work rests on: the one it names, or one by which the same person on the same device vouches for it.
//!
//! Basis: design, section 3 (signed grants inside events; work that arrives after its grant was revoked goes to review);
//! decision 22.

use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::grant::{Grant, GrantError, NO_GRANT};
use skranke_protocol::wire::{DeviceState, Outcome, QuarantineReason};
use uuid::Uuid;

use super::loaded::LoadedGrant;
use super::{Admission, Fate, is_one_command};
use crate::store::{AuditRow, Stored};

impl Admission<'_, '_> {
    /// The grant that a command rests on, or why it rests on none.
    pub(super) fn grant(
        &mut self,
        events: &[SealedEvent],
    ) -> Stored<Result<Grant, QuarantineReason>> {
        let Some(first) = events.first() else {
            return Ok(Err(QuarantineReason::CommandBroken));
        };
        let server_key = self.circumstances.server_key;
        let id = first.header().grant_id;
        let grant = match self.loaded.grant(self.transaction, id, server_key)? {
            // A grant that was named and never given is invented: only work done before there was any is vouched for, and
            // what came back out of a feed, which somebody vouched for then.
            LoadedGrant::Missing if id == NO_GRANT || self.is_relayed() => {
                return self.vouched_for(first, QuarantineReason::GrantUnknown);
            }
            LoadedGrant::Missing => return Ok(Err(QuarantineReason::GrantUnknown)),
            LoadedGrant::Revoked => return Ok(Err(QuarantineReason::GrantRevoked)),
            LoadedGrant::NotOurs => return Ok(Err(QuarantineReason::GrantUnknown)),
            LoadedGrant::Good(grant) => grant,
        };
        let fault = events
            .iter()
            .find_map(|event| grant.covers(event.header()).err());
        match fault {
            None => Ok(Ok(grant)),
            Some(GrantError::OutsideValidity) => {
                self.vouched_for(first, QuarantineReason::GrantNotValid)
            }
            Some(_) => Ok(Err(QuarantineReason::GrantOfAnother)),
        }
    }

    /// Whether another device than its own offers the work again.
    pub(super) fn is_relayed(&self) -> bool {
        self.offered_by.is_some_and(|by| by != self.device.id)
    }

    /// A grant that the same person holds on the same device now: signing in again vouches for honest work recorded
    /// while the device could not fetch one. Whoever lost a grant there had one to name, so work without any is not
    /// theirs for certain.
    fn vouched_for(
        &mut self,
        first: &SealedEvent,
        otherwise: QuarantineReason,
    ) -> Stored<Result<Grant, QuarantineReason>> {
        let (actor, now) = (first.header().actor, self.circumstances.now);
        let is_relayed = self.is_relayed();
        let held = self
            .transaction
            .grants_of(first.header().device_id, actor)?;
        let has_lost_one = held.iter().any(|stored| stored.revoked_at.is_some());
        if has_lost_one && otherwise == QuarantineReason::GrantUnknown && !is_relayed {
            return Ok(Err(otherwise));
        }
        let valid = held
            .into_iter()
            .filter(|stored| stored.revoked_at.is_none())
            .filter_map(|stored| stored.signed.verify(self.circumstances.server_key).ok())
            .filter(|grant| is_relayed || grant.is_valid_at(now).is_ok())
            .max_by_key(|grant| grant.valid_until);
        let Some(grant) = valid else {
            return Ok(Err(otherwise));
        };
        self.transaction.audit(&AuditRow {
            id: Uuid::now_v7(),
            at: now,
            device_id: first.header().device_id,
            staff_id: Some(actor),
            action: "work_vouched_for",
            purpose: "access".to_owned(),
            case_id: Some(first.header().case_id),
            citizen_digest: None,
            detail: format!("{} {}", otherwise.code(), grant.id),
        })?;
        Ok(Ok(grant))
    }

    /// Looks again at what was held apart for want of this grant, in the order of the device's chain.
    pub(super) fn take_up(&mut self, grant: &Grant) -> Stored<()> {
        if self.device.state != DeviceState::Active {
            return Ok(());
        }
        let held = self.transaction.held_for_grant(grant.device_id)?;
        for events in held.chunk_by(|a, b| a.header().command_id == b.header().command_id) {
            let Some(first) = events
                .first()
                .filter(|e| e.header().actor == grant.staff_id)
            else {
                continue;
            };
            let fate = if is_one_command(first.header().command_id, events) {
                match self.grant(events)? {
                    Ok(grant) => self.case_fate(events, &grant)?,
                    Err(reason) => Fate::Quarantine(reason),
                }
            } else {
                Fate::Quarantine(QuarantineReason::CommandBroken)
            };
            let outcome = match fate {
                Fate::Accept { conflicts } => self.accept(events, &conflicts, None)?,
                Fate::Quarantine(reason) => Outcome::Quarantined { reason },
                Fate::Defer(reason) => Outcome::Deferred { reason },
            };
            let held = Outcome::Quarantined {
                reason: QuarantineReason::GrantUnknown,
            };
            self.recount(events, &held, &outcome)?;
            if matches!(outcome, Outcome::Accepted { .. } | Outcome::Conflict { .. }) {
                self.vouched_in(first.header().command_id)?;
                self.release(first.header().case_id)?;
            } else {
                for event in events {
                    self.set_outcome(event, &outcome)?;
                }
                if let Outcome::Quarantined { reason } = &outcome {
                    self.hold_command(events, reason)?;
                    self.alarm_unless_told(reason, events)?;
                } else {
                    self.vouched_in(first.header().command_id)?;
                }
            }
        }
        Ok(())
    }
}
