//! What the tables of batches hold, as data: reading, results and documents are made of it.

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name; a column may stand at any place.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Must it be there?
    pub given: Given,
    /// What it means.
    pub purpose: &'static str,
}

/// What a column holds. The Arrow types that are taken for it are said by [`Holds::types`].
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// Any text.
    Text,
    /// A text with the rules of an id: so many characters at most, and what decides where characters are not of visible ASCII.
    Id(usize, fn(&str) -> bool),
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words, one behind the other; in results only.
    Words(&'static [&'static str]),
    /// Whole fen.
    Fen,
    /// A count or a position.
    Count,
    /// Yes or no.
    Flag,
    /// A decimal number with so many decimals at most, and its range, scaled by them.
    Decimal(u32, fn(i64) -> bool),
    /// An instant.
    Instant,
    /// A day.
    Day,
}

/// Must a column be there?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// It must, and nothing in it may be null.
    Always,
    /// It may be left out, and may be null: then this holds.
    Else(&'static str),
}

impl Holds {
    /// The Arrow types of a table that is given.
    pub fn types(self, name: &str) -> String {
        match self {
            Holds::Text | Holds::Id(..) | Holds::Word(_) => "utf8, large_utf8 or utf8_view, also dictionary-encoded".to_owned(),
            Holds::Words(_) => "list of utf8".to_owned(),
            Holds::Fen => "int64".to_owned(),
            Holds::Count => "uint32, int32 or int64".to_owned(),
            Holds::Flag => "boolean".to_owned(),
            Holds::Decimal(digits, _) => format!("decimal128 of scale 0 to {digits}; or, named `{}`, int64 × 10^{digits}", scaled_name(name, digits)),
            Holds::Day => "date32; or a text of `YYYY-MM-DD`: utf8, large_utf8 or utf8_view, also dictionary-encoded".to_owned(),
            Holds::Instant => format!("timestamp with a time zone; or, named `{}`, int64 in milliseconds since 1970 (UTC)", millis_name(name)),
        }
    }

    /// The Arrow type of a result.
    pub const fn result_type(self) -> &'static str {
        match self {
            Holds::Text | Holds::Id(..) | Holds::Word(_) => "utf8",
            Holds::Words(_) => "list of utf8",
            Holds::Fen | Holds::Decimal(..) | Holds::Instant => "int64",
            Holds::Count => "uint32",
            Holds::Flag => "boolean",
            Holds::Day => "date32",
        }
    }

    /// The words that may stand there.
    pub const fn words(self) -> &'static [&'static str] {
        match self {
            Holds::Word(words) | Holds::Words(words) => words,
            _ => &[],
        }
    }

    /// The name of the column when its numbers are whole and scaled.
    pub(super) fn other_name(self, name: &str) -> Option<String> {
        match self {
            Holds::Decimal(digits, _) => Some(scaled_name(name, digits)),
            Holds::Instant => Some(millis_name(name)),
            _ => None,
        }
    }
}

fn scaled_name(name: &str, digits: u32) -> String {
    format!("{name}_e{digits}")
}

fn millis_name(name: &str) -> String {
    format!("{name}_ms")
}
