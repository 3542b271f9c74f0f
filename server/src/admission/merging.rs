//! A merge of two cases: the one rule that needs a second case, judged as the person who merged had seen them both.
//!
//! The case that goes on is told first, by an event of its own in the same chain. It says what of that case its author
//! had seen, so that the outcome does not depend on the order things arrive in. Basis: design, section 3.

use skranke_domain::case::{Case, Recorded, RuleBroken, check_merge};
use skranke_domain::event::Event;
use skranke_domain::ids::{CaseId, EventId};
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::wire::QuarantineReason;

use super::judge::{ancestors, fold_input};
use super::loaded::LoadedCase;
use super::{Admission, Fate};
use crate::store::Stored;

/// Where the case that goes on was told of the merge.
enum Link<'l> {
    /// In the case.
    Told(&'l Recorded),
    /// Its event is here and waits for what it builds on.
    Waits,
    /// Nowhere.
    None,
}

impl Admission<'_, '_> {
    /// Why a command may not merge its case into another; none where it merges nothing, or the merge holds.
    pub(super) fn merge_fault(
        &mut self,
        case_id: CaseId,
        events: &[SealedEvent],
    ) -> Stored<Option<Fate>> {
        let Some((merge, other)) = events.iter().find_map(merge_in) else {
            return Ok(None);
        };
        let seen = {
            let case = self.loaded.case(self.transaction, case_id)?;
            as_seen(case_id, case, merge.header().based_on.iter().copied())
        };
        let lasting = self.loaded.case(self.transaction, other)?;
        let broken = match link(lasting, case_id, merge) {
            Link::Told(link) => check_merge(
                &seen,
                &as_seen(other, lasting, link.based_on.iter().copied()),
            )
            .err(),
            Link::Waits => None,
            // Of a chain that is offered again, what comes before may be missing; it was judged when it first came.
            Link::None if self.offered_by.is_some() => None,
            Link::None => Some(RuleBroken::MergeNotLinked),
        };
        Ok(broken.map(|rule| Fate::Quarantine(QuarantineReason::rule(rule.code()))))
    }
}

fn merge_in(event: &SealedEvent) -> Option<(&SealedEvent, CaseId)> {
    if event.header().kind != "merged_into" {
        return None;
    }
    match fold_input(event)?.event {
        Some(Event::MergedInto(merged)) => Some((event, merged.other)),
        _ => None,
    }
}

/// The last event before the merge in its own chain that told `lasting` of the case that ends.
fn link<'l>(lasting: &'l LoadedCase, ending: CaseId, merge: &SealedEvent) -> Link<'l> {
    let tells = |recorded: &Recorded| matches!(recorded.event, Some(Event::DuplicateLinked { other }) if other == ending);
    let header = merge.header();
    let mut own: Vec<_> = lasting
        .authors
        .iter()
        .filter(|author| author.device == header.device_id && author.seq < header.device_seq)
        .collect();
    own.sort_by_key(|author| author.seq);
    let told = own.iter().rev().find_map(|author| {
        let mut recorded = lasting.recorded.iter();
        recorded.find(|recorded| recorded.id == author.id && tells(recorded))
    });
    if let Some(told) = told {
        return Link::Told(told);
    }
    let waits = lasting.deferred.iter().any(|event| {
        event.header().device_id == header.device_id
            && fold_input(event).is_some_and(|recorded| tells(&recorded))
    });
    if waits { Link::Waits } else { Link::None }
}

/// A case as somebody had seen it who built on these events.
fn as_seen(id: CaseId, case: &LoadedCase, based_on: impl Iterator<Item = EventId>) -> Case {
    let seen = ancestors(&case.recorded, based_on);
    let recorded = case.recorded.iter();
    let recorded: Vec<Recorded> = recorded
        .filter(|event| seen.contains(&event.id))
        .cloned()
        .collect();
    Case::fold(id, &recorded)
}
