//! Sequences of calls, made of bytes: every entry point with whatever arguments and handles, from several threads, and from callbacks that call
//! back; tables are in `tables.rs`. For the fuzzer (tests/fuzz, target `c_calls`); no part of the library.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod tables;

use std::collections::VecDeque;
use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::offset_of;
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut, without_provenance_mut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use menjie_bridge::table;

use crate::call::{mj_call, mj_call_as, mj_ping};
use crate::engine::{mj_engine, mj_engine_free, mj_engine_new, mj_options};
use crate::entry::mj_status;
use crate::last_error::{mj_last_error_code, mj_last_error_field, mj_last_error_json, mj_last_error_kind, mj_last_error_message, mj_last_error_retry};
use crate::log::{mj_log, mj_log_append, mj_log_close, mj_log_open};
use crate::message::mj_on_message;
use crate::misuse::{MJ_BAD_TEXT, MJ_OK, MJ_REENTRANT};
use crate::port_host::{mj_port_reply, mj_port_unwanted_answers};
use crate::ports::{mj_ports, mj_question};
use crate::text::{mj_text_from_gb18030, mj_text_to_gb18030};
use crate::texts::{mj_string_free, mj_strings_outstanding};
use crate::version::{MJ_ABI_VERSION, mj_abi_version, mj_build_info, mj_version};

const ANNA: &CStr = c"{\"patient\":\"P1\"}";
const UNPAID: &CStr = c"{\"patient_id\":\"P1\"}";

/// Sequences to begin with: an engine with a HIS that is asked in every way, and every other step.
pub fn seeds() -> Vec<Vec<u8>> {
    // An engine whose configuration is `hosted`, with the table of ports.
    let opened = [2, 6, 1, 0, 0, 0];
    // visit.unpaid for the patient, of the engine that was made first.
    let asked = [1, 2, 3, 7, 7];
    let with = |steps: &[&[u8]]| opened.iter().chain(steps.iter().copied().flatten()).copied().collect::<Vec<u8>>();
    let habits = (0..8u8).map(|habit| with(&[&[7, habit, 4, b'{', b'}', b'x', b'y'], &asked, &[6, 3, 0, 0, 0, 0, 0, 0, 0, 1], &[3, 2]]));
    let crowds = (0..2u8).map(|how| with(&[&[7, 5, 0], &[9, 2, how], &asked, &[3, 2], &[3, 2]]));
    let logged = [[8, 2, 1, 4, 0, 0].as_slice(), &[8, 2, 1, 2, 0, 2]].map(<[u8]>::to_vec);
    let rest = [0, 4, 5, 8, 10, 11, 12].map(|step| [step, 3, 4, 4, b'e', b'c', b'h', b'o', 8, b'{', b'"', b'v', b'"', b':', b'7', b'}', 0].to_vec());
    let tables = (0..4u8).map(|op| (0..120u8).fold(vec![11, op, 3], |bytes, at| [bytes, vec![at.wrapping_mul(37).wrapping_add(op)]].concat()));
    habits.chain(crowds).chain(logged).chain(rest).chain(tables).collect()
}

/// The bytes, read from the front; zeros behind their end.
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> u64 {
        (0..8).fold(0, |number, _| number << 8 | u64::from(self.byte()))
    }

    fn some(&mut self) -> &'b [u8] {
        let len = usize::from(self.byte()).min(self.0.len());
        let (some, rest) = self.0.split_at(len);
        self.0 = rest;
        some
    }

    /// A text of the caller: null at times, often a known one.
    fn text(&mut self, known: &[&CStr]) -> Option<CString> {
        match self.byte() {
            0 => None,
            1 => Some(CString::new(self.some().iter().copied().filter(|byte| *byte != 0).collect::<Vec<_>>()).unwrap()),
            2 => Some(CString::new(table()[usize::from(self.byte()) % table().len()].name).unwrap()),
            at => Some(CString::from(known[usize::from(at) % known.len()])),
        }
    }
}

fn pointer(text: Option<&CString>) -> *const c_char {
    text.map_or(null(), |text| text.as_ptr())
}

/// What the program's HIS does with the next questions: a habit, and bytes for it.
static HABITS: Mutex<VecDeque<(u8, Vec<u8>)>> = Mutex::new(VecDeque::new());
static ENGINE: AtomicUsize = AtomicUsize::new(0);
static RELEASED: AtomicUsize = AtomicUsize::new(0);

