//! Manifest and rewrap: what is believed of them was signed.

use menjie::seal::{Rewrap, Segment, read_manifest};

use crate::log::written;

pub(crate) fn manifest_seeds() -> Vec<Vec<u8>> {
    let text = written().manifest.as_bytes();
    let first = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    vec![text.to_vec(), text[..first].to_vec(), text[..text.len() - 9].to_vec()]
}

/// The entries of a manifest that is read are the first of those that were signed.
pub(crate) fn manifest(bytes: &[u8]) {
    let log = written();
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(entries) = read_manifest(text, &log.log_id, &log.writers) else { return };
    assert!(log.entries.starts_with(&entries), "an entry that nobody signed");
}

pub(crate) fn rewrap_seeds() -> Vec<Vec<u8>> {
    vec![written().rewrap.clone()]
}

/// A sidecar that counts as signed is the one that was; one that is not opens nothing but this segment.
pub(crate) fn rewrap(bytes: &[u8]) {
    let log = written();
    let Ok(read) = Rewrap::read(bytes) else { return };
    assert_eq!(read.is_signed_by(log.auditor.public(), bytes), bytes == log.rewrap);
    let segment = Segment::read(&log.segment).unwrap();
    if let Ok(secret) = segment.secret(&log.later, std::slice::from_ref(&read)) {
        assert!(segment.open(&secret).unwrap().records(None).all(|frame| frame.is_ok()));
    }
}
