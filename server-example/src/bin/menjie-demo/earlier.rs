//! A settlement of an earlier month, of which hospitals have many and a demo of minutes has none: a patient with several bills pays one with
//! insurance on his phone, and the insurer says that it was weeks ago. The rule for refunds reads the insurer's time, nobody else's.

use std::time::Duration;

use menjie_sim::day::DayPatient;
use menjie_sim::faults::{Fault, Peer};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::deploy::{Deployed, client};
use crate::desk::Desk;
use crate::journey::{bills, enter, flag, follow, text};

/// No month is longer.
const WEEKS_AGO_MS: i64 = -40 * 86_400_000;
/// Longer than the longest wait of a read.
const TIMEOUT: Duration = Duration::from_secs(40);
/// Booking and invoice take seconds.
const BOUND: Duration = Duration::from_secs(60);

/// Settles it; whose it is, and the card he lays on a kiosk to pay the rest.
pub(crate) async fn settle(deployed: &Deployed) -> Result<Value, String> {
    let client = client(TIMEOUT)?;
    for patient in &deployed.day.patients {
        let mut desk = Desk::new(client.clone(), &deployed.base, &deployed.sim.urls().admin).with_insurance();
        enter(&mut desk, patient).await?;
        let unpaid = desk.unpaid().await.map_err(|e| format!("unpaid: {e}"))?;
        let insured = bills(&unpaid).find(|bill| flag(bill, "insured") && !flag(bill, "zero")).and_then(|bill| text(bill, "bill_id"));
        if let Some(bill) = insured
            && bills(&unpaid).filter(|bill| flag(bill, "payable")).count() > 1
            && paid(deployed, &desk, patient, &bill).await?
        {
            booked(&desk).await?;
            desk.exit().await.map_err(|e| format!("exit: {e}"))?;
            return Ok(json!({ "patient_id": patient.patient_id, "card_no": patient.card_no.reveal() }));
        }
        desk.exit().await.map_err(|e| format!("exit: {e}"))?;
    }
    Err("nobody of this day has an insured bill and another one".to_owned())
}

/// `false` for somebody whom the insurer does not know, or says no to.
async fn paid(deployed: &Deployed, desk: &Desk, patient: &DayPatient, bill: &str) -> Result<bool, String> {
    let quote = desk.quote_insured(patient.patient_id.as_str(), bill).await.map_err(|e| format!("insured quote: {e}"))?;
    let Some(quote_id) = quote.and_then(|quote| text(&quote, "quote_id")) else { return Ok(false) };
    deployed.sim.with(|hospital, _| hospital.faults.next(Peer::Insurer, "confirm", Fault::ClockOff { ms: WEEKS_AGO_MS }));
    let paying = desk.pay(&format!("earlier-{bill}"), &quote_id, true).await.map_err(|e| format!("insured pay: {e}"))?;
    let payment = text(&paying, "payment_id").ok_or_else(|| format!("insured pay: {paying}"))?;
    follow(desk, &payment, Instant::now()).await?;
    Ok(true)
}

/// Waits until all that was paid stands in HIS and has its invoice.
async fn booked(desk: &Desk) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let paid = desk.paid().await.map_err(|e| format!("paid list: {e}"))?;
        let done = |one: &Value| text(one, "progress").as_deref() == Some("done") && one.get("invoice").and_then(|i| text(i, "st")).as_deref() == Some("issued");
        if !paid.is_empty() && paid.iter().all(done) {
            return Ok(());
        }
        if begun.elapsed() > BOUND {
            return Err(format!("not booked after {} s", BOUND.as_secs()));
        }
        sleep(Duration::from_millis(100)).await;
    }
}
