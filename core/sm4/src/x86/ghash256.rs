//! GHASH with VPCLMULQDQ in registers of 256 bits: two blocks a register, one reduction for up to sixteen. See `ghash512` for
//! why blocks are reversed.

use core::arch::x86_64::*;

use super::clmul::{REVERSE, multiply, reduce, times_x};
use super::mem::{load128, load256, store128};
use zeroize::{ZeroizeOnDrop, zeroize_bytes};

const POWERS: usize = 16;
const BLOCK: usize = 16;

/// H¹⁶ … H¹, then zeros, so that a load of two powers may begin at any of them.
#[derive(Clone)]
#[repr(align(32))]
pub(crate) struct Pairs([u8; (POWERS + 2) * BLOCK]);

impl Drop for Pairs {
    fn drop(&mut self) {
        zeroize_bytes(&mut self.0);
    }
}

impl ZeroizeOnDrop for Pairs {}

#[target_feature(enable = "avx2,pclmulqdq")]
pub(super) fn pairs(h: &[u8; BLOCK]) -> Pairs {
    let h = times_x(_mm_shuffle_epi8(load128(h), load128(&REVERSE)));
    let mut pairs = Pairs([0; _]);
    let mut power = h;
    for bytes in pairs.0.as_chunks_mut::<BLOCK>().0.iter_mut().take(POWERS).rev() {
        store128(bytes, power);
        power = multiply(power, h);
    }
    pairs
}

#[inline]
#[target_feature(enable = "avx2,vpclmulqdq")]
fn add([low, middle, high]: [__m256i; 3], x: __m256i, h: __m256i) -> [__m256i; 3] {
    let cross = _mm256_xor_si256(_mm256_clmulepi64_epi128::<0x01>(x, h), _mm256_clmulepi64_epi128::<0x10>(x, h));
    [_mm256_xor_si256(low, _mm256_clmulepi64_epi128::<0x00>(x, h)), _mm256_xor_si256(middle, cross), _mm256_xor_si256(high, _mm256_clmulepi64_epi128::<0x11>(x, h))]
}

#[target_feature(enable = "avx2,pclmulqdq,vpclmulqdq")]
pub(super) fn absorb(pairs: &Pairs, state: &mut [u8; BLOCK], data: &[u8]) {
    let reverse = _mm256_broadcastsi128_si256(load128(&REVERSE));
    let mut hash = _mm_shuffle_epi8(load128(state), load128(&REVERSE));
    for part in data.chunks(POWERS * BLOCK) {
        let left = part.len().div_ceil(BLOCK);
        let mut carried = _mm256_zextsi128_si256(hash);
        let mut sum = [_mm256_setzero_si256(); 3];
        let mut powers = pairs.0.get((POWERS - left) * BLOCK..).unwrap_or_default().as_chunks::<32>().0.iter();
        let (whole, rest) = part.as_chunks::<32>();
        for (bytes, h) in whole.iter().zip(&mut powers) {
            sum = add(sum, _mm256_xor_si256(_mm256_shuffle_epi8(load256(bytes), reverse), carried), load256(h));
            carried = _mm256_setzero_si256();
        }
        if let (false, Some(h)) = (rest.is_empty(), powers.next()) {
            let mut padded = [0; 32];
            padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            sum = add(sum, _mm256_xor_si256(_mm256_shuffle_epi8(load256(&padded), reverse), carried), load256(h));
        }
        let [low, middle, high] = sum.map(|part| _mm_xor_si128(_mm256_castsi256_si128(part), _mm256_extracti128_si256::<1>(part)));
        hash = reduce(low, middle, high);
    }
    store128(state, _mm_shuffle_epi8(hash, load128(&REVERSE)));
}
