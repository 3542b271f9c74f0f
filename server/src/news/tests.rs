//! Who is woken by what.

use std::time::Instant;

use skranke_domain::ids::EventId;
use skranke_protocol::signature::SigningKey;
use tokio::sync::broadcast;
use tokio::time::timeout;
use uuid::Uuid;

use super::*;

fn device(n: u128, scope: Scope) -> Device {
    Device::new(
        DeviceId::from_uuid(Uuid::from_u128(n)),
        "Skranke",
        SigningKey::from_seed(&[1; 32]).public(),
        scope,
    )
}

fn case(n: u128) -> CaseId {
    CaseId::from_uuid(Uuid::from_u128(n))
}

fn news(items: &[NewFeedItem]) -> News {
    let mut news = News::default();
    items.iter().for_each(|item| news.add(item));
    news
}

fn event_of(n: u128) -> NewFeedItem {
    NewFeedItem::Event {
        case_id: case(n),
        id: EventId::from_uuid(Uuid::from_u128(n)),
        hash: [0; 32],
    }
}

#[test]
fn a_device_of_limited_scope_is_woken_by_its_own_cases_alone() {
    let (counter, outreach) = (device(1, Scope::Tenant), device(2, Scope::OwnCases));
    let own = BTreeSet::from([case(7)]);

    let (of_others, of_own) = (news(&[event_of(8), event_of(9)]), news(&[event_of(7)]));

    assert!(!of_others.concerns(&outreach, &own));
    assert!(of_own.concerns(&outreach, &own));
    assert!(of_others.concerns(&counter, &BTreeSet::new()));
}

#[test]
fn a_case_that_enters_or_leaves_wakes_the_one_device_it_is_for() {
    let (outreach, other) = (device(2, Scope::OwnCases), device(3, Scope::OwnCases));
    let (case_id, device_id) = (case(7), outreach.id);
    let mut opened_itself = News::default();
    opened_itself.add_device(outreach.id);

    for came in [
        news(&[NewFeedItem::ScopeEntered { case_id, device_id }]),
        news(&[NewFeedItem::ScopeLeft { case_id, device_id }]),
        opened_itself,
    ] {
        assert!(came.concerns(&outreach, &BTreeSet::new()));
        assert!(!came.concerns(&other, &BTreeSet::new()));
        assert!(!came.concerns(&device(1, Scope::Tenant), &BTreeSet::new()));
    }
}

#[tokio::test]
async fn what_comes_shortly_after_comes_along() {
    let (tell, heard) = broadcast::channel(REMEMBERED);
    let (counter, none) = (device(1, Scope::Tenant), BTreeSet::new());
    let mut listener = Listener(heard);
    for n in 1..=3 {
        tell.send(Arc::new(news(&[event_of(n)]))).unwrap();
    }

    let begun = Instant::now();
    listener.concerning(&counter, &none).await;
    let woken_after = begun.elapsed();
    listener.catch_up();
    let again = timeout(5 * GATHERED_FOR, listener.concerning(&counter, &none)).await;

    assert!(woken_after >= GATHERED_FOR, "{woken_after:?}");
    assert!(again.is_err(), "three commits, one look");
}

#[tokio::test]
async fn who_was_too_slow_to_hear_everything_looks() {
    let (tell, heard) = broadcast::channel(1);
    let mut listener = Listener(heard);
    for n in 1..=3 {
        tell.send(Arc::new(news(&[event_of(n)]))).unwrap();
    }

    let outreach = device(2, Scope::OwnCases);
    let own = BTreeSet::from([case(1)]);
    let woken = timeout(
        Duration::from_secs(60),
        listener.concerning(&outreach, &own),
    )
    .await;

    assert!(woken.is_ok(), "its own news was among what was forgotten");
}
