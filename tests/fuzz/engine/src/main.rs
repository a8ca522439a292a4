//! The target named in MENJIE_FUZZ_TARGET under libFuzzer.
#![no_main]

use std::sync::OnceLock;

static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        let name = std::env::var("MENJIE_FUZZ_TARGET").unwrap_or_default();
        let _ = TARGET.set(menjie_fuzz::target(&name).expect("MENJIE_FUZZ_TARGET names a target").run);
    },
    |bytes: &[u8]| {
        if let Some(run) = TARGET.get() {
            run(bytes);
        }
    }
);
