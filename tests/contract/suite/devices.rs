//! Devices that are shut out, and whose data they held.

use skranke_domain::ids::CaseId;
use skranke_protocol::wire::{
    CaseOnDevice, DeviceState, Outcome, QuarantineReason, Scope, Verdict,
};
use skranke_server::admission;
use skranke_server::devices::{self, Acting};
use skranke_server::store::NewFeedItem;
use skranke_server::store::devices::{Device, DeviceRecord};

use super::review::{decide, lead};
use crate::office::{Laptop, Office, TENANT, last, noon};

fn by(laptop: &Laptop) -> Acting {
    Acting {
        device_id: laptop.id,
        staff_id: Some(laptop.staff),
    }
}

pub(crate) fn revoke(office: &Office, laptop: &Laptop, reason: &str, wipe: bool) -> DeviceRecord {
    let mut transaction = office.store.begin(TENANT).unwrap();
    let revoked = devices::revoke(
        transaction.as_mut(),
        laptop.id,
        by(&Laptop::new(9)),
        reason,
        wipe,
        noon(),
    );
    transaction.commit().unwrap();
    revoked.unwrap().unwrap()
}

/// All a device held, read in pages of two.
fn holdings(office: &Office, laptop: &Laptop) -> Vec<CaseOnDevice> {
    let mut all: Vec<CaseOnDevice> = Vec::new();
    let mut total = None;
    loop {
        let after = all.last().map(|case| case.case_id);
        let mut transaction = office.store.begin(TENANT).unwrap();
        let page = devices::holdings(
            transaction.as_mut(),
            laptop.id,
            by(laptop),
            "lost_device",
            (after, 2),
            noon(),
        );
        transaction.commit().unwrap();
        let page = page.unwrap().unwrap();
        all.extend(page.cases);
        assert_eq!(
            page.total.is_some(),
            after.is_none(),
            "the list is counted once, not with each page"
        );
        total = total.or(page.total);
        if !page.more {
            assert_eq!(total, Some(all.len() as u64), "the count is the list's");
            return all;
        }
    }
}

fn ids(cases: &[CaseOnDevice]) -> Vec<CaseId> {
    cases.iter().map(|case| case.case_id).collect()
}

fn sorted(mut ids: Vec<CaseId>) -> Vec<CaseId> {
    ids.sort_by_key(|id| id.as_uuid());
    ids
}

fn serve(office: &Office, laptop: &Laptop, read: u64, served: u64) {
    let mut transaction = office.store.begin(TENANT).unwrap();
    transaction.note_served(laptop.id, read, served).unwrap();
    transaction.commit().unwrap();
}

fn held_as(verdict: &Verdict) -> Option<&QuarantineReason> {
    match verdict.outcome() {
        Outcome::Quarantined { reason } => Some(reason),
        Outcome::Accepted { .. } | Outcome::Conflict { .. } | Outcome::Deferred { .. } => None,
    }
}

pub(crate) fn what_a_revoked_device_still_sends_is_held_and_can_be_let_in(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let (case, opening) = laptop.open_case("2512169996");
    office.push(laptop.id, &opening);
    revoke(office, &laptop, "Væk siden fredag", false);
    let note = laptop.note(case, &last(&opening), "skrevet før den blev væk");

    let verdict = office.verdict(&laptop, &note);
    let let_in = decide(office, &note, &lead(office), true);

    assert_eq!(held_as(&verdict), Some(&QuarantineReason::GrantRevoked));
    assert!(matches!(let_in, Some(Outcome::Accepted { position: 3 })));
    let device = office.device(&laptop);
    assert_eq!(
        (device.head.seq, device.accepted),
        (3, 3),
        "nothing is lost"
    );
    assert_eq!(device.state, DeviceState::Revoked);
}

pub(crate) fn a_forked_chain_does_not_undo_a_revocation(office: &Office) {
    let mut laptop = office.laptop(1, Scope::Tenant);
    let mut twin = laptop.clone();
    office.push(laptop.id, &laptop.open_case("2512169996").1);
    revoke(office, &laptop, "Stjålet", false);

    office.push(twin.id, &twin.open_case("2211771212").1);

    assert_eq!(office.device(&laptop).state, DeviceState::Revoked);
}

