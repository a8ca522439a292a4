//! Money back: patients ask, staff approves through the API, and doctors prescribe anew what insured patients still need.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use menjie::ident::LineKey;
use menjie_sim::day::DayPatient;
use menjie_sim::his::WindowAction;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::deploy::Deployed;
use crate::desk::Desk;
use crate::journey::{enter, text};
use crate::staff::Staff;

/// Approvals are given within this time, or something hangs.
const BOUND: Duration = Duration::from_secs(60);

/// What a patient asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// Accepted requests: `part` and `whole` of self-paid, `insured` ones.
    pub(crate) accepted: BTreeMap<&'static str, u64>,
    /// Refused ones, by reason.
    pub(crate) refused: BTreeMap<String, u64>,
    /// Lines of insured settlements that go back.
    pub(crate) insured_lines: Vec<String>,
    /// Insured settlements that were asked about, with the time the insurer settled them.
    pub(crate) insured: Vec<Value>,
}

impl Asked {
    pub(crate) fn add(&mut self, other: Asked) {
        for (what, n) in other.accepted {
            *self.accepted.entry(what).or_default() += n;
        }
        for (reason, n) in other.refused {
            *self.refused.entry(reason).or_default() += n;
        }
        self.insured_lines.extend(other.insured_lines);
        self.insured.extend(other.insured);
    }
}

/// Of self-paid settlements with several lines the first line goes back; of the others every third, whole.
pub(crate) async fn ask(desk: &mut Desk, patient: &DayPatient) -> Result<Asked, String> {
    enter(desk, patient).await?;
    let paid = desk.paid().await.map_err(|e| format!("paid list: {e}"))?;
    let (mut asked, mut payments) = (Asked::default(), BTreeSet::new());
    for settlement in paid.iter().filter(|s| text(s, "progress").as_deref() == Some("done")) {
        let Some(id) = text(settlement, "settlement_id") else { continue };
        // The channel wants a minute between two refunds of one order.
        if payments.contains(&text(settlement, "payment_id")) {
            continue;
        }
        let detail = desk.detail(&id).await.map_err(|e| format!("detail: {e}"))?;
        let lines: Vec<String> = detail.get("lines").and_then(Value::as_array).into_iter().flatten().filter_map(|line| text(line, "line_id")).collect();
        let insured = detail.get("insurance").is_some();
        if (insured || lines.len() == 1) && !id.bytes().fold(0_u32, |sum, b| sum + u32::from(b)).is_multiple_of(3) {
            continue;
        }
        let part = lines.first().filter(|_| !insured && lines.len() > 1).map(|line| json!([{ "line_id": line }]));
        let mut what = if insured { "insured" } else { "whole" };
        let mut answer = None;
        if let Some(part) = part {
            what = "part";
            answer = Some(desk.refund(&id, &part).await.map_err(|e| format!("refund: {e}"))?);
        }
        // A line that cannot go back without the others: then all of it.
        if answer.as_ref().is_none_or(|a| text(a, "reason").is_some()) {
            what = if insured { "insured" } else { "whole" };
            answer = Some(desk.refund(&id, &json!([])).await.map_err(|e| format!("refund: {e}"))?);
        }
        match answer.as_ref().and_then(|a| text(a, "reason")) {
            Some(reason) => *asked.refused.entry(reason).or_default() += 1,
            None => {
                payments.insert(text(settlement, "payment_id"));
                *asked.accepted.entry(what).or_default() += 1;
                if insured {
                    asked.insured_lines.extend(lines);
                    asked.insured.push(detail);
                }
            }
        }
    }
    desk.exit().await.map_err(|e| format!("exit: {e}"))?;
    Ok(asked)
}

/// Everybody goes through his list until all lists are empty. How many decisions.
pub(crate) async fn approve(deployed: &Deployed, client: &Client) -> Result<u64, String> {
    let begun = Instant::now();
    let (mut decisions, mut quiet) = (0, 0);
    while quiet < 3 {
        let mut seen = 0;
        for (step, token) in [("doctor", &deployed.approvers.doctor), ("unconfirm", &deployed.approvers.exec_dept), ("finance", &deployed.staff)] {
            seen += list(&Staff::as_holder_of(client.clone(), deployed, token), step).await?;
        }
        decisions += seen;
        quiet = if seen == 0 { quiet + 1 } else { 0 };
        if begun.elapsed() > BOUND {
            return Err("approvals do not come to an end".to_owned());
        }
        sleep(Duration::from_millis(150)).await;
    }
    Ok(decisions)
}

async fn list(staff: &Staff<'_>, step: &str) -> Result<u64, String> {
    let (mut decided, mut after) = (0, String::new());
    loop {
        let page = staff.get(&format!("/api/v1/refunds?step={step}{after}")).await?;
        for item in page.get("items").and_then(Value::as_array).into_iter().flatten() {
            let Some(id) = text(item, "refund_id") else { continue };
            let body = json!({ "key": format!("{step}-{id}"), "stage": step, "verdict": "approve", "note": "已核对" });
            staff.post(&format!("/api/v1/refunds/{id}/decision"), &body).await?;
            decided += 1;
        }
        match text(&page, "next") {
            Some(next) => after = format!("&after={}", escaped(&next)),
            None => return Ok(decided),
        }
    }
}

/// A cursor in a query.
fn escaped(cursor: &str) -> String {
    cursor.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Doctors prescribe anew what went back to the insurer. How many lines.
pub(crate) fn prescribe_again(deployed: &Deployed, lines: &[String]) -> Result<usize, String> {
    for line in lines {
        let line_id = LineKey::new(line).map_err(|e| e.to_string())?;
        let action = WindowAction::PrescribeAgain { line_id };
        deployed.sim.with(|hospital, now| hospital.his.act(&action, now)).map_err(|refused| format!("a new prescription of {line}: {}", refused.message))?;
    }
    Ok(lines.len())
}

/// The same settlements a month later, by the rule that decides: none of them may go back. How many were refused.
pub(crate) async fn cross_month(staff: &Staff<'_>, settlements: &[Value]) -> Result<u64, String> {
    let mut refused = 0;
    for settlement in settlements {
        let paid_at = text(settlement, "paid_at").ok_or("a settlement was paid at some time")?;
        let at = menjie::Timestamp::parse(&paid_at).map_err(|e| e.to_string())?;
        let later = at.biz_month().last_day().next().start().plus_millis(9 * 3_600_000);
        let lines: Vec<Value> = settlement
            .get("lines")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|line| json!({ "line_id": line.get("line_id"), "amount_fen": line.get("amount_fen"), "quantity": line.get("quantity") }))
            .collect();
        let facts = json!({ "now": later, "payer": "insured", "settlement": "posted", "invoice": "blue", "insurer_settled_at": at, "lines": lines });
        let answer = staff.post("/api/v1/ops/refund.check", &json!({ "facts": facts })).await?;
        let reasons: Vec<String> = answer.get("reasons").and_then(Value::as_array).into_iter().flatten().filter_map(|r| text(r, "reason")).collect();
        if !reasons.iter().any(|reason| reason == "cross_month") {
            return Err(format!("a refund across the month is not refused: {answer}"));
        }
        refused += 1;
    }
    Ok(refused)
}
