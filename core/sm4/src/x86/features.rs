//! What this processor and its operating system offer, asked with `CPUID` and `XGETBV`: the standard library's own question
//! needs the standard library. A test compares the answers with it.

use core::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use core::sync::atomic::{AtomicU32, Ordering};

pub(super) const SSSE3: u32 = 1;
pub(super) const PCLMULQDQ: u32 = 1 << 1;
pub(super) const AES: u32 = 1 << 2;
pub(super) const AVX2: u32 = 1 << 3;
pub(super) const GFNI: u32 = 1 << 4;
pub(super) const VAES: u32 = 1 << 5;
pub(super) const VPCLMULQDQ: u32 = 1 << 6;
/// F, BW, DQ and VL.
pub(super) const AVX512: u32 = 1 << 7;
const ASKED: u32 = 1 << 31;

/// Are all of these there?
pub(super) fn has(wanted: u32) -> bool {
    // Asking is slow where a hypervisor answers. Two threads may ask at once: they are told the same.
    static KNOWN: AtomicU32 = AtomicU32::new(0);
    let mut known = KNOWN.load(Ordering::Relaxed);
    if known == 0 {
        known = ask() | ASKED;
        KNOWN.store(known, Ordering::Relaxed);
    }
    known & wanted == wanted
}

fn ask() -> u32 {
    // Without an operating system nobody promises that registers are kept.
    if cfg!(any(target_os = "none", target_os = "uefi", target_env = "sgx")) || __cpuid(0).eax < 7 {
        return 0;
    }
    let (basic, extended) = (__cpuid(1), __cpuid_count(7, 0));
    let set = |register: u32, bits: &[u32]| bits.iter().all(|bit| register >> bit & 1 == 1);
    // OSXSAVE and AVX; then which registers the operating system keeps: 0xe6 is x, y and z with their masks.
    let kept = if set(basic.ecx, &[27, 28]) { saved_registers() } else { 0 };
    let (y, z) = (kept & 0x06 == 0x06, kept & 0xe6 == 0xe6);
    let found = [
        (SSSE3, set(basic.ecx, &[9])),
        (PCLMULQDQ, set(basic.ecx, &[1])),
        (AES, set(basic.ecx, &[25])),
        (AVX2, y && set(extended.ebx, &[5])),
        (GFNI, set(extended.ecx, &[8])),
        (VAES, y && set(extended.ecx, &[9])),
        (VPCLMULQDQ, y && set(extended.ecx, &[10])),
        (AVX512, z && set(extended.ebx, &[16, 17, 30, 31])),
    ];
    found.iter().fold(0, |all, (bit, there)| if *there { all | bit } else { all })
}

/// The register states that the operating system saves.
fn saved_registers() -> u64 {
    #[target_feature(enable = "xsave")]
    fn xcr0() -> u64 {
        // SAFETY: register 0 exists wherever `XGETBV` does.
        unsafe { _xgetbv(0) }
    }
    // SAFETY: OSXSAVE was seen: the operating system has switched `XGETBV` on.
    unsafe { xcr0() }
}

#[cfg(test)]
mod tests {
    use std::is_x86_feature_detected;

    use super::*;

    #[test]
    fn the_standard_library_sees_the_same() {
        let avx512 = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl");
        for (bit, there) in [
            (SSSE3, is_x86_feature_detected!("ssse3")),
            (PCLMULQDQ, is_x86_feature_detected!("pclmulqdq")),
            (AES, is_x86_feature_detected!("aes")),
            (AVX2, is_x86_feature_detected!("avx2")),
            (GFNI, is_x86_feature_detected!("gfni")),
            (VAES, is_x86_feature_detected!("vaes")),
            (VPCLMULQDQ, is_x86_feature_detected!("vpclmulqdq")),
            (AVX512, avx512),
        ] {
            assert_eq!(has(bit), there, "{bit:#x}");
        }
        assert!(has(0) && !has(1 << 30), "what is not known is not there");
    }
}
