//! The tree over a tenant's feed: a Merkle tree as in RFC 6962, kept as its frontier, so that appending is cheap.
//!
//! The server signs the root with its position; a head that does not extend the last one seen is an alarm.
//! Inclusion and consistency proofs can be added without changing a root that was signed.
//! Basis: design, section 6 (sync confirmation).

use sha2::{Digest, Sha256};

/// A tree that only grows, as the roots of its full subtrees from left to right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<[u8; 32]>,
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
        let mut node: [u8; 32] = Sha256::new()
            .chain_update([0])
            .chain_update(leaf)
            .finalize()
            .into();
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = parent(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root; for the empty tree the hash of nothing, as RFC 6962 has it.
    pub fn root(&self) -> [u8; 32] {
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

fn parent(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
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
    use crate::encoding::to_hex;
    use proptest::prelude::*;

    /// The definition of RFC 6962, section 2.1, word for word.
    fn by_definition(leaves: &[Vec<u8>]) -> [u8; 32] {
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
    }
}
