//! The segments, and whether they are as they were written. It needs no key; with one, records are opened as well.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use menjie::gm::hex;
use menjie_bridge::sealed_log::view::{SegmentLine, SegmentState, Verdict};

use super::viewed;
use crate::app::App;
use crate::pages::answer::{self, Page};
use crate::staff::desk::Desk;
use crate::staff::gate::StaffSession;
use crate::viewed_log::Found;

/// A segment, for people.
struct Segment {
    no: u64,
    created: String,
    records: String,
    kib: u64,
    state: &'static str,
    /// `open`, `wait` or nothing.
    tone: &'static str,
    recipients: String,
    /// What is wrong with it, with the place.
    wrong: Vec<String>,
}

#[derive(Template)]
#[template(path = "staff/log_check.html")]
struct Check {
    d: Desk,
    /// `empty`, `sound`, `torn` or `tampered`.
    verdict: &'static str,
    opened: bool,
    sealed: bool,
    segments: Vec<Segment>,
    frames: u64,
    records: u64,
    unsigned: u32,
    expired: u64,
    signed_to: String,
    /// The first place that is not as it was written.
    first: Option<String>,
    /// What is wrong with no segment that is there.
    others: Vec<String>,
}

/// `GET /a/log/check`.
pub async fn page(State(app): State<App>, session: StaffSession) -> Page<Response> {
    let log = viewed(&app)?;
    let key = log.lent().of(&session.hash(), app.engine().now());
    let opened = key.is_some();
    let found = log.check(key).await?;
    let bare = Check::bare(Desk::of(&app, &session, "/a/log"), opened);
    answer::page(&match found {
        Some(found) => of(&found, bare),
        None => bare,
    })
}

impl Check {
    /// Of a log without a record.
    fn bare(d: Desk, opened: bool) -> Check {
        Check {
            d,
            verdict: "empty",
            opened,
            sealed: false,
            segments: Vec::new(),
            frames: 0,
            records: 0,
            unsigned: 0,
            expired: 0,
            signed_to: String::new(),
            first: None,
            others: Vec::new(),
        }
    }
}

fn of(found: &Found, bare: Check) -> Check {
    let checked = &found.checked;
    let places: Vec<(u64, String)> = checked.report.findings.iter().zip(&found.first).map(|(finding, first)| (finding.segment_no, place(finding, *first))).collect();
    let wrong_of = |no: u64| places.iter().filter(|(of, _)| *of == no).map(|(_, text)| text.clone()).collect::<Vec<_>>();
    let missing = places.iter().filter(|(no, _)| !found.segments.iter().any(|segment| segment.no == *no));
    let mut others: Vec<String> = missing.map(|(no, text)| format!("分段{no}，{text}")).collect();
    others.extend(checked.early.iter().map(|no| format!("分段{no}：未满180天即被清除")));
    others.extend(checked.salvaged.iter().map(|part| format!("分段{}：损坏处之后仍可读出{}条记录，{}帧无法读出（见 .torn 文件）", part.segment, part.records, part.closed_frames)));
    if checked.manifest.is_some() {
        others.push("清单（MANIFEST）无法读取，或签名与内容不符".to_owned());
    }
    Check {
        verdict: match checked.verdict() {
            Verdict::Sound => "sound",
            Verdict::Torn => "torn",
            Verdict::Tampered => "tampered",
        },
        sealed: checked.sealed,
        frames: checked.report.frames,
        records: checked.report.records,
        unsigned: checked.report.unsigned_frames,
        expired: checked.expired,
        signed_to: checked.report.signed_to.as_ref().map(|at| format!("分段{}，记录{}，SM3 {}", at.segment_no, at.last_seq, hex(&at.root))).unwrap_or_default(),
        first: places.first().map(|(no, text)| format!("分段{no}，{text}")),
        segments: found.segments.iter().rev().map(|line| segment(line, wrong_of(line.no))).collect(),
        others,
        ..bare
    }
}

fn place(finding: &menjie::seal::Finding, first: Option<u64>) -> String {
    let frame = finding.frame_no.map(|no| format!("第{no}帧，")).unwrap_or_default();
    let record = first.map(|seq| format!("自记录{seq}起，")).unwrap_or_default();
    format!("{frame}{record}字节{}：{}", finding.offset, finding.defect.text())
}

fn segment(line: &SegmentLine, wrong: Vec<String>) -> Segment {
    let (state, tone) = match &line.state {
        _ if wrong.iter().any(|text| !text.ends_with(menjie::seal::Defect::TornTail.text())) => ("与写入时不符", "open"),
        SegmentState::Closed => ("已关闭", ""),
        SegmentState::Open => ("写入中", ""),
        SegmentState::Torn => ("末尾残缺", "wait"),
        SegmentState::Broken(_) => ("无法读取", "open"),
    };
    let last = line.first_seq + line.records.saturating_sub(1);
    Segment {
        no: line.no,
        created: line.created.map(menjie::Timestamp::plain).unwrap_or_default(),
        records: if line.records == 0 { "无".to_owned() } else { format!("{}—{last}", line.first_seq) },
        kib: line.bytes.div_ceil(1024),
        state,
        tone,
        recipients: line.recipients.iter().map(|id| hex(id)).collect::<Vec<_>>().join("、"),
        wrong,
    }
}
