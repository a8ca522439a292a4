//! The smallest HTTP client that can replay vectors: one request over loopback, an answer with a length, nothing else. Made
//! of std alone, so that a mistake of our own transport cannot hide one of the server's.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A running server and the token it wants.
#[derive(Clone, Debug)]
pub struct Server {
    /// `host:port` on loopback.
    pub address: String,
    /// Staff token.
    pub token: Option<String>,
}

impl Server {
    /// Posts JSON; answers status and body. Blocks.
    pub fn post(&self, path: &str, body: &str) -> Result<(u16, String)> {
        self.send("POST", path, body)
    }

    /// Sends JSON by any method; answers status and body. Blocks.
    pub fn send(&self, method: &str, path: &str, body: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let token = self.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{token}Connection: close\r\n\r\n", self.address, body.len());
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        parse(&answer)
    }
}

fn parse(answer: &[u8]) -> Result<(u16, String)> {
    let bad = |what: &'static str| Error::new(ErrorKind::InvalidData, what);
    let text = std::str::from_utf8(answer).map_err(|_| bad("the answer is not UTF-8"))?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| bad("the answer has no end of headers"))?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).ok_or_else(|| bad("the answer has no status"))?;
    let length = lines.filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length")).and_then(|(_, value)| value.trim().parse().ok());
    // An answer without content (204) has no length.
    let length = if status == 204 { Some(0) } else { length };
    if length != Some(body.len()) {
        return Err(bad("the answer's length is missing or wrong"));
    }
    Ok((status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_answer_is_status_and_body_of_its_length() {
        assert_eq!(parse(b"HTTP/1.1 422 X\r\nContent-Length: 2\r\n\r\n{}").unwrap(), (422, "{}".to_owned()));
        assert_eq!(parse(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap(), (204, String::new()));
        for broken in ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", "HTTP/1.1 200 OK\r\n\r\n{}", "HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "x"] {
            assert!(parse(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
