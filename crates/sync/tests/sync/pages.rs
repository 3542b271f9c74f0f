//! Reading the feed while the page behind is on its way already: whatever happens to that one, what was kept stays.

use std::cell::RefCell;
use std::time::Duration;

use skranke_protocol::confirmation::{Signed, TenantHead};
use skranke_protocol::envelope::{SealedEvent, Unsealed};
use skranke_protocol::signature::SigningKey;
use skranke_protocol::wire::{Cursor, FeedEntry, FeedItem, FeedPage};
use skranke_sync::{Cancel, Page, SyncError, read_feed};

use crate::{OURS, answer, client_of, device, now, scripted};

fn server() -> SigningKey {
    SigningKey::from_seed(&[9; 32])
}

fn event() -> SealedEvent {
    let id = "01920000-0000-7000-8000-000000000002";
    let unsealed = Unsealed {
        id: id.parse().unwrap(),
        tenant: "0999".to_owned(),
        case_id: id.parse().unwrap(),
        command_id: id.parse().unwrap(),
        k: 1,
        n: 1,
        device_id: device(),
        device_seq: 1,
        prev_hash: None,
        recorded_at: now(),
        clock_offset_ms: 0,
        actor: id.parse().unwrap(),
        grant_id: id.parse().unwrap(),
        based_on: Vec::new(),
    };
    let (payload, key) = (
        br#"{"text":"bad"}"#.to_vec(),
        SigningKey::from_seed(&[1; 32]),
    );
    unsealed
        .seal_bytes("note_added", 1, payload, [7; 16], &key)
        .unwrap()
}

/// One page of one event, under a head of its own: others write while it is read.
fn page(position: u64) -> String {
    page_of(position, 3, position + 2)
}

/// One page of one event, of so many, under the head of so many.
fn page_of(position: u64, last: u64, head: u64) -> String {
    let head = TenantHead {
        tenant: "0999".to_owned(),
        epoch: 1,
        position: head,
        root: [0; 32],
        issued_at: now(),
    };
    let page = FeedPage {
        items: vec![FeedEntry {
            position,
            item: FeedItem::Event { event: event() },
        }],
        cursor: Cursor { epoch: 1, position },
        more: position < last,
        backup_position: 0,
        grants: Vec::new(),
        devices: std::collections::BTreeMap::new(),
        skipped: None,
        head: Signed::new(&head, &server()).unwrap(),
        server_time: now(),
    };
    let more = if page.more { "?1" } else { "?0" };
    let headers = format!(
        "{OURS}Skranke-Cursor: {}\r\nSkranke-More: {more}\r\n",
        page.cursor
    );
    answer("200 OK", &headers, &serde_json::to_string(&page).unwrap())
}

/// Reads what is answered, one item a page; the positions kept, how it ended, and what was asked.
fn read(
    answers: Vec<String>,
    keep: impl Fn(u64) -> Result<(), SyncError>,
) -> (Vec<u64>, Result<(), SyncError>, Vec<String>) {
    read_pages_of(1, answers, keep)
}

fn read_pages_of(
    items: u32,
    answers: Vec<String>,
    keep: impl Fn(u64) -> Result<(), SyncError>,
) -> (Vec<u64>, Result<(), SyncError>, Vec<String>) {
    let (url, thread) = scripted(answers);
    let kept = RefCell::new(Vec::new());
    let outcome = read_feed(
        &client_of(url, Some(server().public())),
        &Cancel::default(),
        Cursor::START,
        items,
        &mut |page: &Page| {
            keep(page.sent.cursor.position)?;
            kept.borrow_mut().push(page.sent.cursor.position);
            Ok(())
        },
    );
    (kept.into_inner(), outcome, thread.join().unwrap())
}

#[test]
fn each_page_is_kept_in_order_and_asked_for_where_the_one_before_ends() {
    let (kept, outcome, asked) = read(vec![page(1), page(2), page(3)], |_| Ok(()));

    assert_eq!((kept, outcome), (vec![1, 2, 3], Ok(())));
    for (request, after) in asked.iter().zip(["after=0.0", "after=1.1", "after=1.2"]) {
        assert!(request.contains(after), "{request}");
    }
}

#[test]
fn a_server_of_an_earlier_time_says_where_a_page_ends_in_the_page_alone() {
    let alone = |position| {
        let whole = page(position);
        let without: Vec<&str> = whole
            .split_inclusive("\r\n")
            .filter(|line| !line.starts_with("Skranke-Cursor") && !line.starts_with("Skranke-More"))
            .collect();
        assert_ne!(without.concat(), whole);
        without.concat()
    };

    let (kept, outcome, asked) = read(vec![alone(1), alone(2), alone(3)], |_| Ok(()));

    assert_eq!((kept, outcome), (vec![1, 2, 3], Ok(())));
    assert!(asked[2].contains("after=1.2"), "{}", asked[2]);
}

