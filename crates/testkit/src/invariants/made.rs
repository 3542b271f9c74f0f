//! I2: nothing is anywhere that nobody made.
//!
//! What a computer fetched was made elsewhere: of one whose id is told, only what names it as its device counts as made
//! there. So a record that the central store invented is not excused by everybody having fetched it.

use std::collections::BTreeSet;

use skranke_protocol::envelope::SealedEvent;

use super::{Hash, World};

pub(super) fn by_somebody(world: &World, found: &mut Vec<String>) {
    if !world.is_quiet {
        return;
    }
    let made = made(world);
    let is_of_nobody = |event: &SealedEvent| {
        let header = event.header();
        // A laptop keeps nothing of the cases that were taken off it, its own work neither.
        let is_let_go = || {
            let mut desktops = world.desktops.iter();
            desktops.any(|desktop| {
                desktop.device == Some(header.device_id) && !desktop.may_hold(header.case_id)
            })
        };
        !made.contains(event.hash()) && !world.gone.contains(&header.device_id) && !is_let_go()
    };
    let mut central = world.central.iter().flat_map(|central| &central.events);
    if central.any(|(event, _)| is_of_nobody(event)) {
        found.push("I2: the central store holds what nobody made".to_owned());
    }
    for desktop in &world.desktops {
        if desktop.events.iter().any(is_of_nobody) {
            found.push(format!("I2: {} holds what nobody made", desktop.name));
        }
    }
}

fn made(world: &World) -> BTreeSet<Hash> {
    let mut made = BTreeSet::new();
    for desktop in &world.desktops {
        let here = desktop.events.iter().chain(&desktop.sent_back);
        let own = here.filter(|event| {
            let device = desktop.device;
            device.is_none_or(|device| event.header().device_id == device)
        });
        made.extend(own.map(|event| *event.hash()));
    }
    made
}
