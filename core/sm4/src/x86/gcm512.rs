//! SM4-GCM with AVX-512. The block that masks the tag (counter 1) travels as the last block of the message's last batch of
//! key stream, so that it costs nothing.

use core::arch::x86_64::*;

use super::gfni512::{Group, Nonce, stream};
use super::mem::{load_some, load128, load512, store_some, store512};
use crate::gcm::lengths;
use ctutils::CtEq;
use zeroize::optimization_barrier;

pub(crate) use super::ghash512::Table;
pub(super) use super::ghash512::table;
use super::ghash512::{Hash, POWERS};

/// Bytes of a full batch.
const BATCH: usize = 1024;
const BLOCK: usize = 16;

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,gfni,pclmulqdq,vpclmulqdq")]
pub(super) fn seal(keys: &[u32; 32], table: &Table, nonce: &[u8; 12], aad: &[u8], data: &mut [u8]) -> [u8; 16] {
    let nonce = Nonce::new(nonce);
    let lengths = lengths(aad.len(), data.len());
    let mut hash = Hash::new(table);
    let (batches, rest) = data.as_chunks_mut::<BATCH>();
    let mut counter = 2_u32;
    if aad.len().div_ceil(BLOCK) + rest.len().div_ceil(BLOCK) < POWERS && batches.is_empty() {
        let mask = finish(keys, nonce, counter, rest);
        return tag(hash.short(aad, rest, &lengths), mask);
    }
    hash.whole(aad);
    for batch in batches {
        apply(batch, &stream::<4>(keys, nonce, counter, false));
        hash.whole(batch);
        counter = counter.wrapping_add(64);
    }
    let mask = finish(keys, nonce, counter, rest);
    tag(hash.last(rest, &lengths), mask)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,gfni,pclmulqdq,vpclmulqdq")]
pub(super) fn open(keys: &[u32; 32], table: &Table, nonce: &[u8; 12], aad: &[u8], data: &mut [u8], expected: &[u8; 16]) -> bool {
    let nonce = Nonce::new(nonce);
    let lengths = lengths(aad.len(), data.len());
    let mut hash = Hash::new(table);
    let (batches, rest) = data.as_chunks_mut::<BATCH>();
    // A message has fewer than 2³² blocks; what is cut off here wraps as the counter does.
    let last = 2_u32.wrapping_add((batches.len() as u32).wrapping_mul(64));
    let mut verify = |rest: &[u8], mask: __m128i| {
        let digest = if batches.is_empty() && aad.len().div_ceil(BLOCK) + rest.len().div_ceil(BLOCK) < POWERS {
            hash.short(aad, rest, &lengths)
        } else {
            hash.whole(aad);
            hash.whole(batches.as_flattened());
            hash.last(rest, &lengths)
        };
        bool::from(tag(digest, mask).ct_eq(expected))
    };
    let genuine = match rest.len().div_ceil(BLOCK) {
        0..=15 => finish_if::<1>(keys, nonce, last, rest, &mut verify),
        16..=31 => finish_if::<2>(keys, nonce, last, rest, &mut verify),
        32..=47 => finish_if::<3>(keys, nonce, last, rest, &mut verify),
        48..=63 => finish_if::<4>(keys, nonce, last, rest, &mut verify),
        _ => finish_if::<5>(keys, nonce, last, rest, &mut verify),
    };
    if genuine {
        let mut counter = 2_u32;
        for batch in batches {
            apply(batch, &stream::<4>(keys, nonce, counter, false));
            counter = counter.wrapping_add(64);
        }
    }
    genuine
}

/// The rest of a message, shorter than a batch, and the mask of the tag.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,gfni,pclmulqdq,vpclmulqdq")]
fn finish(keys: &[u32; 32], nonce: Nonce, counter: u32, rest: &mut [u8]) -> __m128i {
    match rest.len().div_ceil(BLOCK) {
        0..=15 => finish_with::<1>(keys, nonce, counter, rest),
        16..=31 => finish_with::<2>(keys, nonce, counter, rest),
        32..=47 => finish_with::<3>(keys, nonce, counter, rest),
        48..=63 => finish_with::<4>(keys, nonce, counter, rest),
        _ => finish_with::<5>(keys, nonce, counter, rest),
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,gfni,pclmulqdq,vpclmulqdq")]
fn finish_with<const G: usize>(keys: &[u32; 32], nonce: Nonce, counter: u32, rest: &mut [u8]) -> __m128i {
    let keystream = stream::<G>(keys, nonce, counter, true);
    apply_some(rest, &keystream);
    last_block(&keystream)
}

/// The same, but the text is touched only if `verify`, which is shown the mask, says so.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,gfni,pclmulqdq,vpclmulqdq")]
fn finish_if<const G: usize>(keys: &[u32; 32], nonce: Nonce, counter: u32, rest: &mut [u8], verify: &mut dyn FnMut(&[u8], __m128i) -> bool) -> bool {
    let mut keystream = stream::<G>(keys, nonce, counter, true);
    let genuine = verify(rest, last_block(&keystream));
    if genuine {
        apply_some(rest, &keystream);
    } else {
        // What would open a forgery does not stay on the stack.
        keystream = [[_mm512_setzero_si512(); 4]; G];
        optimization_barrier(&keystream);
    }
    genuine
}

#[inline]
#[target_feature(enable = "avx512f")]
fn last_block<const G: usize>(keystream: &[Group; G]) -> __m128i {
    let last = keystream.last().map_or(_mm512_setzero_si512(), |[_, _, _, last]| *last);
    _mm512_extracti32x4_epi32::<3>(last)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn apply(batch: &mut [u8; BATCH], keystream: &[Group; 4]) {
    for (bytes, key) in batch.as_chunks_mut::<64>().0.iter_mut().zip(keystream.iter().flatten()) {
        store512(bytes, _mm512_xor_si512(load512(bytes), *key));
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn apply_some<const G: usize>(rest: &mut [u8], keystream: &[Group; G]) {
    for (bytes, key) in rest.chunks_mut(64).zip(keystream.iter().flatten()) {
        store_some(bytes, _mm512_xor_si512(load_some(bytes), *key));
    }
}

/// The hash under its mask.
#[inline]
#[target_feature(enable = "avx2")]
fn tag(digest: __m128i, mask: __m128i) -> [u8; 16] {
    let mut tag = [0; 16];
    let reversed = _mm_shuffle_epi8(digest, load128(&super::clmul::REVERSE));
    super::mem::store128(&mut tag, _mm_xor_si128(reversed, mask));
    tag
}

/// A batch of bare key stream.
#[cfg(test)]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
pub(super) fn stream64(keys: &[u32; 32], nonce: &[u8; 12], first: u32) -> [[u8; BLOCK]; 64] {
    let mut bytes = [0; BATCH];
    apply(&mut bytes, &stream::<4>(keys, Nonce::new(nonce), first, false));
    let mut blocks = [[0; BLOCK]; 64];
    blocks.as_flattened_mut().copy_from_slice(&bytes);
    blocks
}
