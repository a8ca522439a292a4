//! Where a reading failed. serde_json says how far it had come, which is behind the value that was refused, sometimes behind the bracket
//! or comma after it; it does not name the member. A reader that tracks its path would compile every type a second time and slow every
//! request down, so the path is found when it is needed: the text is walked up to there, and where two values may be meant, the text is cut
//! behind the first of them and read once more. A value that is refused even then was refused for itself.

use serde_json::Error;

use crate::problem::{join, shown_key};

/// A step from a value into one that lies in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// To the member of this name.
    Key(String),
    /// To the item at this position.
    Item(usize),
}

/// A path as the contract writes it: `lines[3].price`.
pub(crate) fn shown(steps: &[Step]) -> String {
    steps.iter().fold(String::new(), |path, step| match step {
        Step::Item(at) => format!("{path}[{at}]"),
        Step::Key(key) => join(&path, shown_key(key)),
    })
}

/// The steps to the value in which reading the text, which is well-formed, came to an end. `again` reads another text, and says what is
/// wrong with that.
pub(super) fn place(text: &str, error: &Error, again: &dyn Fn(&str) -> Option<Error>) -> Vec<Step> {
    match refused_at(text, error, again) {
        Some(end) => steps(text, end),
        None => Vec::new(),
    }
}

/// What stands at the place where the text, which is well-formed, was not of the shape that is read.
pub(super) fn found(text: &str, error: &Error) -> Option<u8> {
    text.as_bytes().get(offset(text, error)?.checked_sub(1)?).copied()
}

/// The end of the token upon which the text was refused. None: the document as a whole was, behind its end.
fn refused_at(text: &str, error: &Error, again: &dyn Fn(&str) -> Option<Error>) -> Option<usize> {
    let at = offset(text, error)?;
    if !error.is_data() {
        // The byte before was looked at, and not taken.
        return Some(at);
    }
    let refused = |end: usize| text.get(..end).and_then(again).is_some_and(|error| error.is_data());
    let (before, last) = until(text, at);
    let last = last?;
    match last.first {
        b'}' | b']' => before.map(|token| token.end).filter(|end| refused(*end)).or(Some(last.end)),
        b',' => match (before, text.as_bytes().get(at)) {
            // An item that should be no array and no object is refused when its bracket is seen.
            (Some(before), Some(b'[' | b'{')) if !refused(before.end) => Some(at + 1),
            (before, _) => before.map(|token| token.end),
        },
        b':' | b'[' | b'{' => Some(at + 1),
        _ => Some(last.end),
    }
}

/// serde_json counts lines from 1, and in each the bytes; a mistake that was found behind the end has line 0.
fn offset(text: &str, error: &Error) -> Option<usize> {
    let earlier = error.line().checked_sub(1)?;
    let start: usize = text.split_inclusive('\n').take(earlier).map(str::len).sum();
    Some(start + error.column())
}

/// The last two tokens that end before this place.
fn until(text: &str, at: usize) -> (Option<Token>, Option<Token>) {
    let mut tokens = Tokens::new(text);
    let (mut before, mut last) = (None, None);
    while let Some(token) = tokens.next().filter(|token| token.end <= at) {
        before = last.replace(token);
    }
    (before, last)
}

/// The steps to the value that begins, is, or ends with the token that ends here; for a key, to its member.
fn steps(text: &str, end: usize) -> Vec<Step> {
    let mut tokens = Tokens::new(text);
    while let Some(token) = tokens.next() {
        if token.end >= end {
            return tokens.levels.iter().take(token.depth).filter_map(|level| level.step(text)).collect();
        }
    }
    Vec::new()
}

/// An array or object around the place.
enum Level {
    Array(usize),
    /// Where the key of the present member stands, from quote to quote.
    Object(Option<(usize, usize)>),
}

impl Level {
    fn step(&self, text: &str) -> Option<Step> {
        match self {
            Level::Array(at) => Some(Step::Item(*at)),
            Level::Object(key) => key.and_then(|(start, end)| serde_json::from_str(text.get(start..end)?).ok()).map(Step::Key),
        }
    }
}

/// A bracket, comma, colon, text, number or word.
#[derive(Clone, Copy)]
struct Token {
    first: u8,
    end: usize,
    /// So many levels lie around the value that it belongs to.
    depth: usize,
}

/// The tokens of a well-formed text, and what lies around the last one.
struct Tokens<'t> {
    text: &'t str,
    at: usize,
    levels: Vec<Level>,
}

impl Tokens<'_> {
    fn new(text: &str) -> Tokens<'_> {
        Tokens { text, at: 0, levels: Vec::new() }
    }

    fn next(&mut self) -> Option<Token> {
        let bytes = self.text.as_bytes();
        let start = self.at + bytes.get(self.at..)?.iter().position(|b| !b.is_ascii_whitespace())?;
        let rest = bytes.get(start..)?;
        let first = *rest.first()?;
        let length = match first {
            b'{' | b'[' | b'}' | b']' | b',' | b':' => 1,
            b'"' => 1 + text_length(rest.get(1..)?),
            _ => rest.iter().position(|b| matches!(b, b',' | b']' | b'}') || b.is_ascii_whitespace()).unwrap_or(rest.len()),
        };
        self.at = start + length;
        let depth = self.levels.len();
        let depth = match (first, self.levels.last_mut()) {
            (b'{', _) => self.within(Level::Object(None)),
            (b'[', _) => self.within(Level::Array(0)),
            (b'}' | b']', _) => {
                self.levels.pop();
                self.levels.len()
            }
            (b',', Some(Level::Array(at))) => {
                *at += 1;
                depth
            }
            (b',', Some(Level::Object(key))) => {
                *key = None;
                depth
            }
            (b'"', Some(Level::Object(key @ None))) => {
                *key = Some((start, self.at));
                depth
            }
            _ => depth,
        };
        Some(Token { first, end: self.at, depth })
    }

    /// The level that begins; what it begins with still belongs to those around.
    fn within(&mut self, level: Level) -> usize {
        self.levels.push(level);
        self.levels.len() - 1
    }
}

/// From behind a quote until behind the one that ends the text.
fn text_length(rest: &[u8]) -> usize {
    let mut escaped = false;
    let end = rest.iter().position(|b| {
        let ends = !escaped && *b == b'"';
        escaped = !escaped && *b == b'\\';
        ends
    });
    end.map_or(rest.len(), |end| end + 1)
}
