//! `menjie log list`: the segments, without a key.

use clap::ArgMatches;
use menjie::gm::hex;
use menjie_bridge::sealed_log::view::{SegmentLine, SegmentState, overview};
use serde_json::{Value, json};

use super::{dir, failed, table};
use crate::exit::{Exit, Stop};
use crate::layout::columns;
use crate::output::line;
use crate::words::Words;

/// Runs the command.
pub(super) fn run(given: &ArgMatches, words: Words) -> Result<Exit, Stop> {
    let segments = overview(&dir(given)?).map_err(|error| failed(&error, words))?;
    if given.get_flag("json") {
        line(&table::json(&segments.iter().map(described).collect::<Vec<Value>>())?)?;
    } else {
        let heads = match words {
            Words::English => ["segment", "begun", "records", "bytes", "state", "index", "readable by"],
            Words::Chinese => ["分段", "开始时间", "记录数", "字节", "状态", "索引", "可读取的密钥"],
        };
        let rows: Vec<Vec<String>> = segments.iter().map(|segment| cells(segment, words)).collect();
        columns(&heads, &rows, |_, _, cell| cell).iter().try_for_each(|row| line(row))?;
    }
    Ok(if segments.is_empty() { Exit::Refused } else { Exit::Done })
}

fn state(state: &SegmentState, words: Words) -> &'static str {
    match state {
        SegmentState::Closed => words.pick("closed", "已关闭"),
        SegmentState::Open => words.pick("open", "写入中"),
        SegmentState::Torn => words.pick("torn", "末尾残缺"),
        SegmentState::Broken(_) => words.pick("broken", "损坏"),
    }
}

fn cells(segment: &SegmentLine, words: Words) -> Vec<String> {
    vec![
        segment.no.to_string(),
        segment.created.map_or_else(String::new, |at| at.to_string()),
        segment.records.to_string(),
        segment.bytes.to_string(),
        state(&segment.state, words).to_owned(),
        if segment.indexed { words.pick("yes", "有") } else { words.pick("no", "无") }.to_owned(),
        segment.recipients.iter().map(|id| hex(id)).collect::<Vec<_>>().join(" "),
    ]
}

fn described(segment: &SegmentLine) -> Value {
    json!({
        "segment": segment.no,
        "begun": segment.created,
        "first_seq": segment.first_seq,
        "records": segment.records,
        "bytes": segment.bytes,
        "state": state(&segment.state, Words::English),
        "indexed": segment.indexed,
        "writer": segment.writer.map(|id| hex(&id)),
        "recipients": segment.recipients.iter().map(|id| hex(id)).collect::<Vec<_>>(),
    })
}
