//! A kiosk of a hospital that has a server: a patient lays his card on it, sees what he owes, pays it by a code on the screen, gets a receipt, asks
//! for money back, and goes. Nothing is kept here but a sealed log of what was asked: the ledger is the server's.
//!
//! `./x demo` starts a hospital; then `cargo run -p menjie-examples --example server_kiosk -- http://127.0.0.1:8080 K20000001 FOLDER`, where FOLDER is for
//! keys and log, and the code is paid at http://127.0.0.1:9401/wechat.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;

use menjie::access::Private;
use menjie::ident::HospitalId;
use menjie::money::Money;
use menjie::port::{Direction, TransferResult};
use menjie_bridge::Reply;
use menjie_bridge::build::make_log_keys;
use menjie_bridge::remote::{Remote, Server};
use menjie_bridge::seal::{LogWriter, NewRecord, OpenLog};
use menjie_bridge::sealed_log::now;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

type Done<T> = Result<T, Box<dyn Error>>;

struct Kiosk {
    server: Server,
    runtime: Runtime,
    log: OpenLog,
    /// Keys of this stay begin with it: a repeat under the same key is the same act.
    stay: String,
}

impl Kiosk {
    /// Asks the server, with both ends of it in the log. What is not known is asked again, under the same key.
    fn ask(&self, op: &str, request: &Value) -> Done<Value> {
        let request = request.to_string();
        let mut repeats = 0;
        loop {
            let begin = NewRecord::Begin {
                hospital: HospitalId::new("h1")?,
                direction: Direction::Out,
                peer: "server".to_owned(),
                interface: op.to_owned(),
                business_no: None,
                body: Private::new(request.clone()),
                body_hex: None,
            };
            // No log, no call.
            let begun = self.log.append(&[begin])?.begun;
            let remote = self.runtime.block_on(self.server.call(op, &request))?;
            let result = match remote {
                Remote::Answered(_) => TransferResult::Answered,
                Remote::Unsent(_) => TransferResult::Unsent,
                Remote::Unknown(_) => TransferResult::Unknown,
            };
            let reply = remote.into_reply();
            let end = |of| NewRecord::End { of, result, status: reply.code().to_string(), body: Private::new(reply.json()), body_hex: None };
            self.log.append(&begun.into_iter().map(end).collect::<Vec<_>>())?;
            repeats += 1;
            if result == TransferResult::Answered || repeats == 3 {
                return answer(op, &reply);
            }
        }
    }

    fn key(&self, act: &str) -> String {
        format!("{}-{act}", self.stay)
    }
}

/// A response; an error of the library says what to do and holds nothing personal.
fn answer(op: &str, reply: &Reply) -> Done<Value> {
    if reply.is_response() { Ok(serde_json::from_str(reply.json())?) } else { Err(format!("{op}: {}", reply.json()).into()) }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn all<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn yuan(value: &Value, name: &str) -> Done<String> {
    Ok(Money::from_fen(value.get(name).and_then(Value::as_i64).ok_or("an amount is missing")?)?.to_yuan())
}

/// A refusal by rule is an answer: its texts are for the patient.
fn refused(answer: &Value) -> Option<String> {
    (text(answer, "decision") == "refused").then(|| format!("不能办理（{}）：{} {}", text(answer, "reason"), text(answer, "text"), text(answer, "next")))
}

fn main() -> Done<()> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [url, card, folder] = given.as_slice() else { return Err("usage: server_kiosk URL CARD FOLDER".into()) };
    run(url, card, Path::new(folder), &mut |line| Ok(writeln!(std::io::stdout(), "{line}")?))
}

/// Serves one patient; `screen` shows a line at once. The tests run it too.
pub(crate) fn run(url: &str, card: &str, folder: &Path, screen: &mut dyn FnMut(&str) -> Done<()>) -> Done<()> {
    std::fs::create_dir_all(folder)?;
    make_log_keys(folder)?;
    let path = |name: &str| folder.join(name).display().to_string();
    let writer = LogWriter {
        dir: path("log"),
        stream: "transfers".to_owned(),
        signer: path("log-signer.pem"),
        signer_password: None,
        // The auditor's own key lies here because this is a trial; on a kiosk it would undo the log.
        auditors: vec![path("auditor.pub.pem")],
        former_signers: Vec::new(),
    };
    let kiosk = Kiosk {
        server: Server::at(url, None)?,
        runtime: Builder::new_current_thread().enable_all().build()?,
        log: OpenLog::open(&writer)?,
        stay: format!("K01-{}", now().millis()),
    };
    let served = serve(&kiosk, card, screen);
    // Whatever happened: nobody after him acts as him.
    let left = kiosk.ask("session.exit", &json!({}));
    kiosk.log.close()?;
    served?;
    left?;
    audit(&path, screen)
}

fn serve(kiosk: &Kiosk, card: &str, screen: &mut dyn FnMut(&str) -> Done<()>) -> Done<()> {
    // The card opens a session; the server's token stays in `Server`, and every later call is this patient's.
    let whoever = kiosk.ask("session.identify", &json!({ "way": "visit_no", "token": card }))?;
    if let Some(why) = refused(&whoever) {
        screen(&why)?;
        return Err("nobody was identified".into());
    }
    screen(&format!("您好，{}", text(&whoever, "name")))?;
    let patient = text(&whoever, "patient_id");
    pay(kiosk, patient, screen)?;
    ask_back(kiosk, patient, screen)
}