pub(crate) fn the_first_reason_stays_and_a_wipe_can_be_ordered_later(office: &Office) {
    let laptop = office.laptop(1, Scope::Tenant);
    let other = office.laptop(2, Scope::Tenant);

    revoke(office, &laptop, "Væk siden fredag", false);
    let record = revoke(office, &laptop, "Nu er den meldt stjålet", true);

    let revocation = record.revocation.unwrap();
    assert_eq!(revocation.reason, "Væk siden fredag");
    assert_eq!(revocation.by, Some(Laptop::new(9).staff));
    assert_eq!(revocation.wipe_ordered_at, Some(noon()));
    assert_eq!(revocation.handed_over_at, None);
    let rows = office.store.audit(TENANT, None, 100).unwrap();
    let of_devices: Vec<_> = rows
        .iter()
        .filter(|row| row.action.starts_with("device_"))
        .map(|row| (row.action.as_str(), row.detail.as_str(), row.staff_id))
        .collect();
    let (id, staff) = (laptop.id.to_string(), Some(Laptop::new(9).staff));
    assert_eq!(
        of_devices,
        [
            ("device_revoked", id.as_str(), staff),
            ("device_wipe_ordered", id.as_str(), staff)
        ]
    );
    assert_eq!(office.device(&other).state, DeviceState::Active);
    let mut transaction = office.store.begin(TENANT).unwrap();
    let grants = transaction.grants_of(other.id, other.staff).unwrap();
    assert!(grants.iter().all(|grant| grant.revoked_at.is_none()));
    let grants = transaction.grants_of(laptop.id, laptop.staff).unwrap();
    assert!(grants.iter().all(|grant| grant.revoked_at.is_some()));
}

pub(crate) fn a_device_held_what_it_was_given_and_what_it_made(office: &Office) {
    let mut counter = office.laptop(1, Scope::Tenant);
    let mut lost = office.laptop(2, Scope::Tenant);
    let mut pushed = Vec::new();
    for cpr in ["2512169996", "2211771212", "2512169996"] {
        let (case, opening) = counter.open_case(cpr);
        office.push(counter.id, &opening);
        pushed.push(case);
    }
    // The page it was given ended after the second case.
    serve(office, &lost, 0, 4);
    let (made, opening) = lost.open_case("2211771212");
    office.push(lost.id, &opening);
    revoke(office, &lost, "Glemt i toget", false);
    let (held, opening) = lost.open_case("2512169996");
    office.push(lost.id, &opening);

    let cases = holdings(office, &lost);

    assert_eq!(
        ids(&cases),
        sorted(vec![pushed[0], pushed[1], made, held]),
        "not the third, which it was never given"
    );
    let of_held = cases.iter().find(|case| case.case_id == held).unwrap();
    assert_eq!(of_held.name, "Åse Østergård", "also what was never let in");
    assert_eq!(of_held.cpr_masked, "251216-••••");
    assert!(of_held.number.starts_with("2026-S2-"));
    let rows = office.store.audit(TENANT, None, 1000).unwrap();
    let asked: Vec<_> = rows
        .iter()
        .filter(|row| row.action == "device_holdings_listed")
        .map(|row| (row.purpose.as_str(), row.staff_id))
        .collect();
    assert_eq!(asked, [("lost_device", Some(lost.staff)); 2]);
}

pub(crate) fn a_device_of_limited_scope_held_its_own_cases_until_they_left(office: &Office) {
    let mut counter = office.laptop(1, Scope::Tenant);
    let mut outreach = office.laptop(2, Scope::OwnCases);
    let (case_id, opening) = counter.open_case("2512169996");
    office.push(counter.id, &opening);
    let device_id = outreach.id;
    let mut transaction = office.store.begin(TENANT).unwrap();
    transaction
        .append_feed(&NewFeedItem::ScopeEntered { case_id, device_id })
        .unwrap();
    transaction.enter_scope(device_id, case_id).unwrap();
    transaction.commit().unwrap();
    let (own, opening) = outreach.open_case("2211771212");
    office.push(outreach.id, &opening);
    let before = holdings(office, &outreach);
    serve(office, &outreach, 0, 5);
    let given = holdings(office, &outreach);
    let mut transaction = office.store.begin(TENANT).unwrap();
    transaction
        .append_feed(&NewFeedItem::ScopeLeft { case_id, device_id })
        .unwrap();
    transaction.leave_scope(device_id, case_id).unwrap();
    transaction.commit().unwrap();
    serve(office, &outreach, 5, 6);
    let told_to_remove = holdings(office, &outreach);
    serve(office, &outreach, 6, 6);
    let removed = holdings(office, &outreach);

    assert_eq!(ids(&before), [own], "in its scope, and not yet given to it");
    assert_eq!(ids(&given), sorted(vec![case_id, own]));
    assert_eq!(
        ids(&told_to_remove),
        sorted(vec![case_id, own]),
        "whether it heard of it is not known"
    );
    assert_eq!(ids(&removed), [own]);
}

