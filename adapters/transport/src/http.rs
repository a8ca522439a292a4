//! The seam between a protocol and a socket: one request, one [`Exchange`].

use async_trait::async_trait;
use menjie::port::{CallCx, Fault, Outcome};

/// The methods our counterparts use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Acts.
    Post,
}

impl Method {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
        }
    }
}

/// A request, complete: exactly these bytes leave.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The absolute address, already percent-encoded.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body; empty means none.
    pub body: Vec<u8>,
    /// The largest answer that is read; a longer one is [`Exchange::Unknown`].
    pub max_response_bytes: usize,
}

impl std::fmt::Debug for HttpRequest {
    /// Addresses, header values and bodies may carry personal data or secrets: only sizes are shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HttpRequest({}, {} headers, {} bytes)", self.method.as_str(), self.headers.len(), self.body.len())
    }
}

/// An answer as it came: status, headers, raw bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// Header names in lower case, with values, in the order of arrival; repeated headers stay repeated.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The value of a header that came exactly once; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(key, _)| key == name);
        let first = found.next()?;
        if found.next().is_some() { None } else { Some(&first.1) }
    }
}

impl std::fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HttpResponse({}, {} headers, {} bytes)", self.status, self.headers.len(), self.body.len())
    }
}

/// How an exchange ended. Not a `Result`: what the peer did decides, not how far we got.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// The whole answer came, whatever its status.
    Answered(HttpResponse),
    /// Proven: no byte of the request left this machine.
    Unsent(Fault),
    /// Bytes may have left.
    Unknown(Fault),
}

impl Exchange {
    /// The answer, or why there is none.
    pub fn answered(self) -> Result<HttpResponse, Failed> {
        match self {
            Exchange::Answered(response) => Ok(response),
            Exchange::Unsent(fault) => Err(Failed::Unsent(fault)),
            Exchange::Unknown(fault) => Err(Failed::Unknown(fault)),
        }
    }
}

/// Why an exchange brought no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// Proven: no byte of the request left this machine.
    Unsent(Fault),
    /// Bytes may have left.
    Unknown(Fault),
}

impl<T> From<Failed> for Outcome<T> {
    fn from(failed: Failed) -> Outcome<T> {
        match failed {
            Failed::Unsent(fault) => Outcome::Unsent(fault),
            Failed::Unknown(fault) => Outcome::Unknown(fault),
        }
    }
}

/// Sends one request. Implementations never repeat it, never follow a redirect, and answer `Unsent` only when no byte of
/// the request can have reached the peer; they keep to `cx.deadline`.
#[async_trait]
pub trait Http: Send + Sync {
    /// One request, one end.
    async fn exchange(&self, cx: &CallCx, request: HttpRequest) -> Exchange;
}
