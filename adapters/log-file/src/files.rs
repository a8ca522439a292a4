//! The names of the files.

pub(crate) const MANIFEST: &str = "MANIFEST";
/// Log id, incarnation and the seal of the segment that is being written.
pub(crate) const STATE: &str = "STATE";

pub(crate) fn segment(stream: &str, no: u64) -> String {
    format!("{stream}-{no:010}.gml")
}

pub(crate) fn index(stream: &str, no: u64) -> String {
    format!("{stream}-{no:010}.gmx")
}

pub(crate) fn torn(stream: &str, no: u64) -> String {
    format!("{stream}-{no:010}.torn")
}

/// What was wrapped later for a key, of a segment.
pub(crate) fn rewrap(stream: &str, no: u64, key: &str) -> String {
    format!("{stream}-{no:010}-{key}.rewrap")
}

/// Space that is kept for an emergency.
pub(crate) const RESERVE: &str = "RESERVE";

/// The number of the segment that a file of this stream belongs to: itself, its index, its torn tail, what was wrapped later.
pub(crate) fn number(stream: &str, name: &str) -> Option<u64> {
    let (digits, rest) = name.strip_prefix(stream)?.strip_prefix('-')?.split_at_checked(10)?;
    (rest.starts_with(['.', '-']) && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok()).flatten()
}

/// The number of a segment file of this stream.
pub(crate) fn segment_no(stream: &str, name: &str) -> Option<u64> {
    let digits = name.strip_prefix(stream)?.strip_prefix('-')?.strip_suffix(".gml")?;
    (digits.len() == 10).then(|| digits.parse().ok()).flatten()
}
