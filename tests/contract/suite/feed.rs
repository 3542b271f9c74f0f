//! The feed: positions, pages, scope, tenants, tree; and what else is read.

use std::sync::atomic::{AtomicBool, Ordering};

use skranke_domain::cpr::Cpr;
use skranke_domain::event::{Channel, Event};
use skranke_domain::ids::CaseId;
use skranke_protocol::tree::Frontier;
use skranke_protocol::wire::{Scope, ScopeRequest};
use skranke_server::admission::{citizen_digest, leaf};
use skranke_server::scope;
use skranke_server::store::{NewFeedItem, PAGE_BYTES, StoredFeedItem, Touched};

use crate::office::{Laptop, Office, TENANT, accepted, last, noon};

fn positions(items: &[(u64, StoredFeedItem)]) -> Vec<u64> {
    items.iter().map(|(position, _)| *position).collect()
}

/// Pushes cases from several threads; every third transaction is rolled back first and done again.
fn write_from(office: &Office, laptops: Vec<Laptop>, cases: u32) {
    std::thread::scope(|scope| {
        for mut laptop in laptops {
            scope.spawn(move || {
                for number in 0..cases {
                    let (_, opening) = laptop.open_case("2512169996");
                    if number % 3 == 0 {
                        let mut aborted = office.store.begin(TENANT).unwrap();
                        let (case_id, device_id) = (opening[0].header().case_id, laptop.id);
                        aborted
                            .append_feed(&NewFeedItem::ScopeLeft { case_id, device_id })
                            .unwrap();
                    }
                    office.push(laptop.id, &opening);
                }
            });
        }
    });
}

pub(crate) fn positions_are_gapless_with_many_writers_and_rollbacks(office: &Office) {
    let laptops: Vec<_> = (1..=4)
        .map(|seed| office.laptop(seed, Scope::Tenant))
        .collect();
    let reader = laptops[0].clone();

    write_from(office, laptops, 10);

    assert_eq!(
        positions(&office.feed(&reader)),
        (1..=80).collect::<Vec<_>>()
    );
    assert_eq!(office.store.tenant(TENANT).unwrap().position(), 80);
}

pub(crate) fn a_reader_beside_the_writers_misses_nothing(office: &Office) {
    let laptops: Vec<_> = (1..=3)
        .map(|seed| office.laptop(seed, Scope::Tenant))
        .collect();
    let device = office.device(&laptops[0]);
    let finished = AtomicBool::new(false);

    std::thread::scope(|scope| {
        let seen = scope.spawn(|| {
            let mut seen = Vec::new();
            let mut after = 0;
            loop {
                let is_last_look = finished.load(Ordering::SeqCst);
                let slice = office.store.feed(TENANT, &device, after, 5).unwrap();
                seen.extend(positions(&slice.items));
                after = slice.read_to;
                if is_last_look && after == slice.tenant.position() {
                    return seen;
                }
            }
        });
        write_from(office, laptops, 8);
        finished.store(true, Ordering::SeqCst);

        assert_eq!(
            seen.join().unwrap(),
            (1..=48).collect::<Vec<_>>(),
            "each exactly once, in order"
        );
    });
}

pub(crate) fn pages_follow_each_other_without_gap_or_repeat(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let mut pushed = Vec::new();
    for _ in 0..10 {
        let (_, opening) = laptop.open_case("2512169996");
        office.push(laptop.id, &opening);
        pushed.extend(opening);
    }

    let items = office.feed(&laptop);

    assert_eq!(positions(&items), (1..=20).collect::<Vec<_>>());
    let read: Vec<_> = items
        .into_iter()
        .map(|(_, item)| match item {
            StoredFeedItem::Event(event) => event,
            StoredFeedItem::ScopeEntered(..) | StoredFeedItem::ScopeLeft(_) => {
                panic!("only events were pushed")
            }
        })
        .collect();
    assert_eq!(read, pushed, "byte for byte in the order of commits");
    let beyond = office
        .store
        .feed(TENANT, &office.device(&laptop), 20, 5)
        .unwrap();
    assert_eq!((beyond.items.len(), beyond.read_to), (0, 20));
}

