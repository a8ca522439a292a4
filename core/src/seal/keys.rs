//! The keys of a segment: one secret, and everything that follows from it. A key is gone once its frames are written.

use zeroize::Zeroizing;

use super::header::LogId;
use crate::error::{Code, Error, Result};
use crate::gm::{BatchMacKey, GCM_NONCE_LEN, MacKey, SM4_KEY_LEN, SealingKey, hkdf_expand, hmac_sm3};

/// The secret S that auditors unwrap.
pub(super) type Secret = Zeroizing<[u8; 32]>;

/// What follows from a segment's secret at once.
pub(super) struct SegmentKeys {
    /// Tells a wrong or exchanged secret before any frame is opened.
    pub(super) commit: [u8; 32],
    pub(super) frames: FrameKeys,
    /// Hashes what records are found by.
    pub(super) index: BatchMacKey,
    /// Authenticates the index.
    pub(super) index_mac: MacKey,
}

impl SegmentKeys {
    pub(super) fn derive(log_id: &LogId, segment_no: u64, ratchet_frames: u16, secret: &[u8; 32]) -> Result<SegmentKeys> {
        let salt = [log_id.as_slice(), &segment_no.to_be_bytes()].concat();
        let prk = Zeroizing::new(hmac_sm3(&salt, &[secret])?);
        let index = Zeroizing::new(hkdf_expand::<32>(&prk, b"GML1 index")?);
        let index_mac = Zeroizing::new(hkdf_expand::<32>(&prk, b"GML1 index mac")?);
        Ok(SegmentKeys {
            commit: hkdf_expand(&prk, b"GML1 commit")?,
            frames: FrameKeys::new(Zeroizing::new(hkdf_expand(&prk, b"GML1 ratchet")?), ratchet_frames)?,
            index: BatchMacKey::new(index.as_slice())?,
            index_mac: MacKey::new(index_mac.as_slice())?,
        })
    }
}

/// The keys of the frames, epoch by epoch; there is no way back.
#[derive(Clone)]
pub(super) struct FrameKeys {
    ratchet: Zeroizing<[u8; 32]>,
    epoch: u32,
    per_epoch: u32,
    key: SealingKey,
    base: [u8; GCM_NONCE_LEN],
}

impl FrameKeys {
    fn new(ratchet: Zeroizing<[u8; 32]>, per_epoch: u16) -> Result<FrameKeys> {
        if per_epoch == 0 {
            return Err(Error::new(Code::SealBroken).with("problem", "an epoch has frames"));
        }
        let (key, base) = epoch_key(&ratchet)?;
        Ok(FrameKeys { ratchet, epoch: 0, per_epoch: u32::from(per_epoch), key, base })
    }

    /// Key and nonce of a frame. Frames are asked for in order; one of an epoch that has passed is an error.
    pub(super) fn of(&mut self, frame_no: u32) -> Result<(&SealingKey, [u8; GCM_NONCE_LEN])> {
        let epoch = frame_no / self.per_epoch;
        if epoch < self.epoch {
            return Err(Error::internal("the key of a frame that has passed is gone"));
        }
        while self.epoch < epoch {
            self.ratchet = Zeroizing::new(hkdf_expand(&self.ratchet, b"GML1 next")?);
            self.epoch += 1; // at most `epoch`
            if self.epoch == epoch {
                (self.key, self.base) = epoch_key(&self.ratchet)?;
            }
        }
        let mut nonce = self.base;
        if let Some(last) = nonce.last_chunk_mut::<4>() {
            last.iter_mut().zip(frame_no.to_be_bytes()).for_each(|(byte, no)| *byte ^= no);
        }
        Ok((&self.key, nonce))
    }
}

/// K_e ‖ NB_e.
fn epoch_key(ratchet: &[u8; 32]) -> Result<(SealingKey, [u8; GCM_NONCE_LEN])> {
    let both = Zeroizing::new(hkdf_expand::<{ SM4_KEY_LEN + GCM_NONCE_LEN }>(ratchet, b"GML1 frame")?);
    match (both.first_chunk::<SM4_KEY_LEN>(), both.last_chunk::<GCM_NONCE_LEN>()) {
        (Some(key), Some(base)) => Ok((SealingKey::new(key), *base)),
        _ => Err(Error::internal("twenty-eight bytes are a key and a nonce")),
    }
}

/// Z_{n+1}: the key of the next segment's seal. The host overwrites its own with it; the auditors start from the first.
pub fn next_seal(seal: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>> {
    hkdf_expand(seal, b"GML1 seal").map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gm::{hex, unhex};

    fn golden() -> SegmentKeys {
        let log_id: LogId = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let secret: [u8; 32] = std::array::from_fn(|i| 0x20 + u8::try_from(i).unwrap());
        SegmentKeys::derive(&log_id, 1, 256, &secret).unwrap()
    }

    /// domain/gmlog.md §8.7, made with another implementation.
    #[test]
    fn golden_keys() {
        let mut keys = golden();
        assert_eq!(hex(&keys.commit), "7cd575b65ad6546a64c3416f718d2c1f066583b0050435a45e0ef8b8a9f7b123");
        assert_eq!(hex(keys.frames.ratchet.as_slice()), "642b153d53af1411825afe046446e13e04ede5c0dce349d17d158f0e16ff3871");
        assert_eq!(hex(&keys.frames.base), "e7736ebed8b983d3798347a2");
        let key = SealingKey::new(&unhex("6feaf500cc347136c35b9c12a0b7534d").unwrap().try_into().unwrap());
        assert_eq!(keys.frames.key.seal(&[0; 12], b"", b"x").unwrap(), key.seal(&[0; 12], b"", b"x").unwrap());
        assert_eq!(hex(&keys.index.macs(&[b"txn\0MZ20261122000001"])[0][..8]), "8cc656ef1edb6aac");
        keys.frames.of(256).unwrap();
        assert_eq!(hex(keys.frames.ratchet.as_slice()), "a0c7bfe6d275cab460e91cd6a7a450ec384e8e064ac1646721a730820f3410d8");
        let key = SealingKey::new(&unhex("3de271b14ed1a7f0ac5edefbd687860f").unwrap().try_into().unwrap());
        assert_eq!(keys.frames.key.seal(&[0; 12], b"", b"x").unwrap(), key.seal(&[0; 12], b"", b"x").unwrap());
    }

    #[test]
    fn no_nonce_repeats_and_no_key_comes_back() {
        let mut keys = golden().frames;
        let mut seen = std::collections::BTreeSet::new();
        for no in 0..2000u32 {
            let (key, nonce) = keys.of(no).unwrap();
            // The same text under the same key and nonce would be the same bytes.
            assert!(seen.insert(key.seal(&nonce, b"", b"same").unwrap()), "frame {no}");
        }
        assert!(keys.of(1791).is_err());
        assert!(keys.of(1792).is_ok());
    }
}
