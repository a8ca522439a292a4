//! What pages show of the engine's views: amounts as text, bills grouped by visit, neutral names. Nothing here is
//! personal but what the server has masked.

use menjie::access::Private;
use menjie::money::Money;
use menjie::service::{BillView, InsuranceView, LineView, SettlementView, VisitBills};
use menjie::workflow::Refusal;

use super::frame::Frame;

/// `1,234.50`.
pub fn yuan(amount: Money) -> String {
    let text = amount.to_yuan();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, cents) = digits.split_once('.').unwrap_or((digits, "00"));
    let count = whole.len();
    let mut grouped = String::with_capacity(text.len() + 2);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (count - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{cents}")
}

/// A visit of the unpaid list.
pub struct Visited {
    /// `2026年3月2日`.
    pub date: String,
    /// Department of the visit, or the neutral word.
    pub dept: String,
    /// Doctor.
    pub doctor: Option<String>,
    /// Visit number.
    pub number: String,
    /// Sum of what can be paid.
    pub subtotal: String,
    /// Insured visit?
    pub insured: bool,
    /// Its bills.
    pub bills: Vec<Bill>,
    /// Why it has none.
    pub problem: Option<Refusal>,
}

/// A bill of one executing department.
pub struct Bill {
    /// Its id; opaque.
    pub id: String,
    /// Who carries it out.
    pub dept: String,
    /// Where that is, in the hospital's words.
    pub place: Option<String>,
    /// What kinds of items: `西药费、检查费`.
    pub kinds: String,
    /// How many items.
    pub count: usize,
    /// `123.45`.
    pub amount: String,
    /// For sums in the browser, which decide nothing.
    pub fen: i64,
    /// May it be chosen?
    pub payable: bool,
    /// Nothing to pay.
    pub zero: bool,
    /// Why not.
    pub refusal: Option<Refusal>,
    /// May it be paid with insurance now?
    pub insured: bool,
    /// Why not, of an insured visit.
    pub insured_why: Option<String>,
    /// The payment to go on with.
    pub payment: Option<String>,
    /// Its items.
    pub lines: Vec<Line>,
}

/// An item.
pub struct Line {
    /// Name.
    pub name: String,
    /// Specification.
    pub spec: String,
    /// `3.2650 × 14 片`.
    pub price: String,
    /// `14 片`.
    pub quantity: String,
    /// `45.71`.
    pub amount: String,
    /// Fee class.
    pub kind: String,
    /// Insurance never pays it.
    pub self_paid: bool,
    /// When it was ordered.
    pub ordered: Option<String>,
}

impl Visited {
    /// Of a visit as the engine lists it.
    pub fn of(frame: &Frame, visit: VisitBills) -> Visited {
        let payable = Money::sum(visit.bills.iter().filter(|b| b.payable).map(|b| b.total_fen)).unwrap_or(Money::ZERO);
        let VisitBills { visit, bills, problem } = visit;
        Visited {
            date: visit.date.in_chinese(),
            dept: clinic(frame, &visit.dept_name),
            doctor: visit.doctor_name,
            number: visit.visit_id.to_string(),
            subtotal: yuan(payable),
            insured: visit.payer == menjie::charge::PayerClass::Insured,
            bills: bills.into_iter().map(|bill| Bill::of(frame, bill)).collect(),
            problem,
        }
    }
}

impl Bill {
    /// Of a bill as the engine shows it.
    pub fn of(frame: &Frame, bill: BillView) -> Bill {
        let mut kinds: Vec<&str> = Vec::new();
        for line in &bill.lines {
            if !kinds.contains(&line.fee_class.as_str()) {
                kinds.push(&line.fee_class);
            }
        }
        Bill {
            place: frame.place(&bill.dept_name),
            kinds: kinds.join("、"),
            id: bill.bill_id.to_string(),
            dept: frame.discreet(&bill.dept_name),
            count: bill.lines.len(),
            amount: yuan(bill.total_fen),
            fen: bill.total_fen.fen(),
            payable: bill.payable,
            zero: bill.zero,
            refusal: bill.refusal,
            insured: bill.insured,
            insured_why: bill.insured_refusal.map(|refusal| refusal.text),
            payment: bill.payment_id.map(|id| id.to_string()),
            lines: bill.lines.into_iter().map(Line::of).collect(),
        }
    }
}

