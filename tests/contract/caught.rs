//! The function that says what must hold says so too where something does not: each invariant is broken once.

use std::collections::{BTreeMap, BTreeSet};

use skranke_domain::event::{Event, MergedInto, PaperIssued, PaperKind};
use skranke_domain::ids::{CaseId, DeviceId, Sha256Digest};
use skranke_protocol::chain::Head;
use skranke_protocol::wire::Scope;
use skranke_testkit::invariants::{self, Logged, World};

use crate::Sqlite;
use crate::office::{Laptop, Office, TENANT, last, noon};

/// A municipality in which all is well.
fn sound() -> (World, Office) {
    let office = Office::of::<Sqlite>();
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, mut events) = laptop.open_case("2512169996");
    events.extend(laptop.note(case, &last(&events), "ringet op"));
    office.push(laptop.id, &events);
    let mut world = office.after_fault(&events);
    world.is_quiet = true;
    let row = office.store.tenant(TENANT).unwrap();
    world.desktops[0].proved = Some((row.position(), row.tree.root()));
    world.desktops[0].device = Some(laptop.id);
    (world, office)
}

fn caught(breaks: impl FnOnce(&mut World), invariant: &str) {
    let (mut world, _office) = sound();
    assert_eq!(invariants::broken(&world), Vec::<String>::new());

    breaks(&mut world);

    let found = invariants::broken(&world);
    assert!(
        found.iter().any(|line| line.starts_with(invariant)),
        "{invariant}: {found:?}"
    );
}

#[test]
fn a_tree_that_was_cut_rewritten_or_that_lacks_what_was_acknowledged_is_caught() {
    let tree = |world: &mut World, change: &dyn Fn(&mut invariants::Tree)| {
        change(world.central.as_mut().unwrap().tree.as_mut().unwrap());
    };
    caught(|world| tree(world, &|tree| tree.root = [0; 32]), "I6");
    caught(
        |world| tree(world, &|tree| tree.leaves.truncate(2)),
        "I6: the tree has not one leaf",
    );
    caught(
        |world| tree(world, &|tree| tree.leaves.swap(0, 1)),
        "I6: what was acknowledged",
    );
    caught(
        |world| world.desktops[0].proved = Some((2, [0; 32])),
        "I6 the laptop",
    );
    caught(
        |world| world.central.as_mut().unwrap().heads[0].1 = Head::START,
        "I6: the confirmed head",
    );
}

#[test]
fn what_nobody_made_a_number_used_twice_and_a_link_left_out_are_caught() {
    caught(
        |world| {
            let (_, events) = Laptop::new(7).open_case("2512169996");
            let at = world.central.as_ref().unwrap().position;
            let placed = (at + 1..).zip(&events);
            let placed = placed.map(|(at, event)| (event.clone(), Some(at)));
            world.central.as_mut().unwrap().events.extend(placed);
            // That everybody fetched it makes it nobody's work.
            world.desktops[0].events.extend(events);
        },
        "I2: the central store",
    );
    caught(
        |world| {
            // Numbered anew from the first, as from a computer that was copied.
            let (_, events) = Laptop::new(1).open_case("2512169996");
            world.desktops[0].events.extend(events);
        },
        "I3",
    );
    caught(
        |world| {
            world.desktops[0].events.remove(1);
        },
        "I4",
    );
}

/// The central store holds a case of somebody with these papers, each handed out after the one before it.
fn handed_out(world: &mut World, papers: &[(PaperKind, &str, u16)]) {
    let mut laptop = Laptop::new(5);
    let (case, mut events) = laptop.open_case("2512169996");
    for (kind, number, copy) in papers {
        let paper = PaperIssued {
            kind: *kind,
            number: (*number).to_owned(),
            copy: *copy,
            digest: Sha256Digest::from_bytes([1; 32]),
            large_print: false,
        };
        let issued = laptop.command(case, &last(&events), &[Event::PaperIssued(paper)]);
        events.extend(issued);
    }
    let placed = (1..).zip(events).map(|(at, event)| (event, Some(at)));
    world.central.as_mut().unwrap().events = placed.collect();
}

