//! Texts of hosts that are not UTF-8: GB18030, which holds GBK and GB2312.

use std::ffi::c_char;

use encoding_rs::GB18030;
use menjie_bridge::Failure;

use crate::arguments::{Out, bytes, text};
use crate::entry::{entry, mj_status};
use crate::misuse::Misuse;
use crate::texts;

/// Makes UTF-8 of GB18030 (or GBK, GB2312). `bytes` has `len` bytes and needs no NUL at its end. Free `*utf8` with mj_string_free. Bytes that
/// are no GB18030 are refused, never replaced: MJ_NOT_UTF8. Any thread, also within a callback of a port.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
// SAFETY: the pointers are NULL or as the header says.
pub unsafe extern "C" fn mj_text_from_gb18030(bytes: *const u8, len: usize, utf8: *mut *mut c_char) -> mj_status {
    entry(|| {
        // SAFETY: the caller promises it.
        let out = unsafe { Out::new(utf8, std::ptr::null_mut(), "utf8") }?;
        // SAFETY: the caller promises it.
        let given = unsafe { self::bytes(bytes, len, "bytes") }?;
        let decoded = GB18030.decode_without_bom_handling_and_without_replacement(given).ok_or_else(|| Misuse::NotUtf8.of("bytes"))?;
        out.give(texts::lend(decoded.into_owned(), "bytes")?);
        Ok(())
    })
}

/// Makes GB18030 of UTF-8. `utf8` ends with a NUL, and so does `*bytes`; `*len` is its length without that, and may be asked for with NULL.
/// Free `*bytes` with mj_string_free. Any thread, also within a callback of a port.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
// SAFETY: the pointers are NULL or as the header says.
pub unsafe extern "C" fn mj_text_to_gb18030(utf8: *const c_char, bytes: *mut *mut c_char, len: *mut usize) -> mj_status {
    entry(|| {
        // SAFETY: the caller promises it.
        let out = unsafe { Out::new(bytes, std::ptr::null_mut(), "bytes") }?;
        // SAFETY: the caller promises it.
        let length = if len.is_null() { None } else { Some(unsafe { Out::new(len, 0, "len") }?) };
        // SAFETY: the caller promises it.
        let encoded = encoded(unsafe { text(utf8, "utf8") }?)?;
        if let Some(length) = length {
            length.give(encoded.len());
        }
        out.give(texts::lend_bytes(encoded));
        Ok(())
    })
}

fn encoded(text: &str) -> Result<Vec<u8>, Failure> {
    let (encoded, _, replaced) = GB18030.encode(text);
    if replaced { Err(Misuse::NotUtf8.of("utf8")) } else { Ok(encoded.into_owned()) }
}
