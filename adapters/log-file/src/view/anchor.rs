//! Anchors (锚点): a checkpoint that an auditor keeps elsewhere. A log that was rolled back or cut off behind it no longer holds it.

use menjie::error::Code;
use menjie::gm::{hex, unhex};
use menjie::seal::Anchor;
use menjie::{Error, Result};
use serde::{Deserialize, Serialize};

/// A checkpoint as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AnchorDocument {
    log_id: String,
    segment: u64,
    frame: u32,
    last_seq: u64,
    records: u64,
    time_ns: i64,
    chain: String,
    root: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<String>,
}

impl AnchorDocument {
    /// Of a checkpoint.
    pub fn of(anchor: &Anchor) -> AnchorDocument {
        AnchorDocument {
            log_id: hex(&anchor.log_id),
            segment: anchor.segment_no,
            frame: anchor.frame_no,
            last_seq: anchor.last_seq,
            records: anchor.records,
            time_ns: anchor.time_ns,
            chain: hex(&anchor.chain),
            root: hex(&anchor.root),
            index: anchor.index.map(|index| hex(&index)),
        }
    }

    /// The checkpoint again.
    pub fn anchor(&self) -> Result<Anchor> {
        Ok(Anchor {
            log_id: bytes(&self.log_id)?,
            segment_no: self.segment,
            frame_no: self.frame,
            last_seq: self.last_seq,
            records: self.records,
            time_ns: self.time_ns,
            chain: bytes(&self.chain)?,
            root: bytes(&self.root)?,
            index: self.index.as_deref().map(bytes).transpose()?,
        })
    }
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N]> {
    unhex(text).and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| Error::new(Code::SealBroken).with("field", "anchor").with("problem", "is no checkpoint"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_survives_its_document() {
        let anchor = Anchor { log_id: [1; 16], segment_no: 2, frame_no: 3, last_seq: 4, records: 5, time_ns: -6, chain: [7; 32], root: [8; 32], index: Some([9; 32]) };
        for anchor in [anchor, Anchor { index: None, ..anchor }] {
            let text = serde_json::to_string(&AnchorDocument::of(&anchor)).unwrap();
            assert_eq!(serde_json::from_str::<AnchorDocument>(&text).unwrap().anchor().unwrap(), anchor);
        }
        assert!(AnchorDocument { root: "00".to_owned(), ..AnchorDocument::of(&anchor) }.anchor().is_err());
    }
}
