//! Which library this is.

use std::ffi::{CString, c_char};
use std::sync::OnceLock;

use menjie_bridge::table;
use serde_json::json;

use crate::arguments::Out;
use crate::entry::{entry, mj_status};
use crate::texts;

/// The version of this interface: major << 16 | minor. What is added raises the minor number; the major one is that of the file name
/// (libmenjie.so.1).
pub const MJ_ABI_VERSION: u32 = (1 << 16) | 2;

/// The interface's version of the library that is loaded; its major number must be that of MJ_ABI_VERSION. Any thread, any time.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
pub extern "C" fn mj_abi_version() -> u32 {
    MJ_ABI_VERSION
}

/// The version of the library, e.g. "0.1.0". Never freed. Any thread, any time.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
pub extern "C" fn mj_version() -> *const c_char {
    static VERSION: OnceLock<CString> = OnceLock::new();
    VERSION.get_or_init(|| CString::new(env!("CARGO_PKG_VERSION")).unwrap_or_default()).as_ptr()
}

/// What this library was built with, as JSON: {"version", "abi", "features", "target_arch", "target_os", "debug", "operations"}; `operations`
/// are the names, kinds and purposes of what mj_call takes. Free `*info` with mj_string_free. Any thread, also within
/// a callback of a port.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
// SAFETY: `info` is NULL or a place for one pointer, as the header says.
pub unsafe extern "C" fn mj_build_info(info: *mut *mut c_char) -> mj_status {
    entry(|| {
        // SAFETY: the caller promises it.
        let out = unsafe { Out::new(info, std::ptr::null_mut(), "info") }?;
        let features: Vec<&str> = [
            ("arrow", cfg!(feature = "arrow")),
            ("channels", cfg!(feature = "channels")),
            ("full", cfg!(feature = "full")),
            ("log", cfg!(feature = "log")),
            ("ports", cfg!(feature = "ports")),
            ("server", cfg!(feature = "server")),
            ("testing", cfg!(feature = "testing")),
        ]
        .into_iter()
        .filter_map(|(name, on)| on.then_some(name))
        .collect();
        let operations: Vec<_> = table().iter().map(|op| json!({"name": op.name, "kind": op.kind.code(), "purpose": op.purpose})).collect();
        let info = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "abi": MJ_ABI_VERSION,
            "features": features,
            "target_arch": std::env::consts::ARCH,
            "target_os": std::env::consts::OS,
            "debug": cfg!(debug_assertions),
            "operations": operations,
        });
        out.give(texts::lend(info.to_string(), "info")?);
        Ok(())
    })
}
