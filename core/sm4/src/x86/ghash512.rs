//! GHASH with VPCLMULQDQ: four blocks a register, one reduction for up to 32 blocks.
//!
//! Blocks are reversed as they are loaded; the hash key is kept times x, so that products come out in place (the identity
//! between GHASH and POLYVAL of RFC 8452, appendix A).

use core::arch::x86_64::*;

use super::clmul::{POLYNOMIAL, REVERSE, multiply, times_x};
use super::gfni512::xor3;
use super::mem::{load_some, load128, load512, store512};
use zeroize::{ZeroizeOnDrop, zeroize_bytes};

/// Powers of the hash key in the table.
pub(super) const POWERS: usize = 32;
const BLOCK: usize = 16;

/// H³² … H¹, then zeros, so that a load of four powers may begin at any of them.
#[derive(Clone)]
#[repr(align(64))]
pub(crate) struct Table([u8; (POWERS + 4) * BLOCK]);

impl Drop for Table {
    fn drop(&mut self) {
        zeroize_bytes(&mut self.0);
    }
}

impl ZeroizeOnDrop for Table {}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,pclmulqdq,vpclmulqdq")]
pub(super) fn table(h: &[u8; 16]) -> Table {
    let h1 = times_x(_mm_shuffle_epi8(load128(h), load128(&REVERSE)));
    let h2 = multiply(h1, h1);
    let (h3, h4) = (multiply(h2, h1), multiply(h2, h2));
    let mut four = _mm512_castsi128_si512(h4);
    four = _mm512_inserti32x4::<1>(four, h3);
    four = _mm512_inserti32x4::<2>(four, h2);
    four = _mm512_inserti32x4::<3>(four, h1);
    let step = _mm512_broadcast_i32x4(h4);
    let eight = multiply4(four, step);
    let step = _mm512_shuffle_i32x4::<0>(eight, eight);
    let (twelve, sixteen) = (multiply4(four, step), multiply4(eight, step));
    let step = _mm512_shuffle_i32x4::<0>(sixteen, sixteen);
    let rows = [multiply4(sixteen, step), multiply4(twelve, step), multiply4(eight, step), multiply4(four, step), sixteen, twelve, eight, four];
    let mut table = Table([0; _]);
    for (bytes, row) in table.0.as_chunks_mut::<64>().0.iter_mut().zip(rows) {
        store512(bytes, row);
    }
    table
}

/// Products not yet reduced: low, middle and high part, four lanes each.
#[derive(Clone, Copy)]
struct Sum([__m512i; 3]);

impl Sum {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn zero() -> Sum {
        Sum([_mm512_setzero_si512(); 3])
    }

    #[inline]
    #[target_feature(enable = "avx512f,vpclmulqdq")]
    fn add(self, x: __m512i, h: __m512i) -> Sum {
        let Sum([low, middle, high]) = self;
        Sum([
            _mm512_xor_si512(low, _mm512_clmulepi64_epi128::<0x00>(x, h)),
            xor3(middle, _mm512_clmulepi64_epi128::<0x01>(x, h), _mm512_clmulepi64_epi128::<0x10>(x, h)),
            _mm512_xor_si512(high, _mm512_clmulepi64_epi128::<0x11>(x, h)),
        ])
    }

    /// Reduces every lane by itself.
    #[inline]
    #[target_feature(enable = "avx512f,vpclmulqdq")]
    fn reduce(self) -> __m512i {
        let Sum([low, middle, high]) = self;
        let polynomial = _mm512_set1_epi64(POLYNOMIAL);
        let middle = xor3(middle, _mm512_shuffle_epi32::<0x4e>(low), _mm512_clmulepi64_epi128::<0x00>(low, polynomial));
        xor3(high, _mm512_shuffle_epi32::<0x4e>(middle), _mm512_clmulepi64_epi128::<0x00>(middle, polynomial))
    }

