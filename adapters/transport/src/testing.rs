//! A scripted [`Http`]: answers in the order they were put, records every request.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use menjie::port::{CallCx, CallLog, Fault, LogSink};
use menjie::{Result, Timestamp};

use crate::http::{Exchange, Http, HttpRequest, HttpResponse};

/// The context of a first attempt of hospital `H1` that must end `timeout_ms` after `now`.
pub fn call_cx(sink: Arc<dyn LogSink>, now: Timestamp, timeout_ms: i64) -> Result<CallCx> {
    let hospital = menjie::ident::HospitalId::new("H1")?;
    Ok(CallCx { hospital: hospital.clone(), attempt: 1, now, deadline: now.plus_millis(timeout_ms), log: CallLog::new(sink, hospital) })
}

type Responder = Box<dyn FnOnce(&CallCx, &HttpRequest) -> Exchange + Send>;

/// The scripted peer. Without a script left it answers `Unsent("script")`, so that a forgotten answer fails a test.
#[derive(Default)]
pub struct ScriptedHttp {
    state: Mutex<Script>,
}

#[derive(Default)]
struct Script {
    answers: VecDeque<Responder>,
    requests: Vec<HttpRequest>,
}

impl ScriptedHttp {
    /// An empty script.
    pub fn new() -> ScriptedHttp {
        ScriptedHttp::default()
    }

    /// The next exchange ends like this.
    pub fn put(&self, exchange: Exchange) {
        self.put_with(move |_, _| exchange);
    }

    /// The next exchange is computed from the request, e.g. to sign an answer.
    pub fn put_with(&self, responder: impl FnOnce(&CallCx, &HttpRequest) -> Exchange + Send + 'static) {
        self.lock().answers.push_back(Box::new(responder));
    }

    /// The next exchange is answered with this status and body.
    pub fn put_answer(&self, status: u16, body: impl Into<Vec<u8>>) {
        self.put(Exchange::Answered(HttpResponse { status, headers: Vec::new(), body: body.into() }));
    }

    /// What was sent so far.
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.lock().requests.clone()
    }

    /// How many answers are left.
    pub fn left(&self) -> usize {
        self.lock().answers.len()
    }

    fn lock(&self) -> MutexGuard<'_, Script> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Http for ScriptedHttp {
    async fn exchange(&self, cx: &CallCx, request: HttpRequest) -> Exchange {
        let responder = {
            let mut script = self.lock();
            script.requests.push(request.clone());
            script.answers.pop_front()
        };
        match responder {
            Some(responder) => responder(cx, &request),
            None => Exchange::Unsent(Fault::new("script", "the scripted peer has no answer left")),
        }
    }
}
