//! I6: the head verifies, each receipt stands in it, and it only grew.

use skranke_protocol::tree::{Frontier, Node, event_leaf, leaf_hash};

use super::{Central, World};

/// The tree over a central store's feed.
#[derive(Debug, Default)]
pub struct Tree {
    /// Hash of each item of the feed, from the first on.
    pub leaves: Vec<Node>,
    /// The root that is signed.
    pub root: Node,
}

pub(super) fn grows(world: &World, central: &Central, tree: &Tree, found: &mut Vec<String>) {
    if tree.leaves.len() as u64 != central.position {
        found.push("I6: the tree has not one leaf for each position".to_owned());
        return;
    }
    let mut roots = Vec::with_capacity(tree.leaves.len() + 1);
    let mut frontier = Frontier::default();
    roots.push(frontier.root());
    for leaf in &tree.leaves {
        frontier.append_hash(*leaf);
        roots.push(frontier.root());
    }
    if roots.last() != Some(&tree.root) {
        found.push("I6: the signed root is not that of the feed".to_owned());
    }
    let placed = central.events.iter();
    let placed = placed.filter_map(|(event, position)| Some((event, (*position)?)));
    for (event, position) in placed {
        let leaf = leaf_hash(&event_leaf(position, event.header().case_id, event.hash()));
        let index = usize::try_from(position - 1).unwrap_or(usize::MAX);
        if tree.leaves.get(index) != Some(&leaf) {
            found.push(format!(
                "I6: what was acknowledged at {position} is not there"
            ));
        }
    }
    for desktop in &world.desktops {
        let Some((position, root)) = desktop.proved else {
            continue;
        };
        let index = usize::try_from(position).unwrap_or(usize::MAX);
        if roots.get(index) != Some(&root) {
            found.push(format!(
                "I6 {}: the head it proved at {position} is not a beginning of this one",
                desktop.name
            ));
        }
    }
}
