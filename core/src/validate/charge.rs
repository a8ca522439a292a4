//! `charge.validate`: charge lines before they are grouped or paid. Grouping stops at the first wrong line; this tells all.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::finding::{Reason, Severity};
use super::issue::Issue;
use crate::calendar::BizDate;
use crate::charge::{ChargeLine, ItemKind, Visit};
use crate::error::Result;
use crate::ident::{LineKey, VisitId};
use crate::money::line_amount;

/// Request of `charge.validate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChargeRequest {
    /// The visits.
    pub visits: Vec<Visit>,
    /// The lines.
    pub lines: Vec<ChargeLine>,
    /// The day of the check, in UTC+8.
    pub today: BizDate,
}

/// Response of `charge.validate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChargeResponse {
    /// No errors.
    pub valid: bool,
    /// What must be corrected.
    pub errors: Vec<Issue>,
    /// What somebody should look at.
    pub warnings: Vec<Issue>,
}

impl ChargeRequest {
    /// Runs the operation.
    pub fn run(&self) -> Result<ChargeResponse> {
        let mut check = ChargeCheck::new(&self.visits, self.today);
        let mut issues = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            check.line(line, |field| format!("lines[{at}].{field}"), &mut issues);
        }
        let (errors, warnings): (Vec<_>, Vec<_>) = issues.into_iter().partition(|issue| issue.severity == Severity::Error);
        Ok(ChargeResponse { valid: errors.is_empty(), errors, warnings })
    }
}

/// Checks charge lines one after the other; of those before it keeps the keys only. For files of millions.
#[derive(Debug)]
pub struct ChargeCheck<'v> {
    visits: BTreeMap<&'v VisitId, &'v Visit>,
    keys: BTreeSet<LineKey>,
    today: BizDate,
}

impl<'v> ChargeCheck<'v> {
    /// Of the lines of these visits, on this day (UTC+8).
    pub fn new(visits: &'v [Visit], today: BizDate) -> ChargeCheck<'v> {
        let mut by_id = BTreeMap::new();
        for visit in visits {
            // The first of two with one number stands.
            by_id.entry(&visit.visit_id).or_insert(visit);
        }
        ChargeCheck { visits: by_id, keys: BTreeSet::new(), today }
    }

    /// Adds what is wrong with the next line; `path` makes the path of a field of it.
    pub fn line(&mut self, line: &ChargeLine, path: impl Fn(&str) -> String, issues: &mut Vec<Issue>) {
        let mut found = |field: &str, label: &str, reason| issues.push(Issue::at(path(field), label, reason));
        if !self.keys.insert(line.line_id.clone()) {
            found("line_id", "明细号", Reason::ChargeTwice);
        }
        check(line, &mut found);
        self.visit(line, &mut found);
    }

    fn visit(&self, line: &ChargeLine, found: &mut impl FnMut(&str, &str, Reason)) {
        let Some(visit) = self.visits.get(&line.visit_id) else {
            return found("visit_id", "就诊号", Reason::ChargeUnknownVisit);
        };
        if visit.patient_id != line.patient_id {
            found("patient_id", "患者", Reason::ChargeOtherPatient);
        }
        match line.ordered_at.map(|at| at.biz_date()) {
            Some(day) if day > self.today => found("ordered_at", "开单时间", Reason::ChargeInFuture),
            Some(day) if day < visit.date => found("ordered_at", "开单时间", Reason::ChargeBeforeVisit),
            _ => {}
        }
    }
}

/// What a single line can be wrong in.
fn check(line: &ChargeLine, found: &mut impl FnMut(&str, &str, Reason)) {
    let texts = [
        ("item_code", "项目编码", &line.item_code),
        ("item_name", "项目名称", &line.item_name),
        ("fee_class", "票据项目", &line.fee_class.0),
        ("order_dept_name", "开单科室", &line.order_dept_name),
    ];
    for (field, label, text) in texts {
        if text.trim().is_empty() {
            found(field, label, Reason::ChargeBlank);
        }
    }
    match line_amount(line.price, line.quantity, line.doses) {
        Err(_) => found("amount_fen", "金额", Reason::ChargeRange),
        Ok(amount) if amount != line.amount_fen => found("amount_fen", "金额", Reason::ChargeAmount),
        Ok(_) => {}
    }
    if line.price.scaled() < 0 {
        found("price", "单价", Reason::ChargePrice);
    }
    match (line.quantity.scaled().cmp(&0), line.reverses.is_some()) {
        (std::cmp::Ordering::Equal, _) => found("quantity", "数量", Reason::ChargeNoQuantity),
        (std::cmp::Ordering::Less, false) => found("quantity", "数量", Reason::ChargeNegative),
        (std::cmp::Ordering::Greater, true) => found("quantity", "数量", Reason::ChargeNotNegative),
        _ => {}
    }
    match line.doses {
        0 => found("doses", "付数", Reason::ChargeNoDoses),
        2.. if line.kind != ItemKind::Herb => found("doses", "付数", Reason::ChargeDosesOfOther),
        _ => {}
    }
    if !line.fee_class.0.trim().is_empty() && !line.fee_class.is_on_the_ticket() {
        found("fee_class", "票据项目", Reason::ChargeFeeClass);
    }
    if matches!(line.kind, ItemKind::Drug | ItemKind::Herb) && line.pharmacy_code.is_none() && line.exec_dept_code.is_none() {
        found("pharmacy_code", "发药药房", Reason::ChargeNoPlace);
    }
}
