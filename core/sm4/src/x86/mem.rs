//! Memory ↔ registers. None of these asks for alignment.

use core::arch::x86_64::*;

#[inline]
pub(super) fn load128(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: sixteen bytes can be read; SSE2 is part of x86-64.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[inline]
pub(super) fn store128(bytes: &mut [u8; 16], value: __m128i) {
    // SAFETY: sixteen bytes can be written; SSE2 is part of x86-64.
    unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), value) }
}

#[inline]
#[target_feature(enable = "avx")]
pub(super) fn load256(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: 32 bytes can be read.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx")]
pub(super) fn store256(bytes: &mut [u8; 32], value: __m256i) {
    // SAFETY: 32 bytes can be written.
    unsafe { _mm256_storeu_si256(bytes.as_mut_ptr().cast(), value) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load512(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: 64 bytes can be read.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store512(bytes: &mut [u8; 64], value: __m512i) {
    // SAFETY: 64 bytes can be written.
    unsafe { _mm512_storeu_si512(bytes.as_mut_ptr().cast(), value) }
}

/// The first bytes of a register: as many as there are, 64 at most.
#[inline]
fn mask(len: usize) -> __mmask64 {
    u32::try_from(len).ok().and_then(|len| 1_u64.checked_shl(len)).map_or(u64::MAX, |bit| bit - 1)
}

/// As many bytes as there are, then zeros.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn load_some(bytes: &[u8]) -> __m512i {
    // SAFETY: the mask has no bit beyond the slice, and masked bytes are not touched.
    unsafe { _mm512_maskz_loadu_epi8(mask(bytes.len()), bytes.as_ptr().cast()) }
}

/// As many bytes as there is room for.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn store_some(bytes: &mut [u8], value: __m512i) {
    // SAFETY: the mask has no bit beyond the slice, and masked bytes are not touched.
    unsafe { _mm512_mask_storeu_epi8(bytes.as_mut_ptr().cast(), mask(bytes.len()), value) }
}
