//! What travels: requests as they came in, replies, and callbacks a peer wants to send.

use menjie::Timestamp;

use crate::faults::Peer;

/// A request, byte for byte: signatures are checked over exactly this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Upper-case method.
    pub method: String,
    /// Path and query as they were on the wire.
    pub target: String,
    /// Header names in lower case, with values.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// The raw query, empty when there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// A query parameter as it stands on the wire (not percent-decoded: the peers' parameters are plain numbers and codes).
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query().split('&').filter_map(|pair| pair.split_once('=')).find_map(|(key, value)| (key == name).then_some(value))
    }
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Response {
    /// A JSON response.
    pub fn json(status: u16, value: &serde_json::Value) -> Response {
        Response { status, headers: vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())], body: value.to_string().into_bytes() }
    }

    /// The value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// What a caller gets to see of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// An answer, after a pause.
    Answer {
        /// The answer.
        response: Response,
        /// How long it takes.
        after_ms: u32,
    },
    /// The connection is closed without an answer, after a pause: the caller cannot know what happened.
    Silence {
        /// How long it takes.
        after_ms: u32,
    },
}

impl Reply {
    /// The answer, if there is one.
    pub fn response(&self) -> Option<&Response> {
        match self {
            Reply::Answer { response, .. } => Some(response),
            Reply::Silence { .. } => None,
        }
    }
}

/// The number of a message on its way; every repeat of it carries the same.
pub type CallbackId = u64;

/// A message a peer sends by itself. Whoever drives the machine posts it and reports the answer with `answered`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// Which message.
    pub id: CallbackId,
    /// Who sends it.
    pub peer: Peer,
    /// When it was due.
    pub at: Timestamp,
    /// Where to.
    pub url: String,
    /// Header names in lower case, with values.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find_map(|(key, value)| (key == name).then_some(value.as_str()))
}
