//! SM4 with VAES and AVX2: as in `aesni256`, with the inversion in registers of 256 bits too.

use core::arch::x86_64::*;

use super::aesni256::{add, mixed, rename, restore};
use super::mem::{load256, store256};
use super::ymm::transpose;

#[inline]
#[target_feature(enable = "avx2,aes,vaes")]
fn round(a: &mut __m256i, b: __m256i, c: __m256i, d: __m256i, key: u32) {
    add(a, _mm256_aesenclast_epi128(mixed(b, c, d, key), _mm256_setzero_si256()));
}

super::groups::blocks! { features: "avx2,aes,vaes", register: 32, zero: _mm256_setzero_si256, load: load256, store: store256, groups: 4 }
