//! I10: no citizen's number stands readable in anything a run left behind.
//!
//! The numbers are those of the events themselves, so whatever a story records is looked for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use skranke_domain::cpr::Purpose;
use skranke_domain::event::Event;
use skranke_protocol::encoding::to_hex;
use skranke_protocol::payload;

use super::World;

pub(super) fn holds_no_number(world: &World, found: &mut Vec<String>) {
    if world.left.is_empty() {
        return;
    }
    let numbers = numbers(world);
    let mut files = Vec::new();
    world.left.iter().for_each(|place| below(place, &mut files));
    if files.is_empty() {
        found.push("I10: nothing was left to look at".to_owned());
    }
    for file in files {
        // A file that is gone again held nothing that stays.
        let bytes = fs::read(&file).unwrap_or_default();
        let name = file.to_string_lossy();
        let stands_in =
            |number: &Vec<u8>| contains(&bytes, number) || contains(name.as_bytes(), number);
        if numbers.iter().any(stands_in) {
            found.push(format!("I10: a citizen's number stands in {name}"));
        }
    }
}

/// Each number as it could be written: ten digits or with its hyphen, in wide characters too, and as a database prints
/// bytes.
fn numbers(world: &World) -> Vec<Vec<u8>> {
    let mut digits = BTreeSet::new();
    let here = world.desktops.iter().flat_map(|desktop| &desktop.events);
    let central = world.central.iter().flat_map(|central| &central.events);
    for event in here.chain(central.map(|(event, _)| event)) {
        if let Ok(recorded) = payload::recorded(event)
            && let Some(Event::CitizenRecorded(citizen)) = recorded.event
        {
            digits.insert(citizen.cpr.reveal_for(Purpose::Storage));
        }
    }
    let forms = digits.into_iter().flat_map(|digits| {
        let (day, serial) = digits.split_at(6);
        [format!("{day}-{serial}"), digits.clone()]
    });
    forms
        .flat_map(|form| {
            let wide = form.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let in_hex = to_hex(form.as_bytes()).into_bytes();
            [form.into_bytes(), wide, in_hex]
        })
        .collect()
}

fn below(place: &Path, files: &mut Vec<PathBuf>) {
    match fs::read_dir(place) {
        Ok(entries) => entries
            .flatten()
            .for_each(|entry| below(&entry.path(), files)),
        Err(_) if place.is_file() => files.push(place.to_owned()),
        Err(_) => {}
    }
}

/// Whether the bytes hold what is looked for. Looks at the last byte of each place and goes on by as far as that allows
/// (Horspool), since whole databases are looked through.
fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let length = wanted.len();
    let mut steps = [length; 256];
    for (place, byte) in wanted[..length - 1].iter().enumerate() {
        steps[usize::from(*byte)] = length - 1 - place;
    }
    let mut end = length;
    while let Some(place) = bytes.get(end.wrapping_sub(length)..end) {
        if place == wanted {
            return true;
        }
        end += steps[usize::from(place[length - 1])];
    }
    false
}
