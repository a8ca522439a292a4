//! The chain (哈希链): each frame's place in the log, provable without a key.

use sm3::Digest;

use super::frame::{FrameKind, SEALED_HEAD};
use crate::gm::{self, GCM_TAG_LEN};

/// C_i: what everything before a frame hashes to.
pub(super) type Chain = [u8; 32];

/// What stands for a frame's body: the tag of sealed records, SM3 of everything in the clear.
pub(super) fn witness(kind: FrameKind, body: &[u8]) -> Vec<u8> {
    match kind {
        FrameKind::Data => body.last_chunk::<GCM_TAG_LEN>().map_or_else(Vec::new, |tag| tag.to_vec()),
        FrameKind::Checkpoint | FrameKind::Footer | FrameKind::Note => gm::sm3(body).to_vec(),
    }
}

/// C_{i+1} = SM3(C_i ‖ bytes 0..36 of the head ‖ witness).
pub(super) fn next(chain: &Chain, head: &[u8; SEALED_HEAD], witness: &[u8]) -> Chain {
    let mut hash = sm3::Sm3::new();
    hash.update(chain);
    hash.update(head);
    hash.update(witness);
    hash.finalize().into()
}
