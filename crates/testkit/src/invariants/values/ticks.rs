//! Of two ticks made apart the earliest counts, the other is shown, and undoing takes away only what was seen.

use chrono::{DateTime, Utc};
use skranke_domain::case::{Case, Field};
use skranke_domain::event::{Event, Tick};
use skranke_domain::ids::EventId;

use super::{At, Told, Word};

pub(super) fn count_from_the_earliest(at: &At<'_>, told: &Told<'_>, found: &mut Vec<String>) {
    for tick in Tick::ALL.iter().copied() {
        let words = words(told, tick);
        let undone = |event: &Event| is_undone(event, tick);
        let cleared = |event: &Event| is_undone(event, tick) || clears(event, tick);
        let made = || words.iter().filter(|word| moment(word.event).is_some());
        // Whether what clears a tick counts itself is another matter: these stand for certain, and those may.
        let stands = made().filter(|word| !is_taken(told, word, cleared));
        let earliest = stands.filter_map(|word| moment(word.event)).min();
        let mut may_stand = made().filter(|word| !is_taken(told, word, undone));
        let is_right = match counting(at.case, tick) {
            Some((counts, since)) => {
                may_stand.any(|word| word.said == counts)
                    && earliest.is_none_or(|earliest| since <= earliest)
            }
            None => earliest.is_none(),
        };
        if !is_right {
            found.push(format!(
                "{}: of {} in {} another counts than the earliest that stands",
                at.name,
                tick.code(),
                at.id
            ));
        }
        are_shown(at, told, words, found);
    }
}

/// Where people ticked or undid apart, that is shown.
fn are_shown(at: &At<'_>, told: &Told<'_>, words: Vec<Word<'_>>, found: &mut Vec<String>) {
    let newest = told.newest(words);
    let has_tick = newest.iter().any(|word| moment(word.event).is_some());
    if newest.len() < 2 || !has_tick {
        return;
    }
    let overlaps = at.case.overlaps.iter();
    let mut shown = overlaps.filter(|overlap| overlap.field == Field::Ticks);
    let is_shown = shown.any(|overlap| {
        let mut newest = newest.iter();
        newest.all(|word| overlap.events.contains(&word.said))
    });
    if !is_shown {
        found.push(format!(
            "{}: ticks of {} lost against others unseen",
            at.name, at.id
        ));
    }
}

/// Whether somebody who had seen the tick said something of this kind.
fn is_taken(told: &Told<'_>, word: &Word<'_>, speaks: impl Fn(&Event) -> bool) -> bool {
    told.events.values().any(|later| {
        let event = later.event.as_ref();
        event.is_some_and(&speaks) && told.seen[&later.id].contains(&word.said)
    })
}

/// The ticks of a kind that were made, and what took them back.
fn words<'t>(told: &'t Told<'_>, tick: Tick) -> Vec<Word<'t>> {
    let events = told.events.values().filter_map(|recorded| {
        let event = recorded.event.as_ref()?;
        let is_of_it = is_undone(event, tick) || is_made(event, tick);
        is_of_it.then_some(Word {
            said: recorded.id,
            value: recorded.id,
            event,
        })
    });
    events.collect()
}

fn is_made(event: &Event, tick: Tick) -> bool {
    match event {
        Event::Registered(_) => tick == Tick::Registered,
        Event::ReceiptGiven(_) => tick == Tick::Receipt,
        Event::Journalised(_) => tick == Tick::Journalised,
        _ => false,
    }
}

fn is_undone(event: &Event, tick: Tick) -> bool {
    matches!(event, Event::TickUndone { tick: undone, .. } if *undone == tick)
}

/// What was filed before does not tell of a correction, and a receipt from before names another last day.
fn clears(event: &Event, tick: Tick) -> bool {
    match event {
        Event::WronglyCreated(_) | Event::TakenBack(_) | Event::DeathUndone { .. } => {
            tick == Tick::Journalised
        }
        Event::Extended(_) | Event::MadePermanent { .. } => tick != Tick::Registered,
        _ => false,
    }
}

/// When a tick says that it was done.
fn moment(event: &Event) -> Option<DateTime<Utc>> {
    match event {
        Event::Registered(made) => Some(made.registered_at),
        Event::ReceiptGiven(made) => Some(made.given_at),
        Event::Journalised(made) => Some(made.journalised_at),
        _ => None,
    }
}

/// The tick that counts in the case.
fn counting(case: &Case, tick: Tick) -> Option<(EventId, DateTime<Utc>)> {
    match tick {
        Tick::Registered => {
            let made = case.registered.as_ref()?;
            Some((made.event, made.value.registered_at))
        }
        Tick::Receipt => {
            let made = case.receipt.as_ref()?;
            Some((made.event, made.value.given_at))
        }
        Tick::Journalised => {
            let made = case.journalised.as_ref()?;
            Some((made.event, made.value.journalised_at))
        }
    }
}