#[test]
fn a_page_that_does_not_end_where_it_was_said_to_is_refused() {
    for (said, instead) in [
        ("Skranke-Cursor: 1.2", "Skranke-Cursor: 1.4"),
        ("More: ?1", "More: ?0"),
    ] {
        let wrong = page(2).replace(said, instead);
        assert_ne!(wrong, page(2));

        let (kept, outcome, _) = read(vec![page(1), wrong], |_| Ok(()));

        assert_eq!(
            (kept, outcome),
            (vec![1], Err(SyncError::Undecodable)),
            "{instead}"
        );
    }
}

#[test]
fn a_line_that_is_cut_while_a_page_is_fetched_ahead_costs_that_page_alone() {
    let whole = page(2);
    let cut = whole[..whole.len() / 2].to_owned();

    let (kept, outcome, asked) = read(vec![page(1), cut.clone(), cut.clone(), cut], |_| Ok(()));

    assert_eq!(kept, [1]);
    assert!(outcome.unwrap_err().is_retryable());
    assert!(
        asked[1..]
            .iter()
            .all(|request| request.contains("after=1.1"))
    );
}

#[test]
fn what_was_too_much_for_the_line_is_asked_for_in_smaller_pages_from_there_on() {
    let whole = page(1);
    let cut = whole[..whole.len() / 2].to_owned();

    let (kept, outcome, asked) = read_pages_of(100, vec![cut, whole, page(2), page(3)], |_| Ok(()));

    assert_eq!((kept, outcome), (vec![1, 2, 3], Ok(())));
    for (request, limit) in asked
        .iter()
        .zip(["limit=100&", "limit=25&", "limit=25&", "limit=25&"])
    {
        assert!(request.contains(limit), "{request}");
    }
}

#[test]
fn a_forged_event_in_a_page_fetched_ahead_ends_the_reading_and_nothing_of_it_is_kept() {
    let forged = page(2).replace("bad", "bed");
    assert_ne!(forged, page(2), "as long, and of another content");

    let (kept, outcome, _) = read(vec![page(1), forged], |_| Ok(()));

    assert_eq!((kept, outcome), (vec![1], Err(SyncError::Undecodable)));
}

#[test]
fn where_a_page_cannot_be_kept_the_one_fetched_ahead_is_thrown_away() {
    let full = || SyncError::Host("disk_full".to_owned());

    let (kept, outcome, asked) = read(vec![page(1), page(2), page(3)], |position| {
        if position == 2 { Err(full()) } else { Ok(()) }
    });

    assert_eq!((kept, outcome), (vec![1], Err(full())));
    assert!(asked[2].contains("after=1.2"), "it was on its way already");
}

#[test]
fn what_is_asked_for_ahead_is_not_said_to_be_kept() {
    let (url, answering) = scripted(vec![page(1), page(2), page(3)]);
    let client = client_of(url, Some(server().public()));
    let mut kept = Vec::new();

    let outcome = read_feed(
        &client,
        &Cancel::default(),
        Cursor::START,
        1,
        &mut |page: &Page| {
            while !answering.is_finished() {
                std::thread::sleep(Duration::from_millis(1));
            }
            kept.push(page.sent.cursor.position);
            Ok(())
        },
    );

    let asked = answering.join().unwrap();
    assert_eq!((kept, outcome), (vec![1, 2, 3], Ok(())));
    for (request, said) in asked.iter().zip([
        "after=0.0&kept=0&",
        "after=1.1&kept=0&",
        "after=1.2&kept=0&",
    ]) {
        assert!(request.contains(said), "{request}");
    }

    // Whoever asks for one page alone has kept what is before it.
    let (url, answering) = scripted(vec![page(3)]);
    let after = Cursor {
        epoch: 1,
        position: 2,
    };
    client_of(url, Some(server().public()))
        .pull(after, 1, 0)
        .unwrap();
    assert!(answering.join().unwrap()[0].contains("after=1.2&kept=2&"));
}

/// What is handed over together, of five pages of one item each under these heads. Nothing is kept before the last was
/// asked for; by then the one before it is being read, and the two before that one wait.
fn handed_over(heads: [u64; 5]) -> Vec<Vec<u64>> {
    let pages = (1..)
        .zip(heads)
        .map(|(position, head)| page_of(position, 5, head));
    let (url, answering) = scripted(pages.collect());
    let mut together = Vec::new();
    let outcome = read_feed(
        &client_of(url, Some(server().public())),
        &Cancel::default(),
        Cursor::START,
        1,
        &mut |page: &Page| {
            while !answering.is_finished() {
                std::thread::sleep(Duration::from_millis(1));
            }
            let positions: Vec<u64> = page.sent.items.iter().map(|entry| entry.position).collect();
            assert_eq!(positions.last(), Some(&page.sent.cursor.position));
            together.push(positions);
            Ok(())
        },
    );
    assert_eq!(outcome, Ok(()));
    together
}

#[test]
fn pages_that_came_while_one_was_kept_are_kept_together() {
    let together = handed_over([5; 5]);

    assert_eq!(together.concat(), [1, 2, 3, 4, 5]);
    assert!(together.len() < 5, "{together:?}");
}

#[test]
fn pages_under_different_heads_are_kept_apart() {
    let apart = handed_over([5, 6, 7, 8, 9]);
    assert_eq!(apart, [[1], [2], [3], [4], [5]]);
}
