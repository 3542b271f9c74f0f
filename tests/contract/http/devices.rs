//! Shutting a device out over HTTP: at once, and whose data it was given.

use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{
    Cursor, DeviceState, FeedItem, HoldingsRequest, RevokeDeviceRequest, Scope, ScopeRequest,
};
use skranke_sync::{Cancel, Client, Page, Session, SyncError, read_feed};

use super::town::{Town, environment, session};
use crate::office::Laptop;
use crate::on_both::{Kind, on_both};
use chrono::TimeDelta;

on_both!(
    a_device_that_is_revoked_while_it_waits_for_news_gets_none,
    whose_data_a_device_held_is_what_its_pages_carried,
    what_a_device_asked_for_ahead_it_has_not_taken_in,
);

fn refused<T>(answer: &Result<T, SyncError>) -> Option<ProblemCode> {
    match answer {
        Err(SyncError::Refused { code, .. }) => Some(*code),
        Err(_) | Ok(_) => None,
    }
}

/// Somebody at a computer of their own, in these roles.
fn at_a_desk(town: &Town, seed: u8, roles: &[&str]) -> (Client, Laptop, Session) {
    let (client, laptop) = town.counter(seed, roles);
    let signed_in = client.sign_in(&session(&laptop, roles)).unwrap();
    (client, laptop, signed_in)
}

fn order(laptop: &Laptop) -> RevokeDeviceRequest {
    RevokeDeviceRequest {
        device_id: laptop.id,
        reason: "Stjålet fra bilen".to_owned(),
        wipe: false,
    }
}

fn a_device_that_is_revoked_while_it_waits_for_news_gets_none(kind: Kind) {
    let town = Town::on(kind);
    let (stolen, laptop, at_work) = at_a_desk(&town, 1, &["counter"]);
    let (desk, mut writer, administrator) = at_a_desk(&town, 2, &["administrator", "counter"]);

    let waited = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| stolen.pull(Cursor::START, 100, 20));
        desk.revoke_device(&administrator, &order(&laptop)).unwrap();
        desk.push(&writer.open_case("2512169996").1).unwrap();
        waiting.join().unwrap()
    });

    assert_eq!(
        refused(&waited.map(|_| ())),
        Some(ProblemCode::DeviceRevoked)
    );
    // And from then on no token of it opens anything.
    for answer in [
        stolen.renew(&at_work),
        stolen.held(&at_work).map(|_| ()),
        stolen.pull(Cursor::START, 100, 0).map(|_| ()),
        stolen.sign_in(&session(&laptop, &["counter"])).map(|_| ()),
    ] {
        assert_eq!(refused(&answer), Some(ProblemCode::DeviceRevoked));
    }
    assert_eq!(stolen.status().unwrap().device.state, DeviceState::Revoked);
    assert_eq!(
        refused(&desk.revoke_device(&administrator, &order(&writer))),
        Some(ProblemCode::StateMismatch),
        "not the one that asks"
    );
    assert_eq!(
        refused(&desk.revoke_device(&administrator, &order(&Laptop::new(9)))),
        Some(ProblemCode::NotFound)
    );
}

fn what_a_device_asked_for_ahead_it_has_not_taken_in(kind: Kind) {
    let town = Town::on(kind);
    let (desk, mut writer, lead) = at_a_desk(&town, 1, &["lead", "counter"]);
    let (lost, laptop) = town.outreach(2);
    let (case_id, opening) = writer.open_case("2512169996");
    desk.push(&opening).unwrap();
    let moves = |case_id, enters| {
        let asked = ScopeRequest {
            device_id: laptop.id,
            case_id,
            enters,
        };
        desk.decide_scope(&lead, &asked).unwrap();
    };
    let mut another = || {
        let (case_id, opening) = writer.open_case("2211771212");
        desk.push(&opening).unwrap();
        case_id
    };
    moves(case_id, true);
    moves(case_id, false);
    // Behind it, so that there are pages to ask for ahead.
    for _ in 0..3 {
        moves(another(), true);
    }
    let held = || {
        let asked = HoldingsRequest {
            device_id: laptop.id,
            purpose: "lost_device".to_owned(),
            after: None,
        };
        let page = desk.holdings(&lead, &asked).unwrap();
        page.cases.iter().any(|case| case.case_id == case_id)
    };
    let looks = || town.server.central().feed_looks();
    let left = |page: &Page| {
        let mut items = page.sent.items.iter();
        items.any(|entry| matches!(entry.item, FeedItem::ScopeLeft { .. }))
    };

    let before = looks();
    let outcome = read_feed(&lost, &Cancel::default(), Cursor::START, 1, &mut |page| {
        // Pages ahead are on their way by now, and the disk is full.
        while looks() < before + 4 {
            std::thread::yield_now();
        }
        if left(page) {
            return Err(SyncError::Host("disk_full".to_owned()));
        }
        Ok(())
    });

    assert_eq!(outcome, Err(SyncError::Host("disk_full".to_owned())));
    assert!(held(), "it was told to remove it, and could not");

    let end = lost.pull(Cursor::START, 100, 0).unwrap().sent.cursor;
    moves(another(), true);
    let _ = lost.pull(end, 100, 0).unwrap();
    assert!(!held(), "whoever goes on from behind it has taken it in");
}

fn whose_data_a_device_held_is_what_its_pages_carried(kind: Kind) {
    let town = Town::on(kind);
    let (desk, mut writer, lead) = at_a_desk(&town, 1, &["lead", "counter"]);
    let (lost, _) = town.at_work(2, Scope::Tenant, &["counter"]);
    let client = town.client(&lost, environment(TimeDelta::zero()));
    let mut cases = Vec::new();
    for _ in 0..3 {
        let (case, opening) = writer.open_case("2512169996");
        desk.push(&opening).unwrap();
        cases.push(case);
    }
    let asked = |purpose: &str| {
        desk.holdings(
            &lead,
            &HoldingsRequest {
                device_id: lost.id,
                purpose: purpose.to_owned(),
                after: None,
            },
        )
    };
    let before = asked("lost_device").unwrap();
    // Two events a case: the page ends within the second case, and whole commands alone are served.
    let _ = client.pull(Cursor::START, 3, 0);

    let after = asked("supervision").unwrap();

    assert_eq!((before.total, before.cases.len()), (Some(0), 0));
    assert_eq!(after.total, Some(1), "not more than it was given");
    assert_eq!(after.cases[0].case_id, cases[0]);
    assert_eq!(after.cases[0].cpr_masked, "251216-••••");
    assert_eq!(
        refused(&asked("nysgerrig").map(|_| ())),
        Some(ProblemCode::BadParameter)
    );
}