pub(crate) fn a_device_of_limited_scope_sees_its_own_cases_alone(office: &Office) {
    let mut counter = office.laptop(1, Scope::Tenant);
    let mut outreach = office.laptop(2, Scope::OwnCases);
    let (counter_case, counter_opening) = counter.open_case("2512169996");
    let (own_case, own_opening) = outreach.open_case("2211771212");
    office.push(counter.id, &counter_opening);
    office.push(outreach.id, &own_opening);
    let reply = counter.note(own_case, &last(&own_opening), "set i Borgerservice");
    office.push(counter.id, &reply);

    let seen = office.feed(&outreach);
    let peek = outreach.note(counter_case, &last(&counter_opening), "gæt");

    assert_eq!(
        positions(&seen),
        [3, 4, 5],
        "its own case and what others add to it"
    );
    assert_eq!(office.feed(&counter).len(), 5);
    let verdict = office.verdict(&outreach, &peek);
    assert_eq!(
        verdict.outcome().code(),
        "quarantined",
        "a case out of scope cannot be written to"
    );
}

pub(crate) fn entering_scope_brings_the_whole_case_and_leaving_ends_it(office: &Office) {
    let mut counter = office.laptop(1, Scope::Tenant);
    let outreach = office.laptop(2, Scope::OwnCases);
    let (case_id, opening) = counter.open_case("2512169996");
    office.push(counter.id, &opening);
    let device_id = outreach.id;
    let mut transaction = office.store.begin(TENANT).unwrap();
    transaction
        .append_feed(&NewFeedItem::ScopeEntered { case_id, device_id })
        .unwrap();
    transaction.enter_scope(device_id, case_id).unwrap();
    transaction.commit().unwrap();
    let scope_inside = office.store.scope(TENANT, device_id).unwrap();
    let inside = counter.note(case_id, &last(&opening), "mens den er der");
    office.push(counter.id, &inside);
    let mut transaction = office.store.begin(TENANT).unwrap();
    transaction
        .append_feed(&NewFeedItem::ScopeLeft { case_id, device_id })
        .unwrap();
    transaction.leave_scope(device_id, case_id).unwrap();
    transaction.commit().unwrap();
    let outside = counter.note(case_id, &last(&inside), "efter");
    office.push(counter.id, &outside);

    let seen = office.feed(&outreach);

    assert!(scope_inside.contains(&case_id));
    assert_eq!(office.store.scope(TENANT, device_id).unwrap().len(), 0);
    assert_eq!(positions(&seen), [3, 4, 5]);
    assert_eq!(seen[0].1, StoredFeedItem::ScopeEntered(case_id, opening));
    assert_eq!(seen[1].1, StoredFeedItem::Event(inside[0].clone()));
    assert_eq!(seen[2].1, StoredFeedItem::ScopeLeft(case_id));
    assert_eq!(
        positions(&office.feed(&counter)),
        [1, 2, 4, 6],
        "scope items are for one device"
    );
}

