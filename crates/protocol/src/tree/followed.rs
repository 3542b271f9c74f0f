//! The tree over the feed as one follows it who reads the feed: what was read must be what the server signed.
//!
//! The frontier stands where the reader's cursor stands. Each page is appended: the reader computes the leaves of
//! what it was given, the server adds the hashes of what was not for it. Where the frontier passes a head that was
//! signed, the roots must agree. So a head that was proved extends every head proved before it, and each event that
//! was read, one's own receipts among them, stands in it at its place.
//!
//! Basis: design, section 6; reliability, invariant I6.

use serde::{Deserialize, Serialize};
use skranke_domain::ids::DeviceId;

use super::{Frontier, Node, event_leaf, leaf_hash, scope_leaf};
use crate::confirmation::{HeadAlarm, TenantHead};
use crate::encoding::{from_hex, to_hex};
use crate::wire::{FeedItem, FeedPage};

/// The tree over what was read of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Kept", try_from = "Kept")]
pub struct FollowedTree {
    epoch: u64,
    frontier: Frontier,
    /// The first head that was signed beyond what was read: its root must come out when reading gets there.
    ahead: Option<(u64, Node)>,
}

/// The shape in which a reader keeps it.
#[derive(Serialize, Deserialize)]
struct Kept {
    epoch: u64,
    size: u64,
    peaks: String,
    ahead: Option<(u64, String)>,
}

impl From<FollowedTree> for Kept {
    fn from(tree: FollowedTree) -> Self {
        Self {
            epoch: tree.epoch,
            size: tree.frontier.size,
            peaks: to_hex(&tree.frontier.to_bytes()),
            ahead: tree.ahead.map(|(position, root)| (position, to_hex(&root))),
        }
    }
}

impl TryFrom<Kept> for FollowedTree {
    type Error = super::FrontierError;

    fn try_from(kept: Kept) -> Result<Self, Self::Error> {
        let ahead = kept.ahead.map(|(position, root)| {
            let root = from_hex(&root).map_err(|_| super::FrontierError)?;
            Ok((position, root))
        });
        Ok(Self {
            epoch: kept.epoch,
            frontier: Frontier::from_hex(kept.size, &kept.peaks)?,
            ahead: ahead.transpose()?,
        })
    }
}

impl FollowedTree {
    /// The tree of one who has read nothing.
    pub fn of_nothing(epoch: u64) -> Self {
        Self {
            epoch,
            frontier: Frontier::default(),
            ahead: None,
        }
    }

    /// The tree of one who read before there was anything to compare with: believed as the server gives it, where it
    /// gives the root that was signed.
    pub fn on_trust(frontier: Frontier, head: &TenantHead) -> Option<Self> {
        let is_of_head = frontier.size() == head.position && frontier.root() == head.root;
        is_of_head.then_some(Self {
            epoch: head.epoch,
            frontier,
            ahead: None,
        })
    }

    /// The epoch that is followed.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// How far the feed was read and proved.
    pub fn position(&self) -> u64 {
        self.frontier.size()
    }

    /// The root over it.
    pub fn root(&self) -> Node {
        self.frontier.root()
    }

    /// The tree in a new epoch that has the feed up to `shared` in common with this one; none where more was read.
    pub fn goes_on_in(self, epoch: u64, shared: u64) -> Option<Self> {
        (self.frontier.size() <= shared).then_some(Self {
            epoch,
            ahead: None,
            ..self
        })
    }

    /// Takes note of a head that was signed, to be compared when reading gets there.
    ///
    /// # Errors
    /// [`HeadAlarm::Rewritten`]: it stands where reading has got to, with another root.
    pub fn hears(&mut self, head: &TenantHead) -> Result<(), HeadAlarm> {
        if head.epoch != self.epoch || head.position < self.position() {
            return Ok(());
        }
        if head.position == self.position() {
            return agree(self.root() == head.root);
        }
        self.ahead.get_or_insert((head.position, head.root));
        Ok(())
    }

    /// Appends what was read, up to `cursor`, and then hears the head that came with it.
    ///
    /// # Errors
    /// [`HeadAlarm::Rewritten`]: what was read is not what was signed.
    pub fn reads(&mut self, leaves: Vec<Node>, head: &TenantHead) -> Result<(), HeadAlarm> {
        for leaf in leaves {
            self.frontier.append_hash(leaf);
            if let Some((_, root)) = self.ahead.filter(|(at, _)| *at == self.position()) {
                agree(self.root() == root)?;
                self.ahead = None;
            }
        }
        agree(self.position() <= head.position)?;
        self.hears(head)
    }
}

fn agree(holds: bool) -> Result<(), HeadAlarm> {
    if holds {
        Ok(())
    } else {
        Err(HeadAlarm::Rewritten)
    }
}

/// What a page has for the leaves of the positions it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageLeaves {
    /// The leaves from the position after `after` up to the page's cursor.
    Whole(Vec<Node>),
    /// The server gives no hashes, or an item is of a later program: nothing can be proved.
    Unknown,
    /// The page covers other positions than its items and hashes say.
    Wrong,
}

