//! Engines: what operations need that do more than compute.

use std::ffi::c_char;
use std::mem::{MaybeUninit, offset_of, size_of};
use std::time::Duration;

use menjie_bridge::place::Place;
use menjie_bridge::{Failure, Reply};

use crate::arguments::{Out, text};
use crate::call::call_here;
use crate::entry::{entry, freeing, mj_status, outside};
use crate::handles::Handles;
use crate::misuse::Misuse;
use crate::ports::{self, mj_ports};
use crate::version::MJ_ABI_VERSION;

/// An engine. What it points to is nobody's: a handle is only ever given back to this library.
pub struct mj_engine(());

/// How an engine is made. Set everything to zero first, then `struct_size` to sizeof(mj_options) and `abi_version` to MJ_ABI_VERSION: a
/// newer library takes what an older header knows. A header that is newer than the library is MJ_BAD_ABI.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mj_options {
    /// sizeof(mj_options)
    pub struct_size: u32,
    /// MJ_ABI_VERSION
    pub abi_version: u32,
    /// JSON, NULL for {}: {"server": {"url": "https://…", "token": "…"}} has the hospital's server run what is not computed here; {"log": …,
    /// "hospitals": [{"id": …, "host": {"his": {…}}}]} makes an engine of this process (docs/guide/c.md). Not both: a hospital has one ledger.
    /// Read during the call only.
    pub config: *const c_char,
    /// The ports that the program implements itself; NULL when it implements none. Since 1.1.
    pub ports: *const mj_ports,
}

/// What a handle stands for.
pub(crate) struct Engine(Place);

pub(crate) static ENGINES: Handles<Engine, 1> = Handles::new();

/// Freeing waits so long for callbacks that are under way.
const PATIENCE: Duration = Duration::from_secs(60);

impl Engine {
    fn of(config: &str, ports: Option<mj_ports>) -> Result<Engine, Failure> {
        let Some(table) = ports else {
            return crate::signals::blocked(|| Place::open(config)).map(Engine).map_err(|error| Failure::from(&error));
        };
        with_ports(config, table)
    }

    /// What needs no engine runs here, the rest where the engine's place is, for a caller.
    pub(crate) fn call(&self, caller: Option<&str>, op: &str, request: &str) -> Reply {
        if menjie_bridge::find(op).is_ok_and(|op| op.kind.needs_engine()) { self.0.call(caller, op, request) } else { call_here(op, request) }
    }

    /// Ends it. Fails when the program has not come back from a callback.
    fn close(self) -> Result<(), Failure> {
        if self.0.close(PATIENCE) { Ok(()) } else { Err(Misuse::StillInUse.of("engine")) }
    }
}

/// An engine of this process, whose ports are the program's.
#[cfg(feature = "ports")]
fn with_ports(config: &str, table: mj_ports) -> Result<Engine, Failure> {
    let (threads, host) = (table.threads(), std::sync::Arc::new(crate::port_host::CHost::new(table)));
    let place = crate::signals::blocked(|| Place::with_ports(config, host.clone(), threads)).map_err(|error| Failure::from(&error))?;
    host.in_use();
    Ok(Engine(place))
}

#[cfg(not(feature = "ports"))]
fn with_ports(_: &str, _: mj_ports) -> Result<Engine, Failure> {
    Err(Failure::from(&menjie::Error::field("hospitals", "this library was built without the feature ports")))
}

/// Reads as much of the options as the caller's header has; the rest is zero.
///
/// # Safety
/// `options` is null, or points to as many bytes as its first number says.
// SAFETY: the caller promises the above.
unsafe fn known(options: *const mj_options) -> Result<mj_options, Failure> {
    if options.is_null() {
        return Err(Misuse::NullArgument.of("options"));
    }
    // SAFETY: whatever is longer than nothing begins with its length, and the caller promises it is there.
    let given = unsafe { options.cast::<u32>().read_unaligned() };
    let given = usize::try_from(given).unwrap_or(usize::MAX);
    if given < offset_of!(mj_options, config) {
        return Err(Misuse::BadAbi.of("options.struct_size"));
    }
    // Behind the beginning stand pointers only. One that is there in part is not there: half a pointer leads nowhere.
    let step = size_of::<*const c_char>();
    let whole = offset_of!(mj_options, config) + (given.min(size_of::<mj_options>()) - offset_of!(mj_options, config)) / step * step;
    let mut known = MaybeUninit::<mj_options>::zeroed();
    // SAFETY: no more than the caller has is read, and no more than `known` takes is written.
    unsafe { std::ptr::copy_nonoverlapping(options.cast::<u8>(), known.as_mut_ptr().cast::<u8>(), whole) };
    // SAFETY: every byte is set, and zeros are a value of every field.
    let known = unsafe { known.assume_init() };
    if known.abi_version >> 16 != MJ_ABI_VERSION >> 16 || known.abi_version > MJ_ABI_VERSION {
        return Err(Misuse::BadAbi.of("options.abi_version"));
    }
    Ok(known)
}