const DAY: &CStr = c"{\"outcome\":\"done\",\"value\":{\"visits\":[],\"lines\":[]}}";

/// Answers of a program whose table is too short for `free_answer`: they stay its own.
static KEPT: Mutex<Vec<CString>> = Mutex::new(Vec::new());

/// What `user_data` of such a table is.
const KEEPS: usize = 1;

/// A text that `free_answer` frees, where there is one.
fn given(bytes: &[u8], user_data: *mut c_void) -> *mut c_char {
    let text = CString::new(bytes.iter().copied().filter(|byte| *byte != 0).collect::<Vec<_>>()).unwrap();
    if user_data.addr() != KEEPS {
        return text.into_raw();
    }
    let given = text.as_ptr().cast_mut();
    KEPT.lock().unwrap().push(text);
    given
}

/// The HIS.
extern "C" fn ask(question: *const mj_question, user_data: *mut c_void) -> *mut c_char {
    // SAFETY: the library promises that it is there during the call.
    let (token, request) = unsafe { ((*question).token, CStr::from_ptr((*question).request).to_owned()) };
    let (habit, bytes) = HABITS.lock().unwrap().pop_front().unwrap_or_default();
    let answer = CString::new(bytes.iter().copied().filter(|byte| *byte != 0).collect::<Vec<_>>()).unwrap();
    // SAFETY: a text that ends with a NUL.
    let reply = move |answer: &CStr| unsafe { mj_port_reply(token, answer.as_ptr()) };
    match habit % 8 {
        0 => given(DAY.to_bytes(), user_data),
        1 => given(&bytes, user_data),
        2 => {
            reply(&answer);
            reply(DAY);
            null_mut()
        }
        3 => {
            reply(DAY);
            given(&bytes, user_data)
        }
        4 => {
            std::thread::spawn(move || {
                if reply(&answer) != MJ_OK {
                    reply(DAY);
                }
            });
            null_mut()
        }
        5 => {
            calls_back(&request);
            given(DAY.to_bytes(), user_data)
        }
        6 => {
            reply(DAY);
            null_mut()
        }
        // SAFETY: null is a mistake that is told; the question stays open and is answered by return.
        _ => unsafe {
            assert_ne!(mj_port_reply(token, null()), MJ_OK);
            given(DAY.to_bytes(), user_data)
        },
    }
}

/// Nothing that takes an engine is done in a callback, and the rest is.
fn calls_back(request: &CStr) {
    let engine = || without_provenance_mut::<mj_engine>(ENGINE.load(Ordering::Relaxed));
    let mut response = null_mut();
    let mut made = null_mut();
    // SAFETY: texts that end with a NUL, places that are there, and handles are never followed.
    unsafe {
        assert_eq!(mj_call(null_mut(), c"echo".as_ptr(), c"{\"value\":1}".as_ptr(), &raw mut response), MJ_OK);
        mj_string_free(response);
        let _any = mj_call(null_mut(), c"bill.total".as_ptr(), request.as_ptr(), &raw mut response);
        mj_string_free(response);
        assert_eq!(mj_call(engine(), c"echo".as_ptr(), c"{\"value\":1}".as_ptr(), &raw mut response), MJ_REENTRANT);
        assert_eq!(mj_call_as(engine(), ANNA.as_ptr(), c"visit.unpaid".as_ptr(), UNPAID.as_ptr(), &raw mut response), MJ_REENTRANT);
        assert_eq!(mj_engine_new(null(), &raw mut made), MJ_REENTRANT);
    }
    assert_eq!((mj_engine_free(engine()), mj_on_message(None, null_mut())), (MJ_REENTRANT, MJ_REENTRANT));
}

/// Takes back what `ask` has returned.
extern "C" fn free_answer(answer: *mut c_char, _: *mut c_void) {
    // SAFETY: `given` has made it, and the library gives it back once.
    drop(unsafe { CString::from_raw(answer) });
}

/// Nobody asks any more.
extern "C" fn release(_: *mut c_void) {
    RELEASED.fetch_add(1, Ordering::Relaxed);
}