#[test]
fn a_papers_number_used_twice_a_copy_of_nothing_and_a_paper_that_fits_no_state_are_caught() {
    let slip = PaperKind::HandInSlip;
    let found = |papers: &[(PaperKind, &str, u16)]| {
        let (mut world, _office) = sound();
        handed_out(&mut world, papers);
        let mut found = invariants::broken(&world);
        found.retain(|line| line.starts_with("I3"));
        found
    };

    let (first, second) = ("S1-2026-00001", "S1-2026-00002");
    let honest = [(slip, first, 0), (slip, first, 1), (slip, second, 0)];
    assert_eq!(found(&honest), Vec::<String>::new());
    assert_eq!(
        found(&[(slip, first, 0), (slip, first, 0)]),
        ["I3: two papers have one number"]
    );
    let unknown = found(&[(slip, first, 0), (slip, second, 1)]);
    assert!(unknown[0].starts_with("I3: a copy in "), "{unknown:?}");
    // Nothing was granted yet.
    let early = found(&[(PaperKind::ExemptionReceipt, first, 0)]);
    assert!(early[0].starts_with("I3: what was handed out"), "{early:?}");

    caught(
        |world| {
            let laptop = &mut world.desktops[0];
            let case = laptop.events[0].header().case_id;
            laptop.log = Some(vec![Logged {
                action: "paper_issued".to_owned(),
                case: Some(case),
                device: laptop.device.unwrap(),
                detail: String::new(),
            }]);
        },
        "I3 the laptop",
    );
}

#[test]
fn a_laptop_that_lacks_something_of_its_cases_or_holds_another_is_caught() {
    fn given(world: &mut World, is_given: bool) {
        let laptop = &mut world.desktops[0];
        let cases = laptop.events.iter().map(|event| event.header().case_id);
        let scope: BTreeSet<CaseId> = cases.filter(|_| is_given).collect();
        laptop.scope = Some(scope);
    }
    let (mut world, _office) = sound();
    given(&mut world, true);
    assert_eq!(invariants::broken(&world), Vec::<String>::new());

    caught(
        |world| {
            given(world, true);
            world.desktops[0].events.pop();
        },
        "I1 the laptop",
    );
    caught(|world| given(world, false), "I1 the laptop");
}

#[test]
fn a_list_that_leaves_out_a_case_or_hides_a_conflict_is_caught() {
    fn listed(world: &World, conflicts: usize) -> BTreeMap<CaseId, usize> {
        let events = world.desktops[0].events.iter();
        let cases = events.map(|event| (event.header().case_id, conflicts));
        cases.collect()
    }
    let (mut world, _office) = sound();
    world.desktops[0].shown = Some(listed(&world, 0));
    assert_eq!(invariants::broken(&world), Vec::<String>::new());

    caught(
        |world| world.desktops[0].shown = Some(BTreeMap::new()),
        "I7 or I13",
    );
    caught(
        |world| world.desktops[0].shown = Some(listed(world, 1)),
        "I7 or I13",
    );
}

#[test]
fn a_state_that_changed_from_a_version_nobody_had_is_caught() {
    caught(
        |world| {
            let mut laptop = Laptop::new(1);
            let (case, mut events) = laptop.open_case("2512169996");
            let withdrawn = Event::Withdrawn {
                withdrawn_at: noon(),
            };
            // Withdrawn by one who had not even seen the case.
            events.extend(laptop.command(case, &[], &[withdrawn]));
            world.central.as_mut().unwrap().events = (1..)
                .zip(events)
                .map(|(at, event)| (event, Some(at)))
                .collect();
        },
        "I8",
    );
}