pub(crate) fn tenants_do_not_see_each_other(office: &Office) {
    office.store.create_tenant("0101", noon()).unwrap();
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case_id, opening) = laptop.open_case("2512169996");
    office.push(laptop.id, &opening);
    let digest = citizen_digest(
        &office.keys.index_key,
        TENANT,
        &Cpr::parse("2512169996").unwrap(),
    );

    assert_eq!(office.store.device("0101", laptop.id).unwrap(), None);
    assert_eq!(office.store.grant("0101", laptop.grant).unwrap(), None);
    assert_eq!(office.store.tenant("0101").unwrap().position(), 0);
    let feed = office
        .store
        .feed("0101", &office.device(&laptop), 0, 10)
        .unwrap();
    assert_eq!(feed.items.len(), 0);
    let mut transaction = office.store.begin("0101").unwrap();
    let touched = Touched {
        cases: vec![case_id],
        ..Touched::default()
    };
    assert_eq!(transaction.touched(&touched).unwrap(), []);
    assert_eq!(transaction.cases_of(&digest).unwrap(), []);
    let there = citizen_digest(
        &office.keys.index_key,
        "0101",
        &Cpr::parse("2512169996").unwrap(),
    );
    assert_ne!(
        there, digest,
        "and could not tell that it is the same citizen"
    );
    assert_eq!(
        transaction.events_by_id(opening[0].header().id).unwrap(),
        []
    );
    drop(transaction);
    assert!(
        office.store.begin("0202").is_err(),
        "a tenant nobody created"
    );
}

pub(crate) fn the_tree_of_the_head_covers_every_item(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    for _ in 0..5 {
        let (_, opening) = laptop.open_case("2512169996");
        office.push(laptop.id, &opening);
    }

    let mut tree = Frontier::default();
    for (position, item) in office.feed(&laptop) {
        let StoredFeedItem::Event(event) = item else {
            panic!("only events were pushed")
        };
        let (header, hash) = (event.header(), *event.hash());
        let (case_id, id) = (header.case_id, header.id);
        tree.append(&leaf(position, &NewFeedItem::Event { case_id, id, hash }));
    }

    assert_eq!(
        office.store.tenant(TENANT).unwrap().head(noon()).root,
        tree.root()
    );
}

pub(crate) fn the_look_up_finds_cases_by_citizen_and_follows_their_state(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    let (_, of_another) = laptop.open_case("2211771212");
    office.push(laptop.id, &[opening.clone(), of_another].concat());
    let find = |cpr: &str| -> Vec<(CaseId, String)> {
        let digest = citizen_digest(&office.keys.index_key, TENANT, &Cpr::parse(cpr).unwrap());
        let mut transaction = office.store.begin(TENANT).unwrap();
        let found = transaction.cases_of(&digest).unwrap();
        found
            .into_iter()
            .map(|case| (case.case_id, case.state))
            .collect()
    };

    assert_eq!(find("2512169996"), [(case, "received".to_owned())]);
    let withdrawn = laptop.command(
        case,
        &last(&opening),
        &[Event::Withdrawn {
            withdrawn_at: noon(),
        }],
    );
    assert_eq!(office.verdict(&laptop, &withdrawn), accepted(5));
    assert_eq!(find("2512169996"), [(case, "withdrawn".to_owned())]);
    assert_eq!(find("7212169990"), []);
}

pub(crate) fn the_backup_mark_only_moves_forward_and_never_beyond_the_feed(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (_, opening) = laptop.open_case("2512169996");
    office.push(laptop.id, &opening);
    let mark = |position| {
        let moved = skranke_server::backup::mark(office.store.as_ref(), TENANT, position);
        (
            moved.ok().map(|moved| (moved.before, moved.now)),
            office.store.tenant(TENANT).unwrap().backup_position,
        )
    };

    assert_eq!(mark(1), (Some((0, 1)), 1));
    assert_eq!(mark(0), (Some((1, 1)), 1));
    assert_eq!(mark(99), (None, 1), "no backup holds what is not there");
    assert_eq!(mark(2), (Some((1, 2)), 2));
}