/// Pays everything that can be paid here, and prints the receipts.
fn pay(kiosk: &Kiosk, patient: &str, screen: &mut dyn FnMut(&str) -> Done<()>) -> Done<()> {
    let unpaid = kiosk.ask("visit.unpaid", &json!({ "patient_id": patient }))?;
    let bills: Vec<&Value> = all(&unpaid, "visits").flat_map(|visit| all(visit, "bills")).collect();
    for bill in &bills {
        screen(&format!("待缴 {} {}", text(bill, "dept_name"), yuan(bill, "total_fen")?))?;
    }
    screen(&format!("合计 {}", yuan(&unpaid, "payable_fen")?))?;
    let payable: Vec<&str> = bills.iter().filter(|bill| bill.get("payable") == Some(&Value::Bool(true))).map(|bill| text(bill, "bill_id")).collect();

    let quote = kiosk.ask("settlement.quote", &json!({ "patient_id": patient, "bill_ids": payable }))?;
    let request = json!({ "key": kiosk.key("pay"), "quote_id": quote.get("quote_id"), "channel": "wechat", "method": { "way": "native" } });
    let payment = kiosk.ask("settlement.pay", &request)?;
    let view = follow(kiosk, text(&payment, "payment_id"), screen)?;
    screen(text(&view, "text"))?;
    if text(&view, "progress") != "done" {
        return Err("it was not paid".into());
    }
    for settlement in all(&view, "settlements") {
        receipt(&kiosk.ask("settlement.detail", &json!({ "settlement_id": settlement.get("settlement_id") }))?, screen)?;
    }
    Ok(())
}

/// Follows a payment until nothing changes any more. The code can be paid once, and stands there until it is or is over: what the payer's phone
/// says is no proof, the server's answer is.
fn follow(kiosk: &Kiosk, payment: &str, screen: &mut dyn FnMut(&str) -> Done<()>) -> Done<Value> {
    let (mut since, mut shown) = (Value::Null, false);
    loop {
        let view = kiosk.ask("settlement.get", &json!({ "payment_id": payment, "wait_ms": 5_000, "since": since }))?;
        let code = view.get("handover").map(|handover| text(handover, "code_url")).filter(|code| !code.is_empty() && !shown);
        if let Some(code) = code {
            shown = true;
            screen(&format!("请扫码支付 {code}"))?;
            draw(code)?.lines().try_for_each(&mut *screen)?;
        }
        if view.get("over") == Some(&Value::Bool(true)) {
            return Ok(view);
        }
        since = view.get("version").cloned().unwrap_or_default();
    }
}

/// The code as a terminal shows it: two rows of modules in one line, dark on light whatever the terminal's colours are.
fn draw(code: &str) -> Done<String> {
    Ok(QrCode::new(code)?.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

/// The receipt of one settlement, as its printer gets it.
fn receipt(detail: &Value, screen: &mut dyn FnMut(&str) -> Done<()>) -> Done<()> {
    screen("---- 缴费凭条 ----")?;
    screen(&format!("{}  就诊日期 {}", text(detail, "dept_name"), text(detail, "visit_date")))?;
    for line in all(detail, "lines") {
        screen(&format!("  {} {} × {} = {}", text(line, "name"), text(line, "price"), text(line, "quantity"), yuan(line, "amount_fen")?))?;
    }
    let words = menjie_bridge::call_alone("invoice.amount_in_words", &json!({ "amount_fen": detail.get("total_fen") }).to_string());
    screen(&format!("实收 {} {}", yuan(detail, "total_fen")?, text(&answer("invoice.amount_in_words", &words)?, "words")))?;
    screen(&format!("收据号 {}", text(detail, "receipt_no")))?;
    screen(&format!("缴费时间 {}", text(detail, "paid_at")))
}

/// Asks for the money of what an insurer has paid a part of. Of another month the rule says no, whatever is asked, and the answer says why.
fn ask_back(kiosk: &Kiosk, patient: &str, screen: &mut dyn FnMut(&str) -> Done<()>) -> Done<()> {
    let paid = kiosk.ask("visit.paid", &json!({ "patient_id": patient }))?;
    let Some(settlement) = all(&paid, "settlements").find(|settlement| settlement.get("insurance").is_some()) else { return Ok(()) };
    screen(&format!("申请退费 {} {}", text(settlement, "dept_name"), yuan(settlement, "total_fen")?))?;
    let request = json!({ "key": kiosk.key("refund"), "settlement_id": settlement.get("settlement_id"), "why": "changed" });
    let answer = kiosk.ask("refund.request", &request)?;
    screen(&refused(&answer).unwrap_or_else(|| "已受理，请等待审核".to_owned()))
}

/// What an auditor does with the log, on a machine of his own: verifies it, and looks at it masked.
fn audit(path: &dyn Fn(&str) -> String, screen: &mut dyn FnMut(&str) -> Done<()>) -> Done<()> {
    let run = |op: &str, request: Value| answer(op, &menjie_bridge::call_alone(op, &request.to_string()));
    let (dir, key) = (path("log"), path("auditor.pem"));
    let verified = run("seal.verify", json!({ "dir": dir, "key": key, "writers": [path("log-signer.pub.pem")] }))?;
    screen(&format!("log: {}", text(&verified, "verdict")))?;
    let found = run("seal.search", json!({ "log": { "dir": dir, "key": key } }))?;
    let mut last = "";
    for row in all(&found, "rows") {
        // Repeats of one question, as those for a payment, are one line.
        if text(row, "interface") != last {
            last = text(row, "interface");
            screen(&format!("  {} {last} {} {}", text(row, "peer"), text(row, "result"), text(row, "status")))?;
        }
    }
    Ok(())
}
