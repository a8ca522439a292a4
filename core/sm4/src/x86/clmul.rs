//! GHASH with PCLMULQDQ: one reduction for up to eight blocks. See `ghash512` for why blocks are reversed.

use core::arch::x86_64::*;

use super::mem::{load128, store128};
use zeroize::{ZeroizeOnDrop, zeroize_bytes};

const POWERS: usize = 8;

/// Turns a block around.
pub(super) const REVERSE: [u8; 16] = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
/// x⁶³ + x⁶² + x⁵⁷: what x¹²⁸ + x¹²⁷ + x¹²⁶ + x¹²¹ + 1 leaves of a division by x⁶⁴.
pub(super) const POLYNOMIAL: i64 = 0xc200_0000_0000_0000_u64.cast_signed();

/// H⁸ … H¹.
#[derive(Clone)]
pub(crate) struct Powers([[u8; 16]; POWERS]);

impl Drop for Powers {
    fn drop(&mut self) {
        zeroize_bytes(self.0.as_flattened_mut());
    }
}

impl ZeroizeOnDrop for Powers {}

/// The reduced product of parts: low, middle and high.
#[inline]
#[target_feature(enable = "pclmulqdq")]
pub(super) fn reduce(low: __m128i, middle: __m128i, high: __m128i) -> __m128i {
    let polynomial = _mm_set1_epi64x(POLYNOMIAL);
    let middle = _mm_xor_si128(_mm_xor_si128(middle, _mm_shuffle_epi32::<0x4e>(low)), _mm_clmulepi64_si128::<0x00>(low, polynomial));
    _mm_xor_si128(_mm_xor_si128(high, _mm_shuffle_epi32::<0x4e>(middle)), _mm_clmulepi64_si128::<0x00>(middle, polynomial))
}

#[inline]
#[target_feature(enable = "pclmulqdq")]
fn add([low, middle, high]: [__m128i; 3], x: __m128i, h: __m128i) -> [__m128i; 3] {
    let cross = _mm_xor_si128(_mm_clmulepi64_si128::<0x01>(x, h), _mm_clmulepi64_si128::<0x10>(x, h));
    [_mm_xor_si128(low, _mm_clmulepi64_si128::<0x00>(x, h)), _mm_xor_si128(middle, cross), _mm_xor_si128(high, _mm_clmulepi64_si128::<0x11>(x, h))]
}

#[inline]
#[target_feature(enable = "pclmulqdq")]
pub(super) fn multiply(a: __m128i, b: __m128i) -> __m128i {
    let [low, middle, high] = add([_mm_setzero_si128(); 3], a, b);
    reduce(low, middle, high)
}

/// A reversed block times x.
#[inline]
pub(super) fn times_x(block: __m128i) -> __m128i {
    let mut bytes = [0; 16];
    store128(&mut bytes, block);
    let value = u128::from_le_bytes(bytes);
    // All ones if the top bit falls out.
    let carry = (value.cast_signed() >> 127).cast_unsigned();
    let shifted = value << 1 ^ carry & 0xc200_0000_0000_0000_0000_0000_0000_0001;
    load128(&shifted.to_le_bytes())
}

#[target_feature(enable = "ssse3,pclmulqdq")]
pub(super) fn powers(h: &[u8; 16]) -> Powers {
    let h = times_x(_mm_shuffle_epi8(load128(h), load128(&REVERSE)));
    let mut powers = Powers([[0; 16]; POWERS]);
    let mut power = h;
    for bytes in powers.0.iter_mut().rev() {
        store128(bytes, power);
        power = multiply(power, h);
    }
    powers
}

#[target_feature(enable = "ssse3,pclmulqdq")]
pub(super) fn absorb(powers: &Powers, state: &mut [u8; 16], data: &[u8]) {
    let reverse = load128(&REVERSE);
    let mut hash = _mm_shuffle_epi8(load128(state), reverse);
    for part in data.chunks(POWERS * 16) {
        let blocks = part.len().div_ceil(16);
        let (whole, rest) = part.as_chunks::<16>();
        let mut sum = [_mm_setzero_si128(); 3];
        let mut powers = powers.0.get(POWERS - blocks..).unwrap_or_default().iter();
        for (block, h) in whole.iter().zip(&mut powers) {
            sum = add(sum, _mm_xor_si128(hash, _mm_shuffle_epi8(load128(block), reverse)), load128(h));
            hash = _mm_setzero_si128();
        }
        if let (false, Some(h)) = (rest.is_empty(), powers.next()) {
            let mut block = [0; 16];
            block.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            sum = add(sum, _mm_xor_si128(hash, _mm_shuffle_epi8(load128(&block), reverse)), load128(h));
        }
        let [low, middle, high] = sum;
        hash = reduce(low, middle, high);
    }
    store128(state, _mm_shuffle_epi8(hash, reverse));
}
