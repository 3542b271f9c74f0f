//! Editions of a municipality's profile: only added, one winner for each number, nobody else's.

use skranke_protocol::wire::Scope;
use skranke_server::store::{CentralTransaction, StoredEdition};

use crate::office::{Laptop, Office, TENANT, noon};

fn edition(laptop: &Laptop, number: u32, body: &str) -> StoredEdition {
    StoredEdition {
        edition: number,
        body: body.to_owned(),
        device_id: laptop.id,
        staff_id: laptop.staff,
        initials: "AK".to_owned(),
        reason: "Nyt sted ved åen".to_owned(),
        made_at: noon(),
    }
}

/// Adds an edition on top of what the writer saw, if that is still the newest.
fn add(transaction: &mut dyn CentralTransaction, edition: &StoredEdition) -> bool {
    let is_next = transaction.newest_edition().unwrap() + 1 == edition.edition;
    if is_next {
        transaction.insert_edition(edition).unwrap();
    }
    is_next
}

pub(crate) fn editions_are_numbered_without_gaps_and_all_are_kept(office: &Office) {
    let laptop = office.laptop(1, Scope::Tenant);
    let made: Vec<_> = (1..=3)
        .map(|number| edition(&laptop, number, &format!("name = \"Sø {number}\"\n")))
        .collect();
    assert_eq!(office.store.newest_edition(TENANT).unwrap(), 0);

    for edition in &made {
        let mut transaction = office.store.begin(TENANT).unwrap();
        assert!(add(transaction.as_mut(), edition));
        transaction.commit().unwrap();
    }

    assert_eq!(office.store.newest_edition(TENANT).unwrap(), 3);
    assert_eq!(office.store.editions(TENANT, 0, 9).unwrap(), made);
    assert_eq!(office.store.editions(TENANT, 1, 1).unwrap(), made[1..2]);
    assert_eq!(office.store.editions(TENANT, 3, 9).unwrap(), []);
}

pub(crate) fn of_two_administrators_exactly_one_wins(office: &Office) {
    let laptops: Vec<_> = (1..=4)
        .map(|seed| office.laptop(seed, Scope::Tenant))
        .collect();

    let won = std::thread::scope(|scope| {
        let tries: Vec<_> = laptops
            .iter()
            .map(|laptop| {
                scope.spawn(move || {
                    let mut transaction = office.store.begin(TENANT).unwrap();
                    let mine = edition(laptop, 1, &laptop.id.to_string());
                    let is_mine = add(transaction.as_mut(), &mine);
                    transaction.commit().unwrap();
                    is_mine.then_some(mine)
                })
            })
            .collect();
        let ended = tries.into_iter().map(|one| one.join().unwrap());
        ended.flatten().collect::<Vec<_>>()
    });

    assert_eq!(won.len(), 1, "one winner");
    assert_eq!(office.store.editions(TENANT, 0, 9).unwrap(), won);
}

pub(crate) fn an_edition_that_was_not_committed_does_not_exist(office: &Office) {
    let laptop = office.laptop(1, Scope::Tenant);
    let mut transaction = office.store.begin(TENANT).unwrap();
    transaction
        .insert_edition(&edition(&laptop, 1, "x"))
        .unwrap();
    drop(transaction);

    assert_eq!(office.store.newest_edition(TENANT).unwrap(), 0);
    assert_eq!(office.store.editions(TENANT, 0, 9).unwrap(), []);
}

pub(crate) fn municipalities_do_not_see_each_others_editions(office: &Office) {
    office.store.create_tenant("0101", noon()).unwrap();
    let laptop = office.laptop(1, Scope::Tenant);
    let mut transaction = office.store.begin(TENANT).unwrap();
    transaction
        .insert_edition(&edition(&laptop, 1, "x"))
        .unwrap();
    transaction.commit().unwrap();

    assert_eq!(office.store.newest_edition("0101").unwrap(), 0);
    assert_eq!(office.store.editions("0101", 0, 9).unwrap(), []);
    let mut other = office.store.begin("0101").unwrap();
    assert_eq!(other.newest_edition().unwrap(), 0);
}
