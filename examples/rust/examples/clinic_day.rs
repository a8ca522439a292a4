//! A patient pays two bills, from "what do I owe" to the invoices, and the books are audited.
//!
//! Everything is real but the counterparts: HIS, the payment channel and the invoice platform are the fakes of
//! `menjie::testkit`, the store lives in memory, and time is virtual, so a day takes milliseconds. A host that brings
//! its own ports and store (adapters/, server-example/) makes the same calls.
//!
//! `cargo run -p menjie-examples --example clinic_day`

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use menjie::Timestamp;
use menjie::access::{Caller, Role};
use menjie::ident::{ChannelCode, HospitalId, PatientId, RequestKey, StaffId, WorkerName};
use menjie::payment::{Method, RawNotice};
use menjie::policy::{Pace, Terms};
use menjie::port::Clock;
use menjie::service::{AuditRunRequest, Engine, Parts, PayRequest, PayResponse, QuoteRequest, QuoteResponse, Runner, SettlementGetRequest, UnpaidRequest};
use menjie::testkit::exec::Exec;
use menjie::testkit::host::{SeededEntropy, SeededIds};
use menjie::testkit::store::MemoryStore;
use menjie::testkit::world::{FakeChannel, World, charge, visit};

fn main() -> Result<(), Box<dyn Error>> {
    std::io::stdout().write_all(run()?.as_bytes())?;
    Ok(())
}

/// The day as text; the tests run it too.
pub(crate) fn run() -> Result<String, Box<dyn Error>> {
    let mut told = String::new();

    // 1. A hospital: an executor with a virtual clock, and counterparts that live by it.
    let mut exec = Exec::new(1, Timestamp::parse("2026-03-02T08:00:00+08:00")?);
    let world = World::new(exec.clock(), 1);
    let hospital = HospitalId::new("H1")?;
    let wechat = ChannelCode::new("wechat")?;

    // 2. In the morning HIS charges a patient: two lines in the laboratory, one EEG.
    let patient = PatientId::new("P1")?;
    let morning = visit(&patient, "V1")?;
    let lines = vec![charge(&morning, "L1", "LAB", "20.00", "1")?, charge(&morning, "L2", "LAB", "69.87", "1")?, charge(&morning, "L3", "EEG", "120.00", "1")?];
    world.his.add(morning, lines);

    // 3. The engine decides and commits; its runner, one future, makes the calls that were decided.
    let parts = Parts {
        store: Arc::new(MemoryStore::new()),
        clock: exec.clock(),
        ids: Arc::new(SeededIds::new(1)),
        entropy: Arc::new(SeededEntropy::new(1)),
        worker: WorkerName::new("w1")?,
        hospitals: vec![world.hospital(&hospital, Terms::default(), Pace::default())?],
    };
    let engine = wait(&mut exec, Engine::new(parts))??;
    let runner = Runner::new(engine.clone());
    exec.spawn(async move { runner.run(std::future::pending()).await });

    // 4. What does the patient owe? Asked of HIS now, grouped by executing department.
    let caller = Caller::patient(hospital.clone(), patient.clone());
    let (e, c, request) = (engine.clone(), caller.clone(), UnpaidRequest { patient_id: patient.clone() });
    let unpaid = wait(&mut exec, async move { e.unpaid(&c, &request).await })??;
    let bills: Vec<_> = unpaid.visits.into_iter().flat_map(|v| v.bills).filter(|b| b.payable).collect();
    for bill in &bills {
        writeln!(told, "unpaid   {} {}", bill.dept_name, bill.total_fen.to_yuan())?;
    }

    // 5. A quote fixes what was shown; paying it claims the lines, locks them in HIS and opens an order at the channel.
    let (e, c, request) = (engine.clone(), caller.clone(), QuoteRequest { patient_id: patient, bill_ids: bills.into_iter().map(|b| b.bill_id).collect(), insurance: None });
    let QuoteResponse::Quoted { quote_id, total_fen, .. } = wait(&mut exec, async move { e.quote(&c, &request).await })?? else { return Err("not quoted".into()) };
    writeln!(told, "quoted   {}", total_fen.to_yuan())?;
    // The key belongs to the request: sent again after a time-out, it is the same payment.
    let request = PayRequest { key: RequestKey::new("kiosk-7-0001")?, quote_id, bill_ids: Vec::new(), channel: wechat.clone(), method: Method::Native };
    let (e, c) = (engine.clone(), caller.clone());
    let PayResponse::Accepted { payment_id, .. } = wait(&mut exec, async move { e.pay(&c, &request).await })?? else { return Err("not accepted".into()) };
    exec.run_for(2_000);

    // 6. The patient scans the QR code and pays; the channel calls back. A callback is bytes until its signature holds.
    if !world.channel.pay(&payment_id.business_no()) {
        return Err("the order cannot be paid".into());
    }
    for body in world.channel.take_callbacks() {
        let (e, hospital, wechat) = (engine.clone(), hospital.clone(), wechat.clone());
        let answer = wait(&mut exec, async move {
            let headers = FakeChannel::headers(&body);
            e.callback(&hospital, &wechat, "POST /notify/wechat", &RawNotice { headers: &headers, body: &body }).await
        })??;
        writeln!(told, "callback {}", answer.status())?;
    }
    // Lost callbacks are no disaster: the engine asks the channel as well. Now HIS is told and the invoices are issued.
    exec.run_for(10_000);

    // 7. The result, as the patient sees it.
    let (e, c, request) = (engine.clone(), caller, SettlementGetRequest { payment_id, wait_ms: 0, since: None });
    let view = wait(&mut exec, async move { e.get(&c, &request).await })??;
    writeln!(told, "payment  {}", view.text)?;
    for s in &view.settlements {
        let invoice = s.invoice.as_ref().map_or("none", |i| i.st.as_str());
        writeln!(told, "settled  {} {} receipt {} invoice {invoice}", s.dept_name, s.total_fen.to_yuan(), if s.receipt_no.is_some() { "yes" } else { "no" })?;
    }

    // 8. In the evening: do HIS, channel, invoices and ledger say the same, and is every promise kept?
    let auditor = Caller::staff(hospital, StaffId::new("auditor-1")?, vec![Role::Auditor]);
    let report = wait(&mut exec, async move { engine.audit(&auditor, &AuditRunRequest {}).await })??;
    let f = report.figures;
    writeln!(told, "audit    HIS {} channel {} invoices {} ledger {} fen, {} violations", f.his_fen, f.channel_fen, f.invoices_fen, f.ledger_fen, report.violations.len())?;
    Ok(told)
}

/// Runs a future to its end within a virtual minute; a real host awaits it on its runtime.
fn wait<T: 'static>(exec: &mut Exec, future: impl Future<Output = T> + 'static) -> Result<T, Box<dyn Error>> {
    let until = exec.clock().now().plus_millis(60_000);
    exec.block(until, future).ok_or_else(|| "nothing happened for a virtual minute".into())
}
