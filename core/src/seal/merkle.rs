//! The Merkle tree over a segment's frames (RFC 6962, section 2.1, with SM3): one frame can be proven to be in it without the others.

use sm3::Digest;

use super::frame::SEALED_HEAD;

type Hash = [u8; 32];

fn leaf(head: &[u8; SEALED_HEAD], witness: &[u8]) -> Hash {
    let mut hash = sm3::Sm3::new();
    hash.update([0]);
    hash.update(head);
    hash.update(witness);
    hash.finalize().into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    let mut hash = sm3::Sm3::new();
    hash.update([1]);
    hash.update(left);
    hash.update(right);
    hash.finalize().into()
}

/// A tree that grows leaf by leaf; keeps one hash for each complete subtree.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Complete subtrees, the largest first, with the number of their leaves.
    peaks: Vec<(u64, Hash)>,
}

impl Tree {
    pub(super) fn push(&mut self, head: &[u8; SEALED_HEAD], witness: &[u8]) {
        self.add(leaf(head, witness));
    }

    fn add(&mut self, mut hash: Hash) {
        let mut leaves = 1;
        while let Some((_, left)) = self.peaks.pop_if(|(count, _)| *count == leaves) {
            hash = node(&left, &hash);
            leaves *= 2;
        }
        self.peaks.push((leaves, hash));
    }

    /// The root of all leaves so far; SM3 of nothing for none.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev().map(|(_, hash)| *hash);
        match peaks.next() {
            None => crate::gm::sm3(&[]),
            Some(last) => peaks.fold(last, |right, left| node(&left, &right)),
        }
    }
}

/// Proves that a frame is the leaf at a place of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// Its place.
    pub at: u64,
    /// Leaves of the tree.
    pub leaves: u64,
    /// The hashes beside the way to the root, from the leaf on.
    pub path: Vec<Hash>,
}

impl InclusionProof {
    /// Makes the proof from all leaves.
    pub(super) fn of(leaves: &[Hash], at: usize) -> Option<InclusionProof> {
        leaves.get(at)?;
        Some(InclusionProof { at: at as u64, leaves: leaves.len() as u64, path: path(leaves, at) })
    }

    /// The root that follows from the proof for this leaf; `None` when the path is not as long as it must be.
    pub fn root_for(&self, leaf: &Hash) -> Option<Hash> {
        if self.at >= self.leaves {
            return None;
        }
        let mut path = self.path.iter();
        let root = climb(self.at, self.leaves, *leaf, &mut path)?;
        path.next().is_none().then_some(root)
    }
}

/// The hash of a frame as a leaf.
pub(super) fn leaf_of(head: &[u8; SEALED_HEAD], witness: &[u8]) -> Hash {
    leaf(head, witness)
}

/// The largest power of two below a number above one.
const fn split(leaves: u64) -> u64 {
    1 << (u64::BITS - 1 - (leaves - 1).leading_zeros())
}

fn root_of(leaves: &[Hash]) -> Hash {
    let mut tree = Tree::default();
    leaves.iter().for_each(|leaf| tree.add(*leaf));
    tree.root()
}

fn path(leaves: &[Hash], at: usize) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len() as u64) as usize); // below the length
    let (mut rest, beside) = if at < left.len() { (path(left, at), root_of(right)) } else { (path(right, at - left.len()), root_of(left)) };
    rest.push(beside);
    rest
}

fn climb<'a>(at: u64, leaves: u64, leaf: Hash, path: &mut impl Iterator<Item = &'a Hash>) -> Option<Hash> {
    if leaves == 1 {
        return Some(leaf);
    }
    let left = split(leaves);
    if at < left {
        let below = climb(at, left, leaf, path)?;
        Some(node(&below, path.next()?))
    } else {
        let below = climb(at - left, leaves - left, leaf, path)?;
        Some(node(path.next()?, &below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962's recursive definition, written down as it stands there.
    fn mth(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => crate::gm::sm3(&[]),
            [one] => *one,
            more => {
                let (left, right) = more.split_at(split(more.len() as u64) as usize);
                node(&mth(left), &mth(right))
            }
        }
    }

    #[test]
    fn the_tree_is_the_standards_and_every_leaf_is_provable() {
        let leaves: Vec<Hash> = (0..40u8).map(|n| leaf(&[n; SEALED_HEAD], &[n])).collect();
        for count in 0..=leaves.len() {
            let leaves = &leaves[..count];
            assert_eq!(root_of(leaves), mth(leaves), "{count}");
            for at in 0..count {
                let proof = InclusionProof::of(leaves, at).unwrap();
                assert_eq!(proof.root_for(&leaves[at]), Some(mth(leaves)));
                if count > 1 {
                    assert_ne!(proof.root_for(&leaves[(at + 1) % count]), Some(mth(leaves)));
                    let mut cut = proof.clone();
                    cut.path.pop();
                    assert_eq!(cut.root_for(&leaves[at]), None);
                }
            }
            assert_eq!(InclusionProof::of(leaves, count), None);
        }
    }
}
