//! The ticks while a case is folded: all that were made, of which the earliest counts.
//!
//! Two people at two counters may tick the same without having seen each other. Neither is lost: the legal effect
//! begins with the earliest, and undoing takes away only what the person who undid had seen. Basis: design, section 3.

use std::collections::HashSet;

use super::{Case, Recorded, Stamped, stamp};
use crate::event::{Event, Journalised, ReceiptGiven, Registered, Tick};
use crate::ids::EventId;

/// The ticks made and not undone.
#[derive(Default)]
pub(super) struct Ticks {
    registered: Vec<Stamped<Registered>>,
    receipt: Vec<Stamped<ReceiptGiven>>,
    journalised: Vec<Stamped<Journalised>>,
}

impl Ticks {
    /// Takes an event in; `seen` is what its author had seen.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other event leaves the ticks alone"
    )]
    pub(super) fn apply(&mut self, recorded: &Recorded, event: &Event, seen: &HashSet<EventId>) {
        match event {
            Event::Registered(registered) => self.registered.push(stamp(recorded, registered)),
            Event::ReceiptGiven(given) => self.receipt.push(stamp(recorded, given)),
            Event::Journalised(journalised) => self.journalised.push(stamp(recorded, journalised)),
            Event::TickUndone { tick, .. } => match tick {
                Tick::Registered => self.registered.retain(|tick| !seen.contains(&tick.event)),
                Tick::Receipt => self.receipt.retain(|tick| !seen.contains(&tick.event)),
                Tick::Journalised => self.journalised.retain(|tick| !seen.contains(&tick.event)),
            },
            // What was filed before does not tell of the correction: it is filed anew.
            Event::WronglyCreated(_) | Event::TakenBack(_) | Event::DeathUndone { .. } => {
                self.journalised.retain(|tick| !seen.contains(&tick.event));
            }
            // Neither does the receipt the citizen holds: it names another last day.
            Event::Extended(_) | Event::MadePermanent { .. } => {
                self.receipt.retain(|tick| !seen.contains(&tick.event));
                self.journalised.retain(|tick| !seen.contains(&tick.event));
            }
            _ => {}
        }
    }

    /// Sets the ticks that count.
    pub(super) fn settle(self, case: &mut Case) {
        case.registered = earliest(self.registered, |tick| tick.registered_at);
        case.receipt = earliest(self.receipt, |tick| tick.given_at);
        case.journalised = earliest(self.journalised, |tick| tick.journalised_at);
    }
}

fn earliest<T, K: Ord>(ticks: Vec<Stamped<T>>, moment: impl Fn(&T) -> K) -> Option<Stamped<T>> {
    ticks.into_iter().min_by_key(|tick| moment(&tick.value))
}
