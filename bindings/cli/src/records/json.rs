//! The objects of a JSON list, or objects one after the other, cut out of a stream one at a time with the place of each. What is
//! inside an object is not judged here: whoever reads it does.

use std::io::BufRead;

use menjie_bridge::strict::MAX_BYTES;

use super::{Fault, Place};

/// What comes before the next object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing was seen yet: a list or an object.
    Start,
    /// The first object of a list, or its end.
    First,
    /// A comma, or the end of the list.
    Comma,
    /// Another object, or the end of the file.
    Loose,
    /// The end of the file.
    End,
}

/// The objects of a text.
pub(super) struct Objects<R> {
    reader: R,
    before: Before,
    line: u64,
    column: u64,
}

impl<R: BufRead> Objects<R> {
    pub(super) fn new(reader: R) -> Objects<R> {
        Objects { reader, before: Before::Start, line: 1, column: 0 }
    }

    fn here(&self) -> Place {
        Place::Text { line: self.line, column: self.column }
    }

    fn fault(&self, problem: &str) -> Fault {
        Fault::at(self.here(), "", problem)
    }

    fn byte(&mut self) -> Result<Option<u8>, Fault> {
        let Some(byte) = self.reader.fill_buf().map_err(|e| Fault::io(&e))?.first().copied() else { return Ok(None) };
        self.reader.consume(1);
        match byte {
            b'\n' => (self.line, self.column) = (self.line + 1, 0),
            // Columns are characters.
            0x80..=0xbf => {}
            _ => self.column += 1,
        }
        Ok(Some(byte))
    }

    /// The next byte that is no blank.
    fn solid(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            match self.byte()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => {}
                other => return Ok(other),
            }
        }
    }

    /// Puts the next object into `text` and tells where it begins; nothing at the end.
    pub(super) fn next(&mut self, text: &mut Vec<u8>) -> Result<Option<Place>, Fault> {
        text.clear();
        loop {
            let byte = self.solid()?;
            self.before = match (self.before, byte) {
                (Before::Start | Before::Loose | Before::End, None) => return Ok(None),
                (_, None) => return Err(self.fault("the list is not closed; is the file cut off?")),
                (Before::Start, Some(b'[')) => Before::First,
                (Before::First | Before::Comma, Some(b']')) => Before::End,
                (Before::Comma, Some(b',')) => match self.solid()? {
                    Some(b'{') => return self.object(text, Before::Comma).map(Some),
                    _ => return Err(self.fault("a comma is followed by an object")),
                },
                (Before::Comma, Some(_)) => return Err(self.fault("between objects of a list stands a comma")),
                (Before::End, Some(_)) => return Err(self.fault("nothing may stand behind the list")),
                (Before::Start | Before::Loose, Some(b'{')) => return self.object(text, Before::Loose).map(Some),
                (Before::First, Some(b'{')) => return self.object(text, Before::Comma).map(Some),
                (Before::Start | Before::First | Before::Loose, Some(_)) => return Err(self.fault("a record is an object: { … }")),
            };
        }
    }

    /// The rest of an object whose first brace was read.
    fn object(&mut self, text: &mut Vec<u8>, after: Before) -> Result<Place, Fault> {
        let begins = self.here();
        text.push(b'{');
        let (mut depth, mut quoted, mut escaped) = (1usize, false, false);
        while depth > 0 {
            let Some(byte) = self.byte()? else { return Err(Fault::at(begins, "", "the record is not closed; is the file cut off?")) };
            if text.len() >= MAX_BYTES {
                return Err(Fault::at(begins, "", format!("the record is longer than {MAX_BYTES} bytes")));
            }
            text.push(byte);
            match (quoted, byte) {
                (true, _) if escaped => escaped = false,
                (true, b'\\') => escaped = true,
                (true, b'"') => quoted = false,
                (false, b'"') => quoted = true,
                (false, b'{' | b'[') => depth += 1,
                (false, b'}' | b']') => depth -= 1,
                _ => {}
            }
        }
        self.before = after;
        Ok(begins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<(u64, u64, String)>, Fault> {
        let (mut objects, mut bytes, mut found) = (Objects::new(text.as_bytes()), Vec::new(), Vec::new());
        while let Some(place) = objects.next(&mut bytes)? {
            let Place::Text { line, column } = place else { unreachable!("objects stand in a text") };
            found.push((line, column, String::from_utf8(bytes.clone()).unwrap()));
        }
        Ok(found)
    }

    #[test]
    fn lists_and_lines_give_the_same_objects() {
        let first = r#"{"a":"}]\"{","b":[{"c":1}]}"#;
        assert_eq!(all(&format!("[{first},\n {{}}]\n")).unwrap(), [(1, 2, first.to_owned()), (2, 2, "{}".to_owned())]);
        assert_eq!(all(&format!("{first}\n\n{{}}\n")).unwrap(), [(1, 1, first.to_owned()), (3, 1, "{}".to_owned())]);
        assert_eq!(all("  \n{\n\"x\": \"张\"}").unwrap(), [(2, 1, "{\n\"x\": \"张\"}".to_owned())]);
        for empty in ["", " \n", "[]", "[ ]\n"] {
            assert_eq!(all(empty).unwrap(), []);
        }
    }

    #[test]
    fn what_is_no_list_of_objects_is_told_by_line_and_column() {
        for (text, line, column, problem) in [
            ("[{}\n{}]", 2, 1, "between objects of a list stands a comma"),
            ("[{},]", 1, 5, "a comma is followed by an object"),
            ("[{}] {}", 1, 6, "nothing may stand behind the list"),
            ("[1]", 1, 2, "a record is an object"),
            ("{}\n7", 2, 1, "a record is an object"),
            ("[{},\n{\"a\": 1", 2, 1, "the record is not closed"),
            ("[{}\n", 2, 0, "the list is not closed"),
            ("a,b\n", 1, 1, "a record is an object"),
        ] {
            let fault = all(text).unwrap_err();
            assert_eq!(fault.place, Place::Text { line, column }, "{text}");
            assert!(fault.problem.starts_with(problem), "{text}: {}", fault.problem);
        }
    }
}
