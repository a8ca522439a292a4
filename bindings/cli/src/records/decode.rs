//! Texts in UTF-8 or GB18030, told apart by their own bytes, decoded as they are read.

use std::io::{Error, ErrorKind, Read, Result};

use encoding_rs::{Decoder, DecoderResult, Encoding, GB18030, UTF_8};

/// So much is looked at, at a time.
const CHUNK: usize = 64 << 10;
/// Fewer bytes behind the first character beyond ASCII do not tell the encodings apart: more are waited for.
const ENOUGH: usize = 4 << 10;

/// A reader whose output is UTF-8.
pub(super) struct Decoded<R> {
    inner: R,
    /// As somebody said; otherwise the first chunk that is not ASCII decides.
    encoding: Option<&'static Encoding>,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    /// What is looked at again with the next chunk.
    carried: Vec<u8>,
    out: Vec<u8>,
    at: usize,
    started: bool,
    ended: bool,
    /// Line ends that were handed out, or are about to be.
    lines: u64,
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(inner: R, encoding: Option<&'static Encoding>) -> Decoded<R> {
        Decoded { inner, encoding, decoder: None, raw: vec![0; CHUNK], carried: Vec::new(), out: Vec::new(), at: 0, started: false, ended: false, lines: 0 }
    }

    /// The next chunk, whole unless the file ends in it.
    fn chunk(&mut self) -> Result<usize> {
        let mut length = self.carried.len();
        if let Some(front) = self.raw.get_mut(..length) {
            front.copy_from_slice(&self.carried);
        }
        self.carried.clear();
        while let Some(rest) = self.raw.get_mut(length..).filter(|rest| !rest.is_empty()) {
            match self.inner.read(rest) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(length)
    }

    fn fill(&mut self) -> Result<()> {
        let length = self.chunk()?;
        self.ended = length < CHUNK;
        let mut raw = self.raw.get(..length).unwrap_or_default();
        if !self.started {
            self.started = true;
            if raw.starts_with(b"\xff\xfe") || raw.starts_with(b"\xfe\xff") {
                return Err(Error::new(ErrorKind::InvalidData, "is UTF-16; save it as UTF-8 or GB18030"));
            }
            if let Some(rest) = raw.strip_prefix(b"\xef\xbb\xbf") {
                raw = rest;
                self.encoding = Some(UTF_8);
            }
        }
        self.at = 0;
        if self.encoding.is_none() && !self.ended {
            let (plain, rest) = raw.split_at(raw.iter().position(|byte| !byte.is_ascii()).unwrap_or(raw.len()));
            if rest.len() < ENOUGH {
                self.out.clear();
                self.out.extend_from_slice(plain);
                self.lines += ends(plain);
                self.carried.extend_from_slice(rest);
                return Ok(());
            }
        }
        let encoding = *self.encoding.get_or_insert_with(|| if is_utf8(raw, self.ended) { UTF_8 } else { GB18030 });
        let decoder = self.decoder.get_or_insert_with(|| encoding.new_decoder_without_bom_handling());
        let room = decoder.max_utf8_buffer_length_without_replacement(raw.len()).ok_or_else(|| Error::from(ErrorKind::OutOfMemory))?;
        self.out.resize(room, 0);
        let (result, _, written) = decoder.decode_to_utf8_without_replacement(raw, &mut self.out, self.ended);
        self.out.truncate(written);
        self.lines += ends(&self.out);
        if result == DecoderResult::InputEmpty {
            return Ok(());
        }
        let name = encoding.name();
        Err(Error::new(ErrorKind::InvalidData, format!("line {} is not {name}; say what it is with --encoding", self.lines + 1)))
    }
}

fn ends(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// A character may be cut in two where the chunk ends, and only there.
fn is_utf8(chunk: &[u8], last: bool) -> bool {
    match std::str::from_utf8(chunk) {
        Ok(_) => true,
        Err(error) => !last && error.error_len().is_none(),
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        while self.at == self.out.len() {
            if self.ended {
                return Ok(0);
            }
            self.fill()?;
        }
        let rest = self.out.get(self.at..).unwrap_or_default();
        let length = rest.len().min(into.len());
        if let (Some(to), Some(from)) = (into.get_mut(..length), rest.get(..length)) {
            to.copy_from_slice(from);
        }
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], encoding: Option<&'static Encoding>) -> std::result::Result<String, String> {
        let mut text = String::new();
        Decoded::new(bytes, encoding).read_to_string(&mut text).map(|_| text).map_err(|e| e.to_string())
    }

    #[test]
    fn both_encodings_are_recognised_wherever_the_first_character_stands() {
        let (gbk, _, _) = GB18030.encode("姓名,㐀\n张三\n");
        assert_eq!(decoded(&gbk, None).unwrap(), "姓名,㐀\n张三\n");
        assert_eq!(decoded("姓名\n".as_bytes(), None).unwrap(), "姓名\n");
        assert_eq!(decoded("\u{feff}姓名\n".as_bytes(), None).unwrap(), "姓名\n");
        assert_eq!(decoded(b"plain\n", None).unwrap(), "plain\n");
        assert_eq!(decoded(b"", None).unwrap(), "");
        // Behind chunks of ASCII, and with a character across the edge of two chunks.
        for before in [CHUNK - ENOUGH, CHUNK - 2, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK - 2] {
            let text = format!("{}张三李四\n", "x".repeat(before));
            assert_eq!(decoded(text.as_bytes(), None).unwrap(), text, "{before}");
            assert_eq!(decoded(&GB18030.encode(&text).0, None).unwrap(), text, "{before}");
        }
    }

    #[test]
    fn what_is_neither_is_told_by_its_line() {
        assert_eq!(decoded(b"a\nb\n\xff\xff\n", None).unwrap_err(), "line 3 is not gb18030; say what it is with --encoding");
        assert_eq!(decoded("a\n张".as_bytes().split_last().unwrap().1, Some(UTF_8)).unwrap_err(), "line 2 is not UTF-8; say what it is with --encoding");
        assert!(decoded(b"\xff\xfea\0", None).unwrap_err().starts_with("is UTF-16"));
        // These four bytes are also two characters of UTF-8: whoever knows better says so.
        assert_eq!(decoded(b"\xc1\xaa\xcd\xa8", Some(GB18030)).unwrap(), "联通");
    }
}
