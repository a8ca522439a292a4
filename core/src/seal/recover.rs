//! Recovery (崩溃恢复): what is left of a segment after a crash, found without any key. The writer cannot read what it wrote.

use super::behind::Behind;
use super::chain::Chain;
use super::frame::FrameKind;
use super::reader::{Ending, Segment};
use crate::error::{Code, Error, Result};
use crate::gm::sm2::Sm2PublicKey;

/// What a crash left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// So many bytes stay; everything behind is cut off.
    pub keep: u64,
    /// Bytes behind them that are not zero: the torn tail, to be kept aside.
    pub cut: u64,
    /// Whole frames.
    pub frames: u32,
    /// The chain behind them: the next segment begins with it.
    pub chain: Chain,
    /// The number the next record gets: behind every record that was found, also behind a broken place.
    pub next_seq: u64,
    /// It was closed with a footer: nothing to recover.
    pub closed: bool,
    /// The latest time that its header and frames name, in milliseconds since 1970: it did not end before.
    pub latest_ms: i64,
    /// Frames behind the last checkpoint: nobody has signed them yet.
    pub unsigned: u32,
    /// What is cut off is no crash's torn tail: it had been safe on the disk, and was broken since.
    pub damage: Option<Damage>,
}

/// A break in what had been safe (损坏): by a failing disk or by somebody's hand, which no bytes can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The number of the last record that is left.
    pub left_seq: u64,
    /// The frames that a checkpoint behind the break covers; none when only the header's word proves the damage.
    pub signed_frames: u32,
}

/// Looks at the bytes of the newest segment. A header that is not whole, or not this writer's, is an error: when a header was cut off
/// no record was ever behind it, and of a broken one over whole frames [`super::headless`] tells what is left.
pub fn recover(bytes: &[u8], writer: &Sm2PublicKey) -> Result<Recovered> {
    let segment = Segment::read(bytes)?;
    if !segment.is_signed_by(writer) {
        return Err(Error::new(Code::SealBroken).with("field", "header").with("problem", "is not signed by this writer"));
    }
    let mut frames = segment.frames();
    let (mut unsigned, mut latest_ms) = (0, segment.header().created_ms());
    for frame in frames.by_ref() {
        latest_ms = frame.head.at_ms.max(latest_ms);
        match frame.head.kind {
            FrameKind::Checkpoint | FrameKind::Footer => unsigned = 0,
            FrameKind::Data | FrameKind::Note => unsigned += 1,
        }
    }
    let keep = frames.offset();
    let tail = usize::try_from(keep).ok().and_then(|keep| bytes.get(keep..)).unwrap_or_default();
    let cut = tail.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1);
    let behind = segment.behind(&frames, std::slice::from_ref(writer)).filter(Behind::is_damage);
    Ok(Recovered {
        keep,
        cut,
        frames: frames.passed(),
        chain: frames.chain_behind(),
        next_seq: behind.map_or(frames.next_seq(), |behind| behind.next_seq),
        closed: matches!(frames.ending(), Some(Ending::Closed | Ending::AfterFooter)),
        latest_ms,
        unsigned,
        damage: behind.map(|behind| Damage { left_seq: frames.next_seq().saturating_sub(1), signed_frames: behind.signed.map_or(0, |signed| signed.frame_no) }),
    })
}
