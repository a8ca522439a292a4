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

/// The number of a segment file of this stream.
pub(crate) fn segment_no(stream: &str, name: &str) -> Option<u64> {
    let digits = name.strip_prefix(stream)?.strip_prefix('-')?.strip_suffix(".gml")?;
    (digits.len() == 10).then(|| digits.parse().ok()).flatten()
}