#[test]
fn a_write_or_a_read_without_its_row_and_a_row_without_its_cause_are_caught() {
    fn log(world: &mut World) -> &mut Vec<Logged> {
        world.central.as_mut().unwrap().log.as_mut().unwrap()
    }
    caught(
        |world| log(world).retain(|row| row.action != "events_accepted"),
        "I9 the central store: a write",
    );
    caught(
        |world| {
            let row = log(world)[0].clone();
            log(world).push(row);
        },
        "I9 the central store: the log has a write",
    );
    caught(
        |world| {
            // Another computer holds it all and no read of it is in the log.
            world.desktops[0].device = Some(DeviceId::from_uuid(uuid::Uuid::nil()));
        },
        "I9 the laptop: a read is not",
    );
    caught(
        |world| {
            let device = world.desktops[0].device.unwrap();
            log(world).push(Logged {
                action: "feed_read".to_owned(),
                case: None,
                device,
                detail: "1 3..9".to_owned(),
            });
        },
        "I9 the laptop: a read of nothing",
    );
}

#[test]
fn a_read_without_its_row_is_caught_in_a_later_epoch_too() {
    // Another computer holds it all, and the epoch began when the first event stood in the feed.
    fn read(world: &mut World, stretch: &str) {
        let device = DeviceId::from_uuid(uuid::Uuid::nil());
        world.desktops[0].device = Some(device);
        let central = world.central.as_mut().unwrap();
        (central.epoch, central.began) = (2, 1);
        central.log.as_mut().unwrap().push(Logged {
            action: "feed_read".to_owned(),
            case: None,
            device,
            detail: stretch.to_owned(),
        });
    }
    let unread = "I9 the laptop: a read is not";
    caught(|world| read(world, "2 1..2"), unread);
    caught(|world| read(world, "1 0..3"), unread);

    let (mut world, _office) = sound();
    read(&mut world, "2 1..3");
    let found = invariants::broken(&world);
    assert!(
        !found.iter().any(|line| line.starts_with("I9 the laptop")),
        "{found:?}"
    );
}

#[test]
fn cases_that_each_ended_in_the_other_are_caught() {
    caught(
        |world| {
            let mut laptop = Laptop::new(1);
            let (one, first) = laptop.open_case("2512169996");
            let (other, second) = laptop.open_case("2512169996");
            let mut ends = |case, based_on: &[_], into| {
                let merged = Event::MergedInto(MergedInto {
                    other: into,
                    merged_at: noon(),
                    reason: "Samme anmodning".to_owned(),
                });
                laptop.command(case, based_on, &[merged])
            };
            let ended = [
                ends(one, &last(&first), other),
                ends(other, &last(&second), one),
            ];
            world.desktops[0].events = [first, second].into_iter().chain(ended).flatten().collect();
        },
        "Merges of the laptop",
    );
}

#[test]
fn an_audit_that_was_changed_is_caught() {
    caught(
        |world| world.central.as_mut().unwrap().audit_fault = Some("row 3".to_owned()),
        "I9 the central store: the audit",
    );
    caught(
        |world| world.desktops[0].audit_fault = Some("row 3".to_owned()),
        "I9 the laptop: the audit",
    );
}

#[test]
fn a_number_left_readable_in_whatever_form_is_caught() {
    let forms: [&[u8]; 4] = [
        b"CPR 2512169996 findes",
        b"251216-9996",
        b"2\x005\x001\x002\x001\x006\x009\x009\x009\x006\x00",
        b"\\x32353132313639393936",
    ];
    for form in forms {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("deep")).unwrap();
        std::fs::write(folder.path().join("deep/said.log"), form).unwrap();
        caught(
            |world| world.left = vec![folder.path().to_owned()],
            "I10: a citizen",
        );
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("2512169996.pdf"), "").unwrap();
    caught(
        |world| world.left = vec![folder.path().to_owned()],
        "I10: a citizen",
    );
}

#[test]
fn a_program_that_is_of_use_again_too_late_is_caught() {
    let late = invariants::usable_within() + std::time::Duration::from_millis(1);
    caught(
        |world| world.recovered = vec![("it".to_owned(), late)],
        "I14",
    );
}
