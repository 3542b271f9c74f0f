//! The tree over a tenant's feed: a Merkle tree as in RFC 6962, kept as its frontier, so that appending is cheap.
//!
//! The server signs the root with its position; a head that does not extend the last one seen is an alarm. A client
//! keeps the frontier of what it has checked, and the server hands out the leaves' hashes after it: appending them
//! must give the root that was signed (extension), and the leaf of an event the client holds must stand at its place
//! (inclusion). Basis: design, section 6 (sync confirmation); reliability, invariant I6.

mod followed;

use serde_json::json;
use sha2::{Digest, Sha256};
use skranke_domain::ids::{CaseId, DeviceId};

pub use followed::{FollowedTree, PageLeaves, leaves_of};

use crate::canonical;
use crate::encoding::{from_hex, to_hex};

/// The hash of a leaf or of a subtree.
pub type Node = [u8; 32];

/// A tree that only grows, as the roots of its full subtrees from left to right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Node>,
}

/// Stored frontier bytes that cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not the frontier of a tree of this size")]
pub struct FrontierError;

impl Frontier {
    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf.
    pub fn append(&mut self, leaf: &[u8]) {
        self.append_hash(leaf_hash(leaf));
    }

    /// Appends a leaf of which only the hash is known.
    pub fn append_hash(&mut self, leaf: Node) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = parent(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root; for the empty tree the hash of nothing, as RFC 6962 has it.
    pub fn root(&self) -> Node {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => Sha256::digest([]).into(),
            Some(last) => peaks.fold(*last, |right, left| parent(left, &right)),
        }
    }

    /// The frontier as bytes, for storage beside the size.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    /// Reads a frontier that was sent.
    ///
    /// # Errors
    /// No hexadecimal text, or the number of peaks does not fit the size.
    pub fn from_hex(size: u64, text: &str) -> Result<Self, FrontierError> {
        let peaks = text.as_bytes().chunks(64).map(|peak| {
            let peak = std::str::from_utf8(peak).ok()?;
            from_hex::<32>(peak).ok()
        });
        let peaks: Option<Vec<Node>> = peaks.collect();
        Self::from_bytes(size, &peaks.ok_or(FrontierError)?.concat())
    }

    /// Reads a stored frontier.
    ///
    /// # Errors
    /// The number of peaks does not fit the size.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Self, FrontierError> {
        let (peaks, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() || peaks.len() != size.count_ones() as usize {
            return Err(FrontierError);
        }
        Ok(Self {
            size,
            peaks: peaks.to_vec(),
        })
    }
}

/// The hash of a leaf.
pub fn leaf_hash(leaf: &[u8]) -> Node {
    Sha256::new()
        .chain_update([0])
        .chain_update(leaf)
        .finalize()
        .into()
}

/// Bytes of an event as a leaf: what its receipt stands for, and what a client computes for the events it holds.
pub fn event_leaf(position: u64, case_id: CaseId, hash: &[u8; 32]) -> Vec<u8> {
    leaf_bytes(
        position,
        &json!({
            "position": position, "item": "event",
            "case_id": case_id.to_string(), "hash": to_hex(hash),
        }),
    )
}

/// Bytes of a case that comes into a device's scope, or leaves it, as a leaf.
pub fn scope_leaf(position: u64, enters: bool, case_id: CaseId, device_id: DeviceId) -> Vec<u8> {
    let item = if enters {
        "scope_entered"
    } else {
        "scope_left"
    };
    leaf_bytes(
        position,
        &json!({
            "position": position, "item": item,
            "case_id": case_id.to_string(), "device_id": device_id.to_string(),
        }),
    )
}

fn leaf_bytes(position: u64, item: &serde_json::Value) -> Vec<u8> {
    // Texts and a position always have a canonical form; the fallback keeps the tree defined all the same.
    canonical::value_to_bytes(item).unwrap_or_else(|_| position.to_be_bytes().to_vec())
}

fn parent(left: &Node, right: &Node) -> Node {
    Sha256::new()
        .chain_update([1])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition of RFC 6962, section 2.1, word for word.
    fn by_definition(leaves: &[Vec<u8>]) -> Node {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => Sha256::new()
                .chain_update([0])
                .chain_update(leaf)
                .finalize()
                .into(),
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                parent(
                    &by_definition(&leaves[..split]),
                    &by_definition(&leaves[split..]),
                )
            }
        }
    }

    #[test]
    fn the_empty_root_and_the_first_leaf_match_rfc_6962_vectors() {
        let mut tree = Frontier::default();
        assert_eq!(
            to_hex(&tree.root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );

        tree.append(b"");
        assert_eq!(
            to_hex(&tree.root()),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
    }

    /// The eight leaves that implementations of RFC 6962 are commonly tried with, and the roots after each.
    #[test]
    fn the_roots_of_the_usual_eight_leaves_are_those_others_publish() {
        let leaves: [&[u8]; 8] = [
            b"",
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[
                0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
                0x6e, 0x6f,
            ],
        ];
        let mut tree = Frontier::default();

        let roots = leaves.map(|leaf| {
            tree.append(leaf);
            to_hex(&tree.root())
        });

        assert_eq!(
            roots,
            [
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
            ]
        );
    }

    #[test]
    fn a_frontier_of_another_size_is_refused() {
        let mut tree = Frontier::default();
        tree.append(b"a");
        let bytes = tree.to_bytes();

        assert_eq!(Frontier::from_bytes(1, &bytes).unwrap(), tree);
        assert!(Frontier::from_bytes(3, &bytes).is_err());
        assert!(Frontier::from_bytes(1, &bytes[1..]).is_err());
    }

    proptest! {
        #[test]
        fn the_frontier_gives_the_root_of_the_definition(leaves in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..4), 0..40)) {
            let mut tree = Frontier::default();
            for leaf in &leaves {
                tree.append(leaf);
                tree = Frontier::from_bytes(tree.size(), &tree.to_bytes()).unwrap();
            }
            prop_assert_eq!(tree.root(), by_definition(&leaves));
        }

        #[test]
        fn whoever_holds_the_frontier_of_the_beginning_needs_only_the_hashes_of_the_rest(
            leaves in proptest::collection::vec(any::<[u8; 2]>(), 2..60),
            cut in any::<proptest::sample::Index>(),
            altered in any::<proptest::sample::Index>(),
        ) {
            let hashes: Vec<Node> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
            let grown = |beginning: &[Node], rest: &[Node]| {
                let mut tree = Frontier::default();
                beginning.iter().chain(rest).for_each(|hash| tree.append_hash(*hash));
                tree.root()
            };
            let cut = cut.index(leaves.len());
            let signed = grown(&hashes, &[]);

            prop_assert_eq!(grown(&hashes[..cut], &hashes[cut..]), signed);
            let mut rewritten = hashes.clone();
            rewritten[altered.index(leaves.len())] = [0xee; 32];
            prop_assert_ne!(grown(&rewritten, &[]), signed, "no other history has this root");
        }
    }
}
