//! The end of the day: what stands where, and whether everybody says the same.

use std::collections::BTreeMap;

use menjie::service::AuditReport;
use menjie_sim::hospital::Truth;

use crate::journey::Standing;
use crate::recorded::Compared;
use crate::say::say;

/// What the day came to.
pub(crate) struct Closing {
    pub(crate) visits: usize,
    pub(crate) patients: usize,
    pub(crate) standing: Standing,
    pub(crate) audit: AuditReport,
    /// The truth of the counterparts; HIS is left out when it is not the simulated one.
    pub(crate) truth: Truth,
    pub(crate) own_his: bool,
    /// Requests and callbacks, compared with the sealed log.
    pub(crate) recorded: Compared,
    /// What went wrong on the way.
    pub(crate) complaints: Vec<String>,
}

/// States in which a bill may end a day. Anything else is a violation.
const ENDS: [&str; 4] = ["settled", "refunded", "unpaid", "window:"];

impl Closing {
    /// HIS, channel and insurer, invoices, ledger, each from its own source.
    fn figures(&self) -> [i64; 4] {
        let his = if self.own_his { self.truth.his.posted_fen - self.truth.his.reversed_fen } else { self.audit.figures.his_fen };
        let channel = self.truth.wechat.captured_fen - self.truth.wechat.refunded_fen + self.truth.insurer.insured_fen;
        let invoices = self.truth.invoice.issued_fen - self.truth.invoice.red_fen;
        [his, channel, invoices, self.audit.figures.ledger_fen]
    }

    /// Everything that must not be.
    fn violations(&self) -> Vec<String> {
        let mut found = self.complaints.clone();
        found.extend(self.audit.violations.iter().map(|v| format!("{} {}: {}", v.invariant, v.at, v.what)));
        found.extend(condensed(self.recorded.wrong.clone()));
        if self.recorded.requests == 0 {
            found.push("I17: no request was compared with the sealed log".to_owned());
        }
        let taken = self.truth.wechat.callbacks.acknowledged + self.truth.insurer.notices.acknowledged;
        if self.recorded.callbacks < taken {
            found.push(format!("I17: {taken} callbacks were taken, {} compared with the sealed log", self.recorded.callbacks));
        }
        let figures = self.figures();
        let [his, channel, invoices, ledger] = figures;
        if [channel, invoices, ledger].iter().any(|f| *f != his) {
            found.push(format!("the figures differ: HIS {his}, channel {channel}, invoices {invoices}, ledger {ledger}"));
        }
        let ours = self.audit.figures;
        for (name, ours, theirs) in [("HIS", ours.his_fen, his), ("channel", ours.channel_fen + ours.insurer_fen, channel), ("invoices", ours.invoices_fen, invoices)] {
            if ours != theirs {
                found.push(format!("{name}: we believe {ours} fen, the truth is {theirs} fen"));
            }
        }
        if self.standing.settled_fen != his {
            found.push(format!("patients see {} fen settled, HIS booked {his}", self.standing.settled_fen));
        }
        if self.audit.under_way > 0 {
            found.push(format!("{} payments are still under way", self.audit.under_way));
        }
        found.extend(self.standing.bills.keys().filter(|state| !ENDS.iter().any(|end| state.starts_with(end))).map(|state| format!("bills ended in the state {state}")));
        for (no, settlement) in &self.truth.his.settlements {
            if settlement.bookings > 1 {
                found.push(format!("I3 {no}: HIS booked it {} times", settlement.bookings));
            }
        }
        for (no, trade) in &self.truth.wechat.trades {
            if trade.refunded_fen > trade.captured_fen || trade.captured_fen > trade.total_fen || trade.pending_fen != 0 {
                found.push(format!("I5 {no}: captured {} of {}, refunded {}, pending {}", trade.captured_fen, trade.total_fen, trade.refunded_fen, trade.pending_fen));
            }
        }
        found
    }

    /// Prints the table; `true` when nothing is violated.
    pub(crate) fn print(&self) -> bool {
        let violations = self.violations();
        let [his, channel, invoices, ledger] = self.figures();
        let bills: u64 = self.standing.bills.values().sum();
        let row = |name: &str, value: String| say(&format!("  {}{value:>18}", padded(name, 34)));
        say("");
        say("日终结账 / closing");
        row("就诊 visits", self.visits.to_string());
        row("患者 patients", self.patients.to_string());
        row("单据 bills", bills.to_string());
        for (state, count) in &self.standing.bills {
            row(&format!("  {state}"), count.to_string());
        }
        row("电子票据 invoices issued", self.standing.invoices.to_string());
        row("HIS 入账净额 booked in HIS", yuan(his));
        row("渠道净收 kept by the channel", yuan(channel - self.truth.insurer.insured_fen));
        if self.truth.insurer.insured_fen != 0 {
            row("医保净付 paid by the insurer", yuan(self.truth.insurer.insured_fen));
        }
        row("有效票据 valid invoices", yuan(invoices));
        row("账簿收入 revenue in the ledger", yuan(ledger));
        row("渠道退款 refunded", yuan(self.truth.wechat.refunded_fen));
        row("账簿分录 journals checked", self.audit.journals.to_string());
        row("日志核对 requests recorded", self.recorded.requests.to_string());
        row("回调核对 callbacks recorded", self.recorded.callbacks.to_string());
        row("需人工 needs a person", self.audit.attention.to_string());
        row("不变量 violations", violations.len().to_string());
        for violation in &violations {
            say(&format!("  ! {violation}"));
        }
        say("");
        if violations.is_empty() {
            say(&format!("day ok: {} visits, {bills} bills, {his} fen HIS=channel=invoices=ledger, 0 violations", self.visits));
        } else {
            say(&format!(
                "day NOT ok: {} visits, {bills} bills, HIS {his} channel {channel} invoices {invoices} ledger {ledger} fen, {} violations",
                self.visits,
                violations.len()
            ));
        }
        violations.is_empty()
    }
}

/// Adds one patient's standing to the day's.
pub(crate) fn add(all: &mut Standing, one: Standing) {
    for (state, count) in one.bills {
        *all.bills.entry(state).or_default() += count;
    }
    all.settled_fen += one.settled_fen;
    all.invoices += one.invoices;
}

/// The same complaint a hundred times is one line.
pub(crate) fn condensed(complaints: Vec<String>) -> Vec<String> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for complaint in complaints {
        *counts.entry(complaint).or_default() += 1;
    }
    counts.into_iter().map(|(complaint, n)| if n == 1 { complaint } else { format!("{n} × {complaint}") }).collect()
}

fn yuan(fen: i64) -> String {
    format!("{}{}.{:02} 元", if fen < 0 { "-" } else { "" }, fen.abs() / 100, fen.abs() % 100)
}

/// Pads by columns of a terminal, in which Chinese characters take two.
fn padded(text: &str, columns: usize) -> String {
    let width: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    format!("{text}{}", " ".repeat(columns.saturating_sub(width)))
}
