//! Every entry point with whatever bytes, lengths and handles a host may come up with: an answer or a status, and nothing left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut, without_provenance_mut};

use menjie_bridge::table;
use proptest::prelude::*;

use crate::call::mj_call;
use crate::engine::{mj_engine, mj_engine_free, mj_engine_new, mj_options};
use crate::entry::{entry, mj_status};
use crate::last_error::{mj_last_error_code, mj_last_error_field, mj_last_error_json, mj_last_error_kind, mj_last_error_message, mj_last_error_retry};
use crate::misuse::{MJ_BAD_ABI, MJ_BAD_HANDLE, MJ_BAD_TEXT, MJ_NOT_UTF8, MJ_NULL_ARGUMENT, MJ_OK};
use crate::text::{mj_text_from_gb18030, mj_text_to_gb18030};
use crate::texts::mj_string_free;
use crate::version::{MJ_ABI_VERSION, mj_build_info};

fn c(bytes: &[u8]) -> CString {
    CString::new(bytes.iter().copied().filter(|b| *b != 0).collect::<Vec<_>>()).unwrap()
}

/// A text of the library, freed.
fn taken(text: *mut c_char) -> Option<Vec<u8>> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the library gave it out, with a NUL at its end.
    let bytes = unsafe { CStr::from_ptr(text) }.to_bytes().to_vec();
    assert_eq!(mj_string_free(text), MJ_OK);
    assert_eq!(mj_string_free(text), MJ_BAD_TEXT);
    Some(bytes)
}

fn told(text: *const c_char) -> String {
    // SAFETY: the texts of the last error are never null and end with a NUL.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned()
}

fn call(engine: usize, op: &CStr, request: &CStr) -> (mj_status, Option<Vec<u8>>) {
    let mut response = without_provenance_mut(8);
    // SAFETY: the texts end with a NUL, the place is there, and a handle is never followed.
    let status = unsafe { mj_call(without_provenance_mut::<mj_engine>(engine), op.as_ptr(), request.as_ptr(), &raw mut response) };
    (status, taken(response))
}

fn engine(options: Option<&mj_options>) -> (mj_status, *mut mj_engine) {
    let mut engine = without_provenance_mut(8);
    // SAFETY: null, or options as long as they say; their text is null or ends with a NUL.
    let status = unsafe { mj_engine_new(options.map_or(null(), |options| &raw const *options), &raw mut engine) };
    (status, engine)
}

fn options(config: *const c_char) -> mj_options {
    mj_options { struct_size: u32::try_from(size_of::<mj_options>()).unwrap(), abi_version: MJ_ABI_VERSION, config, ports: null() }
}

/// The status is told in every form, and names no one.
fn consistent(status: mj_status) {
    assert_eq!(mj_last_error_code(), status);
    let json = told(mj_last_error_json());
    if status == MJ_OK {
        assert!([json, told(mj_last_error_kind()), told(mj_last_error_retry()), told(mj_last_error_message()), told(mj_last_error_field())].iter().all(String::is_empty));
    } else {
        let failure: menjie_bridge::Failure = serde_json::from_str(&json).unwrap();
        assert_eq!((i32::from(failure.code), failure.message), (status, told(mj_last_error_message())));
        assert_eq!(failure.context.get("field").cloned().unwrap_or_default(), told(mj_last_error_field()));
    }
}

#[test]
fn null_is_told_by_its_name_wherever_it_stands() {
    let text = c"{}".as_ptr();
    let mut place = null_mut::<c_char>();
    let out = &raw mut place;
    let statuses = [
        // SAFETY: null, or a text that ends with a NUL, or a place that is there.
        (unsafe { mj_call(null_mut(), null(), text, out) }, "op"),
        // SAFETY: null, or a text that ends with a NUL, or a place that is there.
        (unsafe { mj_call(null_mut(), text, null(), out) }, "request"),
        // SAFETY: null, or a text that ends with a NUL, or a place that is there.
        (unsafe { mj_call(null_mut(), text, text, null_mut()) }, "response"),
    ];
    assert!(statuses.iter().all(|(status, _)| *status == MJ_NULL_ARGUMENT));
    // SAFETY: null.
    assert_eq!((unsafe { mj_build_info(null_mut()) }, told(mj_last_error_field())), (MJ_NULL_ARGUMENT, "info".to_owned()));
    // SAFETY: null, and a place that is there.
    assert_eq!((unsafe { mj_text_from_gb18030(null(), 1, out) }, told(mj_last_error_field())), (MJ_NULL_ARGUMENT, "bytes".to_owned()));
    // SAFETY: null, and a place that is there.
    assert_eq!((unsafe { mj_text_to_gb18030(null(), out, null_mut()) }, told(mj_last_error_field())), (MJ_NULL_ARGUMENT, "utf8".to_owned()));
    assert_eq!((engine(None), told(mj_last_error_field())), ((MJ_NULL_ARGUMENT, null_mut()), "options".to_owned()));
    assert_eq!((mj_string_free(null_mut()), mj_engine_free(null_mut())), (MJ_OK, MJ_OK));
}

#[test]
fn a_panic_becomes_901_and_its_text_is_nobodys() {
    assert_eq!(entry(|| panic!("张三 440599199003070058")), 901);
    consistent(901);
    assert!(!told(mj_last_error_json()).contains("4405"));
    assert_eq!(call(0, c"echo", c"{\"value\":1}").0, MJ_OK);
}

