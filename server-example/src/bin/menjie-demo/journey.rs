//! One patient's way through the API: identify → unpaid → quote → pay → scan → done, as often as it takes.

use std::collections::BTreeMap;
use std::time::Duration;

use menjie::ident::PaymentId;
use menjie_sim::day::DayPatient;
use serde_json::Value;
use tokio::time::Instant;

use crate::desk::{Desk, Trouble};

/// A patient begins anew so often when an order came to nothing or HIS changed something.
const ATTEMPTS: u32 = 6;
/// Nobody stands before a kiosk for longer; what is under way goes on without him.
const PATIENCE: Duration = Duration::from_secs(25);

/// How a patient's bills stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Bills by state: `settled`, `refunded`, `window:<reason>`, `unpaid` …
    pub(crate) bills: BTreeMap<String, u64>,
    /// Fen of the settled ones.
    pub(crate) settled_fen: i64,
    /// Settled ones with an invoice.
    pub(crate) invoices: u64,
}

/// Pays what can be paid.
pub(crate) async fn pay_all(desk: &mut Desk, patient: &DayPatient, round: &str) -> Result<(), String> {
    let begun = Instant::now();
    enter(desk, patient).await?;
    for attempt in 0..ATTEMPTS {
        let unpaid = match desk.unpaid().await {
            Ok(unpaid) => unpaid,
            Err(Trouble::NoSession) => {
                enter(desk, patient).await?;
                continue;
            }
            Err(trouble) => return Err(format!("unpaid: {trouble}")),
        };
        let bills: Vec<&Value> = bills(&unpaid).collect();
        if let Some(payment) = bills.iter().find_map(|b| text(b, "payment_id")) {
            // Begun earlier, here or on another device: go on with it.
            follow(desk, &payment, begun).await?;
        }
        // Insured bills one at a time: each has an order of its own at the insurer.
        let insured = bills.iter().filter(|_| desk.takes_insurance()).find(|b| flag(b, "insured") && !flag(b, "zero")).and_then(|b| text(b, "bill_id"));
        if let Some(bill) = insured
            && let Some(quote) = desk.quote_insured(patient.patient_id.as_str(), &bill).await.map_err(|e| format!("insured quote: {e}"))?
        {
            if let Some(quote_id) = text(&quote, "quote_id") {
                let paying = desk.pay(&format!("{round}-{}-i{attempt}", patient.patient_id), &quote_id, true).await.map_err(|e| format!("insured pay: {e}"))?;
                if let Some(payment) = text(&paying, "payment_id") {
                    follow(desk, &payment, begun).await?;
                }
            }
            if begun.elapsed() > PATIENCE {
                break;
            }
            continue;
        }
        let payable: Vec<String> = bills.iter().filter(|b| flag(b, "payable")).filter_map(|b| text(b, "bill_id")).collect();
        if payable.is_empty() {
            break;
        }
        let quote = desk.quote(&payable).await.map_err(|e| format!("quote: {e}"))?;
        let Some(quote_id) = text(&quote, "quote_id") else { continue };
        let key = format!("{round}-{}-{attempt}", patient.patient_id);
        let paying = desk.pay(&key, &quote_id, false).await.map_err(|e| format!("pay: {e}"))?;
        if let Some(payment) = text(&paying, "payment_id") {
            follow(desk, &payment, begun).await?;
        }
        if begun.elapsed() > PATIENCE {
            break;
        }
    }
    desk.exit().await.map_err(|e| format!("exit: {e}"))
}

/// Follows a payment to its end, paying when it may be paid.
pub(crate) async fn follow(desk: &Desk, payment: &str, begun: Instant) -> Result<(), String> {
    let (mut scanned, mut since) = (false, 0);
    loop {
        let view = match desk.follow(payment, 2_000, since).await {
            Ok(view) => view,
            Err(Trouble::NoSession) => return Ok(()),
            Err(trouble) => return Err(format!("payment: {trouble}")),
        };
        if flag(&view, "over") || begun.elapsed() > PATIENCE {
            return Ok(());
        }
        since = view.get("version").and_then(Value::as_u64).unwrap_or_default();
        if text(&view, "progress").as_deref() == Some("awaiting_consent") {
            desk.accept(payment).await.map_err(|e| format!("accept: {e}"))?;
        }
        let sheet = view.get("handover").and_then(|h| text(h, "form")).is_some_and(|form| form == "jsapi");
        if let (true, false, Some(no)) = (sheet, scanned, order_no(payment)) {
            scanned = desk.confirm_sheet(&no).await.map_err(|e| format!("confirm: {e}"))?;
        }
        let code = view.get("handover").and_then(|h| text(h, "code_url"));
        if let (Some(code), false) = (code, scanned) {
            scanned = desk.scan(&code).await.map_err(|e| format!("scan: {e}"))?;
        }
    }
}

/// Counts how the patient's bills stand now.
pub(crate) async fn standing(desk: &mut Desk, patient: &DayPatient) -> Result<Standing, String> {
    enter(desk, patient).await?;
    let unpaid = desk.unpaid().await.map_err(|e| format!("unpaid: {e}"))?;
    let paid = desk.paid().await.map_err(|e| format!("paid list: {e}"))?;
    let mut standing = Standing::default();
    let mut count = |state: String| *standing.bills.entry(state).or_default() += 1;
    for visit in unpaid.get("visits").and_then(Value::as_array).into_iter().flatten() {
        if let Some(problem) = visit.get("problem").and_then(|p| text(p, "reason")) {
            count(format!("window:{problem}"));
        }
    }
    for bill in bills(&unpaid) {
        let reason = bill.get("refusal").and_then(|r| text(r, "reason"));
        count(match reason {
            _ if flag(bill, "payable") => "unpaid".to_owned(),
            Some(reason) => format!("window:{reason}"),
            None => "unpaid".to_owned(),
        });
    }
    for settlement in &paid {
        let progress = text(settlement, "progress").unwrap_or_default();
        let state = if progress == "done" { "settled".to_owned() } else { progress.clone() };
        count(state);
    }
    for settlement in paid.iter().filter(|s| text(s, "progress").as_deref() == Some("done")) {
        standing.settled_fen += settlement.get("total_fen").and_then(Value::as_i64).unwrap_or_default();
        standing.invoices += u64::from(settlement.get("invoice").and_then(|i| text(i, "st")).as_deref() == Some("issued"));
    }
    desk.exit().await.map_err(|e| format!("exit: {e}"))?;
    Ok(standing)
}

/// Our order number at the channel.
fn order_no(payment: &str) -> Option<String> {
    payment.parse().ok().and_then(|id| PaymentId::new(id).ok()).map(|id| id.business_no().to_string())
}

pub(crate) async fn enter(desk: &mut Desk, patient: &DayPatient) -> Result<(), String> {
    let (way, token) = patient.id_no.as_ref().map_or(("visit_no", patient.card_no.reveal()), |id| ("id_card", id.reveal()));
    let answer = desk.identify(way, token).await.map_err(|e| format!("identify: {e}"))?;
    match text(&answer, "decision").as_deref() {
        Some("identified") => Ok(()),
        other => Err(format!("identify: decision {}", other.unwrap_or("missing"))),
    }
}

pub(crate) fn bills(unpaid: &Value) -> impl Iterator<Item = &Value> {
    let visits = unpaid.get("visits").and_then(Value::as_array).into_iter().flatten();
    visits.filter_map(|visit| visit.get("bills").and_then(Value::as_array)).flatten()
}

pub(crate) fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

pub(crate) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or_default()
}