extern "C" fn on_message(message: *const c_char, _: *mut c_void) {
    // SAFETY: the library promises a text that ends with a NUL.
    let _line = unsafe { CStr::from_ptr(message) }.to_str().unwrap();
}

fn ports() -> mj_ports {
    mj_ports {
        struct_size: u32::try_from(size_of::<mj_ports>()).unwrap(),
        threads: 2,
        user_data: null_mut(),
        his: Some(ask),
        channel: Some(ask),
        insurer: Some(ask),
        invoice: Some(ask),
        notifier: Some(ask),
        free_answer: Some(free_answer),
        release: Some(release),
        log_copy: Some(ask),
    }
}

/// The folder of the keys, which are made once, and of the logs.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("menjie-sequences-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        menjie_bridge::build::make_log_keys(&folder).unwrap();
        folder
    })
}

/// A configuration whose HIS is the program's.
fn hosted() -> CString {
    let folder = folder();
    let lane = serde_json::json!({ "act": { "steps_s": [1], "slow_s": 60 }, "poll": { "steps_s": [1], "slow_s": 60 }, "deadline_ms": 5_000, "slots": 8, "overdue_s": 60 });
    let config = serde_json::json!({
        "log": { "folder": folder.join("log"), "signer": folder.join("log-signer.pem"), "auditors": [folder.join("auditor.pub.pem")], "reserve_mib": 0 },
        "hospitals": [{ "id": "H1", "pace": { "his": lane, "channel": lane, "invoice": lane, "lease_ms": 60_000, "idle_ms": 500, "not_found_s": 60, "recheck_s": 60 },
            "host": { "his": { "lock": false, "query_post": false, "cancel_post": false, "notices": false } } }],
    });
    CString::new(config.to_string()).unwrap()
}

/// A log of its own, beside that of the engines.
fn writer() -> CString {
    let folder = folder();
    let writer = serde_json::json!({ "dir": folder.join("own"), "signer": folder.join("log-signer.pem"), "auditors": [folder.join("auditor.pub.pem")] });
    CString::new(writer.to_string()).unwrap()
}

const RECORD: &CStr =
    c"{\"records\":[{\"what\":\"begin\",\"hospital\":\"H1\",\"direction\":\"out\",\"peer\":\"reader\",\"interface\":\"READ\",\"business_no\":\"N1\",\"body\":\"{}\"}]}";

/// What a sequence holds.
#[derive(Default)]
struct Held {
    engines: Vec<*mut mj_engine>,
    logs: Vec<*mut mj_log>,
    texts: Vec<*mut c_char>,
}

impl Held {
    /// One of the handles, freed ones included, null, or any number.
    fn engine(&self, bytes: &mut Bytes<'_>) -> *mut mj_engine {
        match bytes.byte() {
            0 => null_mut(),
            1 => without_provenance_mut(usize::try_from(bytes.number()).unwrap_or(usize::MAX)),
            at => self.engines.get(usize::from(at) % self.engines.len().max(1)).copied().unwrap_or(null_mut()),
        }
    }

    /// One of the logs, closed ones included, an engine, null, or any number.
    fn log(&self, bytes: &mut Bytes<'_>) -> *mut mj_log {
        match bytes.byte() {
            0 => null_mut(),
            1 => without_provenance_mut(usize::try_from(bytes.number()).unwrap_or(usize::MAX)),
            2 => self.engine(bytes).cast(),
            at => self.logs.get(usize::from(at) % self.logs.len().max(1)).copied().unwrap_or(null_mut()),
        }
    }

    /// Keeps a text that was given out.
    fn keep(&mut self, status: mj_status, text: *mut c_char) {
        assert_eq!(text.is_null(), status != MJ_OK, "{status}");
        if !text.is_null() {
            // SAFETY: the library gave it out, with a NUL at its end.
            std::hint::black_box(unsafe { CStr::from_ptr(text) }.count_bytes());
            self.texts.push(text);
        }
    }
}

