//! Compression of frames with zstd, behind the feature `zstd` (a C library; everything else here is Rust).

use menjie::error::Code;
use menjie::seal::FrameCodec;
use menjie::{Error, Result};

/// Level 1: most of what can be won, at a fraction of the time (domain/gmlog.md §5).
const LEVEL: i32 = 1;

/// Frames as zstd frames. The length of a compressed frame tells a little of what is in it: keep [`crate::Settings::pad_to`] above 1.
#[derive(Clone, Copy, Debug, Default)]
pub struct Zstd;

fn broken(problem: &'static str) -> Error {
    Error::new(Code::SealBroken).with("field", "frame").with("problem", problem)
}

impl FrameCodec for Zstd {
    fn compress(&self, raw: &[u8]) -> Result<Option<Vec<u8>>> {
        let mut packed = Vec::with_capacity(zstd_safe::compress_bound(raw.len()));
        zstd_safe::compress(&mut packed, raw, LEVEL).map_err(|_| Error::internal("zstd compresses every text"))?;
        Ok((packed.len() < raw.len()).then_some(packed))
    }

    fn decompress(&self, packed: &[u8], raw_len: usize) -> Result<(Vec<u8>, usize)> {
        // The first frame only, and into room for `raw_len` bytes: whatever the frame claims, it does not get more.
        let used = zstd_safe::find_frame_compressed_size(packed).map_err(|_| broken("is no zstd frame"))?;
        let frame = packed.get(..used).ok_or_else(|| broken("is no zstd frame"))?;
        let mut raw = Vec::with_capacity(raw_len);
        zstd_safe::decompress(&mut raw, frame).map_err(|_| broken("does not decompress to what its head says"))?;
        if raw.len() == raw_len { Ok((raw, used)) } else { Err(broken("does not decompress to what its head says")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compressed_comes_back_with_zeros_behind_it() {
        let raw = b"{\"peer\":\"wechat\",\"interface\":\"POST /v3/pay/transactions/native\"}".repeat(40);
        let mut packed = Zstd.compress(&raw).unwrap().unwrap();
        assert!(packed.len() * 5 < raw.len());
        let len = packed.len();
        packed.resize(len + 63, 0);
        assert_eq!(Zstd.decompress(&packed, raw.len()).unwrap(), (raw, len));
        assert_eq!(Zstd.compress(&[1, 2, 3]).unwrap(), None, "what does not get smaller stays as it is");
    }

    #[test]
    fn a_bomb_and_a_lie_are_refused() {
        let bomb = Zstd.compress(&vec![0; 64 << 20]).unwrap().unwrap();
        for raw_len in [0, 1, 4096, (64 << 20) - 1, (64 << 20) + 1] {
            assert_eq!(Zstd.decompress(&bomb, raw_len).unwrap_err().code(), Code::SealBroken);
        }
        assert!(Zstd.decompress(b"no zstd at all", 14).is_err());
        assert!(Zstd.decompress(&bomb[..bomb.len() - 1], 64 << 20).is_err());
        // A skippable frame decompresses to nothing.
        assert!(Zstd.decompress(&[0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9], 1).is_err());
    }
}
