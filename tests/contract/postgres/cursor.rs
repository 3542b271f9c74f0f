//! P10: a reader beside writers that commit and abort loses and repeats nothing, where a naive cursor loses rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use skranke_protocol::wire::Scope;
use skranke_server::store::NewFeedItem;
use skranke_testkit::postgres::Cluster;

use super::{naive, prepared};
use crate::office::{Laptop, Office, TENANT};

const WRITERS: u8 = 8;

#[test]
fn a_reader_beside_8_writers_with_aborts_loses_nothing_where_a_sequence_would() {
    let cluster = Cluster::start(&[]);
    let office = Office::over(Arc::new(prepared(&cluster)), ());
    let laptops: Vec<Laptop> = (1..=WRITERS)
        .map(|seed| office.laptop(seed, Scope::Tenant))
        .collect();
    let device = office.device(&laptops[0]);
    let finished = AtomicBool::new(false);

    let seen = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut seen, mut after) = (Vec::new(), 0);
            loop {
                let is_last_look = finished.load(Ordering::SeqCst);
                let slice = office.store.feed(TENANT, &device, after, 50).unwrap();
                seen.extend(slice.items.iter().map(|(position, _)| *position));
                after = slice.read_to;
                if is_last_look && after == slice.tenant.position() {
                    return seen;
                }
            }
        });
        let writing: Vec<_> = laptops
            .into_iter()
            .map(|mut laptop| {
                let office = &office;
                scope.spawn(move || {
                    for nth in 0..6 {
                        let (case_id, opening) = laptop.open_case("2512169996");
                        if nth % 3 == 2 {
                            let mut aborted = office.store.begin(TENANT).unwrap();
                            let device_id = laptop.id;
                            aborted
                                .append_feed(&NewFeedItem::ScopeLeft { case_id, device_id })
                                .unwrap();
                        }
                        office.push(laptop.id, &opening);
                    }
                })
            })
            .collect();
        writing.into_iter().for_each(|one| one.join().unwrap());
        finished.store(true, Ordering::SeqCst);
        reader.join().unwrap()
    });
    let naive = naive::read_by_sequence(&cluster, u32::from(WRITERS), 60);

    let due = u64::from(WRITERS) * 6 * 2;
    assert_eq!(seen, (1..=due).collect::<Vec<_>>(), "each once, in order");
    assert!(
        naive.lost > 0,
        "the naive cursor saw all of {}: this test proves nothing",
        naive.committed
    );
}
