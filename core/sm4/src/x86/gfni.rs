//! The key schedule with GFNI, on single words. The state is renamed (see `field`), so that one instruction is the S-box
//! and the linear map after it.

use std::arch::x86_64::*;

use super::mem::load128;
use crate::field::{FK_BYTES, KEY_CK, KEY_MASK, KEY_ROUND, KEY_ROUND_CONST, RENAME};

/// Byte i comes from byte i + 1, i + 2, i + 3 of its word.
pub(super) const TURN: [[u8; 16]; 3] =
    [[1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12], [2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13], [3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14]];

#[target_feature(enable = "avx2,gfni")]
pub(super) fn expand(key: &[u8; 16]) -> [u32; 32] {
    let matrix = |m: u64| _mm_set1_epi64x(m.cast_signed());
    let [m0, m1, m2, m3] = KEY_ROUND.map(matrix);
    let [turn1, turn2, turn3] = TURN.map(|turn| load128(&turn));
    let key = _mm_gf2p8affine_epi64_epi8::<0>(_mm_xor_si128(load128(key), load128(&FK_BYTES)), matrix(RENAME));
    let mut state = [key, _mm_srli_si128::<4>(key), _mm_srli_si128::<8>(key), _mm_srli_si128::<12>(key)];
    KEY_CK.map(|ck| {
        let [a, b, c, d] = state;
        let early = _mm_xor_si128(_mm_xor_si128(b, c), _mm_cvtsi32_si128(ck.cast_signed()));
        let t = _mm_xor_si128(early, d);
        let s0 = _mm_gf2p8affineinv_epi64_epi8::<{ KEY_ROUND_CONST as i32 }>(t, m0);
        let s1 = _mm_shuffle_epi8(_mm_gf2p8affineinv_epi64_epi8::<0>(t, m1), turn1);
        let s2 = _mm_shuffle_epi8(_mm_gf2p8affineinv_epi64_epi8::<0>(t, m2), turn2);
        let s3 = _mm_shuffle_epi8(_mm_gf2p8affineinv_epi64_epi8::<0>(t, m3), turn3);
        let next = _mm_xor_si128(_mm_xor_si128(_mm_xor_si128(a, s0), s1), _mm_xor_si128(s2, s3));
        state = [b, c, d, next];
        _mm_cvtsi128_si32(next).cast_unsigned() ^ KEY_MASK
    })
}
