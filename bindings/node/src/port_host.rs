//! JavaScript as the host of ports: its function is asked, its answers are awaited by token.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use menjie_bridge::ports::{PortHost, PortName, Question, QuestionId, ReplyTo};
use menjie_bridge::strict::MAX_BYTES;
use napi::Status;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use serde_json::json;

/// The function, as it can be called from every thread; weak, so that a process with an open engine may end.
pub(crate) struct Asked(ThreadsafeFunction<String, (), String, Status, false, true>);

impl Asked {
    pub(crate) fn of(ask: &Function<'_, String, ()>) -> napi::Result<Asked> {
        ask.build_threadsafe_function::<String>().weak::<true>().callee_handled::<false>().build().map(Asked)
    }
}

/// A JavaScript thread that implements ports.
pub(crate) struct NodeHost {
    ports: Vec<String>,
    ask: Asked,
    awaited: Mutex<BTreeMap<u64, ReplyTo>>,
}

impl NodeHost {
    pub(crate) fn new(ports: Vec<String>, ask: Asked) -> NodeHost {
        NodeHost { ports, ask, awaited: Mutex::default() }
    }

    fn awaited(&self) -> MutexGuard<'_, BTreeMap<u64, ReplyTo>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, id: QuestionId) -> Option<ReplyTo> {
        self.awaited().remove(&id.0)
    }

    /// Hands an answer to whoever waits for it.
    pub(crate) fn reply(&self, token: f64, answer: String) -> bool {
        // Numbers of questions are counted up from 1: JavaScript's numbers hold them.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let reply = self.take(QuestionId(token as u64));
        reply.is_some_and(|reply| if answer.len() > MAX_BYTES { reply.unreadable("is too long") } else { reply.answer(answer) })
    }
}

/// The question as JSON; its request is JSON already.
fn written(question: &Question) -> String {
    let head = json!({
        "token": question.id.0,
        "port": question.port.code(),
        "channel": question.channel,
        "hospital": question.hospital,
        "method": question.method,
        "attempt": question.attempt,
        "timeout_ms": question.timeout_ms,
    });
    let head = head.to_string();
    format!("{},\"request\":{}}}", head.strip_suffix('}').unwrap_or(&head), question.request)
}

impl PortHost for NodeHost {
    fn implements(&self, port: PortName) -> bool {
        self.ports.iter().any(|name| name == port.code())
    }

    fn ask(&self, question: &Question, reply: ReplyTo) {
        self.awaited().insert(question.id.0, reply);
        // Whoever gave up before the answer could be awaited has found nothing to forget.
        if !self.awaited().get(&question.id.0).is_some_and(ReplyTo::is_wanted) {
            self.forget(question.id);
            return;
        }
        if self.ask.0.call(written(question), ThreadsafeFunctionCallMode::NonBlocking) != Status::Ok
            && let Some(reply) = self.take(question.id)
        {
            reply.answer(r#"{"outcome":"unsent","value":{"code":"thread_ended","text":"the JavaScript thread of the port has ended"}}"#.to_owned());
        }
    }

    fn forget(&self, id: QuestionId) {
        drop(self.take(id));
    }
}