impl Line {
    /// Of a line as the engine shows it.
    pub fn of(line: LineView) -> Line {
        let unit = line.unit.unwrap_or_default();
        let doses = if line.doses > 1 { format!(" × {}付", line.doses) } else { String::new() };
        let quantity = format!("{}{}{}{doses}", line.quantity, if unit.is_empty() { "" } else { " " }, unit);
        Line {
            price: price(&line.price.to_string()),
            name: line.name,
            spec: line.spec.unwrap_or_default(),
            quantity,
            amount: yuan(line.amount_fen),
            kind: line.fee_class,
            self_paid: line.self_paid_item,
            ordered: line.ordered_at.map(menjie::Timestamp::in_chinese),
        }
    }
}

/// `75.00`, `3.265`: at least two digits, whatever more the price has.
fn price(text: &str) -> String {
    match text.split_once('.') {
        None => format!("{text}.00"),
        Some((_, digits)) if digits.len() == 1 => format!("{text}0"),
        Some(_) => text.to_owned(),
    }
}

/// Who pays what of an insured payment.
pub struct Split {
    /// Pooled fund.
    pub fund: String,
    /// Personal account.
    pub account: String,
    /// Others.
    pub other: String,
    /// The patient himself.
    pub cash: String,
}

impl Split {
    /// As the engine shows it.
    pub fn of(view: &InsuranceView) -> Split {
        Split { fund: yuan(view.fund_fen), account: yuan(view.account_fen), other: yuan(view.other_fen), cash: yuan(view.cash_fen) }
    }
}

/// A settlement of a result or of the paid list.
pub struct Settled {
    /// Its id; opaque.
    pub id: String,
    /// Who carries it out.
    pub dept: String,
    /// `123.45`.
    pub amount: String,
    /// Who paid what, when an insurer paid a part.
    pub split: Option<Split>,
    /// Where to go next.
    pub place: Option<String>,
    /// HIS's receipt number.
    pub receipt: Option<String>,
    /// Where its invoice can be looked at.
    pub invoice: Option<Private>,
    /// How its invoice stands.
    pub invoice_text: Option<String>,
    /// Its invoice is still being made.
    pub invoice_pending: bool,
}

impl Settled {
    /// Of a settlement as the engine shows it.
    pub fn of(frame: &Frame, view: &SettlementView) -> Settled {
        let invoice = view.invoice.as_ref();
        Settled {
            id: view.settlement_id.to_string(),
            dept: frame.discreet(&view.dept_name),
            amount: yuan(view.total_fen),
            split: view.insurance.as_ref().map(Split::of),
            place: view.guidance.as_deref().map(|text| frame.discreet(text)),
            receipt: view.receipt_no.clone(),
            // What was reversed is no invoice to look at any more.
            invoice: invoice.filter(|i| i.st == "issued").and_then(|i| i.url.clone()),
            invoice_text: invoice.map(|i| i.text.clone()),
            invoice_pending: invoice.is_none_or(|i| i.st == "issuing"),
        }
    }
}

/// The department of a visit; a hospital whose names tell too much shows none.
pub fn clinic(frame: &Frame, name: &str) -> String {
    if frame.hides_departments() { frame.t().clinic_neutral.to_string() } else { frame.discreet(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_have_two_digits_and_lose_none() {
        for (given, shown) in [("75", "75.00"), ("0.5", "0.50"), ("3.2650", "3.2650"), ("0.312500", "0.312500")] {
            assert_eq!(price(given), shown);
        }
    }

    #[test]
    fn amounts_keep_every_cent_and_are_grouped() {
        for (fen, text) in [(0, "0.00"), (5, "0.05"), (99_999, "999.99"), (100_000, "1,000.00"), (123_456_789, "1,234,567.89"), (-123_456, "-1,234.56")] {
            assert_eq!(yuan(Money::from_fen(fen).unwrap()), text);
        }
    }
}