/// The status of a call is the last error, and every text of it can be read.
fn consistent(status: mj_status) {
    assert_eq!(mj_last_error_code(), status);
    for text in [mj_last_error_kind(), mj_last_error_retry(), mj_last_error_field(), mj_last_error_message(), mj_last_error_json()] {
        // SAFETY: these texts are never null and end with a NUL.
        let text = unsafe { CStr::from_ptr(text) }.to_str().unwrap();
        assert!(status != MJ_OK || text.is_empty());
    }
    // SAFETY: as above.
    assert_eq!(unsafe { CStr::from_ptr(mj_last_error_json()) }.is_empty(), status == MJ_OK);
}

const STEPS: u8 = 13;

/// Runs a sequence; panics when something must never be.
pub fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let mut held = Held::default();
    while !bytes.0.is_empty() {
        step(&mut bytes, &mut held);
    }
    HABITS.lock().unwrap().clear();
    for engine in held.engines {
        // Whoever was freed in the sequence is told so.
        let _freed = mj_engine_free(engine);
    }
    KEPT.lock().unwrap().clear();
    for log in held.logs {
        let _closed = mj_log_close(log);
    }
    for text in held.texts {
        assert_eq!(mj_string_free(text), MJ_OK);
    }
    assert_eq!(mj_on_message(None, null_mut()), MJ_OK);
    assert_eq!(mj_strings_outstanding(), 0);
    // There is none where no engine was made.
    let _ = std::fs::remove_dir_all(folder().join("log"));
    let _ = std::fs::remove_dir_all(folder().join("own"));
}