pub(crate) fn a_page_stops_being_read_when_it_is_full(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let text = "x".repeat(250_000);
    for _ in 0..45 {
        // Each in a case of its own, so that none is folded with the others.
        let case = CaseId::from_uuid(uuid::Uuid::now_v7());
        let opened = laptop.opened(Channel::InPerson);
        let note = Event::NoteAdded { text: text.clone() };
        let command = laptop.command(case, &[], &[opened, note]);
        office.push(laptop.id, &command);
    }
    let device = office.device(&laptop);

    let mut read = Vec::new();
    let mut after = 0;
    let mut pages = 0;
    while after < 90 {
        let slice = office.store.feed(TENANT, &device, after, 500).unwrap();
        let bytes: usize = slice
            .items
            .iter()
            .map(|(_, item)| match item {
                StoredFeedItem::Event(event) => event.payload_bytes().map_or(0, <[u8]>::len),
                StoredFeedItem::ScopeEntered(..) | StoredFeedItem::ScopeLeft(_) => 0,
            })
            .sum();
        assert!(bytes <= PAGE_BYTES, "{bytes} bytes on a page");
        assert!(slice.read_to > after, "a page moves on");
        assert_eq!(
            slice.items.last().map(|(position, _)| *position),
            Some(slice.read_to)
        );
        read.extend(slice.items.iter().map(|(position, _)| *position));
        after = slice.read_to;
        pages += 1;
    }

    assert_eq!(
        read,
        (1..=90).collect::<Vec<u64>>(),
        "nothing is left out or repeated"
    );
    assert_eq!(pages, 2, "11 MB of notes do not fit one page");
}

pub(crate) fn a_case_is_given_to_an_outreach_computer_once_and_taken_back_in_the_audit(
    office: &Office,
) {
    let mut counter = office.laptop(1, Scope::Tenant);
    let mut outreach = office.laptop(2, Scope::OwnCases);
    let (case_id, opening) = counter.open_case("2512169996");
    office.push(counter.id, &opening);
    let decide = |device_id, case_id, enters| {
        let mut transaction = office.store.begin(TENANT).unwrap();
        let request = ScopeRequest {
            device_id,
            case_id,
            enters,
        };
        let by = (counter.id, counter.staff);
        let done = scope::decide(transaction.as_mut(), &request, by, noon()).unwrap();
        let holds = scope::computers(transaction.as_mut(), case_id).unwrap();
        transaction.commit().unwrap();
        done.map(|()| {
            holds
                .iter()
                .map(|computer| computer.holds)
                .collect::<Vec<_>>()
        })
    };

    let unknown = CaseId::from_uuid(uuid::Uuid::now_v7());
    assert_eq!(decide(outreach.id, unknown, true), None, "no such case");
    assert_eq!(
        decide(counter.id, case_id, true),
        None,
        "it sees all anyway"
    );
    assert_eq!(decide(outreach.id, case_id, true), Some(vec![true]));
    assert_eq!(decide(outreach.id, case_id, true), Some(vec![true]), "once");
    let visited = outreach.note(case_id, &last(&opening), "besøgt");
    assert_eq!(decide(outreach.id, case_id, false), Some(vec![false]));
    let honest = office.verdict(&outreach, &visited);

    assert_eq!(
        honest.outcome().code(),
        "accepted",
        "recorded before it could hear"
    );
    let seen = office.feed(&outreach);
    assert_eq!(seen[0].1, StoredFeedItem::ScopeEntered(case_id, opening));
    assert_eq!(seen.last().unwrap().1, StoredFeedItem::ScopeLeft(case_id));
    let mut transaction = office.store.begin(TENANT).unwrap();
    transaction.note_served(outreach.id, 9, 9).unwrap();
    transaction.commit().unwrap();
    let late = outreach.note(case_id, &last(&visited), "efter at have hørt det");
    assert_eq!(
        office.verdict(&outreach, &late).outcome().code(),
        "quarantined"
    );
    let audit = office.store.audit(TENANT, None, 100).unwrap();
    let moved: Vec<_> = audit
        .iter()
        .filter(|row| row.action.starts_with("case_"))
        .map(|row| (row.action.as_str(), row.case_id))
        .collect();
    assert_eq!(
        moved,
        [
            ("case_given_out", Some(case_id)),
            ("case_taken_back", Some(case_id))
        ]
    );
}
