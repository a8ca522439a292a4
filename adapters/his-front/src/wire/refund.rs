//! Refunds on the wire of the default profile: what stands in the way, the reversal, and what is charged again with it.

use menjie::ident::{BusinessNo, DeptCode, LineKey};
use menjie::money::Quantity;
use menjie::port::{HisKept, HisReversal, HisReversed, HisSuccessor, LineStanding, Refundable, SuccessorLine};
use menjie::refund::{Dispensing, Execution, ImagingState, Kept, LabState};
use menjie_transport::Shape;

use super::{map, receipt};
use crate::lenient::Reader;
use crate::node::Node;

/// The request of a reversal.
pub(super) fn reversal_request(reversal: &HisReversal) -> Node {
    let mut fields = vec![
        ("no".to_owned(), Node::text(reversal.no.as_str())),
        ("settlement_no".to_owned(), Node::text(reversal.settlement_no.as_str())),
        ("receipt_no".to_owned(), Node::text(reversal.receipt_no.as_str())),
        ("amount".to_owned(), Node::Text(reversal.amount_fen.to_yuan())),
    ];
    fields.extend(reversal.kept.iter().map(|kept| ("kept".to_owned(), kept_request(kept))));
    Node::Map(fields)
}

fn kept_request(kept: &HisKept) -> Node {
    let line = |line: &Kept| {
        map([
            ("line_id", Node::text(line.line_id.as_str())),
            ("original_line_id", Node::text(line.original_line_id.as_str())),
            ("quantity", Node::Text(line.quantity.to_string())),
            ("amount", Node::Text(line.amount_fen.to_yuan())),
        ])
    };
    map([("no", Node::text(kept.no.as_str())), ("total", Node::Text(kept.total_fen.to_yuan())), ("lines", Node::List(kept.lines.iter().map(line).collect()))])
}

pub(super) fn reversed(r: &Reader<'_>) -> Result<HisReversed, Shape> {
    let successor = r.optional_record("successor")?.map(|r| successor(&r)).transpose()?;
    Ok(HisReversed { no: r.id("no", BusinessNo::new)?, amount_fen: r.amount("amount")?, at: r.instant("at")?, successor: successor.map(Box::new) })
}

fn successor(r: &Reader<'_>) -> Result<HisSuccessor, Shape> {
    let line =
        |r: &Reader<'_>| Ok(SuccessorLine { line_id: r.id("line_id", LineKey::new)?, original_line_id: r.id("original_line_id", LineKey::new)?, amount_fen: r.amount("amount")? });
    Ok(HisSuccessor { receipt: receipt(&r.record("receipt")?)?, lines: r.records("lines", line)? })
}

pub(super) fn refundable(r: &Reader<'_>) -> Result<Refundable, Shape> {
    Ok(Refundable { no: r.id("no", BusinessNo::new)?, reversed: r.flag("reversed")?, day_closed: r.flag("day_closed")?, lines: r.records("lines", standing)? })
}

fn standing(r: &Reader<'_>) -> Result<LineStanding, Shape> {
    const IMAGING: &[(&str, ImagingState)] = &[
        ("booked", ImagingState::Booked),
        ("cancelled", ImagingState::Cancelled),
        ("arrived", ImagingState::Arrived),
        ("examined", ImagingState::Examined),
        ("reported", ImagingState::Reported),
        ("unknown", ImagingState::Unknown),
    ];
    let given = |field: &str| r.optional(field).map(|text| text.is_some());
    Ok(LineStanding {
        line_id: r.id("line_id", LineKey::new)?,
        execution: r.word("execution", &[("none", Execution::None), ("done", Execution::Done), ("undone", Execution::Undone)])?,
        exec_dept_code: r.optional_id("exec_dept_code", DeptCode::new)?,
        lab: if given("lab")? { Some(LabState::from_code(r.whole("lab", 0)?)) } else { None },
        imaging: if given("imaging")? { Some(r.word("imaging", IMAGING)?) } else { None },
        dispensing: if given("dispensing")? {
            r.word("dispensing", &[("none", Dispensing::None), ("prepared", Dispensing::Prepared), ("dispensed", Dispensing::Dispensed)])?
        } else {
            Dispensing::None
        },
        returned: if given("returned")? { r.quantity("returned")? } else { Quantity::ZERO },
    })
}