fn step(bytes: &mut Bytes<'_>, held: &mut Held) {
    let mut text = without_provenance_mut::<c_char>(8);
    let ops: &[&CStr] = &[c"echo", c"visit.unpaid", c"bill.total", c"id_document.check", c"crypto.sm3", c"settlement.pay"];
    let requests: &[&CStr] = &[c"{\"value\":1}", UNPAID, c"{}", c"{\"lines\":[{\"price\":\"3.265\",\"quantity\":\"28\"}]}", c"{\"amount_fen\":9007199254740993}", c"\xff"];
    // Of all calls below: texts are null or end with a NUL and live until the call is over, places are there or null, and handles are
    // never followed.
    match bytes.byte() % STEPS {
        0 => {
            let (engine, op, request) = (held.engine(bytes), bytes.text(ops), bytes.text(requests));
            let out = if bytes.byte() == 1 { null_mut() } else { &raw mut text };
            // SAFETY: as above.
            let status = unsafe { mj_call(engine, pointer(op.as_ref()), pointer(request.as_ref()), out) };
            consistent(status);
            if !out.is_null() {
                held.keep(status, text);
            }
        }
        1 => {
            let (engine, caller, op, request) =
                (held.engine(bytes), bytes.text(&[ANNA, c"{}", c"{\"staff\":\"S1\",\"roles\":[\"auditor\"]}"]), bytes.text(ops), bytes.text(requests));
            // SAFETY: as above.
            let status = unsafe { mj_call_as(engine, pointer(caller.as_ref()), pointer(op.as_ref()), pointer(request.as_ref()), &raw mut text) };
            consistent(status);
            held.keep(status, text);
        }
        2 => {
            let whole = u32::try_from(size_of::<mj_options>()).unwrap();
            let hosted = hosted();
            let config = bytes.text(&[c"{}", &hosted, &hosted, c"{\"server\":{\"url\":\"http://127.0.0.1:9\"}}", c"{\"hospitals\":[]}"]);
            let mut table = ports();
            let kind = bytes.byte();
            if kind == 2 {
                table.struct_size = u32::from(bytes.byte()) % table.struct_size;
                if usize::try_from(table.struct_size).unwrap() < offset_of!(mj_ports, release) {
                    table.user_data = without_provenance_mut(KEEPS);
                }
            }
            let struct_size = if bytes.byte() == 1 { u32::from(bytes.byte()) % whole } else { whole };
            let abi_version = if bytes.byte() == 1 { u32::try_from(bytes.number() >> 32).unwrap() } else { MJ_ABI_VERSION };
            let options = mj_options { struct_size, abi_version, config: pointer(config.as_ref()), ports: if kind == 0 { null() } else { &raw const table } };
            let mut engine = without_provenance_mut(8);
            // SAFETY: as above; options and table are as long as they say, or longer.
            let status = unsafe { mj_engine_new(if bytes.byte() == 1 { null() } else { &raw const options }, &raw mut engine) };
            consistent(status);
            assert_eq!(engine.is_null(), status != MJ_OK);
            if !engine.is_null() {
                ENGINE.store(engine.addr(), Ordering::Relaxed);
                held.engines.push(engine);
            }
        }
        3 => {
            let _freed_or_told = mj_engine_free(held.engine(bytes));
        }
        4 => {
            let at = usize::from(bytes.byte());
            if at < held.texts.len() {
                let text = held.texts.swap_remove(at);
                assert_eq!(mj_string_free(text), MJ_OK);
                // Nobody else is given a text meanwhile.
                assert_eq!(mj_string_free(text), MJ_BAD_TEXT);
            } else {
                assert_eq!(mj_string_free(without_provenance_mut(at)), if at == 0 { MJ_OK } else { MJ_BAD_TEXT });
            }
        }
        5 => {
            let some = bytes.some();
            // SAFETY: as above, and so many bytes are there.
            let status = unsafe { mj_text_from_gb18030(some.as_ptr(), some.len(), &raw mut text) };
            consistent(status);
            held.keep(status, text);
            let (utf8, mut len) = (bytes.text(&[c"\xe9\x97\xa8"]), 0);
            // SAFETY: as above.
            let status = unsafe { mj_text_to_gb18030(pointer(utf8.as_ref()), &raw mut text, &raw mut len) };
            consistent(status);
            held.keep(status, text);
        }
        6 => {
            let answer = bytes.text(&[DAY]);
            // SAFETY: as above.
            consistent(unsafe { mj_port_reply(bytes.number(), pointer(answer.as_ref())) });
            std::hint::black_box((mj_port_unwanted_answers(), mj_abi_version(), mj_version()));
        }
        7 => HABITS.lock().unwrap().push_back((bytes.byte(), bytes.some().to_vec())),
        8 => {
            let own = writer();
            let (config, mut log) = (bytes.text(&[&own, &own, c"{}", c"{\"dir\":\"/nowhere\",\"signer\":\"/nowhere\",\"auditors\":[]}"]), null_mut());
            // SAFETY: as above.
            let status = unsafe { mj_log_open(pointer(config.as_ref()), &raw mut log) };
            consistent(status);
            assert_eq!(log.is_null(), status != MJ_OK);
            if !log.is_null() {
                held.logs.push(log);
            }
            let (log, records) = (held.log(bytes), bytes.text(&[RECORD, RECORD, c"{\"records\":[]}"]));
            // SAFETY: as above.
            let status = unsafe { mj_log_append(log, pointer(records.as_ref()), &raw mut text) };
            consistent(status);
            held.keep(status, text);
            if bytes.byte() % 2 == 1 {
                let _closed = mj_log_close(log);
            }
        }
        9 => crowd(held.engine(bytes), bytes.byte()),
        10 => {
            // SAFETY: as above.
            let status = unsafe { mj_build_info(&raw mut text) };
            held.keep(status, text);
            consistent(mj_ping(held.engine(bytes)));
        }
        11 => tables::batch(bytes, held),
        _ => assert_eq!(mj_on_message(if bytes.byte() == 0 { None } else { Some(on_message) }, null_mut()), MJ_OK),
    }
}

/// Two threads call, and a third frees under them, if `how` says so.
fn crowd(engine: *mut mj_engine, how: u8) {
    let engine = engine.addr();
    std::thread::scope(|scope| {
        let callers = [(); 2].map(|()| {
            scope.spawn(move || {
                let mut response = null_mut();
                // SAFETY: texts that end with a NUL, a place that is there, and a handle that is never followed.
                let status = unsafe { mj_call_as(without_provenance_mut(engine), ANNA.as_ptr(), c"visit.unpaid".as_ptr(), UNPAID.as_ptr(), &raw mut response) };
                assert_eq!(response.is_null(), status != MJ_OK);
                assert_eq!(mj_last_error_code(), status);
                mj_string_free(response);
            })
        });
        let ending = (how % 2 == 1).then(|| {
            scope.spawn(move || {
                mj_engine_free(without_provenance_mut(engine));
            })
        });
        // Joined one by one: the scope alone does not wait for a thread to let go of its own last error, which would then count as leaked.
        for thread in callers.into_iter().chain(ending) {
            assert!(thread.join().is_ok(), "no call panics");
        }
    });
}