#[test]
fn no_profile_aborts_on_a_panic() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml")).unwrap();
    let settings: Vec<&str> = manifest.lines().map(str::trim).filter(|line| line.starts_with("panic") && !line.ends_with("\"deny\"")).collect();
    assert_eq!(settings, ["panic = \"unwind\""]);
}

#[cfg(feature = "log")]
#[test]
fn the_functions_of_the_log_refuse_what_is_wrong() {
    use crate::log::{mj_log_append, mj_log_close, mj_log_open};
    let mut log = without_provenance_mut(8);
    let mut response = null_mut();
    for (writer, status) in [(c"{}", 2), (c"", 2), (c"\xff", MJ_NOT_UTF8), (c"{\"dir\":\"/nowhere\",\"signer\":\"/nowhere\",\"auditors\":[]}", 800)] {
        // SAFETY: a text that ends with a NUL, and a place that is there.
        assert_eq!(unsafe { mj_log_open(writer.as_ptr(), &raw mut log) }, status);
        consistent(status);
        assert!(log.is_null());
    }
    for handle in [1usize, 2, 6, 4096, usize::MAX] {
        let log = without_provenance_mut(handle);
        // SAFETY: a handle is never followed; a text that ends with a NUL, and a place that is there.
        assert_eq!(unsafe { mj_log_append(log, c"{\"records\":[]}".as_ptr(), &raw mut response) }, MJ_BAD_HANDLE);
        assert_eq!(mj_log_close(log), MJ_BAD_HANDLE);
    }
}

#[test]
fn a_misaligned_place_is_written_to_as_well() {
    let mut places = [0u8; 2 * size_of::<usize>()];
    let place = places.as_mut_ptr().wrapping_add(1).cast::<*mut c_char>();
    // SAFETY: there is room for a pointer behind the first byte.
    let status = unsafe { mj_call(null_mut(), c"echo".as_ptr(), c"{\"value\":1}".as_ptr(), place) };
    assert_eq!(status, MJ_OK);
    // SAFETY: the call has written it.
    assert_eq!(taken(unsafe { place.read_unaligned() }), Some(b"{\"value\":1}".to_vec()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_get_an_answer_or_a_status(op in prop_oneof![proptest::collection::vec(any::<u8>(), 0..40), (0..table().len()).prop_map(|at| table()[at].name.as_bytes().to_vec())],
        request in prop_oneof![proptest::collection::vec(any::<u8>(), 0..200), "\\PC{0,80}".prop_map(String::into_bytes), Just(b"{}".to_vec())]) {
        let (status, answer) = call(0, &c(&op), &c(&request));
        consistent(status);
        prop_assert_eq!(answer.is_some(), status == MJ_OK);
    }

    #[test]
    fn no_number_is_a_handle_that_was_not_given_out(handle in prop_oneof![any::<usize>(), 1usize..1 << 14]) {
        // Engines of other tests may live at the same time; none of them lives in generation 0 or beyond 2^20.
        let dead = handle & !(((1 << 20) - 1) << 12);
        if dead != 0 {
            prop_assert_eq!(call(dead, c"echo", c"{\"value\":1}").0, MJ_BAD_HANDLE);
            consistent(MJ_BAD_HANDLE);
            prop_assert_eq!(mj_engine_free(without_provenance_mut(dead)), MJ_BAD_HANDLE);
        }
    }

    #[test]
    fn any_options_make_an_engine_or_a_status(struct_size in prop_oneof![0u32..16, Just(16)], abi_version in prop_oneof![any::<u32>(), Just(MJ_ABI_VERSION)],
        config in prop_oneof![proptest::collection::vec(any::<u8>(), 0..60), Just(b"{}".to_vec()), Just(b"{\"server\":{\"url\":\"http://10.0.0.1\"}}".to_vec())]) {
        let config = c(&config);
        let given = mj_options { struct_size, abi_version, ..options(config.as_ptr()) };
        let (status, made) = engine(Some(&given));
        consistent(status);
        prop_assert_eq!(made.is_null(), status != MJ_OK);
        if struct_size < 8 || abi_version >> 16 != MJ_ABI_VERSION >> 16 || abi_version > MJ_ABI_VERSION {
            prop_assert_eq!(status, MJ_BAD_ABI);
        }
        prop_assert_eq!(mj_engine_free(made), MJ_OK);
    }

    #[test]
    fn gb18030_goes_there_and_back(text in "\\PC{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let (mut there, mut back, mut len) = (null_mut(), null_mut(), 0);
        let utf8 = c(text.as_bytes());
        // SAFETY: a text that ends with a NUL, and places that are there.
        prop_assert_eq!(unsafe { mj_text_to_gb18030(utf8.as_ptr(), &raw mut there, &raw mut len) }, MJ_OK);
        // SAFETY: the library gave out that many bytes, and a place that is there.
        prop_assert_eq!(unsafe { mj_text_from_gb18030(there.cast(), len, &raw mut back) }, MJ_OK);
        prop_assert_eq!(taken(there).unwrap().len(), len);
        prop_assert_eq!(taken(back).unwrap(), utf8.as_bytes());
        // SAFETY: as many bytes as are said, and a place that is there.
        let status = unsafe { mj_text_from_gb18030(bytes.as_ptr(), bytes.len(), &raw mut back) };
        consistent(status);
        prop_assert_eq!(taken(back).is_some(), status == MJ_OK);
        prop_assert!(status == MJ_OK || status == MJ_NOT_UTF8);
    }
}
