//! `menjie log verify`: is the log as it was written?

use std::path::{Path, PathBuf};

use clap::ArgMatches;
use menjie::gm::hex;
use menjie::seal::{Anchor, Defect};
use menjie_bridge::seal::VerifyResponse;
use menjie_bridge::sealed_log::Zstd;
use menjie_bridge::sealed_log::view::{AnchorDocument, Checked, Checker, Verdict, verify};

use super::table::{self, Paint};
use super::{dir, failed, keys};
use crate::exit::{Exit, Stop};
use crate::output::line;
use crate::progress::Bar;
use crate::words::Words;

/// Runs the command.
pub(super) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let dir = dir(given)?;
    let writers = keys::public(given, "writer", words)?;
    let reader = given.contains_id("key").then(|| keys::auditor(given, words)).transpose()?;
    let anchors = given.get_many::<PathBuf>("anchor").into_iter().flatten().map(|file| anchor(file, words)).collect::<Result<Vec<_>, Stop>>()?;
    let checker = Checker { writers: &writers, reader: reader.as_ref(), anchors: &anchors, codec: Some(&Zstd) };
    let mut bar = Bar::new(words.pick("verifying", "校验中"));
    let checked = verify(&dir, &checker, &mut |progress| bar.show(progress.done as u64, progress.of as u64)).map_err(|error| failed(&error, words))?;
    if given.get_flag("json") {
        line(&table::json(&VerifyResponse::of(&checked))?)?;
    } else {
        rows(&checked, reader.is_some(), words).iter().try_for_each(|row| line(row))?;
    }
    if let (Some(file), Some(signed)) = (given.get_one::<PathBuf>("save-anchor"), checked.report.signed_to.as_ref())
        && checked.verdict() != Verdict::Tampered
    {
        save(file, signed)?;
    }
    Ok(match checked.verdict() {
        Verdict::Sound => Exit::Done,
        Verdict::Torn => Exit::Torn,
        Verdict::Tampered => Exit::Tampered,
    })
}

fn anchor(file: &Path, words: Words) -> Result<Anchor, Stop> {
    let text = std::fs::read_to_string(file).map_err(|e| Stop::failure(format!("{}: {}", file.display(), e.kind())))?;
    let document: AnchorDocument = serde_json::from_str(&text).map_err(|_| Stop::usage(format!("{} {}", file.display(), words.pick("is no anchor", "不是检查点文件"))))?;
    document.anchor().map_err(|error| failed(&error, words))
}

/// Only ever behind an earlier one: an anchor is what a rollback is found by.
fn save(file: &Path, anchor: &Anchor) -> Result<(), Stop> {
    std::fs::write(file, table::json(&AnchorDocument::of(anchor))? + "\n").map_err(|e| Stop::failure(format!("{}: {}", file.display(), e.kind())))
}

fn rows(checked: &Checked, opened: bool, words: Words) -> Vec<String> {
    let t = |english, chinese| words.pick(english, chinese);
    let paint = Paint::of_output();
    let report = &checked.report;
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push(format!("{value:>12}  {name}"));
    row(t("segments", "分段"), report.segments.to_string());
    row(t("frames", "帧"), report.frames.to_string());
    if opened {
        row(t("records opened", "已解密校验的记录"), report.records.to_string());
    }
    row(t("segments that expired by the rules", "按留存期限清除的分段"), checked.expired.to_string());
    row(t("frames not signed yet", "尚未签名的帧"), report.unsigned_frames.to_string());
    row(t("findings", "异常"), (report.findings.len() + checked.early.len() + usize::from(checked.manifest.is_some())).to_string());
    if let Some(signed) = &report.signed_to {
        let place = format!("{} {} {} {}", t("signed up to segment", "签名截至分段"), signed.segment_no, t("record", "记录"), signed.last_seq);
        rows.push(format!("  {place}  SM3 {}", hex(&signed.root)));
    }
    for finding in &report.findings {
        let frame = finding.frame_no.map_or_else(String::new, |no| format!(" {} {no}", t("frame", "帧")));
        rows.push(format!("  {} {}{frame} {} {}: {}", t("segment", "分段"), finding.segment_no, t("byte", "字节"), finding.offset, defect(finding.defect, words)));
    }
    for part in &checked.salvaged {
        let range = part.range.map_or_else(String::new, |(first, last)| format!(" ({first}–{last})"));
        rows.push(format!(
            "  {} {}: {} {}{range}; {} {}",
            t("segment", "分段"),
            part.segment,
            t("records that can be read behind the broken place, in .torn:", "损坏处之后（.torn）仍可读出的记录："),
            part.records,
            t("frames that cannot:", "无法读出的帧："),
            part.closed_frames
        ));
    }
    rows.extend(checked.early.iter().map(|no| format!("  {} {no}: {}", t("segment", "分段"), t("was removed before 180 days had passed", "未满 180 天即被清除"))));
    rows.extend(checked.manifest.iter().map(|error| format!("  MANIFEST: {error}")));
    if !opened {
        rows.push(t("  Without --key frames were not opened and the seal was not checked.", "  未提供 --key：没有解密各帧，也没有校验封印。").to_owned());
    }
    if opened && !checked.sealed {
        rows.push(t("  The seal was not checked: SEAL is missing, or holds nothing for this key.", "  没有校验封印：缺少 SEAL 文件，或其中没有此密钥的内容。").to_owned());
    }
    rows.push(match checked.verdict() {
        Verdict::Sound => paint.paint("32", t("as it was written", "完好：与写入时一致")),
        Verdict::Torn => paint.paint("33", t("as it was written; the very end is torn, as after a crash", "与写入时一致；仅末尾残缺（如断电所致），写入方下次启动时自动处理")),
        Verdict::Tampered => {
            paint.paint("31", t("CHANGED or damaged: keep this copy, and call the person in charge of security", "日志被改动或损坏：请保留现场，并联系安全负责人"))
        }
    });
    rows
}

/// What a defect is, in words.
const fn defect(defect: Defect, words: Words) -> &'static str {
    words.pick(english(defect), defect.text())
}

const fn english(defect: Defect) -> &'static str {
    match defect {
        Defect::Header => "the header cannot be read",
        Defect::HeaderSignature => "the header is signed by nobody who is trusted",
        Defect::Seal => "the auditors' seal does not hold",
        Defect::OtherLog => "it belongs to another log",
        Defect::SegmentMissing => "segments are missing without a tombstone",
        Defect::SegmentOrder => "it stands in the wrong place",
        Defect::Chain => "it does not follow what stands before it",
        Defect::Sequence => "record numbers do not follow",
        Defect::Frame => "bytes that are no frame, or a frame in the wrong place",
        Defect::TornTail => "the end is torn",
        Defect::Damaged => "what had been safe on the disk was broken later, by the disk or by a hand",
        Defect::TornFile => "what was cut off and kept aside (.torn) is gone or was changed",
        Defect::AfterFooter => "there is something behind the footer",
        Defect::FooterMissing => "it was not closed, and no crash is noted",
        Defect::Checkpoint => "a checkpoint does not state what stands before it",
        Defect::CheckpointSignature => "a checkpoint is signed by nobody who is trusted",
        Defect::Key => "the key does not open it",
        Defect::Sealed => "a frame does not open, or holds other records",
        Defect::Index => "the index is not the one that was signed",
        Defect::Manifest => "the manifest says otherwise",
        Defect::Anchor => "a checkpoint kept elsewhere is not in the log",
    }
}
