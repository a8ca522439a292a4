//! A sealed log that is kept open for writing. Reading it, searching it and verifying it are operations (seal.read, seal.search, seal.verify).

use std::ffi::c_char;

use menjie::Error;
use menjie_bridge::seal::{LogWriter, OpenLog, RecordsRequest};
use menjie_bridge::{Failure, strict};

use crate::arguments::{Out, text};
use crate::entry::{entry, freeing, mj_status, no_message};
use crate::handles::Handles;
use crate::{signals, texts};

/// A log that is open for writing. What it points to is nobody's: a handle is only ever given back to this library.
pub struct mj_log(());

static LOGS: Handles<OpenLog, 2> = Handles::new();

/// Opens the sealed log of a directory, or founds it, and takes its lock: one process at a time. `writer` is the JSON of the member `log` of
/// seal.append (docs/contract/seal.append.md). Gives the log out in `*log`, to be closed with mj_log_close. Blocks while files are read.
/// Any thread, also within a callback of a port.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
// SAFETY: the pointers are NULL or as the header says.
pub unsafe extern "C" fn mj_log_open(writer: *const c_char, log: *mut *mut mj_log) -> mj_status {
    entry(|| {
        // SAFETY: the caller promises it.
        let out = unsafe { Out::new(log, std::ptr::null_mut(), "log") }?;
        // SAFETY: the caller promises it.
        let writer = unsafe { text(writer, "writer") }?;
        let opened = strict::request::<LogWriter>(writer).and_then(|writer| signals::blocked(|| OpenLog::open(&writer))).map_err(|error| Failure::from(&error))?;
        out.give(std::ptr::without_provenance_mut(LOGS.put(opened, "log")?));
        Ok(())
    })
}

/// Writes records into an open log: `records` is {"records": […]} with the records of seal.append; `*response`, {"begun": […], "lost_ends": 0},
/// is to be freed with mj_string_free. Returns when every BEGIN is on the disk. Any thread, any number at once, also within a callback of a port.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
// SAFETY: the pointers are NULL or as the header says.
pub unsafe extern "C" fn mj_log_append(log: *mut mj_log, records: *const c_char, response: *mut *mut c_char) -> mj_status {
    entry(|| {
        // SAFETY: the caller promises it.
        let out = unsafe { Out::new(response, std::ptr::null_mut(), "response") }?;
        // SAFETY: the caller promises it.
        let records = unsafe { text(records, "records") }?;
        let log = LOGS.hold(log.addr(), "log")?;
        let written = strict::exact::<RecordsRequest>(records).and_then(|request| log.append(&request.records));
        let json = written.and_then(|written| serde_json::to_string(&written).map_err(|_| Error::internal("responses serialise")));
        out.give(texts::lend(json.map_err(|error| Failure::from(&error))?, "response")?);
        Ok(())
    })
}

/// Closes a log: waits for calls that are under way (60 seconds at most: MJ_STILL_IN_USE), writes and signs what is left, and gives the lock
/// back. MJ_LOG_FAILED: it is closed and the lock is back, but what was left could not be written, or ENDs were lost since the log was opened
/// (their exchanges are listed as in doubt). NULL is nothing to close; one that was closed before is MJ_BAD_HANDLE. Leaves the last error of
/// the thread as it is. Any thread, also within a callback of a port.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
pub extern "C" fn mj_log_close(log: *mut mj_log) -> mj_status {
    freeing(|| {
        if log.is_null() {
            return Ok(());
        }
        no_message()?;
        LOGS.take(log.addr(), "log")?.close().map_err(|error| Failure::from(&error))
    })
}
