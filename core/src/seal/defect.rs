//! What can be wrong with a log, with a stable code and a text for people.

/// What is wrong at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// The header cannot be read.
    Header,
    /// The header is signed by nobody who is trusted.
    HeaderSignature,
    /// The host's forward-secure seal does not hold, or is missing.
    Seal,
    /// The segment is of another log.
    OtherLog,
    /// Segments before it are missing, and no tombstone says why.
    SegmentMissing,
    /// The segment was there before, or stands in the wrong place.
    SegmentOrder,
    /// It does not follow what stands before it.
    Chain,
    /// The numbers of its records do not follow those before it.
    Sequence,
    /// Bytes that are no frame, or a frame that is not where it belongs.
    Frame,
    /// The last segment ends in the middle of a frame: what a crash leaves.
    TornTail,
    /// A segment breaks off although what stood behind the broken place proves that all of it had been safe on the disk: a failing disk, or
    /// somebody's hand.
    Damaged,
    /// What was cut off behind a broken place and kept aside is gone, or is not what was cut off.
    TornFile,
    /// There is something behind the footer.
    AfterFooter,
    /// It was not closed, and the next segment does not say that a crash cut it off.
    FooterMissing,
    /// A checkpoint does not state what stands before it.
    Checkpoint,
    /// A checkpoint is signed by nobody who is trusted.
    CheckpointSignature,
    /// The reader's key does not open the segment, or opens another one.
    Key,
    /// A frame does not open, or holds other records than it says.
    Sealed,
    /// The index is not the one the footer signs.
    Index,
    /// The manifest knows it otherwise, or does not know it.
    Manifest,
    /// A checkpoint that is kept elsewhere is not in the log: it was cut off or rolled back.
    Anchor,
}

impl Defect {
    /// Its stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Defect::Header => "header",
            Defect::HeaderSignature => "header_signature",
            Defect::Seal => "seal",
            Defect::OtherLog => "other_log",
            Defect::SegmentMissing => "segment_missing",
            Defect::SegmentOrder => "segment_order",
            Defect::Chain => "chain",
            Defect::Sequence => "sequence",
            Defect::Frame => "frame",
            Defect::TornTail => "torn_tail",
            Defect::Damaged => "damaged",
            Defect::TornFile => "torn_file",
            Defect::AfterFooter => "after_footer",
            Defect::FooterMissing => "footer_missing",
            Defect::Checkpoint => "checkpoint",
            Defect::CheckpointSignature => "checkpoint_signature",
            Defect::Key => "key",
            Defect::Sealed => "sealed",
            Defect::Index => "index",
            Defect::Manifest => "manifest",
            Defect::Anchor => "anchor",
        }
    }

    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            Defect::Header => "段头无法读取",
            Defect::HeaderSignature => "段头签名不是可信写入方所签",
            Defect::Seal => "审计方封印不符",
            Defect::OtherLog => "属于另一份日志",
            Defect::SegmentMissing => "有分段缺失，且无清除记录",
            Defect::SegmentOrder => "分段位置错误或重复",
            Defect::Chain => "哈希链与前文不衔接",
            Defect::Sequence => "记录序号不连续",
            Defect::Frame => "帧损坏或位置错误",
            Defect::TornTail => "末尾残缺",
            Defect::Damaged => "已落盘的内容此后损坏（磁盘故障或人为）",
            Defect::TornFile => "另存的残余内容（.torn）缺失或被改动",
            Defect::AfterFooter => "段尾之后有多余内容",
            Defect::FooterMissing => "没有段尾，也没有崩溃记录",
            Defect::Checkpoint => "检查点与前文不符",
            Defect::CheckpointSignature => "检查点签名不是可信写入方所签",
            Defect::Key => "此密钥无法打开",
            Defect::Sealed => "帧无法解密或内容不符",
            Defect::Index => "索引与签名不符",
            Defect::Manifest => "与清单不符",
            Defect::Anchor => "另存的检查点不在日志中：日志被截断或回退",
        }
    }
}