    /// Adds the lanes up and reduces the sum.
    #[inline]
    #[target_feature(enable = "avx512f,avx512vl,avx512dq,pclmulqdq,vpclmulqdq")]
    fn total(self) -> __m128i {
        let Sum(parts) = self;
        let [low, middle, high] = parts.map(|part| {
            let half = _mm256_xor_si256(_mm512_castsi512_si256(part), _mm512_extracti64x4_epi64::<1>(part));
            _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256::<1>(half))
        });
        super::clmul::reduce(low, middle, high)
    }
}

#[inline]
#[target_feature(enable = "avx512f,vpclmulqdq")]
fn multiply4(a: __m512i, b: __m512i) -> __m512i {
    Sum::zero().add(a, b).reduce()
}

/// A hash under way.
pub(super) struct Hash<'t> {
    table: &'t [u8],
    state: __m128i,
}

impl<'t> Hash<'t> {
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn new(table: &'t Table) -> Hash<'t> {
        Hash { table: &table.0, state: _mm_setzero_si128() }
    }

    /// Products of data (padded to whole blocks) with the powers that begin `left` blocks before the table's end; the state
    /// joins the first block.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,vpclmulqdq")]
    fn absorb(&self, mut sum: Sum, mut state: __m512i, data: &[u8], left: usize) -> Sum {
        let reverse = _mm512_broadcast_i32x4(load128(&REVERSE));
        let powers = self.table.get((POWERS - left) * BLOCK..).unwrap_or_default();
        let (whole, rest) = data.as_chunks::<64>();
        let (quads, _) = powers.as_chunks::<64>();
        let mut quads = quads.iter();
        for (bytes, h) in whole.iter().zip(&mut quads) {
            sum = sum.add(_mm512_xor_si512(_mm512_shuffle_epi8(load512(bytes), reverse), state), load512(h));
            state = _mm512_setzero_si512();
        }
        if let (false, Some(h)) = (rest.is_empty(), quads.next()) {
            sum = sum.add(_mm512_xor_si512(_mm512_shuffle_epi8(load_some(rest), reverse), state), load512(h));
        }
        sum
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn carry(&self) -> __m512i {
        _mm512_zextsi128_si512(self.state)
    }

    /// Joins data, padded to whole blocks.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,pclmulqdq,vpclmulqdq")]
    pub(super) fn whole(&mut self, data: &[u8]) {
        for part in data.chunks(POWERS * BLOCK) {
            self.state = self.absorb(Sum::zero(), self.carry(), part, part.len().div_ceil(BLOCK)).total();
        }
    }

    /// All of a short message, of less than [`POWERS`] blocks, with one reduction.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,pclmulqdq,vpclmulqdq")]
    pub(super) fn short(&self, aad: &[u8], text: &[u8], lengths: &[u8; 16]) -> __m128i {
        let text_blocks = text.len().div_ceil(BLOCK);
        let zero = _mm512_setzero_si512();
        let sum = self.absorb(Sum::zero(), zero, aad, aad.len().div_ceil(BLOCK) + text_blocks + 1);
        let sum = self.absorb(sum, zero, text, text_blocks + 1);
        self.absorb(sum, zero, lengths, 1).total()
    }

    /// The end of a longer message: its last bytes and the lengths.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,pclmulqdq,vpclmulqdq")]
    pub(super) fn last(&mut self, text: &[u8], lengths: &[u8; 16]) -> __m128i {
        let (whole, rest) = text.as_chunks::<{ POWERS * BLOCK }>();
        self.whole(whole.as_flattened());
        let blocks = rest.len().div_ceil(BLOCK);
        if blocks == POWERS {
            self.whole(rest);
            return self.absorb(Sum::zero(), self.carry(), lengths, 1).total();
        }
        if blocks == 0 {
            return self.absorb(Sum::zero(), self.carry(), lengths, 1).total();
        }
        let sum = self.absorb(Sum::zero(), self.carry(), rest, blocks + 1);
        self.absorb(sum, _mm512_setzero_si512(), lengths, 1).total()
    }
}