/// The leaves of a page that was asked for after a position by this device.
pub fn leaves_of(page: &FeedPage, after: u64, own: DeviceId) -> PageLeaves {
    let Some(skipped) = &page.skipped else {
        return PageLeaves::Unknown;
    };
    let mut skipped = skipped.iter();
    let mut items = page.items.iter().peekable();
    let mut leaves = Vec::new();
    for position in after + 1..=page.cursor.position {
        let given = items.next_if(|entry| entry.position == position);
        let leaf = match given.map(|entry| &entry.item) {
            None => skipped.next().and_then(|text| from_hex(text).ok()),
            Some(FeedItem::Event { event }) => {
                let leaf = event_leaf(position, event.header().case_id, event.hash());
                Some(leaf_hash(&leaf))
            }
            Some(FeedItem::ScopeEntered { case_id, .. }) => {
                Some(leaf_hash(&scope_leaf(position, true, *case_id, own)))
            }
            Some(FeedItem::ScopeLeft { case_id }) => {
                Some(leaf_hash(&scope_leaf(position, false, *case_id, own)))
            }
            Some(FeedItem::Unknown) => return PageLeaves::Unknown,
        };
        let Some(leaf) = leaf else {
            return PageLeaves::Wrong;
        };
        leaves.push(leaf);
    }
    if items.next().is_some() || skipped.next().is_some() {
        return PageLeaves::Wrong;
    }
    PageLeaves::Whole(leaves)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::noon;
    use proptest::prelude::*;

    fn leaf(number: usize) -> Node {
        leaf_hash(&number.to_be_bytes())
    }

    fn head(leaves: &[Node]) -> TenantHead {
        let mut tree = Frontier::default();
        leaves.iter().for_each(|leaf| tree.append_hash(*leaf));
        TenantHead {
            tenant: "0999".to_owned(),
            epoch: 1,
            position: tree.size(),
            root: tree.root(),
            issued_at: noon(),
        }
    }

    #[test]
    fn it_is_kept_and_taken_up_again() {
        let leaves: Vec<Node> = (0..11).map(leaf).collect();
        let mut tree = FollowedTree::of_nothing(1);
        tree.reads(leaves[..7].to_vec(), &head(&leaves)).unwrap();

        let text = serde_json::to_string(&tree).unwrap();

        assert_eq!(serde_json::from_str::<FollowedTree>(&text).unwrap(), tree);
        assert!(serde_json::from_str::<FollowedTree>(&text.replace("7", "8")).is_err());
    }

    #[test]
    fn on_trust_nothing_is_believed_that_does_not_give_the_signed_root() {
        let leaves: Vec<Node> = (0..5).map(leaf).collect();
        let mut other = Frontier::default();
        (1..6).map(leaf).for_each(|leaf| other.append_hash(leaf));

        assert!(FollowedTree::on_trust(other, &head(&leaves)).is_none());
    }

    #[test]
    fn in_a_new_epoch_only_what_both_share_goes_on() {
        let leaves: Vec<Node> = (0..5).map(leaf).collect();
        let mut tree = FollowedTree::of_nothing(1);
        tree.reads(leaves.clone(), &head(&leaves)).unwrap();

        assert!(tree.clone().goes_on_in(2, 4).is_none());
        let on = tree.goes_on_in(2, 5).unwrap();
        assert_eq!((on.epoch(), on.position()), (2, 5));
    }

    proptest! {
        #[test]
        fn an_honest_feed_is_never_an_alarm_however_it_is_cut_into_pages(
            cuts in proptest::collection::vec(0_usize..40, 0..6),
            heard in proptest::collection::vec(0_usize..40, 0..6),
        ) {
            let leaves: Vec<Node> = (0..40).map(leaf).collect();
            let mut tree = FollowedTree::of_nothing(1);
            let mut cuts = cuts;
            cuts.push(40);
            cuts.sort_unstable();
            for cut in cuts {
                for at in &heard {
                    prop_assert_eq!(tree.hears(&head(&leaves[..*at])), Ok(()));
                }
                let from = usize::try_from(tree.position()).unwrap();
                prop_assert_eq!(tree.reads(leaves[from..cut].to_vec(), &head(&leaves)), Ok(()));
            }
            prop_assert_eq!(tree.root(), head(&leaves).root);
        }

        #[test]
        fn a_history_that_was_altered_anywhere_is_an_alarm_whether_read_before_or_after(
            read in 0_usize..30,
            altered in 0_usize..30,
            longer in 0_usize..10,
        ) {
            let leaves: Vec<Node> = (0..30).map(leaf).collect();
            let mut rewritten: Vec<Node> = (0..30 + longer).map(leaf).collect();
            rewritten[altered] = [0xee; 32];
            let mut tree = FollowedTree::of_nothing(1);
            // It has read a part of the true feed and heard the true head.
            tree.reads(leaves[..read].to_vec(), &head(&leaves)).unwrap();

            let rest = rewritten[read..].to_vec();

            prop_assert_eq!(tree.reads(rest, &head(&rewritten)), Err(HeadAlarm::Rewritten));
        }
    }
}
