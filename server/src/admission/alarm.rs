//! The alarms that pushed work raises. Basis: decision 43.

use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::{QuarantineReason, Urgency};
use uuid::Uuid;

use super::Admission;
use crate::store::{AuditRow, Stored};

impl Admission<'_, '_> {
    /// Raises an alarm about a computer and notes it in the audit: the one that signed the event, or where nobody is
    /// known to have signed anything, the one that sent it. What must be looked at at once is raised each time; of the
    /// rest, one of a kind stands for all of a computer's that came together, and what is offered again was told of
    /// when it first came.
    pub(super) fn alarm(
        &mut self,
        code: &str,
        urgency: Option<Urgency>,
        event: Option<&SealedEvent>,
    ) -> Stored<()> {
        let sender = self.offered_by.unwrap_or(self.device.id);
        let device_id = event.map_or(sender, |event| event.header().device_id);
        let is_raised = match urgency {
            None => false,
            Some(Urgency::AtOnce) => true,
            Some(Urgency::Watch) => {
                self.offered_by.is_none() && self.watched.insert((code.to_owned(), device_id))
            }
        };
        if !is_raised {
            return Ok(());
        }
        let now = self.circumstances.now;
        let hash = event.map(SealedEvent::hash);
        self.transaction.raise_alarm(code, device_id, hash, now)?;
        self.transaction.audit(&AuditRow {
            id: Uuid::now_v7(),
            at: now,
            device_id,
            // Who the event says it is by is what is in doubt.
            staff_id: None,
            action: "alarm_raised",
            purpose: "access".to_owned(),
            case_id: event.map(|event| event.header().case_id),
            citizen_digest: None,
            detail: code.to_owned(),
        })
    }

    /// Raises the alarm for what is wrong with work that was held for want of a grant; that it was, was told then.
    pub(super) fn alarm_unless_told(
        &mut self,
        reason: &QuarantineReason,
        events: &[SealedEvent],
    ) -> Stored<()> {
        let wants_a_grant = matches!(
            reason,
            QuarantineReason::GrantUnknown | QuarantineReason::GrantNotValid
        );
        if wants_a_grant {
            return Ok(());
        }
        self.alarm(reason.code(), reason.alarm(), events.first())
    }
}