pub(crate) fn the_list_of_devices_says_who_used_them_and_when(office: &Office) {
    let laptop = office.laptop(1, Scope::Tenant);
    let mut transaction = office.store.begin(TENANT).unwrap();
    transaction.note_seen(laptop.id, noon()).unwrap();
    transaction.commit().unwrap();

    let listed = office.store.begin(TENANT).unwrap().device_records();

    let [record] = listed.unwrap().try_into().unwrap();
    assert_eq!(record.device, office.device(&laptop));
    assert_eq!(record.last_seen_at, Some(noon()));
    assert_eq!(record.last_staff, Some(laptop.staff));
    assert_eq!(record.revocation, None);
}

/// A successor of a device whose chain forked, by the key of its own; none where it gets none.
fn rekeyed(office: &Office, from: &Laptop, seed: u8) -> Option<Laptop> {
    let next = Laptop::new(seed);
    let mut transaction = office.store.begin(TENANT).unwrap();
    let forked = transaction.device(from.id).unwrap().unwrap();
    let (name, key) = (forked.name.clone(), next.key.public());
    let successor = Device::new(next.id, name, key, forked.scope.clone());
    let given = admission::rekey(transaction.as_mut(), &forked, successor, noon()).unwrap();
    transaction.commit().unwrap();
    given.map(|_| next)
}

fn found_in_two_copies(office: &Office, laptop: &Laptop) {
    let mut transaction = office.store.begin(TENANT).unwrap();
    let mut device = transaction.device(laptop.id).unwrap().unwrap();
    device.state = DeviceState::Forked;
    transaction.update_device(&device).unwrap();
    transaction.commit().unwrap();
}

fn state_of(office: &Office, laptop: &Laptop) -> (DeviceState, bool) {
    let mut transaction = office.store.begin(TENANT).unwrap();
    let record = transaction.device_record(laptop.id).unwrap().unwrap();
    let is_wiped = record
        .revocation
        .is_some_and(|revocation| revocation.wipe_ordered_at.is_some());
    (record.device.state, is_wiped)
}

pub(crate) fn a_copy_that_is_shut_out_gets_no_further_name_and_takes_what_it_became_along(
    office: &Office,
) {
    // Given a stolen copy, the computer it was made from, and what became of each
    let old = office.laptop(1, Scope::Tenant);
    found_in_two_copies(office, &old);
    let honest = rekeyed(office, &old, 2).unwrap();
    let stolen = rekeyed(office, &old, 3).unwrap();
    found_in_two_copies(office, &stolen);
    let since = rekeyed(office, &stolen, 4).unwrap();
    let out = (DeviceState::Revoked, false);

    // When the stolen one is shut out and wiped
    revoke(office, &stolen, "Stjålet", true);

    // Then so is what it became, and the key it was made with opens no further name; the honest one works on
    let wiped = (DeviceState::Revoked, true);
    assert_eq!(state_of(office, &stolen), wiped);
    assert_eq!(state_of(office, &since), wiped);
    assert_eq!(state_of(office, &old), out, "a name, and no computer");
    assert!(rekeyed(office, &old, 5).is_none());
    assert!(rekeyed(office, &stolen, 5).is_none());
    assert_eq!(state_of(office, &honest), (DeviceState::Active, false));

    // And where the old name is shut out, all are but the one at which it is done
    let mut transaction = office.store.begin(TENANT).unwrap();
    let asked = devices::revoke(
        transaction.as_mut(),
        old.id,
        by(&honest),
        "Kopi",
        false,
        noon(),
    );
    transaction.commit().unwrap();
    assert!(asked.unwrap().is_some());
    assert_eq!(state_of(office, &honest), (DeviceState::Active, false));
    revoke(office, &old, "Kopi", false);
    assert_eq!(state_of(office, &honest), out);
}