/// Makes an engine and gives it out in `*engine`, to be freed with mj_engine_free. Nothing is sent, but an engine with a ledger goes on with what
/// an earlier run has left undone, and asks ports. Blocks shortly. Any thread; not within a callback. At most 1024 at once.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
// SAFETY: the pointers are NULL or as the header says.
pub unsafe extern "C" fn mj_engine_new(options: *const mj_options, engine: *mut *mut mj_engine) -> mj_status {
    entry(|| {
        // SAFETY: the caller promises it.
        let out = unsafe { Out::new(engine, std::ptr::null_mut(), "engine") }?;
        outside()?;
        // SAFETY: the caller promises it.
        let known = unsafe { known(options) }?;
        let config = if known.config.is_null() {
            "{}"
        } else {
            // SAFETY: the caller promises it.
            unsafe { text(known.config, "options.config") }?
        };
        let ports = if known.ports.is_null() {
            None
        } else {
            // SAFETY: the caller promises it.
            Some(unsafe { ports::known(known.ports) }?)
        };
        let made = Engine::of(config, ports)?;
        out.give(std::ptr::without_provenance_mut(ENGINES.put(made, "engine")?));
        Ok(())
    })
}

/// Frees an engine: no call can begin with it any more. Waits up to 60 seconds for those that are under way (MJ_STILL_IN_USE: the last of
/// them frees it), then as long for callbacks of its ports to come back (MJ_STILL_IN_USE: the table is in use until `release` is called). Half of
/// that time at most is for `log_copy`, which is given the end of the log; what it does not take waits for the next start. Answers that come later are
/// MJ_UNWANTED_ANSWER. NULL is nothing to free; one that was freed before is MJ_BAD_HANDLE. Leaves the last error of the
/// thread as it is. Any thread; not within a callback.
// SAFETY: the prefix mj_ is this library's alone.
#[unsafe(no_mangle)]
pub extern "C" fn mj_engine_free(engine: *mut mj_engine) -> mj_status {
    freeing(|| if engine.is_null() { Ok(()) } else { outside().and_then(|()| ENGINES.take(engine.addr(), "engine")?.close()) })
}

#[cfg(all(test, feature = "server"))]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    /// Answers one request with this status and body, or hangs up when there is none; tells the head and the body that came.
    fn server(answer: Option<(&'static str, &'static str)>) -> (String, Receiver<(String, String)>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (tell, told) = channel();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                reader.read_line(&mut head).unwrap();
            }
            let length = head.to_ascii_lowercase().split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            tell.send((head, String::from_utf8(body).unwrap())).unwrap();
            if let Some((status, json)) = answer {
                write!(stream, "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{json}", json.len()).unwrap();
            }
        });
        (format!("http://{address}"), told)
    }

    fn engine(url: &str) -> Engine {
        Engine::of(&format!(r#"{{"server":{{"url":"{url}","token":"s3cret"}}}}"#), None).unwrap()
    }

    const REQUEST: &str = r#"{"patient_id":"P1"}"#;

    #[test]
    fn what_needs_a_ledger_goes_to_the_server_with_the_token_and_the_rest_stays() {
        let (url, told) = server(Some(("200 OK", r#"{"bills":[]}"#)));
        let engine = engine(&url);
        // Nothing of these is sent: the server would take the first for the request that it waits for.
        assert_eq!(engine.call(None, "echo", r#"{"value":1}"#).json(), r#"{"value":1}"#);
        assert_eq!(engine.call(None, "crypto.sm3", r#"{"data_hex":""}"#).code(), 0);
        assert_eq!(engine.call(None, "no.such", "{}").code(), 1);
        let reply = engine.call(None, "visit.unpaid", REQUEST);
        assert_eq!((reply.code(), reply.json()), (0, r#"{"bills":[]}"#));
        let (head, body) = told.recv().unwrap();
        assert!(head.starts_with("POST /api/v1/ops/visit.unpaid HTTP/1.1\r\n"), "{head}");
        assert!(head.to_ascii_lowercase().contains("authorization: bearer s3cret\r\n"), "{head}");
        assert_eq!(body, REQUEST);
    }

    #[test]
    fn the_servers_failure_is_the_calls_failure() {
        let envelope = r#"{"code":200,"kind":"not_found","retry":"never","message":"there is no such object for this caller","context":{}}"#;
        let (url, _told) = server(Some(("404 Not Found", envelope)));
        let reply = engine(&url).call(None, "visit.unpaid", REQUEST);
        assert_eq!((reply.code(), reply.json()), (200, envelope));
    }

    #[test]
    fn a_server_that_is_not_there_was_sent_nothing_and_one_that_says_nothing_is_not_known() {
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(engine(&format!("http://{nobody}")).call(None, "settlement.pay", "{}").code(), 710);
        for answer in [None, Some(("200 OK", "<html>")), Some(("502 Bad Gateway", "bad gateway"))] {
            let (url, _told) = server(answer);
            let reply = engine(&url).call(None, "settlement.pay", "{}");
            assert_eq!(reply.code(), 711, "{answer:?}: {}", reply.json());
            assert!(reply.json().contains(r#""retry":"after_query""#) && !reply.json().contains("s3cret"));
        }
    }

    #[test]
    fn an_address_in_clear_is_this_machine_only() {
        for (url, refused) in [("http://10.1.2.3:8080", true), ("ftp://h.example", true), ("", true), ("https://h.example", false), ("http://127.0.0.1:9", false)] {
            assert_eq!(Engine::of(&format!(r#"{{"server":{{"url":"{url}"}}}}"#), None).is_err(), refused, "{url}");
        }
    }
}
