//! Calling operations of a running server: kiosks and terminals of a hospital share its one ledger.

mod session;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use menjie::access::Private;
use menjie::error::Code;
use menjie::ident::HospitalId;
use menjie::port::{CallCx, CallLog, Clock, RecentTransfers};
use menjie::{Error, Result};
use menjie_host::SystemClock;
use menjie_transport::{ApiRequest, Client, ClientConfig, Exchange};
use session::Standing;

use crate::envelope::{Failure, Reply};
use crate::op::Kind;

/// `settlement.get` may wait 30 seconds for a change.
const PATIENCE: Duration = Duration::from_secs(45);

/// No page or document of a server is larger.
const MAX_PAGE: usize = 8 << 20;

/// How a call to a server ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    /// The server answered: a response or a failure.
    Answered(Reply),
    /// Nothing was sent; the cause.
    Unsent(String),
    /// It is not known what the server did: ask again with the same idempotency key. The cause.
    Unknown(String),
}

impl Remote {
    /// As every other answer: what nobody sent, and what nobody knows, are failures with codes of their own.
    pub fn into_reply(self) -> Reply {
        match self {
            Remote::Answered(reply) => reply,
            Remote::Unsent(cause) => Reply::from(&Error::new(Code::ServerUnreachable).with("cause", cause)),
            Remote::Unknown(cause) => Reply::from(&Error::new(Code::ServerUnknown).with("cause", cause)),
        }
    }
}

/// A server whose operations are called, as somebody with a staff token or a patient's session.
pub struct Server {
    client: Client,
    token: Option<Private>,
    /// Of the patient who has identified himself here (`session.identify`): it goes before `token`.
    patient: Mutex<Standing>,
}

impl Server {
    /// The address must be https, or plain http on loopback. Nothing is sent.
    pub fn at(url: &str, token: Option<Private>) -> Result<Server> {
        let client = Client::connect(&ClientConfig::new("server", url)).map_err(|e| e.under("server"))?;
        Ok(Server { client, token, patient: Mutex::default() })
    }

    /// Calls `POST {server}/api/v1/ops/{op}`, as the patient who has identified himself here, if one has. `session.*` go to the routes that make
    /// and end sessions.
    pub async fn call(&self, op: &str, request: &str) -> Result<Remote> {
        // The name becomes a part of the address.
        let op = crate::table::find(op)?;
        if op.kind == Kind::Session {
            return self.session(op.name, request).await;
        }
        let token = self.patient().or_else(|| self.token.clone());
        Ok(told(self.post(format!("/api/v1/ops/{}", op.name), request.to_owned(), token).await?))
    }

    async fn post(&self, path: String, json: String, token: Option<Private>) -> Result<Exchange> {
        let mut post = ApiRequest::post(path, json).header("Content-Type", "application/json");
        if let Some(token) = token {
            post = post.header("Authorization", format!("Bearer {}", token.reveal()));
        }
        Ok(self.client.exchange(&context()?, post).await)
    }

    /// Gets a page as anybody may: without the token.
    pub async fn page(&self, path: &str) -> Result<Page> {
        match self.client.exchange(&context()?, ApiRequest::get(path).up_to(MAX_PAGE)).await {
            Exchange::Answered(answer) => {
                let headers = ["content-security-policy", "location"].map(|name| answer.header(name).map(str::to_owned));
                let [content_security_policy, location] = headers;
                Ok(Page { status: answer.status, body: answer.body, content_security_policy, location })
            }
            Exchange::Unsent(fault) | Exchange::Unknown(fault) => Err(Error::new(Code::ServerUnreachable).with("cause", fault.code)),
        }
    }
}

/// A page of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// What came.
    pub body: Vec<u8>,
    /// What the browser is allowed to load.
    pub content_security_policy: Option<String>,
    /// Where it leads, when it leads elsewhere.
    pub location: Option<String>,
}

/// Of one call, which nobody logs here: the server's own callbacks and calls are logged there.
fn context() -> Result<CallCx> {
    let hospital = HospitalId::new("server")?;
    let now = SystemClock.now();
    let deadline = now.plus_millis(i64::try_from(PATIENCE.as_millis()).unwrap_or(i64::MAX));
    let log = CallLog::new(Arc::new(RecentTransfers::new(0)), hospital.clone());
    Ok(CallCx { hospital, attempt: 1, now, deadline, log })
}

/// What an exchange tells.
fn told(exchange: Exchange) -> Remote {
    match exchange {
        Exchange::Answered(answer) => read(answer.status, &answer.body),
        Exchange::Unsent(fault) => Remote::Unsent(fault.code),
        Exchange::Unknown(fault) => Remote::Unknown(fault.code),
    }
}

fn read(status: u16, body: &[u8]) -> Remote {
    let Ok(json) = std::str::from_utf8(body) else { return Remote::Unknown("not_json".to_owned()) };
    if status == 200 && serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok() {
        return Remote::Answered(Reply::of(Ok::<_, Error>(json.to_owned())));
    }
    match serde_json::from_str::<Failure>(json) {
        Ok(failure) if failure.code != 0 => Remote::Answered(Reply::failed(failure.code, json.to_owned())),
        _ => Remote::Unknown(format!("http_{status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_no_plain_failure() {
        let code = |remote: Remote| remote.into_reply().code();
        assert_eq!(code(Remote::Unsent("refused".to_owned())), 710);
        assert_eq!(code(Remote::Unknown("timeout".to_owned())), 711);
        assert!(Remote::Unknown("timeout".to_owned()).into_reply().json().contains(r#""retry":"after_query""#));
    }

    #[test]
    fn an_answer_that_is_no_envelope_is_unknown() {
        assert!(matches!(read(200, b"{\"a\":1}"), Remote::Answered(reply) if reply.is_response()));
        let failure = br#"{"code":200,"kind":"not_found","retry":"never","message":"m","context":{}}"#;
        assert!(matches!(read(404, failure), Remote::Answered(reply) if reply.code() == 200));
        for (status, body) in [(200, b"<html>".as_slice()), (502, b"bad gateway"), (500, b"{}"), (200, b"\xff")] {
            assert!(matches!(read(status, body), Remote::Unknown(_)));
        }
    }
}
