//! Two cases about one citizen that are one: which may end in which, and what becomes of merges that cross.
//!
//! Nothing is moved. The case that goes on is told first (*linked*), then the other ends in it and keeps all that is
//! in it, so that undoing is one event in each. Two people who merge at the same time, each their own way, leave a
//! link and a merge in one case that have not seen each other: then that merge does not count, the case stays what it
//! was and is marked, and somebody who has seen both merges again. So no ring of merges can come about: in a ring,
//! each merge would have to be made after the one before it. Basis: design, section 3.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::field::field_of;
use super::{Case, CaseState, Conflict, Field, Recorded, RuleBroken};
use crate::event::{Ending, Event};
use crate::ids::EventId;

impl Case {
    /// Whether it can be merged: a decision can still be made, or the exemption is granted and has not ended.
    pub const fn is_under_way(&self) -> bool {
        self.state.is_under_way()
    }

    /// Whether it goes on in another case.
    pub fn is_merged(&self) -> bool {
        self.state == CaseState::Ended && matches!(self.ending, Some((Ending::Merged, _)))
    }
}

/// Checks whether one case may end in another: one citizen, both under way with nothing to choose in them, and the
/// one that goes on at least as far as the other. So no exemption and no registration ends by it, and of two decisions
/// the earliest is kept.
///
/// # Errors
/// [`RuleBroken::MergeOtherCitizen`], [`RuleBroken::NotMergeable`].
pub fn check_merge(ending: &Case, lasting: &Case) -> Result<(), RuleBroken> {
    let citizen = |case: &Case| case.citizen.as_ref().map(|citizen| citizen.cpr);
    if citizen(ending).is_none() || citizen(ending) != citizen(lasting) {
        return Err(RuleBroken::MergeOtherCitizen);
    }
    let is_fit = |case: &Case| case.is_under_way() && case.conflicts.is_empty();
    let fits = ending.id != lasting.id
        && is_fit(ending)
        && is_fit(lasting)
        && standing(ending) <= standing(lasting);
    if fits {
        Ok(())
    } else {
        Err(RuleBroken::NotMergeable)
    }
}

/// How far a case has come: registered before granted before open, and of two decisions the earliest.
fn standing(case: &Case) -> (bool, bool, Option<Reverse<DateTime<Utc>>>) {
    let granted = case.granted.as_ref();
    let granted = granted.filter(|_| case.state == CaseState::Granted);
    (
        case.is_exempt(),
        granted.is_some(),
        granted.map(|granted| Reverse(granted.value.decided_at)),
    )
}

/// Merges of this case into another that cross with a merge of another into this one, in fold order: neither author
/// had seen the other. With each merge stand the links it crosses.
pub(super) fn crossed(
    ordered: &[&Recorded],
    seen: &HashMap<EventId, HashSet<EventId>>,
) -> Vec<Conflict> {
    let mut found = Vec::new();
    for merge in ordered {
        if !matches!(merge.event, Some(Event::MergedInto(_))) {
            continue;
        }
        let crosses = |link: &&&Recorded| {
            matches!(link.event, Some(Event::DuplicateLinked { .. }))
                && !seen[&merge.id].contains(&link.id)
                && !seen[&link.id].contains(&merge.id)
        };
        let links: Vec<EventId> = ordered.iter().filter(crosses).map(|link| link.id).collect();
        if !links.is_empty() {
            found.push(Conflict {
                field: Field::Duplicates,
                events: std::iter::once(merge.id).chain(links).collect(),
            });
        }
    }
    found
}

/// Whether somebody who had seen the merge has since decided in the case or merged anew: then there is nothing left to
/// look at.
pub(super) fn is_settled(
    crossed: &Conflict,
    ordered: &[&Recorded],
    seen: &HashMap<EventId, HashSet<EventId>>,
) -> bool {
    let merge = crossed.events[0];
    ordered.iter().any(|later| {
        let speaks = later.event.as_ref().map(field_of);
        matches!(speaks, Some(Field::State | Field::Duplicates)) && seen[&later.id].contains(&merge)
    })
}
