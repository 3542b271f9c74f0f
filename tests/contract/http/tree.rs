//! Following the tree over the feed through the real server: what can be proved to a device that sees only a part of
//! it, and what cannot.

use skranke_protocol::encoding::to_hex;
use skranke_protocol::tree::{FollowedTree, PageLeaves, event_leaf, leaf_hash, leaves_of};
use skranke_protocol::wire::{Cursor, FeedItem, FeedPage, Scope};
use skranke_server::store::NewFeedItem;
use skranke_sync::{Client, Page};

use super::town::Town;
use crate::office::{Laptop, TENANT, last};

/// An outreach laptop beside a counter: cases of both, and one that comes into the laptop's scope and leaves it.
struct Story {
    town: Town,
    outreach: Client,
    laptop: Laptop,
}

impl Story {
    fn new() -> Self {
        let town = Town::new();
        let (counter, mut desk) = town.counter(1, &["counter"]);
        let (outreach, mut laptop) = town.client_at_work(2, Scope::OwnCases, &["counter"]);
        let (shared, opening) = desk.open_case("2512169996");
        counter.push(&opening).unwrap();
        let device_id = laptop.id;
        let case_id = shared;
        let moved = |item: NewFeedItem, enters: bool| {
            let operator = town.operator();
            let mut transaction = operator.begin(TENANT).unwrap();
            transaction.append_feed(&item).unwrap();
            if enters {
                transaction.enter_scope(device_id, case_id).unwrap();
            } else {
                transaction.leave_scope(device_id, case_id).unwrap();
            }
            transaction.commit().unwrap();
        };
        moved(NewFeedItem::ScopeEntered { case_id, device_id }, true);
        let note = desk.note(shared, &last(&opening), "mens den er der");
        counter.push(&note).unwrap();
        moved(NewFeedItem::ScopeLeft { case_id, device_id }, false);
        outreach.push(&laptop.open_case("2211771212").1).unwrap();
        counter.push(&desk.open_case("2512169996").1).unwrap();
        Self {
            town,
            outreach,
            laptop,
        }
    }

    fn page(&self, after: Cursor, limit: u32) -> Page {
        self.outreach.pull(after, limit, 0).unwrap()
    }

    /// The whole feed as the laptop sees it.
    fn whole(&self) -> Page {
        let page = self.page(Cursor::START, 100);
        assert_eq!((page.sent.cursor.position, page.sent.more), (9, false));
        page
    }
}

/// What one who had read nothing makes of a page.
fn follow(page: &Page, sent: &FeedPage, laptop: &Laptop) -> Result<FollowedTree, &'static str> {
    let mut tree = FollowedTree::of_nothing(page.sent.cursor.epoch);
    match leaves_of(sent, 0, laptop.id) {
        PageLeaves::Whole(leaves) => tree.reads(leaves, &page.head).map_err(|_| "rewritten")?,
        PageLeaves::Unknown => return Err("unknown"),
        PageLeaves::Wrong => return Err("wrong"),
    }
    Ok(tree)
}

#[test]
fn whoever_sees_a_part_of_the_feed_proves_the_whole_of_it_page_by_page() {
    let story = Story::new();
    let mut cursor = Cursor::START;
    let mut tree = FollowedTree::of_nothing(1);
    let mut pages = 0;
    loop {
        let page = story.page(cursor, 1);
        let PageLeaves::Whole(leaves) = leaves_of(&page.sent, cursor.position, story.laptop.id)
        else {
            panic!("every position is covered")
        };
        tree.reads(leaves, &page.head).unwrap();
        (cursor, pages) = (page.sent.cursor, pages + 1);
        if !page.sent.more {
            assert_eq!(
                (tree.position(), tree.root()),
                (page.head.position, page.head.root)
            );
            break;
        }
    }

    assert!(pages > 2, "the feed was cut");
    assert_eq!(
        story.outreach.tree().unwrap(),
        Some(tree),
        "as one has it who begins to follow here"
    );
}

#[test]
fn an_item_that_was_changed_moved_or_left_out_is_noticed() {
    let story = Story::new();
    let page = story.whole();
    let told = |change: &dyn Fn(&mut FeedPage)| {
        let mut sent = page.sent.clone();
        change(&mut sent);
        follow(&page, &sent, &story.laptop).map(|_| ())
    };

    assert_eq!(told(&|_| {}), Ok(()));
    let own = story.laptop.clone().open_case("2211771212").1;
    assert_eq!(
        told(&|sent| {
            sent.items[1].item = FeedItem::Event {
                event: own[0].clone(),
            };
        }),
        Err("rewritten"),
        "another event in its place"
    );
    assert_eq!(
        told(&|sent| {
            let later = sent.items[1].item.clone();
            sent.items[1].item = std::mem::replace(&mut sent.items[3].item, later);
        }),
        Err("rewritten"),
        "two that changed places"
    );
    assert_eq!(
        told(&|sent| {
            sent.items.remove(1);
        }),
        Err("wrong"),
        "a place without anything"
    );
    assert_eq!(
        told(&|sent| sent.skipped.as_mut().unwrap().swap(0, 1)),
        Err("rewritten"),
        "what is not for it stands in the tree all the same"
    );
}

/// The limit of it: whether what is behind a hash was for the device, the hash does not tell.
#[test]
fn what_is_withheld_behind_its_own_hash_is_not_noticed_by_the_one_it_is_withheld_from() {
    let story = Story::new();
    let page = story.whole();
    let mut sent = page.sent.clone();
    let position = sent.items.iter().position(|entry| entry.position == 4);
    let hidden = sent.items.remove(position.unwrap());
    let FeedItem::Event { event } = hidden.item else {
        panic!("the note, while the case was in its scope")
    };
    let leaf = leaf_hash(&event_leaf(4, event.header().case_id, event.hash()));
    sent.skipped.as_mut().unwrap().insert(2, to_hex(&leaf));

    assert!(follow(&page, &sent, &story.laptop).is_ok());

    // Whoever sees the whole municipality has nothing withheld but the scope of others.
    let (lead, _) = story.town.counter(3, &["lead"]);
    let page = lead.pull(Cursor::START, 100, 0).unwrap();
    let skipped = page.sent.skipped.unwrap().len();
    let items = page.sent.items.len();
    assert_eq!((skipped, items), (2, 7), "two for the laptop alone");
}
