//! What a computer held when it recorded something, as far as its own signed words tell.
//!
//! An event names what its author had seen of its case. Whoever names an event of another computer holds it, and the
//! feed is read in order: the computer then held everything before it too, in every case. What it records after that
//! builds on what stands up to there, or it was written by a program that pretends not to have seen it. No clock is
//! asked, and nothing a program says of itself beside its chain.
//!
//! Basis: design, section 3 (`based_on` includes everything the device has confirmed pulling); decision 45.

use skranke_domain::ids::DeviceId;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::{DeviceState, QuarantineReason, Scope};

use super::{Admission, Fate, judge};
use crate::store::Stored;

impl Admission<'_, '_> {
    /// What becomes of a command whose turn in its chain has come, in view of what its computer held; and from then on,
    /// in view of what it names itself.
    ///
    /// It is asked once, when the command arrives: what waited is judged out of turn, and what a person lets in, that
    /// person answers for.
    pub(super) fn in_view_of_what_it_held(
        &mut self,
        events: &[SealedEvent],
        fate: Fate,
    ) -> Stored<Fate> {
        let (Fate::Accept { .. }, Some(first)) = (&fate, events.first()) else {
            return Ok(fate);
        };
        // A computer of limited scope reads its own cases alone, and from when they were given to it. What others hold
        // of a computer was judged when it first came; that its own was, is only what its program says.
        let is_of_others = self.offered_by.is_some_and(|by| by != self.device.id);
        if self.device.scope != Scope::Tenant || is_of_others {
            return Ok(fate);
        }
        let case_id = first.header().case_id;
        let case = self.loaded.case(self.transaction, case_id)?;
        if judge::leaves_out_up_to(case, events, self.device.named_position) {
            return Ok(Fate::Quarantine(QuarantineReason::UnderstatedBasedOn));
        }
        let named = judge::named_of_others(case, events);
        // After a restore, positions after it are not those in which everyone has read.
        if self.transaction.tenant().epoch > 1 {
            return Ok(fate);
        }
        for (device, position) in named {
            if position > self.device.named_position && self.came_through_the_feed(device)? {
                self.device.named_position = position;
            }
        }
        Ok(fate)
    }

    /// Whether work of this device reaches others through the feed alone. One that forked or was shut out may have gone
    /// on as the very computer that names it.
    fn came_through_the_feed(&mut self, device: DeviceId) -> Stored<bool> {
        let device = self.transaction.device(device)?;
        Ok(device.is_some_and(|device| device.state == DeviceState::Active))
    }
}
