//! Whose a case is to whoever does something with it, worked out from the case's own events: the second half of the one
//! table of rights, which a desktop asks too.
//!
//! Basis: decisions 38 and 44; reliability, threat T2.

use skranke_domain::case::{Case, Recorded};
use skranke_domain::event::Event;
use skranke_domain::ids::{CaseId, DeviceId, Sha256Digest, StaffId};
use skranke_domain::role::{Act, Leave, Ownership, Role, may};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::payload;

/// Who does something, and at which device.
#[derive(Debug, Clone, Copy)]
pub struct Doer {
    /// The person.
    pub staff_id: StaffId,
    /// The device they sit at.
    pub device_id: DeviceId,
    /// Whether that device is given its cases one by one: all that it may work with is then laid on it.
    pub is_given_cases: bool,
}

impl Doer {
    /// Whose a case is to them; `made` says who recorded each of its events, and on which device.
    pub fn ownership(&self, case: &Case, made: &[(StaffId, DeviceId)]) -> Ownership {
        let is_own = made.iter().any(|(staff, _)| *staff == self.staff_id);
        let is_made_there = made.iter().any(|(_, device)| *device == self.device_id);
        let is_of_computer = is_made_there || self.is_given_cases;
        Ownership::of(case.is_open_work(), is_own, is_of_computer)
    }
}

/// Whether somebody in these roles may look at a file of a case with this history; `None` where the case has no such
/// file.
pub fn look_at_file(
    (case_id, history): (CaseId, &[SealedEvent]),
    file: &Sha256Digest,
    roles: &[Role],
    doer: Doer,
) -> Option<Leave> {
    let recorded: Vec<Recorded> = history
        .iter()
        .filter_map(|event| payload::recorded(event).ok())
        .collect();
    let names_it = |recorded: &Recorded| matches!(&recorded.event, Some(Event::AttachmentAdded(added)) if added.digest == *file);
    if !recorded.iter().any(names_it) {
        return None;
    }
    let headers = history.iter().map(SealedEvent::header);
    let made: Vec<_> = headers.map(|made| (made.actor, made.device_id)).collect();
    let whose = doer.ownership(&Case::fold(case_id, &recorded), &made);
    Some(may(roles, Act::ReadCase, Some(whose)))
}
